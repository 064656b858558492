//! From a camera's stream to findings over HTTP, and onto the manager's page in a real browser: the simulated camera flies over six areas of which
//! one beacon is forged and one gone and on which two cars stand, streams by RTSP, the watch is stopped in the middle and started again, and the
//! manager reads what is wrong.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use beacon::{Key, KeyRing, KeyState, issue};
use dispatch_core::event::{Actor, Event};
use dispatch_core::survey::{Pass, SurveyHow, SurveyKind};
use flight_types::{FlightEvent, FlightPhase, GeoPoint, Local, LocalFrame, LotId};
use orchestrator::config::SurveysConfig;
use orchestrator::surveys::{SurveyedLot, Watch, WatchParts};
use qrcodegen::{QrCode, QrCodeEcc};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sim_camera::{Bay, Beacon, BeaconCode, CameraPose, Car, CarBody, Intrinsics, Plan, Plate, Scene, Wear};
use sim_rtsp::{CameraStream, Picture, RtspServer, StreamSettings};
use survey_vision::ByFigures;

use crate::feeds::{d1, ready, report};
use crate::world::{NOW_MS, PASSWORD, World, answer, centre, soon};

const HOST: &str = "p.example";
/// From 10 m a picture of 1280 pixels shows a module of 33 mm by three of them.
const HEIGHT_M: f64 = 10.0;
const MODULE_M: f64 = 0.033;
const GROUND_AMSL_M: f64 = 30.0;
/// East and north along the lot's sides, metres; its south-western corner is where its metres begin.
const SIDES_M: [f64; 2] = [24.0, 18.0];
const MIDDLE_M: [f64; 2] = [12.0, 9.0];
/// Beacons from the lot's middle, metres, each of an area of its own; the area's bay lies farther out from the line between the rows.
const SPOTS: [[f64; 2]; 6] = [[-4.0, 1.5], [0.0, 1.5], [4.0, 1.5], [-4.0, -1.5], [0.0, -1.5], [4.0, -1.5]];
const AREA_M: [f64; 2] = [4.0, 8.0];
const BAY_M: [f64; 2] = [2.5, 5.0];
const BAY_OFF_M: f64 = 5.2;
const FORGED: usize = 1;
const GONE: usize = 4;
const CARS: [usize; 2] = [0, 5];
/// Between two pictures by the camera's clock; at 0.8 m a second they lie as far apart in metres.
const STEP_US: i64 = 1_000_000;
const STEP_M: f64 = 0.8;
/// Steps from one end to the other.
const STEPS: i64 = 18;
/// Pictures that count until every bay and beacon was seen several times: once to and fro, and a few more.
const PICTURES: usize = 2 * STEPS as usize + 4;
/// Two plays of a browser beside all other tests on a small machine; it ends sooner, or names the step that it hangs at.
const PLAY_PATIENCE: Duration = Duration::from_secs(300);

fn ring(secret: u8) -> KeyRing {
    KeyRing::new(HOST, vec![Key { id: 1, secret: [secret; 32], state: KeyState::Active }]).expect("a ring")
}

fn code(number: usize) -> QrCode {
    let text = issue(&ring(if number == FORGED { 99 } else { 7 }), &area(number)).expect("a beacon");
    QrCode::encode_text(&text, QrCodeEcc::Quartile).expect("a short text")
}

fn area(number: usize) -> String {
    format!("A{number:02}")
}

fn bay(number: usize) -> String {
    format!("A{number:02}-01")
}

/// On the lot, metres.
fn spot(number: usize) -> [f64; 2] {
    [MIDDLE_M[0] + SPOTS[number][0], MIDDLE_M[1] + SPOTS[number][1]]
}

fn bay_middle(number: usize) -> [f64; 2] {
    [spot(number)[0], MIDDLE_M[1] + BAY_OFF_M * SPOTS[number][1].signum()]
}

