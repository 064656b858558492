//! The role matrix: every route of the OpenAPI document, by everybody and by nobody.

use std::collections::BTreeSet;

use dispatch_core::event::Role;
use orchestrator::access::roles::{ALL, word};
use orchestrator::access::rules::{Allowed, RULES};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::world::World;

/// Everybody who can ask: nobody known, and one person of each role by the name their token is filed under.
fn askers() -> Vec<(Option<Role>, &'static str)> {
    let name = |role: Role| if role == Role::Guard { "g1" } else { word(role) };
    std::iter::once((None, "")).chain(ALL.into_iter().map(|role| (Some(role), name(role)))).collect()
}

/// What the matrix expects, written down apart from the table of rules: method, path, and who may ("-" is nobody known).
const EXPECTED: &[(&str, &str, &str)] = &[
    ("GET", "/healthz", "- caller guard operator pilot manager admin"),
    ("GET", "/readyz", "- caller guard operator pilot manager admin"),
    ("GET", "/metrics", "- caller guard operator pilot manager admin"),
    ("GET", "/openapi.json", "- caller guard operator pilot manager admin"),
    ("POST", "/api/v1/session", "- caller guard operator pilot manager admin"),
    ("GET", "/api/v1/session", "caller guard operator pilot manager admin"),
    ("DELETE", "/api/v1/session", "caller guard operator pilot manager admin"),
    ("POST", "/api/v1/session/password", "guard operator pilot manager admin"),
    ("POST", "/api/v1/callers", "- caller guard operator pilot manager admin"),
    ("POST", "/api/v1/callers/me/terminal", "- caller guard operator pilot manager admin"),
    ("GET", "/api/v1/callers/me", "caller"),
    ("DELETE", "/api/v1/callers/me", "caller"),
    ("POST", "/api/v1/callers/me/phone-check", "caller"),
    ("POST", "/api/v1/callers/me/phone-code", "caller"),
    ("POST", "/api/v1/callers/me/position", "caller"),
    ("GET", "/api/v1/identification/{code}", "operator"),
    ("POST", "/api/v1/calls", "caller operator"),
    ("GET", "/api/v1/calls/current", "caller"),
    ("POST", "/api/v1/incidents/{id}/position", "caller"),
    ("POST", "/api/v1/incidents/{id}/cancel", "caller"),
    ("POST", "/api/v1/incidents/{id}/confirmation", "caller"),
    ("POST", "/api/v1/guards/me/duty", "guard"),
    ("POST", "/api/v1/guards/me/position", "guard"),
    ("POST", "/api/v1/guards/me/presence", "guard"),
    ("GET", "/api/v1/guards/me", "guard"),
    ("POST", "/api/v1/offers/{id}/received", "guard"),
    ("POST", "/api/v1/offers/{id}/accept", "guard"),
    ("POST", "/api/v1/offers/{id}/decline", "guard"),
    ("POST", "/api/v1/incidents/{id}/on-scene", "guard"),
    ("POST", "/api/v1/incidents/{id}/situation-end", "guard"),
    ("POST", "/api/v1/incidents/{id}/backup", "guard"),
    ("GET", "/api/v1/incidents", "operator pilot admin"),
    ("GET", "/api/v1/incidents/{id}", "caller guard operator pilot admin"),
    ("POST", "/api/v1/incidents/{id}/acknowledge", "operator"),
    ("GET", "/api/v1/alerts", "operator pilot admin"),
    ("POST", "/api/v1/launches/{id}/approve", "operator"),
    ("POST", "/api/v1/launches/{id}/deny", "operator"),
    ("GET", "/api/v1/drones", "operator pilot admin"),
    ("GET", "/api/v1/drones/{id}", "operator pilot admin"),
    ("GET", "/api/v1/drones/{id}/tlog", "pilot admin"),
    ("POST", "/api/v1/drones/{id}/recall", "operator pilot"),
    ("POST", "/api/v1/drones/{id}/rally", "operator pilot"),
    ("POST", "/api/v1/drones/{id}/hold", "operator pilot"),
    ("POST", "/api/v1/drones/{id}/continue", "operator pilot"),
    ("POST", "/api/v1/drones/{id}/land", "operator pilot"),
    ("POST", "/api/v1/drones/{id}/control", "pilot"),
    ("POST", "/api/v1/drones/{id}/light", "guard operator pilot"),
    ("GET", "/api/v1/feeds", "guard operator pilot"),
    ("POST", "/api/v1/feeds/{drone}/whep", "guard operator pilot"),
    ("PATCH", "/api/v1/feeds/{drone}/whep/{viewing}", "guard operator pilot"),
    ("DELETE", "/api/v1/feeds/{drone}/whep/{viewing}", "guard operator pilot"),
    ("GET", "/api/v1/feeds/{drone}/still.jpg", "guard operator pilot"),
    ("GET", "/api/v1/guards", "operator pilot admin"),
    ("POST", "/api/v1/lots/{id}/surveys", "operator manager"),
    ("GET", "/api/v1/lots", "operator pilot manager admin"),
    ("GET", "/api/v1/lots/{id}", "operator pilot manager admin"),
    ("GET", "/api/v1/lots/{id}/versions", "manager"),
    ("PUT", "/api/v1/lots/{id}/layout", "manager"),
    ("POST", "/api/v1/lots", "manager"),
    ("GET", "/api/v1/lots/{id}/sheets", "manager"),
    ("GET", "/api/v1/lots/{id}/sheets.pdf", "manager"),
    ("GET", "/api/v1/lots/{id}/sheets/{beacon}", "manager"),
    ("GET", "/api/v1/lots/{id}/surveys", "operator manager"),
    ("DELETE", "/api/v1/lots/{id}/surveys/{survey}", "operator manager"),
    ("GET", "/api/v1/lots/{id}/surveys/{survey}/pictures/{picture}", "manager"),
    ("GET", "/api/v1/lots/{id}/surveys/{survey}/film", "manager"),
    ("GET", "/api/v1/lots/{id}/findings", "manager"),
    ("POST", "/api/v1/lots/{id}/findings/{number}/acknowledge", "manager"),
    ("POST", "/api/v1/lots/{id}/findings/{number}/fixed", "manager"),
    ("GET", "/api/v1/lots/{id}/bays", "manager"),
    ("GET", "/api/v1/areas/{id}", "- caller guard operator pilot manager admin"),
    ("POST", "/api/v1/parking/entries", "- caller guard operator pilot manager admin"),
    ("GET", "/api/v1/parking/sessions/{id}", "- caller guard operator pilot manager admin"),
    ("GET", "/api/v1/parking/sessions/{id}/fee", "- caller guard operator pilot manager admin"),
    ("POST", "/api/v1/parking/sessions/{id}/extend", "- caller guard operator pilot manager admin"),
    ("POST", "/api/v1/parking/sessions/{id}/exit", "- caller guard operator pilot manager admin"),
    ("POST", "/api/v1/parking/sessions/{id}/payments", "- caller guard operator pilot manager admin"),
    ("POST", "/api/v1/parking/sessions/{id}/proxy", "- caller guard operator pilot manager admin"),
    ("DELETE", "/api/v1/parking/sessions/{id}/proxy/{proxy}", "- caller guard operator pilot manager admin"),
    ("GET", "/api/v1/pay/{token}", "- caller guard operator pilot manager admin"),
    ("POST", "/api/v1/parking/sessions/{id}/payments/orders", "- caller guard operator pilot manager admin"),
    ("POST", "/api/v1/pay/{token}/payments", "- caller guard operator pilot manager admin"),
    ("POST", "/api/v1/pay/{token}/payments/orders", "- caller guard operator pilot manager admin"),
    ("GET", "/api/v1/payments/orders/{order}", "- caller guard operator pilot manager admin"),
    ("POST", "/api/v1/payments/orders/{order}", "- caller guard operator pilot manager admin"),
    ("POST", "/api/v1/payments/webhooks/{provider}", "- caller guard operator pilot manager admin"),
    ("POST", "/api/v1/cctv/{camera}/reads", "- caller guard operator pilot manager admin"),
    ("POST", "/api/v1/cctv/{camera}/frames", "- caller guard operator pilot manager admin"),
    ("GET", "/api/v1/parking/lots", "manager"),
    ("GET", "/api/v1/parking/lots/{id}/statement", "manager"),
    ("GET", "/api/v1/parking/sessions", "manager"),
    ("POST", "/api/v1/parking/sessions/{id}/close", "manager"),
    ("POST", "/api/v1/parking/sessions/{id}/refunds", "manager"),
    ("GET", "/api/v1/parking/reviews", "manager"),
    ("POST", "/api/v1/parking/reviews/{id}", "manager"),
    ("GET", "/api/v1/parking/reviews/{id}/picture", "manager"),
    ("GET", "/api/v1/site", "caller guard operator pilot manager admin"),
    ("GET", "/api/v1/site/map", "caller guard operator pilot manager admin"),
    ("POST", "/api/v1/site/address", "caller guard operator pilot manager admin"),
    ("GET", "/api/v1/site/lots", "admin"),
    ("GET", "/api/v1/accounts", "admin"),
    ("POST", "/api/v1/accounts", "admin"),
    ("PUT", "/api/v1/accounts/{id}/lots", "admin"),
    ("DELETE", "/api/v1/accounts/{id}", "admin"),
    ("POST", "/api/v1/accounts/{id}/device-token", "admin"),
    ("GET", "/api/v1/devices", "caller guard operator pilot manager admin"),
    ("DELETE", "/api/v1/devices", "caller guard operator pilot manager admin"),
    ("DELETE", "/api/v1/devices/{id}", "caller guard operator pilot manager admin"),
    ("GET", "/api/v1/guards/terminals", "manager admin"),
    ("DELETE", "/api/v1/guards/{id}/terminals", "manager admin"),
    ("DELETE", "/api/v1/guards/{id}/terminals/{terminal}", "manager admin"),
    ("GET", "/api/v1/live", "caller guard operator pilot manager admin"),
];

