//! Cars: body, glass, wheels, lights and plates; parked or driving.

use std::collections::BTreeMap;

use super::Brush;
use crate::daylight::Daylight;
use crate::geometry::{Vector, vector};
use crate::image::Image;
use crate::plate::{PLATE_HEIGHT_M, PLATE_WIDTH_M, Plate, draw as draw_plate};
use crate::raster::Sides;
use crate::scene::{Car, CarBody};
use crate::shade::{HEADLIGHT, TAIL_LIGHT, facing};

const GLASS: [u8; 3] = [46, 52, 60];
const TYRE: [u8; 3] = [40, 40, 42];
const HUB: [u8; 3] = [150, 152, 156];
const LAMP_OFF: [u8; 3] = [206, 210, 214];
const TAIL_OFF: [u8; 3] = [130, 30, 30];
/// Cars further away are not drawn, metres.
const FAR_M: f32 = 700.0;
/// Plates are read no further, metres, and drawn as part of the body beyond.
const PLATE_M: f32 = 60.0;
/// Plates that are kept as pictures, 0.3 MB each.
const PLATES_MAX: usize = 256;

/// A body's measures, metres: outline of the lower part seen from the side (along, up), then the cabin's foot and roof.
struct Shape {
    half_width: f32,
    lower: &'static [[f32; 2]],
    /// Rear and front end at the foot, height of the foot; the same for the roof; half widths of both.
    foot: [f32; 3],
    roof: [f32; 3],
    half_widths: [f32; 2],
    wheels: [f32; 2],
    wheel_m: f32,
    /// Height of the lights and of the plates.
    lights_up: f32,
    plate_up: f32,
    /// The whole rear upper body is metal.
    panelled: bool,
}

const SALOON: Shape = Shape {
    half_width: 0.91,
    lower: &[[-2.36, 0.32], [2.32, 0.30], [2.40, 0.56], [2.22, 0.74], [0.98, 0.93], [-1.55, 0.98], [-2.30, 0.94], [-2.42, 0.62]],
    foot: [-1.90, 1.10, 0.93],
    roof: [-1.05, 0.28, 1.44],
    half_widths: [0.84, 0.60],
    wheels: [-1.42, 1.46],
    wheel_m: 0.33,
    lights_up: 0.66,
    plate_up: 0.44,
    panelled: false,
};
const SUV: Shape = Shape {
    half_width: 0.95,
    lower: &[[-2.25, 0.40], [2.20, 0.38], [2.30, 0.70], [2.18, 0.94], [1.05, 1.10], [-2.28, 1.12], [-2.34, 0.70]],
    foot: [-2.26, 1.15, 1.10],
    roof: [-1.95, 0.45, 1.70],
    half_widths: [0.90, 0.70],
    wheels: [-1.38, 1.40],
    wheel_m: 0.37,
    lights_up: 0.84,
    plate_up: 0.56,
    panelled: false,
};
const COMPACT: Shape = Shape {
    half_width: 0.80,
    lower: &[[-1.74, 0.32], [1.72, 0.30], [1.80, 0.58], [1.70, 0.76], [0.95, 0.96], [-1.76, 1.00], [-1.80, 0.60]],
    foot: [-1.74, 1.08, 0.96],
    roof: [-1.42, 0.22, 1.48],
    half_widths: [0.76, 0.58],
    wheels: [-1.15, 1.20],
    wheel_m: 0.29,
    lights_up: 0.70,
    plate_up: 0.46,
    panelled: false,
};
const VAN: Shape = Shape {
    half_width: 0.88,
    lower: &[[-2.52, 0.40], [2.48, 0.38], [2.56, 0.74], [2.44, 1.08], [-2.56, 1.08]],
    foot: [-2.56, 2.38, 1.08],
    roof: [-2.50, 1.62, 1.97],
    half_widths: [0.88, 0.80],
    wheels: [-1.45, 1.70],
    wheel_m: 0.34,
    lights_up: 0.82,
    plate_up: 0.56,
    panelled: true,
};

fn shape(body: CarBody) -> &'static Shape {
    match body {
        CarBody::Saloon => &SALOON,
        CarBody::Suv => &SUV,
        CarBody::Compact => &COMPACT,
        CarBody::Van => &VAN,
    }
}

/// Pictures of the plates that were seen.
#[derive(Default)]
pub(crate) struct Cars {
    plates: BTreeMap<Plate, Image>,
}

/// A car's own axes on the ground, relative to the camera.
#[derive(Clone, Copy)]
struct Stand {
    foot: Vector,
    along: Vector,
    right: Vector,
}

impl Stand {
    fn at(&self, along: f32, right: f32, up: f32) -> Vector {
        self.foot + self.along * along + self.right * right + vector(0.0, 0.0, up)
    }
}

