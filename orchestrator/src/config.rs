//! What the server's configuration file says. Unknown keys are refused; errors name the file, the line and the key.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use dispatch_core::event::Role;
use drone_link::{AircraftSettings, EndpointSpec};
use flight_types::{AccountId, DroneId, StationId};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::access::OwnLots;
use crate::crash::CrashOrder;
use crate::surveys::TimeOfDay;

/// No clock on Earth is further from UTC, minutes.
const UTC_OFFSET_MIN_MAX: i32 = 14 * 60;

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Io {
        /// Which file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Not TOML, an unknown key, or a value of the wrong kind.
    #[error("{path}: {source}")]
    Syntax {
        /// Which file.
        path: String,
        /// Line, column and key.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// Well formed, but impossible.
    #[error("{path}: {key}: {problem}")]
    Value {
        /// Which file.
        path: String,
        /// Which key.
        key: &'static str,
        /// What is wrong and what to do.
        problem: String,
    },
}

/// The server's configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The site's folder (`site.toml` and its GeoJSON layers), relative to the configuration file.
    pub site: PathBuf,
    /// Accounts made at start when they do not exist. For a demo only: their passwords stand in the file for everybody to read.
    #[serde(default)]
    pub demo_accounts: Vec<DemoAccount>,
    /// Where data is kept.
    pub store: StoreConfig,
    /// HTTP and WebSocket.
    #[serde(default)]
    pub http: HttpConfig,
    /// MQTT.
    #[serde(default)]
    pub mqtt: MqttConfig,
    /// Links to aircraft.
    #[serde(default)]
    pub links: LinksConfig,
    /// Pictures of the aircraft's cameras.
    #[serde(default)]
    pub feeds: FeedsConfig,
    /// Recordings of incidents.
    #[serde(default)]
    pub evidence: EvidenceConfig,
    /// Messages to people without a terminal.
    #[serde(default)]
    pub messages: MessagesConfig,
    /// Parking.
    #[serde(default)]
    pub parking: ParkingSettings,
    /// Surveys of parking lots.
    #[serde(default)]
    pub surveys: SurveysConfig,
    /// What is logged.
    #[serde(default)]
    pub log: LogConfig,
    /// Where a test wants the process to die. The command line alone can say so: no file that is copied makes a server that dies.
    #[serde(skip)]
    pub crash: Option<CrashOrder>,
}

/// An account of a demo.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoAccount {
    /// The name to sign in with; for a guard, the guard's id.
    pub id: AccountId,
    /// As shown.
    pub name: String,
    /// `guard`, `operator`, `pilot`, `manager` or `admin`.
    pub role: Role,
    /// The lots of a manager, none if the list is empty; left out, every lot.
    #[serde(default)]
    pub lots: OwnLots,
    /// In the clear.
    pub password: String,
}

/// Where data is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreConfig {
    /// The data directory: database, broker sessions, flight logs. Relative to the configuration file. One server each.
    pub data_dir: PathBuf,
    /// `postgres://user:password@host/name`; absent, a SQLite file in the data directory is used.
    #[serde(default)]
    pub database_url: Option<String>,
}

/// HTTP and WebSocket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Where to listen. The default is reachable from this machine only.
    pub bind: SocketAddr,
    /// Encryption.
    pub tls: TlsConfig,
    /// Sign-ins and registrations taken from one address within a minute.
    pub tries_per_min: u32,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self { bind: loopback(8080), tls: TlsConfig::default(), tries_per_min: 10 }
    }
}

/// Encryption of HTTP.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TlsConfig {
    /// `off`, `self-made` (a certificate made on first start, for trying) or `files`.
    pub mode: TlsMode,
    /// With `files`: the certificate chain, PEM, relative to the configuration file.
    pub certificate: Option<PathBuf>,
    /// With `files`: its private key, PEM.
    pub private_key: Option<PathBuf>,
}

/// Where the certificate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsMode {
    /// No encryption; for loopback, or behind a proxy that encrypts.
    #[default]
    Off,
    /// Made on first start and kept in the data directory.
    SelfMade,
    /// Given as files.
    Files,
}

