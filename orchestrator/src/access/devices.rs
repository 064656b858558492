//! The browsers and devices that prove to be somebody: listed for their owner, ended one by one or all but one. Whoever listens
//! is told at once, so that open connections end with their credential.
//!
//! A device is named by the beginning of its secret's digest: enough to point at it, of no use to anybody who wants in.

use dispatch_core::event::Role;
use flight_types::AccountId;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};
use tokio::sync::broadcast;

use super::secrets::digest;
use super::sessions::{SESSION_IDLE_MAX_MS, SESSION_LENGTH_MAX_MS};
use super::{Access, AccessError};

/// Characters of a digest that name a device: 64 bits, one owner has a handful.
const DEVICE_ID_LENGTH: usize = 16;
/// Devices of one owner that are listed; a person has a few, a careless integration must not fill a page.
const DEVICES_LISTED_MAX: i64 = 200;

/// What kind of credential it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceKind {
    /// A signed-in browser.
    Browser,
    /// A device with a token of its own.
    Terminal,
}

/// One browser or device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// What it is pointed at by.
    pub id: String,
    /// What it proves itself with.
    pub kind: DeviceKind,
    /// How it called itself; empty when unknown.
    pub name: String,
    /// Since when, milliseconds since 1970-01-01 UTC.
    pub created_at_ms: i64,
    /// When it was last used, in steps of some minutes; absent when never.
    pub seen_at_ms: Option<i64>,
    /// It is the one that asks.
    pub is_asking: bool,
}

/// Whose devices: identifiers of callers and accounts are two sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Caller or account.
    pub id: AccountId,
    /// As a caller.
    pub is_caller: bool,
}

impl Owner {
    /// Somebody with this role.
    pub fn new(id: AccountId, role: Role) -> Self {
        Self { id, is_caller: role == Role::Caller }
    }
}

impl Access {
    /// Whose credentials end, from now on. Somebody who lags behind checks everybody.
    pub fn revocations(&self) -> broadcast::Receiver<Owner> {
        self.revoked.subscribe()
    }

    pub(super) fn announce_revoked(&self, owner: Owner) {
        self.known_tokens.end(&owner);
        // Nobody listening is fine.
        let _ = self.revoked.send(owner);
    }

    /// The owner's browsers and devices that still stand, the latest first; `asking` is the secret of the one that asks.
    pub async fn devices(&self, owner: &Owner, asking: Option<&str>) -> Result<Vec<Device>, AccessError> {
        let asking = asking.map(digest).unwrap_or_default();
        let rows = sqlx::query(
            "SELECT token_hash, 'terminal' AS kind, name, created_at_ms, seen_at_ms FROM device_tokens \
             WHERE owner = $1 AND (role = 'caller') = $2 AND revoked_at_ms IS NULL \
             UNION ALL \
             SELECT token_hash, 'browser' AS kind, name, created_at_ms, seen_at_ms FROM sessions \
             WHERE account = $1 AND NOT $2 AND created_at_ms > $3 AND seen_at_ms > $4 \
             ORDER BY created_at_ms DESC, token_hash LIMIT $5",
        )
        .bind(owner.id.as_str())
        .bind(owner.is_caller)
        .bind(self.now_ms() - SESSION_LENGTH_MAX_MS)
        .bind(self.now_ms() - SESSION_IDLE_MAX_MS)
        .bind(DEVICES_LISTED_MAX)
        .fetch_all(self.store.pool())
        .await?;
        rows.iter().map(|row| device_of(row, &asking)).collect()
    }

    /// Ends one of the owner's browsers or devices.
    pub async fn end_device(&self, owner: &Owner, device: &str) -> Result<(), AccessError> {
        let missing = || AccessError::Missing { what: "device", id: device.to_owned() };
        if device.len() != DEVICE_ID_LENGTH || !device.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(missing());
        }
        let mut writing = self.store.write().await?;
        let ended = end_matching(writing.connection(), owner, &format!("{device}%"), "", self.now_ms()).await?;
        writing.commit().await?;
        if ended == 0 {
            return Err(missing());
        }
        self.announce_revoked(owner.clone());
        Ok(())
    }

    /// Ends all of the owner's browsers and devices, but not the one with this secret; how many.
    pub async fn end_devices(&self, owner: &Owner, except: Option<&str>) -> Result<u64, AccessError> {
        let except = except.map(digest).unwrap_or_default();
        let mut writing = self.store.write().await?;
        let ended = end_matching(writing.connection(), owner, "%", &except, self.now_ms()).await?;
        writing.commit().await?;
        self.announce_revoked(owner.clone());
        Ok(ended)
    }
}

/// Ends what begins as `pattern` says and is not `except`.
async fn end_matching(
    connection: &mut AnyConnection,
    owner: &Owner,
    pattern: &str,
    except: &str,
    now_ms: i64,
) -> Result<u64, AccessError> {
    let tokens = sqlx::query(
        "UPDATE device_tokens SET revoked_at_ms = $1 WHERE owner = $2 AND (role = 'caller') = $3 AND revoked_at_ms IS NULL \
         AND token_hash LIKE $4 AND token_hash <> $5",
    )
    .bind(now_ms)
    .bind(owner.id.as_str())
    .bind(owner.is_caller)
    .bind(pattern)
    .bind(except)
    .execute(&mut *connection)
    .await?;
    let sessions = sqlx::query("DELETE FROM sessions WHERE account = $1 AND NOT $2 AND token_hash LIKE $3 AND token_hash <> $4")
        .bind(owner.id.as_str())
        .bind(owner.is_caller)
        .bind(pattern)
        .bind(except)
        .execute(&mut *connection)
        .await?;
    Ok(tokens.rows_affected() + sessions.rows_affected())
}

fn device_of(row: &AnyRow, asking: &str) -> Result<Device, AccessError> {
    let token_hash: String = row.try_get("token_hash")?;
    let kind: String = row.try_get("kind")?;
    Ok(Device {
        is_asking: token_hash == asking,
        id: token_hash.chars().take(DEVICE_ID_LENGTH).collect(),
        kind: if kind == "browser" { DeviceKind::Browser } else { DeviceKind::Terminal },
        name: row.try_get("name")?,
        created_at_ms: row.try_get("created_at_ms")?,
        seen_at_ms: row.try_get("seen_at_ms")?,
    })
}
