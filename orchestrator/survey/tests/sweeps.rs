//! Sweeps judged by slow measures of their own: every point against every segment.

#[path = "support/judge.rs"]
mod judge;
mod support;

use judge::measured;
use proptest::prelude::*;
use survey_plan::{Lot, LotError, Point, Sweep, SweepError, sweep};

fn rectangle(width: f64, height: f64) -> Vec<Point> {
    [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)].map(|(x, y)| Point::new(x, y)).to_vec()
}

fn hole(x: f64, y: f64, side: f64) -> Vec<Point> {
    rectangle(side, side).into_iter().map(|corner| Point::new(corner.x_m + x, corner.y_m + y)).collect()
}

#[test]
fn a_plain_lot_is_seen_nearly_without_seeing_twice() {
    let plan = sweep(&Lot::new(rectangle(60.0, 30.0), Vec::new()).expect("a lot"), 6.0).expect("a sweep");
    let (seen, outside) = measured(&[rectangle(60.0, 30.0)], &plan.path, 6.0, 0.5);
    assert!(seen >= 0.99 && outside == 0.0 && plan.length_ratio < 1.05, "{seen} {outside} {}", plan.length_ratio);
    assert!(plan.lanes_deg.abs() < 1.0, "lanes along the longer side: {}", plan.lanes_deg);
}

#[test]
fn holes_are_flown_round_and_not_over() {
    let rings = [rectangle(70.0, 50.0), hole(20.0, 15.0, 12.0), hole(45.0, 20.0, 9.0)];
    let lot = Lot::new(rings[0].clone(), rings[1..].to_vec()).expect("a lot");
    let plan = sweep(&lot, 6.0).expect("a sweep");
    let (seen, outside) = measured(&rings, &plan.path, 6.0, 0.5);
    assert!(seen >= 0.98 && outside < 0.01 && plan.length_ratio < 1.2, "{seen} {outside} {}", plan.length_ratio);
}

