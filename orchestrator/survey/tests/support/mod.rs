//! The 72 lots of the shared extracts, in metres.

use std::path::{Path, PathBuf};

use serde_json::Value;
use survey_plan::{Lot, Point};

/// Metres in a degree of latitude; a per cent is enough for measuring ratios.
const DEGREE_M: f64 = 111_200.0;

/// Name and lot; empty where the data is neither in `$SHARED_DATA` nor beside the checkout.
pub fn lots() -> Vec<(String, Lot)> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("SHARED_DATA").map_or_else(beside, PathBuf::from);
    let file = folder.join("osm/parking_lots.geojson");
    let Ok(text) = std::fs::read_to_string(file) else { return Vec::new() };
    let collection: Value = serde_json::from_str(&text).expect("GeoJSON");
    let features = collection["features"].as_array().expect("features");
    features.iter().map(|feature| (feature["properties"]["osm_id"].to_string(), lot(feature))).collect()
}

fn lot(feature: &Value) -> Lot {
    let ring = feature["geometry"]["coordinates"][0].as_array().expect("a ring");
    let degrees = |position: &Value, axis: usize| position[axis].as_f64().expect("a number");
    let (lon, lat) = (degrees(&ring[0], 0), degrees(&ring[0], 1));
    let east_m = DEGREE_M * lat.to_radians().cos();
    let corner = |p: &Value| Point::new((degrees(p, 0) - lon) * east_m, (degrees(p, 1) - lat) * DEGREE_M);
    Lot::new(ring.iter().map(corner).collect(), Vec::new()).expect("a lot")
}

/// The middle value.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
