//! The camera under an aircraft, held by its gimbal: where it is and looks, for whoever draws what it sees.

use flight_types::GeoPoint;
use sim_camera::{AircraftAttitude, Gimbal, GimbalAttitude, GimbalLimits};

use crate::plant::{Plant, angles_rad};
use crate::{STEP_S, Truth};

/// Steps between two of the gimbal and the camera: 50 Hz.
pub(crate) const GIMBAL_STEPS: u64 = 5;
/// The same in seconds.
pub(crate) const TURN_S: f64 = GIMBAL_STEPS as f64 * STEP_S;

/// What is really so of a camera and of the light beside it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CameraTruth {
    /// Where it is.
    pub position: GeoPoint,
    /// Above mean sea level, metres.
    pub altitude_amsl_m: f64,
    /// Above the home pad, metres; 0 when the aircraft stands on it.
    pub height_m: f64,
    /// North, east, down, metres per second.
    pub velocity_m_s: [f64; 3],
    /// Elevation of the look over the horizon, degrees.
    pub pitch_deg: f64,
    /// Direction of the look, degrees clockwise from north.
    pub heading_deg: f64,
    /// Roll that the gimbal could not take out, degrees, right side down.
    pub roll_deg: f64,
    /// How fast the look turns: heading, pitch, roll, degrees per second.
    pub turn_deg_s: [f64; 3],
    /// Focal length over the shortest.
    pub zoom: f64,
    /// It repeats one picture.
    pub frozen: bool,
    /// Light coming out at this moment, 0..1 of full.
    pub light: f64,
}

impl From<&Truth> for CameraTruth {
    fn from(truth: &Truth) -> Self {
        Self {
            position: truth.position,
            altitude_amsl_m: truth.altitude_amsl_m,
            height_m: truth.height_m,
            velocity_m_s: truth.velocity_m_s,
            pitch_deg: truth.camera_pitch_deg,
            heading_deg: truth.camera_heading_deg,
            roll_deg: truth.camera_roll_deg,
            turn_deg_s: truth.camera_turn_deg_s,
            zoom: truth.camera_zoom,
            frozen: truth.camera_frozen,
            light: if truth.light_winks { 0.0 } else { truth.light },
        }
    }
}

/// A gimbal with a camera in it.
#[derive(Debug, Clone)]
pub(crate) struct HeldCamera {
    gimbal: Gimbal,
    turn_deg_s: [f64; 3],
}

impl Default for HeldCamera {
    /// Looking ahead.
    fn default() -> Self {
        Self { gimbal: Gimbal::new(GimbalLimits::default()), turn_deg_s: [0.0; 3] }
    }
}

impl HeldCamera {
    /// Turns towards a wish for [`TURN_S`], against the body's real movements: pitch over the horizon and yaw from the nose, degrees.
    pub(crate) fn turn(&mut self, (wish_pitch_deg, wish_yaw_deg): (f64, f64), plant: &Plant) {
        let (roll, pitch, heading) = angles_rad(plant.body());
        let attitude =
            AircraftAttitude { roll_deg: roll.to_degrees(), pitch_deg: pitch.to_degrees(), heading_deg: heading.to_degrees() };
        let before = self.gimbal.attitude();
        self.gimbal.step(wish_pitch_deg, wish_yaw_deg, &attitude, TURN_S);
        let after = self.gimbal.attitude();
        let turned_deg = (after.heading_deg - before.heading_deg + 540.0).rem_euclid(360.0) - 180.0;
        self.turn_deg_s =
            [turned_deg, after.pitch_deg - before.pitch_deg, after.roll_deg - before.roll_deg].map(|part| part / TURN_S);
    }

    /// Where it looks.
    pub(crate) fn look(&self) -> GimbalAttitude {
        self.gimbal.attitude()
    }

    /// How fast the look turns: heading, pitch, roll, degrees per second.
    pub(crate) fn turn_deg_s(&self) -> [f64; 3] {
        self.turn_deg_s
    }

    /// What the gimbal holds and how fast its motors turn, as it tells an autopilot.
    pub(crate) fn held(&self) -> ((f64, f64), [f64; 2]) {
        (self.gimbal.held_deg(), self.gimbal.rates_deg_s())
    }
}
