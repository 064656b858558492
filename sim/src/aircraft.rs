//! One simulated aircraft: body, sensors, battery, light and autopilot, stepped in virtual time.

use flight_types::{GeoPoint, Local, LocalFrame};

use crate::autopilot::{Autopilot, PowerReading, wire};
use crate::illuminator::Illuminator;
use crate::physics::{
    AIR_DENSITY_KG_M3, Airframe, Battery, BodyState, Dynamics, Environment, GRAVITY_M_S2, Ground, Gusts, Noise, ROTOR_COUNT,
    Sensors, Surroundings, Vector,
};
use crate::{Fault, FlightMode, ParamValue, STEP_S, STEP_US, StreamProfile};

/// Touching the ground faster than this breaks the aircraft, metres per second.
const CRASH_M_S: f64 = 4.0;
/// Rotors slower than this do not move the aircraft, radians per second.
const ROTORS_STILL_RAD_S: f64 = 30.0;
/// An aircraft that touches the ground slower than this, rotors still, stays where it is, metres per second.
const REST_M_S: f64 = 0.08;
/// Satellites seen under an open sky.
const SATELLITES: u8 = 14;
/// The pack's nominal voltage, at which motors reach their full speed, volts.
const FULL_SPEED_V: f64 = 14.8;
/// Steps between new gusts: 50 Hz; gusts change over seconds.
const GUST_STEPS: u64 = 5;
/// The estimator settles between these times after a start (flight.md 13), microseconds.
const READY_US_MIN: u64 = 2_000_000;
const READY_US_SPREAD: u64 = 2_000_000;

/// What one aircraft is.
#[derive(Debug, Clone)]
pub struct AircraftConfig {
    /// MAVLink system id, 1..=255.
    pub system_id: u8,
    /// Its pad.
    pub home: GeoPoint,
    /// Ground height of the pad above mean sea level, metres.
    pub home_amsl_m: f64,
    /// Which way it stands on the pad, degrees clockwise from north.
    pub heading_deg: f64,
    /// Seed of its noise, gusts and start-up time; mixed with the system id.
    pub seed: u64,
    /// Parameters that differ from the defaults. Unknown names and wrong types are ignored by the autopilot.
    pub params: Vec<(String, ParamValue)>,
    /// The light is a MAVLink component of its own; otherwise it hangs on actuator output 1 (DO_SET_ACTUATOR).
    pub has_illuminator: bool,
    /// Message rates at the start.
    pub streams: StreamProfile,
    /// The body.
    pub airframe: Airframe,
}

impl AircraftConfig {
    /// The default quadrotor on this pad.
    pub fn new(system_id: u8, home: GeoPoint, home_amsl_m: f64) -> Self {
        Self {
            system_id,
            home,
            home_amsl_m,
            heading_deg: 0.0,
            seed: 1,
            params: Vec::new(),
            has_illuminator: true,
            streams: StreamProfile::default(),
            airframe: Airframe::default(),
        }
    }
}

/// What is really so, whatever the autopilot believes or says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Truth {
    /// Where it is.
    pub position: GeoPoint,
    /// Above mean sea level, metres (of the point that stands `0.12` m over the ground when landed).
    pub altitude_amsl_m: f64,
    /// Above the home pad, metres; 0 when standing on it.
    pub height_m: f64,
    /// North, east, down, metres per second.
    pub velocity_m_s: [f64; 3],
    /// Right wing down positive, degrees.
    pub roll_deg: f64,
    /// Nose up positive, degrees.
    pub pitch_deg: f64,
    /// Clockwise from north, degrees, 0..360.
    pub heading_deg: f64,
    /// Radians per second, front right, rear left, front left, rear right.
    pub rotor_rad_s: [f64; ROTOR_COUNT],
    /// Remaining charge, per cent.
    pub battery_pct: f64,
    /// Volts at the pack.
    pub battery_v: f64,
    /// Amperes drawn.
    pub current_a: f64,
    /// Light coming out, 0..1 of full.
    pub light: f64,
    /// Elevation of the camera's look over the horizon, degrees.
    pub camera_pitch_deg: f64,
    /// Direction of the camera's look, degrees clockwise from north.
    pub camera_heading_deg: f64,
    /// The camera repeats one picture.
    pub camera_frozen: bool,
    /// Motors armed.
    pub armed: bool,
    /// The feet carry it.
    pub on_ground: bool,
    /// The autopilot believes that it has landed.
    pub landed: bool,
    /// It hit the ground too hard and will not fly again.
    pub crashed: bool,
    /// The autopilot's mode.
    pub mode: FlightMode,
}

