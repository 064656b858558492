//! Times and charge of a flight: climb, way out, stay, way back, each in its wind, landing, reserve.
//!
//! Charge is counted in seconds of hovering in still air with the light off. What flying costs over that is the aircraft's
//! [`PowerCurve`]; that of the simulated aircraft is fitted to flights by `sim energy` (docs/simulator.md).

use flight_types::{DroneStatus, FlightPhase, GeoPoint, HomeCharge, HomePower, Relief, STRAIGHT_ON_DEG, WindTold};
use serde::{Deserialize, Serialize};

use crate::config::{DroneConfig, Policy};
use crate::model::Mission;
use crate::route::Route;

/// Acceleration and braking of a transit, metres per second squared: what a multicopter with a camera does without pitching the
/// horizon out of the picture.
const ACCELERATION_M_S2: f64 = 3.0;
/// Seconds from the order to the first movement: preflight, upload with read-back, arming, spin-up.
pub(crate) const PREPARE_S: f64 = 5.0;
/// Seconds on scene until the light rests on the person: light on, gimbal turned.
const SETTLE_S: f64 = 3.0;
/// Seconds for the last metres of a landing, flown at a fraction of the descent speed.
const TOUCH_DOWN_S: f64 = 6.0;

/// What flying costs over hovering in still air with the light off, as shares of the power of that.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct PowerCurve {
    /// For each (m/s)² of speed through the air.
    pub airspeed_2: f64,
    /// For each (m/s)³ of speed through the air.
    pub airspeed_3: f64,
    /// For each metre per second of climb.
    pub climb: f64,
    /// For each metre per second of descent; negative where a descent saves.
    pub descent: f64,
    /// For the light at full brightness.
    pub light: f64,
    /// How much faster the last half of a charge goes than the first: a pack's voltage falls, and the power is the same. The rate at
    /// a charge of c (0..1) is that of half a charge times 1 + `falling` (½ − c).
    pub falling: f64,
}

impl Default for PowerCurve {
    /// The closed form of the simulated aircraft's equations in still air; what `sim energy` fits to flights in gusts is close to it.
    fn default() -> Self {
        Self { airspeed_2: 1.28e-4, airspeed_3: 2.09e-4, climb: 0.113, descent: -0.09, light: 0.116, falling: 0.2 }
    }
}

impl PowerCurve {
    /// Power in level flight over that of hovering in still air.
    fn level(&self, airspeed_m_s: f64) -> f64 {
        let square = airspeed_m_s * airspeed_m_s;
        1.0 + self.airspeed_2 * square + self.airspeed_3 * square * airspeed_m_s
    }
}

/// The wind as a flight will meet it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wind {
    /// Metres per second.
    pub speed_m_s: f64,
    /// Where it comes from, degrees; unknown counts as against every leg.
    pub from_deg: Option<f64>,
}

impl Wind {
    /// Speed through the air on a leg flown over the ground at this speed, metres per second.
    fn airspeed_m_s(&self, bearing_deg: f64, ground_speed_m_s: f64) -> f64 {
        let Some(from_deg) = self.from_deg else { return ground_speed_m_s + self.speed_m_s };
        let off_rad = (bearing_deg - from_deg).to_radians();
        (ground_speed_m_s + self.speed_m_s * off_rad.cos()).hypot(self.speed_m_s * off_rad.sin())
    }
}

/// A straight piece of a way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Leg {
    /// Metres.
    pub length_m: f64,
    /// Degrees clockwise from north.
    pub bearing_deg: f64,
}

/// The legs of a way from where it begins.
pub fn legs(start: GeoPoint, route: &Route) -> Vec<Leg> {
    let starts = std::iter::once(&start).chain(&route.corners);
    let ends = route.corners.iter().zip(&route.legs_m);
    starts.zip(ends).map(|(from, (to, length_m))| Leg { length_m: *length_m, bearing_deg: from.bearing_deg(to) }).collect()
}

