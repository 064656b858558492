//! Paints one tile of the ground: colours from the plan, and how much of the sun's or the lamps' light arrives at each texel.
//!
//! Colours are square roots of reflectance times 255. Every feature is painted with soft edges one texel wide, so that a tile of
//! any texel size is a fair reduction of the finer ones.

use super::coverage::{Lattice, cover};
use super::grain::Grain;
use super::model::{Footprint, GroundModel, PAVEMENT_M, Painted, Segment};
use crate::daylight::{Daylight, LAMP_LUX_MAX};
use crate::geometry::{Area, Flat};
use crate::image::pack;
use crate::plan::{LandCover, StreetSurface};

type Colour = [f32; 3];

const ASPHALT: Colour = [84.0, 85.0, 88.0];
const LOT_ASPHALT: Colour = [92.0, 92.0, 94.0];
const PAVING: Colour = [150.0, 143.0, 134.0];
const PATH: Colour = [160.0, 146.0, 128.0];
const KERB: Colour = [182.0, 179.0, 172.0];
const CONCRETE: Colour = [138.0, 135.0, 127.0];
const SOIL: Colour = [132.0, 122.0, 106.0];
const GRASS: Colour = [84.0, 106.0, 58.0];
const DRY_GRASS: Colour = [122.0, 122.0, 72.0];
const WATER: Colour = [48.0, 74.0, 88.0];
const WHITE: Colour = [222.0, 222.0, 218.0];
const YELLOW: Colour = [218.0, 166.0, 44.0];
const UNDER_BUILDING: Colour = [70.0, 68.0, 66.0];
/// Painted lines, metres: road lines 15 cm, bay lines 12 cm.
const ROAD_LINE_M: f32 = 0.15;
const BAY_LINE_M: f32 = 0.12;
/// Zebra stripes and the gaps between them, metres.
const STRIPE_M: f32 = 0.5;
/// Light of a lamp reaches this far, metres.
pub(super) const LAMP_REACH_M: f32 = 40.0;
/// Candela of a street lamp on its axis.
const LAMP_CD: f32 = 1_050.0;
/// The lamps' light is worked out at nodes at most this far apart, metres.
const LAMP_NODE_M: f32 = 1.5;
/// Longest shadow that is drawn, metres: with the sun at the horizon all is shadow anyway.
const SHADOW_M_MAX: f32 = 250.0;
/// Share of sunlight that a crown lets through.
const THROUGH_CROWN: f32 = 0.25;

/// Paints a tile.
pub(crate) fn bake(model: &GroundModel, grain: &Grain, daylight: &Daylight, lattice: &Lattice) -> Vec<u32> {
    let mut canvas = Canvas::new(grain, *lattice);
    canvas.paint_yards(&model.hidden_by_lots(lattice));
    canvas.paint_land(model);
    canvas.paint_lots(model);
    canvas.paint_streets(model);
    canvas.paint_buildings(model);
    let light = if daylight.lamps { lamp_light(model, lattice) } else { sunlight(model, daylight, lattice) };
    let texel = |(colour, light): (&Colour, &f32)| {
        let part = |value: f32| (value + 0.5).clamp(0.0, 255.0) as u8;
        pack(colour.map(part), part(light * 255.0))
    };
    canvas.colours.iter().zip(&light).map(texel).collect()
}

struct Canvas<'a> {
    grain: &'a Grain,
    lattice: Lattice,
    area: Area,
    colours: Vec<Colour>,
}

fn mix(a: Colour, b: Colour, share: f32) -> Colour {
    std::array::from_fn(|i| a[i] + (b[i] - a[i]) * share)
}

fn tinted(colour: Colour, factor: f32) -> Colour {
    colour.map(|part| part * factor)
}

impl<'a> Canvas<'a> {
    fn new(grain: &'a Grain, lattice: Lattice) -> Self {
        Self { grain, lattice, area: lattice.area(), colours: vec![CONCRETE; lattice.side * lattice.side] }
    }

    fn noise(&self, at: Flat, wave_m: f32) -> f32 {
        self.grain.at(at[0], at[1], wave_m, self.lattice.texel_m)
    }

