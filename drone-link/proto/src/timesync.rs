//! One time for both ends (TIMESYNC): we ask and we answer. From the answers come the round trip, and when, by our clock, the aircraft
//! did what it stamps with its own.

use std::collections::VecDeque;

use crate::dialect::{AUTOPILOT_COMPONENT, Outgoing};

/// Between two questions while there are few answers, and afterwards. Crystals drift by 50 µs a second at most.
const ASK_SOON_MS: u64 = 500;
const ASK_MS: u64 = 5_000;
/// Answers that are looked at: the quickest of a minute tells the offset best, because its two ways can differ least.
const SAMPLES_MAX: usize = 12;
/// Answers before the questions become fewer.
const SAMPLES_FEW: usize = 4;
/// Questions that still may be answered; a later answer was too long on its way to say anything.
const OPEN_MAX: usize = 8;
/// A round trip longer than this says nothing, milliseconds.
const ROUND_TRIP_MAX_MS: u64 = 5_000;
/// Nanoseconds in a millisecond.
const NS_PER_MS: i64 = 1_000_000;

/// One question that was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sample {
    round_trip_ms: u64,
    /// The aircraft's clock less ours, nanoseconds.
    offset_ns: i64,
}

/// What is known of one aircraft's clock.
#[derive(Debug, Default)]
pub(crate) struct TimeSync {
    ask_ms: u64,
    open: VecDeque<i64>,
    samples: VecDeque<Sample>,
}

/// Our clock as it is told to others. One is added because 0 marks a question.
fn told_ns(now_ms: u64) -> i64 {
    i64::try_from(now_ms).unwrap_or(i64::MAX / NS_PER_MS - 1).min(i64::MAX / NS_PER_MS - 1) * NS_PER_MS + 1
}

impl TimeSync {
    /// The aircraft is new or restarted: its clock began anew.
    pub fn restart(&mut self) {
        *self = Self::default();
    }

    /// Asks when it is time.
    pub fn drive(&mut self, now_ms: u64) -> Option<Outgoing> {
        if now_ms < self.ask_ms {
            return None;
        }
        self.ask_ms = now_ms + if self.samples.len() < SAMPLES_FEW { ASK_SOON_MS } else { ASK_MS };
        if self.open.len() == OPEN_MAX {
            self.open.pop_front();
        }
        self.open.push_back(told_ns(now_ms));
        Some(Outgoing::TimeSync { asker_ns: told_ns(now_ms), responder_ns: 0, component_id: AUTOPILOT_COMPONENT })
    }

    /// The answer to an aircraft's question.
    pub fn answer(asker_ns: i64, component_id: u8, now_ms: u64) -> Outgoing {
        Outgoing::TimeSync { asker_ns, responder_ns: told_ns(now_ms), component_id }
    }

    /// Takes an answer. One to somebody else's question, or a second one to ours, says nothing.
    pub fn take(&mut self, asker_ns: i64, responder_ns: i64, now_ms: u64) {
        let Some(asked) = self.open.iter().position(|open| *open == asker_ns) else { return };
        self.open.remove(asked);
        let round_trip_ns = told_ns(now_ms) - asker_ns;
        let round_trip_ms = u64::try_from(round_trip_ns / NS_PER_MS).unwrap_or(u64::MAX);
        if round_trip_ms > ROUND_TRIP_MAX_MS {
            return;
        }
        if self.samples.len() == SAMPLES_MAX {
            self.samples.pop_front();
        }
        let offset_ns = responder_ns.saturating_sub(asker_ns + round_trip_ns / 2);
        self.samples.push_back(Sample { round_trip_ms, offset_ns });
    }

    /// A word to the aircraft and back, milliseconds: the middle one of those looked at.
    pub fn round_trip_ms(&self) -> Option<f64> {
        let mut trips: Vec<u64> = self.samples.iter().map(|sample| sample.round_trip_ms).collect();
        trips.sort_unstable();
        trips.get(trips.len() / 2).map(|trip_ms| *trip_ms as f64)
    }

    /// When, by our clock, the aircraft's clock stood so many milliseconds after its start.
    pub fn ours_ms(&self, boot_ms: u32) -> Option<u64> {
        let quickest = self.samples.iter().min_by_key(|sample| sample.round_trip_ms)?;
        let ns = i128::from(boot_ms) * i128::from(NS_PER_MS) - i128::from(quickest.offset_ns);
        u64::try_from(ns / i128::from(NS_PER_MS)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An aircraft whose clock is so far ahead answers; each way takes so long.
    fn exchanged(ways_ms: &[(u64, u64)], ahead_ms: i64) -> TimeSync {
        let mut sync = TimeSync::default();
        let mut now_ms = 10_000;
        for (there_ms, back_ms) in ways_ms {
            now_ms += ASK_MS;
            let Some(Outgoing::TimeSync { asker_ns, .. }) = sync.drive(now_ms) else { panic!("asks") };
            let responder_ns = (i64::try_from(now_ms + there_ms).expect("small") + ahead_ms) * NS_PER_MS;
            sync.take(asker_ns, responder_ns, now_ms + there_ms + back_ms);
            sync.take(asker_ns, responder_ns + 999 * NS_PER_MS, now_ms + there_ms + back_ms + 1);
        }
        sync
    }

    #[test]
    fn the_quickest_answer_tells_the_offset_and_the_middle_one_the_round_trip() {
        let sync = exchanged(&[(40, 400), (20, 20), (200, 30), (25, 25)], -3_000);
        assert_eq!(sync.round_trip_ms(), Some(230.0));
        // Aircraft time 5 s is ours 8 s.
        assert_eq!(sync.ours_ms(5_000), Some(8_000));
    }

    #[test]
    fn foreign_late_and_absurd_answers_say_nothing() {
        let mut sync = exchanged(&[], 0);
        sync.drive(0);
        sync.take(77, 5, 10);
        sync.take(told_ns(0), 5, ROUND_TRIP_MAX_MS + 1);
        assert_eq!((sync.round_trip_ms(), sync.ours_ms(5)), (None, None));
        sync.drive(6_000);
        sync.take(told_ns(6_000), i64::MIN, 6_001);
        assert_eq!(sync.ours_ms(u32::MAX).map(|ms| ms > 0), Some(true), "no overflow");
        let mut ahead = exchanged(&[(0, 0)], i64::MAX / NS_PER_MS - 20_000);
        assert_eq!(ahead.ours_ms(5), None, "before our clock began");
        ahead.restart();
        assert_eq!(ahead.round_trip_ms(), None);
    }

    #[test]
    fn questions_become_fewer_and_are_bounded() {
        let mut sync = TimeSync::default();
        let asked = (0..60_000).step_by(100).filter(|now_ms| sync.drive(*now_ms).is_some()).count();
        assert_eq!((asked, sync.open.len()), (120, OPEN_MAX), "nobody answers");
    }
}
