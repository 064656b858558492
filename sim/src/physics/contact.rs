//! The feet on the ground: a spring and damper upwards, friction along the ground.

use super::{Airframe, BodyState, Vector};

/// Stiffness of one foot, newtons per metre: 1.5 kg on four feet sink 2 mm, and a step of 4 ms stays far inside stability.
const STIFFNESS_N_M: f64 = 1_800.0;
/// Damping of one foot, newton seconds per metre: about 0.7 of critical for a quarter of 1.5 kg.
const DAMPING_N_S_M: f64 = 36.0;
/// Rubber on concrete: ours, the dry end of what handbooks give (0.6 to 0.85).
const FRICTION: f64 = 0.7;
/// Sliding speed at which friction reaches half its value; keeps the force smooth around rest, metres per second.
const FRICTION_HALF_SPEED_M_S: f64 = 0.05;
/// No foot reaches lower than this below the centre of mass in any attitude, metres.
const REACH_M: f64 = 0.3;

/// Whether somebody so far below the ground (negative: above) may touch it in any attitude, metres.
#[inline(always)]
pub(super) fn may_touch(below_m: f64) -> bool {
    below_m + REACH_M >= 0.0
}

/// Force and torque of the ground on the body, body frame; `None` in the air.
#[inline]
pub(super) fn contact_load(airframe: &Airframe, state: &BodyState, ground_down_m: f64) -> Option<(Vector, Vector)> {
    if !may_touch(state.position_m.z - ground_down_m) {
        return None;
    }
    let (mut force, mut torque) = (Vector::zeros(), Vector::zeros());
    for foot in &airframe.feet_m {
        let pushed = state.to_body(foot_force(state, *foot, ground_down_m));
        force += pushed;
        torque += foot.cross(&pushed);
    }
    Some((force, torque))
}

/// Force on one foot, world frame.
fn foot_force(state: &BodyState, foot: Vector, ground_down_m: f64) -> Vector {
    let depth_m = state.position_m.z + state.to_world(foot).z - ground_down_m;
    if depth_m <= 0.0 {
        return Vector::zeros();
    }
    let speed = state.velocity_m_s + state.to_world(state.rates_rad_s.cross(&foot));
    let normal_n = (STIFFNESS_N_M * depth_m + DAMPING_N_S_M * speed.z).max(0.0);
    let sliding = speed.x.hypot(speed.y);
    let grip = FRICTION * normal_n / (sliding + FRICTION_HALF_SPEED_M_S);
    Vector::new(-grip * speed.x, -grip * speed.y, -normal_n)
}
