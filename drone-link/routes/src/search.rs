//! Shortest way among outlines: A* over a visibility graph that grows where a leg is blocked.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use flight_types::Local;

use super::plane::{Leg, Outline, TOUCH_TOLERANCE_M, Turning, Turnings, minus};

/// Arcs round corners become polygons with turns of at most this angle: at 30 degrees they are 2.4 % longer than the arc, which
/// is centimetres of a flight, and a right-angled corner costs three graph nodes.
const TURN_STEP_RAD_MAX: f64 = std::f64::consts::FRAC_PI_6;

/// The shortest way from `start` to `goal` that keeps `clearance_m` from every outline, ends included; `None` when there is none.
///
/// Both ends must be legal themselves. The search begins with no outline at all and takes in those that block what it would settle.
/// A place is settled by a way that is clear of every outline and shortest among some of them, so it is shortest among all of them:
/// what is taken in later lengthens no settled way, and one search is enough.
pub(super) fn shortest(outlines: &[Outline], clearance_m: f64, start: Local, goal: Local) -> Option<Vec<Local>> {
    Search::new(outlines, clearance_m, start, goal).run()
}

/// A leg from a settled place that may lead on.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Open {
    /// Length so far plus the straight rest, metres.
    estimate_m: f64,
    node: usize,
    from: usize,
}

impl Eq for Open {}

impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Open {
    /// The heap gives its greatest first: the smallest estimate is the greatest, ties by the places' numbers.
    fn cmp(&self, other: &Self) -> Ordering {
        other.estimate_m.total_cmp(&self.estimate_m).then(other.node.cmp(&self.node)).then(other.from.cmp(&self.from))
    }
}

const START: usize = 0;
const GOAL: usize = 1;

/// A place on a way: an end, or where it may turn.
#[derive(Debug)]
struct Node {
    /// Straight on to the goal from here, metres.
    rest_m: f64,
    place: Place,
    /// Where the shortest way comes from, once that is known.
    from: usize,
    /// What blocked a leg from here last: the likeliest to block the next.
    blocker: Option<usize>,
}

impl Node {
    /// Length of the shortest way here, metres; nought for the start before anything is known.
    fn length_m(&self) -> f64 {
        if let Place::Settled(length_m) = self.place { length_m } else { 0.0 }
    }
}

/// How far the search is with a node.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    /// A way may still lead to it; its number among those.
    Ahead(usize),
    /// The shortest way to it is known: its length, metres.
    Settled(f64),
    /// It lies in the clearance of an outline.
    Illegal,
}

struct Search<'a> {
    outlines: &'a [Outline],
    clearance_m: f64,
    near_m: f64,
    goal: Local,
    /// Which outlines are taken in: first those, since they are the likeliest to block again.
    active: Vec<usize>,
    waiting: Vec<usize>,
    nodes: Vec<Node>,
    /// Where each node is and how a way may turn there, by the same numbers.
    turnings: Vec<Turning>,
    /// The nodes to which the shortest way is known, and those to which a way may still lead. Their turnings stand side by side, because
    /// each of the first is held against each of the second once.
    settled: Vec<usize>,
    turnings_settled: Turnings,
    ahead: Vec<usize>,
    turnings_ahead: Turnings,
    /// Which of them the last node touches; kept for its memory.
    touching: Vec<usize>,
    open: BinaryHeap<Open>,
}

impl<'a> Search<'a> {
    fn new(outlines: &'a [Outline], clearance_m: f64, start: Local, goal: Local) -> Self {
        let mut search = Self {
            outlines,
            clearance_m,
            near_m: clearance_m - TOUCH_TOLERANCE_M,
            goal,
            active: Vec::new(),
            waiting: (0..outlines.len()).collect(),
            nodes: Vec::new(),
            turnings: Vec::new(),
            settled: Vec::new(),
            turnings_settled: Turnings::default(),
            ahead: Vec::new(),
            turnings_ahead: Turnings::default(),
            touching: Vec::new(),
            open: BinaryHeap::new(),
        };
        search.add(Turning::any(start));
        search.add(Turning::any(goal));
        search
    }

    fn run(mut self) -> Option<Vec<Local>> {
        self.settle(START, START);
        while let Some(Open { node, from, .. }) = self.open.pop() {
            if matches!(self.nodes[node].place, Place::Ahead(_)) && self.is_clear(from, node) {
                self.settle(node, from);
                if node == GOAL {
                    return Some(self.traced());
                }
            }
        }
        None
    }

    /// One more place to turn at, with the legs to it from every settled place.
    fn add(&mut self, turning: Turning) {
        let node = self.nodes.len();
        let rest_m = turning.at.distance_m(&self.goal);
        self.nodes.push(Node { rest_m, place: Place::Ahead(self.ahead.len()), from: START, blocker: None });
        self.turnings.push(turning);
        self.ahead.push(node);
        self.turnings_ahead.push(&turning);
        let mut touching = std::mem::take(&mut self.touching);
        self.turnings_settled.touching(&turning, &mut touching);
        for place in &touching {
            self.offer(self.settled[*place], node);
        }
        self.touching = touching;
    }

