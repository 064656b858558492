//! Plans as mission and fence items.

use flight_types::{FlightPlan, GeoPoint, PROFILE_REACHED_M, ProfilePoint, STRAIGHT_ON_DEG, Scene, SurveyManner};

use crate::dialect::{Item, ItemKind};
use crate::inbound::RawItem;
use crate::transfer::same;

/// The step aside has been made when so much is left of it, metres; the autopilot's own radius of 10 m would cut it off.
const ASIDE_ACCEPTANCE_M: f32 = 2.0;
/// Coordinates travel as 1e-7 degrees.
const COORDINATE_SCALE: f64 = 1e7;
/// In DO_CHANGE_SPEED: the ground speed.
pub(crate) const SPEED_TYPE_GROUND: f32 = 1.0;
/// In DO_CHANGE_SPEED: leave the throttle alone.
pub(crate) const THROTTLE_UNCHANGED: f32 = -1.0;
/// A list's coordinate closer than this to the pad, or to a rally point, is that, metres.
pub(crate) const SAME_PLACE_M: f64 = 3.0;
/// Corners closer together than this are one, metres.
const SAME_CORNER_M: f64 = 0.5;

/// A coordinate as it travels.
pub(crate) fn coordinates(place: GeoPoint) -> (i32, i32) {
    // In range by construction of GeoPoint: 180e7 fits.
    ((place.lat_deg() * COORDINATE_SCALE).round() as i32, (place.lon_deg() * COORDINATE_SCALE).round() as i32)
}

/// Where an item is; nothing for one that has no place.
pub(crate) fn place_of(item: &Item) -> Option<GeoPoint> {
    GeoPoint::new(f64::from(item.x) / COORDINATE_SCALE, f64::from(item.y) / COORDINATE_SCALE).ok()
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

/// A way at this height over the plan's surface, from its first corner on. The first item is that corner, and is where the way begins;
/// without a relief the way is level, and nothing lies between its corners.
fn way(plan: &FlightPlan, corners: &[GeoPoint], height_m: f64) -> Vec<Item> {
    let Some(profile) = plan.profile(corners) else {
        return corners.iter().map(|corner| at(ItemKind::Waypoint, *corner, height_m)).collect();
    };
    profile.iter().map(|point| bend(plan, point, height_m)).collect()
}

/// Waypoints after the first corner of a way.
fn onward(plan: &FlightPlan, begin: GeoPoint, corners: &[GeoPoint], height_m: f64) -> Vec<Item> {
    if plan.relief.is_none() {
        return waypoints(corners, height_m).collect();
    }
    way(plan, &path(begin, corners), height_m).into_iter().skip(1).collect()
}

/// The way out to the last of these corners, as a transit.
fn outward(plan: &FlightPlan, pad: Option<GeoPoint>, corners: &[GeoPoint]) -> Vec<Item> {
    match (pad, corners.split_first()) {
        (None, Some((first, rest))) if plan.relief.is_some() => way(plan, &path(*first, rest), plan.transit_height_m),
        (pad, _) => onward(plan, pad.unwrap_or(plan.home), corners, plan.transit_height_m),
    }
}

/// A way's corners with where it begins, each but once.
fn path(begin: GeoPoint, corners: &[GeoPoint]) -> Vec<GeoPoint> {
    let mut path = vec![begin];
    for corner in corners {
        if path.last().is_none_or(|last| last.distance_m(corner) >= SAME_CORNER_M) {
            path.push(*corner);
        }
    }
    path
}

/// A place of a way over a relief. The autopilot's own radius would begin the next leg too soon, and cut off a crest.
fn bend(plan: &FlightPlan, point: &ProfilePoint, height_m: f64) -> Item {
    let mut item = at(ItemKind::Waypoint, point.place, height_m + point.amsl_m - plan.home_altitude_amsl_m);
    item.params[1] = PROFILE_REACHED_M as f32;
    item
}

/// Where a way begins: as high as its first leg begins.
fn begin(plan: &FlightPlan, place: GeoPoint, corners: &[GeoPoint], height_m: f64) -> Item {
    let first = way(plan, &path(place, corners), height_m).into_iter().next();
    let z = first.map_or(height_m as f32, |first| first.z);
    Item { z, ..at(ItemKind::Waypoint, place, height_m) }
}

/// A mission and the meaning of its items.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mission {
    pub items: Vec<Item>,
    /// The first item of the way out: what lies before it is the climb.
    pub way_item: u16,
    /// The item at whose place the scene begins: from here on the aircraft is on scene when it is near.
    pub scene_item: u16,
    /// The items at which the corners of a survey's path lie, in their order.
    pub stop_items: Vec<u16>,
}

