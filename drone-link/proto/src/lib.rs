//! The link to one aircraft, sans-IO: datagrams, orders and time in; datagrams, reports and a status out.
//!
//! It knows MAVLink and how a flight is conducted. It owns no socket, no clock and no task.
//! In reading order: bytes (`frame`, `signing`, `dialect`, `inbound`), what is known (`supervision`, `identity`, `timesync`,
//! `telemetry`, `texts`, `events`), what is ordered (`command`, `transfer`, `rally`, `parameters`, `parameter_list`, `camera`, `light`, `streams`), what is flown
//! (`items`, `route`, `craft`, `flight`), and `link`, which holds them together. `router` stands beside: it passes frames on between
//! many, and knows no flight.

mod limits;
pub use limits::*;

mod config;
pub use config::*;

mod output;
pub use output::*;

mod frame;
pub use frame::{Sender, frames_of, is_secret, sender};

mod signing;
pub use signing::{KeyError, SigningConfig, SigningKey, SigningMemory, UnsignedFrames, signing_time};

mod dialect;
pub use dialect::describe;
mod inbound;

mod gimbal;
mod identity;
pub use identity::HardwareId;

mod disturbance;
mod neighbours;
pub use neighbours::Neighbour;
mod supervision;
mod timesync;

mod telemetry;
mod texts;
mod traffic;

mod events;

mod beat;
mod camera;
mod cancellations;
mod command;
pub use camera::AnnouncedStream;

mod light;
mod streams;
mod transfer;

mod parameters;
mod rally;

mod parameter_list;
pub use parameter_list::{NoParameters, Parameter};

mod craft;
mod flight;
mod items;
mod profile;
mod rejoin;
mod route;

mod link;
pub use link::*;

mod router;
pub use router::{EndpointCounts, EndpointId, EndpointRole, Router};
