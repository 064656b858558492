//! From an extract to a flight: what stands on the map is flown over, or round, by the height that its tags tell.
//!
//! `houses-in-a-column.osm.pbf` has houses of 30 by 40 m, 200 m apart in a column, each with other tags. For each a flight is planned from a pad west of
//! it to a caller east of it.

use std::path::Path;

use dispatch_core::config::{Policy, SiteConfig};
use flight_types::{FlightPlan, GeoPoint, Local, LocalFrame, Obstacle, Ring, Scene};

use super::planned::choice;
use super::*;
use crate::model::Building;
use crate::shared_data::shared_file;

const EXTRACT: &[u8] = include_bytes!("houses-in-a-column.osm.pbf");
/// Three hundred metres each from the house between them.
const PAD_EAST_M: f64 = 0.0;
const CALLER_EAST_M: f64 = 600.0;

fn at(east_m: f64, north_m: f64) -> GeoPoint {
    LocalFrame::new(GeoPoint::new(37.5, 127.0).expect("a place")).to_geo(Local { east_m, north_m })
}

fn site() -> Site {
    let options = OsmOptions { station_count: 1, drones_per_station: 1, ..OsmOptions::default() };
    Site::from_osm_bytes(Path::new("column.osm.pbf"), EXTRACT, &options).expect("a site")
}

/// The site's own configuration, with its one pad and its caller on both sides of a house and room for all of it.
fn plan_past(config: &SiteConfig, north_m: f64, caller: GeoPoint) -> FlightPlan {
    let mut config = config.clone();
    config.stations.truncate(1);
    config.stations[0].drones.truncate(1);
    let corners = [(-190.0, -190.0), (890.0, -190.0), (890.0, 3_790.0), (-190.0, 3_790.0)];
    config.fence = Ring::new(corners.map(|(east_m, north_m)| at(east_m, north_m)).to_vec()).expect("a fence");
    config.stations[0].drones[0].pad = at(PAD_EAST_M, north_m);
    plan(&config, caller).unwrap_or_else(|reasons| panic!("nobody flies: {reasons}"))
}

/// How the first aircraft of the first station flies to a caller, or why it does not.
fn plan(config: &SiteConfig, caller: GeoPoint) -> Result<FlightPlan, String> {
    let drone = &config.stations[0].drones[0];
    let choice = choice(config, [drone], caller);
    choice.chosen.map(|chosen| chosen.plan).ok_or_else(|| format!("{:?}", choice.rejections))
}

fn house<'a>(site: &'a Site, name: &str) -> &'a Building {
    site.buildings.iter().find(|building| building.name.as_deref() == Some(name)).expect("a house of that name")
}

/// The least distance of a way from a house's outline, metres; nought over it.
fn beside_m(start: GeoPoint, way: &[GeoPoint], ring: &Ring) -> f64 {
    let off_m = |place: GeoPoint| {
        let frame = LocalFrame::new(place);
        let corners: Vec<Local> = ring.corners().iter().map(|corner| frame.to_local(*corner)).collect();
        let low = |of: fn(&Local) -> f64| corners.iter().map(of).fold(f64::INFINITY, f64::min);
        let high = |of: fn(&Local) -> f64| corners.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
        // The houses lie along the meridian.
        let east_m = low(|corner| corner.east_m).max(-high(|corner| corner.east_m)).max(0.0);
        let north_m = low(|corner| corner.north_m).max(-high(|corner| corner.north_m)).max(0.0);
        east_m.hypot(north_m)
    };
    each_metre(start, way).into_iter().map(off_m).fold(f64::INFINITY, f64::min)
}

fn each_metre(start: GeoPoint, way: &[GeoPoint]) -> Vec<GeoPoint> {
    let corners = [&[start], way].concat();
    let leg = |leg: &[GeoPoint]| {
        let (from, bearing_deg) = (leg[0], leg[0].bearing_deg(&leg[1]));
        (0..=from.distance_m(&leg[1]) as usize).map(move |metre| from.moved(bearing_deg, metre as f64))
    };
    corners.windows(2).flat_map(leg).collect()
}

