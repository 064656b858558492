//! From pixels to places on the ground: the camera's lens, where it was and looked, and how far all of that may be off.
//!
//! Never knows where a pose comes from. The ground is level around the aircraft; hills need a height that fits the place.

use crate::homography::Homography;
use crate::reading::{Corner, Reading};

/// Semi-major axis and square of the eccentricity of the WGS 84 ellipsoid (NGA.STND.0036).
const EARTH_M: f64 = 6_378_137.0;
const EARTH_ECCENTRICITY_2: f64 = 6.694_379_990_141e-3;
/// Looks flatter than this under the horizon say nothing of where they meet the ground, sine of the angle: about 6 degrees.
const GRAZING_SIN_MIN: f64 = 0.1;
/// Rounds of the search that takes the distortion off; each gains a digit or more for lenses that are sold.
const UNDISTORT_ROUNDS: usize = 20;
/// Fields of view that a flat sensor can have, degrees.
const FIELD_DEG: std::ops::RangeInclusive<f64> = 1.0..=150.0;
/// East over north degenerates nearer to a pole than this, degrees.
const LATITUDE_DEG_MAX: f64 = 89.0;
/// Radius of 95 % over one spread, when both directions are alike (Rayleigh).
const SPREADS_95: f64 = 2.4477;

/// A lens over a raster of square pixels: a pinhole with two terms of radial distortion (Brown's model).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lens {
    /// Focal length, pixels.
    pub focal_pixels: f64,
    /// Where the optical axis meets the picture.
    pub centre: Corner,
    /// Distortion k1, k2: a direction at the tangent r from the axis falls at r (1 + k1 r² + k2 r⁴); 0 for a corrected lens.
    pub radial: [f64; 2],
}

/// A field of view that no flat picture has.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("a field of view of {0} degrees is outside 1 to 150")]
pub struct LensError(f64);

impl Lens {
    /// A corrected lens by the picture's size and its field of view across, as pictures are stamped with.
    pub fn of_field(width: usize, height: usize, field_deg: f64) -> Result<Self, LensError> {
        if !FIELD_DEG.contains(&field_deg) {
            return Err(LensError(field_deg));
        }
        let centre = Corner { x: width as f64 / 2.0, y: height as f64 / 2.0 };
        Ok(Self { focal_pixels: centre.x / (field_deg.to_radians() / 2.0).tan(), centre, radial: [0.0; 2] })
    }

    /// The direction that falls on a pixel: right, down, forward.
    fn direction(&self, pixel: Corner) -> [f64; 3] {
        let (x, y) = ((pixel.x - self.centre.x) / self.focal_pixels, (pixel.y - self.centre.y) / self.focal_pixels);
        let (mut a, mut b) = (x, y);
        if self.radial != [0.0; 2] {
            for _ in 0..UNDISTORT_ROUNDS {
                let r2 = a * a + b * b;
                let stretch = 1.0 + r2 * (self.radial[0] + r2 * self.radial[1]);
                (a, b) = (x / stretch, y / stretch);
            }
        }
        [a, b, 1.0]
    }
}

/// Where the camera was and looked when the picture was taken. The gimbal's angles are in it: they are of the optical axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pose {
    /// Latitude, degrees.
    pub latitude_deg: f64,
    /// Longitude, degrees.
    pub longitude_deg: f64,
    /// Height over what is looked at, metres.
    pub height_m: f64,
    /// Direction of the look, degrees clockwise from north.
    pub heading_deg: f64,
    /// Elevation of the look, degrees; straight down is −90, and the picture's upper edge then points to the heading.
    pub pitch_deg: f64,
    /// Rotation about the look, degrees; the right side down is positive.
    pub roll_deg: f64,
}

/// How far each part may be off: standard deviations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PoseSpread {
    /// East and north, each, metres.
    pub horizontal_m: f64,
    /// Height over what is looked at, metres.
    pub height_m: f64,
    /// Heading, degrees.
    pub heading_deg: f64,
    /// Pitch and roll, each, degrees.
    pub tilt_deg: f64,
    /// Where a code lies in the picture, across and down, each, pixels.
    pub pixels: f64,
}

impl PoseSpread {
    /// An aircraft with satellite positions corrected from the ground (RTK) and a stabilised gimbal: what makers of both state.
    pub const CORRECTED: Self = Self { horizontal_m: 0.05, height_m: 0.1, heading_deg: 1.0, tilt_deg: 0.3, pixels: 0.7 };
    /// One with plain satellite positions and a barometer.
    pub const PLAIN: Self = Self { horizontal_m: 1.5, height_m: 1.0, heading_deg: 2.0, tilt_deg: 0.5, pixels: 0.7 };
}

