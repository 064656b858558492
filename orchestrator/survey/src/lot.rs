//! A lot to be surveyed: an outline with holes (trees, buildings, zones not to be flown). Only well-formed ones exist.

use crate::plane::{Point, cross, turn};

/// Corners of outline and holes together: a lot drawn by hand has tens; checking all pairs stays within milliseconds.
pub const CORNERS_MAX: usize = 2_000;

/// The longest extent, metres: beyond it the drawing is wrong, or degrees were taken for metres.
pub const SIDE_M_MAX: f64 = 5_000.0;

/// The smallest area, square metres: a motorcycle's bay.
const AREA_M2_MIN: f64 = 1.0;

/// Why rings are no lot.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LotError {
    /// Fewer than three corners.
    #[error("a ring needs at least 3 corners, this one has {0}")]
    TooFewCorners(usize),
    /// Beyond the bound.
    #[error("the lot has {0} corners; at most {CORNERS_MAX} are planned")]
    TooManyCorners(usize),
    /// NaN or infinite.
    #[error("corners must be finite numbers")]
    NotFinite,
    /// Absurdly long.
    #[error("the lot is {0:.0} m long; at most {SIDE_M_MAX} m are planned")]
    TooLarge(f64),
    /// Nothing to see.
    #[error("the lot has {0:.2} square metres; at least {AREA_M2_MIN} are needed")]
    NoArea(f64),
    /// Sides that cross each other.
    #[error("the outline crosses itself near {0:.1} m east, {1:.1} m north of its first corner")]
    SelfCrossing(f64, f64),
    /// A hole that is not inside.
    #[error("hole {0} is not inside the outline")]
    HoleOutside(usize),
}

/// An outline with holes.
#[derive(Debug, Clone, PartialEq)]
pub struct Lot {
    /// The outline first, then the holes; first corners are not repeated.
    rings: Vec<Vec<Point>>,
}

impl Lot {
    /// Checks and takes an outline and its holes; a closing repeat of the first corner is dropped.
    pub fn new(outline: Vec<Point>, holes: Vec<Vec<Point>>) -> Result<Self, LotError> {
        let mut rings: Vec<Vec<Point>> = std::iter::once(outline).chain(holes).collect();
        rings.iter_mut().for_each(drop_repeats);
        let corners = rings.iter().map(Vec::len).sum();
        if corners > CORNERS_MAX {
            return Err(LotError::TooManyCorners(corners));
        }
        if let Some(short) = rings.iter().find(|ring| ring.len() < 3) {
            return Err(LotError::TooFewCorners(short.len()));
        }
        if rings.iter().flatten().any(|corner| !corner.x_m.is_finite() || !corner.y_m.is_finite()) {
            return Err(LotError::NotFinite);
        }
        let lot = Self { rings };
        lot.check_extent()?;
        lot.check_crossings()?;
        Ok(lot)
    }

    fn check_extent(&self) -> Result<(), LotError> {
        let (low, high) = self.bounds();
        let side = (high.x_m - low.x_m).max(high.y_m - low.y_m);
        if side > SIDE_M_MAX {
            return Err(LotError::TooLarge(side));
        }
        let outside = |ring: &Vec<Point>| !inside_ring(&self.rings[0], ring[0]);
        if let Some(hole) = self.rings[1..].iter().position(outside) {
            return Err(LotError::HoleOutside(hole));
        }
        let area = self.area_m2();
        if area < AREA_M2_MIN { Err(LotError::NoArea(area)) } else { Ok(()) }
    }

    fn check_crossings(&self) -> Result<(), LotError> {
        let edges: Vec<(Point, Point)> = self.edges().collect();
        for (index, (a, b)) in edges.iter().enumerate() {
            if edges[index + 1..].iter().any(|(c, d)| cross(*a, *b, *c, *d)) {
                let first = self.rings[0][0];
                return Err(LotError::SelfCrossing(a.x_m - first.x_m, a.y_m - first.y_m));
            }
        }
        Ok(())
    }

    /// The outline, then the holes; no corner twice.
    pub fn rings(&self) -> &[Vec<Point>] {
        &self.rings
    }

    /// Area without the holes, square metres.
    pub fn area_m2(&self) -> f64 {
        let holes: f64 = self.rings[1..].iter().map(|ring| ring_area(ring).abs()).sum();
        ring_area(&self.rings[0]).abs() - holes
    }

