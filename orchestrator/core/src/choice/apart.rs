//! Whether a flight keeps apart from our other aircraft, by place, height and time, as far as times are known beforehand.
//!
//! Known are the climb, the way out, the descent to the scene, the stay at its height, and the way home of who is on it. When
//! somebody will be called home is not known: ways home are kept apart by their heights alone (ADR 0013).

use flight_types::{DroneId, FlightPhase, FlightPlan, GeoPoint, Local, LocalFrame, Scene};

use super::Question;
use crate::config::DroneConfig;
use crate::energy;
use crate::model::Mission;

/// Two of our aircraft in the air are never both nearer than this along the ground, metres, …
pub const SEPARATION_HORIZONTAL_M: f64 = 5.0;
/// … and nearer than this in height, metres.
pub const SEPARATION_VERTICAL_M: f64 = 3.0;
/// Plans keep this along the ground, metres: the separation, and for each of the two 1.5 m of satellite noise and gusts.
const PLANNED_HORIZONTAL_M: f64 = SEPARATION_HORIZONTAL_M + 3.0;
/// Plans keep this in height, metres: the separation, and a metre of barometer and gusts for each.
const PLANNED_VERTICAL_M: f64 = SEPARATION_VERTICAL_M + 2.0;
/// An aircraft may be so much earlier or later than calculated, seconds: arming takes its time, wind does the rest.
const SLACK_S: f64 = 20.0;
/// An aircraft with a person is somewhere round them: the stand-off with the link's margin, and a second of running, metres.
const ROUND_PERSON_M: f64 = 12.0;

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
    /// which is 11 m and leaves 7 m beside the other's column on the way there.
    scene: bool,
}

/// Which of the flights under way comes too near to the plan at the same time.
pub(super) fn too_near(
    question: &Question<'_>,
    drone: &DroneConfig,
    plan: &FlightPlan,
    same: impl Fn(&Mission) -> bool,
) -> Option<DroneId> {
    let frame = LocalFrame::new(plan.home);
    let target = match plan.scene {
        Scene::Escort { target, .. } => Some(target),
        Scene::Survey => None,
    };
    let ours = way_out(&frame, drone, plan, target, 0.0);
    let mut others = question.active.iter().filter(|other| other.drone != drone.id && in_the_way(other));
    others.find_map(|other| {
        let config = question.site.stations.iter().flat_map(|station| &station.drones).find(|config| config.id == other.drone)?;
        let same_scene = same(other);
        let lift_m = other.plan.home_altitude_amsl_m - plan.home_altitude_amsl_m;
        let theirs = parts_of(question, &frame, config, other);
        let near = |a: &Part, b: &Part| !(same_scene && (a.scene || b.scene)) && meet(a, b, lift_m);
        theirs.iter().any(|b| ours.iter().any(|a| near(a, b))).then(|| other.drone.clone())
    })
}

/// A launch that nobody has let go yet is not in the air; when it is, it is checked by nobody, so it counts as if it began now.
fn in_the_way(other: &Mission) -> bool {
    other.phase != Some(FlightPhase::Landed)
}

fn parts_of(question: &Question<'_>, frame: &LocalFrame, config: &DroneConfig, other: &Mission) -> Vec<Part> {
    let plan = &other.plan;
    match other.phase {
        Some(FlightPhase::Returning) => way_home(frame, config, plan),
        _ if other.recalled => way_home(frame, config, plan),
        Some(FlightPhase::OnScene) => vec![stay(frame, plan, other.target, f64::NEG_INFINITY)],
        _ => {
            let ordered_ms = other.reached_at_ms.get(&FlightPhase::Ordered).copied().unwrap_or(question.now_ms);
            way_out(frame, config, plan, other.target, (ordered_ms - question.now_ms) as f64 / 1_000.0)
        }
    }
}

