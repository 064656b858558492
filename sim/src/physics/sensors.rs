//! What the sensors report: truth plus bias, noise, delay and the faults put into them.

use std::collections::VecDeque;

use super::{BodyState, Noise, Vector};

/// Gyroscope noise of one sample at 250 Hz, radians per second. Ours: an ICM-20602 alone has 0.8 mrad/s (0.004 °/s/√Hz over 125 Hz, its data
/// sheet), an MPU-6000 0.9; frames shake. PX4's SIH has 10 mrad/s at rest and more in flight, measured on an aerobatic aeroplane (Bulka and
/// Nahon, ICRA 2018).
const GYRO_NOISE_RAD_S: f64 = 0.002;
/// Turn-on bias of the gyroscope, radians per second. Ours: what a calibration leaves of the 1 °/s and more of data sheets.
const GYRO_BIAS_RAD_S: f64 = 0.002;
/// Accelerometer noise of one sample, metres per second squared. Ours, for rotors that shake the frame: the parts alone have 0.011 (ICM-20602,
/// 100 µg/√Hz) and 0.044 (MPU-6000, 400 µg/√Hz, over 125 Hz); PX4's SIH has 0.1 at rest and 0.5 to 1.7 in flight (as above).
const ACCELEROMETER_NOISE_M_S2: f64 = 0.15;
/// Turn-on bias of the accelerometer, metres per second squared (5 mg). Ours: what a calibration leaves of the 50 to 80 mg of the MPU-6000's
/// product specification.
const ACCELEROMETER_BIAS_M_S2: f64 = 0.05;
/// Barometer noise, metres: the resolution of an MS5611, 0.012 mbar RMS (its data sheet, oversampling 4096). PX4's own simulation has 0.08.
const BAROMETER_NOISE_M: f64 = 0.10;
/// Noise of the magnetic heading, radians: 0.9°; an HMC5883L is sold for 1° to 2° (its data sheet).
const HEADING_NOISE_RAD: f64 = 0.015;
/// White part of a satellite position, metres. Ours, near the 0.2 of PX4's simulation (SensorGpsSim).
const GPS_NOISE_M: f64 = 0.15;
/// Wandering part of a satellite position, metres, over [`GPS_WANDER_S`]. Ours: an open sky; data sheets (u-blox M8: 2.5 m for half of all fixes)
/// count a day's errors, of which a flight of minutes sees a constant part that moves pads and people alike.
const GPS_WANDER_M: f64 = 0.5;
/// Correlation time of the wander, seconds. Ours: autocorrelations of recorded receivers bend at about a minute and fall over many (D. L. Wilson,
/// "Correlation of errors", a Garmin 12XL over twenty days).
const GPS_WANDER_S: f64 = 90.0;
/// Satellite altitude is worse than position by about this factor: ours; PX4's simulation has 2.5, its Iris model 2.
const GPS_VERTICAL_FACTOR: f64 = 1.6;
/// Noise of a satellite velocity, metres per second (u-blox M8 data sheet: 0.05).
const GPS_VELOCITY_NOISE_M_S: f64 = 0.05;
/// Steps between satellite fixes at 250 Hz: 5 Hz.
const GPS_STEPS: u64 = 50;
/// Fixes older than now by this many steps are reported: 120 ms; PX4 reckons with 110 (EKF2_GPS_DELAY).
const GPS_DELAY_STEPS: u64 = 30;
/// Steps between barometer and compass samples at 250 Hz: 50 Hz.
const SLOW_STEPS: u64 = 5;

/// One satellite fix.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GpsFix {
    /// North, east, down of the home pad, metres.
    pub position_m: Vector,
    /// The same frame, metres per second.
    pub velocity_m_s: Vector,
    /// Age of the fix when it is reported, seconds.
    pub age_s: f64,
}

/// What came out of the sensors in one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measurements {
    /// Turn rates, body frame, radians per second.
    pub rates_rad_s: Vector,
    /// Specific force, body frame, metres per second squared.
    pub specific_force_m_s2: Vector,
    /// Height over the home pad by pressure, metres, at 50 Hz.
    pub barometer_m: Option<f64>,
    /// Magnetic heading turned to true, radians, at 50 Hz.
    pub heading_rad: Option<f64>,
    /// A satellite fix, at 5 Hz while there is reception.
    pub gps: Option<GpsFix>,
}

