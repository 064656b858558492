//! Whether the aircraft went with its caller: where both were, as told by the aircraft and as the caller truly stood.

use flight_types::GeoPoint;
use serde_json::Value;

/// Farther from the caller the light is of little use, metres.
const AWAY_M_MAX: f64 = dispatch_core::route::LIGHT_REACH_M;
/// Nearer than this nobody is lit from, metres: the stand-off of 8 m, less what somebody walks while a fix and a position are on their way.
const AWAY_M_MIN: f64 = 6.0;
/// An aircraft that had stayed where it came on scene would have been so much farther from its caller, or nearer, than it was; else the walk
/// was too short to tell one that follows from one that stays, metres: twice what fixes and the two of them being late make.
const TOLD_APART_M: f64 = 10.0;

/// What was seen of one escort while its aircraft was on scene.
#[derive(Debug, Default)]
pub(crate) struct Followed {
    /// Where the caller and the aircraft were when it was first seen there.
    begun: Option<(GeoPoint, GeoPoint)>,
    walked_m: f64,
    away: Range,
    /// From the place where the aircraft was first seen.
    had_it_stayed: Range,
}

/// How near and how far, metres.
#[derive(Debug, Clone, Copy)]
struct Range {
    nearest_m: f64,
    farthest_m: f64,
}

impl Default for Range {
    fn default() -> Self {
        Self { nearest_m: f64::INFINITY, farthest_m: 0.0 }
    }
}

impl Range {
    fn take_in(&mut self, away_m: f64) {
        self.nearest_m = self.nearest_m.min(away_m);
        self.farthest_m = self.farthest_m.max(away_m);
    }
}

impl Followed {
    /// Looks at the fleet as an operator sees it (`GET /drones`) while the caller of this incident is at `caller`.
    pub fn look(&mut self, fleet: &Value, incident: &str, caller: GeoPoint) {
        let on_scene = |view: &&Value| {
            let mission = &view["mission"];
            mission["phase"] == "on_scene" && mission["purpose"]["incident"] == incident
        };
        let lit_by = fleet.as_array().into_iter().flatten().find(on_scene);
        let told: Option<GeoPoint> = lit_by.and_then(|view| serde_json::from_value(view["status"]["position"].clone()).ok());
        if let Some(aircraft) = told {
            self.see(caller, aircraft);
        }
    }

    fn see(&mut self, caller: GeoPoint, aircraft: GeoPoint) {
        let (caller_first, aircraft_first) = *self.begun.get_or_insert((caller, aircraft));
        self.walked_m = self.walked_m.max(caller_first.distance_m(&caller));
        self.away.take_in(aircraft.distance_m(&caller));
        self.had_it_stayed.take_in(aircraft_first.distance_m(&caller));
    }

    /// What was wrong with it, in words.
    pub fn wrong(&self) -> Option<String> {
        let (away, stayed) = (self.away, self.had_it_stayed);
        if self.begun.is_none() {
            return Some("the aircraft was never seen on scene".to_owned());
        }
        if away.nearest_m < AWAY_M_MIN || away.farthest_m > AWAY_M_MAX {
            return Some(format!("the aircraft was {:.1} to {:.1} m from the caller", away.nearest_m, away.farthest_m));
        }
        let told_apart = stayed.farthest_m >= away.farthest_m + TOLD_APART_M || stayed.nearest_m <= away.nearest_m - TOLD_APART_M;
        (!told_apart).then(|| format!("an aircraft that stayed would have been as near ({})", self.text().unwrap_or_default()))
    }

    /// What was seen, in a line.
    pub fn text(&self) -> Option<String> {
        self.begun?;
        let (Range { nearest_m, farthest_m }, stayed, walked_m) = (self.away, self.had_it_stayed, self.walked_m);
        Some(format!(
            "the caller went {walked_m:.0} m on scene, their aircraft {nearest_m:.1} to {farthest_m:.1} m from them; had it stayed, {:.1} to {:.1} m",
            stayed.nearest_m, stayed.farthest_m
        ))
    }
}

#[cfg(test)]
mod tests {
    use flight_types::{Local, LocalFrame};
    use serde_json::json;

    use super::*;

    fn place(east_m: f64, north_m: f64) -> GeoPoint {
        LocalFrame::new(GeoPoint::new(37.5, 127.0).expect("a place")).to_geo(Local { east_m, north_m })
    }

    fn walked(aircraft: impl Fn(f64) -> (f64, f64), until_m: f64) -> Followed {
        let mut followed = Followed::default();
        let mut way_m = 0.0;
        while way_m <= until_m {
            let (east_m, north_m) = aircraft(way_m);
            let at = place(east_m, north_m);
            let position = serde_json::to_value(at).expect("it is JSON");
            let fleet = json!([
                {"mission": null, "status": {"position": null}},
                {"mission": {"phase": "on_scene", "purpose": {"purpose": "escort", "incident": "i-1"}}, "status": {"position": position}},
            ]);
            followed.look(&fleet, "i-1", place(way_m, 0.0));
            way_m += 1.0;
        }
        followed
    }

    #[test]
    fn who_goes_along_on_whatever_side_has_followed() {
        let followed = walked(|way_m| (way_m - 4.0, 22.0), 40.0);
        assert_eq!(followed.wrong(), None);
        let text = "the caller went 40 m on scene, their aircraft 22.4 to 22.4 m from them; had it stayed, 22.4 to 49.1 m";
        assert_eq!(followed.text().expect("it was seen"), text);
        let round = |way_m: f64| (way_m + 22.0 * (way_m / 30.0).sin(), 22.0 * (way_m / 30.0).cos());
        assert_eq!(walked(round, 90.0).wrong(), None, "from one side of the caller to the other");
    }

    #[test]
    fn who_stays_or_comes_too_near_or_goes_the_other_way_has_not() {
        assert!(walked(|_| (0.0, 22.0), 60.0).wrong().expect("it stayed").contains("m from the caller"));
        assert!(walked(|_| (15.0, 22.0), 40.0).wrong().expect("it stayed").contains("would have been as near"));
        assert!(walked(|way_m| (way_m, 5.0), 40.0).wrong().expect("too near").contains("5.0 to 5.0 m from the caller"));
        assert!(walked(|way_m| (-way_m, 22.0), 40.0).wrong().expect("too far").contains("m from the caller"));
        assert!(walked(|way_m| (way_m, 22.0), 10.0).wrong().expect("too short a walk").contains("would have been as near"));
        assert!(Followed::default().wrong().is_some());
    }
}
