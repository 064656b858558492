//! Picture in, picture out: smoothing, stretching, evening out, sharpening, scaling. No filter knows why it is used.

use crate::frame::Frame;

/// Weighted mean of three in both directions, as often as asked; noise falls by 2.7 the first time.
pub fn smoothed(frame: &Frame, times: usize) -> Frame {
    (0..times).fold(frame.clone(), |frame, _| smoothed_once(&frame))
}

fn smoothed_once(frame: &Frame) -> Frame {
    let (width, height) = (frame.width(), frame.height());
    let weighted = |a: u8, b: u8, c: u8| ((u16::from(a) + 2 * u16::from(b) + u16::from(c) + 2) / 4) as u8;
    let mut across = Vec::with_capacity(frame.area());
    for y in 0..height {
        let row = frame.row(y);
        across.extend((0..width).map(|x| weighted(row[x.saturating_sub(1)], row[x], row[(x + 1).min(width - 1)])));
    }
    let across = Frame::made(width, height, across);
    let mut both = Vec::with_capacity(frame.area());
    for y in 0..height {
        let (above, row, below) = (across.row(y.saturating_sub(1)), across.row(y), across.row((y + 1).min(height - 1)));
        both.extend((0..width).map(|x| weighted(above[x], row[x], below[x])));
    }
    Frame::made(width, height, both)
}

/// The middle one of nine.
pub fn median(frame: &Frame) -> Frame {
    let (width, height) = (frame.width(), frame.height());
    let mut pixels = Vec::with_capacity(frame.area());
    for y in 0..height {
        let rows = [frame.row(y.saturating_sub(1)), frame.row(y), frame.row((y + 1).min(height - 1))];
        for x in 0..width {
            let columns = [x.saturating_sub(1), x, (x + 1).min(width - 1)];
            pixels.push(median_of_nine(rows.map(|row| columns.map(|column| row[column]))));
        }
    }
    Frame::made(width, height, pixels)
}

/// Sorting columns first leaves three candidates: the largest of the small, the middle of the middle, the smallest of the large.
fn median_of_nine(mut rows: [[u8; 3]; 3]) -> u8 {
    let middle = |a: u8, b: u8, c: u8| a.max(b).min(a.min(b).max(c));
    for row in &mut rows {
        row.sort_unstable();
    }
    let low = rows[0][0].max(rows[1][0]).max(rows[2][0]);
    let mid = middle(rows[0][1], rows[1][1], rows[2][1]);
    let high = rows[0][2].min(rows[1][2]).min(rows[2][2]);
    middle(low, mid, high)
}

/// The brightness below which `share` of the pixels lie.
pub fn percentile(pixels: impl Iterator<Item = u8>, share: f64) -> u8 {
    let mut counts = [0_usize; 256];
    let mut total = 0_usize;
    for pixel in pixels {
        counts[usize::from(pixel)] += 1;
        total += 1;
    }
    let wanted = (total as f64 * share) as usize;
    let mut below = 0;
    for (value, count) in (0_u8..=255).zip(counts) {
        below += count;
        if below > wanted {
            return value;
        }
    }
    255
}

/// Brightness stretched so that all but the last hundredths fill the scale.
pub fn stretched(frame: &Frame) -> Frame {
    let low = percentile(frame.pixels().iter().copied(), 0.005);
    let high = percentile(frame.pixels().iter().copied(), 0.995).max(low.saturating_add(1));
    let span = u32::from(high - low).max(1);
    let table: Vec<u8> = (0_u8..=255).map(|value| (u32::from(value.saturating_sub(low)) * 255 / span).min(255) as u8).collect();
    let pixels = frame.pixels().iter().map(|pixel| table[usize::from(*pixel)]).collect();
    Frame::made(frame.width(), frame.height(), pixels)
}

/// Squares of `factor` pixels become one, their mean.
pub fn binned(frame: &Frame, factor: usize) -> Frame {
    let (width, height) = ((frame.width() / factor).max(1), (frame.height() / factor).max(1));
    let mut pixels = Vec::with_capacity(width * height);
    for y in 0..height {
        let rows = y * factor..((y + 1) * factor).min(frame.height());
        for x in 0..width {
            let columns = x * factor..((x + 1) * factor).min(frame.width());
            let count = (rows.len() * columns.len()) as u32;
            let sum: u32 = rows.clone().flat_map(|row| &frame.row(row)[columns.clone()]).map(|pixel| u32::from(*pixel)).sum();
            pixels.push((sum / count) as u8);
        }
    }
    Frame::made(width, height, pixels)
}

/// Each pixel against the mean and the spread of its surroundings, `reach` pixels each way: shadows and glare fade.
pub fn evened(frame: &Frame, reach: usize) -> Frame {
    /// Below this spread a place holds nothing but noise, and is not blown up further.
    const SPREAD_MIN: f64 = 4.0;
    /// So many spreads fill half the scale.
    const SPREADS_SHOWN: f64 = 2.0;
    let sums = Sums::of(frame);
    let mut pixels = Vec::with_capacity(frame.area());
    for y in 0..frame.height() {
        for (x, pixel) in frame.row(y).iter().enumerate() {
            let (mean, spread) = sums.mean_and_spread(x, y, reach);
            let off = (f64::from(*pixel) - mean) / spread.max(SPREAD_MIN);
            pixels.push((127.5 + off * 127.5 / SPREADS_SHOWN).clamp(0.0, 255.0) as u8);
        }
    }
    Frame::made(frame.width(), frame.height(), pixels)
}

