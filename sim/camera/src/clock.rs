//! A clock in the picture, for measuring how old a picture is when it is seen: cells that a program reads and digits for people.
//!
//! Layout, in cells of height/45 pixels (16 at 720 lines, 24 at 1080), from the upper left corner:
//!
//! - a black field of 18 × 8 cells; its outermost cells stay black;
//! - inside it 16 columns × 6 rows of cells, row by row from the left, white is 1:
//!   row 0 is the mark `1010 1100 0101 0011`; rows 1 to 4 are the time, 64 bits of microseconds, highest bit first; row 5 is the
//!   CRC-16 (CCITT, 0x1021, start 0xFFFF) of the time's eight bytes, highest first;
//! - right of it a black field with the time of day, `HH:MM:SS.mmm` of the same microseconds since midnight UTC of 1 January 1970.
//!
//! White is luma 235 and black is 16, both without colour. A reader takes the mean of the middle half of each cell and compares it
//! with the middle between the mark's brightest and darkest: scaling, compression and noise leave that intact.

use crate::develop::Planes;
use crate::stroke::{distance, strokes};

/// Cells of a picture's height.
const CELLS_DOWN: f32 = 45.0;
const COLUMNS: usize = 16;
const ROWS: usize = 6;
const MARK: u16 = 0b1010_1100_0101_0011;
const WHITE: u8 = 235;
const BLACK: u8 = 16;
/// The mark's white must be this much brighter than its black to be one.
const CONTRAST_MIN: f32 = 40.0;
/// Digits: width of a sign and of the field, in cells.
const SIGN_CELLS: f32 = 2.1;
const SIGNS: usize = 12;

/// CRC-16/CCITT-FALSE.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 })
    })
}

/// The cells of a time, row by row.
fn cells(time_us: u64) -> [bool; COLUMNS * ROWS] {
    let mut bits = [0u8; 12];
    bits[..2].copy_from_slice(&MARK.to_be_bytes());
    bits[2..10].copy_from_slice(&time_us.to_be_bytes());
    bits[10..].copy_from_slice(&crc16(&time_us.to_be_bytes()).to_be_bytes());
    std::array::from_fn(|index| bits[index / 8] >> (7 - index % 8) & 1 == 1)
}

/// Burns the clock into a picture.
pub(crate) fn burn(planes: &mut Planes, time_us: u64) {
    let (width, height) = (planes.width, planes.height);
    let cell = height as f32 / CELLS_DOWN;
    let values = cells(time_us);
    let text = time_of_day(time_us);
    let signs: Vec<_> = text.chars().map(strokes).collect();
    let field_px = (cell * 8.0) as usize;
    let cells_end = cell * (COLUMNS + 2) as f32;
    let text_end = cells_end + cell * (SIGN_CELLS * SIGNS as f32 + 1.0);
    let (luma, blue, red) = planes.split();
    for row in 0..field_px.min(height) {
        let y = (row as f32 + 0.5) / cell;
        let end = if y < 5.0 { text_end } else { cells_end };
        let line = &mut luma[row * width..(row + 1) * width];
        for (column, value) in line[..(end as usize).min(width)].iter_mut().enumerate() {
            let x = (column as f32 + 0.5) / cell;
            *value =
                if x < (COLUMNS + 2) as f32 { cell_value(&values, x, y) } else { sign_value(&signs, x - (COLUMNS + 2) as f32, y) };
        }
    }
    let half = width / 2;
    for row in 0..field_px.div_ceil(2).min(height / 2) {
        let end = if (row * 2) as f32 / cell < 5.0 { text_end } else { cells_end };
        let columns = row * half..row * half + ((end / 2.0) as usize).min(half);
        blue[columns.clone()].fill(128);
        red[columns].fill(128);
    }
}

fn cell_value(values: &[bool; COLUMNS * ROWS], x: f32, y: f32) -> u8 {
    let (column, row) = (x as usize, y as usize);
    let inside = (1..=COLUMNS).contains(&column) && (1..=ROWS).contains(&row);
    if inside && values[(row - 1) * COLUMNS + column - 1] { WHITE } else { BLACK }
}

fn sign_value(signs: &[Vec<Vec<[f32; 2]>>], x: f32, y: f32) -> u8 {
    const HIGH: f32 = 2.8;
    const HALF_STROKE: f32 = 0.17;
    let Some(sign) = signs.get((x / SIGN_CELLS) as usize) else { return BLACK };
    let wide = SIGN_CELLS * 0.72;
    let point = [(x % SIGN_CELLS - SIGN_CELLS * 0.14) / wide, (y - 1.1) / HIGH];
    let off = distance(sign, point, wide / HIGH) * HIGH;
    let share = ((HALF_STROKE + 0.04 - off) / 0.08).clamp(0.0, 1.0);
    BLACK + (share * f32::from(WHITE - BLACK)) as u8
}