/// A place on the ground, with how sure it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Latitude, degrees.
    pub latitude_deg: f64,
    /// Longitude, degrees.
    pub longitude_deg: f64,
    /// From the point under the camera: east, north, metres.
    pub from_camera_m: [f64; 2],
    /// Variance east, covariance, variance north, square metres.
    pub covariance_m2: [f64; 3],
}

impl Place {
    /// Standard deviation in the direction in which it is largest, metres.
    pub fn spread_m(&self) -> f64 {
        let [east, both, north] = self.covariance_m2;
        let (mean, half) = ((east + north) / 2.0, (east - north) / 2.0);
        (mean + half.hypot(both)).max(0.0).sqrt()
    }

    /// A circle of this radius holds the true place in at least 95 of 100 cases, if the spreads of the pose are honest; metres.
    pub fn radius_95_m(&self) -> f64 {
        self.spread_m() * SPREADS_95
    }
}

/// Where the middle of a code lies; `None` when the look does not meet the ground, or too flatly, or figures are none.
pub fn locate(reading: &Reading, lens: &Lens, pose: &Pose, spread: &PoseSpread) -> Option<Place> {
    // The crossing of the diagonals: in perspective the mean of the corners is not the middle.
    locate_pixel(Homography::of_square(&reading.corners)?.at(0.5, 0.5), lens, pose, spread)
}

/// The same for any pixel.
pub fn locate_pixel(pixel: Corner, lens: &Lens, pose: &Pose, spread: &PoseSpread) -> Option<Place> {
    let offset = offset_m(pixel, lens, pose)?;
    let covariance_m2 = covariance(pixel, lens, pose, spread, offset)?;
    let latitude = pose.latitude_deg.to_radians();
    if pose.latitude_deg.abs() > LATITUDE_DEG_MAX || !covariance_m2.iter().chain(&offset).all(|figure| figure.is_finite()) {
        return None;
    }
    // Radii of curvature along the meridian and across it.
    let root = (1.0 - EARTH_ECCENTRICITY_2 * latitude.sin().powi(2)).sqrt();
    let (along, across) = (EARTH_M * (1.0 - EARTH_ECCENTRICITY_2) / root.powi(3), EARTH_M / root);
    Some(Place {
        latitude_deg: pose.latitude_deg + (offset[1] / along).to_degrees(),
        longitude_deg: pose.longitude_deg + (offset[0] / (across * latitude.cos())).to_degrees(),
        from_camera_m: offset,
        covariance_m2,
    })
}

/// The pixel on which a place of the ground falls, metres east and north of the point under the camera; `None` behind the camera.
pub fn pixel_of([east_m, north_m]: [f64; 2], lens: &Lens, pose: &Pose) -> Option<Corner> {
    let (sin_h, cos_h) = pose.heading_deg.to_radians().sin_cos();
    let (ahead, right, up) = (east_m * sin_h + north_m * cos_h, east_m * cos_h - north_m * sin_h, -pose.height_m);
    let (sin_p, cos_p) = pose.pitch_deg.to_radians().sin_cos();
    let (forward, down) = (ahead * cos_p + up * sin_p, ahead * sin_p - up * cos_p);
    let (sin_r, cos_r) = pose.roll_deg.to_radians().sin_cos();
    if forward.is_nan() || forward <= 0.0 {
        return None;
    }
    let (a, b) = ((right * cos_r + down * sin_r) / forward, (down * cos_r - right * sin_r) / forward);
    let r2 = a * a + b * b;
    let stretched = lens.focal_pixels * (1.0 + r2 * (lens.radial[0] + r2 * lens.radial[1]));
    Some(Corner { x: lens.centre.x + a * stretched, y: lens.centre.y + b * stretched })
}

/// East and north of the point under the camera, metres.
fn offset_m(pixel: Corner, lens: &Lens, pose: &Pose) -> Option<[f64; 2]> {
    let [x, y, z] = lens.direction(pixel);
    let (sin_r, cos_r) = pose.roll_deg.to_radians().sin_cos();
    // Against the roll, then from the look's own axes to east, north, up.
    let (right, down) = (x * cos_r - y * sin_r, x * sin_r + y * cos_r);
    let (sin_p, cos_p) = pose.pitch_deg.to_radians().sin_cos();
    let (ahead, up) = (z * cos_p + down * sin_p, z * sin_p - down * cos_p);
    let (sin_h, cos_h) = pose.heading_deg.to_radians().sin_cos();
    let length = (right * right + ahead * ahead + up * up).sqrt();
    if pose.height_m <= 0.0 || -up < GRAZING_SIN_MIN * length {
        return None;
    }
    let reach = pose.height_m / -up;
    Some([(ahead * sin_h + right * cos_h) * reach, (ahead * cos_h - right * sin_h) * reach])
}

