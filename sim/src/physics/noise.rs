//! Seeded randomness of the physics; the same seed gives the same stream on every machine.

use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64Mcg;

use super::Vector;

/// A source of normal deviates.
#[derive(Debug, Clone)]
pub struct Noise(Pcg64Mcg);

impl Noise {
    /// Begins the stream of this seed.
    pub fn new(seed: u64) -> Self {
        Self(Pcg64Mcg::seed_from_u64(seed))
    }

    /// Normal with mean zero and this standard deviation.
    pub fn normal(&mut self, sigma: f64) -> f64 {
        let unit: f64 = StandardNormal.sample(&mut self.0);
        unit * sigma
    }

    /// Three independent normals.
    pub fn vector(&mut self, sigma: f64) -> Vector {
        Vector::new(self.normal(sigma), self.normal(sigma), self.normal(sigma))
    }

    /// The next value of a first-order process that keeps `keep` of itself and stays within `sigma`.
    pub fn wander(&mut self, value: f64, keep: f64, sigma: f64) -> f64 {
        value * keep + self.normal(sigma * (1.0 - keep * keep).max(0.0).sqrt())
    }
}
