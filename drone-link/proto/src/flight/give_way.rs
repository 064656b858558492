//! How an aircraft gives way to somebody else's: down where it is, and back up to go on. On its way home it waits no longer than somebody is
//! near and its charge allows, and ends the wait by itself: whoever ordered it may not be heard any more (ADR 257).

use flight_types::{FlightEvent, GeoPoint, LocalFrame, Scene};

use super::air::HEIGHT_STEP_M;
use super::{Flight, Request, Stage};
use crate::command::{Answer, Purpose};
use crate::craft::Craft;
use crate::neighbours::{self, Neighbour};
use crate::profile::Mode;
use crate::route;

/// Autopilots climb faster than this by their own (PX4: MPC_Z_V_AUTO_UP 3 m/s, ArduCopter: WPNAV_SPEED_UP 2.5 m/s), metres per second.
const CLIMB_M_S_MIN: f64 = 1.0;
/// On its way home an aircraft begins to wait with so much charge to spare, per cent: half a minute of hovering where a pack lasts for 25. Who has
/// less would stop in the other's way and go on before it has passed.
const SPARE_PCT_MIN: f64 = 2.0;
/// A corner closer than this to one that was told is that one, metres.
const SAME_CORNER_M: f64 = 0.5;
/// A leg counts as the one that is flown when the aircraft is at most so much further from it than from the nearest, metres: the earlier one of two
/// leaves more of the way.
const LEG_OFF_M: f64 = 5.0;

/// How an aircraft gives way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Way {
    /// To the first of these heights at most, from the second; as heights of its plan are counted, metres.
    Down(f64, f64),
    /// Back up to this height, before it goes on; since when.
    Up(f64, u64),
}

impl Flight {
    /// Stops, and sinks. On its way home only while somebody is near: the order may come late.
    pub(super) fn give_way(&mut self, height_m: f64, craft: &mut Craft, now_ms: u64) {
        if self.request == Some(Request::LandHere) || !self.may_wait(craft) {
            return;
        }
        if self.is_going_home() {
            if !craft.traffic.is_near() {
                return;
            }
            if self.spare_pct(craft).is_none_or(|spare_pct| spare_pct < SPARE_PCT_MIN) {
                return self.say_waits_no_longer(craft);
            }
        } else if !matches!(self.stage, Stage::Transit | Stage::Scene) {
            return;
        }
        let from_m = match self.way {
            // Told again: it goes back to where it was.
            Some(Way::Down(_, from_m) | Way::Up(from_m, _)) => from_m,
            None => self.height_m(craft).unwrap_or(self.plan.transit_height_m),
        };
        self.pause(craft, now_ms);
        self.way = Some(Way::Down(height_m, from_m));
    }

    /// Whether it may stop and sink: not while it comes down, on its pad or where it is. That is giving way already.
    pub(super) fn may_wait(&self, craft: &Craft) -> bool {
        match self.stage {
            Stage::Ditch => false,
            Stage::Return => !self.comes_down(craft),
            _ => true,
        }
    }

    /// Over where it lands, at the end of its way; at the beginning of one it climbs there.
    fn comes_down(&self, craft: &Craft) -> bool {
        let near = |here: GeoPoint| here.distance_m(&self.landing_place()) <= craft.limits.pad_distance_max_m;
        craft.telemetry.position.is_some_and(near) && craft.telemetry.mission_item != Some(0)
    }

    fn is_going_home(&self) -> bool {
        let called = matches!(self.request, Some(Request::Home(_)));
        called || matches!(self.stage, Stage::HomeLoad | Stage::HomeStart | Stage::Return)
    }

    /// Where an aircraft that gives way goes next: back to where it was, on its way out at least up to the transit's height. Over a relief the leg that it
    /// left leads higher than the surface.
    pub(super) fn way_back_up(&self, way: Way, now_ms: u64) -> Way {
        let (Way::Down(_, from_m) | Way::Up(from_m, _)) = way;
        Way::Up(if self.is_going_home() { from_m } else { from_m.max(self.plan.transit_height_m) }, now_ms)
    }

    /// How far it has sunk out of somebody's way, metres.
    pub(super) fn sunk_m(&self, craft: &Craft) -> f64 {
        let Some(Way::Down(_, from_m)) = self.way else { return 0.0 };
        self.height_m(craft).map_or(0.0, |height_m| (from_m - height_m).max(0.0))
    }

    /// Ends a wait on the way home that has lasted long enough. On the way out whoever ordered it ends it.
    pub(super) fn mind_the_wait(&mut self, craft: &mut Craft, now_ms: u64) {
        let waits = self.paused && matches!(self.way, Some(Way::Down(..)));
        if !waits || !self.is_going_home() {
            return;
        }
        let spent = self.spare_pct(craft).is_none_or(|spare_pct| spare_pct <= 0.0);
        let spent = self.watch.no_spare.lasted(spent, craft.limits.settle_ms, now_ms);
        if craft.traffic.is_near() && !spent {
            return;
        }
        if craft.traffic.is_near() {
            self.say_waits_no_longer(craft);
        }
        self.resume(craft, now_ms);
        // The way has its whole time again.
        self.since_ms = now_ms;
    }

    fn say_waits_no_longer(&mut self, craft: &Craft) {
        let remaining_pct = craft.telemetry.battery_pct.unwrap_or_default();
        self.report(FlightEvent::WaitsNoLonger { remaining_pct });
    }

    /// The charge that the rest of the way home does not take, per cent; `None` while it is not known. Where the plan does not say what it takes,
    /// as for surveys, the way is begun with more than the charge at which every flight is called home, and so is a wait.
    fn spare_pct(&self, craft: &Craft) -> Option<f64> {
        let telemetry = &craft.telemetry;
        let here = telemetry.position?;
        let needed_pct = self.plan.rest_charge_pct(here, &self.rest(here), telemetry.wind());
        Some(telemetry.battery_pct? - needed_pct.unwrap_or(craft.limits.battery_low_pct))
    }

