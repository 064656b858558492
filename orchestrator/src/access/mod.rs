//! Who somebody is: accounts, callers, browser sessions, device tokens, codes. Decides nothing about incidents.
//!
//! Secrets never rest in the clear: passwords and codes as Argon2id hashes, sessions and tokens as SHA-256 of 256 random bits.
//! The one table of who may call what is in [`rules`].

mod accounts;
mod callers;
pub mod codes;
mod devices;
mod error;
mod first_run;
mod known;
mod own_lots;
mod passwords;
mod rate;
pub mod roles;
pub mod rules;
mod secrets;
mod sessions;
mod tokens;

pub use accounts::{Account, NewAccount};
pub use callers::{
    ADDRESS_LENGTH_MAX, CallerCard, CallerDocument, CodeOwner, Contact, HomeAddress, NewCaller, PHONE_CODE_PAUSE_MS, Registered,
    RenewedCode,
};
pub use devices::{Device, DeviceKind, Owner};
pub use error::AccessError;
pub use first_run::FirstAdmin;
pub use own_lots::OwnLots;
pub use passwords::{CodePair, Passwords};
pub use rate::{RateLimit, RateLimiter, client_key};
pub use secrets::{Token, random_digits, random_secret, secret_digest};
pub use sessions::{SESSION_IDLE_MAX_MS, SESSION_LENGTH_MAX_MS};
pub use tokens::{Identity, Via};

use crate::clock::Clock;
use crate::store::Store;

/// Accounts, callers and their credentials, on the server's database.
#[derive(Clone)]
pub struct Access {
    store: Store,
    clock: Clock,
    passwords: Passwords,
    cards: callers::Cards,
    directory: accounts::Directory,
    known_tokens: known::KnownTokens,
    revoked: tokio::sync::broadcast::Sender<Owner>,
}

impl Access {
    /// On an open store.
    pub async fn open(store: Store, clock: Clock) -> Result<Self, AccessError> {
        let (passwords, cards, directory) = (Passwords::default(), callers::Cards::default(), accounts::Directory::default());
        let revoked = tokio::sync::broadcast::Sender::new(crate::limits::REVOCATIONS_BEHIND_MAX);
        let known_tokens = known::KnownTokens::default();
        let access = Self { store, clock, passwords, cards, directory, known_tokens, revoked };
        access.directory.replace(access.accounts().await?);
        Ok(access)
    }

    fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }
}
