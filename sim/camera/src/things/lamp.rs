//! Street lamps: post, arm and head; the light itself is in the ground's tiles.

use super::Brush;
use crate::geometry::vector;
use crate::ground::lamp_head;
use crate::plan::Lamp;
use crate::shade::LAMP;

const METAL: [u8; 3] = [112, 114, 118];
/// Lamps further away are not drawn, metres.
const FAR_M: f32 = 900.0;

/// Draws all lamps.
pub(crate) fn draw_lamps(brush: &mut Brush<'_>, lamps: &[Lamp], burning: bool) {
    for lamp in lamps {
        let foot = brush.view.seen_from_camera(lamp.place[0], lamp.place[1], 0.0);
        let height_m = lamp.height_m as f32;
        if foot.length() > FAR_M || !brush.view.may_see(foot + vector(0.0, 0.0, height_m / 2.0), height_m) {
            continue;
        }
        let top = foot + vector(0.0, 0.0, height_m);
        let [east, north] = lamp_head(lamp);
        let head = brush.view.seen_from_camera(east, north, lamp.height_m);
        let light = if burning { 90 } else { 255 };
        brush.limb(foot, top, [0.08, 0.05], METAL, light);
        brush.limb(top, head, [0.04, 0.04], METAL, light);
        let along = (head - top).unit();
        let aside = vector(along.y, -along.x, 0.0);
        let corner = |forward: f32, side: f32, up: f32| head + along * forward + aside * side + vector(0.0, 0.0, up);
        let ring = |up: f32| [corner(-0.3, 0.13, up), corner(0.3, 0.13, up), corner(0.3, -0.13, up), corner(-0.3, -0.13, up)];
        let (low, high) = (ring(-0.05), ring(0.06));
        brush.body(&low, &high, METAL, light);
        let mut glass = low;
        glass.reverse();
        if burning {
            brush.face_as(&glass, [255, 226, 170], 0, LAMP);
        } else {
            brush.face(&glass, [206, 206, 200], light);
        }
    }
}
