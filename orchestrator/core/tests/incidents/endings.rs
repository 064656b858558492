//! How incidents end: taken back, confirmed, under duress, in silence, and opened again.

use expect_test::expect;

use crate::script::check;

/// A call that a guard has reached.
const ON_SCENE: &str = "guard g1 60
    call ann k1 gps 0,0
    accept g1
    wait 10
    scene g1
";

fn after_arrival(script: &str, story: expect_test::Expect) {
    let whole = crate::script::play(&format!("{ON_SCENE}{script}"));
    let from = whole.find("guard_on_scene").expect("the guard arrives");
    let rest: String = whole[from..].lines().skip(1).map(|line| format!("{line}\n")).collect();
    story.assert_eq(&rest);
}

#[test]
fn the_right_code_in_time_takes_the_call_back() {
    check(
        "guard g1 60
         guard g2 90
         call ann k1 gps 0,0
         accept g1
         wait 4
         cancel ann safe",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 60 s
               0.0 offer to g2: 90 s
               0.0 g1: assigned_primary
               0.0 ann: guard_assigned eta_s=60 guard=g1
               4.0 ann: cancelled
               4.0 g2: cancelled
               4.0 g1: cancelled
            ann cancelled at [gps ±10 m at 0] primary=g1
        "#]],
    );
}

#[test]
fn after_the_cancel_window_the_call_cannot_be_taken_back_but_confirmed() {
    check(
        "guard g1 60
         call ann k1 gps 0,0
         wait 6
         cancel ann safe
         confirm ann safe",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 60 s
               6.0 ann: closed
               6.0 g1: closed
            ann closed at [gps ±10 m at 0]
        "#]],
    );
}

#[test]
fn the_duress_code_looks_like_taking_back_and_escalates() {
    check(
        "guard g1 60
         guard g2 90
         call ann k1 gps 0,0
         accept g1
         cancel ann duress
         cancel ann duress
         cancel ann safe
         confirm ann safe
         scene g1
         end g1
         confirm ann safe",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 60 s
               0.0 offer to g2: 90 s
               0.0 g1: assigned_primary
               0.0 ann: guard_assigned eta_s=60 guard=g1
               0.0 ann: cancelled
               0.0 operators: duress
               0.0 g1: duress
               0.0 g2: duress
               0.0 contact of ann
               0.0 ann: cancelled
               0.0 ann: ask_confirmation ask=1
               0.0 ann: closed
               0.0 g2: closed
               0.0 g1: closed
            ann closed at [gps ±10 m at 0] primary=g1 duress
        "#]],
    );
}

#[test]
fn the_duress_code_works_long_after_the_cancel_window() {
    check(
        "guard g1 60
         call ann k1 gps 0,0
         wait 10
         cancel ann duress",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 60 s
              10.0 ann: cancelled
              10.0 operators: duress
              10.0 g1: duress
              10.0 contact of ann
            ann offered at [gps ±10 m at 0] escalated duress shown_closed
        "#]],
    );
}

