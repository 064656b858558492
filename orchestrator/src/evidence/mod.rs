//! Evidence: the pictures of an incident, kept as files whose digests stand in the audit trail.
//!
//! Recorded is what the camera sees while the aircraft is on scene of an open incident, and nothing in transit. [`recorder`] writes,
//! [`space`] makes room and forgets by policy, [`verify`] checks. `docs/video.md` tells the layout.

mod recorder;
mod space;
mod verify;
mod writer;

use std::path::{Path, PathBuf};

pub use recorder::{Recorder, scenes};
pub use space::{Disk, Keeping, Space};
pub use verify::{EvidenceVerdict, seal_found, verify_evidence};

/// In the audit trail: the first so many bytes of a recording have this digest.
pub const SEALED: &str = "evidence_sealed";
/// Likewise, of a recording whose server was killed before it could seal the rest; written at the next start.
pub const FOUND: &str = "evidence_found";
/// In the audit trail: a recording was deleted, by policy or to make room.
pub const DELETED: &str = "evidence_deleted";

/// Where recordings lie.
pub fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("evidence")
}

/// A recording on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// `INCIDENT/DRONE-MILLISECONDS.mp4`, as the audit trail names it.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// The incident's folder.
    pub incident: String,
    /// Length.
    pub bytes: u64,
    /// When it was last written to.
    pub written_at: std::time::SystemTime,
}

/// Every recording, the one written longest ago first.
pub fn kept(folder: &Path) -> std::io::Result<Vec<Kept>> {
    let mut found = Vec::new();
    let incidents = match std::fs::read_dir(folder) {
        Ok(incidents) => incidents,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(error),
    };
    for incident in incidents {
        let incident = incident?;
        if !incident.file_type()?.is_dir() {
            continue;
        }
        let name = incident.file_name().to_string_lossy().into_owned();
        found.extend(unless_gone(of_incident(&incident.path(), &name))?.unwrap_or_default());
    }
    found.sort_by(|a, b| a.written_at.cmp(&b.written_at).then_with(|| a.name.cmp(&b.name)));
    Ok(found)
}

/// The recordings of one incident.
pub fn of_incident(folder: &Path, incident: &str) -> std::io::Result<Vec<Kept>> {
    let mut found = Vec::new();
    for file in std::fs::read_dir(folder)? {
        let file = file?;
        let path = file.path();
        if path.extension().is_none_or(|ending| ending != "mp4") {
            continue;
        }
        let Some(about) = unless_gone(file.metadata())? else { continue };
        let name = format!("{incident}/{}", file.file_name().to_string_lossy());
        let written_at = about.modified()?;
        found.push(Kept { name, path, incident: incident.to_owned(), bytes: about.len(), written_at });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// Two recordings may make room at once, and tidying goes on beside: what was deleted in between is no error of the list.
fn unless_gone<T>(found: std::io::Result<T>) -> std::io::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
