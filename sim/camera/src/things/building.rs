//! Buildings: walls with windows, some of them lit at night, and roofs with parapets and what stands on them.

use super::Brush;
use crate::daylight::Daylight;
use crate::geometry::{Flat, Vector, scramble, share_of, triangles, twice_area, vector};
use crate::ground::Ground;
use crate::image::{Image, blend, pack};
use crate::plan::{Block, Plan};
use crate::raster::{Sides, Surface};
use crate::shade::{UP, WINDOW, facing};

/// Texels of one window's cell of a facade.
const CELL: usize = 64;
/// Walls of houses: render, brick, tiles, in roots of reflectance.
const WALLS: [[u8; 3]; 8] = [
    [196, 186, 168],
    [172, 120, 96],
    [204, 200, 192],
    [158, 148, 138],
    [186, 156, 128],
    [150, 104, 86],
    [214, 206, 190],
    [176, 178, 178],
];
/// Roofs: green and grey waterproofing paint, concrete, red tiles.
const ROOFS: [[u8; 3]; 6] = [[88, 124, 96], [96, 132, 104], [132, 132, 128], [150, 146, 138], [148, 92, 72], [112, 112, 116]];
/// Nothing is drawn further away, metres.
const FAR_M: f32 = 1_800.0;
/// Parapet above the roof, metres.
const PARAPET_M: f32 = 0.7;
/// Houses lower than this have one family's windows.
const LOW_M: f32 = 12.0;

struct House {
    ring: Vec<[f64; 2]>,
    roof: Vec<[usize; 3]>,
    middle: [f64; 2],
    radius_m: f32,
    height_m: f32,
    seed: u64,
}

/// All buildings of a plan.
pub(crate) struct Buildings {
    houses: Vec<House>,
    facades: Vec<Image>,
}

impl Buildings {
    pub(crate) fn new(plan: &Plan) -> Self {
        let houses = plan.buildings.iter().enumerate().filter_map(|(index, block)| house(index, block)).collect();
        Self { houses, facades: (0..3).map(facade).collect() }
    }

    pub(crate) fn draw(&self, brush: &mut Brush<'_>, ground: &mut Ground, daylight: &Daylight, hour: f64) {
        for house in &self.houses {
            let foot = brush.view.seen_from_camera(house.middle[0], house.middle[1], 0.0);
            let ball = vector(foot.x, foot.y, foot.z + house.height_m / 2.0);
            let radius_m = house.radius_m + house.height_m / 2.0;
            if ball.length() - radius_m < FAR_M && brush.view.may_see(ball, radius_m) {
                self.draw_house(brush, ground, house, daylight, hour);
            }
        }
    }

    fn draw_house(&self, brush: &mut Brush<'_>, ground: &mut Ground, house: &House, daylight: &Daylight, hour: f64) {
        let look = Look::of(house, daylight, hour);
        let count = house.ring.len();
        for at in 0..count {
            let (a, b) = (house.ring[at], house.ring[(at + 1) % count]);
            let light = if daylight.lamps { wall_light(ground, a, b) } else { 255 };
            self.draw_wall(brush, house, &look, [a, b], at, light);
        }
        draw_roof(brush, house, &look);
    }

