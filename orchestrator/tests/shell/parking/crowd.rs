//! Two hundred phones pay for one car at once, over HTTP, at a provider that has a bad day; the provider's own books, our ledger, the fee and
//! every payer's page agree to the last won.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::{join, join_all};
use parking_core::Account;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::troubled::{Call, Fate, Letter, TroubledShop, open_troubled_shop};
use super::{Driver, FEE, World, answer, phone, text};

const PAYERS: u8 = 200;
/// A call fails at most so often before it is answered: each failure is a real pause before the server asks again.
const FAILURES_MAX: u32 = 2;
/// Webhooks that arrive at the same moment.
const LETTERS_AT_ONCE: usize = 8;
/// Rounds of a person's patience with refused refunds.
const ROUNDS_MAX: usize = 20;
/// What a payer offers at most: 200 of them offer about five thirds of the fee.
const AMOUNT_MAX: i64 = FEE / 60;

/// A stream of its own for each payer and try, so that what happens to one does not depend on how the others are scheduled.
fn random(seed: u64, of: &str) -> Pcg64Mcg {
    let mixed = of.bytes().fold(seed, |mixed, byte| mixed.wrapping_mul(1_000_003) ^ u64::from(byte));
    Pcg64Mcg::seed_from_u64(mixed)
}

/// How a bad day goes: out of twenty calls.
fn fate(seed: u64, call: Call, key: &str, before: u32) -> Fate {
    let chance = random(seed, &format!("{call:?} {key} {before}")).random_range(0..20);
    match (call, before, chance) {
        (_, before, _) if FAILURES_MAX <= before => Fate::Answered,
        (_, 0, 0..=2) | (_, _, 0) => Fate::BusyBefore,
        (Call::Look, _, _) => Fate::Answered,
        (_, _, 3..=5) => Fate::BusyAfter,
        (_, _, 6..=7) => Fate::CutOff,
        // The first answer alone decides; a repeat has it again.
        (_, 1.., _) => Fate::Answered,
        (_, 0, 8..=9) => Fate::Late,
        (_, 0, 10..=12) => Fate::Refused,
        (_, 0, 13..=14) => Fate::RefusedThoughDone,
        (_, 0, _) => Fate::Answered,
    }
}

/// Somebody with a phone of their own and a code.
struct Payer {
    number: u8,
    phone: reqwest::Client,
    telephone: String,
    path: String,
    /// By order: the key under which it was approved.
    orders: Mutex<BTreeMap<String, String>>,
}

struct Crowd {
    world: World,
    shop: std::sync::Arc<TroubledShop>,
    driver: Driver,
    payers: Vec<Payer>,
    seed: u64,
    letters_are_all_sent: AtomicBool,
}

impl Crowd {
    async fn gather(seed: u64) -> Self {
        let (world, shop) = open_troubled_shop(move |call, key, before| fate(seed, call, key, before)).await;
        let driver = world.enter("12가3456").await;
        world.leave(&driver).await;
        let mut payers = Vec::new();
        for number in 1..=PAYERS {
            let path = world.proxy(&driver).await;
            let (phone, telephone) = (phone(Ipv4Addr::new(127, 0, 1, number)), format!("010 9999 1{number:03}"));
            payers.push(Payer { number, phone, telephone, path, orders: Mutex::default() });
        }
        Self { world, shop, driver, payers, seed, letters_are_all_sent: AtomicBool::new(false) }
    }

    async fn post(&self, payer: &Payer, path: &str, body: Value) -> (StatusCode, Value) {
        answer(payer.phone.post(format!("http://{}/api/v1{path}", self.world.server.http_addr())).json(&body)).await
    }

    async fn look(&self, payer: &Payer, path: &str) -> (StatusCode, Value) {
        let (status, seen) = answer(payer.phone.get(format!("http://{}/api/v1{path}", self.world.server.http_addr()))).await;
        assert_eq!(status, StatusCode::OK, "{seen}");
        (status, seen)
    }

