//! The OpenAPI document says what is in every answer, and what differs from it is noticed.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::contract::{check, contract, schema_of};
use crate::world::World;

/// Answers that are data of somebody else's making: a map, and a tariff as it is configured.
const OPEN: &[(&str, &str)] = &[("get", "/api/v1/site/map")];

#[tokio::test]
async fn the_served_document_is_the_one_that_answers_are_held_against() {
    let world = World::new().await;
    let served = world.request("", Method::GET, "/openapi.json").send().await.expect("an answer");
    assert_eq!(served.json::<Value>().await.expect("a document"), contract().document);
}

#[test]
fn every_answer_says_what_is_in_it() {
    let paths = contract().document["paths"].as_object().expect("paths");
    for (path, item) in paths {
        for (method, operation) in item.as_object().expect("operations") {
            let responses = operation["responses"].as_object().expect("responses");
            for (status, schema) in responses.iter().filter_map(|(status, response)| Some((status, schema_of(response)?))) {
                let open = OPEN.contains(&(method.as_str(), path.as_str()));
                assert!(open || says_something(schema), "{method} {path} {status} answers a plain object");
            }
        }
    }
}

/// Whether a schema is more than "some object".
fn says_something(schema: &Value) -> bool {
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => schema.get("properties").is_some() || schema.get("additionalProperties").is_some(),
        Some("array") => says_something(&schema["items"]),
        Some(_) => true,
        None => ["$ref", "oneOf", "anyOf", "allOf"].iter().any(|key| schema.get(key).is_some()) || schema["type"].is_array(),
    }
}

#[test]
fn what_differs_from_the_document_is_noticed() {
    let problem = json!({"type": "/problems/unknown", "title": "No such thing", "status": 404, "detail": "there is none"});
    let with = |name: &str, value: Value| {
        let mut changed = problem.clone();
        changed.as_object_mut().expect("an object").insert(name.to_owned(), value);
        changed
    };
    let parted = json!({"cause": "parted"});
    // (an answer, whether it is as documented)
    let cases = [
        (problem.clone(), true),
        (with("cause", parted), true),
        (with("cause", json!({"cause": "no_such_cause"})), false),
        (with("cause", json!("a sentence of an old log")), true),
        (with("status", json!("404")), false),
        (with("more", json!(1)), false),
        (json!({"type": "/problems/unknown"}), false),
    ];
    for (body, documented) in cases {
        let shown = body.to_string();
        let checked = std::panic::catch_unwind(|| check(&Method::GET, "/api/v1/none", StatusCode::NOT_FOUND, &body));
        assert_eq!(checked.is_ok(), documented, "{shown}");
    }
}

#[tokio::test]
async fn a_query_that_does_not_read_is_a_problem() {
    let world = World::new().await;
    // (who, what is asked)
    let cases = [
        ("manager", "/parking/lots/lot-1/statement"),
        ("operator", "/incidents?open=perhaps"),
        ("operator", "/live?after=yesterday"),
    ];
    for (who, path) in cases {
        let (status, problem) = world.get(who, path).await;
        assert_eq!((status, problem["type"].as_str()), (StatusCode::BAD_REQUEST, Some("/problems/malformed")), "{path}: {problem}");
    }
}
