//! House numbers: finding them in a text, and finding them on a street.

use flight_types::GeoPoint;

use crate::gazetteer::index::Street;
use crate::text::Atom;

/// A number with more digits is a postal code or a telephone.
const DIGITS_MAX: usize = 4;

/// A number this far beyond the last one known on its street is still put there, in steps of numbering.
const BEYOND_MAX: i64 = 10;

/// Metres of street a step of one in house numbers stands for, at most: Korea's road addresses define ten, other towns stay below.
const METRES_PER_NUMBER: f64 = 10.0;

/// A reckoned house may be on either side of the street and in a yard, metres.
const RECKONED_ACCURACY_MIN_M: f64 = 30.0;

/// A house number as written and as counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HouseNumber {
    /// "12", "12-3", "12b".
    pub text: String,
    /// The first part, for counting.
    pub main: i64,
}

/// A house on a street.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct House {
    pub point: GeoPoint,
    pub accuracy_m: f64,
    /// It is in the data, not reckoned.
    pub is_exact: bool,
}

impl HouseNumber {
    /// Reads a number as the data writes it.
    pub fn parse(text: &str) -> Option<Self> {
        let text: String = crate::text::fold(text).chars().filter(|c| !c.is_whitespace()).collect();
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        let main = digits.parse().ok().filter(|_| digits.len() <= DIGITS_MAX)?;
        Some(Self { text, main })
    }

    /// Numbers in a text that were not part of a street's name: those after the street first, then those before. Numbers of flats,
    /// floors and blocks (호, 층, 동) are not of houses.
    pub fn all_in(atoms: &[Atom], used: u32) -> Vec<Self> {
        let is_free = |index: usize| used & (1 << index) == 0;
        let last_used = (0..atoms.len()).rev().find(|index| !is_free(*index)).unwrap_or(0);
        let order = (last_used + 1..atoms.len()).chain(0..last_used);
        order.filter(|index| is_free(*index)).filter_map(|index| Self::at(atoms, index)).collect()
    }

    fn at(atoms: &[Atom], index: usize) -> Option<Self> {
        let atom = atoms.get(index).filter(|atom| atom.is_number)?;
        let next = atoms.get(index + 1).filter(|next| !next.is_number).map(|next| next.text.as_str());
        if next.is_some_and(|word| ["호", "층", "동", "ho", "floor", "f"].contains(&word)) {
            return None;
        }
        let letter = next.filter(|word| word.len() == 1 && "abcd".contains(*word) || *word == "bis").unwrap_or_default();
        Self::parse(&format!("{}{letter}", atom.text))
    }
}

/// The house with this number on a street, or where it must be.
pub(super) fn houses_on(street: &Street, number: &HouseNumber) -> Option<House> {
    let exact = street.houses.iter().find(|(held, _, _)| held.text == number.text);
    let same_main = || street.houses.iter().find(|(held, _, _)| held.main == number.main);
    match (exact, same_main()) {
        (Some((_, point, accuracy_m)), _) => Some(House { point: *point, accuracy_m: *accuracy_m, is_exact: true }),
        // Another entrance of the same number.
        (None, Some((_, point, accuracy_m))) => {
            Some(House { point: *point, accuracy_m: accuracy_m.max(RECKONED_ACCURACY_MIN_M), is_exact: false })
        }
        (None, None) => reckoned(street, number.main),
    }
}

/// Between the neighbours, those of the same side of the street if there are any.
fn reckoned(street: &Street, number: i64) -> Option<House> {
    let same_side = |main: &i64| main.rem_euclid(2) == number.rem_euclid(2);
    let any_side = |_: &i64| true;
    between(street, number, same_side).or_else(|| between(street, number, any_side)).or_else(|| beyond(street, number))
}

fn between(street: &Street, number: i64, side: impl Fn(&i64) -> bool) -> Option<House> {
    let on_side = || street.houses.iter().filter(|(held, _, _)| side(&held.main));
    let below = on_side().filter(|(held, _, _)| held.main < number).max_by_key(|(held, _, _)| held.main)?;
    let above = on_side().filter(|(held, _, _)| held.main > number).min_by_key(|(held, _, _)| held.main)?;
    let share = (number - below.0.main) as f64 / (above.0.main - below.0.main) as f64;
    let mix = |a: f64, b: f64| a + share * (b - a);
    let point = GeoPoint::new(mix(below.1.lat_deg(), above.1.lat_deg()), mix(below.1.lon_deg(), above.1.lon_deg())).ok()?;
    // The street may bend between the two: half their distance holds the house even when it leans to one of them.
    let accuracy_m = (below.1.distance_m(&above.1) / 2.0).max(RECKONED_ACCURACY_MIN_M);
    Some(House { point, accuracy_m, is_exact: false })
}

/// A little beyond the last number known.
fn beyond(street: &Street, number: i64) -> Option<House> {
    let nearest = street.houses.iter().min_by_key(|(held, _, _)| ((held.main - number).abs(), held.main))?;
    let steps = (nearest.0.main - number).abs();
    let accuracy_m = RECKONED_ACCURACY_MIN_M + METRES_PER_NUMBER * steps as f64;
    (steps <= BEYOND_MAX).then_some(House { point: nearest.1, accuracy_m, is_exact: false })
}
