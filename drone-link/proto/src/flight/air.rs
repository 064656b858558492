//! The stages in the air on the way out and on scene, and the touch-down.

use flight_types::{EscortPost, FlightEvent, FlightFailure, FlightPhase, FlightPlan, GeoPoint, PROFILE_OVER_M, Scene};

use super::{Flight, Stage};
use crate::camera::Sight;
use crate::command::{Answer, Purpose};
use crate::craft::{Craft, ModeProgress};
use crate::items;
use crate::neighbours::{self, Neighbour};
use crate::profile::Mode;
use crate::route::{self, Target};

/// The person moved less than this since light and camera were last pointed, metres: a tenth of the lit circle.
const LOOK_STEP_M: f64 = 0.5;
/// In the air with motors off for this long: it has come down, whatever the landed state says.
const MOTORS_OFF_MS: u64 = 5_000;
/// The light goes on this near to the stand-off point, metres: five seconds of transit.
const LIGHT_AHEAD_M: f64 = 60.0;
/// News of the person comes about so often, milliseconds.
const NEWS_MS: u64 = 1_000;
/// Of somebody who goes nothing has been heard for so long that some of it was lost, milliseconds: of slow ones news comes every two seconds.
const OVERDUE_MS: u64 = 2_500;
/// Further from where they are thought to be by now nobody is waited for, metres: the light reaches little further.
const WAITS_WITHIN_M: f64 = 28.0;
/// A survey that is slower than this stands; it keeps times finite, metres per second.
const SURVEY_SPEED_M_S_MIN: f64 = 0.1;
/// A height that was held back is ordered anew from this difference on, metres.
pub(super) const HEIGHT_STEP_M: f64 = 0.5;
/// A leg of a low scene may begin so far under its height, metres: what an aircraft climbs on its way before a few metres are flown. From further below
/// it climbs where it is: there it knows what is under it.
const CLIMBED_ON_THE_WAY_M: f64 = 3.0;
/// From somebody who goes the way of so many seconds more is kept: that they turned back is known two to three seconds later, in which they come nearer
/// twice as fast as they go, and braking takes another.
const TURNS_BACK_S: f64 = 6.0;
/// A pace that was seen fades by so much in a second, metres per second: who walked is one who stands after a quarter of a minute. Who turns back is
/// thought to stand for some seconds first.
const PACE_FADES_M_S2: f64 = 0.1;
/// Nobody is followed from further off for their pace, metres: with what the aircraft lags behind, the light reaches no further.
const FOLLOWED_FROM_M_MAX: f64 = 24.0;
/// Autopilots sink as fast as this in automatic flight (PX4: MPC_Z_V_AUTO_DN, ArduCopter: WPNAV_SPEED_DN), metres per second.
const SINK_M_S: f64 = 1.5;
/// Who sinks goes so many times as fast as the person it follows.
const CATCHES_UP: f64 = 2.0;
/// But sinks by so much with each order at least, metres: it would not come down otherwise where it need not go anywhere.
const SUNK_M_MIN: f64 = 1.0;
/// Parts of a leg that are tried where all of it rises too steeply.
const LEG_SHARES: [f64; 3] = [0.75, 0.5, 0.25];
/// Full brightness, per cent.
const FULL_PCT: u8 = 100;
/// A computer that was started less than this before the program that looks for its aircraft, or after it, was not seen to land it, milliseconds: no
/// program of ours is away for longer when it is only started anew.
const STARTED_UNHEARD_MS: u64 = 60_000;

/// Whether the aircraft is in the mode that a stage wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Keep {
    /// The order is under way.
    Settling,
    /// It is.
    Kept,
    /// It was, and has left it by itself or by another controller.
    Lost(Mode),
    /// It does not take it.
    Refused(String),
}

impl Flight {
    /// Brings the aircraft into a mode and notices when it leaves it.
    pub(super) fn keep_mode(&mut self, want: Mode, craft: &mut Craft, now_ms: u64) -> Keep {
        if self.kept != Some(want) {
            return match craft.ensure_mode(want, now_ms) {
                ModeProgress::Confirmed => {
                    self.kept = Some(want);
                    Keep::Kept
                }
                ModeProgress::Waiting => Keep::Settling,
                ModeProgress::Refused(reason) => Keep::Refused(reason),
            };
        }
        match craft.telemetry.mode() {
            None => Keep::Kept,
            Some(mode) if mode == want || (want == Mode::Mission && mode == Mode::TakeOff) => Keep::Kept,
            Some(mode) if craft.is_straggler(mode, now_ms) => {
                self.kept = None;
                Keep::Settling
            }
            Some(mode) => Keep::Lost(mode),
        }
    }

