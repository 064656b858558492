//! Whole escorts from the call to the landing: core, link, autopilot, physics, people and networks on one thread.
//!
//! Input: the scenarios named, seed 1, as their files in `tests/scenarios` have them; their promises are held before the clock starts. Items are
//! seconds of the night: items a second say how many times faster than the night itself it is played. `cargo bench -p sim --bench escort`.

use std::path::Path;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use sim::scenario::{Scenario, run};

const SEED: u64 = 1;

fn main() {
    divan::main();
}

#[divan::bench(args = ["plain-escort", "zone-between", "link-lost-for-good", "relief-comes-early", "relief-for-two-hours"], sample_count = 5)]
fn escort(bencher: Bencher<'_, '_>, name: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/scenarios").join(name).with_extension("toml");
    let scenario = Scenario::read(&file).expect("a scenario of the repository");
    assert!(run(&scenario, SEED).expect("it runs").passed(), "its promises hold");
    bencher.counter(ItemsCount::new(scenario.for_s as u64)).bench_local(|| run(black_box(&scenario), SEED).expect("it runs"));
}
