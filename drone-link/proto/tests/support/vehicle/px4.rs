//! What only the scripted PX4 does: its numbers, its parameters, and the way that it goes by itself.

use mavlink::dialects::ardupilotmega::*;

use super::Vehicle;
use super::alone::{is_landing, is_order};

/// Its number of a mode: a sub mode of "auto".
pub(super) fn custom_mode(mode: u8) -> u32 {
    4 << 16 | u32::from(mode) << 24
}

/// Integers as their bytes.
pub(super) fn parameters() -> Vec<(&'static str, f32, MavParamType)> {
    vec![
        ("COM_DL_LOSS_T", f32::from_bits(10), MavParamType::MAV_PARAM_TYPE_INT32),
        ("COM_LOW_BAT_ACT", f32::from_bits(3), MavParamType::MAV_PARAM_TYPE_INT32),
        ("GF_ACTION", f32::from_bits(2), MavParamType::MAV_PARAM_TYPE_INT32),
        ("GF_MAX_VER_DIST", 0.0, MavParamType::MAV_PARAM_TYPE_REAL32),
        ("NAV_DLL_ACT", f32::from_bits(0), MavParamType::MAV_PARAM_TYPE_INT32),
        ("RTL_RETURN_ALT", 30.0, MavParamType::MAV_PARAM_TYPE_REAL32),
        ("RTL_TYPE", f32::from_bits(0), MavParamType::MAV_PARAM_TYPE_INT32),
    ]
}

impl Vehicle {
    /// With RTL_TYPE 2 (rtl_mission_fast.cpp, rtl_mission_fast_reverse.cpp): from the item that is nearest in space on to the landing, or back to the
    /// take-off where there is none.
    pub(super) fn rest_as_px4(&self) -> Vec<&MISSION_ITEM_INT_DATA> {
        let off_m = |item: &MISSION_ITEM_INT_DATA| {
            let (place, height_m) = self.flat(item);
            place.distance_m(&self.place).hypot(height_m - self.height_m)
        };
        let mut places: Vec<&MISSION_ITEM_INT_DATA> = self.mission.iter().filter(|item| !is_order(item)).collect();
        if !self.mission.iter().any(is_landing) {
            places.reverse();
        }
        let nearest = (0..places.len()).min_by(|a, b| off_m(places[*a]).total_cmp(&off_m(places[*b])));
        nearest.map(|nearest| places.split_off(nearest)).unwrap_or_default()
    }
}
