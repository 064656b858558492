//! The program itself: it dies where a test tells it to, loses nothing, and stops in order when asked.

use std::path::Path;
use std::process::{ExitStatus, Output, Stdio};

use flight_types::{GeoPoint, Local, LocalFrame};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::fixture::soon;
use crate::server::config_text;

const PROGRAM: &str = env!("CARGO_BIN_EXE_orchestrator");

fn serve(folder: &Path, more: &[&str]) -> Child {
    let config = folder.join("server.toml");
    std::fs::write(&config, config_text(&folder.join("data"), "bind = \"127.0.0.1:0\"")).expect("written");
    Command::new(PROGRAM)
        .args(["serve", "--config"])
        .arg(config)
        .args(more)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the program starts")
}

async fn ready(server: &mut Child) -> String {
    let mut lines = BufReader::new(server.stdout.as_mut().expect("piped")).lines();
    soon("the server is ready", lines.next_line()).await.expect("readable").expect("a line")
}

async fn stopped(mut server: Child) -> ExitStatus {
    let pid = server.id().expect("running").to_string();
    Command::new("kill").args(["-TERM", &pid]).status().await.expect("kill runs");
    soon("the server stops", server.wait()).await.expect("waited for")
}

async fn run(folder: &Path, arguments: &[&str]) -> Output {
    let data = folder.join("data");
    let running = Command::new(PROGRAM).args(arguments).arg("--data").arg(data).output();
    soon("the command ends", running).await.expect("the program starts")
}

#[tokio::test]
async fn a_server_stops_in_order_and_its_log_can_be_replayed_and_verified() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut server = serve(folder.path(), &[]);
    let line = ready(&mut server).await;
    assert!(line.starts_with("ready http=http://127.0.0.1:") && line.contains("mqtt=mqtt://127.0.0.1:"), "{line}");
    assert!(stopped(server).await.success());

    let replayed = run(folder.path(), &["replay"]).await;
    let text = String::from_utf8(replayed.stdout).expect("text");
    assert!(replayed.status.success() && text.starts_with("entries=1 state="), "{text}");
    assert!(run(folder.path(), &["audit", "verify"]).await.status.success());
}

#[tokio::test]
async fn a_server_killed_right_after_an_entry_has_kept_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut first = serve(folder.path(), &[]);
    ready(&mut first).await;
    assert!(stopped(first).await.success());
    for point in ["durable", "dispatched"] {
        let seq = entries(folder.path()).await + 1;
        let mut server = serve(folder.path(), &["--crash-at", point, "--crash-seq", &seq.to_string()]);
        let died = soon("the server dies", server.wait()).await.expect("waited for");
        assert!(!died.success() && died.code().is_none(), "{point}: {died}");
        assert_eq!(entries(folder.path()).await, seq, "{point}");
    }
    let mut server = serve(folder.path(), &[]);
    ready(&mut server).await;
    assert!(stopped(server).await.success());
    assert!(run(folder.path(), &["audit", "verify"]).await.status.success());
}

async fn entries(folder: &Path) -> u64 {
    let text = String::from_utf8(run(folder, &["replay"]).await.stdout).expect("text");
    let count = text.strip_prefix("entries=").and_then(|rest| rest.split(' ').next()).and_then(|count| count.parse().ok());
    count.unwrap_or_else(|| panic!("{text:?} tells a count"))
}

