//! MQTT 5: an embedded broker, the identities it admits, and the bridge between topics and the engine.
//!
//! The server is always a client of a broker over TCP, of its own or of a configured one, so that both ways are the same code.
//! Requests that arrive by topic go through the very handlers of the HTTP surface, with the same checks; positions of guards go
//! straight to the live tables.

pub mod access;
mod bridge;
mod broker;
mod connections;
mod desk;
mod inbound;
mod outbound;
mod outgoing;
mod topics;

pub use bridge::{Bridge, BridgeSettings, BridgeTask};
pub(crate) use broker::SERVER_USER;
pub use broker::{BrokerError, BrokerSettings, EmbeddedBroker};
pub use desk::{DeviceTokens, HttpDesk};
pub use inbound::{Answered, Ask, Asking, Desk, Request};
pub use topics::{Parts, Topics};
