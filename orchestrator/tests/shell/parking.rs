//! Parking through the real server: its HTTP, its log, its workers, its messages; and a provider's HTTP API played by a stand-in.

mod codes;
mod crowd;
mod drawn;
mod frames;
mod kills;
mod proxies;
mod reconciliation;
mod registered;
mod stand_in;
mod toss;
mod troubled;

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use dispatch_core::event::Role;
use flight_types::AccountId;
use orchestrator::access::NewAccount;
use orchestrator::config::Config;
use orchestrator::housekeeping::forget_between;
use orchestrator::serve::Server;
use parking_core::id::SessionId;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fixture::soon;
use crate::server::config_text;

/// Whatever is parked costs 50,000 won for the first day, from the first minute on.
pub const LOTS: &str = r#"
[[lots]]
id = "east"
name = "East"
tariff = { name = "flat", version = 1 }
[[areas]]
id = "E1"
lot = "east"
name = "E1"
place = "1 Market Street"
[[tariffs]]
key = { name = "flat", version = 1 }
currency = "KRW"
utc_offset_min = 540
base = { minutes = 1440, fee = 50000 }
day = { step_minutes = 60, step_fee = 1000 }
[[cameras]]
id = "out"
area = "E1"
direction = "exit"
token_sha256 = "c1b5720d58b48949844c7b1c6b900b419bdf1568ee3f196f7f2ad2d0a3611983"
"#;
const FEE: i64 = 50_000;
const DRIVERS_PHONE: &str = "010-1234-5678";
const PAYERS_PHONE: &str = "010 9999 0000";

/// A server's configuration with lots; `payments` is what its section says.
pub fn parking_config(folder: &Path, payments: &str) -> String {
    let lots = folder.join("lots.toml");
    std::fs::write(&lots, LOTS).expect("written");
    let base = config_text(&folder.join("data"), "enabled = false");
    format!("{base}\n[parking]\nfile = {lots:?}\ntries_per_min = 100000\n[parking.payments]\n{payments}\n")
}

pub struct World {
    server: Server,
    folder: TempDir,
    client: reqwest::Client,
    manager: String,
}

/// A driver's page.
struct Driver {
    session: String,
    token: String,
}

impl World {
    async fn start(payments: &str) -> Self {
        Self::start_with(payments, 100_000).await
    }