    /// Keeps a mode for a stage in the air; reports and drifts when that fails. Returns whether the mode is there.
    pub(super) fn hold_on(&mut self, want: Mode, step: &str, craft: &mut Craft, now_ms: u64) -> bool {
        match self.keep_mode(want, craft, now_ms) {
            Keep::Kept => return true,
            Keep::Settling => {}
            Keep::Lost(mode) => self.lose_mode(mode, craft, now_ms),
            Keep::Refused(reason) => {
                let limit_s = u32::try_from(craft.limits.mode_limit_ms / 1_000).unwrap_or(u32::MAX);
                self.fail(FlightFailure::Timeout { step: format!("{step} ({reason})"), limit_s }, craft, now_ms);
            }
        }
        false
    }

    /// The aircraft is in a mode that we did not order: say so and do not fight it.
    pub(super) fn lose_mode(&mut self, mode: Mode, craft: &mut Craft, now_ms: u64) {
        // With its motors off it has no mode to leave: what became of it is told as soon as that is known.
        if craft.telemetry.armed() == Some(false) {
            return;
        }
        craft.forget_mode();
        craft.commander.cancel_movements();
        self.watch_mode(mode);
        let reason = craft.reason(now_ms);
        self.report(FlightEvent::ModeChanged { mode: mode.word().to_owned(), reason });
        self.drift(now_ms);
    }

    pub(super) fn transit(&mut self, craft: &mut Craft, now_ms: u64) {
        if self.paused {
            if self.hold_on(Mode::Hold, "hold", craft, now_ms) {
                self.sink(craft, now_ms);
            }
            return;
        }
        // Low over a lot nothing was sunk, and the path goes on where it was left.
        self.way = self.way.filter(|_| !self.is_over_lot(craft));
        if self.is_climbing_back(craft, now_ms) {
            return;
        }
        if self.turned || self.begins_to_turn(craft, now_ms) {
            return self.make_for_person(craft, now_ms);
        }
        if !self.hold_on(Mode::Mission, "transit", craft, now_ms) {
            return;
        }
        self.report_passed(craft);
        if self.is_at_scene(craft) {
            self.report_phase(FlightPhase::OnScene);
            return match self.plan.scene {
                Scene::Escort { .. } => self.go(Stage::Scene, now_ms),
                // The survey's mission goes on home by itself.
                Scene::Survey { .. } => {
                    self.report_phase(FlightPhase::Returning);
                    self.go(Stage::Return, now_ms);
                }
            };
        }
        self.light_ahead(craft, now_ms);
        self.check_time("transit", self.way_out_m(), craft, now_ms);
    }

    /// The way out in metres of transit: a survey's path is flown slower and counts for as much more.
    pub(super) fn way_out_m(&self) -> f64 {
        let whole_m = path_m(&self.plan.home, &self.plan.outbound);
        match &self.plan.scene {
            Scene::Survey { manner: Some(manner) } => {
                let path = self.plan.outbound.get(manner.stops.first().copied().unwrap_or(0)..).unwrap_or_default();
                let on_path_m = path.first().map_or(0.0, |first| path_m(first, path));
                whole_m + on_path_m * self.plan.transit_speed_m_s / manner.speed_m_s.max(SURVEY_SPEED_M_S_MIN)
            }
            Scene::Survey { manner: None } | Scene::Escort { .. } => whole_m,
        }
    }

    /// The way out as it is on board, but for its first item: begun on the pad, or where the aircraft was taken from another flight.
    pub(super) fn way_out(&self) -> items::Mission {
        self.way_out_of(&self.plan)
    }

    pub(super) fn way_out_of(&self, plan: &FlightPlan) -> items::Mission {
        if self.redirected { items::from_air(plan, plan.home) } else { items::from_pad(plan) }
    }

    /// The items at which the corners of a survey's path lie; none when it is flown as a transit, or no survey.
    fn stop_items(&self) -> Vec<u16> {
        match self.plan.scene {
            Scene::Survey { manner: Some(_) } => self.way_out().stop_items,
            Scene::Survey { manner: None } | Scene::Escort { .. } => Vec::new(),
        }
    }