impl Cars {
    pub(crate) fn draw(&mut self, brush: &mut Brush<'_>, car: &Car, daylight: &Daylight, light: u8) {
        let foot = brush.view.seen_from_camera(car.place[0], car.place[1], 0.0);
        if foot.length() > FAR_M || !brush.view.may_see(foot, 8.0) {
            return;
        }
        let (sin, cos) = (car.heading_deg.to_radians().sin() as f32, car.heading_deg.to_radians().cos() as f32);
        let stand = Stand { foot, along: vector(sin, cos, 0.0), right: vector(cos, -sin, 0.0) };
        let shape = shape(car.body);
        shadow(brush, &stand, shape, daylight);
        lower_body(brush, &stand, shape, car.paint, light);
        cabin(brush, &stand, shape, car.paint, light);
        wheels(brush, &stand, shape, light);
        lights(brush, &stand, shape, car.lights, light);
        if foot.length() < PLATE_M {
            self.plates(brush, &stand, shape, &car.plate, light);
        }
    }

    fn plates(&mut self, brush: &mut Brush<'_>, stand: &Stand, shape: &Shape, plate: &Plate, light: u8) {
        if !self.plates.contains_key(plate) {
            if self.plates.len() >= PLATES_MAX {
                self.plates.clear();
            }
            self.plates.insert(plate.clone(), draw_plate(plate));
        }
        let Some(image) = self.plates.get(plate) else { return };
        let (half, low, high) = (PLATE_WIDTH_M / 2.0, shape.plate_up, shape.plate_up + PLATE_HEIGHT_M);
        let span = 1.0 / (brush.view.focal_px * PLATE_WIDTH_M);
        // A little proud of the bumper, and leaning back as it does.
        let ends = [
            (end_at(shape, low, 1.0) + 0.02, end_at(shape, high, 1.0) + 0.02, 1.0),
            (end_at(shape, low, -1.0) - 0.02, end_at(shape, high, -1.0) - 0.02, -1.0),
        ];
        for (low_along, high_along, side) in ends {
            // As read, the left end of the front plate is on the car's right side.
            let (left, right) = (half * side, -half * side);
            let corners = [
                (stand.at(low_along, left, low), 0.0, 1.0),
                (stand.at(low_along, right, low), 1.0, 1.0),
                (stand.at(high_along, right, high), 1.0, 0.0),
                (stand.at(high_along, left, high), 0.0, 0.0),
            ];
            let surface = facing(stand.along * side);
            brush.textured(&corners, Sides::Front, |u, v, inverse_depth| {
                let texel = image.sample(u, v, span / inverse_depth) & 0x00FF_FFFF;
                Some((texel | u32::from(light) << 24, surface))
            });
        }
    }
}

/// How far the lower body reaches to the front (side 1) or rear (−1) at a height.
fn end_at(shape: &Shape, up: f32, side: f32) -> f32 {
    let outline = shape.lower.iter().zip(shape.lower.iter().cycle().skip(1));
    let crossing = outline.filter(|(a, b)| (a[1] > up) != (b[1] > up));
    let reach = crossing.map(|(a, b)| a[0] + (up - a[1]) / (b[1] - a[1]) * (b[0] - a[0]));
    reach.fold(0.0, |far, along| if along * side > far * side { along } else { far })
}

fn length_ends(shape: &Shape) -> (f32, f32) {
    shape.lower.iter().fold((0.0, 0.0), |(low, high): (f32, f32), point| (low.min(point[0]), high.max(point[0])))
}

fn shadow(brush: &mut Brush<'_>, stand: &Stand, shape: &Shape, daylight: &Daylight) {
    let (rear, front) = length_ends(shape);
    let wide = shape.half_width;
    let under = |grown: f32| {
        [(rear, 1.0), (front, 1.0), (front, -1.0), (rear, -1.0)].map(|(along, side)| {
            let at = stand.at(along + grown * along.signum(), (wide + grown) * side, 0.0);
            [at.x, at.y]
        })
    };
    brush.darken_ground(&under(0.12), 0.45, 0.75, 0.42);
    let belt = shape.foot[2];
    let mut points = Vec::with_capacity(12);
    for side in [-1.0, 1.0] {
        points.extend([stand.at(rear, wide * side, 0.3), stand.at(front, wide * side, 0.3)]);
        points.extend([stand.at(rear, wide * side, belt), stand.at(front * 0.9, wide * side, belt * 0.85)]);
        points.extend([shape.roof[0], shape.roof[1]].map(|along| stand.at(along, shape.half_widths[1] * side, shape.roof[2])));
    }
    brush.sun_shadow(&points, daylight, 0.06);
}