/// `HH:MM:SS.mmm` of microseconds since midnight UTC.
fn time_of_day(time_us: u64) -> String {
    let ms = time_us / 1_000 % 86_400_000;
    format!("{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60, ms % 1_000)
}

/// Reads the clock from a luma plane of any size; `None` when there is none or it cannot be trusted.
pub fn read_clock(luma: &[u8], width: usize, height: usize) -> Option<u64> {
    let cell = height as f32 / CELLS_DOWN;
    if luma.len() < width * height || cell < 2.0 || (width as f32) < cell * (COLUMNS + 2) as f32 {
        return None;
    }
    let means: Vec<f32> = (0..COLUMNS * ROWS).map(|index| cell_mean(luma, width, cell, index)).collect();
    let mark = |index: usize| MARK >> (COLUMNS - 1 - index) & 1 == 1;
    let darkest_white = (0..COLUMNS).filter(|at| mark(*at)).map(|at| means[at]).fold(f32::INFINITY, f32::min);
    let brightest_black = (0..COLUMNS).filter(|at| !mark(*at)).map(|at| means[at]).fold(f32::NEG_INFINITY, f32::max);
    if darkest_white - brightest_black < CONTRAST_MIN {
        return None;
    }
    let middle = (darkest_white + brightest_black) / 2.0;
    let bits = |from: usize, count: usize| (from..from + count).fold(0u64, |value, at| value << 1 | u64::from(means[at] > middle));
    let (time_us, crc) = (bits(COLUMNS, 64), bits(COLUMNS * 5, 16));
    (u64::from(crc16(&time_us.to_be_bytes())) == crc).then_some(time_us)
}

fn cell_mean(luma: &[u8], width: usize, cell: f32, index: usize) -> f32 {
    let edge = |number: usize, share: f32| ((number as f32 + 1.0 + share) * cell) as usize;
    let (column, row) = (index % COLUMNS, index / COLUMNS);
    let columns = edge(column, 0.25)..edge(column, 0.75).max(edge(column, 0.25) + 1);
    let rows = edge(row, 0.25)..edge(row, 0.75).max(edge(row, 0.25) + 1);
    let count = columns.len() * rows.len();
    let sum: u32 = rows.flat_map(|y| columns.clone().map(move |x| u32::from(luma[y * width + x]))).sum();
    sum as f32 / count as f32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::geometry::scramble;

    fn grey(width: usize, height: usize, time_us: u64) -> Planes {
        let mut planes = Planes::new(width, height);
        planes.bytes.fill(110);
        burn(&mut planes, time_us);
        planes
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_clock_survives_smoothing_noise_and_a_smaller_copy(time_us in any::<u64>(), seed in any::<u64>(), shrink in 1usize..4) {
            let mut planes = grey(1_280, 720, time_us);
            let luma = planes.split().0;
            // What strong compression leaves: blocks of 4 × 4 flattened, contrast reduced, noise.
            let (width, height) = (1_280 / shrink, 720 / shrink);
            let copy: Vec<u8> = (0..width * height)
                .map(|at| {
                    let (x, y) = (at % width * shrink / 4 * 4, at / width * shrink / 4 * 4);
                    let mean = (0..16).map(|k| u32::from(luma[(y + k / 4) * 1_280 + x + k % 4])).sum::<u32>() / 16;
                    let noise = (scramble(seed ^ at as u64) % 41) as i32 - 20;
                    ((mean as i32 - 128) * 7 / 10 + 128 + noise).clamp(0, 255) as u8
                })
                .collect();
            prop_assert_eq!(read_clock(&copy, width, height), Some(time_us));
        }
    }

    #[test]
    fn a_picture_without_a_clock_or_with_a_damaged_one_has_no_time() {
        assert_eq!(read_clock(&vec![100; 1_280 * 720], 1_280, 720), None);
        assert_eq!(read_clock(&[], 1_280, 720), None);
        let mut planes = grey(1_280, 720, 0x0005_1234_5678_9ABC);
        for row in 0..16 {
            planes.bytes[(48 + row) * 1_280 + 48..(48 + row) * 1_280 + 64].iter_mut().for_each(|value| *value = 251 - *value);
        }
        assert_eq!(read_clock(&planes.bytes, 1_280, 720), None);
    }

    #[test]
    fn the_checksum_is_the_documented_one() {
        assert_eq!(crc16(b"123456789"), 0x29B1);
        assert_eq!(time_of_day(1_700_000_000_123_456), "22:13:20.123");
    }
}
