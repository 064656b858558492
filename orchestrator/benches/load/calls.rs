//! Call accepted → offer published: callers call over HTTP, guards report over HTTP where they are, offers are seen over MQTT.
//!
//! Guards and calls lie uniformly in a square; each guard steps at most 15 m between two reports. Of each call's guards the two
//! soonest accept a second after the first offer was seen, as people do; the incidents stay open. Calls leave at fixed moments,
//! whatever became of the one before, and a time counts from its moment.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use flight_types::{GeoPoint, Local, LocalFrame};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::http::{Connection, Request};
use crate::people::{self, caller_name, guard_name, token};
use crate::server::{DISTRICT, Server};
use crate::spread::Spread;
use crate::watch::{self, Offers, Seen};

const SEED: u64 = 7;
/// The middle of the demo's site.
const CENTRE_DEG: (f64, f64) = (36.548, 127.912);
const STEP_M: f64 = 15.0;
/// Connections that carry the guards' reports, and those that carry the calls.
const GUARD_CONNECTIONS: usize = 16;
const CALL_CONNECTIONS: usize = 64;
/// Connections over which guards accept.
const ACCEPTING_CONNECTIONS: usize = 32;
/// How long people look at an offer before they accept it.
const THOUGHT: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// How long offers may take after the last call before they count as lost.
const PATIENCE: Duration = Duration::from_secs(20);

/// What to measure.
#[derive(clap::Parser)]
pub struct Options {
    /// Guards on duty, all moving.
    #[arg(long, default_value_t = 100_000)]
    guards: usize,
    /// Calls a second.
    #[arg(long, default_value_t = 200)]
    calls_per_s: usize,
    /// For how long, seconds.
    #[arg(long, default_value_t = 20)]
    seconds: usize,
    /// Each guard reports once in so many seconds.
    #[arg(long, default_value_t = 30)]
    report_every_s: usize,
    /// Side of the square, kilometres.
    #[arg(long, default_value_t = 30.0)]
    square_km: f64,
}

/// What the tasks share.
struct Load {
    http: SocketAddr,
    frame: LocalFrame,
    half_m: f64,
    over: AtomicBool,
    reports: AtomicU64,
    refused: AtomicU64,
}

/// One call as its caller saw it.
struct Call {
    incident: String,
    planned: Instant,
    answered: Instant,
}

/// Measures and prints.
pub async fn run(options: &Options) -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let calls = options.calls_per_s * options.seconds;
    people::settle(data.path(), DISTRICT, options.guards, calls).await?;
    let server = Server::start(data.path(), "bind = \"127.0.0.1:0\"")?;
    let centre = GeoPoint::new(CENTRE_DEG.0, CENTRE_DEG.1)?;
    let load = Arc::new(Load {
        http: server.http,
        frame: LocalFrame::new(centre),
        half_m: options.square_km * 500.0,
        over: AtomicBool::new(false),
        reports: AtomicU64::new(0),
        refused: AtomicU64::new(0),
    });
    let (observer, offers) = watch::watch(server.mqtt).await?;
    let mut moving = JoinSet::new();
    for part in 0..GUARD_CONNECTIONS {
        moving.spawn(move_guards(load.clone(), part, options.guards, Duration::from_secs(options.report_every_s as u64)));
    }
    while load.reports.load(Ordering::Relaxed) < options.guards as u64 {
        tokio::time::sleep(LOOK_AGAIN).await;
        ensure!(moving.try_join_next().is_none(), "a guard's connection ended before the calls began");
    }
    let answering = tokio::spawn(accept_offers(load.clone(), offers.clone()));
    let (began, reports_before, processor_before_s) = (Instant::now(), load.reports.load(Ordering::Relaxed), server.processor_s());
    let answered = call_all(&load, options.calls_per_s, calls).await?;
    let lasted_s = began.elapsed().as_secs_f64();
    let reports = load.reports.load(Ordering::Relaxed) - reports_before;
    let processor_s = server.processor_s() - processor_before_s;
    wait_for_offers(&offers, &answered).await;
    load.over.store(true, Ordering::Relaxed);
    while let Some(ended) = moving.join_next().await {
        ended?.context("a guard's connection")?;
    }
    answering.await?.context("accepting offers")?;
    let _ = observer.disconnect().await;
    println!(
        "calls: {} guards on duty, {:.0} reports/s over HTTP, {:.0} calls/s for {lasted_s:.1} s; the server used {:.2} processors",
        options.guards,
        reports as f64 / lasted_s,
        answered.len() as f64 / lasted_s,
        processor_s / lasted_s
    );
    report(calls, &answered, &offers, load.refused.load(Ordering::Relaxed))
}

