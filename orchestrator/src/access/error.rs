//! What can go wrong with accounts and credentials.

use super::codes::CodeError;
use crate::store::StoreError;

/// Why something about an identity was not done.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// The store could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operating system gave no random numbers, or hashing failed: a fault of the machine, not of the input.
    #[error("cryptography failed: {0}")]
    Crypto(String),
    /// A stored row does not read as what it should be.
    #[error("stored {what} is damaged: {detail}")]
    Damaged {
        /// "account", "caller".
        what: &'static str,
        /// What does not read.
        detail: String,
    },
    /// Too many password checks wait already.
    #[error("too many sign-ins at once, try again in a few seconds")]
    Busy,
    /// Something that must be unique exists.
    #[error("there is already {what} {id}")]
    Exists {
        /// "an account".
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// Something does not exist.
    #[error("there is no {what} {id}")]
    Missing {
        /// "account", "caller".
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// A field is not acceptable.
    #[error("{field}: {reason}")]
    Field {
        /// Which field.
        field: &'static str,
        /// Why, as a sentence for the asker.
        reason: String,
    },
    /// An identification code is mistyped.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// Name and password, or code and code, do not fit. Says no more, so that nobody learns which of the two was wrong.
    #[error("these do not match")]
    Mismatch,
    /// The one-time code is too old or was tried too often.
    #[error("this one-time code is no longer valid; ask for a new one")]
    CodeExpired,
    /// The phone is checked already; no code is needed.
    #[error("this phone number is checked already")]
    PhoneChecked,
    /// The last code was sent a moment ago, or too many today.
    #[error("a code was sent already; the next can be asked for in {retry_after_s} s")]
    TooSoon {
        /// Seconds to wait.
        retry_after_s: u32,
    },
}
