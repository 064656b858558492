//! The plan made ready for painting: single precision, with boxes round everything, and what follows from it (zebra crossings, shadows).

use std::collections::BTreeMap;

use super::bake::{LAMP_REACH_M, lamp_lux};
use super::coverage::{Lattice, cover};
use crate::geometry::{Area, Flat, twice_area};
use crate::plan::{Bay, LandCover, Plan, Street, StreetSurface};

/// Carriageways narrower than this get no zebra crossings.
const ZEBRA_STREET_M: f64 = 6.0;
/// From the edge of the crossing street to the middle of the stripes, and their length, metres.
const ZEBRA_AWAY_M: f64 = 3.2;
const ZEBRA_LONG_M: f32 = 3.0;

/// A straight piece of street.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub(crate) from: Flat,
    pub(crate) to: Flat,
    pub(crate) half_m: f32,
    pub(crate) street: usize,
    pub(crate) surface: StreetSurface,
    pub(crate) area: Area,
}

/// A ring with its box.
#[derive(Debug, Clone)]
pub(crate) struct Patch {
    pub(crate) ring: Vec<Flat>,
    pub(crate) area: Area,
}

/// A building's footprint, counterclockwise.
#[derive(Debug, Clone)]
pub(crate) struct Footprint {
    pub(crate) patch: Patch,
    pub(crate) height_m: f32,
}

/// A painted rectangle with its own axes.
#[derive(Debug, Clone)]
pub(crate) struct Painted {
    pub(crate) centre: Flat,
    /// Unit vector along.
    pub(crate) along: Flat,
    pub(crate) half_along_m: f32,
    pub(crate) half_across_m: f32,
    pub(crate) area: Area,
}

/// The plan, ready.
#[derive(Debug, Clone)]
pub(crate) struct GroundModel {
    pub(crate) segments: Vec<Segment>,
    pub(crate) land: Vec<(Patch, LandCover)>,
    pub(crate) lots: Vec<Patch>,
    pub(crate) bays: Vec<Painted>,
    pub(crate) zebras: Vec<Painted>,
    pub(crate) buildings: Vec<Footprint>,
    pub(crate) trees: Vec<[f32; 4]>,
    /// Place of the light, its height.
    pub(crate) lamps: Vec<[f32; 3]>,
    /// Numbers of the lamps in each cell of [`LAMP_CELL_M`].
    lamp_cells: BTreeMap<[i32; 2], Vec<usize>>,
}

/// Side of a cell of lamps: their reach, so that a place and its eight neighbours hold all that shine there.
const LAMP_CELL_M: f32 = LAMP_REACH_M;

fn lamp_cell(place: Flat) -> [i32; 2] {
    place.map(|metres| (metres / LAMP_CELL_M).floor() as i32)
}

impl GroundModel {
    pub(crate) fn new(plan: &Plan) -> Self {
        let lamps: Vec<[f32; 3]> = plan.lamps.iter().map(lamp_light).collect();
        let mut lamp_cells: BTreeMap<[i32; 2], Vec<usize>> = BTreeMap::new();
        for (number, [east, north, _]) in lamps.iter().enumerate() {
            lamp_cells.entry(lamp_cell([*east, *north])).or_default().push(number);
        }
        Self {
            segments: plan.streets.iter().enumerate().flat_map(|(index, street)| segments(index, street)).collect(),
            land: plan.land.iter().filter_map(|land| Some((patch(&land.ring)?, land.cover))).collect(),
            lots: plan.lots.iter().filter_map(|ring| patch(ring)).collect(),
            bays: plan.bays.iter().map(painted_bay).collect(),
            zebras: zebras(&plan.streets),
            buildings: plan
                .buildings
                .iter()
                .filter_map(|block| Some(Footprint { patch: patch(&block.ring)?, height_m: block.height_m as f32 }))
                .collect(),
            trees: plan
                .trees
                .iter()
                .map(|tree| [tree.place[0] as f32, tree.place[1] as f32, tree.height_m as f32, tree.crown_m as f32])
                .collect(),
            lamps,
            lamp_cells,
        }
    }

    /// The texels that a parking lot covers whole.
    pub(crate) fn hidden_by_lots(&self, lattice: &Lattice) -> Vec<bool> {
        let mut hidden = vec![false; lattice.side * lattice.side];
        for lot in self.lots.iter().filter(|lot| lot.area.meets(&lattice.area())) {
            cover(lattice, &lot.ring, |index, share| hidden[index] |= 1.0 <= share);
        }
        hidden
    }

    /// Light of the lamps at a place on the ground, lux.
    pub(crate) fn lamp_lux_at(&self, place: Flat) -> f32 {
        let [x, y] = lamp_cell(place);
        let cells = (-1..=1).flat_map(|across| (-1..=1).map(move |up| [x.saturating_add(across), y.saturating_add(up)]));
        let near = cells.filter_map(|cell| self.lamp_cells.get(&cell)).flatten().map(|number| self.lamps[*number]);
        near.map(|[east, north, height_m]| lamp_lux((place[0] - east).hypot(place[1] - north), height_m)).sum()
    }
}

/// Where a lamp's light hangs, and its height.
fn lamp_light(lamp: &crate::plan::Lamp) -> [f32; 3] {
    let [east, north] = lamp_head(lamp);
    [east as f32, north as f32, lamp.height_m as f32]
}

/// How far a lamp's light hangs out over the street, metres.
pub(crate) const LAMP_ARM_M: f64 = 1.2;

