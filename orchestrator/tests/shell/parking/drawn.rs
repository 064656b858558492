//! Areas that managers draw: parked on at once, and after a restart.

use std::path::Path;

use orchestrator::access::NewAccount;
use orchestrator::config::Config;
use orchestrator::serve::Server;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{LOTS, answer};
use crate::server::config_text;

/// The demo's first lot, of whose areas the parking file knows one.
async fn start(folder: &Path) -> (Server, String) {
    let file = folder.join("lots.toml");
    std::fs::write(&file, LOTS.replace("\"east\"", "\"market\"").replace("E1", "A1")).expect("written");
    let base = config_text(&folder.join("data"), "enabled = false");
    let text = format!("{base}\n[parking]\nfile = {file:?}\n");
    let config = Config::parse(&text, "test.toml").expect("a configuration");
    let server = Server::start(config).await.unwrap_or_else(|error| panic!("{error:#}"));
    let id = flight_types::AccountId::new("manager").expect("an id");
    let new = NewAccount {
        id: id.clone(),
        name: "Manager".to_owned(),
        role: dispatch_core::event::Role::Manager,
        lots: orchestrator::access::OwnLots::All,
        password: "correct horse".to_owned(),
    };
    server.access().add_missing(vec![new]).await.expect("an account");
    let token = server.access().issue_account_token(&id).await.expect("a token").reveal().to_owned();
    (server, token)
}

async fn ask(server: &Server, token: &str, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
    let request = reqwest::Client::new().request(method, format!("http://{}/api/v1{path}", server.http_addr()));
    let request = request.bearer_auth(token).header("If-Match", "\"0\"");
    answer(match body {
        Some(body) => request.body(body.to_string()),
        None => request,
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_area_that_is_drawn_is_parked_on_at_once_and_after_a_restart() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (server, token) = start(folder.path()).await;
    assert_eq!(ask(&server, &token, Method::GET, "/areas/A7", None).await.0, StatusCode::NOT_FOUND);
    let (_, before) = ask(&server, &token, Method::GET, "/lots/market", None).await;
    // The second area gets another name, with its bays and beacons.
    let renamed = before["layout"].to_string().replace("\"A2\"", "\"A7\"");
    let renamed: Value = serde_json::from_str(&renamed).expect("a layout");
    let (status, drawn) = ask(&server, &token, Method::PUT, "/lots/market/layout", Some(renamed)).await;
    assert_eq!(status, StatusCode::OK, "{drawn}");
    let entry = json!({"area": "A7", "plate": "12가3456"});
    let (status, entered) = ask(&server, &token, Method::POST, "/parking/entries", Some(entry)).await;
    assert_eq!(status, StatusCode::CREATED, "{entered}");
    assert_eq!(ask(&server, &token, Method::GET, "/areas/A2", None).await.0, StatusCode::NOT_FOUND, "it is not there any more");
    // A car stands on it, and the file knows the other: neither may be drawn away.
    for area in ["A7", "A1"] {
        let gone = drawn["layout"].to_string().replace(&format!("\"{area}\""), "\"A9\"");
        let request = reqwest::Client::new().put(format!("http://{}/api/v1/lots/market/layout", server.http_addr()));
        let (status, refused) = answer(request.bearer_auth(&token).header("If-Match", "\"1\"").body(gone)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{area}: {refused}");
    }
    server.stop().await;
    let (server, token) = start(folder.path()).await;
    assert_eq!(ask(&server, &token, Method::GET, "/areas/A7", None).await.0, StatusCode::OK);
    server.stop().await;
}
