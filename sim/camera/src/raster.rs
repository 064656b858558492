//! What each pixel shows before light falls on it, and the drawing of flat polygons into it with depth.

use crate::geometry::{Vector, vector};
use crate::{CameraPose, Intrinsics};

/// Nothing nearer than this is drawn, metres: the aircraft's own legs are not in the picture.
const NEAR_M: f32 = 0.15;
/// Corners of a polygon after it was cut at the near plane.
const CORNERS_MAX: usize = 12;

/// What a pixel's surface is: ground, a direction it faces, or a thing that shines by itself. See `shade`.
pub(crate) type Surface = u8;

/// The picture before light.
#[derive(Debug, Clone)]
pub(crate) struct Raster {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Square root of reflectance by colour, and how much of the sun's or the lamps' light arrives.
    pub(crate) colour: Vec<u32>,
    /// One over the depth along the look, per metre; 0 is the sky.
    pub(crate) inverse_depth: Vec<f32>,
    pub(crate) surface: Vec<Surface>,
}

impl Raster {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        let count = width * height;
        Self { width, height, colour: vec![0; count], inverse_depth: vec![0.0; count], surface: vec![0; count] }
    }
}

/// The camera in single precision, the world's origin moved under it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View {
    pub(crate) right: Vector,
    pub(crate) down: Vector,
    pub(crate) forward: Vector,
    pub(crate) up_m: f32,
    pub(crate) focal_px: f32,
    pub(crate) centre_px: [f32; 2],
    pub(crate) size_px: [f32; 2],
    east_m: f64,
    north_m: f64,
}

impl View {
    pub(crate) fn new(pose: &CameraPose, lens: &Intrinsics) -> Self {
        let axes = pose.axes();
        Self {
            right: axes.right.into(),
            down: axes.down.into(),
            forward: axes.forward.into(),
            up_m: pose.up_m as f32,
            focal_px: lens.focal_px as f32,
            centre_px: [lens.centre_x_px as f32, lens.centre_y_px as f32],
            size_px: [lens.width as f32, lens.height as f32],
            east_m: pose.east_m,
            north_m: pose.north_m,
        }
    }

    pub(crate) fn camera_place(&self) -> [f64; 2] {
        [self.east_m, self.north_m]
    }

    /// A world point as seen from the camera: metres east, north, up of it.
    pub(crate) fn seen_from_camera(&self, east_m: f64, north_m: f64, up_m: f64) -> Vector {
        vector((east_m - self.east_m) as f32, (north_m - self.north_m) as f32, up_m as f32 - self.up_m)
    }

    /// Into camera coordinates.
    pub(crate) fn turned(&self, way: Vector) -> Vector {
        vector(self.right.dot(way), self.down.dot(way), self.forward.dot(way))
    }

    /// Whether a ball (relative to the camera) may be in the picture.
    pub(crate) fn may_see(&self, middle: Vector, radius_m: f32) -> bool {
        let seen = self.turned(middle);
        if seen.z < -radius_m {
            return false;
        }
        let fits = |along: f32, low_px: f32, high_px: f32| {
            // Distance from the planes through the lens and the picture's two edges.
            let (low, high) = (low_px / self.focal_px, high_px / self.focal_px);
            let off_low = (along - low * seen.z) / (1.0 + low * low).sqrt();
            let off_high = (high * seen.z - along) / (1.0 + high * high).sqrt();
            off_low > -radius_m && off_high > -radius_m
        };
        fits(seen.x, -self.centre_px[0], self.size_px[0] - self.centre_px[0])
            && fits(seen.y, -self.centre_px[1], self.size_px[1] - self.centre_px[1])
    }
}

/// A corner: camera coordinates and two values that run evenly over the surface.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Corner {
    pub(crate) at: Vector,
    pub(crate) u: f32,
    pub(crate) v: f32,
}

/// A value that is linear over the picture.
#[derive(Debug, Clone, Copy)]
struct Slope {
    origin: f32,
    per_x: f32,
    per_y: f32,
}

#[derive(Debug, Clone, Copy, Default)]
struct OnScreen {
    x: f32,
    y: f32,
    inverse_depth: f32,
    u: f32,
    v: f32,
}

/// Which side of a polygon is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sides {
    /// Only the one whose corners run counterclockwise as seen.
    Front,
    Both,
}

