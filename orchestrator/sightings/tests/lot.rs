//! Six beacons on a small lot as the simulated camera sees them from 15 m: what is wrong with one is found from several pictures, by day and
//! by night, and never from one.

use std::sync::Arc;

use beacon::{Key, KeyRing, KeyState, issue};
use flight_types::{GeoPoint, Local, LocalFrame};
use qrcodegen::{QrCode, QrCodeEcc};
use sim_camera::{Beacon, BeaconCode, Camera, CameraPose, Intrinsics, Lamp, Plan, Scene, Wear};
use survey_findings::{Kind, Point, Subject};
use survey_sightings::{Eye, Gathering, Register, RegisteredBeacon, Report, Shot, Taken};
use survey_vision::{ByFigures, Frame, Lens, Pose, PoseSpread};

const MODULE_M: f64 = 0.033;
const SPOTS: [[f64; 2]; 6] = [[-6.0, 2.0], [0.0, 2.2], [6.0, 1.8], [-6.0, -2.0], [0.0, -2.0], [6.0, -2.2]];

#[derive(Clone, Copy, PartialEq)]
enum Planted {
    Nothing,
    Forged,
    Moved,
    Dirty,
    Missing,
}
use Planted::{Dirty, Forged, Missing, Moved, Nothing};

fn ring(secret: u8) -> KeyRing {
    KeyRing::new("p.example", vec![Key { id: 1, secret: [secret; 32], state: KeyState::Active }]).expect("a ring")
}

fn area(number: usize) -> String {
    format!("A{number:02}")
}

fn code(number: usize, secret: u8) -> QrCode {
    QrCode::encode_text(&issue(&ring(secret), &area(number)).expect("a beacon"), QrCodeEcc::Quartile).expect("a short text")
}

fn frame() -> LocalFrame {
    LocalFrame::new(GeoPoint::new(37.5, 127.0).expect("a place"))
}

fn eye(exposure_s: f64) -> Eye {
    let beacon = |(number, [east_m, north_m]): (usize, [f64; 2])| {
        let modules = code(number, 7).size() as usize;
        let place = Point { east_m, north_m };
        RegisteredBeacon { area: area(number), place, up_m: 0.0, side_m: modules as f64 * MODULE_M, modules }
    };
    let register = Register { beacons: SPOTS.into_iter().enumerate().map(beacon).collect(), bays: Vec::new() };
    Eye { register, keys: ring(7), frame: frame(), spread: PoseSpread::CORRECTED, exposure_s, judge: Arc::new(ByFigures) }
}

fn scene(plants: [Planted; 6], hour: f64) -> Scene {
    let board = |(number, plant): (usize, Planted)| {
        let code = code(number, if plant == Forged { 99 } else { 7 });
        let side = code.size();
        let dark = (0..side * side).map(|at| code.get_module(at % side, at / side)).collect();
        let [east_m, north_m] = SPOTS[number];
        let off_m = if plant == Moved { 2.5 } else { 0.0 };
        (plant != Missing).then(|| Beacon {
            place: [east_m + off_m, north_m, 0.0],
            heading_deg: 40.0 * number as f64,
            tilt_deg: 0.0,
            side_m: f64::from(side) * MODULE_M,
            code: BeaconCode::new(side as usize, dark).expect("a square"),
            wear: if plant == Dirty {
                Wear { dirt: 1.0, cover: 0.9, seed: number as u64, ..Wear::default() }
            } else {
                Wear::default()
            },
        })
    };
    let lamp = |place, heading_deg| Lamp { place, height_m: 7.0, heading_deg };
    let plan = Plan {
        lots: vec![vec![[-40.0, -40.0], [40.0, -40.0], [40.0, 40.0], [-40.0, 40.0]]],
        lamps: vec![lamp([-12.0, 9.0], 180.0), lamp([11.0, 9.0], 180.0), lamp([0.0, -10.0], 0.0)],
        beacons: plants.into_iter().enumerate().filter_map(board).collect(),
        ..Plan::default()
    };
    Scene::new(Arc::new(plan), hour)
}

