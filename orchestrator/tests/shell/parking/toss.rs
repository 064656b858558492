//! Toss Payments played by a stand-in that answers as its public reference says: confirm, look-up, cancel in parts, idempotency keys,
//! errors by code. It loses its first answer to each confirmation.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode as Status};
use axum::routing::{get, post};
use axum::{Json, Router};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{FEE, World, answer};

/// `test_sk_escort:` in Base64 (RFC 4648).
const AUTHORIZATION: &str = "Basic dGVzdF9za19lc2NvcnQ6";

#[derive(Default)]
struct Shop {
    /// What payers approved in the provider's window: by key, order and amount.
    approved: BTreeMap<String, (String, i64)>,
    confirmed: BTreeSet<String>,
    cancelled: BTreeMap<String, i64>,
    answers_by_key: BTreeMap<String, Value>,
    charges: u32,
}

type Shared = Arc<Mutex<Shop>>;
type Answer = (Status, Json<Value>);

fn payment(shop: &Shop, key: &str) -> Option<Value> {
    let (order, amount) = shop.approved.get(key)?;
    let back = shop.cancelled.get(key).copied().unwrap_or_default();
    let status = match (shop.confirmed.contains(key), back) {
        (false, _) => "IN_PROGRESS",
        (true, 0) => "DONE",
        (true, back) if back < *amount => "PARTIAL_CANCELED",
        (true, _) => "CANCELED",
    };
    Some(json!({
        "paymentKey": key, "orderId": order, "status": status, "totalAmount": amount, "balanceAmount": amount - back,
        "currency": "KRW", "method": "카드",
    }))
}

fn refuse(status: Status, code: &str) -> Answer {
    (status, Json(json!({"code": code, "message": code})))
}

fn known(headers: &HeaderMap) -> bool {
    headers.get("authorization").is_some_and(|value| value == AUTHORIZATION)
}

async fn look(State(shop): State<Shared>, headers: HeaderMap, Path(key): Path<String>) -> Answer {
    if !known(&headers) {
        return refuse(Status::UNAUTHORIZED, "UNAUTHORIZED_KEY");
    }
    match payment(&shop.lock().expect("no panic"), &key) {
        Some(payment) => (Status::OK, Json(payment)),
        None => refuse(Status::NOT_FOUND, "NOT_FOUND_PAYMENT"),
    }
}

async fn confirm(State(shop): State<Shared>, headers: HeaderMap, Json(body): Json<Value>) -> Answer {
    let shop = &mut *shop.lock().expect("no panic");
    let idempotency = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
    if !known(&headers) || idempotency.is_empty() {
        return refuse(Status::UNAUTHORIZED, "UNAUTHORIZED_KEY");
    }
    if let Some(before) = shop.answers_by_key.get(&idempotency) {
        return (Status::OK, Json(before.clone()));
    }
    let key = body["paymentKey"].as_str().unwrap_or_default().to_owned();
    let asked = (body["orderId"].as_str().unwrap_or_default().to_owned(), body["amount"].as_i64().unwrap_or_default());
    if shop.approved.get(&key) != Some(&asked) {
        return refuse(Status::BAD_REQUEST, "INVALID_REQUEST");
    }
    if key == "rejected" {
        return refuse(Status::FORBIDDEN, "REJECT_CARD_PAYMENT");
    }
    if !shop.confirmed.insert(key.clone()) {
        return refuse(Status::BAD_REQUEST, "ALREADY_PROCESSED_PAYMENT");
    }
    shop.charges += 1;
    let done = payment(shop, &key).expect("approved");
    shop.answers_by_key.insert(idempotency, done);
    // The money is taken and the answer is lost.
    refuse(Status::INTERNAL_SERVER_ERROR, "FAILED_INTERNAL_SYSTEM_PROCESSING")
}

async fn cancel(State(shop): State<Shared>, headers: HeaderMap, Path(key): Path<String>, Json(body): Json<Value>) -> Answer {
    let shop = &mut *shop.lock().expect("no panic");
    let idempotency = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
    if !known(&headers) || body["cancelReason"].as_str().is_none_or(str::is_empty) {
        return refuse(Status::BAD_REQUEST, "INVALID_REQUEST");
    }
    if !shop.answers_by_key.contains_key(&idempotency) {
        *shop.cancelled.entry(key.clone()).or_default() += body["cancelAmount"].as_i64().unwrap_or_default();
        let done = payment(shop, &key).expect("approved");
        shop.answers_by_key.insert(idempotency.clone(), done);
    }
    (Status::OK, Json(shop.answers_by_key[&idempotency].clone()))
}

