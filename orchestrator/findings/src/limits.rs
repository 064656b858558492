//! How much must be seen before something is said, each with its reason.

/// Pictures that must agree before anything is found: one may be blurred, mislocated or simply wrong, two of the same error at the same
/// place are rare.
pub const PICTURES_AGREEING_MIN: usize = 2;

/// Pictures in which a place was looked at and nothing was read before a beacon is missing or unreadable: not to see is weaker than to see.
/// A new beacon is read in more than nine of ten pictures, so three misses come by chance once in a thousand.
pub const PICTURES_WITHOUT_MIN: usize = 3;

/// A beacon this far from its place has been moved, metres: more than a hand's breadth of wind, less than the next bay's middle.
pub const MOVED_M_MIN: f64 = 1.0;

/// Errors of positions count so often: three spreads are exceeded once in a hundred (two dimensions).
pub const SPREADS: f64 = 3.0;

/// A position worse than this tells neither of two neighbouring bays nor moved from unmoved, metres; such a sighting is left out.
pub const SPREAD_M_MAX: f64 = 2.0;

/// A bay is taken or free from this probability on; what lies between says nothing.
pub const SURE: f64 = 0.9;

/// Of the pictures that are sure of a bay so many may say otherwise than the rest, as a share: frame by frame one in a hundred is wrong (a dark
/// car beside its own shadow), and a bay that is seen six times would be doubted too often if one such picture silenced the others.
pub const SLIPS_SHARE_MAX: f64 = 0.25;

/// A car that has just come may not have its session yet: drivers get this long, milliseconds.
pub const ARRIVAL_MS: i64 = 10 * 60 * 1_000;

/// Pictures kept with a finding: enough to convince a person.
pub const PICTURES_KEPT: usize = 8;

/// Closed findings kept in the book: a year of ten a day.
pub const FIXED_KEPT: usize = 3_650;
