//! Milliseconds a frame, whole and by stage.
//!
//! Input: the tests' invented place (crossroads, 20 houses, trees, lamps, 27 parked cars, two people), seed 1; the camera flies past
//! at 6 m/s, 33 ms between frames, so that new ground comes into view as it does in flight. One thread.
//! `cargo bench -p sim-camera --bench render` prints the stages first, means over 60 frames after 10, in processor time of the thread
//! where the system tells it (Linux), so that other work on the machine counts little.

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::{Duration, Instant};

use common::{over_caller, over_lot, scene};
use divan::{Bencher, black_box};
use sim_camera::{Camera, CameraPose, Intrinsics, Scene};

/// Views: name, hour, brightness of the light, pose.
fn views() -> [(&'static str, f64, f64, CameraPose); 3] {
    let flying = |pose: CameraPose| CameraPose { velocity_m_s: [6.0, 0.0, 0.0], ..pose };
    [
        ("street, day", 11.0, 0.0, flying(over_caller())),
        ("street, night, light on", 22.0, 1.0, flying(over_caller())),
        ("lot, day", 11.0, 0.0, flying(over_lot())),
    ]
}

fn lit_scene(hour: f64, brightness: f64) -> Scene {
    let mut scene = scene(hour);
    scene.spotlight.brightness = brightness;
    scene
}

fn main() {
    for (size, lens) in [("1280x720", Intrinsics::hd()), ("1920x1080", Intrinsics::full_hd())] {
        for (name, hour, brightness, pose) in views() {
            print_stages(size, name, lens, &lit_scene(hour, brightness), pose);
        }
    }
    divan::main();
}

/// Time that this thread has been on a processor.
fn on_processor() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

fn print_stages(size: &str, name: &str, lens: Intrinsics, scene: &Scene, pose: CameraPose) {
    const WARM: u64 = 10;
    const FRAMES: u64 = 60;
    let begin = Instant::now();
    let clock = || on_processor().unwrap_or_else(|| begin.elapsed());
    let mut camera = Camera::new(lens, 1);
    let mut sums = [Duration::ZERO; 4];
    for number in 0..WARM + FRAMES {
        let pose = pose.after(number as f64 * 0.033);
        let (_, times) = camera.render_timed(scene, &pose, number * 33_000, clock);
        if number >= WARM {
            for (sum, time) in sums.iter_mut().zip([times.ground, times.things, times.light, times.develop]) {
                *sum += time;
            }
        }
    }
    let [ground, things, light, develop] = sums.map(|sum| sum.as_secs_f64() * 1e3 / FRAMES as f64);
    let whole = ground + things + light + develop;
    println!(
        "{size} {name}: {whole:.1} ms a frame ({:.0} frames/s): ground {ground:.1}, things {things:.1}, light {light:.1}, develop {develop:.1}",
        1e3 / whole
    );
}

#[divan::bench(args = [720, 1080], sample_count = 40)]
fn street_by_night(bencher: Bencher<'_, '_>, lines: u32) {
    let lens = if lines == 720 { Intrinsics::hd() } else { Intrinsics::full_hd() };
    let scene = lit_scene(22.0, 1.0);
    let mut camera = Camera::new(lens, 1);
    let mut number = 0;
    bencher.bench_local(|| {
        number += 1;
        black_box(camera.render(&scene, &over_caller().after(f64::from(number) * 0.001), u64::from(number as u32) * 33_000))
    });
}
