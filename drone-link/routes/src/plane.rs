//! Plane geometry of routes: rings in metres, clearances of points and legs. Knows nothing of zones or aircraft.

use flight_types::{Local, LocalFrame, Ring};

/// Corners closer together than this are one corner, metres; a doubled corner has no direction.
const CORNER_APART_MIN_M: f64 = 1e-6;

/// Legs that touch the clearance exactly must count as clear despite rounding, metres. An end may lie so far inside the clearance.
pub(super) const TOUCH_TOLERANCE_M: f64 = 1e-3;

/// A straight leg with what every outline asks of it: worked out once, asked two hundred times.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leg {
    a: Local,
    b: Local,
    low: Local,
    high: Local,
    /// Square to the leg, a unit vector; zero for a point.
    normal: Local,
}

impl Leg {
    /// A point is a leg to itself.
    pub fn new(a: Local, b: Local) -> Self {
        let way = minus(b, a);
        let length_m = dot(way, way).sqrt();
        let normal = if length_m < CORNER_APART_MIN_M {
            Local::default()
        } else {
            Local { east_m: -(b.north_m - a.north_m) / length_m, north_m: (b.east_m - a.east_m) / length_m }
        };
        let low = Local { east_m: a.east_m.min(b.east_m), north_m: a.north_m.min(b.north_m) };
        let high = Local { east_m: a.east_m.max(b.east_m), north_m: a.north_m.max(b.north_m) };
        Self { a, b, low, high, normal }
    }

    /// How far a place lies beside the leg's line, with its side; nought for a point, which has no line.
    fn beside_m(&self, place: Local) -> f64 {
        dot(minus(place, self.a), self.normal)
    }
}

/// A closed outline in the plane with its bounds.
#[derive(Debug, Clone)]
pub(super) struct Outline {
    pub corners: Vec<Local>,
    low: Local,
    high: Local,
}

impl Outline {
    pub fn new(ring: &Ring, frame: &LocalFrame) -> Self {
        let mut corners: Vec<Local> = ring.corners().iter().map(|corner| frame.to_local(*corner)).collect();
        corners.dedup_by(|a, b| a.distance_m(b) < CORNER_APART_MIN_M);
        Self::of(corners)
    }

    /// Of corners no two neighbours of which are one.
    pub(super) fn of(corners: Vec<Local>) -> Self {
        let mut low = Local { east_m: f64::INFINITY, north_m: f64::INFINITY };
        let mut high = Local { east_m: f64::NEG_INFINITY, north_m: f64::NEG_INFINITY };
        for corner in &corners {
            low = Local { east_m: low.east_m.min(corner.east_m), north_m: low.north_m.min(corner.north_m) };
            high = Local { east_m: high.east_m.max(corner.east_m), north_m: high.north_m.max(corner.north_m) };
        }
        Self { corners, low, high }
    }

    /// Even-odd rule.
    pub fn contains(&self, point: Local) -> bool {
        let mut inside = false;
        for (a, b) in self.edges() {
            if (a.north_m > point.north_m) != (b.north_m > point.north_m) {
                let share = (point.north_m - a.north_m) / (b.north_m - a.north_m);
                if point.east_m < a.east_m + share * (b.east_m - a.east_m) {
                    inside = !inside;
                }
            }
        }
        inside
    }

    /// Whether the leg from `a` to `b` comes closer to the outline than `clearance_m`; a point is a leg to itself.
    pub fn is_near(&self, a: Local, b: Local, clearance_m: f64) -> bool {
        self.is_near_leg(&Leg::new(a, b), clearance_m)
    }

    /// Whether the leg comes closer to the outline than `clearance_m`.
    pub fn is_near_leg(&self, leg: &Leg, clearance_m: f64) -> bool {
        if self.is_far_by_bounds(leg, clearance_m) {
            return false;
        }
        let limit_m2 = clearance_m * clearance_m;
        // Most edges lie on one side of the leg's line, further than the clearance: two products tell, and distances take divisions.
        let mut beside_m = self.corners.last().map_or(0.0, |corner| leg.beside_m(*corner));
        self.edges_from_last().any(|(c, d)| {
            let before_m = std::mem::replace(&mut beside_m, leg.beside_m(d));
            let far = before_m.min(beside_m) > clearance_m || before_m.max(beside_m) < -clearance_m;
            !far && leg_distance_m2(leg.a, leg.b, c, d) < limit_m2
        })
    }

    /// Whether the leg from `a` to `b` crosses an edge; touching one is not crossing it.
    pub fn is_crossed_by(&self, a: Local, b: Local) -> bool {
        self.edges().any(|(c, d)| legs_cross(a, b, c, d))
    }

