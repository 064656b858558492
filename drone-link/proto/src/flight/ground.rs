//! The stages before take-off: meet, identify, preflight, upload, arm, lift, and giving up.

use flight_types::{FlightEvent, FlightFailure, FlightPhase, Scene};

use super::way_back::WayBack;
use super::{Flight, Request, Stage};
use crate::camera::Sight;
use crate::command::{Answer, Purpose};
use crate::craft::{Craft, ModeProgress};
use crate::dialect::ListKind;
use crate::inbound::RawItem;
use crate::items::{self, OnBoard};
use crate::parameters::{self, Inquiry};
use crate::profile::{Autopilot, Mode};
use crate::transfer::{Outcome, Transfer};

/// After giving up, an arming order that is still under way may arrive this late.
const ARMING_STRAGGLER_MS: u64 = 3_000;
/// A rival heard this recently is one, milliseconds.
const RIVAL_MS: u64 = 10_000;
/// How long the current mission item may take to be set back to the first before the mode is ordered all the same.
const SET_CURRENT_LIMIT_MS: u64 = 4_000;

impl Flight {
    /// On the ground: a launch, or a flight that is over. In the air: adoption.
    pub(super) fn meet(&mut self, craft: &mut Craft, now_ms: u64) {
        let late = self.elapsed_ms(now_ms) >= craft.limits.answer_limit_ms;
        let known = craft.telemetry.landed().zip(craft.telemetry.armed());
        let (Some((landed, armed)), true) = (known, craft.connected) else {
            if late {
                self.go_unheard(craft, now_ms);
            }
            return;
        };
        if std::mem::take(&mut self.late) {
            self.report(FlightEvent::LinkRegained);
        }
        if !landed || armed {
            craft.transfer = Some(craft.download(ListKind::Mission, now_ms));
            return self.go(Stage::Identify, now_ms);
        }
        // An aircraft that was armed for this plan and has moved along it has flown it.
        let moved_along = craft.telemetry.mission_item.is_some_and(|item| item > 0);
        let flown = self.reached >= FlightPhase::Airborne || (self.reached == FlightPhase::Armed && moved_along);
        match (flown, craft.telemetry.position) {
            (true, None) if !late => {}
            (true, _) => self.settle_on_ground("it was found on the ground", craft, now_ms),
            (false, _) => self.go(Stage::Preflight, now_ms),
        }
    }

    /// Nothing was heard in time. One that was never armed is given up. One that was may be in the air: whoever comes back to it after a
    /// restart says that it is not heard and waits on, because what is given up has nobody when it is heard again.
    fn go_unheard(&mut self, craft: &mut Craft, now_ms: u64) {
        if self.reached < FlightPhase::Armed {
            return self.fail(FlightFailure::NoAnswer, craft, now_ms);
        }
        if !std::mem::replace(&mut self.late, true) {
            self.report(FlightEvent::LinkLost);
        }
    }

    /// Ours is adopted where it is; anything else is left alone.
    pub(super) fn identify(&mut self, craft: &mut Craft, now_ms: u64) {
        let Some(outcome) = craft.transfer.as_ref().and_then(Transfer::outcome).cloned() else { return };
        craft.transfer = None;
        let on_board = match outcome {
            Outcome::Downloaded(read) => {
                let on_board = self.recognise(&read, craft);
                self.redirected |= on_board == OnBoard::OutboundFromAir;
                let way_out = self.way_out().items;
                self.begun = items::as_begun(&way_out, &read);
                if on_board == OnBoard::Homeward
                    && let Some(end) = items::end_of(&read)
                {
                    self.adopt_landing(end, items::SAME_PLACE_M);
                }
                if read.len() > way_out.len() {
                    self.way_back = WayBack::Settled;
                }
                on_board
            }
            Outcome::Failed(reason) => return self.fail(FlightFailure::Upload { reason }, craft, now_ms),
            Outcome::Uploaded => return,
        };
        let airborne = craft.telemetry.landed() == Some(false);
        match on_board {
            OnBoard::Foreign => {
                self.end(FlightEvent::Failed { failure: FlightFailure::ForeignMission, airborne }, craft, now_ms);
            }
            // It has flown already and its motors still turn: they are to stop, not to lift it again.
            OnBoard::Homeward | OnBoard::FromHere if !airborne => self.begin_abort(craft, now_ms),
            OnBoard::Outbound | OnBoard::OutboundFromAir if !airborne && self.reached >= FlightPhase::Airborne => {
                self.begin_abort(craft, now_ms);
            }
            OnBoard::Outbound | OnBoard::OutboundFromAir if !airborne => {
                self.report_phase(FlightPhase::Armed);
                self.go(Stage::Lift, now_ms);
            }
            OnBoard::Outbound | OnBoard::OutboundFromAir => self.adopt_outbound(craft, now_ms),
            // It was put there on scene, and is flown only by one that hears nobody.
            OnBoard::FromHere => {
                self.way_back = WayBack::Settled;
                self.from_here.forget();
                self.report_phase(FlightPhase::OnScene);
                self.adopt_outbound(craft, now_ms);
            }
            OnBoard::Homeward => {
                self.report_phase(FlightPhase::Returning);
                self.adopt(Stage::Return, craft, now_ms);
            }
        }
    }

