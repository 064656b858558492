//! How far two plates are apart, as a camera or a thumb would confuse them.

use super::{Plate, is_syllable};
use crate::limits::PLATE_DISTANCE_MAX;

/// What a confused character costs, in half edits.
const CONFUSED: u32 = 1;
/// What any other wrong, missing or extra character costs, in half edits.
const EDIT: u32 = 2;
/// What a region's name that only one of them bears costs, in half edits.
const REGION: u32 = 1;

/// Characters that look alike at a distance, in dirt, or at night.
const ALIKE: &[(char, char)] = &[
    ('0', '8'),
    ('0', '6'),
    ('0', '9'),
    ('0', 'O'),
    ('0', 'D'),
    ('0', 'Q'),
    ('1', '7'),
    ('1', 'I'),
    ('1', 'L'),
    ('2', '7'),
    ('2', 'Z'),
    ('3', '8'),
    ('3', '9'),
    ('5', '6'),
    ('5', 'S'),
    ('6', '8'),
    ('8', '9'),
    ('8', 'B'),
];

/// The distance of two plates in half edits; 0 only for the same text. Symmetric.
pub fn distance(one: &Plate, other: &Plate) -> u32 {
    let whole = edits(one.as_str(), other.as_str());
    let (one_short, other_short) = (one.without_region(), other.without_region());
    let same_region_bearing = (one_short.len() == one.as_str().len()) == (other_short.len() == other.as_str().len());
    if same_region_bearing { whole } else { whole.min(REGION + edits(one_short, other_short)) }
}

/// The least total cost of turning one text into the other (Levenshtein's distance with costs by character).
fn edits(one: &str, other: &str) -> u32 {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<u32> = (0..=other.len() as u32).map(|count| count * EDIT).collect();
    for (done, c) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = (done as u32 + 1) * EDIT;
        for (place, d) in other.iter().enumerate() {
            let replaced = diagonal + cost(c, *d);
            diagonal = row[place + 1];
            row[place + 1] = replaced.min(diagonal + EDIT).min(row[place] + EDIT);
        }
    }
    row[other.len()]
}

fn cost(one: char, other: char) -> u32 {
    if one == other {
        return 0;
    }
    let alike = ALIKE.iter().any(|pair| *pair == (one, other) || *pair == (other, one));
    if alike || syllables_alike(one, other) { CONFUSED } else { EDIT }
}

/// Syllables that share two of their three parts: 가 and 거, 고 and 구, 도 and 노.
fn syllables_alike(one: char, other: char) -> bool {
    if !is_syllable(one) || !is_syllable(other) {
        return false;
    }
    let parts = |c: char| {
        let place = u32::from(c) - 0xac00;
        [place / 588, place % 588 / 28, place % 28]
    };
    parts(one).iter().zip(parts(other)).filter(|(mine, theirs)| **mine == *theirs).count() == 2
}

/// Who is meant by a plate that may be misread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closest<T> {
    /// This one, exactly.
    Same(T),
    /// This one, and no other as near.
    Near(T),
    /// Several are as near.
    Doubtful(Vec<T>),
    /// Nobody.
    Nobody,
}

/// Finds whom a plate means among candidates.
pub fn closest<'a, T: Clone>(plate: &Plate, candidates: impl Iterator<Item = (&'a Plate, T)>) -> Closest<T> {
    let mut best = PLATE_DISTANCE_MAX + 1;
    let mut found = Vec::new();
    for (candidate, who) in candidates {
        let apart = distance(plate, candidate);
        if apart < best {
            best = apart;
            found.clear();
        }
        if apart == best && apart <= PLATE_DISTANCE_MAX {
            found.push(who);
        }
    }
    match (best, found.as_slice()) {
        (_, []) => Closest::Nobody,
        (0, [who, ..]) => Closest::Same(who.clone()),
        (_, [who]) => Closest::Near(who.clone()),
        (_, _) => Closest::Doubtful(found),
    }
}
