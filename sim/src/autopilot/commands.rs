//! Commands and their answers, as PX4 was seen to give them (flight.md 1–10).

use flight_types::GeoPoint;
use mavlink::dialects::ardupilotmega::{MESSAGE_INTERVAL_DATA, MavSeverity};

use super::commander::Verdict;
use super::guidance::Circle;
use super::telemetry::topic_of;
use super::wire::{self, AUTOPILOT_COMPONENT, Frame, PayloadWriter};
use super::{Autopilot, FlightMode};
use crate::Fault;

const NAV_RETURN_TO_LAUNCH: u16 = 20;
const NAV_LAND: u16 = 21;
const NAV_TAKEOFF: u16 = 22;
const DO_ORBIT: u16 = 34;
const DO_SET_MODE: u16 = 176;
const DO_CHANGE_SPEED: u16 = 178;
const DO_SET_HOME: u16 = 179;
const DO_SET_ACTUATOR: u16 = 187;
const DO_REPOSITION: u16 = 192;
const DO_SET_ROI_LOCATION: u16 = 195;
const DO_SET_ROI_NONE: u16 = 197;
const DO_SET_ROI: u16 = 201;
const PREFLIGHT_REBOOT: u16 = 246;
const MISSION_START: u16 = 300;
const COMPONENT_ARM_DISARM: u16 = 400;
const INJECT_FAILURE: u16 = 420;
const GET_MESSAGE_INTERVAL: u16 = 510;
const SET_MESSAGE_INTERVAL: u16 = 511;
const REQUEST_MESSAGE: u16 = 512;
const REQUEST_PROTOCOL_VERSION: u16 = 519;
const REQUEST_AUTOPILOT_CAPABILITIES: u16 = 520;
const GIMBAL_PITCHYAW: u16 = 1000;
const GIMBAL_CONFIGURE: u16 = 1001;

/// Arming and disarming with this in param2 cannot be refused.
const FORCE: f32 = 21_196.0;
/// The bit of DO_REPOSITION's param2 that allows the change of mode.
const CHANGE_MODE: u32 = 1;

/// A command with its place in degrees; COMMAND_LONG carries it as floats, COMMAND_INT as scaled integers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Command {
    id: u16,
    /// The seven parameters; 5 and 6 as floats even for COMMAND_INT.
    params: [f32; 7],
    lat_deg: f64,
    lon_deg: f64,
    target: (u8, u8),
    sender: (u8, u8),
}

impl Command {
    fn from_frame(frame: &Frame) -> Self {
        let sender = (frame.system, frame.component);
        let mut params: [f32; 7] = std::array::from_fn(|i| frame.f32(4 * i));
        if frame.id == wire::COMMAND_LONG {
            let (lat_deg, lon_deg) = (f64::from(params[4]), f64::from(params[5]));
            return Self { id: frame.u16(28), params, lat_deg, lon_deg, target: (frame.u8(30), frame.u8(31)), sender };
        }
        let degrees = |value: i32| if value == i32::MAX { f64::NAN } else { f64::from(value) * 1e-7 };
        let (lat_deg, lon_deg) = (degrees(frame.i32(16)), degrees(frame.i32(20)));
        (params[4], params[5]) = (lat_deg as f32, lon_deg as f32);
        Self { id: frame.u16(28), params, lat_deg, lon_deg, target: (frame.u8(30), frame.u8(31)), sender }
    }

    fn place(&self) -> Option<GeoPoint> {
        GeoPoint::new(self.lat_deg, self.lon_deg).ok()
    }

    fn altitude_amsl_m(&self) -> Option<f64> {
        Some(f64::from(self.params[6])).filter(|altitude| altitude.is_finite())
    }
}

impl Autopilot {
    pub(super) fn receive_command(&mut self, frame: &Frame) {
        let command = Command::from_frame(frame);
        let (system, component) = command.target;
        if !self.is_for_me(system, component) {
            return;
        }
        if command.id == DO_SET_MODE {
            // The MAVLink layer accepts it before anybody has looked at it (flight.md 1).
            self.answer(&command, Verdict::Accepted);
        }
        if let Some(verdict) = self.carry_out(&command) {
            self.answer(&command, verdict);
        }
    }

    fn answer(&mut self, command: &Command, verdict: Verdict) {
        let payload =
            PayloadWriter::default().u16(command.id).u8(verdict as u8).u8(0).i32(0).u8(command.sender.0).u8(command.sender.1);
        self.out.send_raw(AUTOPILOT_COMPONENT, wire::COMMAND_ACK, payload.bytes());
    }