    /// Says how far along a survey's path it is, by the mission's own count.
    fn report_passed(&mut self, craft: &Craft) {
        let telemetry = &craft.telemetry;
        let flown_to = telemetry.mission_item.map(|item| item.saturating_sub(1));
        let Some(reached) = telemetry.item_reached.max(flown_to) else { return };
        let passed = self.stop_items().iter().filter(|item| **item <= reached).count();
        if passed > self.passed {
            self.passed = passed;
            self.report(FlightEvent::Passed { corners: passed });
        }
    }

    /// Whether it is on its way down to a survey's path or along it: low, where no manned aircraft flies.
    fn is_over_lot(&self, craft: &Craft) -> bool {
        let first = self.stop_items().first().copied();
        first.zip(craft.telemetry.mission_item).is_some_and(|(first, item)| item >= first)
    }

    /// By the mission's own count and by the place, so that neither a lost message nor a pass overhead deceives.
    fn is_at_scene(&self, craft: &Craft) -> bool {
        let scene_item = self.way_out().scene_item;
        let telemetry = &craft.telemetry;
        let height_m = match self.plan.scene {
            Scene::Escort { height_m, .. } => height_m,
            Scene::Survey { .. } => {
                let reached = telemetry.item_reached.is_some_and(|item| item >= scene_item);
                return reached || telemetry.mission_item.is_some_and(|item| item > scene_item);
            }
        };
        let near = self.off_scene_m(craft).is_some_and(|off_m| off_m <= craft.limits.arrival_radius_m);
        // By its own count it has flown the way out, so it has been up; the descent to the scene belongs to the scene. Without
        // a count the height tells an arrival from a pass overhead.
        let level = self.post_height_m(height_m, craft).is_some_and(|height| self.is_level(height, height_m, craft));
        near && telemetry.mission_item.map_or(level, |item| item >= scene_item)
    }

    /// Horizontal distance to the stand-off point, metres.
    pub(super) fn off_scene_m(&self, craft: &Craft) -> Option<f64> {
        let (here, stand_off) = craft.telemetry.position.zip(self.plan.outbound.last())?;
        Some(here.distance_m(stand_off))
    }

    /// Light and camera turn to the person ahead of the arrival: whoever waits sees it come, and the light needs a moment to be
    /// confirmed, the gimbal to turn.
    pub(super) fn light_ahead(&mut self, craft: &mut Craft, now_ms: u64) {
        let off_m = if self.turned { self.off_person_m(craft, now_ms) } else { self.off_scene_m(craft) };
        let coming = off_m.is_some_and(|off_m| off_m <= LIGHT_AHEAD_M);
        if !coming || !matches!(self.plan.scene, Scene::Escort { .. }) {
            return;
        }
        if !self.lit {
            self.lit = true;
            craft.light.want(true, FULL_PCT);
        }
        self.look_at_person(craft, now_ms);
    }

    /// Reports a stage that takes much longer than its path; the aircraft goes on.
    pub(super) fn check_time(&mut self, step: &str, path_m: f64, craft: &mut Craft, now_ms: u64) {
        let flight_s = path_m / self.plan.transit_speed_m_s.max(0.5);
        let limit_ms = craft.limits.path_slack_ms + (flight_s * 2_000.0) as u64;
        self.say_late(step, self.since_ms, limit_ms, craft, now_ms);
    }

    /// Reports, once, what has not come to its end in time.
    pub(super) fn say_late(&mut self, step: &str, since_ms: u64, limit_ms: u64, craft: &Craft, now_ms: u64) {
        if self.late || !craft.connected || now_ms.saturating_sub(since_ms) < limit_ms {
            return;
        }
        self.late = true;
        let limit_s = u32::try_from(limit_ms / 1_000).unwrap_or(u32::MAX);
        let failure = FlightFailure::Timeout { step: step.to_owned(), limit_s };
        self.report(FlightEvent::Failed { failure, airborne: true });
    }

    /// Light and camera on the person, hovering at the stand-off, following.
    pub(super) fn scene(&mut self, craft: &mut Craft, now_ms: u64) {
        if !self.lit {
            self.lit = true;
            craft.light.want(true, FULL_PCT);
        }
        if !self.hold_on(Mode::Hold, "hold on scene", craft, now_ms) {
            return;
        }
        if let Some(EscortPost { height_m, stand_off_m }) = self.kept_post {
            craft.sight = Sight::From { distance_m: height_m.hypot(stand_off_m) };
        }
        self.look_at_person(craft, now_ms);
        self.keep_way_home(craft, now_ms);
        if self.paused {
            return self.sink(craft, now_ms);
        }
        // Back at the scene's height by the next hover point.
        self.way = None;
        self.take_post(craft);
        self.follow_person(craft, now_ms);
    }

