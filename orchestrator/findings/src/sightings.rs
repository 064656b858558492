//! Codes seen in several pictures, gathered by what they say and where they are.

use crate::limits::{SPREAD_M_MAX, SPREADS};
use crate::survey::{Picture, Says};
use crate::world::Point;

/// Something at one place, in one or more pictures.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sighting<'a> {
    /// Weighted mean of where it was seen.
    pub(crate) place: Point,
    /// Standard deviation of the mean. Pictures of one flight share most of their errors, so it never falls below the best single one.
    pub(crate) spread_m: f64,
    /// One for each picture, oldest first.
    pub(crate) pictures: Vec<&'a str>,
    weight: f64,
}

impl<'a> Sighting<'a> {
    fn new(place: Point, spread_m: f64, picture: &'a str) -> Self {
        Self { place, spread_m, pictures: vec![picture], weight: 1.0 / spread_m.powi(2) }
    }

    /// Whether something at `place` may be the same thing.
    pub(crate) fn may_be_at(&self, place: &Point, spread_m: f64, apart_m: f64) -> bool {
        self.place.distance_m(place) <= apart_m.max(SPREADS * self.spread_m.hypot(spread_m))
    }

    fn take(&mut self, place: Point, spread_m: f64, picture: &'a str) {
        let weight = 1.0 / spread_m.powi(2);
        let mean = |own: f64, other: f64| (own * self.weight + other * weight) / (self.weight + weight);
        self.place = Point { east_m: mean(self.place.east_m, place.east_m), north_m: mean(self.place.north_m, place.north_m) };
        self.weight += weight;
        self.spread_m = self.spread_m.min(spread_m);
        if self.pictures.last() != Some(&picture) {
            self.pictures.push(picture);
        }
    }
}

/// Everything that says `wanted`, by place.
pub(crate) fn sightings<'a>(pictures: &[&'a Picture], wanted: &Says) -> Vec<Sighting<'a>> {
    /// Codes nearer to each other than this are one board, metres.
    const APART_M: f64 = 0.5;
    /// No position is better than a module's width, metres: it keeps weights finite.
    const SPREAD_M_MIN: f64 = 0.03;
    let mut found: Vec<Sighting<'a>> = Vec::new();
    for picture in pictures {
        for code in picture.codes.iter().filter(|code| code.says == *wanted) {
            let usable = code.spread_m <= SPREAD_M_MAX && code.place.east_m.is_finite() && code.place.north_m.is_finite();
            if !usable {
                continue;
            }
            let spread_m = code.spread_m.max(SPREAD_M_MIN);
            match found.iter_mut().find(|sighting| sighting.may_be_at(&code.place, spread_m, APART_M)) {
                Some(sighting) => sighting.take(code.place, spread_m, &picture.id),
                None => found.push(Sighting::new(code.place, spread_m, &picture.id)),
            }
        }
    }
    found
}
