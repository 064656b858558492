//! Codes that the engine located and could not decode: each module is averaged over all of its pixels, which in the dark tells it
//! where a single pixel cannot. Never finds a code by itself and never corrects one: the engine decodes what comes out.

use crate::engine::{Look, Seen, look};
use crate::filter;
use crate::frame::Frame;
use crate::homography::Homography;
use crate::reading::{Corner, is_plausible, shortest_side};

/// Places looked at for one picture: a dark picture of nothing has a few false ones, a lot at night a few true ones.
const PLACES_MAX: usize = 8;
/// Places whose corners differ by less than this are the same one, pixels.
const SAME_PLACE_PIXELS: f64 = 4.0;
/// Modules of less than this hold no average worth the name, pixels.
const MODULE_PIXELS_MIN: f64 = 1.5;
/// Modules along a side: versions 1 to 12 (ISO/IEC 18004), far beyond what a beacon holds.
const SIDES: std::ops::RangeInclusive<usize> = 21..=65;
/// Each version adds so many modules.
const SIDE_STEP: usize = 4;
/// So many sizes are tried in earnest, those in whose places the known patterns stand out most.
const SIDES_TRIED: usize = 2;
/// Corners are moved by these parts of a module in turn.
const MOVES_MODULES: [f64; 4] = [1.0, 0.5, 0.25, 0.12];
/// Rounds over all corners with one step before the next.
const ROUNDS_MAX: usize = 4;
/// Points along each side of a module whose mean is its brightness: while the place is still sought, in a smoothed picture, and at last.
const POINTS_SEEKING: usize = 2;
const POINTS_READING: usize = 4;
/// How far known light and dark must lie apart, in spreads: noise alone gives about a fifth of it.
const SEPARATION_MIN: f64 = 1.0;
/// Before the corners are moved, half of it must be there.
const SEPARATION_BEFORE_MIN: f64 = 0.5;
/// Pixels of a module, and modules of border, in the clean picture.
const CLEAN_MODULE_PIXELS: usize = 4;
const CLEAN_BORDER: usize = 4;
/// A module is dark against the mean of so many modules each way.
const NEIGHBOURHOOD: usize = 5;

/// Reads what lies at places where the engine saw codes and could not read them.
pub(crate) fn restored(frame: &Frame, places: &[[Corner; 4]]) -> Vec<Seen> {
    if places.is_empty() {
        return Vec::new();
    }
    let calm = filter::smoothed(&filter::stretched(frame), 1);
    distinct(places).iter().filter_map(|place| read_at(frame, &calm, place)).collect()
}

fn distinct(places: &[[Corner; 4]]) -> Vec<[Corner; 4]> {
    let mut kept: Vec<[Corner; 4]> = Vec::new();
    for place in places.iter().filter(|place| is_plausible(place)) {
        let apart = |other: &[Corner; 4]| {
            place.iter().zip(other).map(|(a, b)| (a.x - b.x).hypot(a.y - b.y)).fold(0.0, f64::max) > SAME_PLACE_PIXELS
        };
        if kept.len() < PLACES_MAX && kept.iter().all(apart) {
            kept.push(*place);
        }
    }
    kept
}

fn read_at(frame: &Frame, calm: &Frame, place: &[Corner; 4]) -> Option<Seen> {
    let mut fits: Vec<Fit> = SIDES
        .step_by(SIDE_STEP)
        .filter(|side| shortest_side(place) / *side as f64 >= MODULE_PIXELS_MIN)
        .filter_map(|side| Fit::of(calm, *place, side))
        .filter(|fit| fit.separation >= SEPARATION_BEFORE_MIN)
        .collect();
    fits.sort_by(|a, b| b.separation.total_cmp(&a.separation));
    fits.truncate(SIDES_TRIED);
    fits.into_iter().find_map(|fit| {
        let fit = fit.improved(calm);
        (fit.separation >= SEPARATION_MIN).then(|| fit.decoded(frame)).flatten()
    })
}

/// A place with a number of modules, and how well the patterns that every code has stand out there.
#[derive(Debug, Clone, Copy)]
struct Fit {
    corners: [Corner; 4],
    side: usize,
    separation: f64,
}

