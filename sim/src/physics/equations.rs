//! The equations of motion for `N` vehicles side by side: rotors with lag and ground effect, drag against the wind, contact, and the
//! Runge-Kutta step over them.
//!
//! Written once for one and for many: `N` = 1 is the single vehicle of a scenario, larger `N` fill vector registers ([`super::Batch`]).

use std::array::from_fn;

use nalgebra::Quaternion;

use super::contact::{contact_load, may_touch};
use super::lanes::Lanes;
use super::{Airframe, BodyState, GRAVITY_M_S2, ROTOR_COUNT, Surroundings, Vector};

/// Above so many rotor radii over the ground its effect is left out: there it is 0.17 % of the thrust.
const GROUND_EFFECT_RADII: f64 = 6.0;
/// Nearer than this share of a radius the formula of the ground effect does not hold.
const GROUND_EFFECT_RADII_MIN: f64 = 0.5;

/// Numbers of one motion: north-east-down position and velocity, attitude (w, i, j, k), body rates, rotor speeds.
const NUMBERS: usize = 3 + 3 + 4 + 3 + ROTOR_COUNT;
const VELOCITY: usize = 3;
const ATTITUDE: usize = 6;
const RATES: usize = 10;
const ROTORS: usize = 13;

/// How `N` vehicles move, or how that changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Motion<const N: usize>([Lanes<N>; NUMBERS]);

/// What acts on `N` vehicles during a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Acting<const N: usize> {
    wind_m_s: [Lanes<N>; 3],
    ground_down_m: Lanes<N>,
    rotor_target_rad_s: [Lanes<N>; ROTOR_COUNT],
}

impl<const N: usize> Motion<N> {
    /// All vehicles like this one.
    #[inline(always)]
    pub fn of(body: &BodyState) -> Self {
        let numbers = numbers(body);
        Self(from_fn(|number| Lanes::all(numbers[number])))
    }

    /// Puts one vehicle in its lane.
    pub fn put(&mut self, lane: usize, body: &BodyState) {
        for (lanes, number) in self.0.iter_mut().zip(numbers(body)) {
            lanes.0[lane] = number;
        }
    }

    /// One vehicle's state.
    #[inline(always)]
    pub fn body(&self, lane: usize) -> BodyState {
        let number = |index: usize| self.0[index].0[lane];
        let vector = |first: usize| Vector::new(number(first), number(first + 1), number(first + 2));
        BodyState {
            position_m: vector(0),
            velocity_m_s: vector(VELOCITY),
            attitude: Quaternion::new(number(ATTITUDE), number(ATTITUDE + 1), number(ATTITUDE + 2), number(ATTITUDE + 3)),
            rates_rad_s: vector(RATES),
            rotor_rad_s: from_fn(|rotor| number(ROTORS + rotor)),
        }
    }

    #[inline(always)]
    fn three(&self, first: usize) -> [Lanes<N>; 3] {
        from_fn(|i| self.0[first + i])
    }

    /// This motion after `dt_s` of a change.
    #[inline(always)]
    fn after(&self, change: &Self, dt_s: f64) -> Self {
        Self(from_fn(|i| self.0[i] + change.0[i] * dt_s))
    }

    #[inline(always)]
    fn plus(&self, other: &Self, factor: f64) -> Self {
        Self(from_fn(|i| self.0[i] + other.0[i] * factor))
    }

    #[inline(always)]
    fn with_unit_attitude(mut self) -> Self {
        let q: [Lanes<N>; 4] = from_fn(|i| self.0[ATTITUDE + i]);
        let scale = (q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]).sqrt().recip();
        for (i, part) in q.into_iter().enumerate() {
            self.0[ATTITUDE + i] = part * scale;
        }
        self
    }
}

#[inline(always)]
fn numbers(body: &BodyState) -> [f64; NUMBERS] {
    let (p, v, q, w, r) = (&body.position_m, &body.velocity_m_s, &body.attitude, &body.rates_rad_s, &body.rotor_rad_s);
    [p.x, p.y, p.z, v.x, v.y, v.z, q.w, q.i, q.j, q.k, w.x, w.y, w.z, r[0], r[1], r[2], r[3]]
}

