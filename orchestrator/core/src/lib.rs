//! Decides everything the product does on a call: who is asked, which aircraft flies, when an incident may close.
//!
//! Pure: time, ids and randomness come in with the entries, orders go out as effects. The same log gives the same state on any
//! machine. No input or output, no clock, no async runtime, no MAVLink.
//!
//! Reading order: the vocabulary (`config`, `event`, `effect`, `model`), the loop (`core`, `state`), then what is decided, in the
//! order of a call.

pub mod cause;
pub mod config;
pub mod effect;
pub mod event;
pub mod lots;
pub mod model;
pub mod survey;

mod core;
mod limits;
mod outstanding;
mod refusal;
mod state;
mod timer;
mod turn;

mod place;
mod sos;

mod incident;

pub mod assign;
mod guard;
mod offer;
mod search;

pub mod choice;
pub mod energy;
mod mission;
pub mod route;

mod closeout;

mod parking;

pub use crate::core::Core;
pub use cause::Cause;
pub use refusal::Refusal;