impl Fit {
    fn of(frame: &Frame, corners: [Corner; 4], side: usize) -> Option<Self> {
        let homography = Homography::of_square(&corners)?;
        let (mut dark, mut light) = (Moments::default(), Moments::default());
        for row in 0..side {
            for column in 0..side {
                if let Some(is_dark) = known(column, row, side) {
                    let value = brightness(frame, &homography, [column, row], side, POINTS_SEEKING);
                    if is_dark { dark.add(value) } else { light.add(value) }
                }
            }
        }
        let spread = (dark.variance() + light.variance()).sqrt().max(1.0);
        Some(Self { corners, side, separation: (light.mean() - dark.mean()) / spread })
    }

    /// Moves one corner after the other as long as the known patterns stand out more.
    fn improved(mut self, frame: &Frame) -> Self {
        let module = shortest_side(&self.corners) / self.side as f64;
        for step in MOVES_MODULES.map(|part| part * module) {
            for _ in 0..ROUNDS_MAX {
                let before = self.separation;
                self = self.moved_once(frame, step);
                if self.separation <= before {
                    break;
                }
            }
        }
        self
    }

    fn moved_once(self, frame: &Frame, step: f64) -> Self {
        let mut best = self;
        for index in 0..4 {
            for (x, y) in [(step, 0.0), (-step, 0.0), (0.0, step), (0.0, -step)] {
                let mut corners = best.corners;
                corners[index].x += x;
                corners[index].y += y;
                let moved = Self::of(frame, corners, self.side).filter(|_| is_plausible(&corners));
                best = moved.filter(|moved| moved.separation > best.separation).unwrap_or(best);
            }
        }
        best
    }

    fn decoded(&self, frame: &Frame) -> Option<Seen> {
        let homography = Homography::of_square(&self.corners)?;
        let side = self.side;
        let module = |at: usize| brightness(frame, &homography, [at % side, at / side], side, POINTS_READING);
        let values: Vec<f64> = (0..side * side).map(module).collect();
        let clean = clean_picture(&values, side);
        let seen = look(&clean, Look { thorough: false, every_way: false, one_threshold: true }).seen.into_iter().next()?;
        Some(Seen { corners: self.corners, ..seen })
    }
}

/// What a module must be in any code of this size: finder patterns with their light rims, the timing lines between them, and the
/// alignment pattern that is last in both directions.
fn known(column: usize, row: usize, side: usize) -> Option<bool> {
    let near = |at: usize| at < 8;
    let far = |at: usize| at >= side - 8;
    if (near(column) && (near(row) || far(row))) || (far(column) && near(row)) {
        let from = |at: usize| if near(at) { at } else { side - 1 - at };
        let (x, y) = (from(column), from(row));
        // Rings round the middle of the pattern, which lies three modules in: 0 and 1 dark, 2 light, 3 dark, 4 light.
        let ring = x.abs_diff(3).max(y.abs_diff(3));
        return Some(ring != 2 && ring != 4);
    }
    // The alignment pattern near the fourth corner, which all sizes but the smallest have, holds that corner.
    let ring = column.abs_diff(side - 7).max(row.abs_diff(side - 7));
    if side > *SIDES.start() && ring <= 2 {
        return Some(ring != 1);
    }
    let along = if row == 6 { Some(column) } else { (column == 6).then_some(row) };
    along.map(|at| at.is_multiple_of(2))
}

fn brightness(frame: &Frame, homography: &Homography, [column, row]: [usize; 2], side: usize, points: usize) -> f64 {
    let mut sum = 0.0;
    for point in 0..points * points {
        // Within the middle four fifths: the rim has its neighbours' light.
        let within = |at: usize| 0.1 + 0.8 * (at as f64 + 0.5) / points as f64;
        let (u, v) = (column as f64 + within(point % points), row as f64 + within(point / points));
        let place = homography.at(u / side as f64, v / side as f64);
        sum += f64::from(frame.nearest(place.x, place.y));
    }
    sum / (points * points) as f64
}

