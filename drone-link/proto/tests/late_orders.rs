//! An order that was replaced and comes to the aircraft after the one in its place.

mod support;

use flight_types::{FlightCommand, FlightEvent, FlightPhase, GeoPoint};
use support::*;

const LATE: Weather = Weather { delay_min_ms: 3_500, delay_max_ms: 3_500, ..CLEAR };

fn follow(target: GeoPoint) -> FlightCommand {
    FlightCommand::Escort { target, velocity_east_m_s: 0.0, velocity_north_m_s: 0.0, post: None, direct: false }
}

/// On scene, with a hover point beside this place on its way to the aircraft, late.
fn with_a_late_order(target: GeoPoint) -> World {
    let mut world = world_at(FlightPhase::OnScene, CLEAR, 5);
    world.run(15_000);
    world.weather = LATE;
    world.command("m", follow(target));
    world.run(1_200);
    world.weather = CLEAR;
    world
}

/// Where it is to hover follows from where it is: one that goes astray is called back by the next hover point.
#[test]
fn a_hover_point_that_was_replaced_and_comes_late_is_left_again() {
    let mut world = with_a_late_order(at(198.0, 60.0));
    let person = at(198.0, -10.0);
    world.command("m", follow(person));
    let mut away_m = Vec::new();
    for _ in 0..200 {
        world.run(100);
        away_m.push(world.vehicle.position().distance_m(&person));
    }
    let astray_m = away_m.iter().copied().fold(0.0, f64::max);
    assert!(astray_m > 25.0, "the late order is flown: {away_m:?}");
    assert!(away_m.last().is_some_and(|back_m| *back_m < 12.0), "and left again: {away_m:?}");
}

#[test]
fn a_hover_point_that_comes_after_the_recall_does_not_keep_it_from_going_home() {
    let mut world = with_a_late_order(at(198.0, 60.0));
    world.command("m", recall());
    world.run_until_phase(240_000, FlightPhase::Landed);
    assert!(world.vehicle.position().distance_m(&home()) < 1.0);
    assert!(!world.has(|report| matches!(report, FlightEvent::Failed { .. })), "{:?}", world.reports);
}
