//! Words for a place that came as a position.

use flight_types::GeoPoint;
use reqwest::StatusCode;
use serde_json::json;

use crate::world::{World, centre};

#[tokio::test]
async fn the_nearest_address_of_a_place_is_said_to_the_people_of_the_site() {
    let world = World::new().await;
    let near = centre().moved(0.0, 20.0);
    let place = |point: GeoPoint| json!({"lat": point.lat_deg(), "lon": point.lon_deg()});
    let (status, found) = world.post("g1", "/site/address", place(near)).await;
    assert_eq!((status, &found["text"]), (StatusCode::OK, &json!("Main Street 1")));
    assert!((found["distance_m"].as_f64().expect("metres") - 20.0).abs() < 0.1, "{found}");
    let (status, nothing) = world.post("g1", "/site/address", place(centre().moved(0.0, 900.0))).await;
    assert_eq!((status, nothing), (StatusCode::OK, json!({"text": null, "distance_m": null})));
    // (what is asked, by which word it is refused)
    for (asked, word) in [
        (json!({"lat": 91.0, "lon": 127.0}), "outside"),
        (json!({"lat": 0.0, "lon": 0.0}), "km from the site"),
        (json!({"lat": "north"}), "north"),
    ] {
        let (status, problem) = world.post("g1", "/site/address", asked.clone()).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{asked}: {problem}");
        assert!(problem.to_string().contains(word), "{problem}");
    }
    assert_eq!(world.post("", "/site/address", place(near)).await.0, StatusCode::UNAUTHORIZED);
}
