//! Surveys that nobody has to ask for: every lot that has something to look at, daily at the site's times. Decides only whether one is due;
//! whether an aircraft is free for it is the core's.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use dispatch_core::event::{Actor, Event};
use dispatch_core::survey::SurveyKind;
use flight_types::LotId;
use parking_core::calendar::{Day, MINUTE_MS, local};
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use crate::engine::{Engine, chain};
use crate::limits::SURVEY_SCHEDULE_LOOK_MS;

/// A survey that was due longer ago is left out, milliseconds: a server that was down begins with the next one, not with all of them.
const LATE_MS_MAX: i64 = 15 * MINUTE_MS;
const HOUR_MIN: i64 = 60;

/// A time of the local day, `HH:MM`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay {
    minute: i64,
}

/// No time of day.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no time of day; one is \"03:30\"")]
pub struct NoTimeOfDay(String);

impl FromStr for TimeOfDay {
    type Err = NoTimeOfDay;

    fn from_str(text: &str) -> Result<Self, NoTimeOfDay> {
        let number = |digits: &str, below: i64| {
            let plain = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse::<i64>().ok().filter(|number| plain && *number < below)
        };
        let parts = text.split_once(':').and_then(|(hour, minute)| Some((number(hour, 24)?, number(minute, HOUR_MIN)?)));
        let (hour, minute) = parts.ok_or_else(|| NoTimeOfDay(text.to_owned()))?;
        Ok(Self { minute: hour * HOUR_MIN + minute })
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = NoTimeOfDay;

    fn try_from(text: String) -> Result<Self, NoTimeOfDay> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:02}:{:02}", self.minute / HOUR_MIN, self.minute % HOUR_MIN)
    }
}

/// When lots are surveyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Times {
    /// Daily at these times; none: only when somebody asks.
    pub daily_at: Vec<TimeOfDay>,
    /// Of the site's clock to UTC, minutes.
    pub utc_offset_min: i32,
}

impl Times {
    /// When a survey was due last, milliseconds since 1970-01-01 UTC; `None` when that is too long ago to make up for.
    fn due(&self, now_ms: i64) -> Option<i64> {
        let (today, _) = local(now_ms, self.utc_offset_min);
        let days = [Day(today.0 - 1), today];
        let all = days.iter().flat_map(|day| self.daily_at.iter().map(move |time| (day, time.minute)));
        let moments = all.map(|(day, minute)| day.begins_ms(self.utc_offset_min) + minute * MINUTE_MS);
        moments.filter(|at_ms| *at_ms <= now_ms).max().filter(|at_ms| now_ms - at_ms < LATE_MS_MAX)
    }
}

/// Gives every lot that has something to look at, with what asks for its survey now, or why none can be planned.
pub type Askers = Arc<dyn Fn(SurveyKind, i64) -> Vec<(LotId, Result<Event, String>)> + Send + Sync>;

/// Asks for surveys when they are due, until it is aborted.
pub fn start(engine: Engine, times: Times, lots: Askers) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut asked: Option<i64> = None;
        loop {
            let now_ms = engine.now_ms();
            if let Some(due_ms) = times.due(now_ms).filter(|due_ms| asked.is_none_or(|asked_ms| asked_ms < *due_ms)) {
                asked = Some(due_ms);
                let lots = lots.clone();
                // A large lot takes milliseconds of pure thinking.
                match tokio::task::spawn_blocking(move || lots(SurveyKind::Sweep, now_ms)).await {
                    Ok(all) => ask(&engine, due_ms, all).await,
                    Err(error) => tracing::error!(error = %error, "the surveys that are due could not be planned"),
                }
            }
            engine.clock().sleep_until(now_ms + SURVEY_SCHEDULE_LOOK_MS).await;
        }
    })
}

/// Asks for every lot that has not been asked for since it was due: a restart asks nobody twice.
async fn ask(engine: &Engine, due_ms: i64, lots: Vec<(LotId, Result<Event, String>)>) {
    let latest: BTreeMap<LotId, i64> =
        engine.read(|core| core.surveys().map(|survey| (survey.lot.clone(), survey.requested_at_ms)).collect());
    for (lot, planned) in lots {
        if latest.get(&lot).is_some_and(|asked_ms| due_ms <= *asked_ms) {
            continue;
        }
        match planned {
            Ok(event) => match engine.submit(Actor::System, event).await {
                Ok(_) => tracing::info!(%lot, "a survey was due and is asked for"),
                Err(error) => tracing::warn!(%lot, error = %chain(&error), "a survey that was due was refused"),
            },
            Err(reason) => tracing::warn!(%lot, reason, "a survey that was due cannot be planned"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(daily_at: &[&str]) -> Times {
        Times { daily_at: daily_at.iter().map(|time| time.parse().expect("a time")).collect(), utc_offset_min: 540 }
    }

    #[test]
    fn a_time_of_day_is_two_digits_each() {
        for wrong in ["", "3:30", "24:00", "12:60", "+1:20", "noon", "12:30:00"] {
            assert!(wrong.parse::<TimeOfDay>().is_err(), "{wrong:?}");
        }
        for time in ["00:00", "03:30", "23:59"] {
            assert_eq!(time.parse::<TimeOfDay>().expect("a time").to_string(), time);
        }
    }

    #[test]
    fn a_survey_is_due_for_a_while_after_its_time_also_over_midnight() {
        // 2026-06-21 00:00 in Korea.
        let midnight_ms = 1_781_967_600_000;
        let times = times(&["03:30", "23:55"]);
        let at = |minute: i64| midnight_ms + minute * MINUTE_MS;
        for (minute, due) in [
            (3 * 60 + 29, None),
            (3 * 60 + 30, Some(3 * 60 + 30)),
            (3 * 60 + 44, Some(3 * 60 + 30)),
            (3 * 60 + 45, None),
            (5, Some(-5)),
            (24 * 60 + 5, Some(24 * 60 - 5)),
        ] {
            assert_eq!(times.due(at(minute)), due.map(at), "minute {minute}");
        }
        assert_eq!(Times { daily_at: Vec::new(), ..times }.due(at(210)), None);
    }
}
