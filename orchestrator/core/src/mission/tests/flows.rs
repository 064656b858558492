//! What a site sees of its aircraft in each story.

use expect_test::{Expect, expect};
use flight_types::{FlightEvent, FlightFailure, FlightPhase, LightState};

use super::bench::{Bench, OPERATOR_30_S_DENY, OPERATOR_30_S_LAUNCH, account, at, drone, site, square, zone};
use crate::config::Approval;
use crate::event::{Event, GeocodedAddress};
use crate::model::Authority;

fn told(bench: &Bench, expected: &Expect) {
    expected.assert_eq(&bench.log);
}

#[test]
fn plain_escort_follows_and_goes_home() {
    let mut bench = Bench::new(site(Approval::Automatic));
    let incident = bench.call("ann", at(0.0, 300.0));
    bench.fly_to_scene("d1");
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
    let mut bench = Bench::new(site(Approval::Automatic));
    let incident = bench.call("ann", at(0.0, 300.0));
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
    let mut bench = Bench::new(site(Approval::Automatic));
    let incident = bench.call("ann", at(0.0, 300.0));
    bench.fly_to_scene("d1");
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
    let mut bench = Bench::new(site(Approval::Automatic));
    let incident = bench.call("ann", at(0.0, 300.0));
    bench.fly_to_scene("d1");
    stand_for_s(&mut bench, &incident, 50);
    for second in 1..4 {
        bench.wait_s(1);
        bench.moved_at("ann", &incident, at(1.4 * f64::from(second), 300.0), Some(1.4));
    }
    let heights: Vec<&str> = bench.log.lines().filter_map(|line| line.split(" from ").nth(1)).collect();
    assert_eq!(heights.first(), Some(&"32 m up, 14 m beside"), "{}", bench.log);
    assert_eq!(heights.last(), Some(&"66 m up, 14 m beside"), "{}", bench.log);
}

fn stand_for_s(bench: &mut Bench, incident: &flight_types::IncidentId, seconds: i64) {
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
    let mut bench = Bench::new(site(Approval::Automatic));
    let incident = bench.call("ann", at(0.0, 300.0));
    bench.fly_to_scene("d1");
    stand_for_s(&mut bench, &incident, 25);
    // From (20, 0) it flies by ann, lower than d1 hangs.
    bench.call("bea", at(0.0, 420.0));
    assert!(bench.log.contains("d2: fly"), "{}", bench.log);
    stand_for_s(&mut bench, &incident, 35);
    assert!(!bench.log.contains(" m up"), "at 41 s it would have come down: {}", bench.log);
    stand_for_s(&mut bench, &incident, 60);
    assert!(bench.log.contains(" m up"), "it has passed: {}", bench.log);
}

/// A relief that comes without light stays until another has one, is told to operators, and is not sent to this caller again.
#[test]
fn a_relief_without_light_is_followed_by_the_next() {
    let mut bench = Bench::new(site(Approval::Automatic));
    bench.call("ann", at(0.0, 300.0));
    bench.fly_to_scene("d1");
    bench.report("d1", FlightEvent::Light { state: LightState::Lit });
    bench.report("d1", FlightEvent::Light { state: LightState::Fault });
    bench.answer();
    assert!(bench.log.contains("d2: fly"), "{}", bench.log);
    bench.fly_to_scene("d2");
    bench.report("d2", FlightEvent::Light { state: LightState::Fault });
    bench.answer();
    assert_eq!(bench.log.matches("LightFaulty").count(), 2, "{}", bench.log);
    assert!(bench.log.contains("d3: fly") && !bench.log.contains("recall"), "{}", bench.log);
    // On its pad again, its light off: nothing shows the fault any more, and it is not forgotten.
    bench.report("d1", FlightEvent::Light { state: LightState::Off });
    bench.reach("d1", &[FlightPhase::Returning, FlightPhase::Landed]);
    bench.report("d3", FlightEvent::Failed { failure: FlightFailure::NoAnswer, airborne: false });
    bench.wait_s(200);
    assert_eq!(bench.log.matches("d1: fly").count(), 1, "{}", bench.log);
}

/// Aircraft that were with one caller leave one after the other.
#[test]
fn two_do_not_leave_a_scene_at_once() {
    let mut bench = Bench::new(site(Approval::Automatic));
    let incident = bench.call("ann", at(0.0, 300.0));
    bench.fly_to_scene("d1");
    bench.report("d1", FlightEvent::Light { state: LightState::Fault });
    bench.answer();
    bench.fly_to_scene("d2");
    bench.cancel("ann", &incident);
    let left = |bench: &Bench| ["d1: recall", "d2: recall"].map(|order| bench.log.contains(order));
    assert_eq!(left(&bench), [true, false], "{}", bench.log);
    bench.wait_s(29);
    assert_eq!(left(&bench), [true, false], "{}", bench.log);
    bench.wait_s(2);
    assert_eq!(left(&bench), [true, true], "{}", bench.log);
}

