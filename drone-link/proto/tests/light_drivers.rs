//! Lights on outputs of ArduPilot: a relay and a servo, which nobody reads back.

mod support;

use drone_link_proto::{LightDriver, LinkConfig};
use flight_types::{DroneId, FlightCommand, FlightEvent, FlightPhase, LightState};
use support::*;

fn lit(light: LightDriver, ardupilot: bool, weather: Weather, seed: u64) -> World {
    let config = LinkConfig::new(DroneId::new("d1").expect("an id"), vehicle::SYSTEM_ID);
    let mut world = World::with(LinkConfig { light, ..config }, seed, weather);
    if ardupilot {
        world.vehicle.become_arducopter();
    }
    world.vehicle.has_illuminator = false;
    world.command("m", fly(plan("m"), FlightPhase::Ordered));
    world.run_until_phase(240_000, FlightPhase::OnScene);
    world.run(20_000);
    world
}

#[test]
fn a_relay_is_switched_on_and_off_and_never_shown_as_lit() {
    for (seed, weather) in [(1, CLEAR), (2, STORM), (3, STORM)] {
        let mut world = lit(LightDriver::Relay { index: 2 }, true, weather, seed);
        let relays = &world.vehicle.relays;
        assert!(relays.iter().all(|(number, _)| *number == 2.0), "{relays:?}");
        assert_eq!((relays.first(), relays.last()), (Some(&(2.0, 0.0)), Some(&(2.0, 1.0))), "off before the start, on on scene");
        assert!(world.has(|report| *report == FlightEvent::Light { state: LightState::Commanded }));
        assert!(!world.has(|report| *report == FlightEvent::Light { state: LightState::Lit }), "nobody reads it back");
        world.command("m", FlightCommand::Light { on: true, brightness_pct: 40 });
        world.run(10_000);
        assert_eq!(world.vehicle.relays.last(), Some(&(2.0, 1.0)), "a relay knows no half");
        world.command("m", recall());
        world.run_until_phase(240_000, FlightPhase::Landed);
        assert_eq!(world.vehicle.relays.last(), Some(&(2.0, 0.0)), "off on the way home");
        assert!(world.vehicle.servos.is_empty() && world.vehicle.actuators.is_empty());
    }
}

#[test]
fn a_servo_output_is_dimmed_by_its_pulse() {
    for (seed, weather) in [(1, CLEAR), (2, STORM), (3, STORM)] {
        let mut world = lit(LightDriver::Servo { channel: 11 }, true, weather, seed);
        let servos = &world.vehicle.servos;
        assert!(servos.iter().all(|(number, pulse)| *number == 11.0 && [1_000.0, 1_500.0, 2_000.0].contains(pulse)), "{servos:?}");
        assert_eq!((servos.first(), servos.last()), (Some(&(11.0, 1_000.0)), Some(&(11.0, 2_000.0))));
        assert!(servos.contains(&(11.0, 1_500.0)), "it dips, to show that a camera films: {servos:?}");
        assert!(!world.has(|report| *report == FlightEvent::Light { state: LightState::Lit }), "nobody reads it back");
        world.command("m", FlightCommand::Light { on: true, brightness_pct: 40 });
        world.run(10_000);
        assert_eq!(world.vehicle.servos.last(), Some(&(11.0, 1_400.0)));
        world.command("m", recall());
        world.run_until_phase(240_000, FlightPhase::Landed);
        assert_eq!(world.vehicle.servos.last(), Some(&(11.0, 1_000.0)));
        assert!(world.vehicle.relays.is_empty() && world.vehicle.actuators.is_empty());
    }
}

/// PX4 answers UNSUPPORTED to both: such a light is never told as commanded.
#[test]
fn a_driver_that_the_autopilot_does_not_know_is_never_told_as_commanded() {
    for light in [LightDriver::Servo { channel: 9 }, LightDriver::Relay { index: 0 }] {
        let world = lit(light, false, CLEAR, 4);
        let told = |state| world.has(|report| *report == FlightEvent::Light { state });
        assert!(!told(LightState::Commanded) && !told(LightState::Lit), "{light:?}: {:?}", world.reports);
    }
}
