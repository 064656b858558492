//! Times and charge of a flight: climb, way out, stay, way back against the wind, landing, reserve.

use crate::config::{DroneConfig, Policy};

/// Acceleration and braking of a transit, metres per second squared: what a multicopter with a camera does without pitching the
/// horizon out of the picture.
const ACCELERATION_M_S2: f64 = 3.0;
/// Seconds from the order to the first movement: preflight, upload with read-back, arming, spin-up.
const PREPARE_S: f64 = 5.0;
/// Seconds on scene until the light rests on the person: light on, gimbal turned.
const SETTLE_S: f64 = 3.0;
/// Slowest progress against the wind that is still planned with, metres per second. The wind limit turns a flight down long
/// before; this only keeps the division finite.
const PROGRESS_M_S_MIN: f64 = 1.0;
/// Seconds for the last metres of a landing, flown at a fraction of the descent speed.
const TOUCH_DOWN_S: f64 = 6.0;

/// The shape of a flight.
#[derive(Debug, Clone, PartialEq)]
pub struct Trip {
    /// Legs of the way out, metres.
    pub outbound_legs_m: Vec<f64>,
    /// Legs of the way back, metres.
    pub homeward_legs_m: Vec<f64>,
    /// Transit height above the pad, metres.
    pub transit_height_m: f64,
    /// Height on scene above the pad, metres.
    pub scene_height_m: f64,
    /// Height already won, metres; 0 on the pad.
    pub start_height_m: f64,
    /// Time on scene, seconds.
    pub stay_s: f64,
}

/// What a flight costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// From the first movement until landed, seconds.
    pub flight_s: f64,
    /// Charge for it with the reserve, per cent of a full charge.
    pub needed_pct: f64,
}

/// Charge a flight needs, with the wind against it out and back: a way round zones turns, and so may the wind.
pub fn cost(drone: &DroneConfig, policy: &Policy, trip: &Trip, wind_m_s: f64) -> Cost {
    let progress_m_s = (drone.cruise_speed_m_s - wind_m_s).max(PROGRESS_M_S_MIN);
    let transit_s = legs_s(&trip.outbound_legs_m, progress_m_s) + legs_s(&trip.homeward_legs_m, progress_m_s);
    let to_scene_m = (trip.transit_height_m - trip.scene_height_m).abs();
    let climb_s = ((trip.transit_height_m - trip.start_height_m).max(0.0) + to_scene_m) / drone.climb_speed_m_s;
    let descent_s = (to_scene_m + trip.transit_height_m) / drone.descent_speed_m_s + TOUCH_DOWN_S;
    let flight_s = climb_s + transit_s + trip.stay_s + descent_s;
    Cost { flight_s, needed_pct: 100.0 * flight_s / drone.endurance_s + policy.battery_reserve_pct }
}

/// Time from the order until the light is on the target, seconds, at the transit's ground speed.
pub fn light_on_target_s(drone: &DroneConfig, trip: &Trip) -> f64 {
    let climb_m = (trip.transit_height_m - trip.start_height_m).max(0.0);
    let prepare_s = if trip.start_height_m > 0.0 { 0.0 } else { PREPARE_S };
    let down_m = (trip.transit_height_m - trip.scene_height_m).max(0.0);
    let up_m = (trip.scene_height_m - trip.transit_height_m).max(0.0);
    prepare_s
        + climb_m / drone.climb_speed_m_s
        + legs_s(&trip.outbound_legs_m, drone.cruise_speed_m_s)
        + down_m / drone.descent_speed_m_s
        + up_m / drone.climb_speed_m_s
        + SETTLE_S
}

/// How long a flight can stay on scene on a charge and still land with its reserve, seconds; 0 when it cannot go at all.
pub fn stay_affordable_s(drone: &DroneConfig, policy: &Policy, trip: &Trip, wind_m_s: f64, available_pct: f64) -> f64 {
    let without_stay = cost(drone, policy, &Trip { stay_s: 0.0, ..trip.clone() }, wind_m_s);
    ((available_pct - without_stay.needed_pct) / 100.0 * drone.endurance_s).max(0.0)
}

