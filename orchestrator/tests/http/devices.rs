//! Browsers and devices: listed, ended one by one or all but one, and out at once; the one-time code sent again.

use futures_util::StreamExt;
use orchestrator::store::AuditNote;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::world::{PASSWORD, World, answer, soon};

const ANDROID: &str =
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36";

async fn sign_in(world: &World, name: &str) -> String {
    let request = world.request("", Method::POST, "/session").header("user-agent", ANDROID);
    let response = request.json(&json!({"name": name, "password": PASSWORD})).send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::OK);
    let cookie = response.headers()["set-cookie"].to_str().expect("text");
    cookie.split(';').next().expect("a pair").to_owned()
}

async fn by_cookie(world: &World, cookie: &str, method: Method, path: &str) -> (StatusCode, Value) {
    answer(world.request("", method, path).header("cookie", cookie)).await
}

async fn devices(world: &World, cookie: &str) -> Vec<Value> {
    let (status, listed) = by_cookie(world, cookie, Method::GET, "/devices").await;
    assert_eq!(status, StatusCode::OK);
    listed.as_array().expect("a list").clone()
}

async fn ended(world: &World, who: &str, path: &str) -> (StatusCode, Value) {
    answer(world.request(who, Method::DELETE, path)).await
}

#[tokio::test]
async fn everybody_sees_and_ends_their_own_devices_only() {
    let world = World::new().await;
    world.clock.advance(1_000);
    let here = sign_in(&world, "g1").await;
    world.clock.advance(1_000);
    let there = sign_in(&world, "g1").await;
    let own = devices(&world, &here).await;
    let shown: Vec<_> =
        own.iter().map(|device| (device["kind"].as_str(), device["name"].as_str(), device["current"].as_bool())).collect();
    let (browser, terminal) = (Some("browser"), Some("terminal"));
    assert_eq!(
        shown,
        [
            (browser, Some("Chrome, Android"), Some(false)),
            (browser, Some("Chrome, Android"), Some(true)),
            (terminal, Some(""), Some(false)),
        ]
    );
    let other = own[0]["id"].as_str().expect("an id");
    assert_eq!(ended(&world, "g2", &format!("/devices/{other}")).await.0, StatusCode::NOT_FOUND, "somebody else's");
    for senseless in ["%25", "0", "%2525%2525", "0123456789abcdef0"] {
        assert_eq!(by_cookie(&world, &here, Method::DELETE, &format!("/devices/{senseless}")).await.0, StatusCode::NOT_FOUND);
    }
    assert_eq!(by_cookie(&world, &here, Method::DELETE, &format!("/devices/{other}")).await.0, StatusCode::NO_CONTENT);
    assert_eq!(by_cookie(&world, &there, Method::GET, "/session").await.0, StatusCode::UNAUTHORIZED);
    // The rest: the token as well.
    assert_eq!(by_cookie(&world, &here, Method::DELETE, "/devices").await, (StatusCode::OK, json!({"ended": 1})));
    assert_eq!(world.get("g1", "/session").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(devices(&world, &here).await.len(), 1);
    assert_eq!(world.get("g2", "/session").await.0, StatusCode::OK, "nobody else's");
    let noted = audited(&world).await;
    let actions: Vec<_> = noted.iter().map(|note| note.action.as_str()).collect();
    assert_eq!(actions, ["device_ended", "devices_ended"]);
}

async fn audited(world: &World) -> Vec<AuditNote> {
    orchestrator::store::audit_notes(&world.store, &["device_ended", "devices_ended", "terminal_ended", "terminals_ended"])
        .await
        .expect("the trail")
}

#[tokio::test]
async fn whoever_runs_the_site_ends_a_lost_terminal_of_a_guard_and_of_nobody_else() {
    let world = World::new().await;
    let (_, named) = world.post("admin", "/accounts/g1/device-token", json!({"name": " radio of car 3\n"})).await;
    let radio = named["token"].as_str().expect("a token").to_owned();
    assert_eq!(world.get(&radio, "/session").await.0, StatusCode::OK);
    let (_, guards) = world.get("manager", "/guards/terminals").await;
    let g1 = &guards[0];
    assert_eq!((&g1["guard"], g1["devices"].as_array().map(Vec::len)), (&json!("g1"), Some(2)));
    let lost =
        g1["devices"].as_array().expect("a list").iter().find(|device| device["name"] == "radio of car 3").expect("it is listed");
    assert!(lost["seen_at_ms"].is_i64(), "{lost}");
    let lost = lost["id"].as_str().expect("an id");
    // (whose, which, what comes of it)
    let cases = [
        ("g2", lost, StatusCode::NOT_FOUND),
        ("operator", lost, StatusCode::NOT_FOUND),
        ("none-such", lost, StatusCode::NOT_FOUND),
        ("g1", "0123456789abcdef", StatusCode::NOT_FOUND),
        ("g1", lost, StatusCode::NO_CONTENT),
        ("g1", lost, StatusCode::NOT_FOUND),
    ];
    for (guard, terminal, status) in cases {
        assert_eq!(
            ended(&world, "manager", &format!("/guards/{guard}/terminals/{terminal}")).await.0,
            status,
            "{guard} {terminal}"
        );
    }
    assert_eq!(world.get(&radio, "/session").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(world.get("g1", "/session").await.0, StatusCode::OK, "the guard's other terminal");
    assert_eq!(ended(&world, "admin", "/guards/operator/terminals").await.0, StatusCode::NOT_FOUND);
    assert_eq!(ended(&world, "admin", "/guards/g1/terminals").await, (StatusCode::OK, json!({"ended": 1})));
    assert_eq!(world.get("g1", "/session").await.0, StatusCode::UNAUTHORIZED);
    let actions: Vec<_> = audited(&world).await.into_iter().map(|note| note.action).collect();
    assert_eq!(actions, ["terminal_ended", "terminals_ended"]);
}

#[tokio::test]
async fn an_open_page_closes_with_its_credential() {
    let world = World::new().await;
    let open = |token: String| {
        let mut request = format!("{}/api/v1/live", world.base.replace("http", "ws")).into_client_request().expect("a request");
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().expect("a header"));
        tokio_tungstenite::connect_async(request)
    };
    let (mut lost, _) = open(world.tokens["g1"].clone()).await.expect("a socket");
    let (mut other, _) = open(world.tokens["g2"].clone()).await.expect("a socket");
    assert_eq!(ended(&world, "manager", "/guards/g1/terminals").await.0, StatusCode::OK);
    // The clock of the server stands still: this is not the check that comes every twenty seconds.
    let goodbye = soon("the goodbye", async {
        loop {
            match lost.next().await {
                Some(Ok(Message::Close(frame))) => return frame.expect("a reason"),
                Some(Ok(_)) => {}
                ended => panic!("{ended:?} without a goodbye"),
            }
        }
    })
    .await;
    assert_eq!((u16::from(goodbye.code), goodbye.reason.as_str()), (1008, "signed out"));
    assert_eq!(world.post("g2", "/guards/me/duty", json!({"on_duty": true})).await.0, StatusCode::NO_CONTENT);
    soon("news for the other", async {
        while !other
            .next()
            .await
            .expect("a message")
            .expect("still open")
            .to_text()
            .is_ok_and(|text| text.contains(r#""on_duty":true"#))
        {}
    })
    .await;
}

#[tokio::test]
async fn a_caller_does_not_end_the_phone_they_would_call_with() {
    let world = World::new().await;
    let (_, own) = world.get("caller", "/devices").await;
    let here = own[0]["id"].as_str().expect("an id");
    assert_eq!((own.as_array().map(Vec::len), &own[0]["current"]), (Some(1), &json!(true)));
    assert_eq!(ended(&world, "caller", &format!("/devices/{here}")).await.0, StatusCode::CONFLICT);
    assert_eq!(ended(&world, "caller", "/devices").await, (StatusCode::OK, json!({"ended": 0})));
    assert_eq!(world.get("caller", "/session").await.0, StatusCode::OK);
}

#[tokio::test]
async fn the_code_is_sent_again_not_too_often_and_the_one_before_ends() {
    let world = World::new().await;
    let world = &world;
    let sent = || world.messages.last().1.chars().filter(char::is_ascii_digit).take(6).collect::<String>();
    let again = async || {
        let (status, body) = world.post("caller", "/callers/me/phone-code", Value::Null).await;
        (status.as_u16(), body["retry_after_s"].as_u64())
    };
    let check = async |code: &str| world.post("caller", "/callers/me/phone-check", json!({"code": code})).await.0.as_u16();
    let first = sent();
    assert_eq!(again().await, (429, Some(60)), "the first was sent just now");
    world.clock.advance(59_000);
    assert_eq!(again().await, (429, Some(1)));
    world.clock.advance(1_000);
    assert_eq!(again().await, (202, None));
    assert_eq!(world.messages.last().0, "+82 2 123 4567");
    let second = sent();
    assert_ne!(first, second);
    assert_eq!(check(&first).await, 401, "the one before is no longer good");
    for _ in 3..=5 {
        world.clock.advance(60_000);
        assert_eq!(again().await.0, 202);
    }
    world.clock.advance(60_000);
    let day_s = 24 * 3_600 - 5 * 60;
    assert_eq!(again().await, (429, Some(day_s)), "five in a day");
    world.clock.advance(i64::try_from(day_s).expect("a day") * 1_000);
    assert_eq!(again().await.0, 202);
    assert_eq!(check(&sent()).await, 204);
    assert_eq!(again().await.0, 409, "checked already");
}
