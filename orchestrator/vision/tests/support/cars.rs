//! Two rows of bays with an aisle between them, cars in some of them, as the simulated camera sees them from the air.
#![allow(dead_code, reason = "each test uses its part")]

use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use sim_camera::{Bay as PlanBay, Camera, CameraPose, Car, CarBody, Intrinsics, Lamp, Plan, Plate, Scene};
use survey_vision::{Bay, BayJudge, BayView, ByFigures, Frame, Lens, Pose};

const BODIES: [CarBody; 4] = [CarBody::Saloon, CarBody::Suv, CarBody::Compact, CarBody::Van];
/// From white through every grey to black, and colours; the third is near the asphalt's own.
const PAINTS: [[u8; 3]; 10] = [
    [238, 238, 236],
    [172, 174, 178],
    [112, 112, 110],
    [82, 84, 88],
    [44, 46, 50],
    [18, 18, 20],
    [134, 36, 40],
    [46, 66, 112],
    [60, 84, 62],
    [196, 168, 60],
];

/// A frame with what is true of the bays in it.
pub struct Lot {
    pub frame: Frame,
    pub lens: Lens,
    pub pose: Pose,
    /// Each bay, and whether a car stands in it.
    pub bays: Vec<(Bay, bool)>,
}

/// As a car park has them: one for six bays.
const LAMPS: usize = 4;

/// Looks at one lot at this hour, by seed: each with other cars in half of the bays, parked as people park, from 18 to 26 m. The ground
/// stays the same, which spares painting it anew.
pub fn lots(hour: f64, seed: u64, looks: u64) -> Vec<Lot> {
    lots_under(LAMPS, hour, seed, looks)
}

/// The same with so many lamps.
pub fn lots_under(lamps: usize, hour: f64, seed: u64, looks: u64) -> Vec<Lot> {
    let mut random = Pcg64::seed_from_u64(seed);
    let plan = plan(lamps, &mut random);
    let shared = Arc::new(plan.clone());
    let mut camera = Camera::new(Intrinsics::full_hd(), seed);
    (0..looks).map(|look| lot(&plan, Scene::new(Arc::clone(&shared), hour), &mut camera, look, &mut random)).collect()
}

fn lot(plan: &Plan, mut scene: Scene, camera: &mut Camera, look: u64, random: &mut Pcg64) -> Lot {
    let mut taken = Vec::new();
    for bay in &plan.bays {
        let is_taken = random.random_bool(0.5);
        taken.push(is_taken);
        if is_taken {
            scene.cars.push(parked(bay, random));
        }
    }
    let pose = CameraPose {
        east_m: random.random_range(-6.0..6.0),
        north_m: random.random_range(-2.5..2.5),
        up_m: random.random_range(18.0..26.0),
        heading_deg: random.random_range(0.0..360.0),
        pitch_deg: random.random_range(-90.0..-82.0),
        roll_deg: random.random_range(-3.0..3.0),
        ..CameraPose::default()
    };
    let frame = camera.render(&scene, &pose, look * 2_000_000);
    let bays = plan.bays.iter().zip(taken).map(|(bay, taken)| (seen_from(bay, &pose), taken)).collect();
    Lot {
        frame: Frame::new(1_920, 1_080, frame.luma().to_vec()).expect("a whole frame"),
        lens: Lens::of_field(1_920, 1_080, 70.0).expect("a lens"),
        pose: Pose {
            latitude_deg: 37.5,
            longitude_deg: 127.0,
            height_m: pose.up_m,
            heading_deg: pose.heading_deg,
            pitch_deg: pose.pitch_deg,
            roll_deg: pose.roll_deg,
        },
        bays,
    }
}

fn plan(lamps: usize, random: &mut Pcg64) -> Plan {
    let ring = vec![[-40.0, -25.0], [40.0, -25.0], [40.0, 25.0], [-40.0, 25.0]];
    let mut plan = Plan { lots: vec![ring], ..Plan::default() };
    for column in 0..12 {
        let east_m = -15.0 + 2.5 * f64::from(column) + 1.25;
        for (north_m, heading_deg) in [(-5.5, 180.0), (5.5, 0.0)] {
            plan.bays.push(PlanBay { centre: [east_m, north_m], heading_deg, width_m: 2.5, length_m: 5.0 });
        }
    }
    for number in 0..lamps {
        let place = [-15.0 + 10.0 * number as f64 + random.random_range(-2.0..2.0), if number % 2 == 0 { 8.6 } else { -8.6 }];
        plan.lamps.push(Lamp { place, height_m: 7.0, heading_deg: if number % 2 == 0 { 180.0 } else { 0.0 } });
    }
    plan
}

