//! The ground: painted in square tiles of several texel sizes as they come into view, kept, and drawn by the plane's perspective.

mod bake;
mod coverage;
mod grain;
mod model;

use std::collections::BTreeMap;

use crate::daylight::{Daylight, LAMP_LUX_MAX};
use crate::geometry::whole;
use crate::plan::Plan;
use crate::raster::{Raster, View};
use crate::shade::{GROUND, SKY};

pub(crate) use model::lamp_head;

use model::GroundModel;

use coverage::Lattice;
use grain::Grain;

/// Texels along a tile's side that belong to it alone; one more is shared with its neighbour.
const SIDE: i64 = 256;
const ROW: usize = SIDE as usize + 1;
/// Size of the finest texel, metres, and how many sizes there are, each twice the one before: 1 cm to 5 m.
const FINEST_M: f64 = 0.01;
const LEVELS: u8 = 10;
/// Tiles that are kept, 0.53 MB each: a 1080p picture of a wide view shows about 150.
const TILES_MAX: usize = 220;
/// Pixels between two exact divisions by depth.
const SPAN: usize = 32;
/// The ground is drawn this far, metres; beyond is haze.
const FAR_M: f64 = 4_000.0;
/// Level at which objects ask for the light that falls on them: texels of 32 cm.
const LIGHT_LEVEL: u8 = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct TileKey {
    level: u8,
    east: i32,
    north: i32,
}

impl TileKey {
    fn texel_m(self) -> f64 {
        texel_m(self.level)
    }
}

fn texel_m(level: u8) -> f64 {
    FINEST_M * f64::from(1u32 << level)
}

#[derive(Debug, Clone)]
struct Tile {
    key: TileKey,
    /// Spread: see [`spread`].
    texels: Vec<u64>,
    used: u64,
}

/// The ground of one plan under one light.
#[derive(Debug, Clone)]
pub(crate) struct Ground {
    model: GroundModel,
    grain: Grain,
    daylight: Daylight,
    tiles: Vec<Tile>,
    places: BTreeMap<TileKey, usize>,
    /// The tile that was asked for last.
    last: Option<(TileKey, usize)>,
    painted: u64,
    frame: u64,
}

impl Ground {
    pub(crate) fn new(plan: &Plan, daylight: Daylight) -> Self {
        Self {
            model: GroundModel::new(plan),
            grain: Grain::new(),
            daylight,
            tiles: Vec::new(),
            places: BTreeMap::new(),
            last: None,
            painted: 0,
            frame: 0,
        }
    }

    /// Forgets all tiles when the light has changed.
    pub(crate) fn set_daylight(&mut self, daylight: Daylight) {
        if daylight != self.daylight {
            self.daylight = daylight;
            self.tiles.clear();
            self.last = None;
            self.places.clear();
        }
    }

    /// Tiles painted since the beginning.
    pub(crate) fn painted(&self) -> u64 {
        self.painted
    }

    /// Draws ground and sky behind everything.
    pub(crate) fn draw(&mut self, view: &View, raster: &mut Raster) {
        self.frame += 1;
        let plane = Plane::new(view);
        for row in 0..raster.height {
            let y = row as f64 + 0.5;
            let mut from = plane.ground(0.5, y);
            for first in (0..raster.width).step_by(SPAN) {
                let end = (first + SPAN).min(raster.width);
                let to = plane.ground(end as f64 + 0.5, y);
                self.draw_span(&plane, raster, row * raster.width, first..end, y, [from, to]);
                from = to;
            }
        }
    }

    fn draw_span(
        &mut self,
        plane: &Plane,
        raster: &mut Raster,
        base: usize,
        columns: std::ops::Range<usize>,
        y: f64,
        [from, to]: [[f64; 2]; 2],
    ) {
        let (first, end) = (columns.start, columns.end);
        let (x0, x1) = (first as f64 + 0.5, end as f64 + 0.5);
        let (near, far) = (plane.inverse_depth(x0, y), plane.inverse_depth(x1, y));
        if near < 1.0 / FAR_M || far < 1.0 / FAR_M {
            return self.draw_horizon(plane, raster, base, columns, y);
        }
        let step = (far - near) / (end - first) as f64;
        let pixels = base + first..base + end;
        for (offset, depth) in raster.inverse_depth[pixels.clone()].iter_mut().enumerate() {
            *depth = (near + step * offset as f64) as f32;
        }
        raster.surface[pixels.clone()].fill(GROUND);
        let level = plane.level_at((near + far) / 2.0);
        self.sample_span(level, from, to, &mut raster.colour[pixels]);
    }

