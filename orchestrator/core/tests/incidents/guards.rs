//! Guards under way: silent, off duty, wanting help.

use expect_test::expect;

use crate::script::check;

#[test]
fn a_silent_primary_is_replaced_by_the_backup() {
    check(
        "guard g1 60
         guard g2 90
         call ann k1 gps 0,0
         accept g1
         accept g2
         silent g1
         wait 75
         moved ann 1,0",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 60 s
               0.0 offer to g2: 90 s
               0.0 g1: assigned_primary
               0.0 ann: guard_assigned eta_s=60 guard=g1
               0.0 g2: assigned_backup
              30.0 g1: stand_down
              30.0 operators: guard_lost guard=g1
              30.0 g2: promoted_to_primary
              30.0 ann: guard_assigned eta_s=90 guard=g2
              45.0 operators: caller_silent
            ann assigned at [gps ±10 m at 1] primary=g2 escalated
        "#]],
    );
}

#[test]
fn without_a_backup_a_lost_primary_is_searched_for_again() {
    check(
        "guard g1 60
         guard g2 90
         call ann k1 gps 0,0
         accept g1
         decline g2
         guard g3 200
         off g1",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 60 s
               0.0 offer to g2: 90 s
               0.0 g1: assigned_primary
               0.0 ann: guard_assigned eta_s=60 guard=g1
               0.0 g1: stand_down
               0.0 operators: guard_lost guard=g1
               0.0 offer to g3: 200 s
            ann offered at [gps ±10 m at 0] escalated
        "#]],
    );
}

#[test]
fn guards_still_asked_as_backup_may_go_when_the_primary_is_lost() {
    check(
        "guard g1 60
         guard g2 90
         call ann k1 gps 0,0
         accept g1
         off g1
         accept g2",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 60 s
               0.0 offer to g2: 90 s
               0.0 g1: assigned_primary
               0.0 ann: guard_assigned eta_s=60 guard=g1
               0.0 g1: stand_down
               0.0 operators: guard_lost guard=g1
               0.0 g2: assigned_primary
               0.0 ann: guard_assigned eta_s=90 guard=g2
            ann assigned at [gps ±10 m at 0] primary=g2 escalated
        "#]],
    );
}

#[test]
fn a_guard_who_declines_after_accepting_is_replaced() {
    check(
        "guard g1 60
         guard g2 90
         call ann k1 gps 0,0
         accept g1
         accept g2
         decline g1",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 60 s
               0.0 offer to g2: 90 s
               0.0 g1: assigned_primary
               0.0 ann: guard_assigned eta_s=60 guard=g1
               0.0 g2: assigned_backup
               0.0 g1: stand_down
               0.0 operators: guard_lost guard=g1
               0.0 g2: promoted_to_primary
               0.0 ann: guard_assigned eta_s=90 guard=g2
            ann assigned at [gps ±10 m at 0] primary=g2 escalated
        "#]],
    );
}

#[test]
fn a_guard_on_scene_gets_a_backup_on_request() {
    check(
        "guard g1 60
         call ann k1 gps 0,0
         accept g1
         scene g1
         guard g2 90
         backup g1
         accept g2
         backup g1",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 60 s
               0.0 g1: assigned_primary
               0.0 ann: guard_assigned eta_s=60 guard=g1
               0.0 ann: guard_on_scene
               0.0 operators: backup_wanted guard=g1
               0.0 offer to g2 as backup: 90 s
               0.0 g2: assigned_backup
               0.0 operators: backup_wanted guard=g1
            ann on_scene at [gps ±10 m at 0] primary=g1 backup=g2 escalated
        "#]],
    );
}

#[test]
fn a_silent_backup_is_let_go() {
    check(
        "guard g1 60
         guard g2 90
         call ann k1 gps 0,0
         accept g1
         accept g2
         silent g2
         wait 75",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 60 s
               0.0 offer to g2: 90 s
               0.0 g1: assigned_primary
               0.0 ann: guard_assigned eta_s=60 guard=g1
               0.0 g2: assigned_backup
              30.0 g2: stand_down
              30.0 operators: guard_lost guard=g2
              45.0 operators: caller_silent
            ann assigned at [gps ±10 m at 0] primary=g1 escalated
        "#]],
    );
}

#[test]
fn guards_who_are_heard_stay() {
    check(
        "guard g1 60
         call ann k1 gps 0,0
         accept g1
         wait 40
         moved ann 1,0
         wait 40
         moved ann 2,0
         wait 40",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 60 s
               0.0 g1: assigned_primary
               0.0 ann: guard_assigned eta_s=60 guard=g1
            ann assigned at [gps ±10 m at 2] primary=g1
        "#]],
    );
}

#[test]
fn a_guard_who_is_there_without_a_position_keeps_the_incident_but_is_not_found_for_another() {
    check(
        "guard g1 60
         guard g2 90
         call ann k1 gps 0,0
         accept g1
         decline g2
         without-fix g1
         without-fix g2
         wait 40
         moved ann 1,0
         wait 40
         call bob k1 gps 9,0
         moved ann 2,0",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 60 s
               0.0 offer to g2: 90 s
               0.0 g1: assigned_primary
               0.0 ann: guard_assigned eta_s=60 guard=g1
              80.0 bob: received
              80.0 operators: nobody_accepted
              80.0 bob: still_searching
            ann assigned at [gps ±10 m at 2] primary=g1
            bob located at [gps ±10 m at 9] escalated
        "#]],
    );
}