    /// What was read, by an aircraft that was on scene perhaps while a list of ours was being written.
    fn recognise(&self, read: &[RawItem], craft: &Craft) -> OnBoard {
        let on_board = items::recognise(&self.plan, read);
        let in_place = craft.telemetry.autopilot().changes_lists_in_place() && self.reached >= FlightPhase::OnScene;
        let hovers = craft.telemetry.mode() == Some(Mode::Hold);
        let cut = on_board == OnBoard::Foreign && in_place && hovers && items::may_be_cut(&self.plan, read);
        if cut { OnBoard::FromHere } else { on_board }
    }

    fn adopt_outbound(&mut self, craft: &mut Craft, now_ms: u64) {
        self.report_phase(FlightPhase::Airborne);
        if self.reached >= FlightPhase::Returning {
            // The way home was ordered before but never came on board.
            self.request.get_or_insert(Request::Home(Vec::new()));
        }
        let stage = if self.reached >= FlightPhase::OnScene { Stage::Scene } else { Stage::Transit };
        self.adopt(stage, craft, now_ms);
    }

    /// Takes the aircraft over in its mode; in one that is not of this stage it waits for orders.
    fn adopt(&mut self, stage: Stage, craft: &mut Craft, now_ms: u64) {
        self.go(stage, now_ms);
        let mode = craft.telemetry.mode().unwrap_or(Mode::Other);
        match mode {
            Mode::Mission | Mode::TakeOff => {}
            // A hold that was ordered before it was met stays one.
            Mode::Hold => self.paused |= stage == Stage::Return,
            Mode::Return | Mode::Land | Mode::Follow | Mode::Offboard | Mode::Manual | Mode::Other => {
                self.lose_mode(mode, craft, now_ms);
            }
        }
    }

    /// Waits for a fix, health and its own pad.
    pub(super) fn preflight(&mut self, craft: &mut Craft, now_ms: u64) {
        if let Some((reason, _)) = craft.rival.clone().filter(|(_, at_ms)| now_ms.saturating_sub(*at_ms) < RIVAL_MS) {
            return self.fail(FlightFailure::WrongAircraft { reason }, craft, now_ms);
        }
        if let Some(reason) = craft.identity.trouble(now_ms) {
            return self.fail(FlightFailure::WrongAircraft { reason }, craft, now_ms);
        }
        let Some(missing) = self.not_ready(craft) else {
            self.report_phase(FlightPhase::PreflightPassed);
            if self.plan.outbound.is_empty() || self.plan.transit_height_m > self.plan.fence.height_max_m {
                let reason = "the plan has no way out under its ceiling".to_owned();
                return self.fail(FlightFailure::Upload { reason }, craft, now_ms);
            }
            if !self.lit {
                craft.light.want(false, 0);
            }
            craft.sight = Sight::Whole;
            return self.go(Stage::LoadFence, now_ms);
        };
        if self.elapsed_ms(now_ms) >= craft.limits.preflight_limit_ms {
            let reason = craft.reason(now_ms).map_or_else(|| missing.clone(), |text| format!("{missing}: {text}"));
            self.fail(FlightFailure::Preflight { reason }, craft, now_ms);
        }
    }

    /// What is still missing before a launch.
    fn not_ready(&self, craft: &Craft) -> Option<String> {
        let telemetry = &craft.telemetry;
        if !craft.connected {
            return Some("no link".to_owned());
        }
        if craft.identity.is_awaited() {
            return Some("it does not tell which aircraft it is".to_owned());
        }
        if telemetry.gps_ok() != Some(true) {
            return Some("no satellite fix".to_owned());
        }
        let Some(position) = telemetry.position else { return Some("no position".to_owned()) };
        let off_pad_m = position.distance_m(&self.plan.home);
        if off_pad_m > craft.limits.pad_distance_max_m {
            return Some(format!("it stands {off_pad_m:.0} m from its pad"));
        }
        (telemetry.ready_to_arm != Some(true)).then(|| "not ready to arm".to_owned())
    }

    pub(super) fn load_fence(&mut self, craft: &mut Craft, now_ms: u64) {
        if self.redirected {
            // It is flying, so it has passed what a launch must pass.
            self.report_phase(FlightPhase::PreflightPassed);
            // Stop going the old way; the outcome shows when the new mission starts.
            craft.ensure_mode(Mode::Hold, now_ms);
        }
        self.ask_parameters(craft, now_ms);
        let fence = craft.upload(ListKind::Fence, items::fence(&self.plan), now_ms);
        if load(craft, fence).is_some_and(|result| self.loaded(result, craft, now_ms)) {
            self.go(Stage::LoadMission, now_ms);
        }
    }

