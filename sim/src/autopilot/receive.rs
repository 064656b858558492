//! What comes in over the link, sorted: commands, missions, parameters, setpoints.
#![allow(deprecated, reason = "PX4 and its clients speak messages that the definitions mark as superseded")]

use flight_types::GeoPoint;
use mavlink::dialects::ardupilotmega::{
    MISSION_ACK_DATA, MISSION_COUNT_DATA, MISSION_REQUEST_DATA, MISSION_REQUEST_INT_DATA, MavMessage, MavMissionResult,
    MavMissionType, PING_DATA, TIMESYNC_DATA,
};

use super::guidance::{FollowTarget, Setpoint};
use super::params::{ParamValue, received_value};
use super::plan::{Item, ItemFault};
use super::transfer::{ASK_AGAIN_US, ASKS_MAX, ITEM_US, PlanKind, Upload};
use super::wire::{self, AUTOPILOT_COMPONENT, Frame};
use super::{Autopilot, Fence, FlightMode};
use crate::Fault;
use crate::physics::Vector;

/// MAV_TYPE of a ground station's heartbeat.
const GROUND_STATION: u8 = 6;
/// Bits of a setpoint's type mask that say "ignore".
const IGNORE_POSITION: u16 = 0b111;
const IGNORE_VELOCITY: u16 = 0b111_000;
const IGNORE_HEADING: u16 = 1 << 10;
/// Parameters sent in one guidance step of a full list: 900 took 0.9 s (flight.md 16), 20 a step of 20 ms.
const PARAMETERS_A_STEP: usize = 20;

impl Autopilot {
    /// Takes one frame of a client.
    pub(crate) fn receive(&mut self, frame: &Frame) {
        match frame.id {
            wire::HEARTBEAT => {
                if frame.u8(4) == GROUND_STATION {
                    self.commander.ground_station_heard_us = Some(self.now_us);
                }
            }
            wire::COMMAND_LONG | wire::COMMAND_INT => self.receive_command(frame),
            wire::MISSION_ITEM_INT => self.receive_item(frame),
            wire::MISSION_ITEM => self.refuse_float_item(frame),
            _ => {
                if let Some(message) = frame.message() {
                    self.receive_message(message, (frame.system, frame.component));
                }
            }
        }
    }

    /// Whether a message names this aircraft; 0 names all (flight.md 7).
    pub(super) fn is_for_me(&self, system: u8, component: u8) -> bool {
        let own = self.params.integer("MAV_SYS_ID");
        (system == 0 || i32::from(system) == own) && (component == 0 || component == AUTOPILOT_COMPONENT)
    }

