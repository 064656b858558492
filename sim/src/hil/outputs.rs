//! What an autopilot's outputs drive: four motors and the light; and how PX4 is told of this airframe.

use crate::autopilot::wire::Frame;
use crate::physics::{Airframe, ROTOR_COUNT};

pub(super) const HIL_ACTUATOR_CONTROLS: u32 = 93;
/// Bit of the mode: motors armed.
const ARMED: u8 = 128;
/// Bit of the flags: the autopilot's clock stands until the next sensor message.
const LOCKSTEP: u64 = 1;
/// The output that the light hangs on, counted from zero: the first after the motors.
pub const LIGHT_OUTPUT: usize = ROTOR_COUNT;
/// PX4's number of the output function "peripheral by actuator set 1", which DO_SET_ACTUATOR moves.
const PX4_ACTUATOR_SET_1: u32 = 301;
/// The receiver of [`crate::physics::Sensors`] is this late, milliseconds.
const GPS_DELAY_MS: u32 = 120;

/// One HIL_ACTUATOR_CONTROLS.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Controls {
    pub time_us: u64,
    pub lockstep: bool,
    pub armed: bool,
    motors: [f64; ROTOR_COUNT],
    light: f64,
}

impl Controls {
    /// Before anything was heard: everything off.
    pub(super) const OFF: Self = Self { time_us: 0, lockstep: false, armed: false, motors: [0.0; ROTOR_COUNT], light: 0.0 };

    /// Reads the fields; what is no number counts as zero.
    pub(super) fn read(frame: &Frame) -> Self {
        let control = |index: usize| {
            let value = f64::from(frame.f32(16 + 4 * index));
            if value.is_finite() { value.clamp(-1.0, 1.0) } else { 0.0 }
        };
        let armed = frame.u8(80) & ARMED != 0;
        Self {
            time_us: frame.u64(0),
            lockstep: frame.u64(8) & LOCKSTEP != 0,
            armed,
            motors: std::array::from_fn(|i| control(i).max(0.0)),
            light: control(LIGHT_OUTPUT).max(0.0),
        }
    }

    /// The light's share of full: PX4 drives a peripheral from −1 to 1, and everything to 0 when disarmed.
    pub(super) fn light(&self) -> f64 {
        self.light
    }

    /// Speeds that the motor controllers aim for: idle to full for 0 to 1 while armed, as the controllers of the trade are set.
    pub(super) fn rotor_rad_s(&self, airframe: &Airframe) -> [f64; ROTOR_COUNT] {
        let (idle, full) = (airframe.rotor_rad_s_idle, airframe.rotor_rad_s_max);
        self.motors.map(|share| if self.armed { idle + (full - idle) * share } else { 0.0 })
    }
}

/// Environment variables with which PX4's simulated start script sets itself up for this airframe and its light.
pub fn px4_environment(airframe: &Airframe) -> Vec<(String, String)> {
    let mut variables = vec![("PX4_SIM_MODEL".to_owned(), "none_iris".to_owned())];
    let mut parameter = |name: String, value: String| variables.push((format!("PX4_PARAM_{name}"), value));
    // Torque over thrust of a rotor, metres: CP D / (2π CT).
    let torque_m =
        airframe.power_coefficient * airframe.rotor_diameter_m / (2.0 * std::f64::consts::PI * airframe.thrust_coefficient);
    for (index, rotor) in airframe.rotors.iter().enumerate() {
        parameter(format!("CA_ROTOR{index}_PX"), format!("{:.3}", rotor.position_m.x));
        parameter(format!("CA_ROTOR{index}_PY"), format!("{:.3}", rotor.position_m.y));
        parameter(format!("CA_ROTOR{index}_KM"), format!("{:.4}", torque_m * rotor.yaw_sign));
    }
    parameter(format!("PWM_MAIN_FUNC{}", LIGHT_OUTPUT + 1), PX4_ACTUATOR_SET_1.to_string());
    parameter("EKF2_GPS_DELAY".to_owned(), GPS_DELAY_MS.to_string());
    variables
}
