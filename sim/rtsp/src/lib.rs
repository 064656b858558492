//! The simulated camera's stream: pictures in, H.264 with capture time and pose inside, served by RTSP to whoever plays it.
//!
//! Stands for the video encoder of a real aircraft, so it shares no code with the receiver in `orchestrator/feed`. It draws nothing
//! itself but a test pattern and, when asked, a clock that a program can read back from the picture. It never renders or encodes
//! while nobody plays.

mod picture;
pub use picture::{Camera, Picture, Pose};

mod clock;
pub use clock::burn_clock;

mod pattern;
pub use pattern::TestPattern;

mod encode;
pub use encode::{EncodeError, Quality};

mod sei;

mod stream;
pub use stream::{CameraStream, StreamSettings};

mod rtp;

mod request;

mod answer;

mod player;

mod server;
pub use server::{RtspServer, ServeError};

pub mod limits;
