//! The same arithmetic on several numbers side by side, in an order that does not depend on how many there are: what one vehicle
//! computes alone and among others is equal bit for bit.

use std::ops::{Add, Mul, Neg, Sub};

/// Numbers of `N` vehicles.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Lanes<const N: usize>(pub [f64; N]);

impl<const N: usize> Lanes<N> {
    pub const ZERO: Self = Self([0.0; N]);

    #[inline(always)]
    pub fn all(value: f64) -> Self {
        Self([value; N])
    }

    #[inline(always)]
    fn each(mut self, change: impl Fn(f64) -> f64) -> Self {
        for number in &mut self.0 {
            *number = change(*number);
        }
        self
    }

    #[inline(always)]
    fn pairs(mut self, other: Self, join: impl Fn(f64, f64) -> f64) -> Self {
        for (number, with) in self.0.iter_mut().zip(other.0) {
            *number = join(*number, with);
        }
        self
    }

    #[inline(always)]
    pub fn sqrt(self) -> Self {
        self.each(f64::sqrt)
    }

    #[inline(always)]
    pub fn recip(self) -> Self {
        self.each(|number| 1.0 / number)
    }

    /// Zero where negative.
    #[inline(always)]
    pub fn positive(self) -> Self {
        self.each(|number| if number > 0.0 { number } else { 0.0 })
    }

    /// Whether a test holds for any of them; looks at all, so that there is one branch.
    #[inline(always)]
    pub fn any(self, test: impl Fn(f64) -> bool) -> bool {
        self.0.iter().fold(false, |any, number| any | test(*number))
    }
}

impl<const N: usize> Add for Lanes<N> {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.pairs(other, |a, b| a + b)
    }
}

impl<const N: usize> Sub for Lanes<N> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.pairs(other, |a, b| a - b)
    }
}

impl<const N: usize> Mul for Lanes<N> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.pairs(other, |a, b| a * b)
    }
}

impl<const N: usize> Mul<f64> for Lanes<N> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, factor: f64) -> Self {
        self.each(|number| number * factor)
    }
}

impl<const N: usize> Neg for Lanes<N> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        self.each(|number| -number)
    }
}
