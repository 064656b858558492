//! Aircraft that are met again, lost and found, or called home by what is left: against a scripted aircraft in virtual time.

mod support;

use flight_types::{FlightCommand, FlightEvent, FlightFailure, FlightPhase, HomeCharge, Local, Scene};
use support::vehicle::{self, HOLD, MISSION};
use support::*;

#[test]
fn a_restarted_program_adopts_the_aircraft_and_launches_no_second_time() {
    for phase in [FlightPhase::Armed, FlightPhase::Airborne, FlightPhase::OnScene, FlightPhase::Returning, FlightPhase::Landed] {
        let mut world = world_at(phase, CLEAR, 7);
        let launched = world.vehicle.launches;
        world.run(1_500);
        world.restart_link();
        world.command("m", fly(plan("m"), phase));
        if phase < FlightPhase::Returning {
            if phase < FlightPhase::OnScene {
                world.run_until_phase(120_000, FlightPhase::OnScene);
            }
            world.run(20_000);
            world.command("m", recall());
        }
        world.run_until_phase(240_000, FlightPhase::Landed);
        world.run(20_000);
        assert!(world.vehicle.landed && !world.vehicle.armed, "{phase:?}");
        assert_eq!(world.vehicle.launches, launched.max(1), "{phase:?}");
        assert!(!world.has(|report| matches!(report, FlightEvent::Failed { .. })), "{phase:?}: {:?}", world.reports);
    }
}

#[test]
fn one_that_has_landed_with_its_list_on_board_is_put_into_hold() {
    // By its own way home, and found on its pad by a program that was away meanwhile.
    for away in [false, true] {
        let mut world = world_at(FlightPhase::Returning, CLEAR, 7);
        if away {
            world.weather.loss_pct = 100;
            world.run(240_000);
            assert!(world.vehicle.landed && world.vehicle.mode == MISSION);
            world.weather = CLEAR;
            world.vehicle.clock_ahead_ms = 120_000;
            world.restart_link();
            world.command("m", fly(plan("m"), FlightPhase::Returning));
        }
        world.run_until_phase(240_000, FlightPhase::Landed);
        world.run(3_000);
        assert_eq!((world.vehicle.mode, world.vehicle.armed), (HOLD, false), "away {away}");
    }
}

#[test]
fn one_that_may_be_in_the_air_is_waited_for_after_a_restart() {
    for phase in [FlightPhase::Armed, FlightPhase::Airborne, FlightPhase::OnScene, FlightPhase::Returning] {
        let mut world = world_at(phase, CLEAR, 7);
        // It was switched on long before its flight.
        world.vehicle.clock_ahead_ms = 120_000;
        world.restart_link();
        world.weather.loss_pct = 100;
        world.command("m", fly(plan("m"), phase));
        world.run(60_000);
        assert!(world.has(|report| *report == FlightEvent::LinkLost), "{:?}", world.reports);
        world.weather = CLEAR;
        world.run_until(10_000, |report| *report == FlightEvent::LinkRegained);
        world.command("m", recall());
        world.run_until_phase(240_000, FlightPhase::Landed);
        world.run(20_000);
        assert!(world.vehicle.landed && !world.vehicle.armed && world.vehicle.launches <= 1, "{phase:?}");
        assert!(!world.has(|report| matches!(report, FlightEvent::Failed { .. })), "{phase:?}: {:?}", world.reports);
    }
}

#[test]
fn a_hold_that_is_said_again_before_the_aircraft_is_met_holds() {
    let mut world = world_at(FlightPhase::Airborne, CLEAR, 7);
    world.run(4_000);
    world.command("m", FlightCommand::Hold);
    while world.vehicle.mode != HOLD {
        world.run(100);
    }
    world.restart_link();
    let orders = world.vehicle.modes_ordered.len();
    world.command("m", fly(plan("m"), FlightPhase::Airborne));
    world.command("m", FlightCommand::Hold);
    world.run(30_000);
    assert_eq!((world.vehicle.mode, world.vehicle.modes_ordered.len()), (HOLD, orders), "nobody ordered it on");
    world.command("m", FlightCommand::Continue);
    world.run_until_phase(120_000, FlightPhase::OnScene);
}

#[test]
fn a_line_that_breaks_at_the_lift_off_says_nothing_of_the_aircraft() {
    let mut world = world_at(FlightPhase::Armed, CLEAR, 7);
    // The order to fly is on its way already.
    world.run(300);
    world.weather.loss_pct = 100;
    world.run(45_000);
    world.weather = CLEAR;
    world.run_until_phase(120_000, FlightPhase::OnScene);
    assert!(!world.has(|report| matches!(report, FlightEvent::Failed { .. })), "{:?}", world.reports);
}

#[test]
fn a_way_home_that_takes_more_is_begun_with_more_left() {
    let mut far = plan("m");
    far.home_charge = Some(HomeCharge { from_scene_pct: 40.0, per_metre_pct: 0.0, in_wind: None });
    let mut world = World::new(9, CLEAR);
    world.vehicle.battery_pct = 45;
    world.command("m", fly(far, FlightPhase::Ordered));
    world.run_until_phase(240_000, FlightPhase::OnScene);
    world.run(10_000);
    assert!(!world.has(|report| matches!(report, FlightEvent::BatteryLow { .. })), "45 % are enough");
    world.vehicle.battery_pct = 39;
    world.run_until(10_000, |report| matches!(report, FlightEvent::BatteryLow { remaining_pct } if *remaining_pct == 39.0));
}

