//! The vehicle's lists: mission, fence and rally points, taken item by item and told item by item.

use flight_types::Local;
use mavlink::dialects::ardupilotmega::*;

use super::{Receiving, Vehicle, Word};

impl Vehicle {
    pub(super) fn list(&self, kind: MavMissionType) -> &Vec<MISSION_ITEM_INT_DATA> {
        match kind {
            MavMissionType::MAV_MISSION_TYPE_FENCE => &self.fence,
            MavMissionType::MAV_MISSION_TYPE_RALLY => &self.rally,
            _ => &self.mission,
        }
    }

    pub(super) fn note_transfer(&mut self, message: &MavMessage) {
        self.transfers.extend(match message {
            MavMessage::MISSION_COUNT(count) => Some((Word::Count, count.mission_type, count.count)),
            MavMessage::MISSION_ITEM_INT(item) => Some((Word::Item, item.mission_type, item.seq)),
            MavMessage::MISSION_REQUEST_LIST(request) => Some((Word::AskList, request.mission_type, 0)),
            MavMessage::MISSION_REQUEST_INT(request) => Some((Word::AskItem, request.mission_type, request.seq)),
            _ => None,
        });
    }

    pub(super) fn mission_count(&mut self, count: &MISSION_COUNT_DATA) {
        if count.mission_type == MavMissionType::MAV_MISSION_TYPE_RALLY {
            self.rally.clear();
            if count.count == 0 {
                return self.mission_ack(count.mission_type, MavMissionResult::MAV_MISSION_ACCEPTED);
            }
        }
        if self.is_full && count.mission_type == MavMissionType::MAV_MISSION_TYPE_MISSION {
            return self.mission_ack(count.mission_type, MavMissionResult::MAV_MISSION_NO_SPACE);
        }
        // A PX4 that takes a list refuses another, and waits for the rest anew; before the first item it takes an offer for a repeated one
        // (MavlinkMissionManager::handle_mission_count).
        let now_ms = self.now_ms;
        if let (false, Some(receiving)) = (self.ardupilot, &mut self.receiving) {
            receiving.progress_ms = now_ms;
            if receiving.items.is_empty() {
                return self.ask_item();
            }
            self.refused_offers += 1;
            return self.mission_ack(count.mission_type, MavMissionResult::MAV_MISSION_ERROR);
        }
        if self.ardupilot && count.mission_type == MavMissionType::MAV_MISSION_TYPE_MISSION {
            self.mission.truncate(usize::from(count.count));
        }
        self.receiving = Some(Receiving {
            kind: count.mission_type,
            count: count.count,
            items: Vec::new(),
            asked_ms: self.now_ms,
            progress_ms: self.now_ms,
        });
        self.ask_item();
    }

    pub(super) fn ask_item(&mut self) {
        let Some(receiving) = &mut self.receiving else { return };
        receiving.asked_ms = self.now_ms;
        let (seq, mission_type) = (receiving.items.len() as u16, receiving.kind);
        // Both ways of asking are in use.
        let message = if seq % 2 == 0 {
            MavMessage::MISSION_REQUEST_INT(MISSION_REQUEST_INT_DATA {
                seq,
                target_system: 255,
                target_component: 190,
                mission_type,
            })
        } else {
            MavMessage::MISSION_REQUEST(MISSION_REQUEST_DATA { seq, target_system: 255, target_component: 190, mission_type })
        };
        self.send(&message);
    }

    pub(super) fn ask_again(&mut self) {
        let Some(receiving) = &self.receiving else { return };
        if self.now_ms > receiving.progress_ms + 5_000 {
            let kind = receiving.kind;
            self.receiving = None;
            self.mission_ack(kind, MavMissionResult::MAV_MISSION_OPERATION_CANCELLED);
        } else if self.now_ms > receiving.asked_ms + 500 {
            self.ask_item();
        }
    }

