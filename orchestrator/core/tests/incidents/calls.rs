//! The call and the fan-out: one incident for one press, rings, offers, photo finish, several calls at once.

use expect_test::expect;

use crate::script::check;

#[test]
fn the_soonest_guard_goes_at_once_and_the_next_one_backs_up() {
    check(
        "guard g1 60
         guard g2 90
         guard g3 120
         call ann k1 gps 0,0
         accept g1
         wait 2
         accept g2",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 60 s
               0.0 offer to g2: 90 s
               0.0 offer to g3: 120 s
               0.0 g1: assigned_primary
               0.0 ann: guard_assigned eta_s=60 guard=g1
               2.0 g2: assigned_backup
               2.0 g3: stand_down
            ann assigned at [gps ±10 m at 0] primary=g1 backup=g2
        "#]],
    );
}

#[test]
fn a_press_sent_five_times_is_one_incident() {
    check(
        "guard g1 60
         call ann k1 gps 0,0
         call ann k1 gps 0,0
         call ann k1 gps 0,0
         wait 1
         call ann k1 gps 0,0
         call ann k1",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 60 s
            ann offered at [gps ±10 m at 0]
        "#]],
    );
}

#[test]
fn another_press_joins_the_open_incident() {
    check(
        "guard g1 60
         call ann k1 gps 0,0
         call ann k2
         call ann k2",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 60 s
               0.0 ann: received
            ann offered at [gps ±10 m at 0]
        "#]],
    );
}

#[test]
fn a_real_press_makes_a_drill_real() {
    check(
        "guard g1 60
         call ann k1 gps 0,0 drill
         call ann k2 gps 0,0",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 60 s
               0.0 ann: received
            ann offered at [gps ±10 m at 0]
        "#]],
    );
}

#[test]
fn a_later_guard_waits_for_the_photo_finish_and_loses_to_a_sooner_one() {
    check(
        "guard g1 60
         guard g2 90
         guard g3 120
         call ann k1 gps 0,0
         accept g2
         wait 0.7
         accept g1",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 60 s
               0.0 offer to g2: 90 s
               0.0 offer to g3: 120 s
               0.7 g1: assigned_primary
               0.7 ann: guard_assigned eta_s=60 guard=g1
               0.7 g2: assigned_backup
               0.7 g3: stand_down
            ann assigned at [gps ±10 m at 0] primary=g1 backup=g2
        "#]],
    );
}

#[test]
fn a_later_guard_wins_when_no_sooner_one_answers_in_the_photo_finish() {
    check(
        "guard g1 60
         guard g2 90
         call ann k1 gps 0,0
         accept g2
         wait 1.6
         accept g1",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 60 s
               0.0 offer to g2: 90 s
               1.5 g2: assigned_primary
               1.5 ann: guard_assigned eta_s=90 guard=g2
               1.6 g1: assigned_backup
            ann assigned at [gps ±10 m at 0] primary=g2 backup=g1
        "#]],
    );
}

#[test]
fn two_accept_in_the_same_millisecond() {
    check(
        "guard g1 60
         guard g2 60
         guard g3 60
         call ann k1 gps 0,0
         accept g3
         accept g2
         wait 2",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 60 s
               0.0 offer to g2: 60 s
               0.0 offer to g3: 60 s
               0.0 g3: assigned_primary
               0.0 ann: guard_assigned eta_s=60 guard=g3
               0.0 g2: assigned_backup
               0.0 g1: stand_down
            ann assigned at [gps ±10 m at 0] primary=g3 backup=g2
        "#]],
    );
}

#[test]
fn a_decline_of_the_soonest_ends_the_photo_finish() {
    check(
        "guard g1 60
         guard g2 90
         call ann k1 gps 0,0
         accept g2
         decline g1",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 60 s
               0.0 offer to g2: 90 s
               0.0 g2: assigned_primary
               0.0 ann: guard_assigned eta_s=90 guard=g2
            ann assigned at [gps ±10 m at 0] primary=g2
        "#]],
    );
}

#[test]
fn silence_widens_ring_by_ring_and_then_alerts_and_goes_on() {
    check(
        "guard g1 60 at 500 m
         guard g2 240 at 2500 m
         guard g3 700 at 9000 m
         call ann k1 gps 0,0
         wait 100",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 60 s
              15.0 offer to g2: 240 s
              30.0 offer to g3: 700 s
              45.0 operators: nobody_accepted
              45.0 ann: still_searching
              45.0 operators: caller_silent
              55.0 offer to g1: 60 s
              70.0 offer to g2: 240 s
              85.0 offer to g3: 700 s
            ann offered at [gps ±10 m at 0] escalated
        "#]],
    );
}

#[test]
fn empty_rings_are_skipped_at_once() {
    check(
        "guard g3 700 at 9000 m
         call ann k1 gps 0,0",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g3: 700 s
            ann offered at [gps ±10 m at 0]
        "#]],
    );
}

#[test]
fn who_declined_is_not_asked_again_and_who_comes_on_duty_is() {
    check(
        "guard g1 60
         call ann k1 gps 0,0
         decline g1
         wait 25
         guard g2 90",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 60 s
               0.0 operators: nobody_accepted
               0.0 ann: still_searching
              25.0 offer to g2: 90 s
            ann offered at [gps ±10 m at 0] escalated
        "#]],
    );
}

#[test]
fn off_duty_guards_are_never_asked() {
    check(
        "guard g1 60
         guard g2 90
         off g1
         call ann k1 gps 0,0",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g2: 90 s
            ann offered at [gps ±10 m at 0]
        "#]],
    );
}