#[test]
fn of_two_batteries_the_emptiest_decides() {
    let mut world = world_at(FlightPhase::OnScene, CLEAR, 9);
    world.vehicle.second_battery_pct = Some(22);
    world.run_until(10_000, |report| matches!(report, FlightEvent::BatteryLow { remaining_pct } if *remaining_pct == 22.0));
}

#[test]
fn one_that_has_come_down_is_not_lifted_again_by_a_restart() {
    let mut world = world_at(FlightPhase::Returning, CLEAR, 7);
    while !world.vehicle.landed {
        world.run(100);
    }
    assert!(world.vehicle.armed, "its motors still turn");
    let orders = world.vehicle.modes_ordered.len();
    world.restart_link();
    world.command("m", fly(plan("m"), FlightPhase::Returning));
    world.run_until_phase(30_000, FlightPhase::Landed);
    world.run(10_000);
    assert!(world.vehicle.landed && !world.vehicle.armed);
    assert_eq!((world.vehicle.launches, &world.vehicle.modes_ordered[orders..]), (1, &[HOLD][..]), "nothing that flies");
}

#[test]
fn a_way_home_that_is_drawn_again_is_begun_at_its_beginning() {
    let mut world = World::new(8, CLEAR);
    world.vehicle.become_arducopter();
    world.command("m", fly(plan("m"), FlightPhase::Ordered));
    world.run_until_phase(240_000, FlightPhase::OnScene);
    world.command("m", recall());
    world.run_until_phase(60_000, FlightPhase::Returning);
    while world.vehicle.current < 4 {
        world.run(100);
    }
    world.vehicle.mode = vehicle::LAND;
    world.run_until(10_000, |report| matches!(report, FlightEvent::ModeChanged { .. }));
    world.command("m", FlightCommand::Recall { homeward: vec![at(0.0, 60.0), home()], rally: None });
    while world.vehicle.mode != MISSION {
        world.run(100);
    }
    assert!(world.vehicle.current < 3, "it goes on at item {} of the new list", world.vehicle.current);
    world.run_until_phase(240_000, FlightPhase::Landed);
}

#[test]
fn an_aircraft_in_the_air_with_another_plan_is_left_alone() {
    let mut world = world_at(FlightPhase::Airborne, CLEAR, 8);
    world.restart_link();
    let orders = world.vehicle.modes_ordered.len();
    let mut other = plan("other");
    other.outbound[1] = at(150.0, 120.0);
    world.command("other", fly(other, FlightPhase::Ordered));
    world.run_until(20_000, |report| *report == FlightEvent::Failed { failure: FlightFailure::ForeignMission, airborne: true });
    world.command("other", recall());
    world.run(10_000);
    assert_eq!(world.vehicle.modes_ordered.len(), orders);
}

#[test]
fn a_restarted_program_knows_an_aircraft_that_was_diverted_in_the_air() {
    for phase in [FlightPhase::Airborne, FlightPhase::OnScene] {
        let mut world = World::new(21, CLEAR);
        let mut survey = plan("survey");
        survey.scene = Scene::Survey { manner: None };
        survey.outbound = vec![at(0.0, 80.0), at(-150.0, 80.0), at(-150.0, 150.0), at(0.0, 150.0)];
        survey.homeward = vec![at(0.0, 80.0), at(0.0, 0.0)];
        world.command("survey", fly(survey, FlightPhase::Ordered));
        world.run_until_phase(120_000, FlightPhase::Airborne);
        world.run(10_000);
        world.reports.clear();
        world.command("m", fly(plan("m"), FlightPhase::Ordered));
        world.run_until_phase(240_000, phase);
        world.run(1_500);
        world.restart_link();
        world.reports.clear();
        world.command("m", fly(plan("m"), phase));
        if phase == FlightPhase::Airborne {
            world.run_until_phase(240_000, FlightPhase::OnScene);
        }
        world.run(5_000);
        world.command("m", recall());
        world.run_until_phase(240_000, FlightPhase::Landed);
        assert!(!world.has(|report| matches!(report, FlightEvent::Failed { .. })), "{phase:?}: {:?}", world.reports);
        assert_eq!((world.vehicle.launches, world.vehicle.arms), (1, 1), "{phase:?}");
    }
}

/// Its computer and ours start anew in the same moment: it falls, and says what one says that has landed.
#[test]
fn one_that_is_found_on_its_pad_with_a_young_computer_is_not_told_as_landed() {
    for (up_ms, landed) in [(2_000, false), (30_000, false), (90_000, true)] {
        let mut world = world_at(FlightPhase::Airborne, CLEAR, 7);
        world.restart_link();
        (world.vehicle.landed, world.vehicle.armed, world.vehicle.mode, world.vehicle.height_m) = (true, false, HOLD, 0.0);
        world.vehicle.place = Local::default();
        world.vehicle.clock_ahead_ms = up_ms - i64::try_from(world.now_ms).expect("a short test");
        world.command("m", fly(plan("m"), FlightPhase::Airborne));
        let ends = |report: &FlightEvent| matches!(report, FlightEvent::Reached { .. } | FlightEvent::Failed { .. });
        world.run_until(20_000, ends);
        let told = world.has(|report| *report == reached(FlightPhase::Landed));
        assert_eq!(told, landed, "running for {up_ms} ms: {:?}", world.reports);
        let down = world.has(|report| {
            matches!(report, FlightEvent::Failed { failure: FlightFailure::Down { reason }, airborne: false }
                if reason == "its computer started anew while nobody listened, 0 m from its pad")
        });
        assert_eq!(down, !landed, "{:?}", world.reports);
    }
}
