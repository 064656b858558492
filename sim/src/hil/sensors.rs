//! Measurements as HIL_SENSOR and HIL_GPS, field by field in wire order.

use crate::aircraft::SATELLITES;
use crate::autopilot::wire::PayloadWriter;
use crate::physics::{GpsFix, Measurements, Noise, Vector, magnetic_field_gauss};
use crate::plant::Plant;

pub(super) const HIL_SENSOR: u32 = 107;
pub(super) const HIL_GPS: u32 = 113;
/// Bits of `fields_updated`: three axes each of accelerometer and gyroscope.
const INERTIAL: u32 = 0b11_1111;
/// Three axes of the compass.
const COMPASS: u32 = 0b1_1100_0000;
/// Pressure, pressure altitude and temperature; bit 10, a pitot tube's pressure, is not ours.
const BAROMETER: u32 = 0b1_1010_0000_0000;
/// Compass noise of one sample, gauss: 3 mG. Ours, beside motors: an HMC5883L resolves 2 mG (its data sheet), the Iris of PX4's Gazebo has 4 mG a
/// sample. PX4 takes a silent compass for a stuck one.
const COMPASS_NOISE_GAUSS: f64 = 0.003;
/// Standard atmosphere (ISO 2533): pressure at sea level, hPa; temperature there, kelvin; lapse, kelvin per metre; exponent.
const SEA_LEVEL_HPA: f64 = 1_013.25;
const SEA_LEVEL_K: f64 = 288.15;
const LAPSE_K_M: f64 = 0.006_5;
const PRESSURE_EXPONENT: f64 = 5.255_88;
const ZERO_C_K: f64 = 273.15;
/// What the receiver thinks of its position, centimetres: about the sum of its errors. At 5 m PX4 does not arm.
const GPS_HORIZONTAL_CM: u16 = 70;
const GPS_VERTICAL_CM: u16 = 110;
/// A three-dimensional fix, and none.
const FIX_3D: u8 = 3;
const FIX_NONE: u8 = 0;
/// Slower than this over ground there is no course, metres per second.
const COURSE_M_S_MIN: f64 = 0.3;
/// "Not known" of an unsigned 16-bit field.
const UNKNOWN: u16 = u16::MAX;

/// The compass, which the simulated autopilot does not need as a vector.
#[derive(Debug, Clone)]
pub(super) struct Magnetometer {
    field_gauss: Vector,
    noise: Noise,
    last_gauss: Vector,
}

impl Magnetometer {
    /// In the field at the pad; over a flight it does not change.
    pub(super) fn new(plant: &Plant, seed: u64) -> Self {
        Self { field_gauss: magnetic_field_gauss(plant.place()), noise: Noise::new(seed), last_gauss: Vector::zeros() }
    }

    fn sample(&mut self, plant: &Plant) -> Vector {
        if !plant.compass_stuck() {
            self.last_gauss = plant.body().to_body(self.field_gauss) + self.noise.vector(COMPASS_NOISE_GAUSS);
        }
        self.last_gauss
    }
}

/// HIL_SENSOR of instance 0 at this time.
pub(super) fn sensor(time_us: u64, measured: &Measurements, plant: &Plant, compass: &mut Magnetometer) -> PayloadWriter {
    let mut updated = INERTIAL;
    let field = match measured.heading_rad {
        Some(_) => {
            updated |= COMPASS;
            compass.sample(plant)
        }
        None => Vector::zeros(),
    };
    let altitude_m = measured.barometer_m.map(|height_m| {
        updated |= BAROMETER;
        // The measured height is that of the body's origin; the world frame's is the pad.
        plant.home_amsl_m() + height_m
    });
    let altitude_m = altitude_m.unwrap_or(0.0);
    let temperature_k = SEA_LEVEL_K - LAPSE_K_M * altitude_m;
    let pressure_hpa = SEA_LEVEL_HPA * (temperature_k / SEA_LEVEL_K).powf(PRESSURE_EXPONENT);
    let writer = [measured.specific_force_m_s2, measured.rates_rad_s, field]
        .iter()
        .flat_map(|vector| vector.iter())
        .fold(PayloadWriter::default().u64(time_us), |writer, value| writer.f32(*value as f32));
    let slow = [pressure_hpa, 0.0, altitude_m, temperature_k - ZERO_C_K];
    slow.iter().fold(writer, |writer, value| writer.f32(*value as f32)).u32(updated).u8(0)
}

/// HIL_GPS for a fix, or for a receiver that has none.
pub(super) fn gps(time_us: u64, fix: Option<&GpsFix>, plant: &Plant) -> PayloadWriter {
    let (position_m, velocity) = fix.map_or((plant.body().position_m, Vector::zeros()), |fix| (fix.position_m, fix.velocity_m_s));
    let place = plant.place_of(position_m);
    let altitude_m = plant.home_amsl_m() - position_m.z;
    let degrees = |value: f64| (value * 1e7).round() as i32;
    let centimetres = |value: f64| (value * 100.0).round().clamp(-32_768.0, 32_767.0) as i16;
    let over_ground = velocity.x.hypot(velocity.y);
    let course = (over_ground >= COURSE_M_S_MIN)
        .then(|| (velocity.y.atan2(velocity.x).to_degrees().rem_euclid(360.0) * 100.0).min(35_999.0) as u16);
    let (kind, satellites) = if fix.is_some() { (FIX_3D, SATELLITES) } else { (FIX_NONE, 0) };
    PayloadWriter::default()
        .u64(time_us)
        .i32(degrees(place.lat_deg()))
        .i32(degrees(place.lon_deg()))
        .i32((altitude_m * 1_000.0).round() as i32)
        .u16(if fix.is_some() { GPS_HORIZONTAL_CM } else { UNKNOWN })
        .u16(if fix.is_some() { GPS_VERTICAL_CM } else { UNKNOWN })
        .u16(centimetres(over_ground) as u16)
        .i16(centimetres(velocity.x))
        .i16(centimetres(velocity.y))
        .i16(centimetres(velocity.z))
        .u16(course.unwrap_or(UNKNOWN))
        .u8(kind)
        .u8(satellites)
        .u8(0)
        .u16(0)
}