/// MQTT.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MqttConfig {
    /// Whether the server speaks MQTT at all.
    pub enabled: bool,
    /// The first level of every topic.
    pub prefix: String,
    /// Where the embedded broker listens. Unused when `broker_url` names another.
    pub bind: SocketAddr,
    /// Where the embedded broker takes MQTT over WebSocket (path `/mqtt`); absent means not at all.
    pub websocket_bind: Option<SocketAddr>,
    /// Another broker to use instead of the embedded one: `mqtt://host:1883` or `mqtts://host:8883`.
    pub broker_url: Option<String>,
    /// The server's name at that broker.
    pub broker_user: Option<String>,
    /// A file with the server's password at that broker, relative to the configuration file.
    pub broker_password_file: Option<PathBuf>,
    /// Clients that the embedded broker takes at once.
    pub clients_max: usize,
}

impl Default for MqttConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            prefix: "escort".to_owned(),
            bind: loopback(1883),
            websocket_bind: None,
            broker_url: None,
            broker_user: None,
            broker_password_file: None,
            clients_max: 10_000,
        }
    }
}

/// Links to aircraft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LinksConfig {
    /// The UDP socket on which aircraft are heard; they send here, as to a ground station.
    pub bind: SocketAddr,
    /// Keep what every link carried as `.tlog` files in the data directory.
    pub tlog: bool,
    /// What is particular about the links to some aircraft: keys, boards, lights.
    pub aircraft: Vec<AircraftSettings>,
    /// Ground stations beside the server, as `udpout:10.0.0.5:14550`: they watch, and fly an aircraft while a pilot has its control.
    pub watchers: Vec<EndpointSpec>,
    /// Stations whose aircraft are not heard here but by a gateway of theirs, which is reached over the broker.
    pub gateways: Vec<GatewayStation>,
}

/// A station with a gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayStation {
    /// Which station of the site.
    pub station: StationId,
    /// A file with the gateway's password at the embedded broker; another broker has its own.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
}

impl Default for LinksConfig {
    fn default() -> Self {
        Self { bind: loopback(14_550), tlog: true, aircraft: Vec::new(), watchers: Vec::new(), gateways: Vec::new() }
    }
}

/// Pictures of the aircraft's cameras.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeedsConfig {
    /// The one UDP socket from which pictures go to browsers. Port 0 takes a free one; a firewall wants a fixed one.
    pub bind: SocketAddr,
    /// Addresses under which browsers reach that socket, when they differ from where it listens: behind a router, or when it listens
    /// on every interface.
    pub advertised: Vec<SocketAddr>,
    /// STUN and TURN servers that browsers are told of: `{ url, username, credential }`.
    pub ice_servers: Vec<IceServer>,
    /// Cameras by aircraft: `[{ drone, main, sub }]`, RTSP addresses of H.264 streams, with `#udp` at the end to ask for UDP.
    pub cameras: Vec<CameraConfig>,
    /// Hosts beside the aircraft's own on which cameras that aircraft announce may lie. Aircraft named in `cameras` are not asked.
    pub announced_hosts: Vec<IpAddr>,
}

impl Default for FeedsConfig {
    fn default() -> Self {
        Self {
            bind: loopback(0),
            advertised: Vec::new(),
            ice_servers: Vec::new(),
            cameras: Vec::new(),
            announced_hosts: Vec::new(),
        }
    }
}

/// A helper for browsers behind routers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IceServer {
    /// `stun:host:port`, `turn:host:port` or `turns:host:port`.
    pub url: String,
    /// For TURN.
    #[serde(default)]
    pub username: Option<String>,
    /// For TURN. Every viewer gets it: let it be good for nothing else.
    #[serde(default)]
    pub credential: Option<String>,
}

/// Where an aircraft's camera is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CameraConfig {
    /// The aircraft, as the site names it.
    pub drone: DroneId,
    /// `rtsp://…` of the picture as taken.
    pub main: Url,
    /// Of a smaller one, if the camera offers it.
    #[serde(default)]
    pub sub: Option<Url>,
}

