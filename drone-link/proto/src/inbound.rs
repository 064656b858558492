//! Meaning of the messages that a link listens to. Unknown values stay numbers; nothing here can fail.

use flight_types::GeoPoint;

use crate::camera::{AnnouncedStream, Lens};
use crate::dialect::{ARM_AUTHORIZATION_REQUEST, id};
use crate::frame::{Frame, Payload};
use crate::gimbal::Look;
use crate::identity::{HardwareId, SoftwareVersion};
use crate::traffic::{Altitude, Vehicle};

/// A heartbeat from something that is no autopilot says so in its autopilot field.
const AUTOPILOT_INVALID: u8 = 8;
/// MAV_TYPE of a ground station.
const TYPE_GROUND_STATION: u8 = 6;
/// MAV_TYPE of an illuminator.
const TYPE_ILLUMINATOR: u8 = 44;
/// GIMBAL_DEVICE_FLAGS: the yaw is locked to north; it is counted from the nose; it is counted from north.
const YAW_LOCKED: u16 = 16;
const YAW_FROM_NOSE: u16 = 32;
const YAW_FROM_NORTH: u16 = 64;
/// MAV_TYPE of a camera.
const TYPE_CAMERA: u8 = 30;
/// In base_mode: motors armed.
const BASE_MODE_ARMED: u8 = 128;
/// "Not known" of an unsigned 16-bit field.
const UNKNOWN_U16: u16 = u16::MAX;
/// Flags of ADSB_VEHICLE: which of its fields are valid.
const ADSB_PLACE: u16 = 1;
const ADSB_ALTITUDE: u16 = 2;
const ADSB_HEADING: u16 = 4;
const ADSB_SPEED: u16 = 8;
const ADSB_CALLSIGN: u16 = 16;
const ADSB_CLIMB: u16 = 128;
/// ADSB_ALTITUDE_TYPE_GEOMETRIC.
const ADSB_GEOMETRIC: u8 = 1;
/// "Not known" of a signed 32-bit field, and of a signed 16-bit one.
const UNKNOWN_I32: i32 = i32::MAX;
const UNKNOWN_I16: i16 = i16::MAX;
/// CAMERA_CAP_FLAGS_HAS_BASIC_ZOOM.
const CAMERA_HAS_ZOOM: u32 = 64;
/// CURRENT_EVENT_SEQUENCE flag: the numbers began anew.
const EVENTS_RESET: u8 = 0x01;
/// SYS_STATUS sensor bit of the readiness to arm.
const SENSOR_PREARM: u32 = 0x1000_0000;

/// One message that matters to a link.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Heard {
    Heartbeat(Heartbeat),
    SysStatus {
        prearm: Option<bool>,
        sensors_healthy: bool,
        battery_v: Option<f64>,
        battery_pct: Option<f64>,
    },
    GpsRaw {
        fix_type: u8,
        satellites: Option<u8>,
        /// How far mean sea level lies over the ellipsoid there, metres.
        geoid_m: Option<f64>,
    },
    /// Of the air round it, hectopascals.
    Pressure {
        hpa: f64,
    },
    Attitude {
        boot_ms: u32,
        roll_rad: f32,
        pitch_rad: f32,
        yaw_rad: f32,
    },
    GlobalPosition(GlobalPosition),
    MissionCurrent {
        seq: u16,
    },
    MissionItemReached {
        seq: u16,
    },
    MissionCount {
        count: u16,
        to: Addressee,
        kind: u8,
    },
    MissionRequest {
        seq: u16,
        to: Addressee,
        kind: u8,
    },
    MissionItem {
        item: RawItem,
        to: Addressee,
        kind: u8,
    },
    MissionAck {
        result: u8,
        to: Addressee,
        kind: u8,
    },
    Parameter(RawParameter),
    CommandAck {
        command: u16,
        result: u8,
        to: Addressee,
    },
    Battery {
        /// Which of its batteries.
        id: u8,
        pct: Option<f64>,
        time_left_s: Option<f64>,
    },
    Wind {
        from_deg: f64,
        speed_m_s: f64,
    },
    ExtendedState {
        landed_state: u8,
    },
    Text {
        severity: u8,
        text: String,
        id: u16,
        chunk: u8,
    },
    Illuminator {
        enabled: bool,
        error_status: u32,
    },
    /// Somebody else's aircraft.
    Traffic(Vehicle),
    /// What the autopilot says that it is, if anything.
    Version {
        hardware: Option<HardwareId>,
        software: Option<SoftwareVersion>,
    },
    /// A question when `responder_ns` is 0, else the answer to one.
    TimeSync {
        asker_ns: i64,
        responder_ns: i64,
        to: Addressee,
    },
    /// The aircraft asks whether it may be armed.
    ArmAuthorizationAsked {
        to: Addressee,
    },
    Event(RawEvent),
    EventSequence {
        newest: u16,
        reset: bool,
    },
    /// An event is not to be had again; the oldest that is.
    EventGone {
        sequence: u16,
        oldest: u16,
        to: Addressee,
    },
    /// One of so many streams.
    VideoStream {
        count: u8,
        stream: AnnouncedStream,
    },
    /// The autopilot manages a gimbal with this number.
    GimbalManager {
        device: u8,
    },
    /// System and component in control of a gimbal.
    GimbalControl {
        device: u8,
        primary: (u8, u8),
    },
    /// Where a gimbal looks.
    GimbalLook {
        device: u8,
        look: Look,
    },
    /// What a camera says of its lens.
    Camera(Lens),
    Other,
}

