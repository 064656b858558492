//! The file of the beacons' keys, and what stands behind a code that a driver scanned. What makes a code genuine is decided by the crate
//! `beacon`; this only reads the file.

use std::path::Path;

use anyhow::Context;
use beacon::{Key, KeyRing, KeyState, SECRET_BYTES, Verdict, issue, verify};
use parking_core::id::AreaId;
use serde::Deserialize;

use crate::http::{AreaCodes, CodeRefusal};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    key: Vec<KeyEntry>,
    #[serde(default)]
    revoked: Vec<RevokedEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyEntry {
    id: u8,
    secret: String,
    state: KeyWord,
}

/// A single board that was copied or stolen.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RevokedEntry {
    area: String,
    key: u8,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KeyWord {
    Active,
    Retired,
    Revoked,
}

/// Reads a file of keys: `[[key]]` with `id`, `secret`, `state`, and `[[revoked]]` with `area` and `key` for single boards.
pub fn load(host: &str, path: &Path) -> anyhow::Result<KeyRing> {
    let text = std::fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))?;
    // The parser's message shows the line it stumbled over, which may be a secret: only the file is named.
    let file: KeyFile = toml::from_str(&text).map_err(|error| anyhow::anyhow!("{}: {}", path.display(), error.message()))?;
    let keys = file.key.iter().map(key).collect::<anyhow::Result<Vec<Key>>>().with_context(|| path.display().to_string())?;
    let mut ring = KeyRing::new(host, keys)?;
    for revoked in &file.revoked {
        ring.revoke(&revoked.area, revoked.key);
    }
    Ok(ring)
}

fn key(entry: &KeyEntry) -> anyhow::Result<Key> {
    let mut secret = [0; SECRET_BYTES];
    hex::decode_to_slice(&entry.secret, &mut secret)
        .map_err(|_| anyhow::anyhow!("key {}: the secret must be {} hexadecimal digits", entry.id, 2 * SECRET_BYTES))?;
    let state = match entry.state {
        KeyWord::Active => KeyState::Active,
        KeyWord::Retired => KeyState::Retired,
        KeyWord::Revoked => KeyState::Revoked,
    };
    Ok(Key { id: entry.id, secret, state })
}

/// Codes signed by the site's keys: a driver's page opens for no other.
pub struct SignedAreaCodes(pub KeyRing);

impl AreaCodes for SignedAreaCodes {
    fn area(&self, code: &str) -> Result<AreaId, CodeRefusal> {
        match verify(&self.0, &format!("https://{}/p/{code}", self.0.host())) {
            Verdict::Genuine { area, .. } => AreaId::new(&area).map_err(|_| CodeRefusal::CutOff),
            Verdict::Revoked { .. } => Err(CodeRefusal::Withdrawn),
            Verdict::Forged { .. } => Err(CodeRefusal::Forged),
            Verdict::Altered | Verdict::Foreign => Err(CodeRefusal::CutOff),
        }
    }

    /// The host is that of the keys, wherever the server is reached: it is part of what is signed.
    fn address(&self, area: &AreaId, _origin: &str) -> Result<String, String> {
        issue(&self.0, area.as_str()).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(ring: &KeyRing, area: &str) -> String {
        let text = issue(ring, area).expect("an active key");
        text.rsplit_once('/').map(|(_, code)| code.to_owned()).expect("an address")
    }

    fn ring(file: &str) -> anyhow::Result<KeyRing> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("keys.toml");
        std::fs::write(&path, file)?;
        load("park.example", &path)
    }

    fn entry(id: u8, digit: &str, state: &str) -> String {
        format!("[[key]]\nid = {id}\nsecret = \"{}\"\nstate = \"{state}\"\n", digit.repeat(2 * SECRET_BYTES))
    }

    #[test]
    fn only_codes_of_believed_keys_open_the_page() -> anyhow::Result<()> {
        let codes = SignedAreaCodes(ring(
            &(entry(1, "a", "retired") + &entry(2, "b", "active") + "[[revoked]]\narea = \"A9\"\nkey = 2\n"),
        )?);
        let before = ring(&entry(1, "a", "active"))?;
        let foreign = ring(&entry(2, "c", "active"))?;
        // As the board was printed before it was withdrawn.
        let printed = ring(&entry(2, "b", "active"))?;
        assert!(issue(&codes.0, "A9").is_err(), "a withdrawn board is not printed again");
        for (code, said) in [
            (code(&codes.0, "A1"), Ok("A1")),
            (code(&before, "A1"), Ok("A1")),
            (code(&printed, "A9"), Err(CodeRefusal::Withdrawn)),
            (code(&foreign, "A1"), Err(CodeRefusal::Forged)),
            (code(&codes.0, "A1").replacen("A1", "A2", 1), Err(CodeRefusal::Forged)),
            ("A1".to_owned(), Err(CodeRefusal::CutOff)),
            (String::new(), Err(CodeRefusal::CutOff)),
            ("x".repeat(1_000), Err(CodeRefusal::CutOff)),
        ] {
            assert_eq!(codes.area(&code).as_ref().map(AreaId::as_str).map_err(|refusal| *refusal), said, "{code}");
        }
        Ok(())
    }

    #[test]
    fn a_file_with_mistakes_is_refused_without_showing_secrets() {
        let secret = "d".repeat(2 * SECRET_BYTES);
        for file in [
            format!("[[key]]\nid = 1\nsecret = \"{secret}d\"\nstate = \"active\"\n"),
            format!("[[key]]\nid = 300\nsecret = \"{secret}\"\nstate = \"active\"\n"),
            format!("[[key]]\nid = 1\nsecret = \"{secret}\"\nstate = \"loved\"\n"),
            entry(1, "d", "active") + &entry(1, "e", "active"),
        ] {
            let error = format!("{:#}", ring(&file).expect_err("a mistake"));
            assert!(!error.contains("dddd"), "{error}");
        }
    }
}
