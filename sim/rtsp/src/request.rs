//! RTSP 1.0 requests (RFC 2326) out of a stream of bytes that also carries interleaved packets. No sockets here.

use crate::limits::{BODY_BYTES_MAX, REQUEST_BYTES_MAX};

/// What a player said that cannot be followed; the connection ends.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Longer than any player's.
    #[error("a request of more than {REQUEST_BYTES_MAX} bytes")]
    TooLong,
    /// Not the protocol.
    #[error("no RTSP request: {0}")]
    NotRtsp(String),
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// "DESCRIBE".
    pub method: String,
    /// As asked for.
    pub url: String,
    /// The number that the answer repeats.
    pub sequence: String,
    /// The `Transport` header.
    pub transport: String,
}

impl Request {
    /// The path of the URL, without slashes at its ends.
    pub fn path(&self) -> &str {
        let after_scheme = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
        let path = if self.url.contains("://") { after_scheme.split_once('/').map_or("", |(_, path)| path) } else { after_scheme };
        path.split(['?', '#']).next().unwrap_or_default().trim_matches('/')
    }
}

/// Takes the next request from the front of `buffer`, dropping interleaved packets (a player's receiver reports) before it.
/// `Ok(None)` when more bytes are needed.
pub fn take_request(buffer: &mut Vec<u8>) -> Result<Option<Request>, RequestError> {
    skip_interleaved(buffer);
    if buffer.is_empty() || buffer[0] == b'$' {
        return Ok(None);
    }
    let Some(header_end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return if REQUEST_BYTES_MAX <= buffer.len() { Err(RequestError::TooLong) } else { Ok(None) };
    };
    let header = String::from_utf8_lossy(&buffer[..header_end]).into_owned();
    let body_bytes = value(&header, "content-length").parse::<usize>().unwrap_or(0);
    if BODY_BYTES_MAX < body_bytes {
        return Err(RequestError::TooLong);
    }
    let end = header_end + 4 + body_bytes;
    if buffer.len() < end {
        return Ok(None);
    }
    buffer.drain(..end);
    parse(&header).map(Some)
}

fn skip_interleaved(buffer: &mut Vec<u8>) {
    while buffer.first() == Some(&b'$') && 4 <= buffer.len() {
        let end = 4 + usize::from(u16::from_be_bytes([buffer[2], buffer[3]]));
        if buffer.len() < end {
            return;
        }
        buffer.drain(..end);
    }
}

fn parse(header: &str) -> Result<Request, RequestError> {
    let first = header.lines().next().unwrap_or_default();
    let mut words = first.split(' ');
    let (method, url, version) =
        (words.next().unwrap_or_default(), words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if !version.starts_with("RTSP/1.") || method.is_empty() {
        return Err(RequestError::NotRtsp(first.chars().take(80).collect()));
    }
    Ok(Request {
        method: method.to_owned(),
        url: url.to_owned(),
        sequence: value(header, "cseq"),
        transport: value(header, "transport"),
    })
}

fn value(header: &str, name: &str) -> String {
    let named = header.lines().skip(1).filter_map(|line| line.split_once(':'));
    let mut found = named.filter(|(key, _)| key.trim().eq_ignore_ascii_case(name));
    found.next().map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_request_behind_packets_and_byte_by_byte() {
        let text = b"$\x01\x00\x03abcSETUP rtsp://h:1/d1/main/track RTSP/1.0\r\ncseq: 7\r\nTransport: RTP/AVP/TCP\r\n\r\n";
        let mut buffer = Vec::new();
        for (read, byte) in text.iter().enumerate() {
            assert_eq!(take_request(&mut buffer), Ok(None), "after {read} bytes");
            buffer.push(*byte);
        }
        let request = take_request(&mut buffer).expect("a request").expect("whole");
        assert_eq!((request.method.as_str(), request.path(), request.sequence.as_str()), ("SETUP", "d1/main/track", "7"));
        assert!(buffer.is_empty());
    }

    #[test]
    fn refuses_what_is_no_request_or_has_no_end() {
        assert!(matches!(take_request(&mut b"GET / HTTP/1.1\r\n\r\n".to_vec()), Err(RequestError::NotRtsp(_))));
        assert_eq!(take_request(&mut vec![b'A'; REQUEST_BYTES_MAX]), Err(RequestError::TooLong));
        let huge = b"SET_PARAMETER * RTSP/1.0\r\nContent-Length: 99999999\r\n\r\n";
        assert_eq!(take_request(&mut huge.to_vec()), Err(RequestError::TooLong));
    }
}
