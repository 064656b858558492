//! The path that sees a whole lot: lanes at the best angle, joined inside the lot, with detours to what they miss.
//!
//! Several angles, lane counts and insets are tried on a coarse grid; the best few are mended and measured on a fine one. A
//! place is seen when the path passes within half a swath of it.

use std::f64::consts::PI;

use crate::area::Area;
use crate::grid::Grid;
use crate::lanes::{Cell, MANNERS, Rows, cells};
use crate::lot::Lot;
use crate::plane::{Point, foot, length_m};
use crate::tighten::tightened;
use crate::way::{Sights, Ways};

/// The narrowest swath: below it a lot has more lanes than a battery lasts.
pub const SWATH_M_MIN: f64 = 0.5;
/// The widest: what a camera sees from the highest height that is legal without leave (120 m).
pub const SWATH_M_MAX: f64 = 200.0;

/// Lanes beyond this are a mistake in lot or swath.
const LANES_MAX: f64 = 4_000.0;
/// Points that candidates are compared on: two per cent of a lot are 15 of them.
const COARSE_POINTS: f64 = 700.0;
/// Points that the result is measured on.
const FINE_POINTS: f64 = 4_000.0;
/// Angles tried: the longest sides' directions.
const ANGLES_MAX: usize = 6;
/// Sides within this angle have one direction, radians (3 degrees).
const ANGLE_SAME: f64 = 0.052;
/// Candidates that are mended.
const MENDED_MAX: usize = 4;
/// Rounds of detours for one candidate, each looking anew at what is missed.
const ROUNDS_MAX: usize = 6;
/// Missed pieces that get a detour in one round, the largest first.
const PIECES_MAX: usize = 12;
/// Bends that are tried for a piece, the cheapest first.
const BENDS_MAX: usize = 6;
/// Mending ends here; the last thousandths cost more way than they show ground.
const SHARE_WANTED: f64 = 0.9965;
/// Below this a sweep is not finished, whatever it costs.
const SHARE_NEEDED: f64 = 0.985;
/// So much of the ground is still seen when a long path was made shorter, by the points that it is made shorter on, and
const SHARE_TIGHTENED: f64 = 0.9835;
/// by those that the result is measured on: two lattices differ by some thousandths.
const SHARE_LEAST: f64 = 0.981;
/// Between the two, mending ends when the path is this much longer than area over swath.
const LENGTH_RATIO_WANTED: f64 = 1.12;
/// How far lanes end from the border, in half swaths.
const INSETS: [f64; 3] = [0.85, 0.6, 0.3];

/// Why no sweep can be planned.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum SweepError {
    /// A swath that no camera has.
    #[error("the swath must be between {SWATH_M_MIN} and {SWATH_M_MAX} m, not {0}")]
    Swath(f64),
    /// Too many lanes.
    #[error("the lot needs {0:.0} lanes of this swath; at most {LANES_MAX} are planned")]
    TooManyLanes(f64),
}

/// A path over a lot, with what it is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Sweep {
    /// Corner by corner.
    pub path: Vec<Point>,
    /// Its length, metres.
    pub length_m: f64,
    /// The share of the ground within half a swath of it, 0 to 1.
    pub coverage: f64,
    /// Length times swath over area: 1 when nothing is seen twice.
    pub length_ratio: f64,
    /// The direction of its lanes, degrees left round from east, 0 to 180.
    pub lanes_deg: f64,
}

impl Sweep {
    /// Changes of direction.
    pub fn turns(&self) -> usize {
        self.path.len().saturating_sub(2)
    }
}

/// Plans a sweep with the given swath (the overlap between lanes already taken off), metres.
pub fn sweep(lot: &Lot, swath_m: f64) -> Result<Sweep, SweepError> {
    sweep_area(&Area::whole(lot), swath_m)
}

/// The same for a lot of which not all may be flown over.
pub(crate) fn sweep_area(area: &Area, swath_m: f64) -> Result<Sweep, SweepError> {
    swept(area, swath_m, &angles(area.drawn()), Lanes::Tightened)
}

/// The same with lanes in this direction, degrees left round from east.
pub(crate) fn sweep_aligned(area: &Area, swath_m: f64, lanes_deg: f64) -> Result<Sweep, SweepError> {
    swept(area, swath_m, &[lanes_deg.to_radians()], Lanes::Tightened)
}

/// What becomes of lanes when they are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lanes {
    /// They stay where they are: between them something is to lie whole in a picture.
    Kept,
    /// They are drawn in where little is seen from them alone.
    Tightened,
}

