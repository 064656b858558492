//! Watches surveys through their aircraft's cameras: decodes, has frames looked at, keeps what counts, and reports when a survey is over.
//!
//! Decoding and looking block and run on threads for that. Frames that come faster than they are looked at are dropped and counted, never
//! queued up: the next one shows the same ground.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use beacon::KeyRing;
use dispatch_core::Core;
use dispatch_core::event::{Actor, Event};
use dispatch_core::lots::{BaySighting, SurveyReport, stays_since};
use dispatch_core::survey::{Survey, SurveyState};
use feed::{DecodedFrame, Feeds, Quality, decode_frames};
use flight_types::{DroneId, LotId, MissionId, SurveyId};
use survey_findings::limits::ARRIVAL_MS;
use survey_findings::{Finding, Judgement};
use survey_sightings::{Eye, Gathering, Shot, Taken};
use survey_vision::{BayJudge, Frame, Lens, Pose, PoseSpread};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

use super::lot::SurveyedLot;
use super::plan::light;
use super::shelf::Shelf;
use crate::config::SurveysConfig;
use crate::engine::Engine;
use crate::limits::{SURVEY_FRAME_PAUSE, SURVEY_FRAMES_WAITING_MAX, SURVEY_LOOK, SURVEY_UNITS_WAITING_MAX};

/// Gives a lot as it is drawn now; `None` when there is none of this name.
pub type Lots = Arc<dyn Fn(&LotId) -> Option<SurveyedLot> + Send + Sync>;

/// What the watch works with.
#[derive(Clone)]
pub struct WatchParts {
    /// The loop.
    pub engine: Engine,
    /// The cameras.
    pub feeds: Feeds,
    /// Lots as they are drawn now.
    pub lots: Lots,
    /// The beacons' keys.
    pub keys: KeyRing,
    /// Says which bays are taken.
    pub judge: Arc<dyn BayJudge>,
    /// Camera and modules.
    pub settings: SurveysConfig,
    /// Where pictures lie.
    pub folder: PathBuf,
}

/// The task that watches.
#[derive(Debug)]
pub struct Watch {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Watch {
    /// Starts it.
    pub fn start(parts: WatchParts) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(run(parts, stop.clone()));
        Self { stop, task }
    }

    /// Looks no more; what was kept is on the disk.
    pub async fn stop(self) {
        self.stop.cancel();
        // A panic there has been printed.
        let _ = self.task.await;
    }
}

/// A survey that is watched or to be reported.
#[derive(Debug, Clone)]
struct Job {
    survey: SurveyId,
    lot: LotId,
    requested_at_ms: i64,
    over_at_ms: Option<i64>,
    flight: Option<Flight>,
}

#[derive(Debug, Clone, PartialEq)]
struct Flight {
    mission: MissionId,
    drone: DroneId,
    ground_amsl_m: f64,
}

/// What has been seen of a survey.
struct Seen {
    survey: SurveyId,
    gathering: Gathering,
    shelf: Shelf,
}

struct Watched {
    seen: Arc<Mutex<Seen>>,
    dropped: Arc<AtomicU64>,
    following: Option<Following>,
}

struct Following {
    flight: Flight,
    end: CancellationToken,
    task: JoinHandle<()>,
}

async fn run(parts: WatchParts, stop: CancellationToken) {
    let mut look = interval(SURVEY_LOOK);
    let mut watched: BTreeMap<SurveyId, Watched> = BTreeMap::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = look.tick() => {}
        }
        for job in parts.engine.read(jobs) {
            let one = match watched.entry(job.survey.clone()) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => match begin(&parts, &job) {
                    Ok(begun) => place.insert(begun),
                    Err(reason) => {
                        tracing::error!(survey = %job.survey, reason, "a survey cannot be watched");
                        continue;
                    }
                },
            };
            follow(&parts, one, &job, &stop);
            if due(&parts, one, &job) {
                report(&parts, one, &job).await;
            }
        }
        let open: BTreeSet<SurveyId> = parts.engine.read(|core| jobs(core).into_iter().map(|job| job.survey).collect());
        watched.retain(|survey, one| open.contains(survey) || one.following.as_ref().is_some_and(|on| !on.task.is_finished()));
    }
    for on in watched.into_values().filter_map(|one| one.following) {
        on.end.cancel();
        let _ = on.task.await;
    }
}

