//! Where the camera is and looks, and from there between pixels and the ground. Pure geometry in double precision.

use crate::Intrinsics;

/// Rays flatter than this under the horizon do not meet the ground within a place's surroundings, sine of the angle.
const GRAZING_SIN_MIN: f64 = 1e-4;

/// Place and direction of the camera, in metres east, north and up of the scene's origin on the ground.
///
/// `heading_deg` is clockwise from north, `pitch_deg` above the horizon (−90 looks straight down, the upper edge of the picture
/// then points to the heading), `roll_deg` with the right side down positive.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CameraPose {
    /// East of the origin.
    pub east_m: f64,
    /// North of the origin.
    pub north_m: f64,
    /// Above the ground.
    pub up_m: f64,
    /// Direction of the look, degrees clockwise from north.
    pub heading_deg: f64,
    /// Elevation of the look, degrees.
    pub pitch_deg: f64,
    /// Roll about the look, degrees.
    pub roll_deg: f64,
    /// Speed east, north, up, metres per second: blurs the picture while the shutter is open.
    pub velocity_m_s: [f64; 3],
    /// Rates of heading, pitch and roll, degrees per second: blur it too.
    pub turn_deg_s: [f64; 3],
}

/// The camera's axes in the world: each a unit vector east, north, up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CameraAxes {
    /// To the right in the picture.
    pub right: [f64; 3],
    /// Down in the picture.
    pub down: [f64; 3],
    /// Into the picture.
    pub forward: [f64; 3],
}

impl CameraPose {
    /// The camera's axes in the world.
    pub fn axes(&self) -> CameraAxes {
        let (sin_h, cos_h) = self.heading_deg.to_radians().sin_cos();
        let (sin_p, cos_p) = self.pitch_deg.to_radians().sin_cos();
        let (sin_r, cos_r) = self.roll_deg.to_radians().sin_cos();
        let forward = [sin_h * cos_p, cos_h * cos_p, sin_p];
        let level_right = [cos_h, -sin_h, 0.0];
        let level_down = [sin_h * sin_p, cos_h * sin_p, -cos_p];
        let right = std::array::from_fn(|i| level_right[i] * cos_r + level_down[i] * sin_r);
        let down = std::array::from_fn(|i| level_down[i] * cos_r - level_right[i] * sin_r);
        CameraAxes { right, down, forward }
    }

    /// Where the camera will be and look `after_s` later at its present speed.
    pub fn after(&self, after_s: f64) -> Self {
        Self {
            east_m: self.east_m + self.velocity_m_s[0] * after_s,
            north_m: self.north_m + self.velocity_m_s[1] * after_s,
            up_m: self.up_m + self.velocity_m_s[2] * after_s,
            heading_deg: self.heading_deg + self.turn_deg_s[0] * after_s,
            pitch_deg: self.pitch_deg + self.turn_deg_s[1] * after_s,
            roll_deg: self.roll_deg + self.turn_deg_s[2] * after_s,
            ..*self
        }
    }

    /// A pose that looks from one point at another, level.
    pub fn looking_at(from: [f64; 3], to: [f64; 3]) -> Self {
        let way = [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
        Self {
            east_m: from[0],
            north_m: from[1],
            up_m: from[2],
            heading_deg: way[0].atan2(way[1]).to_degrees().rem_euclid(360.0),
            pitch_deg: way[2].atan2(way[0].hypot(way[1])).to_degrees(),
            ..Self::default()
        }
    }
}

/// All that is needed to know where each pixel of a frame lies: it travels with the frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FramePose {
    /// The camera at the middle of the exposure.
    pub camera: CameraPose,
    /// Lens and raster, zoom included.
    pub intrinsics: Intrinsics,
    /// How long the shutter was open, seconds.
    pub exposure_s: f64,
    /// Amplification over the sensor's base sensitivity.
    pub gain: f64,
}

impl FramePose {
    /// The pixel on which a point of the world falls (east, north, up, metres); `None` behind the camera.
    pub fn pixel_of(&self, point_m: [f64; 3]) -> Option<[f64; 2]> {
        let axes = self.camera.axes();
        let way = [point_m[0] - self.camera.east_m, point_m[1] - self.camera.north_m, point_m[2] - self.camera.up_m];
        self.intrinsics.pixel([dot(axes.right, way), dot(axes.down, way), dot(axes.forward, way)])
    }

