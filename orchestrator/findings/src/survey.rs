//! What a survey saw, picture by picture.

use serde::{Deserialize, Serialize};

use crate::world::Point;

/// What a code that was read says, as the keys judge it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "says", content = "area", rename_all = "snake_case")]
pub enum Says {
    /// Ours, and names this area.
    Genuine(String),
    /// Claims this area, and was not made by us.
    Forged(String),
    /// Was ours once, and is withdrawn.
    Revoked(String),
    /// Located, and could not be read.
    Unread,
    /// Somebody else's, and no concern of ours.
    Foreign,
}

/// A code in a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CodeSeen {
    /// What it says.
    pub says: Says,
    /// Where it is.
    pub place: Point,
    /// Standard deviation of that in its worst direction, metres.
    pub spread_m: f64,
}

/// A bay in a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BaySeen {
    /// Which.
    pub bay: String,
    /// Probability that a car stands in it.
    pub taken: f64,
    /// The plate, where one was read.
    pub plate: Option<String>,
}

/// One picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// Where it is kept: the evidence that a finding points to.
    pub id: String,
    /// When it was taken, milliseconds since 1970.
    pub taken_ms: i64,
    /// Areas whose registered beacon's place it shows, large and sharp enough to read one there.
    pub looked_at: Vec<String>,
    /// Codes in it.
    pub codes: Vec<CodeSeen>,
    /// Bays in it.
    pub bays: Vec<BaySeen>,
}

/// All pictures of one flight, or of several that followed each other closely.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Survey {
    /// In any order; one with a known id counts once.
    pub pictures: Vec<Picture>,
}

impl Survey {
    /// The pictures in the order in which they were taken, each once.
    pub(crate) fn distinct(&self) -> Vec<&Picture> {
        let mut pictures: Vec<&Picture> = self.pictures.iter().collect();
        pictures.sort_by(|a, b| (a.taken_ms, &a.id).cmp(&(b.taken_ms, &b.id)));
        let mut known = std::collections::BTreeSet::new();
        pictures.retain(|picture| known.insert(&picture.id));
        pictures
    }
}
