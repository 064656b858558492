//! Who is sent to a caller: when, by whose word, round what, and how long one is waited for.

use expect_test::expect;
use flight_types::{FlightEvent, FlightPhase};

use super::bench::{Bench, OPERATOR_30_S_DENY, OPERATOR_30_S_LAUNCH, account, at, called, drone, site, square, told, zone};
use crate::config::Approval;
use crate::event::Event;
use crate::model::Authority;

#[test]
fn a_zone_between_is_flown_round_out_and_back() {
    let mut site = site(Approval::Automatic);
    site.no_fly_zones = vec![zone("school", square(10.0, 150.0, 60.0))];
    site.stations.pop();
    let bench = called(site);
    told(
        &bench,
        &expect![[r#"
            0000 s  d1: fly (-61, 79) (-65, 86) (-65, 214) (-61, 221) (0, 286) at 60 m, home (-61, 221) (-65, 214) (-65, 86) (-61, 79) (0, 0)
        "#]],
    );
}

#[test]
fn an_operator_approves_or_denies() {
    let mut bench = called(site(OPERATOR_30_S_DENY));
    let mission = bench.mission_of("d1");
    bench.operator(Event::LaunchDenied { mission, reason: Some("crane on the pad".to_owned()) });
    let mission = bench.mission_of("d2");
    bench.operator(Event::LaunchApproved { mission: mission.clone() });
    told(
        &bench,
        &expect![[r#"
            0000 s  ask operators for d1
            0000 s  ask operators for d2
            0000 s  d2: fly (1, 286) at 60 m, home (20, 0)
        "#]],
    );
    assert_eq!(bench.core.mission(&mission).expect("it flies").authority, Authority::Operator { by: account("kim") });
}

#[test]
fn silence_means_what_the_station_says() {
    let mut bench = called(site(OPERATOR_30_S_LAUNCH));
    bench.wait_s(31);
    told(
        &bench,
        &expect![[r#"
            0000 s  ask operators for d1
            0030 s  alert ApprovalSilent { mission: MissionId("flight-000003"), outcome: Launch }
            0030 s  d1: fly (0, 286) at 60 m, home (0, 0)
        "#]],
    );
    let mut bench = called(site(OPERATOR_30_S_DENY));
    bench.wait_s(95);
    told(
        &bench,
        &expect![[r#"
            0000 s  ask operators for d1
            0030 s  alert ApprovalSilent { mission: MissionId("flight-000003"), outcome: Deny }
            0030 s  ask operators for d2
            0060 s  alert ApprovalSilent { mission: MissionId("flight-000014"), outcome: Deny }
            0060 s  ask operators for d3
            0090 s  alert ApprovalSilent { mission: MissionId("flight-000025"), outcome: Deny }
            0090 s  alert NoDrone
        "#]],
    );
}

#[test]
fn nobody_can_and_then_somebody_can() {
    let mut bench = Bench::new(site(Approval::Automatic));
    for name in ["d1", "d2", "d3"] {
        bench.status(name).battery_pct = Some(30.0);
    }
    bench.call("ann", at(0.0, 300.0));
    bench.wait_s(25);
    bench.status("d3").battery_pct = Some(90.0);
    bench.wait_s(10);
    told(
        &bench,
        &expect![[r#"
            0000 s  alert NoDrone
            0030 s  d3: fly (0, 314) at 60 m, home (0, 900)
        "#]],
    );
}

/// The caller pressed before any aircraft was heard. Nobody waits out a pause for one that stands ready.
#[test]
fn an_aircraft_that_becomes_ready_is_sent_at_once() {
    let mut bench = Bench::new(site(Approval::Automatic));
    for name in ["d1", "d2", "d3"] {
        bench.status(name).link.connected = false;
    }
    bench.call("ann", at(0.0, 300.0));
    bench.wait_s(3);
    bench.becomes_ready("d3");
    bench.wait_s(0);
    told(
        &bench,
        &expect![[r#"
            0000 s  alert NoDrone
            0003 s  d3: fly (0, 314) at 60 m, home (0, 900)
        "#]],
    );
}

/// It became ready while the answer that does not know it was on its way.
#[test]
fn an_answer_that_was_overtaken_is_asked_for_again_a_second_later() {
    let mut bench = Bench::new(site(Approval::Automatic));
    for name in ["d1", "d2", "d3"] {
        bench.status(name).link.connected = false;
    }
    bench.press("ann", at(0.0, 300.0), false);
    let stale = bench.statuses.clone();
    bench.becomes_ready("d1");
    let fresh = std::mem::replace(&mut bench.statuses, stale);
    bench.answer();
    bench.statuses = fresh;
    bench.wait_s(5);
    told(
        &bench,
        &expect![[r#"
            0000 s  alert NoDrone
            0001 s  d1: fly (0, 286) at 60 m, home (0, 0)
        "#]],
    );
}

/// Links that come and go ten times a second cost one look a second, whatever they say.
#[test]
fn a_fluttering_link_is_looked_at_once_a_second() {
    let mut bench = Bench::new(site(Approval::Automatic));
    for name in ["d1", "d2", "d3"] {
        bench.status(name).battery_pct = Some(5.0);
    }
    bench.call("ann", at(0.0, 300.0));
    let looks = bench.looks;
    for _ in 0..50 {
        bench.becomes_ready("d2");
        bench.wait_ms(100);
    }
    assert_eq!(bench.looks - looks, 5, "in five seconds");
}

/// The aircraft of another call has landed: who waits for one gets it.
#[test]
fn an_aircraft_that_is_free_again_is_sent_at_once() {
    let mut site = site(Approval::Automatic);
    site.stations.truncate(1);
    site.stations[0].drones.truncate(1);
    let mut bench = Bench::new(site);
    let first = bench.call("ann", at(0.0, 300.0));
    bench.fly_to_scene("d1");
    bench.cancel("ann", &first);
    bench.call("bob", at(200.0, 0.0));
    bench.reach("d1", &[FlightPhase::Returning]);
    bench.wait_s(62);
    bench.log.clear();
    bench.reach("d1", &[FlightPhase::Landed]);
    bench.wait_s(1);
    told(
        &bench,
        &expect![[r#"
            0062 s  d1: fly (186, 0) at 60 m, home (0, 0)
        "#]],
    );
}

#[test]
fn a_call_takes_the_aircraft_from_a_survey() {
    let mut site = site(Approval::Automatic);
    site.stations[0].drones.pop();
    site.stations.pop();
    let mut bench = Bench::new(site);
    bench.survey(vec![at(200.0, 100.0), at(200.0, 200.0)]);
    let survey = bench.mission_of("d1");
    bench.reach("d1", &[FlightPhase::Airborne]);
    let status = bench.status("d1");
    (status.position, status.height_m, status.armed, status.landed) = (Some(at(150.0, 100.0)), Some(60.0), Some(true), Some(false));
    bench.call("ann", at(0.0, 300.0));
    bench.report_on("d1", &survey, FlightEvent::Reached { phase: FlightPhase::Returning });
    bench.operator(Event::RecallRequested { drone: drone("d1"), rally: None });
    told(
        &bench,
        &expect![[r#"
            0000 s  d1: fly (200, 100) (200, 200) at 60 m, home (0, 0)
            0000 s  d1: fly (150, 100) (8, 289) at 60 m, home (0, 0)
            0000 s  d1: recall (0, 0)
        "#]],
    );
}

#[test]
fn two_calls_and_one_aircraft() {
    let mut site = site(Approval::Automatic);
    site.stations[0].drones.pop();
    site.stations.pop();
    let mut bench = Bench::new(site);
    let first = bench.press("ann", at(0.0, 300.0), false);
    bench.press("ben", at(300.0, 0.0), false);
    bench.answer();
    bench.fly_to_scene("d1");
    bench.cancel("ann", &first);
    bench.reach("d1", &[FlightPhase::Returning, FlightPhase::Landed]);
    bench.wait_s(10);
    told(
        &bench,
        &expect![[r#"
            0000 s  d1: fly (0, 286) at 60 m, home (0, 0)
            0000 s  alert NoDrone
            0000 s  caller: d1 launched
            0000 s  d1: light on 100 %
            0000 s  caller: drone on scene
            0000 s  d1: recall (0, 0)
            0001 s  d1: fly (286, 0) at 60 m, home (0, 0)
        "#]],
    );
}

#[test]
fn a_drill_stays_on_the_ground() {
    let mut bench = Bench::new(site(Approval::Automatic));
    let incident = bench.press("ann", at(0.0, 300.0), true);
    bench.answer();
    assert_eq!(bench.core.missions().count(), 0);
    let timeline = &bench.core.incident(&incident).expect("it is open").timeline;
    assert!(timeline.iter().any(|item| item.what == "drone_not_in_drill"));
}
