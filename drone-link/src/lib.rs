//! Carries the links of all aircraft over one UDP socket: who is heard from where, which bytes go to whom, and the .tlog. Routes
//! frames between sockets and serial lines, and replays logs. It decides nothing about flights; that is `drone-link-proto`.

mod hub;
pub use hub::*;

// What a shell must name to start a hub; it need not know the protocol's crate.
pub use drone_link_proto::{
    AnnouncedStream, EndpointCounts, EndpointId, EndpointRole, HardwareId, LightDriver, LinkConfig, LinkLimits, NoParameters,
    Parameter, SetUpError, SigningConfig, SigningKey, UnsignedFrames, is_secret, signing_time,
};

pub mod gateway;

mod endpoint;
pub use endpoint::*;
mod serial;

mod routing;
pub use routing::*;
mod one_link;
mod read_parameters;
pub use read_parameters::read_parameters;
mod give_key;
pub use give_key::{give_key, make_key};
mod replay;
pub use replay::*;

mod peers;
mod signing_files;
pub use signing_files::read_key;
mod settings;
pub use settings::*;
mod tlog;
