//! Luck for tests of bad lines: the same seed gives the same losses. Not for anything secret, and of no crate that is shipped.

/// SplitMix64 (Steele, Lea, Flood 2014). A seed is taken as it is: what the generator steps by, times the number of a seed, would give two seeds in a row
/// the same numbers, one later.
pub struct Dice(pub u64);

impl Dice {
    /// A number below the bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }
}
