//! The shortest round of beacons whose places are known: exact for few, near it for many. Distances are straight.
//!
//! Few: dynamic programming over subsets (Held and Karp, 1962). Many: two-opt and or-opt with neighbour lists, then small kicks that
//! are kept when they shorten the round (iterated local search); the kicks come from a fixed sequence.

use crate::plane::Point;

/// So many beacons are ordered exactly: 4096 subsets, a few milliseconds.
pub const EXACT_BEACONS_MAX: usize = 12;
/// More beacons than any lot has; the tables of distances stay within 8 MB.
pub const BEACONS_MAX: usize = 1_000;
/// Neighbours of a place that improvements look at.
const NEIGHBOURS: usize = 10;
/// Kicks for each place.
const KICKS_PER_PLACE: usize = 40;
/// A kick changes this many places in a row at most, so that mending it is local.
const KICK_REACH: usize = 50;
/// Places in a row that or-opt moves.
const RUN_MAX: usize = 3;
/// Improvements below this, metres, are rounding.
const GAIN_MIN_M: f64 = 1e-9;

/// The order in which to visit the beacons, from `home` and back to it; `None` with more than [`BEACONS_MAX`] of them or with places
/// that are no numbers.
pub fn tour(home: Point, beacons: &[Point]) -> Option<Vec<usize>> {
    let finite = |point: &Point| point.x_m.is_finite() && point.y_m.is_finite();
    if beacons.len() > BEACONS_MAX || !beacons.iter().chain([&home]).all(finite) {
        return None;
    }
    let places: Vec<Point> = std::iter::once(home).chain(beacons.iter().copied()).collect();
    let distances: Vec<Vec<f64>> = places.iter().map(|a| places.iter().map(|b| a.distance_m(*b)).collect()).collect();
    let round = match beacons.len() {
        0..=1 => (0..places.len()).collect(),
        2..=EXACT_BEACONS_MAX => exact(&distances),
        _ => near(&distances),
    };
    let start = round.iter().position(|place| *place == 0).unwrap_or(0);
    Some(round[start + 1..].iter().chain(&round[..start]).map(|place| place - 1).collect())
}

/// The length of the round from home by the beacons in this order and back, metres.
pub fn tour_length_m(home: Point, beacons: &[Point], order: &[usize]) -> f64 {
    let mut at = home;
    let mut length_m = 0.0;
    for beacon in order {
        length_m += at.distance_m(beacons[*beacon]);
        at = beacons[*beacon];
    }
    length_m + at.distance_m(home)
}

/// `best[subset][last]` is the shortest way from place 0 by all of the subset to its last; places count from 1 in subsets.
fn exact(distances: &[Vec<f64>]) -> Vec<usize> {
    let count = distances.len() - 1;
    let full = (1_usize << count) - 1;
    let mut best = vec![vec![(f64::INFINITY, usize::MAX); count]; full + 1];
    for last in 0..count {
        best[1 << last][last] = (distances[0][last + 1], usize::MAX);
    }
    for subset in 1..=full {
        for last in (0..count).filter(|last| subset >> last & 1 == 1) {
            let (so_far, _) = best[subset][last];
            for next in (0..count).filter(|next| subset >> next & 1 == 0) {
                let length = so_far + distances[last + 1][next + 1];
                let entry = &mut best[subset | 1 << next][next];
                if length < entry.0 {
                    *entry = (length, last);
                }
            }
        }
    }
    let closed = |last: &usize| best[full][*last].0 + distances[last + 1][0];
    let mut last = (0..count).min_by(|a, b| closed(a).total_cmp(&closed(b))).unwrap_or(0);
    let mut subset = full;
    let mut round = Vec::with_capacity(count + 1);
    while last != usize::MAX {
        round.push(last + 1);
        let before = best[subset][last].1;
        subset &= !(1 << last);
        last = before;
    }
    round.push(0);
    round.reverse();
    round
}

fn near(distances: &[Vec<f64>]) -> Vec<usize> {
    let mut round = Round::nearest_first(distances);
    round.improve((0..distances.len()).collect());
    let mut kicks = Kicks(0x9e37_79b9_7f4a_7c15);
    for _ in 0..KICKS_PER_PLACE * distances.len() {
        let before = round.order.clone();
        let length_before = round.length_m();
        let touched = round.kick(&mut kicks);
        round.improve(touched);
        if round.length_m() > length_before - GAIN_MIN_M {
            round.take(before);
        }
    }
    round.order
}

/// A fixed sequence of numbers without a pattern that matters (xorshift64).
struct Kicks(u64);

impl Kicks {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

struct Round<'a> {
    distances: &'a [Vec<f64>],
    neighbours: Vec<Vec<usize>>,
    order: Vec<usize>,
    /// Where each place stands in the order.
    at: Vec<usize>,
}

