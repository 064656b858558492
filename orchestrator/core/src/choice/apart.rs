//! Whether a flight keeps apart from our other aircraft, by place, height and time, as far as times are known beforehand.
//!
//! Known are the climb, the way out, the descent to the scene, the stay at its height, and the way home of who is on it. When
//! somebody will be called home is not known: ways home are kept apart by their heights alone (ADR 0013).

use flight_types::{DroneId, EscortPost, FlightPhase, FlightPlan, GeoPoint, Local, LocalFrame, PROFILE_OVER_M, Scene};

use super::Question;
use crate::config::{DroneConfig, SiteConfig};
use crate::energy;
use crate::model::{Mission, PostMove};

/// Two of our aircraft in the air are never both nearer than this along the ground, metres, …
pub const SEPARATION_HORIZONTAL_M: f64 = 5.0;
/// … and nearer than this in height, metres.
pub const SEPARATION_VERTICAL_M: f64 = 3.0;
/// Plans keep this along the ground, metres: the separation, and for each of the two 1.5 m of satellite noise and gusts.
const PLANNED_HORIZONTAL_M: f64 = SEPARATION_HORIZONTAL_M + 3.0;
/// Plans keep this in height, metres: the separation, and a metre of barometer and gusts for each.
pub(super) const PLANNED_VERTICAL_M: f64 = SEPARATION_VERTICAL_M + 2.0;
/// An aircraft may be so much earlier or later than calculated, seconds: arming takes its time, wind does the rest.
const SLACK_S: f64 = 20.0;
/// A survey's path takes at most so much longer than its way at its speed: a stop at every corner, and looks for the next.
const LATE_FACTOR: f64 = 1.5;
/// An aircraft with a person is somewhere round them: at the stand-off with the link's margin, …
const STAND_OFF_FACTOR: f64 = 1.1;
/// … and a second of running, metres.
const RUNNING_M: f64 = 3.2;

/// A piece of a flight: a leg, or a column over one place.
#[derive(Debug, Clone, Copy)]
struct Part {
    from: Local,
    to: Local,
    /// It may be so far off the line, metres.
    off_m: f64,
    low_m: f64,
    high_m: f64,
    /// Seconds from now.
    begins_s: f64,
    ends_s: f64,
    /// At the scene. Two aircraft of one scene keep apart by their heights and by the quarter turn between their stand-off points,
    /// which is 11 m at least and leaves 7 m beside the other's column on the way there.
    scene: bool,
}

impl Part {
    /// Up or down to the scene's height over its stand-off point.
    fn is_scene_column(&self) -> bool {
        self.scene && self.low_m < self.high_m
    }
}

/// Which of the flights under way comes too near to the plan at the same time. `begun_m`: the height from which it is begun in the air.
pub(super) fn too_near(
    question: &Question<'_>,
    drone: &DroneConfig,
    plan: &FlightPlan,
    begun_m: Option<f64>,
    same: impl Fn(&Mission) -> bool,
) -> Option<DroneId> {
    let frame = LocalFrame::new(plan.home);
    let target = match plan.scene {
        Scene::Escort { target, .. } => Some(target),
        Scene::Survey { .. } => None,
    };
    let mut ours = way_out(&frame, drone, plan, target, 0.0);
    // An aircraft taken from low over a lot climbs there first.
    ours.extend(begun_m.zip(plan.outbound.first()).map(|(begun_m, here)| {
        let (low_m, high_m) = (begun_m.min(plan.transit_height_m), begun_m.max(plan.transit_height_m));
        column(frame.to_local(*here), low_m, high_m, 0.0, (high_m - low_m) / drone.climb_speed_m_s)
    }));
    let mut others = question.active.iter().filter(|other| other.drone != drone.id && in_the_way(other));
    others.find_map(|other| {
        let config = question.site.stations.iter().flat_map(|station| &station.drones).find(|config| config.id == other.drone)?;
        let same_scene = same(other);
        let heights = Heights::of(plan, &other.plan);
        let theirs = parts_of(&frame, config, other, question.now_ms);
        // Somebody's stay is passed by nobody else's leg, whatever the scene: legs may be as high as a scene over its doubt.
        let settled = |a: &Part, b: &Part| (a.scene && b.scene) || a.is_scene_column() || b.is_scene_column();
        let near = |a: &Part, b: &Part| !(same_scene && settled(a, b)) && meet(a, b, heights);
        theirs.iter().any(|b| ours.iter().any(|a| near(a, b))).then(|| other.drone.clone())
    })
}