/// The modules as sharp squares, dark or light against their neighbourhood; those that are known, as they must be.
fn clean_picture(values: &[f64], side: usize) -> Frame {
    let is_darker_than_around = |column: usize, row: usize| {
        let around = |at: usize| at.saturating_sub(NEIGHBOURHOOD)..(at + NEIGHBOURHOOD + 1).min(side);
        let (columns, rows) = (around(column), around(row));
        let count = (columns.len() * rows.len()) as f64;
        let mean = rows.flat_map(|row| &values[row * side..][columns.clone()]).sum::<f64>() / count;
        values[row * side + column] < mean
    };
    let is_dark = |column, row| known(column, row, side).unwrap_or_else(|| is_darker_than_around(column, row));
    let whole = (side + 2 * CLEAN_BORDER) * CLEAN_MODULE_PIXELS;
    let inside = |at: usize| (at / CLEAN_MODULE_PIXELS).checked_sub(CLEAN_BORDER).filter(|at| *at < side);
    let pixel = |at: usize| match (inside(at % whole), inside(at / whole)) {
        (Some(column), Some(row)) if is_dark(column, row) => 0,
        (Some(_) | None, Some(_) | None) => 255,
    };
    Frame::made(whole, whole, (0..whole * whole).map(pixel).collect())
}

#[derive(Default)]
struct Moments {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        self.sum += value;
        self.squares += value * value;
    }

    fn mean(&self) -> f64 {
        self.sum / self.count.max(1.0)
    }

    fn variance(&self) -> f64 {
        (self.squares / self.count.max(1.0) - self.mean().powi(2)).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use qrcodegen::{QrCode, QrCodeEcc};
    use rand::{RngExt, SeedableRng};
    use rand_pcg::Pcg64;

    use super::*;
    use crate::reading::Pass;
    use crate::recipe;

    const MODULE: usize = 3;
    const LEFT: usize = 40;

    /// Twenty grey levels between dark and light, and noise of nine over it.
    fn at_night(code: &QrCode, seed: u64) -> Frame {
        let mut random = Pcg64::seed_from_u64(seed);
        let whole = 2 * LEFT + code.size() as usize * MODULE;
        let pixel = |at: usize| {
            let module = |at: usize| (at as i32 - LEFT as i32).div_euclid(MODULE as i32);
            let level = if code.get_module(module(at % whole), module(at / whole)) { 40.0 } else { 60.0 };
            let normal: f64 = (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
            (level + 9.0 * normal).clamp(0.0, 255.0) as u8
        };
        Frame::made(whole, whole, (0..whole * whole).map(pixel).collect())
    }

    #[test]
    fn noise_that_hides_each_pixel_does_not_hide_a_module() {
        let text = "https://lot.example/p/A-17.101Q";
        let code = QrCode::encode_text(text, QrCodeEcc::Quartile).expect("a short text");
        let (near, far) = (LEFT as f64, (LEFT + code.size() as usize * MODULE) as f64);
        let (mut ours, mut smoothed) = (0, 0);
        for seed in 0..10 {
            let frame = at_night(&code, seed);
            // Where an engine might see it: a pixel or two off.
            let place = [(near + 1.5, near - 1.0), (far + 1.0, near + 1.0), (far - 1.5, far), (near, far + 1.5)]
                .map(|(x, y)| Corner { x, y });
            let seen = restored(&frame, &[place]);
            assert!(seen.iter().all(|seen| seen.text == text), "{seen:?}");
            ours += seen.len();
            smoothed += recipe::run(Pass::Smoothed, &frame, &[]).seen.len();
        }
        assert!(ours >= 4 && smoothed < ours / 2, "{ours} restored, {smoothed} smoothed");
    }

    #[test]
    fn a_place_without_a_code_gives_nothing() {
        let mut random = Pcg64::seed_from_u64(3);
        let frame = Frame::made(200, 200, (0..40_000).map(|_| random.random::<u8>()).collect());
        let place = [(20.0, 20.0), (150.0, 25.0), (145.0, 150.0), (22.0, 148.0)].map(|(x, y)| Corner { x, y });
        let line = [0.0, 1.0, 2.0, f64::NAN].map(|x| Corner { x, y: x });
        let outside = [(-9e9, -9e9), (9e9, -9e9), (9e9, 9e9), (-9e9, 9e9)].map(|(x, y)| Corner { x, y });
        assert_eq!(restored(&frame, &[place, line, outside]), Vec::new());
    }
}
