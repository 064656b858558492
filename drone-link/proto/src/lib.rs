//! The link to one aircraft, sans-IO: datagrams, orders and time in; datagrams, reports and a status out.
//!
//! It knows MAVLink and how a flight is conducted. It owns no socket, no clock and no task.

mod limits;
pub use limits::*;

mod config;
pub use config::*;

mod output;
pub use output::*;

mod link;
pub use link::*;
