//! From camera and module size to height, swath and speed.

/// Pixels that a module needs across: two would do on a still picture without blur (Nyquist), the third is for tilt and noise.
const PIXELS_PER_MODULE: f64 = 3.0;
/// How far a module may move while the shutter is open, in modules. Measured in the simulated camera (docs/vision.md): at one module every
/// beacon is still read, at three none.
const BLUR_MODULES_MAX: f64 = 1.0;
/// Boards do not hang higher than this over the ground, metres; a site's files take none that do.
const BOARD_UP_M_MAX: f64 = 20.0;
/// Frames that must show each place whole: one is not believed alone, one may be spoilt.
const FRAMES_PER_PLACE: f64 = 3.0;

/// A camera that looks straight down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Camera {
    /// Pixels across the flight direction.
    pub across_pixels: f64,
    /// Pixels along it.
    pub along_pixels: f64,
    /// Field of view across, degrees.
    pub across_deg: f64,
    /// Shutter time, seconds.
    pub exposure_s: f64,
    /// Frames a second that are looked at.
    pub frames_per_s: f64,
}

/// The boards that are to be read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Board {
    /// Side of a printed module, metres: of the smallest.
    pub module_m: f64,
    /// How high the code hangs over the ground, metres: the lowest; 0 when it lies.
    pub up_m: f64,
}

/// From where and how fast to look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sight {
    /// Height above the ground, metres.
    pub height_m: f64,
    /// Ground seen across, less the overlap, metres.
    pub swath_m: f64,
    /// Ground seen along the flight, metres.
    pub along_m: f64,
    /// Speed over ground, metres a second.
    pub speed_m_s: f64,
}

/// Why a camera cannot survey.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum CameraError {
    /// A figure that no camera or lot has.
    #[error("{0} must be a positive number in its range")]
    Figure(&'static str),
    /// The modules are too small for this camera at the lowest height allowed.
    #[error(
        "modules of {module_m} m need a height of {needed_m:.1} m, below the lowest allowed of {lowest_m} m: print larger beacons"
    )]
    TooLow {
        /// Module size, metres.
        module_m: f64,
        /// The height at which they can be read, metres.
        needed_m: f64,
        /// The lowest height allowed, metres.
        lowest_m: f64,
    },
}

