//! Recordings against the audit trail: every sealed beginning must still have its digest, every missing file a note of its deletion.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use dispatch_core::event::Actor;
use sha2::{Digest, Sha256};

use super::{DELETED, FOUND, Kept, SEALED, kept};
use crate::store::{AuditNote, AuditOutcome, AuditRecord, AuditTrail, Store, StoreError, audit_notes};

/// How the recordings stand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EvidenceVerdict {
    /// Recordings whose every seal holds.
    pub intact: usize,
    /// Recordings deleted by policy, with a note.
    pub deleted: usize,
    /// What is wrong, one line each.
    pub broken: Vec<String>,
    /// Ends of recordings that no seal covers yet, one line each: a running server seals them soon, a killed one at its next start.
    pub unsealed: Vec<String>,
}

/// Seals by recording: how many bytes, which digest.
#[derive(Debug, Default)]
struct Trail {
    seals: BTreeMap<String, BTreeMap<u64, String>>,
    deleted: BTreeSet<String>,
}

impl Trail {
    async fn read(store: &Store) -> Result<Self, StoreError> {
        let mut trail = Self::default();
        for AuditNote { action, subject, detail } in audit_notes(store, &[SEALED, FOUND, DELETED]).await? {
            if action == DELETED {
                trail.deleted.insert(subject);
                continue;
            }
            let bytes = detail.get("bytes").and_then(|bytes| bytes.parse().ok()).unwrap_or(u64::MAX);
            let digest = detail.get("sha256").cloned().unwrap_or_default();
            trail.seals.entry(subject).or_default().insert(bytes, digest);
        }
        Ok(trail)
    }
}

/// Checks every recording under `folder` against the audit trail.
pub async fn verify_evidence(store: &Store, folder: &Path) -> Result<EvidenceVerdict, StoreError> {
    let trail = Trail::read(store).await?;
    let mut verdict = EvidenceVerdict::default();
    let recordings = match kept(folder) {
        Ok(recordings) => recordings,
        Err(error) => {
            verdict.broken.push(format!("{}: {error}", folder.display()));
            Vec::new()
        }
    };
    let there: BTreeSet<&str> = recordings.iter().map(|recording| recording.name.as_str()).collect();
    for name in trail.seals.keys().filter(|name| !there.contains(name.as_str())) {
        match trail.deleted.contains(name) {
            true => verdict.deleted += 1,
            false => verdict.broken.push(format!("{name} is missing, and nothing says that it was deleted")),
        }
    }
    for recording in &recordings {
        let seals = trail.seals.get(&recording.name);
        check(recording, seals.unwrap_or(&BTreeMap::new()), &mut verdict);
    }
    Ok(verdict)
}

fn check(recording: &Kept, seals: &BTreeMap<u64, String>, verdict: &mut EvidenceVerdict) {
    match first_broken(recording, seals) {
        Ok(None) => {
            verdict.intact += 1;
            let sealed = seals.keys().last().copied().unwrap_or(0);
            if sealed < recording.bytes {
                verdict.unsealed.push(format!("{}: {} bytes at its end", recording.name, recording.bytes - sealed));
            }
        }
        Ok(Some(bytes)) => verdict.broken.push(format!("{} was changed within its first {bytes} bytes", recording.name)),
        Err(error) => verdict.broken.push(format!("{}: {error}", recording.name)),
    }
}

/// The length of the shortest sealed beginning that does not have its digest. Reads the file once.
fn first_broken(recording: &Kept, seals: &BTreeMap<u64, String>) -> std::io::Result<Option<u64>> {
    let mut file = BufReader::new(File::open(&recording.path)?);
    let (mut hasher, mut read) = (Sha256::new(), 0);
    for (bytes, digest) in seals {
        let copied = std::io::copy(&mut (&mut file).take(bytes - read), &mut hasher)?;
        if copied < bytes - read || hex::encode(hasher.clone().finalize()) != *digest {
            return Ok(Some(*bytes));
        }
        read = *bytes;
    }
    Ok(None)
}

/// Seals what a killed server left without a seal. Returns how many recordings.
pub async fn seal_found(store: &Store, audit: &AuditTrail, folder: &Path) -> Result<usize, StoreError> {
    let trail = Trail::read(store).await?;
    let recordings = kept(folder).unwrap_or_else(|error| {
        tracing::error!(error = %error, folder = %folder.display(), "the recordings cannot be listed");
        Vec::new()
    });
    let mut found = 0;
    for recording in recordings {
        let sealed = trail.seals.get(&recording.name).and_then(|seals| seals.keys().last().copied()).unwrap_or(0);
        if recording.bytes <= sealed {
            continue;
        }
        match whole(&recording) {
            Ok(digest) => {
                let record = AuditRecord::new(Some(Actor::System), FOUND, recording.name.as_str(), AuditOutcome::Done)
                    .with("incident", recording.incident.as_str())
                    .with("bytes", recording.bytes.to_string())
                    .with("sha256", digest);
                audit.record(record).await?;
                found += 1;
            }
            Err(error) => tracing::error!(error = %error, recording = recording.name, "a recording cannot be read"),
        }
    }
    Ok(found)
}

fn whole(recording: &Kept) -> std::io::Result<String> {
    let (mut file, mut hasher) = (File::open(&recording.path)?, Sha256::new());
    std::io::copy(&mut file, &mut hasher)?;
    Ok(hex::encode(hasher.finalize()))
}
