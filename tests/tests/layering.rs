//! The direction in which crates may depend on each other, checked over `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Each crate of ours with those of ours it may use directly.
const ALLOWED: &[(&str, &[&str])] = &[
    ("flight-types", &[]),
    ("flight-routes", &["flight-types"]),
    ("drone-link-proto", &["flight-types", "flight-routes"]),
    ("drone-link", &["flight-types", "drone-link-proto"]),
    ("parking-core", &["flight-types"]),
    ("dispatch-core", &["flight-types", "flight-routes", "parking-core", "survey-findings"]),
    ("site-model", &["flight-types", "flight-routes", "dispatch-core"]),
    ("feed", &["flight-types"]),
    (
        "orchestrator",
        &[
            "flight-types",
            "parking-core",
            "dispatch-core",
            "site-model",
            "drone-link",
            "feed",
            "survey-plan",
            "survey-vision",
            "survey-model",
            "survey-findings",
            "survey-sightings",
            "beacon",
        ],
    ),
    ("survey-plan", &[]),
    ("survey-vision", &[]),
    ("survey-model", &["survey-vision"]),
    ("survey-findings", &[]),
    ("survey-sightings", &["flight-types", "survey-vision", "survey-findings", "beacon"]),
    ("beacon", &[]),
    ("sim-rtsp", &[]),
    ("sim-camera", &[]),
    ("sim", &["flight-types", "drone-link-proto", "dispatch-core", "site-model", "sim-camera", "sim-rtsp"]),
];

/// Pure crates with what must not be reachable from them, however far down.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("flight-types", &["mavlink", "tokio", "sqlx", "axum", "rand"]),
    ("flight-routes", &["mavlink", "tokio", "sqlx", "axum", "rand", "serde_json"]),
    ("parking-core", &["mavlink", "tokio", "sqlx", "axum", "rand"]),
    ("dispatch-core", &["mavlink", "tokio", "sqlx", "axum", "rand"]),
    ("drone-link-proto", &["tokio", "sqlx", "axum", "dispatch-core", "rand"]),
    ("site-model", &["tokio", "sqlx", "axum", "mavlink"]),
    ("sim-camera", &["tokio", "sqlx", "axum", "mavlink", "rand"]),
    ("survey-vision", &["tokio", "sqlx", "axum", "mavlink", "rand", "dispatch-core"]),
    ("survey-model", &["tokio", "sqlx", "axum", "mavlink", "rand", "dispatch-core"]),
    ("survey-findings", &["tokio", "sqlx", "axum", "mavlink", "rand", "dispatch-core"]),
    ("survey-sightings", &["tokio", "sqlx", "axum", "mavlink", "rand", "dispatch-core"]),
    ("survey-plan", &["tokio", "sqlx", "axum", "mavlink", "rand", "serde"]),
    ("beacon", &["tokio", "sqlx", "axum", "mavlink", "rand", "serde"]),
];

/// Derives schemas of records for the OpenAPI document. Pure crates may have it behind a feature, which only the server switches on
/// (ADR 0069): whoever decides or flies without the server does not reach it, nor what it uses.
const SCHEMAS: &str = "utoipa";

/// Crates that may use anything: they test or run the rest.
const FREE: &[&str] = &["end-to-end", "fuzz", "xtask"];

struct Graph {
    /// Normal dependencies by package name.
    direct: BTreeMap<String, BTreeSet<String>>,
    /// By our package's name, those dependencies that a feature switches on.
    optional: BTreeMap<String, BTreeSet<String>>,
    ours: BTreeSet<String>,
}

impl Graph {
    fn read() -> Self {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let output = Command::new(cargo)
            .args(["metadata", "--format-version", "1", "--locked", "--offline"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("cargo metadata runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self::from_metadata(&serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON"))
    }

    fn from_metadata(metadata: &Value) -> Self {
        let members: BTreeSet<&str> = list(&metadata["workspace_members"]).filter_map(Value::as_str).collect();
        let names: BTreeMap<&str, &str> =
            list(&metadata["packages"]).map(|package| (text(&package["id"]), text(&package["name"]))).collect();
        let direct = list(&metadata["resolve"]["nodes"])
            .map(|node| (names[text(&node["id"])].to_owned(), normal_dependencies(node, &names)));
        let ours: BTreeSet<String> = members.iter().map(|id| names[id].to_owned()).collect();
        let packages = list(&metadata["packages"]).filter(|package| ours.contains(text(&package["name"])));
        let optional = packages.map(|package| (text(&package["name"]).to_owned(), optional_dependencies(package)));
        Self { direct: direct.collect(), optional: optional.collect(), ours }
    }

    fn reachable(&self, from: &str) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        let mut open = vec![from];
        while let Some(name) = open.pop() {
            for next in self.direct[name].iter().filter(|next| !self.is_schemas_on_request(name, next)) {
                if seen.insert(next.as_str()) {
                    open.push(next);
                }
            }
        }
        seen
    }

    fn is_schemas_on_request(&self, name: &str, dependency: &str) -> bool {
        dependency == SCHEMAS && self.optional.get(name).is_some_and(|optional| optional.contains(dependency))
    }
}

fn optional_dependencies(package: &Value) -> BTreeSet<String> {
    let optional = list(&package["dependencies"]).filter(|dependency| dependency["optional"] == true);
    optional.map(|dependency| text(&dependency["name"]).to_owned()).collect()
}

fn normal_dependencies(node: &Value, names: &BTreeMap<&str, &str>) -> BTreeSet<String> {
    let is_normal = |dependency: &&Value| list(&dependency["dep_kinds"]).any(|kind| kind["kind"].is_null());
    list(&node["deps"]).filter(is_normal).map(|dependency| names[text(&dependency["pkg"])].to_owned()).collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text in cargo metadata")
}

#[test]
fn crates_of_ours_use_only_what_they_may() {
    let graph = Graph::read();
    for name in graph.ours.iter().filter(|name| !FREE.contains(&name.as_str())) {
        let (_, allowed) =
            ALLOWED.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("{name} has no place in the layering"));
        let used = graph.direct[name].intersection(&graph.ours);
        let wrong: Vec<&String> = used.filter(|other| !allowed.contains(&other.as_str())).collect();
        assert!(wrong.is_empty(), "{name} must not use {wrong:?}");
    }
}

#[test]
fn pure_crates_reach_no_input_output() {
    let graph = Graph::read();
    for (name, forbidden) in FORBIDDEN {
        let reachable = graph.reachable(name);
        let wrong: Vec<&&str> = forbidden.iter().filter(|other| reachable.contains(*other)).collect();
        assert!(wrong.is_empty(), "{name} reaches {wrong:?}");
    }
}