/// How far the surface rises and falls along a way, metres each; nothing without a relief.
pub(crate) fn rise_and_fall_m(relief: Option<&Relief>, corners: &[GeoPoint]) -> (f64, f64) {
    let legs = corners.windows(2).filter_map(|leg| Some(relief?.rise_and_fall_m(leg[0], leg[1])));
    legs.fold((0.0, 0.0), |(rise_m, fall_m), leg| (rise_m + leg.0, fall_m + leg.1))
}

/// The shape of a flight.
#[derive(Debug, Clone, PartialEq)]
pub struct Trip {
    /// The way out.
    pub outbound: Vec<Leg>,
    /// The way over a lot, at the height on scene and a speed of its own.
    pub path: Vec<Leg>,
    /// That speed over the ground, metres per second.
    pub path_speed_m_s: f64,
    /// The way back.
    pub homeward: Vec<Leg>,
    /// Transit height above the pad, or over the surface, metres.
    pub transit_height_m: f64,
    /// Height on scene above the pad, or over the surface, metres.
    pub scene_height_m: f64,
    /// Height already won, metres; on the pad 0, or as far as it lies under the surface.
    pub start_height_m: f64,
    /// Height of the pad, metres: 0, or as far as it lies under the surface.
    pub pad_height_m: f64,
    /// How far the surface rises and falls on all legs, metres each.
    pub rise_and_fall_m: (f64, f64),
    /// Time on scene, seconds.
    pub stay_s: f64,
    /// The light is on while it stays.
    pub lit: bool,
}

/// What a flight takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// From the first movement until landed, seconds.
    pub flight_s: f64,
    /// The same charge would hover so long in still air with the light off, seconds.
    pub hover_s: f64,
}

/// Time and charge of a flight that keeps its speed over the ground, as autopilots do.
pub fn cost(drone: &DroneConfig, trip: &Trip, wind: Wind) -> Cost {
    let curve = &drone.power;
    let still = curve.level(wind.speed_m_s);
    let to_scene_m = (trip.transit_height_m - trip.scene_height_m).abs();
    let climb_s = ((trip.transit_height_m - trip.start_height_m).max(0.0) + to_scene_m) / drone.climb_speed_m_s;
    let descent_s = (to_scene_m + trip.transit_height_m - trip.pad_height_m) / drone.descent_speed_m_s;
    let legs = || trip.outbound.iter().chain(&trip.homeward);
    let speed_m_s = drone.cruise_speed_m_s;
    let transit_s: f64 = legs().map(|leg| leg_s(leg.length_m, speed_m_s)).sum();
    let transit_hover_s: f64 = legs().map(|leg| leg_hover_s(curve, leg, speed_m_s, wind)).sum();
    let path = straightened(&trip.path);
    let path_s = legs_s(&path, trip.path_speed_m_s);
    let path_hover_s: f64 = path.iter().map(|leg| leg_hover_s(curve, leg, trip.path_speed_m_s, wind)).sum();
    let light = if trip.lit { curve.light } else { 0.0 };
    Cost {
        flight_s: climb_s + transit_s + path_s + trip.stay_s + descent_s + TOUCH_DOWN_S,
        hover_s: climb_s * (still + curve.climb * drone.climb_speed_m_s)
            + transit_hover_s
            + path_hover_s
            + trip.stay_s * (still + light)
            + descent_s * (still + curve.descent * drone.descent_speed_m_s)
            + TOUCH_DOWN_S * still
            + slopes_hover_s(curve, trip),
    }
}

