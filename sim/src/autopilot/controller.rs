//! From a wished velocity and heading to rotor speeds: velocity, attitude and rate loops, and the mixer.
//!
//! Gains of the outer loops are PX4's defaults for multicopters; the inner ones follow from the rotors' lag.

use super::estimator::{Estimator, wrap};
use crate::physics::{AIR_DENSITY_KG_M3, Airframe, GRAVITY_M_S2, ROTOR_COUNT, Vector, rotate};

/// Horizontal velocity loop (MPC_XY_VEL_P_ACC), per second.
const HORIZONTAL_GAIN: f64 = 1.8;
/// Horizontal integral (MPC_XY_VEL_I_ACC), per second squared.
const HORIZONTAL_INTEGRAL: f64 = 0.4;
/// Vertical velocity loop (MPC_Z_VEL_P_ACC), per second.
const VERTICAL_GAIN: f64 = 4.0;
/// Vertical integral (MPC_Z_VEL_I_ACC), per second squared.
const VERTICAL_INTEGRAL: f64 = 2.0;
/// Steepest lean (MPC_TILTMAX_AIR is 45°; 35° leaves thrust for height), radians.
const TILT_MAX_RAD: f64 = 0.61;
/// Attitude loop of roll and pitch, per second: a third of the rate loop's speed.
const TILT_GAIN: f64 = 6.0;
/// Attitude loop of the heading, per second.
const HEADING_GAIN: f64 = 2.0;
/// Fastest turn of the heading (MC_YAWRATE_MAX in automatic modes), radians per second.
const HEADING_RATE_MAX_RAD_S: f64 = 1.0;
/// Rate loop of roll and pitch, per second: half of what the rotor lag of 0.03 s allows.
const RATE_GAIN: f64 = 18.0;
/// Rate loop of the heading, per second.
const YAW_RATE_GAIN: f64 = 4.0;
/// Integral of the rate loop, per second squared: takes out uneven rotors.
const RATE_INTEGRAL: f64 = 8.0;
/// Most that thrust may take of what the rotors can; the rest is for leaning.
const THRUST_SHARE_MAX: f64 = 0.95;
/// So much thrust over the weight is kept for going sideways, however much height wants (MPC_THR_XY_MARG).
const LATERAL_MARGIN_SHARE: f64 = 0.3;
/// How fast the horizontal integral gives back what the limits cut off, per second.
const UNWIND_GAIN: f64 = 1.1;
/// Least push upwards, metres per second squared: sinking no faster than the rotors can catch.
const UP_M_S2_MIN: f64 = 3.8;
/// Most of one rotor's thrust that goes into heading, …
const HEADING_SHARE_MAX: f64 = 0.1;
/// … and what it gets when thrust and lean want all: without it the nose would turn as it likes.
const HEADING_SHARE_MIN: f64 = 0.02;
/// Least thrust while flying, as a share of hover, so that attitude stays controlled in a descent.
const THRUST_SHARE_MIN: f64 = 0.25;

/// What the guidance wants, renewed at 50 Hz.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Wish {
    /// World frame, metres per second.
    pub(crate) velocity_m_s: Vector,
    /// Radians clockwise from north.
    pub(crate) heading_rad: f64,
    /// No horizontal control: stay level and let the wind carry (no position known).
    pub(crate) level_only: bool,
    /// Share of the wished thrust that is applied: 1 in flight, falling to 0 while settling on the ground.
    pub(crate) thrust_share: f64,
}

/// Integrators and limits of the loops.
#[derive(Debug, Clone)]
pub(crate) struct Controller {
    airframe: Airframe,
    hover_thrust_n: f64,
    thrust_factor: f64,
    torque_over_thrust_m: f64,
    velocity_integral: Vector,
    rate_integral: Vector,
    /// Collective thrust over the most possible, 0..1, for display.
    pub(crate) throttle: f64,
}

