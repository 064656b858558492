//! One simulated aircraft: body, sensors, battery, light and autopilot, stepped in virtual time.

use flight_types::GeoPoint;
use sim_camera::CameraPose;

use crate::autopilot::{Autopilot, PowerReading, wire};
use crate::camera_component::{CameraComponent, Sight, VideoStream};
use crate::held_camera::{GIMBAL_STEPS, HeldCamera, TURN_S};
use crate::illuminator::Illuminator;
use crate::physics::{Airframe, Environment, Noise, ROTOR_COUNT};
use crate::plant::{Plant, angles_rad};
use crate::traffic::{ADSB_COMPONENT, ADSB_VEHICLE, Traffic};
use crate::{Fault, FlightMode, ParamValue, STEP_S, STEP_US, StreamProfile};

/// Satellites seen under an open sky.
pub(crate) const SATELLITES: u8 = 14;
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
    /// The camera is a MAVLink component of its own and announces these streams, which the shell serves; `None` leaves it out.
    pub camera: Option<Vec<VideoStream>>,
    /// Message rates at the start.
    pub streams: StreamProfile,
    /// What its pad charges it with while it stands there with still rotors, per cent of a full charge a minute; 0 without contacts.
    pub charger_pct_min: f64,
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
            camera: None,
            streams: StreamProfile::default(),
            charger_pct_min: 0.0,
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
    /// Light coming out, 0..1 of full, but for the winks of a strobe.
    pub light: f64,
    /// Whether a strobe keeps the light dark at this moment.
    pub light_winks: bool,
    /// Elevation of the camera's look over the horizon, degrees.
    pub camera_pitch_deg: f64,
    /// Direction of the camera's look, degrees clockwise from north.
    pub camera_heading_deg: f64,
    /// Roll that the gimbal could not take out, degrees, right side down.
    pub camera_roll_deg: f64,
    /// How fast the look turns: heading, pitch, roll, degrees per second.
    pub camera_turn_deg_s: [f64; 3],
    /// Focal length over the shortest.
    pub camera_zoom: f64,
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
    now_us: u64,
    plant: Plant,
    autopilot: Autopilot,
    illuminator: Illuminator,
    illuminator_out: wire::Transmitter,
    held_camera: HeldCamera,
    camera: Option<CameraComponent>,
    noise: Noise,
    camera_frozen: bool,
    radio_silent: bool,
}

impl Aircraft {
    /// Puts the aircraft on its pad, just switched on.
    pub fn new(config: AircraftConfig) -> Aircraft {
        // Distinct streams for distinct aircraft of one seed; the factor is the golden ratio's bits.
        let seed = config.seed ^ u64::from(config.system_id).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut noise = Noise::new(seed);
        let ready_us = ready_after_us(&mut noise);
        let mut autopilot =
            Autopilot::new(config.system_id, config.home, config.home_amsl_m, config.airframe.clone(), config.streams, ready_us);
        for (name, value) in &config.params {
            autopilot.set_parameter(name, *value);
        }
        Aircraft {
            now_us: 0,
            plant: Plant::new(&config, seed),
            autopilot,
            illuminator: Illuminator::new(config.system_id, config.has_illuminator),
            illuminator_out: wire::Transmitter::new(config.system_id),
            held_camera: HeldCamera::default(),
            camera: config.camera.map(|streams| CameraComponent::new(config.system_id, streams)),
            noise,
            camera_frozen: false,
            radio_silent: false,
        }
    }