/// Legs that go straight on are one leg: there is no stop between them.
fn straightened(path: &[Leg]) -> Vec<Leg> {
    let turn_deg = |run: &Leg, leg: &Leg| ((leg.bearing_deg - run.bearing_deg + 180.0).rem_euclid(360.0) - 180.0).abs();
    let mut runs: Vec<Leg> = Vec::new();
    for leg in path.iter().filter(|leg| leg.length_m > 0.0) {
        match runs.last_mut() {
            // Against the first leg's bearing: many small turns are a turn.
            Some(run) if turn_deg(run, leg) <= STRAIGHT_ON_DEG => run.length_m += leg.length_m,
            _ => runs.push(*leg),
        }
    }
    runs
}

/// What the hills of a way cost over a level one: no time, because they are nowhere steeper than can be followed, and for each metre what a
/// climb and a descent of a metre take at any speed.
fn slopes_hover_s(curve: &PowerCurve, trip: &Trip) -> f64 {
    let (rise_m, fall_m) = trip.rise_and_fall_m;
    rise_m * curve.climb + fall_m * curve.descent
}

/// A leg in seconds of hovering: at its speed through the air, and while it speeds up and brakes at that of half the speed.
fn leg_hover_s(curve: &PowerCurve, leg: &Leg, speed_m_s: f64, wind: Wind) -> f64 {
    let whole_s = leg_s(leg.length_m, speed_m_s);
    let ramps_s = (2.0 * speed_m_s / ACCELERATION_M_S2).min(whole_s);
    let power = |ground_speed_m_s: f64| curve.level(wind.airspeed_m_s(leg.bearing_deg, ground_speed_m_s));
    ramps_s * power(speed_m_s / 2.0) + (whole_s - ramps_s) * power(speed_m_s)
}

/// Charge that so much hovering takes from a pack with this charge, per cent of a full one.
pub fn taken_pct(drone: &DroneConfig, hover_s: f64, available_pct: f64) -> f64 {
    let even_pct = 100.0 * hover_s / drone.endurance_s;
    // The rate in the middle of what is taken; where that is depends on what is taken, and twice round is near enough.
    let rate = |taken_pct: f64| 1.0 + drone.power.falling * (0.5 - (available_pct - taken_pct / 2.0) / 100.0);
    even_pct * rate(even_pct * rate(even_pct))
}

/// Charge a flight needs with the reserve, per cent of a full charge.
pub fn needed_pct(drone: &DroneConfig, policy: &Policy, trip: &Trip, wind: Wind, available_pct: f64) -> f64 {
    taken_pct(drone, cost(drone, trip, wind).hover_s, available_pct) + policy.battery_reserve_pct
}

/// Time from the order until the light is on the target, seconds, at the transit's ground speed.
pub fn light_on_target_s(drone: &DroneConfig, trip: &Trip) -> f64 {
    let climb_m = (trip.transit_height_m - trip.start_height_m).max(0.0);
    let prepare_s = if trip.start_height_m > 0.0 { 0.0 } else { PREPARE_S };
    let down_m = (trip.transit_height_m - trip.scene_height_m).max(0.0);
    let up_m = (trip.scene_height_m - trip.transit_height_m).max(0.0);
    prepare_s
        + climb_m / drone.climb_speed_m_s
        + legs_s(&trip.outbound, drone.cruise_speed_m_s)
        + down_m / drone.descent_speed_m_s
        + up_m / drone.climb_speed_m_s
        + SETTLE_S
}

/// How long a flight can stay on scene on a charge and still land with its reserve, seconds; 0 when it cannot go at all.
pub fn stay_affordable_s(drone: &DroneConfig, policy: &Policy, trip: &Trip, wind: Wind, available_pct: f64) -> f64 {
    let budget_pct = available_pct - policy.battery_reserve_pct;
    let middle = (available_pct + policy.battery_reserve_pct) / 200.0;
    let all_s = budget_pct / 100.0 * drone.endurance_s / (1.0 + drone.power.falling * (0.5 - middle));
    let without_stay = cost(drone, &Trip { stay_s: 0.0, ..trip.clone() }, wind).hover_s;
    let light = if trip.lit { drone.power.light } else { 0.0 };
    ((all_s - without_stay) / (drone.power.level(wind.speed_m_s) + light)).max(0.0)
}