    /// Orders, approves in the window, comes back once or twice. A no is one that a page has words for.
    async fn pay(&self, payer: &Payer, round: u8) {
        let key = format!("key-{}-{round}", payer.number);
        let mut random = random(self.seed, &key);
        let amount = random.random_range(1..=AMOUNT_MAX);
        let asked = json!({"amount": amount, "phone": payer.telephone, "language": "en"});
        let (status, order) = self.post(payer, &format!("{}/payments/orders", payer.path), asked).await;
        if status != StatusCode::CREATED {
            return assert_is_a_no(status, &order);
        }
        let order = text(&order["order"]);
        self.shop.approve(&key, &order, amount);
        payer.orders.lock().expect("no panic").insert(order.clone(), key.clone());
        let page = format!("/payments/orders/{order}");
        let back = (0..random.random_range(1..=2)).map(|_| self.post(payer, &page, json!({"instrument": key})));
        for (status, said) in join_all(back).await {
            if status != StatusCode::ACCEPTED {
                assert_is_a_no(status, &said);
            }
        }
    }

    async fn all_pay(&self, round: u8) {
        join_all(self.payers.iter().map(|payer| self.pay(payer, round))).await;
    }

    /// All three rounds: at once; again while the first answers are on their way; and again when they are there.
    async fn pay_in_rounds(&self) {
        self.all_pay(1).await;
        self.all_pay(2).await;
        self.world.settled().await;
        self.all_pay(3).await;
        self.world.settled().await;
        // The banks of some take money back when all is quiet, of others while they pay (see `deliver`).
        for payer in self.payers.iter().step_by(25) {
            self.shop.reverse(&format!("key-{}-1", payer.number), AMOUNT_MAX / 3);
        }
        self.letters_are_all_sent.store(true, Ordering::SeqCst);
    }

    /// Webhooks arrive out of order and several at once, until there is none and nobody pays any more.
    async fn deliver_webhooks(&self) {
        let mut random = random(self.seed, "the mail");
        loop {
            let ended = self.letters_are_all_sent.load(Ordering::SeqCst) && self.world.server.parts().engine.effects_open() == 0;
            let letters: Vec<Letter> =
                (0..LETTERS_AT_ONCE).filter_map(|_| self.shop.take_letter(|letters| random.random_range(0..letters))).collect();
            if letters.is_empty() && ended {
                return;
            }
            join_all(letters.into_iter().map(|letter| self.deliver(letter))).await;
            tokio::task::yield_now().await;
        }
    }

    /// One webhook; what is not taken comes again. The answer to a late call follows it, and after some a bank takes money back.
    async fn deliver(&self, letter: Letter) {
        let told = json!({"eventType": "PAYMENT_STATUS_CHANGED", "data": {"paymentKey": letter.key, "status": "DONE"}});
        let sent = self.world.request(Method::POST, "/payments/webhooks/toss").json(&told);
        match answer(sent).await.0 {
            StatusCode::OK => {}
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => return self.shop.put_back(letter),
            other => panic!("a webhook was answered with {other}"),
        }
        self.shop.release(&letter.key);
        let mut random = random(self.seed, &format!("{} {}", letter.key, letter.number));
        if random.random_bool(0.03) {
            self.shop.reverse(&letter.key, random.random_range(1..=AMOUNT_MAX));
        }
    }

    /// A person lets refused refunds be tried again until nothing waits.
    async fn clear_reviews(&self) {
        for _ in 0..ROUNDS_MAX {
            self.deliver_webhooks().await;
            let (_, reviews) = self.world.manage(Method::GET, "/parking/reviews", None).await;
            let waiting = reviews.as_array().expect("reviews");
            if waiting.is_empty() {
                return;
            }
            for review in waiting {
                assert_eq!(review["reason"], json!("refund_failed"), "{review}");
                let path = format!("/parking/reviews/{}", text(&review["id"]));
                let (status, said) = self.world.manage(Method::POST, &path, Some(json!({"accept": true}))).await;
                assert_eq!(status, StatusCode::NO_CONTENT, "{said}");
            }
        }
        panic!("refunds are still refused after {ROUNDS_MAX} rounds");
    }

