//! Accounts that a server needs before anybody can sign in: those of a demo, or a first administrator.

use flight_types::AccountId;

use super::secrets::random_name;
use super::{Access, AccessError, NewAccount, OwnLots};
use dispatch_core::event::Role;

/// A first administrator with a password that nobody knows yet.
pub struct FirstAdmin {
    /// The name to sign in with.
    pub id: AccountId,
    /// To be shown once, and to be changed by `POST /api/v1/session/password`.
    pub password: String,
}

impl Access {
    /// Makes the accounts that do not exist yet; those that do stay as they are, password included. Says how many were made.
    pub async fn add_missing(&self, accounts: Vec<NewAccount>) -> Result<usize, AccessError> {
        let mut made = 0;
        for account in accounts {
            match self.add_account(account).await {
                Ok(_) => made += 1,
                Err(AccessError::Exists { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(made)
    }

    /// A first administrator when there is none, so that a new server can be used at all.
    pub async fn first_admin(&self) -> Result<Option<FirstAdmin>, AccessError> {
        if !self.without_admin().await? {
            return Ok(None);
        }
        let password = random_name("first")?;
        for name in ["admin".to_owned(), random_name("admin")?] {
            let id = AccountId::new(name).map_err(|error| AccessError::Crypto(error.to_string()))?;
            let name = "First administrator".to_owned();
            let new = NewAccount { id: id.clone(), name, role: Role::Admin, lots: OwnLots::All, password: password.clone() };
            match self.add_account(new).await {
                Ok(_) => return Ok(Some(FirstAdmin { id, password })),
                // Deleted ids are not used again: the second name has never been used.
                Err(AccessError::Exists { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Err(AccessError::Crypto("no unused name for a first administrator".to_owned()))
    }
}
