//! The server: thin shells round `dispatch-core`.
//!
//! A shell turns the outside into an event, the [`engine`] makes it durable and gives it to the core, and the workers in
//! [`effects`] carry out what the core orders. High-rate data (positions, telemetry) lives in [`live`] and never enters the log.

pub mod access;
pub mod announced;
mod beacons;
pub mod clock;
pub mod commands;
pub mod config;
pub mod crash;
pub mod effects;
pub mod engine;
pub mod evidence;
pub mod gate_frames;
pub mod housekeeping;
pub mod http;
pub mod limits;
mod links;
pub mod live;
pub mod lots;
pub mod mqtt;
mod parking;
pub mod parts;
pub mod payments;
pub mod roads;
pub mod serve;
pub mod shutdown;
pub mod site_view;
pub mod store;
pub mod surveys;
pub mod tls;