    fn place(&self, index: usize) -> Flat {
        self.lattice.place(index % self.lattice.side, index / self.lattice.side)
    }

    /// What lies between houses: concrete yards, soil, tufts. Most of the work of a tile; left out where it will not be seen.
    fn paint_yards(&mut self, hidden: &[bool]) {
        for index in (0..self.colours.len()).filter(|index| !hidden[*index]) {
            let at = self.place(index);
            let coarse = self.noise(at, 14.0) + 0.35 * self.noise(at, 3.7) + 0.12 * self.noise(at, 0.6);
            let fine = 1.0 + 0.05 * self.noise(at, 2.3) + 0.05 * self.noise(at, 0.09) + 0.05 * self.noise(at, 0.03);
            let green = ((coarse - 0.42) * 9.0).clamp(0.0, 1.0);
            let soil = ((-0.45 - coarse) * 6.0).clamp(0.0, 1.0);
            let mut bare = mix(tinted(CONCRETE, 1.0 - 0.16 * self.joint(at)), SOIL, soil);
            bare = tinted(bare, fine);
            self.colours[index] = if green > 0.0 { mix(bare, self.grass(at), green) } else { bare };
        }
    }

    /// Joints of cast concrete, every three metres.
    fn joint(&self, at: Flat) -> f32 {
        const EACH_M: f32 = 3.0;
        let near = |metres: f32| {
            let off = (metres / EACH_M - (metres / EACH_M).round()).abs() * EACH_M;
            line_share(off, 0.03, self.lattice.texel_m)
        };
        near(at[0]).max(near(at[1]))
    }

    fn grass(&self, at: Flat) -> Colour {
        let dry = (0.35 + 0.5 * self.noise(at, 7.0) + 0.25 * self.noise(at, 1.3)).clamp(0.0, 1.0);
        let blades = 1.0 + 0.10 * self.noise(at, 0.11) + 0.08 * self.noise(at, 0.035);
        tinted(mix(GRASS, DRY_GRASS, dry * 0.6), blades)
    }

    fn water(&self, at: Flat) -> Colour {
        tinted(WATER, 1.0 + 0.07 * self.noise([at[0], at[1] * 2.5], 1.1) + 0.05 * self.noise(at, 6.0))
    }

    fn asphalt(&self, base: Colour, at: Flat) -> Colour {
        let worn = 0.05 * self.noise(at, 4.0) + 0.04 * self.noise(at, 0.8);
        let stones = 0.07 * self.noise(at, 0.045) + 0.07 * self.noise(at, 0.018);
        tinted(base, 1.0 + worn + stones)
    }

    fn paint_land(&mut self, model: &GroundModel) {
        for (patch, land) in model.land.iter().filter(|(patch, _)| patch.area.meets(&self.area)) {
            let lattice = self.lattice;
            let mut painted = Vec::new();
            cover(&lattice, &patch.ring, |index, share| painted.push((index, share)));
            for (index, share) in painted {
                let at = self.place(index);
                let colour = match land {
                    LandCover::Green => self.grass(at),
                    LandCover::Water => self.water(at),
                };
                self.colours[index] = mix(self.colours[index], colour, share);
            }
        }
    }

    fn paint_lots(&mut self, model: &GroundModel) {
        for patch in model.lots.iter().filter(|patch| patch.area.meets(&self.area)) {
            let lattice = self.lattice;
            let mut painted = Vec::new();
            cover(&lattice, &patch.ring, |index, share| painted.push((index, share)));
            for (index, share) in painted {
                let colour = self.asphalt(LOT_ASPHALT, self.place(index));
                self.colours[index] = mix(self.colours[index], colour, share);
            }
        }
        let area = self.area;
        for bay in model.bays.iter().filter(|bay| bay.area.meets(&area)) {
            self.paint_bay(bay);
        }
    }

