//! Where the aircraft may go: straight legs that stay inside the fence and out of zones, the hover point of an escort,
//! and the way home from anywhere.

use flight_routes::{Airspace, crosses, leg_distance_m, ring_distance_m};
use flight_types::{FlightPlan, GeoPoint, Local, LocalFrame, Ring, Scene, ZoneId};

/// A person slower than this stands, metres per second; GPS noise looks like this.
const STANDING_M_S: f64 = 0.5;
/// The person's velocity is looked ahead this far, seconds: about the delay of position, link and aircraft.
const LOOK_AHEAD_S: f64 = 1.5;
/// Nobody on foot or on a bicycle is faster; a larger value is an error, metres per second.
const TARGET_SPEED_MAX_M_S: f64 = 10.0;
/// The largest step round the person at once, degrees. With a margin of 10 % the chord of 45° stays outside the stand-off:
/// 1.1 × cos 22.5° = 1.016.
const STEP_DEG: f64 = 45.0;
/// From so far round either way is about as long, degrees.
const OPPOSITE_DEG: f64 = 120.0;
/// Where it was sent last lies on a side if it is so far round, degrees.
const BEGUN_DEG: f64 = 5.0;
/// A hover point this near its best bearing is good enough, degrees.
const BEARING_DEADBAND_DEG: f64 = 20.0;
/// A hover point keeps so far off zones and the fence, metres: what gusts, overshoot and the noise of a fix add up to.
const HOVER_MARGIN_M: f64 = 8.0;
/// An aircraft on a planned leg is at most so far off it, metres: wind and the noise of a fix.
const FLOWN_OFF_M: f64 = 3.0;
/// A leg that leads along a margin exactly must count as keeping it despite rounding, metres.
const ROUNDING_M: f64 = 0.01;
/// A leaving aircraft goes so far aside before it climbs, metres: more than two aircraft of ours are kept apart in plans.
const ASIDE_M: f64 = 12.0;
/// Directions in which it may go aside, degrees from straight away from the person.
const ASIDE_DEG: [f64; 5] = [0.0, 30.0, -30.0, 60.0, -60.0];
/// Other bearings that are tried when the best is not allowed, degrees from it.
const DETOURS_DEG: [f64; 8] = [0.0, 45.0, -45.0, 90.0, -90.0, 135.0, -135.0, 180.0];

/// The person who is escorted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Target {
    pub place: GeoPoint,
    pub east_m_s: f64,
    pub north_m_s: f64,
}

/// Without news the person is taken to go on for so long, milliseconds: a drop-out of their fixes.
const GOES_ON_MS: u64 = 4_000;

impl Target {
    /// The same person after so long without news.
    pub fn after(&self, passed_ms: u64) -> Self {
        let speed_m_s = self.speed_m_s();
        if !self.goes() {
            return *self;
        }
        let passed_s = passed_ms.min(GOES_ON_MS) as f64 / 1_000.0;
        Self { place: self.place.moved(self.heading_deg(), speed_m_s * passed_s), ..*self }
    }

    pub fn speed_m_s(&self) -> f64 {
        let speed = self.east_m_s.hypot(self.north_m_s);
        if speed.is_finite() { speed.min(TARGET_SPEED_MAX_M_S) } else { 0.0 }
    }

    /// Whether they do not stand.
    pub fn goes(&self) -> bool {
        self.speed_m_s() >= STANDING_M_S
    }

    fn heading_deg(&self) -> f64 {
        self.east_m_s.atan2(self.north_m_s).to_degrees()
    }

    /// Where the person is when the aircraft gets there.
    fn ahead(&self) -> GeoPoint {
        if self.goes() { self.place.moved(self.heading_deg(), self.speed_m_s() * LOOK_AHEAD_S) } else { self.place }
    }
}