/// The same with lanes that stay where they are, in one of these directions, radians left round from east.
pub(crate) fn sweep_along(area: &Area, swath_m: f64, angles: &[f64]) -> Result<Sweep, SweepError> {
    swept(area, swath_m, angles, Lanes::Kept)
}

/// An area with what is to be seen of it, square metres.
struct Seeing<'a> {
    area: &'a Area,
    swath_m: f64,
    seen_m2: f64,
}

impl Seeing<'_> {
    /// Length times swath over what is to be seen.
    fn length_ratio(&self, length_m: f64) -> f64 {
        length_m * self.swath_m / self.seen_m2
    }
}

fn swept(area: &Area, swath_m: f64, angles: &[f64], manner: Lanes) -> Result<Sweep, SweepError> {
    if !(SWATH_M_MIN..=SWATH_M_MAX).contains(&swath_m) {
        return Err(SweepError::Swath(swath_m));
    }
    let mut candidates = Vec::new();
    let sights = Sights::default();
    let seen_m2 = if area.looks_beside() { area.grid(FINE_POINTS, swath_m / 2.0).area_m2() } else { area.flown.area_m2() };
    let seeing = Seeing { area, swath_m, seen_m2 };
    for angle in angles {
        try_angle(&seeing, *angle, &sights, &mut candidates)?;
    }
    candidates.sort_by(|a, b| a.score.total_cmp(&b.score));
    // What mending costs in turns shows only afterwards: where they count, all are mended.
    if manner == Lanes::Tightened {
        candidates.truncate(MENDED_MAX);
    }
    let mended = candidates.into_iter().map(|candidate| mend(&seeing, candidate));
    let turn_m = if manner == Lanes::Kept { TURN_M } else { 0.0 };
    let turning = |sweep: &Sweep| seeing.length_ratio(sweep.turns() as f64 * turn_m);
    let worth = |sweep: &Sweep| score(sweep.coverage, sweep.length_ratio, MISSED_AFTER_MENDING) + turning(sweep);
    let best = mended.min_by(|a, b| worth(a).total_cmp(&worth(b)));
    // A lot has at least three sides, so there is a candidate; a single point stands for none.
    let best = best.unwrap_or_else(|| finished(&seeing, vec![area.flown.bounds().0], 0.0, 0.0));
    Ok(match manner {
        Lanes::Kept => best,
        // What flies hardly any ground twice has nothing to be drawn in.
        Lanes::Tightened if best.length_ratio > LENGTH_RATIO_WANTED => shorter(&seeing, best),
        Lanes::Tightened => best,
    })
}

struct Candidate {
    angle: f64,
    /// In the turned frame.
    path: Vec<Point>,
    score: f64,
}

/// Mending a missed piece costs so many times the lane that would have seen it.
const MISSED_BEFORE_MENDING: f64 = 9.0;
/// What a turn costs in way, metres, where lanes are kept: an aircraft brakes for it from its full speed and gathers speed again.
const TURN_M: f64 = 10.0;
/// What is still missed after mending counts for more than a lane over it: the goal is to see, not to save.
const MISSED_AFTER_MENDING: f64 = 3.0;

/// Way flown and ground missed in one number, the lower the better; what falls short of the need weighs most.
fn score(coverage: f64, length_ratio: f64, missed: f64) -> f64 {
    const SHORTFALL: f64 = 20.0;
    length_ratio + (SHARE_WANTED - coverage).max(0.0) * missed + (SHARE_NEEDED - 0.004 - coverage).max(0.0) * SHORTFALL
}

/// Directions of the longest sides, 0 to half a turn.
fn angles(lot: &Lot) -> Vec<f64> {
    let mut weights: Vec<(f64, f64)> = Vec::new();
    for (a, b) in lot.edges() {
        let angle = (b.y_m - a.y_m).atan2(b.x_m - a.x_m).rem_euclid(PI);
        let apart = |other: f64| (angle - other).abs().min(PI - (angle - other).abs());
        match weights.iter_mut().find(|(other, _)| apart(*other) < ANGLE_SAME) {
            Some((_, weight)) => *weight += a.distance_m(b),
            None => weights.push((angle, a.distance_m(b))),
        }
    }
    weights.sort_by(|a, b| b.1.total_cmp(&a.1));
    weights.into_iter().take(ANGLES_MAX).map(|(angle, _)| angle).collect()
}

