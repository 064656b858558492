//! Browser sessions: signing in, their end, requests from other sites, rates.

use orchestrator::access::{RateLimit, SESSION_IDLE_MAX_MS, SESSION_LENGTH_MAX_MS};
use orchestrator::http::limits::RateLimits;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::world::{PASSWORD, World, answer, generous};

/// A browser's cookie of a new session.
pub async fn session(world: &World, name: &str) -> String {
    secret(&sign_in(world, name, PASSWORD).await.1.expect("a cookie"))
}

async fn sign_in(world: &World, name: &str, password: &str) -> (StatusCode, Option<String>) {
    let request = world.request("", Method::POST, "/session").json(&json!({"name": name, "password": password}));
    let response = request.send().await.expect("an answer");
    let cookie = response.headers().get("set-cookie").map(|value| value.to_str().expect("text").to_owned());
    (response.status(), cookie)
}

fn secret(cookie: &str) -> String {
    cookie.split(';').next().expect("a pair").to_owned()
}

async fn status(world: &World, cookie: &str, method: Method, path: &str, headers: &[(&str, &str)]) -> StatusCode {
    let mut request = world.request("", method, path).header("cookie", cookie);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    answer(request).await.0
}

#[tokio::test]
async fn a_cookie_is_for_this_server_only_and_signs_out() {
    let world = World::new().await;
    let (signed_in, cookie) = sign_in(&world, "operator", PASSWORD).await;
    let cookie = cookie.expect("a cookie");
    assert_eq!(signed_in, StatusCode::OK);
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && cookie.contains("Path=/"), "{cookie}");
    assert!(!cookie.contains("Secure"), "on loopback there is no TLS to be secure over");
    let cookie = secret(&cookie);
    assert_eq!(status(&world, &cookie, Method::GET, "/session", &[]).await, StatusCode::OK);
    assert_eq!(status(&world, &cookie, Method::DELETE, "/session", &[]).await, StatusCode::NO_CONTENT);
    assert_eq!(status(&world, &cookie, Method::GET, "/session", &[]).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn wrong_names_and_wrong_passwords_get_the_same_answer() {
    let world = World::new().await;
    let mut answers = Vec::new();
    for (name, password) in [("operator", "wrong"), ("nobody", PASSWORD), ("", ""), ("operator", &"x".repeat(10_000))] {
        let request = world.request("", Method::POST, "/session").json(&json!({"name": name, "password": password}));
        answers.push(answer(request).await);
    }
    assert_eq!(answers[0].0, StatusCode::UNAUTHORIZED);
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");
}

#[tokio::test]
async fn sessions_end_when_unused_and_after_a_shift() {
    // (steps of time between uses, milliseconds; whether the session then still stands)
    let cases: [(&[i64], bool); 4] = [
        (&[SESSION_IDLE_MAX_MS - 1], true),
        (&[SESSION_IDLE_MAX_MS], false),
        (&[SESSION_IDLE_MAX_MS / 2; 3], true),
        (&[SESSION_IDLE_MAX_MS / 2; (2 * SESSION_LENGTH_MAX_MS / SESSION_IDLE_MAX_MS) as usize], false),
    ];
    let world = World::new().await;
    for (steps, stands) in cases {
        let cookie = secret(&sign_in(&world, "pilot", PASSWORD).await.1.expect("a cookie"));
        let mut last = StatusCode::OK;
        for step_ms in steps {
            world.clock.advance(*step_ms);
            last = status(&world, &cookie, Method::GET, "/session", &[]).await;
        }
        assert_eq!(last == StatusCode::OK, stands, "{steps:?}: {last}");
    }
}

#[tokio::test]
async fn other_sites_cannot_act_with_our_cookie() {
    let world = World::new().await;
    let cookie = secret(&sign_in(&world, "admin", PASSWORD).await.1.expect("a cookie"));
    let own = world.base.clone();
    /// Method, headers, whether it passes.
    type Case<'a> = (Method, Vec<(&'a str, &'a str)>, bool);
    let cases: [Case; 7] = [
        (Method::GET, vec![("origin", "https://elsewhere.example")], true),
        (Method::POST, vec![("origin", "https://elsewhere.example")], false),
        (Method::POST, vec![("sec-fetch-site", "cross-site")], false),
        (Method::POST, vec![("sec-fetch-site", "none")], false),
        (Method::POST, vec![("origin", &own), ("sec-fetch-site", "same-origin")], true),
        (Method::POST, vec![("origin", &own)], true),
        (Method::POST, vec![], true),
    ];
    for (method, headers, passes) in cases {
        let answered = status(&world, &cookie, method.clone(), "/accounts", &headers).await;
        assert_eq!(answered != StatusCode::FORBIDDEN, passes, "{method} {headers:?}: {answered}");
    }
    let token = world.request("admin", Method::POST, "/accounts").header("origin", "https://elsewhere.example").json(&json!({}));
    assert_ne!(answer(token).await.0, StatusCode::FORBIDDEN, "a token is shown on purpose, not by a browser's habit");
}

#[tokio::test]
async fn sign_ins_and_registrations_are_limited_and_recover() {
    let limit = RateLimit { burst: 3, per_minute: 60 };
    let world = World::with_rates(RateLimits { sign_in: limit, registration: limit, ..generous() }).await;
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(sign_in(&world, "operator", "wrong").await.0.as_u16());
    }
    assert_eq!(seen, [401, 401, 401, 429]);
    world.clock.advance(2_000);
    assert_eq!(sign_in(&world, "operator", PASSWORD).await.0, StatusCode::OK);
    let body = json!({"name": "Lee", "phone": "112", "consent": true});
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(world.post("", "/callers", body.clone()).await.0.as_u16());
    }
    assert_eq!(seen.last(), Some(&429), "{seen:?}");
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let world = World::new().await;
    let mine = secret(&sign_in(&world, "pilot", PASSWORD).await.1.expect("a cookie"));
    let other = secret(&sign_in(&world, "pilot", PASSWORD).await.1.expect("a cookie"));
    let change = |old: &str, new: &str| {
        let body = json!({"password": old, "new_password": new});
        answer(world.request("", Method::POST, "/session/password").header("cookie", &mine).json(&body))
    };
    assert_eq!(change("wrong", "long enough").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(change(PASSWORD, "short").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(change(PASSWORD, "long enough").await.0, StatusCode::NO_CONTENT);
    assert_eq!(status(&world, &mine, Method::GET, "/session", &[]).await, StatusCode::OK);
    assert_eq!(status(&world, &other, Method::GET, "/session", &[]).await, StatusCode::UNAUTHORIZED);
    assert_eq!(sign_in(&world, "pilot", PASSWORD).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(sign_in(&world, "pilot", "long enough").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_new_server_gets_one_administrator_and_a_demo_its_accounts_once() {
    let world = World::new().await;
    assert!(world.access.first_admin().await.expect("an answer").is_none(), "there is one already");
    let admin = flight_types::AccountId::new("admin").expect("an id");
    world.access.delete_account(&admin).await.expect("deleted");
    let first = world.access.first_admin().await.expect("an answer").expect("a new one");
    assert_ne!(first.id, admin, "a deleted id never comes to mean somebody else");
    assert_eq!(sign_in(&world, first.id.as_str(), &first.password).await.0, StatusCode::OK);
    let demo = orchestrator::access::NewAccount {
        id: flight_types::AccountId::new("demo").expect("an id"),
        name: "Demo".to_owned(),
        role: dispatch_core::event::Role::Guard,
        lots: orchestrator::access::OwnLots::All,
        password: "demo-only".to_owned(),
    };
    assert_eq!(world.access.add_missing(vec![demo.clone()]).await.expect("made"), 1);
    assert_eq!(world.access.add_missing(vec![demo]).await.expect("there"), 0);
}