/// Whom a message is for; zero means everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Addressee {
    pub system_id: u8,
    pub component_id: u8,
}

impl Addressee {
    /// Whether that is us.
    pub fn includes(&self, system_id: u8, component_id: u8) -> bool {
        let fits = |wanted: u8, own: u8| wanted == 0 || wanted == own;
        fits(self.system_id, system_id) && fits(self.component_id, component_id)
    }
}

/// HEARTBEAT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Heartbeat {
    pub custom_mode: u32,
    pub vehicle_type: u8,
    pub autopilot: u8,
    pub armed: bool,
}

impl Heartbeat {
    /// From the flight controller itself, not from a camera, a gimbal or another ground station.
    pub fn is_autopilot(&self) -> bool {
        self.autopilot != AUTOPILOT_INVALID && self.vehicle_type != TYPE_GROUND_STATION
    }

    /// From a camera with a component id of its own.
    pub fn is_camera(&self) -> bool {
        self.vehicle_type == TYPE_CAMERA
    }

    /// From a light with a component id of its own.
    pub fn is_illuminator(&self) -> bool {
        self.vehicle_type == TYPE_ILLUMINATOR
    }
}

/// GLOBAL_POSITION_INT in SI units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct GlobalPosition {
    pub boot_ms: u32,
    pub lat_deg: f64,
    pub lon_deg: f64,
    pub altitude_amsl_m: f64,
    pub height_m: f64,
    pub north_m_s: f64,
    pub east_m_s: f64,
    pub down_m_s: f64,
    pub heading_deg: Option<f64>,
}

/// MISSION_ITEM_INT as it travels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RawItem {
    pub seq: u16,
    pub command: u16,
    pub frame: u8,
    pub params: [f32; 4],
    pub x: i32,
    pub y: i32,
    pub z: f32,
}

/// PARAM_VALUE as it travels; what the four bytes mean depends on the autopilot.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RawParameter {
    pub name: String,
    pub value: f32,
    /// MAV_PARAM_TYPE.
    pub kind: u8,
    /// How many there are.
    pub count: u16,
    /// Its number among them; not less than `count` when it has none.
    pub index: u16,
}

/// EVENT as it travels. What the numbers mean is in the autopilot's own metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RawEvent {
    pub sequence: u16,
    pub number: u32,
    pub boot_ms: u32,
    /// For people; smaller is worse, as in texts.
    pub level: u8,
    pub arguments: [u8; 40],
}

/// Whether the frame is a heartbeat of a flight controller.
pub(crate) fn is_autopilot_heartbeat(frame: &Frame) -> bool {
    frame.message_id == id::HEARTBEAT && heartbeat(&frame.payload).is_autopilot()
}

