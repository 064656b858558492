//! What OpenStreetMap's tags mean for a site. Meanings after the OpenStreetMap wiki's pages on each key.

use crate::model::RoadClass;
use crate::osm::extract::{Object, Tags};

/// Height of one floor, metres, where only floors are counted.
const FLOOR_M: f64 = 3.2;

/// Height of a building of which nothing is said, metres: two floors and a roof.
pub(crate) const HEIGHT_UNKNOWN_M: f64 = 7.5;

/// The tallest building there is, rounded up, metres: what is above is a typing error.
const HEIGHT_MAX_M: f64 = 1_000.0;
/// Nor is any lower, metres.
const HEIGHT_MIN_M: f64 = 1.0;
/// The international foot, metres.
const METRES_PER_FOOT: f64 = 0.304_8;

/// Inches to a foot.
const INCHES_PER_FOOT: f64 = 12.0;

/// Miles to kilometres.
const KM_PER_MILE: f64 = 1.609_344;

/// Which kind of road an object is; `None` for what is no road, is closed, or is private.
pub(super) fn road_class(object: &Object) -> Option<RoadClass> {
    let class = match object.tag("highway")? {
        "motorway" | "motorway_link" => RoadClass::Motorway,
        "trunk" | "trunk_link" => RoadClass::Trunk,
        "primary" | "primary_link" => RoadClass::Primary,
        "secondary" | "secondary_link" => RoadClass::Secondary,
        "tertiary" | "tertiary_link" => RoadClass::Tertiary,
        "unclassified" | "road" => RoadClass::Unclassified,
        "residential" => RoadClass::Residential,
        "living_street" => RoadClass::LivingStreet,
        "service" => RoadClass::Service,
        "track" => RoadClass::Track,
        "pedestrian" => RoadClass::Pedestrian,
        "footway" | "path" | "cycleway" | "bridleway" => RoadClass::Footway,
        "steps" => RoadClass::Steps,
        _ => return None,
    };
    let closed = |key: &str| object.tag(key).is_some_and(|value| matches!(value, "no" | "private"));
    let on_foot = object.tag("foot").is_some_and(|value| matches!(value, "yes" | "designated" | "permissive"));
    let open_to_motors =
        object.tag("motor_vehicle").or(object.tag("vehicle")).is_some_and(|value| matches!(value, "yes" | "permissive"));
    let shut = closed("access") && !open_to_motors;
    let no_motors = closed("motor_vehicle") || (closed("vehicle") && !open_to_motors);
    match (shut, no_motors && class.is_drivable()) {
        (true, _) if on_foot => Some(RoadClass::Footway),
        (true, _) => None,
        (false, true) => Some(RoadClass::Footway),
        (false, false) => Some(class),
    }
}

/// Which way a road may be driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Both,
    Along,
    Against,
}

pub(super) fn direction(object: &Object, class: RoadClass) -> Direction {
    if !class.is_drivable() {
        return Direction::Both;
    }
    let round = object.tag("junction").is_some_and(|value| matches!(value, "roundabout" | "circular"));
    match object.tag("oneway") {
        Some("yes" | "true" | "1") => Direction::Along,
        Some("-1" | "reverse") => Direction::Against,
        Some("no" | "false" | "0") => Direction::Both,
        Some(_) | None if round || object.tag("highway") == Some("motorway") => Direction::Along,
        Some(_) | None => Direction::Both,
    }
}

/// The lowest limit signposted, kilometres per hour; words ("walk", "KR:urban") are not numbers and leave the class's speed.
pub(super) fn speed_max_km_h(object: &Object) -> Option<f64> {
    let lowest = object.tag("maxspeed")?.split(';').filter_map(one_speed_km_h).min_by(f64::total_cmp)?;
    (1.0..=200.0).contains(&lowest).then_some(lowest)
}

fn one_speed_km_h(text: &str) -> Option<f64> {
    let text = text.trim();
    match text.strip_suffix("mph") {
        Some(miles) => miles.trim().parse::<f64>().ok().map(|miles| miles * KM_PER_MILE),
        None => text.trim_end_matches("km/h").trim().parse().ok(),
    }
}

