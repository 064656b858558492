//! Position reports over MQTT with QoS 1, from the terminals' side of the broker to the index.
//!
//! Through mosquitto (which lets anybody in here) a few sockets carry all identities, because a broker's own access lists are not
//! what is measured; the embedded broker lets each identity speak for itself only, so there each has a socket. Every identity
//! reports the same number of times, each time from a little further north; a flight of reports is acknowledged before the next
//! leaves. Nothing is lost when, in the end, every guard stands where the last acknowledged report says.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::http::{Connection, Request};
use crate::people::{self, OBSERVER, guard_name, token};
use crate::server::{DISTRICT, ROOT, Server};
use crate::wire::Publisher;

/// Sockets to mosquitto.
const SHARED_SOCKETS: usize = 40;
/// Reports sent before their acknowledgements are waited for, on a shared socket and on one of a single terminal.
const SHARED_FLIGHT: usize = 250;
const OWN_FLIGHT: usize = 1;
/// Where the first report is, and how much further north each next one is, degrees: a metre or so.
const PLACE_DEG: (f64, f64) = (36.5, 127.9);
const STEP_DEG: f64 = 0.000_01;
/// How far apart a position and its report may be, degrees: the index keeps centimetres.
const TOLERANCE_DEG: f64 = 0.000_001;
/// Seldom enough for the limit on one account's requests.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How long what was acknowledged may take to arrive before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a broker may take to listen.
const BROKER_START_MAX: Duration = Duration::from_secs(10);

/// What to measure.
#[derive(clap::Parser)]
pub struct Options {
    /// Identities that publish.
    #[arg(long, default_value_t = 10_000)]
    publishers: usize,
    /// Reports of each.
    #[arg(long, default_value_t = 50)]
    reports: usize,
    /// Through mosquitto instead of the embedded broker.
    #[arg(long)]
    mosquitto: bool,
}

/// A broker that nobody here wrote; ended with this.
struct Mosquitto(Child);

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Measures and prints.
pub async fn run(options: &Options) -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let name = if options.mosquitto { "mosquitto" } else { "embedded broker" };
    let broker = match options.mosquitto {
        true => match start_mosquitto(data.path()).await? {
            Some(started) => Some(started),
            None => {
                println!("ingest through mosquitto: peer not installed");
                return Ok(());
            }
        },
        false => None,
    };
    people::settle(data.path(), DISTRICT, options.publishers, 0).await?;
    let mqtt = match &broker {
        Some((_, address)) => format!("broker_url = \"mqtt://{address}\"\nbroker_user = \"server\""),
        None => format!("bind = \"127.0.0.1:0\"\nclients_max = {}", options.publishers + 10),
    };
    let server = Server::start(data.path(), &mqtt)?;
    let mut publishers = connect(options, server.mqtt).await?;
    let mut asking = Connection::open(server.http).await?;
    arrived_at_least(&mut asking, 0).await?;
    let sockets = publishers.len();
    let total = (options.publishers * options.reports) as u64;
    let (began, processor_before_s) = (Instant::now(), server.processor_s());
    let mut sending = JoinSet::new();
    for (part, publisher) in publishers.drain(..).enumerate() {
        sending.spawn(publish(publisher, part, sockets, options.publishers, options.reports));
    }
    let mut acknowledged = 0;
    while let Some(ended) = sending.join_next().await {
        acknowledged += ended??;
    }
    let acknowledged_s = began.elapsed().as_secs_f64();
    let arrived = arrived_at_least(&mut asking, acknowledged).await?;
    let arrived_s = began.elapsed().as_secs_f64();
    let processor_s = server.processor_s() - processor_before_s;
    println!(
        "ingest through {name}: {} identities on {sockets} sockets, {total} reports, {:.0}/s acknowledged by the broker, {:.0}/s into \
         the index; {:.1} µs of the server's processors each",
        options.publishers,
        acknowledged as f64 / acknowledged_s,
        arrived as f64 / arrived_s,
        processor_s * 1e6 / arrived.max(1) as f64
    );
    let misplaced = misplaced(&mut asking, options).await?;
    println!(
        "ingest through {name}: lost: {} not acknowledged, {} acknowledged and not arrived, {misplaced} guards not at their last report",
        total - acknowledged,
        acknowledged.saturating_sub(arrived)
    );
    ensure!(acknowledged == total && acknowledged <= arrived && misplaced == 0, "something was lost");
    Ok(())
}

