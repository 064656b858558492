//! Time by the processor, for benchmarks of one thread: what else the machine does meanwhile does not count.

use std::time::{Duration, SystemTime};

/// Time that this thread has been on a processor, where the system tells it (Linux); else the clock's.
pub fn on_processor() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default(), Duration::from_nanos)
}
