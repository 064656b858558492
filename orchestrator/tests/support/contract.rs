//! Holds answers of the running server against its OpenAPI document. Stricter than a reader of the document would be: a field that
//! the document does not name is a fault as well, so that code and document cannot drift apart.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, OnceLock, PoisonError};

use jsonschema::Validator;
use reqwest::{Method, StatusCode};
use serde_json::{Map, Value, json};

/// The document, and what it asks of answers.
pub struct Contract {
    /// As it is served.
    pub document: Value,
    /// The schemas, closed against fields that they do not name.
    components: Value,
    validators: Mutex<BTreeMap<String, Validator>>,
}

/// The one of this build.
pub fn contract() -> &'static Contract {
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

/// The schema of a documented response's body, when it has one.
pub fn schema_of(response: &Value) -> Option<&Value> {
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
