//! The site as the browser draws it: one FeatureCollection, each feature with its `kind`.

use serde_json::{Value, json};

use crate::files::{holed_polygon_json, polygon_json, position_json};
use crate::lots::Lot;
use crate::model::{Address, LandKind, Site};

impl Site {
    /// A GeoJSON FeatureCollection for the map, lowest first. Features carry `kind`: `land_water`, `land_green`, `building`
    /// (`height_m`, `name`), `road` (`class`, `name`), `lot` (`id`, `name`), `lot_area` (`id`, `lot`, `name`), `address` (house
    /// numbers: `label`), `place` (`label`), `no_fly` (`id`, `name`, `floor_amsl_m`, `ceiling_amsl_m`), `fence` (`height_max_m`),
    /// `station` (`id`, `name`) and `pad` (`drone`, `station`).
    pub fn map_geojson(&self) -> Value {
        self.map_with_lots(&self.lots)
    }

    /// The same with other lots than the site's file has.
    pub fn map_with_lots(&self, lots: &[Lot]) -> Value {
        let mut features = Vec::new();
        self.map_ground(lots, &mut features);
        self.map_labels(&mut features);
        self.map_flight(&mut features);
        json!({"type": "FeatureCollection", "features": features, "attribution": self.manifest.attribution})
    }

    fn map_ground(&self, lots: &[Lot], features: &mut Vec<Value>) {
        for piece in &self.land {
            let kind = match piece.kind {
                LandKind::Water => "land_water",
                LandKind::Green => "land_green",
            };
            features.push(feature(polygon_json(&piece.ring), json!({"kind": kind, "name": piece.name})));
        }
        for building in &self.buildings {
            let properties = json!({"kind": "building", "name": building.name, "height_m": building.height_m});
            features.push(feature(polygon_json(&building.ring), properties));
        }
        for road in &self.roads {
            let line: Vec<Value> = road.line.iter().map(position_json).collect();
            let properties = json!({"kind": "road", "class": road.class.word(), "name": road.name});
            features.push(feature(json!({"type": "LineString", "coordinates": line}), properties));
        }
        for lot in lots {
            features
                .push(feature(holed_polygon_json(&lot.ring, &lot.holes), json!({"kind": "lot", "id": lot.id, "name": lot.name})));
            for area in &lot.areas {
                let properties = json!({"kind": "lot_area", "id": area.id, "lot": lot.id, "name": area.name});
                features.push(feature(polygon_json(&area.ring), properties));
            }
        }
    }

    fn map_labels(&self, features: &mut Vec<Value>) {
        for address in &self.addresses {
            if let Some((kind, label)) = label_of(address) {
                features.push(feature(point_json(&address.point), json!({"kind": kind, "label": label})));
            }
        }
    }

    fn map_flight(&self, features: &mut Vec<Value>) {
        for zone in &self.no_fly {
            let properties = json!({
                "kind": "no_fly", "id": zone.id, "name": zone.name,
                "floor_amsl_m": zone.floor_amsl_m, "ceiling_amsl_m": zone.ceiling_amsl_m,
            });
            features.push(feature(polygon_json(&zone.ring), properties));
        }
        let fence = &self.manifest.fence;
        features.push(feature(polygon_json(&fence.ring), json!({"kind": "fence", "height_max_m": fence.height_max_m})));
        for point in &self.manifest.rally_points {
            let properties = json!({"kind": "rally_point", "id": point.id, "name": point.name});
            features.push(feature(point_json(&point.position), properties));
        }
        for station in &self.manifest.stations {
            let properties = json!({"kind": "station", "id": station.id, "name": station.name});
            features.push(feature(point_json(&station.position), properties));
        }
        for drone in self.drones() {
            let properties = json!({"kind": "pad", "drone": drone.id, "station": drone.station});
            features.push(feature(point_json(&drone.pad), properties));
        }
    }
}

/// A named place shows its name, a house its number.
fn label_of(address: &Address) -> Option<(&'static str, &str)> {
    match (&address.number, &address.name) {
        (Some(number), _) => Some(("address", number)),
        (None, Some(name)) => Some(("place", name)),
        (None, None) => None,
    }
}

fn point_json(point: &flight_types::GeoPoint) -> Value {
    json!({"type": "Point", "coordinates": position_json(point)})
}

fn feature(geometry: Value, properties: Value) -> Value {
    json!({"type": "Feature", "geometry": geometry, "properties": properties})
}
