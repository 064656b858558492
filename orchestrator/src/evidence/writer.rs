//! The thread that writes one aircraft's recordings of one incident: a new file after every change and every failure.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use feed::{AccessUnit, Reel, ReelError};
use flight_types::{DroneId, IncidentId};
use tokio::sync::mpsc;

use super::recorder::Sealed;
use super::space::Space;
use crate::engine::Engine;
use crate::limits::{EVIDENCE_RETRY_PAUSE, EVIDENCE_ROOM_TRIES_MAX, EVIDENCE_SEAL_PAUSE};

struct Writer<'a> {
    scene: &'a (IncidentId, DroneId),
    space: &'a Space,
    engine: &'a Engine,
    seals: &'a mpsc::Sender<Sealed>,
    open: Option<Open>,
    failed_at: Option<Instant>,
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
    let mut writer = Writer { scene, space, engine, seals, open: None, failed_at: None };
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
                if matches!(&error, ReelError::File { source, .. } if source.kind() == ErrorKind::StorageFull) {
                    self.space.make_room();
                }
                self.give_up(&error);
                false
            }
        }
    }

    /// The disk is full: the oldest recordings that nobody needs go, and the fragment is written again.
    fn make_room(&mut self) {
        for _ in 0..EVIDENCE_ROOM_TRIES_MAX {
            if !self.space.make_room() {
                break;
            }
            let Some(open) = &mut self.open else { return };
            match open.reel.retry() {
                Ok(_) => return self.seal_sometimes(),
                Err(ReelError::DiskFull) => {}
                Err(error) => return self.give_up(&error),
            }
        }
        tracing::error!(
            incident = %self.scene.0,
            "THE DISK IS FULL and there is no recording of a closed incident left to delete: this incident is not being recorded"
        );
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
        let Some(Open { reel, name, .. }) = self.open.take() else { return };
        match reel.finish() {
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
