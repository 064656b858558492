//! A small aircraft that answers as PX4 was observed to, written for these tests only: points that move, no physics.
//! It uses the message definitions directly and shares no code with the link.

// Named, because other crates include this file by its path.
#[path = "vehicle/parameters.rs"]
mod parameters;
#[path = "vehicle/transfers.rs"]
mod transfers;

use flight_types::{GeoPoint, Local, LocalFrame};
use mavlink::dialects::ardupilotmega::*;
use mavlink::types::CharArray;
use mavlink::{MAVLinkV2MessageRaw, MavHeader, MavlinkReader};

pub const SYSTEM_ID: u8 = 7;
pub const HOLD: u8 = 3;
pub const MISSION: u8 = 4;
pub const RETURN: u8 = 5;
pub const LAND: u8 = 6;
/// ArduCopter's manual mode; no mode of PX4's "auto".
pub const STABILIZE: u8 = 0;
/// ArduCopter's number of each of those modes.
const ARDUCOPTER_NUMBERS: [(u8, u8); 5] = [(STABILIZE, 0), (HOLD, 4), (MISSION, 3), (RETURN, 6), (LAND, 9)];
/// Where the camera looks at a region of interest: down at somebody, however far exactly.
pub const LOOKING_AT_SOMEBODY_DEG: f32 = -60.0;
const ILLUMINATOR: u8 = 50;
const TICK_S: f64 = 0.02;
const SPEED_M_S: f64 = 12.0;
/// ArduCopter's own, at which it goes where it is ordered to, whatever speed the order says.
const OWN_SPEED_M_S: f64 = 10.0;
const CLIMB_M_S: f64 = 4.0;

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
            params: vec![
                ("COM_DL_LOSS_T", f32::from_bits(10), MavParamType::MAV_PARAM_TYPE_INT32),
                ("COM_LOW_BAT_ACT", f32::from_bits(3), MavParamType::MAV_PARAM_TYPE_INT32),
                ("GF_ACTION", f32::from_bits(2), MavParamType::MAV_PARAM_TYPE_INT32),
                ("GF_MAX_VER_DIST", 0.0, MavParamType::MAV_PARAM_TYPE_REAL32),
                ("NAV_DLL_ACT", f32::from_bits(0), MavParamType::MAV_PARAM_TYPE_INT32),
                ("RTL_RETURN_ALT", 30.0, MavParamType::MAV_PARAM_TYPE_REAL32),
                ("RTL_TYPE", f32::from_bits(0), MavParamType::MAV_PARAM_TYPE_INT32),
            ],
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

    pub fn position(&self) -> GeoPoint {
        self.frame.to_geo(self.place)
    }

    /// What it wants to send.
    pub fn take_datagrams(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.out)
    }

    fn send(&mut self, message: &MavMessage) {
        let header = MavHeader { system_id: self.system_id.into(), component_id: 1, sequence: self.sequence };
        self.sequence = self.sequence.wrapping_add(1);
        let datagram = self.sealed(header, message);
        self.out.push(datagram);
    }

    fn sealed(&mut self, header: MavHeader, message: &MavMessage) -> Vec<u8> {
        let mut raw = MAVLinkV2MessageRaw::new();
        let Some(key) = self.key else {
            raw.serialize_message(header, message);
            return raw.raw_bytes().to_vec();
        };
        raw.serialize_message_for_signing(header, message);
        self.signed = (self.signed + 1).max(self.signing_start + self.now_ms * 100);
        raw.signature_timestamp_bytes_mut().copy_from_slice(&self.signed.to_le_bytes()[..6]);
        let mut signature = [0; 6];
        raw.calculate_signature(&key, &mut signature);
        raw.signature_value_mut().copy_from_slice(&signature);
        raw.raw_bytes().to_vec()
    }

    /// Whether it takes this frame, by a signature that the definitions' own crate computes.
    fn takes(&mut self, datagram: &[u8]) -> bool {
        let Some(key) = self.key else { return true };
        let mut bytes = MAVLinkV2MessageRaw::new().into_inner();
        bytes[..datagram.len()].copy_from_slice(datagram);
        let raw = MAVLinkV2MessageRaw::from_bytes_unparsed(bytes);
        let mut signature = [0; 6];
        raw.calculate_signature(&key, &mut signature);
        let right = datagram[2] == 1 && signature == raw.signature_value();
        self.unsigned_heard += u32::from(!right);
        right
    }

    fn send_from_illuminator(&mut self, message: &MavMessage) {
        let sequence = self.illuminator_sequence;
        let header = MavHeader { system_id: self.system_id.into(), component_id: ILLUMINATOR, sequence };
        self.illuminator_sequence = self.illuminator_sequence.wrapping_add(1);
        let datagram = self.sealed(header, message);
        self.out.push(datagram);
    }

    pub fn say(&mut self, text: &str) {
        let chunks: Vec<&[u8]> = text.as_bytes().chunks(50).collect();
        let id = if chunks.len() > 1 { 9 } else { 0 };
        for (seq, chunk) in chunks.iter().enumerate() {
            let mut bytes = [0; 50];
            bytes[..chunk.len()].copy_from_slice(chunk);
            let severity = MavSeverity::MAV_SEVERITY_CRITICAL;
            let text = CharArray::new(bytes);
            self.send(&MavMessage::STATUSTEXT(STATUSTEXT_DATA { severity, text, id, chunk_seq: seq as u8 }));
        }
    }

    /// Its receiver hears somebody else's aircraft that hovers there.
    pub fn hear_traffic(&mut self, place: GeoPoint, altitude_amsl_m: f64) {
        let flags = AdsbFlags::ADSB_FLAGS_VALID_COORDS | AdsbFlags::ADSB_FLAGS_VALID_ALTITUDE;
        self.send(&MavMessage::ADSB_VEHICLE(ADSB_VEHICLE_DATA {
            ICAO_address: 0x71_0001,
            lat: (place.lat_deg() * 1e7).round() as i32,
            lon: (place.lon_deg() * 1e7).round() as i32,
            altitude: (altitude_amsl_m * 1e3).round() as i32,
            altitude_type: AdsbAltitudeType::ADSB_ALTITUDE_TYPE_GEOMETRIC,
            flags,
            ..Default::default()
        }));
    }

    // ---- time ----

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

    fn every(&self, period_ms: u64) -> bool {
        self.now_ms % period_ms < 20
    }

    fn stream(&mut self) {
        if self.every(1_000) {
            self.heartbeat();
            self.send(&MavMessage::MISSION_CURRENT(MISSION_CURRENT_DATA { seq: self.current, ..Default::default() }));
            self.sys_status();
            if self.has_illuminator {
                self.illuminator_status();
            }
            self.send(&MavMessage::GPS_RAW_INT(GPS_RAW_INT_DATA {
                fix_type: self.fix,
                satellites_visible: 14,
                ..Default::default()
            }));
        }
        if self.every(200) {
            self.global_position();
            let landed_state =
                if self.landed { MavLandedState::MAV_LANDED_STATE_ON_GROUND } else { MavLandedState::MAV_LANDED_STATE_IN_AIR };
            let vtol_state = MavVtolState::MAV_VTOL_STATE_UNDEFINED;
            self.send(&MavMessage::EXTENDED_SYS_STATE(EXTENDED_SYS_STATE_DATA { vtol_state, landed_state }));
        }
    }

    fn heartbeat(&mut self) {
        let armed = if self.armed { MavModeFlag::MAV_MODE_FLAG_SAFETY_ARMED } else { MavModeFlag::empty() };
        let number = ARDUCOPTER_NUMBERS.iter().find(|(mode, _)| *mode == self.mode).map_or(0, |(_, number)| *number);
        let (custom_mode, autopilot) = match self.ardupilot {
            true => (u32::from(number), MavAutopilot::MAV_AUTOPILOT_ARDUPILOTMEGA),
            false => (4 << 16 | u32::from(self.mode) << 24, MavAutopilot::MAV_AUTOPILOT_PX4),
        };
        self.send(&MavMessage::HEARTBEAT(HEARTBEAT_DATA {
            custom_mode,
            mavtype: MavType::MAV_TYPE_QUADROTOR,
            autopilot,
            base_mode: armed | MavModeFlag::MAV_MODE_FLAG_CUSTOM_MODE_ENABLED,
            system_status: MavState::MAV_STATE_STANDBY,
            mavlink_version: 3,
        }));
        if self.strange {
            // A type that the dialect does not know, with a right checksum.
            let bytes = self.out.last_mut().expect("just sent");
            bytes[10 + 4] = 250;
            let end = bytes.len() - 2;
            let checksum = mavlink::calculate_crc(&bytes[1..end], 50);
            bytes[end..].copy_from_slice(&checksum.to_le_bytes());
        }
    }

    fn sys_status(&mut self) {
        let prearm = MavSysStatusSensor::MAV_SYS_STATUS_PREARM_CHECK;
        let gps = MavSysStatusSensor::MAV_SYS_STATUS_SENSOR_GPS;
        let health = if self.healthy { gps | prearm } else { gps };
        // PX4: ready to arm is told among the healthy ones only; a missing transmitter is enabled and never healthy.
        self.send(&MavMessage::SYS_STATUS(SYS_STATUS_DATA {
            onboard_control_sensors_present: gps,
            onboard_control_sensors_enabled: gps | MavSysStatusSensor::MAV_SYS_STATUS_SENSOR_RC_RECEIVER,
            onboard_control_sensors_health: health,
            voltage_battery: 16_000,
            battery_remaining: self.battery_pct,
            ..Default::default()
        }));
        if let Some(second_pct) = self.second_battery_pct {
            let id = u8::from((self.now_ms / 1_000).is_multiple_of(2));
            let battery_remaining = if id == 1 { second_pct } else { self.battery_pct };
            self.send(&MavMessage::BATTERY_STATUS(BATTERY_STATUS_DATA { id, battery_remaining, ..Default::default() }));
        }
    }

    fn global_position(&mut self) {
        let position = self.position();
        self.send(&MavMessage::GLOBAL_POSITION_INT(GLOBAL_POSITION_INT_DATA {
            time_boot_ms: (self.clock_ns() / 1_000_000) as u32,
            lat: (position.lat_deg() * 1e7) as i32,
            lon: (position.lon_deg() * 1e7) as i32,
            alt: ((self.home_amsl_m + self.height_m) * 1e3) as i32,
            relative_alt: (self.height_m * 1e3) as i32,
            vx: 0,
            vy: 0,
            vz: 0,
            hdg: 9_000,
        }));
    }

    fn illuminator_status(&mut self) {
        let error_status = if self.light_broken { IlluminatorErrorFlags::all() } else { IlluminatorErrorFlags::empty() };
        let enable = u8::from(self.light_on && !self.light_broken);
        self.send_from_illuminator(&MavMessage::ILLUMINATOR_STATUS(ILLUMINATOR_STATUS_DATA {
            error_status,
            enable,
            uptime_ms: 1,
            mode: IlluminatorMode::DEFAULT,
            ..Default::default()
        }));
    }

    // ---- flying ----

    fn fly(&mut self) {
        match self.mode {
            MISSION => self.fly_mission(),
            RETURN => self.fly_return(),
            LAND => self.descend(),
            _ => {
                if let (Some((goal, height_m)), false) = (self.goal, self.landed) {
                    self.move_at(goal, height_m, self.ordered_speed_m_s);
                }
            }
        }
    }

    /// Heights of the waypoints on board, in their order.
    pub fn waypoint_heights_m(&self) -> Vec<f32> {
        self.mission.iter().filter(|item| item.command == MavCmd::MAV_CMD_NAV_WAYPOINT).map(|item| item.z).collect()
    }

    fn fly_mission(&mut self) {
        if self.ardupilot {
            // Item 0 is its home.
            self.current = self.current.max(1);
        }
        let Some(item) = self.mission.get(usize::from(self.current)).cloned() else { return };
        let goal = self.local(item.x, item.y);
        let height_m = f64::from(item.z);
        match item.command {
            MavCmd::MAV_CMD_NAV_TAKEOFF if self.landed => {
                self.landed = false;
                self.launches += 1;
            }
            MavCmd::MAV_CMD_NAV_TAKEOFF if self.move_to(self.place, height_m) => {
                self.reached();
            }
            MavCmd::MAV_CMD_DO_CHANGE_SPEED | MavCmd::MAV_CMD_DO_RETURN_PATH_START | MavCmd::MAV_CMD_DO_LAND_START => {
                self.current += 1;
            }
            MavCmd::MAV_CMD_DO_GIMBAL_MANAGER_PITCHYAW => {
                self.camera_pitch_deg = item.param1;
                self.current += 1;
            }
            MavCmd::MAV_CMD_NAV_WAYPOINT if !self.landed && self.move_to(goal, height_m) => {
                self.reached();
            }
            MavCmd::MAV_CMD_NAV_LOITER_UNLIM if !self.landed => {
                self.move_to(goal, height_m);
            }
            MavCmd::MAV_CMD_NAV_LAND if !self.landed => {
                if self.place.distance_m(&goal) > 0.5 {
                    self.move_to(goal, self.height_m);
                } else {
                    self.descend();
                }
            }
            _ => {}
        }
    }

    fn reached(&mut self) {
        let seq = self.current;
        self.send(&MavMessage::MISSION_ITEM_REACHED(MISSION_ITEM_REACHED_DATA { seq }));
        self.current += 1;
    }

    /// What ArduCopter 4.6 does when it hears nobody and has a way back on board (AP_Mission::jump_to_closest_mission_leg): from the leg that is
    /// nearest in space on along its mission. Whether it has one; without, it returns straight.
    pub fn return_alone(&mut self) -> bool {
        let flat = |item: &MISSION_ITEM_INT_DATA| (self.local(item.x, item.y), f64::from(item.z));
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
            let ((a, a_m), (b, b_m)) = (flat(&self.mission[from]), flat(&self.mission[to]));
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

    /// Where it would go by itself from here, place after place with its height, when it heard nobody any more: by the mission that lies on board.
    /// Nothing where it has none by which it could.
    pub fn way_alone(&self) -> Vec<(Local, f64)> {
        let flat = |item: &MISSION_ITEM_INT_DATA| (self.local(item.x, item.y), f64::from(item.z));
        let is_speed =
            |item: &MISSION_ITEM_INT_DATA| matches!(item.command, MavCmd::MAV_CMD_DO_CHANGE_SPEED | MavCmd::MAV_CMD_DO_LAND_START);
        let is_landing = |item: &MISSION_ITEM_INT_DATA| item.command == MavCmd::MAV_CMD_NAV_LAND;
        let here = (self.place, self.height_m);
        let mut places: Vec<&MISSION_ITEM_INT_DATA> = self.mission.iter().collect();
        if self.ardupilot {
            let mut alone = Self::new(self.frame.to_geo(Local::default()));
            (alone.ardupilot, alone.mission) = (true, self.mission.clone());
            (alone.place, alone.height_m) = here;
            if !alone.return_alone() {
                return Vec::new();
            }
            places = places.split_off(usize::from(alone.current));
        } else {
            // PX4 with RTL_TYPE 2 (rtl_mission_fast.cpp, rtl_mission_fast_reverse.cpp): from the item that is nearest in space on to the landing, or
            // back to the take-off where there is none.
            let off_m = |item: &MISSION_ITEM_INT_DATA| {
                let (place, height_m) = flat(item);
                place.distance_m(&here.0).hypot(height_m - here.1)
            };
            if !self.mission.iter().any(is_landing) {
                places.reverse();
            }
            places.retain(|item| !is_speed(item));
            let nearest = (0..places.len()).min_by(|a, b| off_m(places[*a]).total_cmp(&off_m(places[*b])));
            let Some(nearest) = nearest else { return Vec::new() };
            places = places.split_off(nearest);
        }
        let lands = |item: &MISSION_ITEM_INT_DATA, before_m: f64| if is_landing(item) { before_m } else { f64::from(item.z) };
        let mut way = vec![here];
        for item in places.into_iter().filter(|item| !is_speed(item)) {
            let before_m = way.last().map_or(0.0, |(_, height_m)| *height_m);
            way.push((flat(item).0, lands(item, before_m)));
        }
        way
    }

    fn fly_return(&mut self) {
        if self.place.distance_m(&Local::default()) > 0.5 {
            self.move_to(Local::default(), self.height_m.max(30.0));
        } else {
            self.descend();
        }
    }

    fn descend(&mut self) {
        if self.landed {
            return;
        }
        self.height_m -= 2.0 * TICK_S;
        if self.height_m <= 0.0 {
            self.height_m = 0.0;
            self.landed = true;
            self.landed_ms = self.now_ms;
        }
    }

    /// Moves a tick towards the goal; whether it is there.
    fn move_to(&mut self, goal: Local, height_m: f64) -> bool {
        self.move_at(goal, height_m, SPEED_M_S)
    }

    fn move_at(&mut self, goal: Local, height_m: f64, speed_m_s: f64) -> bool {
        let distance_m = self.place.distance_m(&goal);
        let share = (speed_m_s * TICK_S / distance_m.max(1e-9)).min(1.0);
        self.place.east_m += (goal.east_m - self.place.east_m) * share;
        self.place.north_m += (goal.north_m - self.place.north_m) * share;
        self.height_m += (height_m - self.height_m).clamp(-CLIMB_M_S * TICK_S, CLIMB_M_S * TICK_S);
        distance_m < 0.5 && (self.height_m - height_m).abs() < 0.5
    }

    fn local(&self, x: i32, y: i32) -> Local {
        let place = GeoPoint::new(f64::from(x) / 1e7, f64::from(y) / 1e7).expect("the link sends places");
        self.frame.to_local(place)
    }

    pub fn set_mode(&mut self, mode: u8) {
        self.mode = mode;
        self.repositioned = false;
        self.goal = (mode == HOLD).then_some((self.place, self.height_m));
    }

    // ---- receiving ----

    pub fn receive(&mut self, datagram: &[u8]) {
        if !self.takes(datagram) {
            return;
        }
        let mut reader = MavlinkReader::new(datagram);
        let read: Result<(MavHeader, MavMessage), _> = reader.read_any_message();
        let (header, message) = read.expect("the link sends whole frames that the dialect knows");
        assert_eq!((header.system_id, header.component_id), (255, 190));
        self.note_transfer(&message);
        match message {
            MavMessage::HEARTBEAT(heartbeat) => {
                assert_eq!(heartbeat.mavtype, MavType::MAV_TYPE_GCS);
                assert_eq!(heartbeat.base_mode, MavModeFlag::empty());
                self.gcs_ms = Some(self.now_ms);
            }
            MavMessage::COMMAND_LONG(command) if command.target_system == self.system_id => self.command_long(&command),
            MavMessage::COMMAND_INT(command) if command.target_system == self.system_id => self.command_int(&command),
            MavMessage::MISSION_COUNT(count) if count.target_system == self.system_id => self.mission_count(&count),
            MavMessage::MISSION_ITEM_INT(item) if item.target_system == self.system_id => self.mission_item(&item),
            MavMessage::MISSION_REQUEST_LIST(request) => self.send_count(request.mission_type),
            MavMessage::MISSION_REQUEST_INT(request) => self.send_item(request.mission_type, request.seq),
            MavMessage::MISSION_SET_CURRENT(set) => self.current = set.seq,
            MavMessage::MISSION_ACK(_) => {}
            MavMessage::COMMAND_CANCEL(cancel) => self.cancelled.push(cancel.command),
            MavMessage::TIMESYNC(sync) => self.tell_time(&sync),
            MavMessage::COMMAND_ACK(ack) => self.take_authorization(&ack),
            MavMessage::SETUP_SIGNING(set_up) => {
                self.key = Some(set_up.secret_key);
                self.signing_start = set_up.initial_timestamp - self.now_ms * 100;
            }
            MavMessage::PARAM_REQUEST_READ(request) if request.param_index >= 0 => {
                self.tell_parameter_at(request.param_index as usize)
            }
            MavMessage::PARAM_REQUEST_READ(request) => self.tell_parameter(request.param_id),
            MavMessage::PARAM_REQUEST_LIST(_) => (0..self.params.len()).for_each(|index| self.tell_parameter_at(index)),
            MavMessage::PARAM_SET(set) => self.set_parameter(&set),
            other => panic!("the link sent {other:?}"),
        }
    }

    fn clock_ns(&self) -> i64 {
        (self.now_ms as i64 + self.clock_ahead_ms) * 1_000_000
    }

    fn tell_time(&mut self, sync: &TIMESYNC_DATA) {
        if sync.tc1 == 0 {
            let answer = TIMESYNC_DATA { tc1: self.clock_ns(), ts1: sync.ts1, target_system: 255, target_component: 190 };
            self.send(&MavMessage::TIMESYNC(answer));
        }
    }

    /// What anybody's order to arm leads to on an aircraft that asks first.
    pub fn ask_to_arm(&mut self) {
        self.asked_ms = Some(self.now_ms);
        self.send(&MavMessage::COMMAND_LONG(COMMAND_LONG_DATA {
            param1: f32::from(self.system_id),
            command: MavCmd::MAV_CMD_ARM_AUTHORIZATION_REQUEST,
            target_system: 255,
            target_component: 0,
            ..Default::default()
        }));
    }

    fn take_authorization(&mut self, ack: &COMMAND_ACK_DATA) {
        let asked_ms = self.asked_ms.take().filter(|asked_ms| self.now_ms < asked_ms + 1_000);
        if ack.command != MavCmd::MAV_CMD_ARM_AUTHORIZATION_REQUEST || asked_ms.is_none() {
            return;
        }
        if ack.result == MavResult::MAV_RESULT_ACCEPTED && ack.progress > 0 {
            self.start_motors();
        } else {
            self.say("Arming denied: not authorized");
        }
    }

    fn ack(&mut self, command: MavCmd, result: MavResult) {
        self.acks += 1;
        if self.drops_acks && self.acks % 2 == 1 {
            return;
        }
        self.send(&MavMessage::COMMAND_ACK(ack_data(command, result)));
    }

    fn command_long(&mut self, command: &COMMAND_LONG_DATA) {
        self.commands.push(command.command);
        if command.target_component == ILLUMINATOR {
            return self.illuminator_command(command);
        }
        let result = match command.command {
            MavCmd::MAV_CMD_COMPONENT_ARM_DISARM if command.param1 == 1.0 => self.arm(),
            MavCmd::MAV_CMD_COMPONENT_ARM_DISARM => self.disarm(),
            MavCmd::MAV_CMD_DO_SET_MODE if self.ardupilot => {
                let ordered = ARDUCOPTER_NUMBERS.iter().find(|(_, number)| f32::from(*number) == command.param2);
                return self.order_mode(ordered.expect("a mode of ArduCopter").0);
            }
            MavCmd::MAV_CMD_DO_SET_MODE => return self.order_mode(command.param3 as u8),
            MavCmd::MAV_CMD_DO_SET_SERVO if self.ardupilot => {
                self.servos.push((command.param1, command.param2));
                MavResult::MAV_RESULT_ACCEPTED
            }
            MavCmd::MAV_CMD_DO_SET_RELAY if self.ardupilot => {
                self.relays.push((command.param1, command.param2));
                MavResult::MAV_RESULT_ACCEPTED
            }
            MavCmd::MAV_CMD_REQUEST_MESSAGE if command.param1 == 0.0 => {
                self.heartbeat();
                MavResult::MAV_RESULT_ACCEPTED
            }
            MavCmd::MAV_CMD_REQUEST_MESSAGE if command.param1 == 148.0 => {
                self.send(&MavMessage::AUTOPILOT_VERSION(AUTOPILOT_VERSION_DATA {
                    uid: self.hardware,
                    flight_sw_version: u32::from_be_bytes(if self.ardupilot { [4, 6, 3, 255] } else { [1, 16, 0, 255] }),
                    ..Default::default()
                }));
                MavResult::MAV_RESULT_ACCEPTED
            }
            MavCmd::MAV_CMD_DO_CHANGE_SPEED => {
                self.ordered_speed_m_s = f64::from(command.param2);
                MavResult::MAV_RESULT_ACCEPTED
            }
            MavCmd::MAV_CMD_SET_MESSAGE_INTERVAL => MavResult::MAV_RESULT_ACCEPTED,
            MavCmd::MAV_CMD_DO_SET_ROI_NONE => {
                self.camera_pitch_deg = 0.0;
                MavResult::MAV_RESULT_ACCEPTED
            }
            MavCmd::MAV_CMD_DO_SET_ACTUATOR => {
                self.actuators.push(command.param1);
                MavResult::MAV_RESULT_ACCEPTED
            }
            _ => MavResult::MAV_RESULT_UNSUPPORTED,
        };
        self.ack(command.command, result);
    }

    fn illuminator_command(&mut self, command: &COMMAND_LONG_DATA) {
        if !self.has_illuminator {
            return;
        }
        if command.command == MavCmd::MAV_CMD_ILLUMINATOR_ON_OFF {
            self.light_on = command.param1 == 1.0;
        }
        if command.command == MavCmd::MAV_CMD_DO_ILLUMINATOR_CONFIGURE {
            self.light_settings.push([command.param2, command.param3, command.param4]);
        }
        self.send_from_illuminator(&MavMessage::COMMAND_ACK(ack_data(command.command, MavResult::MAV_RESULT_ACCEPTED)));
    }

    fn arm(&mut self) -> MavResult {
        let heard = self.gcs_ms.is_some_and(|heard_ms| self.now_ms < heard_ms + 5_000);
        if self.now_ms < self.ready_ms || !heard {
            self.say(&self.refusal.clone());
            return MavResult::MAV_RESULT_TEMPORARILY_REJECTED;
        }
        if self.asks_before_arming && !self.armed {
            self.ask_to_arm();
            return MavResult::MAV_RESULT_IN_PROGRESS;
        }
        self.start_motors();
        MavResult::MAV_RESULT_ACCEPTED
    }

    fn start_motors(&mut self) {
        if !self.armed {
            self.arms += 1;
            self.armed_in = Some(self.mode);
            self.armed = true;
            self.armed_ms = self.now_ms;
        }
    }

    fn disarm(&mut self) -> MavResult {
        if !self.landed {
            self.disarms_in_air += 1;
            return MavResult::MAV_RESULT_TEMPORARILY_REJECTED;
        }
        self.armed = false;
        MavResult::MAV_RESULT_ACCEPTED
    }

    /// Acknowledged twice, as PX4 does.
    fn order_mode(&mut self, mode: u8) {
        self.modes_ordered.push(mode);
        self.ack(MavCmd::MAV_CMD_DO_SET_MODE, MavResult::MAV_RESULT_ACCEPTED);
        if mode == MISSION && (self.mission.is_empty() || self.infeasible) {
            self.say("Mission rejected: Geofence violation for waypoint 1");
            return self.ack(MavCmd::MAV_CMD_DO_SET_MODE, MavResult::MAV_RESULT_DENIED);
        }
        if mode != self.mode {
            self.set_mode(mode);
        }
        self.ack(MavCmd::MAV_CMD_DO_SET_MODE, MavResult::MAV_RESULT_ACCEPTED);
    }

    fn command_int(&mut self, command: &COMMAND_INT_DATA) {
        self.commands.push(command.command);
        if command.command == MavCmd::MAV_CMD_DO_REPOSITION {
            assert_eq!(command.param2, 1.0, "the flag that changes the mode");
            if self.armed {
                let height_m = f64::from(command.z) - self.home_amsl_m;
                self.mode = HOLD;
                // The first of guided mode begins at its own speed, whatever it was told before.
                if self.ardupilot && !std::mem::replace(&mut self.repositioned, true) {
                    self.ordered_speed_m_s = OWN_SPEED_M_S;
                }
                self.goal = Some((self.local(command.x, command.y), height_m));
            }
        }
        if command.command == MavCmd::MAV_CMD_DO_SET_ROI_LOCATION {
            self.camera_pitch_deg = LOOKING_AT_SOMEBODY_DEG;
        }
        self.ack(command.command, MavResult::MAV_RESULT_ACCEPTED);
    }
}

fn ack_data(command: MavCmd, result: MavResult) -> COMMAND_ACK_DATA {
    COMMAND_ACK_DATA { command, result, progress: 0, result_param2: 0, target_system: 255, target_component: 190 }
}
