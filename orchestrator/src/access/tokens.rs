//! Device tokens, and the identity that any credential proves.

use dispatch_core::event::{Actor, Role};
use flight_types::{AccountId, CallerId, GuardId};
use sqlx::{AnyConnection, Row};

use super::known::KnownToken;
use super::secrets::{Token, digest};
use super::{Access, AccessError, Account, OwnLots, roles};

/// Use of a token is written down at most this often: ten thousand terminals then cost some writes a second.
const TOKEN_SEEN_STEP_MS: i64 = 10 * 60_000;

/// What an identity was proved with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// A browser's cookie; such requests must also come from our own pages.
    Session,
    /// A device's token.
    Token,
}

/// Somebody who proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Caller, guard or account id, by role.
    pub id: AccountId,
    /// As shown.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Where a manager may do it; all for every other role.
    pub lots: OwnLots,
    /// What it was proved with.
    pub via: Via,
}

impl Identity {
    pub(super) fn of_account(account: Account, via: Via) -> Self {
        Self { id: account.id, name: account.name, role: account.role, lots: account.lots, via }
    }

    /// The caller this is, when it is one.
    pub fn caller(&self) -> Option<CallerId> {
        match self.role {
            Role::Caller => CallerId::new(self.id.as_str()).ok(),
            Role::Guard | Role::Operator | Role::Pilot | Role::Manager | Role::Admin => None,
        }
    }

    /// The guard this is, when it is one.
    pub fn guard(&self) -> Option<GuardId> {
        match self.role {
            Role::Guard => GuardId::new(self.id.as_str()).ok(),
            Role::Caller | Role::Operator | Role::Pilot | Role::Manager | Role::Admin => None,
        }
    }

    /// As the log names them.
    pub fn actor(&self) -> Actor {
        if let Some(id) = self.caller() {
            return Actor::Caller { id };
        }
        match self.guard() {
            Some(id) => Actor::Guard { id },
            None => Actor::Account { id: self.id.clone(), role: self.role },
        }
    }
}

impl Access {
    /// A token for a device of this account (a guard's terminal, an integration), without a name.
    pub async fn issue_account_token(&self, id: &AccountId) -> Result<Token, AccessError> {
        self.issue_named_token(id, "").await
    }

    /// The same, with what its owner recognises the device by.
    pub async fn issue_named_token(&self, id: &AccountId, name: &str) -> Result<Token, AccessError> {
        let account = self.account(id.as_str()).await?;
        let account = account.ok_or_else(|| AccessError::Missing { what: "account", id: id.to_string() })?;
        let token = Token::random()?;
        let mut writing = self.store.write().await?;
        let device = NewDevice { owner: account.id.as_str(), role: account.role, name };
        insert_token(writing.connection(), &token, &device, self.now_ms()).await?;
        writing.commit().await?;
        Ok(token)
    }

    /// Whose device presents this token, if it is not revoked.
    pub async fn by_token(&self, presented: &str) -> Result<Option<Identity>, AccessError> {
        let token_hash = digest(presented);
        let ends = self.known_tokens.ends();
        if let Some(known) = self.known_tokens.get(&token_hash).filter(|known| !self.is_use_old(Some(known.seen_at_ms))) {
            return Ok(Some(known.identity));
        }
        let row = sqlx::query("SELECT owner, role, seen_at_ms FROM device_tokens WHERE token_hash = $1 AND revoked_at_ms IS NULL")
            .bind(&token_hash)
            .fetch_optional(self.store.pool())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let (owner, role): (String, String) = (row.try_get("owner")?, row.try_get("role")?);
        let seen_at_ms = self.note_use(&token_hash, row.try_get("seen_at_ms")?).await?;
        let identity = match roles::stored(&role)? {
            Role::Caller => self.caller_identity(&owner).await?,
            // The account's role today counts, not the one it had when the token was made.
            Role::Guard | Role::Operator | Role::Pilot | Role::Manager | Role::Admin => {
                self.account(&owner).await?.map(|account| Identity::of_account(account, Via::Token))
            }
        };
        if let Some(identity) = &identity {
            self.known_tokens.put(token_hash, KnownToken { identity: identity.clone(), seen_at_ms }, ends);
        }
        Ok(identity)
    }

    fn is_use_old(&self, seen_at_ms: Option<i64>) -> bool {
        seen_at_ms.is_none_or(|seen_at_ms| TOKEN_SEEN_STEP_MS <= self.now_ms() - seen_at_ms)
    }

    /// Writes down that a token is in use, every now and then; when that was done last.
    async fn note_use(&self, token_hash: &str, seen_at_ms: Option<i64>) -> Result<i64, AccessError> {
        let now_ms = self.now_ms();
        if let Some(seen_at_ms) = seen_at_ms.filter(|seen_at_ms| !self.is_use_old(Some(*seen_at_ms))) {
            return Ok(seen_at_ms);
        }
        // Nothing depends on it: it may go to the disk with the next commit that must.
        let mut writing = self.store.write_behind().await?;
        sqlx::query("UPDATE device_tokens SET seen_at_ms = $1 WHERE token_hash = $2")
            .bind(now_ms)
            .bind(token_hash)
            .execute(writing.connection())
            .await?;
        writing.commit().await?;
        Ok(now_ms)
    }

    async fn caller_identity(&self, owner: &str) -> Result<Option<Identity>, AccessError> {
        let damaged = |error: flight_types::IdError| AccessError::Damaged { what: "caller", detail: error.to_string() };
        let card = self.caller_card(&CallerId::new(owner).map_err(damaged)?).await?;
        let id = AccountId::new(owner).map_err(damaged)?;
        Ok(card.map(|card| Identity { id, name: card.name, role: Role::Caller, lots: OwnLots::All, via: Via::Token }))
    }
}

/// Whose a new token is, and what it is recognised by.
pub(super) struct NewDevice<'a> {
    pub owner: &'a str,
    pub role: Role,
    pub name: &'a str,
}

pub(super) async fn insert_token(
    connection: &mut AnyConnection,
    token: &Token,
    device: &NewDevice<'_>,
    now_ms: i64,
) -> Result<(), AccessError> {
    sqlx::query("INSERT INTO device_tokens (token_hash, owner, role, created_at_ms, name) VALUES ($1, $2, $3, $4, $5)")
        .bind(token.digest())
        .bind(device.owner)
        .bind(roles::word(device.role))
        .bind(now_ms)
        .bind(device.name)
        .execute(connection)
        .await?;
    Ok(())
}
