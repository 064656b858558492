//! Browser sessions: they end when unused, and in any case after a working day.

use flight_types::AccountId;
use sqlx::Row;

use super::accounts::account_of;
use super::secrets::{Token, digest};
use super::tokens::Via;
use super::{Access, AccessError, Identity, Owner};

/// A session unused this long ends. Two hours: a shift's break, not a forgotten screen.
pub const SESSION_IDLE_MAX_MS: i64 = 2 * 3_600_000;
/// A session ends after this long whatever happens: a shift and its handover.
pub const SESSION_LENGTH_MAX_MS: i64 = 14 * 3_600_000;
/// Use is written down at most this often, so that reading a page does not cost a commit each time.
const SEEN_STEP_MS: i64 = 60_000;

impl Access {
    /// Opens a session for somebody whose password was just checked. Sessions that have ended are swept on this occasion.
    /// `name` is what its owner recognises the browser by.
    pub async fn open_session(&self, account: &AccountId, name: &str) -> Result<Token, AccessError> {
        let (token, now_ms) = (Token::random()?, self.now_ms());
        let mut writing = self.store.write().await?;
        sqlx::query("DELETE FROM sessions WHERE created_at_ms < $1 OR seen_at_ms < $2")
            .bind(now_ms - SESSION_LENGTH_MAX_MS)
            .bind(now_ms - SESSION_IDLE_MAX_MS)
            .execute(writing.connection())
            .await?;
        sqlx::query("INSERT INTO sessions (token_hash, account, created_at_ms, seen_at_ms, name) VALUES ($1, $2, $3, $3, $4)")
            .bind(token.digest())
            .bind(account.as_str())
            .bind(now_ms)
            .bind(name)
            .execute(writing.connection())
            .await?;
        writing.commit().await?;
        Ok(token)
    }

    /// Whose session a cookie names, if it still stands.
    pub async fn by_session(&self, presented: &str) -> Result<Option<Identity>, AccessError> {
        let token_hash = digest(presented);
        let row = sqlx::query(
            "SELECT accounts.id, accounts.name, accounts.role, accounts.lots, sessions.created_at_ms, sessions.seen_at_ms \
             FROM sessions JOIN accounts ON accounts.id = sessions.account \
             WHERE sessions.token_hash = $1 AND accounts.deleted_at_ms IS NULL",
        )
        .bind(&token_hash)
        .fetch_optional(self.store.pool())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let now_ms = self.now_ms();
        let (created_at_ms, seen_at_ms): (i64, i64) = (row.try_get("created_at_ms")?, row.try_get("seen_at_ms")?);
        if now_ms - created_at_ms >= SESSION_LENGTH_MAX_MS || now_ms - seen_at_ms >= SESSION_IDLE_MAX_MS {
            return Ok(None);
        }
        if now_ms - seen_at_ms >= SEEN_STEP_MS {
            let mut writing = self.store.write().await?;
            sqlx::query("UPDATE sessions SET seen_at_ms = $1 WHERE token_hash = $2")
                .bind(now_ms)
                .bind(&token_hash)
                .execute(writing.connection())
                .await?;
            writing.commit().await?;
        }
        Ok(Some(Identity::of_account(account_of(&row)?, Via::Session)))
    }

    /// Ends a session of this account. Ending one that is over is fine.
    pub async fn close_session(&self, account: &AccountId, presented: &str) -> Result<(), AccessError> {
        let mut writing = self.store.write().await?;
        sqlx::query("DELETE FROM sessions WHERE token_hash = $1").bind(digest(presented)).execute(writing.connection()).await?;
        writing.commit().await?;
        self.announce_revoked(Owner { id: account.clone(), is_caller: false });
        Ok(())
    }
}
