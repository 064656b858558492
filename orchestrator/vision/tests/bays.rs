//! Bays that are taken, in frames of the simulated camera that the weights have not seen. The table of docs/vision.md is a bench.

#[path = "support/cars.rs"]
mod cars;

use cars::{LIGHTS, Score};

#[test]
fn taken_bays_are_told_from_free_ones_by_day_and_by_night() {
    for ((name, hours), least) in LIGHTS.into_iter().zip([0.97, 0.97, 0.95]) {
        let score = Score::of(hours, 2_000, 2);
        assert!(score.taken_right >= 30 && score.free_right >= 30, "{name}: {score:?}");
        println!("{name}: {score:?}");
        assert!(score.precision() >= least && score.recall() >= least, "{name}: {score:?}");
    }
}