/// What the frame says. Offsets are those of the message definitions: fields sorted by size, extensions after.
pub(crate) fn read(frame: &Frame) -> Heard {
    let p = &frame.payload;
    match frame.message_id {
        id::HEARTBEAT => Heard::Heartbeat(heartbeat(p)),
        id::SYS_STATUS => sys_status(p),
        id::GPS_RAW_INT => gps_raw(p),
        id::SCALED_PRESSURE => Heard::Pressure { hpa: f64::from(p.f32(4)) },
        id::ATTITUDE => Heard::Attitude { boot_ms: p.u32(0), roll_rad: p.f32(4), pitch_rad: p.f32(8), yaw_rad: p.f32(12) },
        id::GLOBAL_POSITION_INT => Heard::GlobalPosition(global_position(p)),
        id::MISSION_CURRENT => Heard::MissionCurrent { seq: p.u16(0) },
        id::MISSION_ITEM_REACHED => Heard::MissionItemReached { seq: p.u16(0) },
        id::MISSION_COUNT => Heard::MissionCount { count: p.u16(0), to: addressee(p, 2), kind: p.u8(4) },
        id::MISSION_REQUEST | id::MISSION_REQUEST_INT => {
            Heard::MissionRequest { seq: p.u16(0), to: addressee(p, 2), kind: p.u8(4) }
        }
        id::MISSION_ITEM_INT => Heard::MissionItem { item: raw_item(p), to: addressee(p, 32), kind: p.u8(37) },
        id::MISSION_ACK => Heard::MissionAck { result: p.u8(2), to: addressee(p, 0), kind: p.u8(3) },
        id::PARAM_VALUE => Heard::Parameter(parameter(p)),
        id::COMMAND_ACK => Heard::CommandAck { command: p.u16(0), result: p.u8(2), to: addressee(p, 8) },
        id::BATTERY_STATUS => battery(p),
        id::WIND => ardupilot_wind(f64::from(p.f32(0)), f64::from(p.f32(4))),
        id::WIND_COV => wind(f64::from(p.f32(8)), f64::from(p.f32(12))),
        id::EXTENDED_SYS_STATE => Heard::ExtendedState { landed_state: p.u8(1) },
        id::STATUSTEXT => Heard::Text { severity: p.u8(0), text: p.text::<50>(1), id: p.u16(51), chunk: p.u8(53) },
        id::ILLUMINATOR_STATUS => Heard::Illuminator { enabled: p.u8(32) != 0, error_status: p.u32(4) },
        id::ADSB_VEHICLE => traffic(p).map_or(Heard::Other, Heard::Traffic),
        id::AUTOPILOT_VERSION => {
            Heard::Version { hardware: HardwareId::of(p.u64(8), p.bytes(60)), software: SoftwareVersion::of(p.u32(16)) }
        }
        id::TIMESYNC => Heard::TimeSync { responder_ns: p.u64(0) as i64, asker_ns: p.u64(8) as i64, to: addressee(p, 16) },
        id::COMMAND_LONG if p.u16(28) == ARM_AUTHORIZATION_REQUEST => Heard::ArmAuthorizationAsked { to: addressee(p, 30) },
        id::EVENT => Heard::Event(event(p)),
        id::CURRENT_EVENT_SEQUENCE => Heard::EventSequence { newest: p.u16(0), reset: p.u8(2) & EVENTS_RESET != 0 },
        id::RESPONSE_EVENT_ERROR => Heard::EventGone { sequence: p.u16(0), oldest: p.u16(2), to: addressee(p, 4) },
        id::VIDEO_STREAM_INFORMATION => Heard::VideoStream { count: p.u8(19), stream: announced_stream(p) },
        id::CAMERA_INFORMATION => Heard::Camera(lens(p)),
        id::GIMBAL_MANAGER_INFORMATION => Heard::GimbalManager { device: p.u8(32) },
        id::GIMBAL_MANAGER_STATUS => Heard::GimbalControl { device: p.u8(8), primary: (p.u8(9), p.u8(10)) },
        id::GIMBAL_DEVICE_ATTITUDE_STATUS => gimbal_look(p),
        _ => Heard::Other,
    }
}

fn gps_raw(p: &Payload) -> Heard {
    let (amsl_mm, ellipsoid_mm) = (p.i32(16), p.i32(30));
    // An extension: 0 where the autopilot does not send it.
    let geoid_m = (ellipsoid_mm != 0).then(|| (f64::from(ellipsoid_mm) - f64::from(amsl_mm)) / 1e3);
    Heard::GpsRaw { fix_type: p.u8(28), satellites: Some(p.u8(29)).filter(|n| *n != u8::MAX), geoid_m }
}