/// At which charge a flight must go home from its scene, however low it has come down there.
pub fn home_charge(drone: &DroneConfig, policy: &Policy, trip: &Trip, wind: Wind) -> HomeCharge {
    let home = way_home(trip, trip.scene_height_m.min(policy.scene_height_m));
    let hover_s = cost(drone, &home, wind).hover_s;
    // Where it is left the charge is about what the way takes and the reserve.
    let left_pct = policy.battery_reserve_pct + 100.0 * hover_s / drone.endurance_s;
    // Straight against the wind, if it must be.
    let metre_s = drone.power.level(drone.cruise_speed_m_s + wind.speed_m_s) / drone.cruise_speed_m_s;
    HomeCharge {
        from_scene_pct: policy.battery_reserve_pct + taken_pct(drone, hover_s, left_pct),
        per_metre_pct: taken_pct(drone, metre_s, left_pct),
        in_wind: Some(home_power(drone, policy.battery_reserve_pct, &home, taken_pct(drone, hover_s, left_pct) / hover_s)),
    }
}

/// What a way from a flight's transit to a landing takes of a charge, without any reserve.
pub fn landing_power(drone: &DroneConfig, trip: &Trip) -> HomePower {
    let home = way_home(trip, trip.transit_height_m);
    let hover_s = cost(drone, &home, Wind { speed_m_s: 0.0, from_deg: None }).hover_s;
    let left_pct = 100.0 * hover_s / drone.endurance_s;
    home_power(drone, 0.0, &home, taken_pct(drone, hover_s, left_pct) / hover_s)
}

/// The parts of a way home's charge, so that the link can reckon with the wind that its aircraft tells.
fn home_power(drone: &DroneConfig, reserve_pct: f64, home: &Trip, second_pct: f64) -> HomePower {
    const STILL: Wind = Wind { speed_m_s: 0.0, from_deg: None };
    let on_the_spot = cost(drone, &Trip { homeward: Vec::new(), ..home.clone() }, STILL);
    let curve = &drone.power;
    HomePower {
        fixed_pct: reserve_pct + second_pct * (on_the_spot.hover_s - on_the_spot.flight_s),
        upright_s: on_the_spot.flight_s,
        second_pct,
        airspeed_2: curve.airspeed_2,
        airspeed_3: curve.airspeed_3,
    }
}

/// The last part of a trip: from a scene at this height up to the transit and home. It rises and falls as much as both ways do, at most.
fn way_home(trip: &Trip, scene_height_m: f64) -> Trip {
    Trip {
        outbound: Vec::new(),
        path: Vec::new(),
        // It is there already: the climb is all that the scene's height costs.
        start_height_m: scene_height_m,
        scene_height_m: trip.transit_height_m,
        stay_s: 0.0,
        ..trip.clone()
    }
}

/// The link calls an aircraft home at this charge, per cent, if not at a higher one that its way home takes.
const CALLED_HOME_PCT: f64 = 25.0;

