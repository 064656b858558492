//! The people of a play as the cameras see them: where they truly are, told by whoever plays them, and smooth between two tellings.
//! Pure; never asks the server, whose picture of them this is to be judged against.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use flight_types::{GeoPoint, LocalFrame};
use sim_camera::{Person, PersonRole};

/// People drawn at once; a street at night has a handful.
const PEOPLE_MAX: usize = 64;
/// Bytes of a telling: a name, a role and two numbers.
const TELLING_BYTES_MAX: usize = 256;
/// Nobody has told of somebody for so long: they went indoors, seconds.
const FORGOTTEN_AFTER_S: f64 = 10.0;
/// A way between two tellings that is longer than this is no way but another place, metres.
const WAY_M_MAX: f64 = 30.0;
/// The way between two tellings is drawn over as long as lay between them, within these bounds, seconds.
const WAY_S: [f64; 2] = [0.05, 2.0];
/// Moving less than this between two tellings is standing, metres.
const STEP_M: f64 = 0.05;

/// Where somebody is: `NAME ROLE LATITUDE LONGITUDE`, the role one of `caller`, `guard` and `passer`.
#[derive(Debug, Clone, PartialEq)]
pub struct Telling {
    /// Tells people apart; without spaces.
    pub name: String,
    /// What they wear.
    pub role: PersonRole,
    /// Where they are.
    pub at: GeoPoint,
}

/// Words that are no telling.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not NAME caller|guard|passer LATITUDE LONGITUDE")]
pub struct NoTelling;

impl FromStr for Telling {
    type Err = NoTelling;
    fn from_str(text: &str) -> Result<Self, NoTelling> {
        if TELLING_BYTES_MAX < text.len() {
            return Err(NoTelling);
        }
        let parts: Vec<&str> = text.split_whitespace().collect();
        let [name, role, lat, lon] = parts[..] else { return Err(NoTelling) };
        let role = match role {
            "caller" => PersonRole::Caller,
            "guard" => PersonRole::Guard,
            "passer" => PersonRole::Passer(name.bytes().fold(0, |sum, byte| sum * 31 % 9_973 + u32::from(byte))),
            _ => return Err(NoTelling),
        };
        let number = |text: &str| text.parse::<f64>().map_err(|_| NoTelling);
        let at = GeoPoint::new(number(lat)?, number(lon)?).map_err(|_| NoTelling)?;
        Ok(Self { name: name.to_owned(), role, at })
    }
}

impl fmt::Display for Telling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = match self.role {
            PersonRole::Caller => "caller",
            PersonRole::Guard => "guard",
            PersonRole::Passer(_) => "passer",
        };
        write!(f, "{} {role} {:.7} {:.7}", self.name, self.at.lat_deg(), self.at.lon_deg())
    }
}

/// Everybody told of lately. Times are seconds of the caller's clock.
#[derive(Debug, Clone, Default)]
pub struct Crowd(BTreeMap<String, Walker>);

#[derive(Debug, Clone)]
struct Walker {
    role: PersonRole,
    from: GeoPoint,
    to: GeoPoint,
    told_s: f64,
    way_s: f64,
    heading_deg: f64,
    walked_m: f64,
}

impl Walker {
    fn new(telling: &Telling, now_s: f64) -> Self {
        let Telling { role, at, .. } = *telling;
        Self { role, from: at, to: at, told_s: now_s, way_s: WAY_S[0], heading_deg: 0.0, walked_m: 0.0 }
    }

    /// How much of the way to the last place told is behind them, 0..1.
    fn share(&self, now_s: f64) -> f64 {
        ((now_s - self.told_s) / self.way_s).clamp(0.0, 1.0)
    }

    fn place(&self, now_s: f64) -> GeoPoint {
        self.from.moved(self.from.bearing_deg(&self.to), self.from.distance_m(&self.to) * self.share(now_s))
    }

    fn hear(&mut self, telling: &Telling, now_s: f64) {
        let here = self.place(now_s);
        let way_m = here.distance_m(&telling.at);
        self.walked_m += self.from.distance_m(&here);
        self.from = if way_m <= WAY_M_MAX { here } else { telling.at };
        self.to = telling.at;
        self.role = telling.role;
        if STEP_M < way_m {
            self.heading_deg = here.bearing_deg(&telling.at);
        }
        self.way_s = (now_s - self.told_s).clamp(WAY_S[0], WAY_S[1]);
        self.told_s = now_s;
    }

