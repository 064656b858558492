//! Everything a flight needs of its aircraft: what is known of it, and the ways to give it orders.

use flight_types::GeoPoint;

use crate::LinkLimits;
use crate::camera::Sight;
use crate::command::{Answer, Commander, Purpose, floats};
use crate::dialect::{AUTOPILOT_COMPONENT, CommandKind, CommandSpec, Params};
use crate::dialect::{Item, ListKind};
use crate::events::Events;
use crate::identity::Identity;
use crate::items::{SPEED_TYPE_GROUND, THROTTLE_UNCHANGED, coordinates};
use crate::light::Light;
use crate::neighbours::Neighbour;
use crate::parameter_list::ParameterList;
use crate::parameters::Inquiry;
use crate::profile::Mode;
use crate::rally::Rally;
use crate::telemetry::Telemetry;
use crate::texts::Texts;
use crate::traffic::Traffic;
use crate::transfer::Transfer;

/// An order of a mode that was replaced may still arrive this late.
const STRAGGLER_MS: u64 = 10_000;
/// Without an acknowledgement, a heartbeat this long after the order tells of a mode that was there before.
const HEARTBEAT_SETTLE_MS: u64 = 1_500;
/// Refusals of one mode before it counts as refused: the first may answer an earlier order.
const REFUSALS_MAX: u32 = 2;
/// Refusals before this do not count: real PX4 says "Switching to Mission is currently not available" for two seconds after an upload.
const REFUSED_AFTER_MS: u64 = 4_000;

/// How far a change of mode has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ModeProgress {
    Confirmed,
    Waiting,
    Refused(String),
}

/// A mode that was ordered.
#[derive(Debug, Clone, Copy)]
struct ModeOrder {
    mode: Mode,
    since_ms: u64,
    refusals: u32,
    confirmed: bool,
}

/// One aircraft.
#[derive(Debug)]
pub(crate) struct Craft {
    pub limits: LinkLimits,
    pub telemetry: Telemetry,
    pub texts: Texts,
    pub events: Events,
    pub identity: Identity,
    /// Our system id, where an aircraft must ask us before it arms.
    pub authorizer: Option<u8>,
    pub commander: Commander,
    pub transfer: Option<Transfer>,
    pub inquiry: Option<Inquiry>,
    pub parameter_list: Option<ParameterList>,
    pub rally: Rally,
    pub light: Light,
    /// How much of the ground its camera is to show.
    pub sight: Sight,
    pub connected: bool,
    /// Other people's aircraft.
    pub traffic: Traffic,
    /// Our own that are in the air with it.
    pub neighbours: Vec<Neighbour>,
    /// Where our other aircraft stand or are to come down.
    pub taken: Vec<GeoPoint>,
    /// Somebody else spoke with this aircraft's id, and when.
    pub rival: Option<(String, u64)>,
    /// To be sent once: make this mission item the current one.
    pub set_current: Option<u16>,
    mode_order: Option<ModeOrder>,
    replaced: Option<(Mode, u64)>,
}

impl Craft {
    pub fn new(limits: LinkLimits, light: Light, identity: Identity) -> Self {
        Self {
            limits,
            telemetry: Telemetry::default(),
            texts: Texts::default(),
            events: Events::default(),
            identity,
            authorizer: None,
            commander: Commander::default(),
            transfer: None,
            inquiry: None,
            parameter_list: None,
            rally: Rally::default(),
            light,
            sight: Sight::default(),
            connected: false,
            traffic: Traffic::default(),
            neighbours: Vec::new(),
            taken: Vec::new(),
            rival: None,
            set_current: None,
            mode_order: None,
            replaced: None,
        }
    }

    /// What the aircraft last said about a refusal or failsafe: in words, else by the number of an event.
    pub fn reason(&self, now_ms: u64) -> Option<String> {
        let age_max_ms = self.limits.reason_age_max_ms;
        self.texts.reason(now_ms, age_max_ms).or_else(|| self.events.reason(now_ms, age_max_ms))
    }