    async fn start_with(payments: &str, tries_per_min: u32) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = parking_config(folder.path(), payments).replace("100000", &tries_per_min.to_string());
        Self::start_as(folder, &config).await
    }

    async fn start_as(folder: TempDir, config: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = Config::parse(config, "test.toml").expect("a configuration");
        let server = Server::start(config).await.unwrap_or_else(|error| panic!("{error:#}"));
        let id = AccountId::new("manager").expect("an id");
        let new = NewAccount {
            id: id.clone(),
            name: "Manager".to_owned(),
            role: Role::Manager,
            lots: orchestrator::access::OwnLots::All,
            password: "correct horse".to_owned(),
        };
        server.access().add_account(new).await.expect("an account");
        let manager = server.access().issue_account_token(&id).await.expect("a token").reveal().to_owned();
        Self { server, folder, client: reqwest::Client::new(), manager }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("http://{}/api/v1{path}", self.server.http_addr()))
    }

    async fn manage(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let request = self.request(method, path).bearer_auth(&self.manager);
        answer(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    async fn enter(&self, plate: &str) -> Driver {
        self.enter_with(json!({"area": "E1", "plate": plate, "phone": DRIVERS_PHONE, "language": "en"})).await
    }

    async fn enter_with(&self, body: Value) -> Driver {
        let (status, entry) = answer(self.request(Method::POST, "/parking/entries").json(&body)).await;
        assert_eq!(status, StatusCode::CREATED, "{entry}");
        Driver { session: text(&entry["session"]), token: text(&entry["token"]) }
    }

    async fn drive(&self, driver: &Driver, method: Method, what: &str, body: Option<Value>) -> (StatusCode, Value) {
        let request = self.request(method, &format!("/parking/sessions/{}{what}", driver.session));
        let request = request.header("Parking-Token", &driver.token).header("Idempotency-Key", "drive");
        answer(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    /// Ends the stay; the fee stands.
    async fn leave(&self, driver: &Driver) {
        let owes = async {
            while self.drive(driver, Method::GET, "/fee", None).await.1["fee"] == json!(0) {
                tokio::task::yield_now().await;
            }
        };
        soon("the first minute begins", owes).await;
        let (status, stay) = self.drive(driver, Method::POST, "/exit", None).await;
        assert_eq!((status, &stay["owed"]["due"]), (StatusCode::OK, &json!(FEE)), "{stay}");
    }

    /// A code for somebody else to pay by: its path.
    async fn proxy(&self, driver: &Driver) -> String {
        let (status, proxy) = self.drive(driver, Method::POST, "/proxy", None).await;
        assert_eq!(status, StatusCode::CREATED, "{proxy}");
        assert!(text(&proxy["qr_svg"]).starts_with("<svg "), "{proxy}");
        text(&proxy["path"])
    }

    async fn pay(&self, path: &str, amount: Value, instrument: &str, key: &str) -> (StatusCode, Value) {
        self.pay_from(&self.client, path, amount, instrument, key).await
    }

    async fn pay_from(&self, phone: &reqwest::Client, path: &str, amount: Value, card: &str, key: &str) -> (StatusCode, Value) {
        let body = json!({"amount": amount, "instrument": card, "phone": PAYERS_PHONE});
        let url = format!("http://{}/api/v1{path}/payments", self.server.http_addr());
        answer(phone.post(url).header("Idempotency-Key", key).json(&body)).await
    }

    /// Waits until every order has been carried out.
    async fn settled(&self) {
        let engine = &self.server.parts().engine;
        let idle = async {
            while engine.effects_open() > 0 {
                tokio::task::yield_now().await;
            }
        };
        soon("the workers finish", idle).await;
    }

    fn messages(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("data/messages.jsonl")).expect("the file of messages")
    }

    /// What a telephone number was told, oldest first.
    fn told(&self, phone: &str) -> Vec<String> {
        let message = |line: &str| serde_json::from_str::<Value>(line).expect("a message");
        let messages = self.messages();
        let to_phone = messages.lines().map(message).filter(|message| message["to"] == json!(phone));
        to_phone.map(|message| text(&message["text"])).collect()
    }

    async fn due(&self, driver: &Driver) -> (i64, i64) {
        let fee = self.drive(driver, Method::GET, "/fee", None).await.1;
        (fee["due"].as_i64().expect("a number"), fee["payable"].as_i64().expect("a number"))
    }
}

fn phone(address: Ipv4Addr) -> reqwest::Client {
    reqwest::Client::builder().local_address(IpAddr::V4(address)).build().expect("a client")
}

/// What comes back, held against the OpenAPI document.
async fn answer(request: reqwest::RequestBuilder) -> (StatusCode, Value) {
    let (client, request) = request.build_split();
    let request = request.expect("a request");
    let (method, path) = (request.method().clone(), request.url().path().to_owned());
    let response = soon("an answer", client.execute(request)).await.expect("an answer");
    let status = response.status();
    let text = response.text().await.expect("a body");
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    crate::contract::check(&method, &path, status, &body);
    (status, body)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text, not {value}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stay_from_entry_to_receipts() {
    let world = World::start("provider = \"sandbox\"").await;
    let (_, area) = answer(world.request(Method::GET, "/areas/E1")).await;
    assert_eq!((&area["lot"], &area["provider"]), (&json!("east"), &json!("sandbox")), "{area}");
    let driver = world.enter("12 가 3456").await;
    world.settled().await;
    let (_, stay) = world.drive(&driver, Method::GET, "", None).await;
    let cashier = (&stay["lot_name"], &stay["provider"]);
    assert_eq!(cashier, (&json!("East"), &json!("sandbox")), "who stands can pay also when the board opens nothing: {stay}");
    let again = json!({"area": "E1", "plate": "12가3456"});
    assert_eq!(answer(world.request(Method::POST, "/parking/entries").json(&again)).await.0, StatusCode::CONFLICT);
    world.leave(&driver).await;
    world.settled().await;
    let path = world.proxy(&driver).await;
    let (_, seen) = answer(world.request(Method::GET, &path)).await;
    assert_eq!((&seen["plate"], &seen["payable"]), (&json!("**가**56"), &json!(FEE)), "{seen}");
    assert!(!seen.to_string().contains("3456") && !seen.to_string().contains("1234"), "a payer sees little: {seen}");

    assert_eq!(world.pay(&path, json!(20_000), "card-no-funds", "a").await.0, StatusCode::ACCEPTED);
    world.settled().await;
    assert_eq!(world.due(&driver).await, (FEE, FEE), "a declined card holds nothing");
    assert_eq!(world.pay(&path, json!(20_000), "card-good", "b").await.0, StatusCode::ACCEPTED);
    world.settled().await;
    assert_eq!(world.due(&driver).await, (30_000, 30_000));
    assert_eq!(world.pay(&path, json!(1), "card-good", "c").await.0, StatusCode::GONE, "the code is used up");
    let own = json!({"amount": 30_000, "instrument": "card-good"});
    assert_eq!(world.drive(&driver, Method::POST, "/payments", Some(own)).await.0, StatusCode::ACCEPTED);
    world.settled().await;
    assert_eq!(world.due(&driver).await, (0, 0));

    let refund = json!({"amount": 5_000, "reason": "the barrier was broken"});
    let refunds = format!("/parking/sessions/{}/refunds", driver.session);
    assert_eq!(world.manage(Method::POST, &refunds, Some(refund)).await.0, StatusCode::ACCEPTED);
    world.settled().await;
    // Each is told what concerns them, and the other is not; the number of a payment or a stay ends each message.
    let begins = |told: &[String], said: &[&str]| {
        assert_eq!(told.len(), said.len(), "{told:?}");
        for (told, said) in told.iter().zip(said) {
            assert!(told.starts_with(said), "{said} in {told}");
        }
    };
    let to_driver = [
        "Parked: **가**56 at E1, 1 Market Street, ",
        "Left: **가**56. Fee 50000 won, still due 50000 won.",
        "Somebody's payment of 20000 won for you did not go through; 50000 won are due.",
        "20000 won were paid for you, 30000 won are still due.",
        "Receipt: 30000 won for **가**56.",
        "5000 won were given back.",
    ];
    begins(&world.told(DRIVERS_PHONE), &to_driver);
    begins(&world.told(PAYERS_PHONE), &["The payment of 20000 won did not go through", "Receipt: 20000 won for **가**56."]);
    let (_, lots) = world.manage(Method::GET, "/parking/lots", None).await;
    let today = text(&lots[0]["today"]);
    let (status, refused) = world.manage(Method::GET, "/parking/lots/east/statement?day=2020-01-01", None).await;
    assert_eq!((status, &refused["fault"]["code"]), (StatusCode::GONE, &json!("forgotten")), "an empty sheet would be a lie");
    assert_eq!((&lots[0]["revenue_today"], &lots[0]["unpaid"]), (&json!(45_000), &json!(0)), "{lots}");
    let (status, statement) = world.manage(Method::GET, &format!("/parking/lots/east/statement?day={today}"), None).await;
    assert!(status.is_success() && text(&statement).ends_with("total,,,,,110000,110000\r\n"), "{statement}");
}

/// The page draws the secret and keeps it before it asks, so that an answer that is lost locks nobody out of their own stay.
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_whose_answer_is_lost_is_asked_again() {
    let world = World::start("provider = \"sandbox\"").await;
    let secret = "5".repeat(64);
    let ask = |secret: String| {
        let body = json!({"area": "E1", "plate": "12가3456", "phone": "010-1234-5678", "secret": secret});
        answer(world.request(Method::POST, "/parking/entries").json(&body))
    };
    let (first_status, first) = ask(secret.clone()).await;
    let (again_status, again) = ask(secret.clone()).await;
    assert_eq!((first_status, again_status), (StatusCode::CREATED, StatusCode::CREATED), "{first} {again}");
    assert_eq!((&first["session"], &first["token"]), (&again["session"], &json!(secret)));
    let (status, refused) = ask("6".repeat(64)).await;
    assert_eq!((status, &refused["fault"]["code"]), (StatusCode::CONFLICT, &json!("already_parked")), "another phone");
    assert_eq!(ask("short".to_owned()).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let right = json!({"area": "E1", "plate": "12가3465", "phone": "010-1234-5678", "secret": secret});
    let (status, corrected) = answer(world.request(Method::POST, "/parking/entries").json(&right)).await;
    assert_eq!((status, &corrected["session"]), (StatusCode::CREATED, &first["session"]), "the plate is set right: {corrected}");
    assert_eq!(corrected["stay"]["plate"], json!("12가3465"));
    let driver = Driver { session: text(&again["session"]), token: secret };
    assert_eq!(world.drive(&driver, Method::GET, "", None).await.0, StatusCode::OK);
    world.settled().await;
    assert_eq!(world.messages().matches("Parked:").count(), 2, "told once of each plate");
}

/// Who parked is erased once all is settled; who still owes is not, and what names a payment at its provider is not either.
#[tokio::test(flavor = "multi_thread")]
async fn who_parked_is_forgotten_once_all_is_settled() {
    let world = World::start("provider = \"sandbox\"").await;
    let (settled, owing) = (world.enter("12가3456").await, world.enter("34나5678").await);
    for driver in [&settled, &owing] {
        world.leave(driver).await;
    }
    let path = world.proxy(&settled).await;
    assert_eq!(world.pay(&path, json!(FEE), "card-good", "a").await.0, StatusCode::ACCEPTED);
    world.settled().await;
    let parts = world.server.parts();
    let cards = parts.store.private_cards();
    let of = |driver: &Driver| {
        let id = SessionId::new(driver.session.as_str()).expect("an id");
        parts.engine.read(|core| {
            let parking = core.parking();
            let payers = parking.payments_of(&id).map(|payment| payment.instrument.clone());
            let driver = parking.session(&id).and_then(|session| session.driver.clone());
            (driver.expect("registered"), payers.collect::<Vec<_>>())
        })
    };
    let ((gone, payers), (kept, _)) = (of(&settled), of(&owing));
    let now_ms = parts.engine.now_ms();
    forget_between(&parts.engine, &cards, i64::MIN, now_ms + 1).await.expect("erased");
    let card = async |reference| cards.get(reference).await.expect("readable").expect("a card");
    assert_eq!(card(&gone).await.phone, None);
    let payer = card(&payers[0]).await;
    assert_eq!((payer.phone, payer.instrument.as_deref()), (None, Some("card-good")), "a bank's objection must find the payment");
    assert!(card(&kept).await.phone.is_some(), "who owes is told what is due");
}

/// The program says what should not be so on a real site, and makes keys whose ids were never used.
#[tokio::test]
async fn the_program_warns_and_makes_keys() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let said = async |arguments: &[&str]| {
        let program = tokio::process::Command::new(env!("CARGO_BIN_EXE_orchestrator")).args(arguments).output().await;
        String::from_utf8(program.expect("the program starts").stdout).expect("text")
    };
    let config = folder.path().join("server.toml");
    std::fs::write(&config, parking_config(folder.path(), "provider = \"sandbox\"")).expect("written");
    let checked = said(&["check", "--config", config.to_str().expect("a name")]).await;
    for doubt in ["no money moves", "anybody can print a code"] {
        assert!(checked.contains(doubt), "{checked}");
    }
    let keys = folder.path().join("keys.toml");
    let name = keys.to_str().expect("a name");
    let first = said(&["beacon", "key", "new"]).await;
    std::fs::write(&keys, &first).expect("written");
    let second = said(&["beacon", "key", "new", "--keys", name]).await;
    std::fs::write(&keys, format!("{first}{second}")).expect("written");
    assert!(first.contains("id = 1\n") && second.contains("id = 2\n"), "{first}{second}");
    let looked = said(&["beacon", "check", "--host", "park.example", "--keys", name, "https://park.example/p/A1"]).await;
    assert!(looked.starts_with("altered"), "{looked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_answered_and_nothing_is_charged() {
    let world = World::start("provider = \"sandbox\"").await;
    let driver = world.enter("12가3456").await;
    world.leave(&driver).await;
    let path = world.proxy(&driver).await;
    // (amount, instrument, key, status)
    let cases = [
        (json!(-1), "card-good", "a", 422),
        (json!(0), "card-good", "a", 409),
        (json!(50_001), "card-good", "a", 409),
        (json!(9_223_372_036_854_775_807_i64), "card-good", "a", 422),
        (json!(1.5), "card-good", "a", 422),
        (json!("1"), "card-good", "a", 422),
        (json!(1_000), "card-good", "", 422),
        (json!(1_000), "4000 1234 5678 9010", "a", 422),
        (json!(1_000), "", "a", 422),
    ];
    for (amount, instrument, key, status) in cases {
        let (got, answer) = world.pay(&path, amount.clone(), instrument, key).await;
        assert_eq!(got.as_u16(), status, "{amount} {instrument}: {answer}");
    }
    assert_eq!(world.pay("/pay/0000", json!(1), "card-good", "a").await.0, StatusCode::NOT_FOUND);
    let stranger = Driver { token: "0".repeat(64), session: driver.session.clone() };
    assert_eq!(world.drive(&stranger, Method::GET, "", None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(world.due(&driver).await, (FEE, FEE));
    for (plate, status) in [("12가3456", 201), ("'; --", 422), ("", 422)] {
        let body = json!({"area": "E1", "plate": plate});
        assert_eq!(answer(world.request(Method::POST, "/parking/entries").json(&body)).await.0.as_u16(), status, "{plate}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_phones_at_once_never_pay_more_than_due() {
    let world = World::start("provider = \"sandbox\"").await;
    let driver = world.enter("12가3456").await;
    world.leave(&driver).await;
    let mut paths = Vec::new();
    for _ in 0..200 {
        paths.push(world.proxy(&driver).await);
    }
    // Each phone has an address of its own, as limits count them.
    let phones: Vec<reqwest::Client> = (1..=200).map(|number| phone(Ipv4Addr::new(127, 0, 1, number))).collect();
    let cards = ["card-good", "card-limit", "card-good", "card-no-funds"];
    let tries = phones.iter().zip(&paths).zip(cards.iter().cycle());
    let tries = tries.map(|((phone, path), card)| world.pay_from(phone, path, json!(1_700), card, "one"));
    let answers = futures_util::future::join_all(tries).await;
    let odd = answers.iter().find(|(status, _)| !matches!(status.as_u16(), 202 | 409));
    assert_eq!(odd, None, "a yes, or less can be paid");
    world.settled().await;
    let again = phones.iter().zip(&paths).map(|(phone, path)| world.pay_from(phone, path, json!(1_700), "card-good", "two"));
    futures_util::future::join_all(again).await;
    world.settled().await;
    let paid = FEE - FEE % 1_700;
    assert_eq!(world.due(&driver).await, (FEE - paid, FEE - paid), "as much as goes in whole amounts, and no won more");
    let ledger = world.server.parts().engine.read(|core| core.parking().ledger().balance(&parking_core::Account::Provider));
    assert_eq!(ledger, i128::from(paid));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_ends_a_stay() {
    let world = World::start("provider = \"sandbox\"").await;
    let driver = world.enter("12가3456").await;
    let now_ms = world.server.parts().engine.now_ms();
    let reads = json!({"reads": [
        {"id": "1", "plate": "12가3456", "confidence_pct": 93, "at_ms": now_ms},
        {"id": "2", "plate": "??", "confidence_pct": 93, "at_ms": now_ms},
        {"id": "4", "plate": "12가3456", "confidence_pct": 101, "at_ms": now_ms},
        {"id": "n".repeat(81), "plate": "12가3456", "confidence_pct": 93, "at_ms": now_ms},
        {"id": "3", "plate": "77너1000", "confidence_pct": 55, "at_ms": now_ms},
    ], "sent_at_ms": now_ms});
    let post =
        |token: &'static str| answer(world.request(Method::POST, "/cctv/out/reads").header("Camera-Token", token).json(&reads));
    assert_eq!(post("guessed").await.0, StatusCode::NOT_FOUND);
    let (status, taken) = post("demo-camera-out").await;
    assert_eq!(
        (status, &taken["taken"], &taken["unreadable"]),
        (StatusCode::ACCEPTED, &json!(2), &json!(["2", "4", "n".repeat(81)])),
        "{taken}"
    );
    assert_eq!(post("demo-camera-out").await.1["repeated"], json!(2));
    assert_eq!(world.drive(&driver, Method::GET, "", None).await.1["left_by"], json!("camera"));
    let (_, reviews) = world.manage(Method::GET, "/parking/reviews", None).await;
    assert_eq!(reviews[0]["reason"], json!("unsure"), "{reviews}");
    let slow_ms = now_ms - 25 * 60_000;
    let slow = json!({"reads": [{"id": "5", "plate": "34나5678", "confidence_pct": 93, "at_ms": slow_ms}], "sent_at_ms": slow_ms});
    let sent = world.request(Method::POST, "/cctv/out/reads").header("Camera-Token", "demo-camera-out").json(&slow);
    assert_eq!(answer(sent).await.0, StatusCode::ACCEPTED);
    assert_eq!(world.manage(Method::GET, "/parking/reviews", None).await.1[1]["reason"], json!("clock_wrong"));
    let decision = json!({"accept": false});
    let path = format!("/parking/reviews/{}", text(&reviews[0]["id"]));
    assert_eq!(world.manage(Method::POST, &path, Some(decision)).await.0, StatusCode::NO_CONTENT);
}

/// What the camera misread is chosen from the cars that it may have been, and the look is in the audit trail.
#[tokio::test(flavor = "multi_thread")]
async fn a_manager_chooses_among_the_cars_that_a_read_resembles() {
    let world = World::start("provider = \"sandbox\"").await;
    let driver = world.enter("12가3456").await;
    let now_ms = world.server.parts().engine.now_ms();
    let reads = json!({"reads": [{"id": "1", "plate": "12가8456", "confidence_pct": 55, "at_ms": now_ms}]});
    let sent = world.request(Method::POST, "/cctv/out/reads").header("Camera-Token", "demo-camera-out").json(&reads);
    assert_eq!(answer(sent).await.0, StatusCode::ACCEPTED);
    let (_, reviews) = world.manage(Method::GET, "/parking/reviews", None).await;
    let candidate = &reviews[0]["candidates"][0];
    assert_eq!((&candidate["session"], &candidate["plate"]), (&json!(driver.session), &json!("12가3456")), "{reviews}");
    let path = format!("/parking/reviews/{}", text(&reviews[0]["id"]));
    let (status, refused) = world.manage(Method::POST, &path, Some(json!({"accept": true}))).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "as read it was none of them: {refused}");
    let chosen = json!({"accept": true, "plate": candidate["plate"]});
    assert_eq!(world.manage(Method::POST, &path, Some(chosen)).await.0, StatusCode::NO_CONTENT);
    assert_eq!(world.drive(&driver, Method::GET, "", None).await.1["left_by"], json!("manager"));
    let trail = orchestrator::store::audit_notes(&world.server.parts().store, &["viewed"]).await.expect("a trail");
    assert!(trail.iter().any(|note| note.subject == "parking reviews"), "plates were looked at: {trail:?}");
}

/// A stranger with a code opens window after window; the driver pays all the same.
#[tokio::test(flavor = "multi_thread")]
async fn orders_of_a_stranger_never_count_against_the_driver() {
    let world = World::start("provider = \"sandbox\"").await;
    let driver = world.enter("12가3456").await;
    world.leave(&driver).await;
    let path = world.proxy(&driver).await;
    let order = async |path: &str| {
        let asked = world.request(Method::POST, &format!("{path}/payments/orders")).json(&json!({"amount": 1_000}));
        answer(asked).await.0
    };
    for _ in 0..5 {
        assert_eq!(order(&path).await, StatusCode::CREATED);
    }
    assert_eq!(order(&path).await, StatusCode::CONFLICT);
    assert_eq!(order(&world.proxy(&driver).await).await, StatusCode::CREATED, "another one's code");
    let own = world.drive(&driver, Method::POST, "/payments/orders", Some(json!({"amount": 1_000}))).await;
    assert_eq!(own.0, StatusCode::CREATED, "{}", own.1);
}

/// Phones behind one address are told apart by what they show.
#[tokio::test(flavor = "multi_thread")]
async fn drivers_behind_one_address_do_not_shut_each_other_out() {
    let world = World::start_with("provider = \"sandbox\"", 3).await;
    let (busy, calm) = (world.enter("12가3456").await, world.enter("34나5678").await);
    let extend = async |driver: &Driver| world.drive(driver, Method::POST, "/extend", Some(json!({"minutes": 1}))).await.0;
    for _ in 0..3 {
        assert_eq!(extend(&busy).await, StatusCode::OK);
    }
    assert_eq!(extend(&busy).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(extend(&calm).await, StatusCode::OK, "the other's stay has its own count");
    let guess = Driver { session: calm.session.clone(), token: "0".repeat(64) };
    assert_eq!(extend(&guess).await, StatusCode::NOT_FOUND);
}
