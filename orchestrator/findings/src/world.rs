//! What should be there: beacons with their places, bays with their areas, sessions that are open.

use serde::{Deserialize, Serialize};

/// A place on the lot's ground: metres east and north of its origin.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Point {
    /// East, metres.
    pub east_m: f64,
    /// North, metres.
    pub north_m: f64,
}

impl Point {
    /// How far apart, metres.
    pub fn distance_m(&self, other: &Point) -> f64 {
        (self.east_m - other.east_m).hypot(self.north_m - other.north_m)
    }
}

/// A beacon as registered.
#[derive(Debug, Clone, PartialEq)]
pub struct Beacon {
    /// The area it names; one beacon for each area.
    pub area: String,
    /// Where it hangs or lies.
    pub place: Point,
}

/// A bay as drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Bay {
    /// Which.
    pub id: String,
    /// The area it belongs to.
    pub area: String,
    /// Its middle.
    pub place: Point,
}

/// A stay that is open while the survey flies, or was when it was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Which.
    pub id: String,
    /// Where the driver said that the car stands.
    pub area: String,
    /// Its plate, normalised.
    pub plate: String,
    /// Since when, milliseconds since 1970.
    pub since_ms: i64,
    /// When it ended, if it has.
    pub until_ms: Option<i64>,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct World {
    /// Registered beacons.
    pub beacons: Vec<Beacon>,
    /// Bays.
    pub bays: Vec<Bay>,
    /// Open sessions.
    pub sessions: Vec<Session>,
}