/// Faults of the sensors, as they are set.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SensorFaults {
    /// No satellite reception.
    pub gps_lost: bool,
    /// Shift of every fix, north and east, metres: a jump or a slow spoof.
    pub gps_shift_m: (f64, f64),
    /// The compass repeats its last heading.
    pub compass_stuck: bool,
    /// The barometer climbs away, metres per second.
    pub barometer_drift_m_s: f64,
}

/// The sensors of one aircraft.
#[derive(Debug, Clone)]
pub struct Sensors {
    /// Faults at work.
    pub faults: SensorFaults,
    noise: Noise,
    gyro_bias_rad_s: Vector,
    accelerometer_bias_m_s2: Vector,
    barometer_offset_m: f64,
    gps_wander_m: Vector,
    waiting: VecDeque<(u64, GpsFix)>,
    last_heading_rad: f64,
    step: u64,
}

impl Sensors {
    /// Draws the turn-on biases.
    pub fn new(seed: u64) -> Self {
        let mut noise = Noise::new(seed);
        Self {
            faults: SensorFaults::default(),
            gyro_bias_rad_s: noise.vector(GYRO_BIAS_RAD_S),
            accelerometer_bias_m_s2: noise.vector(ACCELEROMETER_BIAS_M_S2),
            gps_wander_m: noise.vector(GPS_WANDER_M),
            noise,
            barometer_offset_m: 0.0,
            waiting: VecDeque::new(),
            last_heading_rad: 0.0,
            step: 0,
        }
    }

    /// Samples all sensors once; `heading_rad` is the true heading.
    pub fn sample(&mut self, state: &BodyState, specific_force_m_s2: Vector, heading_rad: f64, dt_s: f64) -> Measurements {
        self.step += 1;
        self.barometer_offset_m += self.faults.barometer_drift_m_s * dt_s;
        let slow = self.step.is_multiple_of(SLOW_STEPS);
        Measurements {
            rates_rad_s: state.rates_rad_s + self.gyro_bias_rad_s + self.noise.vector(GYRO_NOISE_RAD_S),
            specific_force_m_s2: specific_force_m_s2 + self.accelerometer_bias_m_s2 + self.noise.vector(ACCELEROMETER_NOISE_M_S2),
            barometer_m: slow.then(|| -state.position_m.z + self.barometer_offset_m + self.noise.normal(BAROMETER_NOISE_M)),
            heading_rad: slow.then(|| self.heading(heading_rad)),
            gps: self.gps(state, dt_s),
        }
    }

    fn heading(&mut self, heading_rad: f64) -> f64 {
        if !self.faults.compass_stuck {
            self.last_heading_rad = heading_rad + self.noise.normal(HEADING_NOISE_RAD);
        }
        self.last_heading_rad
    }

    fn gps(&mut self, state: &BodyState, dt_s: f64) -> Option<GpsFix> {
        if self.step.is_multiple_of(GPS_STEPS) && !self.faults.gps_lost {
            let fix = self.fix(state, dt_s);
            self.waiting.push_back((self.step + GPS_DELAY_STEPS, fix));
        }
        match self.waiting.front() {
            Some((due, _)) if *due <= self.step => self.waiting.pop_front().map(|(_, fix)| fix),
            _ => None,
        }
    }

    fn fix(&mut self, state: &BodyState, dt_s: f64) -> GpsFix {
        let keep = (-dt_s * GPS_STEPS as f64 / GPS_WANDER_S).exp();
        self.gps_wander_m = self.gps_wander_m.map(|value| self.noise.wander(value, keep, GPS_WANDER_M));
        let mut error = self.gps_wander_m + self.noise.vector(GPS_NOISE_M);
        error.z *= GPS_VERTICAL_FACTOR;
        let (north, east) = self.faults.gps_shift_m;
        GpsFix {
            position_m: state.position_m + error + Vector::new(north, east, 0.0),
            velocity_m_s: state.velocity_m_s + self.noise.vector(GPS_VELOCITY_NOISE_M_S),
            age_s: GPS_DELAY_STEPS as f64 * dt_s,
        }
    }
}
