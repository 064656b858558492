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

/// Clients of one generation, about 100 bytes each: more than a district has terminals, so that attackers must be very many before
/// they make the server forget anybody.
const GENERATION_MAX: usize = 65_536;

/// Counts one kind of request per client.
#[derive(Debug)]
pub struct RateLimiter {
    limit: RateLimit,
    buckets: Mutex<Buckets>,
}

/// Those seen lately, and those seen before them: when the young generation is full, the old one is forgotten as a whole and the young
/// one takes its place. Looking for the single one unseen longest took a walk over all of them with every request of a newcomer.
#[derive(Debug, Default)]
struct Buckets {
    young: HashMap<String, Bucket>,
    old: HashMap<String, Bucket>,
}

impl Buckets {
    /// The bucket of a client, who is now of the young generation.
    fn of(&mut self, client: &str, new: Bucket) -> &mut Bucket {
        if !self.young.contains_key(client) {
            let bucket = self.old.remove(client).unwrap_or(new);
            if self.young.len() >= GENERATION_MAX {
                self.old = std::mem::take(&mut self.young);
            }
            self.young.insert(client.to_owned(), bucket);
        }
        self.young.entry(client.to_owned()).or_insert(new)
    }
}

impl RateLimiter {
    /// With nobody seen yet.
    pub fn new(limit: RateLimit) -> Self {
        Self { limit, buckets: Mutex::new(Buckets::default()) }
    }

    /// Takes one request of `client`; when it is one too many, the seconds to wait.
    pub fn take(&self, client: &str, now_ms: i64) -> Result<(), u32> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let full = f64::from(self.limit.burst);
        let per_ms = f64::from(self.limit.per_minute.max(1)) / 60_000.0;
        let bucket = buckets.of(client, Bucket { tokens: full, at_ms: now_ms });
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
    fn memory_stays_bounded_and_who_keeps_coming_is_not_forgotten() {
        let limiter = RateLimiter::new(RateLimit { burst: 2, per_minute: 1 });
        assert_eq!(limiter.take("comes again", 0), Ok(()));
        assert_eq!(limiter.take("comes again", 0), Ok(()));
        for client in 0..3 * GENERATION_MAX {
            assert_eq!(limiter.take(&client.to_string(), 0), Ok(()));
            if client % (GENERATION_MAX / 2) == 0 {
                assert_eq!(limiter.take("comes again", 0), Err(60), "after {client} others");
            }
        }
        let buckets = limiter.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(buckets.young.len() <= GENERATION_MAX && buckets.old.len() <= GENERATION_MAX);
    }

    #[test]
    fn one_customer_is_one_client() {
        let cases = [("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")];
        for (address, key) in cases {
            assert_eq!(address.parse().map(client_key), Ok(key.to_owned()));
        }
    }
}
