//! An operator sends an aircraft to a rally point, and home after all.

use flight_types::{FlightEvent, FlightPhase, RallyPointId};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::feeds::{on_scene, report};
use crate::world::{World, answer};

async fn post(world: &World, path: &str, body: Value) -> (StatusCode, Value) {
    answer(world.request("operator", Method::POST, path).body(body.to_string())).await
}

async fn mission(world: &World) -> Value {
    let (_, drone) = world.get("operator", "/drones/d1").await;
    drone["mission"].clone()
}

#[tokio::test]
async fn a_flight_is_sent_to_a_rally_point_of_its_plan_and_home_after_all() {
    let (world, _, flight) = on_scene().await;
    let points = mission(&world).await["plan"]["rally"]["points"].clone();
    assert_eq!(points[0]["id"], "yard", "{points}");
    let (status, problem) = post(&world, "/drones/d1/rally", json!({"rally_point": "roof"})).await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    assert_eq!(problem["cause"]["cause"], "no_rally_point", "{problem}");
    let (status, _) = post(&world, "/drones/d1/rally", json!({"rally_point": "yard"})).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let rally = RallyPointId::new("yard").expect("an id");
    report(&world, &flight, FlightEvent::Diverted { rally, shortfall: None }).await;
    let sent = mission(&world).await;
    assert_eq!((&sent["rally_ordered"], &sent["diverted"]), (&json!("yard"), &json!("yard")));
    let (status, _) = post(&world, "/drones/d1/recall", json!({})).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    report(&world, &flight, FlightEvent::Reached { phase: FlightPhase::Returning }).await;
    let home = mission(&world).await;
    assert!(home["rally_ordered"].is_null() && home["diverted"].is_null(), "{home}");
}