    /// Puts a list on board and reads it back, in the shape that the autopilot keeps it in.
    pub fn upload(&self, list: ListKind, items: Vec<Item>, now_ms: u64) -> Transfer {
        Transfer::upload(list, items, self.leading_items(list), now_ms)
    }

    /// Reads what is on board.
    pub fn download(&self, list: ListKind, now_ms: u64) -> Transfer {
        Transfer::download(list, self.leading_items(list), now_ms)
    }

    fn leading_items(&self, list: ListKind) -> u16 {
        match list {
            ListKind::Mission => self.telemetry.autopilot().leading_items(),
            ListKind::Fence | ListKind::Rally => 0,
        }
    }

    /// Orders a mode until the heartbeat shows it or the limit is over.
    pub fn ensure_mode(&mut self, mode: Mode, now_ms: u64) -> ModeProgress {
        let order = match self.mode_order {
            Some(order) if order.mode == mode => order,
            Some(ModeOrder { mode: before, .. }) => {
                self.replaced = Some((before, now_ms));
                return self.order_mode(ModeOrder { mode, since_ms: now_ms, refusals: 0, confirmed: false }, now_ms);
            }
            None if self.telemetry.mode() == Some(mode) => return ModeProgress::Confirmed,
            None => return self.order_mode(ModeOrder { mode, since_ms: now_ms, refusals: 0, confirmed: false }, now_ms),
        };
        let shown = self.telemetry.mode() == Some(mode);
        if shown && (order.confirmed || self.is_settled(order)) {
            self.mode_order = Some(ModeOrder { confirmed: true, ..order });
            self.commander.cancel(Purpose::Mode);
            return ModeProgress::Confirmed;
        }
        let order = if order.confirmed { ModeOrder { since_ms: now_ms, refusals: 0, confirmed: false, ..order } } else { order };
        self.follow_mode_order(order, now_ms)
    }

    /// Whether a heartbeat was heard that must be younger than the order.
    fn is_settled(&self, order: ModeOrder) -> bool {
        let heard_ms = self.telemetry.heartbeat_ms;
        let accepted = match self.commander.answer(Purpose::Mode) {
            Some((_, Answer::Accepted { at_ms })) => heard_ms >= at_ms,
            Some((_, Answer::Open | Answer::Postponed | Answer::Refused { .. } | Answer::Unanswered)) | None => false,
        };
        accepted || heard_ms >= order.since_ms + HEARTBEAT_SETTLE_MS
    }

    fn follow_mode_order(&mut self, order: ModeOrder, now_ms: u64) -> ModeProgress {
        let age_ms = now_ms.saturating_sub(order.since_ms);
        let late = self.connected && age_ms >= self.limits.mode_limit_ms;
        if late || order.refusals >= REFUSALS_MAX && age_ms >= REFUSED_AFTER_MS {
            let reason = self.reason(now_ms).unwrap_or_else(|| format!("mode {} was not taken", order.mode.word()));
            self.mode_order = None;
            self.commander.cancel(Purpose::Mode);
            return ModeProgress::Refused(reason);
        }
        match self.commander.answer(Purpose::Mode) {
            Some((_, Answer::Open | Answer::Postponed)) => ModeProgress::Waiting,
            Some((_, Answer::Accepted { at_ms })) if now_ms < at_ms + self.limits.mode_confirm_ms => ModeProgress::Waiting,
            Some((_, Answer::Refused { at_ms, .. })) if now_ms < at_ms + self.limits.rejected_wait_ms => ModeProgress::Waiting,
            Some((_, Answer::Refused { .. })) => self.order_mode(ModeOrder { refusals: order.refusals + 1, ..order }, now_ms),
            Some((_, Answer::Accepted { .. } | Answer::Unanswered)) | None => self.order_mode(order, now_ms),
        }
    }

    fn order_mode(&mut self, order: ModeOrder, now_ms: u64) -> ModeProgress {
        let Some([p1, p2, p3]) = self.telemetry.autopilot().mode_params(order.mode) else {
            return ModeProgress::Refused(format!("mode {} cannot be ordered", order.mode.word()));
        };
        self.mode_order = Some(order);
        let spec = floats(CommandKind::SetMode, AUTOPILOT_COMPONENT, [p1, p2, p3, 0.0, 0.0, 0.0, 0.0]);
        self.commander.order(Purpose::Mode, spec, now_ms);
        ModeProgress::Waiting
    }

