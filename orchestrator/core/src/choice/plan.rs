//! The flight that one aircraft would make: legal way out, scene, legal way back, apart from our other aircraft.

use flight_types::{
    DroneStatus, Fence, FlightPlan, GeoPoint, Local, LocalFrame, LowScene, Obstacle, PROFILE_OVER_M, Scene, SurveyManner,
};

use super::post::Post;
use super::{Question, Task, apart};
use crate::cause::Cause;
use crate::config::{DroneConfig, SiteConfig, StationConfig};
use crate::energy::{self, Trip};
use crate::model::{Mission, RejectionReason};
use crate::route::{self, Airspace, Demand, NoRoute, Route};
use crate::survey::Pass;

/// Aircraft in the air at once that are kept apart by height; a fifth shares the height of the first.
pub(super) const LAYERS: u32 = 4;
/// Height between two of our aircraft, metres: barometers and gusts together stay under half of it.
const LAYER_HEIGHT_M: f64 = 6.0;
/// The same over a surface: each may be higher than its layer by its steps.
const LAYER_HEIGHT_OVER_RELIEF_M: f64 = apart::PLANNED_VERTICAL_M + PROFILE_OVER_M;
/// Turns of the stand-off points of the aircraft at one scene, degrees: on the far side, to which the way leads over the person, only when
/// all others are taken.
const SCENE_TURNS_DEG: [f64; LAYERS as usize] = [0.0, 90.0, 270.0, 180.0];
/// Targets closer together than this are one scene, metres.
const SAME_SCENE_M: f64 = 100.0;
/// Steps in which a scene is raised until there is a place beside the person, metres: two floors and a half.
const SCENE_STEP_M: f64 = 8.0;
/// A person is followed so far from where the flight was planned to with their surroundings known, metres: six minutes of walking.
const FOLLOWED_M: f64 = 500.0;
/// A scene for a doubtful place that finds no layer over all transits is planned so much over the low one, metres: over the surface, which is
/// high, so that the circle is wide. From there the aircraft comes down to the low one when the person stands.
const OVER_LOW_M: f64 = 0.5;
/// A scene lower than this counts over the surface, metres: what rises beside it, a house of two floors, and a fix's error in height.
const LOW_SCENE_M_MIN: f64 = 15.0;
/// Stand-off points tried for a way before giving up: a pocket between zones is left after a third of the circle.
const STAND_OFFS_TRIED_MAX: usize = 12;
/// A survey's path, which is slow, keeps so far from what it does not pass over, metres: lots lie beside their houses. Wind and the
/// noise of a fix put it off by 3 m, half its span and a breath are the rest.
pub(super) const BESIDE_PATH_M: f64 = 4.0;

/// Where a flight begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    at: GeoPoint,
    height_m: f64,
    airborne: bool,
}

impl Start {
    pub fn pad(site: &SiteConfig, station: &StationConfig, drone: &DroneConfig) -> Self {
        Self { at: drone.pad, height_m: pad_height_m(site, station, drone), airborne: false }
    }

    pub fn air(
        site: &SiteConfig,
        station: &StationConfig,
        drone: &DroneConfig,
        status: &DroneStatus,
    ) -> Result<Self, RejectionReason> {
        let at = status.position.ok_or(RejectionReason::NoGps)?;
        let home_amsl_m = site.pad_amsl_m(station, drone);
        let over_home_m = site.surface_amsl_m(at, home_amsl_m) - home_amsl_m;
        Ok(Self { at, height_m: (status.height_m.unwrap_or(0.0) - over_home_m).max(0.0), airborne: true })
    }
}

/// The height of a pad as heights over it are counted, metres: nought, or as far as it lies under the surface.
fn pad_height_m(site: &SiteConfig, station: &StationConfig, drone: &DroneConfig) -> f64 {
    let pad_amsl_m = site.pad_amsl_m(station, drone);
    pad_amsl_m - site.surface_amsl_m(drone.pad, pad_amsl_m)
}

/// Height between two of our aircraft, metres.
pub(super) fn layer_height_m(site: &SiteConfig) -> f64 {
    if site.relief.is_some() { LAYER_HEIGHT_OVER_RELIEF_M } else { LAYER_HEIGHT_M }
}

