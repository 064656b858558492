//! How much of each texel a ring covers.

use crate::geometry::{Area, Flat};

/// Lines within a texel that are looked at.
const LINES: usize = 4;

/// A square of texels whose nodes lie `texel_m` apart from `low`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lattice {
    pub(crate) low: Flat,
    pub(crate) texel_m: f32,
    pub(crate) side: usize,
}

impl Lattice {
    /// The node's place, metres.
    pub(crate) fn place(&self, x: usize, y: usize) -> Flat {
        [self.low[0] + x as f32 * self.texel_m, self.low[1] + y as f32 * self.texel_m]
    }

    /// The box round all nodes.
    pub(crate) fn area(&self) -> Area {
        let last = self.side - 1;
        Area { low: self.low, high: self.place(last, last) }
    }

    /// Nodes from first to end (exclusive) between two coordinates, one texel more on each side.
    pub(crate) fn between(&self, axis: usize, low_m: f32, high_m: f32) -> std::ops::Range<usize> {
        let node = |metres: f32| (metres - self.low[axis]) / self.texel_m;
        let clamped = |value: f32| value.clamp(0.0, self.side as f32) as usize;
        clamped((node(low_m) - 1.0).floor())..clamped((node(high_m) + 2.0).floor())
    }
}

/// Calls `paint` with each texel's number and the share 0..1 of it that lies inside the ring (even-odd).
pub(crate) fn cover(lattice: &Lattice, ring: &[Flat], mut paint: impl FnMut(usize, f32)) {
    let (low, high) = ring.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), p| (low.min(p[1]), high.max(p[1])));
    let mut row = vec![0.0f32; lattice.side];
    let mut crossings = Vec::new();
    for y in lattice.between(1, low, high) {
        row.fill(0.0);
        let mut touched = false;
        for line in 0..LINES {
            let shift = (line as f32 + 0.5) / LINES as f32 - 0.5;
            let north_m = lattice.low[1] + (y as f32 + shift) * lattice.texel_m;
            cross(ring, north_m, &mut crossings);
            for pair in crossings.chunks_exact(2) {
                touched = true;
                let node = |metres: f32| (metres - lattice.low[0]) / lattice.texel_m + 0.5;
                add_run(&mut row, node(pair[0]), node(pair[1]));
            }
        }
        if touched {
            for (x, share) in row.iter().enumerate().filter(|(_, share)| **share > 0.0) {
                paint(y * lattice.side + x, (share / LINES as f32).min(1.0));
            }
        }
    }
}

fn cross(ring: &[Flat], north_m: f32, crossings: &mut Vec<f32>) {
    crossings.clear();
    let mut before = ring[ring.len() - 1];
    for corner in ring.iter().copied() {
        if (corner[1] > north_m) != (before[1] > north_m) {
            crossings.push(before[0] + (north_m - before[1]) / (corner[1] - before[1]) * (corner[0] - before[0]));
        }
        before = corner;
    }
    crossings.sort_by(f32::total_cmp);
}

/// Adds the share of each cell [x, x + 1) that lies between two coordinates.
fn add_run(row: &mut [f32], from: f32, to: f32) {
    let (from, to) = (from.clamp(0.0, row.len() as f32), to.clamp(0.0, row.len() as f32));
    let (first, last) = (from as usize, to as usize);
    if first == last {
        if let Some(cell) = row.get_mut(first) {
            *cell += to - from;
        }
        return;
    }
    row[first] += (first + 1) as f32 - from;
    for cell in &mut row[first + 1..last] {
        *cell += 1.0;
    }
    if let Some(cell) = row.get_mut(last) {
        *cell += to - last as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_covered_shares_add_up_to_the_area() {
        let lattice = Lattice { low: [-1.0, -1.0], texel_m: 0.25, side: 65 };
        let ring = [[0.3, 0.2], [9.1, 1.7], [7.0, 11.4], [2.2, 8.0]];
        let mut sum = 0.0;
        cover(&lattice, &ring, |_, share| sum += share * 0.0625);
        let area = crate::geometry::twice_area(&ring) / 2.0;
        assert!((sum - area).abs() < area * 0.003, "{sum} {area}");
    }

    #[test]
    fn a_ring_beyond_the_tile_covers_all_of_it_and_no_more() {
        let lattice = Lattice { low: [0.0, 0.0], texel_m: 1.0, side: 5 };
        let mut shares = [0.0; 25];
        cover(&lattice, &[[-9.0, -9.0], [90.0, -9.0], [90.0, 90.0], [-9.0, 90.0]], |at, share| shares[at] = share);
        assert!(shares.iter().all(|share| *share == 1.0));
        cover(&lattice, &[[-9.0, -9.0], [-5.0, -9.0], [-5.0, 90.0]], |_, _| panic!("nothing is there"));
    }
}
