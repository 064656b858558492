//! The equations of motion and their integration: one rigid body, four rotors with lag, drag against the wind.
//!
//! Classic fourth-order Runge-Kutta at a fixed step over position, velocity, attitude, turn rates and rotor speeds.
//! Not modelled: ground effect, vortex ring, blade flapping moments, rotor wash on the light.

use nalgebra::{Quaternion, Vector3};

use super::contact::contact_load;
use super::{Airframe, GRAVITY_M_S2, ROTOR_COUNT, Vector};

/// Where the body is and how it moves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BodyState {
    /// North, east, down of the home pad, metres.
    pub position_m: Vector,
    /// The same frame, metres per second.
    pub velocity_m_s: Vector,
    /// Turns body vectors into world vectors; unit length.
    pub attitude: Quaternion<f64>,
    /// Body frame, radians per second.
    pub rates_rad_s: Vector,
    /// Speeds of the rotors, radians per second.
    pub rotor_rad_s: [f64; ROTOR_COUNT],
}

impl BodyState {
    /// At rest with the given position and heading (radians clockwise from north), rotors stopped.
    pub fn at_rest(position_m: Vector, heading_rad: f64) -> Self {
        Self {
            position_m,
            velocity_m_s: Vector::zeros(),
            attitude: Quaternion::new((heading_rad / 2.0).cos(), 0.0, 0.0, (heading_rad / 2.0).sin()),
            rates_rad_s: Vector::zeros(),
            rotor_rad_s: [0.0; ROTOR_COUNT],
        }
    }

    /// A body vector in the world frame.
    pub fn to_world(&self, body: Vector) -> Vector {
        rotate(&self.attitude, body)
    }

    /// A world vector in the body frame.
    pub fn to_body(&self, world: Vector) -> Vector {
        rotate(&self.attitude.conjugate(), world)
    }
}

/// What acts on the body during one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Surroundings {
    /// Air velocity, world frame, metres per second.
    pub wind_m_s: Vector,
    /// Kilograms per cubic metre.
    pub air_density_kg_m3: f64,
    /// Ground under the aircraft, metres below the home pad (down positive).
    pub ground_down_m: f64,
    /// Speeds the motor controllers aim for, radians per second.
    pub rotor_target_rad_s: [f64; ROTOR_COUNT],
}

/// Rotates `v` by the unit quaternion `q`.
#[inline]
pub fn rotate(q: &Quaternion<f64>, v: Vector) -> Vector {
    let axis = Vector3::new(q.i, q.j, q.k);
    let t = axis.cross(&v) * 2.0;
    v + t * q.w + axis.cross(&t)
}

/// An airframe in air of one density, with the factors of its curves worked out once.
#[derive(Debug, Clone, PartialEq)]
pub struct Dynamics {
    airframe: Airframe,
    air_density_kg_m3: f64,
    thrust_factor: f64,
    torque_factor: f64,
    inflow_factor: f64,
}

#[derive(Clone, Copy)]
struct Derivative {
    velocity: Vector,
    acceleration: Vector,
    attitude: Quaternion<f64>,
    angular_acceleration: Vector,
    rotor: [f64; ROTOR_COUNT],
}

impl Dynamics {
    /// Works out the curve factors for this air.
    pub fn new(airframe: Airframe, air_density_kg_m3: f64) -> Self {
        let thrust_factor = airframe.thrust_factor(air_density_kg_m3);
        let inflow_scale = 2.0 * std::f64::consts::PI / (airframe.rotor_diameter_m * airframe.zero_thrust_advance_ratio);
        Self {
            torque_factor: airframe.torque_factor(air_density_kg_m3),
            inflow_factor: thrust_factor * inflow_scale,
            thrust_factor,
            air_density_kg_m3,
            airframe,
        }
    }

    /// The airframe.
    pub fn airframe(&self) -> &Airframe {
        &self.airframe
    }

    /// The density the factors were worked out for, kilograms per cubic metre.
    pub fn air_density_kg_m3(&self) -> f64 {
        self.air_density_kg_m3
    }

    /// Electrical power that the rotors draw at these speeds, watts.
    pub fn rotor_power_w(&self, rotor_rad_s: &[f64; ROTOR_COUNT]) -> f64 {
        let shaft_w: f64 = rotor_rad_s.iter().map(|speed| self.torque_factor * speed * speed * speed).sum();
        shaft_w / self.airframe.drive_efficiency
    }

    /// One Runge-Kutta step of `dt_s`.
    pub fn step(&self, state: &BodyState, around: &Surroundings, dt_s: f64) -> BodyState {
        let k1 = self.derivative(state, around);
        let k2 = self.derivative(&advance(state, &k1, dt_s / 2.0), around);
        let k3 = self.derivative(&advance(state, &k2, dt_s / 2.0), around);
        let k4 = self.derivative(&advance(state, &k3, dt_s), around);
        let mut next = advance(state, &weighted(&k1, &k2, &k3, &k4), dt_s);
        let norm = next.attitude.norm();
        next.attitude /= norm;
        next
    }

