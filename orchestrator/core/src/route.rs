//! The air of a site as one flight may use it. The ways through it are found by `flight-routes`; here is only which zones count.
//!
//! A zone counts when the flight could meet it between the pad's ground and its highest point: exclusion polygons on board of an
//! autopilot have no altitudes, so a zone that is uploaded is kept all the way.

use flight_types::{Ring, ZoneId};

use crate::config::{NoFlyZone, SiteConfig};

pub use flight_routes::{Airspace, LIGHT_REACH_M, NoRoute, Route};

/// Kept above and below a zone, metres: barometers drift by as much in an hour.
const ALTITUDE_MARGIN_M: f64 = 5.0;

/// The air between `floor_amsl_m` and `top_amsl_m` (above mean sea level, metres) with the site's zones, fence and margin.
pub fn airspace(site: &SiteConfig, floor_amsl_m: f64, top_amsl_m: f64) -> Airspace {
    let met = |zone: &&NoFlyZone| meets(zone, floor_amsl_m, top_amsl_m);
    let zones: Vec<(ZoneId, Ring)> =
        site.no_fly_zones.iter().filter(met).map(|zone| (zone.id.clone(), zone.ring.clone())).collect();
    Airspace::new(&site.fence, zones, site.policy.zone_margin_m)
}

/// Whether a flight between these altitudes could meet the zone.
fn meets(zone: &NoFlyZone, floor_amsl_m: f64, top_amsl_m: f64) -> bool {
    let below = zone.ceiling_amsl_m.is_some_and(|ceiling| ceiling + ALTITUDE_MARGIN_M < floor_amsl_m);
    let above = zone.floor_amsl_m.is_some_and(|floor| floor - ALTITUDE_MARGIN_M > top_amsl_m);
    !below && !above
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Policy;
    use flight_types::{GeoPoint, Local, LocalFrame};

    fn at(east_m: f64, north_m: f64) -> GeoPoint {
        LocalFrame::new(GeoPoint::new(37.5, 127.0).expect("a place")).to_geo(Local { east_m, north_m })
    }

    fn ring(low: (f64, f64), high: (f64, f64)) -> Ring {
        let corners = [(low.0, low.1), (high.0, low.1), (high.0, high.1), (low.0, high.1)];
        Ring::new(corners.iter().map(|(east_m, north_m)| at(*east_m, *north_m)).collect()).expect("four corners")
    }

    #[test]
    fn only_zones_in_the_flights_altitudes_count() {
        for (floor_amsl_m, ceiling_amsl_m, blocked) in [
            (None, None, true),
            (Some(80.0), None, true),
            (Some(94.0), None, true),
            (Some(96.0), None, false),
            (None, Some(26.0), true),
            (None, Some(24.0), false),
        ] {
            let id = ZoneId::new("wall").expect("an id");
            let wall = ring((-10.0, -990.0), (10.0, 990.0));
            let zone = NoFlyZone { id, name: "a wall".to_owned(), ring: wall, floor_amsl_m, ceiling_amsl_m };
            let site = SiteConfig {
                name: "test".to_owned(),
                stations: Vec::new(),
                no_fly_zones: vec![zone],
                fence: ring((-1_000.0, -1_000.0), (1_000.0, 1_000.0)),
                fence_height_max_m: 120.0,
                policy: Policy { zone_margin_m: 15.0, ..Policy::default() },
            };
            let found = airspace(&site, 30.0, 90.0).route(at(-500.0, 0.0), at(500.0, 0.0));
            assert_eq!(found.err(), blocked.then_some(NoRoute::Parted), "{floor_amsl_m:?}..{ceiling_amsl_m:?}");
        }
    }
}
