//! Six beacons on a small lot as the simulated camera sees them from 15 m: what is wrong with one is found from several pictures, by day and
//! by night, where it is, and never from one. Cars are counted against stays from the same pictures.

use std::sync::Arc;

use beacon::{Key, KeyRing, KeyState, issue};
use flight_types::{GeoPoint, Local, LocalFrame};
use qrcodegen::{QrCode, QrCodeEcc};
use sim_camera::{Bay, Beacon, BeaconCode, Camera, CameraPose, Car, CarBody, Intrinsics, Lamp, Plan, Plate, Scene, Wear};
use survey_findings::{Kind, Point, Says, Session, Subject};
use survey_sightings::{Eye, Gathering, Register, RegisteredBay, RegisteredBeacon, Report, Shot, Taken};
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
    keys(vec![Key { id: 1, secret: [secret; 32], state: KeyState::Active }])
}

fn keys(keys: Vec<Key>) -> KeyRing {
    KeyRing::new("p.example", keys).expect("a ring")
}

fn area(number: usize) -> String {
    format!("A{number:02}")
}

fn text(number: usize, secret: u8) -> String {
    issue(&ring(secret), &area(number)).expect("a beacon")
}

fn code(text: &str) -> QrCode {
    QrCode::encode_text(text, QrCodeEcc::Quartile).expect("a short text")
}

fn frame() -> LocalFrame {
    LocalFrame::new(GeoPoint::new(37.5, 127.0).expect("a place"))
}

fn eye(exposure_s: f64) -> Eye {
    let beacon = |(number, [east_m, north_m]): (usize, [f64; 2])| {
        let modules = code(&text(number, 7)).size() as usize;
        let place = Point { east_m, north_m };
        RegisteredBeacon { area: area(number), place, up_m: 0.0, side_m: modules as f64 * MODULE_M, modules }
    };
    let register = Register { beacons: SPOTS.into_iter().enumerate().map(beacon).collect(), bays: Vec::new() };
    Eye { register, keys: ring(7), frame: frame(), spread: PoseSpread::CORRECTED, exposure_s, judge: Arc::new(ByFigures) }
}

/// A board that says `text`, flat on the ground.
fn board(text: &str, [east_m, north_m]: [f64; 2], heading_deg: f64, wear: Wear) -> Beacon {
    let code = code(text);
    let side = code.size();
    let dark = (0..side * side).map(|at| code.get_module(at % side, at / side)).collect();
    Beacon {
        place: [east_m, north_m, 0.0],
        heading_deg,
        tilt_deg: 0.0,
        side_m: f64::from(side) * MODULE_M,
        code: BeaconCode::new(side as usize, dark).expect("a square"),
        wear,
    }
}

/// Where a planted beacon lies.
fn lies(number: usize, plant: Planted) -> [f64; 2] {
    let [east_m, north_m] = SPOTS[number];
    [if plant == Moved { east_m + 2.5 } else { east_m }, north_m]
}

fn scene(plants: [Planted; 6], hour: f64) -> Scene {
    let planted = |(number, plant): (usize, Planted)| {
        let wear =
            if plant == Dirty { Wear { dirt: 1.0, cover: 0.9, seed: number as u64, ..Wear::default() } } else { Wear::default() };
        let text = text(number, if plant == Forged { 99 } else { 7 });
        (plant != Missing).then(|| board(&text, lies(number, plant), 40.0 * number as f64, wear))
    };
    Scene::new(Arc::new(plan(plants.into_iter().enumerate().filter_map(planted).collect())), hour)
}

fn plan(beacons: Vec<Beacon>) -> Plan {
    let lamp = |place, heading_deg| Lamp { place, height_m: 7.0, heading_deg };
    Plan {
        lots: vec![vec![[-40.0, -40.0], [40.0, -40.0], [40.0, 40.0], [-40.0, 40.0]]],
        lamps: vec![lamp([-12.0, 9.0], 180.0), lamp([11.0, 9.0], 180.0), lamp([0.0, -10.0], 0.0)],
        beacons,
        ..Plan::default()
    }
}

/// One picture a second on a flight to the north at this speed.
fn survey(scene: &Scene, exposure_s: f64, speed_m_s: f64, pictures: usize) -> (Gathering, Vec<Taken>) {
    flown(eye(exposure_s), scene, speed_m_s, pictures)
}

