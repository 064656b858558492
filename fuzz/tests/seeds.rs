//! Every target takes its seeds, as the driver would give them, and an empty input.

use fuzz::TARGETS;

#[test]
fn every_target_takes_its_seeds() {
    for target in TARGETS {
        let seeds = (target.seeds)();
        assert!(!seeds.is_empty(), "{} has nothing to start from", target.name);
        seeds.iter().for_each(|seed| (target.run)(seed));
        (target.run)(&[]);
    }
}