/// One pixel under a polygon.
pub(crate) struct Pixel<'a> {
    pub(crate) inverse_depth: &'a mut f32,
    pub(crate) colour: &'a mut u32,
    pub(crate) surface: &'a mut Surface,
}

impl Raster {
    /// Draws a flat convex polygon; `paint` gives colour and surface at u, v and inverse depth, or nothing where there is a hole.
    pub(crate) fn polygon(
        &mut self,
        view: &View,
        corners: &[Corner],
        sides: Sides,
        mut paint: impl FnMut(f32, f32, f32) -> Option<(u32, Surface)>,
    ) {
        self.scan(view, corners, sides, |inverse_depth, u, v, pixel| {
            if inverse_depth <= *pixel.inverse_depth {
                return;
            }
            let metres = 1.0 / inverse_depth;
            if let Some((painted, kind)) = paint(u * metres, v * metres, inverse_depth) {
                (*pixel.inverse_depth, *pixel.colour, *pixel.surface) = (inverse_depth, painted, kind);
            }
        });
    }

    /// Visits the pixels under a flat convex polygon with inverse depth, and u and v times inverse depth.
    pub(crate) fn scan(&mut self, view: &View, corners: &[Corner], sides: Sides, mut visit: impl FnMut(f32, f32, f32, Pixel<'_>)) {
        let mut cut = [Corner::default(); CORNERS_MAX];
        let count = cut_near(corners, &mut cut);
        if count < 3 {
            return;
        }
        let mut seen = [OnScreen::default(); CORNERS_MAX];
        for (on_screen, corner) in seen.iter_mut().zip(&cut[..count]) {
            *on_screen = OnScreen::new(view, corner);
        }
        let seen = &seen[..count];
        let Some(slopes) = slopes(seen, sides) else { return };
        let (low, high) = seen.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), p| (low.min(p.y), high.max(p.y)));
        let first = (low - 0.5).ceil().max(0.0) as usize;
        let end = (high - 0.5).ceil().clamp(0.0, self.height as f32) as usize;
        for row in first..end {
            if let Some((left, right)) = span(seen, row as f32 + 0.5) {
                self.scan_span(row, left, right, &slopes, &mut visit);
            }
        }
    }

    fn scan_span(
        &mut self,
        row: usize,
        left: f32,
        right: f32,
        slopes: &[Slope; 3],
        visit: &mut impl FnMut(f32, f32, f32, Pixel<'_>),
    ) {
        let first = (left - 0.5).ceil().clamp(0.0, self.width as f32) as usize;
        let end = (right - 0.5).ceil().clamp(0.0, self.width as f32) as usize;
        if first >= end {
            return;
        }
        let (y, base) = (row as f32 + 0.5, row * self.width);
        let at_start = slopes.map(|slope| slope.origin + slope.per_y * y);
        let depths = &mut self.inverse_depth[base + first..base + end];
        let colours = &mut self.colour[base + first..base + end];
        let surfaces = &mut self.surface[base + first..base + end];
        for (offset, ((inverse_depth, colour), surface)) in depths.iter_mut().zip(colours).zip(surfaces).enumerate() {
            let x = (first + offset) as f32 + 0.5;
            let [depth, u, v] = std::array::from_fn(|i| at_start[i] + slopes[i].per_x * x);
            visit(depth, u, v, Pixel { inverse_depth, colour, surface });
        }
    }
}

impl OnScreen {
    fn new(view: &View, corner: &Corner) -> Self {
        let inverse_depth = 1.0 / corner.at.z;
        Self {
            x: view.centre_px[0] + view.focal_px * corner.at.x * inverse_depth,
            y: view.centre_px[1] + view.focal_px * corner.at.y * inverse_depth,
            inverse_depth,
            u: corner.u * inverse_depth,
            v: corner.v * inverse_depth,
        }
    }
}

/// Cuts away what is too near; gives how many corners are left.
fn cut_near(corners: &[Corner], cut: &mut [Corner; CORNERS_MAX]) -> usize {
    let mut count = 0;
    let mut keep = |corner: Corner| {
        if count < CORNERS_MAX {
            cut[count] = corner;
            count += 1;
        }
    };
    let Some(mut before) = corners.last().copied() else { return 0 };
    for corner in corners.iter().copied() {
        if (corner.at.z >= NEAR_M) != (before.at.z >= NEAR_M) {
            let share = (NEAR_M - before.at.z) / (corner.at.z - before.at.z);
            keep(Corner {
                at: before.at + (corner.at - before.at) * share,
                u: before.u + (corner.u - before.u) * share,
                v: before.v + (corner.v - before.v) * share,
            });
        }
        if corner.at.z >= NEAR_M {
            keep(corner);
        }
        before = corner;
    }
    count
}

