//! How fast a guard gets along each kind of road.

use crate::model::{Road, RoadClass};

/// Who travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Travel {
    /// A guard with a vehicle or scooter who leaves it where paths begin: every road, paths at walking pace.
    #[default]
    Guard,
    /// A vehicle that stays on drivable roads; comparable with the car profiles of public routers.
    Vehicle,
}

/// A brisk walk, kilometres per hour: equipment, darkness and corners leave no more of a run.
pub(crate) const WALK_KM_H: f64 = 6.0;

/// Stairs are taken at half of that.
const STEPS_KM_H: f64 = 3.0;

/// Share of a signposted limit that is driven on average, junctions and lights included.
const LIMIT_SHARE: f64 = 0.8;

/// A straight line stands for a road this much longer: measured detour factors of European and Korean towns lie at 1.3 to 1.5.
const RULER_DETOUR: f64 = 1.4;

/// Average speed in a town, kilometres per hour, junctions included.
const RULER_KM_H: f64 = 25.0;

/// Time to cover a straight distance when no road is known there, seconds: the named fallback of every road time.
pub fn ruler_eta_s(distance_m: f64) -> f64 {
    distance_m * RULER_DETOUR / (RULER_KM_H / 3.6)
}

/// Time to cover the way between a place and the road nearest to it, on foot, seconds.
pub fn walk_eta_s(distance_m: f64) -> f64 {
    distance_m / (WALK_KM_H / 3.6)
}

/// Metres per second along a road; `None` when this traveller may not use it.
pub(crate) fn speed_m_s(road: &Road, travel: Travel) -> Option<f64> {
    if !road.class.is_drivable() && travel == Travel::Vehicle {
        return None;
    }
    let usual_km_h = usual_km_h(road.class);
    let km_h = match road.speed_max_km_h {
        Some(limit) if road.class.is_drivable() => (limit * LIMIT_SHARE).max(WALK_KM_H),
        Some(_) | None => usual_km_h,
    };
    Some(km_h / 3.6)
}

/// Average speed where nothing is signposted, kilometres per hour, junctions and lights included.
fn usual_km_h(class: RoadClass) -> f64 {
    match class {
        RoadClass::Motorway => 90.0,
        RoadClass::Trunk => 75.0,
        RoadClass::Primary => 58.0,
        RoadClass::Secondary => 50.0,
        RoadClass::Tertiary => 40.0,
        RoadClass::Unclassified => 28.0,
        RoadClass::Residential => 26.0,
        RoadClass::LivingStreet => 11.0,
        RoadClass::Service => 14.0,
        RoadClass::Track => 10.0,
        RoadClass::Pedestrian | RoadClass::Footway => WALK_KM_H,
        RoadClass::Steps => STEPS_KM_H,
    }
}
