//! A small aircraft that answers as PX4 and ArduCopter were observed to, written for these tests only: points that move, no physics.
//! It uses the message definitions directly and shares no code with the link.

// Named, because other crates include this file by its path.
#[path = "vehicle/alone.rs"]
mod alone;
#[path = "vehicle/arducopter.rs"]
mod arducopter;
#[path = "vehicle/commands.rs"]
mod commands;
#[path = "vehicle/moving.rs"]
mod moving;
#[path = "vehicle/parameters.rs"]
mod parameters;
#[path = "vehicle/px4.rs"]
mod px4;
#[path = "vehicle/telling.rs"]
mod telling;
#[path = "vehicle/transfers.rs"]
mod transfers;
#[path = "vehicle/wire.rs"]
mod wire;

use flight_types::{GeoPoint, Local, LocalFrame};
use mavlink::dialects::ardupilotmega::*;

pub const SYSTEM_ID: u8 = 7;
pub const HOLD: u8 = 3;
pub const MISSION: u8 = 4;
pub const RETURN: u8 = 5;
pub const LAND: u8 = 6;
/// ArduCopter's manual mode; no mode of PX4's "auto".
pub const STABILIZE: u8 = 0;
/// Where the camera looks at a region of interest: down at somebody, however far exactly.
pub const LOOKING_AT_SOMEBODY_DEG: f32 = -60.0;
const ILLUMINATOR: u8 = 50;
const SPEED_M_S: f64 = 12.0;

/// Words of the link about a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    Count,
    Item,
    AskList,
    AskItem,
}

/// A transfer that is being received.
struct Receiving {
    kind: MavMissionType,
    count: u16,
    items: Vec<MISSION_ITEM_INT_DATA>,
    asked_ms: u64,
    progress_ms: u64,
}