#[test]
fn a_zone_between_is_flown_round_out_and_back() {
    let mut site = site(Approval::Automatic);
    site.no_fly_zones = vec![zone("school", square(10.0, 150.0, 60.0))];
    site.stations.pop();
    let mut bench = Bench::new(site);
    bench.call("ann", at(0.0, 300.0));
    told(
        &bench,
        &expect![[r#"
            0000 s  d1: fly (-61, 79) (-65, 86) (-65, 214) (-61, 221) (0, 286) at 60 m, home (-61, 221) (-65, 214) (-65, 86) (-61, 79) (0, 0)
        "#]],
    );
}

#[test]
fn an_operator_approves_or_denies() {
    let mut bench = Bench::new(site(OPERATOR_30_S_DENY));
    bench.call("ann", at(0.0, 300.0));
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
    let mut bench = Bench::new(site(OPERATOR_30_S_LAUNCH));
    bench.call("ann", at(0.0, 300.0));
    bench.wait_s(31);
    told(
        &bench,
        &expect![[r#"
            0000 s  ask operators for d1
            0030 s  alert ApprovalSilent { mission: MissionId("flight-000003"), outcome: Launch }
            0030 s  d1: fly (0, 286) at 60 m, home (0, 0)
        "#]],
    );
    let mut bench = Bench::new(site(OPERATOR_30_S_DENY));
    bench.call("ann", at(0.0, 300.0));
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
fn one_that_will_not_arm_is_replaced() {
    let mut bench = Bench::new(site(Approval::Automatic));
    bench.call("ann", at(0.0, 300.0));
    bench.reach("d1", &[FlightPhase::PreflightPassed, FlightPhase::Uploaded]);
    let failure = FlightFailure::ArmRefused { reason: "compass".to_owned() };
    bench.report("d1", FlightEvent::Failed { failure, airborne: false });
    told(
        &bench,
        &expect![[r#"
            0000 s  d1: fly (0, 286) at 60 m, home (0, 0)
            0000 s  alert FlightFailed { drone: DroneId("d1"), reason: Failure { failure: ArmRefused { reason: "compass" } } }
            0000 s  d2: fly (1, 286) at 60 m, home (20, 0)
        "#]],
    );
}

#[test]
fn a_failure_in_the_air_brings_it_home_and_sends_another() {
    let mut bench = Bench::new(site(Approval::Automatic));
    bench.call("ann", at(0.0, 300.0));
    bench.reach("d1", &[FlightPhase::Airborne]);
    let failure = FlightFailure::Timeout { step: "transit".to_owned(), limit_s: 120 };
    bench.report("d1", FlightEvent::Failed { failure, airborne: true });
    told(
        &bench,
        &expect![[r#"
            0000 s  d1: fly (0, 286) at 60 m, home (0, 0)
            0000 s  caller: d1 launched
            0000 s  alert FlightFailed { drone: DroneId("d1"), reason: Failure { failure: Timeout { step: "transit", limit_s: 120 } } }
            0000 s  d1: recall (0, 0)
            0000 s  d2: fly (-14, 299) at 54 m, home (20, 0)
        "#]],
    );
}

#[test]
fn low_battery_is_relieved() {
    let mut bench = Bench::new(site(Approval::Automatic));
    bench.call("ann", at(0.0, 300.0));
    bench.fly_to_scene("d1");
    bench.report("d1", FlightEvent::BatteryLow { remaining_pct: 24.6 });
    bench.fly_to_scene("d2");
    bench.reach("d1", &[FlightPhase::Returning, FlightPhase::Landed]);
    told(
        &bench,
        &expect![[r#"
            0000 s  d1: fly (0, 286) at 60 m, home (0, 0)
            0000 s  caller: d1 launched
            0000 s  d1: light on 100 %
            0000 s  caller: drone on scene
            0000 s  d1: recall (0, 0)
            0000 s  d2: fly (-14, 299) at 54 m, home (20, 0)
            0000 s  caller: d2 launched
            0000 s  d2: light on 100 %
            0000 s  caller: drone on scene
        "#]],
    );
}

#[test]
fn a_relief_comes_before_the_charge_ends_and_takes_over() {
    let mut bench = Bench::new(site(Approval::Automatic));
    bench.call("ann", at(0.0, 300.0));
    bench.fly_to_scene("d1");
    bench.wait_s(1_200);
    bench.fly_to_scene("d2");
    assert!(!bench.core.mission(&bench.mission_of("d1")).expect("it flew").recalled, "not before the relief's light is on");
    bench.report("d2", FlightEvent::Light { state: LightState::Lit });
    told(
        &bench,
        &expect![[r#"
            0000 s  d1: fly (0, 286) at 60 m, home (0, 0)
            0000 s  caller: d1 launched
            0000 s  d1: light on 100 %
            0000 s  caller: drone on scene
            0766 s  d2: fly (-14, 299) at 54 m, home (20, 0)
            1200 s  caller: d2 launched
            1200 s  d2: light on 100 %
            1200 s  caller: drone on scene
            1200 s  d1: recall (0, 0)
        "#]],
    );
}

/// The pack is older than anybody knew: what is left on scene decides, once.
#[test]
fn a_charge_that_falls_faster_than_planned_brings_the_relief_forward() {
    let mut bench = Bench::new(site(Approval::Automatic));
    bench.call("ann", at(0.0, 300.0));
    bench.fly_to_scene("d1");
    bench.wait_s(60);
    assert_eq!(bench.hears("d1", at(0.0, 286.0), 20.0, 90.0), None);
    let short = bench.hears("d1", at(0.0, 286.0), 20.0, 33.0).expect("it cannot stay until its relief");
    assert!(matches!(&short, Event::ChargeShort { left_s, .. } if (30..=150).contains(left_s)), "{short:?}");
    bench.answer();
    assert_eq!(bench.hears("d1", at(0.0, 286.0), 20.0, 32.0), None, "it is told once");
    bench.fly_to_scene("d2");
    bench.report("d2", FlightEvent::Light { state: LightState::Lit });
    told(
        &bench,
        &expect![[r#"
            0000 s  d1: fly (0, 286) at 60 m, home (0, 0)
            0000 s  caller: d1 launched
            0000 s  d1: light on 100 %
            0000 s  caller: drone on scene
            0060 s  d2: fly (-14, 299) at 54 m, home (20, 0)
            0060 s  caller: d2 launched
            0060 s  d2: light on 100 %
            0060 s  caller: drone on scene
            0060 s  d1: recall (0, 0)
        "#]],
    );
}

#[test]
fn a_link_lost_for_long_sends_another() {
    let mut bench = Bench::new(site(Approval::Automatic));
    bench.call("ann", at(0.0, 300.0));
    bench.reach("d1", &[FlightPhase::Airborne]);
    bench.report("d1", FlightEvent::LinkLost);
    bench.wait_s(5);
    bench.report("d1", FlightEvent::LinkRegained);
    bench.wait_s(20);
    bench.report("d1", FlightEvent::LinkLost);
    bench.wait_s(20);
    told(
        &bench,
        &expect![[r#"
            0000 s  d1: fly (0, 286) at 60 m, home (0, 0)
            0000 s  caller: d1 launched
            0000 s  alert LinkLost { drone: DroneId("d1") }
            0025 s  alert LinkLost { drone: DroneId("d1") }
            0040 s  d2: fly (-14, 299) at 54 m, home (20, 0)
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
fn recall_wins_over_hold_and_everything_later() {
    let mut bench = Bench::new(site(Approval::Automatic));
    let incident = bench.call("ann", at(0.0, 300.0));
    bench.fly_to_scene("d1");
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
    let mut bench = Bench::new(site(Approval::Automatic));
    let incident = bench.call("ann", at(0.0, 300.0));
    bench.fly_to_scene("d1");
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
    let mut bench = Bench::new(site(Approval::Automatic));
    let incident = bench.call("ann", at(0.0, 300.0));
    bench.fly_to_scene("d1");
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
        let mut bench = Bench::new(site(Approval::Automatic));
        bench.call("ann", at(0.0, 300.0));
        bench.reach("d1", &[FlightPhase::Airborne]);
        bench.report("d1", FlightEvent::ModeChanged { mode: mode.to_owned(), reason: Some("failsafe".to_owned()) });
        told(&bench, &expected);
    }
}

/// Holding in the air with nobody caring would end on an empty battery.
#[test]
fn a_recalled_aircraft_that_stops_on_its_way_home_is_called_again_and_then_a_pilot() {
    let mut bench = Bench::new(site(Approval::Automatic));
    bench.call("ann", at(0.0, 300.0));
    bench.fly_to_scene("d1");
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
    let mut bench = Bench::new(site(Approval::Automatic));
    bench.call("ann", at(0.0, 300.0));
    bench.fly_to_scene("d1");
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

#[test]
fn a_drill_stays_on_the_ground() {
    let mut bench = Bench::new(site(Approval::Automatic));
    let incident = bench.press("ann", at(0.0, 300.0), true);
    bench.answer();
    assert_eq!(bench.core.missions().count(), 0);
    let timeline = &bench.core.incident(&incident).expect("it is open").timeline;
    assert!(timeline.iter().any(|item| item.what == "drone_not_in_drill"));
}

#[test]
fn a_restart_says_again_what_still_holds() {
    let mut bench = Bench::new(site(Approval::Automatic));
    bench.call("ann", at(0.0, 300.0));
    bench.fly_to_scene("d1");
    bench.operator(Event::RecallRequested { drone: drone("d1"), rally: None });
    let commands: Vec<String> = bench.core.outstanding().iter().filter_map(|effect| command_word(&effect.action)).collect();
    assert_eq!(commands, ["fly from OnScene", "light", "recall"]);
}

fn command_word(action: &crate::effect::Action) -> Option<String> {
    use flight_types::FlightCommand as C;
    match action {
        crate::effect::Action::Command { command: C::Fly { reached, .. }, .. } => Some(format!("fly from {reached:?}")),
        crate::effect::Action::Command { command, .. } => Some(super::super::control::order_word(command).to_owned()),
        _ => None,
    }
}
