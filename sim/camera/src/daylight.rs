//! The light of the sky by the hour: where the sun stands, how bright sun, sky and street lamps are. In lux, as a light meter shows.

/// Latitude of the scene, degrees: the middle of South Korea.
const LATITUDE_DEG: f64 = 36.5;
/// The sun's declination, degrees: early October, when days and nights are alike.
const DECLINATION_DEG: f64 = -4.0;
/// Street lamps burn while the sun is lower than this; there is direct sun only above it. One at a time lets one channel of the
/// ground's tiles carry either.
const LAMPS_BELOW_DEG: f64 = 1.0;
/// Light of the horizontal sky by the sun's elevation, degrees and lux: common tables of daylight and twilight illuminance; at
/// night the glow of a town.
const SKY_LUX: [(f64, f64); 9] = [
    (-18.0, 0.12),
    (-12.0, 0.14),
    (-9.0, 0.4),
    (-6.0, 3.4),
    (-3.0, 60.0),
    (0.0, 700.0),
    (10.0, 5_500.0),
    (30.0, 12_000.0),
    (60.0, 17_000.0),
];
/// Direct sun on a surface that faces it, high in the sky, lux.
const SUN_LUX: f64 = 95_000.0;
/// Brightest point under a street lamp, lux; the ground's tiles scale to it.
pub(crate) const LAMP_LUX_MAX: f32 = 30.0;

/// The light at one hour of the day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Daylight {
    /// Towards the sun: east, north, up.
    pub(crate) sun: [f32; 3],
    /// Light of the sun on a surface that faces it, by colour; all 0 while the lamps burn.
    pub(crate) sun_lux: [f32; 3],
    /// Light of the whole sky on level ground, by colour.
    pub(crate) sky_lux: [f32; 3],
    /// Street lamps burn.
    pub(crate) lamps: bool,
}

impl Daylight {
    /// At this local solar hour, 0 to 24; others wrap, and what is no number is noon.
    pub(crate) fn at(hour: f64) -> Self {
        let hour = if hour.is_finite() { hour.rem_euclid(24.0) } else { 12.0 };
        let sun = sun_direction(hour);
        let elevation_deg = f64::from(sun[2]).asin().to_degrees();
        let lamps = elevation_deg < LAMPS_BELOW_DEG;
        let low = low_sun(elevation_deg);
        let strength = if lamps { 0.0 } else { SUN_LUX * (-0.12 / f64::from(sun[2]).max(0.02)).exp() };
        let sun_colour = mix([1.0, 0.95, 0.86], [1.0, 0.58, 0.28], low);
        let sky = sky_lux(elevation_deg);
        let night = ((-3.0 - elevation_deg) / 6.0).clamp(0.0, 1.0);
        let sky_colour = mix(mix([0.88, 0.98, 1.18], [0.86, 0.90, 1.12], low), [0.88, 0.95, 1.12], night);
        Self {
            sun,
            sun_lux: sun_colour.map(|part| (strength * part) as f32),
            sky_lux: sky_colour.map(|part| (sky * part) as f32),
            lamps,
        }
    }
}

/// 1 for a sun at the horizon, 0 from 25° up.
fn low_sun(elevation_deg: f64) -> f64 {
    (1.0 - elevation_deg / 25.0).clamp(0.0, 1.0)
}

fn mix(a: [f64; 3], b: [f64; 3], share: f64) -> [f64; 3] {
    std::array::from_fn(|i| a[i] + (b[i] - a[i]) * share)
}

fn sun_direction(hour: f64) -> [f32; 3] {
    let (sin_l, cos_l) = LATITUDE_DEG.to_radians().sin_cos();
    let (sin_d, cos_d) = DECLINATION_DEG.to_radians().sin_cos();
    let (sin_h, cos_h) = ((hour - 12.0) * 15f64.to_radians()).sin_cos();
    let up = sin_l * sin_d + cos_l * cos_d * cos_h;
    let east = -cos_d * sin_h;
    let north = cos_l * sin_d - sin_l * cos_d * cos_h;
    [east as f32, north as f32, up as f32]
}

/// Between two lines of the table the logarithm runs straight.
fn sky_lux(elevation_deg: f64) -> f64 {
    let first = SKY_LUX[0];
    if elevation_deg <= first.0 {
        return first.1;
    }
    for pair in SKY_LUX.windows(2) {
        let (low, high) = (pair[0], pair[1]);
        if elevation_deg <= high.0 {
            let share = (elevation_deg - low.0) / (high.0 - low.0);
            return (low.1.ln() + (high.1.ln() - low.1.ln()) * share).exp();
        }
    }
    SKY_LUX[SKY_LUX.len() - 1].1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sun_rises_in_the_east_and_stands_south_at_noon() {
        let morning = Daylight::at(8.0);
        assert!(morning.sun[0] > 0.5 && morning.sun[2] > 0.1 && !morning.lamps);
        let noon = Daylight::at(12.0);
        assert!(noon.sun[1] < -0.3 && noon.sun[2] > 0.7 && noon.sun[0].abs() < 1e-3);
        assert!(noon.sun_lux[0] > 50_000.0);
    }

    #[test]
    fn night_has_lamps_and_hardly_any_sky() {
        let night = Daylight::at(23.0);
        assert!(night.lamps && night.sun_lux == [0.0; 3] && night.sky_lux[1] < 0.3);
        let dusk = Daylight::at(18.0);
        assert!(dusk.lamps && dusk.sky_lux[1] > 10.0 && dusk.sky_lux[1] < 1_000.0, "{dusk:?}");
        assert!(!Daylight::at(f64::NAN).lamps);
    }
}
