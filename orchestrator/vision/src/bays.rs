//! Which bays are taken: the ground of a bay against the asphalt before it. Who judges may be exchanged; without a word it is by figures that a
//! car changes and a shadow hardly does.
//!
//! The figures know no cars: no shapes and no colours. What the figures mean, how their weights came about and what real lots would need stands in
//! docs/vision.md.

use crate::frame::Frame;
use crate::ground::{Lens, Pose, pixel_of};
use crate::homography::Homography;
use crate::reading::Corner;

/// A bay in points: a tenth of a metre each in a bay of 2.5 m by 5 m.
const POINTS_ACROSS: usize = 25;
const POINTS_ALONG: usize = 50;
/// Points left out at each side: the painted lines, and what leans in from the next bay.
const SKIPPED_ACROSS: usize = 2;
const SKIPPED_ALONG: usize = 3;
/// Points of a patch across the bay, from its left as seen from the aisle.
pub const PATCH_ACROSS: usize = POINTS_ACROSS - 2 * SKIPPED_ACROSS;
/// Points of a patch along the bay, from the aisle inwards.
pub const PATCH_ALONG: usize = POINTS_ALONG - 2 * SKIPPED_ALONG;
/// Two by two points make a cell.
const ACROSS: usize = PATCH_ACROSS / 2;
const ALONG: usize = PATCH_ALONG / 2;
/// Looks along each side of a point, whose mean is its brightness.
const LOOKS: usize = 3;
/// The same where the strip is darker than [`DIM_BELOW`]: four times as many looks halve what the sensor's noise adds, and the light that there is
/// tells a car again.
const LOOKS_IN_DIM: usize = 6;
/// Strips darker than this are dim, steps of brightness: above it more looks changed no verdict.
const DIM_BELOW: f64 = 60.0;
/// The strip of asphalt before the bay that it is compared with, metres from its end.
const STRIP_FROM_M: f64 = 0.8;
const STRIP_LENGTH_M: f64 = 1.8;
/// How far the ground that a bay is judged by reaches before its end, metres: what a picture must show beside the bay itself.
pub const BEFORE_BAY_M: f64 = STRIP_FROM_M + STRIP_LENGTH_M;
/// Looks along each side of the strip.
const STRIP_LOOKS: usize = 16;
/// Bays further from straight down than this are not judged, tangent: cars of the next bays hide too much of them.
const OFF_NADIR_TAN_MAX: f64 = 0.5;
/// Below this the strip is too dark to compare with, steps of brightness: the sensor's noise then has as many clear steps as a car, however often
/// it is looked at. Measured in the simulator by night, under few lamps, of some fifty bays for each five steps: from 20 on one of 500 was told wrongly, and
/// below it some free bays look taken.
const STRIP_BRIGHTNESS_MIN: f64 = 25.0;
/// Darker than this share of the strip is as good as black: the logarithm stays finite.
const SHARE_MIN: f64 = 0.03;

/// A bay on the ground.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bay {
    /// Its middle, metres east and north of the point under the camera.
    pub from_camera_m: [f64; 2],
    /// Direction from the aisle into the bay, degrees clockwise from north.
    pub heading_deg: f64,
    /// Across, metres.
    pub width_m: f64,
    /// Along, metres.
    pub length_m: f64,
}

/// Judges bays.
pub trait BayJudge: std::fmt::Debug + Send + Sync {
    /// The probability that a car stands in a bay; `None` when that cannot be told.
    fn taken(&self, view: &BayView<'_>) -> Option<f64>;
}

/// Judges by nine figures and a logistic regression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ByFigures;

impl BayJudge for ByFigures {
    fn taken(&self, view: &BayView<'_>) -> Option<f64> {
        let figures = Figures::of(&view.cells()?);
        Some(1.0 / (1.0 + (-figures.weighed()).exp()))
    }
}

/// A bay's ground as if seen from straight above: logarithms of brightness over that of the asphalt before it, a point for every tenth of a metre
/// of a bay of 2.5 m by 5 m. Painted lines at its sides are left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Patch(Vec<f32>);

impl Patch {
    /// Row by row from the aisle, each of [`PATCH_ACROSS`] points; [`PATCH_ALONG`] rows.
    pub fn values(&self) -> &[f32] {
        &self.0
    }
}

/// From the bay, 0 to 1 across and from the aisle inwards, to the picture. Exact but for what a lens bends within one bay.
fn map(lens: &Lens, pose: &Pose, bay: &Bay) -> Option<Homography> {
    let (sin, cos) = bay.heading_deg.to_radians().sin_cos();
    let corner = |u: f64, v: f64| {
        let (right_m, along_m) = ((u - 0.5) * bay.width_m, (v - 0.5) * bay.length_m);
        let [east, north] = bay.from_camera_m;
        pixel_of([east + right_m * cos + along_m * sin, north - right_m * sin + along_m * cos], lens, pose)
    };
    Homography::of_square(&[corner(0.0, 0.0)?, corner(1.0, 0.0)?, corner(1.0, 1.0)?, corner(0.0, 1.0)?])
}

/// One bay in one picture, seen well enough to be judged.
#[derive(Debug)]
pub struct BayView<'a> {
    frame: &'a Frame,
    map: Homography,
    length_m: f64,
    /// Brightness of the strip before it.
    level: f64,
}