    /// Lines left, right and at the far end of a bay, and oil where engines stand.
    fn paint_bay(&mut self, bay: &Painted) {
        let texel_m = self.lattice.texel_m;
        self.paint_in(bay, |canvas, index, along, across| {
            let side = line_share(across.abs() - bay.half_across_m, BAY_LINE_M, texel_m);
            let end = line_share(along - bay.half_along_m, BAY_LINE_M, texel_m);
            let line = if along.abs() > bay.half_along_m + BAY_LINE_M || across.abs() > bay.half_across_m + BAY_LINE_M {
                0.0
            } else {
                side.max(end)
            };
            let at = canvas.place(index);
            let engine = 1.0 - (along * along / 1.4 + across * across / 0.3);
            let mut ground = canvas.colours[index];
            if 0.0 < engine {
                ground = tinted(ground, 1.0 - 0.25 * engine * (0.5 + 0.5 * canvas.noise(at, 0.9)).max(0.0));
            }
            // Most of a bay is neither line nor oil, and a lot is mostly bays.
            if 0.0 < line { mix(ground, canvas.paint(WHITE, at), line) } else { ground }
        });
    }

    /// Paint with wear.
    fn paint(&self, colour: Colour, at: Flat) -> Colour {
        let worn = (0.12 + 0.25 * self.noise(at, 0.5) + 0.25 * self.noise(at, 0.06)).clamp(0.0, 0.5);
        mix(colour, ASPHALT, worn)
    }

    /// Runs over the texels of a painted rectangle with their place along and across it.
    fn paint_in(&mut self, piece: &Painted, colour: impl Fn(&Self, usize, f32, f32) -> Colour) {
        let rows = self.lattice.between(1, piece.area.low[1], piece.area.high[1]);
        for y in rows {
            for x in self.lattice.between(0, piece.area.low[0], piece.area.high[0]) {
                let (index, at) = (y * self.lattice.side + x, self.lattice.place(x, y));
                let (east, north) = (at[0] - piece.centre[0], at[1] - piece.centre[1]);
                let along = east * piece.along[0] + north * piece.along[1];
                let across = east * piece.along[1] - north * piece.along[0];
                self.colours[index] = colour(self, index, along, across);
            }
        }
    }

    fn paint_streets(&mut self, model: &GroundModel) {
        let near: Vec<&Segment> = model.segments.iter().filter(|segment| segment.area.meets(&self.area)).collect();
        if near.is_empty() {
            return;
        }
        let mut nearest = vec![NearStreet::default(); self.colours.len()];
        for segment in near {
            note_segment(&self.lattice, segment, &mut nearest);
        }
        for (index, street) in nearest.iter().enumerate() {
            self.paint_path(index, street);
            self.paint_carriageway(index, street);
        }
        let area = self.area;
        for zebra in model.zebras.iter().filter(|zebra| zebra.area.meets(&area)) {
            self.paint_zebra(zebra);
        }
    }

    fn paint_path(&mut self, index: usize, street: &NearStreet) {
        let share = edge_share(street.path_m, self.lattice.texel_m);
        if share > 0.0 {
            let at = self.place(index);
            self.colours[index] = mix(self.colours[index], self.slabs(PATH, at), share);
        }
    }

    /// Paving of 30 cm slabs.
    fn slabs(&self, colour: Colour, at: Flat) -> Colour {
        let joint = |metres: f32| {
            let off = (metres / 0.3 - (metres / 0.3).round()).abs() * 0.3;
            line_share(off, 0.02, self.lattice.texel_m)
        };
        let joints = joint(at[0]).max(joint(at[1]));
        let stone = [(at[0] / 0.3).round() * 0.3, (at[1] / 0.3).round() * 0.3];
        let tone = 0.06 * self.noise(stone, 0.31) + 0.05 * self.noise(at, 5.0) + 0.04 * self.noise(at, 0.04);
        tinted(colour, 1.0 + tone - 0.13 * joints)
    }

