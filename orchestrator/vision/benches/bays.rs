//! Precision and recall of taken bays, frame by frame, in 50 frames of each light that the weights have not seen (seeds from 1000;
//! they were fitted to seeds 0 to 29), and the time for one bay. `cargo bench -p survey-vision --bench bays` takes a minute or two.

#[path = "../tests/support/cars.rs"]
mod cars;

use std::time::Instant;

use cars::{LIGHTS, Score, lots};
use survey_vision::{BayJudge, BayView, ByFigures};

fn main() {
    println!("{:<8} {:>6} {:>10} {:>8}", "light", "bays", "precision", "recall");
    for (name, hours) in LIGHTS {
        let score = Score::of(hours, 1_000, 10);
        println!("{name:<8} {:>6} {:>10.4} {:>8.4}", score.bays(), score.precision(), score.recall());
    }
    let Some(lot) = lots(12.0, 1_000, 1).pop() else { return };
    let start = Instant::now();
    let judge = |bay| ByFigures.taken(&BayView::of(&lot.frame, &lot.lens, &lot.pose, bay)?);
    let judged = lot.bays.iter().filter_map(|(bay, _)| judge(bay)).count();
    println!("{:.2} ms a bay", start.elapsed().as_secs_f64() * 1e3 / judged.max(1) as f64);
}
