//! One access unit to RTP packets: single NAL units and fragmentation units (RFC 6184, packetization mode 1).

use crate::encode::EncodedPicture;
use crate::limits::PAYLOAD_BYTES_MAX;

/// The dynamic payload type that the session description names.
pub const PAYLOAD_TYPE: u8 = 96;
const FRAGMENT: u8 = 28;

/// The packets of one player: sequence numbers go on from picture to picture.
#[derive(Debug)]
pub struct Packetizer {
    sequence: u16,
    source: u32,
}

impl Packetizer {
    pub fn new(source: u32) -> Self {
        Self { sequence: 1, source }
    }

    /// The packets of one picture, in order.
    pub fn packets(&mut self, picture: &EncodedPicture) -> Vec<Vec<u8>> {
        let mut packets = Vec::new();
        for (number, nal) in picture.nals.iter().enumerate() {
            let last_nal = number + 1 == picture.nals.len();
            if nal.len() <= PAYLOAD_BYTES_MAX {
                packets.push(self.packet(picture.rtp_time, last_nal, &[], nal));
            } else {
                self.fragment(picture.rtp_time, last_nal, nal, &mut packets);
            }
        }
        packets
    }

    fn fragment(&mut self, rtp_time: u32, last_nal: bool, nal: &[u8], packets: &mut Vec<Vec<u8>>) {
        let (header, body) = (nal[0], &nal[1..]);
        let parts = body.chunks(PAYLOAD_BYTES_MAX - 2);
        let count = parts.len();
        for (number, part) in parts.enumerate() {
            let (first, last) = (number == 0, number + 1 == count);
            let indicator = header & 0x60 | FRAGMENT;
            let fragment = header & 0x1f | u8::from(first) << 7 | u8::from(last) << 6;
            packets.push(self.packet(rtp_time, last_nal && last, &[indicator, fragment], part));
        }
    }

    fn packet(&mut self, rtp_time: u32, marker: bool, prefix: &[u8], payload: &[u8]) -> Vec<u8> {
        let mut packet = Vec::with_capacity(12 + prefix.len() + payload.len());
        packet.extend([0x80, PAYLOAD_TYPE | u8::from(marker) << 7]);
        packet.extend(self.sequence.to_be_bytes());
        packet.extend(rtp_time.to_be_bytes());
        packet.extend(self.source.to_be_bytes());
        packet.extend(prefix);
        packet.extend(payload);
        self.sequence = self.sequence.wrapping_add(1);
        packet
    }
}
