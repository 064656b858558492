//! A site's folder: `site.toml` and each GeoJSON layer, and everything that is worked out from a site that was taken.

use std::path::Path;

use flight_types::{GeoPoint, Ring};
use site_model::{ElevationGrid, Gazetteer, RoadTimes, Site, SiteTexts, relief};

const MANIFEST: &str = include_str!("../../configs/demo-site/site.toml");
const EMPTY: &str = r#"{"type":"FeatureCollection","features":[]}"#;
/// Layers, by the first byte of an input.
const LAYERS: usize = 6;

/// A manifest that is taken is written so that it is taken again.
pub fn run_manifest(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let texts = SiteTexts { manifest: text.to_owned(), ..empty() };
    take(texts);
}

/// The same for one layer of the demo's site.
pub fn run_layer(bytes: &[u8]) {
    let Some((layer, text)) = bytes.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let mut texts = SiteTexts { manifest: MANIFEST.to_owned(), ..empty() };
    *layer_of(&mut texts, *layer) = text.to_owned();
    take(texts);
}

/// An elevation grid that is taken is written so that it is taken again, and a relief of it is a relief everywhere.
pub fn run_elevation(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(grid) = ElevationGrid::parse(text) else { return };
    assert!(ElevationGrid::parse(&grid.text()).is_ok(), "what is written reads back");
    let place = |lat, lon| GeoPoint::new(lat, lon).expect("a place");
    let corners = vec![place(37.502, 127.002), place(37.502, 127.008), place(37.508, 127.008)];
    let fence = Ring::new(corners.clone()).expect("a ring");
    let Ok(relief) = relief(&grid, &fence, 0.1) else { return };
    for point in relief.cut(&corners, 10.0).profile(&corners) {
        assert!(point.amsl_m.is_finite() && relief.over_ground_m(point.place) >= 0.0, "{point:?}");
    }
}

fn take(texts: SiteTexts) {
    match Site::parse(Path::new("site"), texts) {
        Ok(site) => use_of(&site),
        Err(error) => assert!(!error.to_string().is_empty(), "an error says what is wrong"),
    }
}

/// What a server does with a site when it starts.
fn use_of(site: &Site) {
    let config = site.config();
    serde_json::to_string(&config).expect("a configuration is plain data");
    site.map_geojson();
    let gazetteer = Gazetteer::new(site);
    let names = site.addresses.iter().filter_map(|address| address.street.as_deref().or(address.name.as_deref()));
    names.take(2).for_each(|name| drop(gazetteer.find(name)));
    let roads = RoadTimes::build(&site.roads);
    roads.many_to_one(&[site.centre()], site.centre());
    let again = Site::parse(Path::new("site"), site.texts());
    assert!(again.is_ok(), "what is written reads back: {:?}", again.err());
}

fn empty() -> SiteTexts {
    let layer = || EMPTY.to_owned();
    SiteTexts {
        manifest: String::new(),
        roads: layer(),
        addresses: layer(),
        buildings: layer(),
        lots: layer(),
        no_fly: layer(),
        land: None,
        elevation: None,
    }
}

fn layer_of(texts: &mut SiteTexts, layer: u8) -> &mut String {
    match usize::from(layer) % LAYERS {
        0 => &mut texts.roads,
        1 => &mut texts.addresses,
        2 => &mut texts.buildings,
        3 => &mut texts.lots,
        4 => &mut texts.no_fly,
        _ => texts.land.get_or_insert_default(),
    }
}

/// The demo's manifest and the commented example.
pub fn manifest_seeds() -> Vec<Vec<u8>> {
    [MANIFEST, include_str!("../../configs/site-example.toml")].map(|text| text.as_bytes().to_vec()).to_vec()
}

/// A small grid over the fence above, by corner and cell size, and by centre with cells that are not square and a hole.
pub fn elevation_seeds() -> Vec<Vec<u8>> {
    let rows = "10 20 30 40 50\n11 21 31 41 51\n12 22 32.5 42 52\n13 23 33 43 53\n14 24 34 44 54\n";
    let corner = format!("ncols 5\nnrows 5\nxllcorner 126.9985\nyllcorner 37.4985\ncellsize 0.003\nNODATA_value -9999\n{rows}");
    let centre =
        "ncols 2\nnrows 2\nxllcenter 127\nyllcenter 37.5\ndx 0.01\ndy 0.02\nNODATA_value nan\n-1e1 nan\n0 8848\n".to_owned();
    [corner, centre].map(String::into_bytes).to_vec()
}

/// The first features of each layer of the demo's site.
pub fn layer_seeds() -> Vec<Vec<u8>> {
    let layers = [
        include_str!("../../configs/demo-site/roads.geojson"),
        include_str!("../../configs/demo-site/addresses.geojson"),
        include_str!("../../configs/demo-site/buildings.geojson"),
        include_str!("../../configs/demo-site/lots.geojson"),
        include_str!("../../configs/demo-site/no_fly.geojson"),
        include_str!("../../configs/demo-site/land.geojson"),
    ];
    let beginnings = layers.iter().enumerate().map(|(layer, text)| beginning(layer as u8, text));
    beginnings.chain([one_of_each_kind(3, layers[3])]).collect()
}

/// The first lot with its first area, bay and beacon.
fn one_of_each_kind(layer: u8, text: &str) -> Vec<u8> {
    let first = |kind: &str| text.lines().find(|line| line.contains(&format!("\"kind\":\"{kind}\"")));
    let features: Vec<&str> =
        ["lot", "area", "bay", "beacon"].into_iter().filter_map(first).map(|line| line.trim_end_matches(',')).collect();
    seed(layer, &features)
}

/// One feature a line: the head, three features, the foot.
fn beginning(layer: u8, text: &str) -> Vec<u8> {
    let features: Vec<&str> =
        text.lines().skip(1).take(3).map(|line| line.trim_end_matches(',')).filter(|line| line.starts_with("{")).collect();
    seed(layer, &features)
}

fn seed(layer: u8, features: &[&str]) -> Vec<u8> {
    let text = format!("{{\"type\":\"FeatureCollection\",\"features\":[\n{}\n]}}\n", features.join(",\n"));
    [vec![layer], text.into_bytes()].concat()
}
