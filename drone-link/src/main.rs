//! The command line: routing, replaying logs, parameters, keys, and a station's gateway.

use std::fs::File;
use std::io::{BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use drone_link::gateway::{Gateway, GatewayConfig};
use drone_link::{EndpointRole, EndpointSpec, LogReader, Parameter, Routing, Switchboard, pause};
use tokio::net::UdpSocket;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// How often `route` says what it carried.
const COUNTS_EVERY: Duration = Duration::from_secs(10);

/// MAVLink between aircraft, servers and ground stations. Exit codes: 0 done, 1 failed, 2 wrong arguments.
#[derive(Debug, Parser)]
#[command(name = "drone-link", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Pass frames between endpoints, for example:
    /// drone-link route --full serial:/dev/ttyACM0:57600 --full udpout:127.0.0.1:14550 --watch udpin:0.0.0.0:14560
    Route {
        /// Aircraft, servers, other routers: udpin:, udpout:, tcpin:, tcpout: with ADDRESS:PORT, or serial:DEVICE:BAUD.
        #[arg(long, required = true)]
        full: Vec<EndpointSpec>,
        /// Ground stations that watch: they may ask, and fly only what is handed over.
        #[arg(long)]
        watch: Vec<EndpointSpec>,
        /// System ids of aircraft whose control is handed over to whoever watches.
        #[arg(long)]
        hand_over: Vec<u8>,
    },
    /// Print a telemetry log, or play it to a ground station, for example:
    /// drone-link replay flight.tlog --to 127.0.0.1:14550 --speed 4
    Replay {
        /// A .tlog file.
        file: PathBuf,
        /// Where to play it; without it the log is printed.
        #[arg(long)]
        to: Option<SocketAddr>,
        /// Times as fast as it was; 0 is as fast as it goes.
        #[arg(long, default_value_t = 1.0)]
        speed: f64,
    },
    /// Carry a station's aircraft to a server far away, over MQTT 5, for example: drone-link gateway --config station-1.toml
    Gateway {
        /// The station's file; docs/autopilots.md describes its keys.
        #[arg(long)]
        config: PathBuf,
    },
    /// Print all parameters of an aircraft, a name and a value on each line, for example:
    /// drone-link parameters --over serial:/dev/ttyACM0:115200 --system 1 > d1.parameters
    Parameters {
        /// Where the aircraft is.
        #[arg(long)]
        over: EndpointSpec,
        /// Its MAVLink system id.
        #[arg(long)]
        system: u8,
        /// The key of its link, if it has one.
        #[arg(long)]
        key_file: Option<PathBuf>,
    },
    /// Make a signing key, for example: drone-link key d1.key
    Key {
        /// The file to make; one that is there is not touched.
        file: PathBuf,
    },
    /// Give an aircraft its signing key, over a cable or a network of its own: whoever hears it can fly the aircraft. For example:
    /// drone-link give-key --over serial:/dev/ttyACM0:115200 --system 1 --key-file d1.key
    GiveKey {
        /// Where the aircraft is. Nobody else may hear this.
        #[arg(long)]
        over: EndpointSpec,
        /// Its MAVLink system id.
        #[arg(long)]
        system: u8,
        /// The key, as `drone-link key` makes it.
        #[arg(long)]
        key_file: PathBuf,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match Arguments::parse().command {
        Command::Route { full, watch, hand_over } => route(&full, &watch, &hand_over).await,
        Command::Replay { file, to, speed } => replay(&file, to, speed).await,
        Command::Gateway { config } => gateway(&config).await,
        Command::Parameters { over, system, key_file } => parameters(&over, system, key_file.as_deref()).await,
        Command::Key { file } => make_key(&file),
        Command::GiveKey { over, system, key_file } => {
            drone_link::give_key(&over, system, &key_file).await?;
            println!("system {system} signs its frames with this key now");
            Ok(())
        }
    }
}

async fn route(full: &[EndpointSpec], watch: &[EndpointSpec], hand_over: &[u8]) -> anyhow::Result<()> {
    let board = Switchboard::default();
    let mut routing = Routing::new(board.clone());
    hand_over.iter().for_each(|system_id| board.hand_over(*system_id, true));
    let full = full.iter().map(|spec| (spec, EndpointRole::Full));
    for (spec, role) in full.chain(watch.iter().map(|spec| (spec, EndpointRole::Watcher))) {
        let local = routing.open(spec, role).await?;
        tracing::info!(%spec, ?role, local = local.map(|address| address.to_string()), "carried");
    }
    let mut clock = tokio::time::interval(COUNTS_EVERY);
    loop {
        tokio::select! {
            stopped = stopped() => return stopped,
            _ = clock.tick() => for (endpoint, counts) in board.counts() {
                tracing::info!(?endpoint, ?counts, "so far");
            },
        }
    }
}

async fn gateway(path: &Path) -> anyhow::Result<()> {
    let gateway = Gateway::start(GatewayConfig::load(path)?).await?;
    tracing::info!(bind = %gateway.local_addr(), "the station's aircraft are heard here");
    stopped().await?;
    gateway.stop().await;
    Ok(())
}

async fn parameters(over: &EndpointSpec, system: u8, key_file: Option<&Path>) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for Parameter { name, value } in drone_link::read_parameters(over, system, key_file).await? {
        writeln!(out, "{name} {value}")?;
    }
    Ok(())
}

/// Waits until somebody wants the program to end.
async fn stopped() -> anyhow::Result<()> {
    let mut terminated = signal(SignalKind::terminate()).context("no signal can be waited for")?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.context("no signal can be waited for"),
        _ = terminated.recv() => Ok(()),
    }
}

async fn replay(path: &Path, to: Option<SocketAddr>, speed: f64) -> anyhow::Result<()> {
    if !(speed.is_finite() && speed >= 0.0) {
        bail!("--speed must be 0 or more");
    }
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let log = LogReader::new(BufReader::new(file));
    match to {
        Some(address) => play(log, address, speed).await,
        None => print(log),
    }
    .with_context(|| path.display().to_string())
}

fn print(log: LogReader<BufReader<File>>) -> anyhow::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut first_us = None;
    for entry in log {
        let entry = entry?;
        writeln!(out, "{}", drone_link::line(&entry, *first_us.get_or_insert(entry.time_us)))?;
    }
    Ok(out.flush()?)
}

async fn play(log: LogReader<BufReader<File>>, to: SocketAddr, speed: f64) -> anyhow::Result<()> {
    let any: SocketAddr = if to.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
    let socket = UdpSocket::bind(any).await.context("no socket")?;
    let (mut before_us, mut count) = (None, 0_u64);
    for entry in log {
        let entry = entry?;
        if drone_link::is_secret(&entry.frame) {
            continue;
        }
        tokio::time::sleep(pause(*before_us.get_or_insert(entry.time_us), entry.time_us, speed)).await;
        before_us = Some(entry.time_us);
        socket.send_to(&entry.frame, to).await.with_context(|| format!("cannot send to {to}"))?;
        count += 1;
    }
    eprintln!("{count} frames played to {to}");
    Ok(())
}

fn make_key(path: &Path) -> anyhow::Result<()> {
    drone_link::make_key(path).with_context(|| format!("cannot make {}", path.display()))?;
    println!("{} holds a new key. Whoever has it can fly the aircraft that get it.", path.display());
    Ok(())
}