    fn seen(&self, frame: &LocalFrame, now_s: f64) -> Person {
        let place = frame.to_local(self.place(now_s));
        let way_m = self.from.distance_m(&self.to);
        Person {
            place: [place.east_m, place.north_m],
            heading_deg: self.heading_deg,
            walked_m: self.walked_m + way_m * self.share(now_s),
            standing: way_m < STEP_M || 1.0 <= self.share(now_s),
            role: self.role,
        }
    }
}

impl Crowd {
    /// Takes a telling. When the street is full, somebody new stays unseen.
    pub fn hear(&mut self, telling: &Telling, now_s: f64) {
        self.0.retain(|_, walker| now_s - walker.told_s < FORGOTTEN_AFTER_S);
        if let Some(walker) = self.0.get_mut(&telling.name) {
            walker.hear(telling, now_s);
        } else if self.0.len() < PEOPLE_MAX {
            self.0.insert(telling.name.clone(), Walker::new(telling, now_s));
        }
    }

    /// Everybody as they stand or walk now, in the plan's metres.
    pub fn seen(&self, frame: &LocalFrame, now_s: f64) -> Vec<Person> {
        let present = self.0.values().filter(|walker| now_s - walker.told_s < FORGOTTEN_AFTER_S);
        present.map(|walker| walker.seen(frame, now_s)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin() -> GeoPoint {
        GeoPoint::new(37.5, 127.0).expect("a place")
    }

    fn telling(name: &str, north_m: f64) -> Telling {
        Telling { name: name.to_owned(), role: PersonRole::Guard, at: origin().moved(0.0, north_m) }
    }

    #[test]
    fn tellings_read_back_and_anything_else_is_refused() {
        let told: Telling = "caller caller 37.5000000 127.0000000".parse().expect("a telling");
        assert_eq!((told.role, told.at), (PersonRole::Caller, origin()));
        assert_eq!(told.to_string().parse(), Ok(told));
        let long = format!("{} guard 37.5 127", "x".repeat(TELLING_BYTES_MAX));
        for text in ["", "a", "a caller 1", "a thief 37 127", "a guard 91 127", "a guard NaN 127", "a guard 1 2 3", &long] {
            assert_eq!(text.parse::<Telling>(), Err(NoTelling), "{text}");
        }
    }

    #[test]
    fn somebody_walks_between_two_tellings_and_stands_after_the_last() {
        let (frame, mut crowd) = (LocalFrame::new(origin()), Crowd::default());
        crowd.hear(&telling("g", 0.0), 0.0);
        crowd.hear(&telling("g", 2.0), 1.0);
        let half = crowd.seen(&frame, 1.5)[0];
        assert!((half.place[1] - 1.0).abs() < 0.01 && !half.standing && half.heading_deg.abs() < 0.1, "{half:?}");
        let there = crowd.seen(&frame, 3.0)[0];
        assert!((there.place[1] - 2.0).abs() < 0.01 && there.standing && (there.walked_m - 2.0).abs() < 0.01, "{there:?}");
        crowd.hear(&telling("g", 500.0), 3.5);
        assert!((crowd.seen(&frame, 3.5)[0].place[1] - 500.0).abs() < 0.1, "nobody flies through the town");
    }

    #[test]
    fn who_is_not_told_of_any_more_is_not_seen_and_a_flood_is_bounded() {
        let (frame, mut crowd) = (LocalFrame::new(origin()), Crowd::default());
        (0..1_000).for_each(|number| crowd.hear(&telling(&number.to_string(), 0.0), 0.0));
        assert_eq!(crowd.seen(&frame, 1.0).len(), PEOPLE_MAX);
        assert_eq!(crowd.seen(&frame, FORGOTTEN_AFTER_S).len(), 0);
        crowd.hear(&telling("new", 0.0), FORGOTTEN_AFTER_S);
        assert_eq!(crowd.seen(&frame, FORGOTTEN_AFTER_S).len(), 1);
    }
}
