//! Where aircraft were while the server was not heard. All that they said lies in the station's logs; this is their way, so that the
//! pages of operators and pilots have no hole in it.

use std::collections::BTreeMap;

use flight_types::{DroneId, DroneStatus, GeoPoint};
use serde::{Deserialize, Serialize};

use super::Report;

/// Between two places of one aircraft, milliseconds; a longer way is kept with longer pauses.
const PAUSE_MS: u64 = 1_000;
/// A place is kept when it is so far from the last, metres: who hovers goes no way.
const STEP_M: f64 = 1.0;
/// Places of one aircraft. Half an hour in motion has them all; beyond, every second is left out, again and again.
const PLACES_MAX: usize = 2_048;
/// Places in one report: some 20 KiB, a third of a message.
const REPORT_PLACES: usize = 256;

/// Where an aircraft was.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TrackPoint {
    /// How long ago, milliseconds: the clocks of station and server need not agree.
    pub age_ms: u64,
    /// Where.
    pub point: GeoPoint,
}

/// The ways of all aircraft since the server was heard last.
#[derive(Debug, Default)]
pub(super) struct Unheard(BTreeMap<DroneId, Way>);

#[derive(Debug)]
struct Way {
    places: Vec<(u64, GeoPoint)>,
    pause_ms: u64,
}

impl Unheard {
    /// An aircraft is there now.
    pub fn note(&mut self, status: &DroneStatus, now_ms: u64) {
        let Some(point) = status.position else { return };
        let way = self.0.entry(status.drone.clone()).or_insert_with(|| Way { places: Vec::new(), pause_ms: PAUSE_MS });
        let is_news = |(at_ms, last): &(u64, GeoPoint)| at_ms + way.pause_ms <= now_ms && STEP_M <= last.distance_m(&point);
        if way.places.last().is_none_or(is_news) {
            way.places.push((now_ms, point));
        }
        if PLACES_MAX < way.places.len() {
            way.thin();
        }
    }

    /// The ways as reports, oldest places first, and forgets them.
    pub fn take(&mut self, now_ms: u64) -> Vec<Report> {
        let ways = std::mem::take(&mut self.0);
        let aged = |(at_ms, point): &(u64, GeoPoint)| TrackPoint { age_ms: now_ms.saturating_sub(*at_ms), point: *point };
        let report = |drone: &DroneId, places: &[(u64, GeoPoint)]| Report::Track {
            drone: drone.clone(),
            points: places.iter().map(aged).collect(),
        };
        ways.iter().flat_map(|(drone, way)| way.places.chunks(REPORT_PLACES).map(move |places| report(drone, places))).collect()
    }
}

impl Way {
    fn thin(&mut self) {
        self.places = self.places.iter().step_by(2).copied().collect();
        self.pause_ms *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there(metres: f64) -> DroneStatus {
        let home = GeoPoint::new(37.5, 127.0).expect("a place");
        let drone = DroneId::new("d1").expect("an id");
        DroneStatus { position: Some(home.moved(0.0, metres)), ..DroneStatus::unheard(drone) }
    }

    fn told(unheard: &mut Unheard, now_ms: u64) -> Vec<TrackPoint> {
        let points = |report| match report {
            Report::Track { points, .. } => points,
            other => panic!("{other:?}"),
        };
        unheard.take(now_ms).into_iter().flat_map(points).collect()
    }

    #[test]
    fn who_hovers_goes_no_way_and_who_flies_is_placed_each_second() {
        let mut unheard = Unheard::default();
        (0..100).for_each(|tick| unheard.note(&there(0.5), tick * 250));
        (100..120).for_each(|tick| unheard.note(&there((tick - 100) as f64 * 3.0), tick * 250));
        let ages: Vec<u64> = told(&mut unheard, 30_000).iter().map(|point| point.age_ms).collect();
        assert_eq!(ages, [30_000, 4_750, 3_750, 2_750, 1_750, 750], "{ages:?}");
        assert_eq!(told(&mut unheard, 30_000), [], "once");
    }

    #[test]
    fn a_way_of_hours_is_thinned_and_keeps_its_ends() {
        const HOURS_S: u64 = 4 * 3_600;
        let mut unheard = Unheard::default();
        (0..=HOURS_S).for_each(|second| unheard.note(&there(second as f64 * 2.0), second * 1_000));
        let points = told(&mut unheard, HOURS_S * 1_000);
        assert!((PLACES_MAX / 2..=PLACES_MAX).contains(&points.len()), "{}", points.len());
        assert_eq!(points[0].age_ms, HOURS_S * 1_000);
        let pauses: Vec<u64> = points.windows(2).map(|pair| pair[0].age_ms - pair[1].age_ms).collect();
        assert!(pauses.iter().all(|pause| *pause <= 16_000), "{:?}", pauses.iter().max());
        assert!(points[points.len() - 1].age_ms < 16_000);
    }
}
