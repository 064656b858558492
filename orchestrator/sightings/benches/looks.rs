//! Time of a whole look: the codes of a frame read, the beacons in it looked for, its bays judged. 48 frames of 1920 x 1080 of a lot of 80 bays and 40
//! beacons by day, at dusk and at night, each moved on from the one before so that every one counts; the engine of the reader alone beside it on the
//! same frames. A stream brings ten a second, which leaves 100 ms. Processor time of one thread. `cargo bench -p survey-sightings --bench looks`.

#[expect(dead_code, reason = "what is planted in the lot and who has paid is the night's own matter")]
#[path = "../tests/night/lot.rs"]
mod lot;
#[path = "../../vision/benches/support/processor.rs"]
mod processor;

use std::hint::black_box;
use std::sync::Arc;

use flight_types::{GeoPoint, Local, LocalFrame};
use lot::Night;
use processor::on_processor;
use sim_camera::{Camera, CameraPose, Intrinsics};
use survey_findings::Says;
use survey_plan::Light;
use survey_sightings::{Eye, Gathering, Shot, Taken};
use survey_vision::{ByFigures, Frame, Lens, Pose, PoseSpread, read_plainly};

const SEED: u64 = 7;
const FIELD_DEG: f64 = 70.0;
/// As high as a survey of these beacons flies.
const HEIGHT_M: f64 = 15.0;
const SPEED_M_S: f64 = 1.0;
const LIGHTS: [(&str, f64, Light); 3] =
    [("day", 12.0, Light::Day), ("dusk", 18.2, Light::Dusk), ("night", lot::HOUR, Light::Night)];
const LANES_NORTH_M: [f64; 4] = [-12.0, -4.0, 4.0, 12.0];
const FRAMES_A_LANE: usize = 12;
const STEP_M: f64 = 5.0;

struct Taking {
    frame: Frame,
    pose: CameraPose,
    at_ms: i64,
}

fn main() {
    println!(
        "{:<6} {:>6} {:>6} {:>6} {:>24} {:>8} {:>24}",
        "light", "frames", "codes", "bays", "look ms: median 95 % most", "a second", "engine ms: median most"
    );
    for (name, hour, light) in LIGHTS {
        let mut night = lot::night(SEED);
        night.scene.hour = hour;
        let frames = frames(&night);
        measure(name, light, &night, &frames);
    }
}

/// Along the lanes there and back, one step after the other.
fn frames(night: &Night) -> Vec<Taking> {
    let mut camera = Camera::new(Intrinsics::full_hd(), SEED);
    let lanes = LANES_NORTH_M.iter().enumerate().flat_map(|(lane, north_m)| {
        let steps = (0..FRAMES_A_LANE).map(move |step| if lane % 2 == 0 { step } else { FRAMES_A_LANE - 1 - step });
        steps.map(move |step| (STEP_M * (step as f64 - (FRAMES_A_LANE - 1) as f64 / 2.0), *north_m))
    });
    let shown = lanes.enumerate().map(|(number, (east_m, north_m))| {
        let pose = CameraPose {
            east_m,
            north_m,
            up_m: HEIGHT_M,
            heading_deg: 90.0,
            pitch_deg: -90.0,
            roll_deg: 0.0,
            velocity_m_s: [SPEED_M_S, 0.0, 0.0],
            turn_deg_s: [0.0; 3],
        };
        let at_ms = (number as f64 * STEP_M / SPEED_M_S * 1_000.0) as i64;
        let picture = camera.render(&night.scene, &pose, at_ms as u64 * 1_000);
        let frame = Frame::new(picture.width as usize, picture.height as usize, picture.luma().to_vec()).expect("a whole frame");
        Taking { frame, pose, at_ms }
    });
    shown.collect()
}

fn measure(name: &str, light: Light, night: &Night, frames: &[Taking]) {
    let plane = LocalFrame::new(GeoPoint::new(37.5, 127.0).expect("a place"));
    let mut gathering = Gathering::new(Eye {
        register: night.register.clone(),
        keys: night.keys.clone(),
        frame: plane,
        spread: PoseSpread::CORRECTED,
        exposure_s: light.exposure_s(),
        judge: Arc::new(ByFigures),
    });
    let (mut looks, mut engine) = (Vec::new(), Vec::new());
    for taking in frames {
        engine.push(timed_ms(|| {
            black_box(read_plainly(&taking.frame));
        }));
        let id = format!("f/{}", taking.at_ms);
        let shot = Shot {
            id: &id,
            flight: "f",
            taken_ms: taking.at_ms,
            frame: &taking.frame,
            lens: Lens::of_field(taking.frame.width(), taking.frame.height(), FIELD_DEG).expect("a lens"),
            pose: pose(&plane, &taking.pose),
        };
        looks.push(timed_ms(|| assert_eq!(gathering.take(&shot), Taken::Counted, "{id}")));
    }
    let codes =
        gathering.seen().iter().flat_map(|picture| &picture.codes).filter(|code| !matches!(code.says, Says::Unread)).count();
    let bays: usize = gathering.seen().iter().map(|picture| picture.bays.len()).sum();
    let ([median, most_of, most], [engine_median, _, engine_most]) = (quantiles(looks), quantiles(engine));
    println!(
        "{name:<6} {:>6} {codes:>6} {bays:>6} {median:>8.1}{most_of:>8.1}{most:>8.1} {:>8.1} {engine_median:>16.1}{engine_most:>8.1}",
        frames.len(),
        1_000.0 / median,
    );
}

fn pose(plane: &LocalFrame, seen_from: &CameraPose) -> Pose {
    let place = plane.to_geo(Local { east_m: seen_from.east_m, north_m: seen_from.north_m });
    Pose {
        latitude_deg: place.lat_deg(),
        longitude_deg: place.lon_deg(),
        height_m: seen_from.up_m,
        heading_deg: seen_from.heading_deg,
        pitch_deg: seen_from.pitch_deg,
        roll_deg: seen_from.roll_deg,
    }
}

/// The middle, what nineteen of twenty keep under, and the most.
fn quantiles(mut times_ms: Vec<f64>) -> [f64; 3] {
    times_ms.sort_unstable_by(f64::total_cmp);
    [0.5, 0.95, 1.0].map(|share| times_ms[((times_ms.len() - 1) as f64 * share).round() as usize])
}

fn timed_ms(work: impl FnOnce()) -> f64 {
    let start = on_processor();
    work();
    on_processor().saturating_sub(start).as_secs_f64() * 1e3
}
