//! HMAC-SHA-256 (RFC 2104) cut to 80 bits, written in sixteen letters and digits.

use sha2::{Digest, Sha256};

/// The block of SHA-256, bytes.
const BLOCK_BYTES: usize = 64;
/// What is kept of the digest: RFC 2104 asks for at least half of it or 80 bits.
pub const TAG_BYTES: usize = 10;
/// Letters and digits of a tag, five bits each.
pub const TAG_CHARACTERS: usize = 16;

/// Without i, l, o and u, which are misread (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

fn keyed_digest(secret: &[u8], message: &[u8]) -> [u8; 32] {
    let mut key = [0_u8; BLOCK_BYTES];
    if secret.len() > BLOCK_BYTES {
        key[..32].copy_from_slice(&Sha256::digest(secret));
    } else {
        key[..secret.len()].copy_from_slice(secret);
    }
    let inner = Sha256::new().chain_update(key.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(key.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

/// The tag of a message as it stands in a beacon.
pub fn tag(secret: &[u8], message: &[u8]) -> String {
    let digest = keyed_digest(secret, message);
    let bits = digest[..TAG_BYTES].iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    let letter = |at: usize| char::from(ALPHABET[(bits >> (5 * (TAG_CHARACTERS - 1 - at)) & 31) as usize]);
    (0..TAG_CHARACTERS).map(letter).collect()
}

/// Looks at every byte whatever the first ones are, so that the time tells nothing about how much is right.
pub fn equal(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |differing, (a, b)| differing | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// RFC 4231, test cases 1, 2 and 6.
    #[test]
    fn digests_are_those_of_the_standard() {
        let cases: [(&[u8], &[u8], &str); 3] = [
            (&[0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ];
        for (secret, message, digest) in cases {
            assert_eq!(hex(&keyed_digest(secret, message)), digest);
        }
    }

    #[test]
    fn a_tag_spells_the_first_eighty_bits() {
        // b0 34 4c 61 d8 in fives: 22 0 26 4 24 24 14 24.
        assert!(tag(&[0x0b; 20], b"Hi There").starts_with("p0t4rrer"), "{}", tag(&[0x0b; 20], b"Hi There"));
        assert_eq!(tag(b"k", b"m").len(), TAG_CHARACTERS);
    }
}