/// A launch that nobody has let go yet is not in the air; when it is, it is checked by nobody, so it counts as if it began now.
fn in_the_way(other: &Mission) -> bool {
    other.phase != Some(FlightPhase::Landed)
}

fn parts_of(frame: &LocalFrame, config: &DroneConfig, other: &Mission, now_ms: i64) -> Vec<Part> {
    let plan = &other.plan;
    match other.phase {
        Some(FlightPhase::Returning) => way_home(frame, config, other, now_ms),
        _ if other.recalled => way_home(frame, config, other, now_ms),
        Some(FlightPhase::OnScene) => on_scene(frame, config, other, now_ms),
        _ => {
            let ordered_ms = other.reached_at_ms.get(&FlightPhase::Ordered).copied().unwrap_or(now_ms);
            way_out(frame, config, plan, other.target, (ordered_ms - now_ms) as f64 / 1_000.0)
        }
    }
}

/// Whether an aircraft on scene may change to this height: nobody else of ours is, or soon will be, in the column round the person on the
/// way there, nor where it then stays.
pub(crate) fn may_change_height(site: &SiteConfig, active: &[&Mission], mission: &Mission, height_m: f64, now_ms: i64) -> bool {
    let configs = || site.stations.iter().flat_map(|station| &station.drones);
    let config_of = |mission: &Mission| configs().find(|config| config.id == mission.drone);
    let (Some(config), Some(now)) = (config_of(mission), mission.post()) else { return false };
    let frame = LocalFrame::new(mission.plan.home);
    let post = EscortPost { height_m, stand_off_m: now.stand_off_m };
    let moving = PostMove { post, from_m: now.height_m, since_ms: now_ms };
    let ours = on_scene(&frame, config, &Mission { moved: Some(moving), ..mission.clone() }, now_ms);
    active.iter().filter(|other| other.id != mission.id && in_the_way(other)).all(|other| {
        let Some(config) = config_of(other) else { return true };
        let heights = Heights::of(&mission.plan, &other.plan);
        let theirs = parts_of(&frame, config, other, now_ms);
        !theirs.iter().any(|b| ours.iter().any(|a| meet(a, b, heights)))
    })
}

/// Whether an aircraft on its way out may leave its last leg for where the person is by now: nobody else of ours comes near what lies beside
/// that leg as far as the person went, nor near where it then goes down.
pub(crate) fn may_turn(site: &SiteConfig, active: &[&Mission], mission: &Mission, target: GeoPoint, now_ms: i64) -> bool {
    let configs = || site.stations.iter().flat_map(|station| &station.drones);
    let plan = &mission.plan;
    let (Some(last), Scene::Escort { target: planned, height_m, .. }) = (plan.outbound.last(), &plan.scene) else { return false };
    let frame = LocalFrame::new(plan.home);
    let begin = plan.outbound.iter().rev().nth(1).copied().unwrap_or(plan.home);
    let (from, to, level_m) = (frame.to_local(begin), frame.to_local(*last), plan.transit_height_m);
    let leg = Part { to, off_m: planned.distance_m(&target) + RUNNING_M, ..column(from, level_m, level_m, 0.0, f64::INFINITY) };
    let stay = stay(&frame, plan, Some(target), 0.0);
    let down = Part { low_m: down_to_m(plan, height_m.min(level_m)), high_m: height_m.max(level_m), ..stay };
    active.iter().filter(|other| other.id != mission.id && in_the_way(other)).all(|other| {
        let Some(config) = configs().find(|config| config.id == other.drone) else { return true };
        let heights = Heights::of(plan, &other.plan);
        let theirs = parts_of(&frame, config, other, now_ms);
        !theirs.iter().any(|part| [leg, down].iter().any(|ours| meet(ours, part, heights)))
    })
}

