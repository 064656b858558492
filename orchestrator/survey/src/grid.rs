//! How much of a lot a path sees, by points on a grid. Every row of what a segment sees is one interval, found exactly.

use std::ops::Range;

use crate::lot::Lot;
use crate::plane::Point;

/// Points of the ground, with whether each is seen.
pub(crate) struct Grid {
    low: Point,
    step_m: f64,
    width: usize,
    ground: Vec<bool>,
    seen: Vec<bool>,
    ground_count: usize,
}

impl Grid {
    /// About `count` points on the lot's ground.
    pub(crate) fn new(lot: &Lot, count: f64) -> Self {
        let step_m = (lot.area_m2() / count).sqrt().max(0.05);
        Self::over(lot, lot.bounds(), step_m)
    }

    /// Points so far apart on the lot's ground between two corners.
    fn over(lot: &Lot, (low, high): (Point, Point), step_m: f64) -> Self {
        // Long thin lots that lie askew have large bounds; the points outside them cost memory only.
        let cells = |from: f64, to: f64| ((to - from) / step_m).ceil().max(1.0) as usize;
        let (width, height) = (cells(low.x_m, high.x_m), cells(low.y_m, high.y_m));
        let mut ground = vec![false; width * height];
        let mut crossings = Vec::new();
        for row in 0..height {
            lot.crossings(low.y_m + (row as f64 + 0.5) * step_m, &mut crossings);
            for pair in crossings.chunks_exact(2) {
                let columns = columns(low.x_m, step_m, width, pair[0], pair[1]);
                ground[row * width..][columns].fill(true);
            }
        }
        let ground_count = ground.iter().filter(|ground| **ground).count();
        Self { low, step_m, width, seen: vec![false; ground.len()], ground, ground_count }
    }

    /// The points of `ground` that lie no further than `reach_m` from `flown` and are `wanted`; so many on `flown` as in [`Grid::new`].
    pub(crate) fn beside(ground: &Lot, flown: &Lot, count: f64, reach_m: f64, wanted: impl Fn(Point) -> bool) -> Self {
        let step_m = (flown.area_m2() / count).sqrt().max(0.05);
        let (low, high) = flown.bounds();
        let mut grid = Self::over(ground, (low.moved(-reach_m), high.moved(reach_m)), step_m);
        for at in 0..grid.ground.len() {
            grid.ground[at] = grid.ground[at] && wanted(grid.place(at));
        }
        grid.ground_count = grid.ground.iter().filter(|ground| **ground).count();
        grid
    }

    /// The points of the ground, with whether each is seen.
    pub(crate) fn points(&self) -> impl Iterator<Item = (Point, bool)> + '_ {
        (0..self.ground.len()).filter(|at| self.ground[*at]).map(|at| (self.place(at), self.seen[at]))
    }

    fn place(&self, at: usize) -> Point {
        let middle = |index: usize| (index as f64 + 0.5) * self.step_m;
        Point::new(self.low.x_m + middle(at % self.width), self.low.y_m + middle(at / self.width))
    }

    /// The area of the ground that the points stand for, square metres.
    pub(crate) fn area_m2(&self) -> f64 {
        self.ground_count as f64 * self.step_m * self.step_m
    }

    /// Forgets what was seen, then marks all within `reach_m` of the path.
    pub(crate) fn see(&mut self, path: &[Point], reach_m: f64) {
        self.seen.fill(false);
        if let [only] = path {
            self.see_segment(*only, *only, reach_m);
        }
        for pair in path.windows(2) {
            self.see_segment(pair[0], pair[1], reach_m);
        }
    }

    pub(crate) fn see_segment(&mut self, a: Point, b: Point, reach_m: f64) {
        let mut seen = std::mem::take(&mut self.seen);
        self.rows(a, b, reach_m, |points| seen[points].fill(true));
        self.seen = seen;
    }

    /// The points within reach of a segment, row by row.
    fn rows(&self, a: Point, b: Point, reach_m: f64, mut each: impl FnMut(Range<usize>)) {
        let height = self.ground.len() / self.width;
        let row_of = |y: f64| lines_before(self.low.y_m, self.step_m, height, y);
        let capsule = Capsule::new(a, b, reach_m);
        for row in row_of(a.y_m.min(b.y_m) - reach_m)..row_of(a.y_m.max(b.y_m) + reach_m) {
            let y = self.low.y_m + (row as f64 + 0.5) * self.step_m;
            if let Some((west, east)) = capsule.row(y) {
                let columns = columns(self.low.x_m, self.step_m, self.width, west, east);
                each(row * self.width + columns.start..row * self.width + columns.end);
            }
        }
    }

    /// The share of the ground that is seen, 0 to 1.
    pub(crate) fn share(&self) -> f64 {
        let seen = self.ground.iter().zip(&self.seen).filter(|(ground, seen)| **ground && **seen).count();
        if self.ground_count == 0 { 1.0 } else { seen as f64 / self.ground_count as f64 }
    }

    /// Unseen ground in connected pieces, the largest first.
    pub(crate) fn unseen_pieces(&self) -> Vec<Vec<Point>> {
        let mut open: Vec<bool> = self.ground.iter().zip(&self.seen).map(|(ground, seen)| *ground && !*seen).collect();
        let mut pieces = Vec::new();
        for start in 0..open.len() {
            if open[start] {
                pieces.push(self.piece(&mut open, start));
            }
        }
        pieces.sort_by_key(|piece: &Vec<Point>| std::cmp::Reverse(piece.len()));
        pieces
    }

    fn piece(&self, open: &mut [bool], start: usize) -> Vec<Point> {
        let mut piece = Vec::new();
        let mut stack = vec![start];
        open[start] = false;
        while let Some(at) = stack.pop() {
            let column = at % self.width;
            piece.push(self.place(at));
            let mut visit = |next: Option<usize>| {
                if let Some(next) = next.filter(|next| open.get(*next) == Some(&true)) {
                    open[next] = false;
                    stack.push(next);
                }
            };
            visit((column > 0).then(|| at - 1));
            visit((column + 1 < self.width).then_some(at + 1));
            visit(at.checked_sub(self.width));
            visit(Some(at + self.width));
        }
        piece
    }
}

