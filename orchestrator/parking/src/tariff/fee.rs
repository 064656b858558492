//! What a stay costs, explained line by line; the lines add up to the total.

use serde::Serialize;

use super::{FreeFor, Night, Permit, Rate, Tariff};
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
        /// The cap; after midnight, what the evening has left of it.
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
    /// Nothing: the tariff could not price the stay, and a manager ended it.
    Unpriced,
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

impl Fee {
    /// Of a stay that the tariff cannot price and a manager has ended: nothing by the book.
    pub(crate) fn unpriced() -> Self {
        let line = FeeLine { day: None, kind: LineKind::Unpriced, minutes: 0, amount: 0 };
        Self { minutes: 0, lines: vec![line], total: Money::ZERO }
    }
}

/// What a stay from one moment to another costs.
pub fn fee(tariff: &Tariff, permit: Option<&Permit>, from_ms: i64, to_ms: i64) -> Result<Fee, FeeError> {
    fee_after(tariff, permit, 0, from_ms, to_ms)
}

/// The same for a car that came back: its minutes shortly before, which have used up free ones.
pub fn fee_after(tariff: &Tariff, permit: Option<&Permit>, minutes_before: i64, from_ms: i64, to_ms: i64) -> Result<Fee, FeeError> {
    let length_ms = to_ms.checked_sub(from_ms).filter(|length_ms| 0 <= *length_ms).ok_or(FeeError::Backwards)?;
    let minutes = ceil_div(length_ms, MINUTE_MS);
    if minutes > STAY_DAYS_MAX * DAY_MINUTES {
        return Err(FeeError::TooLong);
    }
    let free = free_minutes(tariff, minutes, minutes_before);
    let mut pricing = Pricing { lines: Vec::new(), total: Money::ZERO };
    if free > 0 {
        pricing.add(None, LineKind::Free, free, Money::ZERO)?;
    }
    price_stretches(&mut pricing, tariff, from_ms, free..minutes)?;
    if let Some(permit) = permit {
        let off = pricing.total.percent(permit.discount_pct);
        pricing.take_off(None, LineKind::Permit { name: permit.name.clone(), discount_pct: permit.discount_pct }, off);
    }
    let off = pricing.total.less(pricing.total.rounded_down(tariff.rounding_unit));
    pricing.take_off(None, LineKind::Rounding, off);
    Ok(Fee { minutes, lines: pricing.lines, total: pricing.total })
}

fn free_minutes(tariff: &Tariff, minutes: i64, minutes_before: i64) -> i64 {
    let left = tariff.free_minutes.saturating_sub(minutes_before).max(0);
    match tariff.free_for {
        FreeFor::Everybody => left.min(minutes),
        FreeFor::ShortStays if minutes <= left => minutes,
        FreeFor::ShortStays => 0,
    }
}

/// Which rate holds. A night is named by the day of its evening, so that it is one night on both sides of midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Band {
    Day,
    Night { evening: Day },
    Holiday,
}

/// Minutes one after the other in one band: their steps follow each other from the first on, also over midnight.
#[derive(Debug, Clone, Copy)]
struct Run {
    band: Band,
    rate: Rate,
    /// Its first minute of the stay.
    began: i64,
    /// What its cap still lets it cost.
    cap_left: Option<Money>,
}

