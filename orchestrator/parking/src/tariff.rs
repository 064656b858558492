//! Tariffs as data: versioned, checked when they come in, never changed afterwards.

mod fee;

use std::collections::BTreeSet;
use std::fmt;

use flight_types::LotId;
use serde::{Deserialize, Serialize};

use crate::calendar::{DAY_MINUTES, Day};
use crate::money::Money;
use crate::plate::Plate;
pub use fee::{Fee, FeeError, FeeLine, LineKind, fee, fee_after};

/// Which tariff, in which version. A session keeps the one it began with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TariffKey {
    /// Its name.
    pub name: String,
    /// From 1; a changed tariff is a new version.
    pub version: u32,
}

impl fmt::Display for TariffKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} v{}", self.name, self.version)
    }
}

/// So much for each begun step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Length of a step, minutes; 1 to a day.
    pub step_minutes: i64,
    /// Fee of each begun step; may be nothing.
    pub step_fee: Money,
}

/// Whether the free minutes are a gift to everybody or only to those who leave within them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FreeFor {
    /// Who stays longer pays from the first minute.
    ShortStays,
    /// Everybody; the clock begins after them.
    Everybody,
}

/// What the first minutes cost as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Base {
    /// How many minutes it covers; 1 to a day.
    pub minutes: i64,
    /// What it costs, however few of them are used.
    pub fee: Money,
}

/// Another rate by night.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Night {
    /// Minute of the day at which it begins; 0 to 1439.
    pub from_minute: i64,
    /// Minute of the day at which it ends; before `from_minute`, it ends on the morrow.
    pub to_minute: i64,
    /// The rate.
    pub rate: Rate,
    /// The most that one night costs, from its evening to its morning; the base is beside it.
    #[serde(default)]
    pub cap: Option<Money>,
}

/// Another rate on certain days, from midnight to midnight; it goes before the night's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holidays {
    /// Days of the week, 0 for Monday to 6 for Sunday.
    #[serde(default)]
    pub weekdays: BTreeSet<u8>,
    /// Single days.
    #[serde(default)]
    pub dates: BTreeSet<Day>,
    /// The rate.
    pub rate: Rate,
}

/// One version of a tariff.
///
/// A stay is counted in begun minutes. Each minute belongs to the calendar day and the band (day, night, holiday) in which it
/// begins. Minutes one after the other in one band make up its steps, also over midnight; a step belongs to the day on which it begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tariff {
    /// Its name and version.
    pub key: TariffKey,
    /// ISO 4217, for showing: "KRW".
    pub currency: String,
    /// Distance of the place's clocks from UTC, minutes; 540 in Korea.
    pub utc_offset_min: i32,
    /// Minutes that cost nothing.
    #[serde(default)]
    pub free_minutes: i64,
    /// For whom.
    #[serde(default = "short_stays")]
    pub free_for: FreeFor,
    /// A car that comes back to the lot within so many minutes goes on using up the free minutes of its last stay: leaving and
    /// scanning again gives no new ones. 0 to 1440.
    #[serde(default = "reentry_minutes")]
    pub reentry_minutes: i64,
    /// What the first charged minutes cost as a whole; not of a stay that begins on a holiday.
    #[serde(default)]
    pub base: Option<Base>,
    /// The rate by day.
    pub day: Rate,
    /// Another rate by night.
    #[serde(default)]
    pub night: Option<Night>,
    /// Another rate on certain days.
    #[serde(default)]
    pub holidays: Option<Holidays>,
    /// The most that one calendar day costs.
    #[serde(default)]
    pub day_cap: Option<Money>,
    /// The total is rounded down to a multiple of this.
    #[serde(default)]
    pub rounding_unit: Money,
}

/// An hour: nobody who came for a short errand has another one so soon.
fn reentry_minutes() -> i64 {
    60
}

fn short_stays() -> FreeFor {
    FreeFor::ShortStays
}

/// What is wrong with a tariff.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("tariff {tariff}: {key}: {problem}")]
pub struct TariffError {
    /// Which.
    pub tariff: TariffKey,
    /// Which key.
    pub key: &'static str,
    /// What is wrong.
    pub problem: &'static str,
}

impl Tariff {
    /// Whether it can be used.
    pub fn check(&self) -> Result<(), TariffError> {
        match self.problem() {
            None => Ok(()),
            Some((key, problem)) => Err(TariffError { tariff: self.key.clone(), key, problem }),
        }
    }

    fn problem(&self) -> Option<(&'static str, &'static str)> {
        let rates = [Some(self.day), self.night.map(|night| night.rate), self.holidays.as_ref().map(|days| days.rate)];
        let of_the_day = |minute: i64| (0..DAY_MINUTES).contains(&minute);
        if self.key.name.is_empty() || self.key.version == 0 {
            return Some(("name", "needs a name and a version from 1"));
        }
        if self.utc_offset_min.abs() > 14 * 60 {
            return Some(("utc_offset_min", "is at most 14 hours"));
        }
        if !(0..=DAY_MINUTES).contains(&self.free_minutes) {
            return Some(("free_minutes", "is 0 to 1440"));
        }
        if !(0..=DAY_MINUTES).contains(&self.reentry_minutes) {
            return Some(("reentry_minutes", "is 0 to 1440"));
        }
        if rates.iter().flatten().any(|rate| !(1..=DAY_MINUTES).contains(&rate.step_minutes)) {
            return Some(("step_minutes", "is 1 to 1440"));
        }
        if self.base.is_some_and(|base| !(1..=DAY_MINUTES).contains(&base.minutes)) {
            return Some(("base.minutes", "is 1 to 1440"));
        }
        if self.night.is_some_and(|night| !of_the_day(night.from_minute) || !of_the_day(night.to_minute)) {
            return Some(("night", "begins and ends at a minute of the day, 0 to 1439"));
        }
        if self.night.is_some_and(|night| night.from_minute == night.to_minute) {
            return Some(("night", "begins and ends at the same minute"));
        }
        if self.holidays.as_ref().is_some_and(|days| days.weekdays.iter().any(|weekday| 6 < *weekday)) {
            return Some(("holidays.weekdays", "are 0 for Monday to 6 for Sunday"));
        }
        None
    }

    /// Whether another rate holds on this day.
    pub(crate) fn is_holiday(&self, day: Day) -> bool {
        self.holidays.as_ref().is_some_and(|days| days.weekdays.contains(&day.weekday()) || days.dates.contains(&day))
    }
}

/// A plate that pays less: subscribers, residents, the disabled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permit {
    /// Whose car.
    pub plate: Plate,
    /// On which lot.
    pub lot: LotId,
    /// From when it holds, milliseconds since 1970-01-01 UTC.
    pub from_ms: i64,
    /// Until when.
    pub until_ms: i64,
    /// How much less, 1 to 100 per cent.
    pub discount_pct: u8,
    /// As shown on the fee: "resident".
    pub name: String,
}

impl Permit {
    /// Whether it holds for a stay on a lot that begins at a moment.
    pub fn holds(&self, plate: &Plate, lot: &LotId, at_ms: i64) -> bool {
        self.plate == *plate && self.lot == *lot && (self.from_ms..self.until_ms).contains(&at_ms)
    }
}
