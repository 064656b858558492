//! What the server answers: texts only.

use crate::encode::ParameterSets;
use crate::request::Request;
use crate::rtp::PAYLOAD_TYPE;

/// The name of a player's session; one for each connection is enough.
const SESSION: &str = "1";

/// How a player wants its packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Between the answers, on the same connection, on this channel.
    Interleaved {
        /// Of the pictures; their reports have the next one.
        channel: u8,
    },
    /// As datagrams to this port of the player.
    Datagrams {
        /// Of the pictures; their reports go to the next one.
        port: u16,
    },
}

/// Reads a `Transport` header: the first of the offers that can be served.
pub fn transport(header: &str) -> Option<Transport> {
    header.split(',').find_map(|offer| {
        let part = |name: &str| offer.split(';').find_map(|part| part.trim().strip_prefix(name));
        let first = |range: &str| range.split('-').next().and_then(|number| number.trim().parse::<u16>().ok());
        if offer.trim().starts_with("RTP/AVP/TCP") {
            let channel = part("interleaved=").map_or(Some(0), first)?;
            return Some(Transport::Interleaved { channel: u8::try_from(channel).ok()? });
        }
        let unicast = !offer.contains("multicast");
        let port = part("client_port=").and_then(first).filter(|port| unicast && 0 < *port && *port < u16::MAX)?;
        Some(Transport::Datagrams { port })
    })
}

/// The answer to a request that succeeded, with headers that end in line breaks and a body.
pub fn ok(request: &Request, headers: &str, body: &str) -> String {
    answer(request, "200 OK", headers, body)
}

/// The answer to one that failed: "404 Not Found".
pub fn failed(request: &Request, status: &str) -> String {
    answer(request, status, "", "")
}

fn answer(request: &Request, status: &str, headers: &str, body: &str) -> String {
    let sequence: String = request.sequence.chars().filter(char::is_ascii_digit).take(10).collect();
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    format!("RTSP/1.0 {status}\r\nCSeq: {sequence}\r\n{headers}{length}\r\n{body}")
}

/// The header that names the session.
pub fn session() -> String {
    format!("Session: {SESSION};timeout={}\r\n", crate::limits::IDLE_MAX.as_secs())
}

/// The session description of a stream.
pub fn description(sets: &ParameterSets) -> String {
    let level: String = sets.sps.iter().skip(1).take(3).map(|byte| format!("{byte:02x}")).collect();
    let (sps, pps) = (base64(&sets.sps), base64(&sets.pps));
    [
        "v=0".to_owned(),
        "o=- 1 1 IN IP4 127.0.0.1".to_owned(),
        "s=camera".to_owned(),
        "t=0 0".to_owned(),
        "a=control:*".to_owned(),
        format!("m=video 0 RTP/AVP {PAYLOAD_TYPE}"),
        "c=IN IP4 0.0.0.0".to_owned(),
        format!("a=rtpmap:{PAYLOAD_TYPE} H264/90000"),
        format!("a=fmtp:{PAYLOAD_TYPE} packetization-mode=1;profile-level-id={level};sprop-parameter-sets={sps},{pps}"),
        "a=control:track".to_owned(),
        String::new(),
    ]
    .join("\r\n")
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let number = chunk.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter = LETTERS[(number >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_players_offer() {
        let cases = [
            ("RTP/AVP/TCP;unicast;interleaved=2-3", Some(Transport::Interleaved { channel: 2 })),
            ("RTP/AVP;unicast;client_port=5000-5001", Some(Transport::Datagrams { port: 5000 })),
            ("RTP/AVP;multicast;client_port=5000-5001", None),
            ("RTP/AVP;unicast;client_port=0-1,RTP/AVP/TCP;unicast", Some(Transport::Interleaved { channel: 0 })),
            ("RTP/SAVP;unicast", None),
            ("", None),
            ("RTP/AVP/TCP;interleaved=999-1000", None),
        ];
        for (header, expected) in cases {
            assert_eq!(transport(header), expected, "{header}");
        }
    }

    #[test]
    fn encodes_base64_as_the_standard_says() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }
}
