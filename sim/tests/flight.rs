//! Flights end where they were told to, in calm air and in wind.

mod common;

use common::{HOME_AMSL_M, Station, home};
use sim::{AircraftConfig, Environment, FlightMode};

#[test]
fn takes_off_goes_to_a_point_returns_and_lands_on_its_pad() {
    for (wind_m_s, off_m_max) in [(0.0, 2.5), (8.0, 3.5)] {
        let mut station = Station::with(AircraftConfig::new(1, home(), HOME_AMSL_M), Environment::windy(wind_m_s, 300.0));
        station.run_ms(5_000);
        station.climb(15.0);
        let there = home().moved(70.0, 120.0);
        assert_eq!(station.go_to(there, 25.0), [0]);
        station.run_ms(45_000);
        let truth = station.aircraft.truth();
        assert!(truth.position.distance_m(&there) < off_m_max, "wind {wind_m_s}: {} m off", truth.position.distance_m(&there));
        assert!((truth.height_m - 25.0).abs() < 1.5, "{}", truth.height_m);
        assert_eq!(station.set_mode(4.0, 5.0), [0, 0]);
        station.run_until(120_000, "return and landing", |s| !s.aircraft.truth().armed);
        let truth = station.aircraft.truth();
        assert!(
            truth.position.distance_m(&home()) < off_m_max,
            "wind {wind_m_s}: landed {} m off",
            truth.position.distance_m(&home())
        );
        assert!(truth.landed && truth.on_ground && !truth.crashed);
        assert_eq!(truth.mode, FlightMode::Return);
    }
}

/// The ground rises to the east by a quarter of the way from the pad on: a landing there touches it where it is, and who flies level into it
/// has come down.
#[test]
fn the_true_ground_is_landed_on_and_flown_into() {
    let slope = |place: flight_types::GeoPoint| HOME_AMSL_M + 0.25 * (place.lon_deg() - home().lon_deg()).max(0.0) * 75_300.0;
    let hilly = || Environment { ground: sim::Ground::Terrain(std::sync::Arc::new(slope)), ..Environment::default() };
    let lifted = |hover_m: f64| {
        let mut station = Station::with(AircraftConfig::new(1, home(), HOME_AMSL_M), hilly());
        station.run_ms(5_000);
        station.climb(hover_m);
        station
    };
    let mut lands = lifted(30.0);
    let there = home().moved(90.0, 60.0);
    assert_eq!(lands.go_to(there, 30.0), [0]);
    lands.run_ms(30_000);
    assert_eq!(lands.set_mode(4.0, 6.0), [0, 0]);
    lands.run_until(120_000, "landing on the slope", |s| !s.aircraft.truth().armed);
    let truth = lands.aircraft.truth();
    assert!((truth.height_m - 15.0).abs() < 1.0 && truth.on_ground, "{} m over its pad", truth.height_m);
    let mut hits = lifted(15.0);
    assert_eq!(hits.go_to(home().moved(90.0, 120.0), 15.0), [0]);
    hits.run_ms(40_000);
    let truth = hits.aircraft.truth();
    let off_m = truth.position.distance_m(&home());
    assert!(truth.crashed && off_m < 90.0, "it was to come down 60 m from its pad, not {off_m} m");
}

/// Faster through the air than its rotors can push for long: it gives up speed, and keeps its height and its heading.
#[test]
fn against_more_wind_than_it_can_fly_it_keeps_its_height() {
    for (wind_m_s, seed) in [(8.5, 1), (8.5, 2), (12.0, 3), (12.0, 4)] {
        let config = AircraftConfig { seed, ..AircraftConfig::new(1, home(), HOME_AMSL_M) };
        let mut station = Station::with(config, Environment::windy(wind_m_s, 0.0));
        station.run_ms(5_000);
        station.climb(60.0);
        let speed = [1.0, 12.0, -1.0, 0.0, 0.0, 0.0, 0.0];
        assert_eq!(station.command(mavlink::dialects::ardupilotmega::MavCmd::MAV_CMD_DO_CHANGE_SPEED, speed), [0]);
        assert_eq!(station.go_to(home().moved(0.0, 3_000.0), 60.0), [0]);
        station.run_ms(10_000);
        let (mut lowest_m, mut turned_deg) = (f64::INFINITY, 0.0_f64);
        for _ in 0..100 {
            station.run_ms(1_000);
            let truth = station.aircraft.truth();
            lowest_m = lowest_m.min(truth.height_m);
            turned_deg = turned_deg.max(truth.heading_deg.min(360.0 - truth.heading_deg));
        }
        let flown_m = station.aircraft.truth().position.distance_m(&home());
        println!("wind {wind_m_s}: lowest {lowest_m:.1} m, nose off by {turned_deg:.1}°, {flown_m:.0} m flown");
        assert!(lowest_m > 57.0, "wind {wind_m_s}, seed {seed}: down to {lowest_m:.1} m");
        assert!(turned_deg < 30.0, "wind {wind_m_s}, seed {seed}: the nose {turned_deg:.0}° off");
        assert!(flown_m > 300.0, "wind {wind_m_s}, seed {seed}: it gets on, {flown_m:.0} m");
    }
}
