//! All frames of a survey, over all its flights: which of them count as looks of their own, and what they showed.
//!
//! A stream shows the same ground from nearly the same place many times a second, and what spoils one of those frames spoils the next.
//! A frame counts only when the camera has moved on since the last one that did; findings ask for several that agree.

use std::collections::BTreeMap;

use survey_findings::{Picture, Point, Session, Survey, judge};

use crate::look::{Eye, Shot};
use crate::report::{Report, report};

/// A frame counts when the camera has moved on by this share of its height: then every place lies elsewhere in the picture, under another
/// angle, and a code that was spoilt by one pixel raster meets another.
const MOVED_ON: f64 = 0.06;
/// Frames of one flight further apart than this say nothing about its speed, milliseconds.
const SPEED_WINDOW_MS: i64 = 5_000;
/// How far from the point under it a camera that looks down shows the ground at most, in heights: the corner of a picture of 90 degrees is
/// hardly further. What lies wholly outside shows other people's windows and gardens, and is not kept.
const SHOWN_OF_HEIGHT: f64 = 1.2;
/// Pictures kept of one survey: some fifteen kilometres of lanes at 15 m. What comes after is refused.
pub const PICTURES_MAX: usize = 20_000;

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It counts; findings may point to it.
    Counted,
    /// The camera has hardly moved since the last one that counted.
    Same,
    /// It shows nothing of the lot: taken on the way there or back.
    Elsewhere,
    /// Its pose is none, or as old as one before it.
    Placeless,
    /// The survey has all the pictures it may have.
    Full,
}

/// Where a flight's camera was last.
#[derive(Debug, Clone, Copy)]
struct Last {
    at_ms: i64,
    place: Point,
    counted: Option<Point>,
}

/// What a survey has seen so far.
#[derive(Debug, Clone)]
pub struct Gathering {
    eye: Eye,
    pictures: Vec<Picture>,
    /// Where each picture's middle lies, by its id.
    middles: BTreeMap<String, Point>,
    flights: BTreeMap<String, Last>,
}

impl Gathering {
    /// Nothing seen yet.
    pub fn new(eye: Eye) -> Self {
        Self { eye, pictures: Vec::new(), middles: BTreeMap::new(), flights: BTreeMap::new() }
    }

    /// Goes on with what was seen before: pictures with where their middles lie, in their order.
    pub fn resumed(eye: Eye, known: Vec<(Picture, Point)>) -> Self {
        let middles = known.iter().map(|(picture, middle)| (picture.id.clone(), *middle)).collect();
        Self { pictures: known.into_iter().map(|(picture, _)| picture).collect(), middles, ..Self::new(eye) }
    }

    /// The picture that counted last, and where its middle lies.
    pub fn latest(&self) -> Option<(&Picture, Point)> {
        let picture = self.pictures.last()?;
        Some((picture, *self.middles.get(&picture.id)?))
    }

    /// The picture that counted last does not count: it could not be kept.
    pub fn forget_latest(&mut self) {
        if let Some(picture) = self.pictures.pop() {
            self.middles.remove(&picture.id);
        }
    }

    /// Takes a frame; each flight's frames come in the order in which they were taken.
    pub fn take(&mut self, shot: &Shot<'_>) -> Taken {
        let Some(place) = self.eye.camera(&shot.pose) else { return Taken::Placeless };
        let last = self.flights.get(shot.flight).copied();
        if last.is_some_and(|last| shot.taken_ms <= last.at_ms) || !shot.pose.height_m.is_finite() {
            return Taken::Placeless;
        }
        let speed_m_s = last.filter(|last| shot.taken_ms - last.at_ms <= SPEED_WINDOW_MS).map(|last| {
            let passed_s = (shot.taken_ms - last.at_ms) as f64 / 1_000.0;
            last.place.distance_m(&place) / passed_s
        });
        let counted = last.and_then(|last| last.counted);
        self.flights.insert(shot.flight.to_owned(), Last { at_ms: shot.taken_ms, place, counted });
        if counted.is_some_and(|counted| counted.distance_m(&place) < MOVED_ON * shot.pose.height_m) {
            return Taken::Same;
        }
        if !self.eye.register.is_within(&place, SHOWN_OF_HEIGHT * shot.pose.height_m) {
            return Taken::Elsewhere;
        }
        if self.pictures.len() >= PICTURES_MAX {
            return Taken::Full;
        }
        // The first frame of a flight says nothing of how fast it came: it counts for what it shows, not for what it does not.
        let Some(picture) = self.eye.look(shot, speed_m_s.unwrap_or(f64::INFINITY)) else { return Taken::Placeless };
        self.flights.insert(shot.flight.to_owned(), Last { at_ms: shot.taken_ms, place, counted: Some(place) });
        self.middles.insert(picture.id.clone(), middle(place, shot));
        self.pictures.push(picture);
        Taken::Counted
    }

    /// The pictures that count, in the order in which they were taken.
    pub fn seen(&self) -> &[Picture] {
        &self.pictures
    }

    /// So many pictures count so far.
    pub fn pictures(&self) -> usize {
        self.pictures.len()
    }

    /// What all of them say, beside the sessions that are open (see [`survey_findings::judge`] for which).
    pub fn report(&self, sessions: Vec<Session>) -> Report {
        let world = self.eye.register.world(sessions);
        let survey = Survey { pictures: self.pictures.clone() };
        report(&self.eye.register, judge(&world, &survey), &self.pictures, &self.middles)
    }
}

/// Where the optical axis meets the ground; straight down it is the point under the camera.
fn middle(camera: Point, shot: &Shot<'_>) -> Point {
    let (sin, cos) = shot.pose.heading_deg.to_radians().sin_cos();
    let ahead_m = shot.pose.height_m * (shot.pose.pitch_deg + 90.0).to_radians().clamp(0.0, 1.2).tan();
    Point { east_m: camera.east_m + ahead_m * sin, north_m: camera.north_m + ahead_m * cos }
}
