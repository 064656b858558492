//! The one place that uses the `mavlink` crate: checksums, message ids, and the messages we send.

// The replacements that the definitions recommend are not understood by PX4 (observed on 1.16: MISSION_SET_CURRENT, the INT frames).
#![allow(deprecated)]

use mavlink::dialects::ardupilotmega as mav;
use mavlink::{MAVLinkV2MessageRaw, MavHeader, Message};

/// Ids of the messages that a link listens to.
pub(crate) mod id {
    use mavlink::MessageData;
    use mavlink::dialects::ardupilotmega as mav;

    pub const HEARTBEAT: u32 = mav::HEARTBEAT_DATA::ID;
    pub const SYS_STATUS: u32 = mav::SYS_STATUS_DATA::ID;
    pub const GPS_RAW_INT: u32 = mav::GPS_RAW_INT_DATA::ID;
    pub const ATTITUDE: u32 = mav::ATTITUDE_DATA::ID;
    pub const GLOBAL_POSITION_INT: u32 = mav::GLOBAL_POSITION_INT_DATA::ID;
    pub const MISSION_CURRENT: u32 = mav::MISSION_CURRENT_DATA::ID;
    pub const MISSION_ITEM_REACHED: u32 = mav::MISSION_ITEM_REACHED_DATA::ID;
    pub const MISSION_COUNT: u32 = mav::MISSION_COUNT_DATA::ID;
    pub const MISSION_REQUEST: u32 = mav::MISSION_REQUEST_DATA::ID;
    pub const MISSION_REQUEST_INT: u32 = mav::MISSION_REQUEST_INT_DATA::ID;
    pub const MISSION_ITEM_INT: u32 = mav::MISSION_ITEM_INT_DATA::ID;
    pub const MISSION_ACK: u32 = mav::MISSION_ACK_DATA::ID;
    pub const PARAM_VALUE: u32 = mav::PARAM_VALUE_DATA::ID;
    pub const COMMAND_ACK: u32 = mav::COMMAND_ACK_DATA::ID;
    pub const BATTERY_STATUS: u32 = mav::BATTERY_STATUS_DATA::ID;
    pub const WIND: u32 = mav::WIND_DATA::ID;
    pub const WIND_COV: u32 = mav::WIND_COV_DATA::ID;
    pub const EXTENDED_SYS_STATE: u32 = mav::EXTENDED_SYS_STATE_DATA::ID;
    pub const STATUSTEXT: u32 = mav::STATUSTEXT_DATA::ID;
    pub const SCALED_PRESSURE: u32 = mav::SCALED_PRESSURE_DATA::ID;
    pub const ADSB_VEHICLE: u32 = mav::ADSB_VEHICLE_DATA::ID;
    pub const ILLUMINATOR_STATUS: u32 = mav::ILLUMINATOR_STATUS_DATA::ID;
    pub const AUTOPILOT_VERSION: u32 = mav::AUTOPILOT_VERSION_DATA::ID;
    pub const SETUP_SIGNING: u32 = mav::SETUP_SIGNING_DATA::ID;
    pub const TIMESYNC: u32 = mav::TIMESYNC_DATA::ID;
    pub const COMMAND_LONG: u32 = mav::COMMAND_LONG_DATA::ID;
    pub const EVENT: u32 = mav::EVENT_DATA::ID;
    pub const CURRENT_EVENT_SEQUENCE: u32 = mav::CURRENT_EVENT_SEQUENCE_DATA::ID;
    pub const RESPONSE_EVENT_ERROR: u32 = mav::RESPONSE_EVENT_ERROR_DATA::ID;
    pub const CAMERA_INFORMATION: u32 = mav::CAMERA_INFORMATION_DATA::ID;
    pub const VIDEO_STREAM_INFORMATION: u32 = mav::VIDEO_STREAM_INFORMATION_DATA::ID;
    pub const GIMBAL_MANAGER_INFORMATION: u32 = mav::GIMBAL_MANAGER_INFORMATION_DATA::ID;
    pub const GIMBAL_MANAGER_STATUS: u32 = mav::GIMBAL_MANAGER_STATUS_DATA::ID;
    pub const GIMBAL_DEVICE_ATTITUDE_STATUS: u32 = mav::GIMBAL_DEVICE_ATTITUDE_STATUS_DATA::ID;
}

/// A command as the link means it; the numbers belong to the dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommandKind {
    ArmDisarm,
    SetMode,
    Reposition,
    ChangeSpeed,
    LookAt,
    LookAhead,
    Illuminator,
    IlluminatorConfigure,
    Actuator,
    Servo,
    Relay,
    CameraZoom,
    ConfigureGimbal,
    MessageInterval,
    RequestMessage,
}

