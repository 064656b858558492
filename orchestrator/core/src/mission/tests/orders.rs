//! Orders of operators and pilots, ways home, and aircraft that do otherwise.

use expect_test::expect;
use flight_types::{FlightCommand, FlightEvent, FlightFailure, FlightPhase};

use super::bench::{Bench, account, at, called, drone, on_scene, site, square, told, zone};
use crate::config::Approval;
use crate::effect::Action;
use crate::event::Event;
use crate::mission::control::order_word;

#[test]
fn recall_wins_over_hold_and_everything_later() {
    let mut bench = on_scene(site(Approval::Automatic));
    let incident = bench.incident_of("ann");
    bench.operator(Event::HoldRequested { drone: drone("d1") });
    bench.moved("ann", &incident, at(5.0, 300.0));
    bench.operator(Event::ContinueRequested { drone: drone("d1") });
    bench.operator(Event::RecallRequested { drone: drone("d1"), rally: None });
    bench.operator(Event::HoldRequested { drone: drone("d1") });
    bench.operator(Event::ContinueRequested { drone: drone("d1") });
    bench.wait_s(3);
    bench.moved("ann", &incident, at(10.0, 300.0));
    bench.operator(Event::LightRequested { drone: drone("d1"), on: false, brightness_pct: 0 });
    told(
        &bench,
        &expect![[r#"
            0000 s  d1: fly (0, 286) at 60 m, home (0, 0)
            0000 s  caller: d1 launched
            0000 s  d1: light on 100 %
            0000 s  caller: drone on scene
            0000 s  d1: hold
            0000 s  d1: continue
            0000 s  d1: escort (3, 300) moving (0.0, 0.0)
            0000 s  d1: recall (2, 286) (0, 0)
            0003 s  d1: light off 0 %
        "#]],
    );
}

#[test]
fn a_pilot_in_control_is_left_alone_and_a_recall_waits() {
    let mut bench = on_scene(site(Approval::Automatic));
    let incident = bench.incident_of("ann");
    let (d1, by) = (drone("d1"), account("kim"));
    bench.operator(Event::ControlTaken { drone: d1.clone(), by: by.clone() });
    bench.operator(Event::HoldRequested { drone: d1.clone() });
    bench.wait_s(3);
    bench.moved("ann", &incident, at(5.0, 300.0));
    bench.operator(Event::RecallRequested { drone: d1.clone(), rally: None });
    bench.operator(Event::ControlReleased { drone: d1, by });
    told(
        &bench,
        &expect![[r#"
            0000 s  d1: fly (0, 286) at 60 m, home (0, 0)
            0000 s  caller: d1 launched
            0000 s  d1: light on 100 %
            0000 s  caller: drone on scene
            0000 s  d1: yield control
            0003 s  alert RecallWaits { drone: DroneId("d1"), pilot: AccountId("kim") }
            0003 s  d1: resume control
            0003 s  d1: recall (0, 0)
        "#]],
    );
}

#[test]
fn released_control_goes_on_with_the_escort() {
    let mut bench = on_scene(site(Approval::Automatic));
    let incident = bench.incident_of("ann");
    let (d1, by) = (drone("d1"), account("kim"));
    bench.operator(Event::ControlTaken { drone: d1.clone(), by: by.clone() });
    bench.wait_s(3);
    bench.moved("ann", &incident, at(5.0, 300.0));
    bench.operator(Event::ControlReleased { drone: d1, by });
    told(
        &bench,
        &expect![[r#"
            0000 s  d1: fly (0, 286) at 60 m, home (0, 0)
            0000 s  caller: d1 launched
            0000 s  d1: light on 100 %
            0000 s  caller: drone on scene
            0000 s  d1: yield control
            0003 s  d1: resume control
            0003 s  d1: escort (4, 300) moving (1.3, 0.0)
        "#]],
    );
}

#[test]
fn an_aircraft_that_leaves_its_mode_is_reported_and_another_goes() {
    let cases = [
        (
            "return",
            expect![[r#"
                0000 s  d1: fly (0, 286) at 60 m, home (0, 0)
                0000 s  caller: d1 launched
                0000 s  alert FlightFailed { drone: DroneId("d1"), reason: ReturnsAlone { said: "failsafe" } }
                0000 s  d1: recall (0, 0)
                0000 s  d2: fly (-14, 299) at 54 m, home (20, 0)
            "#]],
        ),
        (
            "land",
            expect![[r#"
                0000 s  d1: fly (0, 286) at 60 m, home (0, 0)
                0000 s  caller: d1 launched
                0000 s  alert FlightFailed { drone: DroneId("d1"), reason: LandsAlone { said: "failsafe" } }
                0000 s  d2: fly (-14, 299) at 54 m, home (20, 0)
            "#]],
        ),
        (
            "hold",
            expect![[r#"
                0000 s  d1: fly (0, 286) at 60 m, home (0, 0)
                0000 s  caller: d1 launched
                0000 s  alert FlightFailed { drone: DroneId("d1"), reason: ModeAlone { mode: "hold", said: "failsafe" } }
                0000 s  d2: fly (-14, 299) at 54 m, home (20, 0)
            "#]],
        ),
    ];
    for (mode, expected) in cases {
        let mut bench = called(site(Approval::Automatic));
        bench.reach("d1", &[FlightPhase::Airborne]);
        bench.report("d1", FlightEvent::ModeChanged { mode: mode.to_owned(), reason: Some("failsafe".to_owned()) });
        told(&bench, &expected);
    }
}

/// Holding in the air with nobody caring would end on an empty battery.
#[test]
fn a_recalled_aircraft_that_stops_on_its_way_home_is_called_again_and_then_a_pilot() {
    let mut bench = on_scene(site(Approval::Automatic));
    bench.operator(Event::RecallRequested { drone: drone("d1"), rally: None });
    for mode in ["hold", "return", "manual", "land", "hold", "hold", "hold", "hold"] {
        bench.report("d1", FlightEvent::ModeChanged { mode: mode.to_owned(), reason: Some("said".to_owned()) });
    }
    told(
        &bench,
        &expect![[r#"
            0000 s  d1: fly (0, 286) at 60 m, home (0, 0)
            0000 s  caller: d1 launched
            0000 s  d1: light on 100 %
            0000 s  caller: drone on scene
            0000 s  d1: recall (0, 0)
            0000 s  alert FlightFailed { drone: DroneId("d1"), reason: LeftWayHome { mode: "hold", said: "said" } }
            0000 s  d1: recall (0, 0)
            0000 s  alert FlightFailed { drone: DroneId("d1"), reason: LeftWayHome { mode: "return", said: "said" } }
            0000 s  d1: recall (0, 0)
            0000 s  alert FlightFailed { drone: DroneId("d1"), reason: LeftWayHome { mode: "manual", said: "said" } }
            0000 s  alert FlightFailed { drone: DroneId("d1"), reason: LeftWayHome { mode: "land", said: "said" } }
            0000 s  alert FlightFailed { drone: DroneId("d1"), reason: LeftWayHome { mode: "hold", said: "said" } }
            0000 s  d1: recall (0, 0)
            0000 s  alert FlightFailed { drone: DroneId("d1"), reason: LeftWayHome { mode: "hold", said: "said" } }
            0000 s  d1: recall (0, 0)
            0000 s  alert FlightFailed { drone: DroneId("d1"), reason: LeftWayHome { mode: "hold", said: "said" } }
            0000 s  d1: recall (0, 0)
            0000 s  alert FlightFailed { drone: DroneId("d1"), reason: LeftWayHome { mode: "hold", said: "said" } }
            0000 s  alert FlightFailed { drone: DroneId("d1"), reason: NotComingHome }
        "#]],
    );
}

#[test]
fn a_way_home_that_cannot_be_begun_is_ordered_again() {
    let mut bench = on_scene(site(Approval::Automatic));
    bench.operator(Event::RecallRequested { drone: drone("d1"), rally: None });
    let failure = FlightFailure::Upload { reason: "no answer".to_owned() };
    bench.report("d1", FlightEvent::Failed { failure, airborne: true });
    told(
        &bench,
        &expect![[r#"
            0000 s  d1: fly (0, 286) at 60 m, home (0, 0)
            0000 s  caller: d1 launched
            0000 s  d1: light on 100 %
            0000 s  caller: drone on scene
            0000 s  d1: recall (0, 0)
            0000 s  alert FlightFailed { drone: DroneId("d1"), reason: Failure { failure: Upload { reason: "no answer" } } }
            0000 s  d1: recall (0, 0)
        "#]],
    );
}

#[test]
fn an_aircraft_is_recalled_from_where_it_was_diverted_round_a_zone() {
    let mut site = site(Approval::Automatic);
    site.stations[0].drones.pop();
    site.stations.pop();
    site.no_fly_zones = vec![zone("school", square(100.0, 100.0, 40.0))];
    let mut bench = Bench::new(site);
    bench.survey(vec![at(0.0, 200.0), at(200.0, 200.0)]);
    bench.reach("d1", &[FlightPhase::Airborne]);
    let status = bench.status("d1");
    (status.position, status.height_m, status.armed, status.landed) = (Some(at(180.0, 200.0)), Some(60.0), Some(true), Some(false));
    bench.call("ann", at(400.0, 300.0));
    bench.operator(Event::RecallRequested { drone: drone("d1"), rally: None });
    told(
        &bench,
        &expect![[r#"
            0000 s  d1: fly (0, 200) (200, 200) at 60 m, home (155, 56) (151, 49) (144, 45) (0, 0)
            0000 s  d1: fly (180, 200) (387, 294) at 60 m, home (151, 49) (144, 45) (0, 0)
            0000 s  d1: recall (180, 200) (56, 155) (49, 151) (45, 144) (0, 0)
        "#]],
    );
}

#[test]
fn a_restart_says_again_what_still_holds() {
    let mut bench = on_scene(site(Approval::Automatic));
    bench.operator(Event::RecallRequested { drone: drone("d1"), rally: None });
    let commands: Vec<String> = bench.core.outstanding().iter().filter_map(|effect| command_word(&effect.action)).collect();
    assert_eq!(commands, ["fly from OnScene", "light", "recall"]);
}

fn command_word(action: &Action) -> Option<String> {
    use FlightCommand as C;
    match action {
        Action::Command { command: C::Fly { reached, .. }, .. } => Some(format!("fly from {reached:?}")),
        Action::Command { command, .. } => Some(order_word(command).to_owned()),
        _ => None,
    }
}