    /// All sides, of outline and holes.
    pub(crate) fn edges(&self) -> impl Iterator<Item = (Point, Point)> + '_ {
        self.rings.iter().flat_map(|ring| (0..ring.len()).map(|at| (ring[at], ring[(at + 1) % ring.len()])))
    }

    /// Corners that a shortest way can bend at: those where the ground turns away.
    pub(crate) fn bends(&self) -> Vec<Point> {
        let mut bends = Vec::new();
        for (index, ring) in self.rings.iter().enumerate() {
            // The ground lies left of an outline that runs left round, and left of a hole that runs right round.
            let sign = if (ring_area(ring) > 0.0) == (index == 0) { 1.0 } else { -1.0 };
            for at in 0..ring.len() {
                let (before, after) = (ring[(at + ring.len() - 1) % ring.len()], ring[(at + 1) % ring.len()]);
                if turn(before, ring[at], after) * sign < 0.0 {
                    bends.push(ring[at]);
                }
            }
        }
        bends
    }

    /// Whether a point is on the ground of the lot.
    pub(crate) fn contains(&self, point: Point) -> bool {
        self.rings.iter().filter(|ring| inside_ring(ring, point)).count() == 1
    }

    /// Whether the straight way between two points stays inside; along a side is inside.
    pub(crate) fn sees(&self, a: Point, b: Point) -> bool {
        !self.edges().any(|(c, d)| cross(a, b, c, d)) && self.pieces_lie_inside(a, b)
    }

    /// Ways through corners cross nothing: each piece between two corners on the way is looked at in its middle.
    fn pieces_lie_inside(&self, a: Point, b: Point) -> bool {
        /// Looked at besides.
        const LOOKS: [f64; 3] = [0.25, 0.5, 0.75];
        /// A corner no further than this lies on the way, metres.
        const ON_WAY_M: f64 = 0.02;
        let (dx, dy) = (b.x_m - a.x_m, b.y_m - a.y_m);
        let length_m2 = dx * dx + dy * dy;
        let on_way = |corner: &Point| {
            let beside = (corner.x_m - a.x_m) * dy - (corner.y_m - a.y_m) * dx;
            let share = ((corner.x_m - a.x_m) * dx + (corner.y_m - a.y_m) * dy) / length_m2;
            (beside * beside <= ON_WAY_M * ON_WAY_M * length_m2 && share > 0.0 && share < 1.0).then_some(share)
        };
        let mut corners: Vec<f64> = self.rings.iter().flatten().filter_map(on_way).collect();
        let inside = |share: f64| self.nearly_contains(a.towards(b, share));
        if !LOOKS.iter().all(|share| inside(*share)) {
            return false;
        }
        corners.sort_unstable_by(f64::total_cmp);
        let starts = std::iter::once(0.0).chain(corners.iter().copied());
        let ends = corners.iter().copied().chain([1.0]);
        corners.is_empty() || starts.zip(ends).all(|(start, end)| inside((start + end) / 2.0))
    }

    /// Inside, or on the border to a few centimetres.
    pub(crate) fn nearly_contains(&self, point: Point) -> bool {
        const BORDER_M: f64 = 0.02;
        self.contains(point) || self.edges().any(|(a, b)| crate::plane::foot(point, a, b).distance_m(point) < BORDER_M)
    }

    /// The lowest and the highest coordinates.
    pub(crate) fn bounds(&self) -> (Point, Point) {
        let start = (Point::new(f64::INFINITY, f64::INFINITY), Point::new(f64::NEG_INFINITY, f64::NEG_INFINITY));
        self.rings[0].iter().fold(start, |(low, high), corner| {
            (
                Point::new(low.x_m.min(corner.x_m), low.y_m.min(corner.y_m)),
                Point::new(high.x_m.max(corner.x_m), high.y_m.max(corner.y_m)),
            )
        })
    }

    /// The lot turned round the origin.
    pub(crate) fn turned(&self, angle: (f64, f64)) -> Lot {
        Lot { rings: self.rings.iter().map(|ring| ring.iter().map(|corner| corner.turned(angle)).collect()).collect() }
    }

    /// Where a line of one northing enters and leaves the ground, in pairs from west to east.
    pub(crate) fn crossings(&self, y_m: f64, into: &mut Vec<f64>) {
        into.clear();
        for (a, b) in self.edges() {
            if (a.y_m > y_m) != (b.y_m > y_m) {
                into.push(a.x_m + (y_m - a.y_m) / (b.y_m - a.y_m) * (b.x_m - a.x_m));
            }
        }
        into.sort_unstable_by(f64::total_cmp);
    }
}

fn drop_repeats(ring: &mut Vec<Point>) {
    ring.dedup();
    while ring.len() > 1 && ring.first() == ring.last() {
        ring.pop();
    }
}

/// Positive when the ring runs left round.
fn ring_area(ring: &[Point]) -> f64 {
    // From the first corner, so that places far from the origin lose no digits.
    (1..ring.len().saturating_sub(1)).map(|at| turn(ring[0], ring[at], ring[at + 1])).sum::<f64>() / 2.0
}

fn inside_ring(ring: &[Point], point: Point) -> bool {
    let mut inside = false;
    for at in 0..ring.len() {
        let (a, b) = (ring[at], ring[(at + 1) % ring.len()]);
        if (a.y_m > point.y_m) != (b.y_m > point.y_m) && point.x_m < a.x_m + (point.y_m - a.y_m) / (b.y_m - a.y_m) * (b.x_m - a.x_m)
        {
            inside = !inside;
        }
    }
    inside
}
