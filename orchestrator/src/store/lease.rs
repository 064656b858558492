//! Ownership of a district: one server at a time appends to its log.

use std::time::Duration;

use sqlx::Row;

use super::{Backend, Store, StoreError, database};
use crate::clock::Clock;
use crate::limits;

/// Proof that this server owns its district until the lease runs out.
#[derive(Debug, Clone)]
pub struct Lease {
    store: Store,
    clock: Clock,
    owner: String,
}

impl Lease {
    /// Takes the lease when it is free, has run out, or lies in a data directory that nobody else can have open.
    pub async fn take(store: &Store, clock: Clock, owner: String) -> Result<Self, StoreError> {
        let lease = Self { store: store.clone(), clock, owner };
        lease.extend(lease.store.backend == Backend::Sqlite).await?;
        Ok(lease)
    }

    /// Keeps the lease until it is lost, then returns why. Losing it means that another server acts for the district: stop.
    pub async fn keep(&self) -> StoreError {
        let mut good_until_ms = self.clock.now_ms() + limits::LEASE_MS;
        loop {
            tokio::time::sleep(limits::LEASE_RENEWAL).await;
            match self.extend(false).await {
                Ok(until_ms) => good_until_ms = until_ms,
                Err(held @ StoreError::LeaseHeld { .. }) => return held,
                Err(error) if good_until_ms <= self.clock.now_ms() => return error,
                Err(error) => tracing::warn!(error = %error, "the district's lease could not be renewed; trying again"),
            }
        }
    }

    /// Gives the lease back, so that the next owner need not wait for it to run out.
    pub async fn release(&self) -> Result<(), StoreError> {
        let mut writing = self.store.write().await?;
        sqlx::query("DELETE FROM district_lease WHERE district = $1 AND owner = $2")
            .bind(self.store.district.as_str())
            .bind(&self.owner)
            .execute(writing.connection())
            .await
            .map_err(database("releasing the lease"))?;
        writing.commit().await
    }

    /// How long a lease holds without renewal.
    pub fn length() -> Duration {
        Duration::from_millis(limits::LEASE_MS.unsigned_abs())
    }

    async fn extend(&self, whoever_holds_it: bool) -> Result<i64, StoreError> {
        let now_ms = self.clock.now_ms();
        let until_ms = now_ms + limits::LEASE_MS;
        let mut writing = self.store.write().await?;
        let taken = sqlx::query(
            "INSERT INTO district_lease (district, owner, until_ms) VALUES ($1, $2, $3) \
             ON CONFLICT (district) DO UPDATE SET owner = excluded.owner, until_ms = excluded.until_ms \
             WHERE district_lease.owner = excluded.owner OR district_lease.until_ms <= $4",
        )
        .bind(self.store.district.as_str())
        .bind(&self.owner)
        .bind(until_ms)
        .bind(if whoever_holds_it { i64::MAX } else { now_ms })
        .execute(writing.connection())
        .await
        .map_err(database("taking the lease"))?;
        if taken.rows_affected() == 0 {
            return Err(self.holder(now_ms).await);
        }
        writing.commit().await?;
        Ok(until_ms)
    }

    async fn holder(&self, now_ms: i64) -> StoreError {
        let row = sqlx::query("SELECT owner, until_ms FROM district_lease WHERE district = $1")
            .bind(self.store.district.as_str())
            .fetch_one(&self.store.pool)
            .await;
        let read = row.and_then(|row| Ok((row.try_get("owner")?, row.try_get::<i64, _>("until_ms")?)));
        match read {
            Ok((owner, until_ms)) => {
                StoreError::LeaseHeld { district: self.store.district.clone(), owner, for_ms: (until_ms - now_ms).max(0) }
            }
            Err(source) => StoreError::Database { doing: "reading the lease", source },
        }
    }
}
