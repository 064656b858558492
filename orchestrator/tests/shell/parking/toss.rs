//! Toss Payments played by a stand-in that answers as its public reference says: confirm, look-up, cancel in parts, idempotency keys,
//! errors by code. It loses its first answer to each confirmation.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode as Status};
use axum::routing::{get, post};
use orchestrator::payments::{Charge, PaymentProvider, Toss, TossSettings, Verdict};
use parking_core::money::Money;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::stand_in::{self, Answers};
use super::{FEE, World, answer};

/// `test_sk_escort:` in Base64 (RFC 4648).
const AUTHORIZATION: &str = "Basic dGVzdF9za19lc2NvcnQ6";

#[derive(Default)]
pub(super) struct Shop {
    /// What payers approved in the provider's window: by key, order and amount.
    approved: BTreeMap<String, (String, i64)>,
    confirmed: BTreeSet<String>,
    cancelled: BTreeMap<String, i64>,
    answers_by_key: BTreeMap<String, Value>,
    charges: u32,
    looks: u32,
    /// Keys of which a confirmation is answered with that, whatever it asks for.
    already_processed: BTreeSet<String>,
}

pub(super) type Shared = Arc<Mutex<Shop>>;
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
    let shop = &mut *shop.lock().expect("no panic");
    shop.looks += 1;
    match payment(shop, &key) {
        Some(payment) => (Status::OK, Json(payment)),
        None => refuse(Status::NOT_FOUND, "NOT_FOUND_PAYMENT"),
    }
}