/// Recordings of incidents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EvidenceConfig {
    /// Whether incidents are recorded at all.
    pub record: bool,
    /// Days after which a recording of a closed incident is deleted.
    pub keep_days: u32,
    /// Gigabytes that recordings may take; above it the oldest of closed incidents are deleted.
    pub gigabytes_max: u32,
}

impl Default for EvidenceConfig {
    fn default() -> Self {
        Self { record: true, keep_days: 30, gigabytes_max: 100 }
    }
}

/// Surveys of parking lots.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SurveysConfig {
    /// Pixels across the aircraft's picture.
    pub camera_width: u32,
    /// Pixels down.
    pub camera_height: u32,
    /// Its field of view across, degrees.
    pub camera_field_deg: f64,
    /// Side of the modules of the beacons as printed, millimetres.
    pub module_mm: f64,
    /// How much of each swath the next one sees again, per cent.
    pub overlap_pct: f64,
    /// Lowest height over a lot, metres.
    pub height_m_min: f64,
    /// Highest height over a lot, metres.
    pub height_m_max: f64,
    /// Highest speed over a lot, metres per second; the light allows less.
    pub speed_m_s_max: f64,
    /// Whether the aircraft's positions are corrected from the ground (RTK): places are then good to decimetres.
    pub corrected_positions: bool,
    /// A model in ONNX form that says which bays are taken, in place of the figures; for servers that were built with `--features onnx`.
    pub bay_model: Option<PathBuf>,
    /// How light lots are.
    pub light: SurveyLight,
    /// Every lot with bays or mounted beacons is swept daily at these times of the site's clock; none: only when somebody asks.
    pub daily_at: Vec<TimeOfDay>,
    /// Of the site's clock to UTC, minutes.
    pub utc_offset_min: i32,
}

/// How light the lots of a site are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SurveyLight {
    /// As the sun stands over them.
    #[default]
    Sun,
    /// As by day at any time.
    Day,
    /// As by night at any time: under a roof, or where pictures show a night of their own.
    Night,
}

impl Default for SurveysConfig {
    fn default() -> Self {
        Self {
            camera_width: 1_920,
            camera_height: 1_080,
            camera_field_deg: 70.0,
            module_mm: 33.0,
            overlap_pct: 20.0,
            height_m_min: 10.0,
            height_m_max: 40.0,
            speed_m_s_max: 8.0,
            corrected_positions: false,
            bay_model: None,
            light: SurveyLight::Sun,
            daily_at: Vec::new(),
            utc_offset_min: 540,
        }
    }
}

/// Messages to people without a terminal: emergency contacts, phone checks.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MessagesConfig {
    /// A file that gets one JSON line for each message, for a program that sends them on. Absent: `messages.jsonl` in the data
    /// directory.
    pub file: Option<PathBuf>,
}

/// Parking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ParkingSettings {
    /// Lots, areas, tariffs, permits and cameras, a TOML file relative to the configuration file. Absent: no parking.
    pub file: Option<PathBuf>,
    /// `https://parking.example`: where phones reach this server, for codes that they open. Absent: as the asker reached it.
    pub public_url: Option<String>,
    /// A file with the keys of the beacons, relative to the configuration file; with it only codes signed by them are taken. Absent: a
    /// code is the area's name alone.
    pub beacon_keys_file: Option<PathBuf>,
    /// The host in the beacons' addresses; required with keys.
    pub beacon_host: Option<String>,
    /// Entries and payments taken from one address within a minute.
    pub tries_per_min: u32,
    /// Days after a stay is over and settled for which telephones and registered cards are kept; 0: erased within the hour.
    pub keep_days: u32,
    /// Who moves the money.
    pub payments: PaymentsConfig,
}

impl Default for ParkingSettings {
    fn default() -> Self {
        Self {
            file: None,
            public_url: None,
            beacon_keys_file: None,
            beacon_host: None,
            tries_per_min: 60,
            keep_days: 30,
            payments: PaymentsConfig::default(),
        }
    }
}

