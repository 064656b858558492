//! Lanes made longer where a picture, which is wider than long, would not see what a circle does.
//!
//! A sweep counts ground as seen within half a swath of its path, also ahead of a lane's end. A picture shows less ahead than aside: lanes
//! go on until its upper edge has seen as much, and a little further. Never leaves the lot's ground.

use crate::lot::Lot;
use crate::plane::Point;
use crate::sweep::Sweep;

/// Pieces within this angle of the lanes' direction are lanes, cosine of 10 degrees.
const LANE_COSINE: f64 = 0.985;
/// So much of a picture's length further, what lies at the border comes into several pictures: a turn spoils those taken in it.
const LOOKS_SHARE: f64 = 1.0 / 3.0;
/// Shares of the wanted way that are tried: near a border only a part of it is inside.
const SHARES: [f64; 4] = [1.0, 0.75, 0.5, 0.25];

/// The sweep's path with every lane's ends pushed out, for pictures that show `along_m` of the ground along the flight and a swath of
/// `swath_m` across. The same path when pictures are as long as wide.
pub fn reached_out(lot: &Lot, sweep: &Sweep, swath_m: f64, along_m: f64) -> Vec<Point> {
    let further_m = (swath_m - along_m) / 2.0 + along_m * LOOKS_SHARE;
    if along_m >= swath_m {
        return sweep.path.clone();
    }
    let (sin, cos) = sweep.lanes_deg.to_radians().sin_cos();
    let is_lane = |a: Point, b: Point| {
        let length_m = a.distance_m(b);
        length_m > 1e-6 && (((b.x_m - a.x_m) * cos + (b.y_m - a.y_m) * sin) / length_m).abs() >= LANE_COSINE
    };
    let mut path = Vec::with_capacity(sweep.path.len() * 2);
    for (at, point) in sweep.path.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| sweep.path[before]).filter(|before| is_lane(*before, *point));
        let after = sweep.path.get(at + 1).copied().filter(|after| is_lane(*point, *after));
        match (before, after) {
            // In the middle of a lane, or between two that go on alike.
            (Some(_), Some(_)) => path.push(*point),
            (Some(from), None) | (None, Some(from)) => {
                // The way to the lane's neighbour begins or ends elsewhere then, and stays on the ground as well.
                let turn = if before.is_some() { sweep.path.get(at + 1).copied() } else { path.last().copied() };
                path.push(pushed(lot, from, *point, turn, further_m));
            }
            (None, None) => path.push(*point),
        }
    }
    path.dedup();
    path
}

/// The end of a lane that comes from `from`, further out as far as the ground allows; `turn` is what it is joined to.
fn pushed(lot: &Lot, from: Point, end: Point, turn: Option<Point>, further_m: f64) -> Point {
    let length_m = from.distance_m(end);
    let further = SHARES.iter().map(|share| from.towards(end, 1.0 + share * further_m / length_m));
    let legal = |point: &Point| lot.sees(end, *point) && turn.is_none_or(|turn| lot.sees(*point, turn));
    further.into_iter().find(legal).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::sweep;

    #[test]
    fn every_place_of_a_lot_comes_into_a_picture() {
        let corners = [(0.0, 0.0), (65.0, 0.0), (65.0, 32.0), (0.0, 32.0)];
        let lot = Lot::new(corners.iter().map(|(x, y)| Point::new(*x, *y)).collect(), Vec::new()).expect("a lot");
        let (swath_m, along_m) = (16.0, 11.8);
        let plain = sweep(&lot, swath_m).expect("a sweep");
        let path = reached_out(&lot, &plain, swath_m, along_m);
        assert!(path.len() == plain.path.len() && crate::plane::length_m(&path) > plain.length_m);
        let missed = |path: &[Point]| {
            let places = (0..65 * 32).map(|at| Point::new(f64::from(at % 65) + 0.5, f64::from(at / 65) + 0.5));
            places.filter(|place| !in_a_picture(path, *place, swath_m, along_m)).count()
        };
        assert!(missed(&plain.path) > 0, "a circle's lanes miss a corner of some picture");
        assert_eq!(missed(&path), 0);
    }

    /// Pictures every half metre, their upper edge ahead.
    fn in_a_picture(path: &[Point], place: Point, swath_m: f64, along_m: f64) -> bool {
        path.windows(2).any(|pair| {
            let length_m = pair[0].distance_m(pair[1]).max(1e-9);
            let (dx, dy) = ((pair[1].x_m - pair[0].x_m) / length_m, (pair[1].y_m - pair[0].y_m) / length_m);
            (0..=(length_m * 2.0) as usize).any(|step| {
                let from = pair[0].towards(pair[1], (step as f64 * 0.5 / length_m).min(1.0));
                let (x, y) = (place.x_m - from.x_m, place.y_m - from.y_m);
                (x * dx + y * dy).abs() <= along_m / 2.0 && (y * dx - x * dy).abs() <= swath_m / 2.0
            })
        })
    }
}
