//! The ways down: home by a legal way, or here and now.

use flight_types::{FlightEvent, FlightFailure, FlightPhase, GeoPoint, Scene};

use super::{Flight, Stage};
use crate::camera::Sight;
use crate::craft::{Craft, ModeProgress};
use crate::dialect::ListKind;
use crate::profile::Mode;
use crate::{items, route};

/// Autopilots sink at about this over their pad (PX4: MPC_Z_V_AUTO_DN); the way down counts as so much more way, metres per second.
const SINK_M_S: f64 = 1.5;
/// Further than this from where its way home begins an aircraft has left that place, metres: more than a hover wanders in wind.
const LEFT_M: f64 = 15.0;
/// A way home is drawn so often; each time the aircraft has left the place for which it was drawn, which a hold should have prevented.
const DRAWINGS_MAX: u32 = 6;

impl Flight {
    /// Recalled. On the ground the launch is given up; in the air the way home is uploaded.
    pub(super) fn begin_home(&mut self, given: Vec<GeoPoint>, craft: &mut Craft, now_ms: u64) {
        let airborne = self.stage.is_airborne() || craft.telemetry.landed() == Some(false);
        if !airborne {
            return self.begin_abort(craft, now_ms);
        }
        craft.light.want(false, 0);
        craft.sight = Sight::Whole;
        craft.order_look_ahead(now_ms);
        craft.commander.cancel_movements();
        self.let_finish(craft, now_ms);
        self.looked_at = None;
        // One that gives way meanwhile does so on its way home, too.
        self.paused = self.way.is_some();
        self.corners = self.way_home(&given, craft);
        (self.given, self.drawings, self.drawn_at) = (given, 0, None);
        self.go(Stage::HomeLoad, now_ms);
    }

    /// The given corners when they were drawn for where the aircraft is, else the corners already flown, backwards.
    fn way_home(&self, given: &[GeoPoint], craft: &Craft) -> Vec<GeoPoint> {
        let drawn_from_scene = given.is_empty() || given == self.plan.homeward;
        let surveys = matches!(self.plan.scene, Scene::Survey { .. });
        let corners = if drawn_from_scene && self.reached < FlightPhase::OnScene && surveys {
            // From the middle of a path to and fro the way back along it would be flown for nothing: a legal one is found from here.
            vec![self.plan.home]
        } else if drawn_from_scene && self.reached < FlightPhase::OnScene {
            // Before the first corner: the climb and the speed, and from the pad the take-off.
            let before = if self.redirected { 2 } else { 3 };
            let item = craft.telemetry.mission_item.unwrap_or(0);
            let next = if self.plan.relief.is_some() {
                items::corners_before(&self.plan, &self.way_out(), item)
            } else {
                usize::from(item).saturating_sub(before)
            };
            route::turned_back(&self.plan, next)
        } else if given.is_empty() {
            self.plan.homeward.clone()
        } else {
            given.to_vec()
        };
        match craft.telemetry.position {
            Some(here) => route::way_home(&self.plan, here, &self.trail, &corners),
            None => corners,
        }
    }

    /// Where it climbs from when it was with the person, and at which height it goes there: at the one that it has. One that is called
    /// home on its way down to the person would go on down first, and climb all of it again.
    fn aside(&self, here: GeoPoint, craft: &Craft) -> Option<(GeoPoint, f64)> {
        let person = self.target.filter(|_| self.reached == FlightPhase::OnScene)?.place;
        let Scene::Escort { height_m, .. } = self.plan.scene else { return None };
        let aside = route::aside(&self.plan, here, person)?;
        Some((aside, craft.telemetry.height_m.unwrap_or(height_m)))
    }

