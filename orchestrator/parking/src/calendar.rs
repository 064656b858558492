//! Days and minutes of a place whose clocks keep one fixed distance from UTC. Korea has kept +09:00 without summer time since 1988
//! (IANA time zone database, Asia/Seoul). Proleptic Gregorian calendar.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Minutes of a day.
pub const DAY_MINUTES: i64 = 24 * 60;
/// Milliseconds of a minute.
pub const MINUTE_MS: i64 = 60_000;

/// A day of the local calendar, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i64);

/// The day on which a moment falls, and its distance from that day's midnight in milliseconds.
pub fn local(at_ms: i64, utc_offset_min: i32) -> (Day, i64) {
    let local_ms = at_ms.saturating_add(i64::from(utc_offset_min) * MINUTE_MS);
    let day_ms = DAY_MINUTES * MINUTE_MS;
    (Day(local_ms.div_euclid(day_ms)), local_ms.rem_euclid(day_ms))
}

impl Day {
    /// Its midnight, milliseconds since 1970-01-01 UTC.
    pub fn begins_ms(self, utc_offset_min: i32) -> i64 {
        (self.0 * DAY_MINUTES - i64::from(utc_offset_min)) * MINUTE_MS
    }

    /// 0 for Monday to 6 for Sunday. 1970-01-01 was a Thursday.
    pub fn weekday(self) -> u8 {
        (self.0 + 3).rem_euclid(7) as u8
    }

    /// Year, month and day. Counts in years that begin on 1 March, so that the leap day comes last, in cycles of 400 years.
    pub fn civil(self) -> (i64, u8, u8) {
        let from_march_0000 = self.0 + 719_468;
        let cycle = from_march_0000.div_euclid(146_097);
        let day = from_march_0000.rem_euclid(146_097);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day_of_year = day - (365 * year + year / 4 - year / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let civil_year = cycle * 400 + year + i64::from(month <= 2);
        (civil_year, month as u8, day_of_month as u8)
    }

    /// The day with this date, when there is one.
    pub fn from_civil(year: i64, month: u8, day: u8) -> Option<Self> {
        if !(1..=9999).contains(&year) || !(1..=12).contains(&month) {
            return None;
        }
        let month_from_march = (i64::from(month) + 9) % 12;
        let march_year = year - i64::from(month <= 2);
        let leaps = march_year.div_euclid(4) - march_year.div_euclid(100) + march_year.div_euclid(400);
        let days = 365 * march_year + leaps + (153 * month_from_march + 2) / 5 + i64::from(day) - 1 - 719_468;
        let found = Self(days);
        (found.civil() == (year, month, day)).then_some(found)
    }
}

/// Why a text is no date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no date; write it as 2026-01-31")]
pub struct DateError(String);

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl std::str::FromStr for Day {
    type Err = DateError;
    fn from_str(text: &str) -> Result<Self, DateError> {
        let wrong = || DateError(text.chars().take(20).collect());
        let mut parts = text.splitn(3, '-').map(|part| part.parse::<u16>().ok());
        let mut next = || parts.next().flatten().ok_or_else(wrong);
        let (year, month, day) = (next()?, next()?, next()?);
        let small = |part: u16| u8::try_from(part).map_err(|_| wrong());
        Self::from_civil(i64::from(year), small(month)?, small(day)?).ok_or_else(wrong)
    }
}

impl Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_days() {
        let cases = [("1970-01-01", 0, 3), ("2000-02-29", 11_016, 1), ("2026-11-27", 20_784, 4), ("1988-10-09", 6_856, 6)];
        for (text, number, weekday) in cases {
            let day: Day = text.parse().expect("a date");
            assert_eq!((day.0, day.weekday(), day.to_string().as_str()), (number, weekday, text));
        }
        for text in ["2026-02-29", "2026-13-01", "2026-00-10", "x", "2026-1", "2026-01-01-5", "", "70000-01-01"] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_follows_the_one_before() {
        let mut day = Day::from_civil(1900, 1, 1).expect("a day");
        while day < Day::from_civil(2301, 1, 1).expect("a day") {
            let (year, month, date) = day.civil();
            assert_eq!(Day::from_civil(year, month, date), Some(day));
            let (next_year, next_month, next_date) = Day(day.0 + 1).civil();
            let same_month = (next_year, next_month) == (year, month) && next_date == date + 1;
            assert!(same_month || next_date == 1, "after {day}");
            day = Day(day.0 + 1);
        }
    }

    #[test]
    fn midnight_in_korea_is_three_in_the_afternoon_in_greenwich() {
        let day: Day = "2026-03-01".parse().expect("a date");
        assert_eq!(day.begins_ms(540), 1_772_290_800_000);
        assert_eq!(local(1_772_290_800_000, 540), (day, 0));
        assert_eq!(local(1_772_290_799_999, 540), (Day(day.0 - 1), DAY_MINUTES * MINUTE_MS - 1));
    }
}
