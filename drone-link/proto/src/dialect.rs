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
    pub const WIND_COV: u32 = mav::WIND_COV_DATA::ID;
    pub const EXTENDED_SYS_STATE: u32 = mav::EXTENDED_SYS_STATE_DATA::ID;
    pub const STATUSTEXT: u32 = mav::STATUSTEXT_DATA::ID;
    pub const ADSB_VEHICLE: u32 = mav::ADSB_VEHICLE_DATA::ID;
    pub const ILLUMINATOR_STATUS: u32 = mav::ILLUMINATOR_STATUS_DATA::ID;
    pub const VIDEO_STREAM_INFORMATION: u32 = mav::VIDEO_STREAM_INFORMATION_DATA::ID;
}

/// A command as the link means it; the numbers belong to the dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommandKind {
    ArmDisarm,
    SetMode,
    Reposition,
    LookAt,
    LookAhead,
    Illuminator,
    IlluminatorConfigure,
    Actuator,
    Servo,
    Relay,
    MessageInterval,
    RequestMessage,
}

impl CommandKind {
    fn mav(self) -> mav::MavCmd {
        match self {
            Self::ArmDisarm => mav::MavCmd::MAV_CMD_COMPONENT_ARM_DISARM,
            Self::SetMode => mav::MavCmd::MAV_CMD_DO_SET_MODE,
            Self::Reposition => mav::MavCmd::MAV_CMD_DO_REPOSITION,
            Self::LookAt => mav::MavCmd::MAV_CMD_DO_SET_ROI_LOCATION,
            Self::LookAhead => mav::MavCmd::MAV_CMD_DO_SET_ROI_NONE,
            Self::Illuminator => mav::MavCmd::MAV_CMD_ILLUMINATOR_ON_OFF,
            Self::IlluminatorConfigure => mav::MavCmd::MAV_CMD_DO_ILLUMINATOR_CONFIGURE,
            Self::Actuator => mav::MavCmd::MAV_CMD_DO_SET_ACTUATOR,
            Self::Servo => mav::MavCmd::MAV_CMD_DO_SET_SERVO,
            Self::Relay => mav::MavCmd::MAV_CMD_DO_SET_RELAY,
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
    FenceInclusion,
    FenceExclusion,
}

impl ItemKind {
    fn mav(self) -> mav::MavCmd {
        match self {
            Self::TakeOff => mav::MavCmd::MAV_CMD_NAV_TAKEOFF,
            Self::Waypoint => mav::MavCmd::MAV_CMD_NAV_WAYPOINT,
            Self::LoiterUnlimited => mav::MavCmd::MAV_CMD_NAV_LOITER_UNLIM,
            Self::Land => mav::MavCmd::MAV_CMD_NAV_LAND,
            Self::ChangeSpeed => mav::MavCmd::MAV_CMD_DO_CHANGE_SPEED,
            Self::FenceInclusion => mav::MavCmd::MAV_CMD_NAV_FENCE_POLYGON_VERTEX_INCLUSION,
            Self::FenceExclusion => mav::MavCmd::MAV_CMD_NAV_FENCE_POLYGON_VERTEX_EXCLUSION,
        }
    }

    /// The number in a MISSION_ITEM_INT.
    pub fn number(self) -> u16 {
        self.mav() as u16
    }

    fn frame(self) -> mav::MavFrame {
        match self {
            Self::TakeOff | Self::Waypoint | Self::LoiterUnlimited | Self::Land => mav::MavFrame::MAV_FRAME_GLOBAL_RELATIVE_ALT_INT,
            Self::ChangeSpeed => mav::MavFrame::MAV_FRAME_MISSION,
            Self::FenceInclusion | Self::FenceExclusion => mav::MavFrame::MAV_FRAME_GLOBAL_INT,
        }
    }
}

/// Which list a transfer is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListKind {
    Mission,
    Fence,
}

impl ListKind {
    fn mav(self) -> mav::MavMissionType {
        match self {
            Self::Mission => mav::MavMissionType::MAV_MISSION_TYPE_MISSION,
            Self::Fence => mav::MavMissionType::MAV_MISSION_TYPE_FENCE,
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
    Command { spec: CommandSpec, confirmation: u8 },
    MissionCount { list: ListKind, count: u16 },
    MissionItem { list: ListKind, seq: u16, item: Item },
    MissionRequestList { list: ListKind },
    MissionRequest { list: ListKind, seq: u16 },
    MissionAck { list: ListKind },
    MissionSetCurrent { seq: u16 },
    ParameterRead { name: &'static str },
    ParameterSet { name: &'static str, value: f32, kind: u8 },
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
        Outgoing::ParameterRead { name } => mav::MavMessage::PARAM_REQUEST_READ(mav::PARAM_REQUEST_READ_DATA {
            param_index: BY_NAME,
            target_system,
            target_component,
            param_id: name.into(),
        }),
        Outgoing::ParameterSet { name, value, kind } => mav::MavMessage::PARAM_SET(mav::PARAM_SET_DATA {
            param_value: value,
            target_system,
            target_component,
            param_id: name.into(),
            param_type: parameter_type(kind),
        }),
    }
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