    fn draw_wall(&self, brush: &mut Brush<'_>, house: &House, look: &Look, ends: [[f64; 2]; 2], number: usize, light: u8) {
        let top_m = house.height_m + PARAPET_M;
        let [a, b] = ends.map(|end| brush.view.seen_from_camera(end[0], end[1], 0.0));
        let long_m = (b - a).length();
        let up = vector(0.0, 0.0, top_m);
        let surface = facing((b - a).cross(up));
        let bays = (long_m / look.bay_m).floor().max(1.0);
        let bay_m = long_m / bays;
        let floors = (house.height_m / look.floor_m).floor().max(1.0);
        let floor_m = house.height_m / floors;
        let image = &self.facades[look.facade];
        let pixel_u = 1.0 / (brush.view.focal_px * bay_m);
        let corners = [(a, 0.0, 0.0), (b, long_m, 0.0), (b + up, long_m, top_m), (a + up, 0.0, top_m)];
        let salt = scramble(house.seed ^ number as u64);
        brush.textured(&corners, Sides::Front, |u, v, inverse_depth| {
            let (bay, floor) = (u / bay_m, v / floor_m);
            let falling = 1.0 - (v / 9.0).min(1.0);
            let light = if look.lamps { (f32::from(light) * falling * falling.sqrt()) as u8 } else { light };
            let plain = (pack(look.wall, light), surface);
            if floor >= floors || long_m < 1.6 {
                return Some(plain);
            }
            let texel = image.sample(bay.fract(), 1.0 - floor.fract(), pixel_u / inverse_depth);
            let cell = scramble(salt ^ ((bay as u64) << 32 | floor as u64));
            Some(look.wall_pixel(texel, cell, light, surface))
        });
    }
}

/// How one house is painted and lit.
struct Look {
    wall: [u8; 3],
    roof: [u8; 3],
    facade: usize,
    bay_m: f32,
    floor_m: f32,
    lit_share: f32,
    lamps: bool,
}

impl Look {
    fn of(house: &House, daylight: &Daylight, hour: f64) -> Self {
        let pick = |salt: u64, count: usize| (scramble(house.seed ^ salt) % count as u64) as usize;
        let tall = house.height_m > 30.0;
        let wall = if tall { [206, 202, 194] } else { WALLS[pick(1, WALLS.len())] };
        Self {
            wall,
            roof: if tall { ROOFS[2] } else { ROOFS[pick(2, ROOFS.len())] },
            facade: if tall {
                1
            } else if house.height_m < LOW_M {
                0
            } else {
                2 * pick(3, 2)
            },
            bay_m: if tall { 4.2 } else { 2.7 + 1.2 * share_of(house.seed ^ 4) },
            floor_m: if tall { 2.8 } else { 3.1 },
            lit_share: if daylight.lamps { lit_share(hour) } else { 0.0 },
            lamps: daylight.lamps,
        }
    }

    fn wall_pixel(&self, texel: u32, cell: u64, light: u8, surface: Surface) -> (u32, Surface) {
        let [shade, _, _, window] = texel.to_le_bytes();
        if window > 120 && share_of(cell) < self.lit_share {
            // Lamps and curtains differ from room to room.
            let tone = share_of(cell ^ 7);
            let (warm, cool) = ([255, 206, 132], [226, 232, 238]);
            let colour = if tone < 0.7 { warm } else { cool };
            let dim = 0.55 + 0.45 * share_of(cell ^ 9);
            return (pack(colour.map(|part: u8| (f32::from(part) * dim) as u8), 0), WINDOW);
        }
        let tint = |part: u8| (u32::from(part) * u32::from(shade) / 255) as u8;
        let glass = pack([58, 70, 82], light);
        (blend(pack(self.wall.map(tint), light), glass, u32::from(window) + u32::from(window >> 7)), surface)
    }
}

/// Share of rooms with light at an hour: most people are at home and awake between 19 and 23.
fn lit_share(hour: f64) -> f32 {
    const TABLE: [(f64, f32); 7] = [(0.0, 0.16), (2.0, 0.05), (5.0, 0.06), (7.0, 0.25), (17.0, 0.15), (20.0, 0.42), (24.0, 0.16)];
    let hour = hour.rem_euclid(24.0);
    let pair = TABLE.windows(2).find(|pair| hour <= pair[1].0).unwrap_or(&TABLE[5..]);
    let share = (hour - pair[0].0) / (pair[1].0 - pair[0].0);
    pair[0].1 + (pair[1].1 - pair[0].1) * share as f32
}