    /// Does what is asked; `None` where PX4 stays silent.
    fn carry_out(&mut self, command: &Command) -> Option<Verdict> {
        let params = &command.params;
        let verdict = match command.id {
            COMPONENT_ARM_DISARM => self.arm_or_disarm(params),
            DO_SET_MODE => self.set_mode(params),
            NAV_TAKEOFF => self.take_off(command),
            NAV_LAND => self.enter(FlightMode::Land),
            NAV_RETURN_TO_LAUNCH => self.enter(FlightMode::Return),
            DO_REPOSITION => self.reposition(command),
            DO_ORBIT => self.orbit(command),
            DO_CHANGE_SPEED => self.change_speed(params),
            DO_SET_HOME => self.set_home(command),
            DO_SET_ACTUATOR => {
                self.set_actuators(&[params[0], params[1], params[2], params[3]]);
                Verdict::Accepted
            }
            DO_SET_ROI | DO_SET_ROI_LOCATION => self.look_at(command),
            DO_SET_ROI_NONE => {
                self.look_ahead();
                Verdict::Accepted
            }
            MISSION_START => self.start_mission(params),
            GIMBAL_PITCHYAW | GIMBAL_CONFIGURE if !self.has_gimbal_manager() => return None,
            GIMBAL_PITCHYAW => self.point_gimbal(f64::from(params[0]), f64::from(params[1]), command.sender),
            GIMBAL_CONFIGURE => self.configure_gimbal(params, command.sender),
            SET_MESSAGE_INTERVAL => self.set_interval(params),
            GET_MESSAGE_INTERVAL => self.tell_interval(params),
            REQUEST_MESSAGE => self.send_once(params[0] as u32),
            REQUEST_PROTOCOL_VERSION => self.send_once(300),
            REQUEST_AUTOPILOT_CAPABILITIES => self.send_once(148),
            INJECT_FAILURE => self.inject_failure(params),
            PREFLIGHT_REBOOT if self.commander.armed => Verdict::Denied,
            PREFLIGHT_REBOOT => {
                self.reboot_asked = true;
                Verdict::Accepted
            }
            _ => Verdict::Unsupported,
        };
        Some(verdict)
    }

    fn arm_or_disarm(&mut self, params: &[f32; 7]) -> Verdict {
        let forced = params[1] == FORCE;
        if params[0] == 1.0 {
            self.arm()
        } else if params[0] == 0.0 {
            self.disarm(forced, "Disarmed by external command")
        } else {
            self.say(MavSeverity::MAV_SEVERITY_CRITICAL, "Unsupported ARM_DISARM param");
            Verdict::Unsupported
        }
    }

    fn set_mode(&mut self, params: &[f32; 7]) -> Verdict {
        const CUSTOM_MODE_ENABLED: u32 = 1;
        if params[0] as u32 & CUSTOM_MODE_ENABLED == 0 {
            return Verdict::Unsupported;
        }
        match FlightMode::from_main_and_sub(params[1] as u8, params[2] as u8) {
            Some(mode) => self.enter(mode),
            None => Verdict::Denied,
        }
    }

    /// Without NaN for the place PX4 takes 0/0 for a place, never climbs and disarms (flight.md 3).
    fn take_off(&mut self, command: &Command) -> Verdict {
        let here = command.lat_deg.is_nan() && command.lon_deg.is_nan();
        let verdict = self.enter(FlightMode::Takeoff);
        if verdict == Verdict::Accepted {
            let altitude = command.altitude_amsl_m();
            self.begin_take_off(altitude);
            if !here && !self.near(command) {
                // Aims at the ground it stands on.
                self.guidance.target_m.z = self.estimator.position_m.z;
            }
        }
        verdict
    }

    /// A take-off place that is where the aircraft stands is as good as none.
    fn near(&self, command: &Command) -> bool {
        const SAME_PLACE_M: f64 = 50.0;
        let own = self.to_geo(self.estimator.position_m);
        command.place().is_some_and(|place| place.distance_m(&own) < SAME_PLACE_M)
    }

    /// DO_REPOSITION: without the bit for the mode change UNSUPPORTED is answered, and it flies anyway (flight.md 5).
    fn reposition(&mut self, command: &Command) -> Verdict {
        let allowed = command.params[1].max(0.0) as u32 & CHANGE_MODE != 0;
        let verdict = if allowed { Verdict::Accepted } else { Verdict::Unsupported };
        if !self.commander.armed {
            return verdict;
        }
        if !self.estimator.has_position(self.now_us) {
            return Verdict::TemporarilyRejected;
        }
        let mut target = self.estimator.position_m;
        if let Some(place) = command.place() {
            target = self.to_local(place, self.altitude_amsl_m());
        }
        if let Some(altitude) = command.altitude_amsl_m() {
            target.z = self.origin_amsl_m - altitude;
        }
        if !self.fence_allows(target) {
            self.say(MavSeverity::MAV_SEVERITY_CRITICAL, "Reposition is outside geofence");
            return verdict;
        }
        self.fly_to_commanded(target, command);
        verdict
    }

    fn fly_to_commanded(&mut self, target: crate::physics::Vector, command: &Command) {
        self.switch(FlightMode::Hold);
        self.guidance.target_m = target;
        let speed = f64::from(command.params[0]);
        if speed.is_finite() && speed > 0.0 {
            self.guidance.speed_m_s = Some(speed);
        }
        let heading = f64::from(command.params[3]);
        if heading.is_finite() {
            self.guidance.heading_rad = heading;
        } else {
            self.head_along(target);
        }
    }

