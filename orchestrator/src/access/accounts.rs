//! People with a password.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use dispatch_core::event::Role;
use flight_types::AccountId;
use serde::Serialize;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::secrets::digest;
use super::{Access, AccessError, OwnLots, Owner, roles};

/// Shortest password taken, characters (NIST SP 800-63B asks for eight at least).
const PASSWORD_LENGTH_MIN: usize = 8;
/// Longest password taken, bytes; hashing more is only a way to keep the server busy.
const PASSWORD_LENGTH_MAX: usize = 256;
/// Longest name shown of anybody, characters.
pub(super) const NAME_LENGTH_MAX: usize = 80;

/// Somebody who signs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Also the sign-in name; for a guard, the guard's id.
    pub id: AccountId,
    /// As shown.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Where a manager may do it; all for every other role.
    pub lots: OwnLots,
}

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Its id; never one that was used before.
    pub id: AccountId,
    /// As shown.
    pub name: String,
    /// Any role but caller: callers register themselves.
    pub role: Role,
    /// Where a manager may work; all for every other role.
    pub lots: OwnLots,
    /// In the clear; kept only as its hash.
    pub password: String,
}

/// The names of all accounts in memory: every view shows some. A site has hundreds of accounts, not millions.
#[derive(Debug, Clone, Default)]
pub(super) struct Directory(Arc<RwLock<BTreeMap<String, Account>>>);

impl Directory {
    pub(super) fn replace(&self, accounts: Vec<Account>) {
        let all = accounts.into_iter().map(|account| (account.id.to_string(), account)).collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = all;
    }

    fn add(&self, account: Account) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(account.id.to_string(), account);
    }

    fn remove(&self, id: &AccountId) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(id.as_str());
    }
}

impl Access {
    /// The name shown for an account; its id when it has none (deleted, or a terminal without an account).
    pub fn account_name(&self, id: &str) -> String {
        let names = self.directory.0.read().unwrap_or_else(PoisonError::into_inner);
        names.get(id).map_or_else(|| id.to_owned(), |account| account.name.clone())
    }

    /// The ids of all accounts with a role.
    pub fn account_ids(&self, role: Role) -> Vec<AccountId> {
        let names = self.directory.0.read().unwrap_or_else(PoisonError::into_inner);
        names.values().filter(|account| account.role == role).map(|account| account.id.clone()).collect()
    }

