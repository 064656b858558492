//! A lot of 80 bays and 40 areas at night, with what is planted in it by seed: as the camera sees it, and as the register has it. Truth is
//! what stands in the scene; the register is what should.

use std::sync::Arc;

use beacon::{Key, KeyRing, KeyState, issue};
use qrcodegen::{QrCode, QrCodeEcc};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use sim_camera::{Bay as PlanBay, Beacon, BeaconCode, Car, CarBody, Lamp, Plan, Plate, Scene, Wear};
use survey_findings::Point;
use survey_sightings::{Register, RegisteredBay, RegisteredBeacon};

pub const HOUR: f64 = 22.0;
const HOST: &str = "p.example";
/// Three pixels from 15 m, as the sheets are printed.
pub const MODULE_M: f64 = 0.033;
/// Half the lot's sides, metres.
pub const HALF_M: [f64; 2] = [35.0, 16.0];
const CARS: usize = 60;
const PAINTS: [[u8; 3]; 8] =
    [[238, 238, 236], [172, 174, 178], [112, 112, 110], [44, 46, 50], [18, 18, 20], [134, 36, 40], [46, 66, 112], [60, 84, 62]];
const BODIES: [CarBody; 4] = [CarBody::Saloon, CarBody::Suv, CarBody::Compact, CarBody::Van];

/// What is done to a beacon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    Nothing,
    Forged,
    Moved,
    Dirty,
    Missing,
}

/// The night's lot.
pub struct Night {
    pub scene: Scene,
    pub register: Register,
    pub keys: KeyRing,
    /// What was planted, by area.
    pub planted: Vec<(String, Planted)>,
    /// Cars in each area, as they stand in the scene.
    pub cars: Vec<(String, usize)>,
}

/// A row of bays: the northing of their middles, the direction into them, and of the beacons' line.
const ROWS: [(f64, f64, f64); 4] = [(-13.5, 180.0, -12.2), (-2.5, 0.0, -3.8), (2.5, 180.0, 3.8), (13.5, 0.0, 12.2)];
const GROUPS: usize = 10;
const GROUP_M: f64 = 7.0;

fn ring(secret: u8) -> KeyRing {
    KeyRing::new(HOST, vec![Key { id: 1, secret: [secret; 32], state: KeyState::Active }]).expect("a ring")
}

/// The lot of a seed.
pub fn night(seed: u64) -> Night {
    let mut random = Pcg64::seed_from_u64(seed);
    let (keys, forger) = (ring(7), ring(99));
    let register = register();
    let planted = planted(&register, &mut random);
    let beacons = planted.iter().zip(&register.beacons).filter_map(|((area, plant), beacon)| {
        let text = issue(if *plant == Planted::Forged { &forger } else { &keys }, area).expect("a beacon");
        board(&text, beacon, *plant, &mut random)
    });
    let beacons: Vec<Beacon> = beacons.collect();
    let bays = register.bays.iter().map(|bay| PlanBay {
        centre: [bay.place.east_m, bay.place.north_m],
        heading_deg: bay.heading_deg,
        width_m: bay.width_m,
        length_m: bay.length_m,
    });
    let [east_m, north_m] = HALF_M;
    let plan = Plan {
        lots: vec![vec![[-east_m, -north_m], [east_m, -north_m], [east_m, north_m], [-east_m, north_m]]],
        bays: bays.collect(),
        lamps: lamps(),
        beacons,
        ..Plan::default()
    };
    let mut order: Vec<usize> = (0..register.bays.len()).collect();
    order.shuffle(&mut random);
    order.truncate(CARS);
    let mut scene = Scene::new(Arc::new(plan), HOUR);
    scene.cars = order.iter().map(|at| parked(&register.bays[*at], &mut random)).collect();
    let count = |area: &str| order.iter().filter(|at| register.bays[**at].area == area).count();
    let cars: Vec<(String, usize)> = register.beacons.iter().map(|beacon| (beacon.area.clone(), count(&beacon.area))).collect();
    Night { scene, keys, planted, cars, register }
}

