//! A whole survey: the path for an aim, a camera and a light, with stops close enough to be taken up again, cut into sorties.

use crate::area::Area;
use crate::camera::{Board, Camera, CameraError, Sight, sight};
use crate::field::{Coverage, Field};
use crate::lot::Lot;
use crate::parts::{self, Hop};
use crate::plane::{Point, length_m};
use crate::reach::reached_out;
use crate::sorties::{self, Charges, Short, sharers};
use crate::sweep::{Sweep, SweepError, sweep_aligned, sweep_along, sweep_area};

/// Stops along the path are no further apart than this, metres: what an interrupted flight has to fly again at most.
const STOP_EACH_M: f64 = 10.0;
/// Stops of one survey: what an autopilot takes in a mission, with room for the ways there and back.
const STOPS_MAX: usize = 1_000;

/// The swath never shrinks below this share of the picture: what does not fit then is seen in part, and said to be unseen.
const SWATH_SHARE_MIN: f64 = 0.2;
/// A picture is taken within so much of the way at least, metres: what asks for less would have an aircraft crawl, and is said to be unseen.
const WINDOW_M_MIN: f64 = 0.4;

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
/// Half of a board with the white round its code, metres: of the largest sheets that are printed.
const BOARD_HALF_M: f64 = 0.6;

/// What must lie whole in a picture, and which way it lies: rows of bays, each with the ground before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shown {
    /// Along the things' own direction, metres: a bay's length, with what it is compared with.
    pub length_m: f64,
    /// Across it, metres.
    pub width_m: f64,
    /// Their own direction, degrees clockwise from north; to and fro are one.
    pub heading_deg: f64,
}

/// Directions of bays that lanes are laid by, the first of those given, and with them those between each two.
const DIRECTIONS_MAX: usize = 4;
/// Directions closer than this are one, degrees.
const DIRECTION_SAME_DEG: f64 = 5.0;

/// How much room things take up in a picture whose longer side lies along a direction.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Room {
    /// Along that direction, across the flight, metres.
    across_m: f64,
    /// Along the flight, metres.
    along_m: f64,
}

impl Room {
    fn of(all: &[Shown], heading_deg: f64) -> Self {
        let rooms = all.iter().map(|shown| {
            let (sin, cos) = (shown.heading_deg - heading_deg).to_radians().sin_cos();
            let along = |own: f64, other: f64| shown.length_m * own.abs() + shown.width_m * other.abs();
            Self { across_m: along(cos, sin), along_m: along(sin, cos) }
        });
        rooms.fold(Self { across_m: 0.0, along_m: 0.0 }, |most, room| Self {
            across_m: most.across_m.max(room.across_m),
            along_m: most.along_m.max(room.along_m),
        })
    }
}

/// The directions in which things lie, and those halfway between two: rows at a right angle to each other are seen best from lanes askew to both.
fn directions_deg(all: &[Shown]) -> Vec<f64> {
    let apart = |a: f64, b: f64| ((a - b + 90.0).rem_euclid(180.0) - 90.0).abs();
    let mut own: Vec<f64> = Vec::new();
    for shown in all {
        if own.len() < DIRECTIONS_MAX && own.iter().all(|known| apart(*known, shown.heading_deg) > DIRECTION_SAME_DEG) {
            own.push(shown.heading_deg);
        }
    }
    let halves = |a: f64, b: f64| [(a + b) / 2.0, (a + b) / 2.0 + 90.0];
    let pairs = own.iter().enumerate().flat_map(|(at, a)| own[..at].iter().flat_map(move |b| halves(*a, *b)));
    own.iter().copied().chain(pairs).collect()
}

/// What it is flown with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Means<'a> {
    /// The camera, its shutter time as the light asks.
    pub camera: Camera,
    /// The beacons' boards.
    pub board: Board,
    /// Share of each swath that the next one sees again, 0 to 0.9.
    pub overlap: f64,
    /// What a sweep must show whole, the commonest direction first; none, when points are enough.
    pub shown: &'a [Shown],
    /// Lowest and highest height over the ground, metres.
    pub heights_m: (f64, f64),
    /// Highest speed over ground, metres per second.
    pub speed_max_m_s: f64,
    /// Where the aircraft start.
    pub home: Point,
    /// Aircraft that may share it: a path long enough has at least a sortie for each.
    pub aircraft: usize,
}

