//! The body of a simulated aircraft and the air around it: forces, motion, energy and what the sensors see of them.
//!
//! Pure and deterministic: time and seeds come in. Frames: north-east-down for the world (origin at the home pad),
//! front-right-down for the body, as the autopilots of the field use them.

mod airframe;
pub use airframe::*;

mod lanes;

mod equations;

mod rigid_body;
pub use rigid_body::*;

mod batch;
pub use batch::*;

mod contact;

mod battery;
pub use battery::*;

mod environment;
pub use environment::*;

mod magnetic_field;
pub use magnetic_field::*;

mod noise;
pub use noise::*;

mod sensors;
pub use sensors::*;