    /// How far a leg passes the nearest edge, metres; zero when it crosses one. A point is a leg to itself.
    pub fn distance_m(&self, a: Local, b: Local) -> f64 {
        self.edges().map(|(c, d)| leg_distance_m2(a, b, c, d)).fold(f64::INFINITY, f64::min).sqrt()
    }

    fn is_far_by_bounds(&self, leg: &Leg, clearance_m: f64) -> bool {
        leg.high.east_m < self.low.east_m - clearance_m
            || leg.low.east_m > self.high.east_m + clearance_m
            || leg.high.north_m < self.low.north_m - clearance_m
            || leg.low.north_m > self.high.north_m + clearance_m
            || self.is_beside_line(leg, clearance_m)
    }

    /// Whether the whole box lies on one side of the line through the leg, further than the clearance. A point has no line.
    fn is_beside_line(&self, leg: &Leg, clearance_m: f64) -> bool {
        let centre = Local {
            east_m: (self.low.east_m + self.high.east_m) / 2.0 - leg.a.east_m,
            north_m: (self.low.north_m + self.high.north_m) / 2.0 - leg.a.north_m,
        };
        let half_east_m = (self.high.east_m - self.low.east_m) / 2.0;
        let half_north_m = (self.high.north_m - self.low.north_m) / 2.0;
        let reach_m = half_east_m * leg.normal.east_m.abs() + half_north_m * leg.normal.north_m.abs();
        dot(centre, leg.normal).abs() > reach_m + clearance_m
    }

    /// The edges, beginning with the one that ends at the first corner.
    fn edges_from_last(&self) -> impl Iterator<Item = (Local, Local)> + '_ {
        let last = self.corners.last().copied().unwrap_or_default();
        self.corners.iter().scan(last, |before, corner| Some((std::mem::replace(before, *corner), *corner)))
    }

    fn edges(&self) -> impl Iterator<Item = (Local, Local)> + '_ {
        let n = self.corners.len();
        (0..n).map(move |i| (self.corners[i], self.corners[(i + 1) % n]))
    }

    /// Points round every corner, on the outer side of its turn, whose joining legs touch the outline's clearance from outside.
    pub fn turning_points(&self, clearance_m: f64, step_rad_max: f64) -> Vec<Turning> {
        let n = self.corners.len();
        let mut points = Vec::new();
        for i in 0..n {
            let (a, b, c) = (self.corners[(i + n - 1) % n], self.corners[i], self.corners[(i + 1) % n]);
            turn_round(a, b, c, clearance_m, step_rad_max, &mut points);
        }
        points
    }
}

/// A point where a way may turn round an outline.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turning {
    pub at: Local,
    /// Along the outline's clearance into the point, a unit vector.
    arriving: Local,
    /// And out of it.
    leaving: Local,
}

impl Turning {
    /// An end of a way, which it may leave in any direction.
    pub fn any(at: Local) -> Self {
        let east = Local { east_m: 1.0, north_m: 0.0 };
        // With one tangent the other's opposite, every way lies on the same side of both.
        Self { at, arriving: east, leaving: Local { east_m: -1.0, north_m: 0.0 } }
    }
}

/// Turnings in rows of numbers: one is held against all of them a thousand times, two or four at once this way.
#[derive(Debug, Default)]
pub(super) struct Turnings {
    east_m: Vec<f64>,
    north_m: Vec<f64>,
    arriving_east: Vec<f64>,
    arriving_north: Vec<f64>,
    leaving_east: Vec<f64>,
    leaving_north: Vec<f64>,
    /// Of the last one held against them; kept for its memory.
    touch: Vec<f64>,
}

impl Turnings {
    pub fn push(&mut self, turning: &Turning) {
        self.east_m.push(turning.at.east_m);
        self.north_m.push(turning.at.north_m);
        self.arriving_east.push(turning.arriving.east_m);
        self.arriving_north.push(turning.arriving.north_m);
        self.leaving_east.push(turning.leaving.east_m);
        self.leaving_north.push(turning.leaving.north_m);
    }

    /// Takes one out; the last one gets its number.
    pub fn swap_remove(&mut self, index: usize) {
        self.east_m.swap_remove(index);
        self.north_m.swap_remove(index);
        self.arriving_east.swap_remove(index);
        self.arriving_north.swap_remove(index);
        self.leaving_east.swap_remove(index);
        self.leaving_north.swap_remove(index);
    }