    fn paint_carriageway(&mut self, index: usize, street: &NearStreet) {
        let texel_m = self.lattice.texel_m;
        let pavement = edge_share(street.edge_m - PAVEMENT_M, texel_m);
        if pavement <= 0.0 {
            return;
        }
        let at = self.place(index);
        let mut colour = mix(self.colours[index], self.slabs(PAVING, at), pavement);
        colour = mix(colour, tinted(KERB, 1.0 + 0.05 * self.noise(at, 0.7)), edge_share(street.edge_m - 0.16, texel_m));
        let road = edge_share(street.edge_m, texel_m);
        if road > 0.0 {
            let mut asphalt = self.asphalt(ASPHALT, at);
            // Water runs along the kerb and takes the dust there; wheels polish two tracks on each side.
            asphalt = tinted(asphalt, 1.0 + 0.10 * (1.0 + street.edge_m / 0.35).clamp(0.0, 1.0));
            asphalt = self.lines(asphalt, street, at);
            colour = mix(colour, asphalt, road);
        }
        self.colours[index] = colour;
    }

    fn lines(&self, asphalt: Colour, street: &NearStreet, at: Flat) -> Colour {
        let texel_m = self.lattice.texel_m;
        // Where another street runs through, or is about to, there are no lines.
        let crossing = street.second_m < 5.5;
        if street.surface != Some(StreetSurface::Marked) || crossing {
            return asphalt;
        }
        let middle = line_share(street.middle_m, ROAD_LINE_M, texel_m);
        let side = line_share(street.edge_m + 0.35, ROAD_LINE_M, texel_m);
        let with_middle = mix(asphalt, self.paint(YELLOW, at), middle);
        mix(with_middle, self.paint(WHITE, at), side)
    }

    fn paint_zebra(&mut self, zebra: &Painted) {
        let texel_m = self.lattice.texel_m;
        self.paint_in(zebra, |canvas, index, along, across| {
            let inside =
                edge_share(along.abs() - zebra.half_along_m, texel_m) * edge_share(across.abs() - zebra.half_across_m, texel_m);
            let period_m = 2.0 * STRIPE_M;
            let off_m = (across / period_m - (across / period_m).round()).abs() * period_m;
            let stripe = line_share(off_m, STRIPE_M, texel_m);
            let stop = line_share(along - zebra.half_along_m - 1.2, 0.4, texel_m)
                * edge_share(across.abs() - zebra.half_across_m, texel_m)
                * f32::from(u8::from(across > 0.1));
            let at = canvas.place(index);
            mix(canvas.colours[index], canvas.paint(WHITE, at), (stripe * inside).max(stop))
        });
    }

    /// The ground darkens towards walls: less of the sky is seen there.
    fn paint_buildings(&mut self, model: &GroundModel) {
        for building in model.buildings.iter().filter(|building| building.patch.area.grown(1.6).meets(&self.area)) {
            let lattice = self.lattice;
            for y in lattice.between(1, building.patch.area.low[1] - 1.5, building.patch.area.high[1] + 1.5) {
                for x in lattice.between(0, building.patch.area.low[0] - 1.5, building.patch.area.high[0] + 1.5) {
                    let near = (1.0 - ring_distance(&building.patch.ring, lattice.place(x, y)) / 1.5).clamp(0.0, 1.0);
                    if near > 0.0 {
                        let colour = &mut self.colours[y * lattice.side + x];
                        *colour = tinted(*colour, 1.0 - 0.30 * near * near);
                    }
                }
            }
            let mut painted = Vec::new();
            cover(&lattice, &building.patch.ring, |index, share| painted.push((index, share)));
            for (index, share) in painted {
                self.colours[index] = mix(self.colours[index], UNDER_BUILDING, share);
            }
        }
    }
}

fn ring_distance(ring: &[Flat], at: Flat) -> f32 {
    let mut nearest = f32::INFINITY;
    let mut before = ring[ring.len() - 1];
    for corner in ring.iter().copied() {
        nearest = nearest.min(segment_distance(before, corner, at));
        before = corner;
    }
    nearest
}

fn segment_distance(from: Flat, to: Flat, at: Flat) -> f32 {
    let (x, y) = (to[0] - from[0], to[1] - from[1]);
    let (px, py) = (at[0] - from[0], at[1] - from[1]);
    let along = ((px * x + py * y) / (x * x + y * y).max(1e-9)).clamp(0.0, 1.0);
    (px - x * along).hypot(py - y * along)
}

