//! Objects of an extract into a site's layers.

use std::collections::BTreeSet;

use dispatch_core::config::NoFlyZone;
use flight_types::{GeoPoint, Local, LocalFrame, LotId, Ring, ZoneId};

use crate::lots::{Lot, check_lot, laid_out};
use crate::model::{Address, Building, Land, LandKind, Road, middle};
use crate::osm::extract::{Extract, Object, Shape};
use crate::osm::guess::convex_hull;
use crate::osm::tags::{self, Direction};

/// A house number stands within this of its door, metres, when it is a node.
const NODE_ACCURACY_M: f64 = 15.0;

/// Zone drawn round an airfield that the extract shows only as a point, metres.
const AERODROME_RADIUS_M: f64 = 300.0;

/// The same for a helicopter landing place.
const HELIPAD_RADIUS_M: f64 = 100.0;

/// Corners of a zone at most: autopilots hold few; a finer outline is replaced by its hull, which forbids more, never less.
const ZONE_CORNERS_MAX: usize = 24;

pub(super) fn roads(extract: &Extract) -> Vec<Road> {
    extract.objects.iter().filter_map(road).collect()
}

fn road(object: &Object) -> Option<Road> {
    let Shape::Line(line) = &object.shape else { return None };
    let class = tags::road_class(object)?;
    let direction = tags::direction(object, class);
    let mut line = line.clone();
    line.dedup();
    if line.len() < 2 {
        return None;
    }
    if direction == Direction::Against {
        line.reverse();
    }
    Some(Road {
        id: object.id.clone(),
        class,
        name: object.tags.get("name").cloned(),
        other_names: tags::other_names(&object.tags),
        speed_max_km_h: tags::speed_max_km_h(object),
        one_way: direction != Direction::Both,
        line,
    })
}

pub(super) fn addresses(extract: &Extract) -> Vec<Address> {
    extract.objects.iter().filter_map(address).collect()
}

fn address(object: &Object) -> Option<Address> {
    let number = object.tags.get("addr:housenumber").cloned();
    let name = object.tags.get("name").or(object.tags.get("addr:housename")).cloned();
    let settlement_m = tags::settlement_accuracy_m(object);
    let is_named = name.is_some() && (settlement_m.is_some() || tags::is_landmark(object));
    if number.is_none() && !is_named {
        return None;
    }
    let (point, reach_m) = place_of(object)?;
    let part = |keys: &[&str]| keys.iter().find_map(|key| object.tags.get(*key)).cloned();
    Some(Address {
        id: object.id.clone(),
        point,
        number,
        street: part(&["addr:street", "addr:place"]),
        other_streets: ["addr:street:en", "addr:street:ko"].iter().filter_map(|key| object.tags.get(*key)).cloned().collect(),
        place: part(&["addr:neighbourhood", "addr:quarter", "addr:suburb", "addr:district", "addr:city"]),
        postcode: part(&["addr:postcode"]),
        name,
        other_names: tags::other_names(&object.tags),
        accuracy_m: settlement_m.unwrap_or(reach_m),
    })
}

/// The middle of an object, and how far from it somebody inside may be, metres.
fn place_of(object: &Object) -> Option<(GeoPoint, f64)> {
    let points = match &object.shape {
        Shape::Point(point) => return Some((*point, NODE_ACCURACY_M)),
        Shape::Line(line) => line.clone(),
        Shape::Rings { outer, .. } => outer.iter().flat_map(|ring| ring.corners().to_vec()).collect(),
    };
    if points.is_empty() {
        return None;
    }
    let centre = middle(&points);
    let reach_m = points.iter().map(|point| centre.distance_m(point)).fold(NODE_ACCURACY_M, f64::max);
    Some((centre, reach_m))
}

/// Buildings, and parts of them whose height is said: a tower is often drawn as a part that rises out of a lower outline.
pub(super) fn buildings(extract: &Extract) -> Vec<Building> {
    let is = |object: &Object, key: &str| object.tag(key).is_some_and(|value| value != "no");
    let mut buildings = Vec::new();
    for object in &extract.objects {
        let part_m = || tags::said_height_m(object).filter(|_| is(object, "building:part"));
        let Some(height_m) = is(object, "building").then(|| tags::height_m(object)).or_else(part_m) else { continue };
        for (id, ring) in numbered(object) {
            let name = object.tags.get("name").cloned();
            buildings.push(Building { id, name, ring, height_m });
        }
    }
    buildings
}

