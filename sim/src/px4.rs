//! `sim px4`: our physics behind real PX4 in its simulated build, one TCP port an aircraft. A thin shell: clock and sockets.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use flight_types::LocalFrame;
use sim_rtsp::StreamSettings;

use crate::fault::NoFault;
use crate::fly::{NamedPad, Pad, pads, site_in};
use crate::hil::{LIMITS, Notice, Seat, px4_environment};
use crate::lit::{LitWatch, Seen};
use crate::physics::Airframe;
use crate::video::{Mount, Street, VideoServer, View};
use crate::{AircraftConfig, Environment, Fault};

/// Longest piece of a stream that is read at once.
const PIECE: usize = 2_048;
/// Pieces that may wait for the seat; in lockstep there is one.
const PIECES_MAX: usize = 64;
/// A seat without a due time looks again after this long; it is woken by what it receives.
const IDLE: Duration = Duration::from_secs(1);

/// What the command line asks for.
#[derive(Debug, Clone, clap::Args)]
pub struct Px4Arguments {
    /// Where the first aircraft's autopilot connects to; the next take the following ports, as PX4 numbers its instances
    #[arg(long, default_value = "127.0.0.1:4560")]
    pub listen: SocketAddr,
    /// Number of aircraft in a row with system ids 1..N; not used when pads are given
    #[arg(long, default_value_t = 1)]
    pub drones: u8,
    /// Virtual seconds per real second at most; an autopilot that cannot keep up slows its own aircraft down
    #[arg(long, default_value_t = 1.0)]
    pub speed: f64,
    /// First pad: latitude, longitude in degrees, ground height above mean sea level in metres
    #[arg(long, default_value = "47.397742,8.545594,488")]
    pub at: Pad,
    /// One aircraft on a pad of its own: NAME=SYSTEM_ID@LAT,LON,ALT; repeat for more
    #[arg(long)]
    pub pad: Vec<NamedPad>,
    /// The folder of a site: all its aircraft, on their pads, in the order of the file
    #[arg(long, conflicts_with_all = ["pad", "at", "drones"])]
    pub site: Option<PathBuf>,
    /// Mean wind, metres per second, with the gusts that go with it
    #[arg(long, default_value_t = 0.0)]
    pub wind: f64,
    /// Where the wind comes from, degrees clockwise from north
    #[arg(long, default_value_t = 270.0)]
    pub wind_from: f64,
    /// Seed of noise and gusts
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Break something: [SYSTEM_ID@]SECONDS:WHAT, repeat for more. WHAT is gps-lost, gps-back, gps-jump=NORTH_M/EAST_M,
    /// motor-lost=0..3, light-dead, light-mended, compass-stuck, compass-works, baro-drift=M_S, battery-sag=FACTOR, charge=PCT
    #[arg(long)]
    pub fault: Vec<PlannedFault>,
    /// Serve the aircraft's cameras over RTSP here, for example 127.0.0.1:8554; rtsp://HOST:PORT/NAME/main and …/NAME/sub
    #[arg(long)]
    pub rtsp: Option<SocketAddr>,
    /// Local solar hour that the cameras show: 12 is noon, 19 dusk, 22 night; a test pattern without --site
    #[arg(long, default_value_t = 22.0)]
    pub hour: f64,
    /// Hold the camera and the light at this elevation over the horizon, degrees, where the nose points; without it the autopilot's
    /// outputs 6 and 7 turn them
    #[arg(long, allow_negative_numbers = true)]
    pub camera_pitch: Option<f64>,
    /// Hear by UDP where the people of a play are (`sim people --cameras`), so that cameras see them and it is told whether the light is
    /// on the caller
    #[arg(long)]
    pub people: Option<SocketAddr>,
    /// Print the environment variables with which PX4 sets itself up for this aircraft, and exit
    #[arg(long)]
    pub environment: bool,
    /// Stop after this many real seconds; runs until interrupted otherwise
    #[arg(long)]
    pub r#for: Option<f64>,
}

/// Something that breaks at a time of the flight.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedFault {
    system_id: Option<u8>,
    at_ms: u64,
    fault: Fault,
}

impl FromStr for PlannedFault {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not [SYSTEM_ID@]SECONDS:WHAT, for example 60:gps-lost or 2@90:motor-lost=1");
        let (who, rest) = text.split_once('@').map_or((None, text), |(who, rest)| (Some(who), rest));
        let system_id = who.map(str::parse).transpose().map_err(|_| wrong())?;
        let (seconds, what) = rest.split_once(':').ok_or_else(wrong)?;
        let seconds: f64 = seconds.parse().map_err(|_| wrong())?;
        if !(0.0..1e6).contains(&seconds) {
            return Err(wrong());
        }
        Ok(Self { system_id, at_ms: (seconds * 1_000.0) as u64, fault: what.parse().map_err(|NoFault| wrong())? })
    }
}