/// Surveys that are not reported yet.
fn jobs(core: &Core) -> Vec<Job> {
    core.surveys().filter(|survey| survey.reported.is_none()).map(|survey| job(core, survey)).collect()
}

fn job(core: &Core, survey: &Survey) -> Job {
    let over_at_ms = match survey.state {
        SurveyState::Open => None,
        SurveyState::Flown { at_ms } | SurveyState::Cancelled { at_ms, .. } | SurveyState::GivenUp { at_ms } => Some(at_ms),
    };
    let mission = survey.flight().and_then(|flight| core.mission(flight)).filter(|mission| mission.in_the_air());
    let ground = |station: &flight_types::StationId| {
        let stations = core.site().map(|site| site.stations.as_slice()).unwrap_or_default();
        stations.iter().find(|known| known.id == *station).map(|station| station.ground_amsl_m)
    };
    Job {
        survey: survey.id.clone(),
        lot: survey.lot.clone(),
        requested_at_ms: survey.requested_at_ms,
        over_at_ms,
        flight: mission.and_then(|mission| {
            // Over hills the ground of the lot counts, not that of the station.
            let relief = mission.plan.relief.as_ref().zip(mission.plan.outbound.last());
            let ground_amsl_m = relief.map(|(relief, end)| relief.ground_amsl_m(*end)).or_else(|| ground(&mission.station))?;
            Some(Flight { mission: mission.id.clone(), drone: mission.drone.clone(), ground_amsl_m })
        }),
    }
}

fn begin(parts: &WatchParts, job: &Job) -> Result<Watched, String> {
    let lot = (parts.lots)(&job.lot).ok_or_else(|| format!("the site has no lot {}", job.lot))?;
    let eye = Eye {
        exposure_s: light(&lot, &parts.settings, job.requested_at_ms).exposure_s(),
        register: lot.register,
        keys: parts.keys.clone(),
        frame: lot.frame,
        judge: parts.judge.clone(),
        spread: if parts.settings.corrected_positions { PoseSpread::CORRECTED } else { PoseSpread::PLAIN },
    };
    let (shelf, known) = Shelf::open(&parts.folder, &job.survey).map_err(|error| error.to_string())?;
    let seen = Seen { survey: job.survey.clone(), gathering: Gathering::resumed(eye, known), shelf };
    Ok(Watched { seen: Arc::new(Mutex::new(seen)), dropped: Arc::default(), following: None })
}

/// Follows the flight that is on the survey now, and no other.
fn follow(parts: &WatchParts, one: &mut Watched, job: &Job, stop: &CancellationToken) {
    if one.following.as_ref().is_some_and(|on| Some(&on.flight) == job.flight.as_ref() && !on.task.is_finished()) {
        return;
    }
    if let Some(on) = one.following.take() {
        on.end.cancel();
    }
    let Some(flight) = job.flight.clone().filter(|flight| parts.feeds.source(&flight.drone, Quality::Main).is_some()) else {
        return;
    };
    let end = stop.child_token();
    let task = tokio::spawn(watch(parts.feeds.clone(), flight.clone(), one.seen.clone(), one.dropped.clone(), end.clone()));
    one.following = Some(Following { flight, end, task });
}

async fn watch(feeds: Feeds, flight: Flight, seen: Arc<Mutex<Seen>>, dropped: Arc<AtomicU64>, end: CancellationToken) {
    let Some(source) = feeds.source(&flight.drone, Quality::Main) else { return };
    tracing::info!(drone = %flight.drone, flight = %flight.mission, "a survey's pictures are looked at");
    let mut pictures = source.subscribe();
    let (units, waiting) = mpsc::channel(SURVEY_UNITS_WAITING_MAX);
    let (frames, to_look_at) = sync_channel(SURVEY_FRAMES_WAITING_MAX);
    let decoding = tokio::task::spawn_blocking(move || {
        decode_frames(waiting, SURVEY_FRAME_PAUSE, |frame| match frames.try_send(frame) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                dropped.fetch_add(1, Ordering::Relaxed);
                true
            }
            Err(TrySendError::Disconnected(_)) => false,
        });
    });
    let looking = tokio::task::spawn_blocking(move || look_at_all(&to_look_at, &flight, &seen));
    loop {
        tokio::select! {
            () = end.cancelled() => break,
            unit = pictures.next() => match unit {
                Some(unit) => if units.send(unit).await.is_err() { break },
                None => break,
            },
        }
    }
    drop(units);
    // Their ends are all that matters; a panic has been printed.
    let _ = decoding.await;
    let _ = looking.await;
}

