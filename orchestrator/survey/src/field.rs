//! What of a lot may be flown over: its ground less zones and houses with their margins, in as many parts as are left. And which of them keep
//! what from being seen.

use i_overlay::core::fill_rule::FillRule;
use i_overlay::core::overlay_rule::OverlayRule;
use i_overlay::float::simplify::SimplifyShape;
use i_overlay::float::single::SingleFloatOverlay;

use crate::grid::Grid;
use crate::lot::{Lot, LotError};
use crate::plane::{Point, foot, turn};

/// Corners of the polygon that stands for the circle round a corner; it lies round the circle, 3.5 % wider at most.
const CIRCLE_CORNERS: u32 = 12;
/// Cut away beyond the margin, metres: paths keep to a part's border to two centimetres only.
const BEYOND_M: f64 = 0.05;
/// Parts smaller than this are not flown to, square metres: a picture taken from beside one shows it whole.
const PART_M2_MIN: f64 = 4.0;
/// Points that what is seen of a lot is measured on: a share is told to a tenth of a per cent.
const POINTS: f64 = 10_000.0;

/// On which side of an outline flights keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Outside: a zone, a house.
    Outside,
    /// Inside: a fence.
    Inside,
}

/// An outline from which flights keep away.
#[derive(Debug, Clone, PartialEq)]
pub struct Keep {
    /// Its corners; where sides cross each other, all that the outline goes round is inside.
    pub ring: Vec<Point>,
    /// How far away, metres.
    pub margin_m: f64,
    /// On which side.
    pub side: Side,
}

impl Keep {
    /// Whether a flight may be at this place.
    pub fn allows(&self, place: Point) -> bool {
        let right_side = goes_round(&self.ring, place) == (self.side == Side::Inside);
        right_side && self.away_m(place) >= self.margin_m
    }

    /// How far a place lies from the outline, metres.
    fn away_m(&self, place: Point) -> f64 {
        let sides = (0..self.ring.len()).map(|at| (self.ring[at], self.ring[(at + 1) % self.ring.len()]));
        sides.map(|(a, b)| foot(place, a, b).distance_m(place)).fold(f64::INFINITY, f64::min)
    }

    /// Whether it could take anything from ground between these corners.
    fn touches(&self, (low, high): (Point, Point)) -> bool {
        let lowest = |of: fn(&Point) -> f64| self.ring.iter().map(of).fold(f64::INFINITY, f64::min) - self.margin_m;
        let highest = |of: fn(&Point) -> f64| self.ring.iter().map(of).fold(f64::NEG_INFINITY, f64::max) + self.margin_m;
        let beside = lowest(|p| p.x_m) > high.x_m
            || highest(|p| p.x_m) < low.x_m
            || lowest(|p| p.y_m) > high.y_m
            || highest(|p| p.y_m) < low.y_m;
        self.side == Side::Inside || !beside
    }
}

/// A lot with what of it may be flown over.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    pub(crate) ground: Lot,
    /// Connected, none over another; the largest first.
    pub(crate) parts: Vec<Lot>,
    pub(crate) keeps: Vec<Keep>,
}

/// How much of a lot, or how many of its beacons, come into a picture, and what is the reason for the rest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Points of the ground, or beacons.
    pub of: usize,
    /// Those that come into a picture.
    pub seen: usize,
    /// Those that each of the outlines keeps out of all pictures, in the order in which they were given.
    pub kept: Vec<usize>,
    /// Those that lie between lanes and beside their ends.
    pub missed: usize,
}

impl Coverage {
    /// So many of them as a share of all, 0 to 1.
    pub fn share(&self, count: usize) -> f64 {
        if self.of == 0 { 0.0 } else { count as f64 / self.of as f64 }
    }
}

impl Field {
    /// All of a lot.
    pub fn whole(ground: Lot) -> Self {
        Self { parts: vec![ground.clone()], ground, keeps: Vec::new() }
    }

    /// A lot less what these outlines keep from being flown over. An unclosed or endless one is refused as that of a lot is.
    pub fn clipped(ground: Lot, keeps: Vec<Keep>) -> Result<Self, LotError> {
        for keep in &keeps {
            let finite = |p: &Point| p.x_m.is_finite() && p.y_m.is_finite();
            if keep.ring.len() < 3 {
                return Err(LotError::TooFewCorners(keep.ring.len()));
            }
            if !keep.ring.iter().all(finite) || !keep.margin_m.is_finite() || keep.margin_m < 0.0 {
                return Err(LotError::NotFinite);
            }
        }
        let near: Vec<&Keep> = keeps.iter().filter(|keep| keep.touches(ground.bounds())).collect();
        // Untouched ground stays as it was drawn, corner by corner.
        let parts = if near.is_empty() { vec![ground.clone()] } else { parts(&ground, &near) };
        Ok(Self { ground, parts, keeps })
    }

    /// Nothing of it may be flown over.
    pub fn is_closed(&self) -> bool {
        self.parts.is_empty()
    }

    /// Whether anything was cut away, or may have been.
    pub(crate) fn is_clipped(&self) -> bool {
        self.parts.len() != 1 || self.parts[0] != self.ground
    }

    /// What of the ground may not be flown over, as if nothing of it were seen.
    pub fn unflown(&self) -> Coverage {
        self.shown_by(&[], 0.0)
    }

