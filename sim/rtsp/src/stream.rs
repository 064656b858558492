//! One camera with its qualities: a thread that renders and encodes what somebody plays, and sleeps otherwise.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::clock::burn_clock;
use crate::encode::{self, EncodeError, EncodedPicture, ParameterSets, PictureEncoder, Quality};
use crate::limits::{PICTURES_WAITING_MAX, PLAYERS_MAX};
use crate::picture::{Camera, Picture};

/// How a camera is streamed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StreamSettings {
    /// Pictures taken a second.
    pub pictures_hz: f32,
    /// The picture as the camera takes it.
    pub main: Quality,
    /// A smaller one for narrow links.
    pub sub: Quality,
    /// Burn the capture time into the picture.
    pub clock: bool,
}

impl Default for StreamSettings {
    fn default() -> Self {
        Self {
            pictures_hz: 15.0,
            main: Quality { width: 1280, height: 720, bitrate_bps: 2_500_000, every: 1 },
            sub: Quality { width: 640, height: 360, bitrate_bps: 400_000, every: 1 },
            clock: false,
        }
    }
}

/// Which of a camera's streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// As the camera takes it.
    Main,
    /// The smaller one.
    Sub,
}

struct Player {
    queue: Sender<Arc<EncodedPicture>>,
    /// It missed a picture, or has had none yet: nothing but a key frame is of use to it.
    needs_key: bool,
}

#[derive(Default)]
struct Track {
    players: Vec<Player>,
    force_key: bool,
}

#[derive(Default)]
struct State {
    main: Track,
    sub: Track,
    ending: bool,
}

impl State {
    fn track(&mut self, which: Which) -> &mut Track {
        match which {
            Which::Main => &mut self.main,
            Which::Sub => &mut self.sub,
        }
    }

    fn played(&self) -> bool {
        !(self.main.players.is_empty() && self.sub.players.is_empty())
    }
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A camera that can be played. Ends with its last handle.
#[derive(Clone)]
pub struct CameraStream(Arc<Handle>);

struct Handle {
    shared: Arc<Shared>,
    main: ParameterSets,
    sub: ParameterSets,
    thread: Option<JoinHandle<()>>,
}

impl CameraStream {
    /// Takes a camera into service.
    pub fn start(camera: Box<dyn Camera>, settings: StreamSettings) -> Result<Self, EncodeError> {
        let main = encode::parameter_sets(&settings.main, settings.pictures_hz)?;
        let sub = encode::parameter_sets(&settings.sub, settings.pictures_hz)?;
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
        let for_thread = shared.clone();
        let thread = std::thread::spawn(move || {
            if let Err(error) = run(&for_thread, camera, &settings) {
                tracing::error!(error = %error, "a camera's encoder failed; its stream ends");
                for_thread.lock().ending = true;
            }
        });
        Ok(Self(Arc::new(Handle { shared, main, sub, thread: Some(thread) })))
    }

    /// Players at the moment.
    pub fn players(&self) -> usize {
        let mut state = self.0.shared.lock();
        for track in [Which::Main, Which::Sub] {
            state.track(track).players.retain(|player| !player.queue.is_closed());
        }
        state.main.players.len() + state.sub.players.len()
    }

    pub(crate) fn parameter_sets(&self, which: Which) -> &ParameterSets {
        match which {
            Which::Main => &self.0.main,
            Which::Sub => &self.0.sub,
        }
    }

    /// Pictures from the next key frame on, which comes at once; `None` when too many play already.
    pub(crate) fn play(&self, which: Which) -> Option<Receiver<Arc<EncodedPicture>>> {
        let (queue, pictures) = channel(PICTURES_WAITING_MAX);
        let mut state = self.0.shared.lock();
        let track = state.track(which);
        track.players.retain(|player| !player.queue.is_closed());
        if PLAYERS_MAX <= track.players.len() {
            return None;
        }
        track.players.push(Player { queue, needs_key: true });
        track.force_key = true;
        drop(state);
        self.0.shared.changed.notify_one();
        Some(pictures)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.lock().ending = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed; there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

fn run(shared: &Shared, mut camera: Box<dyn Camera>, settings: &StreamSettings) -> Result<(), EncodeError> {
    let mut picture = Picture::black(settings.main.width, settings.main.height);
    let mut main = PictureEncoder::new(&settings.main, settings.pictures_hz)?;
    let mut sub = PictureEncoder::new(&settings.sub, settings.pictures_hz)?;
    let pause = Duration::from_secs_f32(1.0 / settings.pictures_hz);
    let mut due = Instant::now();
    let mut number: u32 = 0;
    while wait_for_players(shared) {
        // A picture that is late is not made up for: the next one is more recent.
        due = due.max(Instant::now().checked_sub(pause).unwrap_or(due));
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        due += pause;
        camera.capture(&mut picture);
        if settings.clock {
            burn_clock(&mut picture);
        }
        number = number.wrapping_add(1);
        for (which, quality, encoder) in [(Which::Main, &settings.main, &mut main), (Which::Sub, &settings.sub, &mut sub)] {
            if number.is_multiple_of(quality.every) {
                serve(shared, which, encoder, &picture)?;
            }
        }
    }
    Ok(())
}

/// Sleeps until somebody plays; `false` when it is over.
fn wait_for_players(shared: &Shared) -> bool {
    let mut state = shared.lock();
    while !(state.ending || state.played()) {
        state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
    !state.ending
}

fn serve(shared: &Shared, which: Which, encoder: &mut PictureEncoder, picture: &Picture) -> Result<(), EncodeError> {
    {
        let mut state = shared.lock();
        let track = state.track(which);
        track.players.retain(|player| !player.queue.is_closed());
        if track.players.is_empty() {
            return Ok(());
        }
        if std::mem::take(&mut track.force_key) {
            encoder.force_key();
        }
    }
    let Some(encoded) = encoder.encode(picture)? else { return Ok(()) };
    let encoded = Arc::new(encoded);
    let mut state = shared.lock();
    for player in &mut state.track(which).players {
        hand_over(player, &encoded);
    }
    Ok(())
}

fn hand_over(player: &mut Player, picture: &Arc<EncodedPicture>) {
    if player.needs_key && !picture.key {
        return;
    }
    player.needs_key = match player.queue.try_send(picture.clone()) {
        Ok(()) | Err(TrySendError::Closed(_)) => false,
        Err(TrySendError::Full(_)) => true,
    };
}
