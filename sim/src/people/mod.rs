//! People for a running server: guards on their rounds, a caller who needs help, an operator at the desk.
//!
//! They speak HTTP as phones and browsers do, in real time. `sim people` is what `cargo xtask demo` plays the escort with.

mod client;

mod whereabouts;

mod caller;
mod guard;
mod operator;

mod diverted;
mod followed;
mod over_ground;
mod verdict;

mod play;

pub use play::{PeopleOptions, play, run_command};