    fn receive_message(&mut self, message: MavMessage, client: (u8, u8)) {
        match message {
            MavMessage::MISSION_COUNT(m) if self.is_for_me(m.target_system, m.target_component) => {
                self.begin_upload(m.mission_type as u8, m.count, client);
            }
            MavMessage::MISSION_REQUEST_LIST(m) if self.is_for_me(m.target_system, m.target_component) => {
                self.announce_plan(m.mission_type as u8, client);
            }
            MavMessage::MISSION_REQUEST_INT(m) if self.is_for_me(m.target_system, m.target_component) => {
                self.send_item(m.mission_type as u8, m.seq, client);
            }
            MavMessage::MISSION_REQUEST(m) if self.is_for_me(m.target_system, m.target_component) => {
                self.send_item(m.mission_type as u8, m.seq, client);
            }
            MavMessage::MISSION_ACK(m) if self.is_for_me(m.target_system, m.target_component) => {
                self.heed_refusal(m.mavtype, client)
            }
            MavMessage::MISSION_CLEAR_ALL(m) if self.is_for_me(m.target_system, m.target_component) => {
                self.clear_plan(m.mission_type as u8, client);
            }
            MavMessage::MISSION_SET_CURRENT(m) if self.is_for_me(m.target_system, m.target_component) => {
                self.set_current_item(m.seq);
                self.telemetry.send_mission_current_soon();
            }
            MavMessage::PARAM_REQUEST_READ(m) if self.is_for_me(m.target_system, m.target_component) => {
                self.tell_parameter(m.param_index, m.param_id.to_str().unwrap_or_default());
            }
            MavMessage::PARAM_REQUEST_LIST(m) if self.is_for_me(m.target_system, m.target_component) => {
                self.downloads.next_parameter = Some(0);
            }
            MavMessage::PARAM_SET(m) if self.is_for_me(m.target_system, m.target_component) => {
                let value = received_value(m.param_value, m.param_type);
                self.take_parameter(m.param_id.to_str().unwrap_or_default(), value);
            }
            MavMessage::SET_POSITION_TARGET_LOCAL_NED(m) if self.is_for_me(m.target_system, m.target_component) => {
                let position = Vector::new(f64::from(m.x), f64::from(m.y), f64::from(m.z));
                let velocity = Vector::new(f64::from(m.vx), f64::from(m.vy), f64::from(m.vz));
                self.take_setpoint(m.type_mask.bits(), position, velocity, f64::from(m.yaw));
            }
            MavMessage::SET_POSITION_TARGET_GLOBAL_INT(m) if self.is_for_me(m.target_system, m.target_component) => {
                let Ok(place) = GeoPoint::new(f64::from(m.lat_int) * 1e-7, f64::from(m.lon_int) * 1e-7) else { return };
                let relative = matches!(m.coordinate_frame as u8, 3 | 6);
                let base_m = if relative { self.origin_amsl_m - self.guidance.home_m.z } else { 0.0 };
                let position = self.to_local(place, base_m + f64::from(m.alt));
                let velocity = Vector::new(f64::from(m.vx), f64::from(m.vy), f64::from(m.vz));
                self.take_setpoint(m.type_mask.bits(), position, velocity, f64::from(m.yaw));
            }
            MavMessage::FOLLOW_TARGET(m) => {
                let Ok(place) = GeoPoint::new(f64::from(m.lat) * 1e-7, f64::from(m.lon) * 1e-7) else { return };
                let position_m = self.to_local(place, f64::from(m.alt));
                let velocity_m_s = Vector::new(f64::from(m.vel[0]), f64::from(m.vel[1]), 0.0);
                self.guidance.follow = Some(FollowTarget { position_m, velocity_m_s, received_us: self.now_us });
            }
            MavMessage::GIMBAL_MANAGER_SET_PITCHYAW(m)
                if self.is_for_me(m.target_system, m.target_component) && self.has_gimbal_manager() =>
            {
                self.point_gimbal(f64::from(m.pitch).to_degrees(), f64::from(m.yaw).to_degrees(), client);
            }
            MavMessage::PING(m) if m.target_system == 0 => {
                let reply = PING_DATA { time_usec: m.time_usec, seq: m.seq, target_system: client.0, target_component: client.1 };
                self.out.send(AUTOPILOT_COMPONENT, &reply);
            }
            MavMessage::TIMESYNC(m) if m.tc1 == 0 => {
                let now_ns = i64::try_from(self.now_us).unwrap_or(i64::MAX).saturating_mul(1_000);
                let reply = TIMESYNC_DATA { tc1: now_ns, ts1: m.ts1, target_system: client.0, target_component: client.1 };
                self.out.send(AUTOPILOT_COMPONENT, &reply);
            }
            _ => {}
        }
    }

    /// One parameter by its place, or by its name when the place is below zero.
    fn tell_parameter(&mut self, index: i16, name: &str) {
        let index = usize::try_from(index).ok().or_else(|| self.params.index_of(name));
        self.send_parameter(index);
    }

    /// A wrong type or an unknown name gets no reply (flight.md 16).
    fn take_parameter(&mut self, name: &str, value: Option<ParamValue>) {
        if value.is_some_and(|value| self.params.set(name, value)) {
            if name == "SIM_BAT_MIN_PCT" {
                self.failures_asked.push(Fault::SetCharge { pct: self.params.number(name).clamp(0.0, 100.0) });
            }
            let index = self.params.index_of(name);
            self.send_parameter(index);
        }
    }

    fn take_setpoint(&mut self, mask: u16, position: Vector, velocity: Vector, heading: f64) {
        let setpoint = Setpoint {
            position_m: (mask & IGNORE_POSITION != IGNORE_POSITION).then_some(position),
            velocity_m_s: (mask & IGNORE_VELOCITY != IGNORE_VELOCITY).then_some(velocity),
            heading_rad: (mask & IGNORE_HEADING == 0 && heading.is_finite()).then_some(heading),
            received_us: self.now_us,
        };
        let parts = [setpoint.position_m, setpoint.velocity_m_s];
        if parts.iter().flatten().all(|part| part.iter().all(|value| value.is_finite())) {
            self.guidance.setpoint = Some(setpoint);
        }
    }

    fn send_parameter(&mut self, index: Option<usize>) {
        if let Some(message) = index.and_then(|index| self.params.message(index)) {
            self.out.send(AUTOPILOT_COMPONENT, &message);
        }
    }

