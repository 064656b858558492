//! Finds the guards who can be there soonest: near by the index, then by road, by the ruler where there is no road.

use dispatch_core::effect::GuardSearch;
use dispatch_core::event::{EtaSource, GuardCandidate, GuardsNear};
use flight_types::GeoPoint;

use crate::engine::Engine;
use crate::limits;
use crate::live::{GuardNear, Live, Nearby};

/// Times by road. Behind a trait so that a site without roads still works.
pub trait RoadTime: Send + Sync {
    /// Seconds by road from each start to the place; `None` where no road is near one of the ends.
    fn etas_s(&self, from: &[GeoPoint], to: GeoPoint) -> Vec<Option<f64>>;
    /// Seconds for a straight distance where no road is known.
    fn ruler_eta_s(&self, distance_m: f64) -> f64;
}

/// Finds guards.
pub struct GuardFinder {
    roads: Box<dyn RoadTime>,
}

impl GuardFinder {
    /// By these roads.
    pub fn new(roads: Box<dyn RoadTime>) -> Self {
        Self { roads }
    }

    /// The candidates of each search, soonest first.
    pub fn find(&self, searches: &[GuardSearch], live: &Live, engine: &Engine) -> Vec<GuardsNear> {
        searches
            .iter()
            .map(|search| GuardsNear { incident: search.incident.clone(), candidates: self.candidates(search, live, engine) })
            .collect()
    }

    fn candidates(&self, search: &GuardSearch, live: &Live, engine: &Engine) -> Vec<GuardCandidate> {
        let fresh_ms = engine.read(|core| core.site().map(|site| site.policy.position_fresh_ms)).unwrap_or(0);
        // The soonest by road need not be the nearest by the ruler: look at a few more and cut afterwards.
        let nearby = Nearby {
            places: &search.places,
            within_m: search.within_m,
            fresh_ms,
            now_ms: engine.now_ms(),
            count_max: search.count_max.saturating_mul(limits::ROAD_CANDIDATES_FACTOR),
        };
        let near = engine.read(|core| core.nearest_askable(search, |may_ask| live.guards_near(&nearby, may_ask)));
        let mut candidates = self.timed(near, &search.places);
        candidates.sort_by(|a, b| a.eta_s.total_cmp(&b.eta_s).then_with(|| a.guard.cmp(&b.guard)));
        candidates.truncate(search.count_max);
        candidates
    }

    fn timed(&self, near: Vec<GuardNear>, places: &[GeoPoint]) -> Vec<GuardCandidate> {
        let starts: Vec<GeoPoint> = near.iter().map(|guard| guard.position).collect();
        let by_road: Vec<Vec<Option<f64>>> = places.iter().map(|place| self.roads.etas_s(&starts, *place)).collect();
        let soonest = |index: usize| by_road.iter().filter_map(|etas| etas.get(index).copied().flatten()).min_by(f64::total_cmp);
        near.into_iter().enumerate().map(|(index, guard)| self.candidate(guard, soonest(index))).collect()
    }

    fn candidate(&self, guard: GuardNear, road_eta_s: Option<f64>) -> GuardCandidate {
        let (eta_s, eta_by) = match road_eta_s {
            Some(eta_s) => (eta_s, EtaSource::Road),
            None => (self.roads.ruler_eta_s(guard.distance_m), EtaSource::Ruler),
        };
        GuardCandidate {
            guard: guard.guard,
            position: guard.position,
            position_age_ms: guard.position_age_ms,
            distance_m: guard.distance_m,
            eta_s,
            eta_by,
        }
    }
}
