//! The machine without a mind: body, air, sensors, pack and motors of one aircraft, for whoever commands its rotors.
//!
//! Two do: the simulated autopilot ([`crate::Aircraft`]) and a real one behind the simulator protocol ([`crate::hil`]).

use flight_types::{GeoPoint, Local, LocalFrame};

use crate::physics::{
    AIR_DENSITY_KG_M3, Airframe, Battery, BodyState, Dynamics, Environment, GRAVITY_M_S2, Ground, Gusts, Measurements, ROTOR_COUNT,
    Sensors, Surroundings, Vector, WARM_C,
};
use crate::{AircraftConfig, Fault, STEP_S};

/// Touching the ground faster than this breaks the aircraft, metres per second.
const CRASH_M_S: f64 = 4.0;
/// Rotors slower than this do not move the aircraft, radians per second.
const ROTORS_STILL_RAD_S: f64 = 30.0;
/// An aircraft that touches the ground slower than this, rotors still, stays where it is, metres per second.
const REST_M_S: f64 = 0.08;
/// The pack's nominal voltage, at which motors reach their full speed, volts.
const FULL_SPEED_V: f64 = 14.8;
/// An aircraft that stands this near to the middle of its pad is centred by it and charges, metres.
const PAD_M: f64 = 2.0;
/// Steps between new gusts: 50 Hz; gusts change over seconds.
const GUST_STEPS: u64 = 5;

/// One aircraft's body and what is bolted to it.
#[derive(Debug, Clone)]
pub(crate) struct Plant {
    frame: LocalFrame,
    home_amsl_m: f64,
    step: u64,
    dynamics: Dynamics,
    body: BodyState,
    gusts: Gusts,
    gust_m_s: Vector,
    sensors: Sensors,
    battery: Battery,
    charger_pct_min: f64,
    motor_lost: [bool; ROTOR_COUNT],
    resting: bool,
    /// Resting with still rotors: the equations of motion are not integrated.
    held: bool,
    crashed: bool,
    /// Of the air, degrees Celsius.
    air_c: f64,
    /// What acts on the body in the present step, the rotors apart.
    around: Surroundings,
}

impl Plant {
    /// Stands the machine on its pad. Gusts and sensors draw from seeds next to `seed`.
    pub(crate) fn new(config: &AircraftConfig, seed: u64) -> Self {
        let stand_m = config.airframe.feet_m[0].z;
        Self {
            frame: LocalFrame::new(config.home),
            home_amsl_m: config.home_amsl_m,
            step: 0,
            dynamics: Dynamics::new(config.airframe.clone(), AIR_DENSITY_KG_M3),
            body: BodyState::at_rest(Vector::new(0.0, 0.0, -stand_m), config.heading_deg.to_radians()),
            gusts: Gusts::new(seed.wrapping_add(1)),
            gust_m_s: Vector::zeros(),
            sensors: Sensors::new(seed.wrapping_add(2)),
            battery: Battery::default(),
            charger_pct_min: config.charger_pct_min,
            motor_lost: [false; ROTOR_COUNT],
            resting: true,
            held: true,
            crashed: false,
            air_c: WARM_C,
            around: Surroundings {
                wind_m_s: Vector::zeros(),
                air_density_kg_m3: AIR_DENSITY_KG_M3,
                ground_down_m: 0.0,
                rotor_target_rad_s: [0.0; ROTOR_COUNT],
            },
        }
    }

    /// Takes over the air's density and temperature; cheap when they have not changed. The pack has the temperature of the air that
    /// it stands in first.
    pub(crate) fn breathe(&mut self, environment: &Environment) {
        if self.step == 0 {
            self.battery.soak(environment.temperature_c);
        }
        self.air_c = environment.temperature_c;
        if self.dynamics.air_density_kg_m3() != environment.air_density_kg_m3 {
            self.dynamics = Dynamics::new(self.dynamics.airframe().clone(), environment.air_density_kg_m3);
        }
    }

    /// The first half of a step of [`STEP_S`]: what acts on the body, and what its sensors see of that.
    pub(crate) fn sense(&mut self, environment: &Environment) -> Measurements {
        self.step += 1;
        self.around = self.surroundings(environment);
        let force = self.specific_force();
        let heading_rad = angles_rad(&self.body).2;
        self.sensors.sample(&self.body, force, heading_rad, STEP_S)
    }

    /// The second half: the rotors aim for these speeds, the body moves, and the pack gives for it.
    pub(crate) fn act(&mut self, rotor_rad_s: [f64; ROTOR_COUNT], light: f64) {
        let around = Surroundings { rotor_target_rad_s: self.reachable(rotor_rad_s), ..self.around };
        self.move_body(&around);
        let airframe = self.dynamics.airframe();
        let other_w = airframe.avionics_w + airframe.light_w * light;
        self.battery.draw(self.dynamics.rotor_power_w(&self.body.rotor_rad_s) + other_w, self.air_c, STEP_S);
        if self.held && self.charger_pct_min > 0.0 && self.is_on_pad() {
            self.battery.charge_up(self.charger_pct_min, STEP_S);
        }
    }

