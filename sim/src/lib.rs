//! The outside world: aircraft with their physics and autopilots, for scenarios in virtual time and for any MAVLink client.
//!
//! Everything but [`fly`], [`px4`], [`video`], [`people`] and the commands is pure: time and seeds come in, the same seed gives the
//! same flight.

pub mod physics;
pub use physics::{Environment, Ground};

mod autopilot;
pub use autopilot::{FlightMode, ParamValue, StreamProfile};

mod illuminator;

mod camera_component;
pub use camera_component::{VideoStream, VideoStreamError};

mod fault;
pub use fault::Fault;

mod traffic;
pub use traffic::Traffic;

mod plant;

mod held_camera;
pub use held_camera::CameraTruth;

mod aircraft;
pub use aircraft::{Aircraft, AircraftConfig, Truth};

mod beam;
mod lit;

pub mod hil;

pub mod video;

pub mod fly;

pub mod px4;

pub mod picture;

pub mod energy;

pub mod time_to_light;

pub mod scenario;

pub mod people;

mod replay_calls;
pub use replay_calls::{Distribution, ReplayError, ReplayReport, replay_calls};

/// Length of one simulation step, microseconds: 250 Hz, the rate of PX4's lockstep sensors.
pub const STEP_US: u64 = 4_000;
/// The same in seconds.
pub const STEP_S: f64 = STEP_US as f64 * 1e-6;
