//! What cameras send, what strangers send to the socket of the viewers, and recordings that were cut off or changed.

use std::io::Cursor;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use feed::limits::UNIT_BYTES_MAX;
use feed::{Depacketizer, Viewers, track_in};

use crate::bytes::Bytes;

/// Payloads of RTP in a row, each after a byte that says how it came. A picture is bounded, and after a loss the next is a key picture:
/// nothing is handed over that a decoder would show as a smear.
pub fn run_packets(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let sets = [bytes.block().unwrap_or_default(), bytes.block().unwrap_or_default()];
    let mut depacketizer = Depacketizer::new(sets[0], sets[1]);
    let (mut media_time, mut needs_key, now) = (0, true, Instant::now());
    while let (Some(manner), Some(payload)) = (bytes.byte(), bytes.block()) {
        media_time += u64::from(manner >> 2);
        let (ends, lost) = (manner & 1 == 1, manner & 2 == 2);
        let pushed = depacketizer.push(payload, media_time, ends, lost, now);
        for unit in pushed.pictures {
            assert!(unit.annex_b.len() <= UNIT_BYTES_MAX && (unit.key || !needs_key));
            assert!(unit.annex_b.starts_with(&[0, 0, 0, 1]));
            needs_key = false;
        }
        if let Some(dropped) = pushed.dropped {
            assert!(!dropped.to_string().is_empty());
            needs_key = true;
        }
    }
}

/// A key picture as one unit, as fragments, and as an aggregate, with a picture after it.
pub fn packet_seeds() -> Vec<Vec<u8>> {
    let set: &[u8] = &[0x67, 0x42, 0xe0, 0x1f, 0x8d];
    let (picture_set, key, next): (&[u8], &[u8], &[u8]) = (&[0x68, 0xce], &[0x65, 1, 2, 3, 4], &[0x41, 5, 6]);
    let input = |packets: &[(u8, &[u8])]| {
        let block = |payload: &[u8]| [&[payload.len() as u8], payload].concat();
        let mut input = [block(set), block(picture_set)].concat();
        packets.iter().for_each(|(manner, payload)| input.extend([vec![*manner], block(payload)].concat()));
        input
    };
    let aggregate = [&[24][..], &[0, set.len() as u8], set, &[0, key.len() as u8], key].concat();
    vec![
        input(&[(5, key), (5, next)]),
        input(&[(4, &[0x7c, 0x85, 1, 2]), (0, &[0x7c, 0x05, 3]), (1, &[0x7c, 0x45, 4]), (5, next)]),
        input(&[(5, &aggregate), (7, next), (5, key)]),
        // A picture without a marker, and the next with one: both are whole.
        input(&[(4, key), (5, next)]),
    ]
}

/// One datagram of somebody who watches nothing: it costs nothing, and gets no answer.
pub fn run_datagrams(bytes: &[u8]) {
    let (own, theirs) = (SocketAddr::from((Ipv4Addr::LOCALHOST, 1)), SocketAddr::from((Ipv4Addr::LOCALHOST, 2)));
    let mut viewers = Viewers::new(own, vec![own]);
    viewers.receive(theirs, bytes, Instant::now());
    assert_eq!((viewers.transmits().count(), viewers.count()), (0, (0, 0)));
}

/// A question of ICE with a user's name (RFC 8489), one with its attributes cut off, and a datagram of SRTP.
pub fn datagram_seeds() -> Vec<Vec<u8>> {
    let mut question = vec![0, 1, 0, 12, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 6, 0, 5];
    question.extend(b"a:b..\0\0\0");
    let cut = question[..question.len() - 6].to_vec();
    vec![question, cut, [&[128, 96][..], &[7; 30]].concat()]
}

/// A recording is read as far as it is whole; what is torn ends it, and no number in it makes anything grow.
pub fn run_recording(bytes: &[u8]) {
    if let Ok(points) = track_in(Cursor::new(bytes), bytes.len() as u64) {
        assert!(points.len() <= bytes.len() / STAMP_BYTES, "{} points in {} bytes", points.len(), bytes.len());
    }
}

/// Identifier, version and what the document lists behind them: no stamp is shorter.
const STAMP_BYTES: usize = 16 + 1 + 8;

/// Two boxes without pictures, a large one, and one that says that it is longer than the file.
pub fn recording_seeds() -> Vec<Vec<u8>> {
    let head = |size: u32, name: &[u8; 4]| [&size.to_be_bytes()[..], name].concat();
    let empty = [head(16, b"ftyp"), vec![0; 8], head(8, b"moof")].concat();
    let mut large = head(1, b"mdat");
    large.extend(30_u64.to_be_bytes());
    large.extend([0, 0, 0, 10, 6, 5, 0, 0, 0, 0, 0, 0, 0, 0]);
    vec![empty, large, head(u32::MAX, b"mdat")]
}