/// The stay round the person, and while its height changes all that lies between.
fn on_scene(frame: &LocalFrame, config: &DroneConfig, mission: &Mission, now_ms: i64) -> Vec<Part> {
    let mut stay = stay(frame, &mission.plan, mission.target, f64::NEG_INFINITY);
    let Some(PostMove { post, from_m, since_ms }) = mission.moved else { return vec![stay] };
    (stay.low_m, stay.high_m) = (post.height_m, post.height_m);
    let (low_m, high_m) = (from_m.min(post.height_m), from_m.max(post.height_m));
    stay.low_m = down_to_m(&mission.plan, post.height_m);
    let column_m = down_to_m(&mission.plan, low_m);
    let begun_s = (since_ms - now_ms) as f64 / 1_000.0;
    let ends_s = begun_s + (high_m - low_m) / config.descent_speed_m_s.min(config.climb_speed_m_s);
    vec![Part { low_m: column_m, high_m, begins_s: begun_s, ends_s, ..stay }, stay]
}

/// Climb, legs, descent and stay of a flight ordered at `ordered_s`.
fn way_out(frame: &LocalFrame, config: &DroneConfig, plan: &FlightPlan, target: Option<GeoPoint>, ordered_s: f64) -> Vec<Part> {
    let level_m = plan.transit_height_m;
    let mut at = frame.to_local(plan.home);
    let mut now_s = ordered_s + energy::PREPARE_S;
    let pad_m = plan.pad_height_m();
    let climb_s = (level_m - pad_m) / config.climb_speed_m_s;
    let mut parts = vec![column(at, pad_m, level_m, now_s, now_s + climb_s)];
    now_s += climb_s;
    for corner in &plan.outbound[..path_begin(plan)] {
        let to = frame.to_local(*corner);
        let leg_s = energy::leg_s(at.distance_m(&to), plan.transit_speed_m_s);
        parts.push(Part { to, ..column(at, level_m, level_m, now_s, now_s + leg_s) });
        (at, now_s) = (to, now_s + leg_s);
    }
    if let Scene::Escort { height_m, .. } = plan.scene {
        let down_s = (level_m - height_m).abs() / config.descent_speed_m_s;
        let (low_m, high_m) = (height_m.min(level_m), height_m.max(level_m));
        parts.push(Part { scene: true, ..column(at, down_to_m(plan, low_m), high_m, now_s, now_s + down_s) });
        parts.push(stay(frame, plan, target, now_s));
    }
    parts.extend(over_lot(frame, config, plan, now_s));
    parts
}

/// The first corner of the way out at which a survey's path has begun; its number of corners when none does.
fn path_begin(plan: &FlightPlan) -> usize {
    let all = plan.outbound.len();
    match &plan.scene {
        Scene::Survey { manner: Some(manner) } => manner.stops.first().map_or(all, |first| all.min(first + 1)),
        Scene::Survey { manner: None } | Scene::Escort { .. } => all,
    }
}

/// A survey's path as places, from the corner over which it goes down.
fn path_of(frame: &LocalFrame, plan: &FlightPlan) -> Vec<Local> {
    let begin = path_begin(plan);
    let corners = plan.outbound.get(begin.saturating_sub(1)..).unwrap_or_default();
    corners.iter().map(|corner| frame.to_local(*corner)).collect()
}