    /// Whether this mode may come from an order of ours that was replaced since and arrived late.
    pub fn is_straggler(&self, mode: Mode, now_ms: u64) -> bool {
        self.replaced.is_some_and(|(before, at_ms)| before == mode && now_ms.saturating_sub(at_ms) < STRAGGLER_MS)
    }

    /// A mode that was ordered while nothing was heard has its whole time again from now on.
    pub fn give_mode_time(&mut self, now_ms: u64) {
        if let Some(order) = &mut self.mode_order {
            order.since_ms = now_ms;
        }
    }

    /// Forgets the ordered mode: somebody else chose another.
    pub fn forget_mode(&mut self) {
        self.mode_order = None;
        self.commander.cancel(Purpose::Mode);
    }

    /// Orders arming or disarming.
    pub fn order_arming(&mut self, arm: bool, now_ms: u64) {
        let params = [if arm { 1.0 } else { 0.0 }, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        self.commander.order(Purpose::Arming, floats(CommandKind::ArmDisarm, AUTOPILOT_COMPONENT, params), now_ms);
    }

    /// Orders a hover point, looking in a direction. Altitudes of commands are above mean sea level.
    pub fn order_reposition(&mut self, place: GeoPoint, altitude_amsl_m: f64, bearing_deg: f64, now_ms: u64) {
        self.order_reposition_at(place, altitude_amsl_m, bearing_deg, None, now_ms);
    }

    /// The same at a speed over the ground, metres per second; without one at the autopilot's own.
    pub fn order_reposition_at(
        &mut self,
        place: GeoPoint,
        altitude_amsl_m: f64,
        bearing_deg: f64,
        speed_m_s: Option<f64>,
        now_ms: u64,
    ) {
        let (x, y) = coordinates(place);
        let yaw_rad = ((bearing_deg + 180.0).rem_euclid(360.0) - 180.0).to_radians() as f32;
        let speed_m_s = speed_m_s.map_or(-1.0, |speed_m_s| speed_m_s as f32);
        // The flag changes the mode; without it PX4 refuses and flies all the same.
        let params = Params::Place { params: [speed_m_s, 1.0, 0.0, yaw_rad], x, y, z: altitude_amsl_m as f32 };
        let spec = CommandSpec { kind: CommandKind::Reposition, component_id: AUTOPILOT_COMPONENT, params };
        self.commander.order(Purpose::Reposition, spec, now_ms);
    }

    /// Orders the speed over the ground at which it goes where it was ordered to, metres per second.
    pub fn order_speed(&mut self, speed_m_s: f64, now_ms: u64) {
        let params = [SPEED_TYPE_GROUND, speed_m_s as f32, THROTTLE_UNCHANGED, 0.0, 0.0, 0.0, 0.0];
        self.commander.order(Purpose::Speed, floats(CommandKind::ChangeSpeed, AUTOPILOT_COMPONENT, params), now_ms);
    }

    /// Points camera and nose at a place on the ground.
    pub fn order_look_at(&mut self, place: GeoPoint, altitude_amsl_m: f64, now_ms: u64) {
        self.commander.cancel(Purpose::LookAhead);
        let (x, y) = coordinates(place);
        let params = Params::Place { params: [0.0; 4], x, y, z: altitude_amsl_m as f32 };
        let spec = CommandSpec { kind: CommandKind::LookAt, component_id: AUTOPILOT_COMPONENT, params };
        self.commander.order(Purpose::LookAt, spec, now_ms);
    }

    /// Looks ahead again: without a region of interest gimbals go to neutral (PX4 1.16, gimbal/input_mavlink.cpp).
    pub fn order_look_ahead(&mut self, now_ms: u64) {
        self.commander.cancel(Purpose::LookAt);
        let spec = floats(CommandKind::LookAhead, AUTOPILOT_COMPONENT, [0.0; 7]);
        self.commander.order(Purpose::LookAhead, spec, now_ms);
    }
}