/// Only with a place and an altitude; a speed that is not known counts as none, and is heard of again a second later.
fn traffic(p: &Payload) -> Option<Vehicle> {
    let flags = p.u16(22);
    let has = |flag: u16| flags & flag == flag;
    let (altitude_mm, heading_cdeg, speed_cm_s, climb_cm_s) = (p.i32(12), p.u16(16), p.u16(18), p.i16(20));
    if !has(ADSB_PLACE | ADSB_ALTITUDE) || altitude_mm == UNKNOWN_I32 {
        return None;
    }
    let goes = has(ADSB_HEADING | ADSB_SPEED) && heading_cdeg != UNKNOWN_U16 && speed_cm_s != UNKNOWN_U16;
    let climbs = has(ADSB_CLIMB) && climb_cm_s != UNKNOWN_I16;
    let speed_m_s = if goes { f64::from(speed_cm_s) / 1e2 } else { 0.0 };
    let (sin, cos) = (f64::from(heading_cdeg) / 1e2).to_radians().sin_cos();
    let altitude_m = f64::from(altitude_mm) / 1e3;
    Some(Vehicle {
        address: p.u32(0),
        callsign: if has(ADSB_CALLSIGN) { p.text::<9>(27).trim().to_owned() } else { String::new() },
        place: GeoPoint::new(f64::from(p.i32(4)) / 1e7, f64::from(p.i32(8)) / 1e7).ok()?,
        // A type that is not known has the wider doubt.
        altitude: if p.u8(26) == ADSB_GEOMETRIC { Altitude::Geometric { altitude_m } } else { Altitude::Pressure { altitude_m } },
        east_m_s: speed_m_s * sin,
        north_m_s: speed_m_s * cos,
        up_m_s: if climbs { f64::from(climb_cm_s) / 1e2 } else { 0.0 },
        age_s: f64::from(p.u8(37)),
    })
}

fn announced_stream(p: &Payload) -> AnnouncedStream {
    AnnouncedStream {
        number: p.u8(18),
        kind: p.u8(20),
        encoding: p.u8(213),
        width: p.u16(10),
        height: p.u16(12),
        uri: p.text::<160>(53),
    }
}

/// Which frame the yaw is in say flags of its own; gimbals without them have it locked to north or not (GIMBAL_DEVICE_FLAGS).
fn gimbal_look(p: &Payload) -> Heard {
    let flags = p.u16(36);
    let from_nose = match (flags & YAW_FROM_NOSE != 0, flags & YAW_FROM_NORTH != 0) {
        (true, false) => true,
        (false, true) => false,
        (true, true) | (false, false) => flags & YAW_LOCKED == 0,
    };
    let look = Look::of([4, 8, 12, 16].map(|offset| p.f32(offset)), from_nose);
    look.map_or(Heard::Other, |look| Heard::GimbalLook { device: p.u8(48), look })
}

fn lens(p: &Payload) -> Lens {
    Lens { focal_mm: p.f32(8), sensor_height_mm: p.f32(16), zooms: p.u32(20) & CAMERA_HAS_ZOOM != 0 }
}

fn parameter(p: &Payload) -> RawParameter {
    RawParameter { name: p.text::<16>(8), value: p.f32(0), kind: p.u8(24), count: p.u16(4), index: p.u16(6) }
}

fn event(p: &Payload) -> RawEvent {
    // The lower half of the levels is for people, the upper for logs.
    let level = p.u8(12) & 0x0F;
    RawEvent { number: p.u32(0), boot_ms: p.u32(4), sequence: p.u16(8), level, arguments: p.bytes(13) }
}

fn addressee(p: &Payload, offset: usize) -> Addressee {
    Addressee { system_id: p.u8(offset), component_id: p.u8(offset + 1) }
}

fn heartbeat(p: &Payload) -> Heartbeat {
    Heartbeat { custom_mode: p.u32(0), vehicle_type: p.u8(4), autopilot: p.u8(5), armed: p.u8(6) & BASE_MODE_ARMED != 0 }
}

/// PX4 puts its readiness to arm among the healthy sensors only, ArduPilot among the present ones too.
fn sys_status(p: &Payload) -> Heard {
    let (present, enabled, health) = (p.u32(0), p.u32(4), p.u32(8));
    let prearm = (health & SENSOR_PREARM != 0).then_some(true).or((present & SENSOR_PREARM != 0).then_some(false));
    let millivolts = p.u16(14);
    Heard::SysStatus {
        prearm,
        sensors_healthy: enabled != 0 && enabled & !health == 0,
        battery_v: (millivolts != UNKNOWN_U16 && millivolts != 0).then(|| f64::from(millivolts) / 1_000.0),
        battery_pct: percent(p.i8(30)),
    }
}

/// −1 stands for "not known".
fn percent(raw: i8) -> Option<f64> {
    (0..=100).contains(&raw).then(|| f64::from(raw))
}

