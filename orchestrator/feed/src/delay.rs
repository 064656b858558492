//! Tells how late a camera's pictures come: a narrow radio link holds them back for seconds without losing one, and each looks new when it
//! comes. Pure.
//!
//! A picture's way is the difference between when it came and when it is to be shown, by two clocks that nobody compares: only how much
//! longer it is than the shortest way of late says something. A link that is slow from the beginning is not noticed.

use std::time::{Duration, Instant};

use crate::limits::{DELAY_HICCUP, DELAY_LASTS, DELAY_MAX, DELAY_WINDOW};

/// Media time's units in a second.
const CLOCK_HZ: i128 = 90_000;

/// The ways of one stream's pictures since it was begun.
#[derive(Debug, Default)]
pub struct Delays {
    begun: Option<Begun>,
    lately: Option<Lately>,
    late_since: Option<Instant>,
}

/// The least late picture of this half second and of the one before: in a jam all of them are late, in a hiccup some.
#[derive(Debug)]
struct Lately {
    least: Duration,
    before: Duration,
    since: Instant,
}

#[derive(Debug)]
struct Begun {
    media_time: u64,
    at: Instant,
    /// The shortest way in this window and in the one before, microseconds longer than the first picture's. Windows let a camera's clock
    /// drift: one that is a thousandth slow loses 30 to 60 ms in them.
    shortest_us: i128,
    before_us: i128,
    window_at: Instant,
}

impl Delays {
    /// How late the next picture comes: how much longer its way was than the shortest, or that of another one just before it, if that was less late.
    pub fn of(&mut self, media_time: u64, arrived_at: Instant) -> Duration {
        let one = self.begun.get_or_insert_with(|| Begun::at(media_time, arrived_at)).late(media_time, arrived_at);
        let late = self.lately.get_or_insert(Lately { least: one, before: one, since: arrived_at }).least(one, arrived_at);
        self.late_since = (DELAY_MAX <= late).then(|| self.late_since.unwrap_or(arrived_at));
        late
    }

    /// Whether they have come late for so long that the camera should begin anew: what waits on its way is then thrown away.
    pub fn last_too_long(&self, now: Instant) -> bool {
        self.late_since.is_some_and(|since| DELAY_LASTS <= now.saturating_duration_since(since))
    }
}

impl Lately {
    fn least(&mut self, late: Duration, arrived_at: Instant) -> Duration {
        if DELAY_HICCUP <= arrived_at.saturating_duration_since(self.since) {
            (self.before, self.least, self.since) = (self.least, late, arrived_at);
        }
        self.least = self.least.min(late);
        self.least.min(self.before)
    }
}

impl Begun {
    fn at(media_time: u64, at: Instant) -> Self {
        Self { media_time, at, shortest_us: 0, before_us: 0, window_at: at }
    }

    fn late(&mut self, media_time: u64, arrived_at: Instant) -> Duration {
        let came_us = i128::try_from(arrived_at.saturating_duration_since(self.at).as_micros()).unwrap_or(i128::MAX / 2);
        let shown_us = (i128::from(media_time) - i128::from(self.media_time)) * 1_000_000 / CLOCK_HZ;
        let way_us = came_us - shown_us;
        if DELAY_WINDOW <= arrived_at.saturating_duration_since(self.window_at) {
            (self.before_us, self.shortest_us, self.window_at) = (self.shortest_us, way_us, arrived_at);
        }
        self.shortest_us = self.shortest_us.min(way_us);
        Duration::from_micros(u64::try_from(way_us - self.shortest_us.min(self.before_us)).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pictures ten times a second, each so many milliseconds on its way: how late each is said to be, milliseconds, and whether the camera
    /// is to begin anew after the last.
    fn late_ms(ways_ms: impl IntoIterator<Item = u64>, clock_hz: u64) -> (Vec<u64>, bool) {
        let (begun, mut delays, mut last) = (Instant::now(), Delays::default(), Instant::now());
        let late = ways_ms.into_iter().zip(0..).map(|(way_ms, number)| {
            last = begun + Duration::from_millis(number * 100 + way_ms);
            u64::try_from(delays.of(1_000 + number * clock_hz / 10, last).as_millis()).expect("small")
        });
        let late = late.collect();
        (late, delays.last_too_long(last))
    }

    #[test]
    fn what_is_longer_on_its_way_than_the_quickest_is_late_unless_only_one_is() {
        let hiccup = [40, 20, 20, 20, 320, 20, 20, 20, 20, 20];
        assert_eq!(late_ms(hiccup, 90_000), (vec![0; 10], false));
        let (late, _) = late_ms([20; 10].into_iter().chain([320; 15]), 90_000);
        assert_eq!((late[10], late[13], late[24]), (0, 0, 300));
    }

    #[test]
    fn a_jam_that_clears_is_waited_for_and_one_that_stays_is_not() {
        let clears = [20; 20].into_iter().chain((0..20).map(|number| 2_000 - number * 100)).chain([20; 20]);
        assert!(!late_ms(clears, 90_000).1);
        let stays = [20; 20].into_iter().chain([1_100; 35]);
        let (late, anew) = late_ms(stays, 90_000);
        assert_eq!((late[19], late[54], anew), (0, 1_080, true));
    }

    #[test]
    fn a_clock_that_drifts_makes_nothing_late() {
        for clock_hz in [89_820, 90_180] {
            let (late, anew) = late_ms([20; 6_000], clock_hz);
            let worst = late.into_iter().max();
            assert!(worst.is_some_and(|worst| worst <= 130) && !anew, "two in a thousand, ten minutes: {worst:?} ms");
        }
    }
}
