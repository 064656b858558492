//! Payments looked up by ourselves, on a clock that the test moves: what no webhook told is found out, in bounded rounds.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use dispatch_core::event::{Actor, Event};
use orchestrator::clock::Clock;
use orchestrator::engine::{Engine, Opening};
use orchestrator::limits;
use orchestrator::live::Live;
use orchestrator::payments::{Answering, Charge, PaymentProvider, PaymentWindow, Standing, Verdict, reconcile};
use orchestrator::store::{Location, PrivateCard, Store};
use parking_core::event::{ParkingEvent, ProviderReport};
use parking_core::id::{AreaId, PaymentId, PrivateRef, SessionId};
use parking_core::model::{Means, Method, Payer};
use parking_core::money::Money;
use serde_json::Value;

use super::{FEE, LOTS};
use crate::fixture::{START_MS, centre, district, site, soon};

/// More than two rounds take.
const CARS: usize = 2 * limits::RECONCILED_AT_ONCE_MAX + 50;

/// Tells by token what was taken, and writes down who was asked about.
#[derive(Default)]
struct Ledger {
    taken: Mutex<BTreeMap<String, i64>>,
    looked: Mutex<Vec<String>>,
}

impl PaymentProvider for Ledger {
    fn name(&self) -> &'static str {
        "ledger"
    }
    fn tokens_are_single_use(&self) -> bool {
        true
    }
    fn remembers(&self) -> bool {
        true
    }
    fn client_key(&self) -> Option<&str> {
        None
    }
    fn window(&self) -> Option<PaymentWindow> {
        None
    }
    fn authorise<'a>(&'a self, _: &'a Charge) -> Answering<'a, Verdict> {
        unreachable!("nobody authorises here")
    }
    fn capture<'a>(&'a self, _: &'a Charge) -> Answering<'a, Verdict> {
        unreachable!("nobody captures here")
    }
    fn refund<'a>(&'a self, _: &'a Charge, _: &'a str, _: Money) -> Answering<'a, Verdict> {
        unreachable!("nobody refunds here")
    }
    fn standing<'a>(&'a self, charge: &'a Charge) -> Answering<'a, Option<Standing>> {
        self.looked.lock().expect("no panic").push(charge.payment.clone());
        let returned = self.taken.lock().expect("no panic").get(&charge.instrument).copied();
        let standing = returned.map(|back| Standing { captured: true, returned_total: Money::new(back).expect("an amount") });
        Box::pin(std::future::ready(Ok(standing)))
    }
    fn hint(&self, _: &Value) -> Option<String> {
        None
    }
}

struct Bench {
    engine: Engine,
    clock: Clock,
    store: Store,
    provider: Arc<Ledger>,
}

impl Bench {
    async fn parking(&self, change: ParkingEvent) {
        self.engine.submit(Actor::System, Event::Parking { change: Box::new(change) }).await.expect("taken");
    }

    /// A car that has left and whose payment was declined.
    async fn declined(&self, number: usize) -> PaymentId {
        let plate = parking_core::plate::Plate::parse(&format!("12가{:04}", 1_000 + number)).expect("a plate");
        self.parking(ParkingEvent::Entered {
            area: AreaId::new("E1").expect("an id"),
            plate: plate.clone(),
            driver: None,
            secret_sha256: None,
            method: Method::ByPage,
            by: Means::Driver,
            planned_minutes: None,
            secret_is_one_stay: true,
        })
        .await;
        let session: SessionId = self.engine.read(|core| core.parking().active(&plate).expect("it came in").id.clone());
        self.clock.advance(1);
        self.parking(ParkingEvent::Left { session: session.clone(), by: Means::Driver }).await;
        let token = format!("token-{number}");
        let instrument = PrivateRef::new(format!("pc-{number}")).expect("an id");
        let card =
            PrivateCard { phone: None, language: "en".to_owned(), instrument: Some(token), order_name: Some("o".to_owned()) };
        self.store.private_cards().put(&instrument, &card, START_MS).await.expect("kept");
        let amount = Money::new(FEE).expect("an amount");
        let (by, key) = (Payer::Driver, "k".to_owned());
        let asked = ParkingEvent::PaymentAsked { session: session.clone(), by, amount, instrument, single_use: true, key };
        self.parking(asked).await;
        let payment = self.engine.read(|core| core.parking().payments_of(&session).next().expect("asked").id.clone());
        let report = ProviderReport::Declined { reason: "no answer in time".to_owned() };
        self.parking(ParkingEvent::Provider { payment: payment.clone(), report }).await;
        payment
    }

