//! The light over a caller who walks, stands, or is looked for at two places.

use expect_test::expect;
use flight_types::{FlightEvent, FlightPhase, IncidentId, LightState};

use super::bench::{Bench, at, called, on_scene, site, told};
use crate::config::Approval;
use crate::event::GeocodedAddress;

#[test]
fn plain_escort_follows_and_goes_home() {
    let mut bench = on_scene(site(Approval::Automatic));
    let incident = bench.incident_of("ann");
    bench.report("d1", FlightEvent::Light { state: LightState::Lit });
    bench.wait_s(2);
    bench.moved("ann", &incident, at(3.0, 300.0));
    bench.wait_s(1);
    bench.moved("ann", &incident, at(3.5, 300.0));
    bench.cancel("ann", &incident);
    bench.reach("d1", &[FlightPhase::Returning, FlightPhase::Landed]);
    told(
        &bench,
        &expect![[r#"
            0000 s  d1: fly (0, 286) at 60 m, home (0, 0)
            0000 s  caller: d1 launched
            0000 s  d1: light on 100 %
            0000 s  caller: drone on scene
            0002 s  d1: escort (2, 300) moving (0.8, 0.0)
            0003 s  d1: recall (2, 286) (0, 0)
            0003 s  d1: light off 0 %
        "#]],
    );
    assert!(bench.core.mission(&bench.mission_of("d1")).expect("it flew").ended);
}

/// Light and camera turn on the way already, to where the caller is by then.
#[test]
fn a_caller_who_walks_while_the_aircraft_comes_is_told_to_it() {
    let mut bench = called(site(Approval::Automatic));
    let incident = bench.incident_of("ann");
    bench.wait_s(1);
    bench.moved("ann", &incident, at(2.0, 300.0));
    bench.reach("d1", &[FlightPhase::PreflightPassed, FlightPhase::Uploaded, FlightPhase::Armed, FlightPhase::Airborne]);
    for second in 2..5 {
        bench.wait_s(1);
        bench.moved("ann", &incident, at(2.0 * f64::from(second), 300.0));
    }
    told(
        &bench,
        &expect![[r#"
            0000 s  d1: fly (0, 286) at 60 m, home (0, 0)
            0001 s  caller: d1 launched
            0002 s  d1: escort (3, 300) moving (1.1, 0.0), straight on
            0003 s  d1: escort (5, 300) moving (1.5, 0.0), straight on
            0004 s  d1: escort (7, 300) moving (1.8, 0.0), straight on
        "#]],
    );
}

/// The link takes a walker to go on: who stops is told as standing at once, however near the place that was told last.
#[test]
fn a_caller_who_stops_is_told_as_standing() {
    let mut bench = on_scene(site(Approval::Automatic));
    let incident = bench.incident_of("ann");
    for step in 1..20 {
        bench.wait_s(1);
        bench.moved_at("ann", &incident, at(1.4 * f64::from(step), 300.0), Some(1.4));
    }
    for _ in 0..10 {
        bench.wait_s(1);
        bench.moved_at("ann", &incident, at(26.6, 300.0), Some(0.0));
    }
    let last = bench.log.lines().rfind(|line| line.contains("escort")).expect("it was followed");
    assert!(last.ends_with("moving (0.0, 0.0)"), "{}", bench.log);
}

/// Comes down to a caller who stands, and up again as they go on.
#[test]
fn the_light_comes_down_to_who_stands_and_goes_up_as_they_go() {
    let mut bench = on_scene(site(Approval::Automatic));
    let incident = bench.incident_of("ann");
    stand_for_s(&mut bench, &incident, 50);
    for second in 1..4 {
        bench.wait_s(1);
        bench.moved_at("ann", &incident, at(1.4 * f64::from(second), 300.0), Some(1.4));
    }
    let heights: Vec<&str> = bench.log.lines().filter_map(|line| line.split(" from ").nth(1)).collect();
    assert_eq!(heights.first(), Some(&"32 m up, 14 m beside"), "{}", bench.log);
    assert_eq!(heights.last(), Some(&"66 m up, 14 m beside"), "{}", bench.log);
}

fn stand_for_s(bench: &mut Bench, incident: &IncidentId, seconds: i64) {
    for second in 0..seconds {
        bench.wait_s(1);
        // As fixes do, it wanders by a metre or two from second to second.
        let wander_m = [1.5, -1.2, 0.4, -2.0, 1.8][second as usize % 5];
        bench.moved_at("ann", incident, at(wander_m, 300.0 - wander_m), Some(0.0));
    }
}

/// Its column is asked for at every change: nobody of ours is passed through.
#[test]
fn nobody_comes_down_through_another_who_flies_by() {
    let mut bench = on_scene(site(Approval::Automatic));
    let incident = bench.incident_of("ann");
    stand_for_s(&mut bench, &incident, 25);
    // From (20, 0) it flies by ann, lower than d1 hangs.
    bench.call("bea", at(0.0, 420.0));
    assert!(bench.log.contains("d2: fly"), "{}", bench.log);
    stand_for_s(&mut bench, &incident, 35);
    assert!(!bench.log.contains(" m up"), "at 41 s it would have come down: {}", bench.log);
    stand_for_s(&mut bench, &incident, 60);
    assert!(bench.log.contains(" m up"), "it has passed: {}", bench.log);
}

#[test]
fn a_second_place_is_lit_too_and_waits_for_the_caller() {
    let mut bench = Bench::new(site(Approval::Automatic));
    let text = "12 Main Street".to_owned();
    let address = GeocodedAddress { text, point: Some(at(0.0, 900.0)), accuracy_m: 20.0 };
    let incident = bench.press_with("ann", at(0.0, 300.0), false, Some(address));
    bench.answer();
    let places = |bench: &Bench| bench.core.incident(&incident).expect("it is open").places.len();
    assert_eq!(places(&bench), 2);
    bench.fly_to_scene("d3");
    bench.fly_to_scene("d1");
    for east_m in [30.0, 60.0] {
        bench.wait_s(30);
        bench.moved("ann", &incident, at(east_m, 300.0));
    }
    for north_m in [560.0, 860.0] {
        bench.wait_s(180);
        bench.moved("ann", &incident, at(60.0, north_m));
    }
    told(
        &bench,
        &expect![[r#"
            0000 s  d1: fly (0, 286) at 60 m, home (0, 0)
            0000 s  d3: fly (0, 930) at 54 m, home (0, 900)
            0000 s  caller: d3 launched
            0000 s  d3: light on 100 %
            0000 s  caller: drone on scene
            0000 s  caller: d1 launched
            0000 s  d1: light on 100 %
            0000 s  caller: drone on scene
            0030 s  d1: escort (30, 300) moving (0.0, 0.0)
            0060 s  d1: escort (60, 300) moving (0.0, 0.0)
            0240 s  d1: escort (60, 560) moving (0.0, 0.0)
            0420 s  d1: escort (60, 860) moving (0.0, 0.0)
            0420 s  d3: escort (60, 860) moving (0.0, 0.0)
        "#]],
    );
}
