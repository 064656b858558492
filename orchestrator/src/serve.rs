//! Brings the whole server up and takes it down in order.
//!
//! Up: store and lease, engine, links, workers, MQTT, HTTP. Down (`docs/operations.md`): stop accepting, finish what was accepted,
//! flush what is to be told, leave MQTT, let aircraft fly on safely by themselves, close the log, give the lease back.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use drone_link::{LinkHandle, LinkHub};
use drone_link_proto::LinkConfig;
use site_model::Site;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::config::Config;
use crate::effects::{self, FileMessages, GuardFinder, Notices, Workshop};
use crate::engine::{CrashPoints, Engine, EngineTask, Opening};
use crate::limits;
use crate::live::Live;
use crate::mqtt::{Bridge, BridgeSettings, BridgeTask, BrokerSettings, Desk, EmbeddedBroker, Topics};
use crate::parts::Parts;
use crate::roads::roads_of;
use crate::store::{AuditTrail, Lease, Location, Store};
use crate::{housekeeping, shutdown};

/// A server that is up.
pub struct Server {
    parts: Parts,
    engine_task: EngineTask,
    workers: JoinHandle<()>,
    links: LinkHandle,
    lease: Lease,
    mqtt: Option<Mqtt>,
    housekeeping: JoinHandle<()>,
}

struct Mqtt {
    broker: Option<EmbeddedBroker>,
    bridge: BridgeTask,
    url: String,
}

/// Runs a server until it is asked to stop. Prints one line on standard output when it is ready.
pub async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let server = Server::start(config).await?;
    println!("ready {}", server.addresses());
    let lease = server.lease.clone();
    let mut server = server;
    let code = tokio::select! {
        asked = shutdown::asked_to_stop() => {
            asked.context("cannot listen for signals")?;
            tracing::info!("asked to stop; draining");
            ExitCode::SUCCESS
        }
        lost = lease.keep() => {
            tracing::error!(error = %crate::engine::chain(&lost), "the district's lease is lost; stopping");
            ExitCode::from(2)
        }
        () = server.engine_task.ended() => {
            // Its log line says why; the next start replays the log.
            tracing::error!("the engine ended; stopping");
            return Ok(ExitCode::from(2));
        }
    };
    server.stop().await;
    Ok(code)
}

impl Server {
    /// Brings everything up.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        let site = Arc::new(Site::load(&config.site)?);
        let config = Arc::new(config);
        let location = Location::with_database(config.store.data_dir.clone(), config.store.database_url.clone());
        let store = Store::open(&location, site.manifest.district.clone()).await?;
        let clock = Clock::system(0);
        let lease = Lease::take(&store, clock.clone(), owner()).await?;
        let live = Live::new(site.centre());
        housekeeping::load_caller_positions(&store, &live).await?;
        let opening = Opening { code_version: code_version(), site: site.config(), crash: crash_points(&config) };
        let (engine, engine_task, queue) = Engine::start(&store, clock, &live, opening).await?;
        let audit = AuditTrail::start(&store, engine.clock().clone()).await?;
        let notices = Notices::new(store.outbox(), engine.clone());
        let links = start_links(&config, &site, &engine, &live).await?;
        let messages = FileMessages::open(config.messages.file.clone().unwrap_or_else(|| location.path().join("messages.jsonl")))
            .context("cannot open the file for messages")?;
        let workshop = Workshop {
            engine: engine.clone(),
            live: live.clone(),
            notices: notices.clone(),
            guards: Arc::new(GuardFinder::new(roads_of(&site))),
            links: Arc::new(links.clone()),
            messages: Arc::new(messages),
        };
        let workers = effects::start(queue, workshop);
        let housekeeping = housekeeping::start(store.clone(), live.clone(), notices.clone());
        let parts = Parts { config, site, engine, live, notices, store, audit };
        Ok(Self { parts, engine_task, workers, links, lease, mqtt: None, housekeeping })
    }

    /// What other parts work with.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Where it can be reached, as `name=address` pairs.
    pub fn addresses(&self) -> String {
        let mqtt = self.mqtt.as_ref().map(|mqtt| format!(" mqtt={}", mqtt.url)).unwrap_or_default();
        format!("links={}{mqtt}", self.links.local_addr())
    }

    /// Takes everything down in order.
    pub async fn stop(self) {
        self.parts.engine.stop_accepting();
        settle(&self.parts.engine).await;
        if let Some(mqtt) = self.mqtt {
            mqtt.bridge.stop().await;
            if let Some(broker) = mqtt.broker {
                broker.stop().await;
            }
        }
        // Aircraft fly missions and modes that are safe without us; the links only stop talking to them.
        self.links.shutdown().await;
        self.housekeeping.abort();
        self.engine_task.stop().await;
        self.workers.abort();
        if let Err(error) = self.lease.release().await {
            tracing::warn!(error = %crate::engine::chain(&error), "the lease could not be given back; it runs out by itself");
        }
        self.parts.store.close().await;
        tracing::info!("stopped");
    }
}

