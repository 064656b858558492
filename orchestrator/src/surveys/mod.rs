//! Surveys of lots: planned from the site's drawing, watched through the camera of whichever aircraft flies, reported into the log.
//!
//! What is decided about flights is the core's, what is seen the pure crates'; here frames are brought to them, pictures kept and reports
//! handed on. Reading order: [`lot`] (the site's lot as they want it), [`judge`](judge()), [`plan`], [`schedule`] (what nobody has to ask for), [`shelf`] (pictures on the disk), [`watch`].

mod judge;
mod lot;
mod plan;
mod schedule;
mod shelf;
mod watch;

use std::path::{Path, PathBuf};

pub use judge::judge;
pub use lot::SurveyedLot;
pub use plan::{PlanFailure, plan, sheets_for};
pub use schedule::{Askers, TimeOfDay, Times, start as start_schedule};
pub use shelf::{Shelf, picture_file, sightings};
pub use watch::{Lots, Watch, WatchParts};

/// Where pictures of surveys lie.
pub fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("surveys")
}
