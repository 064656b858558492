//! Which rally points of its site a flight may use, and what a way to one takes.

use flight_types::Rally;

use super::plan::Draft;
use crate::config::{DroneConfig, SiteConfig};
use crate::energy::{self, Wind};
use crate::route::{self, Demand};

/// Those that lie in the air of the flight with its margin: a zone may be closed for its hours, and be none for the next flight.
pub(super) fn usable(site: &SiteConfig, drone: &DroneConfig, draft: &Draft, wind: Wind, now_ms: i64) -> Option<Rally> {
    if site.rally_points.is_empty() {
        return None;
    }
    let plan = &draft.plan;
    let demand = Demand::of(plan, now_ms, now_ms.saturating_add((drone.endurance_s * 1_000.0) as i64));
    let airspace = route::airspace(site, &demand);
    let mut points = site.rally_points_from(plan.home_altitude_amsl_m);
    points.retain(|point| airspace.is_legal(point.place));
    let power = energy::landing_power(drone, &draft.trip);
    (!points.is_empty()).then_some(Rally { points, power, wind_unknown_m_s: wind.speed_m_s })
}
