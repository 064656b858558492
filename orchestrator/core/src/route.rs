//! The air of a site as one flight may use it: which zones and obstacles count for it. The ways are found by `flight-routes`.
//!
//! A zone counts when the flight could meet it between the pad's ground and its highest point, at any time of the flight: exclusion
//! polygons on board of an autopilot have no altitudes and no hours, so a zone that is uploaded is kept all the way. An obstacle
//! counts when the level flight cannot pass over it.

use flight_types::{FlightPlan, GeoPoint, Obstacle, PROFILE_OVER_M, Ring, ZoneId};
use parking_core::calendar::{self, DAY_MINUTES, MINUTE_MS};

use crate::config::{NoFlyZone, SiteConfig, SiteObstacle, ZoneHours};

pub use flight_routes::{Airspace, LIGHT_REACH_M, NoRoute, Route};

/// Kept above and below a zone, metres: barometers drift by as much in an hour.
const ALTITUDE_MARGIN_M: f64 = 5.0;
/// A flight is never longer; a longer window is looked at only so far, minutes.
const FLIGHT_MIN_MAX: i64 = DAY_MINUTES;

/// What a flight needs of the air.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demand {
    /// Where it takes off and lands; what carries the pad is no obstacle.
    pub pad: GeoPoint,
    /// The pad's ground above mean sea level, metres.
    pub ground_amsl_m: f64,
    /// Its highest point above the pad, or over the surface, metres.
    pub top_m: f64,
    /// Its level part above the pad, or over the surface, metres.
    pub level_m: f64,
    /// From when, milliseconds since 1970-01-01 UTC.
    pub from_ms: i64,
    /// Until when at most.
    pub until_ms: i64,
}

impl Demand {
    /// What a flight that is planned needs, level all the way, within these hours.
    pub(crate) fn of(plan: &FlightPlan, from_ms: i64, until_ms: i64) -> Self {
        Self {
            pad: plan.home,
            ground_amsl_m: plan.home_altitude_amsl_m,
            top_m: plan.transit_height_m,
            level_m: plan.transit_height_m,
            from_ms,
            until_ms,
        }
    }
}

/// The air for a flight: the site's fence, the zones that it could meet, the obstacles that it cannot pass over, and the margin.
pub fn airspace(site: &SiteConfig, demand: &Demand) -> Airspace {
    airspace_beside(site, demand, site.policy.zone_margin_m)
}

/// The same with a margin of its own, metres.
pub(crate) fn airspace_beside(site: &SiteConfig, demand: &Demand, margin_m: f64) -> Airspace {
    let zones = zones_met(site, demand).map(|zone| (zone.id.clone(), zone.ring.clone()));
    let beside = obstacles(site, demand).filter(|(obstacle, _)| obstacle.reaches(demand.level_m));
    let outlines = zones.chain(beside.map(|(obstacle, id)| (id, obstacle.ring)));
    Airspace::new(&site.fence, outlines.collect(), margin_m)
}

/// The air of a scene that counts its height over the ground: of what stands there, the top over the lowest ground at it.
pub(crate) fn airspace_low(site: &SiteConfig, demand: &Demand) -> Airspace {
    let zones = zones_met(site, demand).map(|zone| (zone.id.clone(), zone.ring.clone()));
    let beside = obstacles(site, demand).filter(|(obstacle, _)| reaches_low(site, obstacle, demand.level_m));
    let outlines = zones.chain(beside.map(|(obstacle, id)| (id, obstacle.ring)));
    Airspace::new(&site.fence, outlines.collect(), site.policy.zone_margin_m)
}

/// Whether a scene at this height over the ground must keep beside the obstacle.
pub(crate) fn reaches_low(site: &SiteConfig, obstacle: &Obstacle, height_m: f64) -> bool {
    let lower_m = site.relief.as_ref().map_or(0.0, |relief| relief.surface.surface_over_ground_m(&obstacle.ring));
    obstacle.reaches(height_m - lower_m)
}

/// The zones that the flight could meet, as drawn: what an autopilot is given as exclusions.
pub fn exclusions(site: &SiteConfig, demand: &Demand) -> Vec<Ring> {
    zones_met(site, demand).map(|zone| zone.ring.clone()).collect()
}

