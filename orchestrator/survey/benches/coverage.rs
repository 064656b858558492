//! Sweeps of the 72 real lots at a swath of 6 m, as one table, beside other planners: `cargo bench -p survey-plan --bench coverage`.
//!
//! `PEER_PYTHON` names an interpreter with opencoverage, or with fields2cover where that can be built. All are judged by the same slow
//! measure, at the same swath; the peers do not promise to stay inside.

#[path = "../tests/support/judge.rs"]
mod judge;
#[path = "../tests/support/mod.rs"]
mod support;

use std::ffi::OsStr;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

use survey_plan::{Lot, Point, Sweep, sweep};

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
    beside_peers(&lots, &plans);
}

/// Lots below this are a few cars' width; the goal's figures are of larger ones.
const LARGE_M2: f64 = 800.0;

/// One planner's path over one lot.
struct Planned {
    name: String,
    lot: usize,
    ms: f64,
    path: Vec<Point>,
}

fn beside_peers(lots: &[(String, Lot)], plans: &[(Sweep, f64, f64)]) {
    let ours = plans.iter().enumerate().map(|(lot, (sweep, ms, _))| Planned {
        name: "ours".to_owned(),
        lot,
        ms: *ms,
        path: sweep.path.clone(),
    });
    let mut all: Vec<Planned> = ours.collect();
    match std::env::var_os("PEER_PYTHON").map(|python| peers(&python, lots)) {
        None => println!("no peers: PEER_PYTHON names none"),
        Some(Err(error)) => println!("no peers: {error}"),
        Some(Ok(planned)) => all.extend(planned),
    }
    for least_m2 in [0.0, LARGE_M2] {
        println!("\nlots from {least_m2} m2 (medians; most)    lots  covered    least   ratio    most  outside      ms");
        let mut names: Vec<&str> = all.iter().map(|planned| planned.name.as_str()).collect();
        names.dedup();
        for name in names {
            let of_it = all.iter().filter(|planned| planned.name == name && lots[planned.lot].1.area_m2() >= least_m2);
            compared(name, &of_it.collect::<Vec<_>>(), lots);
        }
    }
}

fn compared(name: &str, planned: &[&Planned], lots: &[(String, Lot)]) {
    let judged = planned.iter().map(|planned| {
        let lot = &lots[planned.lot].1;
        let (seen, outside) = judge::measured(lot.rings(), &planned.path, SWATH_M, 0.5);
        let length_m: f64 = planned.path.windows(2).map(|pair| pair[0].distance_m(pair[1])).sum();
        [seen, length_m * SWATH_M / lot.area_m2(), outside, planned.ms]
    });
    let judged: Vec<[f64; 4]> = judged.collect();
    let median = |at: usize| support::median(judged.iter().map(|values| values[at]).collect());
    let least = judged.iter().map(|values| values[0]).fold(f64::INFINITY, f64::min);
    let most = judged.iter().map(|values| values[1]).fold(0.0, f64::max);
    println!(
        "{name:<32} {:>9} {:>8.4} {least:>8.4} {:>7.3} {most:>7.3} {:>8.4} {:>7.2}",
        judged.len(),
        median(0),
        median(1),
        median(2),
        median(3)
    );
}

fn peers(python: &OsStr, lots: &[(String, Lot)]) -> std::io::Result<Vec<Planned>> {
    let mut child = Command::new(python)
        .args(["-c", include_str!("peers.py"), &SWATH_M.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        // It reads all before it answers, so neither waits for the other.
        for (_, lot) in lots {
            let corners: Vec<String> = lot.rings()[0].iter().map(|corner| format!("{} {}", corner.x_m, corner.y_m)).collect();
            writeln!(input, "{}", corners.join(" "))?;
        }
    }
    let answers = String::from_utf8_lossy(&child.wait_with_output()?.stdout).into_owned();
    Ok(answers.lines().filter_map(planned_by_a_peer).filter(|planned| planned.lot < lots.len()).collect())
}

/// A line "name number seconds x y x y …"; a planner that failed on the lot gives no path.
fn planned_by_a_peer(line: &str) -> Option<Planned> {
    let mut words = line.split(' ');
    let (name, lot) = (words.next()?.to_owned(), words.next()?.parse().ok()?);
    let ms = words.next()?.parse::<f64>().ok()? * 1e3;
    let numbers: Vec<f64> = words.filter_map(|word| word.parse().ok()).collect();
    let path = numbers.chunks_exact(2).map(|pair| Point::new(pair[0], pair[1])).collect();
    Some(Planned { name, lot, ms, path })
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
