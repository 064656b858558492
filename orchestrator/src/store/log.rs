//! The district's log: appended in batches, read in order, each row chained to the one before by a hash.

use dispatch_core::event::{Actor, Entry, Event};
use flight_types::DistrictId;
use futures_util::TryStreamExt;
use sha2::{Digest, Sha256};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Store, StoreError, database};

/// The last row of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogHead {
    /// Its number; 0 before the first.
    pub seq: u64,
    /// Its time, milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// Its hash, hexadecimal; empty before the first.
    pub hash: String,
}

impl LogHead {
    /// Before the first row.
    pub fn start() -> Self {
        Self { seq: 0, at_ms: 0, hash: String::new() }
    }
}

/// The first row that does not fit the chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{table} row {seq} of district {district}: {reason}")]
pub struct ChainBreak {
    /// Which table.
    pub table: &'static str,
    /// Whose.
    pub district: DistrictId,
    /// Which row.
    pub seq: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// The log of one district.
#[derive(Debug, Clone)]
pub struct Log {
    store: Store,
}

/// A row as it is stored.
struct StoredRow {
    seq: i64,
    at_ms: i64,
    actor: String,
    event: String,
    hash: String,
}

impl Log {
    pub(super) fn new(store: Store) -> Self {
        Self { store }
    }

    /// Whose log it is.
    pub fn district(&self) -> &DistrictId {
        &self.store.district
    }

    /// Appends entries that follow `head`, all or none, and returns the new head once they are durable.
    pub async fn append(&self, head: &LogHead, entries: &[Entry]) -> Result<LogHead, StoreError> {
        let mut writing = self.store.write().await?;
        let mut head = head.clone();
        for entry in entries {
            debug_assert_eq!(entry.seq, head.seq + 1, "the log has no gaps");
            let row = stored(entry, &head.hash);
            sqlx::query("INSERT INTO log_entry (district, seq, at_ms, actor, event, hash) VALUES ($1, $2, $3, $4, $5, $6)")
                .bind(entry.district.as_str())
                .bind(row.seq)
                .bind(row.at_ms)
                .bind(&row.actor)
                .bind(&row.event)
                .bind(&row.hash)
                .execute(writing.connection())
                .await
                .map_err(database("appending to the log"))?;
            head = LogHead { seq: entry.seq, at_ms: entry.at_ms, hash: row.hash };
        }
        writing.commit().await?;
        Ok(head)
    }

    /// Gives every entry after `after_seq` to `take`, oldest first, without holding more than a few in memory; returns the head.
    pub async fn read(&self, after: LogHead, mut take: impl FnMut(&Entry)) -> Result<LogHead, StoreError> {
        let mut head = after;
        let text = "SELECT seq, at_ms, actor, event, hash FROM log_entry WHERE district = $1 AND seq > $2 ORDER BY seq";
        let mut rows = sqlx::query(text)
            .bind(self.store.district.as_str())
            .bind(i64::try_from(head.seq).unwrap_or(i64::MAX))
            .fetch(&self.store.pool);
        while let Some(row) = rows.try_next().await.map_err(database("reading the log"))? {
            let row = decoded(&row).map_err(database("reading the log"))?;
            let entry = self.entry(&row, head.seq + 1)?;
            take(&entry);
            head = LogHead { seq: entry.seq, at_ms: entry.at_ms, hash: row.hash };
        }
        Ok(head)
    }

    /// Walks the whole chain; `Ok(Err(…))` names the first row that was changed, removed or inserted.
    pub async fn verify(&self) -> Result<Result<LogHead, ChainBreak>, StoreError> {
        let text = "SELECT seq, at_ms, actor, event, hash FROM log_entry WHERE district = $1 ORDER BY seq";
        let mut rows = sqlx::query(text).bind(self.store.district.as_str()).fetch(&self.store.pool);
        let mut head = LogHead::start();
        while let Some(row) = rows.try_next().await.map_err(database("reading the log"))? {
            let row = decoded(&row).map_err(database("reading the log"))?;
            match self.checked(&head, row) {
                Ok(next) => head = next,
                Err(broken) => return Ok(Err(broken)),
            }
        }
        Ok(Ok(head))
    }

    fn checked(&self, head: &LogHead, row: StoredRow) -> Result<LogHead, ChainBreak> {
        let seq = u64::try_from(row.seq).unwrap_or(0);
        let broken = |seq, reason: &str| ChainBreak {
            table: "log_entry",
            district: self.store.district.clone(),
            seq,
            reason: reason.to_owned(),
        };
        if seq != head.seq + 1 {
            return Err(broken(head.seq + 1, "is missing"));
        }
        if row.hash != chain_hash(&head.hash, &self.store.district, &row) {
            return Err(broken(seq, "does not match its hash: it, or the row before, was changed"));
        }
        if row.at_ms < head.at_ms {
            return Err(broken(seq, "is older than the row before"));
        }
        Ok(LogHead { seq, at_ms: row.at_ms, hash: row.hash })
    }

    fn entry(&self, row: &StoredRow, seq_expected: u64) -> Result<Entry, StoreError> {
        let unreadable = |reason: String| StoreError::Unreadable {
            table: "log_entry",
            district: self.store.district.clone(),
            seq: seq_expected,
            reason,
        };
        if u64::try_from(row.seq) != Ok(seq_expected) {
            return Err(unreadable(format!("row {} stands in its place", row.seq)));
        }
        let actor: Actor = serde_json::from_str(&row.actor).map_err(|error| unreadable(format!("actor: {error}")))?;
        let event: Event = serde_json::from_str(&row.event).map_err(|error| unreadable(format!("event: {error}")))?;
        Ok(Entry { seq: seq_expected, at_ms: row.at_ms, district: self.store.district.clone(), actor, event })
    }
}

fn stored(entry: &Entry, hash_before: &str) -> StoredRow {
    let mut row = StoredRow {
        seq: i64::try_from(entry.seq).expect("fewer than 2^63 entries"),
        at_ms: entry.at_ms,
        actor: serde_json::to_string(&entry.actor).expect("an actor is plain data"),
        event: serde_json::to_string(&entry.event).expect("an event is plain data"),
        hash: String::new(),
    };
    row.hash = chain_hash(hash_before, &entry.district, &row);
    row
}

/// Fields are separated by line feeds, which neither identifiers nor JSON on one line contain, so that no two rows share a text.
fn chain_hash(hash_before: &str, district: &DistrictId, row: &StoredRow) -> String {
    let text = format!("{hash_before}\n{district}\n{}\n{}\n{}\n{}", row.seq, row.at_ms, row.actor, row.event);
    hex::encode(Sha256::digest(text.as_bytes()))
}

fn decoded(row: &AnyRow) -> Result<StoredRow, sqlx::Error> {
    Ok(StoredRow {
        seq: row.try_get("seq")?,
        at_ms: row.try_get("at_ms")?,
        actor: row.try_get("actor")?,
        event: row.try_get("event")?,
        hash: row.try_get("hash")?,
    })
}
