//! A payment method chosen at the entry: what is due at the exit is charged to it without another question.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::toss::open_shop;
use super::{DRIVERS_PHONE, Driver, FEE, PAYERS_PHONE, World, answer};

fn entry(plate: &str, instrument: &str) -> Value {
    json!({"area": "E1", "plate": plate, "phone": DRIVERS_PHONE, "language": "en", "instrument": instrument})
}

async fn payments(world: &World, driver: &Driver) -> Vec<(Value, Value)> {
    let (_, stay) = world.drive(driver, Method::GET, "", None).await;
    let payments = stay["payments"].as_array().expect("payments");
    payments.iter().map(|payment| (payment["amount"].clone(), payment["state"].clone())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_registered_at_the_entry_is_charged_at_the_exit() {
    let world = World::start("provider = \"sandbox\"").await;
    let driver = world.enter_with(entry("12가3456", "card-good")).await;
    assert_eq!(payments(&world, &driver).await, [], "nothing is taken before the exit");
    world.leave(&driver).await;
    world.settled().await;
    assert_eq!(payments(&world, &driver).await, [(json!(FEE), json!("captured"))]);
    assert_eq!(world.due(&driver).await, (0, 0));
    assert_eq!(world.told(DRIVERS_PHONE).iter().filter(|said| said.starts_with("Receipt: 50000 won")).count(), 1);
    // A press whose answer was lost comes again, and is not charged twice.
    world.drive(&driver, Method::POST, "/exit", None).await;
    world.settled().await;
    assert_eq!(payments(&world, &driver).await.len(), 1);
}

/// What somebody else has paid by then is not charged; what their payment held and did not pay is.
#[tokio::test(flavor = "multi_thread")]
async fn the_registered_card_pays_what_nobody_else_has() {
    let world = World::start("provider = \"sandbox\"").await;
    let driver = world.enter_with(entry("12가3456", "card-good")).await;
    let owes = async {
        while world.due(&driver).await.1 == 0 {
            tokio::task::yield_now().await;
        }
    };
    crate::fixture::soon("the first minute begins", owes).await;
    let path = world.proxy(&driver).await;
    assert_eq!(world.pay(&path, json!(20_000), "card-good", "a").await.0, StatusCode::ACCEPTED);
    world.settled().await;
    assert_eq!(world.drive(&driver, Method::POST, "/exit", None).await.0, StatusCode::OK);
    world.settled().await;
    let expected = [(json!(20_000), json!("captured")), (json!(FEE - 20_000), json!("captured"))];
    assert_eq!(payments(&world, &driver).await, expected);
    assert_eq!(world.due(&driver).await, (0, 0));
    assert!(world.told(PAYERS_PHONE).iter().all(|said| said.starts_with("Receipt: 20000 won")), "the payer's own money only");
}

/// A card that turns out to have no money is not asked again; the driver is told, and pays by the page.
#[tokio::test(flavor = "multi_thread")]
async fn a_registered_card_that_is_refused_leaves_the_page() {
    let world = World::start("provider = \"sandbox\"").await;
    let driver = world.enter_with(entry("12가3456", "card-no-funds")).await;
    world.leave(&driver).await;
    world.settled().await;
    assert_eq!(payments(&world, &driver).await, [(json!(FEE), json!("declined"))]);
    assert_eq!(world.due(&driver).await, (FEE, FEE));
    let told = world.told(DRIVERS_PHONE);
    assert!(told.iter().any(|said| said.starts_with("The payment of 50000 won did not go through")), "{told:?}");
    let own = json!({"amount": FEE, "instrument": "card-good"});
    assert_eq!(world.drive(&driver, Method::POST, "/payments", Some(own)).await.0, StatusCode::ACCEPTED);
    world.settled().await;
    assert_eq!(world.due(&driver).await, (0, 0));
}

/// Tokens of Toss Payments' window are for one payment each: one at the entry is refused in words, and nobody is parked by it.
#[tokio::test(flavor = "multi_thread")]
async fn where_tokens_are_for_one_payment_none_is_taken_at_the_entry() {
    let (world, _shop) = open_shop().await;
    let (status, refused) = answer(world.request(Method::POST, "/parking/entries").json(&entry("12가3456", "pk-1"))).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("pay on the page at the exit")), "{refused}");
    world.enter("12가3456").await;
}
