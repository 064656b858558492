//! Brings the whole server up and takes it down in order.
//!
//! Up: store and lease, engine, links, workers, MQTT, HTTP. Down (`docs/operations.md`): stop accepting, finish what was accepted,
//! flush what is to be told, leave MQTT, let aircraft fly on safely by themselves, close the log, give the lease back.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context;
use drone_link::gateway::BrokerLogin;
use feed::{CameraUrls, Feeds, Relay, RelaySettings};
use flight_types::{DistrictId, LotId};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use parking_core::event::GateFrame;
use site_model::Site;
use tokio::task::JoinHandle;

use parking_core::config::ParkingConfig;

use crate::access::{Access, NewAccount, RateLimit};
use crate::announced::Announcements;
use crate::clock::Clock;
use crate::config::{Config, TlsMode};
use crate::effects::{self, FileMessages, GuardFinder, MessagePort, Notices, Workshop};
use crate::engine::{Engine, EngineTask, Opening};
use crate::evidence::{Keeping, Recorder, Space};
use crate::gate_frames::GateFrames;
use crate::http::limits::RateLimits;
use crate::http::{self, App, AreaCodes, Pictures};
use crate::limits;
use crate::links::{Links, Reporting};
use crate::live::Live;
use crate::lots::Lots;
use crate::mqtt::{Bridge, BridgeSettings, BridgeTask, BrokerSettings, DeviceTokens, EmbeddedBroker, HttpDesk, Topics};
use crate::parking::{area_codes_of, configure, provider_of};
use crate::parts::Parts;
use crate::payments::{self, PaymentProvider};
use crate::roads::roads_of;
use crate::site_view::{LoadedSite, PortMessages};
use crate::store::{AuditTrail, Lease, Location, Store};
use crate::surveys::{Askers, SurveyedLot, Times, Watch, WatchParts};
use crate::tls::Certificate;
use crate::{beacons, evidence, housekeeping, shutdown, surveys};

/// A server that is up.
pub struct Server {
    parts: Parts,
    engine_task: EngineTask,
    workers: JoinHandle<()>,
    links: Links,
    lease: Lease,
    access: Access,
    http: http::Server,
    mqtt: Option<Mqtt>,
    housekeeping: JoinHandle<()>,
    reconciling: JoinHandle<()>,
    evidence: Evidence,
    surveying: Option<Surveying>,
}

/// What looks at surveys, and what asks for those that are due.
struct Surveying {
    watch: Watch,
    schedule: JoinHandle<()>,
}

/// What records, if anything does, and what forgets.
struct Evidence {
    recorder: Option<Recorder>,
    tidying: JoinHandle<()>,
}

struct Mqtt {
    broker: Option<EmbeddedBroker>,
    bridge: BridgeTask,
    url: String,
}