/// Prices the charged minutes in stretches that have one day and one band each.
fn price_stretches(pricing: &mut Pricing, tariff: &Tariff, from_ms: i64, charged: std::ops::Range<i64>) -> Result<(), FeeError> {
    let base_end = base_end(tariff, from_ms, charged.start);
    let (mut next, mut run, mut today) = (charged.start, None::<Run>, None::<(Day, Money)>);
    while next < charged.end {
        let (day, ms_of_day) = local(from_ms + next * MINUTE_MS, tariff.utc_offset_min);
        if today.is_none_or(|(of, _)| of != day) {
            pricing.cap_day(today, tariff.day_cap);
            today = Some((day, pricing.total));
        }
        let clock = Clock { from_ms, midnight_ms: day.begins_ms(tariff.utc_offset_min) };
        let (band, band_end) = band_at(tariff, day, ms_of_day / MINUTE_MS);
        let mut end = clock.first_minute_from(band_end).min(charged.end);
        if next < base_end {
            end = clock.first_minute_from(DAY_MINUTES).min(charged.end).min(base_end);
            let fee = tariff.base.filter(|_| next == charged.start).map_or(Money::ZERO, |base| base.fee);
            pricing.add(Some(day), LineKind::Base, end - next, fee)?;
        } else {
            let mut of = run.filter(|run| run.band == band).unwrap_or_else(|| begun(tariff, band, next));
            pricing.stretch(day, &mut of, next..end)?;
            run = Some(of);
        }
        next = end;
    }
    pricing.cap_day(today, tariff.day_cap);
    Ok(())
}

/// Until which minute of the stay the base lasts. A stay that begins on a holiday has none: the day's own rate says what it costs.
fn base_end(tariff: &Tariff, from_ms: i64, first: i64) -> i64 {
    let (day, _) = local(from_ms + first * MINUTE_MS, tariff.utc_offset_min);
    tariff.base.filter(|_| !tariff.is_holiday(day)).map_or(first, |base| first + base.minutes)
}

fn begun(tariff: &Tariff, band: Band, began: i64) -> Run {
    let (rate, cap_left) = match band {
        Band::Day => (tariff.day, None),
        Band::Night { .. } => tariff.night.map_or((tariff.day, None), |night| (night.rate, night.cap)),
        Band::Holiday => (tariff.holidays.as_ref().map_or(tariff.day, |days| days.rate), None),
    };
    Run { band, rate, began, cap_left }
}

/// The band of a minute of a day, and the minute of that day at which it ends.
fn band_at(tariff: &Tariff, day: Day, minute: i64) -> (Band, i64) {
    if tariff.is_holiday(day) {
        return (Band::Holiday, DAY_MINUTES);
    }
    let Some(Night { from_minute, to_minute, .. }) = tariff.night else { return (Band::Day, DAY_MINUTES) };
    let over_midnight = to_minute < from_minute;
    let (before, tonight) = (Band::Night { evening: Day(day.0 - 1) }, Band::Night { evening: day });
    match (over_midnight, minute) {
        (true, _) if minute < to_minute => (before, to_minute),
        (true, _) if minute < from_minute => (Band::Day, from_minute),
        (true, _) => (tonight, DAY_MINUTES),
        (false, _) if minute < from_minute => (Band::Day, from_minute),
        (false, _) if minute < to_minute => (tonight, to_minute),
        (false, _) => (Band::Day, DAY_MINUTES),
    }
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

    /// A stretch of a run on one day: it costs the steps that begin in it.
    fn stretch(&mut self, day: Day, run: &mut Run, minutes: std::ops::Range<i64>) -> Result<(), FeeError> {
        let begun_before = |minute: i64| ceil_div(minute - run.began, run.rate.step_minutes);
        let steps = begun_before(minutes.end) - begun_before(minutes.start);
        let (step_fee, cost) = (run.rate.step_fee, run.rate.step_fee.times(steps)?);
        let kind = match run.band {
            Band::Day => LineKind::Day { steps, step_fee },
            Band::Night { .. } => LineKind::Night { steps, step_fee },
            Band::Holiday => LineKind::Holiday { steps, step_fee },
        };
        self.add(Some(day), kind, minutes.end - minutes.start, cost)?;
        if let Some(left) = run.cap_left {
            self.take_off(Some(day), LineKind::NightCap { cap: left }, cost.less(left));
            run.cap_left = Some(left.less(cost));
        }
        Ok(())
    }

    /// Takes off what a day, which began at a total, costs above its cap.
    fn cap_day(&mut self, day: Option<(Day, Money)>, cap: Option<Money>) {
        if let (Some((day, before)), Some(cap)) = (day, cap) {
            let above = self.total.less(before).less(cap);
            self.take_off(Some(day), LineKind::DayCap { cap }, above);
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