/// Starts mosquitto; `None` where it is not installed.
async fn start_mosquitto(folder: &Path) -> anyhow::Result<Option<(Mosquitto, SocketAddr)>> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let config = folder.join("mosquitto.conf");
    // Without its own limit on what waits for a client, which would throw messages away that it has acknowledged; with one on what is
    // under way, because this mosquitto sends more than the server allows when it has none.
    let text = format!(
        "listener {} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 900\nset_tcp_nodelay true\n",
        address.port()
    );
    std::fs::write(&config, text)?;
    let program = ["/usr/sbin/mosquitto", "mosquitto"].into_iter().find(|program| runs(program));
    let Some(program) = program else { return Ok(None) };
    let process = Command::new(program).arg("-c").arg(&config).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let mosquitto = Mosquitto(process);
    let began = Instant::now();
    while tokio::net::TcpStream::connect(address).await.is_err() {
        ensure!(began.elapsed() < BROKER_START_MAX, "mosquitto does not listen");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(Some((mosquitto, address)))
}

fn runs(program: &str) -> bool {
    // It has no option that only prints its version and succeeds; being started at all is what counts.
    Command::new(program).arg("-h").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

async fn connect(options: &Options, broker: SocketAddr) -> anyhow::Result<Vec<Publisher>> {
    let sockets = if options.mosquitto { SHARED_SOCKETS } else { options.publishers };
    let mut publishers = Vec::with_capacity(sockets);
    for socket in 0..sockets {
        let name = guard_name(socket);
        publishers.push(Publisher::connect(broker, &name, &token(&name)).await?);
    }
    Ok(publishers)
}

/// Publishes the reports of every `sockets`-th identity from `part` on; how many were acknowledged.
async fn publish(mut publisher: Publisher, part: usize, sockets: usize, identities: usize, reports: usize) -> anyhow::Result<u64> {
    let topics: Vec<String> =
        (part..identities).step_by(sockets).map(|number| format!("{ROOT}/guards/{}/position", guard_name(number))).collect();
    let flight = if sockets < identities { SHARED_FLIGHT } else { OWN_FLIGHT };
    let mut acknowledged = 0;
    let mut staged = 0;
    for report in 0..reports {
        let payload = format!("{{\"lat\":{:.6},\"lon\":{},\"accuracy_m\":8.0}}", lat_deg(report), PLACE_DEG.1);
        for topic in &topics {
            publisher.stage(topic, &payload);
            staged += 1;
            if staged == flight {
                acknowledged += publisher.fly().await?;
                staged = 0;
            }
        }
    }
    Ok(acknowledged + publisher.fly().await?)
}

fn lat_deg(report: usize) -> f64 {
    PLACE_DEG.0 + STEP_DEG * report as f64
}

/// Waits until so many messages have reached the server, or patience ends; how many have.
async fn arrived_at_least(asking: &mut Connection, wanted: u64) -> anyhow::Result<u64> {
    let began = Instant::now();
    loop {
        let request = Request { method: "GET", path: "/metrics", token: &token(OBSERVER), key: None, body: "" };
        let (status, text) = asking.ask(&request).await?;
        ensure!(status == 200, "no numbers from the server: {status}");
        let text = String::from_utf8(text)?;
        let counted = text.lines().find_map(|line| line.strip_prefix("mqtt_positions_taken "));
        let arrived = counted.map_or(Ok(0), str::parse).context("a number")?;
        if wanted <= arrived || PATIENCE < began.elapsed() {
            return Ok(arrived);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// How many guards are not where their last report says.
async fn misplaced(asking: &mut Connection, options: &Options) -> anyhow::Result<usize> {
    let request = Request { method: "GET", path: "/api/v1/guards", token: &token(OBSERVER), key: None, body: "" };
    let (status, answer) = asking.ask(&request).await?;
    ensure!(status == 200, "no list of guards: {status}");
    let guards: Vec<Value> = serde_json::from_slice(&answer)?;
    let at: BTreeMap<&str, f64> =
        guards.iter().filter_map(|guard| Some((guard["id"].as_str()?, guard["position"]["lat"].as_f64()?))).collect();
    let last_deg = lat_deg(options.reports - 1);
    let there =
        |number: usize| at.get(guard_name(number).as_str()).is_some_and(|lat_deg| (lat_deg - last_deg).abs() < TOLERANCE_DEG);
    Ok((0..options.publishers).filter(|number| !there(*number)).count())
}