    fn looked(&self) -> usize {
        self.provider.looked.lock().expect("no panic").len()
    }

    async fn until_looked(&self, count: usize) {
        let looked = async {
            while self.looked() < count {
                tokio::task::yield_now().await;
            }
        };
        soon("the provider is asked", looked).await;
    }

    fn booked(&self, payment: &PaymentId) -> i64 {
        self.engine.read(|core| {
            let payment = core.parking().payment(payment).expect("known");
            let captured = payment.state == parking_core::model::PaymentState::Captured;
            if captured { payment.amount.minor() - payment.returned().minor() } else { 0 }
        })
    }
}

#[tokio::test]
async fn what_no_webhook_told_is_found_out() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(&Location::directory(folder.path()), district()).await.expect("a store");
    let clock = Clock::manual(START_MS);
    let opening = Opening { code_version: "1+test".to_owned(), site: site(), crash: None };
    let started = Engine::start(&store, clock.clone(), &Live::new(centre()), opening).await.expect("an engine");
    // Nobody works on the effects: payments come to rest by what the test reports.
    let (engine, _task, _effects) = started;
    let bench = Bench { engine, clock, store, provider: Arc::default() };
    let config = Box::new(toml::from_str(LOTS).expect("lots"));
    bench.parking(ParkingEvent::Configured { config, stays_keep_permits: true }).await;
    let mut payments = Vec::new();
    for number in 0..CARS {
        payments.push(bench.declined(number).await);
    }
    let last = payments.last().expect("cars").clone();
    bench.provider.taken.lock().expect("no panic").insert(format!("token-{}", CARS - 1), 0);

    let worker = reconcile(bench.engine.clone(), bench.provider.clone(), bench.store.private_cards());
    let worker = tokio::spawn(worker);
    bench.clock.advance(limits::RECONCILIATION_MS);
    bench.until_looked(limits::RECONCILED_AT_ONCE_MAX).await;
    assert_eq!(bench.booked(&last), 0, "it is not its turn yet");
    for round in [2 * limits::RECONCILED_AT_ONCE_MAX, CARS] {
        bench.clock.advance(limits::RECONCILIATION_MS);
        bench.until_looked(round).await;
        assert_eq!(bench.looked(), round, "a round is bounded");
    }
    let booked = async {
        while bench.booked(&last) != FEE {
            tokio::task::yield_now().await;
        }
    };
    soon("the money is booked", booked).await;

    // The bank takes a part back and nobody tells. All were looked at once; now the oldest have their turn again.
    bench.provider.taken.lock().expect("no panic").insert(format!("token-{}", CARS - 1), 3_000);
    for round in 1..=3 {
        bench.clock.advance(limits::RECONCILIATION_MS);
        bench.until_looked(CARS + (round * limits::RECONCILED_AT_ONCE_MAX).min(CARS)).await;
    }
    let reversed = async {
        while bench.booked(&last) != FEE - 3_000 {
            tokio::task::yield_now().await;
        }
    };
    soon("the reversal is booked", reversed).await;
    let seq = |bench: &Bench| bench.engine.read(|core| core.parking().state_hash());
    let before = seq(&bench);
    bench.clock.advance(limits::RECONCILED_AGE_MAX_MS + limits::RECONCILIATION_MS);
    let asked = bench.looked();
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        (bench.looked(), seq(&bench)),
        (asked, before),
        "old payments are left alone, and what is known is not written again"
    );
    worker.abort();
}
