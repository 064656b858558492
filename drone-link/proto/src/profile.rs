//! What differs between autopilots: their modes, where their missions begin, and what they must be set to before a flight.

use crate::parameters::{Demand, Rule};

/// MAV_AUTOPILOT of ArduPilot.
const AUTOPILOT_ARDUPILOT: u8 = 3;

/// Whose software flies the aircraft, by its heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Autopilot {
    /// PX4, and whatever answers like it.
    #[default]
    Px4,
    /// ArduCopter.
    ArduPilot,
}

impl Autopilot {
    /// As its makers call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Px4 => "PX4",
            Self::ArduPilot => "ArduPilot",
        }
    }

    /// By the heartbeat's autopilot field.
    pub fn of(autopilot: u8) -> Self {
        if autopilot == AUTOPILOT_ARDUPILOT { Self::ArduPilot } else { Self::Px4 }
    }

    /// Items before the first of a mission: ArduPilot's item 0 is its home.
    pub fn leading_items(self) -> u16 {
        match self {
            Self::Px4 => 0,
            Self::ArduPilot => 1,
        }
    }

    /// Whether its take-off climbs as fast as the rest of a mission. PX4 takes off at half of that (MPC_TKO_SPEED); ArduCopter ends each
    /// take-off with a stop, which cost three seconds 4 m over the pad.
    pub fn takes_off_fast(self) -> bool {
        self == Self::ArduPilot
    }

    /// Whether an order to go somewhere carries the speed. ArduCopter leaves it out and flies at its own (WPNAV_SPEED, 10 m/s), unless it is
    /// told another while it is on its way.
    pub fn repositions_at_speed(self) -> bool {
        self == Self::Px4
    }

    /// Whether it knows a way back through its mission only by items of its own. PX4 flies the way out backwards.
    pub fn needs_way_back(self) -> bool {
        self == Self::ArduPilot
    }

    /// Whether a list that is being put on board replaces the one before item by item. PX4 keeps that until all of the new one is there.
    pub fn changes_lists_in_place(self) -> bool {
        self == Self::ArduPilot
    }

    /// The mode in a heartbeat.
    pub fn mode(self, custom_mode: u32) -> Mode {
        match self {
            Self::Px4 => px4_mode(custom_mode),
            Self::ArduPilot => arducopter_mode(custom_mode),
        }
    }

    /// Parameters 1 to 3 of DO_SET_MODE; `None` for modes that we never order.
    pub fn mode_params(self, mode: Mode) -> Option<[f32; 3]> {
        // The first is "a custom mode follows".
        match self {
            Self::Px4 => px4_sub_mode(mode).map(|sub| [1.0, f32::from(PX4_MAIN_AUTO), sub]),
            Self::ArduPilot => arducopter_number(mode).map(|number| [1.0, number, 0.0]),
        }
    }

    /// What its parameters must say before a flight under this ceiling, metres over home, and where it must ask this system before it
    /// arms. In the air only what is set counts:
    /// a flight that is redirected was checked when it was launched.
    pub fn demands(self, ceiling_m: f64, authorizer: Option<u8>, airborne: bool) -> Vec<Demand> {
        let all = match self {
            Self::Px4 => px4_demands(ceiling_m).into_iter().chain(authorizer.into_iter().flat_map(px4_authorization)).collect(),
            Self::ArduPilot => arducopter_demands(ceiling_m),
        };
        all.into_iter().filter(|demand| !airborne || demand.rule.sets()).collect()
    }
}

impl Autopilot {
    /// How high over home its own way home must be, which is straight and knows no hills, metres.
    pub fn return_height(self, height_m: f64) -> Demand {
        let reason = "its own way home would not clear the hills";
        match self {
            Self::Px4 => Demand { name: "RTL_RETURN_ALT", rule: Rule::Set(height_m), reason },
            Self::ArduPilot => Demand { name: "RTL_ALT", rule: Rule::Set(height_m * CENTIMETRES), reason },
        }
    }
}

/// An escort stays lit for so long without a word from the ground, seconds: a restarted server is back long before, and the reserve, which is four
/// minutes of hovering, is not half gone.
pub(crate) const ALONE_S: f64 = 120.0;

