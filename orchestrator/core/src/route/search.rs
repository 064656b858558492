//! Shortest way among outlines: A* over a visibility graph that grows only where the way is blocked.

use std::cmp::Ordering;
use std::collections::{BTreeSet, BinaryHeap};

use flight_types::Local;

use super::plane::{Outline, Turning, minus};

/// Arcs round corners become polygons with turns of at most this angle: at 30 degrees they are 2.4 % longer than the arc, which
/// is centimetres of a flight, and a right-angled corner costs three graph nodes.
const TURN_STEP_RAD_MAX: f64 = std::f64::consts::FRAC_PI_6;

/// Legs that touch the clearance exactly must count as clear despite rounding, metres.
pub(super) const TOUCH_TOLERANCE_M: f64 = 1e-3;

/// The shortest way from `start` to `goal` that keeps `clearance_m` from every outline, ends included; `None` when there is none.
///
/// Both ends must be legal themselves. The search begins with no outline at all and takes in those that block the way found so
/// far. A way that is shortest among some outlines and legal among all of them is shortest among all of them.
pub(super) fn shortest(outlines: &[Outline], clearance_m: f64, start: Local, goal: Local) -> Option<Vec<Local>> {
    let mut active: BTreeSet<usize> = BTreeSet::new();
    loop {
        let way = among(outlines, &active, clearance_m, start, goal)?;
        let blocking = blockers(outlines, clearance_m, &way);
        let before = active.len();
        active.extend(blocking);
        if active.len() == before {
            return Some(way);
        }
    }
}

fn blockers(outlines: &[Outline], clearance_m: f64, way: &[Local]) -> Vec<usize> {
    let near = |outline: &Outline| way.windows(2).any(|leg| outline.is_near(leg[0], leg[1], clearance_m - TOUCH_TOLERANCE_M));
    outlines.iter().enumerate().filter(|(_, outline)| near(outline)).map(|(index, _)| index).collect()
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Open {
    /// Length so far plus the straight rest, metres.
    estimate_m: f64,
    node: usize,
}

impl Eq for Open {}

impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Open {
    /// The heap gives its greatest first: the smallest estimate is the greatest, ties by the node's place.
    fn cmp(&self, other: &Self) -> Ordering {
        other.estimate_m.total_cmp(&self.estimate_m).then(other.node.cmp(&self.node))
    }
}

/// A* among the active outlines only. Legs are tested when a node is expanded, most of them never.
fn among(outlines: &[Outline], active: &BTreeSet<usize>, clearance_m: f64, start: Local, goal: Local) -> Option<Vec<Local>> {
    let active: Vec<&Outline> = active.iter().map(|index| &outlines[*index]).collect();
    let (nodes, turnings) = nodes(&active, clearance_m, start, goal);
    let touches = |node: usize, way: Local| node <= GOAL || turnings[node - GOAL - 1].touches(way);
    let clear = |a: Local, b: Local| !active.iter().any(|outline| outline.is_near(a, b, clearance_m - TOUCH_TOLERANCE_M));
    let mut length_m = vec![f64::INFINITY; nodes.len()];
    let mut from = vec![usize::MAX; nodes.len()];
    let mut done = vec![false; nodes.len()];
    let mut open = BinaryHeap::from([Open { estimate_m: start.distance_m(&goal), node: START }]);
    length_m[START] = 0.0;
    while let Some(Open { node, .. }) = open.pop() {
        if node == GOAL {
            return Some(traced(&nodes, &from));
        }
        if std::mem::replace(&mut done[node], true) {
            continue;
        }
        for next in 0..nodes.len() {
            let reached_m = length_m[node] + nodes[node].distance_m(&nodes[next]);
            if done[next] || reached_m >= length_m[next] {
                continue;
            }
            let way = minus(nodes[next], nodes[node]);
            if touches(node, way) && touches(next, way) && clear(nodes[node], nodes[next]) {
                length_m[next] = reached_m;
                from[next] = node;
                open.push(Open { estimate_m: reached_m + nodes[next].distance_m(&goal), node: next });
            }
        }
    }
    None
}

const START: usize = 0;
const GOAL: usize = 1;

/// The ends, then the places to turn at, with how the outlines run there.
fn nodes(active: &[&Outline], clearance_m: f64, start: Local, goal: Local) -> (Vec<Local>, Vec<Turning>) {
    let legal = |point: Local| !active.iter().any(|outline| outline.is_near(point, point, clearance_m - TOUCH_TOLERANCE_M));
    let turnings: Vec<Turning> = active
        .iter()
        .flat_map(|outline| outline.turning_points(clearance_m, TURN_STEP_RAD_MAX))
        .filter(|turning| legal(turning.at))
        .collect();
    let nodes = [start, goal].into_iter().chain(turnings.iter().map(|turning| turning.at)).collect();
    (nodes, turnings)
}

fn traced(nodes: &[Local], from: &[usize]) -> Vec<Local> {
    let mut way = vec![nodes[GOAL]];
    let mut node = GOAL;
    while node != START {
        node = from[node];
        way.push(nodes[node]);
    }
    way.reverse();
    way
}
