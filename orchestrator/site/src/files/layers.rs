//! The layers' features but for the lots': what its properties are called, and both ways between them and the model.

use std::collections::BTreeSet;

use dispatch_core::config::{NoFlyZone, ZoneHours};
use flight_types::{GeoPoint, ZoneId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::{FeatureProblem, SiteError};
use crate::files::Layer;
use crate::files::geojson::{polygon_json, position_json, read_features};
use crate::model::{Address, Building, Land, LandKind, Road, RoadClass};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoadProperties {
    class: RoadClass,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    other_names: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    speed_max_km_h: Option<f64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    one_way: bool,
}

pub(super) fn roads(layer: &Layer) -> Result<Vec<Road>, SiteError> {
    read_features(layer, |feature: super::geojson::Feature<'_, RoadProperties>| {
        let line = feature.line()?;
        let properties = feature.properties;
        if let Some(speed) = properties.speed_max_km_h {
            number_between("speed_max_km_h", "between 1 and 200", speed, 1.0, 200.0)?;
        }
        Ok(Road {
            id: feature.id,
            class: properties.class,
            name: properties.name,
            other_names: properties.other_names,
            speed_max_km_h: properties.speed_max_km_h,
            one_way: properties.one_way,
            line,
        })
    })
}

pub(super) fn write_roads(roads: &[Road]) -> Vec<Value> {
    let write = |road: &Road| {
        let properties = RoadProperties {
            class: road.class,
            name: road.name.clone(),
            other_names: road.other_names.clone(),
            speed_max_km_h: road.speed_max_km_h,
            one_way: road.one_way,
        };
        feature(&road.id, line_json(&road.line), json!(properties))
    };
    roads.iter().map(write).collect()
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AddressProperties {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    street: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    other_streets: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    postcode: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    other_names: Vec<String>,
    accuracy_m: f64,
}

pub(super) fn addresses(layer: &Layer) -> Result<Vec<Address>, SiteError> {
    read_features(layer, |feature: super::geojson::Feature<'_, AddressProperties>| {
        let point = feature.point()?;
        let properties = feature.properties;
        number_between("accuracy_m", "between 1 and 20000", properties.accuracy_m, 1.0, 20_000.0)?;
        Ok(Address {
            id: feature.id,
            point,
            number: properties.number,
            street: properties.street,
            other_streets: properties.other_streets,
            place: properties.place,
            postcode: properties.postcode,
            name: properties.name,
            other_names: properties.other_names,
            accuracy_m: properties.accuracy_m,
        })
    })
}

pub(super) fn write_addresses(addresses: &[Address]) -> Vec<Value> {
    let write = |address: &Address| {
        let properties = AddressProperties {
            number: address.number.clone(),
            street: address.street.clone(),
            other_streets: address.other_streets.clone(),
            place: address.place.clone(),
            postcode: address.postcode.clone(),
            name: address.name.clone(),
            other_names: address.other_names.clone(),
            accuracy_m: address.accuracy_m,
        };
        let geometry = json!({"type": "Point", "coordinates": position_json(&address.point)});
        feature(&address.id, geometry, json!(properties))
    };
    addresses.iter().map(write).collect()
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BuildingProperties {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    height_m: f64,
}

pub(super) fn buildings(layer: &Layer) -> Result<Vec<Building>, SiteError> {
    read_features(layer, |feature: super::geojson::Feature<'_, BuildingProperties>| {
        let ring = feature.ring()?;
        number_between("height_m", "between 0 and 1000", feature.properties.height_m, 0.0, 1_000.0)?;
        Ok(Building { id: feature.id, name: feature.properties.name, ring, height_m: feature.properties.height_m })
    })
}

pub(super) fn write_buildings(buildings: &[Building]) -> Vec<Value> {
    let write = |building: &Building| {
        let properties = BuildingProperties { name: building.name.clone(), height_m: building.height_m };
        feature(&building.id, polygon_json(&building.ring), json!(properties))
    };
    buildings.iter().map(write).collect()
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoFlyProperties {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    floor_amsl_m: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ceiling_amsl_m: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hours: Option<ZoneHours>,
}

pub(super) fn no_fly(layer: &Layer) -> Result<Vec<NoFlyZone>, SiteError> {
    let mut seen = BTreeSet::new();
    read_features(layer, |feature: super::geojson::Feature<'_, NoFlyProperties>| {
        let ring = feature.ring()?;
        if !seen.insert(feature.id.clone()) {
            return Err(FeatureProblem::Twice(feature.id));
        }
        let NoFlyProperties { name, floor_amsl_m, ceiling_amsl_m, hours } = feature.properties;
        if let (Some(floor), Some(ceiling)) = (floor_amsl_m, ceiling_amsl_m)
            && ceiling <= floor
        {
            return Err(FeatureProblem::Number { key: "ceiling_amsl_m", wanted: "above floor_amsl_m", found: ceiling });
        }
        if let Some(hours) = &hours {
            minutes_of_a_day(hours)?;
        }
        Ok(NoFlyZone { id: ZoneId::new(feature.id)?, name, ring, floor_amsl_m, ceiling_amsl_m, hours })
    })
}

/// Minutes of one day, and days of one week.
fn minutes_of_a_day(hours: &ZoneHours) -> Result<(), FeatureProblem> {
    for (key, minute) in [("from_min", hours.from_min), ("until_min", hours.until_min)] {
        number_between(key, "between 0 and 1440", minute as f64, 0.0, 1_440.0)?;
    }
    number_between("utc_offset_min", "between -840 and 840", f64::from(hours.utc_offset_min), -840.0, 840.0)?;
    for day in hours.weekdays.iter().flatten() {
        number_between("weekdays", "between 0 (Monday) and 6", f64::from(*day), 0.0, 6.0)?;
    }
    Ok(())
}

pub(super) fn write_no_fly(zones: &[NoFlyZone]) -> Vec<Value> {
    let write = |zone: &NoFlyZone| {
        let properties = NoFlyProperties {
            name: zone.name.clone(),
            floor_amsl_m: zone.floor_amsl_m,
            ceiling_amsl_m: zone.ceiling_amsl_m,
            hours: zone.hours.clone(),
        };
        feature(zone.id.as_str(), polygon_json(&zone.ring), json!(properties))
    };
    zones.iter().map(write).collect()
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LandProperties {
    kind: LandKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

pub(super) fn land(layer: &Layer) -> Result<Vec<Land>, SiteError> {
    read_features(layer, |feature: super::geojson::Feature<'_, LandProperties>| {
        let ring = feature.ring()?;
        Ok(Land { id: feature.id, kind: feature.properties.kind, name: feature.properties.name, ring })
    })
}

pub(super) fn write_land(land: &[Land]) -> Vec<Value> {
    let write = |piece: &Land| {
        let properties = LandProperties { kind: piece.kind, name: piece.name.clone() };
        feature(&piece.id, polygon_json(&piece.ring), json!(properties))
    };
    land.iter().map(write).collect()
}

pub(super) fn feature(id: &str, geometry: Value, properties: Value) -> Value {
    json!({"type": "Feature", "id": id, "geometry": geometry, "properties": properties})
}

fn line_json(line: &[GeoPoint]) -> Value {
    let positions: Vec<Value> = line.iter().map(position_json).collect();
    json!({"type": "LineString", "coordinates": positions})
}

pub(super) fn number_between(
    key: &'static str,
    wanted: &'static str,
    found: f64,
    low: f64,
    high: f64,
) -> Result<(), FeatureProblem> {
    if (low..=high).contains(&found) {
        return Ok(());
    }
    Err(FeatureProblem::Number { key, wanted, found })
}