    /// Makes an account.
    pub async fn add_account(&self, new: NewAccount) -> Result<Account, AccessError> {
        check_new(&new)?;
        let password_hash = self.passwords.hash(&new.password).await?;
        let mut writing = self.store.write().await?;
        let inserted = sqlx::query(
            "INSERT INTO accounts (id, name, role, lots, password_hash, created_at_ms) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(new.id.as_str())
        .bind(new.name.trim())
        .bind(roles::word(new.role))
        .bind(new.lots.to_column())
        .bind(password_hash)
        .bind(self.now_ms())
        .execute(writing.connection())
        .await?;
        writing.commit().await?;
        match inserted.rows_affected() {
            0 => Err(AccessError::Exists { what: "an account", id: new.id.to_string() }),
            _ => {
                let account = Account { id: new.id, name: new.name.trim().to_owned(), role: new.role, lots: new.lots };
                self.directory.add(account.clone());
                Ok(account)
            }
        }
    }

    /// Every account, by id.
    pub async fn accounts(&self) -> Result<Vec<Account>, AccessError> {
        let rows = sqlx::query("SELECT id, name, role, lots FROM accounts WHERE deleted_at_ms IS NULL ORDER BY id")
            .fetch_all(self.store.pool())
            .await?;
        rows.iter().map(account_of).collect()
    }

    /// One account, unless it was deleted.
    pub async fn account(&self, id: &str) -> Result<Option<Account>, AccessError> {
        let row = sqlx::query("SELECT id, name, role, lots FROM accounts WHERE id = $1 AND deleted_at_ms IS NULL")
            .bind(id)
            .fetch_optional(self.store.pool())
            .await?;
        row.as_ref().map(account_of).transpose()
    }

    /// Binds a manager to other lots. Holds from the next request on: what is remembered of their tokens is forgotten.
    pub async fn set_lots(&self, id: &AccountId, lots: OwnLots) -> Result<Account, AccessError> {
        let account = self.account(id.as_str()).await?;
        let account = account.ok_or_else(|| AccessError::Missing { what: "account", id: id.to_string() })?;
        check_lots(account.role, &lots)?;
        let mut writing = self.store.write().await?;
        let changed = sqlx::query("UPDATE accounts SET lots = $1 WHERE id = $2 AND deleted_at_ms IS NULL")
            .bind(lots.to_column())
            .bind(id.as_str())
            .execute(writing.connection())
            .await?;
        writing.commit().await?;
        self.announce_revoked(Owner { id: id.clone(), is_caller: false });
        match changed.rows_affected() {
            0 => Err(AccessError::Missing { what: "account", id: id.to_string() }),
            _ => {
                let account = Account { lots, ..account };
                self.directory.add(account.clone());
                Ok(account)
            }
        }
    }

    /// Deletes an account with all its sessions and tokens.
    pub async fn delete_account(&self, id: &AccountId) -> Result<(), AccessError> {
        let now_ms = self.now_ms();
        let mut writing = self.store.write().await?;
        let marked =
            sqlx::query("UPDATE accounts SET deleted_at_ms = $1, password_hash = '' WHERE id = $2 AND deleted_at_ms IS NULL")
                .bind(now_ms)
                .bind(id.as_str())
                .execute(writing.connection())
                .await?;
        sqlx::query("DELETE FROM sessions WHERE account = $1").bind(id.as_str()).execute(writing.connection()).await?;
        sqlx::query("UPDATE device_tokens SET revoked_at_ms = $1 WHERE owner = $2 AND role <> 'caller' AND revoked_at_ms IS NULL")
            .bind(now_ms)
            .bind(id.as_str())
            .execute(writing.connection())
            .await?;
        writing.commit().await?;
        self.directory.remove(id);
        self.announce_revoked(Owner { id: id.clone(), is_caller: false });
        match marked.rows_affected() {
            0 => Err(AccessError::Missing { what: "account", id: id.to_string() }),
            _ => Ok(()),
        }
    }

    /// The account whose name and password these are.
    pub async fn check_password(&self, name: &str, password: &str) -> Result<Account, AccessError> {
        let bounded = password.len() <= PASSWORD_LENGTH_MAX;
        let row = sqlx::query("SELECT id, name, role, lots, password_hash FROM accounts WHERE id = $1 AND deleted_at_ms IS NULL")
            .bind(name)
            .fetch_optional(self.store.pool())
            .await?;
        let stored: Option<String> = row.as_ref().map(|row| row.try_get("password_hash")).transpose()?;
        let candidate = if bounded { password } else { "" };
        let fits = self.passwords.verify(candidate, stored.as_deref()).await?;
        match row {
            Some(row) if fits && bounded => account_of(&row),
            _ => Err(AccessError::Mismatch),
        }
    }

    /// Sets a new password and ends every session of the account but the one that asks.
    pub async fn change_password(
        &self,
        id: &AccountId,
        old: &str,
        new: &str,
        asking_session: Option<&str>,
    ) -> Result<(), AccessError> {
        check_password_length(new)?;
        self.check_password(id.as_str(), old).await?;
        let password_hash = self.passwords.hash(new).await?;
        let mut writing = self.store.write().await?;
        sqlx::query("UPDATE accounts SET password_hash = $1 WHERE id = $2 AND deleted_at_ms IS NULL")
            .bind(password_hash)
            .bind(id.as_str())
            .execute(writing.connection())
            .await?;
        sqlx::query("DELETE FROM sessions WHERE account = $1 AND token_hash <> $2")
            .bind(id.as_str())
            .bind(asking_session.map(digest).unwrap_or_default())
            .execute(writing.connection())
            .await?;
        writing.commit().await?;
        self.announce_revoked(Owner { id: id.clone(), is_caller: false });
        Ok(())
    }

    /// Whether nobody can administer the site yet.
    pub async fn without_admin(&self) -> Result<bool, AccessError> {
        let row = sqlx::query("SELECT count(*) AS admins FROM accounts WHERE role = 'admin' AND deleted_at_ms IS NULL")
            .fetch_one(self.store.pool())
            .await?;
        Ok(row.try_get::<i64, _>("admins")? == 0)
    }
}

fn check_new(new: &NewAccount) -> Result<(), AccessError> {
    if new.role == Role::Caller {
        return Err(AccessError::Field { field: "role", reason: "callers register themselves (POST /api/v1/callers)".to_owned() });
    }
    check_lots(new.role, &new.lots)?;
    check_name("name", &new.name)?;
    check_password_length(&new.password)
}

/// Lots named for somebody whom they do not bind would look like a limit and be none.
fn check_lots(role: Role, lots: &OwnLots) -> Result<(), AccessError> {
    if lots.are_all() || role == Role::Manager {
        return Ok(());
    }
    Err(AccessError::Field { field: "lots", reason: "only managers are bound to lots".to_owned() })
}

fn check_password_length(password: &str) -> Result<(), AccessError> {
    let length = password.chars().count();
    if length < PASSWORD_LENGTH_MIN || password.len() > PASSWORD_LENGTH_MAX {
        let reason = format!("a password has at least {PASSWORD_LENGTH_MIN} characters and at most {PASSWORD_LENGTH_MAX} bytes");
        return Err(AccessError::Field { field: "password", reason });
    }
    Ok(())
}

/// A name as people write it: not blank, not too long, no control characters.
pub(super) fn check_name(field: &'static str, name: &str) -> Result<(), AccessError> {
    let length = name.trim().chars().count();
    if length == 0 || length > NAME_LENGTH_MAX || name.chars().any(char::is_control) {
        let reason = format!("1 to {NAME_LENGTH_MAX} characters without control characters");
        return Err(AccessError::Field { field, reason });
    }
    Ok(())
}

pub(super) fn account_of(row: &AnyRow) -> Result<Account, AccessError> {
    let id: String = row.try_get("id")?;
    let role: String = row.try_get("role")?;
    let id = AccountId::new(id).map_err(|error| AccessError::Damaged { what: "account", detail: error.to_string() })?;
    let lots: Option<String> = row.try_get("lots")?;
    Ok(Account { id, name: row.try_get("name")?, role: roles::stored(&role)?, lots: OwnLots::from_column(lots.as_deref())? })
}