/// A group is a bay, a beacon on the ground, a bay.
fn register() -> Register {
    let mut register = Register::default();
    for (row, (north_m, heading_deg, beacon_north_m)) in ROWS.into_iter().enumerate() {
        for group in 0..GROUPS {
            let east_m = (group as f64 - (GROUPS - 1) as f64 / 2.0) * GROUP_M;
            let area = format!("A{:02}", row * GROUPS + group);
            let modules = code(&issue(&ring(7), &area).expect("a beacon")).size() as usize;
            for (side, off_m) in [("W", -2.25), ("E", 2.25)] {
                register.bays.push(RegisteredBay {
                    id: format!("{area}{side}"),
                    area: area.clone(),
                    place: Point { east_m: east_m + off_m, north_m },
                    heading_deg,
                    width_m: 2.5,
                    length_m: 5.0,
                });
            }
            register.beacons.push(RegisteredBeacon {
                area,
                place: Point { east_m, north_m: beacon_north_m },
                up_m: 0.0,
                side_m: modules as f64 * MODULE_M,
                modules,
            });
        }
    }
    register
}

fn planted(register: &Register, random: &mut Pcg64) -> Vec<(String, Planted)> {
    let mut plants = vec![Planted::Nothing; register.beacons.len()];
    let deeds = [(Planted::Forged, 3), (Planted::Moved, 2), (Planted::Dirty, 4), (Planted::Missing, 1)];
    let mut deeds: Vec<Planted> = deeds.into_iter().flat_map(|(deed, count)| std::iter::repeat_n(deed, count)).collect();
    let mut at: Vec<usize> = (0..plants.len()).collect();
    at.shuffle(random);
    for place in at {
        let Some(deed) = deeds.pop() else { break };
        plants[place] = deed;
    }
    register.beacons.iter().map(|beacon| beacon.area.clone()).zip(plants).collect()
}

fn code(text: &str) -> QrCode {
    QrCode::encode_text(text, QrCodeEcc::Quartile).expect("a short text")
}

/// What lies there; nothing when it is missing.
fn board(text: &str, beacon: &RegisteredBeacon, plant: Planted, random: &mut Pcg64) -> Option<Beacon> {
    let code = code(text);
    let side = code.size();
    let dark = (0..side * side).map(|at| code.get_module(at % side, at / side)).collect();
    let seed = random.random::<u32>().into();
    let (off_m, soil) = match plant {
        Planted::Missing => return None,
        // Into the aisle.
        Planted::Moved => (if (beacon.place.north_m.abs() - 8.0) > 0.0 { -3.0 } else { 3.0 }, 0.0),
        Planted::Dirty => (0.0, 1.0),
        Planted::Nothing | Planted::Forged => (0.0, 0.0),
    };
    let north_m = beacon.place.north_m + off_m * beacon.place.north_m.signum();
    Some(Beacon {
        place: [beacon.place.east_m, north_m, 0.0],
        heading_deg: random.random_range(0.0..360.0),
        tilt_deg: 0.0,
        side_m: f64::from(side) * MODULE_M,
        code: BeaconCode::new(side as usize, dark).expect("a square"),
        // Mud over all of it, leaves over most: mud alone is read through.
        wear: Wear { dirt: soil, cover: 0.9 * soil, seed, ..Wear::default() },
    })
}

fn lamps() -> Vec<Lamp> {
    let lamp = |east_m: f64, north_m: f64, heading_deg: f64| Lamp { place: [east_m, north_m], height_m: 7.0, heading_deg };
    let columns = (0..7).map(|at| -30.0 + 10.0 * f64::from(at));
    columns
        .flat_map(|east_m| {
            [lamp(east_m, -16.4, 0.0), lamp(east_m, 0.0, 0.0), lamp(east_m + 3.0, 0.0, 180.0), lamp(east_m, 16.4, 180.0)]
        })
        .collect()
}

fn parked(bay: &RegisteredBay, random: &mut Pcg64) -> Car {
    let off = |random: &mut Pcg64, most: f64| random.random_range(-most..most);
    let nose_out = random.random_bool(0.3);
    Car {
        place: [bay.place.east_m + off(random, 0.15), bay.place.north_m + off(random, 0.2)],
        heading_deg: bay.heading_deg + off(random, 3.0) + if nose_out { 180.0 } else { 0.0 },
        body: BODIES[random.random_range(0..BODIES.len())],
        paint: PAINTS[random.random_range(0..PAINTS.len())],
        plate: Plate::default(),
        lights: false,
    }
}