fn report(calls: usize, answered: &[Call], offers: &Offers, refused: u64) -> anyhow::Result<()> {
    let first = |call: &Call| offers.read(|all| all.get(&call.incident)?.iter().map(|seen| seen.at).min());
    let offered: Vec<(&Call, Instant)> = answered.iter().filter_map(|call| Some((call, first(call)?))).collect();
    Spread::of(answered.iter().map(|call| call.answered - call.planned)).print("calls: sent → accepted (durable)");
    Spread::of(offered.iter().map(|(call, at)| at.saturating_duration_since(call.answered))).print("calls: accepted → offer");
    Spread::of(offered.iter().map(|(call, at)| *at - call.planned)).print("calls: sent → offer");
    let (not_accepted, not_offered) = (calls - answered.len(), answered.len() - offered.len());
    println!("calls: lost: {not_accepted} not accepted, {not_offered} accepted without an offer, {refused} reports refused");
    ensure!(not_accepted == 0 && not_offered == 0 && refused == 0, "something was lost");
    Ok(())
}

/// Reports every guard of one connection in turn, at an even pace, once round in `every`.
async fn move_guards(load: Arc<Load>, part: usize, guards: usize, every: Duration) -> anyhow::Result<()> {
    let mut connection = Connection::open(load.http).await?;
    let mut random = Pcg64Mcg::seed_from_u64(SEED + part as u64);
    let names: Vec<String> = (part..guards).step_by(GUARD_CONNECTIONS).map(guard_name).collect();
    let tokens: Vec<String> = names.iter().map(|name| token(name)).collect();
    let mut places: Vec<Local> = names.iter().map(|_| load.anywhere(&mut random)).collect();
    // The first round as fast as it goes: the load begins when every guard is on the map.
    for (place, token) in places.iter().zip(&tokens) {
        load.report_place(&mut connection, token, *place).await?;
    }
    let pause = every.div_f64(names.len() as f64);
    let mut next = Instant::now();
    for index in (0..names.len()).cycle() {
        if load.over.load(Ordering::Relaxed) {
            break;
        }
        tokio::time::sleep_until(next.into()).await;
        next += pause;
        let mut step_m = || random.random_range(-STEP_M..STEP_M) / std::f64::consts::SQRT_2;
        places[index] = Local { east_m: places[index].east_m + step_m(), north_m: places[index].north_m + step_m() };
        load.report_place(&mut connection, &tokens[index], places[index]).await?;
    }
    Ok(())
}

impl Load {
    fn anywhere(&self, random: &mut Pcg64Mcg) -> Local {
        let mut along_m = || random.random_range(-self.half_m..self.half_m);
        Local { east_m: along_m(), north_m: along_m() }
    }

    fn position(&self, place: Local) -> Value {
        let point = self.frame.to_geo(place);
        json!({ "lat": point.lat_deg(), "lon": point.lon_deg(), "accuracy_m": 8.0 })
    }

    async fn report_place(&self, connection: &mut Connection, token: &str, place: Local) -> anyhow::Result<()> {
        let body = self.position(place).to_string();
        let path = "/api/v1/guards/me/position";
        let (status, _) = connection.ask(&Request { method: "POST", path, token, key: None, body: &body }).await?;
        self.reports.fetch_add(1, Ordering::Relaxed);
        self.refused.fetch_add(u64::from(status != 204), Ordering::Relaxed);
        Ok(())
    }
}

