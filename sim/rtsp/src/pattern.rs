//! A moving test pattern: for tests of the stream, where what is seen does not matter.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::clock::burn_clock;
use crate::picture::{Camera, Picture, Pose};

/// Diagonal stripes that move, under a burnt-in clock.
#[derive(Debug, Clone, Default)]
pub struct TestPattern {
    taken: usize,
    pose: Pose,
}

impl TestPattern {
    /// Seen from here.
    pub fn from_pose(pose: Pose) -> Self {
        Self { taken: 0, pose }
    }
}

impl Camera for TestPattern {
    fn capture(&mut self, picture: &mut Picture) {
        let (width, taken) = (picture.width, self.taken);
        for (row, line) in picture.luma_mut().chunks_exact_mut(width).enumerate() {
            for (column, point) in line.iter_mut().enumerate() {
                *point = 40 + ((row + column + taken * 4) / 2 % 128) as u8;
            }
        }
        self.taken += 1;
        picture.pose = self.pose;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        picture.captured_at_us = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
        burn_clock(picture);
    }
}