    /// The shortest way to this place is known: legs lead on from it.
    fn settle(&mut self, node: usize, from: usize) {
        let before_m = self.nodes[from].length_m();
        self.leave(node, Place::Settled(before_m + self.turnings[node].at.distance_m(&self.turnings[from].at)));
        self.nodes[node].from = from;
        self.settled.push(node);
        self.turnings_settled.push(&self.turnings[node]);
        let mut touching = std::mem::take(&mut self.touching);
        self.turnings_ahead.touching(&self.turnings[node], &mut touching);
        for place in &touching {
            self.offer(node, self.ahead[*place]);
        }
        self.touching = touching;
    }

    /// A place is no longer one that a way may lead to.
    fn leave(&mut self, node: usize, to: Place) {
        let Place::Ahead(place) = std::mem::replace(&mut self.nodes[node].place, to) else { return };
        self.ahead.swap_remove(place);
        self.turnings_ahead.swap_remove(place);
        if let Some(moved) = self.ahead.get(place) {
            self.nodes[*moved].place = Place::Ahead(place);
        }
    }

    /// Keeps a leg that touches outlines as a shortest way does. Whether it is clear is found out when it is its turn.
    fn offer(&mut self, from: usize, node: usize) {
        let way = minus(self.turnings[node].at, self.turnings[from].at);
        let length_m = (way.east_m * way.east_m + way.north_m * way.north_m).sqrt();
        let estimate_m = self.nodes[from].length_m() + length_m + self.nodes[node].rest_m;
        self.open.push(Open { estimate_m, node, from });
    }

    /// Whether the leg keeps the clearance, and with it the place that it leads to. A place that cannot keep it is given up.
    fn is_clear(&mut self, from: usize, to: usize) -> bool {
        let at = self.turnings[to].at;
        let leg = Leg::new(self.turnings[from].at, at);
        let last = self.nodes[from].blocker.filter(|last| self.outlines[*last].is_near_leg(&leg, self.near_m));
        let Some(blocker) = last.or_else(|| self.blocker(&leg)) else { return true };
        self.nodes[from].blocker = Some(blocker);
        if self.outlines[blocker].is_near(at, at, self.near_m) {
            self.leave(to, Place::Illegal);
        }
        false
    }

    /// An outline that the leg comes too close to; taken in if it was not yet.
    fn blocker(&mut self, leg: &Leg) -> Option<usize> {
        let (outlines, near_m) = (self.outlines, self.near_m);
        let is_near = |index: &usize| outlines[*index].is_near_leg(leg, near_m);
        if let Some(known) = self.active.iter().copied().find(is_near) {
            return Some(known);
        }
        let place = self.waiting.iter().position(is_near)?;
        let index = self.waiting.swap_remove(place);
        self.take_in(index);
        Some(index)
    }

    fn take_in(&mut self, index: usize) {
        self.active.push(index);
        for turning in self.outlines[index].turning_points(self.clearance_m, TURN_STEP_RAD_MAX) {
            self.add(turning);
        }
    }

    fn traced(&self) -> Vec<Local> {
        let mut way = vec![self.turnings[GOAL].at];
        let mut node = GOAL;
        while node != START {
            node = self.nodes[node].from;
            way.push(self.turnings[node].at);
        }
        way.reverse();
        way
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    const CLEARANCE_M: f64 = 15.0;

    fn length_m(way: &[Local]) -> f64 {
        way.windows(2).map(|leg| leg[0].distance_m(&leg[1])).sum()
    }

    /// Outlines that overlap and hem each other in: corners in random directions' order round a middle.
    fn outline() -> impl Strategy<Value = Outline> {
        ((-400.0..400.0, -400.0..400.0), prop::collection::vec(20.0..120.0, 3..9)).prop_map(|((east_m, north_m), radii)| {
            let count = radii.len() as f64;
            let corner = |(i, radius_m): (usize, f64)| {
                let angle_rad = i as f64 / count * std::f64::consts::TAU;
                Local { east_m: east_m + radius_m * angle_rad.cos(), north_m: north_m + radius_m * angle_rad.sin() }
            };
            Outline::of(radii.into_iter().enumerate().map(corner).collect())
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, rng_seed: RngSeed::Fixed(23), ..ProptestConfig::default() })]

        #[test]
        fn what_is_taken_in_on_the_way_is_enough(outlines in prop::collection::vec(outline(), 0..14)) {
            let (start, goal) = (Local { east_m: -600.0, north_m: -600.0 }, Local { east_m: 600.0, north_m: 600.0 });
            let mut whole = Search::new(&outlines, CLEARANCE_M, start, goal);
            whole.waiting.clear();
            (0..outlines.len()).for_each(|index| whole.take_in(index));
            let (whole, grown) = (whole.run().expect("a way"), shortest(&outlines, CLEARANCE_M, start, goal).expect("a way"));
            prop_assert!((length_m(&whole) - length_m(&grown)).abs() < 1e-6, "{} and {}", length_m(&whole), length_m(&grown));
        }
    }
}