    /// The acceleration an accelerometer at the centre of mass feels, body frame, metres per second squared.
    pub fn specific_force(&self, state: &BodyState, around: &Surroundings) -> Vector {
        let acceleration = self.derivative(state, around).acceleration;
        state.to_body(acceleration - Vector::new(0.0, 0.0, GRAVITY_M_S2))
    }

    #[inline]
    fn derivative(&self, state: &BodyState, around: &Surroundings) -> Derivative {
        let (mut force, mut torque) = self.rotor_load(state, around);
        force += self.drag(state, around);
        if let Some((ground_force, ground_torque)) = contact_load(&self.airframe, state, around.ground_down_m) {
            force += ground_force;
            torque += ground_torque;
        }
        let rates = state.rates_rad_s;
        let inertia = self.airframe.inertia_kg_m2;
        let gyroscopic = rates.cross(&inertia.component_mul(&rates));
        let mut acceleration = rotate(&state.attitude, force) / self.airframe.mass_kg;
        acceleration.z += GRAVITY_M_S2;
        Derivative {
            velocity: state.velocity_m_s,
            acceleration,
            attitude: state.attitude * Quaternion::new(0.0, rates.x, rates.y, rates.z) * 0.5,
            angular_acceleration: (torque - gyroscopic).component_div(&inertia),
            rotor: std::array::from_fn(|i| (around.rotor_target_rad_s[i] - state.rotor_rad_s[i]) / self.airframe.rotor_lag_s),
        }
    }

    /// Thrust, roll and pitch leverage, reaction torque and gyroscopic torque of the rotors, body frame.
    #[inline]
    fn rotor_load(&self, state: &BodyState, around: &Surroundings) -> (Vector, Vector) {
        let air = rotate(&state.attitude.conjugate(), state.velocity_m_s - around.wind_m_s);
        let climb_through_air = -air.z;
        let (mut thrust_sum, mut torque, mut spin) = (0.0, Vector::zeros(), 0.0);
        for (rotor, speed) in self.airframe.rotors.iter().zip(state.rotor_rad_s) {
            let thrust = (self.thrust_factor * speed * speed - self.inflow_factor * speed * climb_through_air).max(0.0);
            thrust_sum += thrust;
            torque.x -= rotor.position_m.y * thrust;
            torque.y += rotor.position_m.x * thrust;
            torque.z += rotor.yaw_sign * self.torque_factor * speed * speed;
            // A rotor whose reaction turns the nose right itself spins the other way.
            spin -= rotor.yaw_sign * speed;
        }
        let momentum = Vector::new(0.0, 0.0, self.airframe.rotor_inertia_kg_m2 * spin);
        torque -= state.rates_rad_s.cross(&momentum);
        (Vector::new(0.0, 0.0, -thrust_sum), torque)
    }

    /// Linear and quadratic drag against the moving air, body frame.
    #[inline]
    fn drag(&self, state: &BodyState, around: &Surroundings) -> Vector {
        let air = rotate(&state.attitude.conjugate(), state.velocity_m_s - around.wind_m_s);
        let pressure = 0.5 * self.air_density_kg_m3 * air.norm();
        -(self.airframe.linear_drag_n_s_m + self.airframe.drag_area_m2 * pressure).component_mul(&air)
    }
}

#[inline]
fn advance(state: &BodyState, slope: &Derivative, dt_s: f64) -> BodyState {
    BodyState {
        position_m: state.position_m + slope.velocity * dt_s,
        velocity_m_s: state.velocity_m_s + slope.acceleration * dt_s,
        attitude: state.attitude + slope.attitude * dt_s,
        rates_rad_s: state.rates_rad_s + slope.angular_acceleration * dt_s,
        rotor_rad_s: std::array::from_fn(|i| state.rotor_rad_s[i] + slope.rotor[i] * dt_s),
    }
}

#[inline]
fn weighted(k1: &Derivative, k2: &Derivative, k3: &Derivative, k4: &Derivative) -> Derivative {
    Derivative {
        velocity: (k1.velocity + (k2.velocity + k3.velocity) * 2.0 + k4.velocity) / 6.0,
        acceleration: (k1.acceleration + (k2.acceleration + k3.acceleration) * 2.0 + k4.acceleration) / 6.0,
        attitude: (k1.attitude + (k2.attitude + k3.attitude) * 2.0 + k4.attitude) / 6.0,
        angular_acceleration: (k1.angular_acceleration
            + (k2.angular_acceleration + k3.angular_acceleration) * 2.0
            + k4.angular_acceleration)
            / 6.0,
        rotor: std::array::from_fn(|i| (k1.rotor[i] + (k2.rotor[i] + k3.rotor[i]) * 2.0 + k4.rotor[i]) / 6.0),
    }
}
