//! Times by road for the guard finder.

use flight_types::GeoPoint;
use site_model::{RoadEta, RoadTimes, Site, ruler_eta_s};

use crate::effects::RoadTime;

/// The site's roads, ready to be asked.
pub fn roads_of(site: &Site) -> Box<dyn RoadTime> {
    Box::new(SiteRoads(RoadTimes::build(&site.roads)))
}

struct SiteRoads(RoadTimes);

impl RoadTime for SiteRoads {
    fn etas_s(&self, from: &[GeoPoint], to: GeoPoint) -> Vec<Option<f64>> {
        self.0.many_to_one(from, to).iter().map(|eta| eta.as_ref().map(RoadEta::door_to_door_s)).collect()
    }

    fn ruler_eta_s(&self, distance_m: f64) -> f64 {
        ruler_eta_s(distance_m)
    }
}