/// What stands round the flight's pad and ways, its top above the pad, or over the lowest surface at it. A building that carries the pad is none to its own aircraft.
pub fn obstacles<'a>(site: &'a SiteConfig, demand: &'a Demand) -> impl Iterator<Item = (Obstacle, ZoneId)> + 'a {
    let apart = move |obstacle: &&SiteObstacle| !obstacle.ring.contains(demand.pad);
    site.obstacles.iter().filter(apart).map(move |obstacle| {
        let over = site.relief.as_ref().and_then(|relief| relief.surface.over_ring(&obstacle.ring));
        let top_m = obstacle.top_amsl_m - over.map_or(demand.ground_amsl_m, |over| over.surface_low_m);
        (Obstacle { ring: obstacle.ring.clone(), top_m }, obstacle.id.clone())
    })
}

/// The zones that the flight could meet.
pub(crate) fn zones_met<'a>(site: &'a SiteConfig, demand: &'a Demand) -> impl Iterator<Item = &'a NoFlyZone> + 'a {
    site.no_fly_zones.iter().filter(move |zone| meets(site, zone, demand) && is_closed(zone, demand))
}

/// Whether a flight could meet the zone between the ground and its highest point there.
fn meets(site: &SiteConfig, zone: &NoFlyZone, demand: &Demand) -> bool {
    let (ground_amsl_m, top_amsl_m) = match &site.relief {
        None => (demand.ground_amsl_m, demand.ground_amsl_m + demand.top_m),
        Some(relief) => {
            let over = relief.surface.over_ring_or_all(&zone.ring);
            (over.ground_m, over.surface_high_m + demand.top_m + PROFILE_OVER_M)
        }
    };
    let below = zone.ceiling_amsl_m.is_some_and(|ceiling| ceiling + ALTITUDE_MARGIN_M < ground_amsl_m);
    let above = zone.floor_amsl_m.is_some_and(|floor| floor - ALTITUDE_MARGIN_M > top_amsl_m);
    !below && !above
}

/// Whether the zone is closed at any time of the flight.
fn is_closed(zone: &NoFlyZone, demand: &Demand) -> bool {
    let Some(hours) = &zone.hours else { return true };
    let minutes = ((demand.until_ms - demand.from_ms) / MINUTE_MS).clamp(0, FLIGHT_MIN_MAX);
    let mut moments = (0..=minutes).map(|minute| demand.from_ms + minute * MINUTE_MS).chain([demand.until_ms]);
    moments.any(|at_ms| hours.cover(at_ms))
}

impl ZoneHours {
    /// Whether the zone is closed at this moment, milliseconds since 1970-01-01 UTC.
    pub fn cover(&self, at_ms: i64) -> bool {
        let (day, within_ms) = calendar::local(at_ms, self.utc_offset_min);
        let minute = within_ms / MINUTE_MS;
        if self.from_min < self.until_min {
            return self.closes_on(day) && (self.from_min..self.until_min).contains(&minute);
        }
        // Over midnight: the evening belongs to its own day, the morning to the day before.
        (self.closes_on(day) && minute >= self.from_min) || (self.closes_on(calendar::Day(day.0 - 1)) && minute < self.until_min)
    }