    pub(super) fn load_mission(&mut self, craft: &mut Craft, now_ms: u64) {
        let mut mission = match craft.telemetry.position {
            Some(here) if self.redirected => items::from_air(&self.plan, here),
            Some(_) | None => items::from_pad(&self.plan),
        };
        if craft.telemetry.autopilot().takes_off_fast() {
            mission.climb_at_once();
        }
        if craft.transfer.is_none() {
            self.begun = mission.items.first().copied();
        }
        let upload = craft.upload(ListKind::Mission, mission.items, now_ms);
        if load(craft, upload).is_some_and(|result| self.loaded(result, craft, now_ms)) {
            craft.telemetry.mission_item = None;
            craft.telemetry.item_reached = None;
            self.report_phase(FlightPhase::Uploaded);
            if self.redirected && craft.telemetry.armed() == Some(true) {
                self.report_phase(FlightPhase::Armed);
            }
            self.go(Stage::Parameters, now_ms);
        }
    }

    /// Beside the uploads, which take longer.
    fn ask_parameters(&self, craft: &mut Craft, now_ms: u64) {
        if craft.inquiry.is_none() {
            let autopilot = craft.telemetry.autopilot();
            let mut demands = autopilot.demands(self.plan.fence.height_max_m, craft.authorizer, self.redirected);
            if let Some(height_m) = self.plan.return_height_m() {
                let own = autopilot.return_height(height_m);
                demands.retain(|demand| demand.name != own.name);
                demands.push(own);
            }
            demands.extend(autopilot.alone(matches!(self.plan.scene, Scene::Escort { .. })));
            craft.inquiry = Some(Inquiry::new(autopilot, demands, now_ms));
        }
    }

    pub(super) fn await_parameters(&mut self, craft: &mut Craft, now_ms: u64) {
        let Some(outcome) = craft.inquiry.as_ref().and_then(Inquiry::outcome) else { return };
        match outcome {
            parameters::Outcome::Met(wishes) if wishes.is_empty() => {}
            parameters::Outcome::Met(wishes) => self.report(FlightEvent::Warning { text: wishes.join("; ") }),
            // In the air a flight with the old ceiling is better than none.
            parameters::Outcome::Unmet(reasons) if self.redirected => {
                self.report(FlightEvent::Warning { text: reasons.join("; ") });
            }
            parameters::Outcome::Unmet(reasons) => {
                return self.fail(FlightFailure::Preflight { reason: reasons.join("; ") }, craft, now_ms);
            }
        }
        self.go(if self.redirected { Stage::Lift } else { Stage::Arm }, now_ms);
    }

    /// Reports a failed upload. Returns whether it went well.
    fn loaded(&mut self, result: Result<(), String>, craft: &mut Craft, now_ms: u64) -> bool {
        match result {
            Ok(()) => true,
            Err(reason) => {
                let reason = craft.reason(now_ms).map_or_else(|| reason.clone(), |text| format!("{reason}: {text}"));
                self.fail(FlightFailure::Upload { reason }, craft, now_ms);
                false
            }
        }
    }

    pub(super) fn arm(&mut self, craft: &mut Craft, now_ms: u64) {
        if craft.telemetry.armed() == Some(true) {
            craft.commander.cancel(Purpose::Arming);
            self.report_phase(FlightPhase::Armed);
            return self.go(Stage::Lift, now_ms);
        }
        if let Some(reason) = craft.identity.trouble(now_ms) {
            return self.fail(FlightFailure::WrongAircraft { reason }, craft, now_ms);
        }
        if self.paused {
            craft.commander.cancel(Purpose::Arming);
            self.since_ms = now_ms;
            return;
        }
        if self.elapsed_ms(now_ms) >= craft.limits.arm_limit_ms {
            let reason = craft.reason(now_ms).unwrap_or_else(|| "no answer to the order to arm".to_owned());
            return self.fail(FlightFailure::ArmRefused { reason }, craft, now_ms);
        }
        // ArduCopter is armed in the mode in which it may stand; from there it is switched to its mission.
        let guided_first = craft.telemetry.autopilot() == Autopilot::ArduPilot;
        if guided_first && craft.ensure_mode(Mode::Hold, now_ms) != ModeProgress::Confirmed {
            return;
        }
        // A refusal may pass (an estimator settling) or answer an earlier order, so it is tried until the limit.
        let again_ms = craft.limits.rejected_wait_ms;
        let wait = match craft.commander.answer(Purpose::Arming) {
            Some((_, Answer::Open | Answer::Postponed)) => true,
            Some((_, Answer::Refused { at_ms, .. })) => now_ms < at_ms + again_ms,
            Some((_, Answer::Accepted { at_ms })) => now_ms < at_ms + craft.limits.mode_confirm_ms,
            Some((_, Answer::Unanswered)) | None => false,
        };
        if !wait {
            craft.order_arming(true, now_ms);
        }
    }

