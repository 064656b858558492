//! `lots.geojson`: lots with their areas, bays and beacons, and the same for one lot alone as pages send it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use flight_types::{GeoPoint, LotId, Ring};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Layer;
use super::geojson::{Feature, holed_polygon_json, polygon_json, position_json, read_features, refuse};
use super::layers::{feature, number_between};
use crate::error::{FeatureProblem, SiteError};
use crate::lots::{BeaconState, Lot, LotArea, LotBay, LotBeacon, LotFault, check_lots, rounded};

/// What an error calls a lot that came without a file.
const LAYOUT: &str = "layout";

/// What a feature is, and what it belongs to.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Properties {
    Lot {
        name: String,
    },
    Area {
        lot: String,
        name: String,
    },
    Bay {
        area: String,
        heading_deg: f64,
    },
    Beacon {
        area: String,
        height_m: f64,
        heading_deg: f64,
        tilt_deg: f64,
        module_mm: f64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<u8>,
        state: BeaconState,
    },
}

/// A feature that was read, not yet put where it belongs.
enum Part {
    Lot(Lot),
    Area(String, LotArea),
    Bay(LotBay),
    Beacon(LotBeacon),
}

impl Lot {
    /// Reads one lot as a FeatureCollection of the kind that `lots.geojson` holds; `centre` is the middle of its site.
    pub fn from_geojson(text: String, centre: GeoPoint) -> Result<Lot, SiteError> {
        let layer = Layer { path: PathBuf::from(LAYOUT), text, centre };
        let mut lots = read(&layer)?;
        match (lots.pop(), lots.len()) {
            (Some(lot), 0) => Ok(lot),
            (_, others) => {
                let message = if others == 0 { "a lot is missing".to_owned() } else { format!("one lot, not {}", others + 1) };
                Err(SiteError::Json { path: layer.path, line: 1, message })
            }
        }
    }

    /// The lot as a FeatureCollection of the kind that `lots.geojson` holds.
    pub fn geojson(&self) -> Value {
        json!({"type": "FeatureCollection", "features": write(std::slice::from_ref(self))})
    }
}

pub(super) fn read(layer: &Layer) -> Result<Vec<Lot>, SiteError> {
    let mut seen = BTreeSet::new();
    let parts = read_features(layer, |feature: Feature<'_, Properties>| {
        let id = feature.id.clone();
        if !seen.insert(id.clone()) {
            return Err(FeatureProblem::Twice(id));
        }
        part(feature)
    })?;
    let place_of = |id: &str| seen_at(&parts, id);
    let wrong = |id: &str, problem| refuse(layer, place_of(id), id.to_owned(), problem);
    let lots = put_together(&parts).map_err(|(id, problem)| wrong(&id, problem))?;
    check_lots(&lots).map_err(|LotFault { id, problem }| wrong(&id, problem.into()))?;
    Ok(lots)
}

/// The place of a feature in the file; ids are not used twice.
fn seen_at(parts: &[Part], id: &str) -> usize {
    let has_id = |part: &Part| match part {
        Part::Lot(lot) => lot.id.as_str() == id,
        Part::Area(_, area) => area.id == id,
        Part::Bay(bay) => bay.id == id,
        Part::Beacon(beacon) => beacon.id == id,
    };
    parts.iter().position(has_id).unwrap_or(0)
}