fn house(index: usize, block: &Block) -> Option<House> {
    let flat: Vec<Flat> = block.ring.iter().map(|corner| [corner[0] as f32, corner[1] as f32]).collect();
    if flat.len() < 3
        || !flat.iter().flatten().all(|value| value.is_finite())
        || !block.height_m.is_finite()
        || block.height_m < 0.5
    {
        return None;
    }
    let mut ring = block.ring.clone();
    if twice_area(&flat) < 0.0 {
        ring.reverse();
    }
    let count = ring.len() as f64;
    let middle = [ring.iter().map(|p| p[0]).sum::<f64>() / count, ring.iter().map(|p| p[1]).sum::<f64>() / count];
    let relative: Vec<Flat> = ring.iter().map(|p| [(p[0] - middle[0]) as f32, (p[1] - middle[1]) as f32]).collect();
    let radius_m = relative.iter().map(|p| p[0].hypot(p[1])).fold(0.0, f32::max);
    let seed = scramble(index as u64 ^ 0xB10C);
    Some(House { roof: triangles(&relative), ring, middle, radius_m, height_m: block.height_m as f32, seed })
}

/// Light of the lamps at the foot of a wall, a step in front of it.
fn wall_light(ground: &mut Ground, a: [f64; 2], b: [f64; 2]) -> u8 {
    let (x, y) = (b[0] - a[0], b[1] - a[1]);
    let length = x.hypot(y).max(1e-6);
    ground.light_at([(a[0] + b[0]) / 2.0 + y / length, (a[1] + b[1]) / 2.0 - x / length])
}

fn draw_roof(brush: &mut Brush<'_>, house: &House, look: &Look) {
    let light = if look.lamps { 10 } else { 255 };
    let at = |index: usize, up_m: f32| brush.view.seen_from_camera(house.ring[index][0], house.ring[index][1], f64::from(up_m));
    let top: Vec<Vector> = (0..house.ring.len()).map(|index| at(index, house.height_m)).collect();
    let rim: Vec<Vector> = (0..house.ring.len()).map(|index| at(index, house.height_m + PARAPET_M)).collect();
    let edges = house.ring.clone();
    let camera = brush.view.camera_place();
    let paint = |u: f32, v: f32, pixel_m: f32| {
        let spot = [f64::from(u) + camera[0], f64::from(v) + camera[1]];
        roof_colour(look.roof, &edges, spot, pixel_m, light)
    };
    let focal_px = brush.view.focal_px;
    for corners in &house.roof {
        let corners = corners.map(|index| (top[index], top[index].x, top[index].y));
        brush.textured(&corners, Sides::Front, |u, v, inverse_depth| Some((paint(u, v, 1.0 / (focal_px * inverse_depth)), UP)));
    }
    // The inner side of the parapet, seen from above.
    let wall = look.wall.map(|part| (f32::from(part) * 0.8) as u8);
    for index in 0..rim.len() {
        let next = (index + 1) % rim.len();
        brush.face(&[top[next], top[index], rim[index], rim[next]], wall, light);
    }
    draw_on_roof(brush, house, light);
}

/// Paint of a roof: stains, darker in the lee of the parapet.
fn roof_colour(base: [u8; 3], ring: &[[f64; 2]], at: [f64; 2], pixel_m: f32, light: u8) -> u32 {
    let mut nearest = f64::INFINITY;
    let mut before = ring[ring.len() - 1];
    for corner in ring.iter().copied() {
        let (x, y) = (corner[0] - before[0], corner[1] - before[1]);
        let (px, py) = (at[0] - before[0], at[1] - before[1]);
        let along = ((px * x + py * y) / (x * x + y * y).max(1e-9)).clamp(0.0, 1.0);
        nearest = nearest.min((px - x * along).hypot(py - y * along));
        before = corner;
    }
    let lee = 1.0 - 0.28 * (1.0 - (nearest as f32 / 0.8)).clamp(0.0, 1.0);
    let (x, y) = (at[0] as f32, at[1] as f32);
    let stain = 0.05 * ((x * 0.9 + (y * 0.7).sin() * 2.0).sin() + (y * 1.3 + (x * 0.6).cos() * 2.0).sin());
    let fine =
        if pixel_m < 0.15 { 0.05 * (share_of(((x * 14.0) as i64 as u64) << 32 ^ (y * 14.0) as i64 as u64) - 0.5) } else { 0.0 };
    pack(base.map(|part| (f32::from(part) * lee * (1.0 + stain + fine)).clamp(0.0, 255.0) as u8), light)
}

