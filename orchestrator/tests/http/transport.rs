//! What lies round the interface: TLS, headers, pages, health.

use orchestrator::http::{ServeError, Server};
use orchestrator::tls::Certificate;
use reqwest::{Method, StatusCode};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::world::{PATIENCE, World};

#[tokio::test]
async fn plain_http_is_for_this_machine_only() {
    let world = World::new().await;
    let refused = Server::start(world.app.clone(), "0.0.0.0:0".parse().expect("an address"), None).await;
    assert!(matches!(refused, Err(ServeError::PlainBeyondLoopback(_))));
}

#[tokio::test]
async fn a_certificate_made_once_is_kept_and_served() {
    let world = World::new().await;
    let folder = tempfile::tempdir().expect("a folder");
    let certificate = Certificate::SelfMade { folder: folder.path().to_owned(), names: vec!["localhost".to_owned()] };
    certificate.load().await.expect("made");
    let pem = std::fs::read(folder.path().join("tls-certificate.pem")).expect("kept");
    let again = certificate.load().await.expect("read again");
    assert_eq!(std::fs::read(folder.path().join("tls-certificate.pem")).expect("kept"), pem);
    let server = Server::start(world.app.clone(), "127.0.0.1:0".parse().expect("an address"), Some(again)).await.expect("a server");
    let trusted = reqwest::Certificate::from_pem(&pem).expect("a certificate");
    let client = reqwest::Client::builder().tls_certs_only([trusted]).timeout(PATIENCE).build().expect("a client");
    let url = format!("https://localhost:{}/healthz", server.address().port());
    assert_eq!(client.get(url).send().await.expect("an answer over TLS").status(), StatusCode::OK);
    server.stop().await;
}

#[tokio::test]
async fn every_answer_is_guarded_by_its_headers() {
    let world = World::new().await;
    for path in ["/", "/healthz", "/openapi.json", "/site", "/nothing"] {
        let answer = world.request("", Method::GET, path).header("x-request-id", "trace-7").send().await.expect("an answer");
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        assert_eq!(header("x-request-id"), "trace-7", "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert!(header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert!(!header("cache-control").is_empty(), "{path}");
    }
}

#[tokio::test]
async fn the_first_page_is_served_for_the_apps_own_paths() {
    let world = World::new().await;
    for (path, status) in [("/", 200), ("/sos", 200), ("/guard/deep/link", 200), ("/missing.js", 404)] {
        let answer = world.client.get(format!("{}{path}", world.base)).timeout(PATIENCE).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), status, "{path}");
        let kind = answer.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert_eq!(kind.starts_with("text/html"), status == 200, "{path}: {kind}");
    }
}

#[tokio::test]
async fn a_server_says_that_it_is_ready() {
    let world = World::new().await;
    let (status, ready) = world.get("", "/readyz").await;
    assert_eq!((status, ready["entries"].as_u64()), (StatusCode::OK, Some(1)));
}

/// An answer's head, in small letters; its body is read and dropped.
async fn head(connection: &mut BufReader<TcpStream>) -> String {
    let (mut head, mut body_bytes) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let mut line = String::new();
        let read = timeout(PATIENCE, connection.read_line(&mut line)).await.expect("in time").expect("an answer");
        assert!(read > 0, "the connection ended: {head}");
        head.push_str(&line.to_lowercase());
        body_bytes = head.lines().last().and_then(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(body_bytes);
    }
    let mut body = vec![0; body_bytes];
    timeout(PATIENCE, connection.read_exact(&mut body)).await.expect("in time").expect("a body");
    head
}

#[tokio::test]
async fn who_sends_too_much_hears_why_and_keeps_the_connection() {
    let world = World::new().await;
    let authority = world.base.strip_prefix("http://").expect("plain HTTP");
    let mut connection = BufReader::new(TcpStream::connect(authority).await.expect("a connection"));
    let token = &world.tokens["manager"];
    let body = 3 << 20;
    let layout = format!(
        "PUT /api/v1/lots/lot-1/layout HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nif-match: \"0\"\r\ncontent-length: {body}\r\n\r\n"
    );
    connection.write_all(layout.as_bytes()).await.expect("sent");
    connection.write_all(&vec![b' '; body]).await.expect("taken in whole");
    let refused = head(&mut connection).await;
    assert!(refused.starts_with("http/1.1 413"), "{refused}");
    assert!(!refused.contains("connection: close"), "all of it was read: {refused}");
    // The same connection, whose next request comes when the refusal has been read.
    let nobody = "POST /api/v1/calls HTTP/1.1\r\nhost: x\r\ncontent-length: 60000\r\n\r\n";
    connection.write_all(nobody.as_bytes()).await.expect("sent");
    let unread = head(&mut connection).await;
    assert!(unread.starts_with("http/1.1 401"), "{unread}");
    assert!(unread.contains("connection: close"), "its body is not waited for, so nothing can follow: {unread}");
}
