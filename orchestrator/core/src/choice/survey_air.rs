//! The air over a lot as any aircraft of the site may use it for a survey: what a path keeps away from, and legal ways beside it. What a survey is
//! planned by is what its flights are drafted by.

use flight_routes::Airspace;
use flight_types::{GeoPoint, Ring, ZoneId};

use super::plan::{BESIDE_PATH_M, demand, path_leg};
use crate::config::SiteConfig;
use crate::route::{self, Demand};

/// Kept beyond a margin, metres: the same place lies a few millimetres elsewhere in another plane of metres.
const BEYOND_MARGIN_M: f64 = 0.1;

/// What a survey's path keeps away from.
#[derive(Debug, Clone, PartialEq)]
pub struct Spared {
    /// What it is.
    pub what: SparedKind,
    /// Its outline.
    pub ring: Ring,
    /// How far away, metres.
    pub margin_m: f64,
}

/// What keeps a survey's path away.
#[derive(Debug, Clone, PartialEq)]
pub enum SparedKind {
    /// A no-fly zone that is closed at the time, at the heights of the flight.
    Zone {
        /// Which.
        id: ZoneId,
        /// Its name as shown.
        name: String,
    },
    /// A house or a mast that the path does not pass over.
    Obstacle {
        /// Its name in the site's data.
        id: ZoneId,
    },
    /// The fence: kept inside of.
    Fence,
}

/// The air over a site for one survey.
#[derive(Debug, Clone)]
pub struct SurveyAir {
    /// Zones first, then what stands, the fence last.
    pub spared: Vec<Spared>,
    transit: Airspace,
    low: Airspace,
}

impl SurveyAir {
    /// Between two times, milliseconds since 1970-01-01 UTC, for a path at this height above the pad, or over the surface.
    pub fn of(site: &SiteConfig, height_m: f64, from_ms: i64, until_ms: i64) -> Self {
        let drones = site.stations.iter().flat_map(|station| station.drones.iter().map(move |drone| (station, drone)));
        let demands: Vec<Demand> = drones
            .map(|(station, drone)| {
                let one = demand(site, station, drone, site.policy.transit_height_m, from_ms);
                Demand { until_ms: one.until_ms.max(until_ms), ..one }
            })
            .collect();
        let mut spared: Vec<Spared> = Vec::new();
        let mut spare = |what: SparedKind, ring: &Ring, margin_m: f64| match spared.iter_mut().find(|known| known.what == what) {
            Some(known) => known.margin_m = known.margin_m.max(margin_m),
            None => spared.push(Spared { what, ring: ring.clone(), margin_m }),
        };
        let zone_margin_m = site.policy.zone_margin_m.max(BESIDE_PATH_M);
        for zone in demands.iter().flat_map(|demand| route::zones_met(site, demand)) {
            spare(SparedKind::Zone { id: zone.id.clone(), name: zone.name.clone() }, &zone.ring, zone_margin_m);
        }
        for demand in &demands {
            for (obstacle, id) in route::obstacles(site, demand).filter(|(obstacle, _)| obstacle.reaches(height_m)) {
                let margin_m = if obstacle.reaches(demand.level_m) { zone_margin_m } else { BESIDE_PATH_M };
                spare(SparedKind::Obstacle { id }, &obstacle.ring, margin_m);
            }
        }
        spare(SparedKind::Fence, &site.fence, zone_margin_m);
        let air = |margin_m: f64| {
            let kept = spared.iter().filter(|spared| spared.margin_m >= margin_m);
            let outlines = kept.filter_map(|spared| match &spared.what {
                SparedKind::Zone { id, .. } | SparedKind::Obstacle { id } => Some((id.clone(), spared.ring.clone())),
                SparedKind::Fence => None,
            });
            Airspace::new(&site.fence, outlines.collect(), margin_m)
        };
        let (transit, low) = (air(zone_margin_m), air(BESIDE_PATH_M));
        spared.iter_mut().for_each(|spared| spared.margin_m += BEYOND_MARGIN_M);
        Self { spared, transit, low }
    }

    /// The way of a path from one place to another, as its flight would be drafted: the corners after the first, the last being the second.
    pub fn way(&self, from: GeoPoint, to: GeoPoint) -> Option<Vec<GeoPoint>> {
        path_leg(&self.transit, &self.low, from, to).ok().map(|route| route.corners)
    }
}