/// Sends every call at its moment; those that were accepted.
async fn call_all(load: &Arc<Load>, calls_per_s: usize, calls: usize) -> anyhow::Result<Vec<Call>> {
    let mut calling = JoinSet::new();
    let begin = Instant::now() + LOOK_AGAIN;
    for part in 0..CALL_CONNECTIONS {
        calling.spawn(call_in_turn(load.clone(), part, calls, calls_per_s, begin));
    }
    let mut answered = Vec::new();
    while let Some(part) = calling.join_next().await {
        answered.extend(part??);
    }
    Ok(answered)
}

async fn call_in_turn(load: Arc<Load>, part: usize, calls: usize, calls_per_s: usize, begin: Instant) -> anyhow::Result<Vec<Call>> {
    let mut connection = Connection::open(load.http).await?;
    let mut random = Pcg64Mcg::seed_from_u64(SEED * 1_000 + part as u64);
    let mut answered = Vec::new();
    for number in (part..calls).step_by(CALL_CONNECTIONS) {
        let planned = begin + Duration::from_secs_f64(number as f64 / calls_per_s as f64);
        let body = json!({ "trigger": "hold", "position": load.position(load.anywhere(&mut random)) }).to_string();
        let (token, key) = (token(&caller_name(number)), format!("press-{number}"));
        tokio::time::sleep_until(planned.into()).await;
        let request = Request { method: "POST", path: "/api/v1/calls", token: &token, key: Some(&key), body: &body };
        let (status, answer) = connection.ask(&request).await?;
        let at = Instant::now();
        let incident =
            serde_json::from_slice::<Value>(&answer).ok().and_then(|answer| Some(answer["incident_id"].as_str()?.to_owned()));
        match incident {
            Some(incident) if status == 202 => answered.push(Call { incident, planned, answered: at }),
            Some(_) | None => eprintln!("call {number}: {status} {}", String::from_utf8_lossy(&answer)),
        }
    }
    Ok(answered)
}

/// The two soonest guards of each call accept, a thought after the first offer. Many connections do it side by side: guards do not wait
/// for each other, and an offer that nobody answers in time would make the server ask still more of them.
async fn accept_offers(load: Arc<Load>, offers: Offers) -> anyhow::Result<()> {
    let mut connections = Vec::new();
    for _ in 0..ACCEPTING_CONNECTIONS {
        connections.push(Connection::open(load.http).await?);
    }
    let mut accepted = std::collections::BTreeSet::new();
    while !load.over.load(Ordering::Relaxed) {
        let ripe = offers.read(|all| {
            let new = all.iter().filter(|(incident, seen)| !accepted.contains(*incident) && is_ripe(seen));
            new.map(|(incident, seen)| (incident.clone(), seen.clone())).collect::<Vec<_>>()
        });
        let share = ripe.len().div_ceil(connections.len()).max(1);
        let accepting = ripe.chunks(share).zip(&mut connections).map(|(share, connection)| accept(connection, share));
        futures_util::future::try_join_all(accepting).await?;
        accepted.extend(ripe.into_iter().map(|(incident, _)| incident));
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(())
}

async fn accept(connection: &mut Connection, ripe: &[(String, Vec<Seen>)]) -> anyhow::Result<()> {
    for (_, seen) in ripe {
        let mut seen: Vec<&Seen> = seen.iter().collect();
        seen.sort_by(|a, b| a.eta_s.total_cmp(&b.eta_s));
        for Seen { offer, guard, .. } in seen.into_iter().take(2) {
            let (path, token) = (format!("/api/v1/offers/{offer}/accept"), token(guard));
            // An offer that no longer stands is refused with a reason; people live with that, and so does this load.
            connection.ask(&Request { method: "POST", path: &path, token: &token, key: None, body: "" }).await?;
        }
    }
    Ok(())
}

fn is_ripe(seen: &[Seen]) -> bool {
    seen.iter().map(|seen| seen.at).min().is_some_and(|first| THOUGHT <= first.elapsed())
}

async fn wait_for_offers(offers: &Offers, answered: &[Call]) {
    let last = Instant::now();
    let missing = || offers.read(|all| answered.iter().any(|call| !all.contains_key(&call.incident)));
    while missing() && last.elapsed() < PATIENCE {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
