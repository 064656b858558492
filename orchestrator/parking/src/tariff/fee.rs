//! What a stay costs, explained line by line; the lines add up to the total.

use serde::Serialize;

use super::{FreeFor, Permit, Rate, Tariff};
use crate::calendar::{DAY_MINUTES, Day, MINUTE_MS, local};
use crate::limits::{FEE_MAX, STAY_DAYS_MAX};
use crate::money::{Money, MoneyError};

/// Why a stay has no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FeeError {
    /// It ends before it begins.
    #[error("the stay ends before it begins")]
    Backwards,
    /// Longer than [`STAY_DAYS_MAX`].
    #[error("a stay of more than {STAY_DAYS_MAX} days is priced by a person")]
    TooLong,
    /// It costs more than an amount can be.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// What a line of a fee is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LineKind {
    /// Minutes that cost nothing.
    Free,
    /// What the first minutes cost as a whole.
    Base,
    /// Steps by day.
    Day {
        /// Begun steps.
        steps: i64,
        /// Fee of each.
        step_fee: Money,
    },
    /// Steps by night.
    Night {
        /// Begun steps.
        steps: i64,
        /// Fee of each.
        step_fee: Money,
    },
    /// Steps on a holiday.
    Holiday {
        /// Begun steps.
        steps: i64,
        /// Fee of each.
        step_fee: Money,
    },
    /// What the night costs less because of its cap.
    NightCap {
        /// The cap.
        cap: Money,
    },
    /// What the day costs less because of its cap.
    DayCap {
        /// The cap.
        cap: Money,
    },
    /// What a permit takes off.
    Permit {
        /// Its name.
        name: String,
        /// How much.
        discount_pct: u8,
    },
    /// What rounding takes off.
    Rounding,
}

/// One line of a fee.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeeLine {
    /// On which day of the place's calendar; `None` for what concerns the whole stay.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub day: Option<Day>,
    /// What for.
    #[serde(flatten)]
    pub kind: LineKind,
    /// How many minutes it covers; 0 for reductions.
    pub minutes: i64,
    /// What it adds, minor units; reductions are negative.
    pub amount: i64,
}

/// A fee with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fee {
    /// Begun minutes.
    pub minutes: i64,
    /// The lines, in the order of the stay.
    pub lines: Vec<FeeLine>,
    /// Their sum.
    pub total: Money,
}

/// Minutes of a stay, told apart by the day and band in which they begin.
#[derive(Debug, Clone, Copy, Default)]
struct DayMinutes {
    base: i64,
    day: i64,
    night: i64,
    holiday: i64,
}

/// What a stay from one moment to another costs.
pub fn fee(tariff: &Tariff, permit: Option<&Permit>, from_ms: i64, to_ms: i64) -> Result<Fee, FeeError> {
    let length_ms = to_ms.checked_sub(from_ms).filter(|length_ms| 0 <= *length_ms).ok_or(FeeError::Backwards)?;
    let minutes = ceil_div(length_ms, MINUTE_MS);
    if minutes > STAY_DAYS_MAX * DAY_MINUTES {
        return Err(FeeError::TooLong);
    }
    let free = free_minutes(tariff, minutes);
    let mut pricing = Pricing { lines: Vec::new(), total: Money::ZERO };
    if free > 0 {
        pricing.add(None, LineKind::Free, free, Money::ZERO)?;
    }
    price_days(&mut pricing, tariff, from_ms, free..minutes)?;
    if let Some(permit) = permit {
        let off = pricing.total.percent(permit.discount_pct);
        pricing.take_off(None, LineKind::Permit { name: permit.name.clone(), discount_pct: permit.discount_pct }, off);
    }
    let off = pricing.total.less(pricing.total.rounded_down(tariff.rounding_unit));
    pricing.take_off(None, LineKind::Rounding, off);
    Ok(Fee { minutes, lines: pricing.lines, total: pricing.total })
}

fn free_minutes(tariff: &Tariff, minutes: i64) -> i64 {
    match tariff.free_for {
        FreeFor::Everybody => tariff.free_minutes.min(minutes),
        FreeFor::ShortStays if minutes <= tariff.free_minutes => minutes,
        FreeFor::ShortStays => 0,
    }
}

/// Prices the charged minutes, day by day.
fn price_days(pricing: &mut Pricing, tariff: &Tariff, from_ms: i64, charged: std::ops::Range<i64>) -> Result<(), FeeError> {
    let mut next = charged.start;
    while next < charged.end {
        let (day, _) = local(from_ms + next * MINUTE_MS, tariff.utc_offset_min);
        let clock = Clock { from_ms, midnight_ms: day.begins_ms(tariff.utc_offset_min) };
        let end = clock.first_minute_from(DAY_MINUTES).min(charged.end);
        let base_end = tariff.base.map_or(charged.start, |base| charged.start + base.minutes);
        let stepped = next.max(base_end).min(end)..end;
        let mut counts = count_bands(tariff, day, &clock, stepped.clone());
        counts.base = stepped.start - next;
        price_day(pricing, tariff, day, &counts, next == charged.start)?;
        next = end;
    }
    Ok(())
}