#[test]
fn a_house_is_flown_over_or_round_by_what_its_tags_tell_of_its_height() {
    let site = site();
    let config = site.config();
    let policy = Policy::default();
    for (row, (name, height_m)) in [
        ("twenty floors", 64.0),
        ("seventy", 70.0),
        ("seventy with a unit", 70.0),
        ("in feet", 70.1),
        ("in words of feet", 70.1),
        ("a comma", 70.5),
        ("no number, but floors", 64.0),
        ("impossibly high, but floors", 64.0),
        ("nought, but floors", 64.0),
        ("no number at all", 64.0),
        ("towers of two heights", 64.0),
        ("three floors", 9.6),
        ("nothing said", 7.5),
        ("under the ground", 7.5),
        ("many floors", 7.5),
        ("endless", 7.5),
        ("in the wrong unit", 7.5),
        ("five floors", 16.0),
    ]
    .into_iter()
    .enumerate()
    {
        let house = house(&site, name);
        assert!((house.height_m - height_m).abs() < 0.05, "{name}: {} m", house.height_m);
        let north_m = 200.0 * row as f64;
        let plan = plan_past(&config, north_m, at(CALLER_EAST_M, north_m));
        let (out_m, back_m) = (
            beside_m(plan.home, &plan.outbound, &house.ring),
            beside_m(*plan.outbound.last().expect("a way out"), &plan.homeward, &house.ring),
        );
        let is_round = plan.transit_height_m < height_m + Obstacle::CLEARANCE_M;
        let kept_m = if is_round { policy.zone_margin_m - 0.05 } else { 0.0 };
        assert!(kept_m <= out_m && kept_m <= back_m, "{name}: {out_m} m beside it on the way out, {back_m} m on the way back");
        // Who passes over it flies straight.
        assert_eq!(plan.outbound.len() > 1, is_round, "{name}: {:?}", plan.outbound);
        assert_eq!(is_round, height_m > 52.0, "{name}: at {} m", plan.transit_height_m);
    }
}

#[test]
fn the_scene_beside_a_house_lies_clear_of_it_or_over_it() {
    let site = site();
    let config = site.config();
    for (row, name) in [(17, "five floors"), (11, "three floors"), (0, "twenty floors")] {
        let house = house(&site, name);
        // At its door, on the side from which nobody comes.
        let plan = plan_past(&config, 200.0 * f64::from(row), at(318.0, 200.0 * f64::from(row)));
        let Scene::Escort { height_m, .. } = plan.scene else { panic!("an escort") };
        let hover = *plan.outbound.last().expect("a way out");
        let is_over = house.height_m + Obstacle::CLEARANCE_M <= height_m;
        let off_m = beside_m(hover, &[hover], &house.ring);
        assert!(is_over || off_m > 5.0, "{name}: {off_m} m beside {} m from {height_m} m", house.height_m);
    }
}

/// Fewer flights show nothing of a town; where houses are far from the first pad the battery refuses some.
const FLOWN_MIN: usize = 20;

/// Over the two real extracts that lie beside the checkout: to callers at every seventh house, out and back, and beside them.
#[test]
fn over_real_towns_no_way_leads_through_a_house_that_reaches_to_it() {
    for name in ["andorra.osm.pbf", "seoul_heukseok_cauH.osm.pbf"] {
        let Some(path) = shared_file(&format!("osm/{name}")) else { continue };
        let site = Site::from_osm(&path, &OsmOptions::default()).expect("a site from a real extract");
        let config = site.config();
        let fence = &config.fence;
        let callers = site.buildings.iter().map(|building| building.ring.corners()[0]).filter(|place| fence.contains(*place));
        let (mut flown, mut refused, mut round) = (0, 0, 0);
        for caller in callers.step_by(7) {
            let Ok(plan) = plan(&config, caller) else {
                refused += 1;
                continue;
            };
            flown += 1;
            let Scene::Escort { height_m: scene_m, .. } = plan.scene else { panic!("an escort") };
            let hover = *plan.outbound.last().expect("a way out");
            round += usize::from(plan.outbound.len() > 1);
            let places = [each_metre(plan.home, &plan.outbound), each_metre(hover, &plan.homeward)].concat();
            for building in &site.buildings {
                let top_m = building.height_m + Obstacle::CLEARANCE_M;
                let is_through = top_m > plan.transit_height_m && places.iter().any(|place| building.ring.contains(*place));
                assert!(!is_through, "{name}: through {} of {} m to {caller:?}", building.id, building.height_m);
                let is_under = top_m > scene_m && building.ring.contains(hover);
                assert!(!is_under, "{name}: over {} of {} m at {scene_m} m", building.id, building.height_m);
            }
        }
        eprintln!(
            "{name}: {flown} flown, {round} of them round something, {refused} refused; {} obstacles",
            config.obstacles.len()
        );
        assert!(flown >= FLOWN_MIN, "{name}: {flown} flown, {refused} refused");
    }
}
