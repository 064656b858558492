//! Random secrets and their digests.

use sha2::{Digest, Sha256};

use super::AccessError;

/// Bytes of a session or device token: 256 bits cannot be guessed, so a plain digest at rest is enough.
const TOKEN_BYTES: usize = 32;

/// A secret that proves an identity, shown once to its owner and kept only as its digest.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// A new token from the operating system's randomness.
    pub(super) fn random() -> Result<Self, AccessError> {
        Ok(Self(hex::encode(random_bytes::<TOKEN_BYTES>()?)))
    }

    /// The secret itself, to hand to its owner.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub(super) fn digest(&self) -> String {
        digest(&self.0)
    }
}

/// SHA-256 of a presented token, as it lies in the database.
pub(super) fn digest(presented: &str) -> String {
    hex::encode(Sha256::digest(presented.as_bytes()))
}

/// 256 random bits in hexadecimal, for secrets of one matter: a stay, a payment code.
pub fn random_secret() -> Result<String, AccessError> {
    Ok(hex::encode(random_bytes::<TOKEN_BYTES>()?))
}

/// The digest under which such a secret is known.
pub fn secret_digest(secret: &str) -> String {
    digest(secret)
}

/// A number below `bound`, each equally likely.
pub(super) fn random_below(bound: u32) -> Result<u32, AccessError> {
    // Values past the last whole multiple of `bound` would make small numbers likelier; such a draw is thrown away. At least
    // half of all draws are kept, so that sixty-four in a row fail about never.
    const DRAWS_MAX: usize = 64;
    let usable = u32::MAX - u32::MAX % bound;
    for _ in 0..DRAWS_MAX {
        let drawn = u32::from_le_bytes(random_bytes::<4>()?);
        if drawn < usable {
            return Ok(drawn % bound);
        }
    }
    Err(AccessError::Crypto("the random source repeats itself".to_owned()))
}

/// A random run of decimal digits, for codes that people type.
pub fn random_digits(count: usize) -> Result<String, AccessError> {
    (0..count).map(|_| random_below(10).map(|digit| char::from(b'0' + digit as u8))).collect()
}

/// A random name part for ids: 64 bits in hexadecimal.
pub(super) fn random_name(prefix: &str) -> Result<String, AccessError> {
    Ok(format!("{prefix}-{}", hex::encode(random_bytes::<8>()?)))
}

fn random_bytes<const N: usize>() -> Result<[u8; N], AccessError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| AccessError::Crypto(error.to_string()))?;
    Ok(bytes)
}
