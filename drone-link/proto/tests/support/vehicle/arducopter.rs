//! What only the scripted ArduCopter does: its numbers, its parameters, and the way that it goes by itself.

use flight_types::Local;
use mavlink::dialects::ardupilotmega::*;

use super::{HOLD, LAND, MISSION, RETURN, STABILIZE, Vehicle};

/// Its number of each mode.
const NUMBERS: [(u8, u8); 5] = [(STABILIZE, 0), (HOLD, 4), (MISSION, 3), (RETURN, 6), (LAND, 9)];
/// At which it goes where it is ordered to, whatever speed the order says.
pub(super) const OWN_SPEED_M_S: f64 = 10.0;

pub(super) fn custom_mode(mode: u8) -> u32 {
    NUMBERS.iter().find(|(known, _)| *known == mode).map_or(0, |(_, number)| u32::from(*number))
}

/// The mode of a number, as an order says it.
pub(super) fn mode_of(number: f32) -> u8 {
    NUMBERS.iter().find(|(_, known)| f32::from(*known) == number).expect("a mode of ArduCopter").0
}

impl Vehicle {
    /// ArduCopter with a light on a servo output, switched on in its manual mode.
    pub fn become_arducopter(&mut self) {
        self.ardupilot = true;
        self.has_illuminator = false;
        self.mode = STABILIZE;
        self.params = vec![
            ("AUTO_OPTIONS", 128.0, MavParamType::MAV_PARAM_TYPE_INT32),
            ("BATT_FS_CRT_ACT", 1.0, MavParamType::MAV_PARAM_TYPE_INT8),
            ("FENCE_ACTION", 1.0, MavParamType::MAV_PARAM_TYPE_INT8),
            ("FENCE_ALT_MAX", 100.0, MavParamType::MAV_PARAM_TYPE_REAL32),
            ("FENCE_ENABLE", 0.0, MavParamType::MAV_PARAM_TYPE_INT8),
            ("FENCE_TYPE", 10.0, MavParamType::MAV_PARAM_TYPE_INT8),
            ("FS_GCS_ENABLE", 0.0, MavParamType::MAV_PARAM_TYPE_INT8),
            ("FS_GCS_TIMEOUT", 5.0, MavParamType::MAV_PARAM_TYPE_REAL32),
            ("RTL_ALT", 1_500.0, MavParamType::MAV_PARAM_TYPE_INT32),
        ];
    }

    /// What ArduCopter 4.6 does when it hears nobody and has a way back on board (AP_Mission::jump_to_closest_mission_leg): from the leg that is
    /// nearest in space on along its mission. Whether it has one; without, it returns straight.
    pub fn return_alone(&mut self) -> bool {
        let start = self.mission.iter().position(|item| item.command == MavCmd::MAV_CMD_DO_RETURN_PATH_START);
        let Some(start) = start else {
            self.mode = RETURN;
            return false;
        };
        let with_place = |item: &MISSION_ITEM_INT_DATA| item.command != MavCmd::MAV_CMD_DO_CHANGE_SPEED;
        // It looks no further than where a landing begins.
        let landing = self.mission.iter().position(|item| item.command == MavCmd::MAV_CMD_DO_LAND_START);
        let end = landing.filter(|landing| *landing > start).unwrap_or(self.mission.len());
        let legs: Vec<usize> = (start..end).filter(|index| with_place(&self.mission[*index])).collect();
        let away_m = |from: usize, to: usize| {
            let ((a, a_m), (b, b_m)) = (self.flat(&self.mission[from]), self.flat(&self.mission[to]));
            let leg = [b.east_m - a.east_m, b.north_m - a.north_m, b_m - a_m];
            let to_here = [self.place.east_m - a.east_m, self.place.north_m - a.north_m, self.height_m - a_m];
            let dot = |x: [f64; 3], y: [f64; 3]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
            let along = if dot(leg, leg) > 0.0 { (dot(leg, to_here) / dot(leg, leg)).clamp(0.0, 1.0) } else { 0.0 };
            let off = [0, 1, 2].map(|axis| to_here[axis] - along * leg[axis]);
            dot(off, off).sqrt()
        };
        let mut nearest = (away_m(start, start), start);
        for leg in legs.windows(2) {
            let off_m = away_m(leg[0], leg[1]);
            if off_m < nearest.0 {
                nearest = (off_m, leg[1]);
            }
        }
        self.current = nearest.1 as u16;
        self.mode = MISSION;
        true
    }

    /// What is left of its mission on the way that it goes by itself; nothing where it returns straight.
    pub(super) fn rest_as_arducopter(&self) -> Vec<&MISSION_ITEM_INT_DATA> {
        let mut alone = Self::new(self.frame.to_geo(Local::default()));
        (alone.ardupilot, alone.mission) = (true, self.mission.clone());
        (alone.place, alone.height_m) = (self.place, self.height_m);
        if !alone.return_alone() {
            return Vec::new();
        }
        self.mission.iter().skip(usize::from(alone.current)).collect()
    }
}
