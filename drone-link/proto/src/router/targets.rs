//! Where each message says whom it is for, learned from the definitions: the byte that changes with the target.

use std::collections::BTreeMap;

use crate::dialect;
use crate::router::framing::RawFrame;

/// MANUAL_CONTROL calls its target another name; its byte, by the definitions.
const MANUAL_CONTROL: (u32, u8) = (69, 10);

/// Whom a frame is for. Zero means everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Target {
    pub system_id: u8,
    pub component_id: u8,
}

/// The places of the two numbers in a payload.
#[derive(Debug, Clone, Copy)]
struct Places {
    system: u8,
    component: Option<u8>,
}

/// The places of every message that has a target.
#[derive(Debug)]
pub(crate) struct Targets(BTreeMap<u32, Places>);

impl Targets {
    pub fn new() -> Self {
        let places = dialect::target_places().map(|(id, system, component)| (id, Places { system, component }));
        let mut all: BTreeMap<u32, Places> = places.collect();
        all.insert(MANUAL_CONTROL.0, Places { system: MANUAL_CONTROL.1, component: None });
        Self(all)
    }

    /// Whom this frame is for: everybody when its message has no target, or is not known.
    pub fn of(&self, frame: &RawFrame<'_>) -> Target {
        let Some(places) = self.0.get(&frame.message_id) else { return Target::default() };
        // Zeros at the end of a payload are cut off.
        let byte = |place: u8| frame.payload.get(usize::from(place)).copied().unwrap_or(0);
        Target { system_id: byte(places.system), component_id: places.component.map_or(0, byte) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_where_the_definitions_put_them() {
        let targets = Targets::new();
        let target = |message_id: u32, payload: &[u8]| {
            let frame = RawFrame { bytes: &[], system_id: 1, component_id: 1, message_id, payload };
            let Target { system_id, component_id } = targets.of(&frame);
            (system_id, component_id)
        };
        let numbered: Vec<u8> = (100..140).collect();
        // COMMAND_LONG, COMMAND_INT, MISSION_ITEM_INT, PARAM_SET, MISSION_REQUEST_LIST, COMMAND_ACK, SET_MODE, TIMESYNC, MANUAL_CONTROL.
        let cases = [
            (76, (130, 131)),
            (75, (130, 131)),
            (73, (132, 133)),
            (23, (104, 105)),
            (43, (100, 101)),
            (77, (108, 109)),
            (11, (104, 0)),
            (111, (116, 117)),
            (69, (110, 0)),
            // HEARTBEAT, ATTITUDE, and one that nobody knows.
            (0, (0, 0)),
            (30, (0, 0)),
            (0xABCDE, (0, 0)),
        ];
        for (message_id, expected) in cases {
            assert_eq!(target(message_id, &numbered), expected, "{message_id}");
        }
        assert_eq!(target(76, &numbered[..30]), (0, 0), "cut off zeros");
    }
}
