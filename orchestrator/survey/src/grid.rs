//! How much of a lot a path sees, by points on a grid. Every row of what a segment sees is one interval, found exactly.

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
        let (low, high) = lot.bounds();
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
        let height = self.ground.len() / self.width;
        let row_of = |y: f64| ((y - self.low.y_m) / self.step_m - 0.5).ceil().clamp(0.0, height as f64) as usize;
        for row in row_of(a.y_m.min(b.y_m) - reach_m)..row_of(a.y_m.max(b.y_m) + reach_m) {
            let y = self.low.y_m + (row as f64 + 0.5) * self.step_m;
            if let Some((west, east)) = row_of_capsule(a, b, reach_m, y) {
                let columns = columns(self.low.x_m, self.step_m, self.width, west, east);
                self.seen[row * self.width..][columns].fill(true);
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
            let (row, column) = (at / self.width, at % self.width);
            let middle = |index: usize| (index as f64 + 0.5) * self.step_m;
            piece.push(Point::new(self.low.x_m + middle(column), self.low.y_m + middle(row)));
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

/// The columns whose middles lie between two eastings.
fn columns(low_m: f64, step_m: f64, width: usize, west_m: f64, east_m: f64) -> std::ops::Range<usize> {
    let column = |x: f64| ((x - low_m) / step_m - 0.5).ceil().clamp(0.0, width as f64) as usize;
    let start = column(west_m);
    start..column(east_m).max(start)
}

/// All points within `reach` of a segment are a convex body; its row is from its westernmost to its easternmost point there.
fn row_of_capsule(a: Point, b: Point, reach: f64, y: f64) -> Option<(f64, f64)> {
    let mut range: Option<(f64, f64)> = None;
    let mut widen = |west: f64, east: f64| {
        range = Some(range.map_or((west, east), |(low, high)| (low.min(west), high.max(east))));
    };
    for end in [a, b] {
        let off = y - end.y_m;
        if off.abs() <= reach {
            let half = (reach * reach - off * off).sqrt();
            widen(end.x_m - half, end.x_m + half);
        }
    }
    let length = a.distance_m(b);
    if length > 0.0 {
        let (nx, ny) = (-(b.y_m - a.y_m) / length * reach, (b.x_m - a.x_m) / length * reach);
        let moved = |p: Point, sign: f64| Point::new(p.x_m + sign * nx, p.y_m + sign * ny);
        let ring = [moved(a, 1.0), moved(b, 1.0), moved(b, -1.0), moved(a, -1.0)];
        for at in 0..4 {
            let (c, d) = (ring[at], ring[(at + 1) % 4]);
            if (c.y_m <= y) != (d.y_m <= y) {
                let x = c.x_m + (y - c.y_m) / (d.y_m - c.y_m) * (d.x_m - c.x_m);
                widen(x, x);
            }
        }
    }
    range
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
            let range = row_of_capsule(a, b, reach, y);
            for column in -20..120 {
                let p = Point::new(f64::from(column) * 0.1 + 0.001, y);
                let near = foot(p, a, b).distance_m(p) <= reach;
                let inside = range.is_some_and(|(west, east)| (west..=east).contains(&p.x_m));
                assert_eq!(near, inside, "{p:?}");
            }
        }
    }
}