/// Which posts count over the ground round them instead of the surface: the lowest, under all layers of transits, so that nobody else of ours
/// is below. None where transits may be as low, or where it would leave too little over what rises beside it.
fn low_scene(site: &SiteConfig) -> Option<LowScene> {
    site.relief.as_ref().filter(|relief| relief.surface.tells_rises())?;
    let height_m = site.policy.scene_height_m;
    let lowest_level_m = site.policy.transit_height_m - f64::from(LAYERS - 1) * layer_height_m(site);
    (height_m < lowest_level_m && height_m >= LOW_SCENE_M_MIN).then_some(LowScene { height_m })
}

/// How far a scene of this height here lies under the surface that others count over, metres.
fn low_by_m(site: &SiteConfig, low: Option<LowScene>, place: GeoPoint, height_m: f64) -> f64 {
    let is_low = low.is_some_and(|low| height_m <= low.height_m);
    let relief = site.relief.as_ref().filter(|_| is_low);
    relief.map_or(0.0, |relief| relief.surface.surface_amsl_m(place) - relief.surface.low_amsl_m(place))
}

/// A flight and what it costs.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub plan: FlightPlan,
    pub trip: Trip,
}

/// The air that a flight of this aircraft uses when it flies level at this height, begun at `from_ms`.
pub(crate) fn airspace(site: &SiteConfig, station: &StationConfig, drone: &DroneConfig, level_m: f64, from_ms: i64) -> Airspace {
    route::airspace(site, &demand(site, station, drone, level_m, from_ms))
}

pub(super) fn demand(site: &SiteConfig, station: &StationConfig, drone: &DroneConfig, level_m: f64, from_ms: i64) -> Demand {
    let scenes_m = Post::highest_base_m(site) + f64::from(LAYERS - 1) * layer_height_m(site);
    Demand {
        pad: drone.pad,
        ground_amsl_m: site.pad_amsl_m(station, drone),
        top_m: level_m.max(site.policy.transit_height_m).max(scenes_m),
        level_m,
        from_ms,
        until_ms: from_ms.saturating_add((drone.endurance_s * 1_000.0) as i64),
    }
}

/// The flight, or why there is none: at the highest layer that keeps it apart from our other aircraft, or above what stands in
/// the way when that is sooner than round it.
pub(super) fn draft(
    question: &Question<'_>,
    station: &StationConfig,
    drone: &DroneConfig,
    start: &Start,
) -> Result<Draft, RejectionReason> {
    let heights = Heights::choose(question, drone);
    let demand = demand(question.site, station, drone, heights.levels_m[0], question.now_ms);
    let clear_m = clear_height_m(question, &demand, start);
    let usual = first_apart(question, station, drone, start, &heights, &heights.levels_m);
    if clear_m <= heights.levels_m[0] {
        return usual;
    }
    let over_m: Vec<f64> = (0..LAYERS).map(|layer| clear_m + f64::from(layer) * layer_height_m(question.site)).collect();
    match (usual, first_apart(question, station, drone, start, &heights, &over_m)) {
        (Ok(round), Ok(over)) => Ok(if over.is_sooner(&round, drone) { over } else { round }),
        (Err(_), Ok(over)) => Ok(over),
        (usual, Err(_)) => usual,
    }
}

/// The height from which everything on the straight way is passed over, metres above the pad; 0 when nothing stands there.
fn clear_height_m(question: &Question<'_>, demand: &Demand, start: &Start) -> f64 {
    let goal = match &question.task {
        Task::Escort { target, .. } => *target,
        // Many ways: what stands in one of them is found out at the first.
        Task::Survey { .. } => return 0.0,
    };
    let frame = LocalFrame::new(start.at);
    let (from, to) = (frame.to_local(start.at), frame.to_local(goal));
    over_m(question.site, demand, &frame, &[from, to])
}

