//! A survey as a film: where its pictures were taken, and when they made a bay or a beacon known. Judges nothing that the report does not judge
//! in the same way.

use std::collections::{BTreeMap, BTreeSet};

use survey_findings::{Picture, Point, Says, is_taken};

/// A picture that counted.
#[derive(Debug, Clone, PartialEq)]
pub struct FilmFrame {
    /// Its name.
    pub picture: String,
    /// When it was taken, milliseconds since 1970.
    pub at_ms: i64,
    /// Where its middle lies: under an aircraft that looks straight down.
    pub place: Point,
}

/// What was known of a bay from a moment on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BayTurn {
    /// Which.
    pub bay: String,
    /// Since when, milliseconds since 1970.
    pub at_ms: i64,
    /// Whether a car stood in it; `None` while too few pictures agreed.
    pub taken: Option<bool>,
}

/// A beacon's code that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeaconRead {
    /// The area it names.
    pub area: String,
    /// When first, milliseconds since 1970.
    pub at_ms: i64,
}

/// The whole, in the order of time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Film {
    /// Its pictures.
    pub frames: Vec<FilmFrame>,
    /// Bays as they were seen first, and as what is known of them changed.
    pub bays: Vec<BayTurn>,
    /// Genuine codes as they were read first.
    pub beacons: Vec<BeaconRead>,
}

/// The film of pictures that counted, each with where its middle lies.
pub fn film(seen: &[(Picture, Point)]) -> Film {
    let mut seen: Vec<&(Picture, Point)> = seen.iter().collect();
    seen.sort_by_key(|(picture, _)| picture.taken_ms);
    let mut film = Film::default();
    let mut looks: BTreeMap<&str, Looks> = BTreeMap::new();
    let mut read: BTreeSet<&str> = BTreeSet::new();
    for (picture, place) in seen {
        let at_ms = picture.taken_ms;
        film.frames.push(FilmFrame { picture: picture.id.clone(), at_ms, place: *place });
        for bay in &picture.bays {
            let turned = looks.entry(&bay.bay).or_default().add(bay.taken);
            film.bays.extend(turned.map(|taken| BayTurn { bay: bay.bay.clone(), at_ms, taken }));
        }
        for code in &picture.codes {
            if let Says::Genuine(area) = &code.says
                && read.insert(area)
            {
                film.beacons.push(BeaconRead { area: area.clone(), at_ms });
            }
        }
    }
    film
}

/// All looks at one bay so far.
#[derive(Default)]
struct Looks {
    taken: Vec<f64>,
    known: Option<Option<bool>>,
}

impl Looks {
    /// What is known with one more; `None` when that is what was known before.
    fn add(&mut self, taken: f64) -> Option<Option<bool>> {
        self.taken.push(taken);
        let now = is_taken(self.taken.iter().copied());
        (self.known.replace(now) != Some(now)).then_some(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use survey_findings::{BaySeen, CodeSeen};

    fn picture(number: i64, taken: &[(&str, f64)], says: Option<Says>) -> (Picture, Point) {
        let bays = taken.iter().map(|(bay, taken)| BaySeen { bay: (*bay).to_owned(), taken: *taken, plate: None });
        let code = says.map(|says| CodeSeen { says, place: Point::default(), spread_m: 0.1 });
        let picture = Picture {
            id: format!("s/{number}"),
            taken_ms: 1_000 * number,
            looked_at: Vec::new(),
            codes: code.into_iter().collect(),
            bays: bays.collect(),
        };
        (picture, Point { east_m: number as f64, north_m: 0.0 })
    }

    #[test]
    fn bays_turn_known_when_pictures_agree_and_unknown_when_they_do_not() {
        let genuine = || Some(Says::Genuine("A1".to_owned()));
        let seen = [
            picture(2, &[("b", 0.99)], genuine()),
            picture(1, &[("b", 0.99), ("c", 0.01)], Some(Says::Unread)),
            picture(3, &[("b", 0.99), ("c", 0.02)], genuine()),
            picture(4, &[("c", 0.98)], None),
        ];
        let film = film(&seen);
        let order: Vec<&str> = film.frames.iter().map(|frame| frame.picture.as_str()).collect();
        assert_eq!(order, ["s/1", "s/2", "s/3", "s/4"]);
        let turns: Vec<(&str, i64, Option<bool>)> =
            film.bays.iter().map(|turn| (turn.bay.as_str(), turn.at_ms / 1_000, turn.taken)).collect();
        assert_eq!(
            turns,
            [("b", 1, None), ("c", 1, None), ("b", 2, Some(true)), ("c", 3, Some(false)), ("c", 4, None)],
            "as the report judges: two that agree, and a third that does not"
        );
        assert_eq!(film.beacons, [BeaconRead { area: "A1".to_owned(), at_ms: 2_000 }]);
    }
}
