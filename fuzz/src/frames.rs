//! A datagram of anybody: which frames are in it, and who sent it. Also how the other targets make sound frames.

use drone_link_proto::{frames_of, sender};
use mavlink::Message;
use mavlink::dialects::ardupilotmega::MavMessage;

/// The messages that a link or an autopilot of ours reads, so that made-up payloads reach every decoder: the fuzzer cannot guess
/// checksums.
pub const READ: [u32; 26] =
    [0, 1, 2, 4, 11, 20, 23, 24, 30, 33, 40, 41, 42, 43, 44, 45, 46, 47, 51, 73, 76, 77, 147, 231, 245, 253];

/// Never a frame that is not a part of the datagram, never two that overlap.
pub fn run(bytes: &[u8]) {
    let Some(from) = sender(bytes) else {
        (0..=u8::MAX).step_by(17).for_each(|system_id| assert_eq!(frames_of(bytes, system_id).count(), 0));
        return;
    };
    let mut end = 0;
    for frame in frames_of(bytes, from.system_id) {
        let at = frame.as_ptr() as usize - bytes.as_ptr() as usize;
        assert!(end <= at, "frames do not overlap");
        end = at + frame.len();
        assert_eq!(&bytes[at..end], frame, "a frame lies in its datagram");
        assert_eq!(frame[5], from.system_id, "a frame is told by its sender");
    }
    assert!(0 < end, "a datagram has a sender when it has a frame");
}

/// A heartbeat, frames one after the other, a cut one, and garbage before a sound one.
pub fn seeds() -> Vec<Vec<u8>> {
    let heartbeat = framed(0, &[0, 0, 0, 0, 2, 12, 81, 4, 3], 7, 1, 0);
    let two = [heartbeat.clone(), framed(253, b"\x04Arming denied", 7, 1, 1)].concat();
    let cut = two[..two.len() - 3].to_vec();
    let behind_garbage = [b"\xFD\x00garbage".as_slice(), &two].concat();
    vec![heartbeat, two, cut, behind_garbage]
}

/// A frame with a right checksum round any payload.
pub fn framed(message_id: u32, payload: &[u8], system_id: u8, component_id: u8, sequence: u8) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("a payload of at most 255 bytes");
    let id = message_id.to_le_bytes();
    let mut frame = vec![0xFD, length, 0, 0, sequence, system_id, component_id, id[0], id[1], id[2]];
    frame.extend_from_slice(payload);
    sealed(frame, message_id)
}

/// A frame without its checksum, sealed.
fn sealed(mut frame: Vec<u8>, message_id: u32) -> Vec<u8> {
    let checksum = mavlink::calculate_crc(&frame[1..], MavMessage::extra_crc(message_id));
    frame.extend_from_slice(&checksum.to_le_bytes());
    frame
}

/// The frame with one byte of header or payload changed, and sealed again.
pub fn changed(frame: &[u8], place: u8, flip: u8) -> Vec<u8> {
    let mut body = frame[..frame.len() - 2].to_vec();
    // Not the start, the length or the flags: such a frame is garbage, which others try.
    let places = body.len() - 4;
    body[4 + usize::from(place) % places] ^= flip;
    let message_id = u32::from_le_bytes([body[7], body[8], body[9], 0]);
    sealed(body, message_id)
}