/// Serves every aircraft until the time given is over, or for ever.
pub fn run(arguments: &Px4Arguments) -> Result<()> {
    if !(arguments.speed.is_finite() && arguments.speed > 0.0) {
        bail!("--speed must be above zero");
    }
    if arguments.environment {
        for (name, value) in px4_environment(&Airframe::default()) {
            println!("export {name}={value}");
        }
        return Ok(());
    }
    if !(0.0..=24.0).contains(&arguments.hour) {
        bail!("--hour must be from 0 to 24");
    }
    if arguments.camera_pitch.is_some_and(|pitch_deg| !(-90.0..=0.0).contains(&pitch_deg)) {
        bail!("--camera-pitch must be from -90 to 0");
    }
    let street = Street::default();
    if let Some(bind) = arguments.people {
        let socket = UdpSocket::bind(bind).with_context(|| format!("cannot hear of people at {bind}"))?;
        let street = street.clone();
        std::thread::spawn(move || street.hear_for_ever(&socket));
    }
    let mut threads = Vec::new();
    let mut mounts = BTreeMap::new();
    for (index, named) in pads(arguments.site.as_deref(), &arguments.pad, arguments.at, arguments.drones)?.iter().enumerate() {
        let listener = listen(arguments.listen, index)?;
        println!("aircraft {} system {} waits for its autopilot at {}", named.name, named.system_id, listener.local_addr()?);
        let (seat, name) = (seat(arguments, named), named.name.clone());
        let mount = Mount::new(seat.camera());
        mounts.insert(name.clone(), mount.clone());
        let onlooker = Onlooker { frame: LocalFrame::new(named.pad.point), street: street.clone(), watch: LitWatch::default() };
        let stage = Stage { name, mount, onlooker };
        threads.push(std::thread::spawn(move || serve(&listener, seat, stage)));
    }
    // Kept until the end: it serves while it lives.
    let _video = arguments.rtsp.map(|bind| serve_cameras(arguments, bind, mounts, street)).transpose()?;
    match arguments.r#for {
        Some(limit_s) => std::thread::sleep(Duration::from_secs_f64(limit_s.max(0.0))),
        None => {
            for thread in threads {
                thread.join().map_err(|_| anyhow::anyhow!("an aircraft's thread broke"))??;
            }
        }
    }
    Ok(())
}

/// Serves every aircraft's camera. Nobody announces it over MAVLink: the autopilot does not know of it; a server is told by `cameras`.
fn serve_cameras(
    arguments: &Px4Arguments,
    bind: SocketAddr,
    mounts: BTreeMap<String, Mount>,
    street: Street,
) -> Result<VideoServer> {
    let names: Vec<String> = mounts.keys().cloned().collect();
    let view = match &arguments.site {
        Some(folder) => View::of_site(&site_in(folder)?, &BTreeMap::new(), arguments.hour, street),
        None => View::Pattern,
    };
    let video = VideoServer::start(bind, mounts, &view, StreamSettings::default())?;
    for name in names {
        println!("camera {name} at rtsp://{}/{name}/main", video.address());
    }
    Ok(video)
}

/// The port of the aircraft with this index; port 0 lets the machine choose for each.
fn listen(first: SocketAddr, index: usize) -> Result<TcpListener> {
    let offset = if first.port() == 0 { 0 } else { u16::try_from(index).context("too many aircraft")? };
    let port = first.port().checked_add(offset).context("the port of the last aircraft is beyond 65535")?;
    let address = SocketAddr::new(first.ip(), port);
    TcpListener::bind(address).with_context(|| format!("cannot listen at {address}"))
}

fn seat(arguments: &Px4Arguments, named: &NamedPad) -> Seat {
    let environment =
        if arguments.wind > 0.0 { Environment::windy(arguments.wind, arguments.wind_from) } else { Environment::default() };
    let mut config = AircraftConfig::new(named.system_id, named.pad.point, named.pad.amsl_m);
    config.seed = arguments.seed;
    let mut seat = Seat::new(config, environment, arguments.speed, LIMITS);
    if let Some(pitch_deg) = arguments.camera_pitch {
        seat.hold_camera(pitch_deg);
    }
    for planned in &arguments.fault {
        if planned.system_id.is_none_or(|system_id| system_id == named.system_id) {
            seat.plan_fault(planned.at_ms, planned.fault.clone());
        }
    }
    seat
}

/// What belongs to an aircraft besides its seat.
struct Stage {
    name: String,
    mount: Mount,
    onlooker: Onlooker,
}

/// Who stands beside and sees where light and caller are.
struct Onlooker {
    frame: LocalFrame,
    street: Street,
    watch: LitWatch,
}

