//! From a camera's stream to findings over HTTP: the simulated camera flies over six beacons of which one is forged and one gone, streams by
//! RTSP, the watch is stopped in the middle and started again, and the manager reads what is wrong.

use std::path::Path;
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
use serde_json::Value;
use sim_camera::{Beacon, BeaconCode, CameraPose, Intrinsics, Plan, Scene, Wear};
use sim_rtsp::{CameraStream, Picture, RtspServer, StreamSettings};
use survey_findings::Point;
use survey_sightings::{Register, RegisteredBeacon};
use survey_vision::ByFigures;

use crate::feeds::{d1, ready, report};
use crate::world::{NOW_MS, World, centre, soon};

/// From 10 m a picture of 1280 pixels shows a module of 33 mm by three of them.
const HEIGHT_M: f64 = 10.0;
const MODULE_M: f64 = 0.033;
const GROUND_AMSL_M: f64 = 30.0;
const SPOTS: [[f64; 2]; 6] = [[-4.0, 1.5], [0.0, 1.5], [4.0, 1.5], [-4.0, -1.5], [0.0, -1.5], [4.0, -1.5]];
const FORGED: usize = 1;
const GONE: usize = 4;
/// Between two pictures by the camera's clock; at 0.8 m a second they lie as far apart in metres.
const STEP_US: i64 = 1_000_000;
const STEP_M: f64 = 0.8;
/// Steps from one end to the other.
const STEPS: i64 = 10;

fn ring(secret: u8) -> KeyRing {
    KeyRing::new("p.example", vec![Key { id: 1, secret: [secret; 32], state: KeyState::Active }]).expect("a ring")
}

fn code(number: usize) -> QrCode {
    let text = issue(&ring(if number == FORGED { 99 } else { 7 }), &format!("A{number:02}")).expect("a beacon");
    QrCode::encode_text(&text, QrCodeEcc::Quartile).expect("a short text")
}

fn lot() -> SurveyedLot {
    let beacon = |(number, [east_m, north_m]): (usize, [f64; 2])| {
        let modules = code(number).size() as usize;
        let place = Point { east_m, north_m };
        RegisteredBeacon { area: format!("A{number:02}"), place, up_m: 0.0, side_m: modules as f64 * MODULE_M, modules }
    };
    SurveyedLot {
        id: LotId::new("lot-1").expect("an id"),
        frame: LocalFrame::new(centre()),
        outline: Vec::new(),
        holes: Vec::new(),
        register: Register { beacons: SPOTS.into_iter().enumerate().map(beacon).collect(), bays: Vec::new() },
    }
}

/// Flies to and fro over the beacons, a step with each picture.
struct Flying {
    camera: sim_camera::Camera,
    scene: Scene,
    taken: i64,
}

impl Flying {
    fn new() -> Self {
        let board = |(number, [east_m, north_m]): (usize, [f64; 2])| {
            let code = code(number);
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
        let plan = Plan {
            lots: vec![vec![[-40.0, -40.0], [40.0, -40.0], [40.0, 40.0], [-40.0, 40.0]]],
            beacons: SPOTS.into_iter().enumerate().filter_map(board).collect(),
            ..Plan::default()
        };
        let lens = Intrinsics::new(1_280, 720, 70.0).expect("a lens");
        Self { camera: sim_camera::Camera::new(lens, 1), scene: Scene::new(Arc::new(plan), 12.0), taken: 0 }
    }
}

impl sim_rtsp::Camera for Flying {
    fn capture(&mut self, picture: &mut Picture) {
        let step = self.taken % (2 * STEPS);
        let north_m = -4.0 + STEP_M * step.min(2 * STEPS - step) as f64;
        let pose = CameraPose { north_m, up_m: HEIGHT_M, pitch_deg: -90.0, ..CameraPose::default() };
        let frame = self.camera.render(&self.scene, &pose, (self.taken * STEP_US) as u64);
        picture.i420.copy_from_slice(&frame.i420);
        picture.captured_at_us = NOW_MS * 1_000 + self.taken * STEP_US;
        let place = LocalFrame::new(centre()).to_geo(Local { east_m: 0.0, north_m });
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
    Watch::start(WatchParts {
        engine: world.engine.clone(),
        feeds: world.feeds.clone(),
        lots: Arc::new(|wanted| Some(lot()).filter(|lot| lot.id == *wanted)),
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
    kept(&folder, &survey, 12).await;
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
    assert_eq!(said, [("beacon_forged", "A01"), ("beacon_missing", "A04")], "{findings}");
    film_is_kept(&world, &survey, &findings).await;
}

/// The same survey again as a film: frames in their order, codes as they were read, the pictures that findings point to at their moments.
async fn film_is_kept(world: &World, survey: &str, findings: &Value) {
    let path = format!("/lots/lot-1/surveys/{survey}/film");
    let (status, film) = world.get("manager", &path).await;
    assert_eq!(status, StatusCode::OK, "{film}");
    let frames = film["frames"].as_array().expect("frames");
    let times: Vec<i64> = frames.iter().filter_map(|frame| frame["at_ms"].as_i64()).collect();
    assert!(times.len() >= 12 && times.is_sorted(), "over the restart: {times:?}");
    let off_m = |frame: &Value| {
        let place = GeoPoint::new(frame["place"]["lat"].as_f64()?, frame["place"]["lon"].as_f64()?).ok()?;
        Some(LocalFrame::new(centre()).to_local(place).east_m.abs())
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
