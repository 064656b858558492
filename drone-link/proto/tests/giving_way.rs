//! On its way home an aircraft gives way to somebody else's, and ends that by itself.

mod support;

use drone_link_proto::LinkConfig;
use flight_types::{DroneId, FlightCommand, FlightEvent, FlightPhase, GeoPoint, HomeCharge};
use support::vehicle::{HOLD, LAND, MISSION, SYSTEM_ID};
use support::*;

/// To which it is told to sink, metres.
const LOW_M: f64 = 20.0;
/// Over home, metres: well clear of somebody who hovers at the height of the transit, far from near of one on the ground.
const HELICOPTER_M: f64 = 70.0;

/// On its way home, between its first corner and the second.
fn on_its_way_home(seed: u64) -> World {
    let mut world = world_at(FlightPhase::Returning, CLEAR, seed);
    while world.vehicle.height_m < 39.0 || world.vehicle.position().distance_m(&at(95.0, 80.0)) > 60.0 {
        world.tick();
        assert!(world.now_ms < 400_000, "it never comes there");
    }
    world
}

fn helicopter(world: &mut World, seconds: u64) {
    for _ in 0..seconds {
        let place = at(95.0, 300.0);
        let altitude_amsl_m = world.vehicle.home_amsl_m + HELICOPTER_M;
        world.vehicle.hear_traffic(place, altitude_amsl_m);
        world.run(1_000);
    }
}

fn give_way(world: &mut World) {
    world.command("m", FlightCommand::GiveWay { height_m: LOW_M });
}

fn came(waits: bool) -> impl Fn(&FlightEvent) -> bool {
    move |report| matches!(report, FlightEvent::Intruder { waits: told, .. } if *told == waits)
}

fn no_longer(report: &FlightEvent) -> bool {
    matches!(report, FlightEvent::WaitsNoLonger { .. })
}

fn count(world: &World, wanted: impl Fn(&FlightEvent) -> bool) -> usize {
    world.reports.iter().filter(|(_, report)| wanted(report)).count()
}

/// Waits low over one place; returns it.
fn waiting(world: &mut World) -> GeoPoint {
    let in_time = |world: &World, begun_ms: u64| assert!(world.now_ms < begun_ms + 15_000, "{:?}", world.reports);
    let begun_ms = world.now_ms;
    while !world.has(came(true)) {
        helicopter(world, 1);
        in_time(world, begun_ms);
    }
    give_way(world);
    while world.vehicle.mode != HOLD {
        helicopter(world, 1);
        in_time(world, begun_ms);
    }
    let stopped = world.vehicle.position();
    helicopter(world, 30);
    assert!((world.vehicle.height_m - LOW_M).abs() < 4.5, "{} m", world.vehicle.height_m);
    // On a bad line the place where it is to sink is told by half a second's flight late.
    let low = world.vehicle.position();
    assert!(stopped.distance_m(&low) < if world.weather.loss_pct > 0 { 12.0 } else { 2.0 }, "where it stopped");
    low
}

/// Lands on its pad by its legal way, and comes up to its transit before it leaves the place where it was low.
fn goes_on(world: &mut World, low: GeoPoint) {
    let zone = plan("m").exclusions[0].clone();
    while !world.has(|report| *report == reached(FlightPhase::Landed)) {
        world.tick();
        assert!(!zone.contains(world.vehicle.position()));
        let away_m = low.distance_m(&world.vehicle.position());
        let coming_down = world.vehicle.position().distance_m(&home()) < 10.0;
        assert!(away_m < 3.0 || coming_down || world.vehicle.height_m > 35.0, "{away_m:.0} m on and low");
        assert!(world.now_ms < 900_000, "{:?}", world.reports);
    }
    assert!(world.vehicle.position().distance_m(&home()) < 1.0);
    assert!(
        !world.has(|report| matches!(report, FlightEvent::ModeChanged { .. } | FlightEvent::Failed { .. })),
        "{:?}",
        world.reports
    );
}

#[test]
fn on_its_way_home_it_sinks_waits_and_goes_on_by_itself() {
    for (seed, weather) in std::iter::once((41, CLEAR)).chain((1..=40).map(|seed| (seed, STORM))) {
        let mut world = on_its_way_home(seed);
        world.weather = weather;
        let low = waiting(&mut world);
        helicopter(&mut world, 120);
        assert!(low.distance_m(&world.vehicle.position()) < 2.0);
        assert!(!world.has(|report| *report == FlightEvent::IntruderGone), "seed {seed}: it hovers there yet");
        world.weather = CLEAR;
        goes_on(&mut world, low);
        assert_eq!(count(&world, |report| *report == FlightEvent::IntruderGone), 1);
        assert!(!world.has(no_longer));
    }
}

