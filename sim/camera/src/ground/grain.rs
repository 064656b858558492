//! Irregularity of surfaces: one periodic table of smooth noise, sampled at several scales.

use crate::geometry::share_of;

/// Nodes each way; a power of two.
const SIDE: usize = 128;

/// A table of noise, the same in every program.
#[derive(Debug, Clone)]
pub(crate) struct Grain {
    nodes: Box<[f32; SIDE * SIDE]>,
}

impl Grain {
    pub(crate) fn new() -> Self {
        let mut nodes = Box::new([0.0; SIDE * SIDE]);
        for (index, node) in nodes.iter_mut().enumerate() {
            *node = share_of(index as u64) * 2.0 - 1.0;
        }
        Self { nodes }
    }

    /// Noise within −1..1 whose nodes are `wave_m` apart; what texels of `texel_m` cannot show fades out.
    // Inlined, so that what depends on the wave alone is worked out once for a whole tile.
    #[inline(always)]
    pub(crate) fn at(&self, east_m: f32, north_m: f32, wave_m: f32, texel_m: f32) -> f32 {
        let fade = (wave_m / texel_m * 0.7).min(1.0);
        if fade < 0.05 {
            return 0.0;
        }
        let per_m = 1.0 / wave_m;
        let ((left, share_x), (low, share_y)) = (node_below(east_m * per_m), node_below(north_m * per_m));
        let (right, high) = ((left + 1) % SIDE, (low + 1) % SIDE);
        let row = |at: usize| {
            let (a, b) = (self.nodes[at * SIDE + left], self.nodes[at * SIDE + right]);
            a + (b - a) * share_x
        };
        let (lower, upper) = (row(low), row(high));
        (lower + (upper - lower) * share_y) * fade
    }
}

/// The node at or before a place and the share of the way to the next. On a node either neighbour will do: the noise is continuous.
#[inline(always)]
fn node_below(nodes: f32) -> (usize, f32) {
    /// Added to a number of less than four million it leaves the nearest whole one in the low bits: quicker than a conversion.
    const WHOLE: f32 = 12_582_912.0;
    let rounded = nodes - 0.5 + WHOLE;
    (rounded.to_bits() as usize % SIDE, (nodes - (rounded - WHOLE)).clamp(0.0, 1.0))
}
