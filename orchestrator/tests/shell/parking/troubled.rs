//! Toss Payments on a bad day, played by a stand-in: it is busy before or after it took the money, drops the connection, answers late,
//! says no although it took the money, and a bank takes money back. Every change is told by webhooks, one to three times each. It keeps
//! books of its own, by the payer's key, and shares nothing with the server's.
//!
//! What becomes of a call follows from the call alone, its key and how often it came, never from which call came sooner.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode as Status};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::World;
use super::stand_in::{self, Answers};

/// What is asked of the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    Look,
    Confirm,
    Cancel,
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Done and answered.
    Answered,
    /// Not done: 503.
    BusyBefore,
    /// Done: 500.
    BusyAfter,
    /// Done, and the connection is dropped.
    CutOff,
    /// Done, and answered when [`TroubledShop::release`] says so.
    Late,
    /// Not done, for good: 403.
    Refused,
    /// Answered as refused, and done all the same: only webhook and look-up tell.
    RefusedThoughDone,
}

/// By call, key and how often it came before.
type Fates = dyn Fn(Call, &str, u32) -> Fate + Send + Sync;

/// One payer's approval in the window, and what became of it.
#[derive(Debug, Clone, Default)]
pub struct Sale {
    order: String,
    amount: i64,
    pub taken: bool,
    aborted: bool,
    pub returned: i64,
}

/// A webhook on its way.
#[derive(Debug, Clone)]
pub struct Letter {
    pub key: String,
    pub number: u32,
}

#[derive(Default)]
struct Books {
    sales: BTreeMap<String, Sale>,
    /// What was answered under an idempotency key: the same again.
    answers: BTreeMap<String, (Status, Value)>,
    calls: BTreeMap<(Call, String), u32>,
    letters: Vec<Letter>,
    letters_sent: u32,
    fates: BTreeMap<(Call, Fate), u32>,
    reversals: u32,
}

pub struct TroubledShop {
    books: Mutex<Books>,
    fates: Box<Fates>,
    /// Keys that a call of [`Fate::Late`] waits under.
    waiting: watch::Sender<BTreeSet<String>>,
    released: watch::Sender<BTreeSet<String>>,
}

type Shop = Arc<TroubledShop>;

/// A server whose shop has such a day.
pub async fn open_troubled_shop(fates: impl Fn(Call, &str, u32) -> Fate + Send + Sync + 'static) -> (World, Shop) {
    let shop = Arc::new(TroubledShop {
        books: Mutex::default(),
        fates: Box::new(fates),
        waiting: watch::Sender::default(),
        released: watch::Sender::default(),
    });
    let answers = Answers { confirm: post(confirm), look: get(look), cancel: post(cancel) };
    (stand_in::open(answers, shop.clone()).await, shop)
}

async fn look(State(shop): State<Shop>, Path(key): Path<String>) -> Response {
    let fate = shop.fate(Call::Look, &key);
    if fate == Fate::BusyBefore {
        return busy(Status::SERVICE_UNAVAILABLE);
    }
    match shop.books().sales.get(&key) {
        Some(sale) => answer((Status::OK, sale.as_payment(&key))),
        None => answer(refused(Status::NOT_FOUND, "NOT_FOUND_PAYMENT")),
    }
}

async fn confirm(State(shop): State<Shop>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    let key = body["paymentKey"].as_str().unwrap_or_default().to_owned();
    let fate = shop.fate(Call::Confirm, &key);
    let done = |books: &mut Books| {
        let Some(sale) = books.sales.get_mut(&key) else { return refused(Status::NOT_FOUND, "NOT_FOUND_PAYMENT") };
        if json!([sale.order, sale.amount]) != json!([body["orderId"], body["amount"]]) {
            return refused(Status::BAD_REQUEST, "INVALID_REQUEST");
        }
        if sale.taken || sale.aborted {
            return refused(Status::BAD_REQUEST, "ALREADY_PROCESSED_PAYMENT");
        }
        sale.taken = fate != Fate::Refused;
        sale.aborted = fate == Fate::Refused;
        let payment = sale.as_payment(&key);
        books.tell(&key);
        match fate {
            Fate::Refused | Fate::RefusedThoughDone => refused(Status::FORBIDDEN, "REJECT_CARD_PAYMENT"),
            Fate::Answered | Fate::BusyBefore | Fate::BusyAfter | Fate::CutOff | Fate::Late => (Status::OK, payment),
        }
    };
    shop.carry_out(fate, &key, &headers, done).await
}

async fn cancel(State(shop): State<Shop>, Path(key): Path<String>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    let fate = shop.fate(Call::Cancel, &key);
    let amount = body["cancelAmount"].as_i64().unwrap_or_default();
    let done = |books: &mut Books| {
        let Some(sale) = books.sales.get_mut(&key) else { return refused(Status::NOT_FOUND, "NOT_FOUND_PAYMENT") };
        if !sale.taken || amount <= 0 || sale.amount - sale.returned < amount || fate == Fate::Refused {
            return refused(Status::FORBIDDEN, "NOT_CANCELABLE_AMOUNT");
        }
        sale.returned += amount;
        let payment = sale.as_payment(&key);
        books.tell(&key);
        match fate {
            Fate::RefusedThoughDone => refused(Status::FORBIDDEN, "NOT_CANCELABLE_PAYMENT"),
            Fate::Answered | Fate::BusyBefore | Fate::BusyAfter | Fate::CutOff | Fate::Late | Fate::Refused => {
                (Status::OK, payment)
            }
        }
    };
    shop.carry_out(fate, &key, &headers, done).await
}