    /// The person as last told, gone on since.
    pub(super) fn person(&self, now_ms: u64) -> Option<Target> {
        self.target.map(|target| target.after(now_ms.saturating_sub(self.target_ms)))
    }

    fn look_at_person(&mut self, craft: &mut Craft, now_ms: u64) {
        let Some(person) = self.person(now_ms).map(|target| target.place) else { return };
        if self.looked_at.is_some_and(|before| before.distance_m(&person) < LOOK_STEP_M) {
            return;
        }
        self.looked_at = Some(person);
        craft.order_look_at(person, self.home_amsl_m(craft) + self.plan.ground_m(person), now_ms);
    }

    /// Its height as heights of its plan are counted, metres: above home, or over the surface where it is.
    pub(super) fn height_m(&self, craft: &Craft) -> Option<f64> {
        let surface_m = craft.telemetry.position.map_or(0.0, |here| self.plan.surface_m(here));
        craft.telemetry.height_m.map(|height_m| height_m - surface_m)
    }

    /// The same as a post of this height is counted.
    fn post_height_m(&self, height_m: f64, craft: &Craft) -> Option<f64> {
        let base_m = craft.telemetry.position.map_or(0.0, |here| self.plan.post_base_m(here, height_m));
        craft.telemetry.height_m.map(|over_home_m| over_home_m - base_m)
    }

    /// Whether it is at this height of its plan, but for what its profile over a relief adds.
    pub(super) fn is_level(&self, height_m: f64, level_m: f64, craft: &Craft) -> bool {
        let profile_m = if self.plan.relief.is_some() { PROFILE_OVER_M } else { 0.0 };
        let over_m = height_m - level_m;
        (-craft.limits.arrival_height_m..=craft.limits.arrival_height_m + profile_m).contains(&over_m)
    }

    /// In the aircraft's own reference where it gives one: its altimeter's error is then in both.
    pub(super) fn home_amsl_m(&self, craft: &Craft) -> f64 {
        craft.telemetry.home_altitude_amsl_m().unwrap_or(self.plan.home_altitude_amsl_m)
    }

    fn follow_person(&mut self, craft: &mut Craft, now_ms: u64) {
        let Some(EscortPost { stand_off_m, height_m }) = self.kept_post else { return };
        // Where the person goes within a second of news is in the look-ahead of the hover point already.
        let (Some(target), Some(here)) = (self.person(now_ms.saturating_sub(NEWS_MS)), craft.telemetry.position) else { return };
        let soon = self.hover.is_some_and(|(_, at_ms)| now_ms < at_ms + craft.limits.reposition_interval_ms);
        if soon {
            return;
        }
        if self.waits_for_news(&target, here, now_ms) {
            return;
        }
        let nearest_m = stand_off_m * (1.0 + craft.limits.stand_off_margin);
        let distance_m = self.kept_distance_m(nearest_m, &target, now_ms);
        let before = self.hover.map(|(before, _)| before);
        let hover_point = |distance_m| route::hover_point(&self.plan, &target, here, distance_m, before);
        let Some(goal) = hover_point(distance_m).or_else(|| hover_point(nearest_m)) else {
            return self.say_cornered();
        };
        self.cornered = false;
        let taken = match craft.commander.answer(Purpose::Reposition) {
            Some((_, Answer::Open | Answer::Postponed | Answer::Accepted { .. })) => true,
            Some((_, Answer::Refused { .. } | Answer::Unanswered)) | None => false,
        };
        let (wanted_m, height_m) = (height_m, self.free_height_m(height_m, here, &goal, craft));
        let as_high = self.ordered_m.is_some_and(|before_m| (before_m - height_m).abs() < HEIGHT_STEP_M);
        let unchanged = self.hover.is_some_and(|(before, _)| before.distance_m(&goal) < craft.limits.reposition_step_m);
        if taken && unchanged && as_high {
            return;
        }
        let over_home_m = height_m + self.plan.post_base_along_m(here, goal, wanted_m);
        let goal = self.as_far_as_it_is_high_enough(here, goal, wanted_m, height_m, craft);
        let over_home_m = self.sunk_on_the_way_m(over_home_m, here.distance_m(&goal), craft);
        self.hover = Some((goal, now_ms));
        self.ordered_m = Some(height_m);
        let altitude_amsl_m = self.home_amsl_m(craft) + over_home_m;
        craft.order_reposition(goal, altitude_amsl_m, goal.bearing_deg(&target.place), now_ms);
    }

