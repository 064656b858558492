//! Guards: that somebody is there, and where, are two things.

use flight_types::GuardId;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::world::{NOW_MS, World};

#[tokio::test]
async fn a_guard_without_a_position_is_heard_and_shown_as_there() {
    let world = World::new().await;
    assert_eq!(world.post("g1", "/guards/me/duty", json!({"on_duty": true})).await.0, StatusCode::NO_CONTENT);
    world.clock.advance(25_000);
    assert_eq!(world.post("g1", "/guards/me/presence", Value::Null).await.0, StatusCode::NO_CONTENT);
    let live = world.live.guard(&GuardId::new("g1").expect("an id")).expect("heard of");
    assert_eq!((live.heard_at_ms, live.fix, live.position_at_ms), (Some(NOW_MS + 25_000), None, None));
    let (_, guards) = world.get("operator", "/guards").await;
    let shown = &guards.as_array().expect("a list")[0];
    assert_eq!((&shown["id"], &shown["heard_at_ms"]), (&json!("g1"), &json!(NOW_MS + 25_000)));
    assert_eq!((&shown["position"], &shown["position_at_ms"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn the_same_fix_again_is_a_sign_of_life_and_no_new_position() {
    let world = World::new().await;
    let fix = json!({"lat": 37.501, "lon": 127.0, "accuracy_m": 5, "at": NOW_MS});
    let id = GuardId::new("g1").expect("an id");
    for (after_ms, position_at_ms) in [(0, NOW_MS), (20_000, NOW_MS)] {
        world.clock.advance(after_ms);
        assert_eq!(world.post("g1", "/guards/me/position", fix.clone()).await.0, StatusCode::NO_CONTENT);
        let live = world.live.guard(&id).expect("heard of");
        assert_eq!((live.heard_at_ms, live.position_at_ms), (Some(NOW_MS + after_ms), Some(position_at_ms)));
    }
}
