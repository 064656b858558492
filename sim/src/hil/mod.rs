//! Our physics behind a real autopilot: the simulator's side of PX4's hardware-in-the-loop protocol, in lockstep.
//!
//! The autopilot is given what its sensors would measure and answers with what its outputs drive; flight.md tells how PX4
//! behaves at its end. [`Seat`] is sans-IO; [`crate::px4`] is the thin shell with the sockets.

mod sensors;

mod outputs;
pub use outputs::{LIGHT_OUTPUT, px4_environment};

mod seat;
pub use seat::{LIMITS, Limits, Notice, Seat};