fn part(feature: Feature<'_, Properties>) -> Result<Part, FeatureProblem> {
    // What is named in addresses and files must be a word.
    let id = LotId::new(feature.id.clone())?;
    match &feature.properties {
        Properties::Lot { name } => {
            let (ring, holes) = feature.rings()?;
            Ok(Part::Lot(Lot::bare(id, name.clone(), kept(ring)?, holes.into_iter().map(kept).collect::<Result<_, _>>()?)))
        }
        Properties::Area { lot, name } => {
            let area = LotArea { id: feature.id.clone(), name: name.clone(), ring: kept(feature.ring()?)? };
            Ok(Part::Area(lot.clone(), area))
        }
        Properties::Bay { area, heading_deg } => {
            direction("heading_deg", *heading_deg)?;
            let ring = kept(feature.ring()?)?;
            Ok(Part::Bay(LotBay { id: feature.id.clone(), area: area.clone(), ring, heading_deg: *heading_deg }))
        }
        Properties::Beacon { area, height_m, heading_deg, tilt_deg, module_mm, key, state } => {
            number_between("height_m", "between 0 and 20", *height_m, 0.0, 20.0)?;
            direction("heading_deg", *heading_deg)?;
            number_between("tilt_deg", "between 0 and 90", *tilt_deg, 0.0, 90.0)?;
            number_between("module_mm", "between 1 and 500", *module_mm, 1.0, 500.0)?;
            Ok(Part::Beacon(LotBeacon {
                id: feature.id.clone(),
                area: area.clone(),
                position: rounded(feature.point()?),
                height_m: *height_m,
                heading_deg: *heading_deg,
                tilt_deg: *tilt_deg,
                module_mm: *module_mm,
                key: *key,
                state: *state,
            }))
        }
    }
}

/// Places as they are written, so that what is taken once is taken again.
fn kept(ring: Ring) -> Result<Ring, FeatureProblem> {
    Ok(Ring::new(ring.corners().iter().map(|corner| rounded(*corner)).collect())?)
}

fn direction(key: &'static str, found: f64) -> Result<(), FeatureProblem> {
    number_between(key, "between 0 and 360", found, 0.0, 360.0)
}

fn put_together(parts: &[Part]) -> Result<Vec<Lot>, (String, FeatureProblem)> {
    let mut lots: Vec<Lot> = Vec::new();
    let mut lot_at: BTreeMap<&str, usize> = BTreeMap::new();
    for part in parts {
        if let Part::Lot(lot) = part {
            lot_at.insert(lot.id.as_str(), lots.len());
            lots.push(lot.clone());
        }
    }
    let mut lot_of_area: BTreeMap<&str, usize> = BTreeMap::new();
    for part in parts {
        if let Part::Area(lot, area) = part {
            let at = *lot_at.get(lot.as_str()).ok_or_else(|| (area.id.clone(), FeatureProblem::LotMissing(lot.clone())))?;
            lot_of_area.insert(&area.id, at);
            lots[at].areas.push(area.clone());
        }
    }
    let lot_of = |id: &str, area: &str| {
        lot_of_area.get(area).copied().ok_or_else(|| (id.to_owned(), FeatureProblem::AreaMissing(area.to_owned())))
    };
    for part in parts {
        match part {
            Part::Bay(bay) => lots[lot_of(&bay.id, &bay.area)?].bays.push(bay.clone()),
            Part::Beacon(beacon) => lots[lot_of(&beacon.id, &beacon.area)?].beacons.push(beacon.clone()),
            Part::Lot(_) | Part::Area(_, _) => {}
        }
    }
    Ok(lots)
}

pub(super) fn write(lots: &[Lot]) -> Vec<Value> {
    lots.iter().flat_map(write_lot).collect()
}

fn write_lot(lot: &Lot) -> Vec<Value> {
    let properties = Properties::Lot { name: lot.name.clone() };
    let mut features = vec![feature(lot.id.as_str(), holed_polygon_json(&lot.ring, &lot.holes), json!(properties))];
    for area in &lot.areas {
        let properties = Properties::Area { lot: lot.id.to_string(), name: area.name.clone() };
        features.push(feature(&area.id, polygon_json(&area.ring), json!(properties)));
    }
    for bay in &lot.bays {
        let properties = Properties::Bay { area: bay.area.clone(), heading_deg: bay.heading_deg };
        features.push(feature(&bay.id, polygon_json(&bay.ring), json!(properties)));
    }
    features.extend(lot.beacons.iter().map(write_beacon));
    features
}

fn write_beacon(beacon: &LotBeacon) -> Value {
    let properties = Properties::Beacon {
        area: beacon.area.clone(),
        height_m: beacon.height_m,
        heading_deg: beacon.heading_deg,
        tilt_deg: beacon.tilt_deg,
        module_mm: beacon.module_mm,
        key: beacon.key,
        state: beacon.state,
    };
    let geometry = json!({"type": "Point", "coordinates": position_json(&beacon.position)});
    feature(&beacon.id, geometry, json!(properties))
}