impl Controller {
    pub(crate) fn new(airframe: Airframe) -> Self {
        Self {
            hover_thrust_n: airframe.mass_kg * GRAVITY_M_S2,
            thrust_factor: airframe.thrust_factor(AIR_DENSITY_KG_M3),
            torque_over_thrust_m: airframe.torque_factor(AIR_DENSITY_KG_M3) / airframe.thrust_factor(AIR_DENSITY_KG_M3),
            airframe,
            velocity_integral: Vector::zeros(),
            rate_integral: Vector::zeros(),
            throttle: 0.0,
        }
    }

    /// Forgets what was learned in the last flight.
    pub(crate) fn reset(&mut self) {
        self.velocity_integral = Vector::zeros();
        self.rate_integral = Vector::zeros();
        self.throttle = 0.0;
    }

    /// Rotor speeds for this moment.
    pub(crate) fn rotor_targets(&mut self, estimate: &Estimator, wish: &Wish, dt_s: f64) -> [f64; ROTOR_COUNT] {
        let acceleration = self.wished_acceleration(estimate, wish, dt_s);
        // The rotors push along body up, so body down must point along gravity minus the wished acceleration.
        let down = Vector::new(-acceleration.x, -acceleration.y, GRAVITY_M_S2 - acceleration.z);
        let direction = down.normalize();
        let body_down = rotate(&estimate.attitude, Vector::new(0.0, 0.0, 1.0));
        let lean = body_down.z.max(0.5);
        let thrust_n = (self.airframe.mass_kg * down.z / lean).max(THRUST_SHARE_MIN * self.hover_thrust_n) * wish.thrust_share;
        let rates = wished_rates(estimate, direction, wish.heading_rad);
        let torque = self.wished_torque(estimate, rates, dt_s, wish.thrust_share);
        self.mix(thrust_n, torque)
    }

    fn wished_acceleration(&mut self, estimate: &Estimator, wish: &Wish, dt_s: f64) -> Vector {
        let error = wish.velocity_m_s - estimate.velocity_m_s;
        let gain = Vector::new(HORIZONTAL_GAIN, HORIZONTAL_GAIN, VERTICAL_GAIN);
        let integral = Vector::new(HORIZONTAL_INTEGRAL, HORIZONTAL_INTEGRAL, VERTICAL_INTEGRAL);
        self.velocity_integral += error.component_mul(&integral) * dt_s;
        self.velocity_integral.z = self.velocity_integral.z.clamp(-GRAVITY_M_S2, 4.0);
        let lateral = self.velocity_integral.x.hypot(self.velocity_integral.y);
        // The wind it can lean against, metres per second squared.
        let lateral_max = 5.0;
        if lateral > lateral_max {
            self.velocity_integral.x *= lateral_max / lateral;
            self.velocity_integral.y *= lateral_max / lateral;
        }
        if wish.level_only {
            self.velocity_integral.x = 0.0;
            self.velocity_integral.y = 0.0;
        }
        let mut wished = error.component_mul(&gain) + self.velocity_integral;
        if wish.level_only {
            wished.x = 0.0;
            wished.y = 0.0;
        }
        let held = self.held_to_thrust(wished);
        self.velocity_integral.x -= (wished.x - held.x) * (UNWIND_GAIN * dt_s);
        self.velocity_integral.y -= (wished.y - held.y) * (UNWIND_GAIN * dt_s);
        held
    }

    /// What the rotors and the steepest lean allow of an acceleration: height first, speed with what is left, as PX4 shares its thrust
    /// (mc_pos_control/PositionControl).
    fn held_to_thrust(&self, wished: Vector) -> Vector {
        let most_m_s2 = THRUST_SHARE_MAX * ROTOR_COUNT as f64 * self.rotor_most_n() / self.airframe.mass_kg;
        let lateral = wished.x.hypot(wished.y);
        let kept = lateral.min(LATERAL_MARGIN_SHARE * GRAVITY_M_S2);
        let up = (GRAVITY_M_S2 - wished.z).clamp(UP_M_S2_MIN, (most_m_s2 * most_m_s2 - kept * kept).max(0.0).sqrt());
        let lateral_max = (up * TILT_MAX_RAD.tan()).min((most_m_s2 * most_m_s2 - up * up).max(0.0).sqrt());
        let scale = if lateral > lateral_max { lateral_max / lateral } else { 1.0 };
        Vector::new(wished.x * scale, wished.y * scale, GRAVITY_M_S2 - up)
    }

