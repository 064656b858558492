//! Places on the ground: validated WGS 84 coordinates, a local flat frame, rings.

use serde::{Deserialize, Serialize};

/// WGS 84 equatorial radius, metres.
const WGS84_A_M: f64 = 6_378_137.0;
/// WGS 84 first eccentricity squared.
const WGS84_E2: f64 = 6.694_379_990_14e-3;
/// Mean Earth radius for great circles, metres (IUGG R1).
const EARTH_MEAN_RADIUS_M: f64 = 6_371_008.8;

/// Why numbers are not a place.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum GeoError {
    /// NaN or infinite.
    #[error("latitude and longitude must be finite numbers")]
    NotFinite,
    /// Outside −90…90 / −180…180 degrees.
    #[error("latitude {lat_deg} / longitude {lon_deg} is outside -90..90 / -180..180")]
    OutOfRange {
        /// The latitude given, degrees.
        lat_deg: f64,
        /// The longitude given, degrees.
        lon_deg: f64,
    },
    /// A ring with fewer than three corners.
    #[error("a ring needs at least 3 corners, this one has {0}")]
    RingTooShort(usize),
}

/// A point on the ground, WGS 84. Always finite and in range.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "LatLon", into = "LatLon")]
pub struct GeoPoint {
    lat_deg: f64,
    lon_deg: f64,
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for GeoPoint {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        LatLon::schema()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for GeoPoint {}

/// The wire form of a [`GeoPoint`]: `{"lat": …, "lon": …}` in degrees.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LatLon {
    /// Latitude, degrees.
    pub lat: f64,
    /// Longitude, degrees.
    pub lon: f64,
}

impl TryFrom<LatLon> for GeoPoint {
    type Error = GeoError;
    fn try_from(wire: LatLon) -> Result<Self, GeoError> {
        GeoPoint::new(wire.lat, wire.lon)
    }
}

impl From<GeoPoint> for LatLon {
    fn from(point: GeoPoint) -> LatLon {
        LatLon { lat: point.lat_deg, lon: point.lon_deg }
    }
}

impl GeoPoint {
    /// Takes finite coordinates inside their ranges, degrees.
    pub fn new(lat_deg: f64, lon_deg: f64) -> Result<Self, GeoError> {
        if !lat_deg.is_finite() || !lon_deg.is_finite() {
            return Err(GeoError::NotFinite);
        }
        if lat_deg.abs() > 90.0 || lon_deg.abs() > 180.0 {
            return Err(GeoError::OutOfRange { lat_deg, lon_deg });
        }
        Ok(Self { lat_deg, lon_deg })
    }

    /// Latitude, degrees.
    pub fn lat_deg(&self) -> f64 {
        self.lat_deg
    }

    /// Longitude, degrees.
    pub fn lon_deg(&self) -> f64 {
        self.lon_deg
    }

    /// Great-circle distance, metres (haversine; within 0.5 % of the ellipsoid).
    pub fn distance_m(&self, other: &GeoPoint) -> f64 {
        let (a, b) = (self.lat_deg.to_radians(), other.lat_deg.to_radians());
        let half_lat = (b - a) / 2.0;
        let half_lon = (other.lon_deg - self.lon_deg).to_radians() / 2.0;
        let h = half_lat.sin().powi(2) + a.cos() * b.cos() * half_lon.sin().powi(2);
        2.0 * EARTH_MEAN_RADIUS_M * h.sqrt().min(1.0).asin()
    }

    /// The point `distance_m` away at `bearing_deg` (0 = north, 90 = east), for distances of a town.
    pub fn moved(&self, bearing_deg: f64, distance_m: f64) -> GeoPoint {
        let bearing = bearing_deg.to_radians();
        let local = Local { east_m: distance_m * bearing.sin(), north_m: distance_m * bearing.cos() };
        LocalFrame::new(*self).to_geo(local)
    }

    /// Bearing to `other`, degrees clockwise from north, 0..360.
    pub fn bearing_deg(&self, other: &GeoPoint) -> f64 {
        let local = LocalFrame::new(*self).to_local(*other);
        local.east_m.atan2(local.north_m).to_degrees().rem_euclid(360.0)
    }
}

/// Metres east and north of a [`LocalFrame`]'s origin.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Local {
    /// Metres east of the origin.
    pub east_m: f64,
    /// Metres north of the origin.
    pub north_m: f64,
}

impl Local {
    /// Straight distance in the plane, metres.
    pub fn distance_m(&self, other: &Local) -> f64 {
        (self.east_m - other.east_m).hypot(self.north_m - other.north_m)
    }
}

/// A flat east / north plane that touches the WGS 84 ellipsoid at its origin; millimetres off within 1 km, under 0.1 % within 30 km.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocalFrame {
    origin: GeoPoint,
    metres_per_degree_lat: f64,
    metres_per_degree_lon: f64,
}