fn try_angle(seeing: &Seeing<'_>, angle: f64, sights: &Sights, candidates: &mut Vec<Candidate>) -> Result<(), SweepError> {
    let (area, swath_m) = (seeing.area.turned((-angle).sin_cos()), seeing.swath_m);
    let (low, high) = area.flown.bounds();
    let lanes = (high.y_m - low.y_m) / swath_m;
    if lanes > LANES_MAX {
        return Err(SweepError::TooManyLanes(lanes));
    }
    let mut grid = area.grid(COARSE_POINTS, swath_m / 2.0);
    let ways = Ways::new(&area.flown, sights);
    let most = lanes.ceil().max(1.0) as usize;
    // One lane fewer leaves a strip at each side that detours may see for less.
    let counts = [most, most.saturating_sub(1)].into_iter().filter(|count| *count > 0);
    let within = counts.map(|count| Rows::within(&area.flown, count, swath_m));
    let beside = area.looks_beside().then(|| Rows::to_border(&area.flown, swath_m));
    for rows in within.chain(beside) {
        for inset in INSETS {
            let path = joined(&cells(&area.flown, rows, swath_m, inset * swath_m / 2.0), &ways);
            grid.see(&path, swath_m / 2.0);
            let score = score(grid.share(), seeing.length_ratio(length_m(&path)), MISSED_BEFORE_MENDING);
            candidates.push(Candidate { angle, path, score });
        }
    }
    Ok(())
}

/// Cells one after the other, always the nearest next; the best of all beginnings.
fn joined(cells: &[Cell], ways: &Ways<'_>) -> Vec<Point> {
    /// With more cells than this only the first is tried as the beginning.
    const BEGINNINGS_MAX: usize = 8;
    let beginnings = if cells.len() <= BEGINNINGS_MAX { cells.len() } else { 1 };
    let starts = (0..beginnings).flat_map(|cell| MANNERS.map(|manner| (cell, manner)));
    let order = starts.map(|start| chained(cells, start)).min_by(|a, b| a.0.total_cmp(&b.0));
    let mut path: Vec<Point> = Vec::new();
    for (cell, manner) in order.map(|(_, order)| order).unwrap_or_default() {
        for point in cells[cell].flown(manner) {
            match path.last() {
                Some(last) => path.extend(ways.between(*last, point)),
                None => path.push(point),
            }
        }
    }
    path
}

type Order = Vec<(usize, (bool, bool))>;

/// The straight way between the cells, and their order.
fn chained(cells: &[Cell], start: (usize, (bool, bool))) -> (f64, Order) {
    let end = |cell: usize, manner| cells[cell].flown(manner).last().copied().unwrap_or_default();
    let mut order = vec![start];
    let mut left: Vec<usize> = (0..cells.len()).filter(|cell| *cell != start.0).collect();
    let mut at = end(start.0, start.1);
    let mut between_m = 0.0;
    while !left.is_empty() {
        let entries = left.iter().enumerate().flat_map(|(place, cell)| MANNERS.map(|manner| (place, *cell, manner)));
        let reached = entries.map(|(place, cell, manner)| {
            let entry = cells[cell].flown(manner).first().copied().unwrap_or_default();
            (at.distance_m(entry), place, cell, manner)
        });
        let Some((distance_m, place, cell, manner)) = reached.min_by(|a, b| a.0.total_cmp(&b.0)) else { break };
        left.swap_remove(place);
        order.push((cell, manner));
        between_m += distance_m;
        at = end(cell, manner);
    }
    (between_m, order)
}

/// Detours to what is missed, largest piece first, then measures.
fn mend(seeing: &Seeing<'_>, candidate: Candidate) -> Sweep {
    let area = seeing.area.turned((-candidate.angle).sin_cos());
    let reach_m = seeing.swath_m / 2.0;
    let mut grid = area.grid(FINE_POINTS, reach_m);
    let mut path = candidate.path;
    for _ in 0..ROUNDS_MAX {
        grid.see(&path, reach_m);
        if !mend_round(seeing, &area.flown, &mut grid, &mut path) {
            break;
        }
    }
    path.dedup();
    let back = candidate.angle.sin_cos();
    grid.see(&path, reach_m);
    let coverage = grid.share();
    finished(seeing, path.into_iter().map(|point| point.turned(back)).collect(), coverage, candidate.angle)
}

