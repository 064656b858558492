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
