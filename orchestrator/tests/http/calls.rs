//! The call: kept once, kept whatever it carries, closed only by the caller's code.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{World, answer};

#[tokio::test]
async fn the_same_press_five_times_at_once_is_one_incident() {
    let world = World::new().await;
    let calls = (0..5).map(|_| world.call("caller", "press-1"));
    let incidents = futures_util::future::join_all(calls).await;
    assert!(incidents.iter().all(|incident| incident == &incidents[0]), "{incidents:?}");
    assert_eq!(world.call("caller", "press-1").await, incidents[0]);
    assert_eq!(world.engine.read(|core| core.incidents().count()), 1);
    let (status, current) = world.get("caller", "/calls/current").await;
    assert_eq!((status, &current["incident"]["id"]), (StatusCode::OK, &json!(incidents[0])));
}

#[tokio::test]
async fn a_call_is_kept_whatever_it_carries() {
    // (body, words that the warnings must hold; no word, no warning)
    let cases: [(&str, &[&str]); 9] = [
        ("", &[]),
        ("{}", &[]),
        ("null", &[]),
        (r#"{"trigger":"hold","address":"1 Main Street"}"#, &[]),
        (r#"{"trigger":"shout","colour":"red"}"#, &["trigger", "colour"]),
        (r#"{"position":{"lat":-37.5,"lon":-53.0,"accuracy_m":5}}"#, &["km from the site"]),
        (r#"{"position":{"lat":1e999999,"lon":127.0}}"#, &["400"]),
        (r#"{"position":{"lat":91,"lon":127.0},"silent":"yes"}"#, &["outside", "silent"]),
        (r#"{"address":"Nowhere Lane 5"}"#, &["not found"]),
    ];
    let world = World::new().await;
    for (n, (body, words)) in cases.into_iter().enumerate() {
        let request = world.request("caller", Method::POST, "/calls").header("Idempotency-Key", format!("key-{n}"));
        let (status, kept) = answer(request.body(body)).await;
        if words == ["400"] {
            assert_eq!(status, StatusCode::BAD_REQUEST, "1e999999 is no number in JSON: {kept}");
            continue;
        }
        assert_eq!(status, StatusCode::ACCEPTED, "{body}: {kept}");
        let warnings = kept["warnings"].as_array().expect("warnings").clone();
        assert_eq!(warnings.len(), words.len(), "{body}: {warnings:?}");
        assert!(words.iter().all(|word| kept["warnings"].to_string().contains(word)), "{body}: {warnings:?}");
    }
    let without_key = world.post("caller", "/calls", json!({})).await;
    assert_eq!(without_key.0, StatusCode::ACCEPTED);
    assert!(without_key.1["warnings"][0].as_str().is_some_and(|text| text.contains("Idempotency-Key")));
}

#[tokio::test]
async fn bad_input_gets_an_answer_that_helps() {
    let world = World::new().await;
    let incident = world.call("caller", "press").await;
    let position = format!("/incidents/{incident}/position");
    let large = format!("{{\"name\":\"{}\"}}", "x".repeat(100_000));
    // (who, path, body, status, words of the detail)
    let cases: Vec<(&str, &str, &str, u16, &str)> = vec![
        ("caller", "/calls", "{\"trigger\": ", 400, "line 1 column"),
        ("caller", "/calls", "{'trigger': 1}", 400, "line 1 column 2"),
        ("caller", &position, "", 400, "empty"),
        ("caller", &position, "{\"lat\": 1,\n \"lon\": }", 400, "line 2 column"),
        ("caller", &position, r#"{"lat":"37","lon":127}"#, 422, "expected f64"),
        ("caller", &position, r#"{"lat":37.5}"#, 422, "missing field `lon`"),
        ("caller", &position, r#"{"lat":37.5,"lon":127,"speed":1}"#, 422, "unknown field `speed`"),
        ("caller", &position, r#"{"lat":95,"lon":127}"#, 422, "outside"),
        ("caller", &position, r#"{"lat":-37.5,"lon":-53}"#, 422, "km from the site"),
        ("caller", &position, r#"{"lat":37.5,"lon":127,"at":1900000000000}"#, 422, "ahead"),
        ("caller", &position, r#"{"lat":37.5,"lon":127,"at":1}"#, 422, "h old"),
        ("caller", &position, r#"{"lat":37.5,"lon":127,"accuracy_m":-1}"#, 422, "radius"),
        ("caller", &position, "[]", 422, ""),
        ("g1", "/guards/me/position", r#"{"lat":37.5,"lon":127,"at":"noon"}"#, 422, "expected i64"),
        ("g1", "/guards/me/duty", "true", 422, ""),
        ("pilot", "/drones/d1/light", r#"{"on":true,"brightness_pct":101}"#, 422, "0 to 100"),
        ("pilot", "/drones/d1/control", r#"{"action":"steal"}"#, 422, "unknown variant"),
        ("pilot", "/drones/none/recall", "", 404, "none"),
        ("pilot", "/drones/d1/rally", r#"{"rally_point":"a b"}"#, 422, "an identifier has"),
        ("pilot", "/drones/d1/rally", r#"{"rally_point":"yard"}"#, 409, "d1"),
        ("", "/callers", &large, 413, "65536 bytes"),
        ("", "/callers", r#"{"name":"A","phone":"1","consent":true}"#, 422, "phone"),
        ("", "/callers", r#"{"name":"A","phone":"123","consent":false}"#, 422, "consent"),
        ("", "/callers", r#"{"name":" ","phone":"123","consent":true}"#, 422, "name"),
        ("", "/callers", r#"{"name":"A","phone":"123","consent":true,"safe_code":"12"}"#, 422, "safe_code"),
        ("", "/callers", r#"{"name":"A","phone":"123","consent":true,"safe_code":"1234","duress_code":"1234"}"#, 422, "differ"),
        ("admin", "/accounts", r#"{"id":"a/b","name":"A","role":"guard","password":"long enough"}"#, 422, "id"),
        ("admin", "/accounts", r#"{"id":"a","name":"A","role":"king","password":"long enough"}"#, 422, "role"),
        ("admin", "/accounts", r#"{"id":"a","name":"A","role":"caller","password":"long enough"}"#, 422, "register themselves"),
        ("admin", "/accounts", r#"{"id":"a","name":"A","role":"guard","password":"short"}"#, 422, "password"),
    ];
    for (who, path, body, status, words) in cases {
        let (answered, problem) = answer(world.request(who, Method::POST, path).body(body.to_owned())).await;
        let detail = problem["detail"].as_str().unwrap_or_default();
        let shown: String = body.chars().take(60).collect();
        assert_eq!(answered.as_u16(), status, "{path} {shown}: {problem}");
        assert!(detail.contains(words), "{path} {shown}: {detail}");
        assert_eq!(problem["status"].as_u64(), Some(u64::from(status)), "{path} {shown}");
    }
    assert!(world.engine.read(|core| core.incidents().all(|incident| incident.is_open())), "nothing was lost by any of it");
}

#[tokio::test]
async fn an_escort_goes_by_its_roles_and_ends_with_the_code() {
    let mut world = World::new().await;
    let incident = world.assigned().await;
    let path = |what: &str| format!("/incidents/{incident}/{what}");
    assert_eq!(world.get("g2", &format!("/incidents/{incident}")).await.0, StatusCode::NOT_FOUND, "g2 has nothing to do with it");
    assert_eq!(world.post("g2", &path("on-scene"), Value::Null).await.0, StatusCode::FORBIDDEN);
    let (_, seen) = world.get("g1", &format!("/incidents/{incident}")).await;
    assert_eq!(seen["caller"]["identification_code"], json!(world.caller.code));
    for step in ["on-scene", "situation-end"] {
        let (status, problem) = world.post("g1", &path(step), Value::Null).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{step}: {problem}");
    }
    let (_, asked) = world.get("caller", "/calls/current").await;
    assert_eq!(asked["incident"]["state"], "awaiting_confirmation", "situation-end alone closes nothing");
    let wrong = world.post("caller", &path("confirmation"), json!({"code": "no"})).await;
    assert_eq!(wrong, (StatusCode::OK, json!({"outcome": "wrong"})));
    let right = world.post("caller", &path("confirmation"), json!({"code": world.caller.safe_code})).await;
    assert_eq!(right, (StatusCode::OK, json!({"outcome": "accepted"})));
    assert_eq!(world.get("caller", "/calls/current").await.0, StatusCode::NO_CONTENT);
    let (_, closed) = world.get("operator", &format!("/incidents/{incident}")).await;
    assert_eq!(closed["incident"]["state"], "closed");
    assert_eq!(world.get("operator", "/incidents?open=true").await.1, json!([]));
}

#[tokio::test]
async fn the_duress_code_looks_like_the_safe_one_from_outside() {
    let mut world = World::new().await;
    let incident = world.assigned().await;
    let code = json!({"code": world.caller.duress_code});
    let answered = world.post("caller", &format!("/incidents/{incident}/cancel"), code).await;
    assert_eq!(answered, (StatusCode::OK, json!({"outcome": "accepted"})));
    assert_eq!(world.get("caller", "/calls/current").await.0, StatusCode::NO_CONTENT);
    let (_, seen) = world.get("caller", &format!("/incidents/{incident}")).await;
    assert_eq!(seen["incident"]["state"], "closed");
    assert_eq!((&seen["guards"], &seen["missions"], &seen["offers"]), (&json!([]), &json!([]), &json!([])));
    assert!(!seen.to_string().contains("duress"), "{seen}");
    let (_, exported) = world.get("caller", "/callers/me").await;
    assert!(!exported.to_string().contains("duress"), "{exported}");
    let (_, really) = world.get("operator", &format!("/incidents/{incident}")).await;
    assert_eq!(really["incident"]["duress"], true);
    assert_ne!(really["incident"]["state"], "closed");
}

#[tokio::test]
async fn an_operator_calls_for_somebody_by_their_code() {
    let world = World::new().await;
    let with = |code: &str| json!({"identification_code": code, "address": "1 Main Street"});
    let (status, kept) = world.post("operator", "/calls", with(&world.caller.code)).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{kept}");
    let (_, current) = world.get("caller", "/calls/current").await;
    assert_eq!(current["incident"]["id"], kept["incident_id"]);
    assert_eq!(world.post("operator", "/calls", json!({})).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(world.post("operator", "/calls", with("2222-2223")).await.0, StatusCode::UNPROCESSABLE_ENTITY);
}
