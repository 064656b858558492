//! The lens and the sensor's raster as numbers: from directions to pixels and back. Knows nothing of where the camera is.

/// Widest and highest picture, pixels: four times the pixels of 1080p; a typing error must not take the machine's memory.
const SIDE_PX_MAX: u32 = 4_096;
/// Smallest picture that the clock and the metering have room in, pixels.
const SIDE_PX_MIN: u32 = 64;
/// Field of view that a flat sensor can have and still be worth the name, degrees.
const FIELD_DEG: std::ops::RangeInclusive<f64> = 1.0..=150.0;
/// Rounds of the fixed-point search that takes the distortion off; each gains a digit or more for lenses in bounds.
const UNDISTORT_ROUNDS: usize = 20;

/// Why numbers do not make a camera.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum IntrinsicsError {
    /// Sides out of bounds or odd: the colour planes have half as many pixels each way.
    #[error("a picture of {width} x {height} cannot be made: both sides must be even and within {SIDE_PX_MIN} to {SIDE_PX_MAX}")]
    Size {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// Field of view out of bounds.
    #[error("a horizontal field of view of {0} degrees is outside 1 to 150")]
    Field(f64),
}

/// A pinhole with radial distortion (Brown's model, two terms). Pixels are square.
///
/// Picture coordinates: x to the right, y down, in pixels; the middle of the top left pixel is (0.5, 0.5). Camera coordinates: x
/// right, y down, z forward. A direction (x, y, z) has the normal coordinates a = x/z, b = y/z, r² = a² + b², and falls on
/// `centre + focal · (a, b) · (1 + k1 r² + k2 r⁴)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Intrinsics {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Focal length, pixels.
    pub focal_px: f64,
    /// Principal point, pixels from the left edge.
    pub centre_x_px: f64,
    /// Principal point, pixels from the upper edge.
    pub centre_y_px: f64,
    /// Radial distortion k1, k2; 0 for a corrected lens.
    pub radial: [f64; 2],
}

impl Intrinsics {
    /// A corrected lens with the principal point in the middle.
    pub fn new(width: u32, height: u32, horizontal_field_deg: f64) -> Result<Self, IntrinsicsError> {
        let fits = |side: u32| side.is_multiple_of(2) && (SIDE_PX_MIN..=SIDE_PX_MAX).contains(&side);
        if !fits(width) || !fits(height) {
            return Err(IntrinsicsError::Size { width, height });
        }
        if !FIELD_DEG.contains(&horizontal_field_deg) {
            return Err(IntrinsicsError::Field(horizontal_field_deg));
        }
        let half = f64::from(width) / 2.0;
        Ok(Self {
            width,
            height,
            focal_px: half / (horizontal_field_deg.to_radians() / 2.0).tan(),
            centre_x_px: half,
            centre_y_px: f64::from(height) / 2.0,
            radial: [0.0; 2],
        })
    }

    /// The simulated aircraft's camera at 1280 × 720: 70° across.
    pub fn hd() -> Self {
        Self::new(1_280, 720, 70.0).expect("both sides are even and in bounds")
    }

    /// The same lens at 1920 × 1080.
    pub fn full_hd() -> Self {
        Self::new(1_920, 1_080, 70.0).expect("both sides are even and in bounds")
    }

    /// The same camera with the focal length times `factor` (below 1 counts as 1: the lens is at its wide end).
    pub fn zoomed(self, factor: f64) -> Self {
        let factor = if factor.is_finite() { factor.max(1.0) } else { 1.0 };
        Self { focal_px: self.focal_px * factor, ..self }
    }

    /// Field of view from edge to edge, radians, distortion aside.
    pub fn horizontal_field_rad(&self) -> f64 {
        (self.centre_x_px / self.focal_px).atan() + ((f64::from(self.width) - self.centre_x_px) / self.focal_px).atan()
    }

    /// Field of view from top to bottom, radians, distortion aside.
    pub fn vertical_field_rad(&self) -> f64 {
        (self.centre_y_px / self.focal_px).atan() + ((f64::from(self.height) - self.centre_y_px) / self.focal_px).atan()
    }

    /// Where a direction in camera coordinates falls; `None` behind the camera. The pixel may lie outside the picture.
    pub fn pixel(&self, direction: [f64; 3]) -> Option<[f64; 2]> {
        let [x, y, z] = direction;
        if z <= 0.0 {
            return None;
        }
        let (a, b) = (x / z, y / z);
        let stretch = self.stretch(a * a + b * b);
        Some([self.centre_x_px + self.focal_px * a * stretch, self.centre_y_px + self.focal_px * b * stretch])
    }

    /// The direction in camera coordinates, z = 1, that falls on a pixel.
    pub fn direction(&self, pixel: [f64; 2]) -> [f64; 3] {
        let (x, y) = ((pixel[0] - self.centre_x_px) / self.focal_px, (pixel[1] - self.centre_y_px) / self.focal_px);
        let (mut a, mut b) = (x, y);
        if self.is_distorted() {
            for _ in 0..UNDISTORT_ROUNDS {
                let stretch = self.stretch(a * a + b * b);
                (a, b) = (x / stretch, y / stretch);
            }
        }
        [a, b, 1.0]
    }

    /// Whether straight lines come out bent.
    pub fn is_distorted(&self) -> bool {
        self.radial != [0.0; 2]
    }

    fn stretch(&self, r2: f64) -> f64 {
        1.0 + r2 * (self.radial[0] + r2 * self.radial[1])
    }
}
