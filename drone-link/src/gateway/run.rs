//! `drone-link gateway`: the links of a station's aircraft, and the line to the server. It carries out what `station` decides.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flight_types::{DistrictId, DroneId, DroneStatus, StationId};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::line::{Carried, Line};
use super::topics::Topics;
use super::{BrokerAddress, LossPolicy, Message, Order, Report, Station, StationOutput, StationRules, StationState};
use crate::{AircraftSettings, EndpointSpec, HubOptions, LinkError, LinkHandle, LinkHub, LinkReport};

/// Between two tellings of all statuses; the newest wins, so a slow line loses the ones between.
const STATUSES_EVERY: Duration = Duration::from_millis(250);
/// Silence of the server, in seconds, that a configuration may ask for.
const SILENCE_S: std::ops::RangeInclusive<u64> = 3..=600;

/// The file of a gateway.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayConfig {
    /// The station, as the site names it.
    pub station: StationId,
    /// The district, as the site names it.
    pub district: DistrictId,
    /// The first level of every topic.
    #[serde(default = "default_prefix")]
    pub prefix: String,
    /// The broker.
    pub broker: BrokerAddress,
    /// What must outlive a restart, and the logs. One gateway has it at a time.
    pub data_dir: PathBuf,
    /// The UDP socket on which aircraft are heard. Serial radios reach it through `drone-link route`.
    #[serde(default = "default_bind")]
    pub bind: SocketAddr,
    /// The aircraft of this station.
    pub aircraft: Vec<GatewayAircraft>,
    /// Ground stations beside it.
    #[serde(default)]
    pub watchers: Vec<EndpointSpec>,
    /// What happens to flights while the server is not heard: `stay` or `return`.
    #[serde(default)]
    pub when_lost: LossPolicy,
    /// After so many seconds of silence.
    #[serde(default = "default_silence_s")]
    pub silence_s: u64,
}

/// One aircraft of a station.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayAircraft {
    /// Its MAVLink system id.
    pub system_id: u8,
    /// Everything else.
    pub link: AircraftSettings,
}

fn default_prefix() -> String {
    "escort".to_owned()
}

fn default_bind() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 14_550))
}

fn default_silence_s() -> u64 {
    StationRules::default().silence_max_ms / 1_000
}

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The file cannot be read, or is wrong.
    #[error("{path}: {problem}")]
    Config {
        /// Which file.
        path: String,
        /// What is wrong, with its line.
        problem: String,
    },
    /// What was kept cannot be read.
    #[error("{path} is damaged: {problem}. Moved away, the gateway starts without the flights that were under way")]
    Damaged {
        /// Which file.
        path: String,
        /// What is wrong.
        problem: String,
    },
    /// A file or folder.
    #[error("cannot use {path}")]
    Io {
        /// Which.
        path: String,
        /// The cause.
        source: std::io::Error,
    },
    /// The links.
    #[error(transparent)]
    Link(#[from] LinkError),
}

impl GatewayConfig {
    /// Reads a file; paths in it become relative to where it lies.
    pub fn load(path: &Path) -> Result<Self, GatewayError> {
        let wrong = |problem: String| GatewayError::Config { path: path.display().to_string(), problem };
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let mut config = Self::parse(&text).map_err(wrong)?;
        let base = path.parent().unwrap_or(Path::new(""));
        let keys = config.aircraft.iter_mut().filter_map(|aircraft| aircraft.link.signing_key_file.as_mut());
        keys.chain(&mut config.broker.password_file).chain([&mut config.data_dir]).for_each(|path| *path = base.join(&*path));
        Ok(config)
    }

    /// Reads a text; what is wrong is told with its line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let config: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        if !SILENCE_S.contains(&config.silence_s) {
            return Err(format!("silence_s must be from {} to {}", SILENCE_S.start(), SILENCE_S.end()));
        }
        if config.prefix.is_empty() || config.prefix.contains(['+', '#', '/', '$', '\0']) {
            return Err(format!("prefix: {:?} is not one plain topic level", config.prefix));
        }
        Ok(config)
    }
}

/// A gateway that runs until it is dropped or stopped.
#[derive(Debug)]
pub struct Gateway {
    task: tokio::task::JoinHandle<()>,
    links: LinkHandle,
}

impl Gateway {
    /// Starts the links and the line.
    pub async fn start(config: GatewayConfig) -> Result<Self, GatewayError> {
        let data_dir = config.data_dir.clone();
        let failed = |source| GatewayError::Io { path: data_dir.display().to_string(), source };
        std::fs::create_dir_all(&data_dir).map_err(failed)?;
        let file = data_dir.join("gateway.json");
        let kept = read_state(&file)?;
        let login = config.broker.clone().login().map_err(|source| GatewayError::Io {
            path: config.broker.password_file.iter().map(|path| path.display().to_string()).collect(),
            source,
        })?;
        let links = config.aircraft.iter().map(|aircraft| aircraft.link.link(aircraft.system_id)).collect::<Result<_, _>>()?;
        let options = HubOptions {
            tlog: Some(data_dir.join("tlog")),
            signing: Some(data_dir.join("signing")),
            watchers: config.watchers.clone(),
        };
        let (handle, reports) = LinkHub::start(config.bind, links, options).await?;
        let topics = Topics::new(&config.prefix, &config.district, &config.station);
        let line = Line::start(login, vec![topics.orders()]);
        let rules = StationRules { loss: config.when_lost, silence_max_ms: config.silence_s * 1_000 };
        let start = Instant::now();
        let station = Station::new(rules, kept, unix_ms(), 0);
        let carrier = Carrier { station, topics, file, links: handle.clone(), line, start, told: BTreeMap::new(), was_lost: false };
        Ok(Self { task: tokio::spawn(carrier.run(reports)), links: handle })
    }