impl<const N: usize> Acting<N> {
    /// The same on all vehicles.
    #[inline(always)]
    pub fn of(around: &Surroundings) -> Self {
        Self {
            wind_m_s: from_fn(|axis| Lanes::all(around.wind_m_s[axis])),
            ground_down_m: Lanes::all(around.ground_down_m),
            rotor_target_rad_s: from_fn(|rotor| Lanes::all(around.rotor_target_rad_s[rotor])),
        }
    }

    /// What acts on one of them.
    pub fn put(&mut self, lane: usize, around: &Surroundings) {
        for axis in 0..3 {
            self.wind_m_s[axis].0[lane] = around.wind_m_s[axis];
        }
        self.ground_down_m.0[lane] = around.ground_down_m;
        for rotor in 0..ROTOR_COUNT {
            self.rotor_target_rad_s[rotor].0[lane] = around.rotor_target_rad_s[rotor];
        }
    }
}

/// The factors of one airframe in air of one density, worked out once, so that the step divides hardly at all.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Equations {
    thrust_factor: f64,
    inflow_factor: f64,
    torque_factor: f64,
    per_mass: f64,
    inertia_kg_m2: [f64; 3],
    per_inertia: [f64; 3],
    per_lag: f64,
    rotor_inertia_kg_m2: f64,
    rotor_front_m: [f64; ROTOR_COUNT],
    rotor_right_m: [f64; ROTOR_COUNT],
    yaw_sign: [f64; ROTOR_COUNT],
    linear_drag: [f64; 3],
    /// Half the air's density times the drag area.
    square_drag: [f64; 3],
    rotor_radius_m: f64,
}

impl Equations {
    pub fn new(airframe: &Airframe, air_density_kg_m3: f64) -> Self {
        let thrust_factor = airframe.thrust_factor(air_density_kg_m3);
        let inflow_scale = 2.0 * std::f64::consts::PI / (airframe.rotor_diameter_m * airframe.zero_thrust_advance_ratio);
        Self {
            thrust_factor,
            inflow_factor: thrust_factor * inflow_scale,
            torque_factor: airframe.torque_factor(air_density_kg_m3),
            per_mass: 1.0 / airframe.mass_kg,
            inertia_kg_m2: from_fn(|axis| airframe.inertia_kg_m2[axis]),
            per_inertia: from_fn(|axis| 1.0 / airframe.inertia_kg_m2[axis]),
            per_lag: 1.0 / airframe.rotor_lag_s,
            rotor_inertia_kg_m2: airframe.rotor_inertia_kg_m2,
            rotor_front_m: airframe.rotors.map(|rotor| rotor.position_m.x),
            rotor_right_m: airframe.rotors.map(|rotor| rotor.position_m.y),
            yaw_sign: airframe.rotors.map(|rotor| rotor.yaw_sign),
            linear_drag: from_fn(|axis| airframe.linear_drag_n_s_m[axis]),
            square_drag: from_fn(|axis| 0.5 * air_density_kg_m3 * airframe.drag_area_m2[axis]),
            rotor_radius_m: airframe.rotor_diameter_m / 2.0,
        }
    }

    /// One classic Runge-Kutta step.
    #[inline(always)]
    pub fn step<const N: usize>(&self, airframe: &Airframe, motion: &mut Motion<N>, acting: &Acting<N>, dt_s: f64) {
        let k1 = self.change(airframe, motion, acting);
        let k2 = self.change(airframe, &motion.after(&k1, dt_s / 2.0), acting);
        let sum = k1.plus(&k2, 2.0);
        let k3 = self.change(airframe, &motion.after(&k2, dt_s / 2.0), acting);
        let sum = sum.plus(&k3, 2.0);
        let k4 = self.change(airframe, &motion.after(&k3, dt_s), acting);
        *motion = motion.after(&sum.plus(&k4, 1.0), dt_s / 6.0).with_unit_attitude();
    }