/// The poses are all off in the same way, by as much as a corrected receiver and a gimbal are.
fn flown(eye: Eye, scene: &Scene, speed_m_s: f64, pictures: usize) -> (Gathering, Vec<Taken>) {
    let off = PoseSpread::CORRECTED;
    let (mut camera, mut gathering) = (Camera::new(Intrinsics::full_hd(), 1), Gathering::new(eye));
    let taken = (0..pictures).map(|number| {
        let north_m = -2.5 + speed_m_s * number as f64;
        let pose =
            CameraPose { north_m, up_m: 15.0, pitch_deg: -90.0, velocity_m_s: [0.0, speed_m_s, 0.0], ..CameraPose::default() };
        let picture = camera.render(scene, &pose, number as u64 * 1_000_000);
        let luma = Frame::new(1_920, 1_080, picture.luma().to_vec()).expect("a whole frame");
        let told = Local { east_m: pose.east_m + off.horizontal_m, north_m: pose.north_m + off.horizontal_m };
        let point = frame().to_geo(told);
        let pose = Pose {
            latitude_deg: point.lat_deg(),
            longitude_deg: point.lon_deg(),
            height_m: pose.up_m + off.height_m,
            heading_deg: pose.heading_deg + off.heading_deg,
            pitch_deg: pose.pitch_deg + off.tilt_deg,
            roll_deg: pose.roll_deg + off.tilt_deg,
        };
        let lens = Lens::of_field(1_920, 1_080, 70.0).expect("a lens");
        let id = format!("picture-{number}");
        gathering.take(&Shot { id: &id, flight: "f1", taken_ms: number as i64 * 1_000, frame: &luma, lens, pose })
    });
    let taken = taken.collect();
    (gathering, taken)
}

fn name(subject: &Subject) -> String {
    match subject {
        Subject::Beacon(name) | Subject::Code(name) | Subject::Bay(name) | Subject::Session(name) | Subject::Area(name) => {
            name.clone()
        }
    }
}

fn found(report: &Report) -> Vec<(Kind, String)> {
    let mut found: Vec<_> = report.found.iter().map(|shown| (shown.kind, name(&shown.subject))).collect();
    found.sort();
    found
}

/// Exactly these are found, each within half a metre of where it was planted, and shown by several pictures.
fn found_where_planted(report: &Report, planted: &[(Kind, &str, [f64; 2])], light: &str) {
    let mut expected: Vec<(Kind, String)> = planted.iter().map(|(kind, of, _)| (*kind, (*of).to_owned())).collect();
    expected.sort();
    assert_eq!(found(report), expected, "{light}: {:#?}", report.found);
    for shown in &report.found {
        let (_, _, [east_m, north_m]) =
            planted.iter().find(|(kind, of, _)| (*kind, *of) == (shown.kind, &name(&shown.subject))).expect("it was planted");
        let off_m = shown.place.expect("a place").distance_m(&Point { east_m: *east_m, north_m: *north_m });
        println!("{light}: {:?} {} is off by {off_m:.2} m", shown.kind, name(&shown.subject));
        assert!(off_m <= 0.5, "{light}: off by {off_m} m: {shown:?}");
        assert!(shown.best.is_some() && shown.pictures.len() >= 2, "{light}: {shown:?}");
    }
}

/// Hour, exposure, speed.
const LIGHTS: [(&str, f64, f64, f64); 2] = [("day", 12.0, 0.004, 1.0), ("night", 22.0, 1.0 / 30.0, 0.99)];

#[test]
fn what_is_planted_is_found_and_nothing_else() {
    for (light, hour, exposure_s, speed_m_s) in LIGHTS {
        let scene = scene([Nothing, Forged, Moved, Dirty, Missing, Nothing], hour);
        let (gathering, _) = survey(&scene, exposure_s, speed_m_s, 6);
        let report = gathering.report(Vec::new());
        let planted = [
            (Kind::BeaconMissing, "A04", SPOTS[4]),
            (Kind::BeaconUnreadable, "A03", SPOTS[3]),
            (Kind::BeaconMoved, "A02", lies(2, Moved)),
            (Kind::BeaconForged, "A01", SPOTS[1]),
        ];
        found_where_planted(&report, &planted, light);
        assert!(report.unseen.is_empty(), "{light}: {:?}", report.unseen);
        let (clean, _) = survey(&self::scene([Nothing; 6], hour), exposure_s, speed_m_s, 6);
        assert_eq!(found(&clean.report(Vec::new())), [], "{light}");
    }
}

