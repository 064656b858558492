//! Slow judges of a sweep: every point against every segment.

use survey_plan::Point;

/// Whether a point lies in the rings, by crossings counted.
pub fn inside(rings: &[Vec<Point>], p: Point) -> bool {
    let crosses = |a: &Point, b: &Point| {
        (a.y_m > p.y_m) != (b.y_m > p.y_m) && p.x_m < a.x_m + (p.y_m - a.y_m) / (b.y_m - a.y_m) * (b.x_m - a.x_m)
    };
    let count = rings.iter().flat_map(|ring| (0..ring.len()).map(move |at| (ring[at], ring[(at + 1) % ring.len()])));
    count.filter(|(a, b)| crosses(a, b)).count() % 2 == 1
}

/// How far a point lies from a path, metres.
pub fn away_m(p: Point, path: &[Point]) -> f64 {
    let segment = |pair: &[Point]| {
        let (a, b) = (pair[0], pair[1]);
        let (dx, dy) = (b.x_m - a.x_m, b.y_m - a.y_m);
        let share = (((p.x_m - a.x_m) * dx + (p.y_m - a.y_m) * dy) / (dx * dx + dy * dy).max(1e-12)).clamp(0.0, 1.0);
        (a.x_m + share * dx - p.x_m).hypot(a.y_m + share * dy - p.y_m)
    };
    path.windows(2).map(segment).fold(f64::INFINITY, f64::min)
}

/// The share of a lattice of `step` that the path sees, and the share of the path that is outside.
pub fn measured(rings: &[Vec<Point>], path: &[Point], swath_m: f64, step: f64) -> (f64, f64) {
    let lattice = |along: fn(&Point) -> f64| {
        let low = rings[0].iter().map(along).fold(f64::INFINITY, f64::min);
        let high = rings[0].iter().map(along).fold(f64::NEG_INFINITY, f64::max);
        (0..((high - low) / step) as usize).map(move |at| low + (at as f64 + 0.37) * step)
    };
    let ground: Vec<Point> = lattice(|p| p.y_m).flat_map(|y| lattice(|p| p.x_m).map(move |x| Point::new(x, y))).collect();
    let ground: Vec<Point> = ground.into_iter().filter(|p| inside(rings, *p)).collect();
    let seen = ground.iter().filter(|p| away_m(**p, path) <= swath_m / 2.0).count();
    let border = |p: Point| rings.iter().any(|ring| away_m(p, &[ring.as_slice(), &ring[..1]].concat()) < 0.05);
    let (mut out, mut all) = (0.0, 0.0);
    for pair in path.windows(2) {
        let length = pair[0].distance_m(pair[1]);
        for at in 0..20 {
            let share = (f64::from(at) + 0.5) / 20.0;
            let p =
                Point::new(pair[0].x_m + share * (pair[1].x_m - pair[0].x_m), pair[0].y_m + share * (pair[1].y_m - pair[0].y_m));
            all += length;
            out += if inside(rings, p) || border(p) { 0.0 } else { length };
        }
    }
    (seen as f64 / ground.len().max(1) as f64, out / f64::max(all, 1e-9))
}
