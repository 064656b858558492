//! Where the vehicle would go by itself, by the mission that lies on board.

use flight_types::Local;
use mavlink::dialects::ardupilotmega::*;

use super::Vehicle;

impl Vehicle {
    /// Where it would go by itself from here, place after place with its height, when it heard nobody any more: by the mission that lies on board.
    /// Nothing where it has none by which it could.
    pub fn way_alone(&self) -> Vec<(Local, f64)> {
        let rest = if self.ardupilot { self.rest_as_arducopter() } else { self.rest_as_px4() };
        if rest.is_empty() {
            return Vec::new();
        }
        let mut way = vec![(self.place, self.height_m)];
        for item in rest.into_iter().filter(|item| !is_order(item)) {
            let (place, height_m) = self.flat(item);
            let before_m = way.last().map_or(0.0, |(_, height_m)| *height_m);
            way.push((place, if is_landing(item) { before_m } else { height_m }));
        }
        way
    }

    /// An item's place and height.
    pub(super) fn flat(&self, item: &MISSION_ITEM_INT_DATA) -> (Local, f64) {
        (self.local(item.x, item.y), f64::from(item.z))
    }
}

/// A speed, or where a landing begins: no place to go to.
pub(super) fn is_order(item: &MISSION_ITEM_INT_DATA) -> bool {
    matches!(item.command, MavCmd::MAV_CMD_DO_CHANGE_SPEED | MavCmd::MAV_CMD_DO_LAND_START)
}

pub(super) fn is_landing(item: &MISSION_ITEM_INT_DATA) -> bool {
    item.command == MavCmd::MAV_CMD_NAV_LAND
}
