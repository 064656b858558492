//! The vocabulary that the dispatcher, the link and the simulator share: who, where, and what a flight is.
//!
//! Plain data with units in the names. This crate decides nothing, reads no clock and depends on nothing of ours.

mod id;
pub use id::*;

mod geo;
pub use geo::*;

mod relief;
mod vertical_profile;
pub use relief::*;
pub use vertical_profile::*;

mod plan;
pub use plan::*;

mod rally;
pub use rally::*;

mod flight;
pub use flight::*;

mod status;
pub use status::*;