/// The height from which everything is passed over that stands by a way nearer than the margin, metres above the pad.
fn over_m(site: &SiteConfig, demand: &Demand, frame: &LocalFrame, way: &[Local]) -> f64 {
    let in_the_way = |obstacle: &Obstacle| {
        let corners: Vec<Local> = obstacle.ring.corners().iter().map(|corner| frame.to_local(*corner)).collect();
        let edges = corners.iter().zip(corners.iter().cycle().skip(1));
        let near =
            |leg: &[Local], a: &Local, b: &Local| flight_routes::legs_apart_m(leg[0], leg[1], *a, *b) < site.policy.zone_margin_m;
        edges.into_iter().any(|(a, b)| way.windows(2).any(|leg| near(leg, a, b)))
    };
    let all = route::obstacles(site, demand).map(|(obstacle, _)| obstacle);
    all.filter(in_the_way).map(|obstacle| obstacle.top_m + Obstacle::CLEARANCE_M).fold(0.0, f64::max)
}

/// How low a flight may sink anywhere on its way out, metres above the pad: to the height of a scene without doubt, but not onto what it passes over. A survey
/// stays where it is: low over its lot already, or as high as a transit.
pub(crate) fn sink_to_m(site: &SiteConfig, plan: &FlightPlan) -> f64 {
    let Scene::Escort { .. } = plan.scene else { return plan.transit_height_m };
    low_over_m(site, plan, &[])
}

/// The same anywhere on a way home by these corners. That of a survey may begin anywhere on its path, and be found in the air: there it is as
/// low as over the highest that stands on the site.
pub(crate) fn sink_home_to_m(site: &SiteConfig, plan: &FlightPlan, homeward: &[GeoPoint]) -> f64 {
    let Scene::Survey { .. } = plan.scene else { return low_over_m(site, plan, homeward) };
    let demand = sunk_demand(plan);
    let tops = route::obstacles(site, &demand).map(|(obstacle, _)| obstacle.top_m + Obstacle::CLEARANCE_M);
    tops.fold(site.policy.scene_height_m, f64::max).min(plan.transit_height_m)
}

/// Over all that stands by the way out, and by a way on from there.
fn low_over_m(site: &SiteConfig, plan: &FlightPlan, on: &[GeoPoint]) -> f64 {
    let frame = LocalFrame::new(plan.home);
    let corners = std::iter::once(&plan.home).chain(&plan.outbound).chain(on);
    let way: Vec<Local> = corners.map(|corner| frame.to_local(*corner)).collect();
    over_m(site, &sunk_demand(plan), &frame, &way).max(site.policy.scene_height_m).min(plan.transit_height_m)
}

/// Of no hours: what stands there stands at any.
fn sunk_demand(plan: &FlightPlan) -> Demand {
    Demand::of(plan, 0, 0)
}

/// The flight at the first of these levels at which it keeps apart from our other aircraft.
fn first_apart(
    question: &Question<'_>,
    station: &StationConfig,
    drone: &DroneConfig,
    start: &Start,
    heights: &Heights,
    levels_m: &[f64],
) -> Result<Draft, RejectionReason> {
    let (mut taken, mut too_high) = (None, None);
    for level_m in levels_m {
        let draft = match draft_at(question, station, drone, start, heights, *level_m) {
            Ok(draft) => draft,
            // Over a surface that lies high over its ground a lower level may be legal where a higher one is not.
            Err(reason) if question.site.relief.is_some() && is_too_high(&reason) => {
                too_high.get_or_insert(reason);
                continue;
            }
            Err(reason) => return Err(reason),
        };
        match apart::too_near(question, drone, &draft.plan, start.airborne.then_some(start.height_m), |other| {
            same_scene(&question.task, other)
        }) {
            None => return Ok(draft),
            Some(other) => taken = Some(other),
        }
    }
    match taken {
        Some(drone) => Err(RejectionReason::NoRoute { reason: Cause::AirTaken { drone } }),
        None => Err(too_high.expect("there is a level to try")),
    }
}

fn is_too_high(reason: &RejectionReason) -> bool {
    matches!(reason, RejectionReason::NoRoute { reason: Cause::AboveCeiling { .. } })
}

