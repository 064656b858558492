//! Networks in virtual time: a lossy one for datagrams, a persistent one for terminals.

use std::collections::BTreeMap;

use rand::RngExt;
use rand_pcg::Pcg64;

use super::file::LinkQuality;

/// How long a persistent network waits before it sends a lost message again, milliseconds: the order of a phone's TCP.
const RESEND_MS: u64 = 1_000;
/// A message resent so often gets through: the seed must not be able to hold one for ever.
const RESENDS_MAX: u32 = 30;

/// Messages under way, in the order in which they arrive.
#[derive(Debug)]
pub(crate) struct Wire<T> {
    under_way: BTreeMap<(u64, u64), T>,
    sent: u64,
}

impl<T> Default for Wire<T> {
    fn default() -> Self {
        Self { under_way: BTreeMap::new(), sent: 0 }
    }
}

impl<T: Clone> Wire<T> {
    /// Sends a datagram: lost, delayed, reordered, doubled as the quality says.
    pub fn send_datagram(&mut self, message: T, now_ms: u64, quality: &LinkQuality, random: &mut Pcg64) {
        if !quality.up || chance(random, quality.loss_pct) {
            return;
        }
        if chance(random, quality.duplicate_pct) {
            let due = now_ms + delay_ms(quality, random);
            self.put(message.clone(), due);
        }
        let due = now_ms + delay_ms(quality, random);
        self.put(message, due);
    }

    /// Sends over a connection that resends what is lost.
    pub fn send_persistently(&mut self, message: T, now_ms: u64, quality: &LinkQuality, random: &mut Pcg64) {
        let mut due = now_ms + delay_ms(quality, random);
        let mut resends = 0;
        while chance(random, quality.loss_pct) && resends < RESENDS_MAX {
            due += RESEND_MS;
            resends += 1;
        }
        if chance(random, quality.duplicate_pct) {
            self.put(message.clone(), due + RESEND_MS);
        }
        self.put(message, due);
    }

    /// Keeps a message that could not be delivered until then.
    pub fn hold(&mut self, message: T, until_ms: u64) {
        self.put(message, until_ms);
    }

    /// The next message that has arrived by now.
    pub fn receive(&mut self, now_ms: u64) -> Option<T> {
        let first = self.under_way.first_entry()?;
        (first.key().0 <= now_ms).then(|| first.remove())
    }

    fn put(&mut self, message: T, due_ms: u64) {
        self.sent += 1;
        self.under_way.insert((due_ms, self.sent), message);
    }
}

fn chance(random: &mut Pcg64, share_pct: f64) -> bool {
    share_pct > 0.0 && random.random_range(0.0..100.0) < share_pct
}

fn delay_ms(quality: &LinkQuality, random: &mut Pcg64) -> u64 {
    match quality.jitter_ms {
        0 => quality.latency_ms,
        jitter => quality.latency_ms + random.random_range(0..=jitter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn a_datagram_may_be_lost_a_persistent_message_may_not() {
        let quality = LinkQuality { loss_pct: 50.0, ..LinkQuality::default() };
        let mut random = Pcg64::seed_from_u64(1);
        let (mut datagrams, mut persistent) = (Wire::default(), Wire::default());
        for number in 0..200 {
            datagrams.send_datagram(number, 0, &quality, &mut random);
            persistent.send_persistently(number, 0, &quality, &mut random);
        }
        let arrived = std::iter::from_fn(|| datagrams.receive(u64::MAX)).count();
        assert!((60..140).contains(&arrived), "{arrived}");
        assert_eq!(std::iter::from_fn(|| persistent.receive(u64::MAX)).count(), 200);
    }

    #[test]
    fn nothing_passes_a_link_that_is_down() {
        let mut wire = Wire::default();
        let quality = LinkQuality { up: false, ..LinkQuality::default() };
        wire.send_datagram(1, 0, &quality, &mut Pcg64::seed_from_u64(1));
        assert_eq!(wire.receive(u64::MAX), None);
    }
}
