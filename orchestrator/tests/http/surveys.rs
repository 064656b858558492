//! Surveys over HTTP: asked for, seen, called off; findings settled with who and when; pictures from the shelf.

use dispatch_core::event::{Actor, Event};
use dispatch_core::lots::{BaySighting, SurveyReport};
use flight_types::SurveyId;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use survey_findings::{Finding, Judgement, Kind, Point, Subject};

use crate::world::World;

fn report(picture: &str) -> SurveyReport {
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