/// Whether the straight leg at this height above home crosses no edge of the fence and neither touches nor enters a zone or an
/// obstacle that reaches so high.
pub(crate) fn clear(plan: &FlightPlan, from: GeoPoint, to: GeoPoint, height_m: f64) -> bool {
    let crosses = |ring: &Ring| crosses(ring, from, to);
    let in_zone = kept_beside(plan, height_m).any(|zone| zone.contains(to) || crosses(zone));
    plan.fence.ring.contains(to) && !crosses(&plan.fence.ring) && !in_zone
}

/// What a flight at this height above home must keep beside: zones, and obstacles that it cannot pass over.
fn kept_beside(plan: &FlightPlan, height_m: f64) -> impl Iterator<Item = &Ring> {
    let high = plan.obstacles.iter().filter(move |obstacle| plan.is_reached_by(obstacle, height_m));
    plan.exclusions.iter().chain(high.map(|obstacle| &obstacle.ring))
}

/// The height on scene above home, metres; a survey's is that of its transit.
pub(crate) fn scene_height_m(plan: &FlightPlan) -> f64 {
    match plan.scene {
        Scene::Escort { height_m, .. } => height_m,
        Scene::Survey { .. } => plan.transit_height_m,
    }
}

/// Whether there is room to sink to this height above home: nothing that reaches so high, and no zone, is near.
pub(crate) fn is_roomy(plan: &FlightPlan, here: GeoPoint, height_m: f64) -> bool {
    let near = |ring: &Ring| ring.contains(here) || ring_distance_m(ring, here) < HOVER_MARGIN_M;
    !kept_beside(plan, height_m).any(near)
}

/// Where to climb from the scene: a few metres further from the person, because a relief hovers above and behind them too.
/// `None` where zones, fence or houses leave no room.
pub(crate) fn aside(plan: &FlightPlan, here: GeoPoint, person: GeoPoint) -> Option<GeoPoint> {
    let out_deg = if person.distance_m(&here) < 0.1 { 0.0 } else { person.bearing_deg(&here) };
    let mut ways = ASIDE_DEG.iter().map(|turn_deg| here.moved(out_deg + turn_deg, ASIDE_M));
    ways.find(|goal| clear(plan, here, *goal, scene_height_m(plan)) && keeps_off(plan, here, *goal))
}

/// Where to hover next: at the stand-off (plus margin) from the person, behind them when they walk, so that the light falls
/// ahead of them; otherwise on the side where the aircraft is. Never over them on the way. When no straight leg leads to such a place,
/// the next corner of a way to one. `None` when nothing is allowed.
pub(crate) fn hover_point(
    plan: &FlightPlan,
    target: &Target,
    here: GeoPoint,
    distance_m: f64,
    before: Option<GeoPoint>,
) -> Option<GeoPoint> {
    let person = target.ahead();
    let bearing_now = if person.distance_m(&here) < 0.1 { 0.0 } else { person.bearing_deg(&here) };
    let bearing_best = if target.goes() { target.heading_deg() + 180.0 } else { bearing_now };
    let turn = wrap_deg(bearing_best - bearing_now);
    // Nearly opposite, the shorter way round is now this one and now that one: it goes on round the side that it has begun.
    let begun = before.map(|before| wrap_deg(person.bearing_deg(&before) - bearing_now)).filter(|begun| begun.abs() > BEGUN_DEG);
    let turn = match begun {
        Some(begun) if turn.abs() > OPPOSITE_DEG => turn.abs().copysign(begun),
        _ => turn,
    };
    let step = if turn.abs() < BEARING_DEADBAND_DEG { 0.0 } else { turn.clamp(-STEP_DEG, STEP_DEG) };
    let mut angles_deg: Vec<f64> = Vec::new();
    for angle_deg in DETOURS_DEG.map(|detour| wrap_deg(step + detour).clamp(-STEP_DEG, STEP_DEG)) {
        if !angles_deg.contains(&angle_deg) {
            angles_deg.push(angle_deg);
        }
    }
    let goals = || angles_deg.iter().map(|angle_deg| person.moved(bearing_now + angle_deg, distance_m));
    let straight = goals().find(|goal| clear(plan, here, *goal, scene_height_m(plan)) && keeps_off(plan, here, *goal));
    straight.or_else(|| approach(plan, person, here, goals()))
}

