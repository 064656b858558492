//! How often beacons are read from 15 m, by light and by what happened to them: six beacons each in two frames of the simulated camera,
//! 1920 x 1080, as a stream is read. Seeds are fixed. Prints the table of docs/vision.md; takes two minutes.

#[path = "../tests/support/lot.rs"]
mod lot;

use lot::{Condition, LIGHTS, NEW, read_of_six};
use sim_camera::Wear;

fn main() {
    let worn = |wear: Wear| Condition { wear, ..NEW };
    let new = NEW.wear;
    let conditions = [
        ("flat, new", NEW),
        ("tilted 30 degrees", Condition { tilt_deg: 30.0, ..NEW }),
        ("tilted 50 degrees", Condition { tilt_deg: 50.0, ..NEW }),
        ("dirt 0.35", worn(Wear { dirt: 0.35, ..new })),
        ("dirt 0.5", worn(Wear { dirt: 0.5, ..new })),
        ("faded 0.5", worn(Wear { fade: 0.5, ..new })),
        ("torn 0.2", worn(Wear { tear: 0.2, ..new })),
        ("torn 0.4", worn(Wear { tear: 0.4, ..new })),
        ("shadow 0.5", worn(Wear { shadow: 0.5, ..new })),
        ("glare 0.5", worn(Wear { glare: 0.5, ..new })),
        ("covered 0.2", worn(Wear { cover: 0.2, ..new })),
        ("covered 0.33", worn(Wear { cover: 0.33, ..new })),
        ("flying 0.5 m/s", Condition { speed_m_s: 0.5, ..NEW }),
        ("flying 1 m/s", Condition { speed_m_s: 1.0, ..NEW }),
        ("flying 3 m/s", Condition { speed_m_s: 3.0, ..NEW }),
        ("flying 8 m/s", Condition { speed_m_s: 8.0, ..NEW }),
    ];
    println!("{:<18} {}", "of 12", LIGHTS.map(|(name, _, _)| format!("{name:>10}")).concat());
    for (name, condition) in conditions {
        let read = LIGHTS.map(|light| (0..2).map(|number| read_of_six(condition, light, number)).sum::<usize>());
        println!("{name:<18} {}", read.map(|count| format!("{count:>10}")).concat());
    }
}