/// From the pad: take-off, up to the transit height, then the way out.
pub(crate) fn from_pad(plan: &FlightPlan) -> Mission {
    let take_off = at(ItemKind::TakeOff, plan.home, plan.transit_height_m.min(TAKE_OFF_HEIGHT_M));
    mission(plan, Some(plan.home), &[take_off, begin(plan, plan.home, &plan.outbound, plan.transit_height_m)])
}

impl Mission {
    /// All of the climb by the take-off, without a stop on the way.
    pub fn climb_at_once(&mut self) {
        if let [take_off, level, ..] = &mut self.items[..]
            && take_off.kind == ItemKind::TakeOff
        {
            take_off.z = level.z;
        }
    }
}

/// From the air: first up to the transit height, then the way out. Over a relief level to its first corner, which is near: from there the
/// legs are the same wherever the aircraft was.
pub(crate) fn from_air(plan: &FlightPlan, here: GeoPoint) -> Mission {
    let first = plan.outbound.first().copied().unwrap_or(here);
    mission(plan, None, &[at(ItemKind::Waypoint, here, plan.transit_height_m + plan.surface_along_m(here, first))])
}

/// Take-off is flown slowly (PX4: MPC_TKO_SPEED, 1.5 m/s), the rest of the climb twice as fast: take off only this high, metres. PX4
/// refuses one that is not a metre higher than its waypoint radius, 2 m for multicopters.
const TAKE_OFF_HEIGHT_M: f64 = 4.0;

/// `pad`: where the way out begins; none in the air, where only its first corner is known again after a restart.
fn mission(plan: &FlightPlan, pad: Option<GeoPoint>, first: &[Item]) -> Mission {
    let mut items = first.to_vec();
    items.push(speed(plan));
    if let (None, Some(_), Some(corner)) = (pad, &plan.relief, plan.outbound.first()) {
        let (x, y) = coordinates(*corner);
        items.push(Item { x, y, ..items[0] });
    }
    if let Scene::Survey { manner: Some(manner) } = &plan.scene {
        return survey(plan, manner, pad, items);
    }
    let way_item = u16::try_from(items.len()).unwrap_or(u16::MAX);
    items.extend(outward(plan, pad, &plan.outbound));
    let scene_item = u16::try_from(items.len() - 1).unwrap_or(u16::MAX);
    match &plan.scene {
        Scene::Escort { height_m, .. } => {
            // Down to the scene only above the stand-off point: the transit height is the legal one until there.
            let stand_off = plan.outbound.last().copied().unwrap_or(plan.home);
            items.push(at(ItemKind::LoiterUnlimited, stand_off, *height_m + plan.post_base_m(stand_off, *height_m)));
        }
        Scene::Survey { .. } => {
            let end = plan.outbound.last().copied().unwrap_or(plan.home);
            items.extend(onward(plan, end, &plan.homeward, plan.transit_height_m));
            items.push(at(ItemKind::Land, plan.home, 0.0));
        }
    }
    Mission { items, way_item, scene_item, stop_items: Vec::new() }
}

/// A stop at which a path turns counts as passed from so near, metres. Autopilots' own default is ten: lanes would be cut short by as much.
const STOP_RADIUS_M: f32 = 1.0;
/// A stop in a lane counts from so near, metres: an aircraft that is blown past one at speed turns round for it, and nothing is seen of a lane but
/// by flying along it. Fixes wander by less; stops are further apart than twice as much, and where a lane bends by `STRAIGHT_ON_DEG` it is cut
/// by half a metre.
const STRAIGHT_STOP_RADIUS_M: f32 = 3.0;

/// How near a stop of a path is to be flown.
fn stop_radius_m(before: Option<&GeoPoint>, stop: &GeoPoint, after: Option<&GeoPoint>) -> f32 {
    let (Some(before), Some(after)) = (before, after) else { return STOP_RADIUS_M };
    let turn_deg = (stop.bearing_deg(after) - before.bearing_deg(stop) + 180.0).rem_euclid(360.0) - 180.0;
    let straight = turn_deg.abs() <= STRAIGHT_ON_DEG;
    let apart = before.distance_m(stop).min(stop.distance_m(after)) > 2.0 * f64::from(STRAIGHT_STOP_RADIUS_M);
    if straight && apart { STRAIGHT_STOP_RADIUS_M } else { STOP_RADIUS_M }
}

