//! The keys of a site: one that signs, older ones that are still believed, revoked ones that are known and no longer believed.

/// A secret has as many bytes as its digest, so that guessing it is no easier than guessing the digest.
pub const SECRET_BYTES: usize = 32;
/// A host name at its longest is 253 characters; a beacon's must leave the code small.
pub const HOST_CHARACTERS_MAX: usize = 64;
/// Areas are short: every character makes the modules smaller.
pub const AREA_CHARACTERS_MAX: usize = 32;

/// What a key is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Signs new beacons, and is believed.
    Active,
    /// Signs no more; beacons on the ground are believed until they are replaced.
    Retired,
    /// Stolen or lost: nothing that it signed is believed.
    Revoked,
}

/// One key. Its secret is not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// 0 to 255, never used twice within a site.
    pub id: u8,
    /// From the operating system's randomness.
    pub secret: [u8; SECRET_BYTES],
    /// What it is good for.
    pub state: KeyState,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("id", &self.id).field("state", &self.state).finish_non_exhaustive()
    }
}

/// Why keys are no ring.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Two keys with one id.
    #[error("key {0} is there twice")]
    Twice(u8),
    /// Not a host that belongs into a beacon.
    #[error("{0:?} is no host: lower-case letters, digits, dots, hyphens and a port, at most {HOST_CHARACTERS_MAX} characters")]
    Host(String),
}

/// A site's host and keys, and single beacons that were revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRing {
    host: String,
    keys: Vec<Key>,
    revoked: Vec<(String, u8)>,
}

impl KeyRing {
    /// Takes the host of the beacons' addresses and all keys ever used.
    pub fn new(host: &str, keys: Vec<Key>) -> Result<Self, KeyError> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:".contains(&byte);
        if host.is_empty() || host.len() > HOST_CHARACTERS_MAX || !host.bytes().all(fits) {
            return Err(KeyError::Host(host.to_owned()));
        }
        for (at, key) in keys.iter().enumerate() {
            if keys[..at].iter().any(|other| other.id == key.id) {
                return Err(KeyError::Twice(key.id));
            }
        }
        Ok(Self { host: host.to_owned(), keys, revoked: Vec::new() })
    }

    /// No longer believes the beacons of one area under one key: for a board that was copied or stolen.
    pub fn revoke(&mut self, area: &str, key: u8) {
        self.revoked.push((area.to_owned(), key));
    }

    /// The host of its beacons.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The key that signs: the active one named last.
    pub fn signing(&self) -> Option<&Key> {
        self.keys.iter().rev().find(|key| key.state == KeyState::Active)
    }

    /// An id that no key of the site has ever had, from 1 on; `None` when all 256 are used up.
    pub fn free_id(&self) -> Option<u8> {
        (1..=u8::MAX).chain([0]).find(|id| self.key(*id).is_none())
    }

    pub(crate) fn key(&self, id: u8) -> Option<&Key> {
        self.keys.iter().find(|key| key.id == id)
    }

    pub(crate) fn is_revoked(&self, area: &str, key: &Key) -> bool {
        key.state == KeyState::Revoked || self.revoked.iter().any(|(revoked, id)| revoked == area && *id == key.id)
    }
}
