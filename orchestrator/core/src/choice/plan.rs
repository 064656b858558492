//! The flight that one aircraft would make: legal way out, scene, legal way back, apart from our other aircraft.

use flight_types::{DroneStatus, Fence, FlightPlan, GeoPoint, Scene};

use super::{Question, Task};
use crate::cause::Cause;
use crate::config::{DroneConfig, Policy, SiteConfig, StationConfig};
use crate::energy::Trip;
use crate::model::{Mission, RejectionReason};
use crate::route::{self, Airspace, NoRoute, Route};

/// Aircraft in the air at once that are kept apart by height; a fifth shares the height of the first.
const LAYERS: u32 = 4;
/// Height between two of our aircraft, metres: barometers and gusts together stay under half of it.
const LAYER_HEIGHT_M: f64 = 6.0;
/// Turn between the stand-off points of two aircraft at one scene, degrees.
const LAYER_TURN_DEG: f64 = 90.0;
/// Targets closer together than this are one scene, metres.
const SAME_SCENE_M: f64 = 100.0;
/// Stand-off points tried for a way before giving up: a pocket between zones is left after a third of the circle.
const STAND_OFFS_TRIED_MAX: usize = 12;

/// Where a flight begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    at: GeoPoint,
    height_m: f64,
    airborne: bool,
}

impl Start {
    pub fn pad(drone: &DroneConfig) -> Self {
        Self { at: drone.pad, height_m: 0.0, airborne: false }
    }

    pub fn air(status: &DroneStatus) -> Result<Self, RejectionReason> {
        let at = status.position.ok_or(RejectionReason::NoGps)?;
        Ok(Self { at, height_m: status.height_m.unwrap_or(0.0).max(0.0), airborne: true })
    }
}

/// A flight and what it costs.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub plan: FlightPlan,
    pub trip: Trip,
}

/// The air that flights of a station use, at all their heights.
pub(crate) fn airspace(site: &SiteConfig, station: &StationConfig) -> Airspace {
    let top_m = site.policy.transit_height_m.max(site.policy.scene_height_m + f64::from(LAYERS - 1) * LAYER_HEIGHT_M);
    route::airspace(site, station.ground_amsl_m, station.ground_amsl_m + top_m)
}

/// The flight, or why there is none.
pub(super) fn draft(
    question: &Question<'_>,
    station: &StationConfig,
    drone: &DroneConfig,
    airspace: &Airspace,
    start: &Start,
) -> Result<Draft, RejectionReason> {
    let heights = Heights::choose(question, drone);
    ceiling(question.site, &heights)?;
    let ways = match &question.task {
        Task::Escort { target } => escort_ways(airspace, &question.site.policy, drone, start, *target, heights.scene_layer),
        Task::Survey { corners } => survey_ways(airspace, drone, start, corners),
    };
    let ways = ways.map_err(|error| RejectionReason::NoRoute { reason: error.into() })?;
    let trip = Trip {
        outbound_legs_m: ways.out.legs_m.clone(),
        homeward_legs_m: ways.back.legs_m.clone(),
        transit_height_m: heights.transit_m,
        scene_height_m: heights.scene_m,
        start_height_m: start.height_m,
        stay_s: stay_s(question),
    };
    Ok(Draft { plan: plan(question, station, drone, airspace, start, &heights, ways), trip })
}

fn stay_s(question: &Question<'_>) -> f64 {
    match question.task {
        Task::Escort { .. } => question.site.policy.scene_time_min_s,
        Task::Survey { .. } => 0.0,
    }
}

