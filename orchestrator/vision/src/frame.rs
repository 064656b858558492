//! A grey picture in memory: one byte a pixel, rows from the top. Always consistent, never empty, never beyond the bound.

use crate::decode::PICTURE_PIXELS_MAX;

/// Black of a video picture (ITU-R BT.601).
const BLACK: f64 = 16.0;

/// Why bytes are not a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// No pixels at all.
    #[error("a frame needs at least one pixel, this one is {width} x {height}")]
    Empty {
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
    },
    /// More pixels than are looked at.
    #[error("the frame is {width} x {height}, more than {PICTURE_PIXELS_MAX} pixels")]
    TooLarge {
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
    },
    /// The bytes do not match the size.
    #[error("a frame of {width} x {height} has {wanted} bytes, not {found}")]
    Length {
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
        /// What the size asks for.
        wanted: usize,
        /// What was given.
        found: usize,
    },
}

/// A grey picture; 0 is black, 255 white.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Frame {
    /// Takes rows of grey bytes, such as the luma plane of a camera's picture.
    pub fn new(width: usize, height: usize, pixels: Vec<u8>) -> Result<Self, FrameError> {
        if width == 0 || height == 0 {
            return Err(FrameError::Empty { width, height });
        }
        let wanted = width.checked_mul(height).filter(|count| *count <= PICTURE_PIXELS_MAX);
        let wanted = wanted.ok_or(FrameError::TooLarge { width, height })?;
        match pixels.len() == wanted {
            true => Ok(Self { width, height, pixels }),
            false => Err(FrameError::Length { width, height, wanted, found: pixels.len() }),
        }
    }

    /// For filters, which keep size and bytes consistent themselves.
    pub(crate) fn made(width: usize, height: usize, pixels: Vec<u8>) -> Self {
        debug_assert_eq!(width * height, pixels.len());
        Self { width, height, pixels }
    }

    /// Pixels across.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Pixels down.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Rows from the top, one byte a pixel.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// How many pixels.
    pub(crate) fn area(&self) -> usize {
        self.pixels.len()
    }

    pub(crate) fn row(&self, y: usize) -> &[u8] {
        &self.pixels[y * self.width..(y + 1) * self.width]
    }

    /// The pixel at or nearest to a place; what is no number counts as 0.
    pub(crate) fn nearest(&self, x: f64, y: f64) -> u8 {
        let within = |at: f64, count: usize| (at.max(0.0) as usize).min(count - 1);
        self.pixels[within(y, self.height) * self.width + within(x, self.width)]
    }

    /// Brightness at or nearest to a place in the picture, steps over a video's black.
    pub(crate) fn brightness(&self, x: f64, y: f64) -> f64 {
        (f64::from(self.nearest(x, y)) - BLACK).max(0.0)
    }

    /// Whether a place lies in the picture, at least so many pixels inside its edge; what is no number does not.
    pub(crate) fn holds(&self, x: f64, y: f64, margin: f64) -> bool {
        let within = |at: f64, count: usize| (margin..count as f64 - margin).contains(&at);
        within(x, self.width) && within(y, self.height)
    }

    /// A part of the frame; what lies outside is cut off.
    pub(crate) fn cropped(&self, left: usize, top: usize, width: usize, height: usize) -> Self {
        let (width, height) = (width.min(self.width - left), height.min(self.height - top));
        let rows = (top..top + height).flat_map(|y| self.row(y)[left..left + width].iter().copied());
        Self::made(width, height, rows.collect())
    }
}