/// Height of a building, metres: as tagged, by its floors, as estimated, or a usual one. What cannot be is as good as unsaid.
pub(super) fn height_m(object: &Object) -> f64 {
    said_height_m(object).unwrap_or(HEIGHT_UNKNOWN_M)
}

/// The same, `None` where nothing is said that can be.
pub(super) fn said_height_m(object: &Object) -> Option<f64> {
    let possible = |height_m: &f64| (HEIGHT_MIN_M..=HEIGHT_MAX_M).contains(height_m);
    let length = |key: &str| object.tag(key).and_then(length_m).filter(possible);
    let count = |key: &str| object.tag(key).and_then(highest_number);
    // Floors in the roof are not among the building's.
    let floors = || count("building:levels").map(|levels| (levels + count("roof:levels").unwrap_or(0.0).max(0.0)) * FLOOR_M);
    length("height").or_else(|| floors().filter(possible)).or_else(|| length("est_height"))
}

/// A length in metres, or in feet and inches with their signs; of several, kept apart by semicolons, the greatest.
fn length_m(text: &str) -> Option<f64> {
    text.split(';').filter_map(one_length_m).max_by(f64::total_cmp)
}

fn one_length_m(text: &str) -> Option<f64> {
    let text = text.trim();
    if let Some((feet, inches)) = text.split_once('\'') {
        let inches = inches.trim().trim_end_matches('"').trim();
        let inches = if inches.is_empty() { 0.0 } else { number(inches)? };
        return Some((number(feet)? + inches / INCHES_PER_FOOT) * METRES_PER_FOOT);
    }
    if let Some(feet) = ["feet", "ft"].iter().find_map(|unit| text.strip_suffix(unit)) {
        return Some(number(feet)? * METRES_PER_FOOT);
    }
    number(["metres", "meters", "m"].iter().find_map(|unit| text.strip_suffix(unit)).unwrap_or(text))
}

fn highest_number(text: &str) -> Option<f64> {
    text.split(';').filter_map(number).max_by(f64::total_cmp)
}

/// A number as people type it, with a comma for the point as well.
fn number(text: &str) -> Option<f64> {
    text.trim().replace(',', ".").parse().ok().filter(|number: &f64| number.is_finite())
}

/// The name in other languages and spellings, without the name itself, sorted.
pub(super) fn other_names(tags: &Tags) -> Vec<String> {
    const LANGUAGES: [&str; 12] = [
        "name:ko",
        "name:en",
        "name:ca",
        "name:es",
        "name:fr",
        "name:ko-Latn",
        "name:ko_rm",
        "alt_name",
        "old_name",
        "short_name",
        "official_name",
        "int_name",
    ];
    let own = tags.get("name");
    let listed = LANGUAGES.iter().filter_map(|key| tags.get(*key)).flat_map(|value| value.split(';'));
    let mut names: Vec<String> =
        listed.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty() && Some(name) != own).collect();
    names.sort();
    names.dedup();
    names
}

/// How far off somebody may be who names only this settlement, metres; `None` for what is too large to send anybody to.
pub(super) fn settlement_accuracy_m(object: &Object) -> Option<f64> {
    match object.tag("place")? {
        "city" => Some(5_000.0),
        "town" => Some(1_500.0),
        "suburb" | "borough" => Some(1_200.0),
        "village" | "quarter" => Some(600.0),
        "neighbourhood" | "hamlet" | "locality" => Some(400.0),
        "isolated_dwelling" | "farm" | "square" | "city_block" => Some(100.0),
        _ => None,
    }
}

/// Whether people would name it to say where they are.
pub(super) fn is_landmark(object: &Object) -> bool {
    const KEYS: [&str; 14] = [
        "amenity",
        "shop",
        "tourism",
        "office",
        "leisure",
        "building",
        "healthcare",
        "historic",
        "railway",
        "public_transport",
        "station",
        "man_made",
        "craft",
        "bridge",
    ];
    KEYS.iter().any(|key| object.tags.contains_key(*key)) || object.tag("highway") == Some("bus_stop")
}
