//! Holds answers of the running server against its OpenAPI document. Stricter than a reader of the document would be: a field that
//! the document does not name is a fault as well, so that code and document cannot drift apart.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, OnceLock, PoisonError};

use jsonschema::Validator;
use reqwest::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::world::World;

/// Answers that are data of somebody else's making: a map, and a tariff as it is configured.
const OPEN: &[(&str, &str)] = &[("get", "/api/v1/site/map")];

struct Contract {
    document: Value,
    /// The schemas, closed against fields that they do not name.
    components: Value,
    validators: Mutex<BTreeMap<String, Validator>>,
}

fn contract() -> &'static Contract {
    static CONTRACT: OnceLock<Contract> = OnceLock::new();
    CONTRACT.get_or_init(|| {
        let document = serde_json::to_value(orchestrator::http::openapi()).expect("a document");
        let components = closed_components(&document);
        Contract { document, components, validators: Mutex::default() }
    })
}

/// An answer of this status to a request of this method and path.
pub fn check(method: &Method, path: &str, status: StatusCode, body: &Value) {
    let contract = contract();
    if status.is_client_error() || status.is_server_error() {
        return contract.validate(&json!({"$ref": "#/components/schemas/Problem"}), body, &format!("{method} {path}: {status}"));
    }
    let Some((template, operation)) = contract.operation(method, path) else { return };
    let what = format!("{method} {template}: {status}");
    let documented = &operation["responses"][status.as_str()];
    assert!(documented.is_object(), "{what} is not documented");
    match schema_of(documented) {
        Some(schema) => contract.validate(schema, body, &what),
        None => {
            assert!(documented["content"].is_object() || *body == json!(""), "{what} has a body that is not documented: {body}")
        }
    }
}

/// One message of the live stream.
pub fn check_live(message: &Value) {
    contract().validate(&json!({"$ref": "#/components/schemas/LiveMessage"}), message, "the live stream");
}

fn schema_of(response: &Value) -> Option<&Value> {
    response["content"].get("application/json").map(|content| &content["schema"])
}

impl Contract {
    fn operation(&self, method: &Method, path: &str) -> Option<(&str, &Value)> {
        let paths = self.document["paths"].as_object().expect("paths");
        // A path without parameters is meant before one with.
        let fitting =
            paths.iter().filter(|(template, _)| fits(template, path)).min_by_key(|(template, _)| template.matches('{').count());
        let (template, item) = fitting?;
        item.get(method.as_str().to_lowercase()).map(|operation| (template.as_str(), operation))
    }

    fn validate(&self, schema: &Value, body: &Value, what: &str) {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let validator = validators.entry(schema.to_string()).or_insert_with(|| {
            let mut root = schema.clone();
            root.as_object_mut().expect("a schema").insert("components".to_owned(), self.components.clone());
            jsonschema::draft202012::new(&root).unwrap_or_else(|error| panic!("{what}: the schema is none: {error}"))
        });
        let faults: Vec<String> = validator.iter_errors(body).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
        drop(validators);
        assert!(faults.is_empty(), "{what} is not as documented:\n{}\n{body:#}", faults.join("\n"));
    }
}

fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len() && template.iter().zip(&path).all(|(part, given)| part.starts_with('{') || part == given)
}

/// The document's schemas, each closed; those that are parts of others stay open, and the whole is closed instead.
fn closed_components(document: &Value) -> Value {
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    let mut parts = BTreeSet::new();
    schemas.values().for_each(|schema| parts_of(schema, &mut parts));
    let closed: Map<String, Value> = schemas
        .iter()
        .map(|(name, schema)| (name.clone(), if parts.contains(name) { schema.clone() } else { closed(schema) }))
        .collect();
    json!({ "schemas": closed })
}

/// The names of schemas that are put together with others.
fn parts_of(schema: &Value, parts: &mut BTreeSet<String>) {
    let together = schema.get("allOf").and_then(Value::as_array).into_iter().flatten();
    parts.extend(together.filter_map(|part| part["$ref"].as_str()?.rsplit('/').next()).map(str::to_owned));
    match schema {
        Value::Object(fields) => fields.values().for_each(|inner| parts_of(inner, parts)),
        Value::Array(items) => items.iter().for_each(|inner| parts_of(inner, parts)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn closed(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let together = fields.contains_key("allOf");
            let inner = |(key, value): (&String, &Value)| (key.clone(), if together { value.clone() } else { closed(value) });
            let mut all: Map<String, Value> = fields.iter().map(inner).collect();
            let names_fields =
                fields.get("properties").is_some_and(|properties| properties.get("type").is_none_or(Value::is_object));
            if together || (names_fields && !fields.contains_key("additionalProperties")) {
                all.insert("unevaluatedProperties".to_owned(), json!(false));
            }
            Value::Object(all)
        }
        Value::Array(items) => Value::Array(items.iter().map(closed).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => schema.clone(),
    }
}

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