    /// Holds, draws the way home from there, and puts it on board.
    ///
    /// Until the hold is taken the aircraft flies on, legally, by what it has on board. A way that was drawn while it does would
    /// begin behind it, perhaps round the corner of a zone, and the way back to there would lead across.
    pub(super) fn home_load(&mut self, craft: &mut Craft, now_ms: u64) {
        // A hold that is refused does not decide: the way home is wanted in any mode.
        let holding = craft.ensure_mode(Mode::Hold, now_ms) != ModeProgress::Waiting;
        if self.awaits_finish(craft, now_ms) {
            return;
        }
        let here = craft.telemetry.position.or(self.trail.last().copied()).unwrap_or(self.plan.home);
        if craft.transfer.is_none() {
            if !holding || !craft.connected {
                return;
            }
            let homeward = self.way_home(&self.given, craft);
            self.corners = self.way_to_landing(here, homeward, craft);
            self.drawn_at = Some(here);
        }
        let mut way = items::homeward(&self.plan, here, self.aside(here, craft), &self.corners, self.landing_item());
        if craft.telemetry.autopilot().needs_way_back() {
            way = items::marked_as_way_back(way, craft.telemetry.height_m.unwrap_or(self.plan.transit_height_m));
        }
        let upload = craft.upload(ListKind::Mission, way, now_ms);
        match super::ground::load(craft, upload) {
            None => {}
            Some(Ok(())) => {
                craft.telemetry.mission_item = None;
                self.unbegun = true;
                self.go(Stage::HomeStart, now_ms);
            }
            // Nothing better can be done from here than to say so once and try again.
            Some(Err(_)) if self.late => {}
            Some(Err(reason)) => {
                self.late = true;
                self.report(FlightEvent::Failed { failure: FlightFailure::Upload { reason }, airborne: true });
            }
        }
    }

    pub(super) fn home_start(&mut self, craft: &mut Craft, now_ms: u64) {
        if self.is_giving_way(craft, now_ms) {
            return;
        }
        if self.paused {
            self.hold_on(Mode::Hold, "hold", craft, now_ms);
            return;
        }
        // Only a way home that has not begun is set to its first item. Autopilots differ in whether a new list begins at its first: ArduPilot
        // goes on at the number that it had in the old one.
        if self.unbegun && self.has_left(craft) && self.drawings < DRAWINGS_MAX {
            self.drawings += 1;
            return self.go(Stage::HomeLoad, now_ms);
        }
        if self.unbegun && !self.first_item_is_current(craft, now_ms) {
            return;
        }
        match craft.ensure_mode(Mode::Mission, now_ms) {
            ModeProgress::Confirmed => {
                self.unbegun = false;
                self.report_phase(FlightPhase::Returning);
                self.go(Stage::Return, now_ms);
            }
            ModeProgress::Waiting => {}
            ModeProgress::Refused(reason) => {
                let limit_s = u32::try_from(craft.limits.mode_limit_ms / 1_000).unwrap_or(u32::MAX);
                self.fail(FlightFailure::Timeout { step: format!("start of the way home ({reason})"), limit_s }, craft, now_ms);
            }
        }
    }

    /// Whether the aircraft is no longer where its way home begins, and cannot go straight back there: a failsafe took it away, or it
    /// never held.
    fn has_left(&self, craft: &Craft) -> bool {
        let Some((here, start)) = craft.telemetry.position.zip(self.drawn_at) else { return false };
        here.distance_m(&start) > LEFT_M && !route::joins(&self.plan, here, start)
    }

    pub(super) fn return_home(&mut self, craft: &mut Craft, now_ms: u64) {
        if self.is_giving_way(craft, now_ms) {
            return;
        }
        let want = if self.paused { Mode::Hold } else { Mode::Mission };
        // A landing at the end of the mission may show as "land"; on the pad that is no failsafe.
        let landing = craft.telemetry.mode() == Some(Mode::Land)
            && craft
                .telemetry
                .position
                .is_some_and(|here| here.distance_m(&self.landing_place()) <= craft.limits.pad_distance_max_m);
        if landing || !self.hold_on(want, "return", craft, now_ms) || self.paused {
            return;
        }
        self.look_for_landing(craft, now_ms);
        let here = craft.telemetry.position.unwrap_or(self.plan.home);
        let down_m = self.plan.transit_height_m / SINK_M_S * self.plan.transit_speed_m_s;
        let path_m = super::air::path_m(&here, &self.corners) + super::air::path_m(&self.plan.home, &self.plan.homeward) + down_m;
        self.check_time("return", path_m, craft, now_ms);
    }

    /// Land here. On the ground the launch is given up.
    pub(super) fn begin_landing(&mut self, craft: &mut Craft, now_ms: u64) {
        let airborne = self.stage.is_airborne() || craft.telemetry.landed() == Some(false);
        if !airborne {
            return self.begin_abort(craft, now_ms);
        }
        craft.commander.cancel_movements();
        craft.transfer = None;
        (self.paused, self.way) = (false, None);
        self.go(Stage::Ditch, now_ms);
    }

    pub(super) fn ditch(&mut self, craft: &mut Craft, now_ms: u64) {
        self.hold_on(Mode::Land, "landing", craft, now_ms);
    }
}
