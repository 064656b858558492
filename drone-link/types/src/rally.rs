//! Where an aircraft may land instead of its pad: the rally points of a site (MAVLink's MAV_CMD_NAV_RALLY_POINT).

use serde::{Deserialize, Serialize};

use crate::plan::{HomePower, WindTold};
use crate::{FlightPlan, GeoPoint, RallyPointId};

/// A place for a landing away from the pad, as one flight may use it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RallyPoint {
    /// Which one of its site.
    pub id: RallyPointId,
    /// Where.
    pub place: GeoPoint,
    /// Its ground above home, metres.
    pub ground_m: f64,
}

/// The rally points that are legal for a flight, and what a way to one takes of its charge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rally {
    /// At least one.
    pub points: Vec<RallyPoint>,
    /// What a way to a landing takes, without any reserve.
    pub power: HomePower,
    /// Wind against every leg where the aircraft tells none, metres per second.
    pub wind_unknown_m_s: f64,
}

impl FlightPlan {
    /// The rally point of this name, where this flight may use it.
    pub fn rally_point(&self, id: &RallyPointId) -> Option<&RallyPoint> {
        self.rally.as_ref()?.points.iter().find(|point| point.id == *id)
    }

    /// The rally point within this distance, metres; of several the nearest.
    pub fn rally_point_near(&self, place: GeoPoint, within_m: f64) -> Option<&RallyPoint> {
        let points = self.rally.iter().flat_map(|rally| &rally.points);
        let near = points.map(|point| (point.place.distance_m(&place), point)).filter(|(off_m, _)| *off_m <= within_m);
        near.min_by(|(one_m, _), (other_m, _)| one_m.total_cmp(other_m)).map(|(_, point)| point)
    }

    /// What it takes of the charge to fly from here along these corners and land at the last, per cent; it is left with nothing then. `None`
    /// where the plan knows no rally points, and with them no power.
    pub fn landing_charge_pct(&self, here: GeoPoint, corners: &[GeoPoint], wind: Option<WindTold>) -> Option<f64> {
        let rally = self.rally.as_ref()?;
        Some(match wind {
            Some(told) => self.way_charge_pct(&rally.power, &told.stronger(), here, corners),
            None => self.way_against_pct(&rally.power, rally.wind_unknown_m_s, here, corners),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fence, MissionId, Ring, Scene};

    fn at(east_m: f64) -> GeoPoint {
        GeoPoint::new(37.5, 127.0).expect("a place").moved(90.0, east_m)
    }

    fn plan() -> FlightPlan {
        let power = HomePower { fixed_pct: 0.5, upright_s: 30.0, second_pct: 0.06, airspeed_2: 1e-4, airspeed_3: 2e-4 };
        let point = |id: &str, east_m| RallyPoint { id: RallyPointId::new(id).expect("an id"), place: at(east_m), ground_m: 0.0 };
        let corners = vec![at(-2_000.0), at(2_000.0), at(2_000.0).moved(0.0, 500.0)];
        FlightPlan {
            mission: MissionId::new("m").expect("an id"),
            home: at(0.0),
            home_altitude_amsl_m: 0.0,
            outbound: vec![at(1_000.0)],
            homeward: vec![at(0.0)],
            transit_height_m: 60.0,
            transit_speed_m_s: 12.0,
            scene: Scene::Survey { manner: None },
            fence: Fence { ring: Ring::new(corners).expect("a ring"), height_max_m: 120.0 },
            exclusions: Vec::new(),
            zone_margin_m: 15.0,
            obstacles: Vec::new(),
            relief: None,
            home_charge: None,
            low_scene: None,
            rally: Some(Rally { points: vec![point("near", 900.0), point("far", 500.0)], power, wind_unknown_m_s: 5.0 }),
        }
    }

    #[test]
    fn a_way_to_a_landing_takes_what_its_length_and_wind_take() {
        let plan = plan();
        let wind = |from_deg, speed_m_s| Some(WindTold { from_deg, speed_m_s });
        let pct = |wind| plan.landing_charge_pct(at(1_000.0), &[at(0.0)], wind).expect("a plan with power");
        let length_m = at(1_000.0).distance_m(&at(0.0));
        // By hand: 0.5 + 30 s of hovering + some 1000 m at 12 m/s through still air: 1 + 144e-4 + 1728 * 2e-4 = 1.36 times hovering.
        assert!((pct(wind(0.0, 0.0)) - (0.5 + 1.8 + length_m / 12.0 * 0.06 * 1.36)).abs() < 1e-9);
        // Westwards against a wind from the west, with it behind, and where nobody tells any.
        assert!(pct(wind(270.0, 5.0)) > pct(wind(0.0, 0.0)) && pct(wind(90.0, 5.0)) < pct(wind(270.0, 5.0)));
        assert!(pct(None) > pct(wind(0.0, 0.0)) && pct(None) < pct(wind(270.0, 5.0)), "told winds count 15 % stronger");
        assert_eq!(FlightPlan { rally: None, ..plan.clone() }.landing_charge_pct(at(0.0), &[], None), None);
    }

    #[test]
    fn the_nearest_within_reach_is_found() {
        let plan = plan();
        let near = |east_m, within_m| plan.rally_point_near(at(east_m), within_m).map(|point| point.id.as_str().to_owned());
        assert_eq!(near(890.0, 20.0).as_deref(), Some("near"));
        assert_eq!(near(600.0, 500.0).as_deref(), Some("far"));
        assert_eq!(near(0.0, 20.0), None);
    }
}