impl Autopilot {
    /// What it is to do by itself when it hears nobody any more: from an escort fly back along the mission that lies on board, by the legal way out,
    /// or on along the way home that it has been given. A survey's list ends on its pad as it is, and is flown to its end.
    pub fn alone(self, escort: bool) -> Vec<Demand> {
        let wish = |name, value, reason| Demand { name, rule: Rule::Wish(value), reason };
        let home = "without a link it would not come home by a legal way";
        let stay = "without a link it would break a survey off";
        match (self, escort) {
            // RTL_TYPE 2: along the mission to its landing, or back along it when it has none. NAV_DLL_ACT 2: return.
            (Self::Px4, true) => {
                vec![wish("RTL_TYPE", 2.0, home), wish("COM_DL_LOSS_T", ALONE_S, home), wish("NAV_DLL_ACT", 2.0, home)]
            }
            (Self::Px4, false) => vec![wish("RTL_TYPE", 0.0, stay), wish("NAV_DLL_ACT", 0.0, stay)],
            // FS_GCS_ENABLE 6: along the mission's way back where it has one.
            (Self::ArduPilot, true) => vec![wish("FS_GCS_TIMEOUT", ALONE_S, home), wish("FS_GCS_ENABLE", 6.0, home)],
            (Self::ArduPilot, false) => vec![wish("FS_GCS_ENABLE", 0.0, stay)],
        }
    }
}

/// A flight mode as the field says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Mission,
    Hold,
    Return,
    Land,
    TakeOff,
    Follow,
    Offboard,
    Manual,
    Other,
}

impl Mode {
    /// The word that is shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Mission => "mission",
            Self::Hold => "hold",
            Self::Return => "return",
            Self::Land => "land",
            Self::TakeOff => "takeoff",
            Self::Follow => "follow",
            Self::Offboard => "offboard",
            Self::Manual => "manual",
            Self::Other => "other",
        }
    }
}

/// PX4's main mode "auto".
const PX4_MAIN_AUTO: u8 = 4;
/// PX4's main mode "offboard".
const PX4_MAIN_OFFBOARD: u8 = 6;

/// Main mode in the third byte, sub mode in the fourth.
fn px4_mode(custom_mode: u32) -> Mode {
    let [_, _, main, sub] = custom_mode.to_le_bytes();
    match (main, sub) {
        (PX4_MAIN_AUTO, 2) => Mode::TakeOff,
        (PX4_MAIN_AUTO, 3) => Mode::Hold,
        (PX4_MAIN_AUTO, 4) => Mode::Mission,
        (PX4_MAIN_AUTO, 5) => Mode::Return,
        (PX4_MAIN_AUTO, 6 | 9) => Mode::Land,
        (PX4_MAIN_AUTO, 8) => Mode::Follow,
        (PX4_MAIN_OFFBOARD, _) => Mode::Offboard,
        (1 | 2 | 3 | 5 | 7 | 8, _) => Mode::Manual,
        _ => Mode::Other,
    }
}

fn px4_sub_mode(mode: Mode) -> Option<f32> {
    match mode {
        Mode::Hold => Some(3.0),
        Mode::Mission => Some(4.0),
        Mode::Land => Some(6.0),
        Mode::Return | Mode::TakeOff | Mode::Follow | Mode::Offboard | Mode::Manual | Mode::Other => None,
    }
}

/// ArduCopter's own numbers (its `Mode::Number`). Guided without a goal hovers, as do loiter, position hold and brake.
fn arducopter_mode(custom_mode: u32) -> Mode {
    match custom_mode {
        3 => Mode::Mission,
        4 | 5 | 16 | 17 | 19 => Mode::Hold,
        6 | 21 | 27 => Mode::Return,
        9 => Mode::Land,
        23 => Mode::Follow,
        0 | 1 | 2 | 7 | 11 | 13 | 14 | 15 | 18 | 20 | 22 | 24 | 25 | 26 => Mode::Manual,
        _ => Mode::Other,
    }
}

/// Loiter would follow the sticks of a transmitter, guided does not: it is the hover of an aircraft without one.
fn arducopter_number(mode: Mode) -> Option<f32> {
    match mode {
        Mode::Mission => Some(3.0),
        Mode::Hold => Some(4.0),
        Mode::Land => Some(9.0),
        Mode::Return | Mode::TakeOff | Mode::Follow | Mode::Offboard | Mode::Manual | Mode::Other => None,
    }
}

