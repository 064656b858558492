//! The simulated autopilot: estimates, controls, decides, and answers over MAVLink as PX4 was seen to (flight.md).
//!
//! Shares no protocol logic with the link that it tests, only the message definitions of the `mavlink` crate.
//! Time is input: microseconds since boot, in steps of [`crate::STEP_S`].

mod mode;
pub use mode::FlightMode;

mod params;
pub use params::ParamValue;
use params::Parameters;

mod estimator;
use estimator::Estimator;

mod controller;
use controller::{Controller, Wish};

mod plan;
mod transfer;

mod fence;
use fence::Fence;

mod texts;
use texts::Texts;

pub(crate) mod wire;
use wire::Transmitter;

mod commander;
use commander::Commander;

mod guidance;
use guidance::Guidance;

mod mission;
use mission::MissionRun;

mod gimbal;
use gimbal::Gimbal;

mod telemetry;
pub use telemetry::StreamProfile;
use telemetry::Telemetry;

mod commands;
mod messages;
mod receive;

use flight_types::{GeoPoint, Local, LocalFrame};
use mavlink::dialects::ardupilotmega::MavSeverity;

use crate::Fault;
use crate::physics::{Airframe, Measurements, ROTOR_COUNT, Vector};
use plan::Item;
use transfer::Upload;

/// Steps between two runs of guidance and decisions: 50 Hz at 250 Hz.
const GUIDANCE_STEPS: u64 = 5;
/// Guidance period, seconds.
const GUIDANCE_S: f64 = GUIDANCE_STEPS as f64 * crate::STEP_S;
/// The wind estimate follows over this time, seconds.
const WIND_FILTER_S: f64 = 3.0;
/// Outputs of DO_SET_ACTUATOR.
const ACTUATORS: usize = 6;

/// What the power module measures.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct PowerReading {
    pub(crate) voltage_v: f64,
    pub(crate) current_a: f64,
    pub(crate) charge: f64,
    pub(crate) consumed_ah: f64,
}

/// What stays on board through a restart.
#[derive(Debug, Clone, Default)]
struct Plans {
    mission: Vec<Item>,
    fence_items: Vec<Item>,
    fence: Fence,
    rally: Vec<Item>,
    /// Counts changes, for the ids in MISSION_CURRENT.
    mission_id: u32,
    fence_id: u32,
    rally_id: u32,
}

/// The airframe's drag as the autopilot was told it.
#[derive(Debug, Clone, Copy)]
struct DragModel {
    mass_kg: f64,
    linear_n_s_m: f64,
    square_n_s2_m2: f64,
}

impl DragModel {
    fn of(airframe: &Airframe) -> Self {
        Self {
            mass_kg: airframe.mass_kg,
            linear_n_s_m: airframe.linear_drag_n_s_m.x,
            square_n_s2_m2: 0.5 * crate::physics::AIR_DENSITY_KG_M3 * airframe.drag_area_m2.x,
        }
    }
}

/// The autopilot of one aircraft.
#[derive(Debug, Clone)]
pub(crate) struct Autopilot {
    frame: LocalFrame,
    origin_amsl_m: f64,
    now_us: u64,
    step: u64,
    params: Parameters,
    estimator: Estimator,
    controller: Controller,
    commander: Commander,
    guidance: Guidance,
    run: MissionRun,
    plans: Plans,
    upload: Option<Upload>,
    downloads: Downloads,
    gimbal: Gimbal,
    telemetry: Telemetry,
    texts: Texts,
    out: Transmitter,
    power: PowerReading,
    actuators: [f64; ACTUATORS],
    wish: Wish,
    satellites: u8,
    wind_estimate_m_s: Vector,
    drag: DragModel,
    /// A client asked for a restart; the aircraft carries it out.
    reboot_asked: bool,
    /// What clients broke on purpose; the aircraft carries it out.
    failures_asked: Vec<Fault>,
}

/// Clients that read a plan, and parameters that wait to be sent.
#[derive(Debug, Clone, Default)]
struct Downloads {
    /// Next parameter of a running PARAM_REQUEST_LIST.
    next_parameter: Option<usize>,
}

impl Autopilot {
    pub(crate) fn new(
        system_id: u8,
        home: GeoPoint,
        home_amsl_m: f64,
        airframe: Airframe,
        streams: StreamProfile,
        ready_us: u64,
    ) -> Self {
        Self {
            frame: LocalFrame::new(home),
            origin_amsl_m: home_amsl_m,
            now_us: 0,
            step: 0,
            params: Parameters::new(system_id),
            estimator: Estimator::new(),
            drag: DragModel::of(&airframe),
            controller: Controller::new(airframe),
            commander: Commander::new(ready_us),
            guidance: Guidance::default(),
            run: MissionRun::default(),
            plans: Plans::default(),
            upload: None,
            downloads: Downloads::default(),
            gimbal: Gimbal::default(),
            telemetry: Telemetry::new(streams),
            texts: Texts::default(),
            out: Transmitter::new(system_id),
            power: PowerReading::default(),
            actuators: [0.0; ACTUATORS],
            wish: Wish { velocity_m_s: Vector::zeros(), heading_rad: 0.0, level_only: false, thrust_share: 0.0 },
            satellites: 0,
            wind_estimate_m_s: Vector::zeros(),
            reboot_asked: false,
            failures_asked: Vec::new(),
        }
    }

