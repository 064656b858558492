//! The engine's loop over a real store.

use std::collections::BTreeSet;

use dispatch_core::effect::EffectId;
use dispatch_core::event::{Actor, Event};
use dispatch_core::{Core, Refusal};
use flight_types::OfferId;
use orchestrator::clock::Clock;
use orchestrator::engine::{EffectQueue, Engine, EngineTask, Opening, SubmitError};
use orchestrator::limits;
use orchestrator::live::Live;
use orchestrator::store::{Location, LogHead, Store};
use parking_core::event::ParkingEvent;
use parking_core::id::{AreaId, PrivateRef};
use parking_core::model::{Means, Method};
use parking_core::plate::Plate;
use tempfile::TempDir;

use crate::fixture::{START_MS, call, centre, district, guard, on_duty, site, soon};

/// An engine over a data directory, without workers: its effects stay open.
struct Bench {
    store: Store,
    clock: Clock,
    engine: Engine,
    task: EngineTask,
    effects: EffectQueue,
}

impl Bench {
    async fn start(folder: &TempDir, now_ms: i64) -> Self {
        let store = Store::open(&Location::directory(folder.path()), district()).await.expect("a store");
        let clock = Clock::manual(now_ms);
        let opening = Opening { code_version: "1+test".to_owned(), site: site(), crash: None };
        let (engine, task, effects) = Engine::start(&store, clock.clone(), &Live::new(centre()), opening).await.expect("an engine");
        Self { store, clock, engine, task, effects }
    }

    async fn stop(self) -> String {
        self.task.stop().await;
        self.store.close().await;
        self.engine.read(Core::state_hash)
    }

    /// The effects that have left, without waiting for more.
    fn left(&mut self) -> BTreeSet<EffectId> {
        std::iter::from_fn(|| self.effects.try_recv().ok()).map(|effect| effect.id).collect()
    }
}

async fn replayed(folder: &TempDir) -> (u64, String) {
    let store = Store::open_reading(&Location::directory(folder.path()), None).await.expect("a store");
    let mut core = Core::new(district());
    let head = store.log().read(LogHead::start(), |entry| drop(core.step(entry))).await.expect("a log");
    (head.seq, core.state_hash())
}

#[tokio::test]
async fn the_same_press_is_the_same_incident_and_a_replay_gives_the_same_state() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bench = Bench::start(&folder, START_MS).await;
    let press = call("c1", "press-1", centre());
    // Five times at once, as over a bad network.
    let presses: Vec<_> = (0..5)
        .map(|_| {
            let (engine, (actor, event)) = (bench.engine.clone(), press.clone());
            tokio::spawn(async move { engine.submit(actor, event).await })
        })
        .collect();
    for submitted in presses {
        submitted.await.expect("no panic").expect("accepted");
    }
    assert_eq!(bench.engine.read(|core| core.incidents().count()), 1);
    let hash = bench.stop().await;
    assert_eq!(replayed(&folder).await, (6, hash));
}

#[tokio::test]
async fn requests_at_once_share_transactions_and_keep_the_log_without_gaps() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bench = Bench::start(&folder, START_MS).await;
    let requests: Vec<_> = (0..400)
        .map(|n| {
            let (engine, (actor, event)) = (bench.engine.clone(), on_duty(&format!("g{n}")));
            tokio::spawn(async move { engine.submit(actor, event).await.expect("accepted").seq })
        })
        .collect();
    let mut seqs = BTreeSet::new();
    for request in requests {
        seqs.insert(request.await.expect("no panic"));
    }
    assert_eq!(seqs, (2..=401).collect());
    let hash = bench.stop().await;
    assert_eq!(replayed(&folder).await, (401, hash));
}

#[tokio::test]
async fn a_request_that_makes_no_sense_is_refused_and_not_logged() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bench = Bench::start(&folder, START_MS).await;
    let offer = OfferId::new("nothing").expect("an id");
    let actor = dispatch_core::event::Actor::Guard { id: guard("g1") };
    let refused = bench.engine.submit(actor, Event::OfferAccepted { offer }).await;
    assert!(matches!(refused, Err(SubmitError::Refused(Refusal::Unknown { .. }))), "{refused:?}");
    bench.stop().await;
    assert_eq!(replayed(&folder).await.0, 1);
}