impl CommandKind {
    fn mav(self) -> mav::MavCmd {
        match self {
            Self::ArmDisarm => mav::MavCmd::MAV_CMD_COMPONENT_ARM_DISARM,
            Self::SetMode => mav::MavCmd::MAV_CMD_DO_SET_MODE,
            Self::Reposition => mav::MavCmd::MAV_CMD_DO_REPOSITION,
            Self::ChangeSpeed => mav::MavCmd::MAV_CMD_DO_CHANGE_SPEED,
            Self::LookAt => mav::MavCmd::MAV_CMD_DO_SET_ROI_LOCATION,
            Self::LookAhead => mav::MavCmd::MAV_CMD_DO_SET_ROI_NONE,
            Self::Illuminator => mav::MavCmd::MAV_CMD_ILLUMINATOR_ON_OFF,
            Self::IlluminatorConfigure => mav::MavCmd::MAV_CMD_DO_ILLUMINATOR_CONFIGURE,
            Self::Actuator => mav::MavCmd::MAV_CMD_DO_SET_ACTUATOR,
            Self::Servo => mav::MavCmd::MAV_CMD_DO_SET_SERVO,
            Self::Relay => mav::MavCmd::MAV_CMD_DO_SET_RELAY,
            Self::CameraZoom => mav::MavCmd::MAV_CMD_SET_CAMERA_ZOOM,
            Self::ConfigureGimbal => mav::MavCmd::MAV_CMD_DO_GIMBAL_MANAGER_CONFIGURE,
            Self::MessageInterval => mav::MavCmd::MAV_CMD_SET_MESSAGE_INTERVAL,
            Self::RequestMessage => mav::MavCmd::MAV_CMD_REQUEST_MESSAGE,
        }
    }

    /// The number in a COMMAND_ACK.
    pub fn number(self) -> u16 {
        self.mav() as u16
    }
}

/// What a mission or fence item does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ItemKind {
    TakeOff,
    Waypoint,
    LoiterUnlimited,
    Land,
    ChangeSpeed,
    PointCamera,
    ReturnPathStart,
    LandStart,
    FenceInclusion,
    FenceExclusion,
    RallyPoint,
}

impl ItemKind {
    fn mav(self) -> mav::MavCmd {
        match self {
            Self::TakeOff => mav::MavCmd::MAV_CMD_NAV_TAKEOFF,
            Self::Waypoint => mav::MavCmd::MAV_CMD_NAV_WAYPOINT,
            Self::LoiterUnlimited => mav::MavCmd::MAV_CMD_NAV_LOITER_UNLIM,
            Self::Land => mav::MavCmd::MAV_CMD_NAV_LAND,
            Self::ChangeSpeed => mav::MavCmd::MAV_CMD_DO_CHANGE_SPEED,
            Self::PointCamera => mav::MavCmd::MAV_CMD_DO_GIMBAL_MANAGER_PITCHYAW,
            Self::ReturnPathStart => mav::MavCmd::MAV_CMD_DO_RETURN_PATH_START,
            Self::LandStart => mav::MavCmd::MAV_CMD_DO_LAND_START,
            Self::FenceInclusion => mav::MavCmd::MAV_CMD_NAV_FENCE_POLYGON_VERTEX_INCLUSION,
            Self::FenceExclusion => mav::MavCmd::MAV_CMD_NAV_FENCE_POLYGON_VERTEX_EXCLUSION,
            Self::RallyPoint => mav::MavCmd::MAV_CMD_NAV_RALLY_POINT,
        }
    }

    /// The number in a MISSION_ITEM_INT.
    pub fn number(self) -> u16 {
        self.mav() as u16
    }

    fn frame(self) -> mav::MavFrame {
        match self {
            Self::TakeOff
            | Self::Waypoint
            | Self::LoiterUnlimited
            | Self::Land
            | Self::ReturnPathStart
            | Self::LandStart
            | Self::RallyPoint => mav::MavFrame::MAV_FRAME_GLOBAL_RELATIVE_ALT_INT,
            Self::ChangeSpeed | Self::PointCamera => mav::MavFrame::MAV_FRAME_MISSION,
            Self::FenceInclusion | Self::FenceExclusion => mav::MavFrame::MAV_FRAME_GLOBAL_INT,
        }
    }
}

/// Which list a transfer is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListKind {
    Mission,
    Fence,
    Rally,
}

