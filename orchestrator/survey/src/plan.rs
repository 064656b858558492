//! A whole survey: the path for an aim, a camera and a light, with stops close enough to be taken up again, cut into sorties.

use crate::audit::tour;
use crate::camera::{Camera, CameraError, Sight, sight};
use crate::lot::Lot;
use crate::plane::{Point, length_m};
use crate::reach::reached_out;
use crate::sweep::{SweepError, sweep, sweep_along};
use crate::way::{Sights, Ways};

/// Stops along the path are no further apart than this, metres: what an interrupted flight has to fly again at most.
const STOP_EACH_M: f64 = 10.0;
/// Stops of one survey: what an autopilot takes in a mission, with room for the ways there and back.
const STOPS_MAX: usize = 1_000;
/// Stops of one sortie: small autopilots keep some hundred items of a mission.
const SORTIE_STOPS_MAX: usize = 200;
/// Pieces of a path shorter than this are not worth a flight of their own, metres.
const SORTIE_M_MIN: f64 = 20.0;

/// Swath and window never shrink below this share of the picture: what does not fit then is seen in part, and said to be unseen.
const SWATH_SHARE_MIN: f64 = 0.2;

/// What a survey is to see.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Aim<'a> {
    /// Every square metre.
    Sweep,
    /// The beacons at these places.
    Audit(&'a [Point]),
}

/// Pictures that must show a thing whole: one is not believed alone, one may be spoilt.
const PICTURES_EACH: f64 = 3.0;
/// An aircraft is off its line, and its picture off where it was planned, by so much, metres.
const OFF_LINE_M: f64 = 0.3;

/// What must lie whole in a picture, and which way it lies: rows of bays, each with the ground before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shown {
    /// Along the things' own direction, metres: a bay's length, with what it is compared with.
    pub length_m: f64,
    /// Across it, metres.
    pub width_m: f64,
    /// Their own direction, degrees clockwise from north; lanes go across it, so that the picture's longer side lies along it.
    pub heading_deg: f64,
}

/// What it is flown with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Means {
    /// The camera, its shutter time as the light asks.
    pub camera: Camera,
    /// Side of the beacons' modules, metres.
    pub module_m: f64,
    /// Share of each swath that the next one sees again, 0 to 0.9.
    pub overlap: f64,
    /// What a sweep must show whole; none, when points are enough.
    pub shown: Option<Shown>,
    /// Lowest and highest height over the ground, metres.
    pub heights_m: (f64, f64),
    /// Highest speed over ground, metres per second.
    pub speed_max_m_s: f64,
    /// Where the aircraft start.
    pub home: Point,
    /// How long one battery lasts over the lot, ways there and back and reserve taken off, seconds.
    pub over_lot_s: f64,
    /// Aircraft that share it: a path long enough has at least a sortie for each.
    pub aircraft: usize,
}

/// A survey ready to be flown.
#[derive(Debug, Clone, PartialEq)]
pub struct SurveyPath {
    /// Stop by stop.
    pub path: Vec<Point>,
    /// The stops at which another sortie begins, which the one before ends at; ascending, none for a single sortie.
    pub begins: Vec<usize>,
    /// Height, swath and speed.
    pub sight: Sight,
    /// Where the nose points all along, degrees clockwise from north: along the lanes, whichever way they are flown.
    pub heading_deg: f64,
    /// Its length, metres.
    pub length_m: f64,
}

