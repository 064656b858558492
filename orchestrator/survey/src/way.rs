//! The shortest way between two points that stays on a lot's ground.

use std::cell::OnceCell;

use crate::lot::Lot;
use crate::plane::Point;

/// Shortest ways on one lot; what is needed for ways round corners is worked out when first asked for.
pub(crate) struct Ways<'a> {
    lot: &'a Lot,
    sights: &'a Sights,
    bends: OnceCell<Bends<'a>>,
}

/// The distances between a lot's bends that see each other. They stay the same however the lot is turned, so all angles share them.
#[derive(Default)]
pub(crate) struct Sights(OnceCell<Vec<Vec<f64>>>);

/// The corners that ways bend at, and the distances between those that see each other.
struct Bends<'a> {
    points: Vec<Point>,
    distances: &'a [Vec<f64>],
}

impl<'a> Ways<'a> {
    pub(crate) fn new(lot: &'a Lot, sights: &'a Sights) -> Self {
        Self { lot, sights, bends: OnceCell::new() }
    }

    /// The points after `from`, the last being `to`. Straight when no way is found, which only ends outside the lot can cause.
    pub(crate) fn between(&self, from: Point, to: Point) -> Vec<Point> {
        if from.distance_m(to) < 1e-9 || self.lot.sees(from, to) {
            return vec![to];
        }
        let bends = self.bends.get_or_init(|| {
            let points = self.lot.bends();
            let distances = self.sights.0.get_or_init(|| distances(self.lot, &points));
            Bends { points, distances }
        });
        bends.way(self.lot, from, to)
    }
}

fn distances(lot: &Lot, points: &[Point]) -> Vec<Vec<f64>> {
    let mut distances = vec![vec![f64::INFINITY; points.len()]; points.len()];
    for a in 0..points.len() {
        for b in a + 1..points.len() {
            if lot.sees(points[a], points[b]) {
                distances[a][b] = points[a].distance_m(points[b]);
                distances[b][a] = distances[a][b];
            }
        }
    }
    distances
}

impl Bends<'_> {
    /// Dijkstra over the bends; the graph is small and dense, so the next one is found by looking at all.
    fn way(&self, lot: &Lot, from: Point, to: Point) -> Vec<Point> {
        let sight = |end: Point| -> Vec<f64> {
            let seen = |bend: &Point| if lot.sees(end, *bend) { end.distance_m(*bend) } else { f64::INFINITY };
            self.points.iter().map(seen).collect()
        };
        let (mut costs, to_end) = (sight(from), sight(to));
        let mut before: Vec<Option<usize>> = vec![None; self.points.len()];
        let mut done = vec![false; self.points.len()];
        while let Some(at) = cheapest(&costs, &done) {
            done[at] = true;
            for next in 0..self.points.len() {
                let cost = costs[at] + self.distances[at][next];
                if cost < costs[next] {
                    costs[next] = cost;
                    before[next] = Some(at);
                }
            }
        }
        let total = |at: &usize| costs[*at] + to_end[*at];
        let last = (0..self.points.len()).filter(|at| total(at).is_finite()).min_by(|a, b| total(a).total_cmp(&total(b)));
        let mut way = vec![to];
        let mut at = last;
        while let Some(bend) = at {
            way.push(self.points[bend]);
            at = before[bend];
        }
        way.reverse();
        way
    }
}

fn cheapest(costs: &[f64], done: &[bool]) -> Option<usize> {
    (0..costs.len()).filter(|at| !done[*at] && costs[*at].is_finite()).min_by(|a, b| costs[*a].total_cmp(&costs[*b]))
}
