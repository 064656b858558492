//! The vocabulary that the dispatcher, the link and the simulator share: who, where, and what a flight is.
//!
//! Plain data with units in the names. This crate decides nothing, reads no clock and depends on nothing of ours.

mod id;
pub use id::*;

mod geo;
pub use geo::*;

mod relief;
pub use relief::*;

mod plan;
pub use plan::*;

mod rally;
pub use rally::*;

mod flight;
pub use flight::*;

mod status;
pub use status::*;