fn look_at_all(frames: &Receiver<DecodedFrame>, flight: &Flight, seen: &Mutex<Seen>) {
    while let Ok(frame) = frames.recv() {
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = look_at(frame, flight, &mut seen) {
            tracing::error!(error = %error, survey = %seen.survey, "a survey's picture could not be kept, and does not count");
        }
    }
}

fn look_at(frame: DecodedFrame, flight: &Flight, seen: &mut Seen) -> std::io::Result<()> {
    let stamp = frame.stamp;
    let Ok(lens) = Lens::of_field(frame.width, frame.height, stamp.horizontal_fov_deg) else { return Ok(()) };
    let Ok(luma) = Frame::new(frame.width, frame.height, frame.luma) else { return Ok(()) };
    let id = seen.shelf.next_name(&seen.survey);
    let pose = Pose {
        latitude_deg: stamp.lat_deg,
        longitude_deg: stamp.lon_deg,
        height_m: stamp.amsl_m - flight.ground_amsl_m,
        heading_deg: stamp.yaw_deg,
        pitch_deg: stamp.pitch_deg,
        roll_deg: stamp.roll_deg,
    };
    let taken_ms = stamp.captured_at_us / 1_000;
    let shot = Shot { id: &id, flight: flight.mission.as_str(), taken_ms, frame: &luma, lens, pose };
    if seen.gathering.take(&shot) != Taken::Counted {
        return Ok(());
    }
    let Some((picture, middle)) = seen.gathering.latest() else { return Ok(()) };
    let kept = seen.shelf.keep(&frame.jpeg, picture, &middle);
    if kept.is_err() {
        seen.gathering.forget_latest();
    }
    kept
}

/// Whether a survey that is over may be judged: whoever has just parked has had time to say so.
fn due(parts: &WatchParts, one: &Watched, job: &Job) -> bool {
    let looked_on = one.following.as_ref().is_some_and(|on| !on.task.is_finished());
    job.over_at_ms.is_some_and(|over_at_ms| !looked_on && over_at_ms + ARRIVAL_MS <= parts.engine.now_ms())
}

async fn report(parts: &WatchParts, one: &Watched, job: &Job) {
    let sessions = parts.engine.read(|core| stays_since(core.parking(), &job.lot, job.requested_at_ms));
    let made = {
        let seen = one.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let report = seen.gathering.report(sessions);
        let bays = report
            .bays
            .iter()
            .filter_map(|bay| Some(BaySighting { bay: bay.bay.clone(), taken: bay.taken, seen_ms: bay.seen_ms? }));
        SurveyReport {
            bays: bays.collect(),
            pictures: seen.gathering.pictures(),
            dropped: one.dropped.load(Ordering::Relaxed),
            unseen: report.unseen,
            judgement: Judgement { found: report.found, cleared: report.cleared },
        }
    };
    let wanted: BTreeSet<String> = made.judgement.found.iter().flat_map(pictures_of).collect();
    let event = Event::SurveyReported { survey: job.survey.clone(), report: Box::new(made) };
    if let Err(error) = parts.engine.report(Actor::System, event).await {
        return tracing::error!(error = %error, survey = %job.survey, "a survey's report was not taken; it is tried again");
    }
    // The names stay in the findings; the lines have done their work.
    match Shelf::open(&parts.folder, &job.survey).and_then(|(shelf, _)| shelf.close(&wanted)) {
        Ok(()) => {}
        Err(error) => tracing::warn!(error = %error, survey = %job.survey, "pictures that nobody needs could not be deleted"),
    }
}

fn pictures_of(finding: &Finding) -> Vec<String> {
    let names = finding.pictures.iter().chain(&finding.best);
    names.filter_map(|id| id.rsplit('/').next()).map(str::to_owned).collect()
}
