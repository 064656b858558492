//! Amounts of money: whole minor units, never negative, never overflowing. For Korea the minor unit is the won itself (ISO 4217
//! gives KRW no decimals).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limits::MONEY_MAX;

/// Why a number is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Below zero.
    #[error("an amount cannot be negative, this one is {0}")]
    Negative(i64),
    /// Above [`MONEY_MAX`], or a sum that would be.
    #[error("an amount is at most {MONEY_MAX}")]
    TooLarge,
}

/// A non-negative amount in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(try_from = "i64", into = "i64")]
pub struct Money(i64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Takes the number when it is an amount.
    pub fn new(minor: i64) -> Result<Self, MoneyError> {
        match minor {
            ..0 => Err(MoneyError::Negative(minor)),
            0..=MONEY_MAX => Ok(Self(minor)),
            _ => Err(MoneyError::TooLarge),
        }
    }

    /// The number of minor units.
    pub fn minor(self) -> i64 {
        self.0
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        Self::new(self.0.checked_add(other.0).ok_or(MoneyError::TooLarge)?)
    }

    /// What is left, nothing when `other` is more.
    pub fn less(self, other: Self) -> Self {
        Self((self.0 - other.0).max(0))
    }

    /// So many times the amount.
    pub fn times(self, count: i64) -> Result<Self, MoneyError> {
        Self::new(self.0.checked_mul(count).ok_or(MoneyError::TooLarge)?)
    }

    /// The share of so many per cent, rounded down; 0..=100.
    pub fn percent(self, percent: u8) -> Self {
        Self(self.0 * i64::from(percent.min(100)) / 100)
    }

    /// Rounded down to a multiple of `unit`.
    pub fn rounded_down(self, unit: Self) -> Self {
        if unit.0 <= 1 { self } else { Self(self.0 - self.0 % unit.0) }
    }
}

impl TryFrom<i64> for Money {
    type Error = MoneyError;
    fn try_from(minor: i64) -> Result<Self, MoneyError> {
        Self::new(minor)
    }
}

impl From<Money> for i64 {
    fn from(money: Money) -> i64 {
        money.0
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_amount_is_refused() {
        assert_eq!(Money::new(-1), Err(MoneyError::Negative(-1)));
        assert_eq!(Money::new(i64::MIN), Err(MoneyError::Negative(i64::MIN)));
        assert_eq!(Money::new(MONEY_MAX + 1), Err(MoneyError::TooLarge));
        let most = Money::new(MONEY_MAX).expect("an amount");
        assert_eq!(most.plus(Money(1)), Err(MoneyError::TooLarge));
        assert_eq!(most.times(i64::MAX), Err(MoneyError::TooLarge));
        assert_eq!(most.times(-1), Err(MoneyError::Negative(-MONEY_MAX)));
        assert_eq!(Money(3).less(Money(5)), Money::ZERO);
        for text in ["-5", "1.5", "99999999999999999999", "\"5\""] {
            assert!(serde_json::from_str::<Money>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn shares_are_rounded_down() {
        let cases = [(999, 10, 99), (1, 99, 0), (1_000, 100, 1_000), (1_000, 0, 0)];
        for (amount, percent, share) in cases {
            assert_eq!(Money(amount).percent(percent), Money(share), "{percent} % of {amount}");
        }
        assert_eq!(Money(1_999).rounded_down(Money(100)), Money(1_900));
    }
}