/// Runs a server until it is asked to stop. Prints one line on standard output when it is ready.
pub async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let filter = tracing_subscriber::EnvFilter::try_new(&config.log.filter).context("log.filter is not a filter")?;
    // Standard output belongs to the line that says where the server is.
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let signals = shutdown::StopSignals::listen().context("cannot listen for signals")?;
    let server = Server::start(config).await?;
    println!("ready {}", server.addresses());
    let lease = server.lease.clone();
    let mut server = server;
    let code = tokio::select! {
        () = signals.asked_to_stop() => {
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
        let opening = Opening { code_version: code_version(), site: site.config(), crash: config.crash };
        let (engine, engine_task, queue) = Engine::start(&store, clock, &live, opening).await?;
        let audit = AuditTrail::start(&store, engine.clock().clone()).await?;
        let access = Access::open(store.clone(), engine.clock().clone()).await?;
        let notices = Notices::new(store.outbox(), engine.clone());
        let pictures = start_pictures(&config).await?;
        let cameras = Announcements::new(pictures.feeds.clone(), config.feeds.announced_hosts.clone());
        let gate = open_broker(&config, store.district(), &access).await?;
        let (links, reporting) = Links::start(&config, &site, gate.as_ref().map(Gate::login_of_links)).await?;
        for Reporting { reports, handle } in reporting {
            tokio::spawn(effects::forward_reports(reports, handle, engine.clone(), live.clone(), cameras.clone()));
        }
        let messages = config.messages.file.clone().unwrap_or_else(|| location.path().join("messages.jsonl"));
        let messages: Arc<dyn MessagePort> = Arc::new(FileMessages::open(messages).context("cannot open the file for messages")?);
        let payments = provider_of(&config.parking.payments)?;
        let area_codes = area_codes_of(&config.parking)?;
        let lots = Lots::open(&site.lots, site.centre(), store.layouts()).await?;
        let parking_file = configure(&engine, &config.parking, &lots).await?;
        let workshop = Workshop {
            engine: engine.clone(),
            live: live.clone(),
            notices: notices.clone(),
            access: access.clone(),
            guards: Arc::new(GuardFinder::new(roads_of(&site))),
            links: Arc::new(links.clone()),
            messages: messages.clone(),
            listening_since_ms: engine.now_ms(),
            payments: payments.clone(),
            private: store.private_cards(),
        };
        let workers = effects::start(queue, workshop);
        let housekeeping =
            housekeeping::start(store.clone(), live.clone(), notices.clone(), engine.clone(), config.parking.keep_days);
        let reconciling = tokio::spawn(payments::reconcile(engine.clone(), payments.clone(), store.private_cards()));
        let parts = Parts { config, site, lots, engine, live, notices, store, audit };
        somebody_can_sign_in(&access, &parts.config).await?;
        let evidence = start_evidence(&parts, &pictures.feeds).await?;
        let surveying = start_surveying(&parts, &pictures.feeds)?;
        let app = surface(&parts, &access, messages, payments, area_codes, pictures, parking_file)?;
        let desk = HttpDesk::new(http::router(app.clone()), parts.engine.clone(), parts.site.centre());
        let mqtt = gate.map(|gate| start_bridge(gate, &parts, desk));
        let http = http::Server::start(app, parts.config.http.bind, certificate(&parts.config).await?).await?;
        Ok(Self { parts, engine_task, workers, links, lease, access, http, mqtt, housekeeping, reconciling, evidence, surveying })
    }

    /// What other parts work with.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Accounts, callers and their credentials.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Where HTTP listens.
    pub fn http_addr(&self) -> SocketAddr {
        self.http.address()
    }

    /// Which broker it speaks to, if any.
    pub fn mqtt_url(&self) -> Option<&str> {
        self.mqtt.as_ref().map(|mqtt| mqtt.url.as_str())
    }

    /// Returns when the MQTT bridge is connected and subscribed.
    pub async fn mqtt_connected(&self) {
        if let Some(mqtt) = &self.mqtt {
            // The bridge reports until it is stopped.
            let _ = mqtt.bridge.connected().wait_for(|connected| *connected).await;
        }
    }

    /// Returns when the MQTT bridge has lost its broker.
    pub async fn mqtt_lost(&self) {
        if let Some(mqtt) = &self.mqtt {
            let _ = mqtt.bridge.connected().wait_for(|connected| !connected).await;
        }
    }

    /// Where it can be reached, as `name=address` pairs.
    pub fn addresses(&self) -> String {
        let mqtt = self.mqtt.as_ref().map(|mqtt| format!(" mqtt={}", mqtt.url)).unwrap_or_default();
        let scheme = if self.parts.config.http.tls.mode == TlsMode::Off { "http" } else { "https" };
        format!("http={scheme}://{}{mqtt} links={}", self.http.address(), self.links.local_addr())
    }

    /// Takes everything down in order.
    pub async fn stop(self) {
        self.parts.engine.stop_accepting();
        self.http.stop().await;
        settle(&self.parts.engine).await;
        // While the audit trail still takes the last seals.
        if let Some(recorder) = self.evidence.recorder {
            recorder.stop().await;
        }
        if let Some(surveying) = self.surveying {
            surveying.schedule.abort();
            surveying.watch.stop().await;
        }
        self.evidence.tidying.abort();
        self.links.leave_gateways().await;
        if let Some(mqtt) = self.mqtt {
            mqtt.bridge.stop().await;
            if let Some(broker) = mqtt.broker {
                broker.stop().await;
            }
        }
        // Aircraft fly missions and modes that are safe without us; the links only stop talking to them.
        self.links.shutdown().await;
        self.housekeeping.abort();
        self.reconciling.abort();
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

/// Makes a demo's accounts, or else a first administrator, so that a new server can be used at all.
async fn somebody_can_sign_in(access: &Access, config: &Config) -> anyhow::Result<()> {
    if !config.demo_accounts.is_empty() {
        tracing::warn!(
            "demo accounts: their passwords stand in the configuration for everybody to read; never use this for a site"
        );
    }
    let wanted = config.demo_accounts.iter().cloned().map(|account| NewAccount {
        id: account.id,
        name: account.name,
        role: account.role,
        lots: account.lots,
        password: account.password,
    });
    access.add_missing(wanted.collect()).await.context("the demo's accounts could not be made")?;
    if let Some(first) = access.first_admin().await? {
        // Standard error, not the log: logs are kept and collected, this must be seen once.
        eprintln!("orchestrator: first start. Sign in as {} with password {} and change it.", first.id, first.password);
    }
    Ok(())
}

/// The HTTP surface over the server's parts.
fn surface(
    parts: &Parts,
    access: &Access,
    messages: Arc<dyn MessagePort>,
    payments: Arc<dyn PaymentProvider>,
    area_codes: Arc<dyn AreaCodes>,
    pictures: Pictures,
    parking_file: Option<Arc<ParkingConfig>>,
) -> anyhow::Result<App> {
    let waiting: Vec<GateFrame> =
        parts.engine.read(|core| core.parking().reviews().filter_map(|review| review.frame.clone()).collect());
    let gate_frames = GateFrames::open(&parts.config.store.data_dir, waiting.iter()).context("pictures of gates")?;
    let tries = RateLimit { burst: parts.config.http.tries_per_min, per_minute: parts.config.http.tries_per_min };
    let parking_tries = parts.config.parking.tries_per_min;
    let parking = RateLimit { burst: parking_tries, per_minute: parking_tries };
    Ok(App::new(http::Parts {
        district: parts.store.district().clone(),
        access: access.clone(),
        engine: parts.engine.clone(),
        live: parts.live.clone(),
        notices: parts.notices.clone(),
        audit: parts.audit.clone(),
        site: Arc::new(LoadedSite::new(
            parts.site.clone(),
            parts.lots.clone(),
            parts.config.surveys.clone(),
            parts.config.parking.beacon_host.clone().unwrap_or_default(),
        )),
        lots: parts.lots.clone(),
        sheets_for: surveys::sheets_for(&parts.config.surveys),
        messages: Arc::new(PortMessages(messages)),
        pictures: Some(pictures),
        payments,
        private: parts.store.private_cards(),
        orders: parts.store.payment_orders(),
        area_codes,
        parking_file,
        public_url: parts.config.parking.public_url.clone(),
        surveys_dir: Some(surveys::folder(&parts.config.store.data_dir)),
        gate_frames: Some(gate_frames),
        tlog_dir: parts.config.links.tlog.then(|| parts.config.store.data_dir.join("tlog")),
        metrics: Some(metrics_handle()),
        rates: RateLimits { registration: tries, sign_in: tries, parking, ..RateLimits::default() },
        tls: parts.config.http.tls.mode != TlsMode::Off,
    }))
}

/// The cameras that the configuration names, and the socket from which their pictures go to browsers.
async fn start_pictures(config: &Config) -> anyhow::Result<Pictures> {
    let feeds = Feeds::default();
    for camera in &config.feeds.cameras {
        feeds.set(&camera.drone, CameraUrls { main: camera.main.clone(), sub: camera.sub.clone() });
    }
    let settings = RelaySettings { bind: config.feeds.bind, advertised: config.feeds.advertised.clone() };
    let relay = Relay::start(settings, feeds.clone()).await?;
    Ok(Pictures::new(feeds, relay, config.feeds.ice_servers.clone()))
}

/// Seals what a killed server left, then records and forgets.
async fn start_evidence(parts: &Parts, feeds: &Feeds) -> anyhow::Result<Evidence> {
    let config = &parts.config.evidence;
    let folder = evidence::folder(&parts.config.store.data_dir);
    let found = evidence::seal_found(&parts.store, &parts.audit, &folder).await?;
    if 0 < found {
        tracing::warn!(recordings = found, "recordings of a server that did not stop in order are sealed as found");
    }
    let keeping = Keeping {
        age_max: Duration::from_secs(u64::from(config.keep_days) * 24 * 3_600),
        bytes_max: u64::from(config.gigabytes_max) * 1_000_000_000,
    };
    let space = Arc::new(Space::new(folder, keeping, parts.engine.clone(), parts.audit.clone()));
    let tidying = space.tidy();
    let recorder = config.record.then(|| Recorder::start(parts.engine.clone(), parts.audit.clone(), feeds.clone(), space));
    Ok(Evidence { recorder, tidying })
}

/// Watches surveys and asks for those that are due, where the beacons' keys are known: without them no code can be told from a forgery.
fn start_surveying(parts: &Parts, feeds: &Feeds) -> anyhow::Result<Option<Surveying>> {
    let parking = &parts.config.parking;
    let (Some(path), Some(host)) = (&parking.beacon_keys_file, &parking.beacon_host) else { return Ok(None) };
    let (lots, settings) = (parts.lots.clone(), parts.config.surveys.clone());
    let of_host = host.clone();
    let drawn = move |lot: &LotId| lots.current(lot).map(|layout| SurveyedLot::of(&layout.lot, &settings, &of_host));
    let watch = Watch::start(WatchParts {
        engine: parts.engine.clone(),
        feeds: feeds.clone(),
        lots: Arc::new(drawn),
        keys: beacons::load(host, path)?,
        judge: surveys::judge(parts.config.surveys.bay_model.as_deref())?,
        settings: parts.config.surveys.clone(),
        folder: surveys::folder(&parts.config.store.data_dir),
    });
    let times = Times { daily_at: parts.config.surveys.daily_at.clone(), utc_offset_min: parts.config.surveys.utc_offset_min };
    Ok(Some(Surveying { watch, schedule: surveys::start_schedule(parts.engine.clone(), times, due_lots(parts, host)) }))
}

/// Every lot in which there is something to look at, with the request for its survey.
fn due_lots(parts: &Parts, host: &str) -> Askers {
    let (engine, lots, settings) = (parts.engine.clone(), parts.lots.clone(), parts.config.surveys.clone());
    let host = host.to_owned();
    Arc::new(move |kind, now_ms| {
        let Some(config) = engine.read(|core| core.site().cloned()) else { return Vec::new() };
        let known = lots.all().into_iter().map(|layout| SurveyedLot::of(&layout.lot, &settings, &host));
        let looked_at = known.filter(|lot| !(lot.register.beacons.is_empty() && lot.register.bays.is_empty()));
        let planned = |lot: SurveyedLot| {
            let event = surveys::plan(&lot, kind, &config, &settings, now_ms).map_err(|error| error.to_string());
            (lot.id, event)
        };
        looked_at.map(planned).collect()
    })
}

/// One recorder a process, however many servers a test starts in it.
fn metrics_handle() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    let install = || {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another recorder takes the numbers; /metrics stays empty");
        }
        handle
    };
    HANDLE.get_or_init(install).clone()
}

