//! The parameters that shape behaviour a client can see, with PX4's names, types and defaults.

use mavlink::dialects::ardupilotmega::{MavParamType, PARAM_VALUE_DATA};

/// A value with its type; PX4 has only these two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ParamValue {
    /// A 32-bit integer, sent bytewise inside the float field.
    Integer(i32),
    /// A 32-bit float.
    Real(f32),
}

/// Names and defaults, sorted by name. The comment says what each changes.
const DEFAULTS: &[(&str, ParamValue)] = &[
    ("BAT1_N_CELLS", ParamValue::Integer(4)),      // Cells in series.
    ("BAT_CRIT_THR", ParamValue::Real(0.07)),      // Share of charge for the critical failsafe.
    ("BAT_EMERGEN_THR", ParamValue::Real(0.05)),   // Share of charge for landing at once.
    ("BAT_LOW_THR", ParamValue::Real(0.15)),       // Share of charge for the warning.
    ("COM_DISARM_LAND", ParamValue::Real(2.0)),    // Seconds on the ground after a landing until disarming.
    ("COM_DISARM_PRFLT", ParamValue::Real(10.0)),  // Seconds armed on the ground without a take-off until disarming.
    ("COM_DL_LOSS_T", ParamValue::Integer(10)),    // Seconds without a ground station until the link counts as lost.
    ("COM_FAIL_ACT_T", ParamValue::Real(5.0)),     // Seconds of hold before a failsafe acts.
    ("COM_LOW_BAT_ACT", ParamValue::Integer(3)),   // 0 warns; 2 lands when critical; 3 returns when critical and lands when empty.
    ("COM_OBL_RC_ACT", ParamValue::Integer(0)),    // Offboard setpoints lost: 0–2 by hand, 3 return, 4 land, 5 hold.
    ("COM_OF_LOSS_T", ParamValue::Real(1.0)),      // Seconds without setpoints until offboard counts as lost.
    ("FLW_TGT_ALT_M", ParamValue::Integer(0)),     // Height while following: 0 = the same over home. Others are not simulated.
    ("FLW_TGT_DST", ParamValue::Real(8.0)),        // Distance to a followed target, metres.
    ("FLW_TGT_FA", ParamValue::Real(180.0)),       // Where to follow from: degrees clockwise from the target's course.
    ("FLW_TGT_HT", ParamValue::Real(8.0)),         // Height over home while following, metres.
    ("FLW_TGT_MAX_VEL", ParamValue::Real(5.0)),    // Speed round a followed target, metres per second. Not simulated.
    ("FLW_TGT_RS", ParamValue::Real(0.1)),         // Filter over a followed target. Not simulated.
    ("GF_ACTION", ParamValue::Integer(2)),         // Fence breach: 0 nothing, 1 warning, 2 hold, 3 return, 5 land.
    ("GF_MAX_HOR_DIST", ParamValue::Real(0.0)),    // Farthest from home, metres; 0 = no limit.
    ("GF_MAX_VER_DIST", ParamValue::Real(0.0)),    // Highest over home, metres; 0 = no limit.
    ("MAV_SYS_ID", ParamValue::Integer(1)),        // This aircraft.
    ("MIS_TAKEOFF_ALT", ParamValue::Real(2.5)),    // Take-off height without a given one, metres.
    ("MNT_MODE_IN", ParamValue::Integer(4)),       // 4 = gimbal protocol v2; −1 = no gimbal manager.
    ("MPC_ACC_DOWN_MAX", ParamValue::Real(3.0)),   // Metres per second squared.
    ("MPC_ACC_HOR", ParamValue::Real(3.0)),        // Metres per second squared.
    ("MPC_ACC_UP_MAX", ParamValue::Real(4.0)),     // Metres per second squared.
    ("MPC_LAND_SPEED", ParamValue::Real(0.7)),     // Sink rate close to the ground, metres per second.
    ("MPC_TKO_SPEED", ParamValue::Real(1.5)),      // Climb rate of the take-off, metres per second.
    ("MPC_XY_CRUISE", ParamValue::Real(5.0)),      // Speed of automatic flight unless commanded, metres per second.
    ("MPC_XY_VEL_MAX", ParamValue::Real(12.0)),    // Fastest over ground, metres per second.
    ("MPC_Z_V_AUTO_DN", ParamValue::Real(1.5)),    // Sink rate of automatic flight, metres per second.
    ("MPC_Z_V_AUTO_UP", ParamValue::Real(3.0)),    // Climb rate of automatic flight, metres per second.
    ("NAV_ACC_RAD", ParamValue::Real(10.0)),       // Waypoint radius without a given one, metres.
    ("NAV_DLL_ACT", ParamValue::Integer(0)),       // Ground station lost: 0 nothing, 1 hold, 2 return, 3 land.
    ("NAV_MC_ALT_RAD", ParamValue::Real(0.8)),     // Height tolerance of a waypoint, metres.
    ("RTL_DESCEND_ALT", ParamValue::Real(10.0)),   // Height over home where the slow descent begins, metres.
    ("RTL_LAND_DELAY", ParamValue::Real(0.0)),     // Seconds over home before landing; negative = hover.
    ("RTL_RETURN_ALT", ParamValue::Real(30.0)),    // Height of the way home, metres.
    ("RTL_TYPE", ParamValue::Integer(0)),          // 0 straight home; 2 along the mission, or back. Others are not simulated.
    ("SIM_BAT_MIN_PCT", ParamValue::Real(50.0)),   // When a client sets it, the charge becomes this, per cent; PX4's drains to it.
    ("SYS_AUTOSTART", ParamValue::Integer(10016)), // The airframe: simulated Iris.
    ("SYS_FAILURE_EN", ParamValue::Integer(0)),    // 1 lets clients break things with INJECT_FAILURE.
];

