//! One stream of one camera: played only while somebody wants it, tried again when it fails, and begun at a key picture for
//! everybody who joins. [`Feeds`] holds those of every aircraft.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use flight_types::DroneId;
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use url::Url;

use crate::alive::Alive;
use crate::group::Group;
use crate::intake::{self, IntakeError};
use crate::limits::{
    CAMERA_ANSWER_AGAIN_MAX, CAMERA_ANSWER_MAX, LINGER, PATIENT_TRY_EVERY, RETRY_PAUSE_MAX, RETRY_PAUSE_MIN, UNITS_BEHIND_MAX,
};
use crate::repeats::Repeats;
use crate::unit::AccessUnit;

/// Which of a camera's streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quality {
    /// As the camera takes it.
    Main,
    /// The smaller one, for narrow links.
    Sub,
}

/// Where a camera's streams are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraUrls {
    /// `rtsp://…` of the picture as taken.
    pub main: Url,
    /// Of a smaller one, if the camera offers it.
    pub sub: Option<Url>,
}

/// What is known of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SourceState {
    /// Nobody wants it, so nobody asked.
    #[default]
    Idle,
    /// Asked; no picture yet.
    Waiting,
    /// Pictures come.
    Live,
    /// It failed and is tried again.
    Failed(IntakeError),
}

/// One stream. Cheap to clone; it ends with its last handle.
#[derive(Debug, Clone)]
pub struct Source(Arc<Handle>);

#[derive(Debug)]
struct Handle {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Debug)]
struct Shared {
    group: Mutex<Group>,
    alive: Mutex<Alive>,
    units: broadcast::Sender<Arc<AccessUnit>>,
    state: watch::Sender<SourceState>,
    wanted: watch::Sender<usize>,
}

/// The pictures of a stream from now on. The stream plays for as long as one of these lives.
#[derive(Debug)]
pub struct Subscription {
    past: VecDeque<Arc<AccessUnit>>,
    units: broadcast::Receiver<Arc<AccessUnit>>,
    needs_key: bool,
    // Not the whole of what is shared: the stream must be able to end while somebody still listens.
    wanted: watch::Sender<usize>,
}

