//! What differs between autopilots. PX4 is flown; ArduPilot is the seam's other side and not flown yet.

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

/// The mode in a PX4 heartbeat: main mode in the third byte, sub mode in the fourth.
pub(crate) fn px4_mode(custom_mode: u32) -> Mode {
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

/// Parameters 1 to 3 of DO_SET_MODE; `None` for modes that we never order.
pub(crate) fn px4_mode_params(mode: Mode) -> Option<[f32; 3]> {
    let sub = match mode {
        Mode::Hold => 3.0,
        Mode::Mission => 4.0,
        Mode::Land => 6.0,
        Mode::Return | Mode::TakeOff | Mode::Follow | Mode::Offboard | Mode::Manual | Mode::Other => return None,
    };
    // The first is "a custom mode follows".
    Some([1.0, f32::from(PX4_MAIN_AUTO), sub])
}
