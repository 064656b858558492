//! What a survey saw against what should be there: which beacons and cars are not as the register and the open sessions have them.
//!
//! Pure: no picture, no clock, no log; its words are plain data that a log can hold. Pictures were read before (`survey-vision`), signatures judged before (`beacon`), and who writes findings
//! down and shows them comes after. [`judge`] compares one survey with the world as it should be and needs several pictures for
//! everything it says; [`Findings`] keeps what was found over the surveys, from opened to fixed.
//!
//! Reading order: `world`, `survey`, `finding`, `sightings`, `beacons`, `cars`, `judge`, `book`.

mod world;
pub use world::{Bay, Beacon, Point, Session, World};

mod survey;
pub use survey::{BaySeen, CodeSeen, Picture, Says, Survey};

mod finding;
pub use finding::{Finding, Kind, Subject};

pub mod limits;

mod sightings;

mod beacons;

mod cars;
pub use cars::is_taken;

mod judge;
pub use judge::{Judgement, judge};

mod book;
pub use book::{BookError, Findings, Known, Life};
