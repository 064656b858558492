//! Sweeps of the 72 real lots at a swath of 6 m, as one table: `cargo bench -p survey-plan --bench coverage`.

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::Instant;

use survey_plan::{Lot, Sweep, sweep};

/// Each lot is planned this often; the fastest counts, because the planner does the same work each time.
const ROUNDS: usize = 5;
const SWATH_M: f64 = 6.0;
/// What Fields2Cover needs on average over such lots, and how long a lot may take.
const RATIO_GOAL: f64 = 1.14;
const MS_GOAL: f64 = 2.0;

fn main() {
    let lots = support::lots();
    if lots.is_empty() {
        println!("no parking lots beside the checkout: nothing measured");
        return;
    }
    let plans: Vec<(Sweep, f64, f64)> = lots.iter().map(|(_, lot)| planned(lot)).collect();
    let of = |value: fn(&(Sweep, f64, f64)) -> f64| plans.iter().map(value).collect::<Vec<f64>>();
    let line = |name: &str, values: Vec<f64>| {
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        println!("{name:<34} {low:>9.4} {:>9.4} {high:>9.4}", support::median(values));
    };
    println!("{:<34} {:>9} {:>9} {:>9}   ({} lots, swath {SWATH_M} m)", "", "least", "median", "most", plans.len());
    line("coverage", of(|plan| plan.0.coverage));
    line("length x swath / area", of(|plan| plan.0.length_ratio));
    line("planning, ms", of(|plan| plan.1));
    let all = plans.iter().map(|plan| plan.0.length_m * SWATH_M).sum::<f64>() / plans.iter().map(|plan| plan.2).sum::<f64>();
    println!("{:<34} {all:>29.4}", "the same over all lots together");
    over_the_goals(&lots, &plans);
}

/// The lots that miss a goal, the longest way first: what their shapes have in common is what to work on.
fn over_the_goals(lots: &[(String, Lot)], plans: &[(Sweep, f64, f64)]) {
    let mut over: Vec<(&String, &(Sweep, f64, f64))> = lots
        .iter()
        .map(|(id, _)| id)
        .zip(plans)
        .filter(|(_, (sweep, ms, _))| sweep.length_ratio > RATIO_GOAL || *ms > MS_GOAL)
        .collect();
    over.sort_by(|a, b| b.1.0.length_ratio.total_cmp(&a.1.0.length_ratio));
    let long = over.iter().filter(|(_, plan)| plan.0.length_ratio > RATIO_GOAL).count();
    let slow = over.iter().filter(|(_, plan)| plan.1 > MS_GOAL).count();
    println!("{long} lots over a ratio of {RATIO_GOAL}, {slow} over {MS_GOAL} ms:");
    println!("{:<14} {:>9} {:>9} {:>9} {:>9} {:>6}", "", "m2", "ratio", "coverage", "ms", "turns");
    for (id, (sweep, ms, area_m2)) in over {
        let (ratio, coverage, turns) = (sweep.length_ratio, sweep.coverage, sweep.turns());
        println!("{id:<14} {area_m2:>9.0} {ratio:>9.4} {coverage:>9.4} {ms:>9.2} {turns:>6}");
    }
}

fn planned(lot: &Lot) -> (Sweep, f64, f64) {
    let mut fastest_ms = f64::INFINITY;
    let mut plan = None;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        plan = Some(sweep(lot, SWATH_M).expect("a sweep"));
        fastest_ms = fastest_ms.min(start.elapsed().as_secs_f64() * 1e3);
    }
    (plan.expect("planned at least once"), fastest_ms, lot.area_m2())
}
