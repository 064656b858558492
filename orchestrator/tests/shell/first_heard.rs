//! The first moments after a start: questions are answered as soon as guards and aircraft are heard, and late rather than never.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use dispatch_core::event::Event;
use flight_types::{DroneId, DroneStatus, FlightCommand, GeoPoint, MissionId};
use orchestrator::access::Access;
use orchestrator::clock::Clock;
use orchestrator::effects::{self, DroneLinks, FileMessages, GuardFinder, LinkFuture, Notices, RoadTime, Workshop};
use orchestrator::engine::{Engine, EngineTask, Opening, Stepped};
use orchestrator::limits::FIRST_HEARD_LIMIT_MS;
use orchestrator::live::Live;
use orchestrator::payments::Sandbox;
use orchestrator::store::{Location, Store};
use tempfile::TempDir;
use tokio::sync::broadcast::Receiver;

use crate::fixture::{START_MS, call, centre, district, fix, guard, on_duty, site, soon};

/// The aircraft heard so far; whatever is ordered is taken.
#[derive(Default)]
struct Links(Mutex<BTreeMap<DroneId, DroneStatus>>);

impl DroneLinks for Links {
    fn command<'a>(&'a self, _: &'a DroneId, _: &'a MissionId, _: FlightCommand) -> LinkFuture<'a> {
        Box::pin(async { Ok(()) })
    }

    fn status(&self, drone: &DroneId) -> Option<DroneStatus> {
        self.0.lock().expect("nobody panics with it").get(drone).cloned()
    }
}

struct NoRoads;

impl RoadTime for NoRoads {
    fn etas_s(&self, from: &[GeoPoint], _: GeoPoint) -> Vec<Option<f64>> {
        vec![None; from.len()]
    }

    fn ruler_eta_s(&self, distance_m: f64) -> f64 {
        distance_m
    }
}

/// A server's loop with its workers, which has just started and has heard nobody.
struct Bench {
    engine: Engine,
    live: Live,
    links: Arc<Links>,
    _task: EngineTask,
    _folder: TempDir,
}

impl Bench {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(&Location::directory(folder.path()), district()).await.expect("a store");
        let (clock, live, links) = (Clock::manual(START_MS), Live::new(centre()), Arc::new(Links::default()));
        let opening = Opening { code_version: "1+test".to_owned(), site: site(), crash: None };
        let (engine, task, queue) = Engine::start(&store, clock.clone(), &live, opening).await.expect("an engine");
        let workshop = Workshop {
            engine: engine.clone(),
            live: live.clone(),
            notices: Notices::new(store.outbox(), engine.clone()),
            access: Access::open(store.clone(), clock).await.expect("access"),
            guards: Arc::new(GuardFinder::new(Box::new(NoRoads))),
            links: links.clone(),
            messages: Arc::new(FileMessages::open(folder.path().join("messages.jsonl")).expect("a file")),
            listening_since_ms: START_MS,
            payments: Arc::new(Sandbox::default()),
            private: store.private_cards(),
        };
        effects::start(queue, workshop);
        Self { engine, live, links, _task: task, _folder: folder }
    }

    /// A guard goes on duty and somebody calls; everything that follows comes to the receiver.
    async fn call(&self) -> Receiver<Arc<Stepped>> {
        let steps = self.engine.subscribe();
        for (actor, event) in [on_duty("g1"), call("c1", "press-1", centre())] {
            self.engine.submit(actor, event).await.expect("accepted");
        }
        steps
    }

    fn hear_drone(&self) {
        let mut status = DroneStatus::unheard(DroneId::new("d1").expect("an id"));
        status.link.connected = true;
        self.links.0.lock().expect("nobody panics with it").insert(status.drone.clone(), status.clone());
        self.live.report_drone(status, START_MS);
    }
}

/// The first answers to "which guards" and "which aircraft": how many guards, and whether the aircraft was heard.
async fn answers(steps: &mut Receiver<Arc<Stepped>>) -> (usize, bool) {
    let (mut guards, mut heard) = (None, None);
    loop {
        match &soon("an answer", steps.recv()).await.expect("the engine runs").entry.event {
            Event::GuardsFound { found, .. } => drop(guards.get_or_insert(found[0].candidates.len())),
            Event::DronesFound { drones, .. } => drop(heard.get_or_insert(drones[0].link.connected)),
            _ => {}
        }
        if let (Some(guards), Some(heard)) = (guards, heard) {
            return (guards, heard);
        }
    }
}

#[tokio::test]
async fn a_new_server_answers_as_soon_as_it_has_heard_everybody() {
    let bench = Bench::start().await;
    let mut steps = bench.call().await;
    bench.hear_drone();
    bench.live.report_guard(&guard("g1"), fix(centre()), START_MS);
    assert_eq!(answers(&mut steps).await, (1, true));
}

#[tokio::test]
async fn a_new_server_waits_for_the_silent_ones_only_so_long() {
    let bench = Bench::start().await;
    let asked = Instant::now();
    let mut steps = bench.call().await;
    assert_eq!(answers(&mut steps).await, (0, false));
    assert!(Duration::from_millis(FIRST_HEARD_LIMIT_MS.unsigned_abs()) <= asked.elapsed(), "after {:?}", asked.elapsed());
}
