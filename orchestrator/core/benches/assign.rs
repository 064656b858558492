//! Calls to guards at the least total time, and how fast a log is replayed.
//!
//! Input, seed 7: calls and guards uniform in a square of 20 km, cost = straight distance at 25 km/h. `sparse`: each call's 32
//! nearest guards, found before the clock starts. `dense`: every guard for every call. The log: 200 guards, a call every 10 s, found,
//! offered, accepted, on scene after a minute, ended and closed with the caller's code; recorded before the clock starts.
//! `cargo bench -p dispatch-core --bench assign`; items are calls for the assignment, entries for the log.

use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use dispatch_core::Core;
use dispatch_core::assign::{Edge, cost_of_seconds, least_total};
use dispatch_core::config::{Policy, SiteConfig};
use dispatch_core::effect::{Action, CallerNotice, Effect, GuardNotice, GuardSearch};
use dispatch_core::event::{Actor, CodeVerdict, Entry, EtaSource, Event, Fix, GuardCandidate, GuardsNear, Outcome, Trigger};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use flight_types::{CallerId, DistrictId, GeoPoint, GuardId, Local, LocalFrame, Ring};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

const SEED: u64 = 7;
const SQUARE_M: f64 = 20_000.0;
const SPEED_M_S: f64 = 25.0 / 3.6;
const CANDIDATES: usize = 32;
const GUARDS: usize = 200;
const CALLS: i64 = 300;
const CALL_INTERVAL_MS: i64 = 10_000;
const DRIVE_MS: i64 = 60_000;

/// The interpreter in whose environment scipy may be; `python3` when it is not set.
const PEER_PYTHON: &str = "PEER_PYTHON";
/// Runs of our own solver beside the peer's.
const RUNS: usize = 11;

fn main() {
    divan::main();
    if std::env::args().any(|argument| argument == "--bench") {
        beside_scipy();
    }
}

/// The dense case in turn with scipy's `linear_sum_assignment` on the same costs; both must find the same total.
fn beside_scipy() {
    let rows = rows(1_000, 1_000, 1_000);
    let mut times: Vec<Duration> = Vec::new();
    let mut total = 0;
    for _ in 0..RUNS {
        let began = Instant::now();
        let chosen = least_total(black_box(&rows), 1_000);
        times.push(began.elapsed());
        total = rows.iter().zip(chosen).filter_map(|(row, column)| cost_in(row, column?)).sum();
    }
    times.sort();
    let ours_ms = times[RUNS / 2].as_secs_f64() * 1_000.0;
    match scipy(&rows) {
        None => println!("assignment 1000 × 1000: {ours_ms:.1} ms; scipy: peer not installed (name its python in {PEER_PYTHON})"),
        Some((scipy_ms, scipy_total)) => {
            assert_eq!(total, scipy_total, "the same least total");
            println!("assignment 1000 × 1000: {ours_ms:.1} ms; scipy {scipy_ms:.1} ms; ratio {:.2}", ours_ms / scipy_ms);
        }
    }
}

fn cost_in(row: &[Edge], column: usize) -> Option<i64> {
    row.iter().find(|edge| edge.column == column).map(|edge| edge.cost)
}

/// Median milliseconds by the wall clock, as ours, and the total found; `None` where there is no scipy.
fn scipy(rows: &[Vec<Edge>]) -> Option<(f64, i64)> {
    let python = std::env::var(PEER_PYTHON).unwrap_or_else(|_| "python3".to_owned());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/scipy_peer.py");
    let mut peer =
        Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let numbers = rows.iter().flat_map(|row| (0..row.len()).filter_map(|column| cost_in(row, column)));
    // A peer that is not installed ends before it has read everything.
    let _ = peer.stdin.take()?.write_all(&numbers.flat_map(i64::to_le_bytes).collect::<Vec<u8>>());
    let answer = String::from_utf8(peer.wait_with_output().ok()?.stdout).ok()?;
    let (time_ms, total) = answer.trim().split_once(' ')?;
    Some((time_ms.parse().ok()?, total.parse().ok()?))
}

fn place(random: &mut Pcg64Mcg) -> Local {
    Local { east_m: random.random_range(0.0..SQUARE_M), north_m: random.random_range(0.0..SQUARE_M) }
}

