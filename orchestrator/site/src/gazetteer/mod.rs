//! Turns an address as people write it into a place, from the site's own data, and says how far off it may be.
//!
//! Streets and names are matched word by word in any order, in every language the data has, with typing errors allowed in letters
//! and never in numbers. A house number is looked up, else reckoned between its neighbours. What is equally well matched by several
//! places is answered with one of them and an accuracy that reaches the others. Nothing matching is `None`.

mod index;
mod near;
mod numbers;

use flight_types::GeoPoint;

use crate::model::{Site, middle};
use crate::text::{Atom, atoms};
use index::{Entry, Index, Matched, Target};
pub use near::Nearest;
use near::Surroundings;
use numbers::{HouseNumber, houses_on};

/// Several places that match equally well are taken together only up to this, metres; beyond it the answer would be useless, and
/// the nearest to the named quarter, or the largest, stands alone with this accuracy.
const TIE_REACH_MAX_M: f64 = 20_000.0;

/// A match that explains less than this share of the letters asked for is chance.
const EXPLAINED_SHARE_MIN: f64 = 0.3;

/// What a name's match is worth against letters: a found house beats a found street, whatever their names' lengths.
const HOUSE_BONUS: i64 = 60;
const RECKONED_BONUS: i64 = 40;
const STREET_BONUS: i64 = 10;

/// How exactly an address was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FoundBy {
    /// The house is in the data.
    House,
    /// Between its numbered neighbours.
    Neighbours,
    /// A landmark, shop or named house.
    Name,
    /// Only the street.
    Street,
    /// Only the quarter or town.
    Quarter,
}

/// A place found for an address.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Found {
    /// Where.
    pub point: GeoPoint,
    /// How far off the addressed person may be, metres.
    pub accuracy_m: f64,
    /// What was matched, as the data writes it.
    pub matched: String,
    /// How exactly.
    pub by: FoundBy,
}

/// A site's addresses, prepared for questions.
#[derive(Debug)]
pub struct Gazetteer {
    index: Index,
    surroundings: Surroundings,
}

/// An answer and what it is worth against others.
struct Scored {
    score: i64,
    found: Found,
}

impl Gazetteer {
    /// Prepares the site's streets, house numbers and names.
    pub fn new(site: &Site) -> Self {
        Self { index: Index::build(site), surroundings: Surroundings::of(site) }
    }

    /// The address nearest to a place, or `None` when none is near enough to say something about it.
    pub fn nearest(&self, place: GeoPoint) -> Option<Nearest> {
        self.surroundings.nearest(place)
    }

    /// The place an address names, or `None` when nothing in it is known here.
    pub fn find(&self, text: &str) -> Option<Found> {
        let atoms = atoms(text);
        let matches = self.index.matches(&atoms);
        let quarters = self.quarters(&matches);
        let mut answers: Vec<Scored> = matches.iter().filter_map(|matched| self.answer(&atoms, matched)).collect();
        answers.sort_by(|a, b| b.score.cmp(&a.score).then(a.found.accuracy_m.total_cmp(&b.found.accuracy_m)));
        let best_score = answers.first()?.score;
        answers.retain(|answer| answer.score == best_score);
        Some(settle(answers.into_iter().map(|answer| answer.found).collect(), &quarters))
    }

    /// Middles of the quarters that the text names: they tell streets of the same name apart.
    fn quarters(&self, matches: &[Matched]) -> Vec<GeoPoint> {
        let quarter = |matched: &Matched| match &self.index.entries[matched.entry].target {
            Target::Name { point, is_quarter: true, .. } => Some(*point),
            Target::Name { .. } | Target::Street(_) => None,
        };
        matches.iter().filter_map(quarter).collect()
    }

    fn answer(&self, atoms: &[Atom], matched: &Matched) -> Option<Scored> {
        let asked: usize = atoms.iter().filter(|atom| !atom.is_number).map(|atom| crate::text::letters(&atom.text).len()).sum();
        if (matched.letters as f64) < EXPLAINED_SHARE_MIN * asked as f64 {
            return None;
        }
        let entry = &self.index.entries[matched.entry];
        let worth = 4 * matched.letters as i64 - 10 * matched.errors as i64 + 2 * i64::from(matched.kind_agrees);
        let (bonus, found) = match &entry.target {
            Target::Name { point, accuracy_m, is_quarter } => (0, named(entry, *point, *accuracy_m, *is_quarter)),
            Target::Street(street) => {
                let numbers = HouseNumber::all_in(atoms, matched.used);
                let house = numbers.iter().find_map(|number| houses_on(street, number).map(|house| (number, house)));
                match house {
                    Some((number, house)) => {
                        (if house.is_exact { HOUSE_BONUS } else { RECKONED_BONUS }, at_house(entry, number, &house))
                    }
                    None => (STREET_BONUS, on_street(entry, street.point, street.reach_m)),
                }
            }
        };
        Some(Scored { score: worth + bonus, found })
    }
}

fn named(entry: &Entry, point: GeoPoint, accuracy_m: f64, is_quarter: bool) -> Found {
    let by = if is_quarter { FoundBy::Quarter } else { FoundBy::Name };
    Found { point, accuracy_m, matched: entry.shown.clone(), by }
}

fn at_house(entry: &Entry, number: &HouseNumber, house: &numbers::House) -> Found {
    let by = if house.is_exact { FoundBy::House } else { FoundBy::Neighbours };
    Found { point: house.point, accuracy_m: house.accuracy_m, matched: format!("{} {}", entry.shown, number.text), by }
}

fn on_street(entry: &Entry, point: GeoPoint, reach_m: f64) -> Found {
    Found { point, accuracy_m: reach_m, matched: entry.shown.clone(), by: FoundBy::Street }
}

/// One answer out of equally good ones: those nearest to a named quarter first; then the middle one, reaching to the others.
fn settle(mut ties: Vec<Found>, quarters: &[GeoPoint]) -> Found {
    let to_quarter = |found: &Found| quarters.iter().map(|quarter| quarter.distance_m(&found.point)).fold(f64::INFINITY, f64::min);
    if !quarters.is_empty() {
        ties.sort_by(|a, b| to_quarter(a).total_cmp(&to_quarter(b)));
        ties.truncate(1);
    }
    let points: Vec<GeoPoint> = ties.iter().map(|found| found.point).collect();
    let centre = middle(&points);
    let by_centre = |a: &Found, b: &Found| a.point.distance_m(&centre).total_cmp(&b.point.distance_m(&centre));
    let mut chosen = ties.iter().min_by(|a, b| by_centre(a, b)).cloned().expect("at least one answer");
    let reach = |found: &Found| chosen.point.distance_m(&found.point) + found.accuracy_m;
    chosen.accuracy_m = ties.iter().map(reach).fold(chosen.accuracy_m, f64::max).min(TIE_REACH_MAX_M);
    chosen
}

#[cfg(test)]
mod tests;
