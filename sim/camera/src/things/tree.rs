//! Trees: a trunk and a crown of a few rough balls with leaves of uneven brightness.

use super::Brush;
use crate::geometry::{Vector, scramble, share_of, vector};
use crate::image::pack;
use crate::plan::Tree;
use crate::raster::Sides;
use crate::shade::facing;

/// Trees further away are not drawn, metres.
const FAR_M: f32 = 900.0;
/// Near trees have rounder balls.
const NEAR_M: f32 = 120.0;
const BARK: [u8; 3] = [96, 82, 68];
const LEAVES: [[u8; 3]; 5] = [[70, 98, 52], [84, 110, 54], [104, 116, 54], [136, 116, 52], [62, 88, 56]];
/// Balls of a crown: off the middle in radii (east, north, up) and size.
const BALLS: [[f32; 4]; 5] = [
    [0.0, 0.0, 0.15, 0.78],
    [0.42, 0.12, -0.18, 0.58],
    [-0.34, 0.30, -0.10, 0.60],
    [-0.10, -0.44, -0.16, 0.58],
    [0.22, -0.08, 0.5, 0.5],
];

/// Draws a tree; its shadow is in the ground's tiles.
pub(crate) fn draw_tree(brush: &mut Brush<'_>, tree: &Tree, number: usize, light: u8) {
    let (height_m, crown_m) = (tree.height_m as f32, tree.crown_m as f32);
    let foot = brush.view.seen_from_camera(tree.place[0], tree.place[1], 0.0);
    let middle = foot + vector(0.0, 0.0, height_m - crown_m);
    let away_m = middle.length();
    if away_m > FAR_M || !brush.view.may_see(middle, crown_m + height_m * 0.5) {
        return;
    }
    let seed = scramble(number as u64 ^ 0x7EE);
    brush.limb(foot, middle, [crown_m * 0.09, crown_m * 0.06], BARK, light);
    let leaf = LEAVES[(seed % 5) as usize];
    let steps = if away_m < NEAR_M { (6, 9) } else { (4, 6) };
    let (sin, cos) = (share_of(seed) * std::f32::consts::TAU).sin_cos();
    for (ball, [x, y, z, size]) in BALLS.into_iter().enumerate() {
        let off = vector(x * cos - y * sin, x * sin + y * cos, z) * crown_m;
        crown(brush, middle + off, size * crown_m, leaf, steps, seed ^ ball as u64, light);
    }
}

fn crown(brush: &mut Brush<'_>, middle: Vector, radius_m: f32, leaf: [u8; 3], steps: (usize, usize), seed: u64, light: u8) {
    let (rings, sides) = steps;
    let point = |ring: usize, side: usize| {
        let (up, out) = (ring as f32 / rings as f32 * std::f32::consts::PI - std::f32::consts::FRAC_PI_2).sin_cos();
        let (sin, cos) = (side as f32 / sides as f32 * std::f32::consts::TAU).sin_cos();
        let rough = 0.86 + 0.28 * share_of(seed ^ (ring as u64) << 8 ^ (side % sides) as u64);
        middle + vector(cos * out, sin * out, up * 0.85) * (radius_m * rough)
    };
    for ring in 0..rings {
        let high = ring as f32 / (rings - 1) as f32;
        for side in 0..sides {
            let corners = [point(ring, side), point(ring, side + 1), point(ring + 1, side + 1), point(ring + 1, side)];
            let outward = facing(corners[0] + corners[2] - middle * 2.0);
            let tone = 0.62 + 0.42 * high + 0.10 * (share_of(seed ^ (ring * 31 + side) as u64) - 0.5);
            let reach = radius_m * 1.3;
            let uv = corners.map(|corner| {
                (corner, (corner.x - middle.x) / reach * 9.0 + 20.0, (corner.y - middle.y + corner.z * 0.7) / reach * 9.0 + 900.0)
            });
            brush.textured(&uv, Sides::Front, |u, v, _| {
                let spot = share_of(((u * 4.0) as i64 as u64) << 24 ^ (v * 4.0) as i64 as u64);
                let factor = tone * (0.78 + 0.44 * spot);
                let arriving = (f32::from(light) * (0.55 + 0.45 * high) * (0.7 + 0.3 * spot)) as u8;
                Some((pack(leaf.map(|part| (f32::from(part) * factor).min(255.0) as u8), arriving), outward))
            });
        }
    }
}
