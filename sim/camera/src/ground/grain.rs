//! Irregularity of surfaces: one periodic table of smooth noise, sampled at several scales.

use crate::geometry::{share_of, whole};

/// Nodes each way; a power of two.
const SIDE: usize = 128;

/// A table of noise, the same in every program.
#[derive(Debug, Clone)]
pub(crate) struct Grain {
    nodes: Vec<f32>,
}

impl Grain {
    pub(crate) fn new() -> Self {
        Self { nodes: (0..SIDE * SIDE).map(|index| share_of(index as u64) * 2.0 - 1.0).collect() }
    }

    /// Noise within −1..1 whose nodes are `wave_m` apart; what texels of `texel_m` cannot show fades out.
    pub(crate) fn at(&self, east_m: f32, north_m: f32, wave_m: f32, texel_m: f32) -> f32 {
        let fade = (wave_m / texel_m * 0.7).min(1.0);
        if fade < 0.05 {
            return 0.0;
        }
        let (x, y) = (east_m / wave_m, north_m / wave_m);
        let (whole_x, whole_y) = (whole(x), whole(y));
        let (share_x, share_y) = (x - whole_x as f32, y - whole_y as f32);
        let (left, low) = (whole_x as usize % SIDE, whole_y as usize % SIDE);
        let (right, high) = ((left + 1) % SIDE, (low + 1) % SIDE);
        let row = |at: usize| {
            let (a, b) = (self.nodes[at * SIDE + left], self.nodes[at * SIDE + right]);
            a + (b - a) * share_x
        };
        let (lower, upper) = (row(low), row(high));
        (lower + (upper - lower) * share_y) * fade
    }
}
