//! How high an aircraft flew over the ground of a site that has an elevation grid, as it told itself.

use flight_types::GeoPoint;
use serde_json::Value;
use site_model::Site;

/// Nearer to a pad than this an aircraft climbs or lands, metres.
const PAD_M: f64 = 40.0;
/// Autopilots keep their heights within this, metres: PX4's altitude acceptance of 0.8 m, what gusts and its altimeter do, and half a second of
/// climbing between two looks.
const TOLERANCE_M: f64 = 3.0;

/// What was seen of one flight over hills.
#[derive(Debug)]
pub(crate) struct OverGround<'a> {
    site: &'a Site,
    /// On its way out.
    out: Option<Span>,
    /// At its scene, and on its way home.
    later: Option<Span>,
}

/// The least and the greatest height over the ground, metres.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Span {
    lowest_m: f64,
    highest_m: f64,
}

impl Span {
    fn with(span: Option<Self>, over_m: f64) -> Option<Self> {
        let Span { lowest_m, highest_m } = span.unwrap_or(Self { lowest_m: over_m, highest_m: over_m });
        Some(Self { lowest_m: lowest_m.min(over_m), highest_m: highest_m.max(over_m) })
    }
}

impl<'a> OverGround<'a> {
    pub fn new(site: &'a Site) -> Self {
        Self { site, out: None, later: None }
    }

    /// Looks at the fleet as an operator sees it (`GET /drones`).
    pub fn look(&mut self, fleet: &Value, incident: &str) {
        for view in fleet.as_array().into_iter().flatten() {
            let (mission, status) = (&view["mission"], &view["status"]);
            let place: Option<GeoPoint> = serde_json::from_value(status["position"].clone()).ok();
            let seen = place.zip(status["altitude_amsl_m"].as_f64());
            if let Some((place, amsl_m)) = seen.filter(|_| mission["purpose"]["incident"] == incident && status["landed"] == false)
            {
                self.see(place, amsl_m, mission["phase"] == "airborne");
            }
        }
    }

    fn see(&mut self, place: GeoPoint, amsl_m: f64, way_out: bool) {
        let Some(ground_m) = self.site.elevation.as_ref().and_then(|elevation| elevation.grid.height_m(place)) else { return };
        if self.site.drones().any(|drone| drone.pad.distance_m(&place) < PAD_M) {
            return;
        }
        let span = if way_out { &mut self.out } else { &mut self.later };
        *span = Span::with(*span, amsl_m - ground_m);
    }

    /// What was wrong with it, in words.
    pub fn wrong(&self) -> Vec<String> {
        if self.site.elevation.is_none() {
            return Vec::new();
        }
        let config = self.site.config();
        let (transit_m, scene_m, ceiling_m) =
            (config.policy.transit_height_m, config.policy.scene_height_m, config.fence_height_max_m);
        let least = [("its way out", self.out, transit_m), ("the rest of its flight", self.later, scene_m)];
        let judge = |(what, span, least_m): (&str, Option<Span>, f64)| match span {
            None => Some(format!("{what} was never seen")),
            Some(Span { lowest_m, highest_m }) => {
                let fits = lowest_m >= least_m - TOLERANCE_M && highest_m <= ceiling_m + TOLERANCE_M;
                (!fits)
                    .then(|| format!("{what} was {lowest_m:.1} to {highest_m:.1} m over the ground, not {least_m} to {ceiling_m}"))
            }
        };
        least.into_iter().filter_map(judge).collect()
    }

    /// What was seen, in a line.
    pub fn text(&self) -> Option<String> {
        let ((out, later), span) =
            (self.out.zip(self.later)?, |span: Span| format!("{:.1} to {:.1} m", span.lowest_m, span.highest_m));
        Some(format!("its way out was {} over the ground, the rest of its flight {}", span(out), span(later)))
    }
}