    /// A span that the horizon may cut.
    fn draw_horizon(&mut self, plane: &Plane, raster: &mut Raster, base: usize, columns: std::ops::Range<usize>, y: f64) {
        for x in columns {
            let inverse_depth = plane.inverse_depth(x as f64 + 0.5, y);
            let at = base + x;
            if inverse_depth < 1.0 / FAR_M {
                (raster.surface[at], raster.inverse_depth[at], raster.colour[at]) = (SKY, 0.0, 0);
            } else {
                raster.surface[at] = GROUND;
                raster.inverse_depth[at] = inverse_depth as f32;
                let place = plane.ground(x as f64 + 0.5, y);
                let mut colour = [0];
                self.sample_span(LEVELS - 1, place, place, &mut colour);
                raster.colour[at] = colour[0];
            }
        }
    }

    fn sample_span(&mut self, level: u8, from: [f64; 2], to: [f64; 2], colours: &mut [u32]) {
        let per_m = 1.0 / texel_m(level);
        let (start, last) = (from.map(|metres| metres * per_m), to.map(|metres| metres * per_m));
        let tile_of = |value: f64| (value as i64 - i64::from(value < 0.0)).div_euclid(SIDE) as i32;
        let key = TileKey { level, east: tile_of(start[0]), north: tile_of(start[1]) };
        let origin = [i64::from(key.east) * SIDE, i64::from(key.north) * SIDE];
        let (x, y) = ((start[0] - origin[0] as f64) as f32, (start[1] - origin[1] as f64) as f32);
        let count = colours.len() as f32;
        let (step_x, step_y) = ((last[0] - start[0]) as f32 / count, (last[1] - start[1]) as f32 / count);
        let within = |value: f32| (0.0..SIDE as f32).contains(&value);
        let last_pixel = count - 1.0;
        let texels = self.tile(key);
        // The first pixel too: on a tile's very edge rounding may put it a whole tile on.
        if within(x) && within(y) && within(x + step_x * last_pixel) && within(y + step_y * last_pixel) {
            for (offset, colour) in colours.iter_mut().enumerate() {
                *colour = bilinear(texels, x + step_x * offset as f32, y + step_y * offset as f32);
            }
            return;
        }
        for (offset, colour) in colours.iter_mut().enumerate() {
            let (x, y) = (x + step_x * offset as f32, y + step_y * offset as f32);
            let (over_x, over_y) = (whole(x / SIDE as f32), whole(y / SIDE as f32));
            let beside = TileKey { level, east: key.east + over_x, north: key.north + over_y };
            let (x, y) = (x - (over_x * SIDE as i32) as f32, y - (over_y * SIDE as i32) as f32);
            *colour = bilinear(self.tile(beside), x.clamp(0.0, 255.99), y.clamp(0.0, 255.99));
        }
    }

    /// How much of the sun's or the lamps' light arrives at a place on the ground, as the tiles carry it.
    ///
    /// By night it asks the lamps themselves: walls and trees all over a town would paint more tiles than are kept.
    pub(crate) fn light_at(&mut self, place: [f64; 2]) -> u8 {
        if self.daylight.lamps {
            let lux = self.model.lamp_lux_at(place.map(|metres| metres as f32));
            return ((lux / LAMP_LUX_MAX).min(1.0).sqrt() * 255.0) as u8;
        }
        let mut colour = [0];
        self.sample_span(LIGHT_LEVEL, place, place, &mut colour);
        (colour[0] >> 24) as u8
    }

    /// A tile's texels; painted when it is seen for the first time.
    fn tile(&mut self, key: TileKey) -> &[u64] {
        let known = self.last.filter(|(last, _)| *last == key).map(|(_, at)| at);
        let at = known.or_else(|| self.places.get(&key).copied()).unwrap_or_else(|| self.paint(key));
        self.last = Some((key, at));
        let tile = &mut self.tiles[at];
        tile.used = self.frame;
        &tile.texels
    }

    fn paint(&mut self, key: TileKey) -> usize {
        let texel_m = key.texel_m();
        let corner = |tile: i32| (f64::from(tile) * SIDE as f64 * texel_m) as f32;
        let lattice = Lattice { low: [corner(key.east), corner(key.north)], texel_m: texel_m as f32, side: ROW };
        let texels = bake::bake(&self.model, &self.grain, &self.daylight, &lattice).into_iter().map(spread).collect();
        self.painted += 1;
        let tile = Tile { key, texels, used: self.frame };
        let at = if self.tiles.len() < TILES_MAX {
            self.tiles.push(tile);
            self.tiles.len() - 1
        } else {
            let oldest = (0..self.tiles.len()).min_by_key(|at| self.tiles[*at].used).expect("the store is full, not empty");
            self.places.remove(&self.tiles[oldest].key);
            self.tiles[oldest] = tile;
            oldest
        };
        self.places.insert(key, at);
        at
    }
}

/// The ground's plane as the picture sees it.
struct Plane {
    camera: [f64; 2],
    up_m: f64,
    right: [f64; 3],
    down: [f64; 3],
    forward: [f64; 3],
    centre: [f64; 2],
    focal: f64,
}