#[test]
fn what_is_no_lot_is_refused_with_its_reason() {
    let lot = |corners: &[(f64, f64)]| Lot::new(corners.iter().map(|(x, y)| Point::new(*x, *y)).collect(), Vec::new());
    assert_eq!(lot(&[(0.0, 0.0), (5.0, 5.0)]), Err(LotError::TooFewCorners(2)));
    assert_eq!(lot(&[(0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (9.0, 1.0)]), Err(LotError::TooFewCorners(2)));
    assert!(matches!(lot(&[(0.0, 0.0), (9.0, 9.0), (9.0, 0.0), (0.0, 7.0)]), Err(LotError::SelfCrossing(..))));
    assert_eq!(lot(&[(0.0, 0.0), (f64::NAN, 0.0), (1.0, 1.0)]), Err(LotError::NotFinite));
    assert!(matches!(lot(&[(0.0, 0.0), (9e9, 0.0), (1.0, 1.0)]), Err(LotError::TooLarge(_))));
    assert!(matches!(lot(&[(0.0, 0.0), (5.0, 0.0), (9.0, 0.0)]), Err(LotError::NoArea(_))));
    assert_eq!(Lot::new(rectangle(9.0, 9.0), vec![hole(20.0, 20.0, 2.0)]), Err(LotError::HoleOutside(0)));
    let good = Lot::new(rectangle(9.0, 9.0), Vec::new()).expect("a lot");
    for swath_m in [0.0, -1.0, f64::NAN, 1e6] {
        assert!(matches!(sweep(&good, swath_m), Err(SweepError::Swath(_))), "{swath_m}");
    }
}

/// Corners at growing angles round a middle: any radii give an outline that does not cross itself.
fn star(radii: &[f64]) -> Vec<Point> {
    let corner = |(at, radius): (usize, &f64)| {
        let angle = at as f64 / radii.len() as f64 * std::f64::consts::TAU;
        Point::new(60.0 + radius * angle.cos(), 60.0 + radius * angle.sin())
    };
    radii.iter().enumerate().map(corner).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_outline_is_covered_from_inside_and_measured_truly(radii in prop::collection::vec(15.0..58.0_f64, 4..14), swath_m in 4.0..9.0_f64) {
        let rings = [star(&radii)];
        let lot = Lot::new(rings[0].clone(), Vec::new()).expect("a star is a lot");
        let plan = sweep(&lot, swath_m).expect("a sweep");
        let (seen, outside) = measured(&rings, &plan.path, swath_m, 1.0);
        prop_assert!(seen >= 0.955, "seen {seen}");
        prop_assert!((seen - plan.coverage).abs() < 0.02, "measured {seen}, said {}", plan.coverage);
        prop_assert!(outside <= 0.01, "outside {outside}");
        prop_assert!(plan.length_ratio < 1.6, "ratio {}", plan.length_ratio);
    }
}

/// Lots judged with holes in them.
const WITH_HOLES: u32 = 48;
/// Draws that may be no lot, because two pillars stand in each other, beside those that are judged; more, and the test would run dry.
const NO_LOT_MAX: u32 = 16;

/// A rectangle somewhere within the smallest star, small enough to be no outline of its own.
fn pillar() -> impl Strategy<Value = (f64, f64, f64)> {
    (52.0..64.0_f64, 52.0..64.0_f64, 0.5..4.0_f64)
}

proptest! {
    #![proptest_config(ProptestConfig {
        rng_seed: prop::test_runner::RngSeed::Fixed(72),
        max_global_rejects: NO_LOT_MAX,
        ..ProptestConfig::with_cases(WITH_HOLES)
    })]

    #[test]
    fn any_outline_with_holes_is_covered_without_flying_over_them(
        radii in prop::collection::vec(25.0..58.0_f64, 5..12),
        pillars in prop::collection::vec(pillar(), 1..3),
        swath_m in 4.0..9.0_f64,
    ) {
        let holes: Vec<Vec<Point>> = pillars.iter().map(|(x, y, side)| hole(*x, *y, *side)).collect();
        let lot = match Lot::new(star(&radii), holes.clone()) {
            Ok(lot) => lot,
            // Drawn again, and counted: every one of the lots above is judged.
            Err(LotError::SelfCrossing(..)) => return Err(TestCaseError::reject("two pillars in each other")),
            Err(other) => return Err(TestCaseError::fail(other.to_string())),
        };
        let rings = [vec![star(&radii)], holes].concat();
        let plan = sweep(&lot, swath_m).expect("a sweep");
        let (seen, outside) = measured(&rings, &plan.path, swath_m, 1.0);
        prop_assert!(seen >= 0.955, "seen {seen}");
        prop_assert!(outside <= 0.01, "outside or over a hole: {outside}");
        prop_assert!((seen - plan.coverage).abs() < 0.02, "measured {seen}, said {}", plan.coverage);
    }
}

/// Real lots that need a longer way than Fields2Cover does on average, of 72; thirteen before paths were made shorter.
const LONG_MAX: usize = 6;

#[test]
fn the_real_lots_are_covered_as_promised() {
    let lots = support::lots();
    if lots.is_empty() {
        eprintln!("skipped: no parking lots beside the checkout");
        return;
    }
    let plans: Vec<(String, Sweep)> = lots.iter().map(|(id, lot)| (id.clone(), sweep(lot, 6.0).expect("a sweep"))).collect();
    for ((id, plan), (_, lot)) in plans.iter().zip(&lots) {
        let (seen, outside) = measured(lot.rings(), &plan.path, 6.0, 0.5);
        assert!(plan.coverage >= 0.98 && seen >= 0.975, "{id}: said {}, measured {seen}", plan.coverage);
        assert!(outside <= 0.01, "{id}: {outside} of the way is outside");
    }
    let coverage = support::median(plans.iter().map(|(_, plan)| plan.coverage).collect());
    let ratio = support::median(plans.iter().map(|(_, plan)| plan.length_ratio).collect());
    assert!(coverage >= 0.995 && ratio <= 1.14, "medians: covered {coverage}, length ratio {ratio}");
    // What Fields2Cover needs on average; those above it are narrow and bent (ADR 174).
    let long: Vec<&String> = plans.iter().filter(|(_, plan)| plan.length_ratio > 1.14).map(|(id, _)| id).collect();
    assert!(long.len() <= LONG_MAX, "{long:?}");
}
