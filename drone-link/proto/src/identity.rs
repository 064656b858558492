//! Which autopilot answers: its software's version and the identity of its board (AUTOPILOT_VERSION), the latter held against the
//! configured one and against the one that was heard before. It decides nothing; a launch asks it.

use crate::command::{Answer, Commander, Purpose, floats};
use crate::dialect::{AUTOPILOT_COMPONENT, CommandKind, id};

/// Between two questions while the aircraft has not told, or a stranger has.
const ASK_AGAIN_MS: u64 = 5_000;
/// A stranger that was not heard for so long has gone: three questions were answered by the right one alone.
const STRANGER_MS: u64 = 3 * ASK_AGAIN_MS;
/// Bytes of the longer of the two identities that an autopilot may give.
const LENGTH_MAX: usize = 18;

/// The identity of an autopilot's board: 8 bytes, or 18 where it tells the longer one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HardwareId(String);

/// A text that is no identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a hardware identity is 16 or 36 hexadecimal digits that are not all zero")]
pub struct NoHardwareId;

impl HardwareId {
    /// As a configuration gives it and a status shows it: 16 or 36 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, NoHardwareId> {
        let text = text.trim().to_ascii_lowercase();
        let right_length = [16, 2 * LENGTH_MAX].contains(&text.len());
        if !right_length || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) || text.bytes().all(|byte| byte == b'0') {
            return Err(NoHardwareId);
        }
        Ok(Self(text))
    }

    /// By what the autopilot tells; `None` when it has none, as many simulated ones.
    pub(crate) fn of(uid: u64, uid2: [u8; LENGTH_MAX]) -> Option<Self> {
        let long: String = uid2.iter().map(|byte| format!("{byte:02x}")).collect();
        Self::parse(&long).or_else(|_| Self::parse(&format!("{uid:016x}"))).ok()
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for HardwareId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The version of an autopilot's software, in the bytes of AUTOPILOT_VERSION: major, minor, patch, and how far it is from a release
/// (FIRMWARE_VERSION_TYPE).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SoftwareVersion(u32);

impl SoftwareVersion {
    /// `None` when it tells none.
    pub(crate) fn of(told: u32) -> Option<Self> {
        (told != 0).then_some(Self(told))
    }
}

impl std::fmt::Display for SoftwareVersion {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [major, minor, patch, kind] = self.0.to_be_bytes();
        let suffix = match kind {
            0..64 => "-dev",
            64..128 => "-alpha",
            128..192 => "-beta",
            192..255 => "-rc",
            255 => "",
        };
        write!(formatter, "{major}.{minor}.{patch}{suffix}")
    }
}

/// What is known of who answers.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    wanted: Option<HardwareId>,
    /// The first that answered; another one behind the same system id is a stranger.
    known: Option<HardwareId>,
    stranger: Option<(HardwareId, u64)>,
    /// Of the one that answered last.
    software: Option<SoftwareVersion>,
    told: bool,
    ask_ms: u64,
    refused: bool,
}

impl Identity {
    pub fn new(wanted: Option<HardwareId>) -> Self {
        Self { wanted, ..Self::default() }
    }

    /// The aircraft is new or restarted: ask again.
    pub fn restart(&mut self) {
        (self.told, self.ask_ms, self.refused) = (false, 0, false);
    }

    /// Takes what an autopilot with our aircraft's system id tells of its board. The right one's word does not unsay a stranger's:
    /// both may be there.
    pub fn take(&mut self, told: Option<HardwareId>, software: Option<SoftwareVersion>, now_ms: u64) {
        self.told = true;
        self.software = software;
        let Some(told) = told else { return };
        let expected = self.wanted.as_ref().or(self.known.as_ref());
        if expected.is_some_and(|expected| *expected != told) {
            self.stranger = Some((told, now_ms));
        } else {
            self.known = Some(told);
        }
    }

    fn stranger(&self, now_ms: u64) -> Option<&HardwareId> {
        let present = |(_, heard_ms): &&(HardwareId, u64)| now_ms.saturating_sub(*heard_ms) < STRANGER_MS;
        self.stranger.as_ref().filter(present).map(|(stranger, _)| stranger)
    }

    /// Why nothing is launched, in words for an operator.
    pub fn trouble(&self, now_ms: u64) -> Option<String> {
        let stranger = self.stranger(now_ms)?;
        Some(match (&self.wanted, &self.known) {
            (Some(wanted), _) => format!("the autopilot that answers is {stranger}, not {wanted}"),
            (None, Some(known)) => format!("the autopilot was {known} and is now {stranger}"),
            (None, None) => format!("{stranger} answers"),
        })
    }

