//! Whether something lies where a beacon should: a place on the ground against the ground round it.
//!
//! A board too dirty to be located by its pattern still differs from asphalt: by its brightness, or by what is left of its modules.
//! Never says what lies there.

use crate::frame::Frame;
use crate::ground::{Lens, Pose, pixel_of};

/// Looks along each side of the square.
const LOOKS: usize = 12;
/// The part of the board's side that is looked at: its rim may be hidden, torn or a little elsewhere.
const INNER: f64 = 0.8;
/// The ring round the board begins and ends at these shares of its half side.
const RING: [f64; 2] = [1.5, 2.0];
/// Looks round the ring, and the sectors that are judged each for itself: cars stand close on both sides of a board, and reach into some.
const RING_LOOKS: usize = 96;
const SECTORS: usize = 8;
/// Of the sectors, from the calmest on, the ground is as rough as the one at this share.
const CALM_SHARE: f64 = 0.25;
/// Each look is the mean of a square of so many pixels each way: noise falls and modules stay.
const REACH_PIXELS: i64 = 1;
/// From the tenth to the ninth tenth of a normal spread are so many times as far as from quarter to quarter.
const QUARTERS_TO_TENTHS: f64 = 1.9;
/// Below this the ring of ground is too dark to compare with, steps of brightness. Far less than a bay's ground needs: a board is a step or a
/// pattern of a metre, which noise is not.
const RING_BRIGHTNESS_MIN: f64 = 4.0;
/// Darker than this share of the ground is as good as black: the logarithm stays finite.
const SHARE_MIN: f64 = 0.05;

/// How a place differs from the ground round it, in logarithms of brightness.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standout {
    /// The middle brightness of the place against that of the ring, either way.
    pub step: f64,
    /// Spread within the place, from its darkest to its brightest tenth.
    pub within: f64,
    /// The same of the ring where it is calm: grain and noise.
    pub around: f64,
}

impl Standout {
    /// Whether something lies there that the ground round it is not.
    pub fn is_board(&self) -> bool {
        /// Half again as bright, or two thirds: no lamp's slope does that over a metre.
        const STEP_MIN: f64 = 0.35;
        /// Measured from 15 m in the simulator, by day and under lamps: bare asphalt 0.06 to 0.12, a board under mud and leaves 0.30 to
        /// 0.32, a clean one 1.4 and more.
        const WITHIN_MIN: f64 = 0.2;
        /// Ground that is rough all round is rough in the middle too.
        const OVER_AROUND_MIN: f64 = 1.2;
        self.step >= STEP_MIN || (self.within >= WITHIN_MIN && self.within >= OVER_AROUND_MIN * self.around)
    }
}

/// Looks at a square of `side_m` whose middle lies `from_camera_m` east and north of the point under the camera; `None` when it and the
/// ring round it are not wholly in the picture, or the ground is too dark.
pub fn standout(frame: &Frame, lens: &Lens, pose: &Pose, from_camera_m: [f64; 2], side_m: f64) -> Option<Standout> {
    let half_m = side_m / 2.0;
    let within = |at: usize| ((at as f64 + 0.5) / LOOKS as f64 * 2.0 - 1.0) * half_m * INNER;
    let inner = (0..LOOKS * LOOKS).map(|at| [within(at % LOOKS), within(at / LOOKS)]);
    let round = |at: usize| {
        let (sin, cos) = (at as f64 / RING_LOOKS as f64 * std::f64::consts::TAU).sin_cos();
        let reach_m = half_m * RING[at % 2];
        [reach_m * sin, reach_m * cos]
    };
    let look = |off_m: [f64; 2]| {
        let level = brightness(frame, lens, pose, [from_camera_m[0] + off_m[0], from_camera_m[1] + off_m[1]])?;
        Some((off_m, level))
    };
    let inner = inner.map(look).collect::<Option<Vec<_>>>()?;
    let ring = (0..RING_LOOKS).map(round).map(look).collect::<Option<Vec<_>>>()?;
    let level = Sorted::of(ring.iter().map(|(_, level)| *level).collect()).at(0.5);
    if level < RING_BRIGHTNESS_MIN {
        return None;
    }
    let slope = Slope::of(&ring, level);
    let rest = |looks: &[Look]| Sorted::of(looks.iter().map(|look| slope.rest(look)).collect());
    let sectors = ring.chunks_exact(RING_LOOKS / SECTORS).map(rest);
    // From quarter to quarter, in tenths of a normal spread: a car's edge in a sector counts for nothing.
    let around = sectors.map(|sector| QUARTERS_TO_TENTHS * (sector.at(0.75) - sector.at(0.25)));
    let around = Sorted::of(around.collect()).at(CALM_SHARE);
    let (inner, ring) = (rest(&inner), rest(&ring));
    Some(Standout { step: (inner.at(0.5) - ring.at(0.5)).abs(), within: inner.at(0.9) - inner.at(0.1), around })
}

