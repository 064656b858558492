//! Cuts a stream of bytes, or a datagram, into MAVLink frames of both versions, without changing one byte of them.
//!
//! Frames of messages that the definitions do not know cannot be checked: they pass where a frame is expected, behind another one,
//! and never out of garbage.

use crate::dialect;
use crate::frame::{CHECKSUM_LENGTH, FLAG_SIGNED, HEADER_LENGTH, MAGIC, SIGNATURE_LENGTH};

/// Marks the start of a MAVLink 1 frame, and what is before its payload.
const MAGIC_V1: u8 = 0xFE;
const HEADER_V1_LENGTH: usize = 6;

/// A whole frame, and where it says that it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RawFrame<'a> {
    pub bytes: &'a [u8],
    pub system_id: u8,
    pub component_id: u8,
    pub message_id: u32,
    pub payload: &'a [u8],
}

/// What is at the start of some bytes.
enum Start<'a> {
    Frame(RawFrame<'a>),
    /// Not a frame: look behind this byte.
    Garbage,
    /// Perhaps one, when more bytes have come.
    Short,
}

/// Reads one source of bytes.
#[derive(Debug)]
pub(crate) struct Framer {
    rest: Vec<u8>,
    /// The last thing read was a frame, or nothing was read yet.
    in_step: bool,
    /// Bytes that were no frame.
    pub garbage_bytes: u64,
}

impl Default for Framer {
    fn default() -> Self {
        Self { rest: Vec::new(), in_step: true, garbage_bytes: 0 }
    }
}

impl Framer {
    /// Takes the next bytes of a stream and gives every frame that is whole now.
    pub fn push(&mut self, bytes: &[u8], mut give: impl FnMut(RawFrame<'_>)) {
        let mut rest = std::mem::take(&mut self.rest);
        rest.extend_from_slice(bytes);
        let used = self.read(&rest, &mut give);
        rest.drain(..used);
        self.rest = rest;
    }

    /// Takes one datagram. What is cut off at its end is garbage.
    pub fn datagram(&mut self, bytes: &[u8], mut give: impl FnMut(RawFrame<'_>)) {
        self.in_step = true;
        let used = self.read(bytes, &mut give);
        self.garbage_bytes += (bytes.len() - used) as u64;
    }

    /// The number of bytes that need not be looked at again.
    fn read(&mut self, bytes: &[u8], give: &mut impl FnMut(RawFrame<'_>)) -> usize {
        let mut at = 0;
        while at < bytes.len() {
            match start(&bytes[at..], self.in_step) {
                Start::Frame(frame) => {
                    at += frame.bytes.len();
                    self.in_step = true;
                    give(frame);
                }
                Start::Garbage => {
                    at += 1;
                    self.in_step = false;
                    self.garbage_bytes += 1;
                }
                Start::Short => break,
            }
        }
        at
    }
}

fn start(bytes: &[u8], in_step: bool) -> Start<'_> {
    match bytes[0] {
        MAGIC => start_v2(bytes, in_step),
        MAGIC_V1 => start_v1(bytes, in_step),
        _ => Start::Garbage,
    }
}

fn start_v2(bytes: &[u8], in_step: bool) -> Start<'_> {
    let Some([_, payload_length, flags]) = bytes.first_chunk().copied() else { return Start::Short };
    if flags & !FLAG_SIGNED != 0 {
        // A layout that we do not understand: a receiver must drop it (MAVLink guide, "Incompatibility Flags").
        return Start::Garbage;
    }
    let checksum_at = HEADER_LENGTH + usize::from(payload_length);
    let signature = if flags & FLAG_SIGNED == 0 { 0 } else { SIGNATURE_LENGTH };
    let Some(bytes) = bytes.get(..checksum_at + CHECKSUM_LENGTH + signature) else { return Start::Short };
    let message_id = u32::from_le_bytes([bytes[7], bytes[8], bytes[9], 0]);
    if !may_be_frame(bytes, checksum_at, message_id, in_step) {
        return Start::Garbage;
    }
    let payload = &bytes[HEADER_LENGTH..checksum_at];
    Start::Frame(RawFrame { bytes, system_id: bytes[5], component_id: bytes[6], message_id, payload })
}

fn start_v1(bytes: &[u8], in_step: bool) -> Start<'_> {
    let Some([_, payload_length]) = bytes.first_chunk().copied() else { return Start::Short };
    let checksum_at = HEADER_V1_LENGTH + usize::from(payload_length);
    let Some(bytes) = bytes.get(..checksum_at + CHECKSUM_LENGTH) else { return Start::Short };
    let message_id = u32::from(bytes[5]);
    if !may_be_frame(bytes, checksum_at, message_id, in_step) {
        return Start::Garbage;
    }
    let payload = &bytes[HEADER_V1_LENGTH..checksum_at];
    Start::Frame(RawFrame { bytes, system_id: bytes[3], component_id: bytes[4], message_id, payload })
}