/// A stop of a survey's path; parameter 2 is the radius from which it counts as reached, parameter 4 the heading. Left to itself an
/// autopilot turns the nose towards the next stop, and from a few metres before it every gust turns it by ten degrees and more.
fn stop(place: GeoPoint, manner: &SurveyManner, radius_m: f32) -> Item {
    let mut item = at(ItemKind::Waypoint, place, manner.height_m);
    item.params[1] = radius_m;
    item.params[3] = manner.heading_deg.map_or(f32::NAN, |heading_deg| heading_deg.rem_euclid(360.0) as f32);
    item
}

/// A stop with the bends before it over the plan's surface, which are laid along all of the path.
fn stops(
    plan: &FlightPlan,
    manner: &SurveyManner,
    (corner, radius_m): (GeoPoint, f32),
    laid: &mut impl Iterator<Item = ProfilePoint>,
) -> Vec<Item> {
    if plan.relief.is_none() {
        return vec![stop(corner, manner, radius_m)];
    }
    let mut stops = Vec::new();
    for point in laid {
        let height_m = manner.height_m + point.amsl_m - plan.home_altitude_amsl_m;
        stops.push(Item { z: height_m as f32, ..stop(point.place, manner, STOP_RADIUS_M) });
        if point.corner.is_some() {
            break;
        }
    }
    stops
}

/// Straight down, degrees over the horizon.
const DOWN_DEG: f32 = -90.0;
/// Looking ahead.
const AHEAD_DEG: f32 = 0.0;

