//! Somebody else's aircraft comes near: on the way out, on scene, and on the way home.

use expect_test::expect;
use flight_types::{FlightCommand, FlightEvent, FlightPhase, LightState};

use super::bench::{Bench, account, at, called, drone, on_scene, site, square, told};
use crate::config::{Approval, SiteObstacle};
use crate::event::{Actor, Event, Role};

/// A helicopter, as a link tells it that has aircraft wait on their way home, or one of before.
fn helicopter(waits: bool) -> FlightEvent {
    FlightEvent::Intruder { name: "HELI1".to_owned(), distance_m: 900.0, above_m: 20.0, waits }
}

/// An escort with the light on, 300 m north.
fn lit() -> Bench {
    let mut bench = on_scene(site(Approval::Automatic));
    bench.report("d1", FlightEvent::Light { state: LightState::Lit });
    bench
}

fn cancel(bench: &mut Bench) {
    let incident = bench.incident_of("ann");
    bench.cancel("ann", &incident);
}

/// The same on its way home, because the call is over.
fn on_its_way_home() -> Bench {
    let mut bench = lit();
    cancel(&mut bench);
    bench.reach("d1", &[FlightPhase::Returning]);
    bench.log.clear();
    bench.commands.clear();
    bench
}

fn gives_way(bench: &Bench) -> bool {
    bench.core.mission(&bench.mission_of("d1")).expect("it flies").gives_way
}

fn pilot() -> Actor {
    Actor::Account { id: account("lee"), role: Role::Pilot }
}

