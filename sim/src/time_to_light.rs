//! From the call to the light on the caller: where the seconds went, and how few the aircraft's limits allow on the legal route.
//!
//! Used by scenarios and by the play. Looks only: it neither flies nor decides.

use std::fmt;

use dispatch_core::route::LIGHT_REACH_M;
use flight_types::{FlightPlan, GeoPoint, LocalFrame, Scene};
use serde::Serialize;

/// What an aircraft can do in automatic flight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Along the ground, metres per second squared.
    pub acceleration_m_s2: f64,
    /// Upwards, metres per second.
    pub climb_m_s: f64,
    /// Upwards, metres per second squared.
    pub climb_acceleration_m_s2: f64,
}

impl Default for Limits {
    /// PX4's defaults, which the simulated autopilot keeps to: MPC_ACC_HOR, MPC_Z_V_AUTO_UP, MPC_ACC_UP_MAX.
    fn default() -> Self {
        Self { acceleration_m_s2: 3.0, climb_m_s: 3.0, climb_acceleration_m_s2: 4.0 }
    }
}

/// The least time from the first movement until the light reaches the person where the plan has them, seconds.
pub fn bound_s(plan: &FlightPlan, limits: &Limits) -> f64 {
    match plan.scene {
        Scene::Escort { target, .. } => bound_to_s(plan, target, limits),
        Scene::Survey { .. } => 0.0,
    }
}

/// The least time from the first movement until the light reaches a person at this place, seconds: straight up to the transit height, which
/// over a relief counts from its surface, stopping there, then along the plan's corners, but to this place in the end, at full speed without slowing for any of them, until the
/// light reaches as far as it is useful. No aircraft with these limits that keeps to the route is sooner, even if it knew beforehand where
/// the person would have gone by then.
pub fn bound_to_s(plan: &FlightPlan, place: GeoPoint, limits: &Limits) -> f64 {
    let (climb_m_s, height_m) = (limits.climb_m_s, plan.transit_height_m + plan.surface_m(plan.home));
    let ramps_m = climb_m_s * climb_m_s / limits.climb_acceleration_m_s2;
    let climb_s = if height_m < ramps_m {
        2.0 * (height_m / limits.climb_acceleration_m_s2).sqrt()
    } else {
        height_m / climb_m_s + climb_m_s / limits.climb_acceleration_m_s2
    };
    climb_s + along_s(lit_way_m(plan, place), plan.transit_speed_m_s, limits.acceleration_m_s2)
}

/// Length of the way out until the light reaches a person at this place, metres.
fn lit_way_m(plan: &FlightPlan, place: GeoPoint) -> f64 {
    let frame = LocalFrame::new(plan.home);
    let on_the_way = plan.outbound.split_last().map_or(&[] as &[GeoPoint], |(_, before)| before);
    let corners: Vec<GeoPoint> = std::iter::once(plan.home).chain(on_the_way.iter().copied()).chain([place]).collect();
    let legs = corners.windows(2).map(|leg| frame.to_local(leg[0]).distance_m(&frame.to_local(leg[1])));
    (legs.sum::<f64>() - LIGHT_REACH_M).max(0.0)
}

/// From rest over a way at whose end it need not stop, seconds.
fn along_s(way_m: f64, speed_m_s: f64, acceleration_m_s2: f64) -> f64 {
    let ramp_m = speed_m_s * speed_m_s / (2.0 * acceleration_m_s2);
    if way_m < ramp_m {
        (2.0 * way_m / acceleration_m_s2).sqrt()
    } else {
        way_m / speed_m_s + speed_m_s / (2.0 * acceleration_m_s2)
    }
}

/// The stretch at whose end an aircraft is in the air, as [`TimeToLight::reached`] names it.
pub const AIRBORNE: &str = "take-off";

/// One flight from the call to the light.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TimeToLight {
    /// Which aircraft.
    pub drone: String,
    /// What was reached when, seconds after the call, in order; what nobody reported is left out.
    pub reached: Vec<(&'static str, f64)>,
    /// The least time that aircraft and route allow from the first movement, seconds.
    pub bound_s: f64,
}

