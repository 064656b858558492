//! Decides nothing: keeps a recording going for every aircraft that is on scene of an open incident, and seals it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dispatch_core::Core;
use dispatch_core::event::Actor;
use dispatch_core::model::Incident;
use feed::{Feeds, Quality, Seal};
use flight_types::{DroneId, FlightPhase, IncidentId};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

use super::{SEALED, Space, writer};
use crate::engine::Engine;
use crate::limits::{EVIDENCE_LOOK, EVIDENCE_PICTURES_WAITING_MAX, EVIDENCE_SEALS_WAITING_MAX};
use crate::store::{AuditOutcome, AuditRecord, AuditTrail};

/// One aircraft at one incident.
pub type Scene = (IncidentId, DroneId);

/// What has been written of one recording.
#[derive(Debug, Clone)]
pub(super) struct Sealed {
    pub name: String,
    pub seal: Seal,
}

/// The task that records.
#[derive(Debug)]
pub struct Recorder {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Means {
    engine: Engine,
    audit: AuditTrail,
    feeds: Feeds,
    space: Arc<Space>,
}

impl Recorder {
    /// Starts it.
    pub fn start(engine: Engine, audit: AuditTrail, feeds: Feeds, space: Arc<Space>) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(run(Means { engine, audit, feeds, space }, stop.clone()));
        Self { stop, task }
    }

    /// Ends every recording, sealed.
    pub async fn stop(self) {
        self.stop.cancel();
        // A panic there has been printed; what is on the disk is sealed at the next start.
        let _ = self.task.await;
    }
}

struct Running {
    end: CancellationToken,
    task: JoinHandle<()>,
}

async fn run(means: Means, stop: CancellationToken) {
    let mut steps = means.engine.subscribe();
    let mut look = interval(EVIDENCE_LOOK);
    let mut running: BTreeMap<Scene, Running> = BTreeMap::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            step = steps.recv() => if matches!(step, Err(RecvError::Closed)) { break },
            _ = look.tick() => {}
        }
        let wanted = means.engine.read(scenes);
        running.retain(|_, recording| !recording.task.is_finished());
        running.iter().filter(|(scene, _)| !wanted.contains(*scene)).for_each(|(_, recording)| recording.end.cancel());
        for scene in wanted {
            if !running.contains_key(&scene) && means.feeds.source(&scene.1, Quality::Main).is_some() {
                let end = stop.child_token();
                let task = tokio::spawn(record(means.clone(), scene.clone(), end.clone()));
                running.insert(scene, Running { end, task });
            }
        }
    }
    for recording in running.into_values() {
        recording.end.cancel();
        let _ = recording.task.await;
    }
}

/// Where pictures are evidence now: on scene of an open incident.
pub fn scenes(core: &Core) -> BTreeSet<Scene> {
    // By the flights: there are as many as aircraft, and open incidents may be thousands.
    let on_scene = core.missions().filter(|mission| !mission.ended && mission.phase == Some(FlightPhase::OnScene));
    let open = on_scene.filter(|mission| mission.incident().and_then(|id| core.incident(id)).is_some_and(Incident::is_open));
    open.filter_map(|mission| Some((mission.incident()?.clone(), mission.drone.clone()))).collect()
}

async fn record(means: Means, scene: Scene, end: CancellationToken) {
    let (incident, drone) = &scene;
    let Some(source) = means.feeds.source(drone, Quality::Main) else { return };
    // Not from the last key picture: that one was taken in transit, which is not recorded.
    let mut pictures = source.subscribe_from_now();
    let (units, waiting) = mpsc::channel(EVIDENCE_PICTURES_WAITING_MAX);
    let (seals, mut sealed) = mpsc::channel(EVIDENCE_SEALS_WAITING_MAX);
    tracing::info!(incident = %incident, drone = %drone, "recording begins");
    let (space, name, clock) = (means.space.clone(), scene.clone(), means.engine.clone());
    let writing = tokio::task::spawn_blocking(move || writer::write(waiting, &name, &space, &clock, &seals));
    let mut units = Some(units);
    loop {
        tokio::select! {
            () = end.cancelled(), if units.is_some() => units = None,
            unit = pictures.next(), if units.is_some() => match (unit, &units) {
                (Some(unit), Some(to)) => if to.send(unit).await.is_err() { units = None },
                _ => units = None,
            },
            seal = sealed.recv() => match seal {
                Some(seal) => audit(&means.audit, &scene, &seal).await,
                // The writer has ended.
                None => break,
            },
        }
    }
    // Its panic has been printed; what it wrote is sealed at the next start.
    let _ = writing.await;
    tracing::info!(incident = %incident, drone = %drone, "recording ended");
}

async fn audit(audit: &AuditTrail, (incident, drone): &Scene, sealed: &Sealed) {
    let record = AuditRecord::new(Some(Actor::System), SEALED, sealed.name.as_str(), AuditOutcome::Done)
        .with("incident", incident.as_str())
        .with("drone", drone.as_str())
        .with("bytes", sealed.seal.bytes.to_string())
        .with("sha256", sealed.seal.sha256.as_str())
        .with("pictures", sealed.seal.pictures.to_string());
    if let Err(error) = audit.record(record).await {
        tracing::error!(error = %error, recording = sealed.name, "a recording's digest could not be written to the audit trail");
    }
}
