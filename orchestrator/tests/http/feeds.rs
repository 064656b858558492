//! Who sees which picture, and for how long. What the pictures look like is tested in the crate `feed` and in a real browser.

use dispatch_core::config::Policy;
use dispatch_core::effect::{Action, Effect};
use dispatch_core::event::{Actor, Event};
use flight_types::{DroneId, DroneStatus, FlightEvent, FlightPhase, IncidentId, LightState, LinkStatus, MissionId};
use orchestrator::store::{AuditNote, verify_audit};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::world::{World, answer, centre, soon};

pub fn d1() -> DroneId {
    DroneId::new("d1").expect("an id")
}

pub fn ready() -> DroneStatus {
    DroneStatus {
        link: LinkStatus { connected: true, silence_ms: Some(100), ..LinkStatus::default() },
        position: Some(centre().moved(270.0, 800.0)),
        height_m: Some(0.0),
        battery_pct: Some(95.0),
        armed: Some(false),
        landed: Some(true),
        mode: Some("hold".to_owned()),
        gps_ok: Some(true),
        health_ok: Some(true),
        light: LightState::Off,
        ..DroneStatus::unheard(d1())
    }
}

/// A world in which d1, whose camera does not answer, is on scene of an incident that g1 has taken; the incident and the flight.
pub async fn on_scene() -> (World, String, MissionId) {
    let (world, incident, mission) = in_transit().await;
    report(&world, &mission, FlightEvent::Reached { phase: FlightPhase::OnScene }).await;
    (world, incident, mission)
}

/// The same a moment before, on the way out.
pub async fn in_transit() -> (World, String, MissionId) {
    let mut world = World::new().await;
    world.drones = vec![ready()];
    let url = "rtsp://127.0.0.1:1/d1".parse().expect("a URL");
    world.feeds.set(&d1(), feed::CameraUrls { main: url, sub: None });
    let incident = world.assigned().await;
    world.find_guards().await;
    let mission = world.engine.read(|core| core.mission_of(&d1()).map(|mission| mission.id.clone())).expect("a flight");
    let approved =
        world.request("operator", Method::POST, &format!("/launches/{mission}/approve")).send().await.expect("an answer");
    assert_eq!(approved.status(), StatusCode::NO_CONTENT);
    for phase in [FlightPhase::PreflightPassed, FlightPhase::Uploaded, FlightPhase::Armed, FlightPhase::Airborne] {
        report(&world, &mission, FlightEvent::Reached { phase }).await;
    }
    (world, incident, mission)
}

pub async fn report(world: &World, mission: &MissionId, report: FlightEvent) {
    let event = Event::Flight { drone: d1(), mission: mission.clone(), report };
    world.engine.report(Actor::Drone { id: d1() }, event).await.expect("a report is taken");
}

/// What a browser offers that wants to see; written down once from a real one, shortened.
const OFFER: &str = include_str!("offer.sdp");

async fn offer(world: &World, who: &str) -> (StatusCode, Option<String>, String) {
    let request = world.request(who, Method::POST, "/feeds/d1/whep").header("content-type", "application/sdp").body(OFFER);
    let response = request.send().await.expect("an answer");
    let location = response.headers().get("location").map(|value| value.to_str().expect("text").to_owned());
    (response.status(), location, response.text().await.expect("a body"))
}

async fn status(world: &World, who: &str, method: Method, path: &str) -> StatusCode {
    world.request(who, method, path).send().await.expect("an answer").status()
}