    /// To the last won. Answers what is still due.
    async fn check_books(&self) -> i64 {
        let kept = self.shop.kept_in_all();
        let ledger = self.world.server.parts().engine.read(|core| core.parking().ledger().balance(&Account::Provider));
        assert_eq!(ledger, i128::from(kept), "the provider's books and ours");
        let (due, payable) = self.world.due(&self.driver).await;
        assert_eq!((kept, payable), (FEE - due, due), "what was kept is what is not due any more, and nothing is held");
        assert!(kept <= FEE, "{kept} was kept of {FEE}");
        let (_, stay) = self.world.drive(&self.driver, Method::GET, "", None).await;
        let of_stay: i64 = stay["payments"].as_array().expect("payments").iter().map(kept_of_view).sum();
        assert_eq!(of_stay, kept, "the driver's page");
        due
    }

    /// A payer's page says what the provider's books say of them: of each order, and of the code.
    async fn check_page(&self, payer: &Payer, due: i64) {
        let (mut taken, mut standing) = (Vec::new(), Vec::new());
        let orders = payer.orders.lock().expect("no panic").clone();
        for (order, key) in orders {
            let sale = self.shop.sale(&key);
            let (_, seen) = self.look(payer, &format!("/payments/orders/{order}")).await;
            let payment = &seen["payment"];
            if *payment == Value::Null {
                assert!(!sale.taken, "{key} was taken, and the page knows of no payment: {seen}");
                continue;
            }
            let state = if sale.taken { "captured" } else { "declined" };
            let expected = (json!(state), json!(sale.returned));
            assert_eq!((&payment["state"], &payment["returned"]), (&expected.0, &expected.1), "{key}: {seen}, {sale:?}");
            assert_eq!(kept_of_view(payment), sale.kept(), "{key}: {seen}");
            taken.extend(sale.taken.then(|| payment["id"].clone()));
            standing.extend((0 < sale.kept()).then(|| payment["id"].clone()));
        }
        assert!(standing.len() <= 1, "payer {} has paid twice by one code: {standing:?}", payer.number);
        let (_, page) = self.look(payer, &payer.path).await;
        assert_eq!(page["due"], json!(due), "{page}");
        assert_eq!(page["end"], if taken.is_empty() { Value::Null } else { json!("used") }, "{page}");
        if let Some(standing) = standing.first() {
            assert_eq!(page["payment"]["id"], *standing, "the receipt is of the money that was kept: {page}");
        }
        let told = self.world.told(&payer.telephone);
        let receipts = told.iter().filter(|said| said.starts_with("Receipt: ")).count();
        assert_eq!(receipts, taken.len(), "a receipt for each time that money was taken: {told:?}");
    }
}

fn kept_of_view(payment: &Value) -> i64 {
    let number = |field: &str| payment[field].as_i64().expect("a number");
    if payment["state"] == json!("captured") { number("amount") - number("returned") } else { 0 }
}

fn assert_is_a_no(status: StatusCode, said: &Value) {
    let code = said["fault"]["code"].as_str().unwrap_or_default();
    assert!(matches!(code, "not_payable" | "code_under_way" | "code_used"), "{status}: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_phones_at_a_troubled_provider_balance_to_the_last_won() {
    for seed in 1..=2 {
        let crowd = Crowd::gather(seed).await;
        join(crowd.pay_in_rounds(), crowd.deliver_webhooks()).await;
        crowd.clear_reviews().await;
        let due = crowd.check_books().await;
        for payer in &crowd.payers {
            crowd.check_page(payer, due).await;
        }
        let count = |call, fate| crowd.shop.count(call, fate);
        let troubles = [Fate::BusyBefore, Fate::BusyAfter, Fate::CutOff, Fate::Late, Fate::Refused, Fate::RefusedThoughDone];
        let confirmations = troubles.map(|fate| count(Call::Confirm, fate));
        let seen = (confirmations, count(Call::Look, Fate::BusyBefore), crowd.shop.reversals());
        assert!(confirmations.iter().all(|count| 0 < *count) && 0 < seen.1 && 0 < seen.2, "seed {seed} was too tame: {seen:?}");
        let refunds: u32 = [Fate::Answered].iter().chain(&troubles).map(|fate| count(Call::Cancel, *fate)).sum();
        eprintln!("seed {seed}: {seen:?}, refunds {refunds}");
    }
}