fn parked(bay: &PlanBay, random: &mut Pcg64) -> Car {
    let nose_out = random.random_bool(0.3);
    let off = |random: &mut Pcg64, most: f64| random.random_range(-most..most);
    Car {
        place: [bay.centre[0] + off(random, 0.2), bay.centre[1] + off(random, 0.3)],
        heading_deg: bay.heading_deg + off(random, 4.0) + if nose_out { 180.0 } else { 0.0 },
        body: BODIES[random.random_range(0..BODIES.len())],
        paint: PAINTS[random.random_range(0..PAINTS.len())],
        plate: Plate::default(),
        lights: false,
    }
}

fn seen_from(bay: &PlanBay, pose: &CameraPose) -> Bay {
    let from_camera_m = [bay.centre[0] - pose.east_m, bay.centre[1] - pose.north_m];
    Bay { from_camera_m, heading_deg: bay.heading_deg, width_m: bay.width_m, length_m: bay.length_m }
}

/// Hours of each light.
pub const LIGHTS: [(&str, [f64; 5]); 3] =
    [("day", [8.0, 10.0, 12.0, 14.0, 16.5]), ("dusk", [17.9, 18.1, 18.2, 18.4, 18.6]), ("night", [20.0, 22.0, 0.0, 2.0, 4.0])];

/// How bays that are judged taken or free compare with the truth: every bay that lies in the picture as a judge wants it.
#[derive(Debug, Default)]
pub struct Score {
    pub taken_right: usize,
    pub taken_wrong: usize,
    pub free_right: usize,
    pub free_wrong: usize,
    /// In the picture and not judged: too dark.
    pub taken_unknown: usize,
    pub free_unknown: usize,
}

impl Score {
    /// Of the figures over so many looks at one lot at each hour of a light, seeds from `seed` on.
    pub fn of(hours: [f64; 5], seed: u64, looks: u64) -> Self {
        Self::by(&ByFigures, hours, seed, looks)
    }

    /// The same of any judge.
    pub fn by(judge: &dyn BayJudge, hours: [f64; 5], seed: u64, looks: u64) -> Self {
        Self::over(judge, (seed..).zip(hours).flat_map(|(seed, hour)| lots(hour, seed, looks)))
    }

    /// The same over these looks.
    pub fn over(judge: &dyn BayJudge, lots: impl Iterator<Item = Lot>) -> Self {
        let mut score = Self::default();
        // Light enough everywhere: what is not judged in it does not lie in the picture.
        let bright = Frame::new(1_920, 1_080, vec![200; 1_920 * 1_080]).expect("a frame");
        for lot in lots {
            for (bay, truth) in &lot.bays {
                let seen = BayView::of(&bright, &lot.lens, &lot.pose, bay);
                if seen.is_none_or(|view| view.patch().is_none()) {
                    continue;
                }
                let view = BayView::of(&lot.frame, &lot.lens, &lot.pose, bay);
                let taken = view.and_then(|view| judge.taken(&view)).map(|probability| probability >= 0.5);
                let count = match (taken, *truth) {
                    (Some(true), true) => &mut score.taken_right,
                    (Some(true), false) => &mut score.taken_wrong,
                    (Some(false), false) => &mut score.free_right,
                    (Some(false), true) => &mut score.free_wrong,
                    (None, true) => &mut score.taken_unknown,
                    (None, false) => &mut score.free_unknown,
                };
                *count += 1;
            }
        }
        score
    }

    /// Of those judged taken, how many are.
    pub fn precision(&self) -> f64 {
        self.taken_right as f64 / (self.taken_right + self.taken_wrong).max(1) as f64
    }

    /// Of those taken, how many are judged so; one of which nothing is known is missed.
    pub fn recall(&self) -> f64 {
        self.taken_right as f64 / (self.taken_right + self.free_wrong + self.taken_unknown).max(1) as f64
    }

    /// In the picture.
    pub fn bays(&self) -> usize {
        self.taken_right + self.taken_wrong + self.free_right + self.free_wrong + self.taken_unknown + self.free_unknown
    }
}
