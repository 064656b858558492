//! Sites made from the two real extracts that lie beside the checkout.

use std::path::PathBuf;

use super::*;
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
