//! Networks in virtual time: a lossy one for datagrams, a persistent one for terminals.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use super::file::LinkQuality;

/// How long a persistent network waits before it sends a lost message again, milliseconds: the order of a phone's TCP.
const RESEND_MS: u64 = 1_000;
/// A message resent so often gets through: the seed must not be able to hold one for ever.
const RESENDS_MAX: u32 = 30;

/// The dice of one place in a run. Each has its own: one more word on one radio must not change what is lost on another, nor where a
/// person's satellites see them.
pub(crate) fn dice(seed: u64, place: &str) -> Pcg64 {
    // The multiplier of the FNV-1a hash; any odd one of this size keeps names apart.
    Pcg64::seed_from_u64(place.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)))
}

/// Messages under way, in the order in which they arrive.
#[derive(Debug)]
pub(crate) struct Wire<T> {
    under_way: BTreeMap<(u64, u64), T>,
    sent: u64,
    random: Pcg64,
}

impl<T: Clone> Wire<T> {
    /// A wire with nothing on it; its name is that of its dice.
    pub fn new(seed: u64, name: &str) -> Self {
        Self { under_way: BTreeMap::new(), sent: 0, random: dice(seed, name) }
    }

    /// Sends a datagram: lost, delayed, reordered, doubled as the quality says.
    pub fn send_datagram(&mut self, message: T, now_ms: u64, quality: &LinkQuality) {
        let random = &mut self.random;
        if !quality.up || chance(random, quality.loss_pct) {
            return;
        }
        let again = chance(random, quality.duplicate_pct).then(|| now_ms + delay_ms(quality, random));
        let due = now_ms + delay_ms(quality, random);
        if let Some(again) = again {
            self.put(message.clone(), again);
        }
        self.put(message, due);
    }

    /// Sends over a connection that resends what is lost.
    pub fn send_persistently(&mut self, message: T, now_ms: u64, quality: &LinkQuality) {
        let random = &mut self.random;
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

    #[test]
    fn a_datagram_may_be_lost_a_persistent_message_may_not() {
        let quality = LinkQuality { loss_pct: 50.0, ..LinkQuality::default() };
        let (mut datagrams, mut persistent) = (Wire::new(1, "datagrams"), Wire::new(1, "persistent"));
        for number in 0..200 {
            datagrams.send_datagram(number, 0, &quality);
            persistent.send_persistently(number, 0, &quality);
        }
        let arrived = std::iter::from_fn(|| datagrams.receive(u64::MAX)).count();
        assert!((60..140).contains(&arrived), "{arrived}");
        assert_eq!(std::iter::from_fn(|| persistent.receive(u64::MAX)).count(), 200);
    }

    #[test]
    fn nothing_passes_a_link_that_is_down() {
        let mut wire = Wire::new(1, "wire");
        let quality = LinkQuality { up: false, ..LinkQuality::default() };
        wire.send_datagram(1, 0, &quality);
        assert_eq!(wire.receive(u64::MAX), None);
    }

    #[test]
    fn what_is_said_on_one_wire_changes_nothing_on_another() {
        let quality = LinkQuality { loss_pct: 50.0, ..LinkQuality::default() };
        let heard = |chatter: u32| {
            let (mut one, mut other) = (Wire::new(7, "d1 up"), Wire::new(7, "d2 up"));
            for number in 0..100 {
                (0..chatter).for_each(|word| other.send_datagram(word, number, &quality));
                one.send_datagram(number, number, &quality);
            }
            std::iter::from_fn(|| one.receive(u64::MAX)).collect::<Vec<_>>()
        };
        assert_eq!(heard(0), heard(3));
        let draws = |place: &str| dice(7, place).random_range(0..u64::MAX);
        assert_ne!(draws("d1 up"), draws("d2 up"));
    }
}
