//! A finished frame: planes, when and from where.

use crate::FramePose;

/// One picture.
///
/// `i420` is the luma plane (width × height bytes, row by row), then the plane of blue differences and that of red ones, each with
/// half as many pixels both ways: what H.264 encoders take. Values are BT.601 in 16..=235 (240 for differences), which decoders
/// assume when a stream does not say.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// The planes.
    pub i420: Vec<u8>,
    /// Time of the middle of the exposure, microseconds, as given to the camera.
    pub captured_at_us: u64,
    /// Where each pixel lies.
    pub pose: FramePose,
}

impl Frame {
    /// The luma plane: what code readers take.
    pub fn luma(&self) -> &[u8] {
        &self.i420[..(self.width * self.height) as usize]
    }

    /// Red, green, blue, row by row, from the planes.
    pub fn to_rgb8(&self) -> Vec<u8> {
        let (width, height) = (self.width as usize, self.height as usize);
        let (luma, rest) = self.i420.split_at(width * height);
        let (blue, red) = rest.split_at(width * height / 4);
        let pixel = |index: usize| {
            let (row, column) = (index / width, index % width);
            let chroma = row / 2 * (width / 2) + column / 2;
            let y = 298 * (i32::from(luma[index]) - 16);
            let (u, v) = (i32::from(blue[chroma]) - 128, i32::from(red[chroma]) - 128);
            let part = |value: i32| ((value + 128) >> 8).clamp(0, 255) as u8;
            [part(y + 409 * v), part(y - 100 * u - 208 * v), part(y + 516 * u)]
        };
        (0..width * height).flat_map(pixel).collect()
    }
}