/// Waits until no effect is open, but not longer than a drain may take: what is open then is given again at the next start.
async fn settle(engine: &Engine) {
    let mut steps = engine.subscribe();
    let settled = async {
        while 0 < engine.effects_open() {
            // Every effect ends with an entry or soon after one; the pause covers the moment between.
            let _ = tokio::time::timeout(limits::DRAIN_LOOK, steps.recv()).await;
        }
    };
    if tokio::time::timeout(limits::DRAIN_MAX, settled).await.is_err() {
        tracing::warn!(effects = engine.effects_open(), "effects still open; they are given again at the next start");
    }
}

async fn start_links(config: &Config, site: &Site, engine: &Engine, live: &Live) -> anyhow::Result<LinkHandle> {
    let links: Vec<LinkConfig> = site.drones().map(|drone| LinkConfig::new(drone.id.clone(), drone.system_id)).collect();
    let tlog_dir = config.links.tlog.then(|| config.store.data_dir.join("tlog"));
    let (handle, reports) = LinkHub::start(config.links.bind, links, tlog_dir).await.context("cannot start the links to aircraft")?;
    tokio::spawn(effects::forward_reports(reports, handle.clone(), engine.clone(), live.clone()));
    Ok(handle)
}

/// Starts the broker, when it is ours, and the bridge to it.
#[expect(dead_code, reason = "called once the HTTP surface, which is the desk, is wired")]
async fn start_mqtt(
    parts: &Parts,
    identities: Arc<dyn crate::mqtt::access::Identities>,
    desk: Arc<dyn Desk>,
) -> anyhow::Result<Option<Mqtt>> {
    let config = &parts.config.mqtt;
    if !config.enabled {
        return Ok(None);
    }
    let topics = Topics::new(&config.prefix, parts.store.district());
    let (broker, url, user, secret) = match &config.broker_url {
        Some(url) => {
            let secret = match &config.broker_password_file {
                Some(path) => std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?,
                None => String::new(),
            };
            (None, url.clone(), config.broker_user.clone().unwrap_or_default(), secret.trim_end().to_owned())
        }
        None => {
            let secret = random_hex()?;
            let broker = EmbeddedBroker::start(BrokerSettings {
                bind: config.bind,
                websocket_bind: config.websocket_bind,
                storage_dir: parts.config.store.data_dir.join("mqtt"),
                clients_max: config.clients_max,
                topics: topics.clone(),
                identities,
                server_secret: secret.clone(),
            })
            .await?;
            let url = format!("mqtt://{}", reachable(broker.addr()));
            (Some(broker), url, crate::mqtt::SERVER_USER.to_owned(), secret)
        }
    };
    let settings = BridgeSettings { url: url.clone(), user, secret, topics, desk };
    let bridge = Bridge::new(settings, parts.engine.clone(), parts.live.clone(), parts.notices.clone()).start();
    Ok(Some(Mqtt { broker, bridge, url }))
}

/// A broker that listens everywhere is reached over loopback.
fn reachable(mut addr: SocketAddr) -> SocketAddr {
    if addr.ip().is_unspecified() {
        addr.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    addr
}

fn crash_points(config: &Config) -> CrashPoints {
    CrashPoints {
        after_durable_seq: config.testing.crash_after_durable_seq,
        after_dispatch_seq: config.testing.crash_after_dispatch_seq,
    }
}

fn code_version() -> String {
    format!("{}+{}", env!("CARGO_PKG_VERSION"), option_env!("ORCHESTRATOR_COMMIT").unwrap_or("unknown"))
}

/// Names this process among those that may want the district.
fn owner() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}-{}-{}", host.trim(), std::process::id(), Clock::system(0).now_ms())
}

fn random_hex() -> anyhow::Result<String> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no randomness from the system: {error}"))?;
    Ok(hex::encode(bytes))
}