/// For each call its cheapest guards.
fn rows(calls: usize, guards: usize, candidates: usize) -> Vec<Vec<Edge>> {
    let mut random = Pcg64Mcg::seed_from_u64(SEED);
    let guards: Vec<Local> = (0..guards).map(|_| place(&mut random)).collect();
    let row = |call: Local| {
        let cost = |guard: &Local| cost_of_seconds((guard.east_m - call.east_m).hypot(guard.north_m - call.north_m) / SPEED_M_S);
        let mut edges: Vec<Edge> = guards.iter().enumerate().map(|(column, guard)| Edge { column, cost: cost(guard) }).collect();
        edges.sort_by_key(|edge| edge.cost);
        edges.truncate(candidates);
        edges
    };
    (0..calls).map(|_| row(place(&mut random))).collect()
}

fn run_assignment(bencher: Bencher<'_, '_>, rows: &[Vec<Edge>], guards: usize) {
    assert!(least_total(rows, guards).iter().all(Option::is_some), "every call gets a guard");
    bencher.counter(ItemsCount::new(rows.len())).bench_local(|| least_total(black_box(rows), guards));
}

#[divan::bench]
fn sparse_1000_of_10000(bencher: Bencher<'_, '_>) {
    run_assignment(bencher, &rows(1_000, 10_000, CANDIDATES), 10_000);
}

#[divan::bench(sample_count = 10)]
fn dense_1000_of_1000(bencher: Bencher<'_, '_>) {
    run_assignment(bencher, &rows(1_000, 1_000, 1_000), 1_000);
}

#[divan::bench(sample_count = 20)]
fn log_replayed(bencher: Bencher<'_, '_>) {
    let log = Recorder::record();
    bencher.counter(ItemsCount::new(log.len())).bench_local(|| {
        let mut core = Core::new(district());
        for entry in &log {
            black_box(core.step(entry));
        }
        core.last_seq()
    });
}

fn district() -> DistrictId {
    DistrictId::new("town").expect("an id")
}

fn guard(number: usize) -> GuardId {
    GuardId::new(format!("guard-{number}")).expect("an id")
}

/// A core that is answered at once, and its log.
struct Recorder {
    core: Core,
    frame: LocalFrame,
    guards: Vec<Local>,
    agenda: BTreeMap<(i64, u64), (Actor, Event)>,
    planned: u64,
    log: Vec<Entry>,
}

impl Recorder {
    fn record() -> Vec<Entry> {
        let mut random = Pcg64Mcg::seed_from_u64(SEED);
        let frame = LocalFrame::new(GeoPoint::new(37.5, 127.0).expect("a place"));
        let guards = (0..GUARDS).map(|_| place(&mut random)).collect();
        let mut recorder =
            Self { core: Core::new(district()), frame, guards, agenda: BTreeMap::new(), planned: 0, log: Vec::new() };
        recorder.plan_begin();
        (0..CALLS).for_each(|call| recorder.plan_call(call, place(&mut random)));
        let end_ms = CALLS * CALL_INTERVAL_MS + 4 * DRIVE_MS;
        while let Some(at_ms) = recorder.next_ms().filter(|at_ms| *at_ms <= end_ms) {
            let due = recorder.agenda.first_entry().filter(|first| first.key().0 <= at_ms).map(|first| first.remove());
            let (actor, event) = due.unwrap_or((Actor::System, Event::TimePassed));
            recorder.append(at_ms, actor, event);
        }
        let closed = recorder.log.iter().filter(|entry| matches!(entry.event, Event::ConfirmationGiven { .. })).count();
        assert!(closed as i64 >= CALLS * 9 / 10, "most calls run their course: {closed}");
        recorder.log
    }

    fn next_ms(&self) -> Option<i64> {
        let planned_ms = self.agenda.first_key_value().map(|((at_ms, _), _)| *at_ms);
        planned_ms.into_iter().chain(self.core.next_deadline_ms()).min()
    }

    fn plan(&mut self, at_ms: i64, actor: Actor, event: Event) {
        self.planned += 1;
        self.agenda.insert((at_ms, self.planned), (actor, event));
    }

    fn plan_begin(&mut self) {
        let corner = |east_m, north_m| self.frame.to_geo(Local { east_m, north_m });
        let corners = vec![corner(0.0, 0.0), corner(SQUARE_M, 0.0), corner(SQUARE_M, SQUARE_M), corner(0.0, SQUARE_M)];
        let site = SiteConfig {
            name: "Town".to_owned(),
            stations: Vec::new(),
            no_fly_zones: Vec::new(),
            obstacles: Vec::new(),
            rally_points: Vec::new(),
            fence: Ring::new(corners).expect("four corners"),
            fence_height_max_m: 120.0,
            relief: None,
            policy: Policy::default(),
        };
        self.plan(0, Actor::System, Event::Configured { code_version: "bench".to_owned(), site: Box::new(site) });
        for guard in (0..GUARDS).map(guard) {
            self.plan(0, Actor::Guard { id: guard.clone() }, Event::GuardDutyChanged { guard, on_duty: true });
        }
    }