fn draft_at(
    question: &Question<'_>,
    station: &StationConfig,
    drone: &DroneConfig,
    start: &Start,
    heights: &Heights,
    level_m: f64,
) -> Result<Draft, RejectionReason> {
    ceiling(question.site, level_m.max(heights.scene_m))?;
    let demand = demand(question.site, station, drone, level_m, question.now_ms);
    let airspace = route::airspace(question.site, &demand);
    let ways = match &question.task {
        Task::Escort { target, .. } => escort_ways(question.site, &demand, &airspace, drone, start, *target, heights),
        Task::Survey { corners, pass: None } => transit_ways(&airspace, drone, start, corners, level_m),
        Task::Survey { corners, pass: Some(pass) } => {
            let low = route::airspace_beside(question.site, &Demand { level_m: pass.height_m, ..demand }, BESIDE_PATH_M);
            survey_ways(&airspace, &low, drone, start, corners, pass)
        }
    };
    let ways = ways.map_err(|error| RejectionReason::NoRoute { reason: error.into() })?;
    ceiling_over_ground(question.site, start, &ways, level_m, heights.low_scene)?;
    let pad_height_m = pad_height_m(question.site, station, drone);
    let mut outbound = energy::legs(start.at, &ways.out);
    let scene_at = ways.out.corners.last().copied().unwrap_or(start.at);
    let path = ways.stops.first().map(|first| outbound.split_off(outbound.len().min(first + 1))).unwrap_or_default();
    let trip = Trip {
        outbound,
        path,
        path_speed_m_s: path_speed_m_s(&question.task, drone),
        homeward: energy::legs(scene_at, &ways.back),
        transit_height_m: level_m,
        scene_height_m: match question.task {
            Task::Escort { .. } => ways.scene_m - low_by_m(question.site, heights.low_scene, scene_at, ways.scene_m),
            Task::Survey { .. } => ways.scene_m,
        },
        start_height_m: start.height_m,
        pad_height_m,
        rise_and_fall_m: ways.rise_and_fall_m(question.site, start.at),
        stay_s: stay_s(question),
        lit: matches!(question.task, Task::Escort { .. }),
    };
    Ok(Draft { plan: FlightPlan { low_scene: heights.low_scene, ..plan(question, &demand, drone, start, ways) }, trip })
}

impl Draft {
    fn is_sooner(&self, other: &Self, drone: &DroneConfig) -> bool {
        energy::light_on_target_s(drone, &self.trip) < energy::light_on_target_s(drone, &other.trip)
    }
}

fn stay_s(question: &Question<'_>) -> f64 {
    match question.task {
        Task::Escort { .. } => question.site.policy.scene_time_min_s,
        Task::Survey { .. } => 0.0,
    }
}

/// Over the ground along a survey's path, metres per second.
fn path_speed_m_s(task: &Task, drone: &DroneConfig) -> f64 {
    match task {
        Task::Survey { pass: Some(pass), .. } => pass.speed_m_s,
        Task::Survey { pass: None, .. } | Task::Escort { .. } => drone.cruise_speed_m_s,
    }
}

fn plan(question: &Question<'_>, demand: &Demand, drone: &DroneConfig, start: &Start, ways: Ways) -> FlightPlan {
    let mut outbound = ways.out.corners;
    if start.airborne {
        // A diverted aircraft's way begins where it was, so that every point it may be at lies on a known legal line.
        outbound.insert(0, start.at);
    }
    let scene = match &question.task {
        Task::Escort { target, .. } => Scene::Escort { target: *target, stand_off_m: ways.stand_off_m, height_m: ways.scene_m },
        Task::Survey { pass, .. } => Scene::Survey {
            manner: pass.map(|Pass { height_m, speed_m_s, heading_deg }| SurveyManner {
                height_m,
                speed_m_s,
                heading_deg,
                stops: ways.stops,
            }),
        },
    };
    let round = [&[start.at, drone.pad], outbound.as_slice(), ways.back.corners.as_slice()].concat();
    let relief = question.site.relief.as_ref().map(|relief| relief.surface.cut(&round, FOLLOWED_M));
    let highest_m = relief.as_ref().map_or(0.0, |relief| (relief.ground_range_m().1 - demand.ground_amsl_m).max(0.0));
    FlightPlan {
        mission: question.mission.clone(),
        home: drone.pad,
        home_altitude_amsl_m: demand.ground_amsl_m,
        obstacles: obstacles(question.site, demand, &scene),
        outbound,
        homeward: ways.back.corners,
        transit_height_m: demand.level_m,
        transit_speed_m_s: drone.cruise_speed_m_s,
        scene,
        fence: Fence { ring: question.site.fence.clone(), height_max_m: question.site.fence_height_max_m + highest_m },
        exclusions: route::exclusions(question.site, demand),
        zone_margin_m: question.site.policy.zone_margin_m,
        relief,
        // Known when the wind and the charge are.
        home_charge: None,
        low_scene: None,
        rally: None,
    }
}