/// Turns of the hover point from the side on which the aircraft comes, degrees.
const COMING_DEG: [f64; 3] = [0.0, 45.0, -45.0];

/// Where to hover beside the person when that can be reached straight on from here at the transit's height, and gone down from there.
pub(crate) fn straight_to(plan: &FlightPlan, target: &Target, here: GeoPoint, distance_m: f64) -> Option<GeoPoint> {
    let person = target.ahead();
    let coming_deg = person.bearing_deg(&here);
    let mut goals = COMING_DEG.iter().map(|turn_deg| person.moved(coming_deg + turn_deg, distance_m));
    let air = flown_air(plan);
    let clear_m = plan.zone_margin_m - FLOWN_OFF_M;
    goals.find(|goal| {
        air.is_clear(here, *goal, clear_m) && room_m(plan, *goal, *goal) >= HOVER_MARGIN_M && plan.fence.ring.contains(*goal)
    })
}

/// The next corner of the first legal way to one of these places: round the corner of a zone, round a house. Not over the person.
fn approach(plan: &FlightPlan, person: GeoPoint, here: GeoPoint, goals: impl Iterator<Item = GeoPoint>) -> Option<GeoPoint> {
    let air = airspace(plan, scene_height_m(plan), HOVER_MARGIN_M);
    let frame = LocalFrame::new(person);
    let passes_m = |from: GeoPoint, to: GeoPoint| {
        flight_routes::legs_apart_m(frame.to_local(from), frame.to_local(to), Local::default(), Local::default())
    };
    goals
        .filter(|goal| air.is_legal(*goal))
        .filter_map(|goal| Some((goal, *air.route(here, goal).ok()?.corners.first()?)))
        .find(|(goal, corner)| passes_m(*goal, *goal).min(passes_m(here, here)) - ROUNDING_M <= passes_m(here, *corner))
        .map(|(_, corner)| corner)
}

/// Whether the leg keeps the hover margin all along; from inside the margin it may only lead out.
fn keeps_off(plan: &FlightPlan, here: GeoPoint, goal: GeoPoint) -> bool {
    let needed_m = room_m(plan, here, here).min(HOVER_MARGIN_M);
    needed_m - ROUNDING_M <= room_m(plan, here, goal)
}

/// Whether an aircraft that nobody guides may go straight there at this height: as legs of a scene are, less what it is off them.
pub(crate) fn leads_back(plan: &FlightPlan, here: GeoPoint, there: GeoPoint, height_m: f64) -> bool {
    let needed_m = room_at_m(plan, here, here, height_m).min(HOVER_MARGIN_M) - FLOWN_OFF_M;
    clear(plan, here, there, height_m) && needed_m <= room_at_m(plan, here, there, height_m)
}

/// How far a leg passes the nearest edge of a zone, of a house that reaches to the scene's height, or of the fence, metres.
fn room_m(plan: &FlightPlan, from: GeoPoint, to: GeoPoint) -> f64 {
    room_at_m(plan, from, to, scene_height_m(plan))
}

/// The same at any height.
fn room_at_m(plan: &FlightPlan, from: GeoPoint, to: GeoPoint, height_m: f64) -> f64 {
    let rings = kept_beside(plan, height_m).chain([&plan.fence.ring]);
    rings.map(|ring| leg_distance_m(ring, from, to)).fold(f64::INFINITY, f64::min)
}

/// Into −180..180.
fn wrap_deg(angle_deg: f64) -> f64 {
    (angle_deg + 180.0).rem_euclid(360.0) - 180.0
}

/// The corners from here home, legal from wherever the aircraft is: as given when their beginning can be joined straight, else by
/// a way of the link's own, found from here or from the nearest place outside zones and inside the fence (ADR 0012).
///
/// Only when zones and fence part the aircraft from its pad is there no such way; then it goes back along the trail it came by.
pub(crate) fn way_home(plan: &FlightPlan, here: GeoPoint, trail: &[GeoPoint], corners: &[GeoPoint]) -> Vec<GeoPoint> {
    let first = corners.first().copied().unwrap_or(plan.home);
    if joins(plan, here, first) {
        return corners.to_vec();
    }
    way_to(plan, here, plan.home).unwrap_or_else(|| trail.iter().rev().chain(corners).copied().collect())
}

