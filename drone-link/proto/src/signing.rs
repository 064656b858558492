//! MAVLink 2 signatures: frames of ours are signed, frames heard are judged, and what must outlive a restart is told.
//!
//! By the MAVLink guide, "Message Signing": SHA-256 over key, frame, link id and time, cut to six bytes; times in steps of 10 µs
//! since 2015. It owns no file and no clock, and never shows a key.

use std::collections::BTreeMap;
use std::time::Duration;

use flight_types::{SigningRefusal, SigningStatus};
use sha2::{Digest, Sha256};

use crate::frame::{self, Frame};

/// Seconds from 1970 to 2015, where the times of signatures begin.
const EPOCH_S: u64 = 1_420_070_400;
/// Steps of 10 µs in a millisecond.
const STEPS_PER_MS: u64 = 100;
/// One minute: what the first frame of a sender may be behind, and what is added to a remembered time, which may be so old.
const MINUTE: u64 = 60_000 * STEPS_PER_MS;
/// Times have 48 bits.
const TIME_MAX: u64 = (1 << 48) - 1;
/// Senders remembered on one link: its parts, over each of their paths. Only who has the key can make up more.
const STREAMS_MAX: usize = 256;

/// A secret of 32 bytes that both ends of a link have.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey([u8; 32]);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SigningKey(…)")
    }
}

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not 64 hexadecimal digits.
    #[error("a signing key is 64 hexadecimal digits, 32 bytes")]
    NotHexadecimal,
    /// All zero: the message that sets a key up with zeros takes the aircraft's key away.
    #[error("a signing key of zeros is none")]
    Zero,
}

impl SigningKey {
    /// A key by its bytes.
    pub fn new(bytes: [u8; 32]) -> Result<Self, KeyError> {
        if bytes == [0; 32] { Err(KeyError::Zero) } else { Ok(Self(bytes)) }
    }

    /// A key as a file holds it: 64 hexadecimal digits, white space round them.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let digits = text.trim().as_bytes();
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
        let mut bytes = [0; 32];
        if digits.len() != 2 * bytes.len() {
            return Err(KeyError::NotHexadecimal);
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            let (Some(high), Some(low)) = (digit(pair[0]), digit(pair[1])) else { return Err(KeyError::NotHexadecimal) };
            *byte = high << 4 | low;
        }
        Self::new(bytes)
    }

    /// Its bytes, for the one message that carries them.
    pub(crate) fn bytes(&self) -> [u8; 32] {
        self.0
    }
}

/// What happens to frames without a signature on a link that has a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnsignedFrames {
    /// They are not taken.
    #[default]
    Refused,
    /// They are taken as if there were no key: while an aircraft is being given its key, or over a cable.
    Taken,
}

/// How a link signs and judges.
#[derive(Debug, Clone, PartialEq)]
pub struct SigningConfig {
    /// The key of both ends.
    pub key: SigningKey,
    /// Told in every signature; each path between two systems has its own.
    pub link_id: u8,
    /// What happens to frames without a signature.
    pub unsigned: UnsignedFrames,
    /// The time when the link's own clock stands at zero; see [`signing_time`].
    pub start: u64,
    /// What was remembered of the link's last run.
    pub memory: SigningMemory,
}

impl SigningConfig {
    /// Frames without a signature are refused, nothing is remembered.
    pub fn new(key: SigningKey, start: u64) -> Self {
        Self { key, link_id: 0, unsigned: UnsignedFrames::default(), start, memory: SigningMemory::default() }
    }
}

/// The time of signatures at a time since 1970.
pub fn signing_time(since_1970: Duration) -> u64 {
    let steps = since_1970.saturating_sub(Duration::from_secs(EPOCH_S)).as_micros() / 10;
    u64::try_from(steps).unwrap_or(TIME_MAX).min(TIME_MAX)
}

/// Who sent a signed frame over which path: link id, system, component.
type Stream = (u8, u8, u8);

/// What a link must still know after a restart, or frames of before could be played to it again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SigningMemory {
    newest: u64,
    streams: BTreeMap<Stream, u64>,
}

impl SigningMemory {
    /// As a file keeps it: one line for the newest time, one for each sender.
    pub fn to_text(&self) -> String {
        let streams = self.streams.iter().map(|((link, system, component), time)| format!("{link} {system} {component} {time}\n"));
        std::iter::once(format!("newest {}\n", self.newest)).chain(streams).collect()
    }

    /// The inverse of [`SigningMemory::to_text`]; `None` when the text is not whole. A lost memory opens the last minute to replays,
    /// so whoever reads a file that is none should say so.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let time = |text: &str| text.parse().ok().filter(|time| *time <= TIME_MAX);
        let newest = time(lines.next()?.strip_prefix("newest ")?)?;
        let mut streams = BTreeMap::new();
        for line in lines {
            let mut words = line.split(' ');
            let mut part = || words.next()?.parse::<u8>().ok();
            let stream = (part()?, part()?, part()?);
            let heard = time(words.next()?)?;
            if words.next().is_some() || streams.len() == STREAMS_MAX || streams.insert(stream, heard).is_some() {
                return None;
            }
        }
        Some(Self { newest, streams })
    }
}

