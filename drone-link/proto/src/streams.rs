//! Asks the aircraft for the messages we need at the rates we need, one after another, again after a reboot.

use crate::command::{Answer, Commander, Purpose, floats};
use crate::dialect::{AUTOPILOT_COMPONENT, CommandKind, id};
use crate::profile::Autopilot;

/// Message and interval in microseconds. Five positions a second draw a smooth track; the rest changes slowly.
const WANTED: [(u32, u32); 11] = [
    (id::EXTENDED_SYS_STATE, 500_000),
    (id::GLOBAL_POSITION_INT, 200_000),
    (id::SYS_STATUS, 1_000_000),
    (id::GPS_RAW_INT, 1_000_000),
    (id::MISSION_CURRENT, 500_000),
    (id::BATTERY_STATUS, 2_000_000),
    (id::ATTITUDE, 200_000),
    (id::WIND_COV, 2_000_000),
    // Other people's aircraft: ArduPilot tells of them only when asked, one with each message.
    (id::ADSB_VEHICLE, 200_000),
    // The air pressure, by which others tell their height; it changes slowly.
    (id::SCALED_PRESSURE, 2_000_000),
    (id::ILLUMINATOR_STATUS, 1_000_000),
];

/// How many of the wanted messages were asked for.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    asked: usize,
}

impl Streams {
    /// The aircraft is new or restarted: ask for everything.
    pub fn restart(&mut self) {
        self.asked = 0;
    }

    /// Asks for the next message once the last request has been answered or given up.
    pub fn drive(&mut self, autopilot: Autopilot, commander: &mut Commander, illuminator: Option<u8>, now_ms: u64) {
        let Some((message_id, interval_us)) = WANTED.get(self.asked).copied() else { return };
        let waiting = |(_, answer)| matches!(answer, Answer::Open | Answer::Postponed);
        if commander.answer(Purpose::Interval).is_some_and(waiting) {
            return;
        }
        self.asked += 1;
        let message_id = told_by(autopilot, message_id);
        let component = if message_id == id::ILLUMINATOR_STATUS { illuminator } else { Some(AUTOPILOT_COMPONENT) };
        let Some(component_id) = component else { return };
        let params = [message_id as f32, interval_us as f32, 0.0, 0.0, 0.0, 0.0, 0.0];
        commander.order(Purpose::Interval, floats(CommandKind::MessageInterval, component_id, params), now_ms);
    }
}

/// The message in which this autopilot tells the same. ArduCopter refuses to send the wind as PX4 does, and says so in a text.
fn told_by(autopilot: Autopilot, message_id: u32) -> u32 {
    match autopilot {
        Autopilot::ArduPilot if message_id == id::WIND_COV => id::WIND,
        Autopilot::ArduPilot | Autopilot::Px4 => message_id,
    }
}
