//! What a beacon says, and the sheet it is printed on.
//!
//! A beacon's code is an address that any phone opens, `https://HOST/p/AREA.1KKS…`: the area, then version, key and signature. Who has the keys
//! can tell a genuine beacon from a forged, altered, foreign or revoked one; how short the signature may be and why it is symmetric
//! is ADR 101. Never reads a file, a clock or randomness: keys come from the caller.
//!
//! Reading order: `signature`, `keys`, `payload`, `sheet`.

mod signature;

mod keys;
pub use keys::{AREA_CHARACTERS_MAX, HOST_CHARACTERS_MAX, Key, KeyError, KeyRing, KeyState, SECRET_BYTES};

mod payload;
pub use payload::{IssueError, PAYLOAD_BYTES_MAX, Verdict, code_modules, issue, verify};

mod sheet;
pub use sheet::{Sheet, SheetError, Sight, pdf};