/// The caller's place is in doubt, so that their light hangs as high as others fly.
#[test]
fn who_lights_from_high_up_gives_way_on_scene_too() {
    let mut bench = on_scene(site(Approval::Automatic));
    bench.report("d1", helicopter(false));
    bench.wait_s(20);
    bench.report("d1", FlightEvent::IntruderGone);
    told(
        &bench,
        &expect![[r#"
            0000 s  d1: fly (0, 286) at 60 m, home (0, 0)
            0000 s  caller: d1 launched
            0000 s  d1: light on 100 %
            0000 s  caller: drone on scene
            0000 s  alert FlightFailed { drone: DroneId("d1"), reason: Intruder { name: "HELI1", distance_m: 900, above_m: 20 } }
            0000 s  d1: give way at 20 m
            0020 s  d1: continue
        "#]],
    );
}

#[test]
fn on_its_way_home_it_waits_and_its_link_has_it_go_on() {
    let mut bench = on_its_way_home();
    bench.report("d1", helicopter(true));
    assert!(gives_way(&bench));
    bench.wait_s(60);
    bench.report("d1", FlightEvent::IntruderGone);
    assert!(!gives_way(&bench));
    bench.report("d1", helicopter(true));
    bench.report("d1", FlightEvent::WaitsNoLonger { remaining_pct: 24.6 });
    assert!(!gives_way(&bench));
    told(
        &bench,
        &expect![[r#"
            0000 s  alert FlightFailed { drone: DroneId("d1"), reason: Intruder { name: "HELI1", distance_m: 900, above_m: 20 } }
            0000 s  d1: give way at 20 m
            0060 s  alert FlightFailed { drone: DroneId("d1"), reason: Intruder { name: "HELI1", distance_m: 900, above_m: 20 } }
            0060 s  d1: give way at 20 m
            0060 s  alert FlightFailed { drone: DroneId("d1"), reason: WaitsNoLonger { remaining_pct: 25 } }
        "#]],
    );
}

/// A log of before has no word of waiting, and a link of before would not end it.
#[test]
fn by_a_link_of_before_it_is_told_and_not_moved() {
    let mut bench = on_its_way_home();
    bench.report("d1", helicopter(false));
    bench.report("d1", FlightEvent::IntruderGone);
    assert_eq!(bench.commands, []);
    let text = r#"{"report":"intruder","name":"HELI1","distance_m":900.0,"above_m":20.0}"#;
    let old: FlightEvent = serde_json::from_str(text).expect("a report of before");
    assert_eq!(old, helicopter(false));
    assert_eq!(serde_json::to_string(&old).expect("plain data"), text, "and is written as it was: logs are chained");
}

#[test]
fn called_home_while_somebody_is_near_it_waits_before_it_leaves() {
    let mut bench = lit();
    bench.report("d1", helicopter(true));
    bench.log.clear();
    cancel(&mut bench);
    told(
        &bench,
        &expect![[r#"
            0000 s  d1: recall (0, 0)
            0000 s  d1: give way at 20 m
        "#]],
    );
    // When it is called home after the other has gone it just goes.
    let mut bench = lit();
    bench.report("d1", helicopter(true));
    bench.report("d1", FlightEvent::IntruderGone);
    cancel(&mut bench);
    assert!(matches!(bench.commands.last(), Some((_, FlightCommand::Recall { .. }))), "{:?}", bench.commands);
}

#[test]
fn whom_the_charge_calls_home_is_told_to_wait_and_the_link_says_whether_it_can() {
    let mut bench = lit();
    bench.report("d1", helicopter(true));
    bench.log.clear();
    bench.report("d1", FlightEvent::BatteryLow { remaining_pct: 24.6 });
    assert!(bench.log.contains("d1: give way at 20 m"), "{}", bench.log);
    bench.report("d1", FlightEvent::WaitsNoLonger { remaining_pct: 24.6 });
    assert!(bench.log.contains("WaitsNoLonger { remaining_pct: 25 }"), "{}", bench.log);
    // It leaves its way by itself and is called again: what its link said holds until somebody else comes.
    bench.commands.clear();
    bench.report("d1", FlightEvent::ModeChanged { mode: "return".to_owned(), reason: None });
    assert!(matches!(bench.commands[..], [(_, FlightCommand::Recall { .. })]), "{:?}", bench.commands);
}

#[test]
fn a_persons_order_is_not_waited_with() {
    let by = || Event::RecallRequested { drone: drone("d1"), rally: None };
    // Called home by a person who was told that somebody is near.
    let mut bench = lit();
    bench.report("d1", helicopter(true));
    bench.commands.clear();
    bench.operator(by());
    let moves = |bench: &Bench| bench.commands.iter().filter(|(_, command)| command.moves()).count();
    assert_eq!(moves(&bench), 1, "{:?}", bench.commands);
    // Called again while it waits; and it is not held back again by the same aircraft.
    let mut bench = on_its_way_home();
    bench.report("d1", helicopter(true));
    bench.operator(by());
    assert!(!gives_way(&bench));
    bench.report("d1", FlightEvent::ModeChanged { mode: "hold".to_owned(), reason: None });
    let last_two = &bench.commands[bench.commands.len() - 2..];
    assert!(last_two.iter().all(|(_, command)| matches!(command, FlightCommand::Recall { .. })), "{:?}", bench.commands);
    // Ordered down.
    let mut bench = on_its_way_home();
    bench.report("d1", helicopter(true));
    bench.operator(Event::LandRequested { drone: drone("d1") });
    assert!(!gives_way(&bench));
    assert_eq!(bench.commands.last().map(|(_, command)| command), Some(&FlightCommand::Land));
    // Called home by a person before: who comes then is given way to.
    let mut bench = lit();
    bench.operator(by());
    bench.report("d1", helicopter(true));
    assert!(gives_way(&bench) && bench.log.contains("d1: give way at 20 m"), "{}", bench.log);
}

#[test]
fn a_pilot_is_left_alone_and_it_waits_when_control_is_given_back() {
    let mut bench = on_its_way_home();
    bench.enter(pilot(), Event::ControlTaken { drone: drone("d1"), by: account("lee") });
    bench.log.clear();
    bench.report("d1", helicopter(true));
    assert!(!gives_way(&bench));
    bench.enter(pilot(), Event::ControlReleased { drone: drone("d1"), by: account("lee") });
    told(
        &bench,
        &expect![[r#"
            0000 s  alert FlightFailed { drone: DroneId("d1"), reason: Intruder { name: "HELI1", distance_m: 900, above_m: 20 } }
            0000 s  d1: resume control
            0000 s  d1: recall (0, 0)
            0000 s  d1: give way at 20 m
        "#]],
    );
}

#[test]
fn on_the_pad_and_on_the_ground_nothing_is_ordered() {
    let mut bench = called(site(Approval::Automatic));
    bench.reach("d1", &[FlightPhase::PreflightPassed, FlightPhase::Uploaded, FlightPhase::Armed]);
    cancel(&mut bench);
    bench.commands.clear();
    bench.report("d1", helicopter(true));
    assert_eq!(bench.commands, []);
}

/// A house of 40 m by the way home of somebody who was followed round it, and none by the way out.
#[test]
fn it_does_not_sink_onto_a_house_by_its_way_home() {
    let mut site = site(Approval::Automatic);
    let house = square(150.0, 150.0, 40.0);
    let id = flight_types::ZoneId::new("house").expect("an id");
    site.obstacles.push(SiteObstacle { id, ring: house, top_amsl_m: 70.0 });
    let mut bench = on_scene(site);
    let incident = bench.incident_of("ann");
    for step in 1..=30 {
        bench.wait_s(10);
        bench.moved("ann", &incident, at(10.0 * f64::from(step), 300.0));
    }
    bench.report("d1", helicopter(true));
    bench.report("d1", FlightEvent::BatteryLow { remaining_pct: 24.6 });
    assert!(bench.log.contains("d1: recall (290, 290) (0, 0)\n0300 s  d1: give way at 48 m\n"), "{}", bench.log);
}