/// How long an escort on scene can stay from now on, as it was last heard: until it must leave to be home with the reserve, or until its link
/// calls it home; seconds. `None` when it is not on scene, or its charge or place is not known. Reckoned anew at every word of the aircraft,
/// so that wind and cold are in it, not an autopilot's guess for an empty pack.
pub fn scene_left_s(drone: &DroneConfig, policy: &Policy, mission: &Mission, status: &DroneStatus) -> Option<f64> {
    let there = mission.phase == Some(FlightPhase::OnScene) && !mission.recalled && !mission.ended;
    let (here, height_m, available_pct) = (status.position?, status.height_m?, status.battery_pct.filter(|pct| pct.is_finite())?);
    if !there || mission.planned_post().is_none() {
        return None;
    }
    let starts = std::iter::once(&here).chain(&mission.plan.homeward);
    let leg = |(from, to): (&GeoPoint, &GeoPoint)| Leg { length_m: from.distance_m(to), bearing_deg: from.bearing_deg(to) };
    let transit_height_m = mission.plan.transit_height_m;
    let trip = Trip {
        outbound: Vec::new(),
        path: Vec::new(),
        path_speed_m_s: drone.cruise_speed_m_s,
        homeward: starts.zip(&mission.plan.homeward).map(leg).collect(),
        transit_height_m,
        scene_height_m: transit_height_m,
        start_height_m: height_m - mission.plan.surface_m(here),
        pad_height_m: mission.plan.pad_height_m(),
        rise_and_fall_m: rise_and_fall_m(mission.plan.relief.as_ref(), &[&[here], mission.plan.homeward.as_slice()].concat()),
        stay_s: 0.0,
        lit: true,
    };
    let speed_m_s = status.wind_m_s.filter(|wind| wind.is_finite()).unwrap_or(policy.wind_unknown_m_s);
    let wind = Wind { speed_m_s, from_deg: status.wind_from_deg.filter(|from_deg| from_deg.is_finite()) };
    let until_reserve_s = stay_affordable_s(drone, policy, &trip, wind, available_pct);
    let nowhere = Trip {
        homeward: Vec::new(),
        transit_height_m: 0.0,
        scene_height_m: 0.0,
        start_height_m: 0.0,
        pad_height_m: 0.0,
        rise_and_fall_m: (0.0, 0.0),
        ..trip
    };
    let told = status.wind_from_deg.zip(status.wind_m_s).map(|(from_deg, speed_m_s)| WindTold { from_deg, speed_m_s });
    let called_home_pct = CALLED_HOME_PCT.max(mission.plan.home_charge_pct(Some(here), told));
    let called_home = Policy { battery_reserve_pct: called_home_pct, ..policy.clone() };
    let until_called_s = stay_affordable_s(drone, &called_home, &nowhere, wind, available_pct);
    Some(until_reserve_s.min(until_called_s))
}

/// Time over legs with a stop at every corner, seconds: speed up, cruise, brake, on short legs without reaching the cruise.
fn legs_s(legs: &[Leg], speed_m_s: f64) -> f64 {
    legs.iter().map(|leg| leg_s(leg.length_m, speed_m_s)).sum()
}