    /// Nobody is followed blindly: they may have turned round since the last that was heard of them, and come nearer. Light and camera go on with where they
    /// are thought to be.
    fn waits_for_news(&self, target: &Target, here: GeoPoint, now_ms: u64) -> bool {
        let overdue = now_ms.saturating_sub(self.target_ms) > OVERDUE_MS;
        overdue && target.goes() && here.distance_m(&target.place) <= WAITS_WITHIN_M
    }

    /// More than the stand-off is kept from somebody who goes, by the fastest that they went of late: they may turn back, and who turns back is known to
    /// a second or two later, while they come as fast as the aircraft went after them.
    fn kept_distance_m(&mut self, stand_off_m: f64, target: &Target, now_ms: u64) -> f64 {
        let (before_m_s, before_ms) = self.pace;
        let slowed_m_s = before_m_s - PACE_FADES_M_S2 * now_ms.saturating_sub(before_ms) as f64 / 1_000.0;
        let pace_m_s = target.speed_m_s().max(slowed_m_s).max(0.0);
        self.pace = (pace_m_s, now_ms);
        followed_from_m(stand_off_m, pace_m_s)
    }

    /// Where the ground rises more steeply than an aircraft climbs on its way, only so far of the leg as it is high enough for, and up there: a person
    /// who turns round comes nearer to one that stays.
    fn as_far_as_it_is_high_enough(&self, here: GeoPoint, goal: GeoPoint, wanted_m: f64, height_m: f64, craft: &Craft) -> GeoPoint {
        let is_low = self.plan.low_scene.is_some_and(|low| wanted_m <= low.height_m);
        let Some(now_m) = craft.telemetry.height_m.filter(|_| is_low) else { return goal };
        let reach_m = now_m + CLIMBED_ON_THE_WAY_M;
        let high_enough = |place: &GeoPoint| height_m + self.plan.post_base_along_m(here, *place, wanted_m) <= reach_m;
        let (bearing_deg, length_m) = (here.bearing_deg(&goal), here.distance_m(&goal));
        let shares = LEG_SHARES.iter().map(|share| here.moved(bearing_deg, share * length_m));
        std::iter::once(goal).chain(shares).find(high_enough).unwrap_or(here)
    }

    /// Autopilots go straight in space, and no faster along the ground than their way down lets them: a long way down leaves next to nothing for who
    /// follows somebody. It sinks only so far as it keeps up with whoever goes, and further with the next order.
    fn sunk_on_the_way_m(&self, over_home_m: f64, away_m: f64, craft: &Craft) -> f64 {
        let (pace_m_s, _) = self.pace;
        let Some(now_m) = craft.telemetry.height_m.filter(|_| pace_m_s > 0.0) else { return over_home_m };
        let sunk_m = (away_m * SINK_M_S / (CATCHES_UP * pace_m_s)).max(SUNK_M_MIN);
        over_home_m.max(now_m - sunk_m)
    }

    /// The height that it may go to now: the one that is wanted, or short of one of ours that is on the way there.
    fn free_height_m(&self, wanted_m: f64, here: GeoPoint, goal: &GeoPoint, craft: &Craft) -> f64 {
        let now_m = self.post_height_m(wanted_m, craft);
        let Some((now_m, altitude_amsl_m)) = now_m.zip(craft.telemetry.altitude_amsl_m) else { return wanted_m };
        let ours = Neighbour::staying(here, altitude_amsl_m);
        let free_m = neighbours::free_climb_m(&ours, goal, wanted_m - now_m, &craft.neighbours);
        if free_m == wanted_m - now_m { wanted_m } else { now_m + free_m }
    }

    /// Takes the height and the distance that were last told; lower only where nothing stands below. Legs are judged at the height that
    /// it goes down to, or has climbed to.
    fn take_post(&mut self, craft: &Craft) {
        let (Some(told), Some(kept)) = (self.post.or(self.planned), self.kept_post) else { return };
        let (Some(here), Some(now_m)) = (craft.telemetry.position, self.post_height_m(told.height_m, craft)) else { return };
        let Scene::Escort { target, .. } = self.plan.scene else { return };
        let sinks = told.height_m < kept.height_m;
        let post = if sinks && !route::is_roomy(&self.plan, here, told.height_m) { kept } else { told };
        if post.height_m != kept.height_m {
            self.hover = None;
        }
        self.kept_post = Some(post);
        let climbs = now_m + craft.limits.arrival_height_m < post.height_m;
        // On its way up from a low scene it may be under the surface, and is judged as if it were still there.
        let low_m = self.plan.low_scene.map_or(f64::NEG_INFINITY, |low| low.height_m);
        let height_m = if climbs { now_m.max(low_m).min(post.height_m) } else { post.height_m };
        self.plan.scene = Scene::Escort { target, height_m, stand_off_m: post.stand_off_m };
    }

