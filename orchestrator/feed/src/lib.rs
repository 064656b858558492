//! The way of the picture: a camera's RTSP in; WebRTC, stills and evidence out. Never re-encodes, never decides who may see.
//!
//! In the order of the way: [`Source`] holds one stream of one camera and plays it only while somebody wants it; [`Relay`] carries
//! it to browsers; [`Stills`] is for those whom WebRTC does not reach;
//! [`Reel`] keeps it. `docs/video.md` tells the rest.

pub mod limits;

mod unit;
pub use unit::{AccessUnit, Stamp};

mod stamp;

mod depacketize;
pub use depacketize::{Depacketizer, Dropped, Pushed};

mod repeats;

mod group;
mod intake;
pub use intake::IntakeError;

mod source;
pub use source::{CameraUrls, Feeds, Quality, Source, SourceState, Subscription};

mod alive;
mod congestion;

mod datagram;
mod delay;

mod viewer;

mod viewers;
pub use viewers::{AdmitError, Ended, ViewerId, Viewers};

mod relay;
pub use relay::{Relay, RelayError, RelaySettings};

mod still;
pub use still::{StillError, Stills};

mod frames;
pub use frames::{DecodedFrame, decode_frames};

mod reel;
pub use reel::{RecordingFile, Reel, ReelError, Seal, new_file};

mod track;
pub use track::{TrackPoint, track_in, track_of};
