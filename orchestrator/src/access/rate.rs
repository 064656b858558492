//! Token buckets per client, in bounded memory.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// How often something may be done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateLimit {
    /// At once, after a pause.
    pub burst: u32,
    /// Lastingly, per minute.
    pub per_minute: u32,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at_ms: i64,
}

/// Clients remembered at once; 64 bytes each. The one unseen longest is forgotten first.
const CLIENTS_MAX: usize = 20_000;

/// Counts one kind of request per client.
#[derive(Debug)]
pub struct RateLimiter {
    limit: RateLimit,
    buckets: Mutex<HashMap<String, Bucket>>,
}

impl RateLimiter {
    /// With nobody seen yet.
    pub fn new(limit: RateLimit) -> Self {
        Self { limit, buckets: Mutex::new(HashMap::new()) }
    }

    /// Takes one request of `client`; when it is one too many, the seconds to wait.
    pub fn take(&self, client: &str, now_ms: i64) -> Result<(), u32> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= CLIENTS_MAX && !buckets.contains_key(client) {
            forget_oldest(&mut buckets);
        }
        let full = f64::from(self.limit.burst);
        let per_ms = f64::from(self.limit.per_minute.max(1)) / 60_000.0;
        let bucket = buckets.entry(client.to_owned()).or_insert(Bucket { tokens: full, at_ms: now_ms });
        // A clock that runs backwards gives no tokens and takes none.
        let passed_ms = now_ms.saturating_sub(bucket.at_ms).max(0);
        bucket.tokens = (bucket.tokens + passed_ms as f64 * per_ms).min(full);
        bucket.at_ms = now_ms;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        Err(((1.0 - bucket.tokens) / per_ms / 1_000.0).ceil() as u32)
    }
}

fn forget_oldest(buckets: &mut HashMap<String, Bucket>) {
    let oldest = buckets.iter().min_by_key(|(client, bucket)| (bucket.at_ms, (*client).clone()));
    if let Some(oldest) = oldest.map(|(client, _)| client.clone()) {
        buckets.remove(&oldest);
    }
}

/// How a client is counted: an IPv4 address, or the /64 network that one IPv6 customer has all to itself.
pub fn client_key(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_the_rate_holds() {
        let limiter = RateLimiter::new(RateLimit { burst: 3, per_minute: 6 });
        // (client, time, expected)
        let steps = [
            ("a", 0, Ok(())),
            ("a", 0, Ok(())),
            ("a", 0, Ok(())),
            ("a", 0, Err(10)),
            ("b", 0, Ok(())),
            ("a", 9_999, Err(1)),
            ("a", 10_000, Ok(())),
            ("a", 5_000, Err(10)),
            ("a", 3_600_000, Ok(())),
        ];
        for (client, at_ms, expected) in steps {
            assert_eq!(limiter.take(client, at_ms), expected, "{client} at {at_ms}");
        }
    }

    #[test]
    fn memory_stays_bounded() {
        let limiter = RateLimiter::new(RateLimit { burst: 1, per_minute: 1 });
        for client in 0..CLIENTS_MAX + 10 {
            assert_eq!(limiter.take(&client.to_string(), client as i64), Ok(()));
        }
        assert_eq!(limiter.buckets.lock().map(|buckets| buckets.len()).ok(), Some(CLIENTS_MAX));
    }

    #[test]
    fn one_customer_is_one_client() {
        let cases = [("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")];
        for (address, key) in cases {
            assert_eq!(address.parse().map(client_key), Ok(key.to_owned()));
        }
    }
}
