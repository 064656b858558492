//! The gimbal manager, protocol v2: one controller at a time, and a region of interest that it looks at by itself. It wishes; the
//! gimbal itself (`sim_camera::Gimbal`) turns and tells where it looks.

use super::Autopilot;
use super::commander::Verdict;
use crate::physics::Vector;

/// Lowest and highest look, radians.
const PITCH_MIN_RAD: f64 = -1.58;
const PITCH_MAX_RAD: f64 = 0.5;
/// In DO_GIMBAL_MANAGER_CONFIGURE: leave as it is, and take it for the sender.
const LEAVE: f32 = -1.0;
const TO_SENDER: f32 = -2.0;
const RELEASE: f32 = -3.0;

/// Where the camera looks and who says so.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gimbal {
    /// System and component in control; 0/0 is nobody.
    pub(crate) primary: (u8, u8),
    /// As the gimbal tells: over the horizon.
    pub(crate) pitch_rad: f64,
    /// As the gimbal tells: relative to the nose, right positive.
    pub(crate) yaw_rad: f64,
    /// As the gimbal tells: turning rates of pitch and yaw.
    pub(crate) rates_rad_s: [f64; 2],
    wished_pitch_rad: f64,
    wished_yaw_rad: f64,
}

impl Autopilot {
    pub(super) fn has_gimbal_manager(&self) -> bool {
        self.params.integer("MNT_MODE_IN") == 4
    }

    /// DO_GIMBAL_MANAGER_CONFIGURE: who is in control (flight.md 10).
    pub(super) fn configure_gimbal(&mut self, params: &[f32; 7], sender: (u8, u8)) -> Verdict {
        let (system, component) = (params[0], params[1]);
        if system == TO_SENDER {
            self.gimbal.primary = sender;
        } else if system == RELEASE {
            if self.gimbal.primary == sender {
                self.gimbal.primary = (0, 0);
            }
        } else if system != LEAVE && (0.0..=255.0).contains(&system) && (0.0..=255.0).contains(&component) {
            self.gimbal.primary = (system as u8, component as u8);
        }
        Verdict::Accepted
    }

    /// DO_GIMBAL_MANAGER_PITCHYAW: denied unless the sender is in control.
    pub(super) fn point_gimbal(&mut self, pitch_deg: f64, yaw_deg: f64, sender: (u8, u8)) -> Verdict {
        if self.gimbal.primary != sender {
            return Verdict::Denied;
        }
        self.wish(pitch_deg, yaw_deg);
        Verdict::Accepted
    }

    /// DO_GIMBAL_MANAGER_PITCHYAW as a mission's item: the mission takes control of the gimbal for it, as PX4's navigator does.
    pub(super) fn mission_points_gimbal(&mut self, pitch_deg: f64, yaw_deg: f64) {
        if self.has_gimbal_manager() {
            self.wish(pitch_deg, yaw_deg);
        }
    }

    /// DO_SET_ROI_NONE: to neutral, whoever is in control, as PX4 1.16 does (gimbal/input_mavlink.cpp).
    pub(super) fn look_ahead(&mut self) {
        self.wish(0.0, 0.0);
    }

    fn wish(&mut self, pitch_deg: f64, yaw_deg: f64) {
        self.guidance.region_of_interest = None;
        if pitch_deg.is_finite() {
            self.gimbal.wished_pitch_rad = pitch_deg.to_radians();
        }
        if yaw_deg.is_finite() {
            self.gimbal.wished_yaw_rad = yaw_deg.to_radians();
        }
    }

    /// Works out the wish; a region of interest wins.
    pub(super) fn aim_gimbal(&mut self) {
        if let Some((point, altitude_amsl_m)) = self.guidance.region_of_interest {
            let way: Vector = self.to_local(point, altitude_amsl_m) - self.estimator.position_m;
            self.gimbal.wished_pitch_rad = (-way.z).atan2(way.x.hypot(way.y));
            self.gimbal.wished_yaw_rad = super::estimator::wrap(way.y.atan2(way.x) - self.estimator.heading_rad());
        }
    }

    /// Where the gimbal is to look: pitch over the horizon, yaw from the nose, degrees.
    pub(crate) fn gimbal_wish_deg(&self) -> (f64, f64) {
        let pitch_rad = self.gimbal.wished_pitch_rad.clamp(PITCH_MIN_RAD, PITCH_MAX_RAD);
        (pitch_rad.to_degrees(), self.gimbal.wished_yaw_rad.to_degrees())
    }

    /// What the gimbal tells: pitch and yaw, and their rates, degrees.
    pub(crate) fn note_gimbal(&mut self, held_deg: (f64, f64), rates_deg_s: [f64; 2]) {
        self.gimbal.pitch_rad = held_deg.0.to_radians();
        self.gimbal.yaw_rad = held_deg.1.to_radians();
        self.gimbal.rates_rad_s = rates_deg_s.map(f64::to_radians);
    }

    /// Lowest and highest look, radians, for GIMBAL_MANAGER_INFORMATION.
    pub(super) fn gimbal_range_rad(&self) -> (f64, f64) {
        (PITCH_MIN_RAD, PITCH_MAX_RAD)
    }
}