    /// Its contacts touch those of its pad.
    fn is_on_pad(&self) -> bool {
        self.body.position_m.x.hypot(self.body.position_m.y) < PAD_M
    }

    fn specific_force(&self) -> Vector {
        if self.held {
            // Static friction and the ground carry it: only gravity is felt.
            self.body.to_body(Vector::new(0.0, 0.0, -GRAVITY_M_S2))
        } else {
            self.dynamics.specific_force(&self.body, &self.around)
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
            Ground::Terrain(height) => self.home_amsl_m - height(self.place()),
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
        let stand_m = self.stand_m();
        let touching = self.body.position_m.z + stand_m > around.ground_down_m - 0.01;
        if touching && before_m_s > CRASH_M_S {
            self.crashed = true;
        }
        let slow = self.body.velocity_m_s.norm() < REST_M_S && self.body.rates_rad_s.norm() < 0.2;
        self.resting = touching && (slow || self.resting && before_m_s < 0.3);
    }

    /// Breaks or mends something of the machine. Returns whether the fault is the machine's.
    pub(crate) fn inject(&mut self, fault: &Fault) -> bool {
        match fault {
            Fault::GpsLoss(lost) => self.sensors.faults.gps_lost = *lost,
            Fault::GpsJump { north_m, east_m } => self.sensors.faults.gps_shift_m = (*north_m, *east_m),
            Fault::BatterySag { factor } => self.battery.scale_resistance(*factor),
            Fault::SetCharge { pct } => self.battery.set_charge(pct / 100.0),
            Fault::MotorLoss { index } => {
                if let Some(lost) = self.motor_lost.get_mut(*index) {
                    *lost = true;
                }
            }
            Fault::CompassStuck(stuck) => self.sensors.faults.compass_stuck = *stuck,
            Fault::BaroDrift { rate_m_s } => self.sensors.faults.barometer_drift_m_s = *rate_m_s,
            Fault::ArmRefused(_)
            | Fault::LightDead(_)
            | Fault::LightOverheat(_)
            | Fault::Reboot
            | Fault::CameraFrozen(_)
            | Fault::RadioSilence(_)
            | Fault::PilotTakesOver(_)
            | Fault::Parameter(..) => return false,
        }
        true
    }

    /// Where it is.
    pub(crate) fn place(&self) -> GeoPoint {
        self.frame.to_geo(Local { east_m: self.body.position_m.y, north_m: self.body.position_m.x })
    }

    /// The place of a vector of the world frame.
    pub(crate) fn place_of(&self, position_m: Vector) -> GeoPoint {
        self.frame.to_geo(Local { east_m: position_m.y, north_m: position_m.x })
    }

    /// Altitude of the origin of the world frame above mean sea level, metres.
    pub(crate) fn home_amsl_m(&self) -> f64 {
        self.home_amsl_m
    }

    /// Height of the body's origin over the ground when it stands, metres.
    pub(crate) fn stand_m(&self) -> f64 {
        self.dynamics.airframe().feet_m[0].z
    }

    pub(crate) fn airframe(&self) -> &Airframe {
        self.dynamics.airframe()
    }

    pub(crate) fn body(&self) -> &BodyState {
        &self.body
    }

    pub(crate) fn battery(&self) -> &Battery {
        &self.battery
    }

    pub(crate) fn gps_lost(&self) -> bool {
        self.sensors.faults.gps_lost
    }

    pub(crate) fn compass_stuck(&self) -> bool {
        self.sensors.faults.compass_stuck
    }

    /// The feet carry it.
    pub(crate) fn resting(&self) -> bool {
        self.resting
    }

    /// It hit the ground too hard and will not fly again.
    pub(crate) fn crashed(&self) -> bool {
        self.crashed
    }
}

/// Roll, pitch and heading, radians.
pub(crate) fn angles_rad(body: &BodyState) -> (f64, f64, f64) {
    let q = &body.attitude;
    let roll = (2.0 * (q.w * q.i + q.j * q.k)).atan2(1.0 - 2.0 * (q.i * q.i + q.j * q.j));
    let pitch = (2.0 * (q.w * q.j - q.k * q.i)).clamp(-1.0, 1.0).asin();
    let heading = (2.0 * (q.w * q.k + q.i * q.j)).atan2(1.0 - 2.0 * (q.j * q.j + q.k * q.k));
    (roll, pitch, heading)
}