/// Down to a survey's path, along it, and up from its end. Minutes of slow flight are not known to the second: all of its legs count all
/// the time.
fn over_lot(frame: &LocalFrame, config: &DroneConfig, plan: &FlightPlan, begins_s: f64) -> Vec<Part> {
    let Scene::Survey { manner: Some(manner) } = &plan.scene else { return Vec::new() };
    let path = path_of(frame, plan);
    let (Some(first), Some(last)) = (path.first(), path.last()) else { return Vec::new() };
    let (low_m, high_m) = (manner.height_m.min(plan.transit_height_m), manner.height_m.max(plan.transit_height_m));
    let down_s = begins_s + (high_m - low_m) / config.descent_speed_m_s;
    let length_m: f64 = path.windows(2).map(|leg| leg[0].distance_m(&leg[1])).sum();
    let flown_s = length_m / manner.speed_m_s;
    let late_s = down_s + LATE_FACTOR * flown_s;
    let up_s = late_s + (high_m - low_m) / config.climb_speed_m_s;
    let along = |leg: &[Local]| Part { to: leg[1], ..column(leg[0], manner.height_m, manner.height_m, begins_s, late_s) };
    let mut parts: Vec<Part> = path.windows(2).map(along).collect();
    parts.push(column(*first, low_m, high_m, begins_s, down_s));
    parts.push(column(*last, low_m, high_m, down_s + flown_s, up_s));
    parts
}

/// Up from a survey's path, as its way home began or begins: from its end, or from anywhere on it when it was called home.
fn up_from_lot(frame: &LocalFrame, config: &DroneConfig, other: &Mission, now_ms: i64) -> Vec<Part> {
    let plan = &other.plan;
    let Scene::Survey { manner: Some(manner) } = &plan.scene else { return Vec::new() };
    let (low_m, high_m) = (manner.height_m.min(plan.transit_height_m), manner.height_m.max(plan.transit_height_m));
    let since_ms = other.reached_at_ms.get(&FlightPhase::Returning).copied().unwrap_or(now_ms);
    let begun_s = (since_ms - now_ms) as f64 / 1_000.0;
    let up_s = begun_s + (high_m - low_m) / config.climb_speed_m_s;
    let path = path_of(frame, plan);
    let up = |from: &Local, to: &Local| Part { to: *to, ..column(*from, low_m, high_m, begun_s, up_s) };
    let end = path.last().map(|last| up(last, last));
    if other.recalled { path.windows(2).map(|leg| up(&leg[0], &leg[1])).chain(end).collect() } else { end.into_iter().collect() }
}

/// Round the person, until nobody knows when.
fn stay(frame: &LocalFrame, plan: &FlightPlan, target: Option<GeoPoint>, begins_s: f64) -> Part {
    let centre = frame.to_local(target.or(plan.outbound.last().copied()).unwrap_or(plan.home));
    let (height_m, stand_off_m) = match plan.scene {
        Scene::Escort { height_m, stand_off_m, .. } => (height_m, stand_off_m),
        Scene::Survey { .. } => (plan.transit_height_m, 0.0),
    };
    Part {
        off_m: STAND_OFF_FACTOR * stand_off_m + RUNNING_M,
        scene: true,
        ..column(centre, down_to_m(plan, height_m), height_m, begins_s, f64::INFINITY)
    }
}

/// The lowest that somebody at this height on scene may be as others count heights, metres: a low scene counts over the ground, and all that is
/// below the surface there is its own.
fn down_to_m(plan: &FlightPlan, height_m: f64) -> f64 {
    let is_low = plan.low_scene.is_some_and(|low| height_m <= low.height_m);
    if is_low { f64::NEG_INFINITY } else { height_m }
}

