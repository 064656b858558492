//! From the sensor's colours to the finished planes: soft edges, I420, motion blur, noise.

use crate::exposure::Exposure;
use crate::geometry::scramble;
use crate::raster::Raster;

/// Electrons that a pixel holds at full white and gain 1, and those of read noise.
const FULL_WELL: f32 = 30_000.0;
const READ_ELECTRONS: f32 = 3.0;
/// What the camera's own noise reduction leaves.
const LEFT_OF_NOISE: f32 = 0.55;
/// Samples of noise; each row begins somewhere else in them.
const NOISE_COUNT: usize = 1 << 16;
/// A stored deviate of this value is one standard deviation.
const DEVIATION: f32 = 32.0;
/// Longest blur, pixels: beyond it nothing is recognised anyway, and the time it takes stays bounded.
const BLUR_PX_MAX: usize = 48;

/// Luma and colour differences: I420, BT.601, 16..235.
#[derive(Debug, Clone)]
pub(crate) struct Planes {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) bytes: Vec<u8>,
}

impl Planes {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        Self { width, height, bytes: vec![0; width * height * 3 / 2] }
    }

    /// Luma, blue difference, red difference.
    pub(crate) fn split(&mut self) -> (&mut [u8], &mut [u8], &mut [u8]) {
        let (luma, rest) = self.bytes.split_at_mut(self.width * self.height);
        let (blue, red) = rest.split_at_mut(self.width * self.height / 4);
        (luma, blue, red)
    }
}

/// Blends pixels at the border of two surfaces with their neighbours: the steps of hard edges go.
pub(crate) fn soften_edges(raster: &mut Raster, before: &mut Vec<(usize, u32)>) {
    let width = raster.width;
    before.clear();
    for row in 1..raster.height - 1 {
        let start = row * width;
        let here = &raster.surface[start..start + width];
        let above = &raster.surface[start - width..start];
        for column in 1..width - 1 {
            if here[column] != here[column - 1] || here[column] != above[column] {
                let at = start + column;
                before.push((at, mean_of_five(&raster.colour, at, width)));
            }
        }
    }
    for (at, colour) in before.iter() {
        raster.colour[*at] = *colour;
    }
}

/// Half of the pixel itself, an eighth of each neighbour.
fn mean_of_five(colours: &[u32], at: usize, width: usize) -> u32 {
    const EVEN: u32 = 0x00FF_00FF;
    let around = [colours[at - 1], colours[at + 1], colours[at - width], colours[at + width]];
    let sum = |shift: u32| {
        let others: u32 = around.iter().map(|colour| (colour >> shift) & EVEN).sum();
        (others + ((colours[at] >> shift) & EVEN) * 4) >> 3 & EVEN
    };
    sum(0) | sum(8) << 8
}

/// Into planes.
pub(crate) fn to_planes(raster: &Raster, planes: &mut Planes) {
    let width = planes.width;
    let (luma, blue, red) = planes.split();
    for (row, line) in luma.chunks_exact_mut(width).enumerate() {
        for (value, colour) in line.iter_mut().zip(&raster.colour[row * width..(row + 1) * width]) {
            let (r, g, b) = (colour & 255, colour >> 8 & 255, colour >> 16 & 255);
            *value = (((66 * r + 129 * g + 25 * b + 128) >> 8) + 16) as u8;
        }
    }
    let half = width / 2;
    for (row, (blue, red)) in blue.chunks_exact_mut(half).zip(red.chunks_exact_mut(half)).enumerate() {
        let upper = &raster.colour[2 * row * width..(2 * row + 1) * width];
        let lower = &raster.colour[(2 * row + 1) * width..(2 * row + 2) * width];
        let pairs = upper.chunks_exact(2).zip(lower.chunks_exact(2));
        for ((blue, red), (above, below)) in blue.iter_mut().zip(red.iter_mut()).zip(pairs) {
            let sum = |shift: u32| {
                let part = |colour: u32| (colour >> shift & 255) as i32;
                part(above[0]) + part(above[1]) + part(below[0]) + part(below[1])
            };
            let (r, g, b) = (sum(0), sum(8), sum(16));
            *blue = (((-38 * r - 74 * g + 112 * b + 512) >> 10) + 128) as u8;
            *red = (((112 * r - 94 * g - 18 * b + 512) >> 10) + 128) as u8;
        }
    }
}

/// Blurs along a way in pixels; nothing happens under one pixel.
pub(crate) fn blur(planes: &mut Planes, way_px: [f32; 2], scratch: &mut Vec<u8>) {
    let (width, height) = (planes.width, planes.height);
    let (luma, blue, red) = planes.split();
    blur_plane(luma, width, height, way_px, scratch);
    let half_way = way_px.map(|part| part / 2.0);
    blur_plane(blue, width / 2, height / 2, half_way, scratch);
    blur_plane(red, width / 2, height / 2, half_way, scratch);
}

fn blur_plane(plane: &mut [u8], width: usize, height: usize, way_px: [f32; 2], scratch: &mut Vec<u8>) {
    let length_px = way_px[0].hypot(way_px[1]);
    let taps = (length_px.round() as usize).min(BLUR_PX_MAX);
    if taps < 2 {
        return;
    }
    scratch.clear();
    scratch.extend_from_slice(plane);
    let scale = (taps as f32 - 1.0) / length_px;
    let offset = |tap: usize| {
        let share = (tap as f32 / (taps as f32 - 1.0) - 0.5) * scale;
        ((way_px[0] * share).round() as isize, (way_px[1] * share).round() as isize)
    };
    let offsets: Vec<(isize, isize)> = (0..taps).map(offset).collect();
    let share = 65_536 / taps as u32;
    let mut sums = vec![0u32; width];
    for row in 0..height {
        sums.fill(0);
        for (right, down) in &offsets {
            let from = (row as isize + down).clamp(0, height as isize - 1) as usize;
            add_shifted(&mut sums, &scratch[from * width..(from + 1) * width], *right);
        }
        for (value, sum) in plane[row * width..(row + 1) * width].iter_mut().zip(&sums) {
            *value = ((sum * share) >> 16) as u8;
        }
    }
}

