//! Lanes from west to east over a lot that was turned so that they lie so, and cells: runs of lanes that are flown to and fro.

use crate::lot::Lot;
use crate::plane::Point;

/// Pieces of lanes shorter than this are flown as one point.
const LANE_M_MIN: f64 = 0.5;
/// A lane never ends, and none lies, nearer to the border than this, metres: corners are flown round.
const BORDER_M: f64 = 0.1;

/// A lane's piece on the ground.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Lane {
    y_m: f64,
    west_m: f64,
    east_m: f64,
}

/// Lanes one above the other, each reaching over to the next: from south to north.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cell {
    lanes: Vec<Lane>,
}

/// From south to north: where the first lane lies, how far apart they are, and how many.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rows {
    first_m: f64,
    step_m: f64,
    count: usize,
}

impl Rows {
    /// So many, no further apart than the swath, with half of that before the first and after the last.
    pub(crate) fn within(lot: &Lot, count: usize, swath_m: f64) -> Self {
        let (low, high) = lot.bounds();
        let step_m = ((high.y_m - low.y_m) / count as f64).min(swath_m);
        let south_m = (low.y_m + high.y_m - step_m * count as f64) / 2.0;
        Self { first_m: south_m + 0.5 * step_m, step_m, count }
    }

    /// As few as there must be with the first and the last along the border: for a lot beside which something is to be seen.
    pub(crate) fn to_border(lot: &Lot, swath_m: f64) -> Self {
        let (low, high) = lot.bounds();
        let between_m = (high.y_m - low.y_m - 2.0 * BORDER_M).max(0.0);
        let count = (between_m / swath_m).ceil() as usize + 1;
        if count == 1 {
            return Self::within(lot, 1, swath_m);
        }
        Self { first_m: low.y_m + BORDER_M, step_m: between_m / (count - 1) as f64, count }
    }
}

/// Lanes over the lot, each ending `inset_m` before the last ground that it sees, joined to cells.
pub(crate) fn cells(lot: &Lot, rows: Rows, swath_m: f64, inset_m: f64) -> Vec<Cell> {
    let mut closed = Vec::new();
    let mut open: Vec<Cell> = Vec::new();
    for row in 0..rows.count {
        let y_m = rows.first_m + row as f64 * rows.step_m;
        open = advance(open, &pieces(lot, y_m), &mut closed);
    }
    closed.extend(open);
    for lane in closed.iter_mut().flat_map(|cell| &mut cell.lanes) {
        inset(lot, lane, swath_m, inset_m);
    }
    closed
}

fn pieces(lot: &Lot, y_m: f64) -> Vec<Lane> {
    let mut crossings = Vec::new();
    lot.crossings(y_m, &mut crossings);
    let pairs = crossings.chunks_exact(2).filter(|pair| pair[1] > pair[0]);
    pairs.map(|pair| Lane { y_m, west_m: pair[0], east_m: pair[1] }).collect()
}

fn touches(a: &Lane, b: &Lane) -> bool {
    a.west_m < b.east_m && b.west_m < a.east_m
}

/// Lanes continue a cell when each is the only one that the other touches; all others begin or end one.
fn advance(open: Vec<Cell>, lanes: &[Lane], closed: &mut Vec<Cell>) -> Vec<Cell> {
    let last = |cell: &Cell| cell.lanes[cell.lanes.len() - 1];
    let mut next: Vec<Option<Cell>> = lanes.iter().map(|_| None).collect();
    let mut ended = Vec::new();
    let below: Vec<Lane> = open.iter().map(last).collect();
    for cell in open {
        let lane = last(&cell);
        let above: Vec<usize> = (0..lanes.len()).filter(|at| touches(&lane, &lanes[*at])).collect();
        match above.as_slice() {
            [only] if below.iter().filter(|other| touches(other, &lanes[*only])).count() == 1 => {
                let mut cell = cell;
                cell.lanes.push(lanes[*only]);
                next[*only] = Some(cell);
            }
            _ => ended.push(cell),
        }
    }
    closed.extend(ended);
    let begin = |(cell, lane): (Option<Cell>, &Lane)| cell.unwrap_or_else(|| Cell { lanes: vec![*lane] });
    next.into_iter().zip(lanes).map(begin).collect()
}

/// Ends a lane before the border, but not before what the border's slant shows of the ground beside it.
fn inset(lot: &Lot, lane: &mut Lane, swath_m: f64, inset_m: f64) {
    /// Where beside the lane the ground is looked at, in swaths.
    const BESIDE: f64 = 0.4;
    let mut seen = *lane;
    for side in [-BESIDE, BESIDE] {
        for beside in pieces(lot, lane.y_m + side * swath_m).iter().filter(|piece| touches(piece, lane)) {
            seen.west_m = seen.west_m.min(beside.west_m);
            seen.east_m = seen.east_m.max(beside.east_m);
        }
    }
    let west = (seen.west_m + inset_m).max(lane.west_m + BORDER_M);
    let east = (seen.east_m - inset_m).min(lane.east_m - BORDER_M);
    let middle = (lane.west_m + lane.east_m) / 2.0;
    (lane.west_m, lane.east_m) = if east - west < LANE_M_MIN { (middle, middle) } else { (west, east) };
}

/// The four ways to fly a cell: from the south or the north, beginning in the west or the east.
pub(crate) const MANNERS: [(bool, bool); 4] = [(false, false), (false, true), (true, false), (true, true)];

impl Cell {
    /// The ends of its lanes in the order flown.
    pub(crate) fn flown(&self, (from_north, from_east): (bool, bool)) -> Vec<Point> {
        let count = self.lanes.len();
        let mut points = Vec::with_capacity(2 * count);
        for at in 0..count {
            let lane = self.lanes[if from_north { count - 1 - at } else { at }];
            let (west, east) = (Point::new(lane.west_m, lane.y_m), Point::new(lane.east_m, lane.y_m));
            let (first, second) = if from_east != (at % 2 == 1) { (east, west) } else { (west, east) };
            points.push(first);
            if first != second {
                points.push(second);
            }
        }
        points
    }
}