pub(super) fn lots(extract: &Extract) -> Vec<Lot> {
    let is_lot = |object: &&Object| {
        object.tag("amenity") == Some("parking") && !matches!(object.tag("parking"), Some("underground" | "multi-storey"))
    };
    let mut lots = Vec::new();
    for object in extract.objects.iter().filter(is_lot) {
        for (id, ring) in numbered(object) {
            let name = object.tags.get("name").cloned().unwrap_or_else(|| format!("P {id}"));
            let id = LotId::new(id).expect("an object's id is a letter and digits");
            let holes = object.holes().iter().filter(|hole| ring.contains(hole.corners()[0])).cloned().collect();
            lots.extend(with_bays(Lot::bare(id, name, ring, holes)));
        }
    }
    // An extract that was put together from several may hold an object twice.
    let mut seen = BTreeSet::new();
    lots.retain(|lot| seen.insert(lot.id.clone()));
    lots
}

/// A lot with bays laid out, or bare where none fit; nothing where the outline is none that a site may hold.
fn with_bays(lot: Lot) -> Option<Lot> {
    check_lot(&lot).ok()?;
    let laid = laid_out(lot.clone());
    Some(if check_lot(&laid).is_ok() { laid } else { lot })
}

pub(super) fn no_fly(extract: &Extract) -> Vec<NoFlyZone> {
    extract.objects.iter().filter_map(|object| zone_radius_m(object).map(|radius_m| (object, radius_m))).flat_map(zones).collect()
}

/// Whether an object is a zone, and the radius drawn round it when it is only a point.
fn zone_radius_m(object: &Object) -> Option<f64> {
    match (object.tag("aeroway"), object.tag("landuse"), object.tag("military")) {
        (Some("aerodrome" | "heliport"), _, _) => Some(AERODROME_RADIUS_M),
        (Some("helipad"), _, _) => Some(HELIPAD_RADIUS_M),
        (_, Some("military"), _) | (_, _, Some(_)) => Some(HELIPAD_RADIUS_M),
        (_, _, _) => None,
    }
}

fn zones((object, radius_m): (&Object, f64)) -> Vec<NoFlyZone> {
    let outlines = match &object.shape {
        Shape::Point(point) => vec![(object.id.clone(), circle(*point, radius_m))],
        Shape::Line(_) | Shape::Rings { .. } => numbered(object),
    };
    let name = object.tags.get("name").cloned().unwrap_or_else(|| object.id.clone());
    let zone = |(id, ring): (String, Ring)| NoFlyZone {
        id: ZoneId::new(id).expect("an object's id is a letter and digits"),
        name: name.clone(),
        ring: if ring.corners().len() > ZONE_CORNERS_MAX { coarser(&ring) } else { ring },
        floor_amsl_m: None,
        ceiling_amsl_m: None,
        hours: None,
    };
    outlines.into_iter().map(zone).collect()
}

fn circle(centre: GeoPoint, radius_m: f64) -> Ring {
    // A twelve-cornered outline drawn round the circle, not in it, so that nothing of it is left out.
    let outer_m = radius_m / (std::f64::consts::PI / 12.0).cos();
    let corners = (0..12).map(|corner| centre.moved(f64::from(corner) * 30.0, outer_m)).collect();
    Ring::new(corners).expect("twelve corners")
}

fn coarser(ring: &Ring) -> Ring {
    let frame = LocalFrame::new(middle(ring.corners()));
    let locals: Vec<Local> = ring.corners().iter().map(|corner| frame.to_local(*corner)).collect();
    let hull = convex_hull(locals).into_iter().map(|corner| frame.to_geo(corner)).collect();
    Ring::new(hull).unwrap_or_else(|_| ring.clone())
}

pub(super) fn land(extract: &Extract) -> Vec<Land> {
    let mut land = Vec::new();
    for object in &extract.objects {
        let Some(kind) = land_kind(object) else { continue };
        for (id, ring) in numbered(object) {
            land.push(Land { id, kind, name: object.tags.get("name").cloned(), ring });
        }
    }
    land
}

fn land_kind(object: &Object) -> Option<LandKind> {
    match (object.tag("natural"), object.tag("landuse"), object.tag("leisure"), object.tag("waterway")) {
        (Some("water"), _, _, _) | (_, _, _, Some("riverbank")) | (_, Some("reservoir" | "basin"), _, _) => Some(LandKind::Water),
        (Some("wood" | "scrub" | "grassland"), _, _, _) => Some(LandKind::Green),
        (_, Some("forest" | "grass" | "meadow" | "cemetery" | "recreation_ground" | "village_green"), _, _) => {
            Some(LandKind::Green)
        }
        (_, _, Some("park" | "garden" | "pitch" | "golf_course" | "playground"), _) => Some(LandKind::Green),
        (_, _, _, _) => None,
    }
}

/// The outlines of an object, each with an id of its own.
fn numbered(object: &Object) -> Vec<(String, Ring)> {
    let rings = object.rings();
    let single = rings.len() == 1;
    let id = |index: usize| if single { object.id.clone() } else { format!("{}.{index}", object.id) };
    rings.into_iter().enumerate().map(|(index, ring)| (id(index), ring)).collect()
}
