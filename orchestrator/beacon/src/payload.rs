//! The address in a beacon's code: issuing it, and telling what a code that was read is.

use crate::keys::{AREA_CHARACTERS_MAX, Key, KeyRing};
use crate::sheet::code;
use crate::signature::{TAG_CHARACTERS, equal, tag};

/// The layout of what follows the area. Another layout gets another letter.
const VERSION: char = '1';
/// Texts beyond this are nobody's beacon and are not looked at.
pub const PAYLOAD_BYTES_MAX: usize = 256;

/// Why no beacon is issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// Not the name of an area.
    #[error("{0:?} is no area: letters, digits, hyphens and underscores, at most {AREA_CHARACTERS_MAX}")]
    Area(String),
    /// No key that may sign.
    #[error("no key is active: add one before issuing beacons")]
    NoActiveKey,
    /// This very board was revoked: printed again it would read the same, and nobody would believe it.
    #[error(
        "area {area} under key {key} was revoked: make a new key (`orchestrator beacon key new`) and print the board with that"
    )]
    Revoked {
        /// Which area.
        area: String,
        /// Under which key.
        key: u8,
    },
}

/// What a code that was read is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Ours, signed with a key that is believed.
    Genuine {
        /// The area it names.
        area: String,
        /// The key it was signed with.
        key: u8,
    },
    /// Once ours, and revoked since, alone or with its key.
    Revoked {
        /// The area it names.
        area: String,
        /// The key it was signed with.
        key: u8,
    },
    /// Names our host and an area, and the signature is not ours: made by somebody else, or changed after signing.
    Forged {
        /// The area it claims.
        area: String,
    },
    /// Names our host, and is not laid out as any beacon of ours: cut off or changed.
    Altered,
    /// Nothing of ours.
    Foreign,
}

/// The address for an area's beacon.
pub fn issue(ring: &KeyRing, area: &str) -> Result<String, IssueError> {
    if !is_area(area) {
        return Err(IssueError::Area(area.to_owned()));
    }
    let key = ring.signing().ok_or(IssueError::NoActiveKey)?;
    if ring.is_revoked(area, key) {
        return Err(IssueError::Revoked { area: area.to_owned(), key: key.id });
    }
    Ok(address(ring.host(), area, key.id, &signed(ring, key, area)))
}

/// Modules along the side of an area's code as it is printed. Every key signs as long a text, so that the size is known without one; `None` for
/// what no code is made of.
pub fn code_modules(host: &str, area: &str) -> Option<usize> {
    let unsigned = address(host, area, 0, &"0".repeat(TAG_CHARACTERS));
    is_area(area).then(|| code(&unsigned).map(|code| code.size() as usize)).flatten()
}

fn address(host: &str, area: &str, key: u8, tag: &str) -> String {
    format!("https://{host}/p/{area}.{VERSION}{key:02x}{tag}")
}

/// Tells what a text read from a code is. Never fails: any text is something.
pub fn verify(ring: &KeyRing, text: &str) -> Verdict {
    if text.len() > PAYLOAD_BYTES_MAX {
        return Verdict::Foreign;
    }
    let Some(path) = text.strip_prefix("https://").and_then(|rest| rest.strip_prefix(ring.host())) else {
        return Verdict::Foreign;
    };
    // A longer host that begins like ours is another host.
    if !path.starts_with('/') {
        return Verdict::Foreign;
    }
    let Some((area, key_id, given)) = path.strip_prefix("/p/").and_then(parts) else {
        return Verdict::Altered;
    };
    let area = area.to_owned();
    match ring.key(key_id) {
        Some(key) if equal(&signed(ring, key, &area), given) => match ring.is_revoked(&area, key) {
            true => Verdict::Revoked { area, key: key_id },
            false => Verdict::Genuine { area, key: key_id },
        },
        Some(_) | None => Verdict::Forged { area },
    }
}

/// Area, key id and tag.
fn parts(path: &str) -> Option<(&str, u8, &str)> {
    let (area, rest) = path.split_once('.')?;
    let rest = rest.strip_prefix(VERSION)?;
    if !is_area(area) || rest.len() != 2 + TAG_CHARACTERS || !rest.is_ascii() {
        return None;
    }
    let (id, given) = rest.split_at(2);
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let id = id.bytes().all(is_digit).then(|| u8::from_str_radix(id, 16).ok()).flatten()?;
    Some((area, id, given))
}

fn is_area(area: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !area.is_empty() && area.len() <= AREA_CHARACTERS_MAX && area.bytes().all(fits)
}

/// Host and area cannot hold a line break, so no two of them run together to one message.
fn signed(ring: &KeyRing, key: &Key, area: &str) -> String {
    tag(&key.secret, format!("beacon\n{VERSION}\n{:02x}\n{}\n{area}", key.id, ring.host()).as_bytes())
}
