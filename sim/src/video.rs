//! The cameras of flown aircraft, served over RTSP. A thin shell: hands the true pose of each aircraft to its camera.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use flight_types::{Local, LocalFrame};
use sim_camera::{Car, Intrinsics, Person, PersonRole, Plan, Scene};
use sim_rtsp::{Camera, CameraStream, Picture, Pose, RtspServer, StreamSettings, TestPattern};
use site_model::Site;

use crate::picture::{Crowd, Telling, parked_cars, plan_with_codes, pose_of};
use crate::{CameraTruth, Fault};

/// How wide the simulated camera looks, degrees.
const HORIZONTAL_FOV_DEG: f64 = 70.0;
/// Share of parking bays with a car in them.
const PARKED_SHARE: f64 = 0.5;
/// Seed of the parked cars and of the sensor's noise.
const SEED: u64 = 1;
/// Tellings taken in one go; more of them wait in the kernel or are lost there.
const TELLINGS_AT_ONCE_MAX: usize = 64;
/// Said to the same socket by a play: the cameras lose their power for so many seconds.
const POWER_OFF: &str = "power-off ";
/// Likewise: something breaks on one aircraft (`fault NAME WHAT`).
const FAULT: &str = "fault ";
/// Largest telling read; the parser refuses long ones by itself.
const TELLING_BYTES: usize = 512;

/// Where an aircraft is, as its camera needs it; written by the flight, read when a picture is taken.
#[derive(Debug, Clone)]
pub struct Mount(Arc<Mutex<CameraTruth>>);

impl Mount {
    /// On an aircraft that is there now.
    pub fn new(truth: CameraTruth) -> Self {
        Self(Arc::new(Mutex::new(truth)))
    }