/// Climb, legs, descent and stay of a flight ordered at `ordered_s`.
fn way_out(frame: &LocalFrame, config: &DroneConfig, plan: &FlightPlan, target: Option<GeoPoint>, ordered_s: f64) -> Vec<Part> {
    let level_m = plan.transit_height_m;
    let mut at = frame.to_local(plan.home);
    let mut now_s = ordered_s + energy::PREPARE_S;
    let mut parts = vec![column(at, 0.0, level_m, now_s, now_s + level_m / config.climb_speed_m_s)];
    now_s += level_m / config.climb_speed_m_s;
    for corner in &plan.outbound {
        let to = frame.to_local(*corner);
        let leg_s = energy::leg_s(at.distance_m(&to), plan.transit_speed_m_s);
        parts.push(Part { to, ..column(at, level_m, level_m, now_s, now_s + leg_s) });
        (at, now_s) = (to, now_s + leg_s);
    }
    if let Scene::Escort { height_m, .. } = plan.scene {
        let down_s = (level_m - height_m).abs() / config.descent_speed_m_s;
        let (low_m, high_m) = (height_m.min(level_m), height_m.max(level_m));
        parts.push(Part { scene: true, ..column(at, low_m, high_m, now_s, now_s + down_s) });
        parts.push(stay(frame, plan, target, now_s));
    }
    parts
}

/// Round the person, until nobody knows when.
fn stay(frame: &LocalFrame, plan: &FlightPlan, target: Option<GeoPoint>, begins_s: f64) -> Part {
    let centre = frame.to_local(target.or(plan.outbound.last().copied()).unwrap_or(plan.home));
    let height_m = match plan.scene {
        Scene::Escort { height_m, .. } => height_m,
        Scene::Survey => plan.transit_height_m,
    };
    Part { off_m: ROUND_PERSON_M, scene: true, ..column(centre, height_m, height_m, begins_s, f64::INFINITY) }
}

/// All of the way home and the landing, at any time from now on: where on it the aircraft is, is not in the log.
fn way_home(frame: &LocalFrame, config: &DroneConfig, plan: &FlightPlan) -> Vec<Part> {
    let level_m = plan.transit_height_m;
    let corners: Vec<Local> = plan.homeward.iter().map(|corner| frame.to_local(*corner)).collect();
    let length_m: f64 = corners.windows(2).map(|leg| leg[0].distance_m(&leg[1])).sum();
    let home = frame.to_local(plan.home);
    let over_s = length_m / plan.transit_speed_m_s + level_m / config.descent_speed_m_s;
    let legs = corners.windows(2).map(|leg| Part { to: leg[1], ..column(leg[0], level_m, level_m, 0.0, over_s) });
    legs.chain([column(home, 0.0, level_m, 0.0, over_s)]).collect()
}

fn column(at: Local, low_m: f64, high_m: f64, begins_s: f64, ends_s: f64) -> Part {
    Part { from: at, to: at, off_m: 0.0, low_m, high_m, begins_s, ends_s, scene: false }
}

/// Whether two parts are nearer than planned flights may be, at the same time. `lift_m`: the other's pad over ours.
fn meet(a: &Part, b: &Part, lift_m: f64) -> bool {
    let same_time = a.begins_s - SLACK_S <= b.ends_s && b.begins_s - SLACK_S <= a.ends_s;
    let gap_m = (b.low_m + lift_m - a.high_m).max(a.low_m - b.high_m - lift_m);
    same_time && gap_m < PLANNED_VERTICAL_M && {
        let limit_m = PLANNED_HORIZONTAL_M + a.off_m + b.off_m;
        flight_routes::legs_apart_m(a.from, a.to, b.from, b.to) < limit_m
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(meet(&east, &other, 0.0), expected, "{other:?}");
            assert_eq!(meet(&other, &east, 0.0), expected, "{other:?}");
        }
        // Six metres apart above their own pads, level above the sea.
        assert!(meet(&east, &leg((0.0, -100.0), (0.0, 100.0), 54.0, 0.0, 20.0), 6.0));
    }
}