fn answer((status, body): (Status, Value)) -> Response {
    (status, Json(body)).into_response()
}

fn refused(status: Status, code: &str) -> (Status, Value) {
    (status, json!({"code": code, "message": code}))
}

fn busy(status: Status) -> Response {
    answer(refused(status, "FAILED_INTERNAL_SYSTEM_PROCESSING"))
}

/// An answer whose connection is dropped before its end.
fn cut_off() -> Response {
    let broken = Err::<Bytes, std::io::Error>(std::io::ErrorKind::ConnectionReset.into());
    Response::new(Body::from_stream(stream::iter([broken])))
}

impl Sale {
    fn as_payment(&self, key: &str) -> Value {
        let status = match (self.taken, self.returned) {
            (false, _) if self.aborted => "ABORTED",
            (false, _) => "IN_PROGRESS",
            (true, 0) => "DONE",
            (true, returned) if returned < self.amount => "PARTIAL_CANCELED",
            (true, _) => "CANCELED",
        };
        json!({
            "paymentKey": key, "orderId": self.order, "status": status, "totalAmount": self.amount,
            "balanceAmount": self.amount - self.returned, "currency": "KRW",
        })
    }

    /// What the shop has of it.
    pub fn kept(&self) -> i64 {
        if self.taken { self.amount - self.returned } else { 0 }
    }
}

impl Books {
    /// A change goes out by one to three webhooks.
    fn tell(&mut self, key: &str) {
        for _ in 0..=self.letters_sent % 3 {
            self.letters_sent += 1;
            self.letters.push(Letter { key: key.to_owned(), number: self.letters_sent });
        }
    }
}

impl TroubledShop {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().expect("no panic")
    }

    fn fate(&self, call: Call, key: &str) -> Fate {
        let mut books = self.books();
        let before = books.calls.entry((call, key.to_owned())).or_default();
        let fate = (self.fates)(call, key, *before);
        *before += 1;
        *books.fates.entry((call, fate)).or_default() += 1;
        fate
    }

    /// Does what is asked once for each idempotency key, and answers as the fate says.
    async fn carry_out(
        &self,
        fate: Fate,
        key: &str,
        headers: &HeaderMap,
        done: impl FnOnce(&mut Books) -> (Status, Value),
    ) -> Response {
        let named = headers.get("idempotency-key").and_then(|name| name.to_str().ok()).expect("every order is named").to_owned();
        if fate == Fate::BusyBefore {
            return busy(Status::SERVICE_UNAVAILABLE);
        }
        let said = {
            let mut books = self.books();
            match books.answers.get(&named) {
                Some(before) => before.clone(),
                None => {
                    let said = done(&mut books);
                    books.answers.insert(named, said.clone());
                    said
                }
            }
        };
        match fate {
            Fate::BusyAfter => busy(Status::INTERNAL_SERVER_ERROR),
            Fate::CutOff => cut_off(),
            Fate::Late => {
                self.waiting.send_if_modified(|waiting| waiting.insert(key.to_owned()));
                self.released.subscribe().wait_for(|released| released.contains(key)).await.expect("the shop is open");
                answer(said)
            }
            Fate::Answered | Fate::BusyBefore | Fate::Refused | Fate::RefusedThoughDone => answer(said),
        }
    }

    /// The payer approves an order in the provider's window, under a key.
    pub fn approve(&self, key: &str, order: &str, amount: i64) {
        let sale = Sale { order: order.to_owned(), amount, ..Sale::default() };
        self.books().sales.insert(key.to_owned(), sale);
    }

    /// Waits until the provider has taken a payment whose answer is late.
    pub async fn taking(&self, key: &str) {
        let mut waiting = self.waiting.subscribe();
        let taken = waiting.wait_for(|waiting| waiting.contains(key));
        crate::fixture::soon("the provider takes the money", taken).await.expect("the shop is open");
    }

    /// Lets the late answers about a payment go.
    pub fn release(&self, key: &str) {
        self.released.send_if_modified(|released| released.insert(key.to_owned()));
    }

    /// The payer's bank takes a part back of what the shop has; at most what it has.
    pub fn reverse(&self, key: &str, amount: i64) {
        let books = &mut *self.books();
        let Some(sale) = books.sales.get_mut(key) else { return };
        let amount = amount.min(sale.kept());
        if 0 < amount {
            sale.returned += amount;
            books.reversals += 1;
            books.tell(key);
        }
    }

    /// Takes a webhook from those on their way; `choose` says which of so many.
    pub fn take_letter(&self, choose: impl FnOnce(usize) -> usize) -> Option<Letter> {
        let letters = &mut self.books().letters;
        (!letters.is_empty()).then_some(letters.len()).map(choose).map(|place| letters.swap_remove(place))
    }

    /// A webhook that was not taken goes out again.
    pub fn put_back(&self, letter: Letter) {
        self.books().letters.push(letter);
    }

    pub fn sale(&self, key: &str) -> Sale {
        self.books().sales.get(key).cloned().unwrap_or_default()
    }

    pub fn kept(&self, key: &str) -> i64 {
        self.sale(key).kept()
    }

    /// All that was taken and not given back.
    pub fn kept_in_all(&self) -> i64 {
        self.books().sales.values().map(Sale::kept).sum()
    }

    pub fn count(&self, call: Call, fate: Fate) -> u32 {
        self.books().fates.get(&(call, fate)).copied().unwrap_or_default()
    }

    pub fn reversals(&self) -> u32 {
        self.books().reversals
    }
}