/// One picture a second on a flight to the north at this speed.
fn survey(scene: &Scene, exposure_s: f64, speed_m_s: f64, pictures: usize) -> (Gathering, Vec<Taken>) {
    let (mut camera, mut gathering) = (Camera::new(Intrinsics::full_hd(), 1), Gathering::new(eye(exposure_s)));
    let taken = (0..pictures).map(|number| {
        let north_m = -2.5 + speed_m_s * number as f64;
        let pose =
            CameraPose { north_m, up_m: 15.0, pitch_deg: -90.0, velocity_m_s: [0.0, speed_m_s, 0.0], ..CameraPose::default() };
        let picture = camera.render(scene, &pose, number as u64 * 1_000_000);
        let luma = Frame::new(1_920, 1_080, picture.luma().to_vec()).expect("a whole frame");
        let point = frame().to_geo(Local { east_m: pose.east_m, north_m: pose.north_m });
        let pose = Pose {
            latitude_deg: point.lat_deg(),
            longitude_deg: point.lon_deg(),
            height_m: pose.up_m,
            heading_deg: pose.heading_deg,
            pitch_deg: pose.pitch_deg,
            roll_deg: pose.roll_deg,
        };
        let lens = Lens::of_field(1_920, 1_080, 70.0).expect("a lens");
        let id = format!("picture-{number}");
        gathering.take(&Shot { id: &id, flight: "f1", taken_ms: number as i64 * 1_000, frame: &luma, lens, pose })
    });
    let taken = taken.collect();
    (gathering, taken)
}

fn found(report: &Report) -> Vec<(Kind, String)> {
    let name = |subject: &Subject| match subject {
        Subject::Beacon(name) | Subject::Code(name) | Subject::Bay(name) | Subject::Session(name) | Subject::Area(name) => {
            name.clone()
        }
    };
    let mut found: Vec<_> = report.found.iter().map(|shown| (shown.kind, name(&shown.subject))).collect();
    found.sort();
    found
}

/// Hour, exposure, speed.
const LIGHTS: [(&str, f64, f64, f64); 2] = [("day", 12.0, 0.004, 1.0), ("night", 22.0, 1.0 / 30.0, 0.99)];

#[test]
fn what_is_planted_is_found_and_nothing_else() {
    for (light, hour, exposure_s, speed_m_s) in LIGHTS {
        let scene = scene([Nothing, Forged, Moved, Dirty, Missing, Nothing], hour);
        let (gathering, _) = survey(&scene, exposure_s, speed_m_s, 6);
        let report = gathering.report(Vec::new());
        let expected = [
            (Kind::BeaconMissing, area(4)),
            (Kind::BeaconUnreadable, area(3)),
            (Kind::BeaconMoved, area(2)),
            (Kind::BeaconForged, area(1)),
        ];
        assert_eq!(found(&report), expected, "{light}: {:#?}", report.found);
        assert!(report.found.iter().all(|shown| shown.best.is_some() && shown.pictures.len() >= 2), "{light}");
        assert!(report.unseen.is_empty(), "{light}: {:?}", report.unseen);
        let (clean, _) = survey(&self::scene([Nothing; 6], hour), exposure_s, speed_m_s, 6);
        assert_eq!(found(&clean.report(Vec::new())), [], "{light}");
    }
}

#[test]
fn one_picture_or_the_same_place_again_and_again_finds_nothing() {
    let scene = scene([Forged, Moved, Dirty, Missing, Forged, Missing], 12.0);
    let (standing, taken) = survey(&scene, 0.004, 0.05, 6);
    assert_eq!(taken, [Taken::Counted, Taken::Same, Taken::Same, Taken::Same, Taken::Same, Taken::Same]);
    assert_eq!(found(&standing.report(Vec::new())), []);
}

#[test]
fn what_is_taken_on_the_way_to_the_lot_is_not_kept() {
    let scene = scene([Nothing; 6], 12.0);
    let (gathering, taken) = survey(&scene, 0.004, 15.0, 4);
    // 2.5 m south of the middle, then 12.5, 27.5 and 42.5 m north of it: the northernmost beacon is at 2.2 m.
    assert_eq!(taken, [Taken::Counted, Taken::Counted, Taken::Elsewhere, Taken::Elsewhere]);
    assert_eq!(gathering.pictures(), 2);
}

#[test]
fn what_flew_by_too_fast_says_nothing_of_what_it_did_not_show() {
    let scene = scene([Missing, Missing, Nothing, Nothing, Nothing, Nothing], 22.0);
    let (gathering, _) = survey(&scene, 1.0 / 30.0, 2.0, 5);
    assert_eq!(found(&gathering.report(Vec::new())), []);
}
