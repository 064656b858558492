//! What each pass does to a frame, and the way its corners go back to the frame's own pixels.

use crate::engine::{Look, Looked, Seen, look};
use crate::filter;
use crate::frame::Frame;
use crate::reading::{Corner, Pass};
use crate::restore::restored;

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

const QUICK: Look = Look { thorough: false, every_way: false, one_threshold: false };
const THOROUGH: Look = Look { thorough: true, every_way: false, one_threshold: false };
const EVERY_WAY: Look = Look { thorough: true, every_way: true, one_threshold: false };
const ONE_THRESHOLD: Look = Look { thorough: true, every_way: false, one_threshold: true };

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
        | Pass::Sharpened
        | Pass::Restored => true,
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
        // The places are few and small; what is counted is the smoothing.
        Pass::Halved | Pass::Restored => area / 2,
        Pass::Quartered => area / 8,
        Pass::Enlarged | Pass::EnlargedSharpened => area * 5,
        Pass::Tiled => area * 4,
    }
}

/// Runs one pass; `unread` are the places where earlier ones located codes.
pub(crate) fn run(pass: Pass, frame: &Frame, unread: &[[Corner; 4]]) -> Looked {
    match pass {
        Pass::Quick => look(frame, QUICK),
        Pass::Plain => look(frame, EVERY_WAY),
        Pass::Smoothed => look(&calmed(frame, 1), THOROUGH),
        Pass::SmoothedStrongly => look(&calmed(frame, 4), THOROUGH),
        Pass::Median => look(&filter::stretched(&filter::median(frame)), THOROUGH),
        Pass::Evened => look(&filter::evened(&filter::smoothed(frame, 1), evened_reach(frame)), ONE_THRESHOLD),
        Pass::OneThreshold => look(&calmed(frame, 2), ONE_THRESHOLD),
        Pass::Sharpened => look(&filter::sharpened(frame, 2, 2), THOROUGH),
        Pass::Halved => scaled(&filter::stretched(&filter::binned(frame, 2)), 2.0),
        Pass::Quartered => scaled(&filter::stretched(&filter::smoothed(&filter::binned(frame, 4), 1)), 4.0),
        Pass::Enlarged => scaled(&filter::smoothed(&filter::doubled(frame), 1), 0.5),
        Pass::EnlargedSharpened => scaled(&filter::sharpened(&filter::doubled(frame), 3, 2), 0.5),
        Pass::Tiled => tiled(frame),
        Pass::Restored => Looked { seen: restored(frame, unread), unread: Vec::new() },
    }
}

/// Smoothed and stretched. Stretched before as well: where all of the light lies within thirty steps, a mean needs finer ones.
fn calmed(frame: &Frame, times: usize) -> Frame {
    filter::stretched(&filter::smoothed(&filter::stretched(frame), times))
}

fn evened_reach(frame: &Frame) -> usize {
    (frame.width().min(frame.height()) / EVENED_REACH_SHARE).max(4)
}

fn scaled(frame: &Frame, scale: f64) -> Looked {
    moved(look(frame, THOROUGH), |at| Corner { x: at.x * scale, y: at.y * scale })
}

fn moved(looked: Looked, way: impl Fn(Corner) -> Corner) -> Looked {
    let seen = looked.seen.into_iter().map(|seen| Seen { corners: seen.corners.map(&way), ..seen }).collect();
    Looked { seen, unread: looked.unread.into_iter().map(|corners| corners.map(&way)).collect() }
}

fn tiled(frame: &Frame) -> Looked {
    let (width, height) = (2 * frame.width() / (TILES_PER_SIDE + 1), 2 * frame.height() / (TILES_PER_SIDE + 1));
    let mut all = Looked::default();
    for place in 0..TILES_PER_SIDE * TILES_PER_SIDE {
        let (left, top) = (place % TILES_PER_SIDE * width / 2, place / TILES_PER_SIDE * height / 2);
        let tile = filter::smoothed(&filter::stretched(&frame.cropped(left, top, width, height)), 1);
        let there = moved(look(&tile, ONE_THRESHOLD), |at| Corner { x: at.x + left as f64, y: at.y + top as f64 });
        all.seen.extend(there.seen);
        all.unread.extend(there.unread);
    }
    all
}
