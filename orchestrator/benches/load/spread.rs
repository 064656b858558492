//! The spread of measured times.

use std::time::Duration;

/// Times of one kind, sorted.
pub struct Spread {
    sorted_ms: Vec<f64>,
}

impl Spread {
    /// Of these.
    pub fn of(times: impl IntoIterator<Item = Duration>) -> Self {
        let mut sorted_ms: Vec<f64> = times.into_iter().map(|time| time.as_secs_f64() * 1_000.0).collect();
        sorted_ms.sort_by(f64::total_cmp);
        Self { sorted_ms }
    }

    /// The time that a share of all stays under, by nearest rank; NaN of nothing.
    pub fn share(&self, share: f64) -> f64 {
        let rank = (share * self.sorted_ms.len() as f64).ceil() as usize;
        self.sorted_ms.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
    }

    /// One line.
    pub fn print(&self, what: &str) {
        println!(
            "{what}: {} times, median {:.2} ms, p90 {:.2} ms, p99 {:.2} ms, max {:.2} ms",
            self.sorted_ms.len(),
            self.share(0.5),
            self.share(0.9),
            self.share(0.99),
            self.share(1.0)
        );
    }
}
