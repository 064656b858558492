//! Whose datagram is it? Reads just enough of a STUN request to tell (RFC 8489, section 5 and 14.3); everything else goes by address.

const HEADER: usize = 20;
const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const USERNAME: u16 = 0x0006;
/// Attributes looked at; browsers send fewer than ten.
const ATTRIBUTES_MAX: usize = 16;

/// The name that a STUN request is addressed to: the part of its user name before the colon (RFC 8445, section 7.2.2).
pub fn addressed_to(datagram: &[u8]) -> Option<&str> {
    if datagram.len() < HEADER || datagram[0] >= 2 || datagram[4..8] != COOKIE {
        return None;
    }
    let mut rest = &datagram[HEADER..];
    for _ in 0..ATTRIBUTES_MAX {
        let (head, body) = rest.split_first_chunk::<4>()?;
        let kind = u16::from_be_bytes([head[0], head[1]]);
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let value = body.get(..length)?;
        if kind == USERNAME {
            return std::str::from_utf8(value).ok()?.split_once(':').map(|(ours, _)| ours);
        }
        rest = body.get(length.next_multiple_of(4)..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let mut datagram = vec![0, 1, 0, 0];
        datagram.extend(COOKIE);
        datagram.extend([7; 12]);
        for (kind, value) in attributes {
            datagram.extend(kind.to_be_bytes());
            datagram.extend((value.len() as u16).to_be_bytes());
            datagram.extend(*value);
            datagram.resize(datagram.len().next_multiple_of(4), 0);
        }
        datagram
    }

    #[test]
    fn finds_the_name_behind_other_attributes() {
        assert_eq!(addressed_to(&request(&[(0x8022, b"abc"), (USERNAME, b"ours:theirs")])), Some("ours"));
        assert_eq!(addressed_to(&request(&[(USERNAME, b"nocolon")])), None);
        assert_eq!(addressed_to(&request(&[])), None);
        assert_eq!(addressed_to(&[22; 40]), None);
    }

    #[test]
    fn no_truncation_and_no_flood_of_attributes_matters() {
        let whole = request(&[(0x8022, b"abcde"), (USERNAME, b"ours:theirs")]);
        for end in 0..whole.len() {
            let _ = addressed_to(&whole[..end]);
        }
        let many: Vec<(u16, &[u8])> = (0..200).map(|_| (0x8022_u16, &b""[..])).collect();
        assert_eq!(addressed_to(&request(&many)), None);
    }
}
