//! Files of some kilobytes that would be gigabytes in memory: refused with what is wrong with them, and without ever taking that memory.

use survey_vision::{PictureError, decode_picture};

/// What looking at all of these files may add to the memory of the process, bytes.
const MEMORY_MAX: u64 = 32 << 20;

/// A PNG, eight bits a pixel (or three times eight), with this as its packed pixels.
fn png(width: u32, height: u32, colour: u8, packed: &[u8]) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, colour, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for chunk in [header, [b"IDAT", packed].concat(), b"IEND".to_vec()] {
        png.extend((chunk.len() as u32 - 4).to_be_bytes());
        png.extend(&chunk);
        png.extend(checksum(&chunk).to_be_bytes());
    }
    png
}

/// CRC-32 as PNG uses it (ISO 3309), bit by bit.
fn checksum(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0_u32, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

/// Zeros as a zlib stream (RFC 1950 and 1951): one nought, then runs of 258 that repeat it, thirteen bits each, in one block of the fixed code.
fn zeros(bytes: u64) -> Vec<u8> {
    let (mut out, mut held, mut bits) = (vec![0x78, 0x01], 0_u32, 0_u32);
    // Each code most significant bit first, as the format has it.
    let mut put = |code: u32, length: u32| {
        for at in (0..length).rev() {
            held |= (code >> at & 1) << bits;
            bits += 1;
            if bits == 8 {
                out.push(held as u8);
                (held, bits) = (0, 0);
            }
        }
    };
    // The last block, of the fixed code; a literal nought.
    put(0b1, 1);
    put(0b10, 2);
    put(0b0011_0000, 8);
    let runs = bytes.saturating_sub(1) / 258;
    for _ in 0..runs {
        put(0b1100_0101, 8);
        put(0, 5);
    }
    put(0, 7);
    // Filled up to a whole byte.
    put(0, 7);
    // Adler-32: of noughts the sum stays 1, and the other grows by it.
    let count = 1 + runs * 258;
    out.extend(((count % 65_521) as u32).wrapping_shl(16).wrapping_add(1).to_be_bytes());
    out
}

/// The most memory that this process has had, bytes; `None` where the system does not tell.
fn memory_peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1_024)
}

#[test]
fn decompression_bombs_are_refused_with_what_they_are_and_take_no_memory() {
    // The packer packs: seven rows of a filter's byte and 36 pixels are one nought and a run.
    let whole = decode_picture(&png(36, 7, 0, &zeros(7 * 37))).expect("a picture");
    assert_eq!((whole.width(), whole.height()), (36, 7));

    let small = zeros(1 << 20);
    // Its pixels would unpack to what its header allows to be told, 10.8 GB; a strip is within the count of pixels and not within a side.
    let wide = png(60_000, 60_000, 2, &small);
    let strip = png(30_000_000, 1, 0, &small);
    // A small picture by its header, whose packed bytes go on for 400 MB.
    let deep = png(1_000, 1_000, 0, &zeros(400 << 20));
    assert!(deep.len() < 3 << 20, "{} bytes", deep.len());

    let before = memory_peak();
    for (file, size) in [(&wide, (60_000, 60_000)), (&strip, (30_000_000, 1))] {
        let error = decode_picture(file).expect_err("a bomb");
        assert!(matches!(error, PictureError::TooManyPixels { width, height } if (width, height) == size), "{error}");
    }
    let error = decode_picture(&deep).expect_err("a bomb");
    assert!(matches!(error, PictureError::Inflated { .. }), "{error}");
    if let (Some(before), Some(after)) = (before, memory_peak()) {
        println!("{} kB more at most", (after - before) / 1_024);
        assert!(after - before <= MEMORY_MAX, "{} MB more", (after - before) >> 20);
    }
}
