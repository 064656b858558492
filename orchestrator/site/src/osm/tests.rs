//! Sites made from the two real extracts that lie beside the checkout.

use std::path::PathBuf;

use flight_types::{Local, LocalFrame, Ring};

use super::extract::{Object, Shape};
use super::*;
use crate::lots::LotBay;
use crate::roads::RoadTimes;
use crate::shared_data::shared_file;

fn made(name: &str) -> Option<Site> {
    let path: PathBuf = shared_file(&format!("osm/{name}"))?;
    Some(Site::from_osm(&path, &OsmOptions::default()).expect("a site from a real extract"))
}

#[test]
fn real_extracts_make_usable_sites() {
    for (name, roads_min, buildings_min) in [("andorra.osm.pbf", 1_200, 250), ("seoul_heukseok_cauH.osm.pbf", 120, 550)] {
        let Some(site) = made(name) else { continue };
        assert!(site.roads.len() >= roads_min && site.buildings.len() >= buildings_min, "{name}");
        assert_eq!(site.manifest.stations.len(), 2, "{name}");
        assert_eq!(site.drones().count(), 4, "{name}");
        for drone in site.drones() {
            assert!(site.manifest.fence.ring.contains(drone.pad), "{name}: {} stands outside the fence", drone.id);
            assert!(!site.no_fly.iter().any(|zone| zone.ring.contains(drone.pad)), "{name}: {} stands in a zone", drone.id);
        }
        let times = RoadTimes::build(&site.roads);
        eprintln!("{name}: {} junctions, {} stretches cut off", times.junction_count(), times.cut_off_count());
        let stations = &site.manifest.stations;
        assert!(times.one_to_one(stations[0].position, stations[1].position).is_some(), "{name}: no way between the stations");
    }
}

#[test]
fn what_is_no_extract_is_refused_by_name() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let error = Site::from_osm(&path, &OsmOptions::default()).expect_err("a TOML file is no extract").to_string();
    assert!(error.contains("Cargo.toml") && error.contains("OpenStreetMap"), "{error}");
}

/// A street, and a house one corner of which lies thousands of kilometres away; found by the fuzz target `osm_pbf`.
#[test]
fn what_lies_far_from_the_roads_is_left_out_so_that_the_site_reads_back() {
    let site = Site::from_osm_bytes(Path::new("town.osm.pbf"), include_bytes!("far-building.osm.pbf"), &OsmOptions::default());
    let site = site.expect("a street is enough for a site");
    assert_eq!((site.roads.len(), site.buildings.len()), (1, 0));
    Site::parse(Path::new("town"), site.texts()).expect("what is written reads back");
}

/// East and north of the town's middle, metres.
fn at(east_m: f64, north_m: f64) -> GeoPoint {
    LocalFrame::new(GeoPoint::new(37.5, 127.0).expect("a place")).to_geo(Local { east_m, north_m })
}

fn square(west: f64, south: f64, width: f64, height: f64) -> Vec<GeoPoint> {
    [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height), (0.0, 0.0)].map(|(x, y)| at(west + x, south + y)).to_vec()
}

fn parking(id: &str, shape: Shape, tags: &[(&str, &str)]) -> Object {
    let amenity = [("amenity", "parking")];
    let tags = amenity.iter().chain(tags).map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Object { id: id.to_owned(), tags, shape }
}

/// What `amenity=parking` becomes: lots with areas, bays and beacons laid out, holes kept; no lot where there is no ground to park on.
#[test]
fn parking_becomes_lots_with_bays() {
    let ring = |points: Vec<GeoPoint>| Ring::new(points[..4].to_vec()).expect("four corners");
    let yard = || Shape::Line(square(0.0, 0.0, 60.0, 34.0));
    let holed =
        Shape::Rings { outer: vec![ring(square(100.0, 0.0, 60.0, 34.0))], inner: vec![ring(square(125.0, 12.0, 10.0, 10.0))] };
    let crossed = {
        let mut corners = square(200.0, 0.0, 60.0, 34.0);
        corners.swap(1, 2);
        Shape::Line(corners)
    };
    let objects = vec![
        parking("w1", yard(), &[("name", "Market")]),
        parking("w1", yard(), &[("name", "Market")]),
        parking("r2", holed, &[]),
        parking("w3", crossed, &[]),
        parking("w4", Shape::Line(square(300.0, 0.0, 60.0, 34.0)), &[("parking", "underground")]),
        parking("w5", Shape::Line(square(400.0, 0.0, 60.0, 34.0)), &[("parking", "multi-storey")]),
        parking("n6", Shape::Point(at(0.0, 0.0)), &[]),
        parking("w7", Shape::Line(square(500.0, 0.0, 3.0, 3.0)), &[]),
    ];
    let made = convert::lots(&Extract { objects });
    let said: Vec<(&str, &str)> = made.iter().map(|lot| (lot.id.as_str(), lot.name.as_str())).collect();
    assert_eq!(
        said,
        [("w1", "Market"), ("r2", "P r2"), ("w7", "P w7")],
        "each once; nothing below ground, crossed or without a shape"
    );
    let [market, holed, tiny] = &made[..] else { panic!("three lots") };
    // A yard of 60 by 34 metres: two aisles' worth of bays of 2.5 by 5 metres on each side.
    assert!((40..=100).contains(&market.bays.len()), "{} bays", market.bays.len());
    assert!(!market.areas.is_empty() && market.bays.iter().all(|bay| market.area(&bay.area).is_some()));
    assert_eq!(holed.holes.len(), 1);
    let in_hole = |bay: &LotBay| bay.ring.corners().iter().any(|corner| holed.holes[0].contains(*corner));
    assert!(!holed.bays.is_empty() && !holed.bays.iter().any(in_hole), "no car stands on the trees");
    assert!(holed.bays.len() < market.bays.len());
    assert_eq!(tiny.bays.len(), 0, "no bay fits");
}

/// The real extracts' lots, as they are drawn there.
#[test]
fn real_extracts_have_lots_that_hold_together() {
    for (name, lots_min, bays_min) in [("andorra.osm.pbf", 60, 8_000), ("seoul_heukseok_cauH.osm.pbf", 0, 0)] {
        let Some(site) = made(name) else { continue };
        let bays: usize = site.lots.iter().map(|lot| lot.bays.len()).sum();
        eprintln!("{name}: {} lots, {bays} bays", site.lots.len());
        assert!(site.lots.len() >= lots_min && bays >= bays_min, "{name}: {} lots, {bays} bays", site.lots.len());
        crate::lots::check_lots(&site.lots).unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
    }
}
