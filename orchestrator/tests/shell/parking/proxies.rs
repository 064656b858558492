//! A payment code that the driver takes back, over HTTP.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::troubled::{Call, Fate, open_troubled_shop};
use super::{Driver, FEE, World, answer, text};

/// A code as the driver is given it: its name for taking it back, and the path that the payer opens.
async fn code(world: &World, driver: &Driver) -> (String, String) {
    let (status, made) = world.drive(driver, Method::POST, "/proxy", None).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    (text(&made["proxy"]), text(&made["path"]))
}

async fn take_back(world: &World, driver: &Driver, proxy: &str) -> StatusCode {
    world.drive(driver, Method::DELETE, &format!("/proxy/{proxy}"), None).await.0
}

async fn end(world: &World, path: &str) -> Value {
    answer(world.request(Method::GET, path)).await.1["end"].clone()
}

/// Only whose stay it is takes a code back; after that it pays nothing, and the others' codes still do.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_was_taken_back_pays_nothing() {
    let world = World::start("provider = \"sandbox\"").await;
    let (driver, other) = (world.enter("12가3456").await, world.enter("34나5678").await);
    world.leave(&driver).await;
    world.leave(&other).await;
    let ((proxy, path), (_, second_path)) = (code(&world, &driver).await, code(&world, &driver).await);
    let (others_proxy, others_path) = code(&world, &other).await;

    let stranger = Driver { token: "0".repeat(64), session: driver.session.clone() };
    assert_eq!(take_back(&world, &stranger, &proxy).await, StatusCode::NOT_FOUND, "without the stay's secret");
    assert_eq!(take_back(&world, &driver, &others_proxy).await, StatusCode::NOT_FOUND, "another stay's code");
    assert_eq!(take_back(&world, &driver, "px-0-0").await, StatusCode::NOT_FOUND, "nobody's code");
    for path in [&path, &second_path, &others_path] {
        assert_eq!(end(&world, path).await, Value::Null, "it can still be paid with");
    }

    for _ in 0..2 {
        assert_eq!(take_back(&world, &driver, &proxy).await, StatusCode::NO_CONTENT, "a press whose answer was lost comes again");
    }
    assert_eq!(end(&world, &path).await, json!("revoked"));
    let (status, refused) = world.pay(&path, json!(1_000), "card-good", "a").await;
    assert_eq!((status, &refused["fault"]["code"]), (StatusCode::GONE, &json!("code_revoked")), "{refused}");
    let order = world.request(Method::POST, &format!("{path}/payments/orders")).json(&json!({"amount": 1_000}));
    assert_eq!(answer(order).await.0, StatusCode::GONE);
    world.settled().await;
    assert_eq!(world.due(&driver).await, (FEE, FEE));

    assert_eq!(world.pay(&second_path, json!(1_000), "card-good", "a").await.0, StatusCode::ACCEPTED);
    assert_eq!(world.pay(&others_path, json!(2_000), "card-good", "a").await.0, StatusCode::ACCEPTED);
    world.settled().await;
    assert_eq!((world.due(&driver).await.0, world.due(&other).await.0), (FEE - 1_000, FEE - 2_000));
}

/// Taking a code back stops no payment that is under way: its money is booked. One that was only approved in the window is not taken.
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_under_way_is_booked_though_the_code_was_taken_back() {
    // The answers to confirmations wait until the test lets them go.
    let (world, shop) = open_troubled_shop(|call, _, _| if call == Call::Confirm { Fate::Late } else { Fate::Answered }).await;
    let driver = world.enter("12가3456").await;
    world.leave(&driver).await;
    let (begun_proxy, begun_path) = code(&world, &driver).await;
    let (idle_proxy, idle_path) = code(&world, &driver).await;
    let order = async |path: &str, key: &str, amount: i64| {
        let asked = world.request(Method::POST, &format!("{path}/payments/orders")).json(&json!({"amount": amount}));
        let (status, made) = answer(asked).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        let order = text(&made["order"]);
        shop.approve(key, &order, amount);
        order
    };
    let confirm = async |order: &str, key: &str| {
        let asked = world.request(Method::POST, &format!("/payments/orders/{order}")).json(&json!({"instrument": key}));
        answer(asked).await.0
    };
    let (begun, idle) = (order(&begun_path, "begun", 20_000).await, order(&idle_path, "idle", 5_000).await);
    assert_eq!(confirm(&begun, "begun").await, StatusCode::ACCEPTED);
    shop.taking("begun").await;

    for proxy in [&begun_proxy, &idle_proxy] {
        assert_eq!(take_back(&world, &driver, proxy).await, StatusCode::NO_CONTENT);
    }
    assert_eq!(end(&world, &begun_path).await, json!("under_way"), "the payer waits for what was begun");
    assert_eq!(world.due(&driver).await, (FEE, FEE - 20_000), "what is under way stays reserved");
    assert_eq!(confirm(&idle, "idle").await, StatusCode::GONE, "approved, and the code taken back before it was taken");
    shop.release("begun");
    world.settled().await;

    let (_, page) = answer(world.request(Method::GET, &begun_path)).await;
    assert_eq!((&page["end"], &page["payment"]["state"]), (&json!("used"), &json!("captured")), "{page}");
    assert_eq!(end(&world, &idle_path).await, json!("revoked"));
    assert_eq!(world.due(&driver).await, (FEE - 20_000, FEE - 20_000));
    assert_eq!((shop.kept("begun"), shop.kept("idle")), (20_000, 0), "the provider's own books say the same");
}
