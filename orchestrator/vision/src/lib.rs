//! Frame bytes to readings: finds codes in pictures and says what they hold, where they lie, how well they were seen, which pass
//! saw them, and where on the ground they lie. Never opens a file, reads a clock or keeps anything from one frame for the next.
//!
//! Whether a payload is genuine is not judged here: that is for the crate that knows the keys.
//!
//! Reading order: `frame`, `decode`, `filter`, `reading`, `engine`, `homography`, `restore`, `recipe`, `cascade`,
//! `ground`, `bays`, `boards`.

mod frame;
pub use frame::{Frame, FrameError};

mod decode;
pub use decode::{PICTURE_BYTES_MAX, PICTURE_PIXELS_MAX, PictureError, decode_picture, picture_size};

mod inflate;

mod filter;

mod reading;
pub use reading::{Corner, Pass, Quality, Reading};

mod engine;
pub use engine::read_plainly;

mod homography;

mod restore;

mod recipe;

mod cascade;
pub use cascade::{Effort, Outcome, read};

mod ground;
pub use ground::{Lens, LensError, Place, Pose, PoseSpread, locate, locate_pixel, pixel_of};

mod bays;
pub use bays::{BEFORE_BAY_M, Bay, BayJudge, BayView, ByFigures, PATCH_ACROSS, PATCH_ALONG, Patch};

mod boards;
pub use boards::{Standout, standout};