async fn confirm_payment(State(shop): State<Shared>, headers: HeaderMap, Json(body): Json<Value>) -> Answer {
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
    if shop.already_processed.contains(&key) {
        return refuse(Status::BAD_REQUEST, "ALREADY_PROCESSED_PAYMENT");
    }
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

fn answers() -> Answers<Shared> {
    Answers { confirm: post(confirm_payment), look: get(look), cancel: post(cancel) }
}

/// A server whose shop is the stand-in.
pub(super) async fn open_shop() -> (World, Shared) {
    let shop: Shared = Arc::default();
    (stand_in::open(answers(), shop.clone()).await, shop)
}

/// Makes an order for the driver: its name.
async fn order(world: &World, driver: &super::Driver, amount: i64) -> String {
    let body = json!({"amount": amount, "phone": "010-1234-5678", "language": "en"});
    let (status, order) = world.drive(driver, Method::POST, "/payments/orders", Some(body)).await;
    assert_eq!((status, &order["amount"]), (StatusCode::CREATED, &json!(amount)), "{order}");
    super::text(&order["order"])
}

/// The payer approves an order in the provider's window, under a key.
fn approve(shop: &Shared, key: &str, order: &str, amount: i64) {
    shop.lock().expect("no panic").approved.insert(key.to_owned(), (order.to_owned(), amount));
}

/// The page comes back and confirms.
async fn confirm(world: &World, order: &str, key: &str) -> (StatusCode, Value) {
    let request = world.request(Method::POST, &format!("/payments/orders/{order}"));
    let answered = answer(request.json(&json!({"instrument": key}))).await;
    world.settled().await;
    answered
}

async fn webhook(world: &World, key: &str) -> StatusCode {
    let told = json!({"eventType": "PAYMENT_STATUS_CHANGED", "data": {"paymentKey": key, "status": "DONE"}});
    answer(world.request(Method::POST, "/payments/webhooks/toss").json(&told)).await.0
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_is_spoken_to_as_its_reference_says() {
    let (world, shop) = open_shop().await;
    let (_, area) = answer(world.request(Method::GET, "/areas/E1")).await;
    assert_eq!((&area["provider"], &area["client_key"]), (&json!("toss"), &json!("test_ck_escort")), "{area}");
    let driver = world.enter("12가3456").await;
    world.leave(&driver).await;
    // A token nobody knows, a card that is refused: nothing is taken.
    for key in ["unknown", "rejected"] {
        let order = order(&world, &driver, FEE).await;
        if key == "rejected" {
            approve(&shop, key, &order, FEE);
        }
        assert_eq!(confirm(&world, &order, key).await.0, StatusCode::ACCEPTED, "{key}");
        let (_, seen) = answer(world.request(Method::GET, &format!("/payments/orders/{order}"))).await;
        assert_eq!(seen["payment"]["state"], json!("declined"), "{key}: {seen}");
        assert_eq!(world.due(&driver).await, (FEE, FEE), "{key}");
    }
    let paid = order(&world, &driver, FEE).await;
    approve(&shop, "good", &paid, FEE);
    for _ in 0..2 {
        assert_eq!(confirm(&world, &paid, "good").await.0, StatusCode::ACCEPTED, "a page may come back twice");
    }
    assert_eq!(world.due(&driver).await, (0, 0));
    assert_eq!(shop.lock().expect("no panic").charges, 1, "the answer was lost, the money was taken once");

    // The token of a payment that was made moves no money for another stay.
    let other = world.enter("34나5678").await;
    world.leave(&other).await;
    let again = order(&world, &other, FEE).await;
    let (status, said) = confirm(&world, &again, "good").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{said}");
    assert_eq!(world.due(&other).await, (FEE, FEE));

    let refund = json!({"amount": 8_000, "reason": "the barrier was broken"});
    world.manage(Method::POST, &format!("/parking/sessions/{}/refunds", driver.session), Some(refund)).await;
    world.settled().await;
    assert_eq!(shop.lock().expect("no panic").cancelled["good"], 8_000);

    // The bank takes 10,000 back. The webhook lies about it and comes three times; only what the provider answers counts, and a
    // repeat writes nothing.
    *shop.lock().expect("no panic").cancelled.get_mut("good").expect("paid") += 10_000;
    for _ in 0..3 {
        assert_eq!(webhook(&world, "good").await, StatusCode::OK);
    }
    assert_eq!(world.due(&driver).await, (10_000, 10_000));
    assert_eq!(world.messages().matches("was taken back by its bank").count(), 1);
    let looks = shop.lock().expect("no panic").looks;
    assert_eq!(webhook(&world, "made-up").await, StatusCode::OK);
    assert_eq!(shop.lock().expect("no panic").looks, looks, "nobody is asked about a token that is none of ours");
    let other = world.request(Method::POST, "/payments/webhooks/other").json(&json!({}));
    assert_eq!(answer(other).await.0, StatusCode::NOT_FOUND);
}

/// Only the pages that pay may load the provider's window, and only where there is one.
#[tokio::test(flavor = "multi_thread")]
async fn only_pages_that_pay_may_load_the_window() {
    let (with_window, _shop) = open_shop().await;
    let without = World::start("provider = \"sandbox\"").await;
    for (world, path, widened) in [
        (&with_window, "/p/E1", true),
        (&with_window, "/pay/return?orderId=x", true),
        (&with_window, "/sos", false),
        (&with_window, "/lots", false),
        (&without, "/p/E1", false),
    ] {
        let url = format!("http://{}{path}", world.server.http_addr());
        let response = world.client.get(url).send().await.expect("a page");
        let policy = response.headers()["content-security-policy"].to_str().expect("text").to_owned();
        assert_eq!(policy.contains("script-src 'self' https://js.tosspayments.com"), widened, "{path}: {policy}");
        assert_eq!(policy.contains("tosspayments"), widened, "{path}: {policy}");
        for directive in ["img-src", "form-action", "default-src 'self'", "frame-ancestors 'none'"] {
            assert_eq!(policy.matches(directive).count(), 1, "{path}: {policy}");
        }
    }
}

/// The shop's key sees every payment of the shop: one of another district, or of 100 won, must pay nothing here, by whatever way.
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_of_elsewhere_pays_nothing_here() {
    let (world, shop) = open_shop().await;
    let driver = world.enter("12가3456").await;
    world.leave(&driver).await;
    let orders = [order(&world, &driver, FEE).await, order(&world, &driver, FEE).await, order(&world, &driver, FEE).await];
    approve(&shop, "elsewhere", "order-of-elsewhere", FEE);
    approve(&shop, "small", &orders[1], 100);
    approve(&shop, "twin", "twin-of-elsewhere", FEE);
    shop.lock().expect("no panic").confirmed.extend(["elsewhere", "small", "twin"].map(str::to_owned));
    for (order, key) in orders.iter().zip(["elsewhere", "small", "twin"]) {
        confirm(&world, order, key).await;
        assert_eq!(webhook(&world, key).await, StatusCode::OK);
        world.settled().await;
        assert_eq!(world.due(&driver).await, (FEE, FEE), "{key} paid");
    }
    // No token without an order of this server, and no order by guessing.
    let bare = json!({"amount": FEE, "instrument": "elsewhere"});
    assert_eq!(world.drive(&driver, Method::POST, "/payments", Some(bare)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(confirm(&world, "order-of-elsewhere", "elsewhere").await.0, StatusCode::NOT_FOUND);
    assert_eq!(shop.lock().expect("no panic").charges, 0);
    let ledger = world.server.parts().engine.read(|core| core.parking().ledger().balance(&parking_core::Account::Provider));
    assert_eq!(ledger, 0);
}

/// Between our look and our confirmation somebody else confirms the token for their order: it is theirs.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_processed_before_is_ours_only_by_order_and_amount() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let shop: Shared = Arc::default();
    let address = stand_in::serve(answers(), shop.clone()).await;
    let settings = TossSettings {
        base_url: format!("http://{address}"),
        secret_key: "test_sk_escort".to_owned(),
        client_key: "test_ck_escort".to_owned(),
    };
    let toss = Toss::new(settings).expect("a client");
    // (order approved, amount approved, done, standing is ours)
    let cases = [("ours", FEE, true), ("theirs", FEE, false), ("ours", 100, false)];
    for (place, (order, amount, ours)) in cases.into_iter().enumerate() {
        let key = format!("key-{place}");
        approve(&shop, &key, order, amount);
        shop.lock().expect("no panic").confirmed.insert(key.clone());
        shop.lock().expect("no panic").already_processed.insert(key.clone());
        let charge = Charge {
            payment: format!("pp-{place}"),
            instrument: key,
            order_name: Some("ours".to_owned()),
            amount: Money::new(FEE).expect("an amount"),
        };
        let verdict = toss.capture(&charge).await.expect("an answer");
        assert_eq!(verdict == Verdict::Done, ours, "{order} {amount}: {verdict:?}");
        assert_eq!(toss.standing(&charge).await.expect("an answer").is_some(), ours, "{order} {amount}");
        let nameless = Charge { order_name: None, ..charge };
        assert_eq!(toss.standing(&nameless).await, Ok(None));
        assert!(matches!(toss.authorise(&nameless).await, Ok(Verdict::Refused { .. })));
    }
}
