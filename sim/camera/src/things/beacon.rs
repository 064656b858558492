//! Parking beacons: the board with its worn print, in true perspective, on a post where it does not lie on the ground.

use super::Brush;
use crate::geometry::{Vector, vector};
use crate::image::Image;
use crate::plan::{Beacon, Plan};
use crate::raster::Sides;
use crate::shade::facing;
use crate::{beacon_board, daylight::Daylight};

/// Boards further away are not drawn, metres.
const FAR_M: f32 = 300.0;
/// A board lower than this lies on the ground and has no post, metres.
const LYING_M: f64 = 0.15;
const POST: [u8; 3] = [120, 122, 126];
const BACK: [u8; 3] = [150, 152, 154];

/// The boards of a plan, printed.
pub(crate) struct BeaconBoards {
    images: Vec<Image>,
}

impl BeaconBoards {
    pub(crate) fn new(plan: &Plan) -> Self {
        Self { images: plan.beacons.iter().map(|beacon| beacon_board::draw(&beacon.code, &beacon.wear)).collect() }
    }

    /// Draws one board.
    pub(crate) fn draw(&self, brush: &mut Brush<'_>, beacon: &Beacon, number: usize, daylight: &Daylight, light: u8) {
        let middle = brush.view.seen_from_camera(beacon.place[0], beacon.place[1], beacon.place[2].max(0.005));
        let half = beacon.side_m as f32 * beacon.code.board_over_code() / 2.0;
        if middle.length() > FAR_M || !brush.view.may_see(middle, half * 2.0 + 1.5) {
            return;
        }
        let (up, right) = axes(beacon);
        let at = |u: f32, v: f32| middle + right * ((u - 0.5) * 2.0 * half) + up * ((0.5 - v) * 2.0 * half);
        let corners = [at(0.0, 1.0), at(1.0, 1.0), at(1.0, 0.0), at(0.0, 0.0)];
        if beacon.place[2] > LYING_M {
            let foot = brush.view.seen_from_camera(beacon.place[0], beacon.place[1], 0.0);
            brush.sun_shadow(&corners, daylight, 0.03);
            brush.limb(foot, middle - right.cross(up) * 0.03, [0.04, 0.04], POST, light);
            let back = right.cross(up) * -0.02;
            brush.face(&[corners[3] + back, corners[2] + back, corners[1] + back, corners[0] + back], BACK, light);
        }
        let image = &self.images[number];
        let span = 1.0 / (brush.view.focal_px * 2.0 * half);
        let surface = facing(right.cross(up));
        let textured = [(corners[0], 0.0, 1.0), (corners[1], 1.0, 1.0), (corners[2], 1.0, 0.0), (corners[3], 0.0, 0.0)];
        brush.textured(&textured, Sides::Front, |u, v, inverse_depth| {
            let texel = image.sample(u, v, span / inverse_depth);
            // Torn away: what lies behind shows.
            (texel >> 24 > 127).then_some((texel & 0x00FF_FFFF | u32::from(light) << 24, surface))
        });
    }
}

/// The code's upper edge and its right, as unit vectors of the world.
fn axes(beacon: &Beacon) -> (Vector, Vector) {
    let (sin_h, cos_h) = (beacon.heading_deg.to_radians().sin() as f32, beacon.heading_deg.to_radians().cos() as f32);
    let (sin_t, cos_t) = (beacon.tilt_deg.to_radians().sin() as f32, beacon.tilt_deg.to_radians().cos() as f32);
    (vector(sin_h * cos_t, cos_h * cos_t, sin_t), vector(cos_h, -sin_h, 0.0))
}
