//! When a viewer's link is too narrow for the whole picture, by what the viewer reports about lost packets. Pure.

use std::time::{Duration, Instant};

use crate::source::Quality;

/// Loss above which a report is bad, as a part of one. Wireless links lose a few per cent without being narrow.
const BAD_LOSS: f32 = 0.08;
/// Loss under which a report is good.
const GOOD_LOSS: f32 = 0.02;
/// A way there and back above this is a queue that the stream itself fills.
const BAD_ROUND_TRIP: Duration = Duration::from_millis(600);
/// Bad reports in a row before the smaller stream is taken: one may be a passing bus.
const BAD_REPORTS: u32 = 2;
/// How long all must be good before the whole picture is tried again; doubled with each failure.
const RETRY_MIN: Duration = Duration::from_secs(8);
/// The longest of that.
const RETRY_MAX: Duration = Duration::from_secs(120);

/// Watches one viewer.
#[derive(Debug, Clone)]
pub struct Congestion {
    quality: Quality,
    bad_in_a_row: u32,
    good_since: Option<Instant>,
    retry_after: Duration,
}

impl Default for Congestion {
    fn default() -> Self {
        Self { quality: Quality::Main, bad_in_a_row: 0, good_since: None, retry_after: RETRY_MIN }
    }
}

impl Congestion {
    /// Takes a report; the quality that the viewer should get now.
    pub fn observe(&mut self, loss: Option<f32>, round_trip: Option<Duration>, now: Instant) -> Quality {
        let Some(loss) = loss else { return self.quality };
        let slow = round_trip.is_some_and(|time| BAD_ROUND_TRIP < time);
        if BAD_LOSS < loss || slow {
            self.bad();
        } else if loss < GOOD_LOSS {
            self.good(now);
        } else {
            (self.bad_in_a_row, self.good_since) = (0, None);
        }
        self.quality
    }

    fn bad(&mut self) {
        self.good_since = None;
        self.bad_in_a_row += 1;
        if self.quality == Quality::Main && BAD_REPORTS <= self.bad_in_a_row {
            self.quality = Quality::Sub;
        }
    }

    fn good(&mut self, now: Instant) {
        self.bad_in_a_row = 0;
        let since = *self.good_since.get_or_insert(now);
        match self.quality {
            Quality::Sub if self.retry_after <= now.duration_since(since) => {
                self.quality = Quality::Main;
                self.retry_after = (self.retry_after * 2).min(RETRY_MAX);
                self.good_since = None;
            }
            // The whole picture has held for long: the next trouble is a new one.
            Quality::Main if RETRY_MAX <= now.duration_since(since) => self.retry_after = RETRY_MIN,
            Quality::Main | Quality::Sub => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_down_after_two_bad_reports_and_up_after_a_good_while_that_grows() {
        let start = Instant::now();
        let at = |s: u64| start + Duration::from_secs(s);
        let mut congestion = Congestion::default();
        assert_eq!(congestion.observe(Some(0.3), None, at(0)), Quality::Main);
        assert_eq!(congestion.observe(Some(0.3), None, at(1)), Quality::Sub);
        let first_up = (2..60).find(|s| congestion.observe(Some(0.0), None, at(*s)) == Quality::Main);
        assert_eq!(first_up, Some(10));
        for s in 11..13 {
            congestion.observe(Some(0.0), Some(Duration::from_secs(2)), at(s));
        }
        let second_up = (13..90).find(|s| congestion.observe(Some(0.0), None, at(*s)) == Quality::Main);
        assert_eq!(second_up, Some(29), "the second wait is twice as long");
    }

    #[test]
    fn no_report_changes_nothing_and_middling_ones_neither() {
        let now = Instant::now();
        let mut congestion = Congestion::default();
        for _ in 0..50 {
            assert_eq!(congestion.observe(None, None, now), Quality::Main);
            assert_eq!(congestion.observe(Some(0.05), None, now), Quality::Main);
            assert_eq!(congestion.observe(Some(0.2), None, now), Quality::Main);
        }
    }
}
