//! From a survey's frames to findings: each frame is read, what it shows is placed on the lot and compared with the register; at the end
//! all of them together say what is not as it should be.
//!
//! Joins the crates that see (`survey-vision`), know the keys (`beacon`) and judge (`survey-findings`). Pure: frames, poses, times and the
//! register come in, a report goes out; where frames come from and where pictures are kept is for whoever calls.
//!
//! Reading order: `register` (what should be there), `look` (one frame), `gather` (all of them), `report` (what came of it), `film` (as it came).

mod register;
pub use register::{Register, RegisteredBay, RegisteredBeacon};

mod look;
pub use look::{Eye, Shot};

mod gather;
pub use gather::{Gathering, PICTURES_MAX, Taken};

mod report;
pub use report::{Occupancy, Report};

mod film;
pub use film::{BayTurn, BeaconRead, Film, FilmFrame, film};
