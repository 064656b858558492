//! A parking lot as the simulated camera sees it from the air. What is true of it is in its plan, not in any code of the reader.
#![allow(dead_code, reason = "each test uses its part")]

use std::sync::Arc;

use qrcodegen::{QrCode, QrCodeEcc};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use sim_camera::{Beacon, BeaconCode, Camera, CameraPose, Intrinsics, Lamp, Plan, Scene, Wear};
use survey_vision::{Effort, Frame, read};

/// Three pixels a module from 15 m with the simulated aircraft's lens at 1920 across: as the beacons' sheets are sized.
pub const MODULE_M: f64 = 0.033;

/// The address on a beacon, as long as real ones are.
pub fn text(number: usize) -> String {
    format!("https://park.example/p/A-{number:02}.101Q7X2M4KD")
}

/// A beacon's board; a quarter of its code may be lost, as on the printed sheets.
pub fn beacon(number: usize, place: [f64; 3], heading_deg: f64, tilt_deg: f64, wear: Wear) -> Beacon {
    let code = QrCode::encode_text(&text(number), QrCodeEcc::Quartile).expect("a short text");
    let side = code.size();
    let dark = (0..side * side).map(|at| code.get_module(at % side, at / side)).collect();
    let code = BeaconCode::new(side as usize, dark).expect("a square");
    Beacon { place, heading_deg, tilt_deg, side_m: f64::from(side) * MODULE_M, code, wear }
}

/// Where beacons lie under a camera at 15 m: well inside its picture of 21 m by 12 m, none over another.
pub const SPOTS: [[f64; 2]; 6] = [[-6.5, 2.6], [0.4, 3.0], [6.6, 2.2], [-6.2, -2.8], [-0.5, -2.5], [6.0, -3.0]];

/// An asphalt lot with lamps at its edges.
pub fn plan(beacons: Vec<Beacon>) -> Plan {
    let ring = vec![[-40.0, -40.0], [40.0, -40.0], [40.0, 40.0], [-40.0, 40.0]];
    let lamp = |place, heading_deg| Lamp { place, height_m: 7.0, heading_deg };
    Plan {
        lots: vec![ring],
        lamps: vec![lamp([-12.0, 9.0], 180.0), lamp([11.0, 9.0], 180.0), lamp([0.0, -10.0], 0.0)],
        beacons,
        ..Plan::default()
    }
}

/// Six beacons with the same wear and different patterns of it.
pub fn six(seed: u64, tilt_deg: f64, wear: Wear) -> Vec<Beacon> {
    let mut random = Pcg64::seed_from_u64(seed);
    let spots = SPOTS.into_iter().enumerate();
    let one = |(number, [east_m, north_m]): (usize, [f64; 2])| {
        let wear = Wear { seed: random.random::<u32>().into(), ..wear };
        let up_m = if tilt_deg > 0.0 { 1.0 } else { 0.0 };
        beacon(number, [east_m, north_m, up_m], random.random_range(0.0..360.0), tilt_deg, wear)
    };
    spots.map(one).collect()
}

/// What the simulated camera, 1920 pixels across, delivers.
pub fn shot(scene: &Scene, pose: &CameraPose, seed: u64) -> Frame {
    let frame = Camera::new(Intrinsics::full_hd(), seed).render(scene, pose, 1_000_000);
    Frame::new(frame.width as usize, frame.height as usize, frame.luma().to_vec()).expect("a whole frame")
}

/// A scene at this hour, with the aircraft's own light on or off.
pub fn scene(plan: Plan, hour: f64, lit: bool) -> Scene {
    let mut scene = Scene::new(Arc::new(plan), hour);
    if lit {
        // A flood instead of the escort's spot: the picture is 70 degrees wide.
        scene.spotlight =
            sim_camera::Spotlight { brightness: 1.0, intensity_cd: 4_000.0, inner_deg: 30.0, outer_deg: 45.0, ..scene.spotlight };
    }
    scene
}

/// Name, hour, the aircraft's own light.
pub type Light = (&'static str, f64, bool);

/// From noon to a night that only the aircraft lights.
pub const LIGHTS: [Light; 4] = [("day", 12.0, false), ("dusk", 18.2, false), ("lamps", 22.0, false), ("own light", 22.0, true)];

/// What happened to the beacons, and how the aircraft flies over them.
#[derive(Clone, Copy)]
pub struct Condition {
    pub tilt_deg: f64,
    pub wear: Wear,
    pub speed_m_s: f64,
}

/// New, flat, seen from a standing aircraft.
pub const NEW: Condition = Condition {
    tilt_deg: 0.0,
    wear: Wear { dirt: 0.0, tear: 0.0, shadow: 0.0, glare: 0.0, cover: 0.0, fade: 0.0, seed: 0 },
    speed_m_s: 0.0,
};

/// How many of six beacons are read from 15 m in one frame of a stream: frame 0 straight down, 1 looking ahead. No text may be wrong.
pub fn read_of_six(condition: Condition, (_, hour, lit): Light, number: u64) -> usize {
    let pose = CameraPose {
        north_m: if number == 0 { 0.0 } else { -4.0 },
        up_m: 15.0,
        heading_deg: 3.0,
        pitch_deg: if number == 0 { -90.0 } else { -75.0 },
        velocity_m_s: [0.3 * condition.speed_m_s, 0.954 * condition.speed_m_s, 0.0],
        ..CameraPose::default()
    };
    let beacons = six(number + 1, condition.tilt_deg, condition.wear);
    let readings = read(&shot(&scene(plan(beacons), hour, lit), &pose, number), Effort::Stream).readings;
    let ours: Vec<String> = (0..6).map(text).collect();
    assert!(readings.iter().all(|reading| ours.contains(&reading.text)), "a wrong text: {readings:?}");
    ours.iter().filter(|text| readings.iter().any(|reading| reading.text == **text)).count()
}
