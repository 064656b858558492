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
