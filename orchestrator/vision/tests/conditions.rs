//! What beacons must stand and still be read from 15 m, in frames of the simulated camera. The whole table is a bench of this name.

#[path = "support/lot.rs"]
mod lot;

use lot::{Condition, LIGHTS, NEW, read_of_six};
use sim_camera::Wear;

#[test]
fn new_beacons_are_read_in_every_light() {
    for light in LIGHTS {
        assert_eq!(read_of_six(NEW, light, 0), 6, "{}", light.0);
    }
}

#[test]
fn dirt_and_shadow_and_speed_are_read_through_by_day() {
    let worn = |wear: Wear| Condition { wear, ..NEW };
    for (name, condition) in [
        ("dirt", worn(Wear { dirt: 0.35, ..NEW.wear })),
        ("shadow", worn(Wear { shadow: 0.5, ..NEW.wear })),
        ("speed", Condition { speed_m_s: 8.0, ..NEW }),
    ] {
        assert_eq!(read_of_six(condition, LIGHTS[0], 1), 6, "{name}");
    }
}