/// All of the way home and the landing, at any time from now on: where on it the aircraft is, is not in the log.
fn way_home(frame: &LocalFrame, config: &DroneConfig, other: &Mission, now_ms: i64) -> Vec<Part> {
    let plan = &other.plan;
    let level_m = plan.transit_height_m;
    // From the person, round whom it was when it was called, or from where its plan ended.
    let begin = other.target.or(plan.outbound.last().copied());
    let corners: Vec<Local> = begin.iter().chain(&plan.homeward).map(|corner| frame.to_local(*corner)).collect();
    let length_m: f64 = corners.windows(2).map(|leg| leg[0].distance_m(&leg[1])).sum();
    let home = frame.to_local(plan.home);
    let pad_m = plan.pad_height_m();
    let over_s = length_m / plan.transit_speed_m_s + (level_m - pad_m) / config.descent_speed_m_s;
    let legs = corners.windows(2).map(|leg| Part { to: leg[1], ..column(leg[0], level_m, level_m, 0.0, over_s) });
    legs.chain([column(home, pad_m, level_m, 0.0, over_s)]).chain(up_from_lot(frame, config, other, now_ms)).collect()
}

fn column(at: Local, low_m: f64, high_m: f64, begins_s: f64, ends_s: f64) -> Part {
    Part { from: at, to: at, off_m: 0.0, low_m, high_m, begins_s, ends_s, scene: false }
}

/// How the heights of two plans compare.
#[derive(Debug, Clone, Copy)]
struct Heights {
    /// What the other's are counted from over what ours are, metres.
    lift_m: f64,
    /// What is to be kept between, metres.
    kept_m: f64,
}

impl Heights {
    /// Above two pads, or over the one surface, where each may be higher by its profile. A plan with a relief and one without, from before the
    /// site had it, do not compare: those two keep apart along the ground alone.
    fn of(ours: &FlightPlan, other: &FlightPlan) -> Self {
        match (&ours.relief, &other.relief) {
            (None, None) => {
                let lift_m = other.home_altitude_amsl_m - ours.home_altitude_amsl_m;
                Self { lift_m, kept_m: PLANNED_VERTICAL_M }
            }
            (Some(_), Some(_)) => Self { lift_m: 0.0, kept_m: PLANNED_VERTICAL_M + PROFILE_OVER_M },
            (Some(_), None) | (None, Some(_)) => Self { lift_m: 0.0, kept_m: f64::INFINITY },
        }
    }
}