/// Whether the straight way between two places on or beside planned legs keeps off zones and fence as planned legs do.
pub(crate) fn joins(plan: &FlightPlan, here: GeoPoint, there: GeoPoint) -> bool {
    flown_air(plan).is_clear(here, there, plan.zone_margin_m - FLOWN_OFF_M)
}

/// The shortest legal corners from here to this place, from wherever the aircraft is.
pub(crate) fn way_to(plan: &FlightPlan, here: GeoPoint, place: GeoPoint) -> Option<Vec<GeoPoint>> {
    own_way(&flown_air(plan), here, place)
}

fn own_way(air: &Airspace, here: GeoPoint, home: GeoPoint) -> Option<Vec<GeoPoint>> {
    if let Ok(way) = air.route(here, home) {
        return Some(way.corners);
    }
    let out = air.nearest_legal(here)?;
    let way = air.route(out, home).ok()?;
    Some(std::iter::once(out).chain(way.corners).collect())
}

/// The air of the ways out and home.
fn flown_air(plan: &FlightPlan) -> Airspace {
    airspace(plan, plan.transit_height_m, plan.zone_margin_m)
}

/// The air as the plan knows it, at this height above home.
fn airspace(plan: &FlightPlan, height_m: f64, margin_m: f64) -> Airspace {
    let named = |(index, ring): (usize, &Ring)| Some((ZoneId::new(format!("exclusion-{index}")).ok()?, ring.clone()));
    let beside = kept_beside(plan, height_m);
    Airspace::new(&plan.fence.ring, beside.enumerate().filter_map(named).collect(), margin_m)
}

