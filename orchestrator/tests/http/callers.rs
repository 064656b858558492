//! Callers: registration, codes, phone check, a new phone, export, deletion.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::world::{World, answer};

#[tokio::test]
async fn a_code_finds_its_owner_and_a_slip_is_told_apart() {
    let world = World::new().await;
    let code = world.caller.code.clone();
    let (status, owner) = world.get("operator", &format!("/identification/{}", code.to_lowercase())).await;
    assert_eq!((status, &owner["id"]), (StatusCode::OK, &json!(world.caller.id)));
    let mut slip: Vec<char> = code.chars().collect();
    slip[0] = if slip[0] == 'A' { 'C' } else { 'A' };
    let slip: String = slip.into_iter().collect();
    let (status, problem) = world.get("operator", &format!("/identification/{slip}")).await;
    assert_eq!((status.as_u16(), problem["type"].as_str()), (422, Some("/problems/mistyped")));
    let unknown = orchestrator::access::codes::IdentificationCode::from_payload([1; 7]).to_string();
    assert_eq!(world.get("operator", &format!("/identification/{unknown}")).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_phone_check_takes_the_code_sent_and_few_others() {
    let world = World::new().await;
    let world = &world;
    let check =
        |code: String| async move { world.post("caller", "/callers/me/phone-check", json!({ "code": code })).await.0.as_u16() };
    let sent: String = world.messages.last().1.chars().filter(char::is_ascii_digit).take(6).collect();
    assert_eq!(check("000".to_owned()).await, 401);
    assert_eq!(check(sent.clone()).await, 204);
    assert_eq!(check(sent).await, 410, "a one-time code works once");
    let other = world.register("Lee").await;
    for _ in 0..5 {
        assert_eq!(world.post(&other.token, "/callers/me/phone-check", json!({"code": "x"})).await.0.as_u16(), 401);
    }
    let sent: String = world.messages.last().1.chars().filter(char::is_ascii_digit).take(6).collect();
    assert_eq!(
        world.post(&other.token, "/callers/me/phone-check", json!({ "code": sent })).await.0.as_u16(),
        410,
        "after five guesses it is void"
    );
}

#[tokio::test]
async fn a_new_phone_shuts_the_old_one_out() {
    let world = World::new().await;
    let (caller, path) = (&world.caller, "/callers/me/terminal");
    let with = |code: &str| json!({"identification_code": caller.code, "safe_code": code});
    for wrong in ["", "999", caller.duress_code.as_str()] {
        assert_eq!(world.post("", path, with(wrong)).await.0, StatusCode::UNAUTHORIZED, "{wrong:?}");
    }
    assert_eq!(world.get("caller", "/session").await.0, StatusCode::OK);
    let (status, moved) = world.post("", path, with(&caller.safe_code)).await;
    assert_eq!((status, &moved["caller"]), (StatusCode::OK, &json!(caller.id)));
    assert_eq!(world.get("caller", "/session").await.0, StatusCode::UNAUTHORIZED, "the old phone");
    let token = moved["token"].as_str().expect("a token");
    assert_eq!(world.get(token, "/session").await.0, StatusCode::OK, "the new phone");
}

#[tokio::test]
async fn everything_stored_is_exported_and_then_forgotten() {
    let world = World::new().await;
    let (status, all) = world.get("caller", "/callers/me").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&all["name"], &all["home_address"]["text"]), (&json!("Kim"), &json!("1 Main Street")));
    let delete = || answer(world.request("caller", Method::DELETE, "/callers/me"));
    let incident = world.call("caller", "press").await;
    assert_eq!(delete().await.0, StatusCode::CONFLICT, "not while an incident is open");
    let cancel = json!({"code": world.caller.safe_code});
    assert_eq!(world.post("caller", &format!("/incidents/{incident}/cancel"), cancel).await.0, StatusCode::OK);
    assert_eq!(delete().await.0, StatusCode::CONFLICT, "its report still needs the data");
    world.advance(24 * 3_600_000).await;
    assert_eq!(delete().await.0, StatusCode::NO_CONTENT);
    assert_eq!(world.get("caller", "/callers/me").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(world.get("operator", &format!("/identification/{}", world.caller.code)).await.0, StatusCode::NOT_FOUND);
    let (_, view) = world.get("operator", &format!("/incidents/{incident}")).await;
    assert!(!view.to_string().contains("Kim"), "{view}");
}
