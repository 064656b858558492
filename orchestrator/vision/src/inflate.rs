//! How much the packed bytes of a PNG file would unpack to, against what its header says: counted and thrown away, never kept.

use std::io::{self, Read};

use flate2::read::ZlibDecoder;

use crate::decode::PictureError;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Length, kind and checksum round a chunk's bytes.
const CHUNK_BYTES: usize = 12;
/// More than the header asks for by so much is let pass, bytes: some programs pack a row too many, and readers leave it aside.
const BEYOND_BYTES_MAX: u64 = 1 << 16;
/// First column and row, and steps between them, of the seven passes of an interlaced picture (PNG, 8.2).
const PASSES: [(u32, u32, u32, u32); 7] =
    [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

/// Refuses a PNG whose packed bytes go on far beyond its own size. What is no PNG, or a damaged one, is left to whoever unpacks it.
pub(crate) fn check(bytes: &[u8]) -> Result<(), PictureError> {
    let Some(wanted) = chunks(bytes).find(|(kind, _)| kind == b"IHDR").and_then(|(_, header)| unpacked_bytes(header)) else {
        return Ok(());
    };
    let mut packed: Vec<&[u8]> = chunks(bytes).filter(|(kind, _)| kind == b"IDAT").map(|(_, part)| part).collect();
    packed.reverse();
    let limit = wanted.saturating_add(BEYOND_BYTES_MAX);
    let counted = io::copy(&mut ZlibDecoder::new(Parts(packed)).take(limit.saturating_add(1)), &mut io::sink());
    if counted.is_ok_and(|count| count > limit) { Err(PictureError::Inflated { wanted }) } else { Ok(()) }
}

/// The chunks of a PNG file as far as they are whole; none of any other.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = bytes.strip_prefix(SIGNATURE).unwrap_or_default();
    std::iter::from_fn(move || {
        let length = u32::from_be_bytes(*rest.first_chunk()?) as usize;
        let kind = *rest.get(4..8)?.first_chunk()?;
        let part = rest.get(8..length.checked_add(8)?)?;
        rest = rest.get(length.checked_add(CHUNK_BYTES)?..).unwrap_or_default();
        Some((kind, part))
    })
}

/// What the rows of a picture with this header come to, each with the byte that names its filter; `None` for a header that is none.
fn unpacked_bytes(header: &[u8]) -> Option<u64> {
    let (width, height) = (u32::from_be_bytes(*header.first_chunk()?), u32::from_be_bytes(*header.get(4..)?.first_chunk()?));
    let (&depth, &colour, &interlaced) = (header.get(8)?, header.get(9)?, header.get(12)?);
    let samples = match colour {
        0 | 3 => 1,
        2 => 3,
        4 => 2,
        6 => 4,
        _ => return None,
    };
    let rows = |width: u32, height: u32| -> u64 {
        let row = (u64::from(width) * samples * u64::from(depth)).div_ceil(8) + 1;
        if width == 0 { 0 } else { row.saturating_mul(u64::from(height)) }
    };
    if interlaced == 0 {
        return Some(rows(width, height));
    }
    let parts = PASSES.map(|(left, top, across, down)| {
        rows(width.saturating_sub(left).div_ceil(across), height.saturating_sub(top).div_ceil(down))
    });
    Some(parts.iter().fold(0, |sum, part| sum.saturating_add(*part)))
}

/// Several slices read one after the other, the last first.
struct Parts<'a>(Vec<&'a [u8]>);

impl Read for Parts<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while let Some(part) = self.0.last_mut() {
            match part.read(into)? {
                0 if !into.is_empty() => drop(self.0.pop()),
                count => return Ok(count),
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(width: u32, height: u32, depth: u8, colour: u8, interlaced: u8) -> Vec<u8> {
        [&width.to_be_bytes()[..], &height.to_be_bytes()[..], &[depth, colour, 0, 0, interlaced]].concat()
    }

    #[test]
    fn rows_are_counted_with_their_filter_bytes() {
        assert_eq!(unpacked_bytes(&header(10, 4, 8, 2, 0)), Some(4 * 31));
        assert_eq!(unpacked_bytes(&header(9, 4, 1, 0, 0)), Some(4 * 3));
        // Eight by eight, interlaced: passes of 1, 1, 2, 4, 8, 16 and 32 pixels in 1, 1, 1, 2, 2, 4 and 4 rows.
        assert_eq!(unpacked_bytes(&header(8, 8, 8, 0, 1)), Some(64 + 15));
        // One pixel has the first pass alone.
        assert_eq!(unpacked_bytes(&header(1, 1, 8, 6, 1)), Some(5));
        assert_eq!(unpacked_bytes(&header(8, 8, 8, 5, 0)), None);
        assert_eq!(unpacked_bytes(&[0; 12]), None);
    }

    #[test]
    fn what_is_cut_off_has_the_chunks_that_are_whole() {
        let file = [SIGNATURE, &[0, 0, 0, 2], b"tEXt", b"ab", &[0; 4], &[0, 0, 0, 9], b"tEXt", b"cd"].concat();
        assert_eq!(chunks(&file).collect::<Vec<_>>(), [(*b"tEXt", &b"ab"[..])]);
        assert_eq!(chunks(&file[1..]).count(), 0);
        assert_eq!(chunks(&[SIGNATURE, &[0xff; 8]].concat()).count(), 0);
    }
}
