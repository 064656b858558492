//! Where our other aircraft are, so that one that changes its height with a person does not pass through them (ADR 13).
//!
//! Plans keep aircraft apart by height and by a quarter turn of their stand-off points. While they follow, each takes the nearest place of its
//! circle, and behind a walker all may end up over one another: only who knows where they are can keep them apart then.

use flight_types::{GeoPoint, Local, LocalFrame};

/// Nearer than this along the ground they may meet, metres: the separation (5 m), and for each a second and a half of running and following.
const NEAR_M: f64 = 15.0;
/// Kept in height from one that is near, metres: more than the separation (3 m), less than plans lie apart (5 m), or none could keep its plan.
const KEPT_M: f64 = 4.5;
/// Closer than this to where it is wanted an aircraft changes its height no more, metres.
const THERE_M: f64 = 1.0;

/// One of ours with a person.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbour {
    /// Where.
    pub place: GeoPoint,
    /// How high above the sea, metres.
    pub altitude_amsl_m: f64,
    /// How high it is going to be there before it goes on, metres: where it follows, as high as it is; called home, as high as its transit.
    pub bound_for_amsl_m: f64,
}

impl Neighbour {
    /// One that stays as high as it is.
    pub(crate) fn staying(place: GeoPoint, altitude_amsl_m: f64) -> Self {
        Self { place, altitude_amsl_m, bound_for_amsl_m: altitude_amsl_m }
    }

    /// How far ahead of somebody who climbs from this altitude (or, with -1 for `up`, sinks) the first height lies that this one is at or goes through,
    /// metres. Who is in the middle of that way reckons with where it is now: the rest of the way has to be shared.
    fn ahead_m(&self, altitude_amsl_m: f64, up: f64) -> f64 {
        let [now_m, then_m] = [self.altitude_amsl_m, self.bound_for_amsl_m].map(|other_m| (other_m - altitude_amsl_m) * up);
        if now_m > 0.0 && then_m > 0.0 { now_m.min(then_m) } else { now_m }
    }
}

/// How far up (or, negative, down) it may go now of what it wants to, metres: up to under the next that is near, and away from one that it has
/// come too close to, back to the side that it came from.
pub(crate) fn free_climb_m(ours: &Neighbour, goal: &GeoPoint, wanted_m: f64, others: &[Neighbour]) -> f64 {
    if wanted_m.abs() < THERE_M {
        return wanted_m;
    }
    let up = wanted_m.signum();
    let frame = LocalFrame::new(ours.place);
    let goal = frame.to_local(*goal);
    // All along the way there: within the second until the next order a fast one is ten metres on.
    let near = |other: &&Neighbour| {
        let there = frame.to_local(other.place);
        flight_routes::legs_apart_m(Local::default(), goal, there, there) < NEAR_M
    };
    // Ahead counts positive, whichever way it goes.
    let ahead = others.iter().filter(near).map(|other| other.ahead_m(ours.altitude_amsl_m, up));
    let free_m = ahead.filter(|ahead_m| *ahead_m > 0.0).map(|ahead_m| ahead_m - KEPT_M).fold(wanted_m.abs(), f64::min);
    free_m * up
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(east_m: f64, altitude_amsl_m: f64) -> Neighbour {
        Neighbour::staying(GeoPoint::new(37.5, 127.0).expect("a place").moved(90.0, east_m), altitude_amsl_m)
    }

    #[test]
    fn it_passes_nobody_on_a_long_way() {
        let free = |other: Neighbour| free_climb_m(&at(0.0, 50.0), &at(70.0, 50.0).place, 20.0, &[other]);
        assert!((free(at(35.0, 60.0)) - 5.5).abs() < 1e-9, "half way there");
        let beside = |off_m: f64| Neighbour::staying(at(35.0, 60.0).place.moved(0.0, off_m), 60.0);
        assert!((free(beside(14.0)) - 5.5).abs() < 1e-9);
        assert!((free(beside(16.0)) - 20.0).abs() < 1e-9);
    }

    #[test]
    fn it_passes_nobody_who_is_near() {
        let free = |wanted_m: f64, others: &[Neighbour]| free_climb_m(&at(0.0, 50.0), &at(5.0, 50.0).place, wanted_m, others);
        for (wanted_m, others, expected_m) in [
            (20.0, vec![], 20.0),
            (20.0, vec![at(3.0, 60.0)], 5.5),
            // Near where it goes to.
            (20.0, vec![at(18.0, 60.0)], 5.5),
            (20.0, vec![at(25.0, 60.0)], 20.0),
            (20.0, vec![at(-25.0, 60.0)], 20.0),
            // The lower of two, and one behind it.
            (20.0, vec![at(0.0, 65.0), at(0.0, 58.0), at(0.0, 45.0)], 3.5),
            // It has come too close: back.
            (20.0, vec![at(0.0, 52.0)], -2.5),
            (-20.0, vec![at(0.0, 48.0)], 2.5),
            (-20.0, vec![at(0.0, 40.0)], -5.5),
            // Where it is wanted it stays, with the next plan's height five metres off.
            (0.5, vec![at(0.0, 55.0)], 0.5),
            (20.0, vec![at(0.0, 75.0)], 20.0),
        ] {
            assert!((free(wanted_m, &others) - expected_m).abs() < 1e-9, "{wanted_m} m: {} m, {others:?}", free(wanted_m, &others));
        }
    }
    #[test]
    fn it_waits_outside_of_the_heights_that_one_called_home_goes_through() {
        let free = |wanted_m: f64, now_m: f64, then_m: f64| {
            let other = Neighbour { bound_for_amsl_m: then_m, ..at(3.0, now_m) };
            free_climb_m(&at(0.0, 50.0), &at(5.0, 50.0).place, wanted_m, &[other])
        };
        for (wanted_m, now_m, then_m, expected_m) in [
            // It comes down to 60 m from above, or goes up from there.
            (40.0, 80.0, 60.0, 5.5),
            (40.0, 60.0, 80.0, 5.5),
            (-40.0, 20.0, 40.0, -5.5),
            (-40.0, 40.0, 20.0, -5.5),
            // It has come past on its way, or is in the middle of it: where it is now counts.
            (40.0, 45.0, 30.0, 40.0),
            (40.0, 60.0, 40.0, 5.5),
            (-40.0, 60.0, 40.0, -40.0),
        ] {
            let found_m = free(wanted_m, now_m, then_m);
            assert!((found_m - expected_m).abs() < 1e-9, "{wanted_m} m, {now_m} to {then_m}: {found_m} m");
        }
    }
}
