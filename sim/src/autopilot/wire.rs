//! MAVLink frames in and out. Fields whose enums the dialect may not know are read and written from raw bytes.

use std::collections::VecDeque;

use mavlink::dialects::ardupilotmega::MavMessage;
use mavlink::{MavlinkVersion, Message, MessageData, calculate_crc};

/// Datagrams that may wait for the shell; a shell that never polls must not fill the memory.
const WAITING_MAX: usize = 8_192;
/// Longest payload of MAVLink.
const PAYLOAD_MAX: usize = 255;
const START_V1: u8 = 0xFE;
const START_V2: u8 = 0xFD;
const HEADER_V1: usize = 6;
const HEADER_V2: usize = 10;
const CHECKSUM: usize = 2;
const SIGNATURE: usize = 13;
const SIGNED_FLAG: u8 = 1;

/// Component id of the autopilot itself.
pub(crate) const AUTOPILOT_COMPONENT: u8 = 1;

/// Ids of messages that are read or written by hand.
pub(crate) const HEARTBEAT: u32 = 0;
pub(crate) const MISSION_ITEM: u32 = 39;
pub(crate) const MISSION_ITEM_INT: u32 = 73;
pub(crate) const COMMAND_INT: u32 = 75;
pub(crate) const COMMAND_LONG: u32 = 76;
pub(crate) const COMMAND_ACK: u32 = 77;
pub(crate) const ILLUMINATOR_STATUS: u32 = 440;

/// One received frame with a valid checksum; the payload is padded with zeros.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) system: u8,
    pub(crate) component: u8,
    pub(crate) id: u32,
    pub(crate) payload: [u8; PAYLOAD_MAX],
    length: usize,
    version: MavlinkVersion,
}

impl Frame {
    /// The payload by the dialect; `None` when the dialect cannot express it.
    pub(crate) fn message(&self) -> Option<MavMessage> {
        MavMessage::parse(self.version, self.id, &self.payload[..self.length]).ok()
    }

    pub(crate) fn f32(&self, at: usize) -> f32 {
        f32::from_le_bytes(self.bytes(at))
    }

    pub(crate) fn i32(&self, at: usize) -> i32 {
        i32::from_le_bytes(self.bytes(at))
    }

    pub(crate) fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.bytes(at))
    }

    pub(crate) fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.bytes(at))
    }

    pub(crate) fn u8(&self, at: usize) -> u8 {
        self.payload[at]
    }

    fn bytes<const N: usize>(&self, at: usize) -> [u8; N] {
        std::array::from_fn(|i| self.payload[at + i])
    }
}

/// Takes the frames off the front of a stream; what may be the beginning of another stays. Noise between frames is dropped.
pub(crate) fn drain_frames(stream: &mut Vec<u8>) -> Vec<Frame> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < stream.len() {
        match look(&stream[at..]) {
            Front::Frame(frame, length) => {
                found.push(*frame);
                at += length;
            }
            Front::Damaged(length) => at += length,
            Front::Cut => break,
            Front::Noise => at += 1,
        }
    }
    stream.drain(..at);
    found
}

/// All intact frames of a datagram; damaged ones are skipped whole, noise between them byte by byte.
pub(crate) fn frames(datagram: &[u8]) -> Vec<Frame> {
    let (mut found, mut rest) = (Vec::new(), datagram);
    while !rest.is_empty() {
        let length = match look(rest) {
            Front::Frame(frame, length) => {
                found.push(*frame);
                length
            }
            Front::Damaged(length) => length,
            Front::Cut => break,
            Front::Noise => 1,
        };
        rest = &rest[length..];
    }
    found
}

/// What stands at the front of some bytes.
enum Front {
    /// An intact frame and its length.
    Frame(Box<Frame>, usize),
    /// A frame of this length whose checksum is wrong. What stands inside it is never looked at: MAVLink's own parser, which PX4 uses, takes a
    /// frame's bytes before it judges its checksum, so that an order inside a broken frame is no order.
    Damaged(usize),
    /// The beginning of a frame.
    Cut,
    /// No frame begins here.
    Noise,
}

fn look(bytes: &[u8]) -> Front {
    if !matches!(bytes.first(), Some(&(START_V1 | START_V2))) {
        return Front::Noise;
    }
    let Some(length) = frame_length(bytes).filter(|length| *length <= bytes.len()) else { return Front::Cut };
    match read_frame(&bytes[..length]) {
        Some(frame) => Front::Frame(Box::new(frame), length),
        None => Front::Damaged(length),
    }
}