    /// The corners that are left of its way home: by the leg that it is on.
    fn rest(&self, here: GeoPoint) -> Vec<GeoPoint> {
        let planned = self.corners.is_empty();
        let corners = if planned { &self.plan.homeward } else { &self.corners };
        let begin = if planned { self.plan.outbound.last().copied() } else { self.drawn_at };
        let way: Vec<GeoPoint> = begin.or(Some(here)).into_iter().chain(corners.iter().copied()).collect();
        let frame = LocalFrame::new(here);
        let at = frame.to_local(here);
        let off_m = |leg: &[GeoPoint]| flight_routes::legs_apart_m(frame.to_local(leg[0]), frame.to_local(leg[1]), at, at);
        let least_m = way.windows(2).map(off_m).fold(f64::INFINITY, f64::min);
        let flown = way.windows(2).position(|leg| off_m(leg) <= least_m + LEG_OFF_M).unwrap_or(0);
        way.get(flown + 1..).unwrap_or_default().to_vec()
    }

    /// Whether its way home is one of which whoever ordered it to sink knows what stands below. One that the link found by itself is not; for a
    /// survey, whose way home may begin anywhere, all that stands on the site was looked at.
    fn is_on_told_way(&self) -> bool {
        let told = || self.given.iter().chain(&self.plan.outbound).chain(&self.plan.homeward).chain([&self.plan.home]);
        let known = |corner: &GeoPoint| told().any(|told| told.distance_m(corner) < SAME_CORNER_M);
        matches!(self.plan.scene, Scene::Survey { .. }) || self.corners.iter().all(known)
    }

    /// Waits on its way home, or goes back up to it. Returns whether it does.
    pub(super) fn is_giving_way(&mut self, craft: &mut Craft, now_ms: u64) -> bool {
        if self.paused && self.way.is_some() {
            if self.hold_on(Mode::Hold, "hold", craft, now_ms) && self.is_on_told_way() {
                self.sink(craft, now_ms);
            }
            return true;
        }
        self.is_climbing_back(craft, now_ms)
    }

    /// Gives way downwards, where it hovers, when nothing stands below.
    pub(super) fn sink(&mut self, craft: &mut Craft, now_ms: u64) {
        let (Some(Way::Down(height_m, _)), Some(here)) = (self.way, craft.telemetry.position) else { return };
        let lower = self.height_m(craft).is_some_and(|now_m| now_m > height_m + craft.limits.arrival_height_m);
        if lower && route::is_roomy(&self.plan, here, height_m) {
            self.hover_at(here, height_m, craft, now_ms);
        }
    }

    /// Back up before the mission goes on. Returns whether it is not there yet. One that takes the order and does not climb would hover there
    /// for ever: it is told of.
    pub(super) fn is_climbing_back(&mut self, craft: &mut Craft, now_ms: u64) -> bool {
        let Some(Way::Up(level_m, since_ms)) = self.way else { return false };
        let (Some(here), Some(height_m)) = (craft.telemetry.position, self.height_m(craft)) else { return true };
        if self.is_level(height_m, level_m, craft) {
            (self.way, self.kept, self.hover) = (None, None, None);
            return false;
        }
        if self.hold_on(Mode::Hold, "climb", craft, now_ms) {
            self.hover_at(here, level_m, craft, now_ms);
            // Slower than any autopilot climbs is no climb.
            let climb_ms = level_m.max(0.0) / CLIMB_M_S_MIN * 1_000.0;
            self.say_late("climb", since_ms, craft.limits.climb_slack_ms + climb_ms as u64, craft, now_ms);
        }
        true
    }

    /// Orders this height over the place where it was first ordered, until it is taken; short of one of ours that is on the way there.
    fn hover_at(&mut self, here: GeoPoint, height_m: f64, craft: &mut Craft, now_ms: u64) {
        let height_m = self.free_of_ours_m(height_m, here, craft);
        let taken = match craft.commander.answer(Purpose::Reposition) {
            Some((_, Answer::Open | Answer::Postponed | Answer::Accepted { .. })) => true,
            Some((_, Answer::Refused { .. } | Answer::Unanswered)) | None => false,
        };
        let as_high = self.ordered_m.is_some_and(|before_m| (before_m - height_m).abs() < HEIGHT_STEP_M);
        let soon = self.hover.is_some_and(|(_, at_ms)| now_ms < at_ms + craft.limits.reposition_interval_ms);
        if self.hover.is_some() && (taken && as_high || soon) {
            return;
        }
        let place = self.hover.map_or(here, |(place, _)| place);
        self.hover = Some((place, now_ms));
        self.ordered_m = Some(height_m);
        let ahead = self.plan.outbound.last().copied().unwrap_or(self.plan.home);
        let altitude_amsl_m = self.home_amsl_m(craft) + height_m + self.plan.surface_along_m(here, place);
        craft.order_reposition(place, altitude_amsl_m, place.bearing_deg(&ahead), now_ms);
    }

    fn free_of_ours_m(&self, height_m: f64, here: GeoPoint, craft: &Craft) -> f64 {
        let Some((now_m, altitude_amsl_m)) = self.height_m(craft).zip(craft.telemetry.altitude_amsl_m) else { return height_m };
        let ours = Neighbour::staying(here, altitude_amsl_m);
        let wanted_m = height_m - now_m;
        let free_m = neighbours::free_climb_m(&ours, &here, wanted_m, &craft.neighbours);
        if free_m == wanted_m { height_m } else { now_m + free_m }
    }
}
