//! The cameras of flown aircraft, served over RTSP. A thin shell: hands the true pose of each aircraft to its camera.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use sim_rtsp::{Camera, CameraStream, Picture, Pose, RtspServer, StreamSettings, TestPattern};

use crate::Truth;

/// How wide the simulated camera looks, degrees.
const HORIZONTAL_FOV_DEG: f64 = 70.0;

/// Where an aircraft is, as its camera needs it; written by the flight, read when a picture is taken.
#[derive(Debug, Clone)]
pub struct Mount(Arc<Mutex<Truth>>);

impl Mount {
    /// On an aircraft that is there now.
    pub fn new(truth: Truth) -> Self {
        Self(Arc::new(Mutex::new(truth)))
    }

    /// The aircraft has moved.
    pub fn moved(&self, truth: Truth) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = truth;
    }

    fn truth(&self) -> Truth {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The camera under one aircraft.
struct MountedCamera {
    mount: Mount,
}

impl Camera for MountedCamera {
    fn capture(&mut self, picture: &mut Picture) {
        let truth = self.mount.truth();
        if truth.camera_frozen && picture.captured_at_us != 0 {
            return;
        }
        TestPattern::from_pose(pose_of(&truth)).capture(picture);
    }
}

fn pose_of(truth: &Truth) -> Pose {
    Pose {
        lat_deg: truth.position.lat_deg(),
        lon_deg: truth.position.lon_deg(),
        amsl_m: truth.altitude_amsl_m,
        yaw_deg: truth.camera_heading_deg,
        pitch_deg: truth.camera_pitch_deg,
        roll_deg: 0.0,
        horizontal_fov_deg: HORIZONTAL_FOV_DEG,
    }
}

/// The stream server with its own runtime; it ends when dropped.
pub struct VideoServer {
    address: SocketAddr,
    _server: RtspServer,
    _runtime: tokio::runtime::Runtime,
}

impl VideoServer {
    /// Serves each aircraft's camera as `rtsp://BIND/NAME/main` and `…/sub`. Nothing is drawn while nobody plays.
    pub fn start(bind: SocketAddr, mounts: BTreeMap<String, Mount>, settings: StreamSettings) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            // It only carries what the cameras' own threads have encoded.
            .worker_threads(1)
            .enable_all()
            .build()
            .context("cannot start the video server's runtime")?;
        let stream = |mount| CameraStream::start(Box::new(MountedCamera { mount }), settings);
        let streams = mounts.into_iter().map(|(name, mount)| Ok((name, stream(mount)?)));
        let streams = streams.collect::<Result<BTreeMap<_, _>>>()?;
        let server = runtime.block_on(RtspServer::start(bind, streams))?;
        Ok(Self { address: server.address(), _server: server, _runtime: runtime })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}