/// Who moves the money.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PaymentsConfig {
    /// `sandbox` or `toss`.
    pub provider: ProviderName,
    /// With `toss`: another address than `https://api.tosspayments.com`, for tests.
    pub base_url: Option<String>,
    /// With `toss`: the shop's client key, with which pages open the provider's window. Not a secret.
    pub client_key: Option<String>,
    /// With `toss`: a file with the shop's secret key, relative to the configuration file.
    pub secret_key_file: Option<PathBuf>,
}

/// A payment provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProviderName {
    /// Moves no money; for trying.
    #[default]
    Sandbox,
    /// Toss Payments.
    Toss,
}

/// What is logged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// `error`, `warn`, `info`, `debug`, `trace`, or a filter by module such as `info,orchestrator::mqtt=debug`.
    pub filter: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { filter: "info,mqtt5=warn".to_owned() }
    }
}

impl Config {
    /// Reads a file; paths in it become relative to where it lies.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Io { path: name.clone(), source })?;
        let mut config = Self::parse(&text, &name)?;
        let base = path.parent().unwrap_or(Path::new(""));
        config.paths().into_iter().for_each(|path| *path = base.join(&*path));
        Ok(config)
    }

    /// Reads a text; `name` is what errors call it.
    pub fn parse(text: &str, name: &str) -> Result<Self, ConfigError> {
        let config: Self =
            toml::from_str(text).map_err(|source| ConfigError::Syntax { path: name.to_owned(), source: Box::new(source) })?;
        match config.problem() {
            None => Ok(config),
            Some((key, problem)) => Err(ConfigError::Value { path: name.to_owned(), key, problem }),
        }
    }

    /// Every path that is relative to the configuration file.
    fn paths(&mut self) -> Vec<&mut PathBuf> {
        let optional = [
            &mut self.http.tls.certificate,
            &mut self.http.tls.private_key,
            &mut self.mqtt.broker_password_file,
            &mut self.messages.file,
            &mut self.parking.file,
            &mut self.parking.beacon_keys_file,
            &mut self.parking.payments.secret_key_file,
            &mut self.surveys.bay_model,
        ];
        let keys = self.links.aircraft.iter_mut().filter_map(|aircraft| aircraft.signing_key_file.as_mut());
        let passwords = self.links.gateways.iter_mut().filter_map(|gateway| gateway.password_file.as_mut());
        let required = [&mut self.site, &mut self.store.data_dir];
        required.into_iter().chain(optional.into_iter().flatten()).chain(keys).chain(passwords).collect()
    }

    /// What no type can say.
    fn problem(&self) -> Option<(&'static str, String)> {
        let files = self.http.tls.certificate.is_some() && self.http.tls.private_key.is_some();
        if self.http.tls.mode == TlsMode::Files && !files {
            return Some(("http.tls.mode", "\"files\" needs http.tls.certificate and http.tls.private_key".to_owned()));
        }
        if let Some(problem) = self.feeds.problem() {
            return Some(problem);
        }
        if let Some(problem) = self.links.problem(&self.mqtt) {
            return Some(("links.gateways", problem));
        }
        if self.http.tries_per_min == 0 {
            return Some(("http.tries_per_min", "must be at least 1, or nobody could sign in".to_owned()));
        }
        if self.mqtt.prefix.is_empty() || self.mqtt.prefix.contains(['+', '#', '/', '$', '\0']) {
            return Some(("mqtt.prefix", format!("{:?} is not one plain topic level", self.mqtt.prefix)));
        }
        let url = self.mqtt.broker_url.as_deref().unwrap_or("mqtt://");
        if !(url.starts_with("mqtt://") || url.starts_with("mqtts://")) {
            return Some(("mqtt.broker_url", format!("{url:?} must begin with mqtt:// or mqtts://")));
        }
        if self.mqtt.broker_url.is_some() && self.mqtt.broker_user.as_deref().unwrap_or_default().is_empty() {
            return Some(("mqtt.broker_user", "must name the server at the broker: its session there has this name".to_owned()));
        }
        if self.parking.tries_per_min == 0 {
            return Some(("parking.tries_per_min", "must be at least 1, or nobody could park".to_owned()));
        }
        let payments = &self.parking.payments;
        if payments.provider == ProviderName::Toss && payments.secret_key_file.is_none() {
            return Some(("parking.payments.provider", "\"toss\" needs parking.payments.secret_key_file".to_owned()));
        }
        if payments.provider == ProviderName::Toss && payments.client_key.is_none() {
            return Some(("parking.payments.provider", "\"toss\" needs parking.payments.client_key".to_owned()));
        }
        if self.parking.beacon_keys_file.is_some() && self.parking.beacon_host.is_none() {
            return Some(("parking.beacon_host", "is missing: the host in the beacons' addresses".to_owned()));
        }
        if !self.surveys.daily_at.is_empty() && self.parking.beacon_keys_file.is_none() {
            return Some((
                "surveys.daily_at",
                "needs parking.beacon_keys_file: without keys nobody looks at the pictures".to_owned(),
            ));
        }
        if self.surveys.bay_model.is_some() && self.parking.beacon_keys_file.is_none() {
            return Some((
                "surveys.bay_model",
                "needs parking.beacon_keys_file: without keys nobody looks at the pictures".to_owned(),
            ));
        }
        if self.surveys.utc_offset_min.abs() > UTC_OFFSET_MIN_MAX {
            return Some(("surveys.utc_offset_min", format!("is at most {UTC_OFFSET_MIN_MAX}")));
        }
        let public_url = self.parking.public_url.as_deref().unwrap_or("https://");
        if !(public_url.starts_with("https://") || public_url.starts_with("http://")) {
            return Some(("parking.public_url", "must begin with https:// or http://".to_owned()));
        }
        let database = self.store.database_url.as_deref().unwrap_or("postgres://");
        if !(database.starts_with("postgres://") || database.starts_with("postgresql://")) {
            return Some(("store.database_url", "must begin with postgres://; leave it out for SQLite".to_owned()));
        }
        None
    }
}