impl ListKind {
    fn mav(self) -> mav::MavMissionType {
        match self {
            Self::Mission => mav::MavMissionType::MAV_MISSION_TYPE_MISSION,
            Self::Fence => mav::MavMissionType::MAV_MISSION_TYPE_FENCE,
            Self::Rally => mav::MavMissionType::MAV_MISSION_TYPE_RALLY,
        }
    }

    /// The number in the transfer messages.
    pub fn number(self) -> u8 {
        self.mav() as u8
    }
}

/// A command with its parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct CommandSpec {
    pub kind: CommandKind,
    /// Component it is for.
    pub component_id: u8,
    pub params: Params,
}

/// Seven floats, or four and a place as integers: a float loses metres in a coordinate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Params {
    Floats([f32; 7]),
    Place { params: [f32; 4], x: i32, y: i32, z: f32 },
}

/// One item of a mission or fence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Item {
    pub kind: ItemKind,
    pub params: [f32; 4],
    /// Latitude, 1e-7 degrees.
    pub x: i32,
    /// Longitude, 1e-7 degrees.
    pub y: i32,
    /// Height above home, metres.
    pub z: f32,
}

/// One message of ours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Outgoing {
    Heartbeat,
    Command {
        spec: CommandSpec,
        confirmation: u8,
    },
    /// What is being worked on is no longer wanted.
    CommandCancel {
        kind: CommandKind,
        component_id: u8,
    },
    MissionCount {
        list: ListKind,
        count: u16,
    },
    MissionItem {
        list: ListKind,
        seq: u16,
        item: Item,
    },
    MissionRequestList {
        list: ListKind,
    },
    MissionRequest {
        list: ListKind,
        seq: u16,
    },
    MissionAck {
        list: ListKind,
    },
    MissionSetCurrent {
        seq: u16,
    },
    ParameterRead {
        name: &'static str,
    },
    /// By its number.
    ParameterAt {
        index: u16,
    },
    /// All of them.
    ParameterList,
    ParameterSet {
        name: &'static str,
        value: f32,
        kind: u8,
    },
    /// A question when `responder_ns` is 0, else the answer to one.
    TimeSync {
        asker_ns: i64,
        responder_ns: i64,
        component_id: u8,
    },
    /// May it arm? For so many seconds, or not at all.
    ArmAuthorization {
        granted_s: Option<u8>,
        to: Asker,
    },
    /// Events that did not come, again.
    EventRequest {
        first: u16,
        last: u16,
    },
    SetUpSigning {
        key: [u8; 32],
        time: u64,
    },
}

/// Who asked, and is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asker {
    pub system_id: u8,
    pub component_id: u8,
}

/// Who speaks to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Addresses {
    pub own_system_id: u8,
    pub own_component_id: u8,
    pub target_system_id: u8,
}

/// Component id of the autopilot itself; commands to any other get no answer from it.
pub(crate) const AUTOPILOT_COMPONENT: u8 = 1;

/// The checksum seed of a message; `None` for one that the dialect does not know.
pub(crate) fn extra_crc(message_id: u32) -> Option<u8> {
    // The dialect answers 0 for what it does not know, and gives no message that seed.
    Some(mav::MavMessage::extra_crc(message_id)).filter(|extra| *extra != 0)
}

/// Every message with a target: its id, and the places of the target's system and component in its payload.
pub(crate) fn target_places() -> impl Iterator<Item = (u32, u8, Option<u8>)> {
    mav::MavMessage::all_ids().iter().filter_map(|id| {
        let message = mav::MavMessage::default_message_from_id(*id)?;
        let system = place_of(message.clone(), mav::MavMessage::target_system_id_mut)?;
        Some((*id, system, place_of(message, mav::MavMessage::target_component_id_mut)))
    })
}

/// The byte of the payload that changes with a field.
fn place_of(mut message: mav::MavMessage, field: fn(&mut mav::MavMessage) -> Option<&mut u8>) -> Option<u8> {
    let mut payloads = [[0; 255]; 2];
    for (payload, value) in payloads.iter_mut().zip([1, 2]) {
        *field(&mut message)? = value;
        message.ser(mavlink::MavlinkVersion::V2, payload);
    }
    let [one, two] = payloads;
    one.iter().zip(&two).position(|(one, two)| one != two).and_then(|place| u8::try_from(place).ok())
}