    /// ArduCopter's item 0 is its home, whatever it is given.
    fn home_item(&self, item: &MISSION_ITEM_INT_DATA) -> MISSION_ITEM_INT_DATA {
        let home = self.frame.to_geo(Local::default());
        let (x, y) = ((home.lat_deg() * 1e7) as i32, (home.lon_deg() * 1e7) as i32);
        MISSION_ITEM_INT_DATA { command: MavCmd::MAV_CMD_NAV_WAYPOINT, x, y, z: self.home_amsl_m as f32, ..rounded(item) }
    }

    /// Whether a list is being taken.
    pub fn is_receiving(&self) -> bool {
        self.receiving.is_some()
    }

    pub(super) fn mission_item(&mut self, item: &MISSION_ITEM_INT_DATA) {
        let home_item = self.home_item(item);
        let Some(receiving) = &mut self.receiving else { return };
        if receiving.kind != item.mission_type || usize::from(item.seq) != receiving.items.len() {
            return;
        }
        // ArduCopter takes what is no number only as the heading of a waypoint or the like (AP_Mission::sanity_check_params).
        let is_way_back = matches!(item.command, MavCmd::MAV_CMD_DO_RETURN_PATH_START | MavCmd::MAV_CMD_DO_LAND_START);
        if self.ardupilot && is_way_back && [item.param1, item.param2, item.param3, item.param4].iter().any(|param| param.is_nan())
        {
            self.receiving = None;
            return self.mission_ack(item.mission_type, MavMissionResult::MAV_MISSION_INVALID_PARAM4);
        }
        receiving.items.push(rounded(item));
        receiving.progress_ms = self.now_ms;
        // ArduCopter changes its mission in place, item by item.
        if self.ardupilot && receiving.kind == MavMissionType::MAV_MISSION_TYPE_MISSION {
            let (at, item) = (receiving.items.len() - 1, if item.seq == 0 { home_item } else { rounded(item) });
            if at < self.mission.len() {
                self.mission[at] = item;
            } else {
                self.mission.push(item);
            }
        }
        if receiving.items.len() < usize::from(receiving.count) {
            return self.ask_item();
        }
        let receiving = self.receiving.take().expect("just looked at");
        if receiving.kind == MavMissionType::MAV_MISSION_TYPE_FENCE {
            self.fence = receiving.items;
        } else if receiving.kind == MavMissionType::MAV_MISSION_TYPE_RALLY {
            self.rally = receiving.items;
        } else {
            if !self.ardupilot {
                self.mission = receiving.items;
            }
            // ArduPilot goes on in a new list at the number that it had in the old one, if the new one has it.
            if !self.ardupilot || self.landed || usize::from(self.current) >= self.mission.len() {
                self.current = 0;
            }
        }
        self.mission_ack(receiving.kind, MavMissionResult::MAV_MISSION_ACCEPTED);
    }

    pub(super) fn mission_ack(&mut self, mission_type: MavMissionType, mavtype: MavMissionResult) {
        self.send(&MavMessage::MISSION_ACK(MISSION_ACK_DATA {
            target_system: 255,
            target_component: 190,
            mavtype,
            mission_type,
            opaque_id: 0,
        }));
    }

    pub(super) fn send_count(&mut self, mission_type: MavMissionType) {
        let count = self.list(mission_type).len() as u16;
        self.send(&MavMessage::MISSION_COUNT(MISSION_COUNT_DATA {
            count,
            target_system: 255,
            target_component: 190,
            mission_type,
            opaque_id: 0,
        }));
    }

    pub(super) fn send_item(&mut self, kind: MavMissionType, seq: u16) {
        if let Some(item) = self.list(kind).get(usize::from(seq)).cloned() {
            let item = MISSION_ITEM_INT_DATA { target_system: 255, target_component: 190, mission_type: kind, ..item };
            self.send(&MavMessage::MISSION_ITEM_INT(item));
        }
    }
}

/// Coordinates come back rounded and a free heading as a number, as PX4 keeps them.
fn rounded(item: &MISSION_ITEM_INT_DATA) -> MISSION_ITEM_INT_DATA {
    let navigates = item.x != 0;
    MISSION_ITEM_INT_DATA { x: item.x - i32::from(navigates), y: item.y + i32::from(navigates), param4: 0.0, ..item.clone() }
}