fn lower_body(brush: &mut Brush<'_>, stand: &Stand, shape: &Shape, paint: [u8; 3], light: u8) {
    let wide = shape.half_width;
    let right: Vec<Vector> = shape.lower.iter().map(|[along, up]| stand.at(*along, wide, *up)).collect();
    let left: Vec<Vector> = shape.lower.iter().rev().map(|[along, up]| stand.at(*along, -wide, *up)).collect();
    brush.face(&right, paint, light);
    brush.face(&left, paint, light);
    for at in 0..shape.lower.len() {
        let (a, b) = (shape.lower[at], shape.lower[(at + 1) % shape.lower.len()]);
        let corners =
            [stand.at(a[0], wide, a[1]), stand.at(a[0], -wide, a[1]), stand.at(b[0], -wide, b[1]), stand.at(b[0], wide, b[1])];
        brush.face(&corners, paint, light);
    }
    // Bumpers and sills of dark plastic.
    let sill = [(1.0f32, 0.005f32), (-1.0, 0.005)];
    for (side, proud) in sill {
        let across = (wide + proud) * side;
        let (rear, front) = (shape.wheels[0], shape.wheels[1]);
        let mut corners = [
            stand.at(rear, across, 0.30),
            stand.at(front, across, 0.30),
            stand.at(front, across, 0.42),
            stand.at(rear, across, 0.42),
        ];
        if side < 0.0 {
            corners.reverse();
        }
        brush.face(&corners, [52, 52, 54], light);
    }
}

fn cabin(brush: &mut Brush<'_>, stand: &Stand, shape: &Shape, paint: [u8; 3], light: u8) {
    let ring = |[rear, front, up]: [f32; 3], half: f32| {
        [stand.at(rear, half, up), stand.at(front, half, up), stand.at(front, -half, up), stand.at(rear, -half, up)]
    };
    let foot = ring(shape.foot, shape.half_widths[0]);
    let roof = ring(shape.roof, shape.half_widths[1]);
    brush.face(&roof, paint, light);
    for at in 0..4 {
        let next = (at + 1) % 4;
        let corners = [foot[at], foot[next], roof[next], roof[at]];
        brush.face(&corners, paint, light);
        // Side panes in two, with a pillar between; a van's rear half is sheet metal.
        let sideways = at == 0 || at == 2;
        let panes: &[[f32; 2]] = match (sideways, shape.panelled) {
            (true, false) => &[[0.05, 0.48], [0.53, 0.95]],
            (true, true) if at == 0 => &[[0.68, 0.95]],
            (true, true) => &[[0.05, 0.32]],
            (false, true) if at == 3 => &[[0.12, 0.48], [0.52, 0.88]],
            (false, _) => &[[0.06, 0.94]],
        };
        for [from, to] in panes {
            brush_pane(brush, corners, [*from, *to], light);
        }
    }
}

/// Glass on a face, a finger proud of it.
fn brush_pane(brush: &mut Brush<'_>, corners: [Vector; 4], [from, to]: [f32; 2], light: u8) {
    let between = |a: Vector, b: Vector, share: f32| a + (b - a) * share;
    let out = (corners[1] - corners[0]).cross(corners[3] - corners[0]).unit() * 0.012;
    let point =
        |along: f32, up: f32| between(between(corners[0], corners[1], along), between(corners[3], corners[2], along), up) + out;
    brush.face(&[point(from, 0.10), point(to, 0.10), point(to, 0.92), point(from, 0.92)], GLASS, light);
}

fn wheels(brush: &mut Brush<'_>, stand: &Stand, shape: &Shape, light: u8) {
    const CORNERS: usize = 10;
    for along in shape.wheels {
        for side in [1.0f32, -1.0] {
            for (radius, colour, proud) in [(shape.wheel_m, TYRE, 0.012), (shape.wheel_m * 0.6, HUB, 0.022)] {
                let point = |at: usize| {
                    let (sin, cos) = (at as f32 / CORNERS as f32 * std::f32::consts::TAU * side).sin_cos();
                    stand.at(along + cos * radius, (shape.half_width + proud) * side, shape.wheel_m + sin * radius)
                };
                let disc: [Vector; CORNERS] = std::array::from_fn(point);
                brush.face(&disc, colour, light);
            }
        }
    }
}

fn lights(brush: &mut Brush<'_>, stand: &Stand, shape: &Shape, on: bool, light: u8) {
    let (low, high) = (shape.lights_up - 0.07, shape.lights_up + 0.06);
    for side in [1.0f32, -1.0] {
        for (front, off, lit) in [(1.0f32, LAMP_OFF, HEADLIGHT), (-1.0, TAIL_OFF, TAIL_LIGHT)] {
            let (inner, outer) = (side * shape.half_width * 0.55, side * shape.half_width * 0.97);
            let (a, b) = if inner * front > outer * front { (inner, outer) } else { (outer, inner) };
            let (along_low, along_high) = (end_at(shape, low, front) + 0.015 * front, end_at(shape, high, front) + 0.015 * front);
            let corners = [
                stand.at(along_low, a, low),
                stand.at(along_low, b, low),
                stand.at(along_high, b, high),
                stand.at(along_high, a, high),
            ];
            match (on, front > 0.0) {
                (false, _) => brush.face(&corners, off, light),
                (true, true) => brush.face_as(&corners, [255; 3], 0, lit),
                (true, false) => brush.face_as(&corners, [255, 40, 30], 0, lit),
            }
        }
    }
}
