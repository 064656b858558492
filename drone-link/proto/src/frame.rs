//! Finds MAVLink 2 frames in a datagram and writes them. Garbage, truncated, oversized and corrupt frames are dropped here.
//!
//! Fields are read by offset from the raw payload: the dialect's own decoder drops a whole message when an enum has a
//! value it does not know, and newer autopilots have such values.

use crate::dialect;

/// Marks the start of a MAVLink 2 frame.
pub(crate) const MAGIC: u8 = 0xFD;
/// Bytes before the payload.
pub(crate) const HEADER_LENGTH: usize = 10;
/// Checksum after the payload.
pub(crate) const CHECKSUM_LENGTH: usize = 2;
/// Signature after the checksum, when the frame carries one.
pub(crate) const SIGNATURE_LENGTH: usize = 13;
/// The frame carries a signature.
pub(crate) const FLAG_SIGNED: u8 = 0x01;
/// Longest datagram that is looked at: several full frames; anything longer is not from an autopilot.
pub(crate) const DATAGRAM_LENGTH_MAX: usize = 4_096;

/// One whole frame with a right checksum, of a message that the dialect knows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame<'a> {
    /// Per sender, counts up by one.
    pub sequence: u8,
    /// Who sent it.
    pub system_id: u8,
    /// Which part of them.
    pub component_id: u8,
    /// Which message.
    pub message_id: u32,
    /// Its fields, trailing zeros cut off.
    pub payload: Payload<'a>,
    /// The whole frame as received.
    pub bytes: &'a [u8],
}

/// The fields of a message. Bytes that are not there are zero, as MAVLink 2 cuts trailing zeros off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Payload<'a>(pub &'a [u8]);

impl Payload<'_> {
    /// `N` bytes from `offset`, zero where the payload has ended.
    fn at<const N: usize>(&self, offset: usize) -> [u8; N] {
        std::array::from_fn(|i| self.0.get(offset + i).copied().unwrap_or(0))
    }

    pub fn u8(&self, offset: usize) -> u8 {
        self.at::<1>(offset)[0]
    }

    pub fn i8(&self, offset: usize) -> i8 {
        i8::from_le_bytes(self.at(offset))
    }

    pub fn u16(&self, offset: usize) -> u16 {
        u16::from_le_bytes(self.at(offset))
    }

    pub fn i16(&self, offset: usize) -> i16 {
        i16::from_le_bytes(self.at(offset))
    }

    pub fn u32(&self, offset: usize) -> u32 {
        u32::from_le_bytes(self.at(offset))
    }

    pub fn i32(&self, offset: usize) -> i32 {
        i32::from_le_bytes(self.at(offset))
    }

    pub fn u64(&self, offset: usize) -> u64 {
        u64::from_le_bytes(self.at(offset))
    }

    /// `N` bytes as they are.
    pub fn bytes<const N: usize>(&self, offset: usize) -> [u8; N] {
        self.at(offset)
    }

    pub fn f32(&self, offset: usize) -> f32 {
        f32::from_le_bytes(self.at(offset))
    }

    /// A text of `N` bytes, ended by the first zero; other than UTF-8 is replaced.
    pub fn text<const N: usize>(&self, offset: usize) -> String {
        let bytes: [u8; N] = self.at(offset);
        let end = bytes.iter().position(|b| *b == 0).unwrap_or(N);
        String::from_utf8_lossy(&bytes[..end]).into_owned()
    }
}

/// The end of a signed frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Signature<'a> {
    /// Everything that the signature answers for: the frame up to its time.
    pub covered: &'a [u8],
    /// Over which path it was sent.
    pub link_id: u8,
    /// When, in steps of 10 µs since 2015.
    pub time: u64,
    /// Six bytes of a digest.
    pub signature: [u8; 6],
}

impl Frame<'_> {
    /// Its signature, when it carries one. Nothing is checked yet.
    pub fn signature(&self) -> Option<Signature<'_>> {
        if self.bytes[2] & FLAG_SIGNED == 0 {
            return None;
        }
        let (covered, signature) = self.bytes.split_last_chunk::<6>()?;
        let (_, link_and_time) = covered.split_last_chunk::<7>()?;
        let [link_id, time @ ..] = *link_and_time;
        let time = time.iter().rev().fold(0, |time, byte| time << 8 | u64::from(*byte));
        Some(Signature { covered, link_id, time, signature: *signature })
    }
}