    /// Starts again as after a power cycle: forgets the flight, keeps parameters and plans.
    pub(crate) fn reboot(&mut self, ready_us: u64) {
        self.now_us = 0;
        self.step = 0;
        self.estimator = Estimator::new();
        self.controller.reset();
        let refusal = self.commander.injected_refusal.take();
        self.commander = Commander::new(ready_us);
        self.commander.injected_refusal = refusal;
        self.guidance = Guidance::default();
        self.run = MissionRun::default();
        self.check_mission();
        self.upload = None;
        self.gimbal = Gimbal::default();
        self.telemetry.restart();
        self.actuators = [0.0; ACTUATORS];
        self.wind_estimate_m_s = Vector::zeros();
    }

    /// Whether a client asked for a restart since the last call.
    pub(crate) fn take_reboot_request(&mut self) -> bool {
        std::mem::take(&mut self.reboot_asked)
    }

    /// What clients asked to break or mend since the last call.
    pub(crate) fn take_failures(&mut self) -> Vec<Fault> {
        std::mem::take(&mut self.failures_asked)
    }

    /// One control step; gives the rotor speeds to aim for.
    pub(crate) fn step(&mut self, measured: &Measurements, power: PowerReading, satellites: u8) -> [f64; ROTOR_COUNT] {
        self.now_us += crate::STEP_US;
        self.step += 1;
        self.power = power;
        self.satellites = satellites;
        let resting = !self.commander.armed && self.commander.landed;
        self.estimator.update(measured, resting, self.now_us, crate::STEP_S);
        if self.step.is_multiple_of(GUIDANCE_STEPS) {
            self.supervise();
            self.wish = self.guide();
            self.estimate_wind(measured);
            self.advance_transfers();
        }
        self.transmit_streams();
        if !self.commander.armed {
            return [0.0; ROTOR_COUNT];
        }
        self.controller.rotor_targets(&self.estimator, &self.wish, crate::STEP_S)
    }

    pub(crate) fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.out.poll()
    }

    pub(crate) fn mode(&self) -> FlightMode {
        self.commander.mode
    }

    pub(crate) fn armed(&self) -> bool {
        self.commander.armed
    }

    pub(crate) fn landed(&self) -> bool {
        self.commander.landed
    }

    /// The first actuator output, −1..1, which the light hangs on where there is no illuminator.
    pub(crate) fn actuator(&self, index: usize) -> f64 {
        self.actuators[index]
    }

    /// Refuses arming with this text; `None` lifts it.
    pub(crate) fn refuse_arming(&mut self, reason: Option<String>) {
        self.commander.injected_refusal = reason;
    }

    /// Sets a parameter as if by a ground station; false when name or type are wrong.
    pub(crate) fn set_parameter(&mut self, name: &str, value: ParamValue) -> bool {
        self.params.set(name, value)
    }

    /// Speaks where a ground station listens.
    fn say(&mut self, severity: MavSeverity, text: &str) {
        let heard = self.commander.ground_station_heard_us.is_some();
        self.texts.say(&mut self.out, heard, severity, text);
    }

    /// Rotors only push along body down: what the accelerometer feels across is drag, and drag tells the air speed.
    fn estimate_wind(&mut self, measured: &Measurements) {
        let force_n = measured.specific_force_m_s2 * self.drag.mass_kg;
        let across_n = force_n.x.hypot(force_n.y);
        if self.commander.landed || across_n < 1e-3 {
            return;
        }
        let (linear, square) = (self.drag.linear_n_s_m, self.drag.square_n_s2_m2);
        let air_m_s = ((linear * linear + 4.0 * square * across_n).sqrt() - linear) / (2.0 * square);
        let air_body = Vector::new(-force_n.x, -force_n.y, 0.0) * (air_m_s / across_n);
        let wind = self.estimator.velocity_m_s - crate::physics::rotate(&self.estimator.attitude, air_body);
        self.wind_estimate_m_s += (wind - self.wind_estimate_m_s) * (GUIDANCE_S / WIND_FILTER_S);
    }

    /// A place in the local frame at an altitude above mean sea level.
    fn to_local(&self, point: GeoPoint, altitude_amsl_m: f64) -> Vector {
        let local = self.frame.to_local(point);
        Vector::new(local.north_m, local.east_m, self.origin_amsl_m - altitude_amsl_m)
    }

    fn to_geo(&self, position_m: Vector) -> GeoPoint {
        self.frame.to_geo(Local { east_m: position_m.y, north_m: position_m.x })
    }

    fn altitude_amsl_m(&self) -> f64 {
        self.origin_amsl_m - self.estimator.position_m.z
    }
}