fn documented() -> BTreeSet<(String, String)> {
    let document = serde_json::to_value(orchestrator::http::openapi()).expect("a document");
    let paths = document["paths"].as_object().expect("paths").iter();
    let operations = paths.flat_map(|(path, item)| {
        let methods = item
            .as_object()
            .expect("an item")
            .keys()
            .filter(|key| ["get", "post", "put", "patch", "delete"].contains(&key.as_str()));
        methods.map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
    });
    operations.chain([("GET".to_owned(), "/openapi.json".to_owned())]).collect()
}

#[test]
fn every_documented_route_has_one_rule_and_one_expectation() {
    let rules: BTreeSet<_> = RULES.iter().map(|rule| (rule.method.to_owned(), rule.path.to_owned())).collect();
    let expected: BTreeSet<_> = EXPECTED.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(rules.len(), RULES.len(), "a route has two rules");
    assert_eq!(documented(), rules);
    assert_eq!(documented(), expected);
}

#[test]
fn the_rules_say_what_is_expected() {
    for (method, path, who) in EXPECTED {
        let rule = RULES.iter().find(|rule| rule.method == *method && rule.path == *path).expect("a rule");
        for (role, _) in askers() {
            let named = role.map_or("-", word);
            assert_eq!(rule.allowed.takes(role), who.split(' ').any(|word| word == named), "{named} {method} {path}");
        }
        assert!(rule.allowed != Allowed::Roles(&[]), "{method} {path} is for nobody");
    }
}