/// Behaviour that a test changes, and what it looks at afterwards.
pub struct Vehicle {
    pub system_id: u8,
    pub frame: LocalFrame,
    pub home_amsl_m: f64,
    pub now_ms: u64,
    pub armed: bool,
    /// Sub mode of PX4's "auto".
    pub mode: u8,
    pub landed: bool,
    pub place: Local,
    pub height_m: f64,
    pub mission: Vec<MISSION_ITEM_INT_DATA>,
    pub fence: Vec<MISSION_ITEM_INT_DATA>,
    pub rally: Vec<MISSION_ITEM_INT_DATA>,
    pub current: u16,
    /// Arming is refused before this time, with this text.
    pub ready_ms: u64,
    pub refusal: String,
    pub healthy: bool,
    pub fix: GpsFixType,
    pub battery_pct: i8,
    /// A second one, told in turn with the first.
    pub second_battery_pct: Option<i8>,
    pub has_illuminator: bool,
    pub light_on: bool,
    pub light_broken: bool,
    pub actuators: Vec<f32>,
    /// What its light was configured to: brightness, period of its strobe, lit share of that.
    pub light_settings: Vec<[f32; 3]>,
    /// Refuses mission mode.
    pub infeasible: bool,
    /// Forgets acknowledgements of commands (every second one).
    pub drops_acks: bool,
    /// Sends heartbeats with values the dialect does not know.
    pub strange: bool,
    pub launches: u32,
    pub arms: u32,
    pub disarms_in_air: u32,
    pub commands: Vec<MavCmd>,
    pub modes_ordered: Vec<u8>,
    /// Its parameters: integers as their bytes, as PX4 sends them.
    pub params: Vec<(&'static str, f32, MavParamType)>,
    /// Answers as ArduCopter: its mode numbers, its home as item 0, servo outputs, integers as numbers.
    pub ardupilot: bool,
    /// The mode in which it was armed.
    pub armed_in: Option<u8>,
    /// Where its camera looks, degrees over the horizon.
    pub camera_pitch_deg: f32,
    /// At which it goes where it is ordered to, metres per second.
    pub ordered_speed_m_s: f64,
    /// Servo outputs as ordered: number and pulse.
    pub servos: Vec<(f32, f32)>,
    /// Relays as ordered: number and setting.
    pub relays: Vec<(f32, f32)>,
    /// Transfer messages that reached it: the message, its list and its number.
    pub transfers: Vec<(Word, MavMissionType, u16)>,
    /// Has no room for another mission.
    pub is_full: bool,
    /// Offers of a list that it refused because it was taking another.
    pub refused_offers: u32,
    /// Commands that were cancelled.
    pub cancelled: Vec<MavCmd>,
    /// What its board says that it is; 0 says nothing.
    pub hardware: u64,
    /// Its clock before the link's.
    pub clock_ahead_ms: i64,
    /// Signs its frames with this key, and takes only frames that are signed with it.
    pub key: Option<[u8; 32]>,
    /// When its clock stood at zero, in the time of signatures.
    pub signing_start: u64,
    /// Frames of the link without a right signature, while it has a key.
    pub unsigned_heard: u32,
    /// Asks the ground station before it arms.
    pub asks_before_arming: bool,
    /// Since when it has been waiting for an answer to that question.
    asked_ms: Option<u64>,
    /// It was ordered somewhere since it holds.
    repositioned: bool,
    /// The time of its latest signature.
    signed: u64,
    goal: Option<(Local, f64)>,
    receiving: Option<Receiving>,
    gcs_ms: Option<u64>,
    armed_ms: u64,
    landed_ms: u64,
    sequence: u8,
    illuminator_sequence: u8,
    acks: u32,
    out: Vec<Vec<u8>>,
}

impl Vehicle {
    pub fn new(home: GeoPoint) -> Self {
        Self {
            camera_pitch_deg: 0.0,
            system_id: SYSTEM_ID,
            frame: LocalFrame::new(home),
            home_amsl_m: 33.0,
            now_ms: 0,
            armed: false,
            mode: HOLD,
            landed: true,
            place: Local::default(),
            height_m: 0.0,
            mission: Vec::new(),
            fence: Vec::new(),
            rally: Vec::new(),
            current: 0,
            ready_ms: 0,
            refusal: "Arming denied: Resolve system health failures first, see the list of checks".to_owned(),
            healthy: true,
            fix: GpsFixType::GPS_FIX_TYPE_3D_FIX,
            battery_pct: 90,
            second_battery_pct: None,
            has_illuminator: true,
            light_on: false,
            light_broken: false,
            actuators: Vec::new(),
            light_settings: Vec::new(),
            infeasible: false,
            drops_acks: false,
            strange: false,
            launches: 0,
            arms: 0,
            disarms_in_air: 0,
            commands: Vec::new(),
            modes_ordered: Vec::new(),
            params: px4::parameters(),
            ardupilot: false,
            armed_in: None,
            ordered_speed_m_s: SPEED_M_S,
            servos: Vec::new(),
            relays: Vec::new(),
            transfers: Vec::new(),
            is_full: false,
            refused_offers: 0,
            cancelled: Vec::new(),
            hardware: 0,
            clock_ahead_ms: 0,
            key: None,
            signing_start: 0,
            unsigned_heard: 0,
            asks_before_arming: false,
            asked_ms: None,
            repositioned: false,
            signed: 0,
            goal: None,
            receiving: None,
            gcs_ms: None,
            armed_ms: 0,
            landed_ms: 0,
            sequence: 0,
            illuminator_sequence: 0,
            acks: 0,
            out: Vec::new(),
        }
    }

    pub fn position(&self) -> GeoPoint {
        self.frame.to_geo(self.place)
    }

    /// Twenty milliseconds.
    pub fn tick(&mut self, now_ms: u64) {
        self.now_ms = now_ms;
        self.stream();
        self.ask_again();
        if self.armed {
            self.fly();
        }
        if self.armed && self.landed && self.landed_ms > self.armed_ms && now_ms > self.landed_ms + 2_000 {
            self.armed = false;
        }
        if self.armed && self.landed && self.landed_ms <= self.armed_ms && now_ms > self.armed_ms + 10_000 {
            self.armed = false;
        }
    }
}