    /// The point east, north, metres, that a pixel shows on the level `up_m` (0 is the ground); `None` where the look does not
    /// meet that level.
    pub fn ground_of(&self, pixel: [f64; 2], up_m: f64) -> Option<[f64; 2]> {
        let axes = self.camera.axes();
        let [x, y, z] = self.intrinsics.direction(pixel);
        let look: [f64; 3] = std::array::from_fn(|i| axes.right[i] * x + axes.down[i] * y + axes.forward[i] * z);
        let length = dot(look, look).sqrt();
        let drop_m = self.camera.up_m - up_m;
        if drop_m <= 0.0 || -look[2] < GRAZING_SIN_MIN * length {
            return None;
        }
        let reach = drop_m / -look[2];
        Some([self.camera.east_m + look[0] * reach, self.camera.north_m + look[1] * reach])
    }
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    prop_compose! {
        fn any_pose()(
            east_m in -500.0..500.0, north_m in -500.0..500.0, up_m in 2.0..120.0,
            heading_deg in 0.0..360.0, pitch_deg in -90.0..-20.0, roll_deg in -20.0..20.0,
        ) -> CameraPose {
            CameraPose { east_m, north_m, up_m, heading_deg, pitch_deg, roll_deg, ..CameraPose::default() }
        }
    }

    proptest! {
        #[test]
        fn ground_and_pixel_agree_both_ways(
            camera in any_pose(), x in 0.0..1280.0, y in 0.0..720.0, zoom in 1.0..6.0, k1 in -0.15..0.15, k2 in -0.02..0.02,
        ) {
            let intrinsics = Intrinsics { radial: [k1, k2], ..Intrinsics::hd() }.zoomed(zoom);
            let frame = FramePose { camera, intrinsics, exposure_s: 0.001, gain: 1.0 };
            if let Some([east_m, north_m]) = frame.ground_of([x, y], 0.0) {
                let back = frame.pixel_of([east_m, north_m, 0.0]).expect("what is seen lies in front");
                prop_assert!((back[0] - x).hypot(back[1] - y) < 1e-3, "{x},{y} -> {back:?}");
                let again = frame.ground_of(back, 0.0).expect("still on the ground");
                let off_m = (again[0] - east_m).hypot(again[1] - north_m);
                let far_m = (east_m - camera.east_m).hypot(north_m - camera.north_m);
                prop_assert!(off_m < 0.01 * (far_m / 100.0).max(1.0).powi(2), "{off_m} m off at {far_m} m");
            }
        }

        #[test]
        fn axes_are_square(camera in any_pose()) {
            let axes = camera.axes();
            for (a, b) in [(axes.right, axes.down), (axes.right, axes.forward), (axes.down, axes.forward)] {
                prop_assert!(dot(a, b).abs() < 1e-12);
            }
            let cross = [axes.right[1] * axes.down[2] - axes.right[2] * axes.down[1], axes.right[2] * axes.down[0] - axes.right[0] * axes.down[2]];
            prop_assert!((cross[0] - axes.forward[0]).abs() < 1e-12 && (cross[1] - axes.forward[1]).abs() < 1e-12);
        }
    }

    #[test]
    fn straight_down_has_the_heading_on_top() {
        let camera = CameraPose { up_m: 10.0, heading_deg: 90.0, pitch_deg: -90.0, ..CameraPose::default() };
        let frame = FramePose { camera, intrinsics: Intrinsics::hd(), exposure_s: 0.001, gain: 1.0 };
        let [east_m, north_m] = frame.ground_of([640.0, 0.0], 0.0).expect("the ground");
        assert!(east_m > 3.0 && north_m.abs() < 1e-6, "{east_m} {north_m}");
        let [_, right_m] = frame.ground_of([1280.0, 360.0], 0.0).expect("the ground");
        assert!((right_m + 10.0 * 35f64.to_radians().tan()).abs() < 1e-6, "{right_m}");
    }

    #[test]
    fn the_sky_is_not_on_the_ground() {
        let camera = CameraPose { up_m: 10.0, pitch_deg: 10.0, ..CameraPose::default() };
        let frame = FramePose { camera, intrinsics: Intrinsics::hd(), exposure_s: 0.001, gain: 1.0 };
        assert_eq!(frame.ground_of([640.0, 10.0], 0.0), None);
        assert_eq!(frame.pixel_of([0.0, -5.0, 0.0]), None);
    }
}
