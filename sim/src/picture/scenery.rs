//! A site as a plan for the camera: widths of streets, lamps and trees beside them, bays and beacons in its lots.
//!
//! What a site does not say (where lamps and trees stand) follows from its streets by fixed rules, so that the same site always
//! looks the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use flight_types::{GeoPoint, LocalFrame, Ring};
use sim_camera::{Block, Lamp, LandCover, LandPatch, Plan, Street, StreetSurface, Tree, scramble};
use site_model::{LandKind, LotBeacon, Road, RoadClass, Site};

use super::lots;

/// Cells of the index of streets, metres.
const CELL_M: f64 = 40.0;
/// Between two lamps of a street, metres, and their height.
const LAMP_EACH_M: f64 = 30.0;
const LAMP_HEIGHT_M: f64 = 6.5;
/// From the kerb to posts and trunks, metres.
const LAMP_OFF_M: f64 = 0.6;
const TREE_OFF_M: f64 = 1.4;
/// Between two trees of an avenue, and between the places for trees in a park, metres.
const TREE_EACH_M: f64 = 11.0;
const PARK_EACH_M: f64 = 8.5;
/// Trees and lamps in all; a whole city is drawn with fewer of them.
const TREES_MAX: usize = 20_000;
const LAMPS_MAX: usize = 10_000;

/// A plan and the frame whose metres it is in.
#[derive(Debug, Clone)]
pub struct SitePlan {
    /// Origin of the plan: the middle of the site.
    pub frame: LocalFrame,
    /// What the camera draws.
    pub plan: Arc<Plan>,
}

/// Makes the plan of a site, its beacons with the unsigned addresses of their areas.
pub fn plan_of_site(site: &Site) -> SitePlan {
    plan_with_codes(site, &|_| None)
}

/// Makes the plan of a site; `text_of` says what a beacon's code reads, or leaves it to the unsigned address of its area.
pub fn plan_with_codes(site: &Site, text_of: &dyn Fn(&LotBeacon) -> Option<String>) -> SitePlan {
    let frame = LocalFrame::new(site.centre());
    let streets: Vec<Street> = site.roads.iter().map(|road| street(&frame, road)).collect();
    let buildings: Vec<Block> = site
        .buildings
        .iter()
        .map(|building| Block { ring: flat_ring(&frame, &building.ring), height_m: building.height_m })
        .collect();
    let around = Around::new(&streets, &buildings);
    let land: Vec<LandPatch> = site
        .land
        .iter()
        .map(|land| LandPatch {
            ring: flat_ring(&frame, &land.ring),
            cover: match land.kind {
                LandKind::Water => LandCover::Water,
                LandKind::Green => LandCover::Green,
            },
        })
        .collect();
    let mut plan = Plan { streets, land, buildings, ..Plan::default() };
    for lot in &site.lots {
        lots::draw(&frame, lot, text_of, &mut plan);
    }
    plan.lamps.extend(street_lamps(&plan, &around));
    plan.lamps.truncate(LAMPS_MAX);
    plan.trees = trees(&plan, &around);
    SitePlan { frame, plan: Arc::new(plan) }
}

pub(super) fn flat(frame: &LocalFrame, point: GeoPoint) -> [f64; 2] {
    let local = frame.to_local(point);
    [local.east_m, local.north_m]
}

pub(super) fn flat_ring(frame: &LocalFrame, ring: &Ring) -> Vec<[f64; 2]> {
    ring.corners().iter().map(|corner| flat(frame, *corner)).collect()
}

/// Carriageway by class, metres: lanes of 3 m and what Korean streets have of them.
fn street(frame: &LocalFrame, road: &Road) -> Street {
    let (width_m, surface) = match road.class {
        RoadClass::Motorway => (20.0, StreetSurface::Marked),
        RoadClass::Trunk => (16.0, StreetSurface::Marked),
        RoadClass::Primary => (14.0, StreetSurface::Marked),
        RoadClass::Secondary => (12.0, StreetSurface::Marked),
        RoadClass::Tertiary => (9.0, StreetSurface::Marked),
        RoadClass::Unclassified => (6.5, StreetSurface::Plain),
        RoadClass::Residential => (6.0, StreetSurface::Plain),
        RoadClass::LivingStreet => (5.0, StreetSurface::Plain),
        RoadClass::Service => (4.5, StreetSurface::Plain),
        RoadClass::Track => (3.0, StreetSurface::Paved),
        RoadClass::Pedestrian => (4.0, StreetSurface::Paved),
        RoadClass::Footway | RoadClass::Steps => (2.0, StreetSurface::Paved),
    };
    Street { line: road.line.iter().map(|point| flat(frame, *point)).collect(), width_m, surface }
}

/// What is near a place: street pieces and buildings by cell.
struct Around {
    pieces: Vec<([f64; 2], [f64; 2], f64)>,
    piece_cells: BTreeMap<(i64, i64), Vec<usize>>,
    rings: Vec<Vec<[f64; 2]>>,
    ring_cells: BTreeMap<(i64, i64), Vec<usize>>,
}

fn cells_of(points: &[[f64; 2]], margin_m: f64) -> Vec<(i64, i64)> {
    let bound = |axis: usize, start: f64, pick: fn(f64, f64) -> f64| points.iter().map(|p| p[axis]).fold(start, pick);
    let low = |axis: usize| ((bound(axis, f64::INFINITY, f64::min) - margin_m) / CELL_M).floor() as i64;
    let high = |axis: usize| ((bound(axis, f64::NEG_INFINITY, f64::max) + margin_m) / CELL_M).floor() as i64;
    (low(0)..=high(0)).flat_map(|x| (low(1)..=high(1)).map(move |y| (x, y))).collect()
}