/// Turns minutes of a day into minutes of the stay.
struct Clock {
    from_ms: i64,
    midnight_ms: i64,
}

impl Clock {
    /// The first minute of the stay that begins at this minute of the day or later.
    fn first_minute_from(&self, minute_of_day: i64) -> i64 {
        ceil_div(self.midnight_ms + minute_of_day * MINUTE_MS - self.from_ms, MINUTE_MS)
    }

    /// How many of the stay's minutes begin between two minutes of the day.
    fn count(&self, within: &std::ops::Range<i64>, from_minute: i64, to_minute: i64) -> i64 {
        let start = self.first_minute_from(from_minute).max(within.start);
        let end = self.first_minute_from(to_minute).min(within.end);
        (end - start).max(0)
    }
}

fn count_bands(tariff: &Tariff, day: Day, clock: &Clock, within: std::ops::Range<i64>) -> DayMinutes {
    let all = within.end - within.start;
    if tariff.is_holiday(day) {
        return DayMinutes { holiday: all, ..DayMinutes::default() };
    }
    let night = match tariff.night {
        None => 0,
        Some(night) if night.from_minute < night.to_minute => clock.count(&within, night.from_minute, night.to_minute),
        Some(night) => clock.count(&within, 0, night.to_minute) + clock.count(&within, night.from_minute, DAY_MINUTES),
    };
    DayMinutes { day: all - night, night, ..DayMinutes::default() }
}

fn price_day(pricing: &mut Pricing, tariff: &Tariff, day: Day, counts: &DayMinutes, first: bool) -> Result<(), FeeError> {
    let before = pricing.total;
    if let (Some(base), true) = (tariff.base, first) {
        pricing.add(Some(day), LineKind::Base, counts.base, base.fee)?;
    } else if counts.base > 0 {
        pricing.add(Some(day), LineKind::Base, counts.base, Money::ZERO)?;
    }
    pricing.steps(day, counts.day, tariff.day, |steps, step_fee| LineKind::Day { steps, step_fee })?;
    if let Some(night) = tariff.night {
        let before_night = pricing.total;
        pricing.steps(day, counts.night, night.rate, |steps, step_fee| LineKind::Night { steps, step_fee })?;
        pricing.cap(day, before_night, night.cap, |cap| LineKind::NightCap { cap });
    }
    if let Some(holidays) = &tariff.holidays {
        pricing.steps(day, counts.holiday, holidays.rate, |steps, step_fee| LineKind::Holiday { steps, step_fee })?;
    }
    pricing.cap(day, before, tariff.day_cap, |cap| LineKind::DayCap { cap });
    Ok(())
}

struct Pricing {
    lines: Vec<FeeLine>,
    total: Money,
}

impl Pricing {
    fn add(&mut self, day: Option<Day>, kind: LineKind, minutes: i64, amount: Money) -> Result<(), FeeError> {
        self.total = self.total.plus(amount)?;
        if FEE_MAX < self.total.minor() {
            return Err(MoneyError::TooLarge.into());
        }
        self.lines.push(FeeLine { day, kind, minutes, amount: amount.minor() });
        Ok(())
    }

    fn steps(&mut self, day: Day, minutes: i64, rate: Rate, kind: fn(i64, Money) -> LineKind) -> Result<(), FeeError> {
        if minutes == 0 {
            return Ok(());
        }
        let steps = ceil_div(minutes, rate.step_minutes);
        self.add(Some(day), kind(steps, rate.step_fee), minutes, rate.step_fee.times(steps)?)
    }

    fn cap(&mut self, day: Day, before: Money, cap: Option<Money>, kind: fn(Money) -> LineKind) {
        if let Some(cap) = cap {
            let above = self.total.less(before).less(cap);
            self.take_off(Some(day), kind(cap), above);
        }
    }

    fn take_off(&mut self, day: Option<Day>, kind: LineKind, amount: Money) {
        if !amount.is_zero() {
            self.total = self.total.less(amount);
            self.lines.push(FeeLine { day, kind, minutes: 0, amount: -amount.minor() });
        }
    }
}

fn ceil_div(value: i64, by: i64) -> i64 {
    value.div_euclid(by) + i64::from(value.rem_euclid(by) != 0)
}
