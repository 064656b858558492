//! A first guess of what an extract cannot know: where aircraft may be, and where they would stand.

use dispatch_core::config::{Approval, OnSilence};
use flight_types::{DroneId, GeoPoint, Local, LocalFrame, Ring, StationId};

use crate::model::{self, DroneManifest, FenceManifest, Site, StationManifest, middle};
use crate::osm::OsmOptions;

/// Kept between the outermost road and the fence, metres: a caller stands beside roads, an aircraft beside the caller.
const FENCE_MARGIN_M: f64 = 250.0;

/// Ceiling of the fence above the pad, metres: the open category's limit in the EU (2019/947), below Korea's 150 m.
const FENCE_HEIGHT_M: f64 = 120.0;

/// Sides of the fence: enough to follow a town, few enough for every autopilot.
const FENCE_SIDES: u32 = 12;

/// Houses that share a station's care, metres round the densest spot: a few minutes of flight.
const CARE_RADIUS_M: f64 = 3_000.0;

/// A parking lot this near to the ideal spot is taken instead of a roadside, metres.
const LOT_DETOUR_MAX_M: f64 = 600.0;

/// Between two pads, metres: two rotor discs and a person.
const PAD_SPACING_M: f64 = 8.0;

/// Cell for finding the densest spot, metres.
const DENSITY_CELL_M: f64 = 1_000.0;

/// Passes of moving stations to the middle of their houses; they settle in fewer.
const SETTLING_PASSES: usize = 12;

/// The fence: the points' hull as seen from twelve sides, and a margin.
pub(super) fn fence(points: &[GeoPoint]) -> FenceManifest {
    let frame = LocalFrame::new(middle(points));
    let locals: Vec<Local> = points.iter().map(|point| frame.to_local(*point)).collect();
    let step = std::f64::consts::TAU / f64::from(FENCE_SIDES);
    let reach = |side: u32| {
        let (sin, cos) = (f64::from(side) * step).sin_cos();
        let furthest = locals.iter().map(|local| local.east_m * sin + local.north_m * cos).fold(f64::NEG_INFINITY, f64::max);
        (sin, cos, furthest + FENCE_MARGIN_M)
    };
    let corner = |side: u32| frame.to_geo(crossing(reach(side), reach((side + 1) % FENCE_SIDES)));
    let ring = Ring::new((0..FENCE_SIDES).map(corner).collect()).expect("twelve corners");
    FenceManifest { height_max_m: FENCE_HEIGHT_M, ring }
}

/// Where two lines cross, each given by its normal and its distance from zero.
fn crossing(a: (f64, f64, f64), b: (f64, f64, f64)) -> Local {
    let determinant = a.0 * b.1 - a.1 * b.0;
    Local { east_m: (a.2 * b.1 - a.1 * b.2) / determinant, north_m: (a.0 * b.2 - a.2 * b.0) / determinant }
}

/// The convex hull of points, counter-clockwise (Andrew's monotone chain).
pub(super) fn convex_hull(mut points: Vec<Local>) -> Vec<Local> {
    points.sort_by(|a, b| a.east_m.total_cmp(&b.east_m).then(a.north_m.total_cmp(&b.north_m)));
    points.dedup();
    let lower = half_hull(points.iter().copied());
    let upper = half_hull(points.iter().rev().copied());
    let inner = |half: Vec<Local>| half.split_last().map(|(_, rest)| rest.to_vec()).unwrap_or_default();
    [inner(lower), inner(upper)].concat()
}

fn half_hull(points: impl Iterator<Item = Local>) -> Vec<Local> {
    let turns_left = |a: Local, b: Local, c: Local| {
        (b.east_m - a.east_m) * (c.north_m - a.north_m) - (b.north_m - a.north_m) * (c.east_m - a.east_m) > 0.0
    };
    let mut hull: Vec<Local> = Vec::new();
    for point in points {
        while hull.len() >= 2 && !turns_left(hull[hull.len() - 2], hull[hull.len() - 1], point) {
            hull.pop();
        }
        hull.push(point);
    }
    hull
}

/// Stations where the houses are: the densest part's houses are shared out among them, and each stands in the middle of its own,
/// on a parking lot when there is one.
pub(super) fn stations(site: &Site, options: &OsmOptions) -> Vec<StationManifest> {
    let frame = LocalFrame::new(site.centre());
    let homes = densest(&homes(site, &frame));
    let mut stations = Vec::new();
    let mut taken: Vec<Local> = Vec::new();
    for (index, centre) in shared_out(&homes, options.station_count).into_iter().enumerate() {
        let spot = standing_place(site, &frame, centre, &taken);
        taken.push(spot);
        stations.push(station(&frame, spot, index, options));
    }
    stations
}

/// Where people live: buildings, or road bends where an extract has hardly any.
fn homes(site: &Site, frame: &LocalFrame) -> Vec<Local> {
    const BUILDINGS_MIN: usize = 20;
    if site.buildings.len() >= BUILDINGS_MIN {
        return site.buildings.iter().map(|building| frame.to_local(middle(building.ring.corners()))).collect();
    }
    site.roads
        .iter()
        .filter(|road| road.class.is_drivable())
        .flat_map(|road| &road.line)
        .map(|point| frame.to_local(*point))
        .collect()
}