impl<'a> BayView<'a> {
    /// `None` when the bay and the strip before it are not wholly in the picture, too far from straight down, or too dark.
    pub fn of(frame: &'a Frame, lens: &Lens, pose: &Pose, bay: &Bay) -> Option<Self> {
        let off = bay.from_camera_m[0].hypot(bay.from_camera_m[1]);
        if off.is_nan() || off > OFF_NADIR_TAN_MAX * pose.height_m {
            return None;
        }
        let unlit = Self { frame, map: map(lens, pose, bay)?, length_m: bay.length_m, level: 0.0 };
        Some(Self { level: unlit.strip_brightness()?, ..unlit })
    }

    /// Its ground point by point; `None` when a part of it lies outside the picture.
    pub fn patch(&self) -> Option<Patch> {
        let point = |at: usize| {
            let (x, y) = (SKIPPED_ACROSS + at % PATCH_ACROSS, SKIPPED_ALONG + at / PATCH_ACROSS);
            Some(self.point(x, y)? as f32)
        };
        (0..PATCH_ACROSS * PATCH_ALONG).map(point).collect::<Option<_>>().map(Patch)
    }

    fn brightness(&self, u: f64, v: f64) -> Option<f64> {
        let Corner { x, y } = self.map.at(u, v);
        self.frame.holds(x, y, 0.0).then(|| self.frame.brightness(x, y))
    }

    /// The middle brightness of the strip before the bay.
    fn strip_brightness(&self) -> Option<f64> {
        let part = |at: usize| (at as f64 + 0.5) / STRIP_LOOKS as f64;
        let strip = |at: usize| {
            let before_m = STRIP_FROM_M + part(at / STRIP_LOOKS) * STRIP_LENGTH_M;
            self.brightness(part(at % STRIP_LOOKS), -before_m / self.length_m)
        };
        let mut values = (0..STRIP_LOOKS * STRIP_LOOKS).map(strip).collect::<Option<Vec<f64>>>()?;
        Some(middle(&mut values)).filter(|level| *level >= STRIP_BRIGHTNESS_MIN)
    }

    /// Logarithm of a point's brightness over that of the strip.
    fn point(&self, x: usize, y: usize) -> Option<f64> {
        let looks = if self.level < DIM_BELOW { LOOKS_IN_DIM } else { LOOKS };
        let mut sum = 0.0;
        for look in 0..looks * looks {
            let within = |look: usize| (look as f64 + 0.5) / looks as f64;
            let u = (x as f64 + within(look % looks)) / POINTS_ACROSS as f64;
            sum += self.brightness(u, (y as f64 + within(look / looks)) / POINTS_ALONG as f64)?;
        }
        Some((sum / (looks * looks) as f64 / self.level).max(SHARE_MIN).ln())
    }

    /// The points two by two, row by row from the aisle.
    fn cells(&self) -> Option<Vec<f64>> {
        let cell = |at: usize| {
            let (x, y) = (SKIPPED_ACROSS + 2 * (at % ACROSS), SKIPPED_ALONG + 2 * (at / ACROSS));
            Some((self.point(x, y)? + self.point(x + 1, y)? + self.point(x, y + 1)? + self.point(x + 1, y + 1)?) / 4.0)
        };
        (0..ACROSS * ALONG).map(cell).collect()
    }
}

/// What is measured of a bay, in logarithms of brightness over that of the strip.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Figures {
    /// Share of steps along the bay that are more than grain.
    steps_along: f64,
    /// Share of clear steps across it.
    steps_across: f64,
    /// Mean distance from the middle value.
    unevenness: f64,
    /// Standard deviation from the plane that fits best: a lamp's slope is none.
    roughness: f64,
    /// How deep the darkest fiftieth lies under that plane.
    depth: f64,
    /// Shares that are brighter, darker and much darker than asphalt.
    brighter: f64,
    darker: f64,
    black: f64,
    /// How much the rows' middle values go up and down from one end to the other.
    changes: f64,
}

