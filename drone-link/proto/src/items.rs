//! Plans as mission and fence items.

use flight_types::{FlightPlan, GeoPoint, Scene, SurveyManner};

use crate::dialect::{Item, ItemKind};
use crate::inbound::RawItem;
use crate::transfer::same;

/// The step aside has been made when so much is left of it, metres; the autopilot's own radius of 10 m would cut it off.
const ASIDE_ACCEPTANCE_M: f32 = 2.0;
/// Coordinates travel as 1e-7 degrees.
const COORDINATE_SCALE: f64 = 1e7;
/// In DO_CHANGE_SPEED: the ground speed.
const SPEED_TYPE_GROUND: f32 = 1.0;
/// In DO_CHANGE_SPEED: leave the throttle alone.
const THROTTLE_UNCHANGED: f32 = -1.0;
/// A list's coordinate closer than this to the pad is the pad, metres.
const SAME_PLACE_M: f64 = 3.0;
/// Corners closer together than this are one, metres.
const SAME_CORNER_M: f64 = 0.5;

/// A coordinate as it travels.
pub(crate) fn coordinates(place: GeoPoint) -> (i32, i32) {
    // In range by construction of GeoPoint: 180e7 fits.
    ((place.lat_deg() * COORDINATE_SCALE).round() as i32, (place.lon_deg() * COORDINATE_SCALE).round() as i32)
}

fn at(kind: ItemKind, place: GeoPoint, height_m: f64) -> Item {
    let (x, y) = coordinates(place);
    // Parameter 4 is the heading; not a number lets the autopilot keep its own.
    Item { kind, params: [0.0, 0.0, 0.0, f32::NAN], x, y, z: height_m as f32 }
}

fn speed(plan: &FlightPlan) -> Item {
    ground_speed(plan.transit_speed_m_s)
}

fn ground_speed(speed_m_s: f64) -> Item {
    let params = [SPEED_TYPE_GROUND, speed_m_s as f32, THROTTLE_UNCHANGED, 0.0];
    Item { kind: ItemKind::ChangeSpeed, params, x: 0, y: 0, z: 0.0 }
}

/// Turns the camera to an elevation, straight ahead of the nose. The rates are left to the gimbal.
fn point_camera(pitch_deg: f32) -> Item {
    Item { kind: ItemKind::PointCamera, params: [pitch_deg, 0.0, f32::NAN, f32::NAN], x: 0, y: 0, z: 0.0 }
}

fn waypoints(corners: &[GeoPoint], height_m: f64) -> impl Iterator<Item = Item> {
    let repeats = move |i: usize| i > 0 && corners[i].distance_m(&corners[i - 1]) < SAME_CORNER_M;
    let kept = (0..corners.len()).filter(move |i| !repeats(*i));
    kept.map(move |i| at(ItemKind::Waypoint, corners[i], height_m))
}

/// A mission and the meaning of its items.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mission {
    pub items: Vec<Item>,
    /// The item at whose place the scene begins: from here on the aircraft is on scene when it is near.
    pub scene_item: u16,
    /// The items at which the corners of a survey's path lie, in their order.
    pub stop_items: Vec<u16>,
}

/// From the pad: take-off, up to the transit height, then the way out.
pub(crate) fn from_pad(plan: &FlightPlan) -> Mission {
    let take_off = at(ItemKind::TakeOff, plan.home, plan.transit_height_m.min(TAKE_OFF_HEIGHT_M));
    mission(plan, &[take_off, at(ItemKind::Waypoint, plan.home, plan.transit_height_m)])
}

/// From the air: first up to the transit height, then the way out.
pub(crate) fn from_air(plan: &FlightPlan, here: GeoPoint) -> Mission {
    mission(plan, &[at(ItemKind::Waypoint, here, plan.transit_height_m)])
}

/// Take-off is flown slowly (PX4: MPC_TKO_SPEED, 1.5 m/s), the rest of the climb twice as fast: take off only this high, metres. PX4
/// refuses one that is not a metre higher than its waypoint radius, 2 m for multicopters.
const TAKE_OFF_HEIGHT_M: f64 = 4.0;

fn mission(plan: &FlightPlan, first: &[Item]) -> Mission {
    let mut items = first.to_vec();
    items.push(speed(plan));
    if let Scene::Survey { manner: Some(manner) } = &plan.scene {
        return survey(plan, manner, items);
    }
    items.extend(waypoints(&plan.outbound, plan.transit_height_m));
    let scene_item = u16::try_from(items.len() - 1).unwrap_or(u16::MAX);
    match &plan.scene {
        Scene::Escort { height_m, .. } => {
            // Down to the scene only above the stand-off point: the transit height is the legal one until there.
            let stand_off = plan.outbound.last().copied().unwrap_or(plan.home);
            items.push(at(ItemKind::LoiterUnlimited, stand_off, *height_m));
        }
        Scene::Survey { .. } => {
            items.extend(waypoints(&plan.homeward, plan.transit_height_m));
            items.push(at(ItemKind::Land, plan.home, 0.0));
        }
    }
    Mission { items, scene_item, stop_items: Vec::new() }
}

/// A stop counts as passed from so near, metres. Autopilots' own default is ten: lanes would be cut short by as much.
const STOP_RADIUS_M: f32 = 1.0;

/// A stop of a survey's path; parameter 2 is the radius from which it counts as reached, parameter 4 the heading. Left to itself an
/// autopilot turns the nose towards the next stop, and from a few metres before it every gust turns it by ten degrees and more.
fn stop(place: GeoPoint, manner: &SurveyManner) -> Item {
    let mut item = at(ItemKind::Waypoint, place, manner.height_m);
    item.params[1] = STOP_RADIUS_M;
    item.params[3] = manner.heading_deg.map_or(f32::NAN, |heading_deg| heading_deg.rem_euclid(360.0) as f32);
    item
}