#[test]
fn no_more_than_the_policy_says_are_asked_at_once() {
    check(
        "guard g1 10
         guard g2 20
         guard g3 30
         guard g4 40
         guard g5 50
         guard g6 60
         guard g7 70
         call ann k1 gps 0,0",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 10 s
               0.0 offer to g2: 20 s
               0.0 offer to g3: 30 s
               0.0 offer to g4: 40 s
               0.0 offer to g5: 50 s
            ann offered at [gps ±10 m at 0]
        "#]],
    );
}

#[test]
fn calls_of_the_same_moment_share_their_guards_at_the_least_total_time() {
    check(
        "guard g1 60 to ann 60 to ben 70
         guard g2 90 to ann 65 to ben 300
         hold index
         call eve k1 gps 0,0
         call ann k1 gps 0,0
         call ben k1 gps 0,0
         cancel eve safe
         release index
         wait 0.1
         accept g1
         accept g2",
        expect![[r#"
               0.0 eve: received
               0.0 ann: received
               0.0 ben: received
               0.0 eve: cancelled
               0.0 offer to g2: 65 s
               0.0 offer to g1: 70 s
               0.1 g1: assigned_primary
               0.1 ben: guard_assigned eta_s=70 guard=g1
               0.1 g2: assigned_primary
               0.1 ann: guard_assigned eta_s=65 guard=g2
            eve cancelled at [gps ±10 m at 0]
            ann assigned at [gps ±10 m at 0] primary=g2
            ben assigned at [gps ±10 m at 0] primary=g1
        "#]],
    );
}

#[test]
fn a_call_with_nobody_takes_a_guard_who_is_only_asked_as_backup() {
    check(
        "guard g1 60
         guard g2 90
         call ann k1 gps 0,0
         accept g1
         call ben k1 gps 0,0",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 60 s
               0.0 offer to g2: 90 s
               0.0 g1: assigned_primary
               0.0 ann: guard_assigned eta_s=60 guard=g1
               0.0 ben: received
               0.0 g2: stand_down
               0.0 offer to g2: 90 s
            ann assigned at [gps ±10 m at 0] primary=g1
            ben offered at [gps ±10 m at 0]
        "#]],
    );
}

#[test]
fn a_call_with_nobody_takes_a_guard_whom_another_call_can_spare() {
    check(
        "guard g1 60
         guard g2 90
         guard g3 120
         call ann k1 gps 0,0
         call ben k1 gps 0,0
         call cat k1 gps 0,0",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 60 s
               0.0 offer to g2: 90 s
               0.0 offer to g3: 120 s
               0.0 ben: received
               0.0 g2: stand_down
               0.0 offer to g2: 90 s
               0.0 cat: received
               0.0 g3: stand_down
               0.0 offer to g3: 120 s
            ann offered at [gps ±10 m at 0]
            ben offered at [gps ±10 m at 0]
            cat offered at [gps ±10 m at 0]
        "#]],
    );
}

#[test]
fn a_call_that_waits_gets_a_guard_the_moment_one_is_free() {
    check(
        "guard g1 60
         call ann k1 gps 0,0
         call ben k1 gps 0,0
         accept g1
         wait 7
         confirm ann safe",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 60 s
               0.0 ben: received
               0.0 operators: nobody_accepted
               0.0 ben: still_searching
               0.0 g1: assigned_primary
               0.0 ann: guard_assigned eta_s=60 guard=g1
               7.0 ann: closed
               7.0 g1: closed
               7.0 offer to g1: 60 s
            ann closed at [gps ±10 m at 0] primary=g1
            ben offered at [gps ±10 m at 0] escalated
        "#]],
    );
}

#[test]
fn a_lost_search_is_asked_again() {
    check(
        "guard g1 60
         hold index
         call ann k1 gps 0,0
         wait 2.9
         hold index
         wait 0.2
         release index",
        expect![[r#"
               0.0 ann: received
               3.0 operators: delivery_failed detail={"cause":"search_unanswered"}
               3.1 offer to g1: 60 s
            ann offered at [gps ±10 m at 0]
        "#]],
    );
}

#[test]
fn an_offer_that_cannot_be_delivered_makes_room_for_the_next_guard() {
    check(
        "guard g1 60 at 500 m
         unreachable g1
         guard g2 200 at 2500 m
         call ann k1 gps 0,0",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 60 s
               0.0 operators: delivery_failed detail={"cause":"offer_undelivered","to":"g1","why":"no such terminal"}
               0.0 offer to g2: 200 s
            ann offered at [gps ±10 m at 0] escalated
        "#]],
    );
}

#[test]
fn the_offer_says_what_the_guard_must_know() {
    let world = crate::script::run("guard g1 60 at 400 m\n call ann k1 gps 0,0 acc 20 address 470,0 silent drill");
    let offer = world.core.offer(&world.offer_of("g1")).expect("an offer");
    assert_eq!(offer.expires_at_ms - offer.sent_at_ms, 15_000);
    let notice = world.seen.iter().find_map(|(_, effect)| match &effect.action {
        dispatch_core::effect::Action::SendOffer { offer } => Some(offer.clone()),
        _ => None,
    });
    let notice = notice.expect("an offer was sent");
    // 400 m east of the fix the address, 470 m east of it, is the nearer of the two places.
    assert!((notice.distance_m - 70.0).abs() < 2.0, "{notice:?}");
    assert_eq!(notice.address.as_deref(), Some("Long Street 1"));
    assert!(notice.silent && notice.drill && !notice.backup);
}