impl Means<'_> {
    /// From where and how fast boards are read, before anything else is to be shown whole.
    pub fn sight(&self) -> Result<Sight, CameraError> {
        sight(self.camera, self.board, self.overlap, self.heights_m, self.speed_max_m_s)
    }
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
    /// What it shows: of a sweep points of the ground, of an audit beacons.
    pub coverage: Coverage,
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
    /// Nothing of it may be flown over.
    #[error("nothing of the lot may be flown over")]
    Closed,
    /// Even the shortest sortie is too much for a battery.
    #[error(
        "a sortie of {sortie_m:.0} m takes {needed_pct:.0} % of a battery, there and back and with the reserve; a full one has {full_pct:.0} %"
    )]
    Endurance {
        /// Its length over the lot, metres.
        sortie_m: f64,
        /// What it takes with the reserve, per cent of a full charge, of the aircraft that it takes least of.
        needed_pct: f64,
        /// What a full battery has, per cent.
        full_pct: f64,
    },
    /// More than an autopilot takes.
    #[error("the path has {0} stops; at most {STOPS_MAX} are flown: survey a part of the lot")]
    TooLong(usize),
}

/// Reckons what a sortie along these stops takes, flown as high and as fast as this.
pub type Reckoning<'a> = dyn Fn(&[Point], &Sight) -> Charges + 'a;

/// Plans a survey of a lot that may be flown over everywhere, for batteries that last for any of it.
pub fn survey_path(lot: &Lot, aim: Aim<'_>, means: &Means<'_>) -> Result<SurveyPath, SurveyError> {
    let charges = |_: &[Point], _: &Sight| Charges { needed_pct: Vec::new(), full_pct: 100.0 };
    field_path(&Field::whole(lot.clone()), aim, means, &|_, to| Some(vec![to]), &charges)
}

/// Plans a survey of what may be flown over of a lot; `hop` finds ways beside it, `charges` says what a sortie takes.
pub fn field_path(
    field: &Field,
    aim: Aim<'_>,
    means: &Means<'_>,
    hop: &Hop<'_>,
    charges: &Reckoning<'_>,
) -> Result<SurveyPath, SurveyError> {
    let mut sight = means.sight()?;
    if field.is_closed() {
        return Err(SurveyError::Closed);
    }
    let (corners, heading_deg, coverage) = match aim {
        Aim::Sweep => {
            let sweeps: Vec<Sweep>;
            (sight, sweeps) = swept(field, sight, means)?;
            let heading_deg = 90.0 - sweeps.first().map_or(0.0, |first| first.lanes_deg);
            let lanes = field.parts.iter().zip(&sweeps);
            let paths = lanes.map(|(part, sweep)| reached_out(part, sweep, sight.swath_m, sight.along_m)).collect();
            let corners = parts::joined(paths, means.home, hop);
            let coverage = field.shown_by(&corners, sight.swath_m / 2.0);
            (corners, heading_deg, coverage)
        }
        Aim::Audit(beacons) => {
            // A board beside what may be flown over lies whole in a picture taken from its border.
            let beside_m = (sight.along_m / 2.0 - 2.0 * OFF_LINE_M - BOARD_HALF_M).max(0.0);
            let (corners, coverage) = parts::round(field, means.home, beacons, beside_m, hop)?;
            (corners, 0.0, coverage)
        }
    };
    let path = with_stops(&corners);
    if path.len() > STOPS_MAX {
        return Err(SurveyError::TooLong(path.len()));
    }
    let length_m = length_m(&path);
    let sharers = sharers(means.aircraft, length_m / sight.speed_m_s);
    let begins = sorties::cut(&path, means.aircraft, sharers, &|stops| charges(stops, &sight));
    let begins =
        begins.map_err(|Short { sortie_m, needed_pct, full_pct }| SurveyError::Endurance { sortie_m, needed_pct, full_pct })?;
    Ok(SurveyPath { path, begins, sight, heading_deg: heading_deg.rem_euclid(360.0), length_m, coverage })
}

/// A sweep of each part, all with lanes in one direction: the nose keeps one for the whole survey.
fn swept(field: &Field, sight: Sight, means: &Means<'_>) -> Result<(Sight, Vec<Sweep>), SurveyError> {
    let areas: Vec<Area> = field.parts.iter().map(|part| Area::part(part, &field.ground)).collect();
    if !means.shown.is_empty() {
        return quickest(&areas, sight, means);
    }
    let mut sweeps: Vec<Sweep> = Vec::with_capacity(areas.len());
    for area in &areas {
        // The first is the largest.
        let sweep = match sweeps.first() {
            None => sweep_area(area, sight.swath_m)?,
            Some(first) => sweep_aligned(area, sight.swath_m, first.lanes_deg)?,
        };
        sweeps.push(sweep);
    }
    Ok((sight, sweeps))
}

