//! The aircraft's camera: from a scene and a pose to the frame that a real one would deliver. Pure: no file, no clock, no threads.
//!
//! ```
//! use std::sync::Arc;
//! use sim_camera::{Camera, CameraPose, Intrinsics, Plan, Scene};
//!
//! let scene = Scene::new(Arc::new(Plan::default()), 22.0);
//! let mut camera = Camera::new(Intrinsics::new(320, 180, 70.0).unwrap(), 1);
//! let pose = CameraPose { up_m: 30.0, pitch_deg: -60.0, ..CameraPose::default() };
//! let frame = camera.render(&scene, &pose, 1_000_000);
//! assert_eq!(frame.i420.len(), 320 * 180 * 3 / 2);
//! let [east_m, north_m] = frame.pose.ground_of([160.0, 90.0], 0.0).unwrap();
//! # assert!(east_m.abs() < 1e-9 && north_m > 0.0);
//! ```
//!
//! - [`Plan`] is what stands still, [`Scene`] adds hour, people, cars and the aircraft's light. Keep the plan in one `Arc`: the
//!   camera keeps what it painted of the ground as long as it is the same one.
//! - [`Camera::render`] takes a picture; [`Frame`] carries I420 planes, the time and a [`FramePose`], with which a pixel is
//!   projected to the ground and back.
//! - [`Gimbal`] is the gimbal that carries the camera.
//!
//! Stages of a frame: `ground` (tiles painted once per place and light, drawn by perspective), `things` (faces with depth), `shade`
//! (metering, light, haze), `develop` (edges, planes, motion blur, noise). Reading order is that of the modules below.
//!
//! Not modelled: rolling shutter, focus, lens flare, reflections, rain, shadows of the spotlight (it hangs beside the lens),
//! shadows of street lamps, hills.

mod intrinsics;
pub use intrinsics::{Intrinsics, IntrinsicsError};

mod pose;
pub use pose::{CameraAxes, CameraPose, FramePose};

mod gimbal;
pub use gimbal::{AircraftAttitude, Gimbal, GimbalAttitude, GimbalLimits};

mod plan;
pub use plan::{Bay, Beacon, Block, FlatRing, Lamp, LandCover, LandPatch, Plan, Street, StreetSurface, Tree, Wear};

mod scene;
pub use scene::{Car, CarBody, Person, PersonRole, Scene, Spotlight};

mod frame;
pub use frame::Frame;

mod camera;
pub use camera::{Camera, StageTimes};

mod geometry;
pub use geometry::scramble;

mod image;

mod stroke;

mod plate;
pub use plate::{Plate, PlateStyle};

mod beacon_board;
pub use beacon_board::{BeaconCode, BeaconCodeError};

mod daylight;

mod raster;

mod ground;

mod things;

mod shade;

mod exposure;

mod develop;