    /// Where aircraft are heard.
    pub fn local_addr(&self) -> SocketAddr {
        self.links.local_addr()
    }

    /// The links to the station's aircraft.
    pub fn links(&self) -> &LinkHandle {
        &self.links
    }

    /// Ends it; aircraft go on by themselves.
    pub async fn stop(self) {
        self.task.abort();
        // It ends by being aborted, which is what was wanted.
        let _ = self.task.await;
        self.links.shutdown().await;
    }
}

fn read_state(path: &Path) -> Result<Option<StationState>, GatewayError> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| GatewayError::Damaged { path: path.display().to_string(), problem: error.to_string() }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(GatewayError::Io { path: path.display().to_string(), source }),
    }
}

/// Milliseconds since 1970: the name of a stream of words.
pub(super) fn unix_ms() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX)
}

struct Carrier {
    station: Station,
    topics: Topics,
    file: PathBuf,
    links: LinkHandle,
    line: Line,
    start: Instant,
    /// Statuses as last told.
    told: BTreeMap<DroneId, DroneStatus>,
    was_lost: bool,
}

impl Carrier {
    async fn run(mut self, mut reports: mpsc::Receiver<LinkReport>) {
        let mut statuses = tokio::time::interval(STATUSES_EVERY);
        statuses.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        self.carry_out().await;
        loop {
            let due = self.start + Duration::from_millis(self.station.next_timeout_ms());
            tokio::select! {
                Some(report) = reports.recv() => self.take_report(report),
                Some(carried) = self.line.incoming.recv() => self.take_message(&carried),
                changed = self.line.connection.changed() => {
                    if changed.is_ok() && *self.line.connection.borrow_and_update() > 0 {
                        self.told.clear();
                        self.station.line_renewed(self.now_ms());
                    }
                }
                _ = statuses.tick() => self.tell_statuses(),
                () = tokio::time::sleep_until(due) => self.station.handle_timeout(self.now_ms()),
            }
            self.carry_out().await;
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn take_report(&mut self, report: LinkReport) {
        let now_ms = self.now_ms();
        match report {
            LinkReport::Flight { drone, mission, report } => {
                self.station.handle_report(Report::Flight { drone, mission, report }, now_ms);
            }
            LinkReport::Streams { drone, address, streams } => {
                let streams = streams.into_iter().map(Into::into).collect();
                self.station.handle_report(Report::Streams { drone, address, streams }, now_ms);
            }
            LinkReport::Track { drone, points } => self.station.handle_report(Report::Track { drone, points }, now_ms),
            LinkReport::Duplicate { drone, address } => self.station.handle_report(Report::Duplicate { drone, address }, now_ms),
            // To the server statuses have a way of their own.
            LinkReport::StatusChanged { drone } => {
                if let Some(status) = self.links.status(&drone) {
                    self.station.handle_status(&status, now_ms);
                }
            }
        }
    }

    fn take_message(&mut self, carried: &Carried) {
        match serde_json::from_slice::<Message<Order>>(&carried.payload) {
            Ok(message) => self.station.handle_message(message, self.now_ms()),
            Err(error) => tracing::warn!(topic = %carried.topic, %error, "a message of the server that makes no sense"),
        }
    }

    /// Those that changed; all of them when the line is new.
    fn tell_statuses(&mut self) {
        if *self.line.connection.borrow() == 0 {
            return;
        }
        let changed: Vec<DroneStatus> =
            self.links.statuses().into_iter().filter(|status| self.told.get(&status.drone) != Some(status)).collect();
        if changed.is_empty() {
            return;
        }
        let payload = serde_json::to_vec(&changed).expect("a status is plain data");
        let carried = Carried { topic: self.topics.state(), payload, retain: false };
        // A full line is told the next time, with what is true then.
        if self.line.outgoing.try_send(carried).is_ok() {
            self.told.extend(changed.into_iter().map(|status| (status.drone.clone(), status)));
        }
    }

    async fn carry_out(&mut self) {
        if self.station.is_lost() != self.was_lost {
            self.was_lost = self.station.is_lost();
            let what = if self.was_lost { "the server is not heard any more" } else { "the server is heard again" };
            tracing::warn!("{what}");
        }
        while let Some(output) = self.station.poll_output() {
            match output {
                StationOutput::Keep => self.keep(),
                StationOutput::Give(Order { drone, mission, command }) => {
                    if let Err(error) = self.links.command(&drone, &mission, command).await {
                        tracing::error!(%drone, %mission, %error, "an order of the server could not be given");
                    }
                }
                StationOutput::Tell(message) => {
                    let payload = serde_json::to_vec(&message).expect("a message is plain data");
                    // Whatever finds no room is said again.
                    let _ = self.line.outgoing.try_send(Carried { topic: self.topics.reports(), payload, retain: false });
                }
                StationOutput::Lost(report) => tracing::error!(?report, "nobody takes the station's reports; one is lost"),
            }
        }
    }

    fn keep(&self) {
        let state = serde_json::to_vec(&self.station.state(self.now_ms())).expect("a state is plain data");
        if let Err(error) = crate::signing_files::replace(&self.file, &state) {
            tracing::error!(path = %self.file.display(), %error, "the gateway's state cannot be kept; a restart would forget flights");
        }
    }
}
