//! Device tokens, and the identity that any credential proves.

use dispatch_core::event::{Actor, Role};
use flight_types::{AccountId, CallerId, GuardId};
use sqlx::{AnyConnection, Row};

use super::secrets::{Token, digest};
use super::{Access, AccessError, Account, roles};

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
    /// What it was proved with.
    pub via: Via,
}

impl Identity {
    pub(super) fn of_account(account: Account, via: Via) -> Self {
        Self { id: account.id, name: account.name, role: account.role, via }
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
    /// A token for a device of this account (a guard's terminal, an integration).
    pub async fn issue_account_token(&self, id: &AccountId) -> Result<Token, AccessError> {
        let account = self.account(id.as_str()).await?;
        let account = account.ok_or_else(|| AccessError::Missing { what: "account", id: id.to_string() })?;
        let token = Token::random()?;
        let mut writing = self.store.write().await?;
        insert_token(writing.connection(), &token, account.id.as_str(), account.role, self.now_ms()).await?;
        writing.commit().await?;
        Ok(token)
    }

    /// Whose device presents this token, if it is not revoked.
    pub async fn by_token(&self, presented: &str) -> Result<Option<Identity>, AccessError> {
        let row = sqlx::query("SELECT owner, role FROM device_tokens WHERE token_hash = $1 AND revoked_at_ms IS NULL")
            .bind(digest(presented))
            .fetch_optional(self.store.pool())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let (owner, role): (String, String) = (row.try_get("owner")?, row.try_get("role")?);
        match roles::stored(&role)? {
            Role::Caller => self.caller_identity(&owner).await,
            // The account's role today counts, not the one it had when the token was made.
            Role::Guard | Role::Operator | Role::Pilot | Role::Manager | Role::Admin => {
                Ok(self.account(&owner).await?.map(|account| Identity::of_account(account, Via::Token)))
            }
        }
    }

    async fn caller_identity(&self, owner: &str) -> Result<Option<Identity>, AccessError> {
        let damaged = |error: flight_types::IdError| AccessError::Damaged { what: "caller", detail: error.to_string() };
        let card = self.caller_card(&CallerId::new(owner).map_err(damaged)?).await?;
        let id = AccountId::new(owner).map_err(damaged)?;
        Ok(card.map(|card| Identity { id, name: card.name, role: Role::Caller, via: Via::Token }))
    }
}

pub(super) async fn insert_token(
    connection: &mut AnyConnection,
    token: &Token,
    owner: &str,
    role: Role,
    now_ms: i64,
) -> Result<(), AccessError> {
    sqlx::query("INSERT INTO device_tokens (token_hash, owner, role, created_at_ms) VALUES ($1, $2, $3, $4)")
        .bind(token.digest())
        .bind(owner.to_owned())
        .bind(roles::word(role))
        .bind(now_ms)
        .execute(connection)
        .await?;
    Ok(())
}
