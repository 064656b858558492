//! A ground station in virtual time: speaks MAVLink to one simulated aircraft and remembers what it heard.
#![allow(dead_code, reason = "each test file uses its own part of the station")]

use flight_types::GeoPoint;
use mavlink::dialects::ardupilotmega::*;
use mavlink::{MAVLinkV2MessageRaw, MavHeader, MavlinkReader, Message};
use sim::{Aircraft, AircraftConfig, Environment};

pub const HOME_AMSL_M: f64 = 488.0;
pub const STATION: (u32, u8) = (255, 190);

pub fn home() -> GeoPoint {
    GeoPoint::new(47.397_742, 8.545_594).expect("a place in Zurich")
}

/// One answer to a command: its number, MAV_RESULT, and who answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    pub at_ms: u64,
    pub component: u8,
    pub command: u16,
    pub result: u8,
}

pub struct Station {
    pub aircraft: Aircraft,
    pub environment: Environment,
    pub now_ms: u64,
    /// Sends a GCS heartbeat each second.
    pub heartbeats: bool,
    pub heard: Vec<(u64, u8, MavMessage)>,
    pub answers: Vec<Answer>,
    pub texts: Vec<(u64, String)>,
    sequence: u8,
}

impl Station {
    pub fn new() -> Self {
        Self::with(AircraftConfig::new(1, home(), HOME_AMSL_M), Environment::default())
    }

    pub fn with(config: AircraftConfig, environment: Environment) -> Self {
        Self {
            aircraft: Aircraft::new(config),
            environment,
            now_ms: 0,
            heartbeats: true,
            heard: Vec::new(),
            answers: Vec::new(),
            texts: Vec::new(),
            sequence: 0,
        }
    }

    /// An aircraft that has been on for five seconds.
    pub fn booted() -> Self {
        let mut station = Self::new();
        station.run_ms(5_000);
        station
    }

    pub fn run_ms(&mut self, span_ms: u64) {
        let end_ms = self.now_ms + span_ms;
        while self.now_ms < end_ms {
            if self.heartbeats && self.now_ms.is_multiple_of(1_000) {
                self.heartbeat(MavType::MAV_TYPE_GCS);
            }
            self.now_ms += 20;
            self.aircraft.step(self.now_ms, &self.environment);
            self.listen();
        }
    }

    /// Runs until the condition holds; panics with the texts heard when it does not in time.
    pub fn run_until(&mut self, limit_ms: u64, what: &str, condition: impl Fn(&Station) -> bool) {
        let end_ms = self.now_ms + limit_ms;
        while !condition(self) {
            assert!(self.now_ms < end_ms, "{what}: not within {limit_ms} ms; {:?}; {:#?}", self.texts, self.aircraft.truth());
            self.run_ms(20);
        }
    }

    fn listen(&mut self) {
        while let Some(datagram) = self.aircraft.poll_transmit() {
            // Answers are read by hand: the command may be unknown to the dialect.
            let (component, id) = (datagram[6], u32::from_le_bytes([datagram[7], datagram[8], datagram[9], 0]));
            if id == 77 {
                let mut payload = [0; 16];
                let length = usize::from(datagram[1]);
                payload[..length].copy_from_slice(&datagram[10..10 + length]);
                let command = u16::from_le_bytes([payload[0], payload[1]]);
                self.answers.push(Answer { at_ms: self.now_ms, component, command, result: payload[2] });
                continue;
            }
            let mut reader = MavlinkReader::new(&datagram[..]);
            match reader.read_any_message::<MavMessage>() {
                Ok((header, message)) => self.note(header.component_id, message),
                // The dialect cannot express the light's mode bitmask; that message is checked from its bytes elsewhere.
                Err(_) => assert_eq!(id, 440, "an unreadable message"),
            }
        }
    }

    fn note(&mut self, component: u8, message: MavMessage) {
        if let MavMessage::STATUSTEXT(text) = &message {
            let part = text.text.to_str().unwrap_or("?").trim_end_matches('\0').to_owned();
            match self.texts.last_mut().filter(|_| text.chunk_seq > 0) {
                Some((_, whole)) => whole.push_str(&part),
                None => self.texts.push((self.now_ms, part)),
            }
        }
        self.heard.push((self.now_ms, component, message));
    }

