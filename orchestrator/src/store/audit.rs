//! The audit trail: what people and devices did that is no event of the core, chained like the log.

use std::collections::BTreeMap;

use dispatch_core::event::Actor;
use flight_types::DistrictId;
use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::Row;
use sqlx::any::AnyRow;
use tokio::sync::{mpsc, oneshot};

use super::{ChainBreak, LogHead, Store, StoreError, database};
use crate::clock::Clock;
use crate::limits;

/// How an audited action ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was not allowed.
    Refused,
    /// It was allowed and went wrong.
    Failed,
}

/// One line of the trail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// Who, when known.
    pub actor: Option<Actor>,
    /// What, as a word: "sign_in", "refused", "viewed".
    pub action: String,
    /// To what: an account, an incident, a path.
    pub subject: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Particulars. Never a password, a code or a token.
    pub detail: BTreeMap<String, String>,
}

impl AuditRecord {
    /// A record without particulars.
    pub fn new(actor: Option<Actor>, action: impl Into<String>, subject: impl Into<String>, outcome: Outcome) -> Self {
        Self { actor, action: action.into(), subject: subject.into(), outcome, detail: BTreeMap::new() }
    }

    /// With one more particular.
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.detail.insert(name.into(), value.into());
        self
    }

    /// Texts come from requests: cut to a bound, so that nobody fills the disk with one header.
    fn bounded(mut self) -> Self {
        for text in [&mut self.action, &mut self.subject].into_iter().chain(self.detail.values_mut()) {
            let mut end = text.len().min(limits::AUDIT_TEXT_MAX);
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
        }
        self
    }
}

struct Waiting {
    record: AuditRecord,
    durable: oneshot::Sender<Result<(), StoreError>>,
}

/// Writes the trail; cheap to clone.
#[derive(Debug, Clone)]
pub struct AuditTrail {
    waiting: mpsc::Sender<Waiting>,
}

impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiting").field("record", &self.record).finish_non_exhaustive()
    }
}

impl AuditTrail {
    /// Starts the one task that extends the chain. It ends when the last handle is dropped.
    pub async fn start(store: &Store, clock: Clock) -> Result<Self, StoreError> {
        let head = head(store).await?;
        let (waiting, queue) = mpsc::channel(limits::AUDIT_WAITING_MAX);
        tokio::spawn(write_all(store.clone(), clock, head, queue));
        Ok(Self { waiting })
    }