/// Adds a row moved sideways; what comes from beyond the edge repeats it.
fn add_shifted(sums: &mut [u32], row: &[u8], right: isize) {
    let width = row.len();
    let shift = right.unsigned_abs().min(width - 1);
    if right >= 0 {
        for (sum, value) in sums.iter_mut().zip(&row[shift..]) {
            *sum += u32::from(*value);
        }
        sums[width - shift..].iter_mut().for_each(|sum| *sum += u32::from(row[width - 1]));
    } else {
        for (sum, value) in sums[shift..].iter_mut().zip(row) {
            *sum += u32::from(*value);
        }
        sums[..shift].iter_mut().for_each(|sum| *sum += u32::from(row[0]));
    }
}

/// Shot and read noise. In a picture of roots shot noise is the same everywhere; read noise adds to the dark.
#[derive(Debug, Clone)]
pub(crate) struct Grit {
    seed: u64,
    deviates: Vec<i8>,
}

impl Grit {
    pub(crate) fn new(seed: u64) -> Self {
        // The sum of eight even deviates is close to normal.
        let deviate = |index: usize| {
            let bytes = scramble(seed ^ (index as u64) << 20).to_le_bytes();
            let sum: f32 = bytes.iter().map(|byte| f32::from(*byte) - 127.5).sum();
            (sum / (8f32.sqrt() * 73.9) * DEVIATION).clamp(-127.0, 127.0) as i8
        };
        Self { seed, deviates: (0..NOISE_COUNT).map(deviate).collect() }
    }

    /// Adds the noise of frame `number`.
    pub(crate) fn add(&self, planes: &mut Planes, exposure: &Exposure, number: u64) {
        let most = FULL_WELL / exposure.gain;
        let shot = 219.0 / (2.0 * most.sqrt()) * LEFT_OF_NOISE;
        let read = shot * READ_ELECTRONS / 12.0;
        // In units of a stored deviate, 1/4096.
        let unit = |sigma: f32| (sigma / DEVIATION * 4_096.0) as i32;
        let (even, dark) = (unit(shot), unit(read));
        let (width, half) = (planes.width, planes.width / 2);
        let (luma, blue, red) = planes.split();
        for (row, line) in luma.chunks_exact_mut(width).enumerate() {
            for (value, deviate) in line.iter_mut().zip(self.row(number, row as u64, width)) {
                let amount = even + dark * (64 - i32::from(*value)).max(0) / 16;
                *value = (i32::from(*value) + ((i32::from(*deviate) * amount + 2_048) >> 12)).clamp(0, 255) as u8;
            }
        }
        for (plane, base) in [(blue, 1u64 << 20), (red, 2 << 20)] {
            for (row, line) in plane.chunks_exact_mut(half).enumerate() {
                for (value, deviate) in line.iter_mut().zip(self.row(number, base + row as u64, half)) {
                    *value = (i32::from(*value) + ((i32::from(*deviate) * even / 2 + 2_048) >> 12)).clamp(0, 255) as u8;
                }
            }
        }
    }

    fn row(&self, number: u64, row: u64, length: usize) -> &[i8] {
        let start = scramble(self.seed ^ scramble(number) ^ row << 32) as usize % (NOISE_COUNT - length);
        &self.deviates[start..start + length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blur_keeps_the_mean_and_spreads_a_point_along_the_way() {
        let mut planes = Planes::new(64, 64);
        planes.bytes.fill(0);
        planes.bytes[32 * 64 + 32] = 240;
        blur(&mut planes, [8.0, 0.0], &mut Vec::new());
        let row = &planes.bytes[32 * 64..33 * 64];
        assert_eq!(row.iter().filter(|value| **value == 30).count(), 8);
        assert!(planes.bytes[31 * 64..32 * 64].iter().all(|value| *value == 0));
    }

    #[test]
    fn noise_has_the_size_it_should_and_differs_by_frame() {
        let grit = Grit::new(7);
        let noisy = |gain: f32, number: u64| {
            let mut planes = Planes::new(256, 256);
            planes.bytes.fill(128);
            grit.add(&mut planes, &Exposure { shutter_s: 0.01, gain }, number);
            planes.bytes
        };
        let sigma = |bytes: &[u8]| {
            let squares: f64 = bytes[..65_536].iter().map(|value| (f64::from(*value) - 128.0).powi(2)).sum();
            (squares / 65_536.0).sqrt()
        };
        let expected = 219.0 / (2.0 * (30_000f64 / 64.0).sqrt()) * 0.55;
        assert!((sigma(&noisy(64.0, 1)) / expected - 1.0).abs() < 0.15, "{} {expected}", sigma(&noisy(64.0, 1)));
        assert!(sigma(&noisy(1.0, 1)) < 1.0);
        assert_eq!(noisy(64.0, 1), noisy(64.0, 1));
        assert_ne!(noisy(64.0, 1), noisy(64.0, 2));
    }
}
