//! Single-precision vectors for the rasteriser, and small helpers on plane polygons.

use std::ops::{Add, Mul, Neg, Sub};

/// Metres east, north, up; or x, y, z of the camera.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Vector {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) z: f32,
}

pub(crate) const fn vector(x: f32, y: f32, z: f32) -> Vector {
    Vector { x, y, z }
}

impl Vector {
    pub(crate) fn dot(self, other: Self) -> f32 {
        self.x * other.x + self.y * other.y + self.z * other.z
    }

    pub(crate) fn cross(self, other: Self) -> Self {
        vector(self.y * other.z - self.z * other.y, self.z * other.x - self.x * other.z, self.x * other.y - self.y * other.x)
    }

    pub(crate) fn length(self) -> f32 {
        self.dot(self).sqrt()
    }

    pub(crate) fn unit(self) -> Self {
        self * (1.0 / self.length().max(1e-12))
    }
}

impl From<[f64; 3]> for Vector {
    fn from([x, y, z]: [f64; 3]) -> Self {
        vector(x as f32, y as f32, z as f32)
    }
}

impl Add for Vector {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        vector(self.x + other.x, self.y + other.y, self.z + other.z)
    }
}

impl Sub for Vector {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        vector(self.x - other.x, self.y - other.y, self.z - other.z)
    }
}

impl Mul<f32> for Vector {
    type Output = Self;
    fn mul(self, factor: f32) -> Self {
        vector(self.x * factor, self.y * factor, self.z * factor)
    }
}

impl Neg for Vector {
    type Output = Self;
    fn neg(self) -> Self {
        self * -1.0
    }
}

/// A point of the ground, metres east and north.
pub(crate) type Flat = [f32; 2];

/// An upright box round plane points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Area {
    pub(crate) low: Flat,
    pub(crate) high: Flat,
}

impl Area {
    pub(crate) fn of(points: &[Flat]) -> Self {
        let mut area = Self { low: [f32::INFINITY; 2], high: [f32::NEG_INFINITY; 2] };
        for point in points {
            area.low = std::array::from_fn(|axis| area.low[axis].min(point[axis]));
            area.high = std::array::from_fn(|axis| area.high[axis].max(point[axis]));
        }
        area
    }

    pub(crate) fn grown(self, by_m: f32) -> Self {
        Self { low: [self.low[0] - by_m, self.low[1] - by_m], high: [self.high[0] + by_m, self.high[1] + by_m] }
    }

    pub(crate) fn meets(&self, other: &Self) -> bool {
        (0..2).all(|axis| self.low[axis] <= other.high[axis] && other.low[axis] <= self.high[axis])
    }
}

/// Twice the signed area; positive for corners that run counterclockwise seen from above.
pub(crate) fn twice_area(ring: &[Flat]) -> f32 {
    let next = ring.iter().cycle().skip(1);
    ring.iter().zip(next).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum()
}

/// Whether a point lies inside a ring (even-odd).
pub(crate) fn contains(ring: &[Flat], point: Flat) -> bool {
    let mut inside = false;
    let mut before = ring.len() - 1;
    for at in 0..ring.len() {
        let (a, b) = (ring[at], ring[before]);
        if (a[1] > point[1]) != (b[1] > point[1]) && point[0] < a[0] + (point[1] - a[1]) / (b[1] - a[1]) * (b[0] - a[0]) {
            inside = !inside;
        }
        before = at;
    }
    inside
}

/// Cuts a simple counterclockwise ring into triangles by ears; gives corner numbers. A ring that crosses itself gives what can be cut.
pub(crate) fn triangles(ring: &[Flat]) -> Vec<[usize; 3]> {
    let mut left: Vec<usize> = (0..ring.len()).collect();
    let mut found = Vec::with_capacity(ring.len().saturating_sub(2));
    while left.len() > 2 {
        let count = left.len();
        let Some(ear) = (0..count).find(|at| is_ear(ring, &left, *at)) else { break };
        found.push([left[(ear + count - 1) % count], left[ear], left[(ear + 1) % count]]);
        left.remove(ear);
    }
    found
}

fn is_ear(ring: &[Flat], left: &[usize], at: usize) -> bool {
    let count = left.len();
    let (a, b, c) = (ring[left[(at + count - 1) % count]], ring[left[at]], ring[left[(at + 1) % count]]);
    let corner = [a, b, c];
    if twice_area(&corner) <= 0.0 {
        return false;
    }
    let others = left.iter().map(|index| ring[*index]).filter(|point| *point != a && *point != b && *point != c);
    others.into_iter().all(|point| !contains(&corner, point))
}

/// A number that looks random, the same for the same inputs on every machine.
pub fn scramble(value: u64) -> u64 {
    // The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
    let mut z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The same as a share 0..1.
pub(crate) fn share_of(value: u64) -> f32 {
    (scramble(value) >> 40) as f32 / (1u64 << 24) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_angled_footprint_is_cut_into_triangles_of_the_same_area() {
        let ring = [[0.0, 0.0], [4.0, 0.0], [4.0, 1.0], [1.0, 1.0], [1.0, 3.0], [0.0, 3.0]];
        let cut = triangles(&ring);
        assert_eq!(cut.len(), 4);
        let sum: f32 = cut.iter().map(|corner| twice_area(&corner.map(|index| ring[index]))).sum();
        assert!((sum - twice_area(&ring)).abs() < 1e-5);
    }

    #[test]
    fn a_ring_that_crosses_itself_does_not_hang() {
        let ring = [[0.0, 0.0], [2.0, 2.0], [2.0, 0.0], [0.0, 2.0]];
        assert!(triangles(&ring).len() <= 2);
    }
}