#[test]
fn a_helicopter_that_stays_is_waited_for_as_long_as_the_charge_allows() {
    // What the way home takes from the scene: the plan's word, or without one the charge at which every flight is called home.
    for (from_scene_pct, until_pct) in [(Some(40.0), 40), (None, 25)] {
        let mut ordered = plan("m");
        ordered.home_charge =
            from_scene_pct.map(|from_scene_pct| HomeCharge { from_scene_pct, per_metre_pct: 0.01, in_wind: None });
        let config = LinkConfig::new(DroneId::new("d1").expect("an id"), SYSTEM_ID);
        let mut world = World::with(config, 42, CLEAR);
        world.command("m", fly(ordered, FlightPhase::Ordered));
        world.run_until_phase(240_000, FlightPhase::OnScene);
        world.command("m", recall());
        world.run_until_phase(60_000, FlightPhase::Returning);
        while world.vehicle.height_m < 39.0 || world.vehicle.position().distance_m(&at(95.0, 80.0)) > 60.0 {
            world.tick();
        }
        let low = waiting(&mut world);
        world.vehicle.battery_pct = until_pct + 1;
        helicopter(&mut world, 60);
        assert!(!world.has(no_longer) && low.distance_m(&world.vehicle.position()) < 2.0, "{until_pct} %");
        world.vehicle.battery_pct = until_pct;
        helicopter(&mut world, 10);
        let told = FlightEvent::WaitsNoLonger { remaining_pct: f64::from(until_pct) };
        assert!(world.has(|report| *report == told), "{:?}", world.reports);
        // It is told again and has nothing to spare: it says so, and flies on.
        give_way(&mut world);
        helicopter(&mut world, 30);
        goes_on(&mut world, low);
        assert_eq!(count(&world, |report| *report == told), 2);
    }
}

#[test]
fn who_has_no_charge_to_spare_does_not_stop() {
    let mut world = on_its_way_home(43);
    world.vehicle.battery_pct = 26;
    world.run(2_000);
    helicopter(&mut world, 2);
    let here = world.vehicle.position();
    give_way(&mut world);
    world.run(5_000);
    assert!(world.has(no_longer));
    assert!(here.distance_m(&world.vehicle.position()) > 20.0 && world.vehicle.height_m > 39.0);
}

#[test]
fn coming_down_on_its_pad_is_giving_way() {
    let mut world = world_at(FlightPhase::Returning, CLEAR, 44);
    while world.vehicle.height_m > 35.0 || world.vehicle.position().distance_m(&home()) > 5.0 {
        world.tick();
    }
    world.vehicle.hear_traffic(at(0.0, 200.0), world.vehicle.home_amsl_m + HELICOPTER_M);
    world.run(1_000);
    assert!(world.has(came(false)), "{:?}", world.reports);
    let height_m = world.vehicle.height_m;
    give_way(&mut world);
    world.run(5_000);
    assert!(world.vehicle.height_m < height_m - 5.0 && world.vehicle.mode == MISSION);
    world.run_until_phase(60_000, FlightPhase::Landed);
}

#[test]
fn an_order_that_comes_after_the_other_has_gone_changes_nothing() {
    let mut world = on_its_way_home(45);
    let here = world.vehicle.position();
    give_way(&mut world);
    world.run(5_000);
    assert!(here.distance_m(&world.vehicle.position()) > 20.0);
    world.run_until_phase(240_000, FlightPhase::Landed);
}

#[test]
fn a_person_who_calls_it_home_or_down_is_not_waited_with() {
    let mut world = on_its_way_home(46);
    let low = waiting(&mut world);
    world.command("m", recall());
    helicopter(&mut world, 40);
    goes_on(&mut world, low);

    let mut world = on_its_way_home(47);
    let low = waiting(&mut world);
    world.command("m", FlightCommand::Land);
    helicopter(&mut world, 3);
    assert_eq!(world.vehicle.mode, LAND);
    give_way(&mut world);
    world.run_until(60_000, |report| matches!(report, FlightEvent::Failed { airborne: false, .. }));
    assert!(low.distance_m(&world.vehicle.position()) < 2.0);
}

#[test]
fn called_home_while_somebody_is_near_it_stays_low_and_leaves_when_they_are_gone() {
    let mut world = world_at(FlightPhase::OnScene, CLEAR, 48);
    world.run(5_000);
    helicopter(&mut world, 2);
    world.command("m", recall());
    give_way(&mut world);
    let low = world.vehicle.position();
    for _ in 0..60 {
        helicopter(&mut world, 1);
        assert!(world.vehicle.height_m < 24.0, "{} m up beside a helicopter", world.vehicle.height_m);
        assert!(low.distance_m(&world.vehicle.position()) < 3.0);
    }
    assert!(!world.vehicle.light_on, "nobody is lit any more");
    world.run_until_phase(30_000, FlightPhase::Returning);
    world.run_until_phase(240_000, FlightPhase::Landed);
}

#[test]
fn after_a_pilot_it_begins_its_way_home_anew_from_where_it_was_low() {
    let mut world = on_its_way_home(49);
    let low = waiting(&mut world);
    world.command("m", FlightCommand::YieldControl);
    helicopter(&mut world, 10);
    world.run(15_000);
    assert!((world.vehicle.height_m - LOW_M).abs() < 4.5 && low.distance_m(&world.vehicle.position()) < 2.0, "left alone");
    world.command("m", FlightCommand::ResumeControl);
    world.command("m", recall());
    goes_on(&mut world, low);
}