impl Onlooker {
    fn look(&mut self, seat: &Seat) -> Option<String> {
        let now_us = seat.virtual_us();
        if !self.watch.is_due(now_us) {
            return None;
        }
        let seen = self.watch.look(&seat.camera(), &self.street.callers(&self.frame), &self.frame, now_us)?;
        Some(match seen {
            Seen::First => "its light is on the caller".to_owned(),
            Seen::Over { watched_s, lit_s, dark_s } => {
                format!("its light was on the caller for {lit_s:.1} of {watched_s:.1} s, beside them for {dark_s:.1} s at most")
            }
        })
    }
}

/// One autopilot after another: a restarted one finds its aircraft on the pad.
fn serve(listener: &TcpListener, mut seat: Seat, mut stage: Stage) -> Result<()> {
    let start = Instant::now();
    loop {
        let (stream, _) = listener.accept().context("cannot accept an autopilot")?;
        stream.set_nodelay(true)?;
        if let Err(error) = converse(stream, &mut seat, &mut stage, start) {
            say(&seat, &stage.name, &format!("the connection broke: {error:#}"));
        }
        seat.disconnect();
        tell(&mut seat, &mut stage);
    }
}

/// Until the autopilot closes the connection.
fn converse(mut stream: TcpStream, seat: &mut Seat, stage: &mut Stage, start: Instant) -> Result<()> {
    let (pieces, received) = sync_channel(PIECES_MAX);
    let reading = stream.try_clone()?;
    let reader = std::thread::spawn(move || read(reading, &pieces));
    let now_us = || start.elapsed().as_micros() as u64;
    seat.connect(now_us());
    let result = loop {
        if let Err(error) = transmit(&mut stream, seat) {
            break Err(error.into());
        }
        stage.mount.moved(seat.camera());
        tell(seat, stage);
        match wait(&received, seat, now_us()) {
            Ok(piece) => seat.handle_bytes(&piece, now_us()),
            Err(RecvTimeoutError::Timeout) => seat.handle_timeout(now_us()),
            Err(RecvTimeoutError::Disconnected) => break Ok(()),
        }
    };
    // Ends the reader too; an error only says that the other side was faster.
    let _ = stream.shutdown(std::net::Shutdown::Both);
    drop(received);
    reader.join().map_err(|_| anyhow::anyhow!("the reader broke"))?;
    result
}

fn wait(received: &Receiver<Vec<u8>>, seat: &Seat, now_us: u64) -> Result<Vec<u8>, RecvTimeoutError> {
    let wait = seat.next_timeout_us().map_or(IDLE, |due_us| Duration::from_micros(due_us.saturating_sub(now_us)));
    received.recv_timeout(wait)
}

fn read(mut stream: TcpStream, pieces: &SyncSender<Vec<u8>>) {
    let mut buffer = [0; PIECE];
    // An error is the end of the connection like its end.
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        if pieces.send(buffer[..length].to_vec()).is_err() {
            return;
        }
    }
}

fn transmit(stream: &mut TcpStream, seat: &mut Seat) -> std::io::Result<()> {
    while let Some(bytes) = seat.poll_transmit() {
        stream.write_all(&bytes)?;
    }
    Ok(())
}

fn tell(seat: &mut Seat, stage: &mut Stage) {
    while let Some(notice) = seat.poll_notice() {
        say(seat, &stage.name, &words(notice));
    }
    if let Some(seen) = stage.onlooker.look(seat) {
        say(seat, &stage.name, &seen);
    }
}

fn say(seat: &Seat, name: &str, what: &str) {
    println!("aircraft {name} {:.1} s: {what}", seat.virtual_us() as f64 / 1e6);
}

fn words(notice: Notice) -> String {
    match notice {
        Notice::Connected => "an autopilot has connected".to_owned(),
        Notice::Locked { free_messages } => format!("in lockstep after {free_messages} sensor messages"),
        Notice::Armed(true) => "armed".to_owned(),
        Notice::Armed(false) => "disarmed".to_owned(),
        Notice::Airborne(true) => "in the air".to_owned(),
        Notice::Airborne(false) => "on the ground".to_owned(),
        Notice::Light { pct: 0 } => "light off".to_owned(),
        Notice::Light { pct } => format!("light {pct} %"),
        Notice::Crashed => "crashed".to_owned(),
        Notice::Stalled => "no answer in time; going on without".to_owned(),
        Notice::Gone => "the autopilot is gone and must be started anew".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_and_wrong_ones_refused() {
        let read = |text: &str| text.parse::<PlannedFault>();
        let lost = PlannedFault { system_id: None, at_ms: 60_000, fault: Fault::GpsLoss(true) };
        assert_eq!(read("60:gps-lost"), Ok(lost));
        let motor = PlannedFault { system_id: Some(2), at_ms: 1_500, fault: Fault::MotorLoss { index: 1 } };
        assert_eq!(read("2@1.5:motor-lost=1"), Ok(motor));
        for wrong in [
            "gps-lost",
            "x:gps-lost",
            "-1:gps-lost",
            "5:motor-lost=4",
            "5:motor-lost",
            "5:baro-drift=NaN",
            "999@5:gps-lost",
            "5:what",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
