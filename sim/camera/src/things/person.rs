//! People: a walking figure with clothes that tell who it is.

use super::Brush;
use crate::daylight::Daylight;
use crate::geometry::{Vector, scramble, vector};
use crate::scene::{Person, PersonRole};

const SKIN: [u8; 3] = [206, 164, 138];
/// Metres of one whole stride, left and right.
const STRIDE_M: f64 = 1.4;
/// People further away are not drawn, metres.
const FAR_M: f32 = 400.0;
const COATS: [[u8; 3]; 8] =
    [[70, 76, 96], [120, 62, 58], [92, 100, 78], [54, 54, 58], [168, 150, 120], [78, 104, 128], [140, 140, 144], [110, 84, 118]];

struct Clothes {
    coat: [u8; 3],
    legs: [u8; 3],
    hair: [u8; 3],
    vest: Option<[u8; 3]>,
    bag: Option<[u8; 3]>,
    scarf: Option<[u8; 3]>,
    coat_down_m: f32,
}

fn clothes(role: PersonRole) -> Clothes {
    let plain =
        Clothes { coat: [0; 3], legs: [52, 56, 74], hair: [42, 36, 34], vest: None, bag: None, scarf: None, coat_down_m: 0.84 };
    match role {
        PersonRole::Caller => {
            Clothes { coat: [232, 222, 198], bag: Some([172, 36, 40]), scarf: Some([196, 44, 48]), coat_down_m: 0.56, ..plain }
        }
        PersonRole::Guard => {
            Clothes { coat: [44, 50, 66], legs: [38, 42, 54], hair: [30, 34, 48], vest: Some([206, 226, 60]), ..plain }
        }
        PersonRole::Passer(number) => {
            let pick = scramble(u64::from(number));
            Clothes { coat: COATS[(pick % 8) as usize], coat_down_m: if pick & 64 == 0 { 0.60 } else { 0.86 }, ..plain }
        }
    }
}

/// Draws somebody with their shadow.
pub(crate) fn draw_person(brush: &mut Brush<'_>, person: &Person, daylight: &Daylight, light: u8) {
    let foot = brush.view.seen_from_camera(person.place[0], person.place[1], 0.0);
    if foot.length() > FAR_M || !brush.view.may_see(foot, 3.0) {
        return;
    }
    let (sin, cos) = (person.heading_deg.to_radians().sin() as f32, person.heading_deg.to_radians().cos() as f32);
    let body = Body { foot, along: vector(sin, cos, 0.0), right: vector(cos, -sin, 0.0) };
    let swing = if person.standing { 0.0 } else { (person.walked_m / STRIDE_M * std::f64::consts::TAU).sin() as f32 };
    shadow(brush, &body, swing, daylight);
    body.draw(brush, &clothes(person.role), swing, light);
}

fn shadow(brush: &mut Brush<'_>, body: &Body, swing: f32, daylight: &Daylight) {
    let under: [[f32; 2]; 6] = std::array::from_fn(|at| {
        let (sin, cos) = (at as f32 / 6.0 * std::f32::consts::TAU).sin_cos();
        [body.foot.x + cos * 0.34, body.foot.y + sin * 0.34]
    });
    brush.darken_ground(&under, 0.3, 0.5, 0.35);
    let mut torso: Vec<Vector> = Vec::new();
    for side in [-0.24, 0.24] {
        torso.extend([body.at(0.0, side, 0.75), body.at(0.0, side, 1.38)]);
    }
    torso.extend([body.at(0.0, -0.1, 1.68), body.at(0.0, 0.1, 1.68)]);
    brush.sun_shadow(&torso, daylight, 0.05);
    for side in [-1.0f32, 1.0] {
        let reach = swing * side * 0.32;
        let leg = [
            body.at(0.0, side * 0.12 - 0.07, 0.85),
            body.at(0.0, side * 0.12 + 0.07, 0.85),
            body.at(reach, side * 0.12 - 0.06, 0.0),
            body.at(reach, side * 0.12 + 0.06, 0.0),
        ];
        brush.sun_shadow(&leg, daylight, 0.05);
    }
}

struct Body {
    foot: Vector,
    along: Vector,
    right: Vector,
}

impl Body {
    fn at(&self, along: f32, right: f32, up: f32) -> Vector {
        self.foot + self.along * along + self.right * right + vector(0.0, 0.0, up)
    }

    fn draw(&self, brush: &mut Brush<'_>, clothes: &Clothes, swing: f32, light: u8) {
        for side in [-1.0f32, 1.0] {
            let reach = swing * side * 0.32;
            let (hip, knee) = (self.at(0.0, side * 0.10, 0.86), self.at(reach * 0.45 + 0.03, side * 0.11, 0.46));
            let ankle = self.at(reach, side * 0.11, 0.08 + 0.05 * (-reach).max(0.0));
            brush.limb(ankle, knee, [0.05, 0.07], clothes.legs, light);
            brush.limb(knee, hip, [0.07, 0.10], clothes.legs, light);
            brush.limb(
                self.at(reach - 0.08, side * 0.11, 0.04),
                self.at(reach + 0.16, side * 0.11, 0.04),
                [0.05, 0.045],
                [38, 34, 32],
                light,
            );
            let (shoulder, hand) = (self.at(0.0, side * 0.22, 1.36), self.at(-reach * 0.8 + 0.06, side * 0.28, 0.84));
            brush.limb(hand, shoulder, [0.045, 0.065], clothes.coat, light);
            brush.ball(hand, 0.05, SKIN, light);
        }
        let hem = clothes.coat_down_m;
        self.trunk(brush, [hem, 1.02], [0.22, 0.18], [0.17, 0.13], clothes.coat, light);
        self.trunk(brush, [1.02, 1.42], [0.18, 0.22], [0.13, 0.13], clothes.coat, light);
        if let Some(vest) = clothes.vest {
            self.trunk(brush, [1.00, 1.40], [0.195, 0.235], [0.145, 0.145], vest, light);
            self.trunk(brush, [1.14, 1.20], [0.21, 0.215], [0.155, 0.155], [236, 238, 240], light);
        }
        if let Some(scarf) = clothes.scarf {
            brush.limb(self.at(0.0, 0.0, 1.38), self.at(0.0, 0.0, 1.48), [0.13, 0.10], scarf, light);
        }
        if let Some(bag) = clothes.bag {
            brush.limb(self.at(-0.02, 0.30, 0.72), self.at(-0.02, 0.30, 1.0), [0.13, 0.11], bag, light);
        }
        brush.limb(self.at(0.0, 0.0, 1.40), self.at(0.01, 0.0, 1.50), [0.06, 0.06], SKIN, light);
        brush.ball(self.at(0.02, 0.0, 1.58), 0.105, SKIN, light);
        brush.ball(self.at(-0.015, 0.0, 1.61), 0.118, clothes.hair, light);
    }

    /// A piece of the trunk: heights, half widths across and along at bottom and top.
    fn trunk(&self, brush: &mut Brush<'_>, up: [f32; 2], across: [f32; 2], along: [f32; 2], colour: [u8; 3], light: u8) {
        const CORNERS: usize = 8;
        let ring = |end: usize| -> [Vector; CORNERS] {
            std::array::from_fn(|at| {
                let (sin, cos) = (at as f32 / CORNERS as f32 * std::f32::consts::TAU).sin_cos();
                self.at(sin * along[end], cos * across[end], up[end])
            })
        };
        brush.body(&ring(0), &ring(1), colour, light);
    }
}