impl LocalFrame {
    /// The plane that touches the ellipsoid at `origin`.
    pub fn new(origin: GeoPoint) -> Self {
        let sin = origin.lat_deg.to_radians().sin();
        let w = (1.0 - WGS84_E2 * sin * sin).sqrt();
        let prime_vertical_m = WGS84_A_M / w;
        let meridian_m = WGS84_A_M * (1.0 - WGS84_E2) / (w * w * w);
        // At the poles a degree of longitude has no width; a floor keeps the inverse finite.
        let cos = origin.lat_deg.to_radians().cos().max(1e-9);
        Self {
            origin,
            metres_per_degree_lat: meridian_m.to_radians(),
            metres_per_degree_lon: (prime_vertical_m * cos).to_radians(),
        }
    }

    /// Where the frame's zero lies.
    pub fn origin(&self) -> GeoPoint {
        self.origin
    }

    /// Into the plane; longitudes wrap at ±180°.
    pub fn to_local(&self, point: GeoPoint) -> Local {
        let wrapped_lon = (point.lon_deg - self.origin.lon_deg + 540.0).rem_euclid(360.0) - 180.0;
        Local {
            east_m: wrapped_lon * self.metres_per_degree_lon,
            north_m: (point.lat_deg - self.origin.lat_deg) * self.metres_per_degree_lat,
        }
    }

    /// Back onto the ellipsoid; latitudes are held at the poles, longitudes wrap.
    pub fn to_geo(&self, local: Local) -> GeoPoint {
        let lat = self.origin.lat_deg + local.north_m / self.metres_per_degree_lat;
        let lon = self.origin.lon_deg + local.east_m / self.metres_per_degree_lon;
        GeoPoint { lat_deg: lat.clamp(-90.0, 90.0), lon_deg: (lon + 540.0).rem_euclid(360.0) - 180.0 }
    }
}

/// A simple polygon without holes: at least three corners, the last not repeating the first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(try_from = "Vec<GeoPoint>", into = "Vec<GeoPoint>")]
pub struct Ring(Vec<GeoPoint>);

impl Ring {
    /// Takes at least three corners; a closing repeat of the first is dropped.
    pub fn new(mut corners: Vec<GeoPoint>) -> Result<Self, GeoError> {
        if corners.len() > 1 && corners.first() == corners.last() {
            corners.pop();
        }
        if corners.len() < 3 {
            return Err(GeoError::RingTooShort(corners.len()));
        }
        Ok(Self(corners))
    }

    /// The corners in order, first not repeated.
    pub fn corners(&self) -> &[GeoPoint] {
        &self.0
    }

    /// Whether the point lies inside (even-odd rule; the border may fall either way).
    pub fn contains(&self, point: GeoPoint) -> bool {
        let mut inside = false;
        let n = self.0.len();
        for i in 0..n {
            let (a, b) = (self.0[i], self.0[(i + n - 1) % n]);
            if (a.lat_deg > point.lat_deg) != (b.lat_deg > point.lat_deg) {
                let share = (point.lat_deg - a.lat_deg) / (b.lat_deg - a.lat_deg);
                if point.lon_deg < a.lon_deg + share * (b.lon_deg - a.lon_deg) {
                    inside = !inside;
                }
            }
        }
        inside
    }
}

impl TryFrom<Vec<GeoPoint>> for Ring {
    type Error = GeoError;
    fn try_from(corners: Vec<GeoPoint>) -> Result<Self, GeoError> {
        Ring::new(corners)
    }
}

impl From<Ring> for Vec<GeoPoint> {
    fn from(ring: Ring) -> Self {
        ring.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(lat: f64, lon: f64) -> GeoPoint {
        GeoPoint::new(lat, lon).expect("a test point")
    }

    #[test]
    fn refuses_what_is_no_place() {
        for (lat, lon) in [(f64::NAN, 0.0), (0.0, f64::INFINITY), (90.1, 0.0), (0.0, -180.5)] {
            assert!(GeoPoint::new(lat, lon).is_err());
        }
    }

    #[test]
    fn local_frame_agrees_with_the_great_circle_and_comes_back() {
        let origin = point(37.5, 127.0);
        let frame = LocalFrame::new(origin);
        let there = origin.moved(60.0, 2_000.0);
        assert!((origin.distance_m(&there) - 2_000.0).abs() < 10.0);
        assert!((origin.bearing_deg(&there) - 60.0).abs() < 1e-6);
        assert!(frame.to_geo(frame.to_local(there)).distance_m(&there) < 1e-6);
    }

    #[test]
    fn frame_wraps_at_the_date_line() {
        let frame = LocalFrame::new(point(0.0, 179.999));
        let local = frame.to_local(point(0.0, -179.999));
        assert!(local.east_m > 0.0 && local.east_m < 300.0, "{local:?}");
    }

    #[test]
    fn ring_knows_inside_from_outside() {
        let ring = Ring::new(vec![point(0.0, 0.0), point(0.0, 1.0), point(1.0, 1.0), point(1.0, 0.0), point(0.0, 0.0)]);
        let ring = ring.expect("four corners");
        assert_eq!(ring.corners().len(), 4);
        assert!(ring.contains(point(0.5, 0.5)));
        assert!(!ring.contains(point(1.5, 0.5)));
    }
}