    pub(super) fn lift(&mut self, craft: &mut Craft, now_ms: u64) {
        if !craft.connected {
            // What was heard last says nothing of what it does now: it may have lifted since. The time that it has begins when it is heard.
            self.since_ms = now_ms;
            return;
        }
        if self.redirected && !self.first_item_is_current(craft, now_ms) {
            return;
        }
        let progress = craft.ensure_mode(Mode::Mission, now_ms);
        let airborne = craft.telemetry.landed() == Some(false);
        // PX4 takes off in mission mode and shows "takeoff" on other ways up; both are off the ground.
        if airborne && (progress == ModeProgress::Confirmed || craft.telemetry.mode() == Some(Mode::TakeOff)) {
            self.report_phase(FlightPhase::Airborne);
            // An aircraft taken from a survey looks down: on a transit nobody below is to be filmed.
            craft.order_look_ahead(now_ms);
            return self.go(Stage::Transit, now_ms);
        }
        let late = self.elapsed_ms(now_ms) >= craft.limits.take_off_limit_ms;
        let disarmed = !self.redirected && craft.telemetry.armed() == Some(false);
        let reason = match progress {
            ModeProgress::Refused(reason) => reason,
            ModeProgress::Confirmed | ModeProgress::Waiting if late || disarmed => {
                let what = if disarmed { "it disarmed itself" } else { "it did not climb" };
                craft.reason(now_ms).unwrap_or_else(|| what.to_owned())
            }
            ModeProgress::Confirmed | ModeProgress::Waiting => return,
        };
        self.fail(FlightFailure::TakeOff { reason }, craft, now_ms);
    }

    /// A mission that is replaced in the air starts at its first item.
    pub(super) fn first_item_is_current(&mut self, craft: &mut Craft, now_ms: u64) -> bool {
        if !craft.connected {
            self.since_ms = now_ms;
            return false;
        }
        if craft.telemetry.mission_item == Some(0) || self.elapsed_ms(now_ms) >= SET_CURRENT_LIMIT_MS {
            return true;
        }
        let in_mission = craft.telemetry.mode() == Some(Mode::Mission);
        if craft.telemetry.mission_item.is_some() && !in_mission {
            // Heard since the upload, and not the first: ask for it; the next MISSION_CURRENT tells.
            craft.telemetry.mission_item = None;
            craft.set_current = Some(0);
        }
        in_mission && craft.telemetry.mission_item.is_some()
    }

    /// Given up on the ground: over once the motors are surely off.
    pub(super) fn abort(&mut self, craft: &mut Craft, now_ms: u64) {
        if craft.telemetry.landed() == Some(false) {
            // It left the ground after all (an order that arrived late): bring it home.
            self.report_phase(FlightPhase::Airborne);
            return self.begin_home(Vec::new(), craft, now_ms);
        }
        if craft.telemetry.armed() == Some(true) {
            self.since_ms = now_ms;
            let open = matches!(craft.commander.answer(Purpose::Arming), Some((_, Answer::Open | Answer::Postponed)));
            if !open {
                craft.order_arming(false, now_ms);
            }
            return;
        }
        if self.elapsed_ms(now_ms) < ARMING_STRAGGLER_MS && craft.connected {
            return;
        }
        if self.failed {
            craft.commander.cancel_movements();
            return self.go(Stage::Ended, now_ms);
        }
        self.end(FlightEvent::Reached { phase: FlightPhase::Landed }, craft, now_ms);
    }

    pub(super) fn begin_abort(&mut self, craft: &mut Craft, now_ms: u64) {
        craft.forget_mode();
        craft.transfer = None;
        let arming = craft.commander.answer(Purpose::Arming).is_some();
        craft.commander.cancel_movements();
        self.go(Stage::Abort, now_ms);
        if arming || craft.telemetry.armed() == Some(true) {
            craft.order_arming(false, now_ms);
        }
    }
}

/// Starts the transfer, or gives its result once there is one.
pub(super) fn load(craft: &mut Craft, start: Transfer) -> Option<Result<(), String>> {
    let Some(transfer) = &craft.transfer else {
        craft.transfer = Some(start);
        return None;
    };
    let result = match transfer.outcome()? {
        Outcome::Uploaded | Outcome::Downloaded(_) => Ok(()),
        Outcome::Failed(reason) => Err(reason.clone()),
    };
    craft.transfer = None;
    Some(result)
}