fn densest(homes: &[Local]) -> Vec<Local> {
    let mut counts = std::collections::BTreeMap::new();
    let cell = |home: &Local| ((home.east_m / DENSITY_CELL_M).floor() as i64, (home.north_m / DENSITY_CELL_M).floor() as i64);
    for home in homes {
        *counts.entry(cell(home)).or_insert(0u32) += 1;
    }
    let Some((best, _)) = counts.into_iter().max_by_key(|(cell, count)| (*count, std::cmp::Reverse(*cell))) else {
        return Vec::new();
    };
    let half = |cell: i64| (cell as f64 + 0.5) * DENSITY_CELL_M;
    let centre = Local { east_m: half(best.0), north_m: half(best.1) };
    homes.iter().filter(|home| home.distance_m(&centre) <= CARE_RADIUS_M).copied().collect()
}

/// Centres that share the homes among them: begun along the homes' longer side, settled by averaging (Lloyd's method).
fn shared_out(homes: &[Local], count: usize) -> Vec<Local> {
    let mut sorted = homes.to_vec();
    let span = |key: fn(&Local) -> f64| {
        let values = homes.iter().map(key);
        values.clone().fold(f64::NEG_INFINITY, f64::max) - values.fold(f64::INFINITY, f64::min)
    };
    let key: fn(&Local) -> f64 = if span(|home| home.east_m) >= span(|home| home.north_m) { |h| h.east_m } else { |h| h.north_m };
    sorted.sort_by(|a, b| key(a).total_cmp(&key(b)));
    if sorted.is_empty() {
        return Vec::new();
    }
    let mut centres: Vec<Local> = (0..count).map(|index| sorted[(2 * index + 1) * sorted.len() / (2 * count)]).collect();
    for _ in 0..SETTLING_PASSES {
        centres = (0..count).map(|index| average(homes, &centres, index)).collect();
    }
    centres
}

fn average(homes: &[Local], centres: &[Local], index: usize) -> Local {
    let nearest = |home: &Local| {
        let by_distance = |a: &usize, b: &usize| home.distance_m(&centres[*a]).total_cmp(&home.distance_m(&centres[*b]));
        (0..centres.len()).min_by(by_distance)
    };
    let own: Vec<&Local> = homes.iter().filter(|home| nearest(home) == Some(index)).collect();
    if own.is_empty() {
        return centres[index];
    }
    let mean = |key: fn(&Local) -> f64| own.iter().map(|home| key(home)).sum::<f64>() / own.len() as f64;
    Local { east_m: mean(|home| home.east_m), north_m: mean(|home| home.north_m) }
}

/// A legal spot near the centre: a lot's middle, else beside a road.
fn standing_place(site: &Site, frame: &LocalFrame, centre: Local, taken: &[Local]) -> Local {
    let lots = site.lots.iter().map(|lot| frame.to_local(middle(lot.ring.corners())));
    let lots: Vec<Local> = lots.filter(|spot| spot.distance_m(&centre) <= LOT_DETOUR_MAX_M).collect();
    let roads = site.roads.iter().filter(|road| road.class.is_drivable()).flat_map(|road| &road.line);
    let roadside: Vec<Local> = roads.map(|point| frame.to_local(*point)).collect();
    let legal = |spot: &Local| is_legal(site, frame.to_geo(*spot)) && taken.iter().all(|other| other.distance_m(spot) > 50.0);
    let nearest = |spots: &[Local]| {
        let allowed = spots.iter().filter(|spot| legal(spot));
        allowed.copied().min_by(|a, b| a.distance_m(&centre).total_cmp(&b.distance_m(&centre)))
    };
    nearest(&lots).or_else(|| nearest(&roadside)).unwrap_or(centre)
}

fn is_legal(site: &Site, spot: GeoPoint) -> bool {
    let inside = |ring: &Ring| ring.contains(spot);
    !site.no_fly.iter().any(|zone| inside(&zone.ring)) && !site.buildings.iter().any(|building| inside(&building.ring))
}

fn station(frame: &LocalFrame, spot: Local, index: usize, options: &OsmOptions) -> StationManifest {
    let approval = match index {
        0 => Approval::Automatic,
        // One station of each kind, so that both ways of letting aircraft go can be tried at once.
        _ => Approval::Operator { limit_ms: 30_000, on_silence: OnSilence::Launch },
    };
    StationManifest {
        id: StationId::new(format!("station-{}", index + 1)).expect("letters, digits and a dash"),
        name: format!("Station {}", index + 1),
        position: frame.to_geo(spot),
        ground_amsl_m: options.ground_amsl_m,
        approval,
        drones: (0..options.drones_per_station).map(|place| drone(frame, spot, index, place, options)).collect(),
    }
}

fn drone(frame: &LocalFrame, spot: Local, index: usize, place: usize, options: &OsmOptions) -> DroneManifest {
    let number = index * options.drones_per_station + place + 1;
    let east_m = (place as f64 - (options.drones_per_station as f64 - 1.0) / 2.0) * PAD_SPACING_M;
    DroneManifest {
        id: DroneId::new(format!("drone-{number}")).expect("letters, digits and a dash"),
        system_id: u8::try_from(number).unwrap_or(u8::MAX),
        pad: frame.to_geo(Local { east_m: spot.east_m + east_m, ..spot }),
        cruise_speed_m_s: model::default_cruise_speed_m_s(),
        climb_speed_m_s: model::default_climb_speed_m_s(),
        descent_speed_m_s: model::default_descent_speed_m_s(),
        endurance_s: model::default_endurance_s(),
        wind_max_m_s: model::default_wind_max_m_s(),
        has_light: model::default_has_light(),
    }
}
