//! Points and segments in a plane of metres.

/// A point, metres.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Point {
    /// Metres east.
    pub x_m: f64,
    /// Metres north.
    pub y_m: f64,
}

impl Point {
    /// From metres east and north.
    pub fn new(x_m: f64, y_m: f64) -> Self {
        Self { x_m, y_m }
    }

    /// Straight distance, metres.
    pub fn distance_m(self, other: Point) -> f64 {
        // Not `hypot`, whose last digit depends on the machine's library: a lot's plan is the same everywhere. Lots are far too small to overflow.
        let (dx, dy) = (self.x_m - other.x_m, self.y_m - other.y_m);
        (dx * dx + dy * dy).sqrt()
    }

    /// Turned round the origin by the angle whose sine and cosine are given.
    pub(crate) fn turned(self, (sin, cos): (f64, f64)) -> Point {
        Point::new(self.x_m * cos - self.y_m * sin, self.x_m * sin + self.y_m * cos)
    }

    /// Further east and north by so much.
    pub(crate) fn moved(self, by_m: f64) -> Point {
        Point::new(self.x_m + by_m, self.y_m + by_m)
    }

    /// The point this share of the way to another.
    pub(crate) fn towards(self, other: Point, share: f64) -> Point {
        Point::new(self.x_m + (other.x_m - self.x_m) * share, self.y_m + (other.y_m - self.y_m) * share)
    }
}

/// Twice the signed area of a triangle: positive when the corners turn left.
pub(crate) fn turn(a: Point, b: Point, c: Point) -> f64 {
    (b.x_m - a.x_m) * (c.y_m - a.y_m) - (b.y_m - a.y_m) * (c.x_m - a.x_m)
}

/// Whether two segments cross inside both; touching is no crossing.
pub(crate) fn cross(a: Point, b: Point, c: Point, d: Point) -> bool {
    /// Twice the area that counts as touching, square metres: a millimetre along a metre.
    const TOUCH: f64 = 1e-6;
    let opposite = |p: f64, q: f64| (p > TOUCH && q < -TOUCH) || (p < -TOUCH && q > TOUCH);
    opposite(turn(a, b, c), turn(a, b, d)) && opposite(turn(c, d, a), turn(c, d, b))
}

/// The point of segment `a`–`b` nearest to `p`.
pub(crate) fn foot(p: Point, a: Point, b: Point) -> Point {
    let (dx, dy) = (b.x_m - a.x_m, b.y_m - a.y_m);
    let length = dx * dx + dy * dy;
    if length == 0.0 {
        return a;
    }
    a.towards(b, (((p.x_m - a.x_m) * dx + (p.y_m - a.y_m) * dy) / length).clamp(0.0, 1.0))
}

/// Along all points, metres.
pub(crate) fn length_m(path: &[Point]) -> f64 {
    path.windows(2).map(|pair| pair[0].distance_m(pair[1])).sum()
}