/// East and north of the middle, metres, and the brightness there.
type Look = ([f64; 2], f64);

/// How the ground's brightness falls off from one side to the other: under a lamp it does, and that is no board.
struct Slope {
    level: f64,
    per_m: [f64; 2],
}

impl Slope {
    /// Over a ring, where each direction stands alone.
    fn of(ring: &[Look], level: f64) -> Self {
        let log = |value: f64| (value / level).max(SHARE_MIN).ln();
        let along = |axis: usize| {
            let squares: f64 = ring.iter().map(|(off_m, _)| off_m[axis].powi(2)).sum();
            ring.iter().map(|(off_m, value)| off_m[axis] * log(*value)).sum::<f64>() / squares.max(1e-9)
        };
        Self { level, per_m: [along(0), along(1)] }
    }

    /// What is left of a look, as a logarithm over the ring's middle.
    fn rest(&self, (off_m, value): &Look) -> f64 {
        (value / self.level).max(SHARE_MIN).ln() - off_m[0] * self.per_m[0] - off_m[1] * self.per_m[1]
    }
}

/// Mean brightness over the pixels round a place of the ground; `None` outside the picture.
fn brightness(frame: &Frame, lens: &Lens, pose: &Pose, from_camera_m: [f64; 2]) -> Option<f64> {
    let pixel = pixel_of(from_camera_m, lens, pose)?;
    if !frame.holds(pixel.x, pixel.y, REACH_PIXELS as f64) {
        return None;
    }
    let mut sum = 0.0;
    for down in -REACH_PIXELS..=REACH_PIXELS {
        for right in -REACH_PIXELS..=REACH_PIXELS {
            sum += frame.brightness(pixel.x + right as f64, pixel.y + down as f64);
        }
    }
    Some(sum / ((2 * REACH_PIXELS + 1) * (2 * REACH_PIXELS + 1)) as f64)
}

/// Values in order, so that shares of them can be read off.
struct Sorted(Vec<f64>);

impl Sorted {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// The value below which this share lies.
    fn at(&self, share: f64) -> f64 {
        self.0[((self.0.len() as f64 * share) as usize).min(self.0.len() - 1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(shade: impl Fn(usize, usize) -> u8) -> Option<Standout> {
        let frame = Frame::made(600, 600, (0..360_000).map(|at| shade(at % 600, at / 600)).collect());
        let lens = Lens::of_field(600, 600, 60.0).expect("a lens");
        let pose =
            Pose { latitude_deg: 0.0, longitude_deg: 0.0, height_m: 12.0, heading_deg: 0.0, pitch_deg: -90.0, roll_deg: 0.0 };
        standout(&frame, &lens, &pose, [0.0, 0.0], 1.4)
    }

    #[test]
    fn a_board_stands_out_and_bare_or_sloping_ground_does_not() {
        let is_inside = |x: usize, y: usize| (270..330).contains(&x) && (270..330).contains(&y);
        for (name, found, expected) in [
            ("bare", view(|_, _| 80), false),
            ("a lamp's slope", view(|x, _| 60 + (x / 12) as u8), false),
            ("a grey sheet", view(|x, y| if is_inside(x, y) { 130 } else { 70 }), true),
            (
                "cars on both sides of bare ground",
                view(|x, y| if (255..345).contains(&x) { 80 } else { 20 + (y % 40) as u8 * 5 }),
                false,
            ),
            (
                "mud between cars",
                view(|x, y| match (is_inside(x, y), (255..345).contains(&x)) {
                    (true, _) => 65 + ((x / 6 + y / 6) % 2) as u8 * 25,
                    (false, true) => 80,
                    (false, false) => 20 + (y % 40) as u8 * 5,
                }),
                true,
            ),
            (
                "modules of the ground's own mean",
                view(|x, y| if is_inside(x, y) && (x / 6 + y / 6) % 2 == 0 { 40 } else { 70 }),
                true,
            ),
        ] {
            let found = found.expect("in view");
            assert_eq!(found.is_board(), expected, "{name}: {found:?}");
        }
        assert_eq!(view(|_, _| 16), None, "too dark");
    }
}
