//! A path cut into flights that one battery lasts for, shared out among aircraft, from wherever the last one stopped.

use crate::plane::{Point, length_m};

/// More flights than this for one lot are a mistake in path or endurance.
const SORTIES_MAX: usize = 1_000;

/// What an aircraft can do with one battery.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Endurance {
    /// Way over ground from take-off to landing, the reserve already taken off, metres.
    pub way_m: f64,
}

/// One flight: from home to its part of the path, along it, and home.
#[derive(Debug, Clone, PartialEq)]
pub struct Sortie {
    /// Which aircraft, counted from 0.
    pub aircraft: usize,
    /// Its part of the path.
    pub path: Vec<Point>,
    /// Where on the whole path it begins and ends, metres from the path's beginning: where a stopped survey is taken up again.
    pub from_m: f64,
    /// Where it ends.
    pub to_m: f64,
    /// With the ways from and to home, metres.
    pub length_m: f64,
}

/// Why a path cannot be flown.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum SortieError {
    /// The battery does not last to the lot and back.
    #[error("the place {at_m:.0} m along the path is {away_m:.0} m from home: a way of {way_m:.0} m does not reach it and back")]
    OutOfReach {
        /// Where on the path, metres.
        at_m: f64,
        /// How far from home, metres.
        away_m: f64,
        /// The endurance, metres.
        way_m: f64,
    },
    /// The endurance leaves a few metres on the lot for each flight.
    #[error("more than {SORTIES_MAX} flights would be needed")]
    TooMany,
    /// No aircraft.
    #[error("at least one aircraft is needed")]
    NoAircraft,
}

/// Cuts what is left of `path` after `from_m`; flight after flight goes to the next aircraft in turn.
pub fn sorties(
    path: &[Point],
    from_m: f64,
    home: Point,
    endurance: Endurance,
    aircraft: usize,
) -> Result<Vec<Sortie>, SortieError> {
    if aircraft == 0 {
        return Err(SortieError::NoAircraft);
    }
    let total_m = length_m(path);
    let mut flights = Vec::new();
    let mut from_m = from_m.max(0.0);
    while from_m < total_m {
        if flights.len() == SORTIES_MAX {
            return Err(SortieError::TooMany);
        }
        let to_m = reach(path, from_m, total_m, home, endurance)?;
        let part = part(path, from_m, to_m);
        let ends = [part[0], part[part.len() - 1]].map(|end| end.distance_m(home));
        let length_m = ends[0] + length_m(&part) + ends[1];
        flights.push(Sortie { aircraft: flights.len() % aircraft, path: part, from_m, to_m, length_m });
        from_m = to_m;
    }
    Ok(flights)
}

/// The farthest place on the path from which there is still a way home. Way flown plus way home never shrinks along a path, so
/// halving finds it.
fn reach(path: &[Point], from_m: f64, total_m: f64, home: Point, endurance: Endurance) -> Result<f64, SortieError> {
    /// Halvings of a path of kilometres down to micrometres.
    const HALVINGS: usize = 40;
    /// A flight must get this far along, metres, or it was not worth taking off.
    const PROGRESS_M: f64 = 1.0;
    let out_m = place(path, from_m).distance_m(home);
    let needed = |to_m: f64| out_m + (to_m - from_m) + place(path, to_m).distance_m(home);
    if needed(total_m) <= endurance.way_m {
        return Ok(total_m);
    }
    let (mut low, mut high) = (from_m, total_m);
    for _ in 0..HALVINGS {
        let middle = (low + high) / 2.0;
        if needed(middle) <= endurance.way_m { low = middle } else { high = middle }
    }
    match low - from_m >= PROGRESS_M {
        true => Ok(low),
        false => Err(SortieError::OutOfReach { at_m: from_m, away_m: out_m, way_m: endurance.way_m }),
    }
}

/// The place so many metres along a path.
fn place(path: &[Point], at_m: f64) -> Point {
    let mut left_m = at_m;
    for pair in path.windows(2) {
        let step_m = pair[0].distance_m(pair[1]);
        if left_m <= step_m && step_m > 0.0 {
            return pair[0].towards(pair[1], left_m / step_m);
        }
        left_m -= step_m;
    }
    path.last().copied().unwrap_or_default()
}

fn part(path: &[Point], from_m: f64, to_m: f64) -> Vec<Point> {
    let mut part = vec![place(path, from_m)];
    let mut at_m = 0.0;
    for pair in path.windows(2) {
        at_m += pair[0].distance_m(pair[1]);
        if at_m > from_m && at_m < to_m {
            part.push(pair[1]);
        }
    }
    part.push(place(path, to_m));
    part
}