/// A whole frame in words, for people: who spoke, the message and its fields, or its number where the definitions do not know it.
pub fn describe(frame: &[u8]) -> String {
    let short = || format!("{} bytes that are no frame", frame.len());
    let (version, head, who, message_id) = match *frame {
        [0xFD, _, _, _, _, system, component, a, b, c, ..] => (mavlink::MavlinkVersion::V2, 10, (system, component), [a, b, c, 0]),
        [0xFE, _, _, system, component, id, ..] => (mavlink::MavlinkVersion::V1, 6, (system, component), [id, 0, 0, 0]),
        _ => return short(),
    };
    let message_id = u32::from_le_bytes(message_id);
    let Some(payload) = frame.get(head..head + usize::from(frame[1])) else { return short() };
    let what = match mav::MavMessage::parse(version, message_id, payload) {
        Ok(message) => format!("{message:?}"),
        Err(_) => format!("message {message_id}, {payload:02x?}"),
    };
    format!("{}/{} {what}", who.0, who.1)
}

/// The checksum of a frame without its first byte.
pub(crate) fn checksum(bytes: &[u8], extra: u8) -> u16 {
    mavlink::calculate_crc(bytes, extra)
}

/// The frame of a message.
pub(crate) fn encode(addresses: Addresses, sequence: u8, outgoing: &Outgoing) -> Vec<u8> {
    let header = MavHeader { system_id: addresses.own_system_id.into(), component_id: addresses.own_component_id, sequence };
    let mut raw = MAVLinkV2MessageRaw::new();
    raw.serialize_message(header, &message(addresses.target_system_id, outgoing));
    raw.raw_bytes().to_vec()
}

fn message(target_system: u8, outgoing: &Outgoing) -> mav::MavMessage {
    let target_component = AUTOPILOT_COMPONENT;
    match *outgoing {
        Outgoing::Heartbeat => heartbeat(),
        Outgoing::Command { spec, confirmation } => command(target_system, spec, confirmation),
        Outgoing::CommandCancel { kind, component_id } => command_cancel(target_system, kind, component_id),
        Outgoing::MissionCount { list, count } => mav::MavMessage::MISSION_COUNT(mav::MISSION_COUNT_DATA {
            count,
            target_system,
            target_component,
            mission_type: list.mav(),
            opaque_id: 0,
        }),
        Outgoing::MissionItem { list, seq, item } => mission_item(target_system, list, seq, item),
        Outgoing::MissionRequestList { list } => mav::MavMessage::MISSION_REQUEST_LIST(mav::MISSION_REQUEST_LIST_DATA {
            target_system,
            target_component,
            mission_type: list.mav(),
        }),
        Outgoing::MissionRequest { list, seq } => mav::MavMessage::MISSION_REQUEST_INT(mav::MISSION_REQUEST_INT_DATA {
            seq,
            target_system,
            target_component,
            mission_type: list.mav(),
        }),
        Outgoing::MissionAck { list } => mav::MavMessage::MISSION_ACK(mav::MISSION_ACK_DATA {
            target_system,
            target_component,
            mavtype: mav::MavMissionResult::MAV_MISSION_ACCEPTED,
            mission_type: list.mav(),
            opaque_id: 0,
        }),
        Outgoing::MissionSetCurrent { seq } => {
            mav::MavMessage::MISSION_SET_CURRENT(mav::MISSION_SET_CURRENT_DATA { seq, target_system, target_component })
        }
        Outgoing::ParameterRead { name } => parameter_read(target_system, BY_NAME, name),
        Outgoing::ParameterAt { index } => parameter_read(target_system, i16::try_from(index).unwrap_or(i16::MAX), ""),
        Outgoing::ParameterList => {
            mav::MavMessage::PARAM_REQUEST_LIST(mav::PARAM_REQUEST_LIST_DATA { target_system, target_component })
        }
        Outgoing::ParameterSet { name, value, kind } => mav::MavMessage::PARAM_SET(mav::PARAM_SET_DATA {
            param_value: value,
            target_system,
            target_component,
            param_id: name.into(),
            param_type: parameter_type(kind),
        }),
        Outgoing::TimeSync { asker_ns, responder_ns, component_id } => mav::MavMessage::TIMESYNC(mav::TIMESYNC_DATA {
            tc1: responder_ns,
            ts1: asker_ns,
            target_system,
            target_component: component_id,
        }),
        Outgoing::ArmAuthorization { granted_s, to } => arm_authorization(granted_s, to),
        Outgoing::EventRequest { first, last } => mav::MavMessage::REQUEST_EVENT(mav::REQUEST_EVENT_DATA {
            first_sequence: first,
            last_sequence: last,
            target_system,
            target_component,
        }),
        Outgoing::SetUpSigning { key, time } => mav::MavMessage::SETUP_SIGNING(mav::SETUP_SIGNING_DATA {
            initial_timestamp: time,
            target_system,
            target_component,
            secret_key: key,
        }),
    }
}

