//! Where the autopilot believes it is: gyroscopes and accelerometers integrated, corrected by satellites, barometer and compass.
//!
//! Fixed gains instead of a Kalman filter: the errors a client can see (noise, lag, wander, drift after a loss) are the same in kind.

use nalgebra::Quaternion;

use crate::physics::{GRAVITY_M_S2, GpsFix, Measurements, Vector, rotate};

/// Share of a satellite position error taken over at each fix (5 Hz).
const POSITION_GAIN: f64 = 0.10;
/// Share of a satellite velocity error taken over at each fix.
const VELOCITY_GAIN: f64 = 0.40;
/// Part of the velocity error that is blamed on a wrong tilt at each fix, radians per (m/s) times gravity.
const TILT_GAIN: f64 = 0.10;
/// Share of a barometer error taken over at each sample (50 Hz).
const BAROMETER_GAIN: f64 = 0.05;
/// Velocity correction by the barometer, 1/s per sample.
const BAROMETER_VELOCITY_GAIN: f64 = 0.04;
/// Share of the compass error taken over at each sample (50 Hz).
const HEADING_GAIN: f64 = 0.02;
/// The same heading so often in a row is no measurement: a live compass is never without noise. PX4 calls a sensor stale after a hundred equal
/// values (validation/DataValidator, VALUE_EQUAL_COUNT_DEFAULT), counted over its three axes.
const COMPASS_EQUAL_MAX: u32 = 34;
/// Levelling by the accelerometer at rest, per second.
const LEVEL_GAIN_PER_S: f64 = 0.3;
/// While standing still the gyroscopes' mean is their bias; this share is taken over per second.
const BIAS_GAIN_PER_S: f64 = 1.0;
/// Without satellites the horizontal speed estimate fades over this time, seconds: drag stops a level aircraft.
const SPEED_FADE_S: f64 = 4.0;
/// A fix further than this from the estimate is doubted, metres.
const JUMP_M: f64 = 25.0;
/// Doubted fixes in a row after which they are believed after all (5 s at 5 Hz).
const JUMP_FIXES: u32 = 25;
/// Without a fix for this long there is no position any more, microseconds (flight.md 24: failsafe after 5 s).
pub(crate) const GPS_TIMEOUT_US: u64 = 5_000_000;
/// Past estimates kept for comparison with delayed fixes: one each 20 ms.
const PAST: usize = 8;
/// Steps between kept estimates.
const PAST_STEPS: u64 = 5;

/// The estimate.
#[derive(Debug, Clone)]
pub(crate) struct Estimator {
    pub(crate) attitude: Quaternion<f64>,
    pub(crate) rates_rad_s: Vector,
    pub(crate) velocity_m_s: Vector,
    /// North, east, down of home.
    pub(crate) position_m: Vector,
    pub(crate) last_fix_us: Option<u64>,
    pub(crate) last_fix: Option<GpsFix>,
    gyro_bias_rad_s: Vector,
    past: [(Vector, Vector); PAST],
    step: u64,
    doubted: u32,
    heading_known: bool,
    compass_rad: Option<f64>,
    compass_equal: u32,
}

impl Estimator {
    /// Knows nothing but that it stands on its pad.
    pub(crate) fn new() -> Self {
        Self {
            attitude: Quaternion::identity(),
            rates_rad_s: Vector::zeros(),
            velocity_m_s: Vector::zeros(),
            position_m: Vector::zeros(),
            last_fix_us: None,
            last_fix: None,
            gyro_bias_rad_s: Vector::zeros(),
            past: [(Vector::zeros(), Vector::zeros()); PAST],
            step: 0,
            doubted: 0,
            heading_known: false,
            compass_rad: None,
            compass_equal: 0,
        }
    }

    /// Whether there is a fix that is young enough.
    pub(crate) fn has_position(&self, now_us: u64) -> bool {
        self.last_fix_us.is_some_and(|at| now_us.saturating_sub(at) < GPS_TIMEOUT_US)
    }

    /// Heading, radians clockwise from north.
    pub(crate) fn heading_rad(&self) -> f64 {
        let q = &self.attitude;
        (2.0 * (q.w * q.k + q.i * q.j)).atan2(1.0 - 2.0 * (q.j * q.j + q.k * q.k))
    }

    /// Roll and pitch, radians.
    pub(crate) fn roll_pitch_rad(&self) -> (f64, f64) {
        let q = &self.attitude;
        let roll = (2.0 * (q.w * q.i + q.j * q.k)).atan2(1.0 - 2.0 * (q.i * q.i + q.j * q.j));
        let pitch = (2.0 * (q.w * q.j - q.k * q.i)).clamp(-1.0, 1.0).asin();
        (roll, pitch)
    }