impl Figures {
    fn of(cells: &[f64]) -> Self {
        let count = cells.len() as f64;
        let share = |is: &dyn Fn(f64) -> bool| cells.iter().filter(|cell| is(**cell)).count() as f64 / count;
        let steps = |reach: usize, more_than: f64, starts: &dyn Fn(usize) -> bool| {
            let all: Vec<f64> =
                (0..cells.len() - reach).filter(|at| starts(*at)).map(|at| (cells[at + reach] - cells[at]).abs()).collect();
            all.iter().filter(|step| **step > more_than).count() as f64 / all.len() as f64
        };
        let middle_value = middle(&mut cells.to_vec());
        let mut rest = without_plane(cells);
        let roughness = (rest.iter().map(|rest| rest * rest).sum::<f64>() / count).sqrt();
        rest.sort_by(f64::total_cmp);
        let rows: Vec<f64> = cells.chunks_exact(ACROSS).map(|row| middle(&mut row.to_vec())).collect();
        Self {
            steps_along: steps(ACROSS, 0.08, &|_| true),
            steps_across: steps(1, 0.15, &|at| at % ACROSS + 1 < ACROSS),
            unevenness: cells.iter().map(|cell| (cell - middle_value).abs()).sum::<f64>() / count,
            roughness,
            depth: -rest[rest.len() / 50],
            brighter: share(&|cell| cell > 0.2),
            darker: share(&|cell| cell < -0.25),
            black: share(&|cell| cell < -1.0),
            changes: rows.windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum(),
        }
    }

    /// The logarithm of the odds that a car stands there: a logistic regression over 5,054 simulated bays (docs/vision.md).
    fn weighed(&self) -> f64 {
        -10.635 + 48.153 * self.steps_along + 79.792 * self.steps_across - 35.978 * self.unevenness - 55.577 * self.roughness
            + 15.901 * self.depth
            + 9.233 * self.brighter
            + 8.324 * self.darker
            + 50.366 * self.black
            + 1.377 * self.changes
    }
}

/// What is left when the plane that fits best is taken off; the grid is regular, so each slope stands alone.
fn without_plane(cells: &[f64]) -> Vec<f64> {
    let mean = cells.iter().sum::<f64>() / cells.len() as f64;
    let place = |at: usize| ((at % ACROSS) as f64 - (ACROSS - 1) as f64 / 2.0, (at / ACROSS) as f64 - (ALONG - 1) as f64 / 2.0);
    let slope = |part: &dyn Fn(usize) -> f64| {
        let squares: f64 = (0..cells.len()).map(|at| part(at).powi(2)).sum();
        (0..cells.len()).map(|at| part(at) * cells[at]).sum::<f64>() / squares
    };
    let (across, along) = (slope(&|at| place(at).0), slope(&|at| place(at).1));
    (0..cells.len()).map(|at| cells[at] - mean - across * place(at).0 - along * place(at).1).collect()
}

/// The middle value; of an even number the mean of both middle ones.
fn middle(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len().is_multiple_of(2) { (values[half - 1] + values[half]) / 2.0 } else { values[half] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(shade: impl Fn(usize, usize) -> u8) -> Option<f64> {
        let frame = Frame::made(600, 600, (0..360_000).map(|at| shade(at % 600, at / 600)).collect());
        let lens = Lens::of_field(600, 600, 60.0).expect("a lens");
        let pose =
            Pose { latitude_deg: 0.0, longitude_deg: 0.0, height_m: 12.0, heading_deg: 0.0, pitch_deg: -90.0, roll_deg: 0.0 };
        let bay = Bay { from_camera_m: [0.0, 1.0], heading_deg: 0.0, width_m: 2.5, length_m: 5.0 };
        ByFigures.taken(&BayView::of(&frame, &lens, &pose, &bay)?)
    }

    #[test]
    fn even_asphalt_is_free_and_what_has_windows_is_not() {
        let free = view(|_, _| 90).expect("in view");
        assert!(free < 0.1, "{free}");
        // A light body with dark windows across, about where a car would be.
        let car = |x: usize, y: usize| {
            if (265..335).contains(&x) && (160..350).contains(&y) { if (y / 30).is_multiple_of(3) { 30 } else { 200 } } else { 90 }
        };
        let with_car = view(car).expect("in view");
        assert!(with_car > 0.9, "{with_car}");
    }

    #[test]
    fn what_cannot_be_judged_is_not() {
        assert_eq!(view(|_, _| 16), None, "too dark");
        let frame = Frame::made(600, 600, vec![90; 360_000]);
        let lens = Lens::of_field(600, 600, 60.0).expect("a lens");
        let pose =
            Pose { latitude_deg: 0.0, longitude_deg: 0.0, height_m: 12.0, heading_deg: 0.0, pitch_deg: -90.0, roll_deg: 0.0 };
        for from_camera_m in [[5.0, 4.0], [f64::NAN, 0.0], [0.0, 900.0]] {
            let bay = Bay { from_camera_m, heading_deg: 0.0, width_m: 2.5, length_m: 5.0 };
            assert!(BayView::of(&frame, &lens, &pose, &bay).is_none(), "{from_camera_m:?}");
        }
        let bay = Bay { from_camera_m: [0.0, 0.0], heading_deg: f64::NAN, width_m: 2.5, length_m: 5.0 };
        assert!(BayView::of(&frame, &lens, &pose, &bay).is_none());
    }
}
