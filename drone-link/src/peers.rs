//! Where an aircraft is heard from: the first address with its heartbeat, kept until that falls silent.

use std::collections::BTreeMap;
use std::net::SocketAddr;

/// A rival that goes on speaking is reported again after this long, milliseconds.
const RIVAL_REPORT_MS: u64 = 60_000;
/// Rivals remembered; more than that come from somebody who makes up addresses.
const RIVALS_MAX: usize = 16;

/// What a datagram from an address is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// From the aircraft.
    Ours,
    /// From an address that has not shown a heartbeat yet.
    Unknown,
    /// From a second sender with the same system id.
    Rival {
        /// It was not reported lately.
        news: bool,
    },
}

/// The address of one aircraft.
#[derive(Debug)]
pub(crate) struct Peers {
    silence_max_ms: u64,
    current: Option<(SocketAddr, u64)>,
    rivals: BTreeMap<SocketAddr, u64>,
}

impl Peers {
    pub fn new(silence_max_ms: u64) -> Self {
        Self { silence_max_ms, current: None, rivals: BTreeMap::new() }
    }

    /// Where to send.
    pub fn address(&self) -> Option<SocketAddr> {
        self.current.map(|(address, _)| address)
    }

    /// Judges a datagram with the aircraft's system id.
    pub fn judge(&mut self, address: SocketAddr, has_heartbeat: bool, now_ms: u64) -> Verdict {
        let silent = |heard_ms: u64| now_ms.saturating_sub(heard_ms) >= self.silence_max_ms;
        match self.current {
            Some((current, _)) if current == address => self.take(address, now_ms),
            Some((_, heard_ms)) if !silent(heard_ms) => self.rival(address, now_ms),
            Some(_) | None if has_heartbeat => self.take(address, now_ms),
            Some(_) | None => Verdict::Unknown,
        }
    }

    fn take(&mut self, address: SocketAddr, now_ms: u64) -> Verdict {
        self.current = Some((address, now_ms));
        Verdict::Ours
    }

    fn rival(&mut self, address: SocketAddr, now_ms: u64) -> Verdict {
        let reported_ms = self.rivals.get(&address).copied();
        let news = match reported_ms {
            Some(reported_ms) => now_ms.saturating_sub(reported_ms) >= RIVAL_REPORT_MS,
            None => self.rivals.len() < RIVALS_MAX,
        };
        if news {
            self.rivals.insert(address, now_ms);
        }
        Verdict::Rival { news }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[test]
    fn the_first_heartbeat_wins_until_it_is_silent() {
        let mut peers = Peers::new(5_000);
        assert_eq!(peers.judge(address(1), false, 0), Verdict::Unknown);
        assert_eq!(peers.judge(address(1), true, 10), Verdict::Ours);
        assert_eq!(peers.judge(address(2), true, 20), Verdict::Rival { news: true });
        assert_eq!(peers.judge(address(2), true, 30), Verdict::Rival { news: false });
        assert_eq!(peers.judge(address(1), false, 4_000), Verdict::Ours);
        assert_eq!(peers.judge(address(2), true, 8_999), Verdict::Rival { news: false });
        assert_eq!(peers.judge(address(2), false, 9_000), Verdict::Unknown);
        assert_eq!(peers.judge(address(2), true, 9_001), Verdict::Ours);
        assert_eq!(peers.address(), Some(address(2)));
    }

    #[test]
    fn made_up_addresses_do_not_fill_the_memory() {
        let mut peers = Peers::new(5_000);
        peers.judge(address(1), true, 0);
        let news = (2..1_000).filter(|port| peers.judge(address(*port), true, 1) == Verdict::Rival { news: true }).count();
        assert_eq!(news, RIVALS_MAX);
    }
}