pub(crate) fn leg_s(leg_m: f64, speed_m_s: f64) -> f64 {
    let ramps_m = speed_m_s * speed_m_s / ACCELERATION_M_S2;
    if leg_m < ramps_m { 2.0 * (leg_m / ACCELERATION_M_S2).sqrt() } else { leg_m / speed_m_s + speed_m_s / ACCELERATION_M_S2 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flight_types::{DroneId, Fence, FlightPlan, GeoPoint, MissionId, Ring, Scene};

    const POWER: PowerCurve =
        PowerCurve { airspeed_2: 0.001, airspeed_3: 0.0, climb: 0.1, descent: -0.05, light: 0.1, falling: 0.2 };

    fn drone() -> DroneConfig {
        DroneConfig {
            id: DroneId::new("d1").expect("an id"),
            pad: GeoPoint::new(37.5, 127.0).expect("a place"),
            cruise_speed_m_s: 12.0,
            climb_speed_m_s: 4.0,
            descent_speed_m_s: 2.0,
            endurance_s: 1_500.0,
            power: POWER,
            wind_max_m_s: 10.0,
            has_light: true,
        }
    }

    fn trip() -> Trip {
        Trip {
            outbound: vec![Leg { length_m: 600.0, bearing_deg: 90.0 }],
            path: Vec::new(),
            path_speed_m_s: 3.0,
            homeward: vec![Leg { length_m: 600.0, bearing_deg: 270.0 }],
            transit_height_m: 60.0,
            scene_height_m: 20.0,
            start_height_m: 0.0,
            pad_height_m: 0.0,
            rise_and_fall_m: (0.0, 0.0),
            stay_s: 300.0,
            lit: true,
        }
    }

    const CALM: Wind = Wind { speed_m_s: 0.0, from_deg: None };

    fn from_anywhere(speed_m_s: f64) -> Wind {
        Wind { speed_m_s, from_deg: None }
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
        // Climb (60 + 40) / 4 = 25, transit 2 × 54 = 108, stay 300, descent (40 + 60) / 2 = 50 and 6: 489 s.
        let calm = cost(&drone(), &trip(), CALM);
        assert!((calm.flight_s - 489.0).abs() < 1e-9, "{calm:?}");
        // Climb at 1.4, of each transit 8 s at 6 m/s and 46 s at 12 m/s, stay with the light, descent at 0.9.
        let by_hand_s = 25.0 * 1.4 + 2.0 * (8.0 * 1.036 + 46.0 * 1.144) + 300.0 * 1.1 + 50.0 * 0.9 + 6.0;
        assert!((calm.hover_s - by_hand_s).abs() < 1e-9, "{calm:?} against {by_hand_s}");
    }

    #[test]
    fn a_path_over_a_lot_is_counted_at_its_own_speed() {
        // 30 m at 3 m/s with 3 m/s²: 1 s to speed up, 9 s, 1 s to brake.
        let path = vec![Leg { length_m: 30.0, bearing_deg: 0.0 }];
        let (base, more) = (cost(&drone(), &trip(), CALM), cost(&drone(), &Trip { path, ..trip() }, CALM));
        assert!((more.flight_s - base.flight_s - 11.0).abs() < 1e-9, "{more:?}");
        let by_hand_s = 2.0 * drone().power.level(1.5) + 9.0 * drone().power.level(3.0);
        assert!((more.hover_s - base.hover_s - by_hand_s).abs() < 1e-9, "{more:?} against {by_hand_s}");
    }

    #[test]
    fn stops_in_a_lane_are_flown_through_and_turns_are_not() {
        let leg = |bearing_deg: f64| Leg { length_m: 10.0, bearing_deg };
        let flown = |path: Vec<Leg>| cost(&drone(), &Trip { path, path_speed_m_s: 8.0, ..trip() }, from_anywhere(5.0));
        let nothing_s = flown(Vec::new()).flight_s;
        // Ninety metres at 8 m/s and 3 m/s²: 2.67 s to speed up and to brake, over 21.3 m; with a stop each ten metres 32.9 s.
        let lane: Vec<Leg> = [359.9, 0.0, 0.1].into_iter().cycle().map(leg).take(9).collect();
        let by_hand_s = 90.0 / 8.0 + 8.0 / 3.0;
        assert!((flown(lane.clone()).flight_s - nothing_s - by_hand_s).abs() < 1e-9, "{}", flown(lane.clone()).flight_s);
        let whole = vec![Leg { length_m: 90.0, bearing_deg: 359.9 }];
        assert!((flown(lane).hover_s - flown(whole).hover_s).abs() < 1e-9);
        // Across to the next lane and back along it: two stops more.
        let corners = |turn_deg: f64| flown((0..3).map(|at| leg(turn_deg * f64::from(at))).collect()).flight_s - nothing_s;
        assert!((corners(90.0) - 3.0 * leg_s(10.0, 8.0)).abs() < 1e-9, "{}", corners(90.0));
        assert!((corners(6.0) - leg_s(20.0, 8.0) - leg_s(10.0, 8.0)).abs() < 1e-9, "a bow ends somewhere: {}", corners(6.0));
    }

    #[test]
    fn a_falling_voltage_takes_more_of_what_is_left() {
        // 150 s are a tenth of 1,500 s; from 95 % the middle is near 90 %, where the rate is 0.92 of that at a half.
        assert!((taken_pct(&drone(), 150.0, 95.0) - 9.2).abs() < 0.02, "{}", taken_pct(&drone(), 150.0, 95.0));
        assert!((taken_pct(&drone(), 150.0, 35.0) - 10.4).abs() < 0.02, "{}", taken_pct(&drone(), 150.0, 35.0));
    }

    #[test]
    fn a_wind_along_the_way_costs_what_it_saves_back_and_a_little_more() {
        let there = |from_deg| cost(&drone(), &Trip { homeward: Vec::new(), ..trip() }, Wind { speed_m_s: 6.0, from_deg }).hover_s;
        let (against, with, across) = (there(Some(90.0)), there(Some(270.0)), there(Some(0.0)));
        assert!(with < across && across < against, "{with} {across} {against}");
        assert_eq!(there(None), against, "an unknown wind is against it");
    }

    #[test]
    fn wind_stay_and_way_cost_more_and_height_already_won_costs_less() {
        let needed = |trip: &Trip, wind| needed_pct(&drone(), &Policy::default(), trip, wind, 95.0);
        let base = needed(&trip(), from_anywhere(3.0));
        let longer = vec![Leg { length_m: 900.0, bearing_deg: 270.0 }];
        assert!(needed(&trip(), from_anywhere(6.0)) > base);
        assert!(needed(&Trip { stay_s: 400.0, ..trip() }, from_anywhere(3.0)) > base);
        assert!(needed(&Trip { homeward: longer, ..trip() }, from_anywhere(3.0)) > base);
        assert!(needed(&Trip { start_height_m: 60.0, ..trip() }, from_anywhere(3.0)) < base);
        assert!(needed(&Trip { rise_and_fall_m: (80.0, 80.0), ..trip() }, from_anywhere(3.0)) > base, "hills");
        assert!(needed(&Trip { pad_height_m: -20.0, start_height_m: -20.0, ..trip() }, from_anywhere(3.0)) > base, "a low pad");
        assert!(needed(&Trip { lit: false, ..trip() }, from_anywhere(3.0)) < base);
        assert!(needed(&trip(), from_anywhere(50.0)).is_finite());
    }

    #[test]
    fn an_affordable_stay_uses_the_charge_up_to_the_reserve() {
        let policy = Policy::default();
        let stay_s = stay_affordable_s(&drone(), &policy, &trip(), from_anywhere(5.0), 90.0);
        let spent_pct = needed_pct(&drone(), &policy, &Trip { stay_s, ..trip() }, from_anywhere(5.0), 90.0);
        assert!((spent_pct - 90.0).abs() < 0.2, "{spent_pct}");
        assert_eq!(stay_affordable_s(&drone(), &policy, &trip(), from_anywhere(5.0), 20.0), 0.0);
    }

    #[test]
    fn who_goes_home_when_told_lands_with_the_reserve() {
        let policy = Policy { scene_height_m: 20.0, ..Policy::default() };
        for (speed_m_s, length_m) in [(0.0, 200.0), (5.0, 600.0), (9.0, 1_500.0)] {
            let homeward = vec![Leg { length_m, bearing_deg: 270.0 }];
            let wind = Wind { speed_m_s, from_deg: Some(270.0) };
            let told = home_charge(&drone(), &policy, &Trip { homeward: homeward.clone(), ..trip() }, wind);
            let way = way_home(&Trip { homeward, ..trip() }, 20.0);
            let landed_pct = told.from_scene_pct - taken_pct(&drone(), cost(&drone(), &way, wind).hover_s, told.from_scene_pct);
            assert!((landed_pct - policy.battery_reserve_pct).abs() < 0.3, "{landed_pct} after {length_m} m");
            // Three hundred metres further off, straight against the wind, at the cruise.
            let more = vec![Leg { length_m: length_m + 300.0, bearing_deg: 270.0 }];
            let further = home_charge(&drone(), &policy, &Trip { homeward: more, ..trip() }, wind);
            let by_metres_pct = told.from_scene_pct + 300.0 * told.per_metre_pct;
            assert!((by_metres_pct - further.from_scene_pct).abs() < 0.1 * (further.from_scene_pct - told.from_scene_pct) + 0.1);
        }
    }

    #[test]
    fn a_wind_that_the_launch_did_not_know_counts_on_scene() {
        let policy = Policy::default();
        let home = GeoPoint::new(37.5, 127.0).expect("a place");
        let scene = home.moved(90.0, 1_500.0);
        let homeward = vec![Leg { length_m: 1_500.0, bearing_deg: scene.bearing_deg(&home) }];
        let trip = Trip { homeward, ..trip() };
        let corners = vec![home, scene, home.moved(0.0, 900.0)];
        let launched = |wind| FlightPlan {
            mission: MissionId::new("m").expect("an id"),
            home,
            home_altitude_amsl_m: 30.0,
            outbound: vec![scene],
            homeward: vec![home],
            transit_height_m: trip.transit_height_m,
            transit_speed_m_s: drone().cruise_speed_m_s,
            scene: Scene::Escort { target: scene, height_m: trip.scene_height_m, stand_off_m: 8.0 },
            fence: Fence { ring: Ring::new(corners.clone()).expect("a fence"), height_max_m: 120.0 },
            exclusions: Vec::new(),
            zone_margin_m: 15.0,
            home_charge: Some(home_charge(&drone(), &policy, &trip, wind)),
            obstacles: Vec::new(),
            low_scene: None,
            rally: None,
            relief: None,
        };
        let blind = launched(CALM);
        for speed_m_s in [2.0, 5.0, 8.5, 12.0] {
            for from_deg in [270.0, 300.0, 0.0, 180.0] {
                // Told is reckoned with 15 % more.
                let stronger = Wind { speed_m_s: 1.15 * speed_m_s, from_deg: Some(from_deg) };
                let known_pct = launched(stronger).home_charge_pct(Some(scene), None);
                let told_pct = blind.home_charge_pct(Some(scene), Some(WindTold { from_deg, speed_m_s }));
                assert!(
                    (told_pct / known_pct - 1.0).abs() < 0.05,
                    "{speed_m_s} m/s from {from_deg}°: {told_pct:.1} %, {known_pct:.1} %"
                );
            }
        }
        let behind = Some(WindTold { from_deg: 90.0, speed_m_s: 5.0 });
        assert_eq!(
            blind.home_charge_pct(Some(scene), behind),
            blind.home_charge_pct(Some(scene), None),
            "a wind from behind may turn"
        );
        // Who waits on the way: what is left of it, with any wind as if it were straight against it.
        let rest_pct = |here: GeoPoint, told| blind.rest_charge_pct(here, &[home], told).expect("a plan that says it");
        let against = Some(WindTold { from_deg: 270.0, speed_m_s: 5.0 });
        let (whole_pct, half_pct) = (rest_pct(scene, against), rest_pct(home.moved(90.0, 750.0), against));
        assert!((whole_pct - blind.home_charge_pct(Some(scene), against)).abs() < 1e-9 && half_pct < whole_pct - 3.0);
        assert_eq!(rest_pct(scene, behind), whole_pct);
        assert!(rest_pct(home, against) > policy.battery_reserve_pct + 1.0, "to come down from over the pad, and the reserve");
        let as_launched_pct = blind.home_charge_pct(Some(scene), None);
        assert_eq!([rest_pct(scene, None), rest_pct(home, None)], [as_launched_pct; 2], "without a wind that is told");
        assert!(rest_pct(home.moved(90.0, 1_600.0), None) > as_launched_pct);
    }

    #[test]
    fn light_on_target_by_hand() {
        // 5 prepare, 60 / 4 climb, 54 transit, 40 / 2 down, 3 settle.
        assert!((light_on_target_s(&drone(), &trip()) - 97.0).abs() < 1e-9);
    }
}
