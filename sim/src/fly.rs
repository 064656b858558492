//! `sim fly`: simulated aircraft for any MAVLink client, in real time or a multiple of it. A thin shell: clock and sockets.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{SocketAddr, ToSocketAddrs, UdpSocket};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use flight_types::GeoPoint;
use site_model::{Site, SiteDrone};

use sim_rtsp::StreamSettings;

use crate::video::{Mount, Street, VideoServer, View};
use crate::{Aircraft, AircraftConfig, Environment, VideoStream, VideoStreamError};

/// Real time between two looks at the sockets.
const TICK: Duration = Duration::from_millis(4);
/// When the machine cannot keep up, at most this much virtual time is made up at once, milliseconds: the messages of more
/// than that overflow a client's socket.
const CATCH_UP_MS: u64 = 100;
/// Datagrams taken from one socket in one tick; the rest waits in the kernel.
const RECEIVE_MAX: usize = 200;
/// Distance between the pads of aircraft placed in a row, metres.
const ROW_M: f64 = 5.0;
/// Largest UDP datagram that is read.
const DATAGRAM: usize = 2_048;

/// What the command line asks for.
#[derive(Debug, Clone, clap::Args)]
pub struct FlyArguments {
    /// Number of aircraft in a row with system ids 1..N; not used when pads are given
    #[arg(long, default_value_t = 1)]
    pub drones: u8,
    /// Where the aircraft send to; with several aircraft and `+` after the port, aircraft N sends to port + N − 1
    #[arg(long, default_value = "udpout:127.0.0.1:14540")]
    pub mavlink: Target,
    /// Virtual seconds per real second
    #[arg(long, default_value_t = 1.0)]
    pub speed: f64,
    /// First pad: latitude, longitude in degrees, ground height above mean sea level in metres
    #[arg(long, default_value = "47.397742,8.545594,488")]
    pub at: Pad,
    /// One aircraft on a pad of its own: NAME=SYSTEM_ID@LAT,LON,ALT; repeat for more
    #[arg(long)]
    pub pad: Vec<NamedPad>,
    /// The folder of a site: all its aircraft, on their pads
    #[arg(long, conflicts_with_all = ["pad", "at", "drones"])]
    pub site: Option<PathBuf>,
    /// Mean wind from the west, metres per second, with the gusts that go with it
    #[arg(long, default_value_t = 0.0)]
    pub wind: f64,
    /// Seed of noise and gusts
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The light hangs on actuator output 1 instead of an illuminator component
    #[arg(long)]
    pub actuator_light: bool,
    /// Serve the aircraft's cameras over RTSP here, for example 127.0.0.1:8554; rtsp://HOST:PORT/NAME/main and …/NAME/sub
    #[arg(long)]
    pub rtsp: Option<SocketAddr>,
    /// Local solar hour that the cameras show: 12 is noon, 19 dusk, 22 night; a test pattern without --site
    #[arg(long, default_value_t = 22.0)]
    pub hour: f64,
    /// What the beacons' codes read, as `orchestrator beacon codes` prints it; without it they are unsigned
    #[arg(long, requires = "rtsp")]
    pub codes: Option<PathBuf>,
    /// Pictures a second of each camera
    #[arg(long, default_value_t = 15.0)]
    pub camera_hz: f32,
    /// Burn the capture time into the pictures, for measuring
    #[arg(long)]
    pub camera_clock: bool,
    /// Hear by UDP where the people of a play are, so that the cameras see them: `sim people --cameras` tells it
    #[arg(long, requires = "rtsp")]
    pub people: Option<SocketAddr>,
    /// Stop after this many real seconds; runs until interrupted otherwise
    #[arg(long)]
    pub r#for: Option<f64>,
}

/// `udpout:HOST:PORT`, with `+` at the end for one port per aircraft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    host: String,
    port: u16,
    one_port_each: bool,
}

impl FromStr for Target {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not udpout:HOST:PORT, for example udpout:127.0.0.1:14540");
        let rest = text.strip_prefix("udpout:").ok_or_else(wrong)?;
        let (rest, one_port_each) = rest.strip_suffix('+').map_or((rest, false), |rest| (rest, true));
        let (host, port) = rest.rsplit_once(':').ok_or_else(wrong)?;
        Ok(Self { host: host.to_owned(), port: port.parse().map_err(|_| wrong())?, one_port_each })
    }
}

/// A place with its ground height.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pad {
    pub(crate) point: GeoPoint,
    pub(crate) amsl_m: f64,
}

