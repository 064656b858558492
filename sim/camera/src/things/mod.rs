//! What stands on the ground, as flat faces: buildings, cars, people, trees, lamps, beacons.

mod beacon;
mod building;
mod car;
mod lamp;
mod person;
mod tree;

pub(crate) use beacon::BeaconBoards;
pub(crate) use building::Buildings;
pub(crate) use car::Cars;
pub(crate) use lamp::draw_lamps;
pub(crate) use person::draw_person;
pub(crate) use tree::draw_tree;

use crate::daylight::Daylight;
use crate::geometry::{Flat, Vector, vector};
use crate::image::pack;
use crate::raster::{Corner, Raster, Sides, Surface, View};
use crate::shade::{GROUND, facing};

/// Draws faces given relative to the camera.
pub(crate) struct Brush<'a> {
    pub(crate) raster: &'a mut Raster,
    pub(crate) view: &'a View,
}

impl Brush<'_> {
    /// A flat convex face of one colour, corners counterclockwise as seen from outside.
    pub(crate) fn face(&mut self, corners: &[Vector], colour: [u8; 3], light: u8) {
        self.face_as(corners, colour, light, facing(normal(corners)));
    }

    /// The same as a surface of a given kind.
    pub(crate) fn face_as(&mut self, corners: &[Vector], colour: [u8; 3], light: u8, surface: Surface) {
        let mut turned = [Corner::default(); 12];
        let count = corners.len().min(turned.len());
        for (corner, at) in turned.iter_mut().zip(corners) {
            corner.at = self.view.turned(*at);
        }
        let packed = pack(colour, light);
        self.raster.polygon(self.view, &turned[..count], Sides::Front, |_, _, _| Some((packed, surface)));
    }

    /// A face with u and v at each corner.
    pub(crate) fn textured(
        &mut self,
        corners: &[(Vector, f32, f32)],
        sides: Sides,
        paint: impl FnMut(f32, f32, f32) -> Option<(u32, Surface)>,
    ) {
        let turned: Vec<Corner> = corners.iter().map(|(at, u, v)| Corner { at: self.view.turned(*at), u: *u, v: *v }).collect();
        self.raster.polygon(self.view, &turned, sides, paint);
    }

    /// Sides and top of a body between two rings of as many corners, both counterclockwise seen from above.
    pub(crate) fn body(&mut self, bottom: &[Vector], top: &[Vector], colour: [u8; 3], light: u8) {
        let count = bottom.len();
        for at in 0..count {
            let next = (at + 1) % count;
            self.face(&[bottom[at], bottom[next], top[next], top[at]], colour, light);
        }
        self.face(top, colour, light);
    }

    /// A tapered limb between two points.
    pub(crate) fn limb(&mut self, from: Vector, to: Vector, radii_m: [f32; 2], colour: [u8; 3], light: u8) {
        const SIDES: usize = 6;
        let axis = (to - from).unit();
        let aside = if axis.z.abs() < 0.9 { vector(0.0, 0.0, 1.0) } else { vector(1.0, 0.0, 0.0) };
        let (x, y) = (aside.cross(axis).unit(), axis.cross(aside.cross(axis).unit()));
        let ring = |middle: Vector, radius_m: f32| -> [Vector; SIDES] {
            std::array::from_fn(|at| {
                let (sin, cos) = (at as f32 / SIDES as f32 * std::f32::consts::TAU).sin_cos();
                middle + (x * cos + y * sin) * radius_m
            })
        };
        self.body(&ring(from, radii_m[0]), &ring(to, radii_m[1]), colour, light);
    }

    /// A rough ball.
    pub(crate) fn ball(&mut self, middle: Vector, radius_m: f32, colour: [u8; 3], light: u8) {
        const RINGS: usize = 4;
        const SIDES: usize = 8;
        let point = |ring: usize, side: usize| {
            let (up, out) = (ring as f32 / RINGS as f32 * std::f32::consts::PI - std::f32::consts::FRAC_PI_2).sin_cos();
            let (sin, cos) = (side as f32 / SIDES as f32 * std::f32::consts::TAU).sin_cos();
            middle + vector(cos * out, sin * out, up) * radius_m
        };
        for ring in 0..RINGS {
            for side in 0..SIDES {
                let corners = [point(ring, side), point(ring, side + 1), point(ring + 1, side + 1), point(ring + 1, side)];
                let outward = facing(corners[0] + corners[2] - middle * 2.0);
                self.face_as(&corners, colour, light, outward);
            }
        }
    }

    /// Darkens the ground under a convex outline (relative to the camera, counterclockwise seen from above): `direct` of the sun's
    /// or the lamps' light and `tint` of the colour are taken, over `soft_m` from the edge inwards.
    pub(crate) fn darken_ground(&mut self, outline: &[Flat], soft_m: f32, direct: f32, tint: f32) {
        let down_m = -self.view.up_m;
        let corners: Vec<Corner> = outline
            .iter()
            .map(|point| Corner { at: self.view.turned(vector(point[0], point[1], down_m)), u: point[0], v: point[1] })
            .collect();
        let edges = edges(outline);
        self.raster.scan(self.view, &corners, Sides::Both, |inverse_depth, u, v, pixel| {
            // Only the ground itself: it has this very depth.
            if *pixel.surface != GROUND || (*pixel.inverse_depth - inverse_depth).abs() > 0.02 * inverse_depth {
                return;
            }
            let metres = 1.0 / inverse_depth;
            let inside_m = inside(&edges, [u * metres, v * metres]);
            let share = (inside_m / soft_m).clamp(0.0, 1.0);
            let [red, green, blue, light] = pixel.colour.to_le_bytes();
            let keep = 1.0 - tint * share;
            let darker = |part: u8| (f32::from(part) * keep) as u8;
            *pixel.colour = pack([darker(red), darker(green), darker(blue)], (f32::from(light) * (1.0 - direct * share)) as u8);
        });
    }

    /// The shadow that the sun makes of points (relative to the camera): the outline of where their rays meet the ground.
    pub(crate) fn sun_shadow(&mut self, points: &[Vector], daylight: &Daylight, soft_m: f32) {
        if daylight.lamps {
            return;
        }
        let [east, north, up] = daylight.sun;
        let cast = |point: &Vector| {
            let height_m = (point.z + self.view.up_m).max(0.0);
            let reach = (height_m / up.max(0.05)).min(60.0);
            [point.x - east * reach, point.y - north * reach]
        };
        let cast: Vec<Flat> = points.iter().map(cast).collect();
        let outline = hull(cast);
        // The cut at the near plane can add one corner.
        if (3..=11).contains(&outline.len()) {
            self.darken_ground(&outline, soft_m, 1.0, 0.0);
        }
    }
}