/// How many segments of a path see each point of the ground, so that one can be taken away.
pub(crate) struct Tally {
    grid: Grid,
    /// 1 on the ground, 0 beside it: as wide as the counts, so that eight or more are dealt with at once.
    ground: Vec<u16>,
    counts: Vec<u16>,
    seen_count: usize,
}

impl Tally {
    /// What a path sees of a grid's ground.
    pub(crate) fn of(grid: Grid, path: &[Point], reach_m: f64) -> Self {
        let ground: Vec<u16> = grid.ground.iter().map(|ground| u16::from(*ground)).collect();
        let mut tally = Self { counts: vec![0; ground.len()], ground, grid, seen_count: 0 };
        path.windows(2).for_each(|pair| tally.put(pair[0], pair[1], reach_m));
        tally
    }

    pub(crate) fn put(&mut self, a: Point, b: Point, reach_m: f64) {
        let Self { grid, ground, counts, seen_count } = self;
        grid.rows(a, b, reach_m, |points| {
            let mut fresh = 0;
            for (ground, count) in ground[points.clone()].iter().zip(&mut counts[points]) {
                fresh += ground * u16::from(*count == 0);
                *count += 1;
            }
            *seen_count += usize::from(fresh);
        });
    }

    /// Takes away a segment that was put.
    pub(crate) fn take_away(&mut self, a: Point, b: Point, reach_m: f64) {
        let Self { grid, ground, counts, seen_count } = self;
        grid.rows(a, b, reach_m, |points| {
            let mut lost = 0;
            for (ground, count) in ground[points.clone()].iter().zip(&mut counts[points]) {
                *count -= 1;
                lost += ground * u16::from(*count == 0);
            }
            *seen_count -= usize::from(lost);
        });
    }

    /// The share of the ground that is seen, 0 to 1.
    pub(crate) fn share(&self) -> f64 {
        if self.grid.ground_count == 0 { 1.0 } else { self.seen_count as f64 / self.grid.ground_count as f64 }
    }
}

/// How many lines of a grid's middles, the first half a step after `low_m`, lie before a coordinate; at most `count`.
fn lines_before(low_m: f64, step_m: f64, count: usize, at_m: f64) -> usize {
    let lines = ((at_m - low_m) / step_m - 0.5).clamp(0.0, count as f64);
    // Rounded up by hand: the library's function is a call for each row.
    let whole = lines as usize;
    whole + usize::from((whole as f64) < lines)
}

/// The columns whose middles lie between two eastings.
fn columns(low_m: f64, step_m: f64, width: usize, west_m: f64, east_m: f64) -> Range<usize> {
    let start = lines_before(low_m, step_m, width, west_m);
    start..lines_before(low_m, step_m, width, east_m).max(start)
}

/// All points within reach of a segment: a convex body.
struct Capsule {
    ends: [Point; 2],
    reach_m: f64,
    /// The corners of what lies beside the segment.
    ring: [Point; 4],
}

impl Capsule {
    fn new(a: Point, b: Point, reach_m: f64) -> Self {
        let length = a.distance_m(b);
        let (nx, ny) =
            if length > 0.0 { (-(b.y_m - a.y_m) / length * reach_m, (b.x_m - a.x_m) / length * reach_m) } else { (0.0, 0.0) };
        let moved = |p: Point, sign: f64| Point::new(p.x_m + sign * nx, p.y_m + sign * ny);
        Self { ends: [a, b], reach_m, ring: [moved(a, 1.0), moved(b, 1.0), moved(b, -1.0), moved(a, -1.0)] }
    }

    /// From its westernmost to its easternmost point of one northing.
    fn row(&self, y: f64) -> Option<(f64, f64)> {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for end in self.ends {
            let off = y - end.y_m;
            if off.abs() <= self.reach_m {
                let half = (self.reach_m * self.reach_m - off * off).sqrt();
                (low, high) = (low.min(end.x_m - half), high.max(end.x_m + half));
            }
        }
        for at in 0..4 {
            let (c, d) = (self.ring[at], self.ring[(at + 1) % 4]);
            if (c.y_m <= y) != (d.y_m <= y) {
                let x = c.x_m + (y - c.y_m) / (d.y_m - c.y_m) * (d.x_m - c.x_m);
                (low, high) = (low.min(x), high.max(x));
            }
        }
        (low <= high).then_some((low, high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plane::foot;

    #[test]
    fn a_row_of_what_a_segment_sees_is_what_every_point_says() {
        let (a, b, reach) = (Point::new(1.0, 2.0), Point::new(7.3, 4.9), 1.7);
        for row in -10..100 {
            let y = f64::from(row) * 0.1 + 0.003;
            let range = Capsule::new(a, b, reach).row(y);
            for column in -20..120 {
                let p = Point::new(f64::from(column) * 0.1 + 0.001, y);
                let near = foot(p, a, b).distance_m(p) <= reach;
                let inside = range.is_some_and(|(west, east)| (west..=east).contains(&p.x_m));
                assert_eq!(near, inside, "{p:?}");
            }
        }
    }
}
