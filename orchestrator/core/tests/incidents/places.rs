//! Where help is sent: sources, doubts, moving callers, clocks and receivers that are wrong.

use expect_test::expect;

use crate::script::check;

#[test]
fn a_fix_and_an_address_that_agree_are_one_place() {
    check(
        "call ann k1 gps 0,0 acc 20 address 25,0 acc 30",
        expect![[r#"
               0.0 ann: received
               0.0 operators: nobody_accepted
               0.0 ann: still_searching
            ann located at [gps ±20 m at 0] escalated
        "#]],
    );
}

#[test]
fn a_fix_and_an_address_that_disagree_are_both_served() {
    check(
        "call ann k1 gps 0,0 acc 20 address 470,0 acc 30",
        expect![[r#"
               0.0 ann: received
               0.0 operators: place_uncertain detail={"apart_m":469,"cause":"places_disagree"}
               0.0 operators: nobody_accepted
               0.0 ann: still_searching
            ann located at [gps ±20 m at 0, address ±30 m at 470] escalated
        "#]],
    );
}

#[test]
fn without_either_the_last_position_is_served_and_said() {
    check(
        "call ann k1 last 100,0 age 1500 home 3000,0",
        expect![[r#"
               0.0 ann: received
               0.0 operators: place_uncertain detail={"age_min":25,"cause":"place_old"}
               0.0 operators: nobody_accepted
               0.0 ann: still_searching
            ann located at [last_known ±10 m at 100] escalated
        "#]],
    );
}

#[test]
fn an_ancient_last_position_is_worth_less_than_the_home() {
    check(
        "call ann k1 last 100,0 age 90000 home 3000,0",
        expect![[r#"
               0.0 ann: received
               0.0 operators: place_uncertain detail={"cause":"place_home"}
               0.0 operators: nobody_accepted
               0.0 ann: still_searching
            ann located at [home ±30 m at 3000] escalated
        "#]],
    );
}

#[test]
fn a_stale_fix_is_a_last_position() {
    check(
        "call ann k1 gps 100,0 age 1500 home 3000,0",
        expect![[r#"
               0.0 ann: received
               0.0 operators: place_uncertain detail={"age_min":25,"cause":"place_old"}
               0.0 operators: nobody_accepted
               0.0 ann: still_searching
            ann located at [last_known ±10 m at 100] escalated
        "#]],
    );
}

#[test]
fn an_unknown_address_and_no_fix_wait_for_the_first_position() {
    check(
        "guard g1 60
         call ann k1 address ?
         wait 2
         moved ann 0,0",
        expect![[r#"
               0.0 ann: received
               0.0 operators: place_uncertain detail={"cause":"address_not_found"}
               2.0 offer to g1: 60 s
            ann offered at [gps ±10 m at 0] escalated
        "#]],
    );
}

#[test]
fn clocks_that_were_never_set_or_run_ahead_do_not_make_a_fix_stale() {
    check(
        "call ann k1 gps 0,0 age 1500000000
         call ben k1 gps 0,0 age -7200",
        expect![[r#"
               0.0 ann: received
               0.0 operators: nobody_accepted
               0.0 ann: still_searching
               0.0 ben: received
               0.0 operators: nobody_accepted
               0.0 ben: still_searching
            ann located at [gps ±10 m at 0] escalated
            ben located at [gps ±10 m at 0] escalated
        "#]],
    );
}

#[test]
fn absurd_accuracies_are_not_believed() {
    check(
        "call ann k1 gps 0,0 acc -5
         call ben k1 gps 0,0 acc NaN
         call cat k1 gps 0,0 acc 40000 home 3000,0
         call dan k1 gps 0,0 acc 40000",
        expect![[r#"
               0.0 ann: received
               0.0 operators: nobody_accepted
               0.0 ann: still_searching
               0.0 ben: received
               0.0 operators: nobody_accepted
               0.0 ben: still_searching
               0.0 cat: received
               0.0 operators: place_uncertain detail={"cause":"place_home"}
               0.0 operators: nobody_accepted
               0.0 cat: still_searching
               0.0 dan: received
               0.0 operators: place_uncertain detail={"accuracy_m":40000,"cause":"place_coarse"}
               0.0 operators: nobody_accepted
               0.0 dan: still_searching
            ann located at [gps ±100 m at 0] escalated
            ben located at [gps ±100 m at 0] escalated
            cat located at [home ±30 m at 3000] escalated
            dan located at [gps ±40000 m at 0] escalated
        "#]],
    );
}

#[test]
fn a_caller_unheard_is_said_once_and_again_after_being_heard() {
    check(
        "call ann k1 gps 0,0
         wait 100
         moved ann 5,0
         wait 50",
        expect![[r#"
               0.0 ann: received
               0.0 operators: nobody_accepted
               0.0 ann: still_searching
              45.0 operators: caller_silent
              60.0 operators: nobody_accepted
              60.0 ann: still_searching
             120.0 operators: nobody_accepted
             120.0 ann: still_searching
             145.0 operators: caller_silent
            ann located at [gps ±10 m at 5] escalated
        "#]],
    );
}

#[test]
fn a_press_without_a_place_joined_by_one_with_a_place() {
    check(
        "guard g1 60
         call ann k1
         call ann k2 address 20,0",
        expect![[r#"
               0.0 ann: received
               0.0 operators: place_uncertain detail={"cause":"place_none"}
               0.0 ann: received
               0.0 offer to g1: 60 s
            ann offered at [address ±30 m at 20] escalated
        "#]],
    );
}

#[test]
fn a_place_far_outside_the_site_is_an_error_not_a_place() {
    check(
        "site
         guard g1 60
         call ann k1 gps 9000000,0 home 20,0
         call ben k1 gps 9000000,0
         moved ben -9000000,0
         moved ben 10,0",
        expect![[r#"
               0.0 ann: received
               0.0 operators: place_uncertain detail={"cause":"place_home"}
               0.0 offer to g1: 60 s
               0.0 ben: received
               0.0 operators: place_uncertain detail={"cause":"place_far_outside"}
               0.0 operators: nobody_accepted
               0.0 ben: still_searching
            ann offered at [home ±30 m at 20] escalated
            ben located at [gps ±10 m at 10] escalated
        "#]],
    );
}

#[test]
fn a_fix_that_jumps_needs_a_second_one_and_a_late_one_is_old_news() {
    check(
        "call ann k1 gps 0,0
         wait 1
         moved ann 2000,0
         places ann
         wait 1
         moved ann 3,0
         places ann
         wait 1
         moved ann 2000,0
         wait 1
         moved ann 2003,0
         places ann
         moved ann 3000,0 age 30
         places ann",
        expect![[r#"
               0.0 ann: received
               0.0 operators: nobody_accepted
               0.0 ann: still_searching
                   ann at [gps ±10 m at 0]
                   ann at [gps ±10 m at 3]
                   ann at [gps ±10 m at 2003]
                   ann at [gps ±10 m at 2003]
            ann located at [gps ±10 m at 2003] escalated
        "#]],
    );
}

#[test]
fn a_terminal_clock_set_back_does_not_freeze_the_place() {
    check(
        "call ann k1 gps 0,0
         wait 5
         moved ann 5,0 age 3600
         places ann
         wait 5
         moved ann 9,0 age 3600
         places ann",
        expect![[r#"
               0.0 ann: received
               0.0 operators: nobody_accepted
               0.0 ann: still_searching
                   ann at [gps ±10 m at 5]
                   ann at [gps ±10 m at 9]
            ann located at [gps ±10 m at 9] escalated
        "#]],
    );
}

#[test]
fn an_address_is_dropped_once_the_fixes_agree_with_it() {
    check(
        "call ann k1 gps 0,0 acc 20 address 300,0 acc 30
         wait 60
         moved ann 100,0
         places ann
         wait 60
         moved ann 290,0
         places ann",
        expect![[r#"
               0.0 ann: received
               0.0 operators: place_uncertain detail={"apart_m":299,"cause":"places_disagree"}
               0.0 operators: nobody_accepted
               0.0 ann: still_searching
              45.0 operators: caller_silent
              60.0 operators: nobody_accepted
              60.0 ann: still_searching
                   ann at [gps ±10 m at 100, address ±30 m at 300]
             105.0 operators: caller_silent
             120.0 operators: nobody_accepted
             120.0 ann: still_searching
                   ann at [gps ±10 m at 290]
            ann located at [gps ±10 m at 290] escalated
        "#]],
    );
}

#[test]
fn a_caller_who_moves_far_before_anybody_accepts_is_searched_for_anew() {
    check(
        "guard g1 60
         call ann k1 gps 0,0
         guard g2 30
         wait 9
         moved ann 400,0
         wait 9
         moved ann 920,0",
        expect![[r#"
               0.0 ann: received
               0.0 offer to g1: 60 s
              15.0 offer to g2: 30 s
              18.0 offer to g1: 60 s
            ann offered at [gps ±10 m at 920]
        "#]],
    );
}