#[tokio::test]
async fn commands_say_what_is_wrong_with_what_they_are_given() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let wrong = folder.path().join("wrong.toml");
    std::fs::write(&wrong, "site = \"s\"\n[store]\ndata_dri = \"d\"\n").expect("written");
    let wrong = wrong.display().to_string();
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs/demo.toml").display().to_string();
    let town = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs/demo-site").display().to_string();
    let nothing = folder.path().join("nothing").display().to_string();
    // (arguments, exit code, what the output must mention)
    let cases: [(&[&str], i32, &str); 7] = [
        (&["check", "--config", &demo], 0, "fine"),
        (&["check", "--config", &wrong], 1, "data_dri"),
        (&["serve", "--config", &wrong], 2, "line 3"),
        (&["replay", "--data", &nothing], 2, "no database here"),
        (&["audit", "verify", "--data", &nothing], 2, "no database here"),
        (&["eta", "--roads", &town, "--from", "91,0", "--to", "0,0"], 2, "outside"),
        (&["plan", "route", "--site", &nothing, "--from", "1,1", "--to", "0,0"], 2, "site.toml"),
    ];
    for (arguments, code, mentions) in cases {
        let output = soon("the command ends", Command::new(PROGRAM).args(arguments).output()).await.expect("the program starts");
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
        assert!(text.contains(mentions), "{arguments:?}: {text}");
    }
}

/// Beacons at three corners of a square of 100 m, out of order, with a home at the fourth.
fn square(home: GeoPoint) -> Value {
    let frame = LocalFrame::new(home);
    let beacon = |(id, east_m, north_m): (&str, f64, f64)| {
        let place = frame.to_geo(Local { east_m, north_m });
        let geometry = json!({"type": "Point", "coordinates": [place.lon_deg(), place.lat_deg()]});
        json!({"type": "Feature", "id": id, "properties": {}, "geometry": geometry})
    };
    let features: Vec<Value> =
        [("across", 100.0, 100.0), ("north", 0.0, 100.0), ("east", 100.0, 0.0)].into_iter().map(beacon).collect();
    json!({"type": "FeatureCollection", "features": features})
}

async fn audit(file: &Path, more: &[&str]) -> Output {
    let running = Command::new(PROGRAM).args(["plan", "audit"]).arg(file).args(["--from", "37.5,127.0"]).args(more).output();
    soon("the command ends", running).await.expect("the program starts")
}

#[tokio::test]
async fn a_round_of_beacons_is_planned_from_a_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("beacons.geojson");
    let home = GeoPoint::new(37.5, 127.0).expect("a place");
    std::fs::write(&file, square(home).to_string()).expect("written");

    let told = audit(&file, &["--speed", "4"]).await;
    let text = String::from_utf8(told.stdout).expect("text");
    assert!(told.status.success(), "{text}");
    assert!(["400 m, 100 s: east across north\n", "400 m, 100 s: north across east\n"].contains(&text.as_str()), "{text}");

    let line: Value = serde_json::from_slice(&audit(&file, &["--json"]).await.stdout).expect("GeoJSON");
    let stops = line["geometry"]["coordinates"].as_array().expect("a line");
    assert_eq!((stops.len(), stops.first()), (5, stops.last()), "out and home again: {line}");
    assert_eq!(line["properties"]["beacons"].as_array().map(Vec::len), Some(3));
    assert!(line["properties"]["time_s"].as_f64().is_some_and(|time_s| (time_s - 80.0).abs() < 0.1), "{line}");

    let area = json!({"type": "FeatureCollection", "features": [{"id": "A1", "geometry": {"type": "Polygon", "coordinates": []}}]});
    let far = json!({"type": "FeatureCollection", "features": [{"id": "A1", "geometry": {"type": "Point", "coordinates": [127.0, 91.0]}}]});
    for (content, more, mentions) in [
        (area.to_string(), [].as_slice(), "beacon A1: the geometry is \"Polygon\""),
        (far.to_string(), &[], "beacon A1"),
        ("{}".to_owned(), &[], "not a GeoJSON FeatureCollection"),
        ("{".to_owned(), &[], "wrong.geojson"),
        (square(home).to_string(), &["--speed", "0"], "--speed"),
    ] {
        let wrong = folder.path().join("wrong.geojson");
        std::fs::write(&wrong, content).expect("written");
        let refused = audit(&wrong, more).await;
        let text = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && text.contains(mentions), "{mentions}: {text}");
    }
}
