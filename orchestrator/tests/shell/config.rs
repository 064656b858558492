//! The configuration: every key documented and exemplified, every mistake named.

use std::path::{Path, PathBuf};

use orchestrator::config::Config;
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every key there is, from the type itself: optional ones are null in JSON.
fn keys() -> Vec<String> {
    let config = Config::parse("site = \"s\"\n[store]\ndata_dir = \"d\"\n", "test").expect("the smallest configuration");
    let mut found = Vec::new();
    collect("", &serde_json::to_value(config).expect("plain data"), &mut found);
    found
}

fn collect(path: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                collect(&path, value, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => found.push(path.to_owned()),
    }
}

#[test]
fn every_key_is_documented_and_nothing_else_is() {
    let text = std::fs::read_to_string(root().join("docs/config.md")).expect("docs/config.md");
    let mut documented: Vec<String> =
        text.lines().filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned())).collect();
    documented.sort();
    let mut keys = keys();
    keys.sort();
    assert_eq!(documented, keys);
}

#[test]
fn the_example_shows_every_key_with_a_comment() {
    let text = std::fs::read_to_string(root().join("configs/site-example.toml")).expect("the example");
    let table: toml::Table = text.parse().expect("TOML");
    let mut shown = Vec::new();
    collect("", &serde_json::to_value(table).expect("plain data"), &mut shown);
    shown.sort();
    let mut keys = keys();
    keys.sort();
    assert_eq!(shown, keys);
}

#[test]
fn the_configurations_that_we_ship_are_taken() {
    for name in ["dev", "demo", "site-example"] {
        let path = root().join("configs").join(format!("{name}.toml"));
        let config = Config::load(&path).unwrap_or_else(|error| panic!("{error}"));
        assert!(config.site.join("site.toml").is_file(), "{name} names a site that is there");
    }
}

#[test]
fn mistakes_are_named_with_their_line_and_key() {
    let smallest = "site = \"s\"\n[store]\ndata_dir = \"d\"\n";
    // (what is added, what the error must say)
    let cases = [
        ("[http]\nbnid = \"127.0.0.1:1\"\n", "line 5"),
        ("[http]\nbnid = \"127.0.0.1:1\"\n", "bnid"),
        ("[http]\nbind = \"localhost\"\n", "line 5"),
        ("[http]\ntries_per_min = -1\n", "tries_per_min"),
        ("[http]\ntries_per_min = 0\n", "tries_per_min"),
        ("[http.tls]\nmode = \"files\"\n", "http.tls.certificate"),
        ("[http.tls]\nmode = \"maybe\"\n", "self-made"),
        ("[mqtt]\nprefix = \"a/b\"\n", "mqtt.prefix"),
        ("[mqtt]\nbroker_url = \"http://x\"\n", "mqtt.broker_url"),
        ("[mqtt]\nbroker_url = \"mqtt://x\"\n", "mqtt.broker_user"),
        ("[[links.gateways]]\nstation = \"s\"\n", "links.gateways: s needs a password_file"),
        ("[[links.gateways]]\nstation = \"s\"\npassword_file = \"p\"\n[mqtt]\nenabled = false\n", "mqtt.enabled"),
        ("[feeds]\ncameras = [{ drone = \"d1\", main = \"http://u:secret@x/\" }]\n", "feeds.cameras"),
        ("[feeds]\ncameras = [{ drone = \"d1\", main = \"rtsp://x/\", sub = \"rtsp:/x\" }]\n", "rtsp://"),
        ("[feeds]\ncameras = [{ drone = \"d1\", main = \"x\" }]\n", "line 5"),
        ("[feeds]\nice_servers = [{ url = \"http://x\" }]\n", "feeds.ice_servers"),
        ("[feeds]\nbind = \"0.0.0.0:1\"\n", "feeds.advertised"),
        ("database_url = \"mysql://x\"\n", "store.database_url"),
        ("[nonsense]\n", "nonsense"),
        ("[store]\n", "line 4"),
        ("\u{0}", "line 4"),
    ];
    for (added, says) in cases {
        let error = Config::parse(&format!("{smallest}{added}"), "my.toml").expect_err(added).to_string();
        assert!(error.contains(says) && error.starts_with("my.toml"), "{added:?} gave {error}");
        assert!(!error.contains("secret"), "a password in an error ends up in a log: {error}");
    }
}