/// What the link must know to keep clear by itself: what rises to the transit, and round the scene what rises to its height.
fn obstacles(site: &SiteConfig, demand: &Demand, scene: &Scene) -> Vec<Obstacle> {
    let matters = |obstacle: &Obstacle| {
        let near_scene = match scene {
            Scene::Escort { target, height_m, .. } => {
                let near = |corner: &GeoPoint| corner.distance_m(target) < FOLLOWED_M;
                // In flight it may come down to a scene without doubt.
                let low_m = height_m.min(site.policy.scene_height_m);
                let reaches = match low_scene(site) {
                    Some(_) => route::reaches_low(site, obstacle, low_m),
                    None => obstacle.reaches(low_m),
                };
                reaches && obstacle.ring.corners().iter().any(near)
            }
            Scene::Survey { .. } => false,
        };
        near_scene || obstacle.reaches(demand.level_m)
    };
    route::obstacles(site, demand).map(|(obstacle, _)| obstacle).filter(matters).collect()
}

/// The way there, the way back, and how far from the person it ends.
struct Ways {
    out: Route,
    back: Route,
    stand_off_m: f64,
    scene_m: f64,
    /// Which corners of the way out are those of a survey's path; none when it is flown as a transit.
    stops: Vec<usize>,
}

impl Ways {
    /// From where the flight begins, out and back.
    fn all(&self, start: GeoPoint) -> Vec<GeoPoint> {
        [&[start], self.out.corners.as_slice(), self.back.corners.as_slice()].concat()
    }

    fn rise_and_fall_m(&self, site: &SiteConfig, start: GeoPoint) -> (f64, f64) {
        energy::rise_and_fall_m(site.relief.as_ref().map(|relief| &relief.surface), &self.all(start))
    }
}

/// To the lowest height at which there is a place beside the person: among high houses that is above them.
fn escort_ways(
    site: &SiteConfig,
    demand: &Demand,
    airspace: &Airspace,
    drone: &DroneConfig,
    start: &Start,
    target: GeoPoint,
    heights: &Heights,
) -> Result<Ways, NoRoute> {
    let side_deg = target.bearing_deg(&start.at) + SCENE_TURNS_DEG[heights.scene_turns];
    let mut scene_m = heights.scene_m;
    loop {
        let at_scene = Demand { level_m: scene_m, ..*demand };
        let is_low = heights.low_scene.is_some_and(|low| scene_m <= low.height_m);
        let scene = if is_low { route::airspace_low(site, &at_scene) } else { route::airspace(site, &at_scene) };
        let beside = |stand_off_m: f64| scene.stand_offs(target, side_deg, stand_off_m);
        // Where there is no room for the doubt, the stand-off alone is kept: a light that may pass near is better than none.
        match beside(heights.stand_off_m).or_else(|_| beside(site.policy.stand_off_m)) {
            Ok(places) => return ways_to(places, airspace, drone, start, target, scene_m),
            Err(_) if scene_m + SCENE_STEP_M <= demand.top_m => scene_m += SCENE_STEP_M,
            Err(error) => return Err(error),
        }
    }
}

fn ways_to(
    places: Vec<GeoPoint>,
    airspace: &Airspace,
    drone: &DroneConfig,
    start: &Start,
    target: GeoPoint,
    scene_m: f64,
) -> Result<Ways, NoRoute> {
    let mut last_error = NoRoute::Parted;
    for place in places.into_iter().take(STAND_OFFS_TRIED_MAX) {
        match there_and_back(airspace, drone, start, place) {
            Ok((out, back)) => {
                return Ok(Ways { out, back, stand_off_m: place.distance_m(&target), scene_m, stops: Vec::new() });
            }
            Err(error) => last_error = error,
        }
    }
    Err(last_error)
}

fn there_and_back(airspace: &Airspace, drone: &DroneConfig, start: &Start, place: GeoPoint) -> Result<(Route, Route), NoRoute> {
    let out = airspace.route(start.at, place)?;
    let back = if start.airborne { airspace.route(place, drone.pad)? } else { out.reversed(start.at) };
    Ok((out, back))
}