/// The parameter set of one aircraft.
#[derive(Debug, Clone)]
pub(crate) struct Parameters {
    values: Vec<ParamValue>,
    /// The frequently used ones as numbers.
    pub(crate) fast: FastParameters,
}

/// Parameters that are read in every step.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FastParameters {
    pub(crate) acceleration_m_s2: f64,
    pub(crate) speed_max_m_s: f64,
    pub(crate) cruise_m_s: f64,
    pub(crate) climb_m_s: f64,
    pub(crate) sink_m_s: f64,
    pub(crate) climb_acceleration_m_s2: f64,
    pub(crate) sink_acceleration_m_s2: f64,
    pub(crate) take_off_m_s: f64,
    pub(crate) landing_m_s: f64,
}

impl Parameters {
    pub(crate) fn new(system_id: u8) -> Self {
        let values = DEFAULTS.iter().map(|(_, value)| *value).collect();
        let mut parameters = Self { values, fast: FastParameters::default() };
        // The name is in the table above; a miss would be caught by the tests of this file.
        parameters.set("MAV_SYS_ID", ParamValue::Integer(i32::from(system_id)));
        parameters
    }

    pub(crate) fn count(&self) -> usize {
        self.values.len()
    }

    pub(crate) fn index_of(&self, name: &str) -> Option<usize> {
        DEFAULTS.binary_search_by(|(known, _)| (*known).cmp(name)).ok()
    }

    /// The value as a number; NaN for a name that is not there.
    pub(crate) fn number(&self, name: &str) -> f64 {
        match self.index_of(name).map(|index| self.values[index]) {
            Some(ParamValue::Integer(value)) => f64::from(value),
            Some(ParamValue::Real(value)) => f64::from(value),
            None => f64::NAN,
        }
    }

    /// The value as an integer; 0 for a name that is not there.
    pub(crate) fn integer(&self, name: &str) -> i32 {
        match self.index_of(name).map(|index| self.values[index]) {
            Some(ParamValue::Integer(value)) => value,
            Some(ParamValue::Real(value)) => value as i32,
            None => 0,
        }
    }

    /// Sets a value of the right type; false for an unknown name, a wrong type or a value that is no number.
    pub(crate) fn set(&mut self, name: &str, value: ParamValue) -> bool {
        let Some(index) = self.index_of(name) else { return false };
        let fits = match (self.values[index], value) {
            (ParamValue::Integer(_), ParamValue::Integer(_)) => true,
            (ParamValue::Real(_), ParamValue::Real(number)) => number.is_finite(),
            (ParamValue::Integer(_), ParamValue::Real(_)) | (ParamValue::Real(_), ParamValue::Integer(_)) => false,
        };
        if fits {
            self.values[index] = value;
            self.refresh();
        }
        fits
    }

    fn refresh(&mut self) {
        self.fast = FastParameters {
            acceleration_m_s2: self.number("MPC_ACC_HOR"),
            speed_max_m_s: self.number("MPC_XY_VEL_MAX"),
            cruise_m_s: self.number("MPC_XY_CRUISE"),
            climb_m_s: self.number("MPC_Z_V_AUTO_UP"),
            sink_m_s: self.number("MPC_Z_V_AUTO_DN"),
            climb_acceleration_m_s2: self.number("MPC_ACC_UP_MAX"),
            sink_acceleration_m_s2: self.number("MPC_ACC_DOWN_MAX"),
            take_off_m_s: self.number("MPC_TKO_SPEED"),
            landing_m_s: self.number("MPC_LAND_SPEED"),
        };
    }

    /// The message for one parameter; integers travel as their bytes (flight.md 16).
    pub(crate) fn message(&self, index: usize) -> Option<PARAM_VALUE_DATA> {
        let (name, _) = DEFAULTS.get(index)?;
        let (param_value, param_type) = match self.values[index] {
            ParamValue::Integer(value) => (f32::from_bits(value as u32), MavParamType::MAV_PARAM_TYPE_INT32),
            ParamValue::Real(value) => (value, MavParamType::MAV_PARAM_TYPE_REAL32),
        };
        Some(PARAM_VALUE_DATA {
            param_value,
            param_count: self.count() as u16,
            param_index: index as u16,
            param_id: (*name).into(),
            param_type,
        })
    }
}

/// A received value by its declared type; `None` for types PX4 has no parameters of.
pub(crate) fn received_value(raw: f32, kind: MavParamType) -> Option<ParamValue> {
    match kind {
        MavParamType::MAV_PARAM_TYPE_INT32 => Some(ParamValue::Integer(raw.to_bits() as i32)),
        MavParamType::MAV_PARAM_TYPE_REAL32 => Some(ParamValue::Real(raw)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_fit_the_wire() {
        for pair in DEFAULTS.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{} before {}", pair[0].0, pair[1].0);
        }
        assert!(DEFAULTS.iter().all(|(name, _)| name.len() <= 16));
        assert_eq!(Parameters::new(7).integer("MAV_SYS_ID"), 7);
    }
}
