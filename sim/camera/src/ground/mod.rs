//! The ground: painted in square tiles of several texel sizes as they come into view, kept, and drawn by the plane's perspective.

mod bake;
mod coverage;
mod grain;
mod model;

use std::collections::BTreeMap;

use crate::daylight::{Daylight, LAMP_LUX_MAX};
use crate::plan::Plan;
use crate::raster::{Raster, View};
use crate::shade::{GROUND, SKY};

pub(crate) use bake::lamp_lux;
pub(crate) use model::lamp_head;

use model::GroundModel;

use coverage::Lattice;
use grain::Grain;

/// Texels along a tile's side that belong to it alone; one more is shared with its neighbour.
const SIDE: i64 = 256;
const ROW: usize = SIDE as usize + 1;
/// Texels are kept in squares of so many each way: such a square fills one line of the processor's cache, whichever way the rows of
/// a picture run over the ground.
const BLOCK: usize = 4;
const BLOCKS: usize = ROW.div_ceil(BLOCK);
/// Where the texels of a column and of a line lie; the place of a texel is the sum of the two.
const COLUMN: [u32; ROW] = places(BLOCK * BLOCK, 1);
const LINE: [u32; ROW] = places(BLOCKS * BLOCK * BLOCK, BLOCK);
/// Size of the finest texel, metres, and how many sizes there are, each twice the one before: 1 cm to 5 m.
const FINEST_M: f64 = 0.01;
const LEVELS: u8 = 10;
/// Tiles that are kept, 0.27 MB each: a 1080p picture of a wide view shows about 150.
const TILES_MAX: usize = 220;
/// Pixels between two exact divisions by depth.
const SPAN: usize = 32;
/// Rows drawn together, span by span: what they show lies close together on the ground.
const ROWS: usize = 16;
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
    /// In blocks: see [`BLOCK`].
    texels: Vec<u32>,
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
        for top in (0..raster.height).step_by(ROWS) {
            for first in (0..raster.width).step_by(SPAN) {
                let columns = first..(first + SPAN).min(raster.width);
                for row in top..(top + ROWS).min(raster.height) {
                    self.draw_span(&plane, raster, row, columns.clone());
                }
            }
        }
    }

    fn draw_span(&mut self, plane: &Plane, raster: &mut Raster, row: usize, columns: std::ops::Range<usize>) {
        let (first, end, base) = (columns.start, columns.end, row * raster.width);
        let (x0, x1, y) = (first as f64 + 0.5, end as f64 + 0.5, row as f64 + 0.5);
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
        self.sample_span(level, plane.ground(x0, y), plane.ground(x1, y), &mut raster.colour[pixels]);
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
        let count = colours.len();
        let start = [fixed(start[0] - origin[0] as f64), fixed(start[1] - origin[1] as f64)];
        let last = [fixed(last[0] - origin[0] as f64), fixed(last[1] - origin[1] as f64)];
        let step = [(last[0] - start[0]) / count as i64, (last[1] - start[1]) / count as i64];
        let at = |offset: usize| [start[0] + step[0] * offset as i64, start[1] + step[1] * offset as i64];
        let within = |[x, y]: [i64; 2]| (0..SIDE_FIXED).contains(&x) && (0..SIDE_FIXED).contains(&y);
        // The first pixel too: on a tile's very edge rounding may put it a whole tile on.
        if within(at(0)) && within(at(count - 1)) {
            let texels = self.tile(key);
            let ([mut x, mut y], [step_x, step_y]) = (start.map(|part| part as u32), step.map(|part| part as u32));
            for colour in colours {
                *colour = bilinear(texels, x, y);
                (x, y) = (x.wrapping_add(step_x), y.wrapping_add(step_y));
            }
            return;
        }
        for (offset, colour) in colours.iter_mut().enumerate() {
            let [x, y] = at(offset);
            let over = [x.div_euclid(SIDE_FIXED), y.div_euclid(SIDE_FIXED)];
            let beside = TileKey { level, east: key.east + over[0] as i32, north: key.north + over[1] as i32 };
            *colour = bilinear(self.tile(beside), x.rem_euclid(SIDE_FIXED) as u32, y.rem_euclid(SIDE_FIXED) as u32);
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
    fn tile(&mut self, key: TileKey) -> &[u32] {
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
        let texels = in_blocks(&bake::bake(&self.model, &self.grain, &self.daylight, &lattice));
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

/// A tile's side in units of [`fixed`].
const SIDE_FIXED: i64 = SIDE << 16;

/// Texels in units of 1/65,536.
fn fixed(texels: f64) -> i64 {
    (texels * 65_536.0) as i64
}

const fn places(per_block: usize, within_block: usize) -> [u32; ROW] {
    let mut places = [0; ROW];
    let mut at = 0;
    while at < ROW {
        places[at] = (at / BLOCK * per_block + at % BLOCK * within_block) as u32;
        at += 1;
    }
    places
}

/// From rows of [`ROW`] texels.
fn in_blocks(rows: &[u32]) -> Vec<u32> {
    let mut blocks = vec![0; BLOCKS * BLOCKS * BLOCK * BLOCK];
    for (row, line) in rows.chunks_exact(ROW).zip(LINE) {
        for (texel, column) in row.iter().zip(COLUMN) {
            blocks[(line + column) as usize] = *texel;
        }
    }
    blocks
}

/// The four values of a colour in 16 bits each, so that one multiplication weighs all of them.
#[inline(always)]
fn spread(colour: u32) -> u64 {
    u64::from(colour & 0x00FF_00FF) | (u64::from(colour & 0xFF00_FF00) << 24)
}

/// The other way, of sums of values times 256.
#[inline(always)]
fn packed(sums: u64) -> u32 {
    let values = (sums >> 8) & 0x00FF_00FF_00FF_00FF;
    values as u32 | (values >> 24) as u32
}

/// The colour between four texels; x and y within the tile as [`fixed`] has them.
#[inline(always)]
fn bilinear(texels: &[u32], x: u32, y: u32) -> u32 {
    let (left, low) = ((x >> 16) as usize & 0xFF, (y >> 16) as usize & 0xFF);
    let (columns, lines) = ([COLUMN[left], COLUMN[left + 1]], [LINE[low], LINE[low + 1]]);
    let texel = |column: u32, line: u32| spread(texels[(column + line) as usize]);
    let (right, down) = (u64::from(x >> 8 & 0xFF), u64::from(y >> 8 & 0xFF));
    let both = (right * down) >> 8;
    packed(
        texel(columns[0], lines[0]) * (256 + both - right - down)
            + texel(columns[1], lines[0]) * (right - both)
            + texel(columns[0], lines[1]) * (down - both)
            + texel(columns[1], lines[1]) * both,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_spread_and_pack_without_loss() {
        for colour in [0, u32::MAX, 0x1234_5678, 0x00FF_00FF] {
            assert_eq!(packed(spread(colour) * 256), colour);
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
    fn every_texel_is_found_where_it_was_put() {
        let rows: Vec<u32> = (0..(ROW * ROW) as u32).collect();
        let blocks = in_blocks(&rows);
        for (x, y) in (0..ROW - 1).flat_map(|x| (0..ROW - 1).map(move |y| (x, y))) {
            assert_eq!(bilinear(&blocks, (x << 16) as u32, (y << 16) as u32), rows[y * ROW + x], "{x} {y}");
        }
    }

    #[test]
    fn the_middle_of_four_texels_is_their_mean() {
        let mut rows = vec![0; ROW * ROW];
        rows[ROW + 1] = u32::MAX;
        let mean = bilinear(&in_blocks(&rows), 1 << 15, 1 << 15).to_le_bytes();
        assert!(mean.iter().all(|value| (62..=64).contains(value)), "{mean:?}");
    }
}
