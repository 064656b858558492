//! How long a camera must expose: by day, at dusk, at night. From the sun's elevation, which follows from place and time.

/// The sun stands lower than this and the camera must expose longer than by day, degrees: street lamps go on about here.
const DUSK_BELOW_DEG: f64 = 3.0;
/// End of the civil twilight, degrees.
const NIGHT_BELOW_DEG: f64 = -6.0;

/// How light it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Light {
    /// Sun or an overcast sky.
    Day,
    /// The sun is about to set, or the twilight has not ended.
    Dusk,
    /// Lamps only.
    Night,
}

impl Light {
    /// The longest shutter time that a camera's automatic takes in this light, seconds. By day it never needs more than a 250th; from
    /// dusk on it goes to a 30th, the time of one frame of video.
    pub fn exposure_s(self) -> f64 {
        match self {
            Self::Day => 1.0 / 250.0,
            Self::Dusk | Self::Night => 1.0 / 30.0,
        }
    }

    /// By the sun's elevation over the horizon, degrees.
    pub fn of_sun(elevation_deg: f64) -> Self {
        if elevation_deg < NIGHT_BELOW_DEG {
            Self::Night
        } else if elevation_deg < DUSK_BELOW_DEG {
            Self::Dusk
        } else {
            Self::Day
        }
    }
}

/// Elevation of the sun over the horizon at a place and time (milliseconds since 1970-01-01 UTC), degrees, to about a degree: the low
/// precision formulae of the Astronomical Almanac, without refraction.
pub fn sun_elevation_deg(latitude_deg: f64, longitude_deg: f64, at_ms: i64) -> f64 {
    /// 2000-01-01 12:00 UTC, milliseconds since 1970.
    const J2000_MS: i64 = 946_728_000_000;
    let days = (at_ms - J2000_MS) as f64 / 86_400_000.0;
    let anomaly = (357.528 + 0.985_600_3 * days).to_radians();
    let longitude = (280.460 + 0.985_647_4 * days + 1.915 * anomaly.sin() + 0.020 * (2.0 * anomaly).sin()).to_radians();
    let obliquity = (23.439 - 0.000_000_4 * days).to_radians();
    let ascension = (obliquity.cos() * longitude.sin()).atan2(longitude.cos());
    let declination = (obliquity.sin() * longitude.sin()).asin();
    let sidereal = (280.460_618_37 + 360.985_647_366_29 * days + longitude_deg).to_radians();
    let hour = sidereal - ascension;
    let latitude = latitude_deg.to_radians();
    (latitude.sin() * declination.sin() + latitude.cos() * declination.cos() * hour.cos()).asin().to_degrees()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seoul, 2026-06-21 and 2026-12-21, by the hour of Korean time (UTC + 9).
    fn at(summer: bool, hour: i64) -> f64 {
        let midnight_utc_ms = if summer { 1_782_000_000_000 } else { 1_797_811_200_000 };
        sun_elevation_deg(37.5, 127.0, midnight_utc_ms + (hour - 9) * 3_600_000)
    }

    #[test]
    fn the_sun_stands_where_the_almanac_has_it() {
        // Noon: 90 less the latitude, and the obliquity added or taken off.
        assert!((at(true, 12) - 75.0).abs() < 2.0 && (at(false, 12) - 29.0).abs() < 2.0, "{} {}", at(true, 12), at(false, 12));
        assert!(at(true, 0) < -25.0 && at(false, 0) < -70.0);
    }

    #[test]
    fn light_goes_from_day_over_dusk_to_night() {
        let lights = [12, 20, 23].map(|hour| Light::of_sun(at(true, hour)));
        assert_eq!(lights, [Light::Day, Light::Dusk, Light::Night]);
        assert_eq!(Light::of_sun(at(false, 18)), Light::Night);
        assert_eq!(Light::of_sun(f64::NAN), Light::Day);
    }
}