#[tokio::test]
async fn effects_without_completion_are_given_again_after_a_restart() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut bench = Bench::start(&folder, START_MS).await;
    let (actor, event) = call("c1", "press-1", centre());
    bench.engine.submit(actor, event).await.expect("accepted");
    let open = bench.left();
    assert!(!open.is_empty());
    bench.stop().await;

    let mut bench = Bench::start(&folder, START_MS + 1_000).await;
    assert!(bench.left().is_superset(&open));
    let (actor, event) = call("c1", "press-1", centre());
    bench.engine.submit(actor, event).await.expect("accepted");
    assert_eq!(bench.engine.read(|core| core.incidents().count()), 1, "the press is known after the restart");
    bench.stop().await;
}

#[tokio::test]
async fn time_passes_into_the_log_when_a_deadline_comes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bench = Bench::start(&folder, START_MS).await;
    let (actor, event) = call("c1", "press-1", centre());
    bench.engine.submit(actor, event).await.expect("accepted");
    let deadline_ms = bench.engine.read(Core::next_deadline_ms).expect("a call has deadlines");
    let mut steps = bench.engine.subscribe();
    bench.clock.advance(deadline_ms - START_MS);
    let step = soon("an entry for the deadline", steps.recv()).await.expect("an entry");
    assert_eq!((step.entry.event.clone(), step.entry.at_ms), (Event::TimePassed, deadline_ms));
    bench.stop().await;
}

#[tokio::test]
async fn a_clock_that_went_back_does_not_take_the_log_with_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bench = Bench::start(&folder, START_MS).await;
    let (actor, event) = on_duty("g1");
    bench.engine.submit(actor, event).await.expect("accepted");
    bench.stop().await;

    let bench = Bench::start(&folder, START_MS - 3_600_000).await;
    assert_eq!(bench.engine.now_ms(), START_MS);
    bench.stop().await;
    let store = Store::open_reading(&Location::directory(folder.path()), None).await.expect("a store");
    assert!(store.log().verify().await.expect("read").is_ok());
}

#[tokio::test]
async fn a_stopping_engine_refuses_from_outside_and_finishes_what_it_has() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bench = Bench::start(&folder, START_MS).await;
    bench.engine.stop_accepting();
    let (actor, event) = on_duty("g1");
    assert!(matches!(bench.engine.submit(actor.clone(), event.clone()).await, Err(SubmitError::Closing)));
    bench.engine.report(actor, event).await.expect("the server's own parts may still report");
    bench.stop().await;
    assert_eq!(replayed(&folder).await.0, 2);
}

/// A payment provider that is away leaves parking's orders open; nobody in danger is refused for it.
#[tokio::test]
async fn parking_reaches_its_own_ceiling_and_a_call_passes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bench = Bench::start(&folder, START_MS).await;
    let park = |change| Event::Parking { change: Box::new(change) };
    let config = Box::new(toml::from_str(crate::parking::LOTS).expect("lots"));
    bench.engine.submit(Actor::System, park(ParkingEvent::Configured { config, stays_keep_permits: true })).await.expect("lots");
    let entry = |number: u64| {
        park(ParkingEvent::Entered {
            area: AreaId::new("E1").expect("an id"),
            plate: Plate::parse(&format!("12가{number:04}")).expect("a plate"),
            driver: Some(PrivateRef::new("pc-1").expect("an id")),
            secret_sha256: None,
            method: Method::ByPage,
            by: Means::Driver,
            planned_minutes: None,
            secret_is_one_stay: true,
        })
    };
    // Each leaves one order open: a notice that nobody sends.
    let before = bench.engine.effects_open();
    for batch in 0..limits::PARKING_EFFECTS_OPEN_MAX / 100 {
        let entries = (batch * 100..batch * 100 + 100).map(|number| bench.engine.submit(Actor::Visitor, entry(number)));
        for taken in futures_util::future::join_all(entries).await {
            taken.expect("below the ceiling");
        }
    }
    assert_eq!(bench.engine.effects_open() - before, limits::PARKING_EFFECTS_OPEN_MAX);
    let refused = bench.engine.submit(Actor::Visitor, entry(9_999)).await;
    assert!(matches!(refused, Err(SubmitError::Overloaded)), "{refused:?}");
    let (actor, event) = call("c1", "press-1", centre());
    bench.engine.submit(actor, event).await.expect("a call for help is taken");
    bench.stop().await;
}
