//! Bays that are taken, in frames of the simulated camera that the weights have not seen, one frame at a time. The table of docs/vision.md is a bench.

#[path = "support/cars.rs"]
mod cars;

use cars::{LIGHTS, Score, lots_under};
use survey_vision::ByFigures;

/// Looks at each hour: some four hundred bays a light, so that a single slip weighs a quarter of a per cent.
const LOOKS: u64 = 8;
/// Least precision and recall by day, at dusk, by night.
const LEAST: [f64; 3] = [0.98, 0.98, 0.95];

#[test]
fn taken_bays_are_told_from_free_ones_by_day_and_by_night() {
    for ((name, hours), least) in LIGHTS.into_iter().zip(LEAST) {
        let score = Score::of(hours, 2_000, LOOKS);
        println!("{name}: precision {:.4}, recall {:.4}, {score:?}", score.precision(), score.recall());
        assert!(score.bays() >= 300 && score.taken_right >= 100 && score.free_right >= 100, "{name}: {score:?}");
        assert!(score.precision() >= least && score.recall() >= least, "{name}: {score:?}");
    }
}

/// Half of the lamps that a car park has: most of its ground is darker than a lamp's own.
const FEW_LAMPS: usize = 2;
/// Of the bays in the picture so many are told, per cent, and of those so many rightly.
const TOLD_PCT_MIN: usize = 70;
const RIGHT_PCT_MIN: usize = 98;

#[test]
fn in_little_light_bays_are_told_from_more_looks_and_rightly() {
    let looks = (5_000..5_010).flat_map(|seed| lots_under(FEW_LAMPS, 22.0, seed, 6));
    let score = Score::over(&ByFigures, looks);
    let (right, wrong) = (score.taken_right + score.free_right, score.taken_wrong + score.free_wrong);
    println!("{right} right, {wrong} wrong of {}: {score:?}", score.bays());
    assert!(score.bays() >= 400 && (right + wrong) * 100 >= score.bays() * TOLD_PCT_MIN, "{score:?}");
    assert!(right * 100 >= (right + wrong) * RIGHT_PCT_MIN, "{score:?}");
}
