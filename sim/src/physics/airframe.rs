//! The numbers of the default quadrotor, each with its source or derivation (docs/simulator.md lists them for users).

use nalgebra::Vector3;

/// A vector of three components, in the world frame (north, east, down) or the body frame (front, right, down).
pub type Vector = Vector3<f64>;

/// Standard gravity, metres per second squared (CGPM 1901).
pub const GRAVITY_M_S2: f64 = 9.806_65;

/// Rotors of the aircraft; the mixer and the state are written for four.
pub const ROTOR_COUNT: usize = 4;

/// One rotor: where it sits and which way it turns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rotor {
    /// Hub in the body frame, metres.
    pub position_m: Vector,
    /// +1 when the reaction torque turns the nose right (the rotor turns counter-clockwise seen from above), else −1.
    pub yaw_sign: f64,
}

/// Everything the equations of motion need to know of an aircraft.
#[derive(Debug, Clone, PartialEq)]
pub struct Airframe {
    /// Take-off mass with battery and light, kilograms.
    pub mass_kg: f64,
    /// Principal moments of inertia about front, right and down, kilogram square metres.
    pub inertia_kg_m2: Vector,
    /// The rotors, in the order of PX4's quad X: front right, rear left, front left, rear right.
    pub rotors: [Rotor; ROTOR_COUNT],
    /// Rotor diameter, metres.
    pub rotor_diameter_m: f64,
    /// Static thrust coefficient CT in T = CT ρ n² D⁴, n in revolutions per second.
    pub thrust_coefficient: f64,
    /// Static power coefficient CP in P = CP ρ n³ D⁵; the torque is P / (2 π n).
    pub power_coefficient: f64,
    /// Advance ratio V / (n D) at which the thrust vanishes.
    pub zero_thrust_advance_ratio: f64,
    /// Fastest rotor, radians per second.
    pub rotor_rad_s_max: f64,
    /// Slowest rotor while armed, radians per second.
    pub rotor_rad_s_idle: f64,
    /// First-order lag of motor and rotor, seconds.
    pub rotor_lag_s: f64,
    /// Moment of inertia of one rotor about its axis, kilogram square metres.
    pub rotor_inertia_kg_m2: f64,
    /// Drag proportional to air speed along front, right and down, newtons per metre per second.
    pub linear_drag_n_s_m: Vector,
    /// Drag area Cd·A along front, right and down, square metres.
    pub drag_area_m2: Vector,
    /// Feet in the body frame, metres.
    pub feet_m: [Vector; 4],
    /// Shaft power over electrical power of motor and controller.
    pub drive_efficiency: f64,
    /// Autopilot, radio and camera, watts.
    pub avionics_w: f64,
    /// The spotlight at full brightness, watts.
    pub light_w: f64,
}

impl Default for Airframe {
    fn default() -> Self {
        let rotor = |front: f64, right: f64, yaw_sign: f64| Rotor { position_m: Vector::new(front, right, 0.0), yaw_sign };
        let foot = |front: f64, right: f64| Vector::new(front, right, 0.12);
        Self {
            // The Iris of PX4's own simulators (PX4-SITL_gazebo-classic, models/iris/iris.sdf.jinja); ours carries its light within that mass.
            mass_kg: 1.5,
            // The same file.
            inertia_kg_m2: Vector::new(0.029_125, 0.029_125, 0.055_225),
            // Arms of 0.25 m at 45 degrees: ours, for a symmetric X; those of the Iris are 0.256 m in front and 0.239 m behind. Signs: PX4's
            // quad X spins front right and rear left counter-clockwise.
            rotors: [rotor(0.177, 0.177, 1.0), rotor(-0.177, -0.177, 1.0), rotor(0.177, -0.177, -1.0), rotor(-0.177, 0.177, -1.0)],
            // A 9 × 5 inch propeller: UIUC Propeller Data Site, volume 2, GWS Direct Drive 9×5, static run 0797rd, at 6,397 rpm; over the
            // speeds of flight (4,500 to 6,400 rpm) the run has CT 0.105 to 0.110 and CP 0.039 to 0.040.
            rotor_diameter_m: 0.2286,
            thrust_coefficient: 0.1099,
            power_coefficient: 0.0402,
            // Ours, from the same propeller's pitch over diameter of 0.56 and what cambered blades add before their lift is zero.
            zero_thrust_advance_ratio: 0.75,
            // 8,600 rpm: ours, a 920 rpm/V motor on 14.8 V at 63 % of its unloaded speed; gives a thrust over weight of 2.05 at sea level. The Iris
            // of the file above has 1.92 (1,100 rad/s, 5.84e-6 N s²).
            rotor_rad_s_max: 900.0,
            // About 1,400 rpm: ours, the spin after arming, 6 % of the hover thrust.
            rotor_rad_s_idle: 150.0,
            // Ours, between PX4's own models of this class: 12.5 ms up and 25 ms down (iris.sdf.jinja), 50 ms (SIH_T_TAU).
            rotor_lag_s: 0.03,
            // Ours: a 12 g blade pair as a thin rod, m D² / 12.
            rotor_inertia_kg_m2: 5.2e-5,
            // With the area below, within 6 % of the drag that PX4's estimator assumes of a multicopter of this mass from 4 to 15 m/s: rotors 0.15 1/s
            // (EKF2_MCOEF), body 100 kg/m² (EKF2_BCOEF_X, _Y; PX4 1.16, params_drag.yaml). The share of the body is ours: we carry a lamp and a
            // gimbal. The Iris of iris.sdf.jinja drags more (0.37 1/s at its hover), racing quadrotors too. Down: ours, half as much.
            linear_drag_n_s_m: Vector::new(0.20, 0.20, 0.10),
            // Ours: 0.02 m² of front and 0.03 m² of plan of a bluff body with Cd about 1.
            drag_area_m2: Vector::new(0.02, 0.02, 0.03),
            feet_m: [foot(0.15, 0.15), foot(-0.15, -0.15), foot(0.15, -0.15), foot(-0.15, 0.15)],
            // Ours: small brushless motor (0.8) times controller (0.94).
            drive_efficiency: 0.75,
            // Ours: an autopilot board, a radio and a small camera.
            avionics_w: 8.0,
            light_w: 20.0,
        }
    }
}

impl Airframe {
    /// Thrust over rotor speed squared at rest, newtons per (radian per second)²: CT ρ D⁴ / (2π)².
    pub fn thrust_factor(&self, air_density_kg_m3: f64) -> f64 {
        let turns = 2.0 * std::f64::consts::PI;
        self.thrust_coefficient * air_density_kg_m3 * self.rotor_diameter_m.powi(4) / (turns * turns)
    }

    /// Torque over rotor speed squared, newton metres per (radian per second)²: CP ρ D⁵ / (2π)³.
    pub fn torque_factor(&self, air_density_kg_m3: f64) -> f64 {
        let turns = 2.0 * std::f64::consts::PI;
        self.power_coefficient * air_density_kg_m3 * self.rotor_diameter_m.powi(5) / turns.powi(3)
    }

    /// Rotor speed at which the thrust carries the weight in still air, radians per second.
    pub fn hover_rad_s(&self, air_density_kg_m3: f64) -> f64 {
        let weight_n = self.mass_kg * GRAVITY_M_S2;
        (weight_n / (ROTOR_COUNT as f64 * self.thrust_factor(air_density_kg_m3))).sqrt()
    }
}
