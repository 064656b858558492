//! What an aircraft's camera sees of a site: the site as a plan for the camera, cars in its bays, and the pose of a flying camera.

mod lots;

mod scenery;
pub use scenery::{SitePlan, plan_of_site, plan_with_codes};

mod parked;
pub use parked::parked_cars;

mod crowd;
pub use crowd::{Crowd, NoTelling, Telling};

mod command;
pub use command::{FrameOptions, frame_command};

use flight_types::LocalFrame;
use sim_camera::CameraPose;

use crate::CameraTruth;

/// Where a camera is and looks, in the plan's frame.
pub fn pose_of(truth: impl Into<CameraTruth>, frame: &LocalFrame) -> CameraPose {
    let truth = truth.into();
    let place = frame.to_local(truth.position);
    let [north_m_s, east_m_s, down_m_s] = truth.velocity_m_s;
    CameraPose {
        east_m: place.east_m,
        north_m: place.north_m,
        up_m: truth.height_m.max(0.0) + CAMERA_UP_M,
        heading_deg: truth.heading_deg,
        pitch_deg: truth.pitch_deg,
        roll_deg: truth.roll_deg,
        velocity_m_s: [east_m_s, north_m_s, -down_m_s],
        turn_deg_s: truth.turn_deg_s,
    }
}

/// The camera's height over the feet, metres.
const CAMERA_UP_M: f64 = 0.12;