/// The signatures of one link.
#[derive(Debug)]
pub(crate) struct Signing {
    key: SigningKey,
    link_id: u8,
    unsigned: UnsignedFrames,
    start: u64,
    /// The newest time that was sent or taken.
    newest: u64,
    streams: BTreeMap<Stream, u64>,
    status: SigningStatus,
}

impl Signing {
    pub fn new(config: SigningConfig) -> Self {
        let SigningConfig { key, link_id, unsigned, start, memory } = config;
        // What was remembered may be a minute old, and times must never be used twice.
        let newest = if memory.newest == 0 { 0 } else { memory.newest.saturating_add(MINUTE).min(TIME_MAX) };
        Self { key, link_id, unsigned, start, newest, streams: memory.streams, status: SigningStatus::default() }
    }

    /// The frame with a signature; every one has a time of its own.
    pub fn sign(&mut self, mut frame: Vec<u8>, now_ms: u64) -> Vec<u8> {
        self.newest = self.clock(now_ms).max(self.newest + 1).min(TIME_MAX);
        frame::mark_signed(&mut frame);
        frame.push(self.link_id);
        frame.extend_from_slice(&self.newest.to_le_bytes()[..6]);
        let signature = self.signature(&frame);
        frame.extend_from_slice(&signature);
        frame
    }

    /// The time now, by our clock.
    pub fn clock(&self, now_ms: u64) -> u64 {
        self.start.saturating_add(now_ms.saturating_mul(STEPS_PER_MS)).min(TIME_MAX)
    }

    fn signature(&self, up_to_time: &[u8]) -> [u8; 6] {
        let digest = Sha256::new().chain_update(self.key.0).chain_update(up_to_time).finalize();
        std::array::from_fn(|i| digest[i])
    }

    /// What the frame is worth, without remembering it: its sender and time, or nothing of both where none is asked for.
    pub fn judge(&self, frame: &Frame, now_ms: u64) -> Result<Option<(Stream, u64)>, SigningRefusal> {
        let Some(signed) = frame.signature() else {
            return match self.unsigned {
                UnsignedFrames::Refused => Err(SigningRefusal::Unsigned),
                UnsignedFrames::Taken => Ok(None),
            };
        };
        if self.signature(signed.covered) != signed.signature {
            return Err(SigningRefusal::Forged);
        }
        let stream = (signed.link_id, frame.system_id, frame.component_id);
        match self.streams.get(&stream) {
            Some(heard) if signed.time <= *heard => Err(SigningRefusal::Repeated),
            None if signed.time.saturating_add(MINUTE) < self.clock(now_ms).max(self.newest) => Err(SigningRefusal::Old),
            None if self.streams.len() >= STREAMS_MAX => Err(SigningRefusal::Forged),
            Some(_) | None => Ok(Some((stream, signed.time))),
        }
    }

    /// Takes the frame, or counts why not.
    pub fn admit(&mut self, frame: &Frame, now_ms: u64) -> bool {
        match self.judge(frame, now_ms) {
            Ok(Some((stream, time))) => {
                self.streams.insert(stream, time);
                self.newest = self.newest.max(time);
                self.status.verified = true;
                true
            }
            Ok(None) => {
                self.status.verified = false;
                true
            }
            Err(refusal) => {
                self.status.refused += 1;
                self.status.latest_refusal = Some(refusal);
                false
            }
        }
    }

    pub fn status(&self) -> SigningStatus {
        self.status
    }

    /// What must outlive a restart.
    pub fn memory(&self) -> SigningMemory {
        SigningMemory { newest: self.newest, streams: self.streams.clone() }
    }

