//! Carries the links of all aircraft over one UDP socket: who is heard from where, which bytes go to whom, and the .tlog.
//! It decides nothing about flights; that is `drone-link-proto`.

mod hub;
pub use hub::*;

// What a shell must name to start a hub; it need not know the protocol's crate.
pub use drone_link_proto::{AnnouncedStream, LightDriver, LinkConfig, LinkLimits};

mod peers;
mod tlog;