async fn stand_in(shop: Shared) -> SocketAddr {
    let routes = Router::new()
        .route("/v1/payments/confirm", post(confirm))
        .route("/v1/payments/{key}", get(look))
        .route("/v1/payments/{key}/cancel", post(cancel))
        .with_state(shop);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, routes).await.expect("it serves") });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_is_spoken_to_as_its_reference_says() {
    let shop: Shared = Arc::default();
    let address = stand_in(shop.clone()).await;
    let secret = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(secret.path(), "test_sk_escort\n").expect("written");
    let payments = format!("provider = \"toss\"\nbase_url = \"http://{address}\"\nsecret_key_file = {:?}", secret.path());
    let world = World::start(&payments).await;
    let driver = world.enter("12가3456").await;
    world.leave(&driver).await;
    for (key, order, amount) in [("good", "order-1", FEE), ("rejected", "order-2", FEE), ("other", "order-3", 1)] {
        shop.lock().expect("no panic").approved.insert(key.to_owned(), (order.to_owned(), amount));
    }
    // Another amount than approved, a token nobody knows, a card that is refused: nothing is taken.
    for (key, order) in [("other", "order-3"), ("unknown", "order-9"), ("rejected", "order-2")] {
        pay(&world, &driver, key, order).await;
        assert_eq!(world.due(&driver).await, (FEE, FEE), "{key}");
    }
    pay(&world, &driver, "good", "order-1").await;
    assert_eq!(world.due(&driver).await, (0, 0));
    assert_eq!(shop.lock().expect("no panic").charges, 1, "the answer was lost, the money was taken once");

    // The token of a payment that was made moves no money for another stay.
    let other = world.enter("34나5678").await;
    world.leave(&other).await;
    let body = json!({"amount": FEE, "instrument": "good", "order": "order-1"});
    let request = world.request(Method::POST, &format!("/parking/sessions/{}/payments", other.session));
    let (status, said) = answer(request.header("Parking-Token", &other.token).header("Idempotency-Key", "k").json(&body)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{said}");
    assert_eq!(world.due(&other).await, (FEE, FEE));

    let refund = json!({"amount": 8_000, "reason": "the barrier was broken"});
    world.manage(Method::POST, &format!("/parking/sessions/{}/refunds", driver.session), Some(refund)).await;
    world.settled().await;
    assert_eq!(shop.lock().expect("no panic").cancelled["good"], 8_000);

    // The bank takes 10,000 back. The webhook lies about it and comes three times; only what the provider answers counts.
    *shop.lock().expect("no panic").cancelled.get_mut("good").expect("paid") += 10_000;
    for _ in 0..3 {
        let lie = json!({"eventType": "PAYMENT_STATUS_CHANGED", "data": {"paymentKey": "good", "status": "CANCELED", "balanceAmount": 0}});
        let (status, _) = answer(world.request(Method::POST, "/payments/webhooks/toss").json(&lie)).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
    }
    assert_eq!(world.due(&driver).await, (10_000, 10_000));
    let made_up = json!({"eventType": "PAYMENT_STATUS_CHANGED", "data": {"paymentKey": "made-up", "status": "DONE"}});
    assert_eq!(answer(world.request(Method::POST, "/payments/webhooks/toss").json(&made_up)).await.0, StatusCode::NO_CONTENT);
    assert_eq!(answer(world.request(Method::POST, "/payments/webhooks/other").json(&made_up)).await.0, StatusCode::NOT_FOUND);
}

async fn pay(world: &World, driver: &super::Driver, key: &str, order: &str) {
    let body = json!({"amount": FEE, "instrument": key, "order": order});
    let request = world.request(Method::POST, &format!("/parking/sessions/{}/payments", driver.session));
    let request = request.header("Parking-Token", &driver.token).header("Idempotency-Key", key);
    let (status, answer) = answer(request.json(&body)).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
    world.settled().await;
}