/// Why no survey can be planned.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SurveyError {
    /// The camera cannot.
    #[error(transparent)]
    Camera(#[from] CameraError),
    /// The lot cannot be swept.
    #[error(transparent)]
    Sweep(#[from] SweepError),
    /// Too many beacons, or places that are none.
    #[error("at most {} beacons with places are visited", crate::BEACONS_MAX)]
    Beacons,
    /// Nothing to look at.
    #[error("the lot has no beacon to visit")]
    NoBeacons,
    /// The battery lasts for the way and nothing else.
    #[error("a battery leaves {0:.0} s over the lot: too little to see anything")]
    Endurance(f64),
    /// More than an autopilot takes.
    #[error("the path has {0} stops; at most {STOPS_MAX} are flown: survey a part of the lot")]
    TooLong(usize),
}

/// Plans a survey.
pub fn survey_path(lot: &Lot, aim: Aim<'_>, means: &Means) -> Result<SurveyPath, SurveyError> {
    let mut sight = sight(means.camera, means.module_m, means.overlap, means.heights_m, means.speed_max_m_s)?;
    let (corners, heading_deg) = match aim {
        Aim::Sweep => {
            let swept = match &means.shown {
                Some(shown) => {
                    sight = showing(sight, means, shown);
                    sweep_along(lot, sight.swath_m, &[-shown.heading_deg.to_radians()])?
                }
                None => sweep(lot, sight.swath_m)?,
            };
            (reached_out(lot, &swept, sight.swath_m, sight.along_m), 90.0 - swept.lanes_deg)
        }
        Aim::Audit(beacons) => (round(lot, means.home, beacons)?, 0.0),
    };
    let path = with_stops(&corners);
    if path.len() > STOPS_MAX {
        return Err(SurveyError::TooLong(path.len()));
    }
    let over_lot_m = means.over_lot_s * sight.speed_m_s;
    if over_lot_m.is_nan() || over_lot_m < SORTIE_M_MIN {
        return Err(SurveyError::Endurance(means.over_lot_s));
    }
    let length_m = length_m(&path);
    let begins = begins(&path, length_m, over_lot_m, means.aircraft);
    Ok(SurveyPath { path, begins, sight, heading_deg: heading_deg.rem_euclid(360.0), length_m })
}

/// The sight with what must be shown whole taken off: a thing that reaches over the picture's edge on both of two lanes is seen by neither.
fn showing(sight: Sight, means: &Means, shown: &Shown) -> Sight {
    let across_m = sight.swath_m / (1.0 - means.overlap);
    let swath_m = sight.swath_m.min(across_m - shown.length_m - 2.0 * OFF_LINE_M).max(SWATH_SHARE_MIN * across_m);
    let window_m = (sight.along_m - shown.width_m - 2.0 * OFF_LINE_M).max(SWATH_SHARE_MIN * sight.along_m);
    let speed_m_s = sight.speed_m_s.min(window_m * means.camera.frames_per_s / PICTURES_EACH);
    Sight { swath_m, speed_m_s, ..sight }
}

/// The shortest round of the beacons, on the lot's ground.
fn round(lot: &Lot, home: Point, beacons: &[Point]) -> Result<Vec<Point>, SurveyError> {
    let order = tour(home, beacons).ok_or(SurveyError::Beacons)?;
    let sights = Sights::default();
    let ways = Ways::new(lot, &sights);
    let mut path: Vec<Point> = Vec::new();
    for beacon in order.into_iter().map(|at| beacons[at]) {
        match path.last() {
            Some(last) => path.extend(ways.between(*last, beacon)),
            None => path.push(beacon),
        }
    }
    if path.is_empty() { Err(SurveyError::NoBeacons) } else { Ok(path) }
}

/// The same path with stops between corners that are far apart.
fn with_stops(corners: &[Point]) -> Vec<Point> {
    let mut path: Vec<Point> = corners.first().copied().into_iter().collect();
    for pair in corners.windows(2) {
        let pieces = (pair[0].distance_m(pair[1]) / STOP_EACH_M).ceil().max(1.0) as usize;
        path.extend((1..=pieces).map(|piece| pair[0].towards(pair[1], piece as f64 / pieces as f64)));
    }
    path
}

/// Equal parts, as many as the battery asks for or as there are aircraft.
fn begins(path: &[Point], length_m: f64, over_lot_m: f64, aircraft: usize) -> Vec<usize> {
    let by_battery = (length_m / over_lot_m).ceil() as usize;
    let by_aircraft = aircraft.min((length_m / SORTIE_M_MIN) as usize);
    let by_stops = path.len().div_ceil(SORTIE_STOPS_MAX);
    let count = by_battery.max(by_aircraft).max(by_stops).max(1);
    let mut begins: Vec<usize> = Vec::new();
    let mut flown_m = 0.0;
    for (at, pair) in path.windows(2).enumerate() {
        // The stop before the share is exceeded, so that no sortie is longer than the battery lasts for.
        let due_m = (begins.len() + 1) as f64 * length_m / count as f64;
        let step_m = pair[0].distance_m(pair[1]);
        if flown_m + step_m > due_m + 1e-6 && at > begins.last().copied().unwrap_or(0) {
            begins.push(at);
        }
        flown_m += step_m;
    }
    begins
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::light::Light;

    fn lot() -> Lot {
        let corners = [(0.0, 0.0), (65.0, 0.0), (65.0, 32.0), (0.0, 32.0)];
        Lot::new(corners.iter().map(|(x, y)| Point::new(*x, *y)).collect(), Vec::new()).expect("a lot")
    }

    fn means(light: Light) -> Means {
        let camera = Camera {
            across_pixels: 1_920.0,
            along_pixels: 1_080.0,
            across_deg: 70.0,
            exposure_s: light.exposure_s(),
            frames_per_s: 10.0,
        };
        Means {
            camera,
            module_m: 0.033,
            overlap: 0.2,
            shown: None,
            heights_m: (10.0, 40.0),
            speed_max_m_s: 8.0,
            home: Point::new(0.0, 120.0),
            over_lot_s: 900.0,
            aircraft: 2,
        }
    }

    #[test]
    fn a_night_is_surveyed_slower_and_in_as_many_sorties_as_it_takes() {
        let by_day = survey_path(&lot(), Aim::Sweep, &means(Light::Day)).expect("a survey");
        let by_night = survey_path(&lot(), Aim::Sweep, &means(Light::Night)).expect("a survey");
        assert_eq!(by_day.path, by_night.path);
        assert!(by_day.sight.speed_m_s > 7.0 && by_night.sight.speed_m_s < 1.0);
        assert_eq!(by_night.begins.len(), 1, "two aircraft, two sorties: {:?}", by_night.begins);
        let short = Means { over_lot_s: 50.0, ..means(Light::Night) };
        let cut = survey_path(&lot(), Aim::Sweep, &short).expect("a survey");
        let mut ends = vec![0];
        ends.extend(&cut.begins);
        ends.push(cut.path.len() - 1);
        for pair in ends.windows(2) {
            let sortie_m = length_m(&cut.path[pair[0]..=pair[1]]);
            assert!(pair[0] < pair[1] && sortie_m <= 50.0 * cut.sight.speed_m_s + STOP_EACH_M, "{sortie_m} m");
        }
    }

    #[test]
    fn an_audit_comes_over_every_beacon() {
        let beacons: Vec<Point> =
            (0..9).map(|at| Point::new(5.0 + 6.0 * f64::from(at), if at % 2 == 0 { 3.0 } else { 29.0 })).collect();
        let audit = survey_path(&lot(), Aim::Audit(&beacons), &means(Light::Dusk)).expect("a survey");
        assert!(beacons.iter().all(|beacon| audit.path.iter().any(|stop| stop.distance_m(*beacon) < 1e-6)));
        assert_eq!(survey_path(&lot(), Aim::Audit(&[]), &means(Light::Dusk)), Err(SurveyError::NoBeacons));
    }

    #[test]
    fn what_cannot_be_flown_is_refused() {
        let none = Means { over_lot_s: 5.0, ..means(Light::Night) };
        assert_eq!(survey_path(&lot(), Aim::Sweep, &none), Err(SurveyError::Endurance(5.0)));
        let odd = Means { module_m: f64::NAN, ..means(Light::Night) };
        assert!(matches!(survey_path(&lot(), Aim::Sweep, &odd), Err(SurveyError::Camera(_))));
    }
}
