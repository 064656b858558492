//! Shortest way among outlines: A* over a visibility graph that grows only where the way is blocked.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use flight_types::Local;

use super::plane::{Leg, Outline, TOUCH_TOLERANCE_M, Turning, minus};

/// Arcs round corners become polygons with turns of at most this angle: at 30 degrees they are 2.4 % longer than the arc, which
/// is centimetres of a flight, and a right-angled corner costs three graph nodes.
const TURN_STEP_RAD_MAX: f64 = std::f64::consts::FRAC_PI_6;

/// The shortest way from `start` to `goal` that keeps `clearance_m` from every outline, ends included; `None` when there is none.
///
/// Both ends must be legal themselves. The search begins with no outline at all and takes in those that block the way found so
/// far. A way that is shortest among some outlines and legal among all of them is shortest among all of them.
pub(super) fn shortest(outlines: &[Outline], clearance_m: f64, start: Local, goal: Local) -> Option<Vec<Local>> {
    let mut graph = Graph::new(outlines, clearance_m - TOUCH_TOLERANCE_M, start, goal);
    loop {
        let way = graph.shortest()?;
        let blocking = graph.blockers(&way);
        if blocking.is_empty() {
            return Some(way);
        }
        for outline in blocking {
            graph.take_in(outline, clearance_m);
        }
    }
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

const START: usize = 0;
const GOAL: usize = 1;

/// A place on a way: an end, or where it may turn.
#[derive(Debug)]
struct Node {
    at: Local,
    /// How the outline runs there; `None` for the two ends, which a way may leave in any direction.
    turning: Option<Turning>,
    /// Clear of every outline taken in.
    legal: bool,
    links: Vec<Link>,
}

/// A leg to another node that touches outlines as a shortest way does. Whether it is clear is found out when it is wanted, and
/// only for outlines taken in since it was last asked.
#[derive(Debug)]
struct Link {
    to: usize,
    length_m: f64,
    tested: usize,
    blocked: bool,
}

/// The visibility graph among the outlines taken in so far.
struct Graph<'a> {
    outlines: &'a [Outline],
    near_m: f64,
    active: Vec<usize>,
    nodes: Vec<Node>,
}

impl<'a> Graph<'a> {
    fn new(outlines: &'a [Outline], near_m: f64, start: Local, goal: Local) -> Self {
        let mut graph = Self { outlines, near_m, active: Vec::new(), nodes: Vec::new() };
        graph.add(start, None);
        graph.add(goal, None);
        graph
    }

    fn blockers(&self, way: &[Local]) -> Vec<usize> {
        let legs: Vec<Leg> = way.windows(2).map(|leg| Leg::new(leg[0], leg[1])).collect();
        let near = |outline: &Outline| legs.iter().any(|leg| outline.is_near_leg(leg, self.near_m));
        self.outlines.iter().enumerate().filter(|(_, outline)| near(outline)).map(|(index, _)| index).collect()
    }

    /// Adds the places to turn at round one more outline, and gives up those that lie in its clearance.
    fn take_in(&mut self, index: usize, clearance_m: f64) {
        let outline = &self.outlines[index];
        self.active.push(index);
        for node in &mut self.nodes {
            node.legal &= !outline.is_near(node.at, node.at, self.near_m);
        }
        for turning in outline.turning_points(clearance_m, TURN_STEP_RAD_MAX) {
            if !self.active.iter().any(|index| self.outlines[*index].is_near(turning.at, turning.at, self.near_m)) {
                self.add(turning.at, Some(turning));
            }
        }
    }

    fn add(&mut self, at: Local, turning: Option<Turning>) {
        let new = self.nodes.len();
        let touches = |turning: &Option<Turning>, way: Local| turning.as_ref().is_none_or(|turning| turning.touches(way));
        let mut links = Vec::new();
        for (index, node) in self.nodes.iter_mut().enumerate().filter(|(_, node)| node.legal) {
            let way = minus(node.at, at);
            if touches(&turning, way) && touches(&node.turning, way) {
                let length_m = way.east_m.hypot(way.north_m);
                links.push(Link { to: index, length_m, tested: 0, blocked: false });
                node.links.push(Link { to: new, length_m, tested: 0, blocked: false });
            }
        }
        self.nodes.push(Node { at, turning, legal: true, links });
    }

    /// A* among the outlines taken in.
    fn shortest(&mut self) -> Option<Vec<Local>> {
        let goal = self.nodes[GOAL].at;
        let mut length_m = vec![f64::INFINITY; self.nodes.len()];
        let mut from = vec![usize::MAX; self.nodes.len()];
        let mut done = vec![false; self.nodes.len()];
        let mut open = BinaryHeap::from([Open { estimate_m: self.nodes[START].at.distance_m(&goal), node: START }]);
        length_m[START] = 0.0;
        while let Some(Open { node, .. }) = open.pop() {
            if node == GOAL {
                return Some(self.traced(&from));
            }
            if std::mem::replace(&mut done[node], true) {
                continue;
            }
            for link in 0..self.nodes[node].links.len() {
                let Link { to, length_m: leg_m, .. } = self.nodes[node].links[link];
                let reached_m = length_m[node] + leg_m;
                if !done[to] && reached_m < length_m[to] && self.nodes[to].legal && self.is_clear(node, link) {
                    length_m[to] = reached_m;
                    from[to] = node;
                    open.push(Open { estimate_m: reached_m + self.nodes[to].at.distance_m(&goal), node: to });
                }
            }
        }
        None
    }

    fn is_clear(&mut self, node: usize, link: usize) -> bool {
        let Link { to, tested, blocked, .. } = self.nodes[node].links[link];
        if blocked {
            return false;
        }
        let leg = Leg::new(self.nodes[node].at, self.nodes[to].at);
        let blocked = self.active[tested..].iter().any(|index| self.outlines[*index].is_near_leg(&leg, self.near_m));
        let link = &mut self.nodes[node].links[link];
        (link.tested, link.blocked) = (self.active.len(), blocked);
        !blocked
    }

    fn traced(&self, from: &[usize]) -> Vec<Local> {
        let mut way = vec![self.nodes[GOAL].at];
        let mut node = GOAL;
        while node != START {
            node = from[node];
            way.push(self.nodes[node].at);
        }
        way.reverse();
        way
    }
}