/// Sums over everything above and to the left, so that any rectangle costs four look-ups.
struct Sums {
    width: usize,
    height: usize,
    values: Vec<u64>,
    squares: Vec<u64>,
}

impl Sums {
    fn of(frame: &Frame) -> Self {
        let (width, height) = (frame.width(), frame.height());
        let stride = width + 1;
        let mut values = vec![0_u64; stride * (height + 1)];
        let mut squares = values.clone();
        for y in 0..height {
            let (mut value, mut square) = (0_u64, 0_u64);
            for (x, pixel) in frame.row(y).iter().enumerate() {
                value += u64::from(*pixel);
                square += u64::from(*pixel).pow(2);
                values[(y + 1) * stride + x + 1] = values[y * stride + x + 1] + value;
                squares[(y + 1) * stride + x + 1] = squares[y * stride + x + 1] + square;
            }
        }
        Self { width, height, values, squares }
    }

    fn mean_and_spread(&self, x: usize, y: usize, reach: usize) -> (f64, f64) {
        let (left, right) = (x.saturating_sub(reach), (x + reach + 1).min(self.width));
        let (top, bottom) = (y.saturating_sub(reach), (y + reach + 1).min(self.height));
        let stride = self.width + 1;
        let inside = |sums: &[u64]| {
            let plus = sums[bottom * stride + right] + sums[top * stride + left];
            (plus - sums[bottom * stride + left] - sums[top * stride + right]) as f64
        };
        let count = ((right - left) * (bottom - top)) as f64;
        let mean = inside(&self.values) / count;
        (mean, (inside(&self.squares) / count - mean * mean).max(0.0).sqrt())
    }
}

/// What smoothing would take away is added `strength` times.
pub fn sharpened(frame: &Frame, smoothings: usize, strength: i32) -> Frame {
    let soft = smoothed(frame, smoothings);
    let pairs = frame.pixels().iter().zip(soft.pixels());
    let sharp = pairs.map(|(pixel, soft)| {
        let (pixel, soft) = (i32::from(*pixel), i32::from(*soft));
        (pixel + strength * (pixel - soft)).clamp(0, 255) as u8
    });
    Frame::made(frame.width(), frame.height(), sharp.collect())
}

/// Twice the size, new pixels between the old by the straight line.
pub fn doubled(frame: &Frame) -> Frame {
    let (width, height) = (frame.width(), frame.height());
    let mut pixels = Vec::with_capacity(frame.area() * 4);
    for y in 0..height * 2 {
        let (near, far) = neighbours(y, height);
        let (near, far) = (frame.row(near), frame.row(far));
        for x in 0..width * 2 {
            let (close, wide) = neighbours(x, width);
            let row = |row: &[u8]| 3 * u32::from(row[close]) + u32::from(row[wide]);
            pixels.push(((3 * row(near) + row(far) + 8) / 16) as u8);
        }
    }
    Frame::made(width * 2, height * 2, pixels)
}

/// Of a pixel at twice the size: the old pixel it lies in, and the one it leans towards.
fn neighbours(at: usize, count: usize) -> (usize, usize) {
    let near = at / 2;
    let far = if at.is_multiple_of(2) { near.saturating_sub(1) } else { (near + 1).min(count - 1) };
    (near, far)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_median_is_the_sorted_one() {
        let mut state = 1_u32;
        for _ in 0..10_000 {
            let mut next = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8 % 8
            };
            let rows: [[u8; 3]; 3] = std::array::from_fn(|_| std::array::from_fn(|_| next()));
            let mut sorted: Vec<u8> = rows.into_iter().flatten().collect();
            sorted.sort_unstable();
            assert_eq!(median_of_nine(rows), sorted[4]);
        }
    }

    #[test]
    fn filters_leave_an_even_picture_even() {
        let even = Frame::new(7, 5, vec![90; 35]).expect("a frame");
        for same in [smoothed(&even, 2), median(&even), sharpened(&even, 1, 2)] {
            assert_eq!(same, even);
        }
        assert!(doubled(&even).pixels().iter().all(|pixel| *pixel == 90));
        assert!(binned(&even, 2).pixels().iter().all(|pixel| *pixel == 90));
        assert!(evened(&even, 3).pixels().iter().all(|pixel| *pixel == 127));
    }

    #[test]
    fn filters_take_the_smallest_frame() {
        let dot = Frame::new(1, 1, vec![7]).expect("a frame");
        for frame in [smoothed(&dot, 1), median(&dot), stretched(&dot), binned(&dot, 4), evened(&dot, 9), sharpened(&dot, 1, 1)] {
            assert_eq!((frame.width(), frame.height()), (1, 1));
        }
        assert_eq!(doubled(&dot).area(), 4);
    }
}