impl FromStr for Pad {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let numbers: Vec<f64> =
            text.split(',').map(|part| part.trim().parse::<f64>()).collect::<Result<_, _>>().map_err(|_| not_a_pad(text))?;
        let [lat, lon, amsl_m] = numbers[..] else { return Err(not_a_pad(text)) };
        if !amsl_m.is_finite() {
            return Err(not_a_pad(text));
        }
        Ok(Self { point: GeoPoint::new(lat, lon).map_err(|e| e.to_string())?, amsl_m })
    }
}

fn not_a_pad(text: &str) -> String {
    format!("`{text}` is not LAT,LON,ALT, for example 47.397742,8.545594,488")
}

/// `NAME=SYSTEM_ID@LAT,LON,ALT`.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedPad {
    pub(crate) name: String,
    pub(crate) system_id: u8,
    pub(crate) pad: Pad,
}

impl FromStr for NamedPad {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not NAME=SYSTEM_ID@LAT,LON,ALT");
        let (name, rest) = text.split_once('=').ok_or_else(wrong)?;
        let (system_id, pad) = rest.split_once('@').ok_or_else(wrong)?;
        let system_id: u8 = system_id.parse().map_err(|_| wrong())?;
        if system_id == 0 {
            return Err("a system id is 1..255".to_owned());
        }
        Ok(Self { name: name.to_owned(), system_id, pad: pad.parse()? })
    }
}

struct Flown {
    name: String,
    mount: Mount,
    aircraft: Aircraft,
    socket: UdpSocket,
    peer: SocketAddr,
}

/// Flies until the time given is over, or for ever.
pub fn run(arguments: &FlyArguments) -> Result<()> {
    if !(arguments.speed.is_finite() && arguments.speed > 0.0) {
        bail!("--speed must be above zero");
    }
    if !(1.0..=60.0).contains(&arguments.camera_hz) {
        bail!("--camera-hz must be from 1 to 60");
    }
    if !(0.0..=24.0).contains(&arguments.hour) {
        bail!("--hour must be from 0 to 24");
    }
    let environment = if arguments.wind > 0.0 { Environment::windy(arguments.wind, 270.0) } else { Environment::default() };
    let mut fleet = place(arguments)?;
    let street = Street::default();
    let people = arguments.people.map(people_socket).transpose()?;
    let video = arguments.rtsp.map(|bind| serve_cameras(arguments, bind, &mut fleet, street.clone())).transpose()?;
    let start = Instant::now();
    let mut virtual_ms = 0.0;
    let mut last = start;
    loop {
        if arguments.r#for.is_some_and(|limit_s| start.elapsed().as_secs_f64() >= limit_s) {
            return Ok(());
        }
        std::thread::sleep(TICK);
        let now = Instant::now();
        let passed_ms = now.duration_since(last).as_secs_f64() * 1e3 * arguments.speed;
        last = now;
        virtual_ms += passed_ms.min(CATCH_UP_MS as f64);
        let directed = people.as_ref().map(|people| street.hear_from(people)).unwrap_or_default();
        if let (Some(dark), Some(video)) = (directed.dark, &video) {
            video.lose_power(dark);
        }
        for (name, fault) in directed.faults {
            if let Some(flown) = fleet.iter_mut().find(|flown| flown.name == name) {
                println!("aircraft {name} is broken on request: {fault:?}");
                flown.aircraft.inject(fault);
            }
        }
        for flown in &mut fleet {
            tick(flown, virtual_ms as u64, &environment);
        }
    }
}

fn place(arguments: &FlyArguments) -> Result<Vec<Flown>> {
    let pads = pads(arguments.site.as_deref(), &arguments.pad, arguments.at, arguments.drones)?;
    let mut fleet = Vec::new();
    for (index, named) in pads.iter().enumerate() {
        let mut config = AircraftConfig::new(named.system_id, named.pad.point, named.pad.amsl_m);
        config.seed = arguments.seed;
        config.has_illuminator = !arguments.actuator_light;
        config.camera = Some(Vec::new());
        let flown = connect(named.name.clone(), config, &arguments.mavlink, index)?;
        let point = named.pad.point;
        println!(
            "aircraft {} system {} at {:.6},{:.6},{:.1} from {} to {}",
            named.name,
            named.system_id,
            point.lat_deg(),
            point.lon_deg(),
            named.pad.amsl_m,
            flown.socket.local_addr()?,
            flown.peer
        );
        fleet.push(flown);
    }
    Ok(fleet)
}

pub(crate) fn site_in(folder: &Path) -> Result<Site> {
    Site::load(folder).with_context(|| format!("cannot read the site in {}", folder.display()))
}

fn codes_in(path: Option<&Path>) -> Result<BTreeMap<String, String>> {
    let Some(path) = path else { return Ok(BTreeMap::new()) };
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("{} is no table of texts by area", path.display()))
}

