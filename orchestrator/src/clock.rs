//! The server's time: a wall clock read once and carried on by a monotonic one.
//!
//! A step of the system's clock by an hour must neither fire every deadline at once nor freeze them all. The monotonic clock is
//! slewed by time synchronisation like the wall clock, so the two drift apart only when somebody sets the clock.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

/// Tells the time in milliseconds since 1970-01-01 UTC and waits for a time.
#[derive(Debug, Clone)]
pub struct Clock(Kind);

#[derive(Debug, Clone)]
enum Kind {
    System { anchor_wall_ms: i64, anchor: Instant },
    Manual(watch::Sender<i64>),
}

impl Clock {
    /// The system's clock as it stands now, but not before `not_before_ms` (the time of the latest entry of a log).
    pub fn system(not_before_ms: i64) -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let wall_ms = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
        Self(Kind::System { anchor_wall_ms: wall_ms.max(not_before_ms), anchor: Instant::now() })
    }

    /// A clock that stands still until [`Clock::advance`] moves it, for tests.
    pub fn manual(now_ms: i64) -> Self {
        Self(Kind::Manual(watch::Sender::new(now_ms)))
    }

    /// The same clock, but never before `not_before_ms`.
    pub fn not_before(self, not_before_ms: i64) -> Self {
        let behind_ms = not_before_ms.saturating_sub(self.now_ms());
        if behind_ms <= 0 {
            return self;
        }
        match self.0 {
            Kind::System { anchor_wall_ms, anchor } => Self(Kind::System { anchor_wall_ms: anchor_wall_ms + behind_ms, anchor }),
            Kind::Manual(sender) => {
                sender.send_modify(|now_ms| *now_ms += behind_ms);
                Self(Kind::Manual(sender))
            }
        }
    }

    /// Milliseconds since 1970-01-01 UTC. Never runs backwards.
    pub fn now_ms(&self) -> i64 {
        match &self.0 {
            Kind::System { anchor_wall_ms, anchor } => {
                let passed_ms = i64::try_from(anchor.elapsed().as_millis()).unwrap_or(i64::MAX);
                anchor_wall_ms.saturating_add(passed_ms)
            }
            Kind::Manual(sender) => *sender.borrow(),
        }
    }

    /// Moves a manual clock on; a system clock needs nobody to move it and stays as it is.
    pub fn advance(&self, by_ms: i64) {
        match &self.0 {
            Kind::System { .. } => {}
            Kind::Manual(sender) => sender.send_modify(|now_ms| *now_ms += by_ms.max(0)),
        }
    }

    /// Returns at `at_ms`, or at once when that has passed.
    pub async fn sleep_until(&self, at_ms: i64) {
        match &self.0 {
            Kind::System { .. } => {
                let wait_ms = u64::try_from(at_ms.saturating_sub(self.now_ms())).unwrap_or(0);
                tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            }
            Kind::Manual(sender) => {
                let mut now = sender.subscribe();
                // The sender lives in `self`, so the wait can only end by the time coming.
                let _ = now.wait_for(|now_ms| *now_ms >= at_ms).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_clock_behind_the_log_starts_at_the_log_and_only_grows() {
        let future_ms = Clock::system(0).now_ms() + 3_600_000;
        let clock = Clock::system(future_ms);
        let first_ms = clock.now_ms();
        assert!(first_ms >= future_ms);
        clock.sleep_until(first_ms + 2).await;
        assert!(clock.now_ms() >= first_ms + 2);
    }

    #[tokio::test]
    async fn a_manual_clock_wakes_sleepers_when_it_is_moved() {
        let clock = Clock::manual(1_000);
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(1_500).await }
        });
        clock.advance(500);
        sleeper.await.expect("the sleeper wakes");
        assert_eq!(clock.now_ms(), 1_500);
        assert_eq!(clock.not_before(2_000).now_ms(), 2_000);
    }
}
