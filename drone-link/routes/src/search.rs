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
    /// Straight on to the goal from here, metres.
    rest_m: f64,
    /// Clear of every outline taken in.
    legal: bool,
    links: Vec<Link>,
    /// What blocked a leg from here last: the likeliest to block the next.
    blocker: Option<usize>,
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
    goal: Local,
    nodes: Vec<Node>,
    /// Where each node is and how a way may turn there, by the same numbers: side by side, since every node is held against every other.
    turnings: Vec<Turning>,
    /// To the nodes before this one each node has its links. They are looked for when the search first comes there, which it does at some
    /// nodes only, and a pair is looked at once.
    linked: Vec<usize>,
}

impl<'a> Graph<'a> {
    fn new(outlines: &'a [Outline], near_m: f64, start: Local, goal: Local) -> Self {
        let (active, nodes, turnings, linked) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut graph = Self { outlines, near_m, active, goal, nodes, turnings, linked };
        graph.add(Turning::any(start));
        graph.add(Turning::any(goal));
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
        for (node, Turning { at, .. }) in self.nodes.iter_mut().zip(&self.turnings) {
            node.legal &= !outline.is_near(*at, *at, self.near_m);
        }
        for turning in outline.turning_points(clearance_m, TURN_STEP_RAD_MAX) {
            if !self.active.iter().any(|index| self.outlines[*index].is_near(turning.at, turning.at, self.near_m)) {
                self.add(turning);
            }
        }
    }

    fn add(&mut self, turning: Turning) {
        self.nodes.push(Node { rest_m: turning.at.distance_m(&self.goal), legal: true, links: Vec::new(), blocker: None });
        self.turnings.push(turning);
        self.linked.push(0);
    }

    /// Looks for the legs between a node and those that were added since it was last asked.
    fn link_up(&mut self, from: usize) {
        let (turning, nodes) = (self.turnings[from], self.nodes.len());
        for to in self.linked[from]..nodes {
            // Who has looked so far already knows this pair; a node has no leg to itself.
            if self.linked[to] > from || to == from || !self.nodes[to].legal {
                continue;
            }
            let other = &self.turnings[to];
            let way = minus(other.at, turning.at);
            if turning.touches(way) & other.touches(way) {
                let length_m = (way.east_m * way.east_m + way.north_m * way.north_m).sqrt();
                self.nodes[from].links.push(Link { to, length_m, tested: 0, blocked: false });
                self.nodes[to].links.push(Link { to: from, length_m, tested: 0, blocked: false });
            }
        }
        self.linked[from] = nodes;
    }

    /// A* among the outlines taken in.
    fn shortest(&mut self) -> Option<Vec<Local>> {
        let mut length_m = vec![f64::INFINITY; self.nodes.len()];
        let mut from = vec![usize::MAX; self.nodes.len()];
        let mut done = vec![false; self.nodes.len()];
        let mut open = BinaryHeap::from([Open { estimate_m: self.nodes[START].rest_m, node: START }]);
        length_m[START] = 0.0;
        while let Some(Open { node, .. }) = open.pop() {
            if node == GOAL {
                return Some(self.traced(&from));
            }
            if std::mem::replace(&mut done[node], true) {
                continue;
            }
            self.link_up(node);
            for link in 0..self.nodes[node].links.len() {
                let Link { to, length_m: leg_m, .. } = self.nodes[node].links[link];
                let reached_m = length_m[node] + leg_m;
                if !done[to] && reached_m < length_m[to] && self.nodes[to].legal && self.is_clear(node, link) {
                    length_m[to] = reached_m;
                    from[to] = node;
                    open.push(Open { estimate_m: reached_m + self.nodes[to].rest_m, node: to });
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
        let leg = Leg::new(self.turnings[node].at, self.turnings[to].at);
        let is_near = |index: &usize| self.outlines[*index].is_near_leg(&leg, self.near_m);
        let last = self.nodes[node].blocker.filter(is_near);
        let blocker = last.or_else(|| self.active[tested..].iter().copied().find(is_near));
        self.nodes[node].blocker = blocker.or(self.nodes[node].blocker);
        let blocked = blocker.is_some();
        let link = &mut self.nodes[node].links[link];
        (link.tested, link.blocked) = (self.active.len(), blocked);
        !blocked
    }

    fn traced(&self, from: &[usize]) -> Vec<Local> {
        let mut way = vec![self.turnings[GOAL].at];
        let mut node = GOAL;
        while node != START {
            node = from[node];
            way.push(self.turnings[node].at);
        }
        way.reverse();
        way
    }
}