fn global_position(p: &Payload) -> GlobalPosition {
    let heading = p.u16(26);
    GlobalPosition {
        boot_ms: p.u32(0),
        lat_deg: f64::from(p.i32(4)) / 1e7,
        lon_deg: f64::from(p.i32(8)) / 1e7,
        altitude_amsl_m: f64::from(p.i32(12)) / 1e3,
        height_m: f64::from(p.i32(16)) / 1e3,
        north_m_s: f64::from(p.i16(20)) / 1e2,
        east_m_s: f64::from(p.i16(22)) / 1e2,
        down_m_s: f64::from(p.i16(24)) / 1e2,
        heading_deg: (heading != UNKNOWN_U16).then(|| f64::from(heading) / 1e2),
    }
}

fn raw_item(p: &Payload) -> RawItem {
    RawItem {
        seq: p.u16(28),
        command: p.u16(30),
        frame: p.u8(34),
        params: [p.f32(0), p.f32(4), p.f32(8), p.f32(12)],
        x: p.i32(16),
        y: p.i32(20),
        z: p.f32(24),
    }
}

const AVIONICS_BATTERY: u8 = 3;
const PAYLOAD_BATTERY: u8 = 4;

fn battery(p: &Payload) -> Heard {
    let time_left_s = p.i32(36);
    // MAV_BATTERY_FUNCTION: what feeds the avionics or the payload says nothing of how long the motors turn.
    let function = p.u8(33);
    if function == AVIONICS_BATTERY || function == PAYLOAD_BATTERY {
        return Heard::Other;
    }
    let id = p.u8(32);
    Heard::Battery { id, pct: percent(p.i8(35)), time_left_s: (time_left_s > 0).then(|| f64::from(time_left_s)) }
}

/// The message gives where the wind blows to, north and east; people say where it comes from.
/// ArduPilot's own message. A speed of nought is one that nobody estimates (real ArduCopter sends it all through a flight): nothing
/// is known of the wind then, not that there is none.
fn ardupilot_wind(from_deg: f64, speed_m_s: f64) -> Heard {
    if speed_m_s > 0.0 && speed_m_s.is_finite() && from_deg.is_finite() {
        Heard::Wind { from_deg: from_deg.rem_euclid(360.0), speed_m_s }
    } else {
        Heard::Other
    }
}

fn wind(north_m_s: f64, east_m_s: f64) -> Heard {
    let from_deg = (-east_m_s).atan2(-north_m_s).to_degrees().rem_euclid(360.0);
    if !(north_m_s.is_finite() && east_m_s.is_finite()) {
        return Heard::Other;
    }
    Heard::Wind { from_deg, speed_m_s: north_m_s.hypot(east_m_s) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readiness(present: u32, enabled: u32, health: u32) -> (Option<bool>, bool) {
        let bytes: Vec<u8> = [present, enabled, health].iter().flat_map(|word| word.to_le_bytes()).collect();
        match sys_status(&Payload(&bytes)) {
            Heard::SysStatus { prearm, sensors_healthy, .. } => (prearm, sensors_healthy),
            other => panic!("{other:?}"),
        }
    }

    /// The first two lines are what PX4 1.16 sent from its pad, ready and just started; the others are ArduPilot's way.
    #[test]
    fn readiness_is_found_where_each_autopilot_puts_it() {
        assert_eq!(readiness(0x0300_C02F, 0x0301_C02F, 0x1320_C83F), (Some(true), false));
        assert_eq!(readiness(0x0200_C00F, 0x0201_C00F, 0x0320_883F), (None, false));
        assert_eq!(readiness(0x1000_002F, 0x1000_002F, 0x1000_002F), (Some(true), true));
        assert_eq!(readiness(0x1000_002F, 0x1000_002F, 0x0000_002F), (Some(false), false));
        assert_eq!(readiness(0x0000_002F, 0x0000_002F, 0x0000_002F), (None, true));
    }

    #[test]
    fn a_wind_that_nobody_estimates_is_not_still_air() {
        assert!(matches!(ardupilot_wind(-180.0, 0.0), Heard::Other), "what ArduCopter 4.6 sent");
        assert!(matches!(ardupilot_wind(-90.0, 4.0), Heard::Wind { from_deg, speed_m_s: 4.0 } if from_deg == 270.0));
        assert!(matches!(ardupilot_wind(f64::NAN, f64::NAN), Heard::Other));
    }
}