/// All that should hang nowhere, among six genuine beacons of which two are withdrawn: one by itself, one with its key.
#[test]
fn copies_withdrawn_altered_and_foreign_codes_are_told_apart_and_placed() {
    const COPY: [f64; 2] = [-3.0, 0.2];
    const CUT: [f64; 2] = [3.0, 0.0];
    const OTHER_AREA: [f64; 2] = [-3.0, 3.2];
    const FOREIGN: [f64; 2] = [3.0, 3.0];
    let key = |id: u8, secret: u8, state: KeyState| Key { id, secret: [secret; 32], state };
    let mut ours = keys(vec![key(1, 7, KeyState::Active), key(2, 8, KeyState::Revoked)]);
    ours.revoke("A01", 1);
    let withdrawn = issue(&keys(vec![key(2, 8, KeyState::Active)]), "A05").expect("a beacon");
    let genuine = |number: usize| text(number, 7);
    let cut = genuine(2);
    let lying = [
        (genuine(0), SPOTS[0]),
        (genuine(1), SPOTS[1]),
        (genuine(2), SPOTS[2]),
        (genuine(3), SPOTS[3]),
        (genuine(4), SPOTS[4]),
        (withdrawn, SPOTS[5]),
        (genuine(0), COPY),
        (cut[..cut.len() - 3].to_owned(), CUT),
        (genuine(3).replace("A03", "A04"), OTHER_AREA),
        ("https://cafe.example/menu/today".to_owned(), FOREIGN),
    ];
    let planted = [
        (Kind::BeaconDuplicated, "A00", COPY),
        (Kind::BeaconRevoked, "A01", SPOTS[1]),
        (Kind::BeaconRevoked, "A05", SPOTS[5]),
        // Cut short it has no layout of ours, and so no area.
        (Kind::BeaconForged, "", CUT),
        (Kind::BeaconForged, "A04", OTHER_AREA),
    ];
    for (light, hour, exposure_s, speed_m_s) in LIGHTS {
        let boards = lying.iter().enumerate().map(|(at, (text, place))| board(text, *place, 40.0 * at as f64, Wear::default()));
        let scene = Scene::new(Arc::new(plan(boards.collect())), hour);
        let (gathering, _) = flown(Eye { keys: ours.clone(), ..eye(exposure_s) }, &scene, speed_m_s, 6);
        found_where_planted(&gathering.report(Vec::new()), &planted, light);
        let codes = gathering.seen().iter().flat_map(|picture| &picture.codes);
        let foreign: Vec<Point> = codes.filter(|code| code.says == Says::Foreign).map(|code| code.place).collect();
        let there = Point { east_m: FOREIGN[0], north_m: FOREIGN[1] };
        assert!(foreign.len() >= 2 && foreign.iter().all(|place| place.distance_m(&there) <= 0.5), "{light}: {foreign:?}");
    }
}

/// Two areas of three bays side by side, near enough to the way flown that every picture shows them whole with the ground before them; in one a car more than its stays, in the other a car fewer.
#[test]
fn a_car_in_the_wrong_area_is_found_by_counting() {
    const BAYS: [(&str, f64, bool); 6] = [
        ("A00", -6.3, true),
        ("A00", -3.8, true),
        ("A00", -1.3, false),
        ("A01", 1.3, false),
        ("A01", 3.8, true),
        ("A01", 6.3, false),
    ];
    let bay = |(at, (area, east_m, _)): (usize, (&str, f64, bool))| RegisteredBay {
        id: format!("bay-{at}"),
        area: area.to_owned(),
        place: Point { east_m, north_m: 0.0 },
        heading_deg: 0.0,
        width_m: 2.5,
        length_m: 5.0,
    };
    let bays: Vec<RegisteredBay> = BAYS.into_iter().enumerate().map(bay).collect();
    let stay = |(number, area): (usize, &str)| Session {
        id: format!("stay-{number}"),
        area: area.to_owned(),
        plate: format!("12가{number:04}"),
        since_ms: -1,
        until_ms: None,
    };
    let drawn = |bay: &RegisteredBay| Bay {
        centre: [bay.place.east_m, bay.place.north_m],
        heading_deg: bay.heading_deg,
        width_m: bay.width_m,
        length_m: bay.length_m,
    };
    let parked = |(_, east_m, _): &(&str, f64, bool)| Car {
        place: [*east_m, 0.1],
        heading_deg: 1.0,
        body: CarBody::Saloon,
        paint: [172, 174, 178],
        plate: Plate::default(),
        lights: false,
    };
    for (light, hour, exposure_s, speed_m_s) in LIGHTS {
        let mut scene = Scene::new(Arc::new(Plan { bays: bays.iter().map(drawn).collect(), ..plan(Vec::new()) }), hour);
        scene.cars = BAYS.iter().filter(|(_, _, taken)| *taken).map(parked).collect();
        let eye = Eye { register: Register { beacons: Vec::new(), bays: bays.clone() }, ..eye(exposure_s) };
        let (gathering, _) = flown(eye, &scene, speed_m_s, 6);
        let report = |stays: &[&str]| gathering.report(stays.iter().copied().enumerate().map(stay).collect());
        let wrong = report(&["A00", "A01", "A01"]);
        let middle = [(-6.3 - 3.8) / 2.0, 0.0];
        found_where_planted(&wrong, &[(Kind::WrongArea, "A00", middle)], light);
        assert_eq!(wrong.found[0].count, 1, "{light}");
        assert_eq!(found(&report(&["A00", "A00", "A01"])), [], "{light}: every car where its stay says");
        assert_eq!(found(&report(&["A00", "A01"])), [(Kind::CarWithoutSession, "A00".to_owned())], "{light}");
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