    /// The aircraft has moved.
    pub fn moved(&self, truth: CameraTruth) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = truth;
    }

    fn truth(&self) -> CameraTruth {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a play said besides where people are.
#[derive(Debug, Default, PartialEq)]
pub struct Directed {
    /// For how long the cameras lose their power.
    pub dark: Option<Duration>,
    /// What breaks on which aircraft.
    pub faults: Vec<(String, Fault)>,
}

impl Directed {
    fn hear(&mut self, text: &str) {
        if let Some(seconds) = text.strip_prefix(POWER_OFF) {
            self.dark = seconds.parse::<u8>().ok().map(|seconds| Duration::from_secs(seconds.into())).or(self.dark);
        } else if let Some((name, what)) = text.strip_prefix(FAULT).and_then(|rest| rest.split_once(' ')) {
            self.faults.extend(what.parse().ok().map(|fault| (name.to_owned(), fault)));
        }
    }
}

/// The people on the street, shared by all cameras: written by whoever hears of them, read when a picture is taken.
#[derive(Debug, Clone)]
pub struct Street {
    crowd: Arc<Mutex<Crowd>>,
    began: Instant,
}

impl Default for Street {
    fn default() -> Self {
        Self { crowd: Arc::default(), began: Instant::now() }
    }
}

impl Street {
    fn lock(&self) -> MutexGuard<'_, Crowd> {
        self.crowd.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody is somewhere now.
    pub fn hear(&self, telling: &Telling) {
        self.lock().hear(telling, self.began.elapsed().as_secs_f64());
    }

    /// Takes what has come to a socket that does not block; returns what a play wants besides (`power-off SECONDS`, `fault NAME WHAT`).
    /// What is neither is dropped: this is the inside of a simulator.
    pub fn hear_from(&self, socket: &UdpSocket) -> Directed {
        let mut buffer = [0; TELLING_BYTES];
        let mut directed = Directed::default();
        for _ in 0..TELLINGS_AT_ONCE_MAX {
            let Ok((length, _)) = socket.recv_from(&mut buffer) else { break };
            let Ok(text) = std::str::from_utf8(&buffer[..length]) else { continue };
            match text.parse() {
                Ok(telling) => self.hear(&telling),
                Err(_) => directed.hear(text.trim()),
            }
        }
        directed
    }

    /// Takes whatever comes to a socket that waits, for as long as it can be read; what is no telling is dropped.
    pub fn hear_for_ever(&self, socket: &UdpSocket) {
        let mut buffer = [0; TELLING_BYTES];
        while let Ok((length, _)) = socket.recv_from(&mut buffer) {
            let text = std::str::from_utf8(&buffer[..length]).unwrap_or_default();
            if let Ok(telling) = text.parse() {
                self.hear(&telling);
            }
        }
    }

    /// Where callers are now, in the metres of `frame`.
    pub fn callers(&self, frame: &LocalFrame) -> Vec<Local> {
        let callers = self.seen(frame).into_iter().filter(|person| matches!(person.role, PersonRole::Caller));
        callers.map(|person| Local { east_m: person.place[0], north_m: person.place[1] }).collect()
    }

    fn seen(&self, frame: &LocalFrame) -> Vec<Person> {
        self.lock().seen(frame, self.began.elapsed().as_secs_f64())
    }
}

/// What there is to see.
#[derive(Debug, Clone)]
pub enum View {
    /// No site is known: a test pattern.
    Pattern,
    /// A site at an hour of the day.
    Site {
        /// Its metres.
        frame: LocalFrame,
        /// What stands still; shared by all cameras.
        plan: Arc<Plan>,
        /// Cars in its bays.
        cars: Vec<Car>,
        /// Local solar hour, 0 to 24.
        hour: f64,
        /// Who is on the street.
        street: Street,
    },
}

impl View {
    /// Of a site; `codes` are what its beacons read, by area.
    pub fn of_site(site: &Site, codes: &BTreeMap<String, String>, hour: f64, street: Street) -> Self {
        let seen = plan_with_codes(site, &|beacon| codes.get(&beacon.area).cloned());
        let cars = parked_cars(&seen.plan, PARKED_SHARE, SEED);
        Self::Site { frame: seen.frame, plan: seen.plan, cars, hour, street }
    }
}

/// The camera under one aircraft.
struct MountedCamera {
    mount: Mount,
    eye: Eye,
}

enum Eye {
    Pattern(TestPattern),
    Site(Box<SiteEye>),
}

struct SiteEye {
    camera: sim_camera::Camera,
    scene: Scene,
    frame: LocalFrame,
    street: Street,
}

impl Eye {
    fn open(view: &View, settings: &StreamSettings) -> Result<Self> {
        let View::Site { frame, plan, cars, hour, street } = view else { return Ok(Self::Pattern(TestPattern::default())) };
        let size = (settings.main.width as u32, settings.main.height as u32);
        let camera = sim_camera::Camera::new(Intrinsics::new(size.0, size.1, HORIZONTAL_FOV_DEG)?, SEED);
        let mut scene = Scene::new(plan.clone(), *hour);
        scene.cars = cars.clone();
        Ok(Self::Site(Box::new(SiteEye { camera, scene, frame: *frame, street: street.clone() })))
    }
}

impl Camera for MountedCamera {
    fn capture(&mut self, picture: &mut Picture) {
        let truth = self.mount.truth();
        if truth.frozen && picture.captured_at_us != 0 {
            return;
        }
        match &mut self.eye {
            Eye::Pattern(pattern) => pattern.capture(picture),
            Eye::Site(eye) => eye.capture(&truth, picture),
        }
        picture.pose = stream_pose(&truth);
    }
}

impl SiteEye {
    fn capture(&mut self, truth: &CameraTruth, picture: &mut Picture) {
        let pose = pose_of(*truth, &self.frame);
        self.camera.set_zoom(truth.zoom);
        self.scene.spotlight.brightness = truth.light;
        self.scene.people = self.street.seen(&self.frame);
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now_us = u64::try_from(since.as_micros()).unwrap_or_default();
        let frame = self.camera.render(&self.scene, &pose, now_us);
        picture.captured_at_us = i64::try_from(frame.captured_at_us).unwrap_or_default();
        picture.i420 = frame.i420;
    }
}

fn stream_pose(truth: &CameraTruth) -> Pose {
    Pose {
        lat_deg: truth.position.lat_deg(),
        lon_deg: truth.position.lon_deg(),
        amsl_m: truth.altitude_amsl_m,
        yaw_deg: truth.heading_deg,
        pitch_deg: truth.pitch_deg,
        roll_deg: truth.roll_deg,
        horizontal_fov_deg: Intrinsics::hd().zoomed(truth.zoom).horizontal_field_rad().to_degrees(),
    }
}

/// The stream server with its own runtime; it ends when dropped.
pub struct VideoServer {
    server: RtspServer,
    _runtime: tokio::runtime::Runtime,
}

impl VideoServer {
    /// Serves each aircraft's camera as `rtsp://BIND/NAME/main` and `…/sub`. Nothing is drawn while nobody plays.
    pub fn start(bind: SocketAddr, mounts: BTreeMap<String, Mount>, view: &View, settings: StreamSettings) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            // It only carries what the cameras' own threads have encoded.
            .worker_threads(1)
            .enable_all()
            .build()
            .context("cannot start the video server's runtime")?;
        let stream = |mount| -> Result<CameraStream> {
            let eye = Eye::open(view, &settings)?;
            Ok(CameraStream::start(Box::new(MountedCamera { mount, eye }), settings)?)
        };
        let streams = mounts.into_iter().map(|(name, mount)| Ok((name, stream(mount)?)));
        let streams = streams.collect::<Result<BTreeMap<_, _>>>()?;
        let server = runtime.block_on(RtspServer::start(bind, streams))?;
        Ok(Self { server, _runtime: runtime })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Every camera loses its power for so long.
    pub fn lose_power(&self, for_: Duration) {
        self.server.lose_power(for_);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_play_directs_cameras_and_aircraft_and_nonsense_nothing() {
        let mut directed = Directed::default();
        ["power-off 6", "fault d3 charge=30", "fault d1 no-such", "fault d1", "power-off many", "fault d2 charge=much", ""]
            .iter()
            .for_each(|text| directed.hear(text));
        let faults = vec![("d3".to_owned(), Fault::SetCharge { pct: 30.0 })];
        assert_eq!(directed, Directed { dark: Some(Duration::from_secs(6)), faults });
    }
}
