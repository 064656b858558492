//! A path that sees enough made shorter: it is cut into short pieces, and corners between them are left out wherever little is seen from them
//! alone. Never sees less than it is told to, never leaves the lot, never makes a path longer.

use crate::area::Area;
use crate::grid::Tally;
use crate::lot::Lot;
use crate::plane::{Point, length_m, turn};

/// The pieces that a path is cut into, in swaths: what a lane's end is drawn in by at once.
const PIECE_SWATHS: f64 = 0.2;
/// Points of the ground are so far apart, in swaths: what is missed between them is too narrow to matter.
const STEP_SWATHS: f64 = 0.12;
/// So many points at least and at most: few say too little of a small lot, and many take too long on a large one.
const POINTS: (f64, f64) = (3_000.0, 12_000.0);
/// Way saved, as a share of what the lot needs, for the share of ground given up. A second look for poorer bargains costs as much time again, and
/// brings one lot in seventy below its goal.
const BARGAIN: f64 = 2.5;
/// Corners left out at once, most often the ends of two lanes together: one alone leaves a slant.
const LEFT_OUT: [usize; 3] = [2, 1, 4];
/// What is shorter by less is not worth a look, in swaths.
const SAVED_SWATHS_MIN: f64 = 0.04;

/// The path made shorter. `floor` says which share must stay seen at a length ratio.
pub(crate) fn tightened(area: &Area, path: &[Point], swath_m: f64, floor: impl Fn(f64) -> f64) -> Vec<Point> {
    let points = (area.flown.area_m2() / (STEP_SWATHS * swath_m).powi(2)).clamp(POINTS.0, POINTS.1);
    let path = cut(path, PIECE_SWATHS * swath_m);
    let grid = area.grid(points, swath_m / 2.0);
    let seen_m2 = if area.looks_beside() { grid.area_m2() } else { area.flown.area_m2() };
    let tally = Tally::of(grid, &path, swath_m / 2.0);
    let mut tightening = Tightening { lot: &area.flown, tally, path, swath_m, per_metre: swath_m / seen_m2 };
    tightening.pass(&floor);
    joined(tightening.path)
}

/// A path being shortened.
struct Tightening<'a> {
    lot: &'a Lot,
    /// What the path sees now.
    tally: Tally,
    path: Vec<Point>,
    swath_m: f64,
    /// What a metre adds to the length ratio.
    per_metre: f64,
}

impl Tightening<'_> {
    /// Once along the path; where something is left out, its neighbours are looked at again. Every step shortens the path or goes on.
    fn pass(&mut self, floor: &impl Fn(f64) -> f64) {
        let mut ratio = length_m(&self.path) * self.per_metre;
        let mut at = 0;
        while at < self.path.len() {
            let saved = LEFT_OUT.iter().find_map(|count| self.leave_out(at, *count, |saved| floor(ratio - saved)));
            match saved {
                Some(saved) => {
                    ratio -= saved;
                    at = at.saturating_sub(1);
                }
                None => at += 1,
            }
        }
    }

    /// Leaves out corners from `at` on when that is a bargain, and says by how much the length ratio falls.
    fn leave_out(&mut self, at: usize, count: usize, floor: impl Fn(f64) -> f64) -> Option<f64> {
        let end = at + count;
        if end > self.path.len() || self.path.len() < count + 2 {
            return None;
        }
        let (from, to) = (at.saturating_sub(1), (end + 1).min(self.path.len()));
        // An end of the path is left out without a way in its place.
        let across = (at > 0 && end < self.path.len()).then(|| (self.path[from], self.path[end]));
        let saved_m = length_m(&self.path[from..to]) - across.map_or(0.0, |(a, b)| a.distance_m(b));
        if saved_m < SAVED_SWATHS_MIN * self.swath_m || across.is_some_and(|(a, b)| !self.lot.sees(a, b)) {
            return None;
        }
        let (before, reach_m) = (self.tally.share(), self.swath_m / 2.0);
        across.inspect(|(a, b)| self.tally.put(*a, *b, reach_m));
        self.path[from..to].windows(2).for_each(|pair| self.tally.take_away(pair[0], pair[1], reach_m));
        let (after, saved) = (self.tally.share(), saved_m * self.per_metre);
        if after >= before || (after >= floor(saved) && saved >= BARGAIN * (before - after)) {
            self.path.drain(at..end);
            return Some(saved);
        }
        self.path[from..to].windows(2).for_each(|pair| self.tally.put(pair[0], pair[1], reach_m));
        across.inspect(|(a, b)| self.tally.take_away(*a, *b, reach_m));
        None
    }
}

