//! Irregularity of surfaces: one periodic table of smooth noise, sampled at several scales.

use crate::geometry::share_of;

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
        let (floor_x, floor_y) = (x.floor(), y.floor());
        let (share_x, share_y) = (x - floor_x, y - floor_y);
        let (left, low) = (floor_x as i64 as usize % SIDE, floor_y as i64 as usize % SIDE);
        let (right, high) = ((left + 1) % SIDE, (low + 1) % SIDE);
        let row = |at: usize| {
            let (a, b) = (self.nodes[at * SIDE + left], self.nodes[at * SIDE + right]);
            a + (b - a) * share_x
        };
        let (lower, upper) = (row(low), row(high));
        (lower + (upper - lower) * share_y) * fade
    }
}
