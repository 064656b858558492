//! The rally points of a site: what `site.toml` says of them, and the checks that need the layers.

use dispatch_core::config::SiteRallyPoint;
use flight_routes::ring_distance_m;
use flight_types::{GeoPoint, RallyPointId, Ring};
use serde::{Deserialize, Serialize};

use crate::limits::RALLY_POINTS_MAX;
use crate::model::{STATION_OFF_M, Site};

/// Nothing that stands may be nearer to a landing, metres: a landing by satellites is off by up to five, and rotors reach a metre further.
const CLEAR_M: f64 = 8.0;

/// A place where an aircraft may land instead of on its pad.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RallyPointManifest {
    /// Which one.
    pub id: RallyPointId,
    /// Its name as shown.
    pub name: String,
    /// Where.
    pub position: GeoPoint,
    /// Its ground above mean sea level, metres; left out, that of the elevation grid, or of the nearest station.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground_amsl_m: Option<f64>,
}

impl Site {
    /// The site's rally points, each with its ground.
    pub(crate) fn rally_points(&self) -> Vec<SiteRallyPoint> {
        let point = |point: &RallyPointManifest| {
            let grid_m = || self.grid_amsl_m(point.position);
            let ground_amsl_m = point.ground_amsl_m.or_else(grid_m).or_else(|| self.ground_near_amsl_m(point.position));
            SiteRallyPoint {
                id: point.id.clone(),
                name: point.name.clone(),
                position: point.position,
                ground_amsl_m: ground_amsl_m.unwrap_or_default(),
            }
        };
        self.manifest.rally_points.iter().map(point).collect()
    }

    /// Which key of `site.toml` names a place where no aircraft can land, or may, and why.
    pub(crate) fn check_rally_points(&self) -> Result<(), (String, String)> {
        let points = &self.manifest.rally_points;
        if points.len() > RALLY_POINTS_MAX {
            return Err(("rally_point".to_owned(), format!("a site has at most {RALLY_POINTS_MAX} of them")));
        }
        for (index, point) in points.iter().enumerate() {
            let key = |what: &str| format!("rally_point[{index}].{what}");
            if let Some(first) = points[..index].iter().position(|before| before.id == point.id) {
                return Err((key("id"), format!("{} is already used by rally_point[{first}].id", point.id)));
            }
            self.check_place(point.position).map_err(|problem| (key("position"), problem))?;
            self.check_ground(point).map_err(|problem| (key("ground_amsl_m"), problem))?;
        }
        Ok(())
    }

    /// It keeps the margin of flights from fence and zones, whatever their hours and heights, and is clear of what stands.
    fn check_place(&self, place: GeoPoint) -> Result<(), String> {
        let margin_m = self.manifest.policy.zone_margin_m;
        let near = |ring: &Ring, within_m: f64| ring.contains(place) || ring_distance_m(ring, place) < within_m;
        let fence = &self.manifest.fence.ring;
        if !fence.contains(place) || ring_distance_m(fence, place) < margin_m {
            return Err(format!("it must lie inside the fence, {margin_m} m from it"));
        }
        if let Some(zone) = self.no_fly.iter().find(|zone| near(&zone.ring, margin_m)) {
            return Err(format!("it must lie {margin_m} m outside the no-fly zone {}", zone.id));
        }
        if let Some(building) = self.buildings.iter().find(|building| near(&building.ring, CLEAR_M)) {
            return Err(format!("it must lie {CLEAR_M} m from the building {}", building.id));
        }
        Ok(())
    }

    fn check_ground(&self, point: &RallyPointManifest) -> Result<(), String> {
        let Some(said_m) = point.ground_amsl_m else { return Ok(()) };
        if !(-430.0..=6_000.0).contains(&said_m) {
            return Err(format!("it must lie between -430 and 6000, not {said_m}"));
        }
        match self.grid_amsl_m(point.position) {
            Some(grid_m) if (grid_m - said_m).abs() > STATION_OFF_M => {
                Err(format!("it is {said_m} m, the elevation grid has {grid_m:.0} m there; are the heights above the sea?"))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn grid_amsl_m(&self, place: GeoPoint) -> Option<f64> {
        self.elevation.as_ref()?.grid.height_m(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demo() -> Site {
        Site::load(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs/demo-site"))).expect("the demo site")
    }

    fn point(id: &str, position: GeoPoint) -> RallyPointManifest {
        RallyPointManifest { id: RallyPointId::new(id).expect("an id"), name: id.to_owned(), position, ground_amsl_m: None }
    }

    fn problem(site: &Site) -> (String, String) {
        site.check_rally_points().expect_err("a problem")
    }

    #[test]
    fn places_where_nobody_can_land_are_refused_in_words() {
        let good = demo();
        let free = good.manifest.rally_points[0].position;
        let with = |points: Vec<RallyPointManifest>| {
            let mut site = good.clone();
            site.manifest.rally_points = points;
            site
        };
        let (_, outside) = problem(&with(vec![point("p", good.manifest.fence.ring.corners()[0])]));
        assert!(outside.contains("inside the fence"), "{outside}");
        let (key, zone) = problem(&with(vec![point("q", free), point("p", good.no_fly[0].ring.corners()[0])]));
        assert!(key == "rally_point[1].position" && zone.contains(good.no_fly[0].id.as_str()), "{key}: {zone}");
        let (_, building) = problem(&with(vec![point("p", good.buildings[0].ring.corners()[0].moved(10.0, 2.0))]));
        assert!(building.contains("from the building"), "{building}");
        let (key, twice) = problem(&with(vec![point("p", free), point("p", free)]));
        assert!(key == "rally_point[1].id" && twice.contains("already used"), "{key}: {twice}");
        let (_, many) = problem(&with(vec![point("p", free); RALLY_POINTS_MAX + 1]));
        assert!(many.contains("at most"), "{many}");
        let high = RallyPointManifest { ground_amsl_m: Some(9_000.0), ..point("p", free) };
        assert_eq!(problem(&with(vec![high])).0, "rally_point[0].ground_amsl_m");
    }

    #[test]
    fn a_ground_that_is_not_said_is_that_of_the_nearest_station() {
        let site = demo();
        let point = &site.config().rally_points[0];
        let ground =
            |station: &crate::model::StationManifest| (station.position.distance_m(&point.position), station.ground_amsl_m);
        let nearest = site.manifest.stations.iter().map(ground).min_by(|a, b| a.0.total_cmp(&b.0)).expect("a station");
        assert_eq!(point.ground_amsl_m, nearest.1);
        let text = site.texts().manifest;
        assert_eq!(
            toml::from_str::<crate::model::SiteManifest>(&text).expect("a manifest").rally_points,
            site.manifest.rally_points
        );
    }
}