impl Plane {
    fn new(view: &View) -> Self {
        let wide = |v: crate::geometry::Vector| [f64::from(v.x), f64::from(v.y), f64::from(v.z)];
        Self {
            camera: view.camera_place(),
            up_m: f64::from(view.up_m.max(0.05)),
            right: wide(view.right),
            down: wide(view.down),
            forward: wide(view.forward),
            centre: view.centre_px.map(f64::from),
            focal: f64::from(view.focal_px),
        }
    }

    fn look(&self, axis: usize, x: f64, y: f64) -> f64 {
        let (a, b) = ((x - self.centre[0]) / self.focal, (y - self.centre[1]) / self.focal);
        self.forward[axis] + self.right[axis] * a + self.down[axis] * b
    }

    /// One over the depth of the ground in a pixel; not above zero where there is sky.
    fn inverse_depth(&self, x: f64, y: f64) -> f64 {
        -self.look(2, x, y) / self.up_m
    }

    /// The texel size for a depth: the mean of a pixel's two extents on the ground, the root of its area, and not much finer than
    /// the longer one, so that grazing looks are neither noisy nor mush.
    fn level_at(&self, inverse_depth: f64) -> u8 {
        let depth_m = 1.0 / inverse_depth;
        // The area is depth³ / (height · focal²), as the plane's homography has it; the longer extent depth² / (height · focal).
        let long_m = depth_m * depth_m / (self.up_m * self.focal);
        let size_m = (depth_m / self.focal * long_m).sqrt().max(long_m / 6.0);
        // A third of a level coarser: slightly soft is better than shimmering. A double's exponent is its logarithm rounded down.
        let exponent = ((size_m / FINEST_M * 1.27).to_bits() >> 52) as i64 - 1_023;
        exponent.clamp(0, i64::from(LEVELS) - 1) as u8
    }

    fn ground(&self, x: f64, y: f64) -> [f64; 2] {
        let depth = 1.0 / self.inverse_depth(x, y).max(0.1 / FAR_M);
        [self.camera[0] + self.look(0, x, y) * depth, self.camera[1] + self.look(1, x, y) * depth]
    }
}

/// The four values of a colour in 16 bits each, so that one multiplication weighs all of them.
fn spread(colour: u32) -> u64 {
    let pairs = (u64::from(colour) | (u64::from(colour) << 16)) & 0x0000_FFFF_0000_FFFF;
    (pairs | (pairs << 8)) & 0x00FF_00FF_00FF_00FF
}

/// The other way.
#[inline(always)]
fn packed(spread: u64) -> u32 {
    let pairs = (spread | (spread >> 8)) & 0x0000_FFFF_0000_FFFF;
    (pairs | (pairs >> 16)) as u32
}

/// The colour between four texels; x and y within the tile.
#[inline(always)]
fn bilinear(texels: &[u64], x: f32, y: f32) -> u32 {
    const LOW: u64 = 0x00FF_00FF_00FF_00FF;
    let (x, y) = ((x * 256.0) as i32 as u32, (y * 256.0) as i32 as u32);
    let at = (y >> 8) as usize * ROW + (x >> 8) as usize;
    let near = &texels[at..at + ROW + 2];
    let (right, down) = (u64::from(x & 255), u64::from(y & 255));
    let upper = ((near[0] * (256 - right) + near[1] * right) >> 8) & LOW;
    let lower = ((near[ROW] * (256 - right) + near[ROW + 1] * right) >> 8) & LOW;
    packed(((upper * (256 - down) + lower * down) >> 8) & LOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_spread_and_pack_without_loss() {
        for colour in [0, u32::MAX, 0x1234_5678, 0x00FF_00FF] {
            assert_eq!(packed(spread(colour)), colour);
        }
    }

    #[test]
    fn a_span_may_begin_on_the_very_edge_of_a_tile() {
        let mut ground = Ground::new(&Plan::default(), Daylight::at(12.0));
        for edge in [-2.0 * SIDE as f64, 2.0 * SIDE as f64, -1e-9, SIDE as f64 - 1e-9] {
            let place = |texels: f64| [(edge + texels) * texel_m(3); 2];
            for to in [-9.0, 0.0, 9.0] {
                let mut colours = [0; 32];
                ground.sample_span(3, place(0.0), place(to), &mut colours);
                assert!(colours.iter().all(|colour| *colour != 0), "{edge} {to}");
            }
        }
    }

    #[test]
    fn the_middle_of_four_texels_is_their_mean() {
        let mut texels = vec![spread(0); ROW * ROW];
        texels[ROW + 1] = spread(u32::MAX);
        let mean = bilinear(&texels, 0.5, 0.5).to_le_bytes();
        assert!(mean.iter().all(|value| (62..=64).contains(value)), "{mean:?}");
    }
}