/// Straight down, degrees over the horizon.
const DOWN_DEG: f32 = -90.0;
/// Looking ahead.
const AHEAD_DEG: f32 = 0.0;

/// To the first corner as a transit, down over it, along the path with the camera straight down, up over its end, and home.
fn survey(plan: &FlightPlan, manner: &SurveyManner, mut items: Vec<Item>) -> Mission {
    let first = manner.stops.first().copied().unwrap_or(0).min(plan.outbound.len());
    let (there, path) = plan.outbound.split_at(first);
    items.extend(waypoints(there, plan.transit_height_m));
    // The descent is flown above the corner: until there the transit height is the legal one.
    items.extend(path.first().map(|corner| at(ItemKind::Waypoint, *corner, plan.transit_height_m)));
    items.push(point_camera(DOWN_DEG));
    let mut item_of = Vec::with_capacity(path.len());
    for (index, corner) in path.iter().enumerate() {
        if index == 0 || corner.distance_m(&path[index - 1]) >= SAME_CORNER_M {
            items.push(stop(*corner, manner));
        }
        item_of.push(u16::try_from(items.len() - 1).unwrap_or(u16::MAX));
        if index == 0 {
            items.push(ground_speed(manner.speed_m_s));
        }
    }
    let scene_item = item_of.last().copied().unwrap_or_default();
    let stop_items = manner.stops.iter().filter_map(|stop| item_of.get(stop.checked_sub(first)?).copied()).collect();
    items.push(speed(plan));
    items.push(point_camera(AHEAD_DEG));
    items.extend(path.last().map(|corner| at(ItemKind::Waypoint, *corner, plan.transit_height_m)));
    items.extend(waypoints(&plan.homeward, plan.transit_height_m));
    items.push(at(ItemKind::Land, plan.home, 0.0));
    Mission { items, scene_item, stop_items }
}

/// From here home: first up to the transit height where the aircraft is, then the corners, then down on the pad. `aside` is where,
/// and at which height, it goes before it climbs.
pub(crate) fn homeward(plan: &FlightPlan, here: GeoPoint, aside: Option<(GeoPoint, f64)>, corners: &[GeoPoint]) -> Vec<Item> {
    let mut items = match aside {
        Some((aside, height_m)) => {
            let mut step = at(ItemKind::Waypoint, aside, height_m);
            step.params[1] = ASIDE_ACCEPTANCE_M;
            vec![step, speed(plan), at(ItemKind::Waypoint, aside, plan.transit_height_m)]
        }
        None => vec![at(ItemKind::Waypoint, here, plan.transit_height_m), speed(plan)],
    };
    items.extend(waypoints(corners, plan.transit_height_m));
    if corners.last().is_none_or(|last| last.distance_m(&plan.home) > SAME_CORNER_M) {
        items.push(at(ItemKind::Waypoint, plan.home, plan.transit_height_m));
    }
    items.push(at(ItemKind::Land, plan.home, 0.0));
    items
}

/// The inclusion ring, then each zone that must not be entered.
pub(crate) fn fence(plan: &FlightPlan) -> Vec<Item> {
    let inclusion = std::iter::once((ItemKind::FenceInclusion, &plan.fence.ring));
    let exclusions = plan.exclusions.iter().map(|ring| (ItemKind::FenceExclusion, ring));
    let corner = |kind, place, count: usize| {
        let (x, y) = coordinates(place);
        Item { kind, params: [count as f32, 0.0, 0.0, 0.0], x, y, z: 0.0 }
    };
    let rings = inclusion.chain(exclusions);
    rings.flat_map(|(kind, ring)| ring.corners().iter().map(move |c| corner(kind, *c, ring.corners().len()))).collect()
}

/// What an aircraft that was met in the air has on board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnBoard {
    /// The way out of this plan, as it is begun on the pad.
    Outbound,
    /// The same as it is begun in the air, by an aircraft that was taken from another flight: one item fewer.
    OutboundFromAir,
    /// A way home to this plan's pad.
    Homeward,
    /// Something else.
    Foreign,
}

/// Compares a list on board with a plan. The first item depends on where the aircraft was and is not compared.
pub(crate) fn recognise(plan: &FlightPlan, read: &[RawItem]) -> OnBoard {
    let is_read = |ours: &[Item]| ours.len() == read.len() && ours.iter().zip(read).skip(1).all(|(item, raw)| same(item, raw));
    if is_read(&from_pad(plan).items) {
        return OnBoard::Outbound;
    }
    // Before the way home is thought of: a survey's list ends on the pad and has its speed in the same place.
    if is_read(&from_air(plan, plan.home).items) {
        return OnBoard::OutboundFromAir;
    }
    let lands_at_pad = read.last().is_some_and(|raw| {
        let place = GeoPoint::new(f64::from(raw.x) / COORDINATE_SCALE, f64::from(raw.y) / COORDINATE_SCALE);
        raw.command == ItemKind::Land.number() && place.is_ok_and(|place| place.distance_m(&plan.home) < SAME_PLACE_M)
    });
    // A way home of ours starts with a climb on the spot and its speed; a foreign one to our pad would not.
    let shaped_as_ours = read.get(1).is_some_and(|raw| same(&speed(plan), raw));
    if lands_at_pad && shaped_as_ours { OnBoard::Homeward } else { OnBoard::Foreign }
}