    pub fn key(&self) -> &SigningKey {
        &self.key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::frames;

    /// HEARTBEAT of system 7, autopilot, unsigned.
    fn heartbeat(sequence: u8) -> Vec<u8> {
        let mut frame = vec![0xFD, 9, 0, 0, sequence, 7, 1, 0, 0, 0, 0, 0, 0, 0, 2, 12, 81, 4, 3];
        let checksum = crate::dialect::checksum(&frame[1..], crate::dialect::extra_crc(0).expect("a heartbeat"));
        frame.extend_from_slice(&checksum.to_le_bytes());
        frame
    }

    fn key(byte: u8) -> SigningKey {
        SigningKey::new([byte; 32]).expect("a key")
    }

    fn signing(byte: u8, start: u64) -> Signing {
        Signing::new(SigningConfig::new(key(byte), start))
    }

    /// A time long after 2015.
    const START: u64 = 37_000_000_000_000;

    fn judged(listener: &mut Signing, bytes: &[u8], now_ms: u64) -> Result<(), SigningRefusal> {
        let frame = frames(bytes).next().expect("a sound frame");
        let judged = listener.judge(&frame, now_ms).map(|_| ());
        assert_eq!(listener.admit(&frame, now_ms), judged.is_ok());
        judged
    }

    #[test]
    fn what_one_end_signs_the_other_takes_once() {
        let (mut speaker, mut listener) = (signing(7, START), signing(7, START));
        let first = speaker.sign(heartbeat(0), 10);
        let second = speaker.sign(heartbeat(1), 10);
        assert_eq!(judged(&mut listener, &first, 10), Ok(()));
        assert_eq!(judged(&mut listener, &first, 11), Err(SigningRefusal::Repeated));
        assert_eq!(judged(&mut listener, &second, 12), Ok(()), "a time of its own in the same millisecond");
        assert_eq!(judged(&mut listener, &first, 13), Err(SigningRefusal::Repeated), "replayed");
        assert_eq!(listener.status(), SigningStatus { verified: true, refused: 2, latest_refusal: Some(SigningRefusal::Repeated) });
    }

    #[test]
    fn forged_changed_and_unsigned_frames_are_refused() {
        let mut listener = signing(7, START);
        assert_eq!(judged(&mut listener, &signing(8, START).sign(heartbeat(0), 0), 0), Err(SigningRefusal::Forged));
        assert_eq!(judged(&mut listener, &heartbeat(0), 0), Err(SigningRefusal::Unsigned));
        let whole = signing(7, START).sign(heartbeat(0), 0);
        // Behind the checksum, which finds changes before it: link id, time and signature.
        for at in whole.len() - 13..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert_eq!(judged(&mut listener, &changed, 0), Err(SigningRefusal::Forged), "byte {at}");
        }
        listener.unsigned = UnsignedFrames::Taken;
        assert_eq!(judged(&mut listener, &heartbeat(0), 0), Ok(()));
        assert!(!listener.status().verified, "never shown as verified");
    }

    #[test]
    fn the_first_frame_of_a_sender_may_be_a_minute_behind() {
        let from = |behind: u64| signing(7, START - behind).sign(heartbeat(0), 0);
        assert_eq!(judged(&mut signing(7, START), &from(MINUTE), 0), Ok(()));
        assert_eq!(judged(&mut signing(7, START), &from(MINUTE + 1), 0), Err(SigningRefusal::Old));
        let ahead = signing(7, START + 10 * MINUTE).sign(heartbeat(0), 0);
        let mut listener = signing(7, START);
        assert_eq!(judged(&mut listener, &ahead, 0), Ok(()), "our clock may be the wrong one");
        let ours = listener.sign(heartbeat(3), 0);
        assert_eq!(judged(&mut signing(7, START + 10 * MINUTE), &ours, 0), Ok(()), "and then we follow");
    }

    #[test]
    fn a_restart_forgets_no_sender_and_uses_no_time_twice() {
        let (mut speaker, mut before) = (signing(7, START), signing(7, START));
        let heard = speaker.sign(heartbeat(0), 0);
        assert_eq!(judged(&mut before, &heard, 0), Ok(()));
        let sent = before.sign(heartbeat(9), 50);
        let memory = SigningMemory::parse(&before.memory().to_text()).expect("whole");
        assert_eq!(memory, before.memory());
        // The clock of the machine has lost a day in the meantime.
        let mut after = Signing::new(SigningConfig { memory, ..SigningConfig::new(key(7), START - 24 * 60 * MINUTE) });
        assert_eq!(judged(&mut after, &heard, 0), Err(SigningRefusal::Repeated));
        let mut aircraft = signing(7, START);
        assert_eq!(judged(&mut aircraft, &sent, 0), Ok(()));
        assert_eq!(judged(&mut aircraft, &after.sign(heartbeat(10), 0), 0), Ok(()), "newer than before the restart");
    }

    #[test]
    fn memories_that_are_not_whole_and_keys_that_are_none_are_told() {
        for text in [
            "",
            "newest",
            "newest x",
            "newest -1",
            "newest 281474976710656",
            "newest 1\n1 2 3",
            "newest 1\n1 2 300 4",
            "newest 1\n1 2 3 4 5",
            "newest 1\n1 2 3 4\n1 2 3 5",
            "1 2 3 4",
        ] {
            assert_eq!(SigningMemory::parse(text), None, "{text:?}");
        }
        let digits = "0123456789abcdefABCDEF00112233445566778899aabbccddeeff0011223344";
        assert_eq!(SigningKey::parse(&format!(" {digits}\n")).map(|key| key.0[..3].to_vec()), Ok(vec![0x01, 0x23, 0x45]));
        for text in ["", "xyz", &digits[1..], &"é".repeat(32), &format!("{digits}0")] {
            assert_eq!(SigningKey::parse(text), Err(KeyError::NotHexadecimal), "{text:?}");
        }
        assert_eq!(SigningKey::parse(&"0".repeat(64)), Err(KeyError::Zero));
        assert_eq!(format!("{:?}", key(1)), "SigningKey(…)");
    }

    #[test]
    fn times_begin_in_2015() {
        assert_eq!(signing_time(Duration::from_secs(EPOCH_S)), 0);
        assert_eq!(signing_time(Duration::from_secs(EPOCH_S + 1)), 100_000);
        assert_eq!(signing_time(Duration::ZERO), 0, "a clock that was never set");
    }
}