#[tokio::test]
async fn the_incidents_guard_operator_and_pilot_see_and_nobody_else() {
    let (world, _, _) = on_scene().await;
    for who in ["g1", "operator", "pilot"] {
        let (status, location, body) = offer(&world, who).await;
        assert_eq!(status, StatusCode::CREATED, "{who}: {body}");
        assert!(location.expect("a viewing").starts_with("/api/v1/feeds/d1/whep/"));
        assert!(body.contains("a=ice-lite") && body.contains("H264/90000"), "{body}");
        let (_, feeds) = world.get(who, "/feeds").await;
        assert_eq!(feeds["feeds"][0]["drone"], "d1", "{who}");
    }
    assert_eq!(offer(&world, "g2").await.0, StatusCode::FORBIDDEN, "a guard of no incident of this aircraft");
    assert_eq!(status(&world, "g2", Method::GET, "/feeds/d1/still.jpg").await, StatusCode::FORBIDDEN);
    assert_eq!(world.get("g2", "/feeds").await.1["feeds"], serde_json::json!([]));
    assert_eq!(offer(&world, "").await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn nobody_sees_an_aircraft_that_does_not_fly_or_has_no_camera() {
    let world = World::new().await;
    assert_eq!(offer(&world, "operator").await.0, StatusCode::CONFLICT);
    assert_eq!(offer(&world, "g1").await.0, StatusCode::FORBIDDEN);
    assert_eq!(status(&world, "pilot", Method::GET, "/feeds/d7/still.jpg").await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_viewing_is_its_makers_alone_and_ends_once() {
    let (world, _, _) = on_scene().await;
    let (_, location, _) = offer(&world, "g1").await;
    let viewing = location.expect("a viewing");
    let candidate = "a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host\r\n";
    let trickle = |who: &'static str, body: String| {
        let request = world.request(who, Method::PATCH, &viewing).header("content-type", "application/trickle-ice-sdpfrag");
        request.body(body).send()
    };
    for other in ["operator", "pilot"] {
        let trickled = trickle(other, candidate.to_owned()).await.expect("an answer");
        assert_eq!(trickled.status(), StatusCode::NOT_FOUND, "{other} knows nothing of it");
        assert_eq!(status(&world, other, Method::DELETE, &viewing).await, StatusCode::NOT_FOUND);
    }
    assert_eq!(trickle("g1", candidate.to_owned()).await.expect("an answer").status(), StatusCode::NO_CONTENT);
    let hidden = "a=candidate:1 1 udp 2113937151 1f4712db-ea17-4bcf-a596-105139dfd8bf.local 54596 typ host\r\n";
    assert_eq!(
        trickle("g1", hidden.to_owned()).await.expect("an answer").status(),
        StatusCode::NO_CONTENT,
        "as browsers hide them"
    );
    let flood = trickle("g1", candidate.repeat(100)).await.expect("an answer");
    assert_eq!(flood.status(), StatusCode::UNPROCESSABLE_ENTITY, "candidates are bounded");
    let mut steps = world.engine.subscribe();
    assert_eq!(status(&world, "g1", Method::DELETE, &viewing).await, StatusCode::NO_CONTENT);
    soon("the end", async {
        while status(&world, "g1", Method::DELETE, &viewing).await != StatusCode::NOT_FOUND {
            world.engine.report(Actor::System, Event::TimePassed).await.expect("time passes");
            let _ = steps.recv().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_viewing_ends_with_the_flight_and_every_one_is_in_the_audit_trail() {
    let (world, incident, mission) = on_scene().await;
    let (_, location, _) = offer(&world, "pilot").await;
    let viewing = location.expect("a viewing");
    report(&world, &mission, FlightEvent::Reached { phase: FlightPhase::Returning }).await;
    report(&world, &mission, FlightEvent::Reached { phase: FlightPhase::Landed }).await;
    let notes = noted(&world, &["picture_viewed", "picture_view_ended"], 2).await;
    assert_eq!((notes[0].action.as_str(), notes[0].subject.as_str()), ("picture_viewed", "d1"));
    assert_eq!(notes[0].detail["incident"], incident);
    assert_eq!((notes[1].action.as_str(), notes[1].detail["why"].as_str()), ("picture_view_ended", "not_allowed_any_more"));
    assert!(!viewing.ends_with(&notes[0].detail["viewing"]), "the trail does not hold what would reach the viewing");
    assert_eq!(status(&world, "pilot", Method::DELETE, &viewing).await, StatusCode::NOT_FOUND);
    assert!(verify_audit(&world.store).await.expect("a trail").is_ok());
}

#[tokio::test]
async fn what_is_no_offer_is_refused_in_words() {
    let (world, _, _) = on_scene().await;
    for (kind, body, expected) in [
        ("application/json", OFFER.to_owned(), StatusCode::BAD_REQUEST),
        ("application/sdp", "v=0".to_owned(), StatusCode::UNPROCESSABLE_ENTITY),
        ("application/sdp", String::new(), StatusCode::UNPROCESSABLE_ENTITY),
        ("application/sdp", OFFER.replace("H264", "VP8"), StatusCode::UNPROCESSABLE_ENTITY),
        ("application/sdp", "x".repeat(60_000), StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let request = world.request("g1", Method::POST, "/feeds/d1/whep").header("content-type", kind).body(body);
        let (status, problem): (StatusCode, Value) = answer(request).await;
        assert_eq!(status, expected, "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
    }
}

/// What the trail has of these, once there are so many.
async fn noted(world: &World, actions: &[&str], count: usize) -> Vec<AuditNote> {
    soon("the trail", async {
        loop {
            let notes = orchestrator::store::audit_notes(&world.store, actions).await.expect("a trail");
            if notes.len() == count {
                return notes;
            }
            world.engine.report(Actor::System, Event::TimePassed).await.expect("time passes");
        }
    })
    .await
}

/// The incident is over, and its aircraft still in the air: what it sees on its way home is nothing to the guard any more.
#[tokio::test]
async fn a_guards_picture_ends_with_the_incident_though_the_aircraft_flies_on() {
    let (world, incident, _) = on_scene().await;
    let (_, location, _) = offer(&world, "g1").await;
    let viewing = location.expect("a viewing");
    crate::evidence::close(&world, &incident).await;
    let notes = noted(&world, &["picture_view_ended"], 1).await;
    assert_eq!(notes[0].detail["why"], "not_allowed_any_more");
    assert!(world.engine.read(|core| core.mission_of(&d1()).is_some()), "it flies");
    assert_eq!(offer(&world, "g1").await.0, StatusCode::FORBIDDEN);
    assert_eq!(status(&world, "g1", Method::GET, "/feeds/d1/still.jpg").await, StatusCode::FORBIDDEN);
    assert_eq!(status(&world, "g1", Method::DELETE, &viewing).await, StatusCode::NOT_FOUND);
    assert_eq!(world.get("g1", "/feeds").await.1["feeds"], serde_json::json!([]));
    assert_eq!(offer(&world, "pilot").await.0, StatusCode::CREATED, "who flies it sees where it flies");
}

/// A phone that is lost on the way: whoever finds it does not go on watching.
#[tokio::test]
async fn a_guard_who_is_replaced_while_watching_sees_nothing_more() {
    let (mut world, incident, _) = on_scene().await;
    assert_eq!(offer(&world, "g1").await.0, StatusCode::CREATED);
    while world.effects.try_recv().is_ok() {}
    world.advance(Policy::default().guard_silence_max_ms).await;
    let asked = std::iter::from_fn(|| world.effects.try_recv().ok()).find_map(|Effect { id, action }| match action {
        Action::CheckGuard { guard, .. } => Some((id, guard)),
        _ => None,
    });
    let (effect, guard) = asked.expect("the server asks after its guards");
    let silent = Event::GuardSeen { effect, guard, silence_ms: None };
    world.engine.report(Actor::System, silent).await.expect("an answer is taken");
    let id = IncidentId::new(incident).expect("an id");
    assert_eq!(world.engine.read(|core| core.incident(&id).and_then(|incident| incident.primary.clone())), None);
    assert_eq!(noted(&world, &["picture_view_ended"], 1).await[0].detail["why"], "not_allowed_any_more");
    assert_eq!(offer(&world, "g1").await.0, StatusCode::FORBIDDEN);
    assert_eq!(offer(&world, "operator").await.0, StatusCode::CREATED, "those who watch the whole go on");
}

#[tokio::test]
async fn a_viewing_ends_when_its_viewer_signs_out() {
    let (world, _, _) = on_scene().await;
    let cookie = crate::sessions::session(&world, "operator").await;
    let by_cookie = |method, path: &str| world.request("", method, path).header("cookie", &cookie);
    let offered = by_cookie(Method::POST, "/feeds/d1/whep").header("content-type", "application/sdp").body(OFFER).send().await;
    assert_eq!(offered.expect("an answer").status(), StatusCode::CREATED);
    let signed_out = by_cookie(Method::DELETE, "/session").send().await.expect("an answer");
    assert_eq!(signed_out.status(), StatusCode::NO_CONTENT);
    assert_eq!(noted(&world, &["picture_view_ended"], 1).await[0].detail["why"], "signed_out");
}

/// Stills are looked at each second; the trail has one line a minute of it, also where there was none to be had.
#[tokio::test]
async fn a_look_at_stills_is_in_the_trail() {
    let (world, incident, _) = on_scene().await;
    let looks = ["g1", "g1", "pilot"].map(|who| status(&world, who, Method::GET, "/feeds/d1/still.jpg"));
    for look in looks {
        assert_eq!(look.await, StatusCode::SERVICE_UNAVAILABLE, "the camera does not answer");
    }
    let notes = noted(&world, &["stills_viewed"], 2).await;
    assert!(notes.iter().all(|note| note.subject == "d1" && note.detail["incident"] == incident));
}

/// Why there is no picture is for those who can have it mended: it names what is inside the network.
#[tokio::test]
async fn why_there_is_no_picture_is_told_to_operators_and_pilots() {
    let (world, _, _) = on_scene().await;
    let source = world.feeds.source(&d1(), feed::Quality::Main).expect("a camera");
    let _wanted = source.subscribe();
    soon("the failure", source.reaches(|state| matches!(state, feed::SourceState::Failed(_)))).await;
    for (who, kind) in [("operator", "session"), ("pilot", "session"), ("g1", "")] {
        let (_, feeds) = world.get(who, "/feeds").await;
        assert_eq!(feeds["feeds"][0]["state"], "failed");
        assert_eq!(feeds["feeds"][0]["problem"]["kind"].as_str().unwrap_or_default(), kind, "{who}");
        let detail = feeds["feeds"][0]["problem"]["detail"].as_str().unwrap_or_default();
        assert!(!detail.contains('\n') && detail.len() <= 200, "{detail}");
    }
}
