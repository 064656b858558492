//! Another comes for one that fails, is not heard, or has no light or charge left.

use expect_test::expect;
use flight_types::{FlightEvent, FlightFailure, FlightPhase, LightState};

use super::bench::{Bench, at, called, on_scene, site, told};
use crate::config::Approval;
use crate::event::Event;

/// A relief that comes without light stays until another has one, is told to operators, and is not sent to this caller again.
#[test]
fn a_relief_without_light_is_followed_by_the_next() {
    let mut bench = on_scene(site(Approval::Automatic));
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
    let mut bench = on_scene(site(Approval::Automatic));
    let incident = bench.incident_of("ann");
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
fn one_that_will_not_arm_is_replaced() {
    let mut bench = called(site(Approval::Automatic));
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
    let mut bench = called(site(Approval::Automatic));
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
    let mut bench = on_scene(site(Approval::Automatic));
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
    let mut bench = on_scene(site(Approval::Automatic));
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
    let mut bench = on_scene(site(Approval::Automatic));
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
    let mut bench = called(site(Approval::Automatic));
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