/// How inverse depth, u and v run over the picture; `None` for the back of a one-sided polygon and for one seen edge-on.
fn slopes(seen: &[OnScreen], sides: Sides) -> Option<[Slope; 3]> {
    let first = seen[0];
    let fan = seen[1..].windows(2).map(|pair| (pair[0], pair[1]));
    let spread = |(a, b): &(OnScreen, OnScreen)| (a.x - first.x) * (b.y - first.y) - (b.x - first.x) * (a.y - first.y);
    let (a, b) = fan.max_by(|one, other| spread(one).abs().total_cmp(&spread(other).abs()))?;
    let area = spread(&(a, b));
    // y runs down: what runs counterclockwise as seen has a negative area here.
    if area.abs() < 1e-6 || !area.is_finite() || (sides == Sides::Front && area > 0.0) {
        return None;
    }
    let slope = |of: fn(&OnScreen) -> f32| {
        let (along_a, along_b) = (of(&a) - of(&first), of(&b) - of(&first));
        let per_x = (along_a * (b.y - first.y) - along_b * (a.y - first.y)) / area;
        let per_y = (along_b * (a.x - first.x) - along_a * (b.x - first.x)) / area;
        Slope { origin: of(&first) - per_x * first.x - per_y * first.y, per_x, per_y }
    };
    Some([slope(|p| p.inverse_depth), slope(|p| p.u), slope(|p| p.v)])
}

/// Where a row enters and leaves a convex polygon.
fn span(seen: &[OnScreen], y: f32) -> Option<(f32, f32)> {
    let (mut left, mut right) = (f32::INFINITY, f32::NEG_INFINITY);
    let mut before = seen[seen.len() - 1];
    for point in seen.iter().copied() {
        if (point.y > y) != (before.y > y) {
            let x = before.x + (y - before.y) / (point.y - before.y) * (point.x - before.x);
            left = left.min(x);
            right = right.max(x);
        }
        before = point;
    }
    (left < right).then_some((left, right))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> View {
        let pose = CameraPose { up_m: 5.0, ..CameraPose::default() };
        View::new(&pose, &Intrinsics::new(64, 64, 90.0).expect("a small picture"))
    }

    fn square(z: f32, half: f32) -> [Corner; 4] {
        [(-half, half), (half, half), (half, -half), (-half, -half)].map(|(x, y)| Corner { at: vector(x, y, z), u: x, v: y })
    }

    #[test]
    fn the_nearer_surface_wins_and_values_run_evenly() {
        let mut raster = Raster::new(64, 64);
        raster.polygon(&view(), &square(4.0, 2.0), Sides::Front, |u, _, _| Some(((u * 100.0 + 500.0) as u32, 7)));
        raster.polygon(&view(), &square(8.0, 8.0), Sides::Both, |_, _, _| Some((1, 9)));
        assert_eq!((raster.surface[32 * 64 + 32], raster.surface[2]), (7, 9));
        let painted = raster.colour[32 * 64 + 40] as f32;
        let expected = ((40.5 - 32.0) / 32.0 * 4.0) * 100.0 + 500.0;
        assert!((painted - expected).abs() <= 1.0, "{painted} {expected}");
    }

    #[test]
    fn backs_are_not_drawn_and_what_is_behind_the_camera_is_cut() {
        let mut raster = Raster::new(64, 64);
        let mut back = square(4.0, 2.0);
        back.reverse();
        raster.polygon(&view(), &back, Sides::Front, |_, _, _| Some((1, 1)));
        assert!(raster.surface.iter().all(|surface| *surface == 0));
        let floor =
            [(-1.0, -5.0), (1.0, -5.0), (1.0, 50.0), (-1.0, 50.0)].map(|(x, z)| Corner { at: vector(x, 1.0, z), u: x, v: z });
        raster.polygon(&view(), &floor, Sides::Both, |_, v, _| (v > 0.0).then_some((1, 1)));
        assert_eq!(raster.surface[63 * 64 + 32], 1);
        assert_eq!(raster.surface[10 * 64 + 32], 0);
    }
}
