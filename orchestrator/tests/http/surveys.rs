//! Surveys over HTTP: asked for, due by the clock, seen, called off; findings settled with who and when; pictures from the shelf.

use std::sync::Arc;
use std::time::Duration;

use dispatch_core::event::{Actor, Event};
use dispatch_core::lots::{BaySighting, SurveyReport};
use dispatch_core::survey::{Survey, SurveyKind};
use flight_types::{LotId, SurveyId};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use survey_findings::{Finding, Judgement, Kind, Point, Subject};

use orchestrator::config::SurveysConfig;
use orchestrator::surveys::{Askers, SurveyedLot, Times, plan, start_schedule};
use site_model::Lot;

use crate::world::{NOW_MS, World, centre, lot_json, soon};

pub fn report(picture: &str) -> SurveyReport {
    let finding = Finding {
        kind: Kind::BeaconForged,
        subject: Subject::Code("A1".to_owned()),
        count: 1,
        place: Some(Point { east_m: 10.0, north_m: 0.0 }),
        confidence: 0.98,
        pictures: vec![picture.to_owned()],
        best: Some(picture.to_owned()),
    };
    SurveyReport {
        judgement: Judgement { found: vec![finding], cleared: Vec::new() },
        bays: vec![BaySighting { bay: "A1-1".to_owned(), taken: Some(true), seen_ms: 5 }],
        pictures: 12,
        dropped: 1,
        unseen: Vec::new(),
    }
}

#[tokio::test]
async fn a_survey_is_asked_for_seen_and_called_off() {
    let world = World::new().await;
    let (status, asked) = world.post("manager", "/lots/lot-1/surveys", json!({"kind": "audit"})).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{asked}");
    let id = asked["survey"].as_str().expect("its name").to_owned();
    let (status, again) = world.post("manager", "/lots/lot-1/surveys", json!({})).await;
    assert_eq!((status, again["cause"]["cause"].as_str()), (StatusCode::CONFLICT, Some("survey_under_way")), "{again}");
    let (_, seen) = world.get("operator", "/lots/lot-1/surveys").await;
    let survey = &seen[0];
    assert_eq!(
        (survey["id"].as_str(), survey["state"].as_str(), survey["kind"].as_str()),
        (Some(id.as_str()), Some("open"), Some("audit"))
    );
    assert_eq!(
        (survey["sorties"].as_u64(), survey["flown_m"].as_f64(), survey["requested_by"].as_str()),
        (Some(2), Some(0.0), Some("manager"))
    );
    // What the path does not show is told to operators and managers, with its reason.
    let coverage = json!({"seen": 0.75, "unseen": [{"share": 0.25, "reason": "zone", "name": "School"}]});
    assert_eq!(survey["coverage"], coverage);
    let gone = world.request("manager", Method::DELETE, &format!("/lots/lot-1/surveys/{id}")).send().await.expect("an answer");
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    let twice = world.request("manager", Method::DELETE, &format!("/lots/lot-1/surveys/{id}")).send().await.expect("an answer");
    assert_eq!(twice.status(), StatusCode::CONFLICT);
    for (path, body) in [("/lots/none/surveys", json!({})), ("/lots/lot-1/surveys", json!({"kind": "guess"}))] {
        let (status, problem) = world.post("manager", path, body).await;
        assert!(matches!(status, StatusCode::NOT_FOUND | StatusCode::UNPROCESSABLE_ENTITY), "{path}: {problem}");
    }
}

#[tokio::test]
async fn findings_are_settled_by_people_with_who_and_when() {
    let world = World::new().await;
    let (_, asked) = world.post("manager", "/lots/lot-1/surveys", json!({})).await;
    let id = asked["survey"].as_str().expect("its name").to_owned();
    let survey = SurveyId::new(id.as_str()).expect("an id");
    let picture = format!("{id}/000001");
    let folder = world.app.surveys_dir.clone().expect("a folder").join(&id);
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("000001.jpg"), b"a picture").expect("a file");
    let event = Event::SurveyReported { survey: survey.clone(), report: Box::new(report(&picture)) };
    world.engine.report(Actor::System, event.clone()).await.expect("the report is taken");
    assert!(world.engine.report(Actor::System, event).await.is_err(), "a survey is reported once");

    let finding = |all: &Value| all[0].clone();
    let (_, all) = world.get("manager", "/lots/lot-1/findings").await;
    let open = finding(&all);
    assert_eq!(
        (open["kind"].as_str(), open["life"].as_str(), open["best"].as_str()),
        (Some("beacon_forged"), Some("open"), Some(picture.as_str()))
    );
    assert!(open["place"]["lon"].as_f64().is_some_and(|lon| lon > 127.0), "ten metres east of the lot's origin: {open}");
    for (what, life) in [("acknowledge", "acknowledged"), ("fixed", "fixed")] {
        let path = format!("/lots/lot-1/findings/1/{what}");
        assert_eq!(world.post("manager", &path, json!({})).await.0, StatusCode::NO_CONTENT, "{what}");
        let (_, all) = world.get("manager", "/lots/lot-1/findings").await;
        let now = finding(&all);
        assert_eq!((now["life"].as_str(), now["by"].as_str(), now["at_ms"].is_i64()), (Some(life), Some("manager"), true), "{now}");
    }
    assert_eq!(world.post("manager", "/lots/lot-1/findings/1/fixed", json!({})).await.0, StatusCode::CONFLICT);
    assert_eq!(world.post("manager", "/lots/lot-1/findings/9/fixed", json!({})).await.0, StatusCode::NOT_FOUND);

    let (_, bays) = world.get("manager", "/lots/lot-1/bays").await;
    assert_eq!(bays, json!([{"bay": "A1-1", "taken": true, "seen_ms": 5}]));
    let (_, surveys) = world.get("manager", "/lots/lot-1/surveys").await;
    assert_eq!(surveys[0]["report"]["opened"], json!([1]));
    let shown = |name: &str| world.request("manager", Method::GET, &format!("/lots/lot-1/surveys/{id}/pictures/{name}")).send();
    let jpeg = shown("000001").await.expect("an answer");
    assert_eq!((jpeg.status(), jpeg.bytes().await.expect("a body").as_ref()), (StatusCode::OK, b"a picture".as_ref()));
    for name in ["000002", "..%2F000001", "sightings"] {
        assert_eq!(shown(name).await.expect("an answer").status(), StatusCode::NOT_FOUND, "{name}");
    }
}

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// The tests' clock begins at 07:13:20 in Korea.
const DUE_MS: i64 = NOW_MS + 16 * MINUTE_MS + 40_000;

