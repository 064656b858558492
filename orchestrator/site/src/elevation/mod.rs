//! The heights of a site's ground: an elevation grid as it is read, and what flights make of it.

mod grid;
mod relief;

pub use grid::{ElevationError, ElevationGrid};
pub use relief::{ReliefProblem, relief};

#[cfg(test)]
mod tests;
