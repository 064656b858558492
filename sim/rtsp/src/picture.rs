//! What a camera hands to the encoder: one picture, when it was taken and where the camera was then.

/// Where a camera was and looked when it took a picture.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Pose {
    /// Latitude, degrees WGS 84.
    pub lat_deg: f64,
    /// Longitude, degrees WGS 84.
    pub lon_deg: f64,
    /// Height above mean sea level, metres.
    pub amsl_m: f64,
    /// Direction of the optical axis, degrees clockwise from north.
    pub yaw_deg: f64,
    /// Its elevation, degrees; straight down is −90.
    pub pitch_deg: f64,
    /// Rotation about it, degrees.
    pub roll_deg: f64,
    /// Width of the picture, degrees.
    pub horizontal_fov_deg: f64,
}

/// One picture in planar YUV 4:2:0, limited range.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Columns; even.
    pub width: usize,
    /// Rows; even.
    pub height: usize,
    /// `width × height` luma bytes, then a quarter as many each of Cb and Cr.
    pub i420: Vec<u8>,
    /// When it was taken, microseconds since 1970-01-01 UTC.
    pub captured_at_us: i64,
    /// Where from.
    pub pose: Pose,
}

/// Something that takes pictures. Asked only while somebody plays its stream.
pub trait Camera: Send {
    /// Takes a picture now, into `picture`, whose size is given.
    fn capture(&mut self, picture: &mut Picture);
}

impl Picture {
    /// A black picture.
    pub fn black(width: usize, height: usize) -> Self {
        let mut i420 = vec![16; width * height];
        i420.resize(width * height * 3 / 2, 128);
        Self { width, height, i420, captured_at_us: 0, pose: Pose::default() }
    }

    /// The three planes.
    pub fn planes(&self) -> (&[u8], &[u8], &[u8]) {
        let (y, chroma) = self.i420.split_at(self.width * self.height);
        let (u, v) = chroma.split_at(self.width * self.height / 4);
        (y, u, v)
    }

    /// The luma plane.
    pub fn luma_mut(&mut self) -> &mut [u8] {
        &mut self.i420[..self.width * self.height]
    }

    /// The same picture at another size, each point the mean of what it covers when that is an exact half, the nearest else.
    pub(crate) fn scaled_into(&self, target: &mut Picture) {
        target.captured_at_us = self.captured_at_us;
        target.pose = self.pose;
        let (y, u, v) = self.planes();
        let (width, height) = (target.width, target.height);
        let (target_y, chroma) = target.i420.split_at_mut(width * height);
        let (target_u, target_v) = chroma.split_at_mut(width * height / 4);
        scale(y, (self.width, self.height), target_y, (width, height));
        scale(u, (self.width / 2, self.height / 2), target_u, (width / 2, height / 2));
        scale(v, (self.width / 2, self.height / 2), target_v, (width / 2, height / 2));
    }
}

type Size = (usize, usize);

fn scale(from: &[u8], from_size: Size, to: &mut [u8], to_size: Size) {
    if from_size == (to_size.0 * 2, to_size.1 * 2) {
        return halve(from, from_size.0, to, to_size.0);
    }
    for (row, line) in to.chunks_exact_mut(to_size.0).enumerate() {
        let start = row * from_size.1 / to_size.1 * from_size.0;
        for (column, point) in line.iter_mut().enumerate() {
            *point = from[start + column * from_size.0 / to_size.0];
        }
    }
}

fn halve(from: &[u8], from_width: usize, to: &mut [u8], to_width: usize) {
    for (pair, line) in from.chunks_exact(from_width * 2).zip(to.chunks_exact_mut(to_width)) {
        let (upper, lower) = pair.split_at(from_width);
        let squares = upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0);
        for (point, (above, below)) in line.iter_mut().zip(squares) {
            let sum = u16::from(above[0]) + u16::from(above[1]) + u16::from(below[0]) + u16::from(below[1]);
            *point = (sum / 4) as u8;
        }
    }
}