    /// What an accelerometer feels, body frame.
    pub fn specific_force(&self, airframe: &Airframe, motion: &Motion<1>, acting: &Acting<1>) -> Vector {
        let change = self.change(airframe, motion, acting);
        let acceleration = change.body(0).velocity_m_s;
        motion.body(0).to_body(acceleration - Vector::new(0.0, 0.0, GRAVITY_M_S2))
    }

    #[inline(always)]
    fn change<const N: usize>(&self, airframe: &Airframe, motion: &Motion<N>, acting: &Acting<N>) -> Motion<N> {
        let turn = Turn::of(motion);
        let velocity = motion.three(VELOCITY);
        let air = turn.to_body(from_fn(|axis| velocity[axis] - acting.wind_m_s[axis]));
        let rates = motion.three(RATES);
        let height_m = acting.ground_down_m - motion.0[2];
        let rotors: [Lanes<N>; ROTOR_COUNT] = from_fn(|rotor| motion.0[ROTORS + rotor]);
        let (thrust, mut torque) = self.rotor_load(&rotors, air[2], height_m);
        let mut force = self.drag(&air);
        force[2] = force[2] - thrust;
        add_contact(airframe, motion, acting, &mut force, &mut torque);
        self.combine(motion, &turn, rates, force, torque, &rotors, acting)
    }

    /// Thrust, and the torque of leverage and reaction, body frame. `sink`: the air's speed along the rotors' axis.
    #[inline(always)]
    fn rotor_load<const N: usize>(
        &self,
        rotors: &[Lanes<N>; ROTOR_COUNT],
        sink: Lanes<N>,
        height_m: Lanes<N>,
    ) -> (Lanes<N>, [Lanes<N>; 3]) {
        let gain = self.ground_effect(height_m);
        let (mut sum, mut torque) = (Lanes::ZERO, [Lanes::ZERO; 3]);
        for (i, speed) in rotors.iter().enumerate() {
            let square = *speed * *speed;
            let mut thrust = (square * self.thrust_factor + *speed * sink * self.inflow_factor).positive();
            if let Some(gain) = gain {
                thrust = thrust * gain;
            }
            sum = sum + thrust;
            torque[0] = torque[0] - thrust * self.rotor_right_m[i];
            torque[1] = torque[1] + thrust * self.rotor_front_m[i];
            torque[2] = torque[2] + square * (self.torque_factor * self.yaw_sign[i]);
        }
        (sum, torque)
    }

    /// Factor of the thrust near the ground (Cheeseman and Bennett, ARC R&M 3021, 1955): 1 / (1 − (R / 4z)²), brought to 1 at
    /// [`GROUND_EFFECT_RADII`]; `None` when everybody is above.
    #[inline(always)]
    fn ground_effect<const N: usize>(&self, height_m: Lanes<N>) -> Option<Lanes<N>> {
        let (radius_m, top_m) = (self.rotor_radius_m, GROUND_EFFECT_RADII * self.rotor_radius_m);
        if !height_m.any(|height_m| height_m < top_m) {
            return None;
        }
        Some(Lanes(height_m.0.map(|height_m| {
            if height_m >= top_m {
                return 1.0;
            }
            let curve = |height_m: f64| 1.0 / (1.0 - (radius_m / (4.0 * height_m)).powi(2));
            1.0 + curve(height_m.max(GROUND_EFFECT_RADII_MIN * radius_m)) - curve(top_m)
        })))
    }

    /// Linear and quadratic drag against the moving air, body frame.
    #[inline(always)]
    fn drag<const N: usize>(&self, air: &[Lanes<N>; 3]) -> [Lanes<N>; 3] {
        let speed = (air[0] * air[0] + air[1] * air[1] + air[2] * air[2]).sqrt();
        from_fn(|axis| -((speed * self.square_drag[axis] + Lanes::all(self.linear_drag[axis])) * air[axis]))
    }