/// Where a lamp's light hangs.
pub(crate) fn lamp_head(lamp: &crate::plan::Lamp) -> [f64; 2] {
    let (sin, cos) = lamp.heading_deg.to_radians().sin_cos();
    [lamp.place[0] + LAMP_ARM_M * sin, lamp.place[1] + LAMP_ARM_M * cos]
}

fn flat(point: &[f64; 2]) -> Flat {
    [point[0] as f32, point[1] as f32]
}

/// A ring with at least three corners, counterclockwise.
fn patch(ring: &[[f64; 2]]) -> Option<Patch> {
    let mut ring: Vec<Flat> = ring.iter().map(flat).collect();
    if ring.len() < 3 || !ring.iter().flatten().all(|value| value.is_finite()) {
        return None;
    }
    if twice_area(&ring) < 0.0 {
        ring.reverse();
    }
    let area = Area::of(&ring);
    Some(Patch { ring, area })
}

fn segments(index: usize, street: &Street) -> Vec<Segment> {
    let half_m = (street.width_m / 2.0) as f32;
    let piece = |pair: &[[f64; 2]]| {
        let (from, to) = (flat(&pair[0]), flat(&pair[1]));
        let area = Area::of(&[from, to]).grown(half_m + PAVEMENT_M + 0.5);
        Segment { from, to, half_m, street: index, surface: street.surface, area }
    };
    street.line.windows(2).map(piece).collect()
}

/// Pavement beside a carriageway, metres.
pub(crate) const PAVEMENT_M: f32 = 2.0;

fn painted(centre: [f64; 2], heading_deg: f64, half_along_m: f32, half_across_m: f32) -> Painted {
    let (sin, cos) = heading_deg.to_radians().sin_cos();
    let centre = flat(&centre);
    let area = Area { low: centre, high: centre }.grown(half_along_m.hypot(half_across_m) + 0.3);
    Painted { centre, along: [sin as f32, cos as f32], half_along_m, half_across_m, area }
}

fn painted_bay(bay: &Bay) -> Painted {
    painted(bay.centre, bay.heading_deg, (bay.length_m / 2.0) as f32, (bay.width_m / 2.0) as f32)
}

/// Stripes across each marked arm of every place where three or more arms meet.
fn zebras(streets: &[Street]) -> Vec<Painted> {
    let mut nodes: BTreeMap<[u64; 2], Vec<(usize, usize)>> = BTreeMap::new();
    for (index, street) in streets.iter().enumerate().filter(|(_, street)| street.surface != StreetSurface::Paved) {
        for (at, point) in street.line.iter().enumerate() {
            nodes.entry(point.map(f64::to_bits)).or_default().push((index, at));
        }
    }
    let mut found = Vec::new();
    for visits in nodes.values().filter(|visits| visits.len() > 1) {
        let arms: Vec<(usize, usize, bool)> = visits.iter().flat_map(|(index, at)| arms(&streets[*index], *index, *at)).collect();
        if arms.len() < 3 {
            continue;
        }
        for (index, at, forward) in &arms {
            let widest = visits.iter().filter(|(other, _)| other != index).map(|(other, _)| streets[*other].width_m);
            let away_m = widest.fold(0.0, f64::max) / 2.0 + ZEBRA_AWAY_M;
            found.extend(zebra(&streets[*index], *at, *forward, away_m));
        }
    }
    found
}

/// The ways that lead from a street's point: on along its line, and back.
fn arms(street: &Street, index: usize, at: usize) -> Vec<(usize, usize, bool)> {
    let on = (at + 1 < street.line.len()).then_some((index, at, true));
    let back = (at > 0).then_some((index, at, false));
    on.into_iter().chain(back).collect()
}

fn zebra(street: &Street, at: usize, forward: bool, away_m: f64) -> Option<Painted> {
    if street.surface != StreetSurface::Marked || street.width_m < ZEBRA_STREET_M {
        return None;
    }
    let way: Vec<[f64; 2]> = if forward { street.line[at..].to_vec() } else { street.line[..=at].iter().rev().copied().collect() };
    let mut left_m = away_m;
    for pair in way.windows(2) {
        let step = [pair[1][0] - pair[0][0], pair[1][1] - pair[0][1]];
        let length_m = step[0].hypot(step[1]);
        if length_m >= left_m && length_m > 0.0 {
            let share = left_m / length_m;
            let centre = [pair[0][0] + step[0] * share, pair[0][1] + step[1] * share];
            let heading_deg = step[0].atan2(step[1]).to_degrees();
            return Some(painted(centre, heading_deg, ZEBRA_LONG_M / 2.0, (street.width_m / 2.0) as f32 - 0.5));
        }
        left_m -= length_m;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn street(line: Vec<[f64; 2]>) -> Street {
        Street { line, width_m: 8.0, surface: StreetSurface::Marked }
    }

    #[test]
    fn a_crossroads_has_four_zebras_and_a_mere_joint_has_none() {
        let along = street(vec![[-50.0, 0.0], [0.0, 0.0], [50.0, 0.0]]);
        let across = street(vec![[0.0, -50.0], [0.0, 0.0], [0.0, 50.0]]);
        assert_eq!(zebras(&[along.clone(), across]).len(), 4);
        let further = street(vec![[50.0, 0.0], [90.0, 0.0]]);
        assert_eq!(zebras(&[along, further]).len(), 0);
    }
}
