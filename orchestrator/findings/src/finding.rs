//! What is not as it should be.

use serde::{Deserialize, Serialize};

use crate::world::Point;

/// The kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A beacon is not at its place, nor anywhere else.
    BeaconMissing,
    /// A code is at a beacon's place and cannot be read.
    BeaconUnreadable,
    /// A beacon is somewhere else.
    BeaconMoved,
    /// A beacon is at its place and somewhere else as well.
    BeaconDuplicated,
    /// A code claims an area and was not made by us.
    BeaconForged,
    /// A withdrawn code still hangs.
    BeaconRevoked,
    /// A car stands there and no session is open for it.
    CarWithoutSession,
    /// A session is open and its car is not there.
    SessionWithoutCar,
    /// A car stands in another area than its session says.
    WrongArea,
}

/// About what: with the kind it tells one finding from the next.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "of", content = "id", rename_all = "snake_case")]
pub enum Subject {
    /// The beacon of an area.
    Beacon(String),
    /// A code that claims an area and should not be there; its place tells it from others.
    Code(String),
    /// A bay.
    Bay(String),
    /// A session.
    Session(String),
    /// An area as a whole: cars were counted and could not be told apart.
    Area(String),
}

impl Kind {
    /// What the register says of a beacon can be wrong in one of these ways at a time.
    pub(crate) const OF_A_BEACON: [Self; 3] = [Self::BeaconMissing, Self::BeaconUnreadable, Self::BeaconMoved];
}

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What is wrong.
    pub kind: Kind,
    /// With what.
    pub subject: Subject,
    /// How many: 1, or for an area the difference that was counted.
    pub count: usize,
    /// Where.
    pub place: Option<Point>,
    /// How sure, 0 to 1.
    pub confidence: f64,
    /// The pictures that show it, oldest first.
    pub pictures: Vec<String>,
    /// Of these the one that shows it best, where whoever took them knows.
    #[serde(default)]
    pub best: Option<String>,
}
