//! A clock burnt into the picture that a program can read back, to measure the way from lens to screen. Layout in `docs/video.md`.

use crate::picture::Picture;

/// Cells in the strip: 32 bits of milliseconds and 8 of their checksum.
const CELLS: usize = 40;
/// The strip takes this part of the picture's width, as a divisor of it per cell: 40 of 48 cells.
const CELLS_ACROSS: usize = 48;
const BLACK: u8 = 16;
const WHITE: u8 = 235;

/// Draws the capture time, milliseconds modulo 2^32, as a strip of black and white squares at the upper edge, least significant bit
/// first, followed by the exclusive or of its four bytes.
pub fn burn_clock(picture: &mut Picture) {
    let at_ms = (picture.captured_at_us / 1_000) as u32;
    let checksum = at_ms.to_le_bytes().into_iter().fold(0, |sum, byte| sum ^ byte);
    let bits = u64::from(at_ms) | u64::from(checksum) << 32;
    let width = picture.width;
    let cell = width / CELLS_ACROSS;
    let left = (width - cell * CELLS) / 2;
    let chroma_start = width * picture.height;
    for row in 0..cell.min(picture.height) {
        let line = &mut picture.i420[row * width..(row + 1) * width];
        for (number, square) in line[left..left + cell * CELLS].chunks_exact_mut(cell).enumerate() {
            square.fill(if bits >> number & 1 == 1 { WHITE } else { BLACK });
        }
    }
    for plane in 0..2 {
        let start = chroma_start + plane * width * picture.height / 4;
        for row in 0..cell.div_ceil(2) {
            let line = start + row * width / 2;
            picture.i420[line + left / 2..line + (left + cell * CELLS).div_ceil(2)].fill(128);
        }
    }
}