async fn certificate(config: &Config) -> anyhow::Result<Option<axum_server::tls_rustls::RustlsConfig>> {
    let tls = &config.http.tls;
    let certificate = match tls.mode {
        TlsMode::Off => return Ok(None),
        TlsMode::SelfMade => Certificate::SelfMade {
            folder: config.store.data_dir.clone(),
            names: vec!["localhost".to_owned(), config.http.bind.ip().to_string()],
        },
        TlsMode::Files => Certificate::Files {
            certificate: tls.certificate.clone().context("http.tls.certificate is missing")?,
            key: tls.private_key.clone().context("http.tls.private_key is missing")?,
        },
    };
    Ok(Some(certificate.load().await?))
}

/// A broker that stands, and how the server signs in there.
struct Gate {
    broker: Option<EmbeddedBroker>,
    url: String,
    user: String,
    secret: String,
    topics: Topics,
}

impl Gate {
    /// As the links to stations' gateways: the server, in a session of its own beside the bridge's.
    fn login_of_links(&self) -> BrokerLogin {
        BrokerLogin {
            url: self.url.clone(),
            user: self.user.clone(),
            client_id: format!("{}-links", self.user),
            password: Some(self.secret.clone()),
        }
    }
}

/// Starts the broker, when it is ours.
async fn open_broker(config: &Config, district: &DistrictId, access: &Access) -> anyhow::Result<Option<Gate>> {
    let mqtt = &config.mqtt;
    if !mqtt.enabled {
        return Ok(None);
    }
    let topics = Topics::new(&mqtt.prefix, district);
    if let Some(url) = mqtt.broker_url.clone() {
        let secret = mqtt.broker_password_file.as_deref().map(read_secret).transpose()?.unwrap_or_default();
        return Ok(Some(Gate { broker: None, url, user: mqtt.broker_user.clone().unwrap_or_default(), secret, topics }));
    }
    let secret = random_hex()?;
    let gateways = config.links.gateways.iter().filter_map(|gateway| {
        let path = gateway.password_file.as_deref()?;
        Some(read_secret(path).map(|password| (gateway.station.clone(), password)))
    });
    let broker = EmbeddedBroker::start(BrokerSettings {
        bind: mqtt.bind,
        websocket_bind: mqtt.websocket_bind,
        storage_dir: config.store.data_dir.join("mqtt"),
        clients_max: mqtt.clients_max,
        topics: topics.clone(),
        identities: Arc::new(DeviceTokens(access.clone())),
        server_secret: secret.clone(),
        gateways: gateways.collect::<anyhow::Result<_>>()?,
    })
    .await?;
    let url = format!("mqtt://{}", reachable(broker.addr()));
    Ok(Some(Gate { broker: Some(broker), url, user: crate::mqtt::SERVER_USER.to_owned(), secret, topics }))
}

/// A password in a file. An empty one would let everybody in.
fn read_secret(path: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let secret = text.trim_end();
    anyhow::ensure!(!secret.is_empty(), "{} is empty: a password belongs there", path.display());
    Ok(secret.to_owned())
}

/// Starts the bridge to the broker.
fn start_bridge(gate: Gate, parts: &Parts, desk: HttpDesk) -> Mqtt {
    let Gate { broker, url, user, secret, topics } = gate;
    let settings = BridgeSettings { url: url.clone(), user, secret, topics, desk: Arc::new(desk) };
    let bridge = Bridge::new(settings, parts.engine.clone(), parts.live.clone(), parts.notices.clone()).start();
    Mqtt { broker, bridge, url }
}

/// A broker that listens everywhere is reached over loopback.
fn reachable(mut addr: SocketAddr) -> SocketAddr {
    if addr.ip().is_unspecified() {
        addr.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    addr
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