impl TimeToLight {
    /// From the call until the light was on the caller, seconds.
    pub fn light_s(&self) -> f64 {
        self.reached.last().map_or(f64::NAN, |(_, at_s)| *at_s)
    }

    /// How long an operator had it wait, seconds; nobody's speed, and nought where launches are approved automatically.
    pub fn approval_s(&self) -> f64 {
        let before_s = |index: usize| index.checked_sub(1).map_or(0.0, |before| self.reached[before].1);
        let approved = self.reached.iter().position(|(what, _)| *what == "approval");
        approved.map_or(0.0, |index| self.reached[index].1 - before_s(index))
    }

    /// From the call until the aircraft was in the air, seconds, without what an operator had it wait; infinite when nobody reported it.
    pub fn airborne_s(&self) -> f64 {
        let airborne = self.reached.iter().find(|(what, _)| *what == AIRBORNE);
        airborne.map_or(f64::INFINITY, |(_, at_s)| at_s - self.approval_s())
    }

    /// From the call until the light, over the bound.
    pub fn ratio(&self) -> f64 {
        self.light_s() / self.bound_s
    }
}

impl fmt::Display for TimeToLight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (drone, light_s, bound_s, ratio) = (&self.drone, self.light_s(), self.bound_s, self.ratio());
        write!(f, "{drone}: call to light {light_s:.1} s, bound {bound_s:.1} s, ratio {ratio:.2}")?;
        if self.approval_s() >= 0.1 {
            write!(f, " ({:.2} without the wait for approval)", (light_s - self.approval_s()) / bound_s)?;
        }
        write!(f, ":")?;
        let mut before_s = 0.0;
        for (what, at_s) in &self.reached {
            write!(f, " {what} {:.1}", at_s - before_s)?;
            before_s = *at_s;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flight_types::{Fence, Local, MissionId, Ring};

    #[test]
    fn the_bound_by_hand() {
        let frame = LocalFrame::new(GeoPoint::new(37.5, 127.0).expect("a place"));
        let at = |east_m, north_m| frame.to_geo(Local { east_m, north_m });
        let plan = FlightPlan {
            mission: MissionId::new("m").expect("an id"),
            home: at(0.0, 0.0),
            home_altitude_amsl_m: 30.0,
            outbound: vec![at(300.0, 0.0), at(300.0, 392.0)],
            homeward: vec![at(0.0, 0.0)],
            transit_height_m: 60.0,
            transit_speed_m_s: 12.0,
            scene: Scene::Escort { target: at(300.0, 400.0), stand_off_m: 8.0, height_m: 20.0 },
            fence: Fence { ring: Ring::new(vec![at(0.0, 0.0), at(1.0, 0.0), at(0.0, 1.0)]).expect("a ring"), height_max_m: 120.0 },
            exclusions: Vec::new(),
            zone_margin_m: 15.0,
            home_charge: None,
            low_scene: None,
            rally: None,
            obstacles: Vec::new(),
            relief: None,
        };
        // 60 m at 3 m/s with 0.75 s to speed up and brake; 692 − 32 m at 12 m/s with 2 s lost in speeding up.
        let by_hand_s = 20.0 + 0.75 + 660.0 / 12.0 + 2.0;
        assert!((bound_s(&plan, &Limits::default()) - by_hand_s).abs() < 0.02, "{}", bound_s(&plan, &Limits::default()));
    }

    #[test]
    fn the_parts_add_up_to_the_whole() {
        let reached = vec![("decision", 0.1), ("upload", 1.4), ("climb", 22.0), ("light", 50.0)];
        let time = TimeToLight { drone: "d1".to_owned(), reached, bound_s: 40.0 };
        assert_eq!(
            time.to_string(),
            "d1: call to light 50.0 s, bound 40.0 s, ratio 1.25: decision 0.1 upload 1.3 climb 20.6 light 28.0"
        );
    }
}
