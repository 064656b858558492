//! The order of passes, when to stop, and what is believed.
//!
//! The codes carry their own error correction, so a text that comes out at all is nearly always right. What is left is refused here:
//! shapes that no square can have, and places where two passes read different texts.

use crate::engine::{Looked, Seen};
use crate::filter::percentile;
use crate::frame::Frame;
use crate::reading::{Corner, Pass, Quality, Reading, is_plausible, middle_of, shortest_side};
use crate::recipe;

/// From cheap to dear, and within that from what helps often to what helps seldom.
const ORDER: [Pass; 16] = [
    Pass::Quick,
    Pass::Plain,
    Pass::Halved,
    Pass::Quartered,
    Pass::Smoothed,
    Pass::Restored,
    Pass::OneThreshold,
    Pass::SmoothedStrongly,
    Pass::Restored,
    Pass::Evened,
    Pass::Median,
    Pass::Sharpened,
    Pass::Enlarged,
    Pass::EnlargedSharpened,
    Pass::Tiled,
    // What the passes since the last time have located.
    Pass::Restored,
];

/// Work for one still picture: every pass on two megapixels; larger pictures get fewer passes.
const STILL_WORK_PIXELS_MAX: usize = 60_000_000;

/// Work for one frame of a stream. At 1920 x 1080 these are the passes up to the first restoring one.
const STREAM_WORK_PIXELS_MAX: usize = 8_700_000;

/// How much is done for a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// A frame of a stream: what keeps up with ten a second on one core. The next frame is another chance. All of it is done for
    /// every frame: a beacon that is easily read must not keep one beside it from being read at all.
    Stream,
    /// A photograph: passes until one finds something.
    Still,
    /// A photograph with several codes: every pass that the work allows, whatever the earlier ones found.
    Exhaustive,
}

impl Effort {
    fn work_pixels_max(self) -> usize {
        match self {
            Effort::Stream => STREAM_WORK_PIXELS_MAX,
            Effort::Still | Effort::Exhaustive => STILL_WORK_PIXELS_MAX,
        }
    }

    fn is_satisfied(self, found: bool) -> bool {
        match self {
            Effort::Still => found,
            Effort::Stream | Effort::Exhaustive => false,
        }
    }
}

/// All that came out of one picture.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// What is believed, in the order found.
    pub readings: Vec<Reading>,
    /// Where a code was located and no pass could read it: the middle of each place.
    pub unread: Vec<Corner>,
    /// Places where passes contradicted each other, or with an impossible shape: seen, and not believed.
    pub doubtful: usize,
    /// How many passes were run.
    pub passes: usize,
}

/// Reads one frame.
pub fn read(frame: &Frame, effort: Effort) -> Outcome {
    let mut found = Found::default();
    let mut work_left = effort.work_pixels_max();
    let mut passes = 0;
    for pass in ORDER.into_iter().filter(|pass| recipe::suits(*pass, frame)) {
        let cost = recipe::cost_pixels(pass, frame);
        // The first look is always taken; its size is bounded by the frame's.
        if passes > 0 && cost > work_left {
            continue;
        }
        work_left = work_left.saturating_sub(cost);
        passes += 1;
        let unread = found.unread_places();
        found.take(recipe::run(pass, frame, &unread), pass, frame);
        if effort.is_satisfied(found.is_settled()) {
            break;
        }
    }
    found.outcome(passes)
}

/// Readings with whether another pass contradicts them.
#[derive(Default)]
struct Found {
    readings: Vec<(Reading, bool)>,
    unread: Vec<[Corner; 4]>,
    /// Every place that was ever located without being read, restored or not.
    located: Vec<[Corner; 4]>,
    impossible: usize,
}

impl Found {
    fn take(&mut self, looked: Looked, pass: Pass, frame: &Frame) {
        match pass {
            // Looked at and done with.
            Pass::Restored => self.unread.clear(),
            Pass::Quick
            | Pass::Plain
            | Pass::Smoothed
            | Pass::Halved
            | Pass::Median
            | Pass::Evened
            | Pass::SmoothedStrongly
            | Pass::OneThreshold
            | Pass::Sharpened
            | Pass::Enlarged
            | Pass::EnlargedSharpened
            | Pass::Quartered
            | Pass::Tiled => {
                self.located.extend(looked.unread.iter().copied());
                self.unread.extend(looked.unread);
            }
        }
        for one in looked.seen {
            if one.text.is_empty() || !is_plausible(&one.corners) {
                self.impossible += 1;
                continue;
            }
            self.add(reading(one, pass, frame));
        }
    }

    /// Located by some pass, and read by none.
    fn unread_places(&self) -> Vec<[Corner; 4]> {
        let is_open = |place: &&[Corner; 4]| !self.readings.iter().any(|(reading, _)| reading.holds(&middle_of(place)));
        self.unread.iter().filter(is_open).copied().collect()
    }

    fn add(&mut self, reading: Reading) {
        let mut known = false;
        let mut contradicted = false;
        for (other, doubted) in self.readings.iter_mut().filter(|(other, _)| other.overlaps(&reading)) {
            if other.text == reading.text {
                known = true;
            } else {
                *doubted = true;
                contradicted = true;
            }
        }
        if !known {
            self.readings.push((reading, contradicted));
        }
    }

    fn is_settled(&self) -> bool {
        self.readings.iter().any(|(_, doubted)| !doubted)
    }

    /// Places that stayed unread, each once: passes locate one board again and again.
    fn left_unread(&self) -> Vec<Corner> {
        let mut left: Vec<Corner> = Vec::new();
        for place in self.located.iter().filter(|place| is_plausible(place)) {
            let (middle, reach) = (middle_of(place), shortest_side(place) / 2.0);
            let read = self.readings.iter().any(|(reading, _)| reading.holds(&middle));
            let known = left.iter().any(|other| (other.x - middle.x).hypot(other.y - middle.y) < reach);
            if !read && !known {
                left.push(middle);
            }
        }
        left
    }

    fn outcome(self, passes: usize) -> Outcome {
        let unread = self.left_unread();
        let (doubted, believed): (Vec<_>, Vec<_>) = self.readings.into_iter().partition(|(_, doubted)| *doubted);
        let readings = believed.into_iter().map(|(reading, _)| reading).collect();
        Outcome { readings, unread, doubtful: doubted.len() + self.impossible, passes }
    }
}

fn reading(seen: Seen, pass: Pass, frame: &Frame) -> Reading {
    let quality = Quality { contrast: contrast(&seen, frame), side_pixels: shortest_side(&seen.corners) };
    Reading { text: seen.text, corners: seen.corners, quality, pass }
}

/// Over the upright rectangle that the corners lie in; codes are as much dark as bright, so two percentiles tell both.
fn contrast(seen: &Seen, frame: &Frame) -> f64 {
    let bounds = |values: [f64; 4], end: usize| {
        let low = values.into_iter().fold(f64::INFINITY, f64::min).max(0.0) as usize;
        let high = values.into_iter().fold(0.0, f64::max) as usize;
        (low.min(end - 1), high.min(end - 1))
    };
    let (left, right) = bounds(seen.corners.map(|corner| corner.x), frame.width());
    let (top, bottom) = bounds(seen.corners.map(|corner| corner.y), frame.height());
    let pixels = || (top..=bottom).flat_map(|y| frame.row(y)[left..=right].iter().copied());
    f64::from(percentile(pixels(), 0.9).saturating_sub(percentile(pixels(), 0.1))) / 255.0
}