/// Whether two parts are nearer than planned flights may be, at the same time.
fn meet(a: &Part, b: &Part, Heights { lift_m, kept_m }: Heights) -> bool {
    let same_time = a.begins_s - SLACK_S <= b.ends_s && b.begins_s - SLACK_S <= a.ends_s;
    let gap_m = (b.low_m + lift_m - a.high_m).max(a.low_m - b.high_m - lift_m);
    same_time && gap_m < kept_m && {
        let limit_m = PLANNED_HORIZONTAL_M + a.off_m + b.off_m;
        flight_routes::legs_apart_m(a.from, a.to, b.from, b.to) < limit_m
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flight_types::{Fence, MissionId, Ring, SurveyManner};

    fn lifted(lift_m: f64) -> Heights {
        Heights { lift_m, kept_m: PLANNED_VERTICAL_M }
    }

    fn leg(from: (f64, f64), to: (f64, f64), height_m: f64, begins_s: f64, ends_s: f64) -> Part {
        let local = |(east_m, north_m)| Local { east_m, north_m };
        Part { to: local(to), ..column(local(from), height_m, height_m, begins_s, ends_s) }
    }

    #[test]
    fn parts_meet_only_at_the_same_place_height_and_time() {
        let east = leg((-100.0, 0.0), (100.0, 0.0), 60.0, 0.0, 20.0);
        for (other, expected) in [
            (leg((0.0, -100.0), (0.0, 100.0), 60.0, 0.0, 20.0), true),
            (leg((0.0, -100.0), (0.0, 100.0), 60.0, 39.0, 60.0), true),
            (leg((0.0, -100.0), (0.0, 100.0), 60.0, 41.0, 60.0), false),
            (leg((0.0, -100.0), (0.0, 100.0), 54.0, 0.0, 20.0), false),
            (leg((0.0, 7.0), (0.0, 100.0), 60.0, 0.0, 20.0), true),
            (leg((0.0, 9.0), (0.0, 100.0), 60.0, 0.0, 20.0), false),
            (column(Local { east_m: 0.0, north_m: 5.0 }, 0.0, 70.0, 0.0, 20.0), true),
            (column(Local { east_m: 0.0, north_m: 5.0 }, 0.0, 50.0, 0.0, 20.0), false),
        ] {
            assert_eq!(meet(&east, &other, lifted(0.0)), expected, "{other:?}");
            assert_eq!(meet(&other, &east, lifted(0.0)), expected, "{other:?}");
        }
        // Six metres apart above their own pads, level above the sea.
        assert!(meet(&east, &leg((0.0, -100.0), (0.0, 100.0), 54.0, 0.0, 20.0), lifted(6.0)));
    }

    fn survey() -> (LocalFrame, FlightPlan) {
        let frame = LocalFrame::new(GeoPoint::new(37.5, 127.0).expect("a place"));
        let at = |east_m: f64, north_m: f64| frame.to_geo(Local { east_m, north_m });
        let ring = Ring::new(vec![at(-500.0, -500.0), at(500.0, -500.0), at(500.0, 500.0), at(-500.0, 500.0)]).expect("a fence");
        let plan = FlightPlan {
            mission: MissionId::new("m").expect("an id"),
            home: at(0.0, 0.0),
            home_altitude_amsl_m: 30.0,
            outbound: vec![at(100.0, 0.0), at(100.0, 60.0), at(110.0, 60.0), at(110.0, 0.0)],
            homeward: vec![at(0.0, 0.0)],
            transit_height_m: 60.0,
            transit_speed_m_s: 10.0,
            scene: Scene::Survey {
                manner: Some(SurveyManner { height_m: 15.0, speed_m_s: 1.0, heading_deg: None, stops: vec![0, 1, 2, 3] }),
            },
            fence: Fence { ring, height_max_m: 120.0 },
            exclusions: Vec::new(),
            zone_margin_m: 15.0,
            home_charge: None,
            low_scene: None,
            rally: None,
            obstacles: Vec::new(),
            relief: None,
        };
        (frame, plan)
    }

    #[test]
    fn a_survey_is_low_over_its_lot_for_minutes_and_nowhere_else() {
        let (frame, plan) = survey();
        let config = DroneConfig {
            id: DroneId::new("d1").expect("an id"),
            pad: plan.home,
            cruise_speed_m_s: 10.0,
            climb_speed_m_s: 4.0,
            descent_speed_m_s: 2.0,
            endurance_s: 1_500.0,
            power: energy::PowerCurve::default(),
            wind_max_m_s: 10.0,
            has_light: true,
        };
        let parts = way_out(&frame, &config, &plan, None, 0.0);
        for (from, to, height_m, at_s, expected) in [
            // Along the lane, low, early and late; over it, where an escort crosses.
            ((90.0, 30.0), (120.0, 30.0), 15.0, 80.0, true),
            ((90.0, 30.0), (120.0, 30.0), 15.0, 200.0, true),
            ((90.0, 30.0), (120.0, 30.0), 26.0, 80.0, false),
            ((90.0, 30.0), (120.0, 30.0), 60.0, 80.0, false),
            // Down over the first corner, up over the last.
            ((100.0, -5.0), (100.0, 5.0), 40.0, 45.0, true),
            ((110.0, -5.0), (110.0, 5.0), 40.0, 190.0, true),
            ((110.0, -5.0), (110.0, 5.0), 40.0, 45.0, false),
        ] {
            let other = leg(from, to, height_m, at_s, at_s + 1.0);
            assert_eq!(parts.iter().any(|part| meet(part, &other, lifted(0.0))), expected, "{other:?}");
        }
    }
}