impl Subscription {
    /// The next picture, beginning with a key picture; `None` when the stream is taken out of service. Safe to cancel.
    pub async fn next(&mut self) -> Option<Arc<AccessUnit>> {
        if let Some(unit) = self.past.pop_front() {
            self.needs_key = false;
            return Some(unit);
        }
        loop {
            match self.units.recv().await {
                Ok(unit) if unit.key || !self.needs_key => {
                    self.needs_key = false;
                    return Some(unit);
                }
                Ok(_) => {}
                // Too slow: what was missed cannot be decoded around.
                Err(broadcast::error::RecvError::Lagged(_)) => self.needs_key = true,
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.wanted.send_modify(|wanted| *wanted -= 1);
    }
}

impl Source {
    /// Takes a stream into service without asking for it yet. Needs a tokio runtime.
    pub fn new(name: String, url: Url) -> Self {
        let shared = Arc::new(Shared {
            group: Mutex::default(),
            alive: Mutex::default(),
            units: broadcast::Sender::new(UNITS_BEHIND_MAX),
            state: watch::Sender::default(),
            wanted: watch::Sender::default(),
        });
        let task = tokio::spawn(run(shared.clone(), name, url));
        Self(Arc::new(Handle { shared, task }))
    }

    /// Joins, beginning with the last key picture if it is at hand.
    pub fn subscribe(&self) -> Subscription {
        let shared = &self.0.shared;
        shared.wanted.send_modify(|wanted| *wanted += 1);
        let group = shared.lock();
        let (past, units) = (group.units().cloned().collect(), shared.units.subscribe());
        drop(group);
        Subscription { past, units, needs_key: true, wanted: shared.wanted.clone() }
    }

    /// Joins with nothing of the past: begins with the next key picture that is taken.
    pub fn subscribe_from_now(&self) -> Subscription {
        let mut subscription = self.subscribe();
        subscription.past.clear();
        subscription
    }

    /// What is known of it.
    pub fn state(&self) -> SourceState {
        self.0.shared.state.borrow().clone()
    }

    /// Returns when it is in such a state.
    pub async fn reaches(&self, wanted: impl FnMut(&SourceState) -> bool) {
        // The sender lives in the handle that we hold.
        let _ = self.0.shared.state.subscribe().wait_for(wanted).await;
    }

    /// How much longer the last picture was on its way than the quickest: a picture that just came may be an old one.
    pub fn late(&self) -> Duration {
        self.0.shared.lock().newest_late()
    }

    /// When the last picture came.
    pub fn last_picture_at(&self) -> Option<Instant> {
        self.0.shared.lock().newest_at()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Group> {
        self.group.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn picture(&self, unit: AccessUnit) {
        let unit = Arc::new(unit);
        if !self.alive.lock().unwrap_or_else(PoisonError::into_inner).takes(&unit) {
            return metrics::counter!("feed_pictures_without_room").increment(1);
        }
        let mut group = self.lock();
        group.push(&unit);
        // Within the lock, so that whoever joins neither misses a picture nor gets one twice.
        let _ = self.units.send(unit);
        drop(group);
        self.state.send_if_modified(|state| {
            let changed = *state != SourceState::Live;
            *state = SourceState::Live;
            changed
        });
    }

    fn forget_pictures(&self) {
        *self.lock() = Group::default();
    }
}

async fn run(shared: Arc<Shared>, name: String, url: Url) {
    let mut wanted = shared.wanted.subscribe();
    let mut pause = RETRY_PAUSE_MIN;
    let mut repeats = Repeats::default();
    let (mut answered, mut tries) = (false, 0_u32);
    loop {
        if wanted.wait_for(|wanted| 0 < *wanted).await.is_err() {
            return;
        }
        if !matches!(*shared.state.borrow(), SourceState::Failed(_)) {
            shared.state.send_replace(SourceState::Waiting);
        }
        tries = tries.wrapping_add(1);
        let answer_max = if answered && tries % PATIENT_TRY_EVERY != 0 { CAMERA_ANSWER_AGAIN_MAX } else { CAMERA_ANSWER_MAX };
        let error = tokio::select! {
            error = intake::take(&url, &name, answer_max, &mut repeats, |unit| shared.picture(unit)) => error,
            () = unwanted(wanted.clone()) => {
                shared.forget_pictures();
                shared.state.send_replace(SourceState::Idle);
                continue;
            }
        };
        let was_live = *shared.state.borrow() == SourceState::Live;
        answered |= was_live;
        complain(&shared, &name, &error);
        shared.forget_pictures();
        shared.state.send_replace(SourceState::Failed(error));
        pause = if was_live { RETRY_PAUSE_MIN } else { (pause * 2).min(RETRY_PAUSE_MAX) };
        sleep(pause).await;
    }
}

/// One line for each new reason, not one for each try.
fn complain(shared: &Shared, name: &str, error: &IntakeError) {
    let known = matches!(&*shared.state.borrow(), SourceState::Failed(known) if known == error);
    if !known {
        tracing::warn!(camera = name, reason = %error, "a camera gives no picture; it is tried again");
    }
}

/// Returns when nobody has wanted the stream for a while.
async fn unwanted(mut wanted: watch::Receiver<usize>) {
    loop {
        if wanted.wait_for(|wanted| *wanted == 0).await.is_err() {
            return;
        }
        if timeout(LINGER, wanted.wait_for(|wanted| 0 < *wanted)).await.is_err() {
            return;
        }
    }
}

/// The cameras of every aircraft.
#[derive(Debug, Clone, Default)]
pub struct Feeds(Arc<Mutex<BTreeMap<DroneId, Camera>>>);

#[derive(Debug, Clone)]
struct Camera {
    urls: CameraUrls,
    main: Source,
    sub: Option<Source>,
}

impl Feeds {
    /// Takes an aircraft's camera into service, or another one when its address has changed.
    pub fn set(&self, drone: &DroneId, urls: CameraUrls) {
        let mut cameras = self.lock();
        if cameras.get(drone).is_some_and(|camera| camera.urls == urls) {
            return;
        }
        let main = Source::new(format!("{drone}/main"), urls.main.clone());
        let sub = urls.sub.clone().map(|url| Source::new(format!("{drone}/sub"), url));
        cameras.insert(drone.clone(), Camera { urls, main, sub });
    }

    /// An aircraft's stream; the main one stands in for a smaller one that does not exist.
    pub fn source(&self, drone: &DroneId, quality: Quality) -> Option<Source> {
        let cameras = self.lock();
        let camera = cameras.get(drone)?;
        Some(match quality {
            Quality::Main => camera.main.clone(),
            Quality::Sub => camera.sub.as_ref().unwrap_or(&camera.main).clone(),
        })
    }

    /// Whether the aircraft's camera offers a smaller stream.
    pub fn has_sub(&self, drone: &DroneId) -> bool {
        self.lock().get(drone).is_some_and(|camera| camera.sub.is_some())
    }

    /// The aircraft whose cameras are known.
    pub fn drones(&self) -> Vec<DroneId> {
        self.lock().keys().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<DroneId, Camera>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