fn may_be_frame(bytes: &[u8], checksum_at: usize, message_id: u32, in_step: bool) -> bool {
    dialect::extra_crc(message_id).map_or(in_step, |extra| {
        dialect::checksum(&bytes[1..checksum_at], extra).to_le_bytes() == bytes[checksum_at..checksum_at + CHECKSUM_LENGTH]
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A frame of version 2; messages that the definitions do not know get a checksum of nothing.
    pub fn framed(message_id: u32, payload: &[u8], system_id: u8, component_id: u8, sequence: u8) -> Vec<u8> {
        let id = message_id.to_le_bytes();
        let length = u8::try_from(payload.len()).expect("short");
        let mut frame = vec![MAGIC, length, 0, 0, sequence, system_id, component_id, id[0], id[1], id[2]];
        frame.extend_from_slice(payload);
        let checksum = dialect::checksum(&frame[1..], dialect::extra_crc(message_id).unwrap_or(0));
        frame.extend_from_slice(&checksum.to_le_bytes());
        frame
    }

    fn framed_v1(message_id: u8, payload: &[u8], sequence: u8) -> Vec<u8> {
        let length = u8::try_from(payload.len()).expect("short");
        let mut frame = vec![MAGIC_V1, length, sequence, 1, 1, message_id];
        frame.extend_from_slice(payload);
        let extra = dialect::extra_crc(u32::from(message_id)).expect("known");
        let checksum = dialect::checksum(&frame[1..], extra);
        frame.extend_from_slice(&checksum.to_le_bytes());
        frame
    }

    /// The longest frame of all.
    const FRAME_LENGTH_MAX: usize = HEADER_LENGTH + 255 + CHECKSUM_LENGTH + SIGNATURE_LENGTH;

    const HEARTBEAT: [u8; 9] = [0, 0, 0, 0, 2, 12, 81, 4, 3];

    fn read(framer: &mut Framer, pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        for piece in pieces {
            framer.push(piece, |frame| frames.push(frame.bytes.to_vec()));
        }
        frames
    }

    #[test]
    fn frames_come_out_byte_for_byte_however_the_stream_is_cut() {
        let mut signed = framed(0, &HEARTBEAT, 1, 1, 9);
        crate::frame::mark_signed(&mut signed);
        signed.extend_from_slice(&[7; SIGNATURE_LENGTH]);
        let unknown = framed(0xABCDE, &[1, 2, 3], 1, 1, 4);
        let frames =
            [framed(0, &HEARTBEAT, 1, 1, 0), framed_v1(0, &HEARTBEAT, 3), unknown, signed, framed(30, &[0xFD; 28], 1, 1, 5)];
        let stream = [&b"noise"[..], &frames.concat()].concat();
        for length in [1, 2, 7, 64, stream.len()] {
            let mut framer = Framer::default();
            let pieces: Vec<&[u8]> = stream.chunks(length).collect();
            assert_eq!(read(&mut framer, &pieces), frames, "in pieces of {length}");
            assert_eq!((framer.garbage_bytes, framer.rest.len()), (5, 0));
        }
    }

    #[test]
    fn unknown_messages_pass_behind_a_frame_and_never_out_of_garbage() {
        let unknown = framed(0xABCDE, &[1, 2, 3], 1, 1, 0);
        let known = framed(0, &HEARTBEAT, 1, 1, 0);
        assert_eq!(read(&mut Framer::default(), &[&unknown]), std::slice::from_ref(&unknown), "at the very start");
        assert_eq!(read(&mut Framer::default(), &[b"x", &unknown]), Vec::<Vec<u8>>::new());
        assert_eq!(read(&mut Framer::default(), &[b"x", &unknown, &known, &unknown]), [known.clone(), unknown.clone()]);
        let mut datagram = Vec::new();
        Framer::default().datagram(&[&unknown[..], &known[..9]].concat(), |frame| datagram.push(frame.bytes.to_vec()));
        assert_eq!(datagram, [unknown]);
    }

    #[test]
    fn the_rest_that_is_kept_is_shorter_than_a_frame() {
        let mut framer = Framer::default();
        for _ in 0..1_000 {
            framer.push(&[MAGIC, 255, 0, 0], |_| {});
            assert!(framer.rest.len() < FRAME_LENGTH_MAX);
        }
    }
}
