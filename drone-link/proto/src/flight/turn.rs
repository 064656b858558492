//! The end of a way out: to where the person is by now, not to where they were at launch (ADR 0162). Leaves the planned leg only when it
//! was said that no other aircraft of ours is in between, and only along a straight leg that zones and houses allow.

use flight_types::{EscortPost, FlightPhase, GeoPoint, Scene};

use super::air::followed_from_m;
use super::{Flight, Stage};
use crate::command::{Answer, Purpose};
use crate::craft::Craft;
use crate::items;
use crate::route::{self, Target};

/// The person went so far from where the way out ends, metres: nearer, the light reaches them on the way there.
const MOVED_M: f64 = 15.0;

impl Flight {
    /// On its last leg, level, and somewhere else than the person.
    pub(super) fn begins_to_turn(&mut self, craft: &Craft, now_ms: u64) -> bool {
        let Scene::Escort { target: planned, .. } = self.plan.scene else { return false };
        let (Some(person), Some(height_m)) = (self.person(now_ms), self.height_m(craft)) else { return false };
        let last_leg = craft.telemetry.mission_item.is_some_and(|item| self.is_last_leg(item));
        let level = self.is_level(height_m, self.plan.transit_height_m, craft);
        let arrives = self.off_scene_m(craft).is_none_or(|off_m| off_m <= craft.limits.arrival_radius_m);
        let moved = planned.distance_m(&person.place) >= MOVED_M;
        self.turned = self.direct && last_leg && level && moved && !arrives && self.goal(craft, now_ms).is_some();
        self.turned
    }

    /// Whether the climb is over, and all corners of the way out but its end are passed, when this item is flown to.
    fn is_last_leg(&self, item: u16) -> bool {
        let way_out = self.way_out();
        item >= way_out.way_item && items::corners_before(&self.plan, &way_out, item) + 1 >= self.plan.outbound.len()
    }

    /// Where it may hover beside the person, straight on from here, and how high above home a transit ends there.
    fn goal(&self, craft: &Craft, now_ms: u64) -> Option<(GeoPoint, f64)> {
        let post = self.kept_post?;
        let person = self.person(now_ms)?;
        let distance_m = kept_off_m(&post, &person, craft);
        let here = craft.telemetry.position?;
        let goal = route::straight_to(&self.plan, &person, here, distance_m)?;
        // One straight line must do: over a crest the planned way, which bends, is flown on.
        let Some(relief) = &self.plan.relief else { return Some((goal, self.plan.transit_height_m)) };
        let home_amsl_m = self.plan.home_altitude_amsl_m;
        let begin_amsl_m = home_amsl_m + craft.telemetry.height_m? - self.plan.transit_height_m;
        let end_amsl_m = relief.straight_to(here, begin_amsl_m, goal)?;
        Some((goal, self.plan.transit_height_m + end_amsl_m - home_amsl_m))
    }

    /// How far it is from where it is to hover beside the person, metres.
    pub(super) fn off_person_m(&self, craft: &Craft, now_ms: u64) -> Option<f64> {
        let (person, post) = (self.person(now_ms)?, self.kept_post?);
        let away_m = craft.telemetry.position?.distance_m(&person.place);
        Some((away_m - kept_off_m(&post, &person, craft)).max(0.0))
    }

    /// Tells the transit's speed after each order to go somewhere that was taken: an autopilot that leaves it out of those begins each at its own.
    fn keep_speed(&mut self, craft: &mut Craft, now_ms: u64) {
        let Some((ordered_ms, Answer::Accepted { .. })) = craft.commander.answer(Purpose::Reposition) else { return };
        if !craft.telemetry.autopilot().repositions_at_speed() && self.sped != Some(ordered_ms) {
            self.sped = Some(ordered_ms);
            craft.order_speed(self.plan.transit_speed_m_s, now_ms);
        }
    }

    /// At the height and speed of its transit, until it is beside them; the way down belongs to the scene.
    pub(super) fn make_for_person(&mut self, craft: &mut Craft, now_ms: u64) {
        let settled = self.hold_on(crate::profile::Mode::Hold, "way to the person", craft, now_ms);
        if self.stage != Stage::Transit {
            return;
        }
        if self.off_person_m(craft, now_ms).is_some_and(|off_m| off_m <= craft.limits.arrival_radius_m) {
            self.hover = None;
            self.report_phase(FlightPhase::OnScene);
            return self.go(Stage::Scene, now_ms);
        }
        self.light_ahead(craft, now_ms);
        self.check_time("transit", self.way_out_m(), craft, now_ms);
        self.keep_speed(craft, now_ms);
        if self.hover.is_some_and(|(_, at_ms)| now_ms < at_ms + craft.limits.reposition_interval_ms) {
            return;
        }
        // Where no straight leg leads any more the last one is flown to its end.
        let Some(here) = craft.telemetry.position else { return };
        let last = |(goal, _)| (goal, self.plan.transit_height_m + self.plan.surface_along_m(here, goal));
        let Some((goal, over_home_m)) = self.goal(craft, now_ms).or(self.hover.map(last)) else { return };
        let taken = match craft.commander.answer(Purpose::Reposition) {
            Some((_, Answer::Open | Answer::Postponed | Answer::Accepted { .. })) => true,
            Some((_, Answer::Refused { .. } | Answer::Unanswered)) | None => false,
        };
        let unchanged = self.hover.is_some_and(|(before, _)| before.distance_m(&goal) < craft.limits.reposition_step_m);
        // Until the mode is confirmed its order may come after this one and stop the aircraft: it is said again.
        if settled && taken && unchanged {
            return;
        }
        self.hover = Some((goal, now_ms));
        let Some(person) = self.person(now_ms) else { return };
        let altitude_amsl_m = self.home_amsl_m(craft) + over_home_m;
        craft.order_reposition_at(
            goal,
            altitude_amsl_m,
            goal.bearing_deg(&person.place),
            Some(self.plan.transit_speed_m_s),
            now_ms,
        );
    }
}

/// So far off it comes to hover: as far as somebody who goes at the person's pace is followed from. They may come towards it while it brakes.
fn kept_off_m(post: &EscortPost, person: &Target, craft: &Craft) -> f64 {
    followed_from_m(post.stand_off_m * (1.0 + craft.limits.stand_off_margin), person.speed_m_s())
}