    /// Uploads and lists go on with time.
    pub(super) fn advance_transfers(&mut self) {
        if let Some(first) = self.downloads.next_parameter {
            let end = (first + PARAMETERS_A_STEP).min(self.params.count());
            for index in first..end {
                self.send_parameter(Some(index));
            }
            self.downloads.next_parameter = (end < self.params.count()).then_some(end);
        }
        self.ask_for_item();
        if self.has_gimbal_manager() {
            self.aim_gimbal();
        }
    }

    fn items_of(&self, kind: PlanKind) -> &[Item] {
        match kind {
            PlanKind::Mission => &self.plans.mission,
            PlanKind::Fence => &self.plans.fence_items,
            PlanKind::Rally => &self.plans.rally,
        }
    }

    fn begin_upload(&mut self, kind: u8, count: u16, client: (u8, u8)) {
        let Some(plan) = PlanKind::from_wire(kind) else {
            return self.acknowledge(kind, MavMissionResult::MAV_MISSION_UNSUPPORTED, client);
        };
        match Upload::new(plan, count, client, self.now_us) {
            Some(upload) if count > 0 => self.upload = Some(upload),
            Some(_) => {
                self.store(plan, Vec::new());
                self.acknowledge(kind, MavMissionResult::MAV_MISSION_ACCEPTED, client);
            }
            None => self.acknowledge(kind, MavMissionResult::MAV_MISSION_NO_SPACE, client),
        }
    }

    fn ask_for_item(&mut self) {
        let Some(upload) = self.upload.as_mut().filter(|upload| upload.ask_at_us <= self.now_us) else { return };
        upload.asks += 1;
        upload.ask_at_us = self.now_us + ASK_AGAIN_US;
        let (seq, client, kind, int_mode) = (upload.next_sequence(), upload.client, upload.kind, upload.int_mode);
        if upload.asks > ASKS_MAX {
            self.upload = None;
            return self.acknowledge(kind.to_wire(), MavMissionResult::MAV_MISSION_OPERATION_CANCELLED, client);
        }
        let (target_system, target_component) = client;
        let mission_type = mission_type(kind.to_wire());
        // The first request is the old one; after the first INT item it knows that the client speaks INT (flight.md 17).
        if int_mode {
            self.out.send(AUTOPILOT_COMPONENT, &MISSION_REQUEST_INT_DATA { seq, target_system, target_component, mission_type });
        } else {
            self.out.send(AUTOPILOT_COMPONENT, &MISSION_REQUEST_DATA { seq, target_system, target_component, mission_type });
        }
    }

    /// A client that does not speak the requests it got says UNSUPPORTED: the other kind is tried (MAVSDK does this).
    fn heed_refusal(&mut self, result: MavMissionResult, client: (u8, u8)) {
        let Some(upload) = self.upload.as_mut().filter(|upload| upload.client == client) else { return };
        if result == MavMissionResult::MAV_MISSION_UNSUPPORTED {
            upload.int_mode = !upload.int_mode;
            upload.ask_at_us = self.now_us;
        } else if result == MavMissionResult::MAV_MISSION_OPERATION_CANCELLED {
            self.upload = None;
        }
    }

    fn receive_item(&mut self, frame: &Frame) {
        let (sequence, item) = Item::from_int_frame(frame);
        let (target, kind) = ((frame.u8(32), frame.u8(33)), frame.u8(37));
        let Some(upload) = self.upload.as_mut() else { return };
        let client = upload.client;
        if !(target.0 == 0 || i32::from(target.0) == self.params.integer("MAV_SYS_ID")) || upload.kind.to_wire() != kind {
            return;
        }
        if sequence != upload.next_sequence() {
            // A repeated or early item: the next request says what is wanted.
            return;
        }
        let checked = match upload.kind {
            PlanKind::Mission => item.check_mission(),
            PlanKind::Fence => item.check_fence(),
            PlanKind::Rally => item.check_rally(),
        };
        if let Err(fault) = checked {
            self.upload = None;
            return self.acknowledge(kind, fault_result(fault), client);
        }
        upload.int_mode = true;
        upload.items.push(item);
        upload.asks = 0;
        upload.ask_at_us = self.now_us + ITEM_US;
        if upload.is_complete() {
            self.complete_upload(kind, client);
        }
    }