    /// What of the ground a path shows within `reach_m`, and why the rest is not shown.
    pub(crate) fn shown_by(&self, path: &[Point], reach_m: f64) -> Coverage {
        let mut grid = Grid::new(&self.ground, POINTS);
        grid.see(path, reach_m);
        // A part to which no way leads is not flown over.
        let reached = |part: &&Lot| path.iter().any(|place| part.nearly_contains(*place));
        let flown: Vec<&Lot> = self.parts.iter().filter(reached).collect();
        let mut coverage = Coverage { kept: vec![0; self.keeps.len()], ..Coverage::default() };
        for (place, seen) in grid.points() {
            coverage.of += 1;
            match (seen, if seen { None } else { self.kept_by(place, &flown) }) {
                (true, _) => coverage.seen += 1,
                (false, Some(keep)) => coverage.kept[keep] += 1,
                (false, None) => coverage.missed += 1,
            }
        }
        coverage
    }

    /// Which outline is the reason that a place is not flown over: one that does not allow it, the first of them; of a place that is cut off by
    /// others, the nearest.
    pub(crate) fn kept_by(&self, place: Point, flown: &[&Lot]) -> Option<usize> {
        let first = self.keeps.iter().position(|keep| !keep.allows(place));
        first.or_else(|| {
            let flown = flown.iter().any(|part| part.nearly_contains(place));
            let nearest = || {
                let away = |keep: &usize| self.keeps[*keep].away_m(place);
                (0..self.keeps.len()).min_by(|a, b| away(a).total_cmp(&away(b)))
            };
            if flown { None } else { nearest() }
        })
    }

    /// The flown place nearest to one, with how far it is.
    pub(crate) fn nearest(&self, place: Point) -> Option<(Point, f64)> {
        if self.parts.iter().any(|part| part.contains(place)) {
            return Some((place, 0.0));
        }
        let feet = self.parts.iter().flat_map(|part| part.edges().map(|(a, b)| foot(place, a, b)));
        feet.map(|foot| (foot, foot.distance_m(place))).min_by(|a, b| a.1.total_cmp(&b.1))
    }
}

type Contour = Vec<[f64; 2]>;

fn parts(ground: &Lot, near: &[&Keep]) -> Vec<Lot> {
    let mut left: Vec<Vec<Contour>> = vec![ground.rings().iter().map(|ring| contour(ring)).collect()];
    left = left.simplify_shape(FillRule::EvenOdd);
    for fence in near.iter().filter(|keep| keep.side == Side::Inside) {
        left = left.overlay(&filled(&fence.ring), OverlayRule::Intersect, FillRule::NonZero);
    }
    // What is cut away piece by piece, all of them left round: where several lie over each other, none undoes another.
    let mut cuts: Vec<Vec<Contour>> = Vec::new();
    for keep in near {
        if keep.side == Side::Outside {
            cuts.extend(filled(&keep.ring));
        }
        cuts.extend(margin(keep).into_iter().map(|piece| vec![piece]));
    }
    left = left.overlay(&cuts, OverlayRule::Difference, FillRule::NonZero);
    let point = |[x_m, y_m]: &[f64; 2]| Point::new(*x_m, *y_m);
    let ring = |contour: &Contour| -> Vec<Point> { contour.iter().map(point).collect() };
    let lot = |shape: &Vec<Contour>| {
        let mut rings = shape.iter().map(ring);
        // A shape that is no lot is too thin to be flown over.
        Lot::new(rings.next()?, rings.collect()).ok().filter(|lot| lot.area_m2() >= PART_M2_MIN)
    };
    let mut parts: Vec<Lot> = left.iter().filter_map(lot).collect();
    parts.sort_by(|a, b| b.area_m2().total_cmp(&a.area_m2()));
    parts
}

fn contour(ring: &[Point]) -> Contour {
    ring.iter().map(|p| [p.x_m, p.y_m]).collect()
}

/// What a ring goes round, without crossings.
fn filled(ring: &[Point]) -> Vec<Vec<Contour>> {
    vec![vec![contour(ring)]].simplify_shape(FillRule::NonZero)
}

/// Everything nearer to the outline than its margin and a little more, as pieces that run left round: a strip along each side, a disc round each corner.
fn margin(keep: &Keep) -> Vec<Contour> {
    let mut pieces = Vec::with_capacity(2 * keep.ring.len());
    let margin_m = keep.margin_m + BEYOND_M;
    let step = std::f64::consts::TAU / f64::from(CIRCLE_CORNERS);
    let radius_m = margin_m / (step / 2.0).cos();
    for at in 0..keep.ring.len() {
        let (a, b) = (keep.ring[at], keep.ring[(at + 1) % keep.ring.len()]);
        let disc = (0..CIRCLE_CORNERS).map(|corner| (f64::from(corner) * step).sin_cos());
        pieces.push(disc.map(|(sin, cos)| [a.x_m + radius_m * cos, a.y_m + radius_m * sin]).collect());
        let length_m = a.distance_m(b);
        if length_m > 0.0 {
            let (x, y) = ((a.y_m - b.y_m) / length_m * margin_m, (b.x_m - a.x_m) / length_m * margin_m);
            let at = |p: Point, sign: f64| [p.x_m + sign * x, p.y_m + sign * y];
            pieces.push(vec![at(a, -1.0), at(b, -1.0), at(b, 1.0), at(a, 1.0)]);
        }
    }
    debug_assert!(pieces.iter().all(is_left_round));
    pieces
}

fn is_left_round(piece: &Contour) -> bool {
    let [a, b, c] = [0, 1, 2].map(|at| Point::new(piece[at][0], piece[at][1]));
    turn(a, b, c) > 0.0
}

/// Whether a ring goes round a place, whichever way and however often.
fn goes_round(ring: &[Point], place: Point) -> bool {
    let sides = (0..ring.len()).map(|at| (ring[at], ring[(at + 1) % ring.len()]));
    let rounds = sides.map(|(a, b)| match (a.y_m > place.y_m, b.y_m > place.y_m, turn(a, b, place)) {
        (false, true, left) if left > 0.0 => 1,
        (true, false, left) if left < 0.0 => -1,
        _ => 0,
    });
    rounds.sum::<i32>() != 0
}