    /// Whether the aircraft must still tell who it is before it may be launched.
    pub fn is_awaited(&self) -> bool {
        self.wanted.is_some() && self.known.is_none()
    }

    /// Who answers, as far as known.
    pub fn shown(&self, now_ms: u64) -> Option<String> {
        self.stranger(now_ms).or(self.known.as_ref()).map(|hardware| hardware.as_str().to_owned())
    }

    /// The version of its software, as far as known.
    pub fn software(&self) -> Option<SoftwareVersion> {
        self.software
    }

    /// Asks when it is time.
    pub fn drive(&mut self, commander: &mut Commander, now_ms: u64) {
        match commander.answer(Purpose::Version) {
            Some((_, Answer::Open | Answer::Postponed)) => return,
            Some((_, Answer::Refused { .. })) => self.refused = true,
            Some((_, Answer::Accepted { .. } | Answer::Unanswered)) | None => {}
        }
        let quiet = self.told && self.stranger(now_ms).is_none();
        if quiet || self.refused || now_ms < self.ask_ms {
            return;
        }
        self.ask_ms = now_ms + ASK_AGAIN_MS;
        let params = [id::AUTOPILOT_VERSION as f32, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        commander.order(Purpose::Version, floats(CommandKind::RequestMessage, AUTOPILOT_COMPONENT, params), now_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hardware(digit: char) -> HardwareId {
        HardwareId::parse(&digit.to_string().repeat(16)).expect("an identity")
    }

    #[test]
    fn the_longer_identity_counts_and_zeros_are_none() {
        let mut uid2 = [0; LENGTH_MAX];
        assert_eq!(HardwareId::of(0, uid2), None);
        assert_eq!(HardwareId::of(0xAB, uid2).map(|id| id.0), Some("00000000000000ab".to_owned()));
        uid2[0] = 7;
        assert_eq!(HardwareId::of(0xAB, uid2).map(|id| id.0.len()), Some(36));
        for text in ["", "12", "xyz", &"0".repeat(16), &"g".repeat(16), &"1".repeat(17)] {
            assert_eq!(HardwareId::parse(text), Err(NoHardwareId), "{text}");
        }
        assert_eq!(HardwareId::parse(" ABCDEF0123456789 ").map(|id| id.0), Ok("abcdef0123456789".to_owned()));
    }

    #[test]
    fn versions_read_as_their_makers_write_them() {
        let told = |text: u32| SoftwareVersion::of(text).map(|version| version.to_string());
        assert_eq!(told(0), None);
        for (bytes, text) in [
            ([1, 16, 0, 255], "1.16.0"),
            ([4, 6, 3, 255], "4.6.3"),
            ([1, 17, 0, 0], "1.17.0-dev"),
            ([1, 16, 1, 64], "1.16.1-alpha"),
            ([4, 7, 0, 130], "4.7.0-beta"),
            ([4, 7, 0, 192], "4.7.0-rc"),
        ] {
            assert_eq!(told(u32::from_be_bytes(bytes)).as_deref(), Some(text));
        }
    }

    #[test]
    fn another_board_than_the_configured_or_the_known_one_is_a_stranger() {
        let mut configured = Identity::new(Some(hardware('a')));
        assert!(configured.is_awaited());
        configured.take(None, None, 0);
        assert!(configured.is_awaited(), "who does not tell is not believed");
        configured.take(Some(hardware('b')), None, 0);
        configured.take(Some(hardware('a')), None, 10);
        assert!(
            configured.trouble(20).is_some_and(|trouble| trouble.contains("bbbb") && trouble.contains("not aaaa")),
            "both are there"
        );
        assert_eq!((configured.trouble(STRANGER_MS), configured.is_awaited()), (None, false), "the other one has gone");

        let mut free = Identity::new(None);
        free.take(None, None, 0);
        assert_eq!((free.trouble(0), free.is_awaited()), (None, false));
        free.take(Some(hardware('c')), None, 0);
        free.take(Some(hardware('d')), None, 0);
        assert!(free.trouble(0).is_some_and(|trouble| trouble.contains("was cccc") && trouble.contains("now dddd")));
        assert_eq!(free.shown(0), Some("d".repeat(16)));
    }
}