    /// Takes one set of measurements; `resting` says that the aircraft stands disarmed.
    pub(crate) fn update(&mut self, m: &Measurements, resting: bool, now_us: u64, dt_s: f64) {
        self.step += 1;
        if resting {
            self.gyro_bias_rad_s += (m.rates_rad_s - self.gyro_bias_rad_s) * (BIAS_GAIN_PER_S * dt_s);
        }
        self.rates_rad_s = m.rates_rad_s - self.gyro_bias_rad_s;
        self.predict(m, dt_s);
        if resting {
            self.level(m, dt_s);
        } else if !self.has_position(now_us) {
            // In flight the accelerometer feels the rotors, not gravity: only the gyroscopes know the lean now.
            self.fade_speed(dt_s);
        }
        if let Some(barometer_m) = m.barometer_m {
            let error = -barometer_m - self.position_m.z;
            self.position_m.z += BAROMETER_GAIN * error;
            self.velocity_m_s.z += BAROMETER_VELOCITY_GAIN * error;
        }
        if let Some(heading_rad) = m.heading_rad {
            self.correct_heading(heading_rad);
        }
        if let Some(fix) = m.gps {
            self.correct_by_fix(&fix, now_us);
        }
        if resting {
            self.velocity_m_s *= 1.0 - dt_s;
        }
        if self.step.is_multiple_of(PAST_STEPS) {
            self.past.rotate_right(1);
            self.past[0] = (self.position_m, self.velocity_m_s);
        }
        let norm = self.attitude.norm();
        self.attitude /= norm;
    }

    fn predict(&mut self, m: &Measurements, dt_s: f64) {
        let w = self.rates_rad_s;
        self.attitude += self.attitude * Quaternion::new(0.0, w.x, w.y, w.z) * (0.5 * dt_s);
        let mut acceleration = rotate(&self.attitude, m.specific_force_m_s2);
        acceleration.z += GRAVITY_M_S2;
        self.position_m += self.velocity_m_s * dt_s + acceleration * (0.5 * dt_s * dt_s);
        self.velocity_m_s += acceleration * dt_s;
    }

    /// Turns the estimate a little so that the felt force points up.
    fn level(&mut self, m: &Measurements, dt_s: f64) {
        let force = rotate(&self.attitude, m.specific_force_m_s2);
        let norm = force.norm().max(1.0);
        let tilt = Vector::new(-force.y, force.x, 0.0) * (LEVEL_GAIN_PER_S * dt_s / norm);
        self.turn(tilt);
    }

    fn fade_speed(&mut self, dt_s: f64) {
        let fade = 1.0 - dt_s / SPEED_FADE_S;
        self.velocity_m_s.x *= fade;
        self.velocity_m_s.y *= fade;
    }

    /// Turns the attitude by a small angle about world axes.
    fn turn(&mut self, angle: Vector) {
        let half = angle * 0.5;
        self.attitude = Quaternion::new(1.0, half.x, half.y, half.z) * self.attitude;
    }

    /// Whether the compass repeats itself.
    pub(crate) fn compass_is_stale(&self) -> bool {
        self.compass_equal >= COMPASS_EQUAL_MAX
    }

    fn correct_heading(&mut self, heading_rad: f64) {
        let repeated = self.compass_rad.replace(heading_rad) == Some(heading_rad);
        self.compass_equal = if repeated { self.compass_equal.saturating_add(1) } else { 0 };
        if self.compass_is_stale() {
            return;
        }
        let error = wrap(heading_rad - self.heading_rad());
        let gain = if self.heading_known { HEADING_GAIN } else { 1.0 };
        self.heading_known = true;
        self.turn(Vector::new(0.0, 0.0, error * gain));
    }

    fn correct_by_fix(&mut self, fix: &GpsFix, now_us: u64) {
        let age = ((fix.age_s / (PAST_STEPS as f64 * crate::STEP_S)).round() as usize).clamp(1, PAST) - 1;
        let (past_position, past_velocity) = self.past[age];
        let position_error = fix.position_m - past_position;
        self.last_fix = Some(*fix);
        if position_error.x.hypot(position_error.y) > JUMP_M && self.last_fix_us.is_some() && self.doubted < JUMP_FIXES {
            self.doubted += 1;
            return;
        }
        let found_again = self.doubted >= JUMP_FIXES || !self.has_position(now_us);
        self.doubted = 0;
        self.last_fix_us = Some(now_us);
        if found_again {
            self.reset_to(fix);
            return;
        }
        let velocity_error = fix.velocity_m_s - past_velocity;
        self.shift(position_error.x * POSITION_GAIN, position_error.y * POSITION_GAIN, velocity_error * VELOCITY_GAIN);
        let tilt = TILT_GAIN / GRAVITY_M_S2;
        self.turn(Vector::new(velocity_error.y * tilt, -velocity_error.x * tilt, 0.0));
    }

    /// Applies a correction to the present and to the kept past, so that the next delayed fix is not corrected twice.
    fn shift(&mut self, north_m: f64, east_m: f64, mut velocity: Vector) {
        // The barometer leads vertically; satellites only damp.
        velocity.z *= 0.1;
        let position = Vector::new(north_m, east_m, 0.0);
        self.position_m += position;
        self.velocity_m_s += velocity;
        for (past_position, past_velocity) in &mut self.past {
            *past_position += position;
            *past_velocity += velocity;
        }
    }

    fn reset_to(&mut self, fix: &GpsFix) {
        self.position_m.x = fix.position_m.x;
        self.position_m.y = fix.position_m.y;
        self.velocity_m_s.x = fix.velocity_m_s.x;
        self.velocity_m_s.y = fix.velocity_m_s.y;
        self.past = [(self.position_m, self.velocity_m_s); PAST];
    }
}

/// An angle into −π…π.
pub(crate) fn wrap(angle_rad: f64) -> f64 {
    let turn = 2.0 * std::f64::consts::PI;
    (angle_rad + std::f64::consts::PI).rem_euclid(turn) - std::f64::consts::PI
}