    /// From force and torque to how everything changes.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "parts of one sum, worked out one after the other")]
    fn combine<const N: usize>(
        &self,
        motion: &Motion<N>,
        turn: &Turn<N>,
        rates: [Lanes<N>; 3],
        force: [Lanes<N>; 3],
        torque: [Lanes<N>; 3],
        rotors: &[Lanes<N>; ROTOR_COUNT],
        acting: &Acting<N>,
    ) -> Motion<N> {
        let world = turn.to_world(force);
        let [p, q, r] = rates;
        let inertia = self.inertia_kg_m2;
        // A rotor whose reaction turns the nose right itself spins the other way.
        let spin = rotors.iter().zip(self.yaw_sign).fold(Lanes::ZERO, |spin, (speed, sign)| spin - *speed * sign);
        let momentum = spin * self.rotor_inertia_kg_m2;
        let roll = torque[0] - q * r * (inertia[2] - inertia[1]) - q * momentum;
        let pitch = torque[1] - p * r * (inertia[0] - inertia[2]) + p * momentum;
        let yaw = torque[2] - p * q * (inertia[1] - inertia[0]);
        let [w, i, j, k]: [Lanes<N>; 4] = from_fn(|part| motion.0[ATTITUDE + part]);
        let lag = |rotor: usize| (acting.rotor_target_rad_s[rotor] - rotors[rotor]) * self.per_lag;
        Motion([
            motion.0[VELOCITY],
            motion.0[VELOCITY + 1],
            motion.0[VELOCITY + 2],
            world[0] * self.per_mass,
            world[1] * self.per_mass,
            world[2] * self.per_mass + Lanes::all(GRAVITY_M_S2),
            (-(i * p) - j * q - k * r) * 0.5,
            (w * p + j * r - k * q) * 0.5,
            (w * q + k * p - i * r) * 0.5,
            (w * r + i * q - j * p) * 0.5,
            roll * self.per_inertia[0],
            pitch * self.per_inertia[1],
            yaw * self.per_inertia[2],
            lag(0),
            lag(1),
            lag(2),
            lag(3),
        ])
    }
}

/// Adds the ground's push to those who touch it.
#[inline(always)]
fn add_contact<const N: usize>(
    airframe: &Airframe,
    motion: &Motion<N>,
    acting: &Acting<N>,
    force: &mut [Lanes<N>; 3],
    torque: &mut [Lanes<N>; 3],
) {
    if !(motion.0[2] - acting.ground_down_m).any(may_touch) {
        return;
    }
    for lane in 0..N {
        let Some((pushed, twisted)) = contact_load(airframe, &motion.body(lane), acting.ground_down_m.0[lane]) else { continue };
        for axis in 0..3 {
            force[axis].0[lane] += pushed[axis];
            torque[axis].0[lane] += twisted[axis];
        }
    }
}

/// The rotation from body to world as a matrix, by rows.
struct Turn<const N: usize>([[Lanes<N>; 3]; 3]);

impl<const N: usize> Turn<N> {
    #[inline(always)]
    fn of(motion: &Motion<N>) -> Self {
        let [w, i, j, k]: [Lanes<N>; 4] = from_fn(|part| motion.0[ATTITUDE + part]);
        let (i2, j2, k2) = (i * 2.0, j * 2.0, k * 2.0);
        let (wi, wj, wk) = (w * i2, w * j2, w * k2);
        let (ii, ij, ik, jj, jk, kk) = (i * i2, i * j2, i * k2, j * j2, j * k2, k * k2);
        let one = Lanes::all(1.0);
        Self([[one - jj - kk, ij - wk, ik + wj], [ij + wk, one - ii - kk, jk - wi], [ik - wj, jk + wi, one - ii - jj]])
    }

    #[inline(always)]
    fn to_world(&self, v: [Lanes<N>; 3]) -> [Lanes<N>; 3] {
        from_fn(|row| self.0[row][0] * v[0] + self.0[row][1] * v[1] + self.0[row][2] * v[2])
    }

    #[inline(always)]
    fn to_body(&self, v: [Lanes<N>; 3]) -> [Lanes<N>; 3] {
        from_fn(|column| self.0[0][column] * v[0] + self.0[1][column] * v[1] + self.0[2][column] * v[2])
    }
}