/// A survey that is flown as a transit all the way.
fn transit_ways(
    airspace: &Airspace,
    drone: &DroneConfig,
    start: &Start,
    corners: &[GeoPoint],
    level_m: f64,
) -> Result<Ways, NoRoute> {
    let (mut at, mut out) = (start.at, Route { corners: Vec::new(), legs_m: Vec::new() });
    for corner in corners {
        go_on(&mut out, airspace.route(at, *corner)?);
        at = *corner;
    }
    Ok(Ways { back: airspace.route(at, drone.pad)?, out, stand_off_m: 0.0, scene_m: level_m, stops: Vec::new() })
}

/// To the first corner as a transit, then low along the path: there houses stand beside it that the transit flies over.
fn survey_ways(
    airspace: &Airspace,
    low: &Airspace,
    drone: &DroneConfig,
    start: &Start,
    corners: &[GeoPoint],
    pass: &Pass,
) -> Result<Ways, NoRoute> {
    let first = corners.first().copied().unwrap_or(start.at);
    let mut out = airspace.route(start.at, first)?;
    let mut stops = vec![out.corners.len().saturating_sub(1)];
    let mut at = first;
    if !low.is_clear(first, first, BESIDE_PATH_M) {
        // The way down is over it.
        return Err(low.route(first, first).err().unwrap_or(NoRoute::HemmedIn { end: "the start" }));
    }
    for corner in corners.iter().skip(1) {
        go_on(&mut out, path_leg(airspace, low, at, *corner)?);
        stops.push(out.corners.len().saturating_sub(1));
        at = *corner;
    }
    Ok(Ways { back: airspace.route(at, drone.pad)?, out, stand_off_m: 0.0, scene_m: pass.height_m, stops })
}

/// One leg of a path: straight or round zones as a transit, where no house is in the way; else round that as well.
pub(super) fn path_leg(airspace: &Airspace, low: &Airspace, from: GeoPoint, to: GeoPoint) -> Result<Route, NoRoute> {
    let leg = airspace.route(from, to)?;
    let starts = std::iter::once(&from).chain(&leg.corners);
    let is_clear = starts.zip(&leg.corners).all(|(start, end)| low.is_clear(*start, *end, BESIDE_PATH_M));
    if is_clear { Ok(leg) } else { low.route(from, to) }
}

fn go_on(way: &mut Route, leg: Route) {
    way.corners.extend(leg.corners);
    way.legs_m.extend(leg.legs_m);
}

/// Heights at which this flight stays apart from the others.
#[derive(Debug, Clone)]
struct Heights {
    /// For the level flight, best first; those that nobody flies at before those that somebody does.
    levels_m: Vec<f64>,
    scene_m: f64,
    /// Horizontal distance to be kept from the person.
    stand_off_m: f64,
    /// Which heights on scene count over the ground.
    low_scene: Option<LowScene>,
    /// Aircraft at the same scene already: each takes another side.
    scene_turns: usize,
}

impl Heights {
    fn choose(question: &Question<'_>, drone: &DroneConfig) -> Self {
        let policy = &question.site.policy;
        let others: Vec<&Mission> = question.active.iter().filter(|mission| mission.drone != drone.id).copied().collect();
        let layer_m =
            |layer: u32| (policy.transit_height_m - f64::from(layer) * layer_height_m(question.site)).max(policy.scene_height_m);
        let is_free = |level_m: &f64| others.iter().all(|other| is_apart(other.plan.transit_height_m, *level_m));
        let (mut levels_m, taken): (Vec<f64>, Vec<f64>) = (0..LAYERS).map(layer_m).partition(is_free);
        levels_m.extend(taken);
        let at_scene = others.iter().filter(|other| same_scene(&question.task, other)).count();
        let (scene_m, stand_off_m, low_scene) = match question.task {
            Task::Escort { target, doubt_m } => {
                let post = Post::choose(question.site, doubt_m);
                let base_m = base_under_ceiling_m(question.site, target, post.base_m);
                let low_scene = low_scene(question.site);
                // Who is not held by a narrow circle is lit from as high as the surface makes it, until they stand (ADR 161).
                let doubtful = policy.higher_in_doubt && (post.is_narrow || base_m < post.base_m);
                let base_m = if doubtful && low_scene.is_some() { base_m + OVER_LOW_M } else { base_m };
                (free_scene_m(question.site, base_m, &others, target), post.stand_off_m, low_scene)
            }
            Task::Survey { pass, .. } => (pass.map_or(layer_m(0), |pass| pass.height_m), 0.0, None),
        };
        Self { levels_m, scene_m, stand_off_m, low_scene, scene_turns: at_scene % SCENE_TURNS_DEG.len() }
    }
}

