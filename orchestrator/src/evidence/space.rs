//! Room for recordings: what is forgotten by policy, and what goes first when the disk is full. Never a recording of an open incident.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use dispatch_core::event::{Actor, Event};
use feed::RecordingFile;
use flight_types::{DroneId, IncidentId};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::interval;

use super::{DELETED, Kept, kept};
use crate::engine::Engine;
use crate::limits::EVIDENCE_TIDYING;
use crate::store::{AuditOutcome, AuditRecord, AuditTrail};

/// How long and how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keeping {
    /// A recording is deleted when its incident is closed and it is older than this.
    pub age_max: Duration,
    /// The oldest recordings of closed incidents are deleted above this.
    pub bytes_max: u64,
}

/// Makes the files that recordings are written to.
pub trait Disk: std::fmt::Debug + Send + Sync {
    /// A new file at this path, which must not exist.
    fn create(&self, path: &Path) -> std::io::Result<Box<dyn RecordingFile>>;
}

/// The machine's own disk.
#[derive(Debug)]
struct OwnDisk;

impl Disk for OwnDisk {
    fn create(&self, path: &Path) -> std::io::Result<Box<dyn RecordingFile>> {
        Ok(Box::new(feed::new_file(path)?))
    }
}

/// Where recordings lie, with the means to delete them.
#[derive(Debug)]
pub struct Space {
    folder: PathBuf,
    keeping: Keeping,
    engine: Engine,
    audit: AuditTrail,
    runtime: Handle,
    disk: Box<dyn Disk>,
}

impl Space {
    /// Over the folder of recordings. Needs a tokio runtime.
    pub fn new(folder: PathBuf, keeping: Keeping, engine: Engine, audit: AuditTrail) -> Self {
        Self { folder, keeping, engine, audit, runtime: Handle::current(), disk: Box::new(OwnDisk) }
    }

    /// The same on another disk.
    pub fn on(self, disk: Box<dyn Disk>) -> Self {
        Self { disk, ..self }
    }

    /// What recordings are written to.
    pub fn disk(&self) -> &dyn Disk {
        self.disk.as_ref()
    }

    /// Where recordings lie.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Deletes what is too old or too much, now and then.
    pub fn tidy(self: &Arc<Self>) -> JoinHandle<()> {
        let space = self.clone();
        tokio::spawn(async move {
            let mut every = interval(EVIDENCE_TIDYING);
            loop {
                every.tick().await;
                let space = space.clone();
                // A panic there has been printed; the next round tries again.
                let _ = tokio::task::spawn_blocking(move || space.tidy_once(SystemTime::now())).await;
            }
        })
    }

    /// One round of it.
    pub fn tidy_once(&self, now: SystemTime) {
        let total: u64 = self.all().iter().map(|recording| recording.bytes).sum();
        let mut excess = total.saturating_sub(self.keeping.bytes_max);
        for recording in self.unneeded() {
            let old = now.duration_since(recording.written_at).is_ok_and(|age| self.keeping.age_max < age);
            if old {
                tracing::info!(recording = recording.name, "a recording has reached its age and is deleted");
                self.delete(&recording, "age");
            } else if 0 < excess {
                tracing::warn!(
                    recording = recording.name,
                    "RECORDINGS TAKE MORE ROOM THAN THEY MAY: the oldest of a closed incident is deleted"
                );
                self.delete(&recording, "room");
            } else {
                continue;
            }
            excess = excess.saturating_sub(recording.bytes);
        }
    }

    /// The disk is full: deletes the oldest recording that nobody needs. `false` when there is none.
    pub fn make_room(&self) -> bool {
        let Some(oldest) = self.unneeded().into_iter().next() else { return false };
        tracing::error!(
            recording = oldest.name,
            bytes = oldest.bytes,
            "THE DISK IS FULL: the oldest recording of a closed incident is deleted so that an open one can be recorded"
        );
        self.delete(&oldest, "disk_full");
        true
    }

    /// Tells the operators that what this aircraft sees is not being recorded.
    pub fn alert(&self, incident: &IncidentId, drone: &DroneId) {
        let event = Event::RecordingFailed { incident: incident.clone(), drone: drone.clone() };
        if let Err(error) = self.runtime.block_on(self.engine.report(Actor::System, event)) {
            tracing::error!(error = %error, incident = %incident, "the operators could not be told that nothing is recorded");
        }
    }

    fn all(&self) -> Vec<Kept> {
        kept(&self.folder).unwrap_or_else(|error| {
            tracing::error!(error = %error, folder = %self.folder.display(), "the recordings cannot be listed");
            Vec::new()
        })
    }

    /// Those of incidents that are not open, oldest first. An incident that the core has forgotten was closed long ago.
    fn unneeded(&self) -> Vec<Kept> {
        let recordings = self.all();
        self.engine.read(|core| {
            let open = |recording: &Kept| {
                let incident = IncidentId::new(recording.incident.as_str()).ok();
                incident.and_then(|id| core.incident(&id).map(|incident| incident.is_open())).unwrap_or(false)
            };
            recordings.into_iter().filter(|recording| !open(recording)).collect()
        })
    }

    fn delete(&self, recording: &Kept, why: &str) {
        let record = AuditRecord::new(Some(Actor::System), DELETED, recording.name.as_str(), AuditOutcome::Done)
            .with("why", why)
            .with("bytes", recording.bytes.to_string());
        metrics::counter!("evidence_deleted", "why" => why.to_owned()).increment(1);
        // First the trail, then the file. On a full disk the trail itself may have no room before the file is gone.
        let noted = self.runtime.block_on(self.audit.record(record.clone()));
        if let Err(error) = std::fs::remove_file(&recording.path) {
            return tracing::error!(error = %error, recording = recording.name, "a recording could not be deleted");
        }
        if let Some(folder) = recording.path.parent() {
            // Refused while other recordings of the incident are in it.
            let _ = std::fs::remove_dir(folder);
        }
        if noted.is_err()
            && let Err(error) = self.runtime.block_on(self.audit.record(record))
        {
            tracing::error!(error = %error, recording = recording.name, "the trail does not know that this recording was deleted");
        }
    }
}