/// First order: how far the place moves when each figure is off by one spread.
fn covariance(pixel: Corner, lens: &Lens, pose: &Pose, spread: &PoseSpread, at: [f64; 2]) -> Option<[f64; 3]> {
    let tilted =
        |pitch_deg: f64, roll_deg: f64| Pose { pitch_deg: pose.pitch_deg + pitch_deg, roll_deg: pose.roll_deg + roll_deg, ..*pose };
    let moved = [
        offset_m(pixel, lens, &Pose { height_m: pose.height_m + spread.height_m, ..*pose })?,
        offset_m(pixel, lens, &Pose { heading_deg: pose.heading_deg + spread.heading_deg, ..*pose })?,
        offset_m(pixel, lens, &tilted(spread.tilt_deg, 0.0))?,
        offset_m(pixel, lens, &tilted(0.0, spread.tilt_deg))?,
        offset_m(Corner { x: pixel.x + spread.pixels, ..pixel }, lens, pose)?,
        offset_m(Corner { y: pixel.y + spread.pixels, ..pixel }, lens, pose)?,
    ];
    let own = spread.horizontal_m.powi(2);
    Some(moved.iter().fold([own, 0.0, own], |[east, both, north], place| {
        let (x, y) = (place[0] - at[0], place[1] - at[1]);
        [east + x * x, both + x * y, north + y * y]
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pose() -> Pose {
        Pose { latitude_deg: 37.5, longitude_deg: 127.0, height_m: 15.0, heading_deg: 90.0, pitch_deg: -90.0, roll_deg: 0.0 }
    }

    #[test]
    fn straight_down_the_upper_edge_lies_towards_the_heading() {
        let lens = Lens::of_field(1_920, 1_080, 90.0).expect("a lens");
        let place = locate_pixel(Corner { x: 960.0, y: 60.0 }, &lens, &pose(), &PoseSpread::PLAIN).expect("the ground");
        assert!((place.from_camera_m[0] - 7.5).abs() < 1e-9 && place.from_camera_m[1].abs() < 1e-9, "{place:?}");
        assert!(place.longitude_deg > 127.0 && (place.latitude_deg - 37.5).abs() < 1e-12);
        assert!(place.spread_m() > 1.5 && place.spread_m() < 2.0, "{}", place.spread_m());
    }

    #[test]
    fn from_pixel_to_ground_and_back() {
        let lens = Lens { radial: [-0.08, 0.01], ..Lens::of_field(1_920, 1_080, 70.0).expect("a lens") };
        for turn in 0..24 {
            let part = f64::from(turn);
            let pose = Pose { heading_deg: part * 15.0, pitch_deg: -90.0 + part, roll_deg: part - 12.0, ..pose() };
            let pixel = Corner { x: 300.0 + 55.0 * part, y: 900.0 - 30.0 * part };
            let back = pixel_of(offset_m(pixel, &lens, &pose).expect("the ground"), &lens, &pose).expect("in front");
            assert!((back.x - pixel.x).hypot(back.y - pixel.y) < 1e-6, "{pixel:?} {back:?}");
        }
    }

    #[test]
    fn what_does_not_meet_the_ground_has_no_place() {
        let lens = Lens::of_field(640, 480, 70.0).expect("a lens");
        let middle = Corner { x: 320.0, y: 240.0 };
        for pose in [
            Pose { pitch_deg: 5.0, ..pose() },
            Pose { pitch_deg: -3.0, ..pose() },
            Pose { height_m: 0.0, ..pose() },
            Pose { height_m: f64::NAN, ..pose() },
            Pose { heading_deg: f64::INFINITY, ..pose() },
            Pose { latitude_deg: 90.0, ..pose() },
        ] {
            assert_eq!(locate_pixel(middle, &lens, &pose, &PoseSpread::PLAIN), None, "{pose:?}");
        }
        assert!(Lens::of_field(640, 480, f64::NAN).is_err() && Lens::of_field(640, 480, 180.0).is_err());
    }
}