/// Of the directions that lanes may have, the one that shows everything whole in the least time.
fn quickest(areas: &[Area], sight: Sight, means: &Means<'_>) -> Result<(Sight, Vec<Sweep>), SurveyError> {
    let planned = directions_deg(means.shown).into_iter().map(|heading_deg| {
        let sight = showing(sight, means, Room::of(means.shown, heading_deg));
        // Lanes go across the direction, so that the picture's longer side lies along it.
        let sweep = |area: &Area| sweep_along(area, sight.swath_m, &[-heading_deg.to_radians()]);
        Ok((sight, areas.iter().map(sweep).collect::<Result<Vec<Sweep>, SweepError>>()?))
    });
    let planned = planned.collect::<Result<Vec<(Sight, Vec<Sweep>)>, SurveyError>>()?;
    let time_s = |(sight, sweeps): &(Sight, Vec<Sweep>)| sweeps.iter().map(|sweep| sweep.length_m).sum::<f64>() / sight.speed_m_s;
    let quickest = planned.into_iter().min_by(|a, b| time_s(a).total_cmp(&time_s(b)));
    // There is something to show, and so a direction.
    quickest.map_or_else(|| Ok((sight, Vec::new())), Ok)
}

/// The sight with what must be shown whole taken off: a thing that reaches over the picture's edge on both of two lanes is seen by neither.
fn showing(sight: Sight, means: &Means<'_>, room: Room) -> Sight {
    let across_m = sight.swath_m / (1.0 - means.overlap);
    let swath_m = sight.swath_m.min(across_m - room.across_m - 2.0 * OFF_LINE_M).max(SWATH_SHARE_MIN * across_m);
    let window_m = (sight.along_m - room.along_m - 2.0 * OFF_LINE_M).max(WINDOW_M_MIN);
    let speed_m_s = sight.speed_m_s.min(window_m * means.camera.frames_per_s / PICTURES_EACH);
    Sight { swath_m, speed_m_s, ..sight }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::light::Light;

    fn lot() -> Lot {
        let corners = [(0.0, 0.0), (65.0, 0.0), (65.0, 32.0), (0.0, 32.0)];
        Lot::new(corners.iter().map(|(x, y)| Point::new(*x, *y)).collect(), Vec::new()).expect("a lot")
    }

    fn means(light: Light) -> Means<'static> {
        let camera = Camera {
            across_pixels: 1_920.0,
            along_pixels: 1_080.0,
            across_deg: 70.0,
            exposure_s: light.exposure_s(),
            frames_per_s: 10.0,
        };
        Means {
            camera,
            board: Board { module_m: 0.033, up_m: 0.0 },
            overlap: 0.2,
            shown: &[],
            heights_m: (10.0, 40.0),
            speed_max_m_s: 8.0,
            home: Point::new(0.0, 120.0),
            aircraft: 2,
        }
    }

    /// A sweep with batteries that last for so long over the lot.
    fn lasting(over_lot_s: f64, means: &Means<'_>) -> Result<SurveyPath, SurveyError> {
        let charges = |stops: &[Point], sight: &Sight| {
            let needed_pct = vec![100.0 * length_m(stops) / sight.speed_m_s / over_lot_s];
            Charges { needed_pct, full_pct: 100.0 }
        };
        field_path(&Field::whole(lot()), Aim::Sweep, means, &|_, to| Some(vec![to]), &charges)
    }

    #[test]
    fn a_night_is_surveyed_slower_and_in_as_many_sorties_as_it_takes() {
        let by_day = survey_path(&lot(), Aim::Sweep, &means(Light::Day)).expect("a survey");
        let by_night = survey_path(&lot(), Aim::Sweep, &means(Light::Night)).expect("a survey");
        assert_eq!(by_day.path, by_night.path);
        assert!(by_day.sight.speed_m_s > 7.0 && by_night.sight.speed_m_s < 1.0);
        assert_eq!(by_night.begins.len(), 1, "two aircraft, two sorties: {:?}", by_night.begins);
        let over_lot_s = by_day.length_m / by_day.sight.speed_m_s;
        assert!(by_day.begins.is_empty(), "{over_lot_s:.0} s are not worth a second launch: {:?}", by_day.begins);
        let cut = lasting(50.0, &means(Light::Night)).expect("a survey");
        let mut ends = vec![0];
        ends.extend(&cut.begins);
        ends.push(cut.path.len() - 1);
        for pair in ends.windows(2) {
            let sortie_m = length_m(&cut.path[pair[0]..=pair[1]]);
            assert!(pair[0] < pair[1] && sortie_m <= 50.0 * cut.sight.speed_m_s, "{sortie_m} m");
        }
    }

    /// A bay with the ground before it: its corners.
    fn corners(middle: Point, shown: &Shown) -> [Point; 4] {
        let (sin, cos) = shown.heading_deg.to_radians().sin_cos();
        let at = |along: f64, right: f64| {
            let (along_m, right_m) = (along * shown.length_m, right * shown.width_m);
            Point::new(middle.x_m + along_m * sin + right_m * cos, middle.y_m + along_m * cos - right_m * sin)
        };
        [at(-0.5, -0.5), at(-0.5, 0.5), at(0.5, 0.5), at(0.5, -0.5)]
    }

    /// In how many pictures of a survey, as it is flown, something lies whole.
    fn pictures_of(thing: &[Point; 4], survey: &SurveyPath, camera: Camera) -> usize {
        let (sin, cos) = survey.heading_deg.to_radians().sin_cos();
        let half_across_m = survey.sight.height_m * (camera.across_deg.to_radians() / 2.0).tan();
        let step_m = survey.sight.speed_m_s / camera.frames_per_s;
        let shows = |place: Point| {
            thing.iter().all(|corner| {
                let (east_m, north_m) = (corner.x_m - place.x_m, corner.y_m - place.y_m);
                let (ahead_m, right_m) = (east_m * sin + north_m * cos, east_m * cos - north_m * sin);
                ahead_m.abs() <= survey.sight.along_m / 2.0 && right_m.abs() <= half_across_m
            })
        };
        let legs = survey.path.windows(2).flat_map(|leg| {
            let (from, to, count) = (leg[0], leg[1], (leg[0].distance_m(leg[1]) / step_m) as usize);
            (0..=count).map(move |at| from.towards(to, at as f64 / (count.max(1)) as f64))
        });
        legs.filter(|place| shows(*place)).count()
    }

    #[test]
    fn rows_that_lie_in_two_directions_are_both_shown_whole() {
        let shown = |heading_deg: f64| Shown { length_m: 7.6, width_m: 2.5, heading_deg };
        // Rows along the south side, and a row along the east side.
        let mut bays: Vec<(Point, Shown)> = (0..18).map(|at| (Point::new(5.0 + 2.5 * f64::from(at), 5.0), shown(180.0))).collect();
        bays.extend((0..8).map(|at| (Point::new(60.0, 10.0 + 2.5 * f64::from(at)), shown(90.0))));
        let all: Vec<Shown> = bays.iter().map(|(_, shown)| *shown).collect();
        // The demo's camera: from 10 m its picture is 14 m by 7.9 m, hardly longer along the flight than a bay with its ground.
        let small = |light: Light| {
            let means = means(light);
            Means { camera: Camera { across_pixels: 1_280.0, along_pixels: 720.0, frames_per_s: 5.0, ..means.camera }, ..means }
        };
        for light in [Light::Day, Light::Night] {
            let means = Means { shown: &all, ..small(light) };
            let survey = survey_path(&lot(), Aim::Sweep, &means).expect("a survey");
            let seen = |(middle, shown): &(Point, Shown)| pictures_of(&corners(*middle, shown), &survey, means.camera);
            let least = bays.iter().map(seen).min();
            println!("{light:?}: {:.0} m, {:.1} m/s, {:.0} deg", survey.length_m, survey.sight.speed_m_s, survey.heading_deg);
            assert!(least.is_some_and(|least| least >= 2), "{light:?}: {least:?} pictures of some bay");
        }
        let one_way = Means { shown: &all[..1], ..small(Light::Day) };
        let survey = survey_path(&lot(), Aim::Sweep, &one_way).expect("a survey");
        let seen = |(middle, shown): &(Point, Shown)| pictures_of(&corners(*middle, shown), &survey, one_way.camera);
        assert!(bays[18..].iter().map(seen).min() < Some(2), "lanes for the first direction alone show too little of the other");
    }

    #[test]
    fn one_direction_has_lanes_across_it_and_two_have_more_to_choose_from() {
        let shown = |heading_deg: f64| Shown { length_m: 7.6, width_m: 2.5, heading_deg };
        assert_eq!(directions_deg(&[shown(2.2), shown(182.2), shown(4.0)]), [2.2]);
        assert_eq!(directions_deg(&[shown(0.0), shown(90.0)]), [0.0, 90.0, 45.0, 135.0]);
        let askew = Room::of(&[shown(0.0), shown(90.0)], 45.0);
        assert!((askew.across_m - askew.along_m).abs() < 1e-9 && askew.along_m < 7.2, "{askew:?}");
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
        let none = lasting(5.0, &means(Light::Night)).expect_err("five seconds show nothing");
        assert!(matches!(none, SurveyError::Endurance { .. }), "{none}");
        let odd = Means { board: Board { module_m: f64::NAN, up_m: 0.0 }, ..means(Light::Night) };
        assert!(matches!(survey_path(&lot(), Aim::Sweep, &odd), Err(SurveyError::Camera(_))));
    }
}