/// The lot as a manager draws it: six areas, each with a beacon that lies and a bay.
fn drawing() -> Value {
    let at = |east_m: f64, north_m: f64| {
        let place = LocalFrame::new(centre()).to_geo(Local { east_m, north_m });
        json!([place.lon_deg(), place.lat_deg()])
    };
    let square = |[west, south]: [f64; 2], [width, height]: [f64; 2]| {
        let corners = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height), (0.0, 0.0)];
        let ring = corners.map(|(east, north)| at(west + east, south + north));
        json!({"type": "Polygon", "coordinates": [ring]})
    };
    let feature = |id: String, geometry: Value, properties: Value| json!({"type": "Feature", "id": id, "geometry": geometry, "properties": properties});
    let mut features = vec![feature("lot-1".into(), square([0.0, 0.0], SIDES_M), json!({"kind": "lot", "name": "East"}))];
    for (number, [_, off_m]) in SPOTS.into_iter().enumerate() {
        let (area, [east_m, north_m]) = (area(number), spot(number));
        let south_m = if off_m > 0.0 { MIDDLE_M[1] } else { MIDDLE_M[1] - AREA_M[1] };
        let ground = square([east_m - AREA_M[0] / 2.0, south_m], AREA_M);
        let [bay_east_m, bay_north_m] = bay_middle(number);
        let standing = square([bay_east_m - BAY_M[0] / 2.0, bay_north_m - BAY_M[1] / 2.0], BAY_M);
        let board = json!({
            "kind": "beacon", "area": area, "height_m": 0.0, "heading_deg": 0.0, "tilt_deg": 0.0, "module_mm": 1_000.0 * MODULE_M,
            "state": "mounted",
        });
        features.push(feature(area.clone(), ground, json!({"kind": "area", "lot": "lot-1", "name": area})));
        features.push(feature(bay(number), standing, json!({"kind": "bay", "area": area, "heading_deg": 0.0})));
        features.push(feature(format!("{area}-beacon"), json!({"type": "Point", "coordinates": at(east_m, north_m)}), board));
    }
    json!({"type": "FeatureCollection", "features": features})
}

/// Flies to and fro over the lot, a step with each picture.
struct Flying {
    camera: sim_camera::Camera,
    scene: Scene,
    taken: i64,
}

impl Flying {
    fn new() -> Self {
        let board = |number: usize| {
            let (code, [east_m, north_m]) = (code(number), spot(number));
            let side = code.size();
            let dark = (0..side * side).map(|at| code.get_module(at % side, at / side)).collect();
            (number != GONE).then(|| Beacon {
                place: [east_m, north_m, 0.0],
                heading_deg: 0.0,
                tilt_deg: 0.0,
                side_m: f64::from(side) * MODULE_M,
                code: BeaconCode::new(side as usize, dark).expect("a square"),
                wear: Wear::default(),
            })
        };
        let painted = |number: usize| Bay { centre: bay_middle(number), heading_deg: 0.0, width_m: BAY_M[0], length_m: BAY_M[1] };
        let [east_m, north_m] = SIDES_M;
        let plan = Plan {
            lots: vec![vec![[0.0, 0.0], [east_m, 0.0], [east_m, north_m], [0.0, north_m]]],
            bays: (0..SPOTS.len()).map(painted).collect(),
            beacons: (0..SPOTS.len()).filter_map(board).collect(),
            ..Plan::default()
        };
        let parked = |number: usize| Car {
            place: bay_middle(number),
            heading_deg: 1.0,
            body: CarBody::Saloon,
            paint: [172, 174, 178],
            plate: Plate::default(),
            lights: false,
        };
        let lens = Intrinsics::new(1_280, 720, 70.0).expect("a lens");
        let mut scene = Scene::new(Arc::new(plan), 12.0);
        scene.cars = CARS.into_iter().map(parked).collect();
        Self { camera: sim_camera::Camera::new(lens, 1), scene, taken: 0 }
    }
}

impl sim_rtsp::Camera for Flying {
    fn capture(&mut self, picture: &mut Picture) {
        let step = self.taken % (2 * STEPS);
        let [east_m, middle_m] = MIDDLE_M;
        let north_m = middle_m + STEP_M * (step.min(2 * STEPS - step) as f64 - STEPS as f64 / 2.0);
        let pose = CameraPose { east_m, north_m, up_m: HEIGHT_M, pitch_deg: -90.0, ..CameraPose::default() };
        let frame = self.camera.render(&self.scene, &pose, (self.taken * STEP_US) as u64);
        picture.i420.copy_from_slice(&frame.i420);
        picture.captured_at_us = NOW_MS * 1_000 + self.taken * STEP_US;
        let place = LocalFrame::new(centre()).to_geo(Local { east_m, north_m });
        picture.pose = sim_rtsp::Pose {
            lat_deg: place.lat_deg(),
            lon_deg: place.lon_deg(),
            amsl_m: GROUND_AMSL_M + HEIGHT_M,
            yaw_deg: 0.0,
            pitch_deg: -90.0,
            roll_deg: 0.0,
            horizontal_fov_deg: 70.0,
        };
        self.taken += 1;
    }
}

async fn camera() -> (RtspServer, feed::CameraUrls) {
    let mut settings = StreamSettings { pictures_hz: 4.0, ..StreamSettings::default() };
    settings.main.bitrate_bps = 4_000_000;
    let stream = CameraStream::start(Box::new(Flying::new()), settings).expect("an encoder");
    let server = RtspServer::start(([127, 0, 0, 1], 0).into(), [("d1".to_owned(), stream)].into()).await.expect("a port");
    let main = format!("rtsp://{}/d1/main", server.address()).parse().expect("a URL");
    (server, feed::CameraUrls { main, sub: None })
}

