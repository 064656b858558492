//! Mission, fence and rally points on board, and which mission items this autopilot can fly.

use flight_types::GeoPoint;

use super::wire::{Frame, PayloadWriter};

/// Most items of one plan; PX4 stores a few hundred on small boards.
pub(crate) const ITEMS_MAX: usize = 500;

/// Commands of mission items.
pub(crate) mod command {
    pub(crate) const WAYPOINT: u16 = 16;
    pub(crate) const LOITER_UNLIMITED: u16 = 17;
    pub(crate) const LOITER_TIME: u16 = 19;
    pub(crate) const RETURN: u16 = 20;
    pub(crate) const LAND: u16 = 21;
    pub(crate) const TAKEOFF: u16 = 22;
    pub(crate) const DELAY: u16 = 93;
    pub(crate) const JUMP: u16 = 177;
    pub(crate) const CHANGE_SPEED: u16 = 178;
    pub(crate) const SET_ACTUATOR: u16 = 187;
    pub(crate) const LAND_START: u16 = 189;
    pub(crate) const ROI_LOCATION: u16 = 195;
    pub(crate) const ROI_NONE: u16 = 197;
    pub(crate) const ROI: u16 = 201;
    pub(crate) const GIMBAL_PITCH_YAW: u16 = 1000;
    pub(crate) const FENCE_INCLUSION: u16 = 5001;
    pub(crate) const FENCE_EXCLUSION: u16 = 5002;
    pub(crate) const FENCE_CIRCLE_INCLUSION: u16 = 5003;
    pub(crate) const FENCE_CIRCLE_EXCLUSION: u16 = 5004;
    pub(crate) const RALLY: u16 = 5100;
}

/// Items of a mission that PX4 takes but that change nothing this aircraft shows: camera triggers, formats, home.
const SILENT: [u16; 12] = [179, 203, 205, 206, 214, 530, 531, 2000, 2001, 2500, 2501, 1001];

/// One item as it came over the link.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Item {
    pub(crate) command: u16,
    pub(crate) frame: u8,
    pub(crate) params: [f32; 4],
    /// Degrees · 1e7.
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) z: f32,
    pub(crate) autocontinue: u8,
}

/// Why an item is not taken, as MAV_MISSION_RESULT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ItemFault {
    Frame = 2,
    Unsupported = 3,
    Invalid = 5,
    Latitude = 10,
    Longitude = 11,
}

impl Item {
    /// Reads MISSION_ITEM_INT; the sequence number comes with it.
    pub(crate) fn from_int_frame(frame: &Frame) -> (u16, Item) {
        let item = Item {
            params: std::array::from_fn(|i| frame.f32(4 * i)),
            x: frame.i32(16),
            y: frame.i32(20),
            z: frame.f32(24),
            command: frame.u16(30),
            frame: frame.u8(34),
            autocontinue: frame.u8(36),
        };
        (frame.u16(28), item)
    }

    /// The payload of MISSION_ITEM_INT for a client.
    pub(crate) fn int_payload(&self, sequence: u16, current: bool, kind: u8, client: (u8, u8)) -> PayloadWriter {
        self.params
            .iter()
            .fold(PayloadWriter::default(), |writer, value| writer.f32(*value))
            .i32(self.x)
            .i32(self.y)
            .f32(self.z)
            .u16(sequence)
            .u16(self.command)
            .u8(client.0)
            .u8(client.1)
            .u8(self.stored_frame())
            .u8(u8::from(current))
            .u8(self.autocontinue)
            .u8(kind)
    }

    /// PX4 stores whether a height is relative and gives the matching INT frame back; other items come back in frame 2.
    fn stored_frame(&self) -> u8 {
        match (self.has_place(), self.is_relative()) {
            (true, true) => 6,
            (true, false) => 5,
            (false, _) => 2,
        }
    }

    pub(crate) fn is_relative(&self) -> bool {
        matches!(self.frame, 3 | 6)
    }

    fn has_place(&self) -> bool {
        matches!(
            self.command,
            command::WAYPOINT
                | command::LOITER_UNLIMITED
                | command::LOITER_TIME
                | command::LAND
                | command::TAKEOFF
                | command::ROI_LOCATION
                | command::ROI
                | command::FENCE_INCLUSION
                | command::FENCE_EXCLUSION
                | command::FENCE_CIRCLE_INCLUSION
                | command::FENCE_CIRCLE_EXCLUSION
                | command::RALLY
        )
    }

    /// The place; `None` when the item names none (0/0 or out of range).
    pub(crate) fn place(&self) -> Option<GeoPoint> {
        if self.x == 0 && self.y == 0 {
            return None;
        }
        GeoPoint::new(f64::from(self.x) * 1e-7, f64::from(self.y) * 1e-7).ok()
    }

    /// Whether a mission may contain this item (flight.md 17, 18).
    pub(crate) fn check_mission(&self) -> Result<(), ItemFault> {
        let known = self.is_navigation() || self.is_action() || SILENT.contains(&self.command);
        if !known {
            return Err(ItemFault::Unsupported);
        }
        if self.has_place() && !matches!(self.frame, 0 | 3 | 5 | 6) {
            return Err(ItemFault::Frame);
        }
        self.check_place()
    }

    fn check_place(&self) -> Result<(), ItemFault> {
        if !self.has_place() {
            return Ok(());
        }
        if self.x.unsigned_abs() > 900_000_000 {
            return Err(ItemFault::Latitude);
        }
        if self.y.unsigned_abs() > 1_800_000_000 {
            return Err(ItemFault::Longitude);
        }
        Ok(())
    }

    /// Whether a fence may contain this item.
    pub(crate) fn check_fence(&self) -> Result<(), ItemFault> {
        match self.command {
            command::FENCE_INCLUSION | command::FENCE_EXCLUSION if self.params[0] < 3.0 => Err(ItemFault::Invalid),
            command::FENCE_INCLUSION
            | command::FENCE_EXCLUSION
            | command::FENCE_CIRCLE_INCLUSION
            | command::FENCE_CIRCLE_EXCLUSION => self.check_place(),
            _ => Err(ItemFault::Unsupported),
        }
    }

    /// Whether a set of rally points may contain this item.
    pub(crate) fn check_rally(&self) -> Result<(), ItemFault> {
        if self.command == command::RALLY { self.check_place() } else { Err(ItemFault::Unsupported) }
    }

    /// The aircraft flies to, or waits at, something.
    pub(crate) fn is_navigation(&self) -> bool {
        matches!(
            self.command,
            command::WAYPOINT
                | command::LOITER_UNLIMITED
                | command::LOITER_TIME
                | command::RETURN
                | command::LAND
                | command::TAKEOFF
                | command::DELAY
        )
    }

    fn is_action(&self) -> bool {
        matches!(
            self.command,
            command::JUMP
                | command::CHANGE_SPEED
                | command::SET_ACTUATOR
                | command::LAND_START
                | command::ROI_LOCATION
                | command::ROI_NONE
                | command::ROI
                | command::GIMBAL_PITCH_YAW
        )
    }
}