    fn rotor_most_n(&self) -> f64 {
        self.thrust_factor * self.airframe.rotor_rad_s_max * self.airframe.rotor_rad_s_max
    }

    fn wished_torque(&mut self, estimate: &Estimator, rates: Vector, dt_s: f64, share: f64) -> Vector {
        let error = rates - estimate.rates_rad_s;
        self.rate_integral += error * (RATE_INTEGRAL * dt_s * share);
        self.rate_integral = self.rate_integral.map(|value| value.clamp(-3.0, 3.0));
        // More than the rotors can give would be wound up, and the nose would swing from stop to stop.
        let most_n_m = 4.0 * HEADING_SHARE_MAX * self.rotor_most_n() * self.torque_over_thrust_m;
        let most_rad_s2 = most_n_m / self.airframe.inertia_kg_m2.z;
        self.rate_integral.z = self.rate_integral.z.clamp(-most_rad_s2, most_rad_s2);
        let gain = Vector::new(RATE_GAIN, RATE_GAIN, YAW_RATE_GAIN);
        (error.component_mul(&gain) + self.rate_integral).component_mul(&self.airframe.inertia_kg_m2) * share
    }

    /// Distributes thrust and torque over the rotors; heading gives way first, then height, roll and pitch last.
    fn mix(&mut self, thrust_n: f64, torque: Vector) -> [f64; ROTOR_COUNT] {
        let arm_m = self.airframe.rotors[0].position_m.x;
        let most_n = self.rotor_most_n();
        let least_n = self.thrust_factor * self.airframe.rotor_rad_s_idle * self.airframe.rotor_rad_s_idle;
        let level: [f64; ROTOR_COUNT] = std::array::from_fn(|i| {
            let place = self.airframe.rotors[i].position_m;
            thrust_n / 4.0 + (-torque.x * place.y.signum() + torque.y * place.x.signum()) / (4.0 * arm_m)
        });
        let over = level.iter().fold(0.0_f64, |most, value| most.max(value - most_n));
        let yaw_n = self.heading_share_n(torque.z, level.map(|value| value - over), most_n);
        self.throttle = (thrust_n / (4.0 * most_n)).clamp(0.0, 1.0);
        std::array::from_fn(|i| {
            let wanted_n = level[i] - over + yaw_n * self.airframe.rotors[i].yaw_sign;
            (wanted_n.clamp(least_n, most_n) / self.thrust_factor).sqrt()
        })
    }

    /// What each rotor gives for a torque about the vertical: as much as the fastest leaves room for, and never nothing.
    fn heading_share_n(&self, torque_n_m: f64, level: [f64; ROTOR_COUNT], most_n: f64) -> f64 {
        let yaw_n = torque_n_m / (4.0 * self.torque_over_thrust_m);
        let faster = |i: &usize| self.airframe.rotors[*i].yaw_sign * yaw_n > 0.0;
        let room_n = (0..ROTOR_COUNT).filter(faster).map(|i| most_n - level[i]).fold(f64::INFINITY, f64::min);
        let most_yaw_n = room_n.clamp(HEADING_SHARE_MIN * most_n, HEADING_SHARE_MAX * most_n);
        yaw_n.clamp(-most_yaw_n, most_yaw_n)
    }
}

/// Body rates that turn the aircraft's down axis onto `down` and its nose towards the heading.
fn wished_rates(estimate: &Estimator, down: Vector, heading_rad: f64) -> Vector {
    let current = rotate(&estimate.attitude, Vector::new(0.0, 0.0, 1.0));
    let axis_world = current.cross(&down);
    let axis = rotate(&estimate.attitude.conjugate(), axis_world);
    let yaw_rate =
        (wrap(heading_rad - estimate.heading_rad()) * HEADING_GAIN).clamp(-HEADING_RATE_MAX_RAD_S, HEADING_RATE_MAX_RAD_S);
    Vector::new(axis.x * TILT_GAIN, axis.y * TILT_GAIN, yaw_rate)
}