/// Time over legs with a stop at every corner, seconds: speed up, cruise, brake, on short legs without reaching the cruise.
fn legs_s(legs_m: &[f64], speed_m_s: f64) -> f64 {
    legs_m.iter().map(|leg_m| leg_s(*leg_m, speed_m_s)).sum()
}

fn leg_s(leg_m: f64, speed_m_s: f64) -> f64 {
    let ramps_m = speed_m_s * speed_m_s / ACCELERATION_M_S2;
    if leg_m < ramps_m { 2.0 * (leg_m / ACCELERATION_M_S2).sqrt() } else { leg_m / speed_m_s + speed_m_s / ACCELERATION_M_S2 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flight_types::{DroneId, GeoPoint};

    fn drone() -> DroneConfig {
        DroneConfig {
            id: DroneId::new("d1").expect("an id"),
            pad: GeoPoint::new(37.5, 127.0).expect("a place"),
            cruise_speed_m_s: 12.0,
            climb_speed_m_s: 4.0,
            descent_speed_m_s: 2.0,
            endurance_s: 1_500.0,
            wind_max_m_s: 10.0,
            has_light: true,
        }
    }

    fn trip() -> Trip {
        Trip {
            outbound_legs_m: vec![600.0],
            homeward_legs_m: vec![600.0],
            transit_height_m: 60.0,
            scene_height_m: 20.0,
            start_height_m: 0.0,
            stay_s: 300.0,
        }
    }

    #[test]
    fn a_leg_takes_the_time_of_its_trapezoid() {
        // 12 m/s with 3 m/s²: 4 s and 24 m to speed up, the same to brake; between them 552 m at 12 m/s.
        assert!((leg_s(600.0, 12.0) - (4.0 + 46.0 + 4.0)).abs() < 1e-9);
        // Too short to reach the cruise: 12 m takes 2 s up and 2 s down.
        assert!((leg_s(12.0, 12.0) - 4.0).abs() < 1e-9);
    }

    #[test]
    fn cost_adds_up_by_hand() {
        // In calm air: climb (60 + 40) / 4 = 25, transit 2 × 54 = 108, stay 300, descent (40 + 60) / 2 + 6 = 56: 489 s.
        let calm = cost(&drone(), &Policy::default(), &trip(), 0.0);
        assert!((calm.flight_s - 489.0).abs() < 1e-9, "{calm:?}");
        assert!((calm.needed_pct - (32.6 + 20.0)).abs() < 1e-9, "{calm:?}");
    }

    #[test]
    fn wind_stay_and_way_cost_more_and_height_already_won_costs_less() {
        let policy = Policy::default();
        let base = cost(&drone(), &policy, &trip(), 3.0).needed_pct;
        assert!(cost(&drone(), &policy, &trip(), 6.0).needed_pct > base);
        assert!(cost(&drone(), &policy, &Trip { stay_s: 400.0, ..trip() }, 3.0).needed_pct > base);
        assert!(cost(&drone(), &policy, &Trip { homeward_legs_m: vec![900.0], ..trip() }, 3.0).needed_pct > base);
        assert!(cost(&drone(), &policy, &Trip { start_height_m: 60.0, ..trip() }, 3.0).needed_pct < base);
        assert!(cost(&drone(), &policy, &trip(), 50.0).needed_pct.is_finite());
    }

    #[test]
    fn an_affordable_stay_uses_the_charge_up_to_the_reserve() {
        let policy = Policy::default();
        let stay_s = stay_affordable_s(&drone(), &policy, &trip(), 5.0, 90.0);
        let spent = cost(&drone(), &policy, &Trip { stay_s, ..trip() }, 5.0);
        assert!((spent.needed_pct - 90.0).abs() < 1e-9);
        assert_eq!(stay_affordable_s(&drone(), &policy, &trip(), 5.0, 20.0), 0.0);
    }

    #[test]
    fn light_on_target_by_hand() {
        // 5 prepare, 60 / 4 climb, 54 transit, 40 / 2 down, 3 settle.
        assert!((light_on_target_s(&drone(), &trip()) - 97.0).abs() < 1e-9);
    }
}