/// One aircraft.
#[derive(Debug, Clone)]
pub struct Aircraft {
    frame: LocalFrame,
    home_amsl_m: f64,
    now_us: u64,
    step: u64,
    dynamics: Dynamics,
    body: BodyState,
    gusts: Gusts,
    gust_m_s: Vector,
    sensors: Sensors,
    battery: Battery,
    autopilot: Autopilot,
    illuminator: Illuminator,
    illuminator_out: wire::Transmitter,
    noise: Noise,
    motor_lost: [bool; ROTOR_COUNT],
    resting: bool,
    /// Resting with still rotors: the equations of motion are not integrated.
    held: bool,
    crashed: bool,
    camera_frozen: bool,
    radio_silent: bool,
}

impl Aircraft {
    /// Puts the aircraft on its pad, just switched on.
    pub fn new(config: AircraftConfig) -> Aircraft {
        // Distinct streams for distinct aircraft of one seed; the factor is the golden ratio's bits.
        let seed = config.seed ^ u64::from(config.system_id).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut noise = Noise::new(seed);
        let stand_m = config.airframe.feet_m[0].z;
        let ready_us = ready_after_us(&mut noise);
        let mut autopilot =
            Autopilot::new(config.system_id, config.home, config.home_amsl_m, config.airframe.clone(), config.streams, ready_us);
        for (name, value) in &config.params {
            autopilot.set_parameter(name, *value);
        }
        Aircraft {
            frame: LocalFrame::new(config.home),
            home_amsl_m: config.home_amsl_m,
            now_us: 0,
            step: 0,
            body: BodyState::at_rest(Vector::new(0.0, 0.0, -stand_m), config.heading_deg.to_radians()),
            dynamics: Dynamics::new(config.airframe, AIR_DENSITY_KG_M3),
            gusts: Gusts::new(seed.wrapping_add(1)),
            gust_m_s: Vector::zeros(),
            sensors: Sensors::new(seed.wrapping_add(2)),
            battery: Battery::default(),
            autopilot,
            illuminator: Illuminator::new(config.system_id, config.has_illuminator),
            illuminator_out: wire::Transmitter::new(config.system_id),
            noise,
            motor_lost: [false; ROTOR_COUNT],
            resting: true,
            held: true,
            crashed: false,
            camera_frozen: false,
            radio_silent: false,
        }
    }

    /// Runs until `until_ms` since the start of the simulation; a time in the past does nothing.
    pub fn step(&mut self, until_ms: u64, environment: &Environment) {
        if self.dynamics.air_density_kg_m3() != environment.air_density_kg_m3 {
            self.dynamics = Dynamics::new(self.dynamics.airframe().clone(), environment.air_density_kg_m3);
        }
        let until_us = until_ms.saturating_mul(1_000);
        while self.now_us + STEP_US <= until_us {
            self.one_step(environment);
        }
    }

    /// Takes one MAVLink datagram of a client at the present time. Damaged frames are dropped.
    pub fn receive(&mut self, datagram: &[u8]) {
        if self.radio_silent {
            return;
        }
        for frame in wire::frames(datagram) {
            self.autopilot.receive(&frame);
            self.illuminator.receive(&frame, self.now_us, &mut self.illuminator_out);
        }
        if self.autopilot.take_reboot_request() {
            self.reboot();
        }
    }

