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
        let direction = limit_tilt(down);
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
        self.velocity_integral.z = self.velocity_integral.z.clamp(-4.0, 4.0);
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
        wished.z = wished.z.clamp(-6.0, 6.0);
        wished
    }

    fn wished_torque(&mut self, estimate: &Estimator, rates: Vector, dt_s: f64, share: f64) -> Vector {
        let error = rates - estimate.rates_rad_s;
        self.rate_integral += error * (RATE_INTEGRAL * dt_s * share);
        self.rate_integral = self.rate_integral.map(|value| value.clamp(-3.0, 3.0));
        let gain = Vector::new(RATE_GAIN, RATE_GAIN, YAW_RATE_GAIN);
        (error.component_mul(&gain) + self.rate_integral).component_mul(&self.airframe.inertia_kg_m2) * share
    }

    /// Distributes thrust and torque over the rotors; heading gives way first, then height, roll and pitch last.
    fn mix(&mut self, thrust_n: f64, torque: Vector) -> [f64; ROTOR_COUNT] {
        let arm_m = self.airframe.rotors[0].position_m.x;
        let most_n = self.thrust_factor * self.airframe.rotor_rad_s_max * self.airframe.rotor_rad_s_max;
        let least_n = self.thrust_factor * self.airframe.rotor_rad_s_idle * self.airframe.rotor_rad_s_idle;
        let tilt: [f64; ROTOR_COUNT] = std::array::from_fn(|i| {
            let place = self.airframe.rotors[i].position_m;
            (-torque.x * place.y.signum() + torque.y * place.x.signum()) / (4.0 * arm_m)
        });
        let yaw_n = torque.z / (4.0 * self.torque_over_thrust_m);
        // At most a tenth of a rotor's thrust goes into heading.
        let yaw_n = yaw_n.clamp(-0.1 * most_n, 0.1 * most_n);
        let wanted: [f64; ROTOR_COUNT] =
            std::array::from_fn(|i| thrust_n / 4.0 + tilt[i] + yaw_n * self.airframe.rotors[i].yaw_sign);
        let over = wanted.iter().fold(0.0_f64, |most, value| most.max(value - most_n));
        self.throttle = (thrust_n / (4.0 * most_n)).clamp(0.0, 1.0);
        wanted.map(|value| ((value - over).clamp(least_n, most_n) / self.thrust_factor).sqrt())
    }
}

/// The thrust direction (world, unit, pointing along body down) with the lean held to its limit.
fn limit_tilt(down: Vector) -> Vector {
    let lateral = down.x.hypot(down.y);
    let vertical = down.z.max(1.0);
    let lateral_max = vertical * TILT_MAX_RAD.tan();
    let scale = if lateral > lateral_max { lateral_max / lateral } else { 1.0 };
    Vector::new(down.x * scale, down.y * scale, vertical).normalize()
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