/// The pads asked for: a site's, the given ones, or a row from the first pad.
pub(crate) fn pads(site: Option<&Path>, given: &[NamedPad], first: Pad, drones: u8) -> Result<Vec<NamedPad>> {
    match site {
        Some(folder) => pads_of_site(folder),
        None if given.is_empty() => Ok(row(first, drones)),
        None => Ok(given.to_vec()),
    }
}

fn pads_of_site(folder: &Path) -> Result<Vec<NamedPad>> {
    let site = site_in(folder)?;
    let pad = |drone: SiteDrone<'_>| NamedPad {
        name: drone.id.to_string(),
        system_id: drone.system_id,
        pad: Pad { point: drone.pad, amsl_m: drone.ground_amsl_m },
    };
    Ok(site.drones().map(pad).collect())
}

fn row(first: Pad, drones: u8) -> Vec<NamedPad> {
    let pad_of = |number: u8| Pad { point: first.point.moved(90.0, ROW_M * f64::from(number - 1)), amsl_m: first.amsl_m };
    (1..=drones).map(|number| NamedPad { name: number.to_string(), system_id: number, pad: pad_of(number) }).collect()
}

/// Serves every aircraft's camera, and has the camera announce it.
fn serve_cameras(arguments: &FlyArguments, bind: SocketAddr, fleet: &mut [Flown], street: Street) -> Result<VideoServer> {
    let settings = StreamSettings { pictures_hz: arguments.camera_hz, clock: arguments.camera_clock, ..StreamSettings::default() };
    let mounts = fleet.iter().map(|flown| (flown.name.clone(), flown.mount.clone())).collect();
    let view = match &arguments.site {
        Some(folder) => View::of_site(&site_in(folder)?, &codes_in(arguments.codes.as_deref())?, arguments.hour, street),
        None => View::Pattern,
    };
    let video = VideoServer::start(bind, mounts, &view, settings)?;
    for flown in fleet {
        let stream = |title: &str, path: &str, quality: &sim_rtsp::Quality| {
            let mut stream = VideoStream::new(title, &format!("rtsp://{}/{}/{path}", video.address(), flown.name))?;
            (stream.width, stream.height) = (quality.width as u16, quality.height as u16);
            stream.frame_rate_hz = arguments.camera_hz;
            stream.bitrate_bit_s = quality.bitrate_bps;
            Ok::<_, VideoStreamError>(stream)
        };
        let streams = vec![stream("Main", "main", &settings.main)?, stream("Small", "sub", &settings.sub)?];
        flown.aircraft.announce_video(streams);
        println!("camera {} at rtsp://{}/{}/main", flown.name, video.address(), flown.name);
    }
    Ok(video)
}

fn people_socket(bind: SocketAddr) -> Result<UdpSocket> {
    let socket = UdpSocket::bind(bind).with_context(|| format!("cannot hear of people at {bind}"))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn connect(name: String, config: AircraftConfig, target: &Target, index: usize) -> Result<Flown> {
    let offset = if target.one_port_each { u16::try_from(index).context("too many aircraft")? } else { 0 };
    let port = target.port.checked_add(offset).context("the port of the last aircraft is beyond 65535")?;
    let address = (target.host.as_str(), port);
    let peer = address.to_socket_addrs().with_context(|| format!("cannot resolve {}", target.host))?.next();
    let peer = peer.with_context(|| format!("{} has no address", target.host))?;
    let local = if peer.ip().is_loopback() { "127.0.0.1:0" } else { "0.0.0.0:0" };
    let socket = UdpSocket::bind(local).context("cannot open a UDP socket")?;
    socket.set_nonblocking(true)?;
    let aircraft = Aircraft::new(config);
    let mount = Mount::new((&aircraft.truth()).into());
    Ok(Flown { name, mount, aircraft, socket, peer })
}

fn tick(flown: &mut Flown, virtual_ms: u64, environment: &Environment) {
    let mut buffer = [0; DATAGRAM];
    for _ in 0..RECEIVE_MAX {
        match flown.socket.recv_from(&mut buffer) {
            // The first peer, here the one we were told, wins; a second client gets nothing (flight.md 14).
            Ok((length, from)) if from == flown.peer => flown.aircraft.receive(&buffer[..length]),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            // Nobody listens yet on the other side: its refusal comes back as an error of this socket.
            Err(_) => {}
        }
    }
    flown.aircraft.step(virtual_ms, environment);
    flown.mount.moved((&flown.aircraft.truth()).into());
    while let Some(datagram) = flown.aircraft.poll_transmit() {
        // A datagram that cannot be sent is a lost datagram; the link is made for that.
        let _ = flown.socket.send_to(&datagram, flown.peer);
    }
}