    fn orbit(&mut self, command: &Command) -> Verdict {
        let (radius, speed) = (f64::from(command.params[0]), f64::from(command.params[1]));
        let centre = command.place();
        if !self.commander.armed || self.commander.landed || !radius.is_finite() || radius.abs() < 1.0 {
            return Verdict::TemporarilyRejected;
        }
        let mut centre_m = centre.map_or(self.estimator.position_m, |place| self.to_local(place, self.altitude_amsl_m()));
        centre_m.z = command.altitude_amsl_m().map_or(self.estimator.position_m.z, |altitude| self.origin_amsl_m - altitude);
        let speed_m_s = if speed.is_finite() && speed > 0.0 { speed.min(10.0) } else { 3.0 };
        self.guidance.circle = Some(Circle { centre_m, radius_m: radius, speed_m_s });
        self.switch(FlightMode::Orbit);
        Verdict::Accepted
    }

    fn change_speed(&mut self, params: &[f32; 7]) -> Verdict {
        let speed = f64::from(params[1]);
        if speed.is_finite() && speed > 0.0 {
            self.guidance.speed_m_s = Some(speed);
        } else if speed == -2.0 {
            self.guidance.speed_m_s = None;
        }
        Verdict::Accepted
    }

    fn set_home(&mut self, command: &Command) -> Verdict {
        let use_current = command.params[0] == 1.0;
        let home = if use_current {
            Some(self.estimator.position_m)
        } else {
            command.place().zip(command.altitude_amsl_m()).map(|(place, altitude)| self.to_local(place, altitude))
        };
        let Some(home) = home else { return Verdict::Denied };
        self.guidance.home_m = home;
        self.telemetry.send_home_soon();
        Verdict::Accepted
    }

    pub(super) fn set_actuators(&mut self, values: &[f32; 4]) {
        for (output, value) in self.actuators.iter_mut().zip(values) {
            if value.is_finite() {
                *output = f64::from(value.clamp(-1.0, 1.0));
            }
        }
    }

    fn look_at(&mut self, command: &Command) -> Verdict {
        let Some(place) = command.place() else { return Verdict::Denied };
        let altitude = command.altitude_amsl_m().unwrap_or(self.origin_amsl_m);
        self.guidance.region_of_interest = Some((place, altitude));
        Verdict::Accepted
    }

    /// MISSION_START also arms (flight.md 20).
    fn start_mission(&mut self, params: &[f32; 7]) -> Verdict {
        let verdict = self.enter(FlightMode::Mission);
        if verdict != Verdict::Accepted {
            return verdict;
        }
        if params[0] >= 0.0 && self.commander.landed {
            self.set_current_item(params[0] as u16);
        }
        let verdict = self.arm();
        if verdict == Verdict::Accepted {
            self.begin_mission();
        }
        verdict
    }

    /// INJECT_FAILURE: denied unless SYS_FAILURE_EN is set (PX4 mavlink/mavlink_receiver.cpp); what the simulation cannot break is unsupported.
    fn inject_failure(&mut self, params: &[f32; 7]) -> Verdict {
        if self.params.integer("SYS_FAILURE_EN") != 1 {
            return Verdict::Denied;
        }
        let Some(fault) = failure_of(params[0], params[1]) else { return Verdict::Unsupported };
        self.failures_asked.push(fault);
        Verdict::Accepted
    }

    fn set_interval(&mut self, params: &[f32; 7]) -> Verdict {
        let known = self.telemetry.set_interval(params[0] as u32, f64::from(params[1]), self.now_us);
        if known { Verdict::Accepted } else { Verdict::Failed }
    }

    fn tell_interval(&mut self, params: &[f32; 7]) -> Verdict {
        let id = params[0] as u32;
        let message = MESSAGE_INTERVAL_DATA { interval_us: self.telemetry.interval_us(id), message_id: id as u16 };
        self.out.send(AUTOPILOT_COMPONENT, &message);
        Verdict::Accepted
    }

    fn send_once(&mut self, id: u32) -> Verdict {
        let Some(topic) = topic_of(id) else { return Verdict::Unsupported };
        self.transmit(topic);
        Verdict::Accepted
    }
}

/// FAILURE_UNIT and FAILURE_TYPE as a fault of this aircraft.
fn failure_of(unit: f32, kind: f32) -> Option<Fault> {
    const COMPASS: u16 = 2;
    const SATELLITES: u16 = 4;
    const BATTERY: u16 = 100;
    const OK: u16 = 0;
    const OFF: u16 = 1;
    const STUCK: u16 = 2;
    /// PX4's simulated battery falls to its empty voltage: under every threshold.
    const EMPTY_PCT: f64 = 4.0;
    match (unit as u16, kind as u16) {
        (SATELLITES, OK | OFF) => Some(Fault::GpsLoss(kind as u16 == OFF)),
        (COMPASS, OK | STUCK) => Some(Fault::CompassStuck(kind as u16 == STUCK)),
        (BATTERY, OFF) => Some(Fault::SetCharge { pct: EMPTY_PCT }),
        _ => None,
    }
}