fn normal(corners: &[Vector]) -> Vector {
    match corners {
        [a, b, c, ..] => (*b - *a).cross(*c - *a),
        _ => vector(0.0, 0.0, 1.0),
    }
}

/// The edges of a convex counterclockwise outline as lines: the distance of a point inwards is `x · point + y · point + z`.
fn edges(outline: &[Flat]) -> Vec<Vector> {
    let next = outline.iter().cycle().skip(1);
    let edge = |(from, to): (&Flat, &Flat)| {
        let (x, y) = (to[0] - from[0], to[1] - from[1]);
        let length = x.hypot(y).max(1e-6);
        vector(-y / length, x / length, (y * from[0] - x * from[1]) / length)
    };
    outline.iter().zip(next).map(edge).collect()
}

/// Distance from the nearest edge for a point inside, negative outside.
fn inside(edges: &[Vector], at: Flat) -> f32 {
    edges.iter().map(|edge| edge.x * at[0] + edge.y * at[1] + edge.z).fold(f32::INFINITY, f32::min)
}

/// Convex outline, counterclockwise (Andrew's monotone chain).
fn hull(mut points: Vec<Flat>) -> Vec<Flat> {
    points.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    let turn = |a: Flat, b: Flat, c: Flat| (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
    let chain = |points: &mut dyn Iterator<Item = Flat>| {
        let mut kept: Vec<Flat> = Vec::new();
        for point in points {
            while kept.len() > 1 && turn(kept[kept.len() - 2], kept[kept.len() - 1], point) <= 0.0 {
                kept.pop();
            }
            kept.push(point);
        }
        kept.pop();
        kept
    };
    let mut outline = chain(&mut points.iter().copied());
    outline.extend(chain(&mut points.iter().rev().copied()));
    outline
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outline_goes_round_counterclockwise_and_knows_its_inside() {
        let outline = hull(vec![[0.0, 0.0], [2.0, 0.0], [1.0, 0.4], [2.0, 2.0], [0.0, 2.0], [0.0, 0.0]]);
        assert_eq!(outline.len(), 4);
        assert!((inside(&edges(&outline), [1.0, 0.5]) - 0.5).abs() < 1e-6);
        assert!(inside(&edges(&outline), [3.0, 1.0]) < 0.0);
    }
}