/// To the first corner as a transit, down over it, along the path with the camera straight down, up over its end, and home.
fn survey(plan: &FlightPlan, manner: &SurveyManner, pad: Option<GeoPoint>, mut items: Vec<Item>) -> Mission {
    let first = manner.stops.first().copied().unwrap_or(0).min(plan.outbound.len());
    let (there, path) = plan.outbound.split_at(first);
    let way_item = u16::try_from(items.len()).unwrap_or(u16::MAX);
    // The descent is flown above the corner: until there the transit height is the legal one.
    if plan.relief.is_none() {
        items.extend(waypoints(there, plan.transit_height_m));
        items.extend(path.first().map(|corner| at(ItemKind::Waypoint, *corner, plan.transit_height_m)));
    } else {
        items.extend(outward(plan, pad, &plan.outbound[..(first + 1).min(plan.outbound.len())]));
    }
    items.push(point_camera(DOWN_DEG));
    let mut item_of = Vec::with_capacity(path.len());
    let is_apart = |index: &usize| *index == 0 || path[*index].distance_m(&path[index - 1]) >= SAME_CORNER_M;
    let apart: Vec<GeoPoint> = (0..path.len()).filter(is_apart).map(|index| path[index]).collect();
    let mut laid = plan.profile(&apart).unwrap_or_default().into_iter();
    let mut nth = 0_usize;
    for (index, corner) in path.iter().enumerate() {
        if is_apart(&index) {
            let radius_m = stop_radius_m(nth.checked_sub(1).and_then(|before| apart.get(before)), corner, apart.get(nth + 1));
            items.extend(stops(plan, manner, (*corner, radius_m), &mut laid));
            nth += 1;
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
    if let Some(end) = path.last() {
        items.push(begin(plan, *end, &plan.homeward, plan.transit_height_m));
    }
    items.extend(onward(plan, path.last().copied().unwrap_or(plan.home), &plan.homeward, plan.transit_height_m));
    items.push(at(ItemKind::Land, plan.home, 0.0));
    Mission { items, way_item, scene_item, stop_items }
}

/// A way home from a person leads on from where they were from this item on: before it are the step aside, the speed, and the change of height there.
pub(crate) const WAY_HOME_BEGINS: u16 = 3;

/// From here home: first up to the transit height where the aircraft is, then the corners, then down at the landing. `aside` is where,
/// and at which height, it goes before it climbs.
pub(crate) fn homeward(
    plan: &FlightPlan,
    here: GeoPoint,
    aside: Option<(GeoPoint, f64)>,
    corners: &[GeoPoint],
    landing: Landing,
) -> Vec<Item> {
    if plan.relief.is_some() {
        return homeward_over_relief(plan, here, aside, corners, landing);
    }
    let mut items = match aside {
        Some((aside, height_m)) => {
            let mut step = at(ItemKind::Waypoint, aside, height_m);
            step.params[1] = ASIDE_ACCEPTANCE_M;
            vec![step, speed(plan), at(ItemKind::Waypoint, aside, plan.transit_height_m)]
        }
        None => vec![at(ItemKind::Waypoint, here, plan.transit_height_m), speed(plan)],
    };
    items.extend(waypoints(corners, plan.transit_height_m));
    if corners.last().is_none_or(|last| last.distance_m(&landing.place) > SAME_CORNER_M) {
        items.push(at(ItemKind::Waypoint, landing.place, plan.transit_height_m));
    }
    items.push(landing.item());
    items
}

/// Where a way home ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Landing {
    pub place: GeoPoint,
    /// Its ground above home, metres.
    pub ground_m: f64,
}

impl Landing {
    /// On the plan's own pad.
    pub fn on_pad(plan: &FlightPlan) -> Self {
        Self { place: plan.home, ground_m: 0.0 }
    }

    fn item(&self) -> Item {
        at(ItemKind::Land, self.place, self.ground_m)
    }
}

/// The same for an autopilot that needs to be told where a way back begins, or it would return straight from a way home too: after the first
/// two items, on the spot, from the height that it has, so that the nearest leg is the climb.
pub(crate) fn marked_as_way_back(mut items: Vec<Item>, height_m: f64) -> Vec<Item> {
    let (Some(first), Some(third)) = (items.first().copied(), items.get(2).copied()) else { return items };
    if (third.x, third.y) != (first.x, first.y) {
        items.insert(2, first);
    }
    let z = first.z.min(height_m as f32);
    items.insert(2, way_back_begins(Item { z, ..first }));
    items
}

/// A way home that lies on board while a person is followed, flown only by an aircraft that returns by itself: from `begin`, as high above home as the
/// scene is, up on the spot, then as every way home. The low beginning lies nearest to whoever hovers beside it, so that the climb is flown first.
/// Where it is marked, no leg behind the climb is taken for the nearest: ArduPilot looks no further than where a landing begins.
pub(crate) fn from_here(plan: &FlightPlan, (begin, height_m): (GeoPoint, f64), corners: &[GeoPoint], marked: bool) -> Vec<Item> {
    let mut low = at(ItemKind::Waypoint, begin, height_m);
    low.params[1] = ASIDE_ACCEPTANCE_M;
    let mut way = homeward(plan, begin, None, corners, Landing::on_pad(plan)).into_iter();
    let climb = way.next();
    let mark = marked.then(|| way_back_begins(low));
    let end = climb.filter(|_| marked).map(|climb| Item { kind: ItemKind::LandStart, ..way_back_begins(climb) });
    [low].into_iter().chain(mark).chain(climb).chain(end).chain(way).collect()
}

/// Where a way back begins. It has no heading, and ArduPilot refuses one that is not a number.
fn way_back_begins(place: Item) -> Item {
    Item { kind: ItemKind::ReturnPathStart, params: [0.0; 4], ..place }
}

/// The same over the plan's surface, which decides how high it climbs where it is.
fn homeward_over_relief(
    plan: &FlightPlan,
    here: GeoPoint,
    aside: Option<(GeoPoint, f64)>,
    corners: &[GeoPoint],
    landing: Landing,
) -> Vec<Item> {
    let from = aside.map_or(here, |(aside, _)| aside);
    let corners = path(from, &[corners, &[landing.place]].concat());
    let mut items: Vec<Item> = way(plan, &corners, plan.transit_height_m);
    if items.len() < 2 {
        // It is over its landing.
        items.push(at(ItemKind::Waypoint, landing.place, plan.transit_height_m + plan.surface_m(landing.place)));
    }
    items[0].params[1] = 0.0;
    if let Some((aside, height_m)) = aside {
        let lowest_m = match plan.scene {
            Scene::Escort { height_m: scene_m, .. } => scene_m + plan.post_base_along_m(here, aside, scene_m),
            Scene::Survey { .. } => plan.surface_along_m(here, aside),
        };
        let mut step = at(ItemKind::Waypoint, aside, height_m.max(lowest_m));
        step.params[1] = ASIDE_ACCEPTANCE_M;
        items.insert(0, step);
    }
    items.insert(1, speed(plan));
    items.push(landing.item());
    items
}

/// What lies behind the hover of a way out for an autopilot that cannot fly it backwards: the way out backwards and down on the pad, which is
/// flown only by an aircraft that returns by itself, from the leg that is nearest. It begins on the spot, from the scene's height up to the
/// transit's, so that from the scene the nearest leg is the climb.
///
/// A waypoint that is never flown stands before it: ArduPilot carries out what is no waypoint while it hovers at the one before, and an
/// aircraft that has begun its way back does not begin it again.
pub(crate) fn way_back(plan: &FlightPlan) -> Vec<Item> {
    let Scene::Escort { height_m, .. } = plan.scene else { return Vec::new() };
    let Some((stand_off, before)) = plan.outbound.split_last() else { return Vec::new() };
    let height_m = height_m + plan.post_base_m(*stand_off, height_m);
    let backwards: Vec<GeoPoint> = before.iter().rev().chain([&plan.home]).copied().collect();
    let barrier = at(ItemKind::Waypoint, *stand_off, height_m);
    [barrier, way_back_begins(barrier)]
        .into_iter()
        .chain(homeward(plan, *stand_off, None, &backwards, Landing::on_pad(plan)))
        .collect()
}

/// How many corners of the way out lie before this item of it: those that were passed when it is flown to.
pub(crate) fn corners_before(plan: &FlightPlan, way_out: &Mission, item: u16) -> usize {
    let mut at = 0;
    let mut passed = 0;
    for corner in &plan.outbound {
        let same = |item: &Item| (item.x, item.y) == coordinates(*corner);
        // A corner that is one with the one before has no item of its own.
        at += way_out.items.get(at..).unwrap_or_default().iter().position(same).unwrap_or(0);
        if at >= usize::from(item) {
            break;
        }
        passed += 1;
    }
    passed
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
    /// The way out of this plan, as it is begun on the pad, perhaps with a way back behind it.
    Outbound,
    /// The same as it is begun in the air, by an aircraft that was taken from another flight: one item fewer.
    OutboundFromAir,
    /// A way home to this plan's pad, or to one of its rally points, that was ordered.
    Homeward,
    /// One that is kept on board while a person is followed.
    FromHere,
    /// Something else.
    Foreign,
}

/// The first item of a way out as it was read: the one that depends on where the aircraft was.
pub(crate) fn as_begun(way_out: &[Item], read: &[RawItem]) -> Option<Item> {
    let (ours, raw) = way_out.first().zip(read.first())?;
    Some(Item { x: raw.x, y: raw.y, z: raw.z, ..*ours })
}

/// Where a list that was read ends with a landing.
pub(crate) fn end_of(read: &[RawItem]) -> Option<GeoPoint> {
    read.last().filter(|raw| raw.command == ItemKind::Land.number()).and_then(place_read)
}

/// A beginning, perhaps marked as one, the climb over it, the speed: an ordered way home has its speed behind its first item.
fn begins_from_here(plan: &FlightPlan, read: &[RawItem]) -> bool {
    let is_mark = |raw: &RawItem| [ItemKind::ReturnPathStart, ItemKind::LandStart].map(ItemKind::number).contains(&raw.command);
    let mut begins = read.iter().filter(|raw| !is_mark(raw));
    let (Some(low), Some(climb), Some(pace)) = (begins.next(), begins.next(), begins.next()) else { return false };
    let over_it = Item { kind: ItemKind::Waypoint, params: climb.params, x: low.x, y: low.y, z: climb.z };
    low.command == ItemKind::Waypoint.number() && same(&over_it, climb) && same(&speed(plan), pace)
}

/// The speed of a way of ours lies within so many items from its beginning.
const PACE_WITHIN: usize = 5;

/// Whether a list may be one way of ours with the beginning of another: what an autopilot that changes its list in place is left with when the one who
/// writes stops.
pub(crate) fn may_be_cut(plan: &FlightPlan, read: &[RawItem]) -> bool {
    let paced = read.iter().take(PACE_WITHIN).any(|raw| same(&speed(plan), raw));
    // Those of one that was begun on scene: its speed may not have come yet.
    let marked = match read {
        [low, mark, ..] => mark.command == ItemKind::ReturnPathStart.number() && (low.x, low.y) == (mark.x, mark.y),
        _ => false,
    };
    let is_in_fence = |raw: &RawItem| place_read(raw).is_some_and(|place| plan.fence.ring.contains(place));
    let is_of_ours = |raw: &RawItem| {
        let is = |kind: ItemKind| raw.command == kind.number();
        let on_the_way = [ItemKind::Waypoint, ItemKind::LoiterUnlimited, ItemKind::ReturnPathStart, ItemKind::LandStart];
        let at_pad = is(ItemKind::TakeOff) || is(ItemKind::Land);
        same(&speed(plan), raw)
            || (on_the_way.into_iter().any(is) && is_in_fence(raw))
            || (at_pad && place_read(raw).is_some_and(|place| is_landing(plan, place)))
    };
    (paced || marked) && read.iter().all(is_of_ours)
}

/// The pad, or a rally point.
fn is_landing(plan: &FlightPlan, place: GeoPoint) -> bool {
    place.distance_m(&plan.home) < SAME_PLACE_M || plan.rally_point_near(place, SAME_PLACE_M).is_some()
}

fn place_read(raw: &RawItem) -> Option<GeoPoint> {
    GeoPoint::new(f64::from(raw.x) / COORDINATE_SCALE, f64::from(raw.y) / COORDINATE_SCALE).ok()
}

/// Compares a list on board with a plan. The first item depends on where the aircraft was and is not compared.
pub(crate) fn recognise(plan: &FlightPlan, read: &[RawItem]) -> OnBoard {
    let is_read = |ours: &[Item], unknown: &[usize]| {
        let mut pairs = ours.iter().zip(read).enumerate().filter(|(index, _)| !unknown.contains(index));
        ours.len() == read.len() && pairs.all(|(_, (item, raw))| same(item, raw))
    };
    let back = way_back(plan);
    let is_way_out = |ours: Vec<Item>, unknown: &[usize]| is_read(&ours, unknown) || is_read(&[&ours[..], &back].concat(), unknown);
    if is_way_out(from_pad(plan).items, &[0]) {
        return OnBoard::Outbound;
    }
    // Before the way home is thought of: a survey's list ends on the pad and has its speed in the same place.
    // Over a relief the third is as high as the first.
    let unknown: &[usize] = if plan.relief.is_some() { &[0, 2] } else { &[0] };
    if is_way_out(from_air(plan, plan.home).items, unknown) {
        return OnBoard::OutboundFromAir;
    }
    let lands_where_it_may = end_of(read).is_some_and(|place| is_landing(plan, place));
    if lands_where_it_may && begins_from_here(plan, read) {
        return OnBoard::FromHere;
    }
    // A way home of ours starts with a climb on the spot and its speed; a foreign one to our pad would not.
    let shaped_as_ours = read.get(1).is_some_and(|raw| same(&speed(plan), raw));
    if lands_where_it_may && shaped_as_ours { OnBoard::Homeward } else { OnBoard::Foreign }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flight_types::{Fence, Local, LocalFrame, LowScene, MissionId, Relief, ReliefParts, Ring};
    use proptest::prelude::*;

    const SIDE: usize = 26;
    const STEP_DEG: f64 = 4e-4;
    const HOME_AMSL_M: f64 = 50.0;

    fn place(east_m: f64, north_m: f64) -> GeoPoint {
        LocalFrame::new(GeoPoint::new(37.5, 127.0).expect("a test place")).to_geo(Local { east_m, north_m })
    }

    /// Any ground, with the least surface that is over all of the cells round each node: steeper than a site's ever is.
    fn relief(heights_m: &[f64]) -> Relief {
        let ground_dm: Vec<i32> = (0..SIDE * SIDE).map(|node| (heights_m[node % heights_m.len()] * 10.0) as i32).collect();
        let near = |line: usize| line.saturating_sub(1)..=(line + 1).min(SIDE - 1);
        let highest = |node: usize| {
            let rows = near(node / SIDE).flat_map(|row| near(node % SIDE).map(move |column| row * SIDE + column));
            rows.map(|other| ground_dm[other]).max().unwrap_or_default()
        };
        let over_dm: Vec<i32> = (0..SIDE * SIDE).map(|node| highest(node) - ground_dm[node]).collect();
        let elsewhere_dm = ground_dm.iter().copied().max().unwrap_or_default();
        let south_west = GeoPoint::new(37.4955, 126.9955).expect("a test place");
        let (step_lat_deg, step_lon_deg) = (STEP_DEG, STEP_DEG);
        let parts = ReliefParts {
            south_west,
            step_lat_deg,
            step_lon_deg,
            columns: SIDE,
            ground_dm,
            over_dm,
            elsewhere_dm,
            rough_dm: 0,
            rises_dm: vec![0; SIDE * SIDE],
        };
        Relief::try_from(parts).expect("a relief")
    }

    fn plan(relief: Option<Relief>, outbound: Vec<GeoPoint>, scene: Scene) -> FlightPlan {
        let corners = [(-450.0, -450.0), (450.0, -450.0), (450.0, 450.0), (-450.0, 450.0)];
        FlightPlan {
            mission: MissionId::new("m").expect("an id"),
            home: place(-300.0, -200.0),
            home_altitude_amsl_m: HOME_AMSL_M,
            homeward: outbound.iter().rev().skip(1).copied().chain([place(-300.0, -200.0)]).collect(),
            outbound,
            transit_height_m: 40.0,
            transit_speed_m_s: 12.0,
            scene,
            fence: Fence {
                ring: Ring::new(corners.map(|(east_m, north_m)| place(east_m, north_m)).to_vec()).expect("a ring"),
                height_max_m: 500.0,
            },
            exclusions: Vec::new(),
            zone_margin_m: 15.0,
            home_charge: None,
            low_scene: None,
            rally: None,
            obstacles: Vec::new(),
            relief,
        }
    }

    fn escort() -> Scene {
        Scene::Escort { target: place(300.0, 300.0), stand_off_m: 8.0, height_m: 20.0 }
    }

    fn travelled(item: &Item) -> RawItem {
        RawItem { seq: 0, command: item.kind.number(), frame: 6, params: item.params, x: item.x, y: item.y, z: item.z }
    }

    /// Between two items an aircraft is on the straight line: looked at each metre. These grounds are far steeper than a site's surface, and bulge
    /// between two looks by a little.
    fn check(plan: &FlightPlan, items: &[Item], height_m: f64) {
        let flown: Vec<&Item> =
            items.iter().filter(|item| matches!(item.kind, ItemKind::Waypoint | ItemKind::LoiterUnlimited)).collect();
        for pair in flown.windows(2) {
            let (from, to) = (place_of(pair[0]).expect("a place"), place_of(pair[1]).expect("a place"));
            let (begin_m, end_m, length_m) = (f64::from(pair[0].z), f64::from(pair[1].z), from.distance_m(&to));
            for metre in 0..=length_m as usize {
                let here = from.moved(from.bearing_deg(&to), metre as f64);
                let line_m = begin_m + (end_m - begin_m) * metre as f64 / length_m.max(1.0);
                let over_m = line_m - plan.ground_m(here);
                assert!(over_m >= height_m - 0.1, "{over_m} m over the ground at {here:?}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn no_item_of_a_way_leads_under_its_height_over_the_ground(
            heights_m in prop::collection::vec(0.0_f64..90.0, SIDE..SIDE * SIDE),
            corners in prop::collection::vec((-400.0_f64..400.0, -400.0_f64..400.0), 1..4),
            here in (-400.0_f64..400.0, -400.0_f64..400.0),
        ) {
            let outbound: Vec<GeoPoint> = corners.iter().map(|(east_m, north_m)| place(*east_m, *north_m)).collect();
            let here = place(here.0, here.1);
            let plan_of = |scene| plan(Some(relief(&heights_m)), outbound.clone(), scene);
            let escort = plan_of(escort());
            let out = from_pad(&escort);
            check(&escort, &out.items[1..out.items.len() - 1], escort.transit_height_m);
            let from_here = from_air(&escort, here);
            check(&escort, &from_here.items[..from_here.items.len() - 1], escort.transit_height_m);
            let home = homeward(&escort, here, None, &escort.homeward, Landing::on_pad(&escort));
            check(&escort, &home, escort.transit_height_m);
            for (index, corner) in outbound.iter().enumerate() {
                let item = out.items.iter().position(|item| (item.x, item.y) == coordinates(*corner)).expect("an item") as u16;
                prop_assert_eq!(corners_before(&escort, &out, item), index);
                prop_assert_eq!(corners_before(&escort, &out, item + 1), index + 1);
            }
            let stops = (0..outbound.len()).collect();
            let manner = SurveyManner { height_m: 15.0, speed_m_s: 3.0, heading_deg: Some(10.0), stops };
            let survey = plan_of(Scene::Survey { manner: Some(manner) });
            let mission = from_pad(&survey);
            check(&survey, &mission.items[1..], 15.0);
            for (stop, item) in mission.stop_items.iter().enumerate() {
                let item = &mission.items[usize::from(*item)];
                prop_assert_eq!((item.x, item.y), coordinates(outbound[stop]));
            }
            // What is on board is known again after a restart.
            let raw = |items: &[Item]| items.iter().map(travelled).collect::<Vec<_>>();
            prop_assert_eq!(recognise(&escort, &raw(&out.items)), OnBoard::Outbound);
            // Where a low scene counts over the ground, its way back begins at its hover all the same.
            if let Scene::Escort { height_m, .. } = escort.scene {
                let low = FlightPlan { low_scene: Some(LowScene { height_m }), ..escort.clone() };
                prop_assert_eq!(way_back(&low)[0].z, from_pad(&low).items.last().expect("a hover").z);
            }
            let back = way_back(&escort);
            check(&escort, &back[2..], escort.transit_height_m);
            for way_out in [&out, &from_here] {
                let whole = raw(&[&way_out.items[..], &back].concat());
                prop_assert_eq!(recognise(&escort, &whole), recognise(&escort, &raw(&way_out.items)));
            }
            prop_assert_eq!(recognise(&escort, &raw(&from_here.items)), OnBoard::OutboundFromAir);
            prop_assert_eq!(recognise(&escort, &raw(&home)), OnBoard::Homeward);
            for marked in [false, true] {
                let height_m = 20.0 + escort.surface_m(here);
                let kept = super::from_here(&escort, (here, height_m), &escort.homeward, marked);
                check(&escort, &kept[1..], escort.transit_height_m);
                prop_assert_eq!(recognise(&escort, &raw(&kept)), OnBoard::FromHere);
                prop_assert!(may_be_cut(&escort, &raw(&kept[..kept.len() - 1])));
                // Whoever hovers beside its beginning begins there, with the climb, or where it is nearer.
                let autopilot = if marked { crate::profile::Autopilot::ArduPilot } else { crate::profile::Autopilot::Px4 };
                let beside = here.moved(50.0, 15.0);
                let begin = crate::rejoin::begins_at(autopilot, &kept, beside, height_m).expect("it has one").place;
                prop_assert!(begin.distance_m(&beside) < 15.1 && (!marked || begin.distance_m(&here) < 0.1));
            }
        }
    }

    #[test]
    fn stops_in_a_lane_are_passed_from_further_off_than_those_at_which_it_turns() {
        // A lane of three stops with a bow of six degrees, across to the next, and back; the last two stops are too near for the wider radius.
        let path = [(0.0, 0.0), (0.0, 10.0), (1.0, 20.0), (2.0, 30.0), (8.0, 30.0), (8.0, 20.0), (8.0, 15.0), (8.0, 10.0)];
        let outbound: Vec<GeoPoint> = path.iter().map(|(east_m, north_m)| place(*east_m, *north_m)).collect();
        let manner = SurveyManner { height_m: 15.0, speed_m_s: 8.0, heading_deg: None, stops: (0..outbound.len()).collect() };
        let mission = from_pad(&plan(None, outbound, Scene::Survey { manner: Some(manner) }));
        let radii_m: Vec<f32> = mission.stop_items.iter().map(|item| mission.items[usize::from(*item)].params[1]).collect();
        assert_eq!(radii_m, [1.0, 3.0, 3.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
    }

    #[test]
    fn over_level_ground_a_relief_changes_no_height() {
        let outbound = vec![place(0.0, 100.0), place(300.0, 100.0)];
        let flat = plan(None, outbound.clone(), escort());
        let level = FlightPlan { relief: Some(relief(&[HOME_AMSL_M])), ..flat.clone() };
        let places = |plan: &FlightPlan| from_pad(plan).items.iter().map(|item| (item.x, item.y, item.z)).collect::<Vec<_>>();
        assert_eq!(places(&flat), places(&level));
    }
}