/// A stair house and a water tank on roofs that are large enough.
fn draw_on_roof(brush: &mut Brush<'_>, house: &House, light: u8) {
    if house.radius_m < 5.0 {
        return;
    }
    let turn = house.ring[1][0] - house.ring[0][0];
    let heading = turn.atan2(house.ring[1][1] - house.ring[0][1]);
    let (sin, cos) = (heading.sin(), heading.cos());
    let flat: Vec<Flat> = house.ring.iter().map(|p| [(p[0] - house.middle[0]) as f32, (p[1] - house.middle[1]) as f32]).collect();
    let pieces =
        [(0.22, 2.6, 2.6, 2.3, [186, 180, 170]), (-0.3, 1.5, 1.5, 1.6, [208, 176, 62]), (0.55, 1.0, 0.7, 0.8, [198, 200, 202])];
    for (number, (along, long_m, wide_m, tall_m, colour)) in pieces.into_iter().enumerate() {
        let away = f64::from(house.radius_m) * along;
        let aside = f64::from(share_of(house.seed ^ (20 + number as u64)) - 0.5) * 2.0;
        let centre = [sin * away + cos * aside, cos * away - sin * aside];
        let corner = |along: f64, across: f64| [centre[0] + sin * along + cos * across, centre[1] + cos * along - sin * across];
        let (l, w) = (long_m / 2.0, wide_m / 2.0);
        let ring = [corner(-l, w), corner(l, w), corner(l, -w), corner(-l, -w)];
        if !ring.iter().all(|p| crate::geometry::contains(&flat, [p[0] as f32, p[1] as f32])) {
            continue;
        }
        let at =
            |up_m: f32| ring.map(|p| brush.view.seen_from_camera(house.middle[0] + p[0], house.middle[1] + p[1], f64::from(up_m)));
        let (bottom, top) = (at(house.height_m), at(house.height_m + tall_m));
        brush.body(&bottom, &top, colour, light);
    }
}

/// One window's cell: fourth value is glass, the first how bright the wall is.
fn facade(kind: usize) -> Image {
    let windows: &[[f32; 4]] = match kind {
        0 => &[[0.26, 0.28, 0.74, 0.68]],
        1 => &[[0.06, 0.30, 0.60, 0.74], [0.68, 0.34, 0.94, 0.70]],
        _ => &[[0.10, 0.24, 0.90, 0.70]],
    };
    Image::new(CELL, CELL, |x, y| {
        let (u, v) = ((x as f32 + 0.5) / CELL as f32, (y as f32 + 0.5) / CELL as f32);
        let slab = if v > 0.94 { 214 } else { 246 };
        let Some(window) = windows.iter().find(|w| (w[0]..w[2]).contains(&u) && (w[1]..w[3]).contains(&v)) else {
            // A ledge throws a shade below each window.
            let below = windows.iter().any(|w| (w[0] - 0.02..w[2] + 0.02).contains(&u) && (w[3]..w[3] + 0.05).contains(&v));
            return pack([if below { 190 } else { slab }; 3], 0);
        };
        let share = (u - window[0]) / (window[2] - window[0]);
        let frame = !(0.05..=0.95).contains(&share) || (share - 0.5).abs() < 0.03 || v - window[1] < 0.03 || window[3] - v < 0.03;
        if frame { pack([238; 3], 0) } else { pack([238; 3], 255) }
    })
}