/// Asks the running server. What must be refused is refused with 401 or 403 by role; what may pass gets any other answer: the ids
/// do not exist, so it is mostly 404 or 422, and never an internal error.
#[tokio::test]
async fn the_running_server_holds_to_it() {
    let world = World::new().await;
    for (method, path, who) in EXPECTED {
        for (role, asker) in askers() {
            let named = role.map_or("-", word);
            let may = who.split(' ').any(|word| word == named);
            let (status, kind) = ask(&world, asker, method, path).await;
            let refused_by_rule = matches!(kind.as_str(), "/problems/not-signed-in" | "/problems/role");
            assert_eq!(!refused_by_rule, may, "{named} {method} {path}: {status} {kind}");
            assert!(!status.is_server_error(), "{named} {method} {path}: {status} {kind}");
            let expected = if role.is_none() { StatusCode::UNAUTHORIZED } else { StatusCode::FORBIDDEN };
            assert!(may || status == expected, "{named} {method} {path}: {status}");
        }
    }
}

async fn ask(world: &World, asker: &str, method: &str, path: &str) -> (StatusCode, String) {
    // Deleting really deletes: each such request gets an asker of its own.
    let forgetful = if (method, path) == ("DELETE", "/api/v1/callers/me") && asker == "caller" {
        Some(world.register("Lee").await)
    } else {
        None
    };
    let asker = forgetful.as_ref().map_or(asker, |caller| caller.token.as_str());
    let path = path.replace("{id}", "none-such").replace("{code}", "none-such");
    let path = path.replace("{drone}", "none-such").replace("{viewing}", "none-such").replace("{terminal}", "none-such");
    let method: Method = method.parse().expect("a method");
    let (status, body) = crate::world::answer(world.request(asker, method, &path)).await;
    (status, body.get("type").and_then(Value::as_str).unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_deleted_account_and_a_wrong_token_are_nobody() {
    let world = World::new().await;
    assert_eq!(world.get("not a token", "/session").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(world.get("manager", "/session").await.0, StatusCode::OK);
    let deleted = world.request("admin", Method::DELETE, "/accounts/manager").send().await.expect("an answer");
    assert_eq!(deleted.status(), StatusCode::NO_CONTENT);
    assert_eq!(world.get("manager", "/session").await.0, StatusCode::UNAUTHORIZED);
    let again = serde_json::json!({"id": "manager", "name": "Another", "role": "manager", "password": "long enough"});
    assert_eq!(world.post("admin", "/accounts", again).await.0, StatusCode::CONFLICT, "an id is never reused");
}

#[tokio::test]
async fn unknown_paths_and_methods_get_problems() {
    let world = World::new().await;
    let cases = [
        (Method::GET, "/nothing/here", 404, "/problems/unknown"),
        (Method::PUT, "/calls", 405, "/problems/method"),
        (Method::DELETE, "/calls", 405, "/problems/method"),
    ];
    for (method, path, status, kind) in cases {
        let (answered, body) = crate::world::answer(world.request("operator", method.clone(), path)).await;
        assert_eq!((answered.as_u16(), body["type"].as_str()), (status, Some(kind)), "{method} {path}");
    }
}