fn px4_demands(ceiling_m: f64) -> Vec<Demand> {
    vec![
        Demand { name: "GF_MAX_VER_DIST", rule: Rule::Set(ceiling_m), reason: "the fence's ceiling" },
        Demand { name: "GF_ACTION", rule: Rule::OneOf(&[2.0, 3.0, 5.0]), reason: "the fence would not hold it (2 hold, 3 return)" },
        Demand {
            name: "COM_LOW_BAT_ACT",
            rule: Rule::OneOf(&[2.0, 3.0]),
            reason: "it would fly on with an empty battery (2 lands, 3 returns)",
        },
        Demand {
            name: "RTL_RETURN_ALT",
            rule: Rule::Within(0.0, ceiling_m),
            reason: "its own way home would leave the fence through the ceiling",
        },
    ]
}

fn px4_authorization(authorizer: u8) -> [Demand; 2] {
    let id = f64::from(authorizer);
    [
        Demand { name: "COM_ARM_AUTH_REQ", rule: Rule::OneOf(&[1.0]), reason: "anybody could arm it (1 asks before arming)" },
        Demand { name: "COM_ARM_AUTH_ID", rule: Rule::Within(id, id), reason: "it would ask somebody else before arming" },
    ]
}

/// FENCE_TYPE: ceiling and polygons.
const ARDUPILOT_FENCE_TYPE: u32 = 0b101;
/// FENCE_TYPE: a circle round home, of 150 or 300 m unless somebody has said otherwise. It is among the defaults of a fence that is off,
/// and whoever switches the fence on for the site's outline has it on the way to the scene: real ArduCopter turned home there.
const ARDUPILOT_FENCE_CIRCLE: u32 = 0b010;
/// AUTO_OPTIONS: arm in automatic mode, and take off without a raised throttle.
const ARDUPILOT_AUTO_OPTIONS: u32 = 0b11;
/// RTL_ALT is in centimetres.
const CENTIMETRES: f64 = 100.0;

fn arducopter_demands(ceiling_m: f64) -> Vec<Demand> {
    vec![
        Demand { name: "FENCE_ALT_MAX", rule: Rule::Set(ceiling_m), reason: "the fence's ceiling" },
        Demand {
            name: "FENCE_TYPE",
            rule: Rule::Bits { on: ARDUPILOT_FENCE_TYPE, off: ARDUPILOT_FENCE_CIRCLE },
            reason: "the fence's ceiling and polygons, and no circle round home",
        },
        Demand { name: "FENCE_ENABLE", rule: Rule::Set(1.0), reason: "the fence" },
        Demand {
            name: "AUTO_OPTIONS",
            rule: Rule::Bits { on: ARDUPILOT_AUTO_OPTIONS, off: 0 },
            reason: "the take-off without a transmitter",
        },
        Demand {
            name: "FENCE_ACTION",
            rule: Rule::OneOf(&[1.0, 2.0, 3.0, 4.0, 5.0]),
            reason: "the fence would only report (1 returns)",
        },
        Demand {
            name: "BATT_FS_CRT_ACT",
            rule: Rule::OneOf(&[1.0, 2.0, 3.0, 4.0, 6.0]),
            reason: "it would fly on with an empty battery (1 lands, 2 returns, 6 by the mission's way back)",
        },
        Demand {
            name: "RTL_ALT",
            rule: Rule::Within(0.0, ceiling_m * CENTIMETRES),
            reason: "its own way home would leave the fence through the ceiling",
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_that_are_ordered_are_read_back_as_the_same() {
        for autopilot in [Autopilot::Px4, Autopilot::ArduPilot] {
            for mode in [Mode::Mission, Mode::Hold, Mode::Land] {
                let [_, main, sub] = autopilot.mode_params(mode).expect("can be ordered");
                let custom_mode = match autopilot {
                    Autopilot::Px4 => (main as u32) << 16 | (sub as u32) << 24,
                    Autopilot::ArduPilot => main as u32,
                };
                assert_eq!(autopilot.mode(custom_mode), mode, "{autopilot:?}");
            }
            assert_eq!(autopilot.mode_params(Mode::Return), None, "it flies straight through zones");
        }
    }

    #[test]
    fn in_the_air_only_what_is_set_is_demanded() {
        for autopilot in [Autopilot::Px4, Autopilot::ArduPilot] {
            let (before, after) = (autopilot.demands(120.0, Some(255), false), autopilot.demands(120.0, Some(255), true));
            assert!(after.len() < before.len() && after.iter().all(|demand| demand.rule.sets()));
            assert!(after.iter().any(|demand| demand.rule == Rule::Set(120.0)), "the ceiling");
        }
    }
}