/// Says in a whole unsigned frame of ours that a signature follows, and seals it again.
pub(crate) fn mark_signed(frame: &mut [u8]) {
    frame[2] |= FLAG_SIGNED;
    let message_id = u32::from_le_bytes([frame[7], frame[8], frame[9], 0]);
    let checksum_at = frame.len() - CHECKSUM_LENGTH;
    let extra = dialect::extra_crc(message_id).unwrap_or(0);
    let checksum = dialect::checksum(&frame[1..checksum_at], extra);
    frame[checksum_at..].copy_from_slice(&checksum.to_le_bytes());
}

/// The frames of one datagram, in order. A frame inside another's payload is never seen.
pub(crate) fn frames(datagram: &[u8]) -> impl Iterator<Item = Frame<'_>> {
    let mut rest = if datagram.len() <= DATAGRAM_LENGTH_MAX { datagram } else { &[] };
    std::iter::from_fn(move || {
        loop {
            let start = rest.iter().position(|b| *b == MAGIC)?;
            let (length, frame) = read_frame(&rest[start..])?;
            rest = &rest[start + length..];
            if let Some(frame) = frame {
                return Some(frame);
            }
        }
    })
}

/// The length of the frame at the start, and the frame when it is sound. `None` when it is cut off.
fn read_frame(bytes: &[u8]) -> Option<(usize, Option<Frame<'_>>)> {
    let (payload_length, flags) = (usize::from(*bytes.get(1)?), *bytes.get(2)?);
    if flags & !FLAG_SIGNED != 0 {
        // Flags that we do not understand change the layout; go on looking after this byte.
        return Some((1, None));
    }
    let signature = if flags & FLAG_SIGNED != 0 { SIGNATURE_LENGTH } else { 0 };
    let checksum_at = HEADER_LENGTH + payload_length;
    let length = checksum_at + CHECKSUM_LENGTH + signature;
    let bytes = bytes.get(..length)?;
    let message_id = u32::from_le_bytes([bytes[7], bytes[8], bytes[9], 0]);
    let sound = dialect::extra_crc(message_id)
        .is_some_and(|extra| dialect::checksum(&bytes[1..checksum_at], extra).to_le_bytes() == bytes[checksum_at..checksum_at + 2]);
    let frame = Frame {
        sequence: bytes[4],
        system_id: bytes[5],
        component_id: bytes[6],
        message_id,
        payload: Payload(&bytes[HEADER_LENGTH..checksum_at]),
        bytes,
    };
    Some((length, sound.then_some(frame)))
}

/// What a shell must know of a datagram to find the link it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sender {
    /// The system that sent the first sound frame.
    pub system_id: u8,
    /// The part of it.
    pub component_id: u8,
    /// Whether any frame of the datagram is an autopilot's heartbeat.
    pub autopilot_heartbeat: bool,
}

/// Who sent this datagram; `None` when no sound frame is in it.
pub fn sender(datagram: &[u8]) -> Option<Sender> {
    let mut all = frames(datagram);
    let first = all.next()?;
    let is_heartbeat = |frame: &Frame| crate::inbound::is_autopilot_heartbeat(frame) && frame.system_id == first.system_id;
    let autopilot_heartbeat = is_heartbeat(&first) || all.any(|frame| is_heartbeat(&frame));
    Some(Sender { system_id: first.system_id, component_id: first.component_id, autopilot_heartbeat })
}

/// Whether a frame holds a signing key (SETUP_SIGNING): it belongs in no log and is passed on to nobody.
pub fn is_secret(frame: &[u8]) -> bool {
    frame.get(7..10).is_some_and(|id| is_secret_message(u32::from_le_bytes([id[0], id[1], id[2], 0])))
}

/// Whether this is the message that holds a key.
pub(crate) fn is_secret_message(message_id: u32) -> bool {
    message_id == dialect::id::SETUP_SIGNING
}

/// The whole frames of a datagram from one system, for a log.
pub fn frames_of(datagram: &[u8], system_id: u8) -> impl Iterator<Item = &[u8]> {
    frames(datagram).filter(move |frame| frame.system_id == system_id).map(|frame| frame.bytes)
}