    /// The numbers of those to which a leg from `turning` only touches the clearance at both its ends. A shortest way turns nowhere else:
    /// a leg that cuts into the clearance is illegal, and from one that stands off it a shorter way can be pulled tight.
    pub fn touching(&mut self, turning: &Turning, found: &mut Vec<usize>) {
        let count = self.east_m.len();
        self.touch.resize(count, 0.0);
        let (east_m, north_m) = (&self.east_m[..count], &self.north_m[..count]);
        let (arriving_east, arriving_north) = (&self.arriving_east[..count], &self.arriving_north[..count]);
        let (leaving_east, leaving_north) = (&self.leaving_east[..count], &self.leaving_north[..count]);
        let touch = &mut self.touch[..count];
        for i in 0..count {
            let way = Local { east_m: east_m[i] - turning.at.east_m, north_m: north_m[i] - turning.at.north_m };
            let arriving = Local { east_m: arriving_east[i], north_m: arriving_north[i] };
            let leaving = Local { east_m: leaving_east[i], north_m: leaving_north[i] };
            let (here, there) = (touch_m(way, turning.arriving, turning.leaving), touch_m(way, arriving, leaving));
            touch[i] = if here < there { here } else { there };
        }
        found.clear();
        found.extend(touch.iter().enumerate().filter(|(_, touch)| **touch >= 0.0).map(|(index, _)| index));
    }
}

/// Not negative where a leg along `way` only touches the clearance between two tangents; without a branch.
fn touch_m(way: Local, arriving: Local, leaving: Local) -> f64 {
    // How far the leg's other end lies beside the two tangents, metres.
    let (behind_m, ahead_m) = (-cross(way, arriving), cross(way, leaving));
    let (sides, behind_m, ahead_m) = (behind_m * ahead_m, behind_m.abs(), ahead_m.abs());
    let grazes_m = TOUCH_TOLERANCE_M - if behind_m < ahead_m { behind_m } else { ahead_m };
    if sides > grazes_m { sides } else { grazes_m }
}

/// Corners of a polygon that circumscribes the arc of radius `clearance_m` round `b`, where the outline turns from `ab` to `bc`.
fn turn_round(a: Local, b: Local, c: Local, clearance_m: f64, step_rad_max: f64, points: &mut Vec<Turning>) {
    let (along, onward) = (minus(b, a), minus(c, b));
    let turn_rad = cross(along, onward).atan2(dot(along, onward));
    let side = if turn_rad < 0.0 { -1.0 } else { 1.0 };
    let first_rad = along.north_m.atan2(along.east_m) - side * std::f64::consts::FRAC_PI_2;
    let pieces = (turn_rad.abs() / step_rad_max).ceil().max(1.0);
    let piece_rad = turn_rad / pieces;
    let radius_m = clearance_m / (piece_rad / 2.0).cos();
    for i in 0..pieces as usize {
        let angle_rad = first_rad + (i as f64 + 0.5) * piece_rad;
        let at = Local { east_m: b.east_m + radius_m * angle_rad.cos(), north_m: b.north_m + radius_m * angle_rad.sin() };
        let tangent = |normal_rad: f64| Local { east_m: -side * normal_rad.sin(), north_m: side * normal_rad.cos() };
        let half_rad = piece_rad / 2.0;
        points.push(Turning { at, arriving: tangent(angle_rad - half_rad), leaving: tangent(angle_rad + half_rad) });
    }
}

pub(super) fn minus(a: Local, b: Local) -> Local {
    Local { east_m: a.east_m - b.east_m, north_m: a.north_m - b.north_m }
}

fn dot(a: Local, b: Local) -> f64 {
    a.east_m * b.east_m + a.north_m * b.north_m
}

fn cross(a: Local, b: Local) -> f64 {
    a.east_m * b.north_m - a.north_m * b.east_m
}

/// Squared distance between two legs, square metres; zero when they cross.
pub(super) fn leg_distance_m2(a: Local, b: Local, c: Local, d: Local) -> f64 {
    if legs_cross(a, b, c, d) {
        return 0.0;
    }
    let ends = [(a, c, d), (b, c, d), (c, a, b), (d, a, b)];
    ends.iter().map(|(point, from, to)| point_distance_m2(*point, *from, *to)).fold(f64::INFINITY, f64::min)
}

fn legs_cross(a: Local, b: Local, c: Local, d: Local) -> bool {
    let side = |p: Local, q: Local, r: Local| cross(minus(q, p), minus(r, p));
    side(a, b, c) * side(a, b, d) < 0.0 && side(c, d, a) * side(c, d, b) < 0.0
}

fn point_distance_m2(point: Local, from: Local, to: Local) -> f64 {
    let (along, offset) = (minus(to, from), minus(point, from));
    let length_m2 = dot(along, along);
    let share = if length_m2 > 0.0 { (dot(offset, along) / length_m2).clamp(0.0, 1.0) } else { 0.0 };
    let nearest = Local { east_m: from.east_m + share * along.east_m, north_m: from.north_m + share * along.north_m };
    let gap = minus(point, nearest);
    dot(gap, gap)
}
