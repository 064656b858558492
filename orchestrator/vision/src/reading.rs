//! What was read: text, corners, quality, and the pass that found it.

/// A place in the picture, pixels from its top left corner; fractions where a pass looked at a scaled picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Corner {
    /// To the right, pixels.
    pub x: f64,
    /// Down, pixels.
    pub y: f64,
}

/// What was done to the picture before the code was found, in the order in which passes are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pass {
    /// As it is, looked at coarsely.
    Quick,
    /// As it is, looked at in every row.
    Plain,
    /// Noise smoothed away, brightness stretched.
    Smoothed,
    /// Two pixels by two made one, brightness stretched: noise halves.
    Halved,
    /// Single wrong pixels removed.
    Median,
    /// Brightness evened out against the surroundings.
    Evened,
    /// Smoothed strongly.
    SmoothedStrongly,
    /// One threshold for the whole picture.
    OneThreshold,
    /// Edges strengthened against blur.
    Sharpened,
    /// Twice the size, for modules of hardly more than a pixel.
    Enlarged,
    /// Twice the size and edges strengthened.
    EnlargedSharpened,
    /// Four pixels by four made one: for deep night.
    Quartered,
    /// Part by part, each with its own brightness.
    Tiled,
    /// Each module averaged over all its pixels, where another pass had located a code.
    Restored,
}

impl Pass {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Pass::Quick => "quick",
            Pass::Plain => "plain",
            Pass::Smoothed => "smoothed",
            Pass::Halved => "halved",
            Pass::Median => "median",
            Pass::Evened => "evened",
            Pass::SmoothedStrongly => "smoothed_strongly",
            Pass::OneThreshold => "one_threshold",
            Pass::Sharpened => "sharpened",
            Pass::Enlarged => "enlarged",
            Pass::EnlargedSharpened => "enlarged_sharpened",
            Pass::Quartered => "quartered",
            Pass::Tiled => "tiled",
            Pass::Restored => "restored",
        }
    }
}

/// How well a code was seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quality {
    /// Difference between its bright and its dark pixels (90th and 10th percentile), 0 to 1 of full scale.
    pub contrast: f64,
    /// Its shortest side, pixels.
    pub side_pixels: f64,
}

/// One code in one picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// What it holds.
    pub text: String,
    /// Top left, top right, bottom right, bottom left of the code as it is printed.
    pub corners: [Corner; 4],
    /// How well it was seen.
    pub quality: Quality,
    /// The pass that found it first.
    pub pass: Pass,
}

impl Reading {
    /// The middle of the code, pixels.
    pub fn middle(&self) -> Corner {
        middle_of(&self.corners)
    }

    /// Whether a place lies well within the code.
    pub(crate) fn holds(&self, place: &Corner) -> bool {
        let middle = self.middle();
        (middle.x - place.x).hypot(middle.y - place.y) < self.quality.side_pixels / 2.0
    }

    /// Whether both lie on the same place of the picture: the middle of one is inside the reach of the other.
    pub(crate) fn overlaps(&self, other: &Reading) -> bool {
        let (a, b) = (self.middle(), other.middle());
        let reach = self.quality.side_pixels.max(other.quality.side_pixels) / 2.0;
        (a.x - b.x).hypot(a.y - b.y) < reach
    }
}

pub(crate) fn middle_of(corners: &[Corner; 4]) -> Corner {
    let mean = |value: fn(&Corner) -> f64| corners.iter().map(value).sum::<f64>() / 4.0;
    Corner { x: mean(|corner| corner.x), y: mean(|corner| corner.y) }
}

/// The four sides, pixels.
fn sides(corners: &[Corner; 4]) -> [f64; 4] {
    std::array::from_fn(|index| {
        let (a, b) = (corners[index], corners[(index + 1) % 4]);
        (a.x - b.x).hypot(a.y - b.y)
    })
}

pub(crate) fn shortest_side(corners: &[Corner; 4]) -> f64 {
    sides(corners).into_iter().fold(f64::INFINITY, f64::min)
}

/// Whether four corners can be a square seen from somewhere: convex, and no side beyond all proportion.
pub(crate) fn is_plausible(corners: &[Corner; 4]) -> bool {
    /// A square seen at 75 degrees off its normal is four times as wide as high.
    const SIDE_RATIO_MAX: f64 = 4.0;
    let turn = |index: usize| {
        let (a, b, c) = (corners[index], corners[(index + 1) % 4], corners[(index + 2) % 4]);
        (b.x - a.x) * (c.y - b.y) - (b.y - a.y) * (c.x - b.x)
    };
    let turns: [f64; 4] = std::array::from_fn(turn);
    let convex = turns.iter().all(|turn| *turn > 0.0) || turns.iter().all(|turn| *turn < 0.0);
    let sides = sides(corners);
    let (short, long) = (sides.iter().copied().fold(f64::INFINITY, f64::min), sides.iter().copied().fold(0.0, f64::max));
    convex && long <= short * SIDE_RATIO_MAX
}
