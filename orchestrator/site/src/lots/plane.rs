//! Polygons in a plane of metres: inside and outside, crossings, how far one reaches out of another, how much two overlap.

use flight_types::Local;

/// Twice the signed area of a triangle: positive when the corners turn left.
fn turn(a: Local, b: Local, c: Local) -> f64 {
    (b.east_m - a.east_m) * (c.north_m - a.north_m) - (b.north_m - a.north_m) * (c.east_m - a.east_m)
}

/// The sides of a ring.
pub(super) fn sides(ring: &[Local]) -> impl Iterator<Item = (Local, Local)> + Clone + '_ {
    ring.iter().copied().zip(ring.iter().copied().cycle().skip(1)).take(ring.len())
}

/// Positive when the ring runs left round. Counted from the first corner, so that places far from the origin lose no digits.
fn signed_area_m2(ring: &[Local]) -> f64 {
    (1..ring.len().saturating_sub(1)).map(|at| turn(ring[0], ring[at], ring[at + 1])).sum::<f64>() / 2.0
}

pub(super) fn area_m2(ring: &[Local]) -> f64 {
    signed_area_m2(ring).abs()
}

/// Even-odd rule; the border may fall either way.
pub(super) fn contains(ring: &[Local], point: Local) -> bool {
    let is_crossed = |(a, b): &(Local, Local)| {
        (a.north_m > point.north_m) != (b.north_m > point.north_m)
            && point.east_m < a.east_m + (point.north_m - a.north_m) / (b.north_m - a.north_m) * (b.east_m - a.east_m)
    };
    sides(ring).filter(is_crossed).count() % 2 == 1
}

/// How far a point is from a ring's border, metres.
pub(super) fn border_m(ring: &[Local], point: Local) -> f64 {
    let to_side = |(a, b): (Local, Local)| {
        let (x, y) = (b.east_m - a.east_m, b.north_m - a.north_m);
        let along = (point.east_m - a.east_m) * x + (point.north_m - a.north_m) * y;
        let share = (along / (x * x + y * y).max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
        between(a, b, share).distance_m(&point)
    };
    sides(ring).map(to_side).fold(f64::INFINITY, f64::min)
}

fn between(a: Local, b: Local, share: f64) -> Local {
    Local { east_m: a.east_m + (b.east_m - a.east_m) * share, north_m: a.north_m + (b.north_m - a.north_m) * share }
}

/// Where on side `a`–`b` it crosses `c`–`d`, as a share of its length; touching is no crossing.
fn crossing(a: Local, b: Local, c: Local, d: Local) -> Option<f64> {
    /// Twice the area that counts as touching, square metres: a millimetre along a metre.
    const TOUCH: f64 = 1e-3;
    let opposite = |p: f64, q: f64| (p > TOUCH && q < -TOUCH) || (p < -TOUCH && q > TOUCH);
    let (at_a, at_b) = (turn(c, d, a), turn(c, d, b));
    (opposite(at_a, at_b) && opposite(turn(a, b, c), turn(a, b, d))).then(|| at_a / (at_a - at_b))
}

/// The first place where a ring crosses itself.
pub(super) fn self_crossing(ring: &[Local]) -> Option<Local> {
    let sides: Vec<(Local, Local)> = sides(ring).collect();
    sides.iter().enumerate().find_map(|(index, (a, b))| {
        let share = sides[index + 1..].iter().find_map(|(c, d)| crossing(*a, *b, *c, *d))?;
        Some(between(*a, *b, share))
    })
}

/// How far the inner ring reaches out of the outer one, metres; 0 when it does not.
pub(super) fn outside_m(inner: &[Local], outer: &[Local]) -> f64 {
    let mut looked = Vec::new();
    for (a, b) in sides(inner) {
        let mut cuts: Vec<f64> = sides(outer).filter_map(|(c, d)| crossing(a, b, c, d)).chain([0.0, 1.0]).collect();
        cuts.sort_unstable_by(f64::total_cmp);
        // Between two crossings a side is wholly inside or wholly outside.
        looked.extend(cuts.windows(2).map(|pair| between(a, b, (pair[0] + pair[1]) / 2.0)));
        looked.push(a);
    }
    let reach = looked.into_iter().filter(|point| !contains(outer, *point)).map(|point| border_m(outer, point));
    // A notch of the outer ring may lie inside the inner one without its sides being outside.
    let notches = outer.iter().filter(|corner| contains(inner, **corner)).map(|corner| border_m(inner, *corner));
    reach.chain(notches).fold(0.0, f64::max)
}

/// Whether no corner turns inwards.
pub(super) fn is_convex(ring: &[Local]) -> bool {
    /// Twice the area that counts as straight, square metres: rounding of places bends a straight side by a centimetre.
    const STRAIGHT: f64 = 0.1;
    let sign = signed_area_m2(ring).signum();
    (0..ring.len()).all(|at| {
        let next = |step: usize| ring[(at + step) % ring.len()];
        turn(ring[at], next(1), next(2)) * sign > -STRAIGHT
    })
}

/// The area that a convex ring shares with any other, square metres (clipping by Sutherland and Hodgman, 1974).
pub(super) fn overlap_m2(convex: &[Local], other: &[Local]) -> f64 {
    let sign = signed_area_m2(convex).signum();
    let mut left: Vec<Local> = other.to_vec();
    for (a, b) in sides(convex) {
        let inside = |point: Local| turn(a, b, point) * sign;
        let mut kept = Vec::with_capacity(left.len() + 4);
        for (from, to) in sides(&left) {
            let (at_from, at_to) = (inside(from), inside(to));
            if (at_from >= 0.0) != (at_to >= 0.0) {
                kept.push(between(from, to, at_from / (at_from - at_to)));
            }
            if at_to >= 0.0 {
                kept.push(to);
            }
        }
        left = kept;
    }
    area_m2(&left)
}

/// The lowest and highest places of a ring.
pub(super) fn bounds(ring: &[Local]) -> (Local, Local) {
    let low = Local { east_m: f64::INFINITY, north_m: f64::INFINITY };
    let high = Local { east_m: f64::NEG_INFINITY, north_m: f64::NEG_INFINITY };
    ring.iter().fold((low, high), |(low, high), at| {
        (
            Local { east_m: low.east_m.min(at.east_m), north_m: low.north_m.min(at.north_m) },
            Local { east_m: high.east_m.max(at.east_m), north_m: high.north_m.max(at.north_m) },
        )
    })
}