/// The same sweep, shorter; as it is when the points that tell what is seen tell too little of it.
fn shorter(seeing: &Seeing<'_>, sweep: Sweep) -> Sweep {
    let path = tightened(seeing.area, &sweep.path, seeing.swath_m, share_floor);
    let mut grid = seeing.area.grid(FINE_POINTS, seeing.swath_m / 2.0);
    grid.see(&path, seeing.swath_m / 2.0);
    let shorter = finished(seeing, path, grid.share(), sweep.lanes_deg.to_radians());
    if shorter.coverage < SHARE_LEAST { sweep } else { shorter }
}

fn finished(seeing: &Seeing<'_>, path: Vec<Point>, coverage: f64, angle: f64) -> Sweep {
    let length_m = length_m(&path);
    Sweep { path, length_m, coverage, length_ratio: seeing.length_ratio(length_m), lanes_deg: angle.to_degrees() }
}

/// What a path of this length ratio must see at least: as much as is wanted, unless it is long.
fn share_floor(length_ratio: f64) -> f64 {
    if length_ratio > LENGTH_RATIO_WANTED { SHARE_TIGHTENED } else { SHARE_WANTED }
}

/// One detour to each missed piece while it is worth it; false when none was taken.
fn mend_round(seeing: &Seeing<'_>, flown: &Lot, grid: &mut Grid, path: &mut Vec<Point>) -> bool {
    let reach_m = seeing.swath_m / 2.0;
    let mut taken = false;
    for piece in grid.unseen_pieces().into_iter().take(PIECES_MAX) {
        let (share, ratio) = (grid.share(), seeing.length_ratio(length_m(path)));
        if share >= SHARE_WANTED || (share >= SHARE_NEEDED && ratio >= LENGTH_RATIO_WANTED) {
            break;
        }
        if let Some(bend) = detour(flown, path, middle(&piece), reach_m) {
            for pair in bend.points.windows(2) {
                grid.see_segment(pair[0], pair[1], reach_m);
            }
            path.splice(bend.after + 1..bend.after + 1, bend.points);
            taken = true;
        }
    }
    taken
}

/// Points that go between two of the path, and the way that they add.
struct Bend {
    cost_m: f64,
    after: usize,
    points: [Point; 3],
}

/// Where the path bends towards a place at the least cost in way; nothing when no bend stays inside the lot.
fn detour(lot: &Lot, path: &[Point], target: Point, reach_m: f64) -> Option<Bend> {
    let mut bends: Vec<Bend> = (0..path.len()).map(|at| bend(path, at, target, reach_m)).collect();
    bends.sort_by(|a, b| a.cost_m.total_cmp(&b.cost_m));
    let inside = |bend: &Bend| {
        bend.points.iter().all(|point| lot.nearly_contains(*point)) && bend.points.windows(2).all(|pair| lot.sees(pair[0], pair[1]))
    };
    bends.into_iter().take(BENDS_MAX).find(inside)
}

/// The point of the piece nearest to its middle.
fn middle(piece: &[Point]) -> Point {
    let count = piece.len() as f64;
    let mean = Point::new(piece.iter().map(|p| p.x_m).sum::<f64>() / count, piece.iter().map(|p| p.y_m).sum::<f64>() / count);
    piece.iter().copied().min_by(|a, b| a.distance_m(mean).total_cmp(&b.distance_m(mean))).unwrap_or(mean)
}

/// A bend after point `at`: off the segment just before the place, as near to it as is needed, and back just after. The rest of the
/// segment stays where it is, because it sees ground on its other side.
fn bend(path: &[Point], at: usize, target: Point, reach_m: f64) -> Bend {
    /// How near to the middle of what is missed, in reaches: the piece has an extent of its own.
    const NEARNESS: f64 = 0.7;
    /// How far before and after the bend begins and ends, in its depths.
    const SLOPE: f64 = 1.5;
    let (a, b) = (path[at], path.get(at + 1).copied().unwrap_or(path[at]));
    let from = foot(target, a, b);
    let distance = from.distance_m(target);
    let point = from.towards(target, (1.0 - NEARNESS * reach_m / distance.max(1e-9)).clamp(0.3, 1.0));
    let slope_m = SLOPE * from.distance_m(point);
    let along = |end: Point| from.towards(end, (slope_m / from.distance_m(end).max(1e-9)).min(1.0));
    let (off, back) = (along(a), along(b));
    let cost_m = off.distance_m(point) + point.distance_m(back) - off.distance_m(back);
    let is_last = at + 1 == path.len();
    let points = if is_last { [a, point, point] } else { [off, point, back] };
    Bend { cost_m, after: at, points }
}