impl<'a> Round<'a> {
    fn nearest_first(distances: &'a [Vec<f64>]) -> Self {
        let count = distances.len();
        let nearest = |place: usize| {
            let mut others: Vec<usize> = (0..count).filter(|other| *other != place).collect();
            others.sort_by(|a, b| distances[place][*a].total_cmp(&distances[place][*b]));
            others.truncate(NEIGHBOURS);
            others
        };
        let mut order = vec![0];
        let mut left: Vec<usize> = (1..count).collect();
        while let Some(next) = {
            let last = order[order.len() - 1];
            (0..left.len()).min_by(|a, b| distances[last][left[*a]].total_cmp(&distances[last][left[*b]]))
        } {
            order.push(left.swap_remove(next));
        }
        let mut round = Self { distances, neighbours: (0..count).map(nearest).collect(), order: Vec::new(), at: vec![0; count] };
        round.take(order);
        round
    }

    fn take(&mut self, order: Vec<usize>) {
        for (at, place) in order.iter().enumerate() {
            self.at[*place] = at;
        }
        self.order = order;
    }

    fn place(&self, at: usize) -> usize {
        self.order[at % self.order.len()]
    }

    fn length_m(&self) -> f64 {
        (0..self.order.len()).map(|at| self.distances[self.order[at]][self.place(at + 1)]).sum()
    }

    /// Improves round the places given until none of them has a better place.
    fn improve(&mut self, mut open: Vec<usize>) {
        while let Some(place) = open.pop() {
            if let Some(touched) = self.two_opt(place).or_else(|| self.or_opt(place)) {
                open.extend(touched);
            }
        }
    }

    /// Turns a part of the round over, so that `place` gets a nearer successor.
    fn two_opt(&mut self, place: usize) -> Option<Vec<usize>> {
        let next = self.place(self.at[place] + 1);
        for other in self.neighbours[place].clone() {
            let gain = self.distances[place][next] - self.distances[place][other];
            if gain <= GAIN_MIN_M {
                break;
            }
            let other_next = self.place(self.at[other] + 1);
            if gain + self.distances[other][other_next] - self.distances[next][other_next] > GAIN_MIN_M {
                self.turn_over(self.at[place], self.at[other]);
                return Some(vec![place, next, other, other_next]);
            }
        }
        None
    }

    /// Turns over what lies after one position up to the other.
    fn turn_over(&mut self, a: usize, b: usize) {
        let (low, high) = (a.min(b), a.max(b));
        self.order[low + 1..=high].reverse();
        for at in low + 1..=high {
            self.at[self.order[at]] = at;
        }
    }

    /// Moves a run that begins at `place` next to one of its neighbours.
    fn or_opt(&mut self, place: usize) -> Option<Vec<usize>> {
        let count = self.order.len();
        for length in 1..=RUN_MAX {
            let start = self.at[place];
            let run: Vec<usize> = (0..length).map(|step| self.place(start + step)).collect();
            let (before, after, end) = (self.place(start + count - 1), self.place(start + length), run[length - 1]);
            let d = |a: usize, b: usize| self.distances[a][b];
            let freed = d(before, place) + d(end, after) - d(before, after);
            for other in self.neighbours[place].iter().copied().filter(|other| !run.contains(other)) {
                if freed - d(place, other) <= GAIN_MIN_M {
                    break;
                }
                let (next, previous) = (self.place(self.at[other] + 1), self.place(self.at[other] + count - 1));
                // After the neighbour the run keeps its direction; before it, it is turned over.
                let behind = (!run.contains(&next)).then(|| freed - d(other, place) - d(end, next) + d(other, next));
                let ahead = (!run.contains(&previous)).then(|| freed - d(previous, end) - d(place, other) + d(previous, other));
                if behind.is_some_and(|gain| gain > GAIN_MIN_M) {
                    self.move_run(&run, other, false);
                    return Some(vec![before, after, place, end, other, next]);
                }
                if ahead.is_some_and(|gain| gain > GAIN_MIN_M) {
                    self.move_run(&run, previous, true);
                    return Some(vec![before, after, place, end, other, previous]);
                }
            }
        }
        None
    }

    fn move_run(&mut self, run: &[usize], behind: usize, turned: bool) {
        let mut order: Vec<usize> = self.order.iter().copied().filter(|place| !run.contains(place)).collect();
        let at = order.iter().position(|place| *place == behind).unwrap_or(0) + 1;
        let mut run = run.to_vec();
        if turned {
            run.reverse();
        }
        order.splice(at..at, run);
        self.take(order);
    }

    /// Swaps two neighbouring parts (the double bridge of Martin, Otto and Felten, 1991); the places at the cuts.
    fn kick(&mut self, kicks: &mut Kicks) -> Vec<usize> {
        let count = self.order.len();
        let reach = KICK_REACH.min(count - 1);
        let start = kicks.below(count - reach);
        let mut cuts = [0; 3].map(|_| start + 1 + kicks.below(reach));
        cuts.sort_unstable();
        let [a, b, c] = cuts;
        self.order[a..c].rotate_left(b - a);
        for at in a..c {
            self.at[self.order[at]] = at;
        }
        [a, a + c - b, c].into_iter().flat_map(|cut| [self.place(cut + count - 1), self.place(cut)]).collect()
    }
}