impl Around {
    fn new(streets: &[Street], buildings: &[Block]) -> Self {
        let pieces: Vec<_> =
            streets.iter().flat_map(|street| street.line.windows(2).map(|pair| (pair[0], pair[1], street.width_m / 2.0))).collect();
        let rings: Vec<Vec<[f64; 2]>> = buildings.iter().map(|block| block.ring.clone()).collect();
        let mut piece_cells: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (index, (from, to, half_m)) in pieces.iter().enumerate() {
            for cell in cells_of(&[*from, *to], half_m + 3.0) {
                piece_cells.entry(cell).or_default().push(index);
            }
        }
        let mut ring_cells: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (index, ring) in rings.iter().enumerate() {
            for cell in cells_of(ring, 3.0) {
                ring_cells.entry(cell).or_default().push(index);
            }
        }
        Self { pieces, piece_cells, rings, ring_cells }
    }

    /// Whether something that needs `room_m` can stand here: beside carriageways and outside buildings.
    fn is_free(&self, place: [f64; 2], from_kerb_m: f64, room_m: f64) -> bool {
        let cell = ((place[0] / CELL_M).floor() as i64, (place[1] / CELL_M).floor() as i64);
        let near = |cells: &BTreeMap<(i64, i64), Vec<usize>>| cells.get(&cell).cloned().unwrap_or_default();
        let off_street = near(&self.piece_cells).into_iter().all(|index| {
            let (from, to, half_m) = self.pieces[index];
            lots::distance(from, to, place) > half_m + from_kerb_m
        });
        off_street
            && near(&self.ring_cells).into_iter().all(|index| {
                let ring = &self.rings[index];
                let edges = ring.iter().zip(ring.iter().cycle().skip(1));
                !lots::contains(ring, place) && edges.into_iter().all(|(a, b)| lots::distance(*a, *b, place) > room_m)
            })
    }
}

/// Places along a street's line every so often: the point, and the unit vector along.
fn stations(line: &[[f64; 2]], each_m: f64, first_m: f64) -> Vec<([f64; 2], [f64; 2])> {
    let mut found = Vec::new();
    let mut next_m = first_m;
    for pair in line.windows(2) {
        let step = [pair[1][0] - pair[0][0], pair[1][1] - pair[0][1]];
        let length_m = step[0].hypot(step[1]);
        while next_m < length_m {
            let share = next_m / length_m;
            let place = [pair[0][0] + step[0] * share, pair[0][1] + step[1] * share];
            found.push((place, [step[0] / length_m, step[1] / length_m]));
            next_m += each_m;
        }
        next_m -= length_m;
    }
    found
}

fn street_lamps(plan: &Plan, around: &Around) -> Vec<Lamp> {
    let mut lamps = Vec::new();
    for street in &plan.streets {
        let off_m = street.width_m / 2.0 + LAMP_OFF_M;
        for (number, (place, along)) in stations(&street.line, LAMP_EACH_M, LAMP_EACH_M / 2.0).into_iter().enumerate() {
            let side = if number % 2 == 0 { 1.0 } else { -1.0 };
            let right = [along[1] * side, -along[0] * side];
            let foot = [place[0] + right[0] * off_m, place[1] + right[1] * off_m];
            if around.is_free(foot, LAMP_OFF_M * 0.8, 0.4) {
                let heading_deg = (-right[0]).atan2(-right[1]).to_degrees();
                lamps.push(Lamp { place: foot, height_m: LAMP_HEIGHT_M, heading_deg });
            }
        }
    }
    lamps
}

fn trees(plan: &Plan, around: &Around) -> Vec<Tree> {
    let mut trees = Vec::new();
    for street in plan.streets.iter().filter(|street| street.surface == StreetSurface::Marked) {
        let off_m = street.width_m / 2.0 + TREE_OFF_M;
        for (place, along) in stations(&street.line, TREE_EACH_M, TREE_EACH_M * 0.3) {
            for side in [1.0, -1.0] {
                let foot = [place[0] + along[1] * side * off_m, place[1] - along[0] * side * off_m];
                if around.is_free(foot, TREE_OFF_M * 0.9, 1.2) {
                    trees.push(tree(foot, 5.5));
                }
            }
        }
    }
    for patch in plan.land.iter().filter(|patch| patch.cover == LandCover::Green) {
        park(&patch.ring, around, &mut trees);
    }
    trees.retain(|tree| plan.lots.iter().all(|lot| !lots::contains(lot, tree.place)));
    trees.truncate(TREES_MAX);
    trees
}

fn park(ring: &[[f64; 2]], around: &Around, trees: &mut Vec<Tree>) {
    for (x, y) in cells_of(ring, 0.0) {
        let per_cell = (CELL_M / PARK_EACH_M) as i64;
        for step in 0..per_cell * per_cell {
            let number = scramble((x as u64) << 40 ^ (y as u64) << 16 ^ step as u64);
            let jitter = [(number % 97) as f64 / 97.0, (number / 97 % 89) as f64 / 89.0];
            let at = |cell: i64, part: i64, jitter: f64| (cell as f64) * CELL_M + (part as f64 + 0.2 + 0.6 * jitter) * PARK_EACH_M;
            let place = [at(x, step % per_cell, jitter[0]), at(y, step / per_cell, jitter[1])];
            if !number.is_multiple_of(3) && lots::contains(ring, place) && around.is_free(place, 2.0, 2.5) {
                trees.push(tree(place, 6.0));
            }
        }
    }
}

fn tree(place: [f64; 2], about_m: f64) -> Tree {
    let number = scramble(place[0].to_bits() ^ place[1].to_bits().rotate_left(17));
    let size = 0.75 + 0.5 * (number % 101) as f64 / 101.0;
    Tree { place, height_m: about_m * size, crown_m: about_m * size * 0.32 }
}
