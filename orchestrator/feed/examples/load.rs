//! What the way of the picture costs: processor time of our part with ten aircraft played, and with twenty viewers of one.
//!
//! `cargo run -p feed --example load` prints per cent of one core. Cameras and viewers run beside on threads of their own and are not
//! counted; on a busy machine the figures grow with its caches' misses, not with the waiting.

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use feed::{CameraUrls, Feeds, Quality};
use flight_types::DroneId;
use sim_rtsp::StreamSettings;
use support::{Camera, LOOPBACK, Peer, account, captured_at_us, drone, relay};

/// How long each load is measured.
const MEASURED: Duration = Duration::from_secs(10);
const AIRCRAFT: usize = 10;
const VIEWERS: usize = 20;
/// Threads are told apart by this name.
const OURS: &str = "ours";

fn main() {
    let threads = |name: &str| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(1).thread_name(name).enable_all().build().expect("a runtime")
    };
    let (ours, others) = (threads(OURS), threads("others"));
    let camera = others.block_on(Camera::start(LOOPBACK, StreamSettings::default()));
    let feeds = Feeds::default();
    ours.block_on(async { feeds.set(&drone(), camera.urls("")) });

    let relay = ours.block_on(relay(&feeds));
    let mut direct = ours.block_on(async { feeds.source(&drone(), Quality::Main).expect("a camera").subscribe() });
    let mut peers = Vec::new();
    for number in 0..VIEWERS {
        peers.push(others.block_on(Peer::watch(&relay, &account(&format!("viewer-{}", number / 4)), |_| false)));
    }
    peers.iter_mut().for_each(|peer| drop(others.block_on(peer.next())));
    let mut arrivals = std::collections::HashMap::new();
    let (began, before_s) = (Instant::now(), processor_s());
    while began.elapsed() < MEASURED {
        let unit = others.block_on(direct.next()).expect("in service");
        arrivals.insert(unit.stamp.map(|stamp| stamp.captured_at_us), unit.arrived_at);
    }
    let share_pct = (processor_s() - before_s) / began.elapsed().as_secs_f64() * 100.0;
    let mut added_ms: Vec<f64> = Vec::new();
    for peer in &mut peers {
        while let Ok(shown) = peer.shown.try_recv() {
            let arrived_at = arrivals.get(&captured_at_us(&shown.annex_b));
            added_ms.extend(arrived_at.map(|at| shown.at.saturating_duration_since(*at).as_secs_f64() * 1e3));
        }
    }
    added_ms.sort_by(f64::total_cmp);
    let at = |part: f64| added_ms.get((added_ms.len() as f64 * part) as usize).copied().unwrap_or(f64::NAN);
    println!("{VIEWERS} viewers of one 720p stream: {share_pct:.1} % of a core");
    println!("added by our part and loopback: median {:.1} ms, p95 {:.1} ms, {} pictures", at(0.5), at(0.95), added_ms.len());
    drop((peers, direct, relay));

    let fleet = Feeds::default();
    let names: Vec<DroneId> = (0..AIRCRAFT).map(|number| DroneId::new(format!("d{number}")).expect("an id")).collect();
    let urls = camera.urls("");
    // The same camera ten times: what is counted is taking in, not rendering.
    ours.block_on(async { names.iter().for_each(|name| fleet.set(name, CameraUrls { main: urls.main.clone(), sub: None })) });
    let mut played: Vec<_> = names
        .iter()
        .map(|name| ours.block_on(async { fleet.source(name, Quality::Main).expect("a camera").subscribe() }))
        .collect();
    played.iter_mut().for_each(|pictures| drop(others.block_on(pictures.next())));
    let (began, before_s) = (Instant::now(), processor_s());
    std::thread::sleep(MEASURED);
    let share_pct = (processor_s() - before_s) / began.elapsed().as_secs_f64() * 100.0;
    println!("{AIRCRAFT} aircraft's 720p streams taken in: {share_pct:.1} % of a core");
}

/// Processor time of our threads so far, by the kernel's own accounts.
fn processor_s() -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").expect("Linux").flatten();
    let ours = tasks.filter(|task| std::fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name.trim() == OURS));
    let nanoseconds = |task: std::fs::DirEntry| {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<f64>().ok()
    };
    ours.filter_map(nanoseconds).sum::<f64>() / 1e9
}