/// The lot of the tests, planned as the server plans, and one that cannot be.
fn due(world: &World) -> Askers {
    let (engine, settings) = (world.engine.clone(), SurveysConfig::default());
    let drawn = Lot::from_geojson(lot_json().to_string(), centre()).expect("a lot");
    Arc::new(move |kind, now_ms| {
        let site = engine.read(|core| core.site().cloned()).expect("a site");
        let lot = SurveyedLot::of(&drawn, &settings, "park.example");
        let unplanned = (LotId::new("lot-0").expect("an id"), Err("it has no ground".to_owned()));
        let planned = plan(&lot, kind, &site, &settings, now_ms).map_err(|error| error.to_string());
        vec![unplanned, (lot.id, planned)]
    })
}

fn daily() -> Times {
    Times { daily_at: vec!["07:30".parse().expect("a time")], utc_offset_min: 540 }
}

/// Returns when so many surveys were asked for; with when each was.
async fn asked(world: &World, count: usize) -> Vec<i64> {
    let mut look = tokio::time::interval(Duration::from_millis(10));
    soon("a survey that is due", async {
        loop {
            look.tick().await;
            let asked: Vec<i64> = world.engine.read(|core| core.surveys().map(|survey| survey.requested_at_ms).collect());
            if asked.len() >= count {
                return asked;
            }
        }
    })
    .await
}

async fn call_off_all(world: &World) {
    let open: Vec<SurveyId> =
        world.engine.read(|core| core.surveys().filter(|survey| survey.is_open()).map(|survey| survey.id.clone()).collect());
    for survey in open {
        world.engine.report(Actor::System, Event::SurveyCancelled { survey }).await.expect("called off");
    }
}

#[tokio::test]
async fn a_survey_is_asked_for_daily_at_its_time_once_and_not_again_after_a_restart() {
    let world = World::new().await;
    let schedule = start_schedule(world.engine.clone(), daily(), due(&world));
    // The clock stands still between the steps: a survey asked for too early would carry an earlier time.
    for step_ms in [10 * MINUTE_MS, 6 * MINUTE_MS, 40_000] {
        world.advance(step_ms).await;
    }
    assert_eq!(asked(&world, 1).await, [DUE_MS]);
    let (_, seen) = world.get("manager", "/lots/lot-1/surveys").await;
    assert_eq!(
        (seen[0]["kind"].as_str(), seen[0]["state"].as_str(), seen[0]["requested_by"].as_str()),
        (Some("sweep"), Some("open"), None),
        "{seen}"
    );
    assert!(seen[0]["whole_m"].as_f64().is_some_and(|way_m| way_m > 100.0), "a path over the lot: {seen}");
    let kinds = world.engine.read(|core| core.surveys().map(|survey: &Survey| survey.kind).collect::<Vec<_>>());
    assert_eq!(kinds, [SurveyKind::Sweep]);

    // Called off and started again within the quarter of an hour in which it is made up for: it was asked for, and is not asked for twice.
    call_off_all(&world).await;
    schedule.abort();
    let again = start_schedule(world.engine.clone(), daily(), due(&world));
    tokio::task::yield_now().await;
    world.advance(5 * MINUTE_MS).await;
    world.advance(DAY_MS - 5 * MINUTE_MS).await;
    assert_eq!(asked(&world, 2).await, [DUE_MS, DUE_MS + DAY_MS]);

    // A server that was down at the time makes up for it within a quarter of an hour, and not later.
    call_off_all(&world).await;
    again.abort();
    world.advance(DAY_MS + 20 * MINUTE_MS).await;
    let late = start_schedule(world.engine.clone(), daily(), due(&world));
    tokio::task::yield_now().await;
    world.advance(DAY_MS - 20 * MINUTE_MS + 14 * MINUTE_MS).await;
    assert_eq!(asked(&world, 3).await, [DUE_MS, DUE_MS + DAY_MS, DUE_MS + 3 * DAY_MS + 14 * MINUTE_MS]);
    late.abort();
}