    /// The next MAVLink datagram for the clients, oldest first.
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        loop {
            let datagram = self.autopilot.poll_transmit().or_else(|| self.illuminator_out.poll())?;
            if !self.radio_silent {
                return Some(datagram);
            }
        }
    }

    /// Time since the start of the simulation, milliseconds.
    pub fn now_ms(&self) -> u64 {
        self.now_us / 1_000
    }

    /// What is really so.
    pub fn truth(&self) -> Truth {
        let place = Local { east_m: self.body.position_m.y, north_m: self.body.position_m.x };
        let (roll, pitch, heading) = angles_deg(&self.body);
        let (look_pitch, look_heading) = self.autopilot.camera_look_rad();
        let stand_m = self.dynamics.airframe().feet_m[0].z;
        Truth {
            position: self.frame.to_geo(place),
            altitude_amsl_m: self.home_amsl_m - self.body.position_m.z,
            height_m: -self.body.position_m.z - stand_m,
            velocity_m_s: self.body.velocity_m_s.into(),
            roll_deg: roll,
            pitch_deg: pitch,
            heading_deg: heading.rem_euclid(360.0),
            rotor_rad_s: self.body.rotor_rad_s,
            battery_pct: self.battery.charge() * 100.0,
            battery_v: self.battery.voltage_v(),
            current_a: self.battery.current_a(),
            light: self.illuminator.output(),
            camera_pitch_deg: look_pitch.to_degrees(),
            camera_heading_deg: look_heading.to_degrees().rem_euclid(360.0),
            camera_frozen: self.camera_frozen,
            armed: self.autopilot.armed(),
            on_ground: self.resting,
            landed: self.autopilot.landed(),
            crashed: self.crashed,
            mode: self.autopilot.mode(),
        }
    }

    /// Breaks or mends something.
    pub fn inject(&mut self, fault: Fault) {
        match fault {
            Fault::GpsLoss(lost) => self.sensors.faults.gps_lost = lost,
            Fault::GpsJump { north_m, east_m } => self.sensors.faults.gps_shift_m = (north_m, east_m),
            Fault::BatterySag { factor } => self.battery.scale_resistance(factor),
            Fault::SetCharge { pct } => self.battery.set_charge(pct / 100.0),
            Fault::MotorLoss { index } => {
                if let Some(lost) = self.motor_lost.get_mut(index) {
                    *lost = true;
                }
            }
            Fault::ArmRefused(reason) => self.autopilot.refuse_arming(reason),
            Fault::LightDead(dead) => self.illuminator.dead = dead,
            Fault::LightOverheat(hot) => self.illuminator.overheated = hot,
            Fault::CompassStuck(stuck) => self.sensors.faults.compass_stuck = stuck,
            Fault::BaroDrift { rate_m_s } => self.sensors.faults.barometer_drift_m_s = rate_m_s,
            Fault::Reboot => self.reboot(),
            Fault::CameraFrozen(frozen) => self.camera_frozen = frozen,
            Fault::RadioSilence(silent) => self.radio_silent = silent,
            Fault::PilotTakesOver(mode) => self.autopilot.pilot_switches(mode),
            Fault::Parameter(name, value) => {
                self.autopilot.set_parameter(&name, value);
            }
        }
    }

    fn reboot(&mut self) {
        let ready_us = ready_after_us(&mut self.noise);
        self.autopilot.reboot(ready_us);
    }

    fn one_step(&mut self, environment: &Environment) {
        self.now_us += STEP_US;
        self.step += 1;
        let around = self.surroundings(environment);
        let force = if self.held {
            // Static friction and the ground carry it: only gravity is felt.
            self.body.to_body(Vector::new(0.0, 0.0, -GRAVITY_M_S2))
        } else {
            self.dynamics.specific_force(&self.body, &around)
        };
        let heading_rad = angles_rad(&self.body).2;
        let measured = self.sensors.sample(&self.body, force, heading_rad, STEP_S);
        let satellites = if self.sensors.faults.gps_lost { 0 } else { SATELLITES };
        let targets = self.autopilot.step(&measured, self.power(), satellites);
        let around = Surroundings { rotor_target_rad_s: self.reachable(targets), ..around };
        self.move_body(&around);
        self.illuminator.follow_actuator(self.autopilot.actuator(0));
        self.illuminator.step(self.now_us, STEP_S, &mut self.illuminator_out);
        let airframe = self.dynamics.airframe();
        let other_w = airframe.avionics_w + airframe.light_w * self.illuminator.output();
        self.battery.draw(self.dynamics.rotor_power_w(&self.body.rotor_rad_s) + other_w, STEP_S);
    }

    fn power(&self) -> PowerReading {
        PowerReading {
            voltage_v: self.battery.voltage_v(),
            current_a: self.battery.current_a(),
            charge: self.battery.charge(),
            consumed_ah: self.battery.consumed_ah(),
        }
    }

    fn surroundings(&mut self, environment: &Environment) -> Surroundings {
        let mean = environment.mean_wind_m_s();
        if self.step.is_multiple_of(GUST_STEPS) {
            let air_speed = (self.body.velocity_m_s - mean).norm();
            self.gust_m_s = self.gusts.step(environment, air_speed, GUST_STEPS as f64 * STEP_S);
        }
        Surroundings {
            // On the pad the body stands in the lee of the ground.
            wind_m_s: if self.resting { Vector::zeros() } else { mean + self.gust_m_s },
            air_density_kg_m3: environment.air_density_kg_m3,
            ground_down_m: self.ground_down_m(environment),
            rotor_target_rad_s: [0.0; ROTOR_COUNT],
        }
    }

    fn ground_down_m(&self, environment: &Environment) -> f64 {
        match &environment.ground {
            Ground::Level => 0.0,
            Ground::Terrain(height) => {
                let place = Local { east_m: self.body.position_m.y, north_m: self.body.position_m.x };
                self.home_amsl_m - height(self.frame.to_geo(place))
            }
        }
    }

    /// Speeds that the motors can reach: a lost or empty one none, a sagging pack less.
    fn reachable(&self, targets: [f64; ROTOR_COUNT]) -> [f64; ROTOR_COUNT] {
        let most = self.dynamics.airframe().rotor_rad_s_max * (self.battery.voltage_v() / FULL_SPEED_V).min(1.0);
        let powered = self.battery.charge() > 0.0 && !self.crashed;
        std::array::from_fn(|i| if powered && !self.motor_lost[i] { targets[i].min(most) } else { 0.0 })
    }

    fn move_body(&mut self, around: &Surroundings) {
        let rotors_still = around.rotor_target_rad_s.iter().chain(&self.body.rotor_rad_s).all(|speed| *speed < ROTORS_STILL_RAD_S);
        self.held = self.resting && rotors_still;
        if self.held {
            // Static friction holds it: a smooth friction law alone would let the wind push it slowly across the pad.
            self.body.rotor_rad_s = [0.0; ROTOR_COUNT];
            self.body.velocity_m_s = Vector::zeros();
            self.body.rates_rad_s = Vector::zeros();
            return;
        }
        let before_m_s = self.body.velocity_m_s.norm();
        self.body = self.dynamics.step(&self.body, around, STEP_S);
        let stand_m = self.dynamics.airframe().feet_m[0].z;
        let touching = self.body.position_m.z + stand_m > around.ground_down_m - 0.01;
        if touching && before_m_s > CRASH_M_S {
            self.crashed = true;
        }
        let slow = self.body.velocity_m_s.norm() < REST_M_S && self.body.rates_rad_s.norm() < 0.2;
        self.resting = touching && (slow || self.resting && before_m_s < 0.3);
    }
}

fn ready_after_us(noise: &mut Noise) -> u64 {
    let spread = (noise.normal(0.25) + 0.5).clamp(0.0, 1.0);
    READY_US_MIN + (spread * READY_US_SPREAD as f64) as u64
}

fn angles_rad(body: &BodyState) -> (f64, f64, f64) {
    let q = &body.attitude;
    let roll = (2.0 * (q.w * q.i + q.j * q.k)).atan2(1.0 - 2.0 * (q.i * q.i + q.j * q.j));
    let pitch = (2.0 * (q.w * q.j - q.k * q.i)).clamp(-1.0, 1.0).asin();
    let heading = (2.0 * (q.w * q.k + q.i * q.j)).atan2(1.0 - 2.0 * (q.j * q.j + q.k * q.k));
    (roll, pitch, heading)
}

fn angles_deg(body: &BodyState) -> (f64, f64, f64) {
    let (roll, pitch, heading) = angles_rad(body);
    (roll.to_degrees(), pitch.to_degrees(), heading.to_degrees())
}
