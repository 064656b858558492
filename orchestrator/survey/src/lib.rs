//! Flight lines over parking lots: sweeps that see every square metre, and tours of beacons whose places are known.
//!
//! Everything happens in a flat plane of metres east and north; who calls turns it into places on the ground. Never reads a file or
//! a clock, never uses chance: the same lot gives the same plan on every machine.
//!
//! Reading order: `plane`, `lot`, `light`, `camera`, `lanes`, `way`, `grid`, `field`, `area`, `tighten`, `sweep`, `reach`, `audit`,
//! `plan`, `parts`.

mod plane;
pub use plane::Point;

mod lot;
pub use lot::{CORNERS_MAX, Lot, LotError, SIDE_M_MAX};

mod light;
pub use light::{Light, sun_elevation_deg};

mod camera;
pub use camera::{Board, Camera, CameraError, Sight, sight};

mod lanes;

mod way;

mod grid;

mod field;
pub use field::{Coverage, Field, Keep, Side};

mod area;

mod tighten;

mod sweep;
pub use sweep::{SWATH_M_MAX, SWATH_M_MIN, Sweep, SweepError, sweep};

mod reach;
pub use reach::reached_out;

mod audit;
pub use audit::{BEACONS_MAX, EXACT_BEACONS_MAX, tour, tour_length_m};

mod plan;
pub use plan::{Aim, Means, Reckoning, Shown, SurveyError, SurveyPath, field_path, survey_path};

mod sorties;
pub use sorties::Charges;

mod parts;
pub use parts::Hop;