    fn say_cornered(&mut self) {
        if !std::mem::replace(&mut self.cornered, true) {
            let text = "the person cannot be followed there: zone or fence".to_owned();
            self.report(FlightEvent::Warning { text });
        }
    }

    /// On the ground with motors off: the end. Returns whether it is.
    pub(super) fn touch_down(&mut self, craft: &mut Craft, now_ms: u64) -> bool {
        let landed = craft.telemetry.landed() == Some(true);
        let armed = craft.telemetry.armed() != Some(false);
        if armed {
            self.watch.motors_off_ms = None;
            self.disarm_when_forgotten(landed, craft, now_ms);
            return false;
        }
        let since_ms = *self.watch.motors_off_ms.get_or_insert(now_ms);
        // A computer that starts anew in the air says the same, motors off and on the ground: its clock tells which of the two it is.
        let told = landed && craft.telemetry.clock_heard_ms > since_ms;
        if !told && now_ms.saturating_sub(since_ms) < MOTORS_OFF_MS {
            return false;
        }
        let mode = craft.telemetry.mode().map_or("unknown", Mode::word);
        let what = craft.reason(now_ms).unwrap_or_else(|| format!("landed in mode {mode}"));
        self.settle_on_ground(&what, craft, now_ms);
        true
    }

    /// PX4 disarms by itself two seconds after a landing; when it does not, we do.
    fn disarm_when_forgotten(&mut self, landed: bool, craft: &mut Craft, now_ms: u64) {
        if !landed || self.yielded {
            self.watch.landed_ms = None;
            return;
        }
        let landed_ms = *self.watch.landed_ms.get_or_insert(now_ms);
        if now_ms.saturating_sub(landed_ms) >= craft.limits.disarm_wait_ms {
            self.watch.landed_ms = Some(now_ms);
            craft.order_arming(false, now_ms);
        }
    }

    /// The aircraft's computer started anew.
    pub fn note_restart(&mut self) {
        if self.stage.is_airborne() {
            self.restarted = Some("its computer restarted in flight");
        }
    }

    /// Found by who has just begun to look: motors off, on the ground, over its pad. A computer that started anew in the air says the same
    /// while it falls.
    fn doubt_who_is_found(&mut self, craft: &Craft, now_ms: u64) {
        let young_ms = STARTED_UNHEARD_MS + self.elapsed_ms(now_ms);
        if self.stage == Stage::Meet && craft.telemetry.up_ms(now_ms).is_some_and(|up_ms| up_ms < young_ms) {
            self.restarted = Some("its computer started anew while nobody listened");
        }
    }

    /// On its pad, or at a rally point, a flight has landed; elsewhere it is down.
    pub(super) fn settle_on_ground(&mut self, what: &str, craft: &mut Craft, now_ms: u64) {
        let off_pad_m = craft.telemetry.position.map(|here| here.distance_m(&self.plan.home));
        self.doubt_who_is_found(craft, now_ms);
        // Nobody saw it land, also over its pad: it fell.
        let what = self.restarted.unwrap_or(what);
        if self.restarted.is_none() && self.stands_at_landing(craft) {
            return self.end(FlightEvent::Reached { phase: FlightPhase::Landed }, craft, now_ms);
        }
        let place = off_pad_m.map_or("place unknown".to_owned(), |off_m| format!("{off_m:.0} m from its pad"));
        let failure = FlightFailure::Down { reason: format!("{what}, {place}") };
        self.end(FlightEvent::Failed { failure, airborne: false }, craft, now_ms);
    }
}

/// So far somebody who goes at this pace is followed from, metres.
pub(super) fn followed_from_m(stand_off_m: f64, pace_m_s: f64) -> f64 {
    stand_off_m.max((stand_off_m + TURNS_BACK_S * pace_m_s).min(FOLLOWED_FROM_M_MAX))
}

/// Length of a path, metres.
pub(super) fn path_m(start: &GeoPoint, corners: &[GeoPoint]) -> f64 {
    let starts = std::iter::once(start).chain(corners);
    starts.zip(corners).map(|(from, to)| from.distance_m(to)).sum()
}