/// The way back while still on the way out: the corners already passed, backwards, then the pad. `next` is the corner flown to.
pub(crate) fn turned_back(plan: &FlightPlan, next: usize) -> Vec<GeoPoint> {
    let passed = &plan.outbound[..next.min(plan.outbound.len())];
    passed.iter().rev().copied().chain([plan.home]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use flight_types::{Fence, MissionId, Obstacle};

    fn origin() -> GeoPoint {
        GeoPoint::new(37.5, 127.0).expect("a test place")
    }

    fn at(east_m: f64, north_m: f64) -> GeoPoint {
        LocalFrame::new(origin()).to_geo(Local { east_m, north_m })
    }

    fn square(east_m: f64, north_m: f64, half_m: f64) -> Ring {
        let corners = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)];
        Ring::new(corners.iter().map(|(e, n)| at(east_m + e * half_m, north_m + n * half_m)).collect()).expect("a square")
    }

    fn plan(exclusions: Vec<Ring>) -> FlightPlan {
        FlightPlan {
            mission: MissionId::new("m").expect("an id"),
            home: at(0.0, 0.0),
            home_altitude_amsl_m: 30.0,
            outbound: vec![at(0.0, 100.0), at(200.0, 100.0)],
            homeward: vec![at(0.0, 100.0), at(0.0, 0.0)],
            transit_height_m: 60.0,
            transit_speed_m_s: 12.0,
            scene: Scene::Escort { target: at(210.0, 100.0), stand_off_m: 8.0, height_m: 20.0 },
            fence: Fence { ring: square(0.0, 0.0, 1_000.0), height_max_m: 120.0 },
            exclusions,
            zone_margin_m: 15.0,
            home_charge: None,
            low_scene: None,
            rally: None,
            obstacles: Vec::new(),
            relief: None,
        }
    }

    #[test]
    fn legs_through_zones_and_out_of_the_fence_are_not_clear() {
        let plan = plan(vec![square(100.0, 0.0, 20.0)]);
        assert!(!clear(&plan, at(0.0, 0.0), at(200.0, 0.0), 60.0), "through");
        assert!(!clear(&plan, at(0.0, 0.0), at(100.0, 0.0), 60.0), "into");
        assert!(!clear(&plan, at(0.0, 0.0), at(0.0, 1_500.0), 60.0), "out of the fence");
        assert!(clear(&plan, at(0.0, 0.0), at(0.0, 200.0), 60.0));
    }

    #[test]
    fn a_house_is_flown_over_by_who_is_high_enough_and_round_by_who_is_not() {
        // 30 m high: the transit at 60 m passes over it, the scene at 20 m does not.
        let house = Obstacle { ring: square(100.0, 0.0, 20.0), top_m: 30.0 };
        let low = FlightPlan { obstacles: vec![house.clone()], ..plan(Vec::new()) };
        let tower = FlightPlan { obstacles: vec![Obstacle { top_m: 70.0, ..house }], ..plan(Vec::new()) };
        let (from, to) = (at(0.0, 0.0), at(200.0, 0.0));
        assert!(clear(&low, from, to, 60.0) && !clear(&low, from, to, 20.0));
        assert_eq!(way_home(&low, to, &[], &[from]), vec![from]);
        let round = way_home(&tower, to, &[], &[from]);
        assert!(round.len() > 1, "{round:?}");
        let walker = Target { place: at(75.0, 0.0), east_m_s: 1.4, north_m_s: 0.0 };
        let hover = hover_point(&low, &walker, at(66.0, 0.0), 8.8, None).expect("room beside the house");
        assert!(room_m(&low, hover, hover) >= HOVER_MARGIN_M, "{}", room_m(&low, hover, hover));
    }

    /// Far from the person, as when a better fix of theirs comes on arrival; over a leg that only grazes a corner, gusts carry inside.
    #[test]
    fn a_person_behind_a_zone_is_reached_round_its_corners_and_at_the_margin_all_along() {
        let plan = plan(vec![square(100.0, 0.0, 60.0)]);
        for bearing in (0..360).step_by(10) {
            let (person, mut here) = (at(100.0, 0.0).moved(f64::from(bearing), 130.0), at(100.0, 0.0).moved(200.0, 130.0));
            let target = Target { place: person, east_m_s: 0.0, north_m_s: 0.0 };
            for hop in 0.. {
                let goal = hover_point(&plan, &target, here, 8.8, None).expect("there is a way");
                assert!(room_m(&plan, here, goal) >= HOVER_MARGIN_M - 0.1, "{bearing}: {}", room_m(&plan, here, goal));
                assert!(hop < 20, "{bearing}: goes on and on");
                if goal.distance_m(&person) < 9.0 {
                    break;
                }
                // Looked at again every second: on its way, not only at its corners.
                here = here.moved(here.bearing_deg(&goal), here.distance_m(&goal).min(60.0));
            }
        }
    }

    #[test]
    fn who_leaves_goes_aside_away_from_the_person_and_not_into_a_zone() {
        let person = at(0.0, 0.0);
        let goal = aside(&plan(Vec::new()), at(8.0, 0.0), person).expect("open space");
        assert!((goal.distance_m(&person) - 20.0).abs() < 0.1);
        let beside = plan(vec![square(40.0, 0.0, 22.0)]);
        let goal = aside(&beside, at(8.0, 0.0), person);
        assert!(goal.is_none_or(|goal| clear(&beside, at(8.0, 0.0), goal, 20.0)));
    }

    /// Follows walkers on many courses and looks at every metre of every leg.
    #[test]
    fn an_escort_never_comes_nearer_than_the_stand_off_by_its_own_legs() {
        let plan = plan(Vec::new());
        for course in (0..360).step_by(15) {
            let (sin, cos) = f64::from(course).to_radians().sin_cos();
            let target = Target { place: at(0.0, 0.0), east_m_s: sin * 1.4, north_m_s: cos * 1.4 };
            let person = target.ahead();
            let mut here = person.moved(0.0, 8.8);
            for _ in 0..6 {
                let goal = hover_point(&plan, &target, here, 8.8, None).expect("open space");
                for share in 0..=10 {
                    let along = here.moved(here.bearing_deg(&goal), here.distance_m(&goal) * f64::from(share) / 10.0);
                    assert!(along.distance_m(&person) > 8.0, "course {course}: {}", along.distance_m(&person));
                }
                here = goal;
            }
            let off = wrap_deg(person.bearing_deg(&here) - f64::from(course) - 180.0);
            assert!(off.abs() <= BEARING_DEADBAND_DEG, "course {course}: {off} degrees from behind");
        }
    }

    #[test]
    fn round_somebody_who_comes_towards_it_the_aircraft_goes_on_by_the_side_that_it_has_begun() {
        let plan = plan(Vec::new());
        let coming = |off_deg: f64| {
            let (sin, cos) = off_deg.to_radians().sin_cos();
            Target { place: at(0.0, 0.0), east_m_s: sin * 1.4, north_m_s: cos * 1.4 }
        };
        let here = coming(0.0).ahead().moved(0.0, 8.8);
        let east_m = |goal: GeoPoint| LocalFrame::new(here).to_local(goal).east_m;
        let begun = hover_point(&plan, &coming(-4.0), here, 8.8, None).expect("open space");
        let other = hover_point(&plan, &coming(4.0), here, 8.8, None).expect("open space");
        assert!(east_m(begun) * east_m(other) < 0.0, "the shorter way round depends on little");
        let kept = hover_point(&plan, &coming(4.0), here, 8.8, Some(begun)).expect("open space");
        assert!(east_m(kept) * east_m(begun) > 0.0);
    }

    /// Every leg of a way home from here, each metre of it, stays out of zones and inside the fence.
    fn check_way_home(plan: &FlightPlan, here: GeoPoint, corners: &[GeoPoint]) -> Vec<GeoPoint> {
        let way = way_home(plan, here, &[], corners);
        let mut before = here;
        for corner in &way {
            assert!(clear(plan, before, *corner, 60.0), "from {here:?} by {way:?}");
            before = *corner;
        }
        assert_eq!(way.last(), Some(&plan.home));
        way
    }

    #[test]
    fn a_way_home_is_joined_as_given_where_that_is_legal() {
        let plan = plan(vec![square(100.0, 50.0, 30.0)]);
        assert_eq!(check_way_home(&plan, at(0.0, 150.0), &plan.homeward), plan.homeward);
    }

    /// The walker led it round the zone to a side from which no given corner can be seen: from any place round it.
    #[test]
    fn from_behind_a_zone_the_link_finds_its_own_way_home() {
        let plan = plan(vec![square(100.0, 100.0, 60.0)]);
        for bearing in 0..36 {
            let here = at(100.0, 100.0).moved(f64::from(bearing) * 10.0, 110.0);
            check_way_home(&plan, here, &[at(190.0, 200.0), at(10.0, 200.0), at(0.0, 0.0)]);
        }
    }

    #[test]
    fn out_of_a_zone_it_goes_by_the_shortest_way_and_then_legally() {
        let plan = plan(vec![square(100.0, 100.0, 60.0)]);
        let way = way_home(&plan, at(155.0, 100.0), &[], &plan.homeward);
        assert!(way[0].distance_m(&at(175.0, 100.0)) < 5.0, "{way:?}");
        for leg in way.windows(2) {
            assert!(clear(&plan, leg[0], leg[1], 60.0), "{way:?}");
        }
    }

    #[test]
    fn parted_from_the_pad_it_goes_back_as_it_came() {
        let wall = Ring::new(vec![at(90.0, -999.0), at(110.0, -999.0), at(110.0, 999.0), at(90.0, 999.0)]).expect("a wall");
        let plan = plan(vec![wall]);
        let trail = [at(0.0, 0.0), at(0.0, 100.0), at(200.0, 100.0)];
        let way = way_home(&plan, at(200.0, 110.0), &trail, &plan.homeward);
        assert_eq!(way[..3], [trail[2], trail[1], trail[0]]);
    }
}
