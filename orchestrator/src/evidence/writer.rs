//! The thread that writes one aircraft's recordings of one incident: a new file after every change and every failure.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use feed::{AccessUnit, Reel, ReelError, Seal};
use flight_types::{DroneId, IncidentId};
use tokio::sync::mpsc;

use super::recorder::Sealed;
use super::space::Space;
use crate::engine::Engine;
use crate::limits::{EVIDENCE_ALERT_PAUSE, EVIDENCE_RETRY_PAUSE, EVIDENCE_ROOM_TRIES_MAX, EVIDENCE_SEAL_PAUSE};

struct Writer<'a> {
    scene: &'a (IncidentId, DroneId),
    space: &'a Space,
    engine: &'a Engine,
    seals: &'a mpsc::Sender<Sealed>,
    open: Option<Open>,
    failed_at: Option<Instant>,
    /// When the operators were last told that nothing is recorded.
    told_at: Option<Instant>,
}

struct Open {
    reel: Reel,
    name: String,
    sealed_at: Instant,
}

/// Writes until the sender of pictures is gone.
pub(super) fn write(
    mut units: mpsc::Receiver<Arc<AccessUnit>>,
    scene: &(IncidentId, DroneId),
    space: &Space,
    engine: &Engine,
    seals: &mpsc::Sender<Sealed>,
) {
    let mut writer = Writer { scene, space, engine, seals, open: None, failed_at: None, told_at: None };
    while let Some(unit) = units.blocking_recv() {
        writer.take(&unit);
    }
    writer.finish();
}

impl Writer<'_> {
    fn take(&mut self, unit: &Arc<AccessUnit>) {
        if self.open.is_none() && !(unit.key && self.open_file()) {
            return;
        }
        let Some(open) = &mut self.open else { return };
        match open.reel.push(unit) {
            Ok(None) => {}
            Ok(Some(_)) => self.seal_sometimes(),
            Err(ReelError::DiskFull) => self.make_room(),
            Err(ReelError::Changed) => {
                self.finish();
                if self.open_file()
                    && let Some(open) = &mut self.open
                {
                    // The first picture of a file only waits.
                    let _ = open.reel.push(unit);
                }
            }
            Err(error) => self.give_up(&error),
        }
    }

    fn open_file(&mut self) -> bool {
        if self.failed_at.is_some_and(|at| at.elapsed() < EVIDENCE_RETRY_PAUSE) {
            return false;
        }
        let (incident, drone) = self.scene;
        let file = format!("{drone}-{}.mp4", self.engine.now_ms());
        let folder: PathBuf = self.space.folder().join(incident.as_str());
        let path = folder.join(&file);
        let made = std::fs::create_dir_all(&folder)
            .and_then(|()| self.space.disk().create(&path))
            .map_err(|source| ReelError::File { path: path.clone(), source })
            .and_then(|disk_file| Reel::begin(&path, disk_file));
        match made {
            Ok(reel) => {
                self.open = Some(Open { reel, name: format!("{incident}/{file}"), sealed_at: Instant::now() });
                self.failed_at = None;
                true
            }
            Err(error) => {
                let full = matches!(&error, ReelError::File { source, .. } if source.kind() == ErrorKind::StorageFull);
                if full && !self.space.make_room() {
                    self.tell_not_recorded();
                }
                self.give_up(&error);
                false
            }
        }
    }

    /// The disk is full: the oldest recordings that nobody needs go, and the fragment is written again.
    fn make_room(&mut self) {
        let Some(mut open) = self.open.take() else { return };
        let written = self.with_room(&mut open.reel, Err(ReelError::DiskFull));
        self.open = Some(open);
        match written {
            Ok(_) => self.seal_sometimes(),
            Err(ReelError::DiskFull) => self.tell_not_recorded(),
            Err(error) => self.give_up(&error),
        }
    }

    /// Writes again what did not fit, for as long as something goes that nobody needs.
    fn with_room(&self, reel: &mut Reel, mut written: Result<Seal, ReelError>) -> Result<Seal, ReelError> {
        for _ in 0..EVIDENCE_ROOM_TRIES_MAX {
            if !matches!(written, Err(ReelError::DiskFull)) || !self.space.make_room() {
                break;
            }
            written = reel.retry();
        }
        written
    }

    fn tell_not_recorded(&mut self) {
        let (incident, drone) = self.scene;
        tracing::error!(incident = %incident, drone = %drone, "THE DISK IS FULL: this incident is not being recorded");
        metrics::counter!("evidence_not_recorded").increment(1);
        if self.told_at.is_none_or(|at| EVIDENCE_ALERT_PAUSE <= at.elapsed()) {
            self.told_at = Some(Instant::now());
            self.space.alert(incident, drone);
        }
    }

    fn seal_sometimes(&mut self) {
        let Some(open) = &mut self.open else { return };
        if EVIDENCE_SEAL_PAUSE <= open.sealed_at.elapsed() {
            open.sealed_at = Instant::now();
            let sealed = Sealed { name: open.name.clone(), seal: open.reel.seal() };
            // Whoever seals has ended with the server; the next start seals what is found.
            let _ = self.seals.blocking_send(sealed);
        }
    }

    fn finish(&mut self) {
        let Some(Open { mut reel, name, .. }) = self.open.take() else { return };
        let ended = reel.finish();
        match self.with_room(&mut reel, ended) {
            Ok(seal) => drop(self.seals.blocking_send(Sealed { name, seal })),
            Err(error) => {
                tracing::error!(recording = name, error = %crate::engine::chain(&error), "the end of a recording is lost")
            }
        }
    }

    fn give_up(&mut self, error: &ReelError) {
        tracing::error!(incident = %self.scene.0, error = %crate::engine::chain(error), "a recording failed; another one is begun");
        self.failed_at = Some(Instant::now());
        self.finish();
    }
}