    fn plan_call(&mut self, number: i64, place: Local) {
        let caller = CallerId::new(format!("caller-{number}")).expect("an id");
        let at_ms = 1_000 + number * CALL_INTERVAL_MS;
        let event = Event::CallRaised {
            caller: caller.clone(),
            key: "key".to_owned(),
            trigger: Trigger::Hold,
            silent: false,
            drill: false,
            gps: Some(Fix { point: self.frame.to_geo(place), accuracy_m: 8.0, at_ms, speed: None }),
            address: None,
            last_known: None,
            home: None,
        };
        self.plan(at_ms, Actor::Caller { id: caller }, event);
    }

    fn append(&mut self, at_ms: i64, actor: Actor, event: Event) {
        let entry = Entry { seq: self.core.last_seq() + 1, at_ms, district: district(), actor, event };
        let effects = self.core.step(&entry);
        self.log.push(entry);
        effects.into_iter().for_each(|effect| self.answer(at_ms, effect));
    }

    fn answer(&mut self, at_ms: i64, Effect { id, action }: Effect) {
        let mut said = VecDeque::from([(at_ms, Actor::System, Event::EffectDone { effect: id, outcome: Outcome::Done })]);
        match action {
            Action::FindGuards { searches } => {
                let found = searches.iter().map(|search| self.near(search)).collect();
                said[0].2 = Event::GuardsFound { effect: id, found };
            }
            Action::FindDrones { .. } => said[0].2 = Event::DronesFound { effect: id, drones: Vec::new() },
            Action::CheckGuard { guard, .. } => said[0].2 = Event::GuardSeen { effect: id, guard, silence_ms: Some(0) },
            Action::SendOffer { offer } => {
                said.push_back((at_ms + 3_000, Actor::Guard { id: offer.guard }, Event::OfferAccepted { offer: offer.offer }));
            }
            Action::NotifyGuard { guard, incident, notice: GuardNotice::AssignedPrimary } => {
                let (actor, there_ms) = (Actor::Guard { id: guard.clone() }, at_ms + DRIVE_MS);
                let there = Event::GuardOnScene { incident: incident.clone(), guard: guard.clone() };
                said.push_back((there_ms, actor.clone(), there));
                said.push_back((there_ms + DRIVE_MS, actor, Event::SituationEnded { incident, guard }));
            }
            Action::NotifyCaller { caller, incident, notice: CallerNotice::AskConfirmation { .. } } => {
                let event = Event::ConfirmationGiven { incident, verdict: CodeVerdict::Safe };
                said.push_back((at_ms + 5_000, Actor::Caller { id: caller }, event));
            }
            Action::NotifyGuard { .. } | Action::NotifyCaller { .. } | Action::NotifyContact { .. } => {}
            Action::AlertOperators { .. } | Action::AskApproval { .. } | Action::Command { .. } | Action::Parking { .. } => {}
        }
        said.into_iter().for_each(|(at_ms, actor, event)| self.plan(at_ms, actor, event));
    }

    fn near(&self, search: &GuardSearch) -> GuardsNear {
        let candidate = |(number, local): (usize, &Local)| {
            let position = self.frame.to_geo(*local);
            let distance_m = position.distance_m(&search.places[0]);
            let eta_s = distance_m / SPEED_M_S;
            GuardCandidate { guard: guard(number), position, position_age_ms: 0, distance_m, eta_s, eta_by: EtaSource::Ruler }
        };
        let candidates = self.core.nearest_askable(search, |may_ask| {
            let all = self.guards.iter().enumerate().map(candidate);
            let fits = |found: &GuardCandidate| found.distance_m <= search.within_m && may_ask(&found.guard);
            let mut candidates: Vec<GuardCandidate> = all.filter(fits).collect();
            candidates.sort_by(|a, b| a.eta_s.total_cmp(&b.eta_s));
            candidates.truncate(search.count_max);
            candidates
        });
        GuardsNear { incident: search.incident.clone(), candidates }
    }
}