impl LinksConfig {
    /// What no type can say.
    fn problem(&self, mqtt: &MqttConfig) -> Option<String> {
        for (index, GatewayStation { station, password_file }) in self.gateways.iter().enumerate() {
            if !mqtt.enabled {
                return Some(format!("{station} is reached over MQTT, which mqtt.enabled switches off"));
            }
            if self.gateways[..index].iter().any(|other| other.station == *station) {
                return Some(format!("{station} is named twice"));
            }
            match (&mqtt.broker_url, password_file) {
                (None, None) => {
                    return Some(format!("{station} needs a password_file: the embedded broker lets nobody in without"));
                }
                (Some(_), Some(_)) => return Some(format!("{station}: the broker at mqtt.broker_url has its own passwords")),
                (None, Some(_)) | (Some(_), None) => {}
            }
        }
        None
    }
}

impl FeedsConfig {
    /// What no type can say.
    fn problem(&self) -> Option<(&'static str, String)> {
        let urls = self.cameras.iter().flat_map(|camera| std::iter::once(&camera.main).chain(&camera.sub));
        for url in urls {
            if url.scheme() != "rtsp" || !url.has_host() {
                // Not the whole of it: it may hold a password.
                return Some(("feeds.cameras", format!("an address begins with rtsp:// and names a host, not {}:…", url.scheme())));
            }
        }
        let wrong = |server: &&IceServer| !["stun:", "turn:", "turns:"].iter().any(|kind| server.url.starts_with(kind));
        if let Some(server) = self.ice_servers.iter().find(wrong) {
            return Some(("feeds.ice_servers", format!("{:?} must begin with stun:, turn: or turns:", server.url)));
        }
        if self.bind.ip().is_unspecified() && self.advertised.is_empty() {
            let problem = "must name the addresses that browsers reach when feeds.bind listens on every interface";
            return Some(("feeds.advertised", problem.to_owned()));
        }
        None
    }
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}
