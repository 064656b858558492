//! The equations of motion and their integration: one rigid body, four rotors with lag, drag against the wind.
//!
//! Classic fourth-order Runge-Kutta at a fixed step over position, velocity, attitude, turn rates and rotor speeds. The equations
//! themselves are in `equations`, for one vehicle and for several side by side.
//! Not modelled: vortex ring, blade flapping moments, rotor wash on the light.

use nalgebra::{Quaternion, Vector3};

use super::equations::{Acting, Equations, Motion};
use super::{Airframe, ROTOR_COUNT, Vector};

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
    torque_factor: f64,
    equations: Equations,
}

impl Dynamics {
    /// Works out the curve factors for this air.
    pub fn new(airframe: Airframe, air_density_kg_m3: f64) -> Self {
        Self {
            torque_factor: airframe.torque_factor(air_density_kg_m3),
            equations: Equations::new(&airframe, air_density_kg_m3),
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

    pub(super) fn equations(&self) -> &Equations {
        &self.equations
    }

    /// Electrical power that the rotors draw at these speeds, watts.
    pub fn rotor_power_w(&self, rotor_rad_s: &[f64; ROTOR_COUNT]) -> f64 {
        let shaft_w: f64 = rotor_rad_s.iter().map(|speed| self.torque_factor * speed * speed * speed).sum();
        shaft_w / self.airframe.drive_efficiency
    }

    /// One Runge-Kutta step of `dt_s`.
    #[inline]
    pub fn step(&self, state: &BodyState, around: &Surroundings, dt_s: f64) -> BodyState {
        let mut motion = Motion::<1>::of(state);
        self.equations.step(&self.airframe, &mut motion, &Acting::of(around), dt_s);
        motion.body(0)
    }

    /// The acceleration an accelerometer at the centre of mass feels, body frame, metres per second squared.
    pub fn specific_force(&self, state: &BodyState, around: &Surroundings) -> Vector {
        self.equations.specific_force(&self.airframe, &Motion::<1>::of(state), &Acting::of(around))
    }
}
