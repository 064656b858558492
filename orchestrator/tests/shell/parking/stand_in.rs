//! What stand-ins of Toss Payments have in common: the paths of its public reference, and a server that is told to pay there.

use std::net::SocketAddr;

use axum::Router;
use axum::routing::MethodRouter;

use super::World;

/// How a stand-in answers what is asked of the provider.
pub struct Answers<S> {
    pub confirm: MethodRouter<S>,
    pub look: MethodRouter<S>,
    pub cancel: MethodRouter<S>,
}

/// A server whose provider is this stand-in.
pub async fn open<S: Clone + Send + Sync + 'static>(answers: Answers<S>, shop: S) -> World {
    let address = serve(answers, shop).await;
    let secret = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(secret.path(), "test_sk_escort\n").expect("written");
    let payments = format!(
        "provider = \"toss\"\nbase_url = \"http://{address}\"\nclient_key = \"test_ck_escort\"\nsecret_key_file = {:?}",
        secret.path()
    );
    World::start(&payments).await
}

/// Where the stand-in answers, until the test ends.
pub async fn serve<S: Clone + Send + Sync + 'static>(answers: Answers<S>, shop: S) -> SocketAddr {
    let routes = Router::new()
        .route("/v1/payments/confirm", answers.confirm)
        .route("/v1/payments/{key}", answers.look)
        .route("/v1/payments/{key}/cancel", answers.cancel)
        .with_state(shop);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, routes).await.expect("it serves") });
    address
}