/// The greatest height in `heights_m` (lowest, highest) at which the boards are readable, with the swath less `overlap`
/// (0 to 0.9) and the speed that blur and frame rate allow, at most `speed_max_m_s`. A board is as far from the camera as it hangs over the
/// ground less: of a code 0.9 m up that is readable from 10 m, the height is 10.9 m, and the swath on the ground 9 % wider.
pub fn sight(camera: Camera, board: Board, overlap: f64, heights_m: (f64, f64), speed_max_m_s: f64) -> Result<Sight, CameraError> {
    let figures = [
        ("pixels across", camera.across_pixels, 100_000.0),
        ("pixels along", camera.along_pixels, 100_000.0),
        ("field of view", camera.across_deg, 170.0),
        ("exposure", camera.exposure_s, 1.0),
        ("frames a second", camera.frames_per_s, 1_000.0),
        ("module size", board.module_m, 10.0),
        ("lowest height", heights_m.0, 1_000.0),
        ("highest height", heights_m.1, 1_000.0),
        ("speed", speed_max_m_s, 100.0),
    ];
    if let Some((name, _, _)) = figures.iter().find(|(_, value, most)| !(*value > 0.0 && value <= most)) {
        return Err(CameraError::Figure(name));
    }
    if !(0.0..=BOARD_UP_M_MAX).contains(&board.up_m) {
        return Err(CameraError::Figure("a board's height"));
    }
    if !(0.0..=0.9).contains(&overlap) {
        return Err(CameraError::Figure("overlap"));
    }
    let half_tan = (camera.across_deg.to_radians() / 2.0).tan();
    let readable_m = board.up_m + board.module_m / PIXELS_PER_MODULE * camera.across_pixels / (2.0 * half_tan);
    if readable_m < heights_m.0 {
        return Err(CameraError::TooLow { module_m: board.module_m, needed_m: readable_m, lowest_m: heights_m.0 });
    }
    let height_m = readable_m.min(heights_m.1);
    let across_m = 2.0 * height_m * half_tan;
    let along_m = across_m * camera.along_pixels / camera.across_pixels;
    let by_blur = BLUR_MODULES_MAX * board.module_m / camera.exposure_s;
    let by_frames = along_m * camera.frames_per_s / FRAMES_PER_PLACE;
    let speed_m_s = by_blur.min(by_frames).min(speed_max_m_s);
    Ok(Sight { height_m, swath_m: across_m * (1.0 - overlap), along_m, speed_m_s })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Light;

    const CAMERA: Camera =
        Camera { across_pixels: 1_920.0, along_pixels: 1_080.0, across_deg: 70.0, exposure_s: 0.002, frames_per_s: 10.0 };

    fn lying(module_m: f64) -> Board {
        Board { module_m, up_m: 0.0 }
    }

    #[test]
    fn a_board_that_hangs_higher_is_read_from_as_much_higher() {
        let height_m = |up_m: f64| sight(CAMERA, Board { module_m: 0.03, up_m }, 0.2, (5.0, 60.0), 8.0).expect("a sight").height_m;
        assert!((height_m(0.9) - height_m(0.0) - 0.9).abs() < 1e-9);
        for up_m in [-0.1, f64::NAN, 20.5] {
            let refused = sight(CAMERA, Board { module_m: 0.03, up_m }, 0.2, (5.0, 60.0), 8.0);
            assert_eq!(refused, Err(CameraError::Figure("a board's height")), "{up_m}");
        }
    }

    #[test]
    fn a_module_has_three_pixels_at_the_height_chosen() {
        let seen = sight(CAMERA, lying(0.03), 0.2, (5.0, 60.0), 8.0).expect("a sight");
        let pixel_m = 2.0 * seen.height_m * 35.0_f64.to_radians().tan() / 1_920.0;
        assert!((0.03 / pixel_m - 3.0).abs() < 1e-9 && seen.height_m < 60.0);
        assert!((seen.swath_m - pixel_m * 1_920.0 * 0.8).abs() < 1e-9);
        assert!(seen.speed_m_s <= 0.03 / 0.002 + 1e-12, "a module of blur: {seen:?}");
    }

    #[test]
    fn the_light_decides_the_speed() {
        let speed_m_s = |light: Light| {
            let camera = Camera { exposure_s: light.exposure_s(), ..CAMERA };
            sight(camera, lying(0.033), 0.2, (5.0, 60.0), 8.0).expect("a sight").speed_m_s
        };
        // As measured by reading (docs/vision.md): 8 m/s by day, 1 m/s at dusk and at night.
        assert!((speed_m_s(Light::Day) - 8.0).abs() < 0.3, "{}", speed_m_s(Light::Day));
        assert!((speed_m_s(Light::Dusk) - 0.99).abs() < 1e-9 && speed_m_s(Light::Night) == speed_m_s(Light::Dusk));
    }

    #[test]
    fn a_place_is_in_three_frames_however_rarely_they_are_looked_at() {
        // Shutter times so short that blur allows anything: how rarely frames come decides.
        let seen = |frames_per_s: f64| {
            let camera = Camera { exposure_s: 1e-5, frames_per_s, ..CAMERA };
            sight(camera, lying(0.03), 0.2, (5.0, 60.0), 20.0).expect("a sight")
        };
        for frames_per_s in [0.2, 1.0, 2.5] {
            let Sight { along_m, speed_m_s, .. } = seen(frames_per_s);
            // Any place along the lane enters the picture at some moment between two frames.
            let shown = |at: u32| {
                let place_m = 100.0 + f64::from(at) * speed_m_s / frames_per_s / 16.0;
                (0..1_000).filter(|frame| (place_m - f64::from(*frame) * speed_m_s / frames_per_s).abs() <= along_m / 2.0).count()
            };
            let least = (0..16).map(shown).min().unwrap_or(0);
            assert_eq!(least, 3, "{frames_per_s} frames a second at {speed_m_s:.2} m/s");
        }
        assert!((seen(1.0).speed_m_s - 2.0 * seen(0.5).speed_m_s).abs() < 1e-9);
        assert!((seen(1_000.0).speed_m_s - 20.0).abs() < 1e-9, "then it is the aircraft's own");
    }

    #[test]
    fn small_modules_and_senseless_figures_are_refused() {
        assert!(matches!(sight(CAMERA, lying(0.002), 0.2, (5.0, 60.0), 8.0), Err(CameraError::TooLow { .. })));
        assert_eq!(sight(CAMERA, lying(f64::NAN), 0.2, (5.0, 60.0), 8.0), Err(CameraError::Figure("module size")));
        assert_eq!(sight(CAMERA, lying(0.03), 1.0, (5.0, 60.0), 8.0), Err(CameraError::Figure("overlap")));
    }
}