/// The same path with corners no further apart than this.
fn cut(path: &[Point], piece_m: f64) -> Vec<Point> {
    let mut pieces: Vec<Point> = path.first().copied().into_iter().collect();
    for pair in path.windows(2) {
        let count = (pair[0].distance_m(pair[1]) / piece_m).ceil().max(1.0) as usize;
        pieces.extend((1..=count).map(|piece| pair[0].towards(pair[1], piece as f64 / count as f64)));
    }
    pieces
}

/// The same path without the corners that lie on the straight way between their neighbours.
fn joined(path: Vec<Point>) -> Vec<Point> {
    /// Off that way, as twice a triangle's area, square metres: a millimetre along ten metres.
    const STRAIGHT: f64 = 0.01;
    let mut corners: Vec<Point> = Vec::with_capacity(path.len());
    for point in path {
        while let [.., before, last] = corners[..] {
            let goes_on =
                (last.x_m - before.x_m) * (point.x_m - last.x_m) + (last.y_m - before.y_m) * (point.y_m - last.y_m) >= 0.0;
            if !goes_on || turn(before, last, point).abs() > STRAIGHT {
                break;
            }
            corners.pop();
        }
        corners.push(point);
    }
    corners
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Grid;

    const SWATH_M: f64 = 6.0;

    fn points(corners: &[(f64, f64)]) -> Vec<Point> {
        corners.iter().map(|(x, y)| Point::new(*x, *y)).collect()
    }

    fn lot() -> Lot {
        Lot::new(points(&[(0.0, 0.0), (40.0, 0.0), (40.0, 12.0), (0.0, 12.0)]), Vec::new()).expect("a lot")
    }

    fn share(path: &[Point]) -> f64 {
        let mut grid = Grid::new(&lot(), 9_000.0);
        grid.see(path, SWATH_M / 2.0);
        grid.share()
    }

    #[test]
    fn a_way_that_shows_nothing_new_is_left_out_and_the_rest_stays() {
        // Two lanes, and in the middle of the first a spur to where the second comes along anyway.
        let spur = points(&[(2.5, 3.0), (20.0, 3.0), (20.0, 9.0), (20.0, 3.0), (37.5, 3.0), (37.5, 9.0), (2.5, 9.0)]);
        let path = tightened(&Area::whole(&lot()), &spur, SWATH_M, |_| 0.985);
        let plain_m = length_m(&points(&[(2.5, 3.0), (37.5, 3.0), (37.5, 9.0), (2.5, 9.0)]));
        assert!(length_m(&path) <= plain_m + 0.1, "{} m of {plain_m} m: {path:?}", length_m(&path));
        assert!(share(&path) >= 0.98, "{}", share(&path));
    }

    #[test]
    fn what_must_stay_seen_stays_seen() {
        // The third lane sees a metre and a half that the others do not, an eighth of the ground.
        let lanes = points(&[(2.0, 2.5), (38.0, 2.5), (38.0, 8.0), (2.0, 8.0), (2.0, 11.5), (38.0, 11.5)]);
        let seen = |path: &[Point]| {
            let mut grid = Grid::new(&lot(), 9_000.0);
            grid.see(path, 2.5);
            grid.share()
        };
        let before = seen(&lanes);
        let all = tightened(&Area::whole(&lot()), &lanes, 5.0, |_| 1.0);
        assert!(seen(&all) >= before - 0.002 && length_m(&all) <= length_m(&lanes));
        let some = tightened(&Area::whole(&lot()), &lanes, 5.0, |_| 0.9);
        assert!(length_m(&some) < length_m(&all) - 0.5 && seen(&some) >= 0.898, "{} m, {}", length_m(&some), seen(&some));
    }

    #[test]
    fn a_hole_is_not_flown_over_to_save_way() {
        let hole = points(&[(10.0, 4.0), (30.0, 4.0), (30.0, 8.0), (10.0, 8.0)]);
        let lot = Lot::new(points(&[(0.0, 0.0), (40.0, 0.0), (40.0, 12.0), (0.0, 12.0)]), vec![hole]).expect("a lot");
        let round = points(&[(20.0, 2.0), (8.0, 2.0), (8.0, 10.0), (20.0, 10.0)]);
        let path = tightened(&Area::whole(&lot), &round, SWATH_M, |_| 0.0);
        assert!(path.windows(2).all(|pair| lot.sees(pair[0], pair[1])), "{path:?}");
    }

    #[test]
    fn paths_without_a_way_stay_as_they_are() {
        for path in [points(&[]), points(&[(3.0, 3.0)])] {
            assert_eq!(tightened(&Area::whole(&lot()), &path, SWATH_M, |_| 0.0), path);
        }
    }
}
