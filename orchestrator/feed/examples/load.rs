//! What the way of the picture costs: processor time of our part with ten aircraft played, and with twenty viewers of one.
//!
//! `cargo run -p feed --example load` prints per cent of one core. Cameras and viewers run beside on threads of their own and are not
//! counted; on a busy machine the figures grow with its caches' misses, not with the waiting.

#[path = "../tests/support/mod.rs"]
mod support;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use feed::{CameraUrls, Feeds, Quality, Subscription};
use flight_types::DroneId;
use sim_rtsp::StreamSettings;
use support::{Camera, LOOPBACK, Peer, account, captured_at_us, drone, relay};
use tokio::runtime::Runtime;

/// How long each load is measured.
const MEASURED: Duration = Duration::from_secs(10);
const AIRCRAFT: usize = 10;
const VIEWERS: usize = 20;
/// Threads are told apart by this name.
const OURS: &str = "ours";

fn main() {
    let bench = Bench::start();
    bench.viewers("20 viewers of one 720p stream", &bench.fleet(1));
    let ten = bench.fleet(AIRCRAFT);
    let mut played = bench.play_all(&ten);
    bench.taken_in(&mut played);
    // Evidence and surveys take every aircraft's pictures in while people watch one of them.
    bench.viewers("the same while all ten are taken in", &ten);
}

/// Our part on one thread, cameras and viewers on another.
struct Bench {
    ours: Runtime,
    others: Runtime,
    camera: Camera,
}

impl Bench {
    fn start() -> Self {
        let threads = |name: &str| {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            builder.worker_threads(1).thread_name(name).enable_all().build().expect("a runtime")
        };
        let (ours, others) = (threads(OURS), threads("others"));
        let camera = others.block_on(Camera::start(LOOPBACK, StreamSettings::default()));
        Self { ours, others, camera }
    }

    /// Aircraft d1, d2 …, all with the same camera: what is counted is our part, not rendering.
    fn fleet(&self, count: usize) -> Feeds {
        let (feeds, urls) = (Feeds::default(), self.camera.urls(""));
        let names = (1..=count).map(|number| DroneId::new(format!("d{number}")).expect("an id"));
        self.ours.block_on(async { names.for_each(|name| feeds.set(&name, CameraUrls { main: urls.main.clone(), sub: None })) });
        feeds
    }

    fn play_all(&self, feeds: &Feeds) -> Vec<Subscription> {
        let play = |name: &DroneId| feeds.source(name, Quality::Main).expect("a camera").subscribe();
        let mut played: Vec<Subscription> = self.ours.block_on(async { feeds.drones().iter().map(play).collect() });
        played.iter_mut().for_each(|pictures| drop(self.others.block_on(pictures.next())));
        played
    }

    fn taken_in(&self, played: &mut [Subscription]) {
        let (began, before_s) = (Instant::now(), processor_s());
        std::thread::sleep(MEASURED);
        let share_pct = (processor_s() - before_s) / began.elapsed().as_secs_f64() * 100.0;
        println!("{} aircraft's 720p streams taken in: {share_pct:.1} % of a core", played.len());
    }

    /// Twenty peers watch d1; from when a picture's last packet has come to when it is whole at a peer is our part, and loopback's.
    fn viewers(&self, what: &str, feeds: &Feeds) {
        let relay = self.ours.block_on(relay(feeds));
        let mut direct = self.ours.block_on(async { feeds.source(&drone(), Quality::Main).expect("a camera").subscribe() });
        let watch =
            |number: usize| self.others.block_on(Peer::watch(&relay, &account(&format!("viewer-{}", number / 4)), |_| false));
        let mut peers: Vec<Peer> = (0..VIEWERS).map(watch).collect();
        peers.iter_mut().for_each(|peer| drop(self.others.block_on(peer.next())));
        let mut arrivals = HashMap::new();
        let (began, before_s) = (Instant::now(), processor_s());
        while began.elapsed() < MEASURED {
            let unit = self.others.block_on(direct.next()).expect("in service");
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
        println!(
            "{what}: {share_pct:.1} % of a core; added median {:.1} ms, p95 {:.1} ms, {} pictures",
            at(0.5),
            at(0.95),
            added_ms.len()
        );
    }
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
