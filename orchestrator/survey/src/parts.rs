//! Parts of a lot one after the other, and rounds of beacons of which not all can be flown over: on the parts' ground by its shortest ways, between
//! them by ways that somebody else knows to be legal.

use crate::audit::tour;
use crate::field::{Coverage, Field};
use crate::plan::SurveyError;
use crate::plane::Point;
use crate::way::{Sights, Ways};

/// Finds a legal way between two places beside the ground of the lot: the points after the first, the last being the second. `None` without one.
pub type Hop<'a> = dyn Fn(Point, Point) -> Option<Vec<Point>> + 'a;

/// All paths that can be reached, the nearest end next. The first to be flown is the one that most can be reached from: the largest part's, which
/// comes first; whatever no way leads to from there is left out.
pub(crate) fn joined(paths: Vec<Vec<Point>>, home: Point, hop: &Hop<'_>) -> Vec<Point> {
    let mut left: Vec<Vec<Point>> = paths.into_iter().filter(|path| !path.is_empty()).collect();
    let Some(main) = left.first().map(|path| path[0]) else { return Vec::new() };
    let mut at_main = true;
    left.retain(|path| std::mem::take(&mut at_main) || hop(main, path[0]).is_some());
    let mut joined: Vec<Point> = Vec::new();
    while !left.is_empty() {
        let at = joined.last().copied().unwrap_or(home);
        let nearest = |path: &Vec<Point>| at.distance_m(path[0]).min(at.distance_m(path[path.len() - 1]));
        let Some(next) = (0..left.len()).min_by(|a, b| nearest(&left[*a]).total_cmp(&nearest(&left[*b]))) else { break };
        let mut path = left.swap_remove(next);
        // A lot in one piece is begun where its sweep begins.
        let turned = !(joined.is_empty() && left.is_empty());
        if turned && at.distance_m(path[path.len() - 1]) < at.distance_m(path[0]) {
            path.reverse();
        }
        if joined.is_empty() {
            joined = path;
        } else if let Some(way) = hop(at, path[0]) {
            joined.extend(way);
            joined.extend(path.into_iter().skip(1));
        }
    }
    joined
}

/// The shortest round of the beacons. One over which no flight may be is looked at from beside, no further away than `beside_m`.
pub(crate) fn round(
    field: &Field,
    home: Point,
    beacons: &[Point],
    beside_m: f64,
    hop: &Hop<'_>,
) -> Result<(Vec<Point>, Coverage), SurveyError> {
    if beacons.iter().any(|beacon| !beacon.x_m.is_finite() || !beacon.y_m.is_finite()) {
        return Err(SurveyError::Beacons);
    }
    let mut coverage = Coverage { of: beacons.len(), kept: vec![0; field.keeps.len()], ..Coverage::default() };
    let mut stops: Vec<(Point, Point)> = Vec::new();
    for beacon in beacons {
        match stop(field, *beacon, beside_m) {
            Some(stop) => stops.push((stop, *beacon)),
            None => lose(field, *beacon, &mut coverage),
        }
    }
    let places: Vec<Point> = stops.iter().map(|(stop, _)| *stop).collect();
    let order = tour(home, &places).ok_or(SurveyError::Beacons)?;
    let sights: Vec<Sights> = field.parts.iter().map(|_| Sights::default()).collect();
    let ways: Vec<Ways<'_>> = field.parts.iter().zip(&sights).map(|(part, sights)| Ways::new(part, sights)).collect();
    let mut path: Vec<Point> = Vec::new();
    for (stop, beacon) in order.into_iter().map(|at| stops[at]) {
        let Some(last) = path.last().copied() else {
            path.push(stop);
            coverage.seen += 1;
            continue;
        };
        match between(field, &ways, last, stop, hop) {
            Some(way) => {
                path.extend(way);
                coverage.seen += 1;
            }
            None => lose(field, beacon, &mut coverage),
        }
    }
    match (path.is_empty(), beacons.is_empty()) {
        (false, _) => Ok((path, coverage)),
        (true, true) => Err(SurveyError::NoBeacons),
        (true, false) => Err(SurveyError::Closed),
    }
}

fn lose(field: &Field, beacon: Point, coverage: &mut Coverage) {
    // One that no way leads to is cut off.
    match field.kept_by(beacon, &[]) {
        Some(keep) => coverage.kept[keep] += 1,
        None => coverage.missed += 1,
    }
}

/// Where a beacon is looked at from. One beside the lot, on a wall, is flown over where that is allowed.
fn stop(field: &Field, beacon: Point, beside_m: f64) -> Option<Point> {
    if field.keeps.iter().all(|keep| keep.allows(beacon)) {
        return Some(beacon);
    }
    field.nearest(beacon).filter(|(_, away_m)| *away_m <= beside_m).map(|(place, _)| place)
}

fn between(field: &Field, ways: &[Ways<'_>], from: Point, to: Point, hop: &Hop<'_>) -> Option<Vec<Point>> {
    if !field.is_clipped() {
        return Some(ways[0].between(from, to));
    }
    let holds = |at: &usize| field.parts[*at].nearly_contains(from) && field.parts[*at].nearly_contains(to);
    match (0..ways.len()).find(holds) {
        Some(part) => Some(ways[part].between(from, to)),
        None => hop(from, to),
    }
}
