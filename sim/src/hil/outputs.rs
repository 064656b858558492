//! What an autopilot's outputs drive: four motors, the light and the gimbal; and how PX4 is told of this airframe.

use crate::autopilot::wire::Frame;
use crate::physics::{Airframe, ROTOR_COUNT};

pub(super) const HIL_ACTUATOR_CONTROLS: u32 = 93;
/// Bit of the mode: motors armed.
const ARMED: u8 = 128;
/// Bit of the flags: the autopilot's clock stands until the next sensor message.
const LOCKSTEP: u64 = 1;
/// The output that the light hangs on, counted from zero: the first after the motors.
pub const LIGHT_OUTPUT: usize = ROTOR_COUNT;
/// The outputs of the gimbal's pitch and yaw.
pub const GIMBAL_OUTPUTS: [usize; 2] = [LIGHT_OUTPUT + 1, LIGHT_OUTPUT + 2];
/// PX4's numbers of the output functions "gimbal pitch" and "gimbal yaw".
const PX4_GIMBAL: [u32; 2] = [421, 422];
/// What −1 to 1 of a gimbal's output stand for, degrees to each side: pitch over the horizon and yaw from the nose.
const GIMBAL_REACH_DEG: [f64; 2] = [90.0, 180.0];
/// PX4's number of the output function "peripheral by actuator set 1", which DO_SET_ACTUATOR moves.
const PX4_ACTUATOR_SET_1: u32 = 301;
/// The receiver of [`crate::physics::Sensors`] is this late, milliseconds.
const GPS_DELAY_MS: u32 = 120;

/// How PX4 drives this gimbal: asked by the gimbal protocol v2, by servo outputs over the whole of [`GIMBAL_REACH_DEG`]; the gimbal levels
/// itself, and only the aircraft's heading is taken out. Angles are brought to ±180° only in the angle mode of a transmitter's stick, which
/// nobody holds: without it half of all directions would be looked for at the stop (PX4 1.16, `gimbal/output.cpp`).
const PX4_GIMBAL_PARAMETERS: [(&str, &str); 6] = [
    ("MNT_MODE_IN", "4"),
    ("MNT_MODE_OUT", "0"),
    ("MNT_DO_STAB", "2"),
    ("MNT_RANGE_PITCH", "180"),
    ("MNT_RANGE_YAW", "360"),
    ("MNT_RC_IN_MODE", "0"),
];

/// How PX4 takes off with this airframe: small rotors are at speed in a tenth of a second, so that its thrust need not grow for three seconds
/// with somebody waiting, and it climbs from the ground as fast as above.
const PX4_TAKE_OFF_PARAMETERS: [(&str, &str); 3] = [("COM_SPOOLUP_TIME", "0.5"), ("MPC_TKO_RAMP_T", "0.5"), ("MPC_TKO_SPEED", "3")];

/// One HIL_ACTUATOR_CONTROLS.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Controls {
    pub time_us: u64,
    pub lockstep: bool,
    pub armed: bool,
    motors: [f64; ROTOR_COUNT],
    light: f64,
    gimbal: [f64; 2],
}

impl Controls {
    /// Before anything was heard: everything off.
    pub(super) const OFF: Self =
        Self { time_us: 0, lockstep: false, armed: false, motors: [0.0; ROTOR_COUNT], light: 0.0, gimbal: [0.0; 2] };

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
            gimbal: GIMBAL_OUTPUTS.map(control),
        }
    }

    /// Where the gimbal is to look: over the horizon and from the nose, degrees. It levels itself; ahead while disarmed.
    pub(super) fn look_deg(&self) -> (f64, f64) {
        let [pitch, yaw] = self.gimbal;
        (pitch * GIMBAL_REACH_DEG[0], yaw * GIMBAL_REACH_DEG[1])
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
    for (output, function) in GIMBAL_OUTPUTS.iter().zip(PX4_GIMBAL) {
        parameter(format!("PWM_MAIN_FUNC{}", output + 1), function.to_string());
    }
    for (name, value) in PX4_GIMBAL_PARAMETERS {
        parameter(name.to_owned(), value.to_owned());
    }
    for (name, value) in PX4_TAKE_OFF_PARAMETERS {
        parameter(name.to_owned(), value.to_owned());
    }
    parameter("EKF2_GPS_DELAY".to_owned(), GPS_DELAY_MS.to_string());
    variables
}