    fn complete_upload(&mut self, kind: u8, client: (u8, u8)) {
        let Some(upload) = self.upload.take() else { return };
        let stored = self.store(upload.kind, upload.items);
        let result = if stored { MavMissionResult::MAV_MISSION_ACCEPTED } else { MavMissionResult::MAV_MISSION_ERROR };
        self.acknowledge(kind, result, client);
    }

    fn refuse_float_item(&mut self, frame: &Frame) {
        let kind = frame.u8(37);
        if self.upload.take().is_some() {
            self.acknowledge(kind, MavMissionResult::MAV_MISSION_UNSUPPORTED, (frame.system, frame.component));
        }
    }

    /// Puts a whole plan on board; false when a fence does not hold together.
    fn store(&mut self, kind: PlanKind, items: Vec<Item>) -> bool {
        match kind {
            PlanKind::Mission => self.adopt_mission(items),
            PlanKind::Fence => {
                let Some(fence) = Fence::from_items(&items) else { return false };
                self.plans.fence = fence;
                self.plans.fence_items = items;
                self.plans.fence_id += 1;
                self.check_mission();
            }
            PlanKind::Rally => {
                self.plans.rally = items;
                self.plans.rally_id += 1;
            }
        }
        self.telemetry.send_mission_current_soon();
        true
    }

    fn clear_plan(&mut self, kind: u8, client: (u8, u8)) {
        match PlanKind::from_wire(kind) {
            Some(plan) => {
                self.store(plan, Vec::new());
            }
            None => {
                for plan in [PlanKind::Mission, PlanKind::Fence, PlanKind::Rally] {
                    self.store(plan, Vec::new());
                }
            }
        }
        self.acknowledge(kind, MavMissionResult::MAV_MISSION_ACCEPTED, client);
    }

    fn announce_plan(&mut self, kind: u8, client: (u8, u8)) {
        let Some(plan) = PlanKind::from_wire(kind) else {
            return self.acknowledge(kind, MavMissionResult::MAV_MISSION_UNSUPPORTED, client);
        };
        let opaque_id = match plan {
            PlanKind::Mission => self.plans.mission_id,
            PlanKind::Fence => self.plans.fence_id,
            PlanKind::Rally => self.plans.rally_id,
        };
        let message = MISSION_COUNT_DATA {
            count: self.items_of(plan).len() as u16,
            target_system: client.0,
            target_component: client.1,
            mission_type: mission_type(kind),
            opaque_id,
        };
        self.out.send(AUTOPILOT_COMPONENT, &message);
    }

    fn send_item(&mut self, kind: u8, sequence: u16, client: (u8, u8)) {
        let item = PlanKind::from_wire(kind).and_then(|plan| self.items_of(plan).get(usize::from(sequence)).copied());
        let Some(item) = item else {
            return self.acknowledge(kind, MavMissionResult::MAV_MISSION_INVALID_SEQUENCE, client);
        };
        let current = kind == 0 && usize::from(sequence) == self.run.current && self.commander.mode == FlightMode::Mission;
        let payload = item.int_payload(sequence, current, kind, client);
        self.out.send_raw(AUTOPILOT_COMPONENT, wire::MISSION_ITEM_INT, payload.bytes());
    }

    fn acknowledge(&mut self, kind: u8, result: MavMissionResult, client: (u8, u8)) {
        let message = MISSION_ACK_DATA {
            target_system: client.0,
            target_component: client.1,
            mavtype: result,
            mission_type: mission_type(kind),
            opaque_id: 0,
        };
        self.out.send(AUTOPILOT_COMPONENT, &message);
    }
}

fn mission_type(kind: u8) -> MavMissionType {
    match kind {
        0 => MavMissionType::MAV_MISSION_TYPE_MISSION,
        1 => MavMissionType::MAV_MISSION_TYPE_FENCE,
        2 => MavMissionType::MAV_MISSION_TYPE_RALLY,
        _ => MavMissionType::MAV_MISSION_TYPE_ALL,
    }
}

fn fault_result(fault: ItemFault) -> MavMissionResult {
    match fault {
        ItemFault::Frame => MavMissionResult::MAV_MISSION_UNSUPPORTED_FRAME,
        ItemFault::Unsupported => MavMissionResult::MAV_MISSION_UNSUPPORTED,
        ItemFault::Invalid => MavMissionResult::MAV_MISSION_INVALID,
        ItemFault::Latitude => MavMissionResult::MAV_MISSION_INVALID_PARAM5_X,
        ItemFault::Longitude => MavMissionResult::MAV_MISSION_INVALID_PARAM6_Y,
    }
}