/// This height on scene, or the usual one where the surface lies so high over the ground that not all layers over it fit under the ceiling.
fn base_under_ceiling_m(site: &SiteConfig, target: GeoPoint, base_m: f64) -> f64 {
    let Some(relief) = &site.relief else { return base_m };
    let top_m = base_m + f64::from(LAYERS - 1) * layer_height_m(site) + relief.surface.over_ground_m(target);
    if top_m <= site.fence_height_max_m { base_m } else { site.policy.scene_height_m.min(base_m) }
}

/// The lowest height on scene from this one on that no other escort keeps, because callers walk and two may meet, and no survey near by.
fn free_scene_m(site: &SiteConfig, base_m: f64, others: &[&Mission], target: GeoPoint) -> f64 {
    let is_near = |other: &Mission| other.plan.outbound.iter().any(|corner| corner.distance_m(&target) < FOLLOWED_M);
    let is_free = |height_m: f64, other: &Mission| match &other.plan.scene {
        Scene::Escort { .. } => leaves_height(other, height_m),
        Scene::Survey { manner: Some(manner) } => {
            let kept_m = apart::PLANNED_VERTICAL_M + if site.relief.is_some() { PROFILE_OVER_M } else { 0.0 };
            !is_near(other) || (manner.height_m - height_m).abs() >= kept_m
        }
        Scene::Survey { manner: None } => true,
    };
    let layer_m = |layer: u32| base_m + f64::from(layer) * layer_height_m(site);
    let mut layers_m = (0..LAYERS).map(layer_m);
    layers_m.find(|height_m| others.iter().all(|other| is_free(*height_m, other))).unwrap_or(base_m)
}

/// Whether an escort neither keeps this height on scene nor may go back to it.
pub(super) fn leaves_height(other: &Mission, height_m: f64) -> bool {
    other.planned_post().into_iter().chain(other.post()).all(|post| is_apart(post.height_m, height_m))
}

/// Whether two heights are two layers.
fn is_apart(a_m: f64, b_m: f64) -> bool {
    (a_m - b_m).abs() > LAYER_HEIGHT_M / 2.0
}

fn same_scene(task: &Task, other: &Mission) -> bool {
    match (task, &other.plan.scene) {
        (Task::Escort { target, .. }, Scene::Escort { target: theirs, .. }) => target.distance_m(theirs) < SAME_SCENE_M,
        (Task::Survey { .. }, _) | (_, Scene::Survey { .. }) => false,
    }
}

fn ceiling(site: &SiteConfig, height_m: f64) -> Result<(), RejectionReason> {
    let ceiling_m = site.fence_height_max_m;
    if height_m <= ceiling_m {
        return Ok(());
    }
    let reason = Cause::AboveCeiling { height_m, ceiling_m };
    Err(RejectionReason::NoRoute { reason })
}

/// With a relief the ceiling counts from the ground: the level flight everywhere on its way, and the scene where it begins.
fn ceiling_over_ground(
    site: &SiteConfig,
    start: &Start,
    ways: &Ways,
    level_m: f64,
    low: Option<LowScene>,
) -> Result<(), RejectionReason> {
    let Some(relief) = &site.relief else { return Ok(()) };
    let legs = ways.all(start.at);
    let over_m = legs.windows(2).map(|leg| relief.surface.over_ground_along_m(leg[0], leg[1])).fold(0.0, f64::max);
    let over_scene_m = |scene: &GeoPoint| relief.surface.over_ground_m(*scene) - low_by_m(site, low, *scene, ways.scene_m);
    let scene_over_m = ways.out.corners.last().map_or(0.0, over_scene_m);
    ceiling(site, (level_m + over_m + PROFILE_OVER_M).max(ways.scene_m + scene_over_m))
}