/// As the header at the front says it; `None` while the header is not all there.
fn frame_length(bytes: &[u8]) -> Option<usize> {
    let payload = usize::from(*bytes.get(1)?);
    if bytes[0] == START_V1 {
        return Some(HEADER_V1 + payload + CHECKSUM);
    }
    let signed = bytes.get(2)? & SIGNED_FLAG != 0;
    Some(HEADER_V2 + payload + CHECKSUM + if signed { SIGNATURE } else { 0 })
}

/// One whole frame; `None` when its checksum is wrong.
fn read_frame(bytes: &[u8]) -> Option<Frame> {
    let second = usize::from(bytes[1]);
    let (header, version) = if bytes[0] == START_V1 { (HEADER_V1, MavlinkVersion::V1) } else { (HEADER_V2, MavlinkVersion::V2) };
    let end = header + second;
    let (system, component, id) = match version {
        MavlinkVersion::V1 => (bytes[3], bytes[4], u32::from(bytes[5])),
        MavlinkVersion::V2 => (bytes[5], bytes[6], u32::from_le_bytes([bytes[7], bytes[8], bytes[9], 0])),
    };
    let expected = calculate_crc(&bytes[1..end], MavMessage::extra_crc(id));
    if expected.to_le_bytes() != bytes[end..end + CHECKSUM] {
        return None;
    }
    let mut payload = [0; PAYLOAD_MAX];
    payload[..second].copy_from_slice(&bytes[header..end]);
    Some(Frame { system, component, id, payload, length: second, version })
}

/// Frames on their way out, one per datagram.
#[derive(Debug, Clone)]
pub(crate) struct Transmitter {
    system_id: u8,
    sequences: [u8; 256],
    waiting: VecDeque<Vec<u8>>,
}

impl Transmitter {
    pub(crate) fn new(system_id: u8) -> Self {
        Self { system_id, sequences: [0; 256], waiting: VecDeque::new() }
    }

    pub(crate) fn poll(&mut self) -> Option<Vec<u8>> {
        self.waiting.pop_front()
    }

    /// Sends a message of the dialect from a component of this system.
    pub(crate) fn send<D: MessageData>(&mut self, component: u8, data: &D) {
        let mut payload = [0; PAYLOAD_MAX];
        let length = data.ser(MavlinkVersion::V2, &mut payload);
        self.send_bytes(component, D::ID, D::EXTRA_CRC, &payload[..length]);
    }

    /// Sends a payload written by hand, full length in wire order.
    pub(crate) fn send_raw(&mut self, component: u8, id: u32, payload: &[u8]) {
        self.send_bytes(component, id, MavMessage::extra_crc(id), payload);
    }

    fn send_bytes(&mut self, component: u8, id: u32, extra_crc: u8, payload: &[u8]) {
        // MAVLink 2 drops trailing zeros, but never the first byte.
        let used = payload.iter().rposition(|byte| *byte != 0).map_or(1, |last| last + 1);
        let sequence = &mut self.sequences[usize::from(component)];
        let id_bytes = id.to_le_bytes();
        let mut frame = Vec::with_capacity(HEADER_V2 + used + CHECKSUM);
        frame.extend_from_slice(&[START_V2, used as u8, 0, 0, *sequence, self.system_id, component]);
        frame.extend_from_slice(&id_bytes[..3]);
        frame.extend_from_slice(&payload[..used]);
        let checksum = calculate_crc(&frame[1..], extra_crc);
        frame.extend_from_slice(&checksum.to_le_bytes());
        *sequence = sequence.wrapping_add(1);
        if self.waiting.len() == WAITING_MAX {
            self.waiting.pop_front();
        }
        self.waiting.push_back(frame);
    }
}

/// Writes a payload field by field, largest fields first as MAVLink orders them.
#[derive(Debug, Default)]
pub(crate) struct PayloadWriter(Vec<u8>);

impl PayloadWriter {
    pub(crate) fn f32(mut self, value: f32) -> Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub(crate) fn u64(mut self, value: u64) -> Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub(crate) fn i16(mut self, value: i16) -> Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub(crate) fn i32(mut self, value: i32) -> Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub(crate) fn u32(mut self, value: u32) -> Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub(crate) fn u16(mut self, value: u16) -> Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub(crate) fn u8(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    /// A text in a field of this many bytes; what does not fit is cut.
    pub(crate) fn text(mut self, text: &str, bytes: usize) -> Self {
        let end = self.0.len() + bytes;
        self.0.extend(text.bytes().take(bytes));
        self.0.resize(end, 0);
        self
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}
