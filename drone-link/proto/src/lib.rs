//! The link to one aircraft, sans-IO: datagrams, orders and time in; datagrams, reports and a status out.
//!
//! It knows MAVLink and how a flight is conducted. It owns no socket, no clock and no task.
//! In reading order: bytes (`frame`, `dialect`, `inbound`), what is known (`supervision`, `telemetry`, `texts`), what is
//! ordered (`command`, `transfer`, `parameters`, `camera`, `light`, `streams`), what is flown (`items`, `route`, `craft`, `flight`), and `link`,
//! which holds them together.

mod limits;
pub use limits::*;

mod config;
pub use config::*;

mod output;
pub use output::*;

mod frame;
pub use frame::{Sender, frames_of, sender};

mod dialect;
mod inbound;

mod supervision;
mod telemetry;
mod texts;
mod traffic;

mod camera;
mod command;
pub use camera::AnnouncedStream;

mod light;
mod streams;
mod transfer;

mod parameters;

mod craft;
mod flight;
mod items;
mod profile;
mod route;

mod link;
pub use link::*;