    /// Records an action; returns once it is durable.
    pub async fn record(&self, record: AuditRecord) -> Result<(), StoreError> {
        let (durable, answer) = oneshot::channel();
        let waiting = Waiting { record: record.bounded(), durable };
        self.waiting.send(waiting).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

async fn write_all(store: Store, clock: Clock, mut head: LogHead, mut queue: mpsc::Receiver<Waiting>) {
    let mut batch = Vec::new();
    while 0 < queue.recv_many(&mut batch, limits::ENTRIES_PER_COMMIT_MAX).await {
        let records: Vec<&AuditRecord> = batch.iter().map(|waiting| &waiting.record).collect();
        match append(&store, &head, clock.now_ms(), &records).await {
            Ok(next) => {
                head = next;
                batch.drain(..).for_each(|waiting| drop(waiting.durable.send(Ok(()))));
            }
            Err(error) => {
                tracing::error!(error = %error, records = batch.len(), "audit records could not be written");
                batch.drain(..).for_each(|waiting| drop(waiting.durable.send(Err(StoreError::Closed))));
                // The commit may have happened before its answer was lost: continue from what is really there.
                if let Ok(found) = self::head(&store).await {
                    head = found;
                }
            }
        }
    }
}

async fn append(store: &Store, head: &LogHead, now_ms: i64, records: &[&AuditRecord]) -> Result<LogHead, StoreError> {
    let mut writing = store.write().await?;
    let mut head = head.clone();
    for record in records {
        let row = StoredRow::new(record, head.seq + 1, now_ms.max(head.at_ms));
        let hash = row.chain_hash(&head.hash, store.district());
        sqlx::query(
            "INSERT INTO audit_record (district, seq, at_ms, actor, action, subject, outcome, detail, hash) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(store.district().as_str())
        .bind(row.seq)
        .bind(row.at_ms)
        .bind(&row.actor)
        .bind(&row.action)
        .bind(&row.subject)
        .bind(&row.outcome)
        .bind(&row.detail)
        .bind(&hash)
        .execute(writing.connection())
        .await
        .map_err(database("appending to the audit trail"))?;
        head = LogHead { seq: head.seq + 1, at_ms: row.at_ms, hash };
    }
    writing.commit().await?;
    Ok(head)
}

async fn head(store: &Store) -> Result<LogHead, StoreError> {
    let row = sqlx::query("SELECT seq, at_ms, hash FROM audit_record WHERE district = $1 ORDER BY seq DESC LIMIT 1")
        .bind(store.district().as_str())
        .fetch_optional(store.pool())
        .await
        .map_err(database("reading the audit trail"))?;
    let Some(row) = row else { return Ok(LogHead::start()) };
    let read = |row: &AnyRow| -> Result<LogHead, sqlx::Error> {
        let seq = u64::try_from(row.try_get::<i64, _>("seq")?).unwrap_or(0);
        Ok(LogHead { seq, at_ms: row.try_get("at_ms")?, hash: row.try_get("hash")? })
    };
    read(&row).map_err(database("reading the audit trail"))
}

/// Walks the audit chain; `Ok(Err(…))` names the first row that was changed, removed or inserted.
pub async fn verify(store: &Store) -> Result<Result<LogHead, ChainBreak>, StoreError> {
    let text =
        "SELECT seq, at_ms, actor, action, subject, outcome, detail, hash FROM audit_record WHERE district = $1 ORDER BY seq";
    let mut rows = sqlx::query(text).bind(store.district().as_str()).fetch(store.pool());
    let mut head = LogHead::start();
    while let Some(row) = rows.try_next().await.map_err(database("reading the audit trail"))? {
        let (row, hash) = StoredRow::decoded(&row).map_err(database("reading the audit trail"))?;
        let broken = |seq, reason: &str| ChainBreak {
            table: "audit_record",
            district: store.district().clone(),
            seq,
            reason: reason.to_owned(),
        };
        let seq = u64::try_from(row.seq).unwrap_or(0);
        if seq != head.seq + 1 {
            return Ok(Err(broken(head.seq + 1, "is missing")));
        }
        if hash != row.chain_hash(&head.hash, store.district()) {
            return Ok(Err(broken(seq, "does not match its hash: it, or the row before, was changed")));
        }
        head = LogHead { seq, at_ms: row.at_ms, hash };
    }
    Ok(Ok(head))
}

/// What the trail says about something, for those who check it against the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditNote {
    /// Which action.
    pub action: String,
    /// To what.
    pub subject: String,
    /// Particulars.
    pub detail: BTreeMap<String, String>,
}

/// Every record of these actions, oldest first.
pub async fn notes(store: &Store, actions: &[&str]) -> Result<Vec<AuditNote>, StoreError> {
    let doing = "reading the audit trail";
    let text = "SELECT action, subject, detail FROM audit_record WHERE district = $1 ORDER BY seq";
    let mut rows = sqlx::query(text).bind(store.district().as_str()).fetch(store.pool());
    let mut found = Vec::new();
    while let Some(row) = rows.try_next().await.map_err(database(doing))? {
        let action: String = row.try_get("action").map_err(database(doing))?;
        if actions.contains(&action.as_str()) {
            let subject = row.try_get("subject").map_err(database(doing))?;
            let detail: String = row.try_get("detail").map_err(database(doing))?;
            // Particulars that do not read are none; the chain's own check says that the row was changed.
            let detail = serde_json::from_str(&detail).unwrap_or_default();
            found.push(AuditNote { action, subject, detail });
        }
    }
    Ok(found)
}

struct StoredRow {
    seq: i64,
    at_ms: i64,
    actor: String,
    action: String,
    subject: String,
    outcome: String,
    detail: String,
}

impl StoredRow {
    fn new(record: &AuditRecord, seq: u64, at_ms: i64) -> Self {
        Self {
            seq: i64::try_from(seq).expect("fewer than 2^63 records"),
            at_ms,
            actor: serde_json::to_string(&record.actor).expect("an actor is plain data"),
            action: record.action.clone(),
            subject: record.subject.clone(),
            outcome: serde_json::to_string(&record.outcome).expect("an outcome is plain data"),
            detail: serde_json::to_string(&record.detail).expect("particulars are plain data"),
        }
    }

    fn decoded(row: &AnyRow) -> Result<(Self, String), sqlx::Error> {
        let stored = Self {
            seq: row.try_get("seq")?,
            at_ms: row.try_get("at_ms")?,
            actor: row.try_get("actor")?,
            action: row.try_get("action")?,
            subject: row.try_get("subject")?,
            outcome: row.try_get("outcome")?,
            detail: row.try_get("detail")?,
        };
        Ok((stored, row.try_get("hash")?))
    }

    /// Hashed as one JSON array, in which no text can run into its neighbour.
    fn chain_hash(&self, hash_before: &str, district: &DistrictId) -> String {
        let fields = (
            hash_before,
            district.as_str(),
            self.seq,
            self.at_ms,
            &self.actor,
            &self.action,
            &self.subject,
            &self.outcome,
            &self.detail,
        );
        let text = serde_json::to_vec(&fields).expect("texts and numbers");
        hex::encode(Sha256::digest(&text))
    }
}
