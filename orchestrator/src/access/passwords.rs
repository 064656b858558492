//! Argon2id: slow on purpose, so it runs beside the async threads and only a few at once.

use std::sync::Arc;
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use dispatch_core::event::CodeVerdict;
use tokio::sync::Semaphore;

use super::AccessError;

/// Checks that run at once. Each takes 19 MiB and about 20 ms of one core; two leave the other cores to calls.
const CHECKS_AT_ONCE: usize = 2;
/// A check that has not started after this long is given up: the sign-in page is better told than left hanging.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// Hashes and checks passwords and codes.
#[derive(Clone)]
pub struct Passwords {
    permits: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { permits: Arc::new(Semaphore::new(CHECKS_AT_ONCE)) }
    }
}

/// The stored hashes of a caller's two codes.
#[derive(Debug, Clone)]
pub struct CodePair {
    /// Of the code that says: I am safe.
    pub safe_hash: String,
    /// Of the code that says: somebody forces me.
    pub duress_hash: String,
}

impl Passwords {
    /// The hash of a secret with a fresh salt, as a PHC string.
    pub async fn hash(&self, secret: &str) -> Result<String, AccessError> {
        let secret = secret.to_owned();
        self.apart(move || {
            let hashed = Argon2::default().hash_password(secret.as_bytes());
            hashed.map(|hash| hash.to_string()).map_err(|error| AccessError::Crypto(error.to_string()))
        })
        .await?
    }

    /// Whether the secret fits. Without a stored hash the same work is done and the answer is no, so that the time taken does
    /// not tell whether an account exists.
    pub async fn verify(&self, secret: &str, stored: Option<&str>) -> Result<bool, AccessError> {
        let Some(stored) = stored.map(str::to_owned) else {
            self.hash(secret).await?;
            return Ok(false);
        };
        let secret = secret.to_owned();
        self.apart(move || fits(&secret, &stored)).await
    }

    /// What a caller's code is. Both hashes are always checked, so that the time taken does not betray a duress code.
    pub async fn verdict(&self, code: &str, pair: &CodePair) -> Result<CodeVerdict, AccessError> {
        let (code, pair) = (code.to_owned(), pair.clone());
        self.apart(move || match (fits(&code, &pair.safe_hash), fits(&code, &pair.duress_hash)) {
            (_, true) => CodeVerdict::Duress,
            (true, false) => CodeVerdict::Safe,
            (false, false) => CodeVerdict::Wrong,
        })
        .await
    }

    async fn apart<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, AccessError> {
        let waited = tokio::time::timeout(WAIT_MAX, self.permits.clone().acquire_owned()).await;
        let permit = waited.map_err(|_| AccessError::Busy)?.map_err(|_| AccessError::Busy)?;
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        done.await.map_err(|error| AccessError::Crypto(error.to_string()))
    }
}

fn fits(secret: &str, stored: &str) -> bool {
    let Ok(stored) = PasswordHash::new(stored) else {
        tracing::error!("a stored hash does not read; its owner cannot sign in until it is set anew");
        return false;
    };
    Argon2::default().verify_password(secret.as_bytes(), &stored).is_ok()
}