fn watch(world: &World, folder: &Path) -> Watch {
    let settings = SurveysConfig { corrected_positions: true, ..SurveysConfig::default() };
    let (lots, of_lots) = (world.app.lots.clone(), settings.clone());
    Watch::start(WatchParts {
        engine: world.engine.clone(),
        feeds: world.feeds.clone(),
        lots: Arc::new(move |wanted| lots.current(wanted).map(|layout| SurveyedLot::of(&layout.lot, &of_lots, HOST))),
        keys: ring(7),
        judge: Arc::new(ByFigures),
        settings,
        folder: folder.to_owned(),
    })
}

/// Returns once so many pictures are on the shelf.
async fn kept(folder: &Path, survey: &str, count: usize) {
    let path = folder.join(survey).join("sightings.jsonl");
    let mut look = tokio::time::interval(Duration::from_millis(50));
    soon("pictures of the survey", async {
        while std::fs::read_to_string(&path).map_or(0, |text| text.lines().count()) < count {
            look.tick().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_survey_is_watched_over_a_restart_and_the_manager_reads_what_is_wrong() {
    let mut world = World::new().await;
    world.drones = vec![ready()];
    let drawn = world.request("manager", Method::PUT, "/lots/lot-1/layout").header("If-Match", "\"0\"");
    let (status, said) = answer(drawn.body(drawing().to_string())).await;
    assert_eq!(status, StatusCode::OK, "{said}");
    let (_server, urls) = camera().await;
    world.feeds.set(&d1(), urls);
    let folder = world.app.surveys_dir.clone().expect("a folder");
    let corners = vec![centre(), centre().moved(0.0, 10.0)];
    let how = SurveyHow {
        kind: SurveyKind::Sweep,
        pass: Some(Pass { height_m: 10.0, speed_m_s: 1.0, heading_deg: None }),
        ..SurveyHow::default()
    };
    let lot = LotId::new("lot-1").expect("an id");
    world.engine.report(Actor::System, Event::SurveyRequested { lot, corners, how }).await.expect("a survey");
    world.find_guards().await;
    let mission = world.engine.read(|core| core.mission_of(&d1()).map(|mission| mission.id.clone())).expect("a flight");
    let approved =
        world.request("operator", Method::POST, &format!("/launches/{mission}/approve")).send().await.expect("an answer");
    assert_eq!(approved.status(), StatusCode::NO_CONTENT);
    let survey = world.engine.read(|core| core.surveys().next().map(|survey| survey.id.to_string())).expect("a survey");

    let first = watch(&world, &folder);
    for phase in [FlightPhase::PreflightPassed, FlightPhase::Uploaded, FlightPhase::Armed, FlightPhase::Airborne] {
        report(&world, &mission, FlightEvent::Reached { phase }).await;
    }
    kept(&folder, &survey, 3).await;
    first.stop().await;
    let again = watch(&world, &folder);
    for count in [PICTURES / 2, PICTURES] {
        kept(&folder, &survey, count).await;
    }
    for phase in [FlightPhase::OnScene, FlightPhase::Returning, FlightPhase::Landed] {
        report(&world, &mission, FlightEvent::Reached { phase }).await;
    }
    world.advance(11 * 60_000).await;
    let mut look = tokio::time::interval(Duration::from_millis(100));
    let surveys = soon("the report", async {
        loop {
            look.tick().await;
            let (_, surveys) = world.get("manager", "/lots/lot-1/surveys").await;
            if surveys[0]["report"].is_object() {
                return surveys;
            }
        }
    })
    .await;
    again.stop().await;
    assert_eq!(surveys[0]["state"], "flown", "{surveys}");
    let (_, findings) = world.get("manager", "/lots/lot-1/findings").await;
    let mut said: Vec<(&str, &str)> = Vec::new();
    for finding in findings.as_array().expect("findings") {
        said.push((finding["kind"].as_str().expect("a kind"), finding["subject"].as_str().expect("a subject")));
        let best: &Value = &finding["best"];
        let picture = best.as_str().and_then(|best| best.split_once('/')).expect("a picture").1;
        let shown = world.request("manager", Method::GET, &format!("/lots/lot-1/surveys/{survey}/pictures/{picture}")).send().await;
        let jpeg = shown.expect("an answer").bytes().await.expect("a body");
        assert!(jpeg.starts_with(&[0xff, 0xd8]), "a JPEG");
    }
    said.sort_unstable();
    let expected =
        [("beacon_forged", "A01"), ("beacon_missing", "A04"), ("car_without_session", "A00-01"), ("car_without_session", "A05-01")];
    assert_eq!(said, expected, "{findings}");
    film_is_kept(&world, &survey, &findings).await;
    let forged = json!({"kind": "beacon_forged", "at": "A01-beacon"});
    let missing = json!({"kind": "beacon_missing", "at": "A04-beacon"});
    let car = |number: usize| json!({"kind": "car_without_session", "at": bay(number)});
    played(&world, "ko", &[forged.clone(), missing, car(0), car(5)], ["A01-beacon", "A04-beacon"]).await;
    played(&world, "en", &[car(0), car(5), forged], [&bay(5), &bay(0)]).await;
    let (_, findings) = world.get("manager", "/lots/lot-1/findings").await;
    let mut lives: Vec<(&str, &str, &str)> = Vec::new();
    for finding in findings.as_array().expect("findings") {
        let text = |field: &str| finding[field].as_str().expect("a text");
        lives.push((text("subject"), text("life"), text("by")));
    }
    lives.sort_unstable();
    let expected = [
        ("A00-01", "fixed", "manager"),
        ("A01", "acknowledged", "manager"),
        ("A04", "fixed", "manager"),
        ("A05-01", "acknowledged", "manager"),
    ];
    assert_eq!(lives, expected, "{findings}");
}

/// The manager's page in a real browser, with these findings that are not fixed; of two of them, by their places, the first is marked as seen
/// and the second as fixed.
async fn played(world: &World, language: &str, findings: &[Value], [seen, fixed]: [&str; 2]) {
    let ui = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("ui");
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
    for (needed, how) in [
        (ui.join("node_modules/playwright-core"), "`npm ci` in orchestrator/ui"),
        (PathBuf::from(chromium), "Debian's package chromium, or CHROMIUM names one"),
    ] {
        assert!(needed.exists(), "{} is missing: `cargo xtask test` installs it ({how})", needed.display());
    }
    let of = |taken: bool| -> Vec<String> { (0..SPOTS.len()).filter(|at| CARS.contains(at) == taken).map(bay).collect() };
    let planted = json!({
        "lot": "lot-1", "manager": format!("manager:{PASSWORD}"), "taken": of(true), "free": of(false),
        "read": ["A00", "A02", "A03", "A05"], "findings": findings, "seen": seen, "fixed": fixed, "filmed": 4,
    });
    let mut play = tokio::process::Command::new("node");
    play.arg("e2e/found.mjs").current_dir(ui).kill_on_drop(true);
    play.env("BASE_URL", &world.base).env("LANGUAGE", language).env("PLANTED", planted.to_string());
    let output = tokio::time::timeout(PLAY_PATIENCE, play.output()).await.expect("the play ends").expect("node starts");
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "the play in {language} ended with {}:\n{told}", output.status);
}

/// The same survey again as a film: frames in their order, codes as they were read, the pictures that findings point to at their moments.
async fn film_is_kept(world: &World, survey: &str, findings: &Value) {
    let path = format!("/lots/lot-1/surveys/{survey}/film");
    let (status, film) = world.get("manager", &path).await;
    assert_eq!(status, StatusCode::OK, "{film}");
    let frames = film["frames"].as_array().expect("frames");
    let times: Vec<i64> = frames.iter().filter_map(|frame| frame["at_ms"].as_i64()).collect();
    assert!(times.len() >= PICTURES && times.is_sorted(), "over the restart: {times:?}");
    let off_m = |frame: &Value| {
        let place = GeoPoint::new(frame["place"]["lat"].as_f64()?, frame["place"]["lon"].as_f64()?).ok()?;
        Some((LocalFrame::new(centre()).to_local(place).east_m - MIDDLE_M[0]).abs())
    };
    assert!(frames.iter().all(|frame| off_m(frame).is_some_and(|off_m| off_m < 1.0)), "on the line that was flown: {film}");
    let mut read: Vec<&str> =
        film["beacons"].as_array().expect("beacons").iter().filter_map(|beacon| beacon["area"].as_str()).collect();
    read.sort_unstable();
    assert_eq!(read, ["A00", "A02", "A03", "A05"], "neither the forged nor the missing one");
    let kept: Vec<&Value> = frames.iter().map(|frame| &frame["picture"]).filter(|picture| picture.is_string()).collect();
    for finding in findings.as_array().expect("findings") {
        let pictures = finding["pictures"].as_array().expect("pictures");
        assert!(pictures.iter().all(|picture| kept.contains(&picture)), "{finding} {kept:?}");
    }
    assert!(!kept.is_empty() && kept.len() < frames.len(), "{} of {}", kept.len(), frames.len());
    for (who, expected) in [("operator", StatusCode::FORBIDDEN), ("g1", StatusCode::FORBIDDEN)] {
        assert_eq!(world.get(who, &path).await.0, expected, "{who}");
    }
    let (status, _) = world.get("manager", "/lots/lot-1/surveys/survey-999999/film").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