fn plan(
    question: &Question<'_>,
    station: &StationConfig,
    drone: &DroneConfig,
    airspace: &Airspace,
    start: &Start,
    heights: &Heights,
    ways: Ways,
) -> FlightPlan {
    let mut outbound = ways.out.corners;
    if start.airborne {
        // A diverted aircraft's way begins where it was, so that every point it may be at lies on a known legal line.
        outbound.insert(0, start.at);
    }
    FlightPlan {
        mission: question.mission.clone(),
        home: drone.pad,
        home_altitude_amsl_m: station.ground_amsl_m,
        outbound,
        homeward: ways.back.corners,
        transit_height_m: heights.transit_m,
        transit_speed_m_s: drone.cruise_speed_m_s,
        scene: match &question.task {
            Task::Escort { target } => Scene::Escort { target: *target, stand_off_m: ways.stand_off_m, height_m: heights.scene_m },
            Task::Survey { .. } => Scene::Survey,
        },
        fence: Fence { ring: question.site.fence.clone(), height_max_m: question.site.fence_height_max_m },
        exclusions: airspace.exclusions(),
        zone_margin_m: question.site.policy.zone_margin_m,
    }
}

/// The way there, the way back, and how far from the person it ends.
struct Ways {
    out: Route,
    back: Route,
    stand_off_m: f64,
}

fn escort_ways(
    airspace: &Airspace,
    policy: &Policy,
    drone: &DroneConfig,
    start: &Start,
    target: GeoPoint,
    scene_layer: u32,
) -> Result<Ways, NoRoute> {
    let side_deg = target.bearing_deg(&start.at) + f64::from(scene_layer) * LAYER_TURN_DEG;
    let places = airspace.stand_offs(target, side_deg, policy.stand_off_m)?;
    let mut last_error = NoRoute::Parted;
    for place in places.into_iter().take(STAND_OFFS_TRIED_MAX) {
        match there_and_back(airspace, drone, start, place) {
            Ok((out, back)) => return Ok(Ways { out, back, stand_off_m: place.distance_m(&target) }),
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

fn survey_ways(airspace: &Airspace, drone: &DroneConfig, start: &Start, corners: &[GeoPoint]) -> Result<Ways, NoRoute> {
    let mut at = start.at;
    let mut out = Route { corners: Vec::new(), legs_m: Vec::new() };
    for corner in corners {
        let leg = airspace.route(at, *corner)?;
        out.corners.extend(leg.corners);
        out.legs_m.extend(leg.legs_m);
        at = *corner;
    }
    Ok(Ways { back: airspace.route(at, drone.pad)?, out, stand_off_m: 0.0 })
}

/// Heights at which this flight stays apart from the others.
#[derive(Debug, Clone, Copy)]
struct Heights {
    transit_m: f64,
    scene_m: f64,
    scene_layer: u32,
}

impl Heights {
    fn choose(question: &Question<'_>, drone: &DroneConfig) -> Self {
        let policy = &question.site.policy;
        let others: Vec<&Mission> = question.active.iter().filter(|mission| mission.drone != drone.id).copied().collect();
        let layer_m = |layer: u32| (policy.transit_height_m - f64::from(layer) * LAYER_HEIGHT_M).max(policy.scene_height_m);
        let free =
            |layer: &u32| others.iter().all(|other| (other.plan.transit_height_m - layer_m(*layer)).abs() > LAYER_HEIGHT_M / 2.0);
        let at_scene = others.iter().filter(|other| same_scene(&question.task, other)).count();
        let scene_layer = u32::try_from(at_scene).unwrap_or(u32::MAX) % LAYERS;
        let scene_m = match question.task {
            Task::Escort { .. } => policy.scene_height_m + f64::from(scene_layer) * LAYER_HEIGHT_M,
            Task::Survey { .. } => layer_m(0),
        };
        Self { transit_m: layer_m((0..LAYERS).find(free).unwrap_or(0)), scene_m, scene_layer }
    }
}

fn same_scene(task: &Task, other: &Mission) -> bool {
    match (task, &other.plan.scene) {
        (Task::Escort { target }, Scene::Escort { target: theirs, .. }) => target.distance_m(theirs) < SAME_SCENE_M,
        (Task::Survey { .. }, _) | (_, Scene::Survey) => false,
    }
}

fn ceiling(site: &SiteConfig, heights: &Heights) -> Result<(), RejectionReason> {
    let (height_m, ceiling_m) = (heights.transit_m.max(heights.scene_m), site.fence_height_max_m);
    if height_m <= ceiling_m {
        return Ok(());
    }
    let reason = Cause::AboveCeiling { height_m, ceiling_m };
    Err(RejectionReason::NoRoute { reason })
}