/// Share of a texel on the inner side of an edge that is `off_m` away (inside negative).
fn edge_share(off_m: f32, texel_m: f32) -> f32 {
    (0.5 - off_m / texel_m).clamp(0.0, 1.0)
}

/// Share of a texel that a line of this width covers whose middle is `off_m` away.
fn line_share(off_m: f32, width_m: f32, texel_m: f32) -> f32 {
    let most = (width_m / texel_m).min(1.0);
    ((width_m / 2.0 - off_m.abs()) / texel_m + 0.5).clamp(0.0, most)
}

/// The street under or near a texel.
#[derive(Debug, Clone, Copy)]
struct NearStreet {
    /// To the carriageway's edge, inside negative, metres.
    edge_m: f32,
    /// The same for the next other street.
    second_m: f32,
    /// To the middle line of the nearest, metres.
    middle_m: f32,
    /// To the edge of a path for people on foot.
    path_m: f32,
    street: usize,
    surface: Option<StreetSurface>,
}

impl Default for NearStreet {
    fn default() -> Self {
        const FAR: f32 = 1e6;
        Self { edge_m: FAR, second_m: FAR, middle_m: FAR, path_m: FAR, street: usize::MAX, surface: None }
    }
}

fn note_segment(lattice: &Lattice, segment: &Segment, nearest: &mut [NearStreet]) {
    // Lines end up to here before a crossing street's edge.
    let area = segment.area.grown(6.0);
    for y in lattice.between(1, area.low[1], area.high[1]) {
        for x in lattice.between(0, area.low[0], area.high[0]) {
            let off_m = segment_distance(segment.from, segment.to, lattice.place(x, y));
            let street = &mut nearest[y * lattice.side + x];
            if segment.surface == StreetSurface::Paved {
                street.path_m = street.path_m.min(off_m - segment.half_m);
            } else {
                street.note(segment, off_m);
            }
        }
    }
}

impl NearStreet {
    fn note(&mut self, segment: &Segment, off_m: f32) {
        let edge_m = off_m - segment.half_m;
        if segment.street == self.street {
            if edge_m < self.edge_m {
                (self.edge_m, self.middle_m) = (edge_m, off_m);
            }
        } else if edge_m < self.edge_m {
            self.second_m = self.edge_m;
            (self.edge_m, self.middle_m, self.street, self.surface) = (edge_m, off_m, segment.street, Some(segment.surface));
        } else {
            self.second_m = self.second_m.min(edge_m);
        }
    }
}

fn lamp_light(model: &GroundModel, lattice: &Lattice) -> Vec<f32> {
    let step = ((LAMP_NODE_M / lattice.texel_m) as usize).clamp(1, 16);
    let nodes = (lattice.side - 1).div_ceil(step) + 1;
    let coarse = Lattice { low: lattice.low, texel_m: lattice.texel_m * step as f32, side: nodes };
    let area = coarse.area();
    let mut lux = vec![0.0f32; nodes * nodes];
    for [east, north, height] in &model.lamps {
        let reach = Area { low: [*east, *north], high: [*east, *north] }.grown(LAMP_REACH_M);
        if !reach.meets(&area) {
            continue;
        }
        for y in coarse.between(1, reach.low[1], reach.high[1]) {
            for x in coarse.between(0, reach.low[0], reach.high[0]) {
                let at = coarse.place(x, y);
                lux[y * nodes + x] += lamp_lux((at[0] - east).hypot(at[1] - north), *height);
            }
        }
    }
    let level = |index: usize| {
        let (x, y) = (index % lattice.side, index / lattice.side);
        let (left, low) = (x / step, y / step);
        let (right, high) = ((left + 1).min(nodes - 1), (low + 1).min(nodes - 1));
        let (share_x, share_y) = ((x % step) as f32 / step as f32, (y % step) as f32 / step as f32);
        let row = |at: usize| lux[at * nodes + left] * (1.0 - share_x) + lux[at * nodes + right] * share_x;
        let here = row(low) * (1.0 - share_y) + row(high) * share_y;
        (here / LAMP_LUX_MAX).min(1.0).sqrt()
    };
    (0..lattice.side * lattice.side).map(level).collect()
}

