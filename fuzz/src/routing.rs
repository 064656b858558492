//! The router and the memory of signatures: bytes of anybody on three lines at once, and a file that somebody touched.

use drone_link_proto::{EndpointRole, Router, SigningMemory};

use crate::bytes::Bytes;
use crate::frames::framed;

/// Steps of one input; longer ones add nothing that shorter ones have not.
const STEPS_MAX: usize = 300;
/// The longest frame of MAVLink 2, signed.
const FRAME_LENGTH_MAX: usize = 280;

/// What comes out is whole frames that went in byte for byte, never back where they came from, and never a key.
pub fn run_router(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let mut router = Router::new();
    let ends = [EndpointRole::Full, EndpointRole::Full, EndpointRole::Watcher].map(|role| router.open(role));
    // Of each line, what came as a stream and what came as datagrams: neither is a part of the other.
    let mut heard: [[Vec<u8>; 2]; 3] = Default::default();
    let mut now_ms = 0;
    for _ in 0..STEPS_MAX {
        let Some(kind) = bytes.byte() else { break };
        let at = usize::from(kind) % ends.len();
        now_ms += u64::from(kind);
        let Some(block) = bytes.block() else { break };
        let is_datagram = kind >= 128;
        heard[at][usize::from(is_datagram)].extend_from_slice(block);
        let reached =
            if is_datagram { router.receive_datagram(ends[at], block, now_ms) } else { router.receive(ends[at], block, now_ms) };
        assert!(!reached.contains(&ends[at]), "never back where it came from");
        router.hand_over(kind, kind.is_multiple_of(2));
        for (other, end) in ends.iter().enumerate() {
            for frame in router.take_waiting(*end, usize::MAX) {
                assert!(frame.len() <= FRAME_LENGTH_MAX && !drone_link_proto::is_secret(&frame) || frame[0] == 0xFE);
                let mut from = heard.iter().enumerate().filter(|(index, _)| *index != other).flat_map(|(_, heard)| heard);
                let known = from.any(|heard| heard.windows(frame.len()).any(|window| window == &frame[..]));
                assert!(known, "byte for byte as it came from somebody else");
                drone_link_proto::describe(&frame);
            }
        }
    }
}

/// A heartbeat, an order, a message that nobody knows, in pieces.
pub fn router_seeds() -> Vec<Vec<u8>> {
    let frames = [framed(0, &[0, 0, 0, 0, 2, 12, 81, 4, 3], 7, 1, 0), framed(253, b"\x04text", 7, 1, 1)];
    let step = |kind: u8, block: &[u8]| [&[kind, block.len() as u8], block].concat();
    let whole = frames.iter().flat_map(|frame| step(129, frame)).collect();
    let pieces = frames.concat().chunks(5).flat_map(|piece| step(0, piece)).collect();
    vec![whole, pieces]
}

/// A memory that is read is written as it was.
pub fn run_memory(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(memory) = SigningMemory::parse(text) {
        assert_eq!(SigningMemory::parse(&memory.to_text()), Some(memory));
    }
}

/// A memory of two senders.
pub fn memory_seeds() -> Vec<Vec<u8>> {
    vec![b"newest 37000000000000\n0 1 1 36999999999999\n1 1 50 5\n".to_vec()]
}
