//! The program is killed again and again while cars come in and pay. What was acknowledged is there, and is charged once.

use std::path::Path;
use std::process::Stdio;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::{FEE, parking_config};
use crate::fixture::soon;

const PROGRAM: &str = env!("CARGO_BIN_EXE_orchestrator");
/// Deaths at each distance from the start, so that every step of a stay is hit by both kinds.
const LIVES: u64 = 14;

struct Acknowledged {
    session: String,
    token: String,
    paying: bool,
}

fn serve(folder: &Path, more: &[&str]) -> Child {
    let config = folder.join("server.toml");
    std::fs::write(&config, parking_config(folder, "provider = \"sandbox\"")).expect("written");
    let mut command = Command::new(PROGRAM);
    command.args(["serve", "--config"]).arg(config).args(more).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    command.spawn().expect("the program starts")
}

/// Where it answers; `None` when it died before.
async fn address(server: &mut Child) -> Option<String> {
    let mut lines = BufReader::new(server.stdout.as_mut().expect("piped")).lines();
    let line = soon("the server is ready or dead", lines.next_line()).await.expect("readable")?;
    line.split(' ').find_map(|word| word.strip_prefix("http=")).map(str::to_owned)
}

async fn entries(folder: &Path) -> u64 {
    let output =
        Command::new(PROGRAM).args(["replay", "--data"]).arg(folder.join("data")).output().await.expect("the program starts");
    let text = String::from_utf8(output.stdout).expect("text");
    text.strip_prefix("entries=").and_then(|rest| rest.split(' ').next()).and_then(|count| count.parse().ok()).unwrap_or_default()
}

/// One request; `None` when the server died over it.
async fn ask(client: &reqwest::Client, request: reqwest::RequestBuilder) -> Option<(u16, Value)> {
    let response = client.execute(request.build().expect("a request")).await.ok()?;
    let status = response.status().as_u16();
    Some((status, response.json().await.ok()?))
}

/// A car comes in, leaves and pays, as far as the server lives. What was acknowledged is written down at once.
async fn live(client: &reqwest::Client, base: &str, number: u64, known: &mut Vec<Acknowledged>) -> Option<()> {
    let api = |method: Method, path: String| client.request(method, format!("{base}/api/v1{path}"));
    let body = json!({"area": "E1", "plate": format!("12가{:04}", 1000 + number)});
    let (status, entry) = ask(client, api(Method::POST, "/parking/entries".to_owned()).json(&body)).await?;
    assert_eq!(status, 201, "{entry}");
    let text = |field: &str| entry[field].as_str().expect("a text").to_owned();
    known.push(Acknowledged { session: text("session"), token: text("token"), paying: false });
    let mine = known.last_mut().expect("just pushed");
    let stay = |method: Method, what: &str| {
        api(method, format!("/parking/sessions/{}{what}", mine.session)).header("Parking-Token", &mine.token)
    };
    while ask(client, stay(Method::GET, "/fee")).await?.1["fee"] == json!(0) {}
    ask(client, stay(Method::POST, "/exit")).await?;
    let payment = json!({"amount": FEE, "instrument": "card-good"});
    let (status, answer) = ask(client, stay(Method::POST, "/payments").header("Idempotency-Key", "k").json(&payment)).await?;
    assert_eq!(status, 202, "{answer}");
    mine.paying = true;
    // Its death may come while the workers pay; requests that change nothing wait for it or for the end of the payment.
    let (session, token) = (mine.session.clone(), mine.token.clone());
    let due = || api(Method::GET, format!("/parking/sessions/{session}/fee")).header("Parking-Token", &token);
    while ask(client, due()).await?.1["due"] != json!(0) {}
    Some(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_every_death() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let client = reqwest::Client::new();
    let mut known = Vec::new();
    for number in 0..LIVES {
        let point = if number % 2 == 0 { "durable" } else { "dispatched" };
        let dies_at = entries(folder.path()).await + 3 + number / 2 * 2;
        let mut server = serve(folder.path(), &["--crash-at", point, "--crash-seq", &dies_at.to_string()]);
        if let Some(base) = address(&mut server).await {
            let _ = soon("a life", live(&client, &base, number, &mut known)).await;
        }
    }
    let mut server = serve(folder.path(), &[]);
    let base = address(&mut server).await.expect("it lives");
    assert!(known.iter().any(|stay| stay.paying) && known.iter().any(|stay| !stay.paying), "deaths at every step");
    for stay in &known {
        let fee = || {
            let path = format!("{base}/api/v1/parking/sessions/{}/fee", stay.session);
            ask(&client, client.get(path).header("Parking-Token", &stay.token))
        };
        let (status, owed) = fee().await.expect("an answer");
        assert_eq!(status, 200, "an acknowledged stay is there: {owed}");
        if stay.paying {
            let paid = async { while fee().await.expect("an answer").1["due"] != json!(0) {} };
            soon("an acknowledged payment is captured", paid).await;
            assert_eq!(fee().await.expect("an answer").1["paid"], json!(FEE), "once");
        }
    }
    drop(server);
    assert!(entries(folder.path()).await > LIVES);
}