/// Light on the ground this far from a lamp's foot: even over 40° each way, falling off beyond, cosine and square law.
pub(crate) fn lamp_lux(off_m: f32, height_m: f32) -> f32 {
    let way2 = off_m * off_m + height_m * height_m;
    let cosine = height_m / way2.sqrt();
    let beam = ((cosine - 0.16) / 0.6).clamp(0.0, 1.0);
    LAMP_CD * beam * cosine / way2
}

/// Root of the share of sunlight that arrives at each texel.
fn sunlight(model: &GroundModel, daylight: &Daylight, lattice: &Lattice) -> Vec<f32> {
    let mut light = vec![1.0f32; lattice.side * lattice.side];
    let [east, north, up] = daylight.sun;
    let per_m = [-east / up.max(0.01), -north / up.max(0.01)];
    let area = lattice.area();
    for building in &model.buildings {
        let throw = thrown(per_m, building.height_m);
        let reach = building.patch.area.grown(throw[0].hypot(throw[1]));
        if reach.meets(&area) {
            shade_by(building, throw, lattice, &mut light);
        }
    }
    for tree in &model.trees {
        shade_by_tree(tree, per_m, lattice, &area, &mut light);
    }
    light
}

fn thrown(per_m: Flat, height_m: f32) -> Flat {
    let throw = [per_m[0] * height_m, per_m[1] * height_m];
    let length = throw[0].hypot(throw[1]);
    let factor = (SHADOW_M_MAX / length.max(1e-6)).min(1.0);
    [throw[0] * factor, throw[1] * factor]
}

/// The shadow of a box with this footprint is the footprint swept along the throw: both ends and what each edge sweeps.
fn shade_by(building: &Footprint, throw: Flat, lattice: &Lattice, light: &mut [f32]) {
    let ring = &building.patch.ring;
    let mut darken = |part: &[Flat]| cover(lattice, part, |index, share| light[index] = light[index].min(1.0 - share));
    let moved = |point: Flat| [point[0] + throw[0], point[1] + throw[1]];
    let far: Vec<Flat> = ring.iter().copied().map(moved).collect();
    darken(ring);
    darken(&far);
    let mut before = ring[ring.len() - 1];
    for corner in ring.iter().copied() {
        darken(&[before, corner, moved(corner), moved(before)]);
        before = corner;
    }
}

fn shade_by_tree(tree: &[f32; 4], per_m: Flat, lattice: &Lattice, area: &Area, light: &mut [f32]) {
    let [east, north, height, crown] = *tree;
    let middle = thrown(per_m, height - crown);
    let centre = [east + middle[0], north + middle[1]];
    let stretch = thrown(per_m, crown * 0.9);
    let long = crown + stretch[0].hypot(stretch[1]);
    let reach = Area { low: centre, high: centre }.grown(long);
    if !reach.meets(area) {
        return;
    }
    let way = stretch[0].hypot(stretch[1]).max(1e-4);
    let (x, y) = (stretch[0] / way, stretch[1] / way);
    for row in lattice.between(1, reach.low[1], reach.high[1]) {
        for column in lattice.between(0, reach.low[0], reach.high[0]) {
            let at = lattice.place(column, row);
            let off = [at[0] - centre[0], at[1] - centre[1]];
            let (along, across) = (off[0] * x + off[1] * y, off[0] * y - off[1] * x);
            let round = (along / (crown * 0.5 + long * 0.5)).hypot(across / crown);
            // Leaves make a ragged edge.
            let ragged = 0.10 * ((at[0] * 5.1).sin() + (at[1] * 4.7 + at[0] * 2.0).sin());
            let share = ((1.0 - round + ragged) * crown / (lattice.texel_m + 0.25)).clamp(0.0, 1.0);
            let index = row * lattice.side + column;
            light[index] = light[index].min(1.0 - share * (1.0 - THROUGH_CROWN.sqrt()));
        }
    }
}