    /// Runs until `until_ms` since the start of the simulation; a time in the past does nothing.
    pub fn step(&mut self, until_ms: u64, environment: &Environment) {
        self.plant.breathe(environment);
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
            let sight = self.sight();
            if let Some(camera) = &mut self.camera {
                camera.receive(&frame, &sight, &mut self.illuminator_out);
            }
            for fault in self.autopilot.take_failures() {
                self.inject(fault);
            }
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

    /// The receiver on board hears somebody else's aircraft and tells it (ADSB_VEHICLE).
    pub fn hear_traffic(&mut self, traffic: &Traffic) {
        self.illuminator_out.send_raw(ADSB_COMPONENT, ADSB_VEHICLE, traffic.payload().bytes());
    }

    /// Time since the start of the simulation, milliseconds.
    pub fn now_ms(&self) -> u64 {
        self.now_us / 1_000
    }

    /// What is really so.
    pub fn truth(&self) -> Truth {
        let (body, battery) = (self.plant.body(), self.plant.battery());
        let (roll, pitch, heading) = angles_rad(body);
        let look = self.held_camera.look();
        Truth {
            position: self.plant.place(),
            altitude_amsl_m: self.plant.home_amsl_m() - body.position_m.z,
            height_m: -body.position_m.z - self.plant.stand_m(),
            velocity_m_s: body.velocity_m_s.into(),
            roll_deg: roll.to_degrees(),
            pitch_deg: pitch.to_degrees(),
            heading_deg: heading.to_degrees().rem_euclid(360.0),
            rotor_rad_s: body.rotor_rad_s,
            battery_pct: battery.charge() * 100.0,
            battery_v: battery.voltage_v(),
            current_a: battery.current_a(),
            light: self.illuminator.output(),
            light_winks: self.illuminator.winks(),
            camera_pitch_deg: look.pitch_deg,
            camera_heading_deg: look.heading_deg,
            camera_roll_deg: look.roll_deg,
            camera_turn_deg_s: self.held_camera.turn_deg_s(),
            camera_zoom: self.camera.as_ref().map_or(1.0, CameraComponent::zoom),
            camera_frozen: self.camera_frozen,
            armed: self.autopilot.armed(),
            on_ground: self.plant.resting(),
            landed: self.autopilot.landed(),
            crashed: self.plant.crashed(),
            mode: self.autopilot.mode(),
        }
    }

    /// From now on the camera announces these streams; without a camera nothing happens.
    pub fn announce_video(&mut self, streams: Vec<VideoStream>) {
        if let Some(camera) = &mut self.camera {
            camera.set_streams(streams);
        }
    }

    /// Breaks or mends something.
    pub fn inject(&mut self, fault: Fault) {
        if self.plant.inject(&fault) {
            return;
        }
        match fault {
            Fault::ArmRefused(reason) => self.autopilot.refuse_arming(reason),
            Fault::LightDead(dead) => self.illuminator.dead = dead,
            Fault::LightOverheat(hot) => self.illuminator.overheated = hot,
            Fault::Reboot => self.reboot(),
            Fault::CameraFrozen(frozen) => self.camera_frozen = frozen,
            Fault::RadioSilence(silent) => self.radio_silent = silent,
            Fault::PilotTakesOver(mode) => self.autopilot.pilot_switches(mode),
            Fault::Parameter(name, value) => {
                self.autopilot.set_parameter(&name, value);
            }
            // The plant has taken these.
            Fault::GpsLoss(_)
            | Fault::GpsJump { .. }
            | Fault::BatterySag { .. }
            | Fault::SetCharge { .. }
            | Fault::MotorLoss { .. }
            | Fault::CompassStuck(_)
            | Fault::BaroDrift { .. } => {}
        }
    }

    fn reboot(&mut self) {
        let ready_us = ready_after_us(&mut self.noise);
        self.autopilot.reboot(ready_us);
    }

    fn one_step(&mut self, environment: &Environment) {
        self.now_us += STEP_US;
        let measured = self.plant.sense(environment);
        let satellites = if self.plant.gps_lost() { 0 } else { SATELLITES };
        let targets = self.autopilot.step(&measured, self.power(), satellites);
        self.illuminator.follow_actuator(self.autopilot.actuator(0));
        self.illuminator.step(self.now_us, STEP_S, &mut self.illuminator_out);
        self.plant.act(targets, self.illuminator.output());
        if (self.now_us / STEP_US).is_multiple_of(GIMBAL_STEPS) {
            self.turn_camera();
        }
    }

    /// The gimbal turns towards the autopilot's wish, against the body's real movements, and tells the autopilot what it did.
    fn turn_camera(&mut self) {
        self.held_camera.turn(self.autopilot.gimbal_wish_deg(), &self.plant);
        let (held_deg, rates_deg_s) = self.held_camera.held();
        self.autopilot.note_gimbal(held_deg, rates_deg_s);
        let sight = self.sight();
        if let Some(camera) = &mut self.camera {
            camera.step(self.now_us, TURN_S, &sight, &mut self.illuminator_out);
        }
    }

    /// Where the camera is and looks.
    fn sight(&self) -> Sight {
        let body = self.plant.body();
        let here = self.plant.place();
        let beside = here.moved(45.0, std::f64::consts::SQRT_2);
        let e7 = |degrees: f64| degrees * 1e7;
        let look = self.held_camera.look();
        Sight {
            lat_lon_e7: [e7(here.lat_deg()).round() as i32, e7(here.lon_deg()).round() as i32],
            altitude_mm: ((self.plant.home_amsl_m() - body.position_m.z) * 1e3) as i32,
            pose: CameraPose {
                up_m: -body.position_m.z,
                heading_deg: look.heading_deg,
                pitch_deg: look.pitch_deg,
                roll_deg: look.roll_deg,
                ..CameraPose::default()
            },
            e7_per_m: [e7(beside.lat_deg() - here.lat_deg()), e7(beside.lon_deg() - here.lon_deg())],
            ground_mm: (self.plant.home_amsl_m() * 1e3) as i32,
        }
    }

    fn power(&self) -> PowerReading {
        let battery = self.plant.battery();
        PowerReading {
            voltage_v: battery.voltage_v(),
            current_a: battery.current_a(),
            charge: battery.charge(),
            consumed_ah: battery.consumed_ah(),
        }
    }
}

fn ready_after_us(noise: &mut Noise) -> u64 {
    let spread = (noise.normal(0.25) + 0.5).clamp(0.0, 1.0);
    READY_US_MIN + (spread * READY_US_SPREAD as f64) as u64
}