#[test]
fn situation_end_asks_and_the_code_closes() {
    after_arrival(
        "end g1
         wait 5
         confirm ann safe",
        expect![[r#"
              10.0 ann: ask_confirmation ask=1
              15.0 ann: closed
              15.0 g1: closed
            ann closed at [gps ±10 m at 0] primary=g1
        "#]],
    );
}

#[test]
fn silence_asks_again_then_escalates_and_a_late_code_still_closes() {
    after_arrival(
        "end g1
         wait 130
         acknowledge ann
         wait 300
         confirm ann safe",
        expect![[r#"
              10.0 ann: ask_confirmation ask=1
              45.0 operators: caller_silent
              70.0 ann: ask_confirmation ask=2
             130.0 operators: confirmation_missing
             130.0 contact of ann
             440.0 ann: closed
             440.0 g1: closed
            ann closed at [gps ±10 m at 0] primary=g1
        "#]],
    );
}

#[test]
fn a_guard_can_report_the_end_again_after_the_silence() {
    after_arrival(
        "end g1
         wait 130
         end g1
         confirm ann safe",
        expect![[r#"
              10.0 ann: ask_confirmation ask=1
              45.0 operators: caller_silent
              70.0 ann: ask_confirmation ask=2
             130.0 operators: confirmation_missing
             130.0 contact of ann
             140.0 ann: ask_confirmation ask=1
             140.0 ann: closed
             140.0 g1: closed
            ann closed at [gps ±10 m at 0] primary=g1
        "#]],
    );
}

#[test]
fn the_duress_code_as_answer_closes_for_the_eye_only() {
    after_arrival(
        "end g1
         confirm ann duress
         confirm ann safe
         wait 10",
        expect![[r#"
              10.0 ann: ask_confirmation ask=1
              10.0 ann: closed
              10.0 operators: duress
              10.0 g1: duress
              10.0 contact of ann
            ann escalated at [gps ±10 m at 0] primary=g1 escalated duress shown_closed
        "#]],
    );
}

#[test]
fn wrong_codes_are_counted_and_escalate() {
    after_arrival(
        "end g1
         confirm ann wrong
         confirm ann wrong
         confirm ann wrong
         confirm ann safe",
        expect![[r#"
              10.0 ann: ask_confirmation ask=1
              10.0 ann: code_wrong tries_left=2
              10.0 ann: code_wrong tries_left=1
              10.0 ann: code_wrong tries_left=0
              10.0 operators: wrong_codes
              10.0 ann: closed
              10.0 g1: closed
            ann closed at [gps ±10 m at 0] primary=g1
        "#]],
    );
}

#[test]
fn a_false_end_does_not_close_and_somebody_else_goes_to_look() {
    after_arrival(
        "guard g2 90
         end g1
         off g1
         wait 121",
        expect![[r#"
              10.0 ann: ask_confirmation ask=1
              10.0 g1: stand_down
              10.0 operators: guard_lost guard=g1
              45.0 operators: caller_silent
              70.0 ann: ask_confirmation ask=2
             130.0 operators: confirmation_missing
             130.0 contact of ann
             130.0 offer to g2: 90 s
            ann offered at [gps ±10 m at 0] escalated
        "#]],
    );
}

#[test]
fn the_duress_code_soon_after_the_end_opens_the_incident_again_with_the_same_guard() {
    after_arrival(
        "confirm ann safe
         wait 60
         confirm ann duress",
        expect![[r#"
              10.0 ann: closed
              10.0 g1: closed
              70.0 ann: closed
              70.0 operators: duress
              70.0 contact of ann
              70.0 g1: reopened
              70.0 g1: duress
            ann assigned at [gps ±10 m at 0] primary=g1 escalated duress shown_closed
        "#]],
    );
}

#[test]
fn the_duress_code_opens_again_with_another_guard_when_the_first_is_busy() {
    after_arrival(
        "confirm ann safe
         call ben k1 gps 500,0
         accept g1
         guard g2 200
         confirm ann duress
         accept g2",
        expect![[r#"
              10.0 ann: closed
              10.0 g1: closed
              10.0 ben: received
              10.0 offer to g1: 60 s
              10.0 g1: assigned_primary
              10.0 ben: guard_assigned eta_s=60 guard=g1
              10.0 ann: closed
              10.0 operators: duress
              10.0 contact of ann
              10.0 offer to g2: 200 s
              10.0 g2: assigned_primary
              10.0 g2: duress
            ann assigned at [gps ±10 m at 0] primary=g2 escalated duress shown_closed
            ben assigned at [gps ±10 m at 500] primary=g1
        "#]],
    );
}

#[test]
fn the_duress_code_long_after_the_end_opens_the_incident_all_the_same() {
    after_arrival(
        "confirm ann safe
         wait 1801
         confirm ann duress",
        expect![[r#"
              10.0 ann: closed
              10.0 g1: closed
            1811.0 ann: closed
            1811.0 operators: duress
            1811.0 contact of ann
            1811.0 g1: reopened
            1811.0 g1: duress
            ann assigned at [gps ±10 m at 0] primary=g1 escalated duress shown_closed
        "#]],
    );
}

#[test]
fn the_duress_code_for_an_ended_call_reaches_the_open_one() {
    after_arrival(
        "confirm ann safe
         call ann k2 gps 500,0
         confirm ann duress first",
        expect![[r#"
              10.0 ann: closed
              10.0 g1: closed
              10.0 ann: received
              10.0 offer to g1: 60 s
              10.0 ann: closed
              10.0 operators: duress
              10.0 g1: duress
              10.0 contact of ann
            ann closed at [gps ±10 m at 0] primary=g1
            ann offered at [gps ±10 m at 500] escalated duress shown_closed
        "#]],
    );
}

#[test]
fn a_new_press_after_duress_is_answered_and_stays_under_duress() {
    check(
        "guard g1 60
         call ann k1 gps 0,0
         cancel ann duress
         call ann k2 gps 0,0
         accept g1
         confirm ann safe",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 60 s
               0.0 ann: cancelled
               0.0 operators: duress
               0.0 g1: duress
               0.0 contact of ann
               0.0 ann: received
               0.0 g1: assigned_primary
               0.0 g1: duress
               0.0 ann: guard_assigned eta_s=60 guard=g1
            ann assigned at [gps ±10 m at 0] primary=g1 escalated duress
        "#]],
    );
}

#[test]
fn a_new_press_after_the_end_is_a_new_incident() {
    after_arrival(
        "confirm ann safe
         call ann k2 gps 0,0
         call ann k1 gps 0,0",
        expect![[r#"
              10.0 ann: closed
              10.0 g1: closed
              10.0 ann: received
              10.0 offer to g1: 60 s
            ann closed at [gps ±10 m at 0] primary=g1
            ann offered at [gps ±10 m at 0]
        "#]],
    );
}

#[test]
fn everybody_is_free_again_after_the_end() {
    check(
        "guard g1 60
         guard g2 90
         call ann k1 gps 0,0
         accept g1
         accept g2
         wait 10
         confirm ann safe
         call ben k1 gps 0,0",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 60 s
               0.0 offer to g2: 90 s
               0.0 g1: assigned_primary
               0.0 ann: guard_assigned eta_s=60 guard=g1
               0.0 g2: assigned_backup
              10.0 ann: closed
              10.0 g1: closed
              10.0 g2: closed
              10.0 ben: received
              10.0 offer to g1: 60 s
              10.0 offer to g2: 90 s
            ann closed at [gps ±10 m at 0] primary=g1 backup=g2
            ben offered at [gps ±10 m at 0]
        "#]],
    );
}
