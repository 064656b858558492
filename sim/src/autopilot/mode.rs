//! Flight modes and how PX4 writes them into HEARTBEAT.custom_mode.

/// What the autopilot is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FlightMode {
    /// A pilot's sticks set lean and throttle.
    Manual,
    /// A pilot's sticks set lean and climb.
    Altitude,
    /// A pilot's sticks set speed over ground.
    Position,
    /// Straight up to the take-off height.
    Takeoff,
    /// Stay at a place.
    Hold,
    /// Fly the mission.
    Mission,
    /// Climb, fly home, land.
    Return,
    /// Land here.
    Land,
    /// Land without knowing where: position lost.
    Descend,
    /// Follow FOLLOW_TARGET messages.
    Follow,
    /// Circle round a place.
    Orbit,
    /// Fly the setpoints that a computer streams.
    Offboard,
}

const MAIN_MANUAL: u8 = 1;
const MAIN_ALTITUDE: u8 = 2;
const MAIN_POSITION: u8 = 3;
const MAIN_AUTO: u8 = 4;
const MAIN_OFFBOARD: u8 = 6;
const MAIN_STABILIZED: u8 = 7;

impl FlightMode {
    /// Main and sub mode as in px4_custom_mode.h.
    pub fn main_and_sub(self) -> (u8, u8) {
        match self {
            FlightMode::Manual => (MAIN_MANUAL, 0),
            FlightMode::Altitude => (MAIN_ALTITUDE, 0),
            FlightMode::Position => (MAIN_POSITION, 0),
            FlightMode::Orbit => (MAIN_POSITION, 1),
            FlightMode::Takeoff => (MAIN_AUTO, 2),
            FlightMode::Hold => (MAIN_AUTO, 3),
            FlightMode::Mission => (MAIN_AUTO, 4),
            FlightMode::Return => (MAIN_AUTO, 5),
            FlightMode::Land | FlightMode::Descend => (MAIN_AUTO, 6),
            FlightMode::Follow => (MAIN_AUTO, 8),
            FlightMode::Offboard => (MAIN_OFFBOARD, 0),
        }
    }

    /// The mode that a DO_SET_MODE asks for; `None` when PX4 knows no such mode.
    pub(crate) fn from_main_and_sub(main: u8, sub: u8) -> Option<Self> {
        match (main, sub) {
            (MAIN_MANUAL | MAIN_STABILIZED, _) => Some(FlightMode::Manual),
            (MAIN_ALTITUDE, _) => Some(FlightMode::Altitude),
            (MAIN_POSITION, 1) => Some(FlightMode::Orbit),
            (MAIN_POSITION, _) => Some(FlightMode::Position),
            (MAIN_AUTO, 2) => Some(FlightMode::Takeoff),
            (MAIN_AUTO, 0 | 3) => Some(FlightMode::Hold),
            (MAIN_AUTO, 4) => Some(FlightMode::Mission),
            (MAIN_AUTO, 5) => Some(FlightMode::Return),
            (MAIN_AUTO, 6) => Some(FlightMode::Land),
            (MAIN_AUTO, 8) => Some(FlightMode::Follow),
            (MAIN_OFFBOARD, _) => Some(FlightMode::Offboard),
            _ => None,
        }
    }

    /// HEARTBEAT.custom_mode.
    pub fn custom_mode(self) -> u32 {
        let (main, sub) = self.main_and_sub();
        (u32::from(main) << 16) | (u32::from(sub) << 24)
    }

    /// HEARTBEAT.base_mode without the armed bit: custom, and who stabilises and guides.
    pub(crate) fn base_mode(self) -> u8 {
        const CUSTOM: u8 = 1;
        const AUTO: u8 = 4;
        const GUIDED: u8 = 8;
        const STABILIZE: u8 = 16;
        const MANUAL: u8 = 64;
        match self {
            FlightMode::Manual | FlightMode::Altitude | FlightMode::Position | FlightMode::Orbit => CUSTOM | MANUAL | STABILIZE,
            FlightMode::Offboard
            | FlightMode::Takeoff
            | FlightMode::Hold
            | FlightMode::Mission
            | FlightMode::Return
            | FlightMode::Land
            | FlightMode::Descend
            | FlightMode::Follow => CUSTOM | AUTO | GUIDED | STABILIZE,
        }
    }

    /// Whether the mode needs to know where it is.
    pub(crate) fn needs_position(self) -> bool {
        match self {
            FlightMode::Manual | FlightMode::Altitude | FlightMode::Descend | FlightMode::Land => false,
            FlightMode::Position
            | FlightMode::Takeoff
            | FlightMode::Hold
            | FlightMode::Mission
            | FlightMode::Return
            | FlightMode::Follow
            | FlightMode::Orbit
            | FlightMode::Offboard => true,
        }
    }

    /// A pilot at the sticks has it.
    pub fn is_piloted(self) -> bool {
        matches!(self, FlightMode::Manual | FlightMode::Altitude | FlightMode::Position)
    }

    /// The name as the field says it.
    pub fn name(self) -> &'static str {
        match self {
            FlightMode::Manual => "Manual",
            FlightMode::Altitude => "Altitude",
            FlightMode::Position => "Position",
            FlightMode::Takeoff => "Takeoff",
            FlightMode::Hold => "Hold",
            FlightMode::Mission => "Mission",
            FlightMode::Return => "Return",
            FlightMode::Land => "Land",
            FlightMode::Descend => "Descend",
            FlightMode::Follow => "Follow",
            FlightMode::Orbit => "Orbit",
            FlightMode::Offboard => "Offboard",
        }
    }
}