    fn closes_on(&self, day: calendar::Day) -> bool {
        self.weekdays.as_ref().is_none_or(|days| days.contains(&day.weekday()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Policy;
    use flight_types::{Local, LocalFrame};

    /// 2026-01-01 22:00 UTC, a Friday morning in Korea.
    const FRIDAY_7_H_MS: i64 = 1_767_304_800_000;
    const HOUR_MS: i64 = 60 * MINUTE_MS;

    fn at(east_m: f64, north_m: f64) -> GeoPoint {
        LocalFrame::new(GeoPoint::new(37.5, 127.0).expect("a place")).to_geo(Local { east_m, north_m })
    }

    fn ring(low: (f64, f64), high: (f64, f64)) -> Ring {
        let corners = [(low.0, low.1), (high.0, low.1), (high.0, high.1), (low.0, high.1)];
        Ring::new(corners.iter().map(|(east_m, north_m)| at(*east_m, *north_m)).collect()).expect("four corners")
    }

    fn demand(level_m: f64) -> Demand {
        let pad = at(-500.0, 0.0);
        Demand { pad, ground_amsl_m: 30.0, top_m: 60.0, level_m, from_ms: FRIDAY_7_H_MS, until_ms: FRIDAY_7_H_MS + HOUR_MS / 2 }
    }

    fn site() -> SiteConfig {
        SiteConfig {
            name: "test".to_owned(),
            stations: Vec::new(),
            no_fly_zones: Vec::new(),
            obstacles: Vec::new(),
            rally_points: Vec::new(),
            fence: ring((-1_000.0, -1_000.0), (1_000.0, 1_000.0)),
            fence_height_max_m: 120.0,
            relief: None,
            policy: Policy { zone_margin_m: 15.0, ..Policy::default() },
        }
    }

    /// A wall right across the fence.
    fn wall() -> Ring {
        ring((-10.0, -990.0), (10.0, 990.0))
    }

    fn walled(floor_amsl_m: Option<f64>, ceiling_amsl_m: Option<f64>, hours: Option<ZoneHours>) -> SiteConfig {
        let id = ZoneId::new("wall").expect("an id");
        let zone = NoFlyZone { id, name: "a wall".to_owned(), ring: wall(), floor_amsl_m, ceiling_amsl_m, hours };
        SiteConfig { no_fly_zones: vec![zone], ..site() }
    }

    fn blocked(site: &SiteConfig, demand: &Demand) -> bool {
        match airspace(site, demand).route(at(-500.0, 0.0), at(500.0, 0.0)) {
            Ok(_) => false,
            Err(error) => {
                assert_eq!(error, NoRoute::Parted);
                true
            }
        }
    }

    #[test]
    fn only_zones_in_the_flights_altitudes_count() {
        for (floor_amsl_m, ceiling_amsl_m, expected) in [
            (None, None, true),
            (Some(80.0), None, true),
            (Some(94.0), None, true),
            (Some(96.0), None, false),
            (None, Some(26.0), true),
            (None, Some(24.0), false),
        ] {
            let site = walled(floor_amsl_m, ceiling_amsl_m, None);
            assert_eq!(blocked(&site, &demand(60.0)), expected, "{floor_amsl_m:?}..{ceiling_amsl_m:?}");
        }
    }

    #[test]
    fn a_zone_counts_when_it_closes_at_any_time_of_the_flight() {
        // The flight is from 07:00 to 07:30 on a Friday.
        for (weekdays, from_min, until_min, expected) in [
            (None, 0, 1_440, true),
            (None, 8 * 60, 18 * 60, false),
            (None, 7 * 60 + 29, 18 * 60, true),
            (None, 6 * 60, 7 * 60, false),
            (None, 22 * 60, 7 * 60 + 1, true),
            (None, 22 * 60, 6 * 60, false),
            (Some(vec![4]), 0, 1_440, true),
            (Some(vec![0, 1, 2, 3, 5, 6]), 0, 1_440, false),
            // Thursday's night lasts into Friday's morning; Friday's has not begun.
            (Some(vec![3]), 22 * 60, 8 * 60, true),
            (Some(vec![4]), 22 * 60, 8 * 60, false),
        ] {
            let hours = ZoneHours { weekdays: weekdays.clone(), from_min, until_min, utc_offset_min: 540 };
            let found = blocked(&walled(None, None, Some(hours)), &demand(60.0));
            assert_eq!(found, expected, "{weekdays:?} {from_min}..{until_min}");
        }
    }

    #[test]
    fn an_obstacle_counts_for_those_who_cannot_pass_over_it() {
        let id = ZoneId::new("tower").expect("an id");
        // 40 m above the pad: passed over from 48 m.
        let site = SiteConfig { obstacles: vec![SiteObstacle { id, ring: wall(), top_amsl_m: 70.0 }], ..site() };
        assert!(blocked(&site, &demand(47.9)));
        assert!(!blocked(&site, &demand(48.1)));
        assert!(exclusions(&site, &demand(20.0)).is_empty(), "an exclusion on board has no top");
        let on_its_roof = Demand { pad: at(0.0, 0.0), ..demand(20.0) };
        assert!(!blocked(&site, &on_its_roof));
    }
}