    pub fn send(&mut self, message: &MavMessage) {
        let mut raw = MAVLinkV2MessageRaw::new();
        let header = MavHeader { system_id: STATION.0, component_id: STATION.1, sequence: self.sequence };
        self.sequence = self.sequence.wrapping_add(1);
        raw.serialize_message(header, message);
        self.aircraft.receive(raw.raw_bytes());
    }

    pub fn heartbeat(&mut self, mavtype: MavType) {
        self.send(&MavMessage::HEARTBEAT(HEARTBEAT_DATA {
            custom_mode: 0,
            mavtype,
            autopilot: MavAutopilot::MAV_AUTOPILOT_INVALID,
            base_mode: MavModeFlag::empty(),
            system_status: MavState::MAV_STATE_ACTIVE,
            mavlink_version: 3,
        }));
    }

    pub fn command_to(&mut self, target: (u8, u8), command: MavCmd, params: [f32; 7]) {
        let [param1, param2, param3, param4, param5, param6, param7] = params;
        let (target_system, target_component) = target;
        self.send(&MavMessage::COMMAND_LONG(COMMAND_LONG_DATA {
            param1,
            param2,
            param3,
            param4,
            param5,
            param6,
            param7,
            command,
            target_system,
            target_component,
            confirmation: 0,
        }));
    }

    /// Sends a command and gives the results that came within 100 ms.
    pub fn command(&mut self, command: MavCmd, params: [f32; 7]) -> Vec<u8> {
        let before = self.answers.len();
        self.command_to((1, 1), command, params);
        self.run_ms(100);
        self.answers[before..].iter().filter(|answer| answer.command == command as u16).map(|answer| answer.result).collect()
    }

    pub fn command_int(&mut self, command: MavCmd, params: [f32; 4], place: GeoPoint, z: f32) -> Vec<u8> {
        let before = self.answers.len();
        let [param1, param2, param3, param4] = params;
        self.send(&MavMessage::COMMAND_INT(COMMAND_INT_DATA {
            param1,
            param2,
            param3,
            param4,
            x: (place.lat_deg() * 1e7).round() as i32,
            y: (place.lon_deg() * 1e7).round() as i32,
            z,
            command,
            target_system: 1,
            target_component: 1,
            frame: MavFrame::MAV_FRAME_GLOBAL,
            current: 0,
            autocontinue: 0,
        }));
        self.run_ms(100);
        self.answers[before..].iter().filter(|answer| answer.command == command as u16).map(|answer| answer.result).collect()
    }

    pub fn arm(&mut self) -> Vec<u8> {
        self.command(MavCmd::MAV_CMD_COMPONENT_ARM_DISARM, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    }

    pub fn take_off(&mut self, height_m: f64) -> Vec<u8> {
        let altitude = (HOME_AMSL_M + height_m) as f32;
        self.command(MavCmd::MAV_CMD_NAV_TAKEOFF, [f32::NAN, 0.0, 0.0, f32::NAN, f32::NAN, f32::NAN, altitude])
    }

    pub fn set_mode(&mut self, main: f32, sub: f32) -> Vec<u8> {
        self.command(MavCmd::MAV_CMD_DO_SET_MODE, [1.0, main, sub, 0.0, 0.0, 0.0, 0.0])
    }

    pub fn go_to(&mut self, place: GeoPoint, height_m: f64) -> Vec<u8> {
        self.command_int(MavCmd::MAV_CMD_DO_REPOSITION, [-1.0, 1.0, 0.0, f32::NAN], place, (HOME_AMSL_M + height_m) as f32)
    }

    /// In the air at this height, in hold.
    pub fn airborne(height_m: f64) -> Self {
        let mut station = Self::booted();
        station.climb(height_m);
        station
    }

    pub fn climb(&mut self, height_m: f64) {
        assert_eq!(self.take_off(height_m), [0]);
        assert_eq!(self.arm(), [0]);
        self.run_until(60_000, "take-off", |s| s.aircraft.truth().mode == sim::FlightMode::Hold && !s.aircraft.truth().landed);
    }

    pub fn has_text(&self, part: &str) -> bool {
        self.texts.iter().any(|(_, text)| text.contains(part))
    }

    pub fn last<T>(&self, pick: impl Fn(&MavMessage) -> Option<T>) -> T {
        let found = self.heard.iter().rev().find_map(|(_, _, message)| pick(message));
        found.expect("this message was heard")
    }

    pub fn count(&self, id: u32) -> usize {
        self.heard.iter().filter(|(_, _, message)| message.message_id() == id).count()
    }
}
