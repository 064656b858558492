//! Which messages are sent how often: PX4's default streams, and what a client asked for.

use super::{Autopilot, wire};

/// Which of PX4's default sets of streams a link begins with (flight.md 15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StreamProfile {
    /// A companion computer's port.
    #[default]
    Onboard,
    /// A ground station's port.
    GroundStation,
    /// A slow radio: a few messages a second until more is asked for.
    Radio,
}

/// A message that can be streamed or asked for once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    Heartbeat,
    SysStatus,
    SystemTime,
    GpsRaw,
    Attitude,
    AttitudeQuaternion,
    LocalPosition,
    GlobalPosition,
    MissionCurrent,
    VfrHud,
    Altitude,
    BatteryStatus,
    HomePosition,
    ExtendedSysState,
    EstimatorStatus,
    Wind,
    AutopilotVersion,
    ProtocolVersion,
    GimbalManagerInformation,
    GimbalManagerStatus,
    GimbalAttitude,
}

/// All topics with their message id and their rates in hertz: onboard, ground station, radio.
const TOPICS: [(Topic, u32, [f64; 3]); 21] = [
    (Topic::Heartbeat, wire::HEARTBEAT, [1.0, 1.0, 1.0]),
    (Topic::SysStatus, 1, [5.0, 1.0, 1.0]),
    (Topic::SystemTime, 2, [1.0, 1.0, 0.2]),
    (Topic::GpsRaw, 24, [5.0, 1.0, 1.0]),
    (Topic::Attitude, 30, [100.0, 50.0, 2.0]),
    (Topic::AttitudeQuaternion, 31, [50.0, 50.0, 0.0]),
    (Topic::LocalPosition, 32, [30.0, 30.0, 0.0]),
    (Topic::GlobalPosition, 33, [50.0, 50.0, 4.0]),
    (Topic::MissionCurrent, 42, [1.0, 1.0, 1.0]),
    (Topic::VfrHud, 74, [10.0, 20.0, 1.0]),
    (Topic::Altitude, 141, [10.0, 10.0, 0.0]),
    (Topic::BatteryStatus, 147, [0.5, 0.5, 0.5]),
    (Topic::HomePosition, 242, [1.0, 0.5, 0.2]),
    (Topic::ExtendedSysState, 245, [5.0, 1.0, 1.0]),
    (Topic::EstimatorStatus, 230, [1.0, 0.5, 0.2]),
    (Topic::Wind, 231, [10.0, 0.5, 0.2]),
    (Topic::AutopilotVersion, 148, [0.0, 0.0, 0.0]),
    (Topic::ProtocolVersion, 300, [0.0, 0.0, 0.0]),
    (Topic::GimbalManagerInformation, 280, [0.0, 0.0, 0.0]),
    (Topic::GimbalManagerStatus, 281, [1.0, 0.5, 0.2]),
    (Topic::GimbalAttitude, 285, [5.0, 1.0, 1.0]),
];

/// A topic by message id.
pub(crate) fn topic_of(id: u32) -> Option<Topic> {
    TOPICS.iter().find(|(_, known, _)| *known == id).map(|(topic, _, _)| *topic)
}

#[derive(Debug, Clone, Copy)]
struct Stream {
    topic: Topic,
    id: u32,
    /// 0 = off.
    interval_us: u64,
    due_us: u64,
}

/// The running streams.
#[derive(Debug, Clone)]
pub(crate) struct Telemetry {
    profile: StreamProfile,
    streams: Vec<Stream>,
    next_due_us: u64,
}

impl Telemetry {
    pub(crate) fn new(profile: StreamProfile) -> Self {
        let mut telemetry = Self { profile, streams: Vec::new(), next_due_us: 0 };
        telemetry.restart();
        telemetry
    }

    /// Back to the default rates, as after a restart.
    pub(crate) fn restart(&mut self) {
        let column = self.profile as usize;
        self.streams = TOPICS
            .iter()
            .map(|(topic, id, rates)| Stream { topic: *topic, id: *id, interval_us: interval_of(rates[column]), due_us: 0 })
            .collect();
        self.next_due_us = 0;
    }

    /// SET_MESSAGE_INTERVAL: −1 stops, 0 is the default rate. False for a message that is not streamed here.
    pub(crate) fn set_interval(&mut self, id: u32, interval_us: f64, now_us: u64) -> bool {
        let column = self.profile as usize;
        let Some(at) = self.streams.iter().position(|stream| stream.id == id) else { return false };
        let stream = &mut self.streams[at];
        stream.interval_us = if interval_us < 0.0 {
            0
        } else if interval_us == 0.0 {
            interval_of(TOPICS[at].2[column])
        } else {
            (interval_us as u64).max(crate::STEP_US)
        };
        stream.due_us = now_us;
        self.next_due_us = now_us;
        true
    }

    /// The interval for MESSAGE_INTERVAL: −1 when off, 0 when the message is not streamed here.
    pub(crate) fn interval_us(&self, id: u32) -> i32 {
        match self.streams.iter().find(|stream| stream.id == id) {
            Some(stream) if stream.interval_us > 0 => i32::try_from(stream.interval_us).unwrap_or(i32::MAX),
            Some(_) => -1,
            None => 0,
        }
    }

    pub(crate) fn send_home_soon(&mut self) {
        self.send_soon(Topic::HomePosition);
    }

    pub(crate) fn send_mission_current_soon(&mut self) {
        self.send_soon(Topic::MissionCurrent);
    }

    fn send_soon(&mut self, topic: Topic) {
        for stream in self.streams.iter_mut().filter(|stream| stream.topic == topic) {
            stream.due_us = 0;
        }
        self.next_due_us = 0;
    }
}

fn interval_of(rate_hz: f64) -> u64 {
    if rate_hz > 0.0 { (1e6 / rate_hz) as u64 } else { 0 }
}

impl Autopilot {
    /// Sends what is due.
    pub(super) fn transmit_streams(&mut self) {
        if self.now_us < self.telemetry.next_due_us {
            return;
        }
        let mut next_us = u64::MAX;
        for index in 0..self.telemetry.streams.len() {
            let stream = self.telemetry.streams[index];
            if stream.interval_us == 0 {
                continue;
            }
            let mut due_us = stream.due_us;
            if due_us <= self.now_us {
                self.transmit(stream.topic);
                // Keeps the mean rate although steps are 4 ms; after a pause it does not catch up.
                due_us = (due_us + stream.interval_us).max(self.now_us + 1);
                self.telemetry.streams[index].due_us = due_us;
            }
            next_us = next_us.min(due_us);
        }
        self.telemetry.next_due_us = next_us;
    }
}