fn command_cancel(target_system: u8, kind: CommandKind, target_component: u8) -> mav::MavMessage {
    mav::MavMessage::COMMAND_CANCEL(mav::COMMAND_CANCEL_DATA { command: kind.mav(), target_system, target_component })
}

/// By its place in the list, or by its name.
fn parameter_read(target_system: u8, param_index: i16, name: &str) -> mav::MavMessage {
    mav::MavMessage::PARAM_REQUEST_READ(mav::PARAM_REQUEST_READ_DATA {
        param_index,
        target_system,
        target_component: AUTOPILOT_COMPONENT,
        param_id: name.into(),
    })
}

/// MAV_CMD_ARM_AUTHORIZATION_REQUEST.
pub(crate) const ARM_AUTHORIZATION_REQUEST: u16 = mav::MavCmd::MAV_CMD_ARM_AUTHORIZATION_REQUEST as u16;

fn arm_authorization(granted_s: Option<u8>, to: Asker) -> mav::MavMessage {
    let result = if granted_s.is_some() { mav::MavResult::MAV_RESULT_ACCEPTED } else { mav::MavResult::MAV_RESULT_DENIED };
    mav::MavMessage::COMMAND_ACK(mav::COMMAND_ACK_DATA {
        command: mav::MavCmd::MAV_CMD_ARM_AUTHORIZATION_REQUEST,
        result,
        progress: granted_s.unwrap_or(0),
        // MAV_ARM_AUTH_DENIED_REASON_GENERIC.
        result_param2: 0,
        target_system: to.system_id,
        target_component: to.component_id,
    })
}

/// In PARAM_REQUEST_READ: the name counts, not the index.
const BY_NAME: i16 = -1;

/// The type that the aircraft itself gave; one of the four that autopilots use, or a float.
fn parameter_type(kind: u8) -> mav::MavParamType {
    match kind {
        2 => mav::MavParamType::MAV_PARAM_TYPE_INT8,
        4 => mav::MavParamType::MAV_PARAM_TYPE_INT16,
        6 => mav::MavParamType::MAV_PARAM_TYPE_INT32,
        _ => mav::MavParamType::MAV_PARAM_TYPE_REAL32,
    }
}

/// PX4 sends its texts, and lets itself be armed, only where a ground station's heartbeat is heard.
fn heartbeat() -> mav::MavMessage {
    mav::MavMessage::HEARTBEAT(mav::HEARTBEAT_DATA {
        custom_mode: 0,
        mavtype: mav::MavType::MAV_TYPE_GCS,
        autopilot: mav::MavAutopilot::MAV_AUTOPILOT_INVALID,
        base_mode: mav::MavModeFlag::empty(),
        system_status: mav::MavState::MAV_STATE_ACTIVE,
        mavlink_version: 3,
    })
}

fn command(target_system: u8, spec: CommandSpec, confirmation: u8) -> mav::MavMessage {
    match spec.params {
        Params::Floats([param1, param2, param3, param4, param5, param6, param7]) => {
            mav::MavMessage::COMMAND_LONG(mav::COMMAND_LONG_DATA {
                param1,
                param2,
                param3,
                param4,
                param5,
                param6,
                param7,
                command: spec.kind.mav(),
                target_system,
                target_component: spec.component_id,
                confirmation,
            })
        }
        Params::Place { params: [param1, param2, param3, param4], x, y, z } => {
            mav::MavMessage::COMMAND_INT(mav::COMMAND_INT_DATA {
                param1,
                param2,
                param3,
                param4,
                x,
                y,
                z,
                command: spec.kind.mav(),
                target_system,
                target_component: spec.component_id,
                frame: mav::MavFrame::MAV_FRAME_GLOBAL_INT,
                current: 0,
                autocontinue: 0,
            })
        }
    }
}

fn mission_item(target_system: u8, list: ListKind, seq: u16, item: Item) -> mav::MavMessage {
    let [param1, param2, param3, param4] = item.params;
    mav::MavMessage::MISSION_ITEM_INT(mav::MISSION_ITEM_INT_DATA {
        param1,
        param2,
        param3,
        param4,
        x: item.x,
        y: item.y,
        z: item.z,
        seq,
        command: item.kind.mav(),
        target_system,
        target_component: AUTOPILOT_COMPONENT,
        frame: item.kind.frame(),
        current: u8::from(seq == 0 && list == ListKind::Mission),
        autocontinue: 1,
        mission_type: list.mav(),
    })
}
