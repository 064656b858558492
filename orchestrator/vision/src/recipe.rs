//! What each pass does to a frame, and the way its corners go back to the frame's own pixels.

use crate::engine::{Look, Seen, look};
use crate::filter;
use crate::frame::Frame;
use crate::reading::{Corner, Pass};

/// Scaling down below this leaves no room for a code of 21 modules with its border.
const SIDE_AFTER_SCALING_MIN: usize = 48;

/// Doubling is for small pictures: a code that fills a large one has modules of many pixels already.
const ENLARGED_PIXELS_MAX: usize = 1_500_000;

/// Tiles are for pictures at least this wide and high, of which a code can be a small part.
const TILED_SIDE_MIN: usize = 400;

/// Parts along each side; they overlap by half, so that a code of a quarter of the side lies whole in one.
const TILES_PER_SIDE: usize = 3;

/// The reach of the surroundings when brightness is evened out: this part of the shorter side.
const EVENED_REACH_SHARE: usize = 16;

const THOROUGH: Look = Look { thorough: true, one_threshold: false };
const ONE_THRESHOLD: Look = Look { thorough: true, one_threshold: true };

/// Whether the pass makes sense for a picture of this size.
pub(crate) fn suits(pass: Pass, frame: &Frame) -> bool {
    let side = frame.width().min(frame.height());
    match pass {
        Pass::Halved => side / 2 >= SIDE_AFTER_SCALING_MIN,
        Pass::Quartered => side / 4 >= SIDE_AFTER_SCALING_MIN,
        Pass::Enlarged | Pass::EnlargedSharpened => frame.area() <= ENLARGED_PIXELS_MAX,
        Pass::Tiled => side >= TILED_SIDE_MIN,
        Pass::Quick
        | Pass::Plain
        | Pass::Smoothed
        | Pass::Median
        | Pass::Evened
        | Pass::SmoothedStrongly
        | Pass::OneThreshold
        | Pass::Sharpened => true,
    }
}

/// What the pass costs, in pixels looked at: the measure that bounds the time for one frame.
pub(crate) fn cost_pixels(pass: Pass, frame: &Frame) -> usize {
    let area = frame.area();
    match pass {
        Pass::Quick => area / 2,
        Pass::Plain | Pass::OneThreshold => area,
        Pass::Smoothed | Pass::Sharpened => area * 3 / 2,
        Pass::Median | Pass::SmoothedStrongly | Pass::Evened => area * 2,
        Pass::Halved => area / 2,
        Pass::Quartered => area / 8,
        Pass::Enlarged | Pass::EnlargedSharpened => area * 5,
        Pass::Tiled => area * 4,
    }
}

/// Runs one pass.
pub(crate) fn run(pass: Pass, frame: &Frame) -> Vec<Seen> {
    match pass {
        Pass::Quick => look(frame, Look { thorough: false, one_threshold: false }),
        Pass::Plain => look(frame, THOROUGH),
        Pass::Smoothed => look(&filter::stretched(&filter::smoothed(frame, 1)), THOROUGH),
        Pass::SmoothedStrongly => look(&filter::stretched(&filter::smoothed(frame, 4)), THOROUGH),
        Pass::Median => look(&filter::stretched(&filter::median(frame)), THOROUGH),
        Pass::Evened => look(&filter::evened(&filter::smoothed(frame, 1), evened_reach(frame)), ONE_THRESHOLD),
        Pass::OneThreshold => look(&filter::stretched(frame), ONE_THRESHOLD),
        Pass::Sharpened => look(&filter::sharpened(frame, 2, 2), THOROUGH),
        Pass::Halved => scaled(&filter::stretched(&filter::binned(frame, 2)), 2.0),
        Pass::Quartered => scaled(&filter::stretched(&filter::smoothed(&filter::binned(frame, 4), 1)), 4.0),
        Pass::Enlarged => scaled(&filter::smoothed(&filter::doubled(frame), 1), 0.5),
        Pass::EnlargedSharpened => scaled(&filter::sharpened(&filter::doubled(frame), 3, 2), 0.5),
        Pass::Tiled => tiled(frame),
    }
}

fn evened_reach(frame: &Frame) -> usize {
    (frame.width().min(frame.height()) / EVENED_REACH_SHARE).max(4)
}

fn scaled(frame: &Frame, scale: f64) -> Vec<Seen> {
    look(frame, THOROUGH).into_iter().map(|seen| moved(seen, |at| at * scale, |at| at * scale)).collect()
}

fn moved(seen: Seen, x: impl Fn(f64) -> f64, y: impl Fn(f64) -> f64) -> Seen {
    Seen { corners: seen.corners.map(|corner| Corner { x: x(corner.x), y: y(corner.y) }), ..seen }
}

fn tiled(frame: &Frame) -> Vec<Seen> {
    let (width, height) = (2 * frame.width() / (TILES_PER_SIDE + 1), 2 * frame.height() / (TILES_PER_SIDE + 1));
    let mut seen = Vec::new();
    for place in 0..TILES_PER_SIDE * TILES_PER_SIDE {
        let (left, top) = (place % TILES_PER_SIDE * width / 2, place / TILES_PER_SIDE * height / 2);
        let tile = filter::smoothed(&filter::stretched(&frame.cropped(left, top, width, height)), 1);
        let back = |found| moved(found, |at| at + left as f64, |at| at + top as f64);
        seen.extend(look(&tile, ONE_THRESHOLD).into_iter().map(back));
    }
    seen
}
