//! How well the aircraft is heard: silence, missing messages by sequence number, stale and repeated frames.

use std::collections::{BTreeMap, VecDeque};

/// Frames this far behind the newest are late ones of the same run; farther is a run that started anew.
const BEHIND_MAX: u8 = 96;
/// Late or repeated frames in a row after which the sender must have started its count anew (a reboot).
const LATE_RUN_MAX: u8 = 12;
/// After a gap this long the old count says nothing: at 300 messages a second 256 numbers are over in less.
const GAP_MS: u64 = 1_000;
/// The loss is that of the last so many milliseconds.
const LOSS_WINDOW_MS: u64 = 5_000;
/// Width of one slice of that window.
const LOSS_SLICE_MS: u64 = 500;

/// What a frame is worth by its sequence number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// Newer than all before of its kind of message.
    Newest,
    /// Overtaken by a newer one of its kind: what it says of the state is out of date, what it answers still counts.
    Late,
    /// Seen already.
    Repeated,
}

/// Received and missing in one slice of time.
#[derive(Debug, Clone, Copy)]
struct Slice {
    start_ms: u64,
    received: u32,
    missing: u32,
}

/// Counts one component's frames.
#[derive(Debug, Default)]
pub(crate) struct Sequence {
    newest: Option<u8>,
    heard_ms: u64,
    /// The newest frame's number without wrapping at 256.
    position: u64,
    /// Bit n: the frame n before the newest was seen.
    seen: u128,
    late_run: u8,
    /// The newest position of each kind of message. A heartbeat that is overtaken by an attitude is still the newest heartbeat.
    kinds: BTreeMap<u32, u64>,
    slices: VecDeque<Slice>,
}

impl Sequence {
    /// Judges a frame by its number and its kind of message.
    pub fn judge(&mut self, sequence: u8, message_id: u32, now_ms: u64) -> Freshness {
        let Some(position) = self.take(sequence, now_ms) else { return Freshness::Repeated };
        // Only messages with a right checksum come here, so there are no more kinds than the dialect has.
        let newest = self.kinds.entry(message_id).or_insert(position);
        if position < *newest {
            return Freshness::Late;
        }
        *newest = position;
        Freshness::Newest
    }

    /// The frame's position without wrapping; `None` when it was seen already.
    fn take(&mut self, sequence: u8, now_ms: u64) -> Option<u64> {
        let gap_ms = now_ms.saturating_sub(std::mem::replace(&mut self.heard_ms, now_ms));
        let Some(newest) = self.newest.filter(|_| gap_ms < GAP_MS) else { return Some(self.start(sequence, now_ms)) };
        let behind = newest.wrapping_sub(sequence);
        if behind > BEHIND_MAX {
            return Some(self.take_ahead(newest, sequence, now_ms));
        }
        self.late_run += 1;
        if self.late_run > LATE_RUN_MAX {
            return Some(self.start(sequence, now_ms));
        }
        let bit = 1 << behind;
        if self.seen & bit != 0 {
            return None;
        }
        self.seen |= bit;
        // It was counted as missing when it was overtaken.
        let slice = self.slice(now_ms);
        slice.received += 1;
        slice.missing = slice.missing.saturating_sub(1);
        Some(self.position.saturating_sub(u64::from(behind)))
    }

    fn take_ahead(&mut self, newest: u8, sequence: u8, now_ms: u64) -> u64 {
        let ahead = sequence.wrapping_sub(newest);
        self.newest = Some(sequence);
        self.position += u64::from(ahead);
        self.seen = self.seen.checked_shl(u32::from(ahead)).unwrap_or(0) | 1;
        self.late_run = 0;
        let slice = self.slice(now_ms);
        slice.received += 1;
        slice.missing += u32::from(ahead) - 1;
        self.position
    }

    /// The first frame, or the first after a restart: newer than everything before.
    fn start(&mut self, sequence: u8, now_ms: u64) -> u64 {
        self.newest = Some(sequence);
        self.position += 256;
        self.seen = 1;
        self.late_run = 0;
        self.slice(now_ms).received += 1;
        self.position
    }

    fn slice(&mut self, now_ms: u64) -> &mut Slice {
        while self.slices.front().is_some_and(|slice| now_ms.saturating_sub(slice.start_ms) > LOSS_WINDOW_MS) {
            self.slices.pop_front();
        }
        let current = self.slices.back().is_some_and(|slice| now_ms.saturating_sub(slice.start_ms) < LOSS_SLICE_MS);
        if !current {
            self.slices.push_back(Slice { start_ms: now_ms, received: 0, missing: 0 });
        }
        self.slices.back_mut().expect("a slice was just made sure of")
    }

    /// Share of frames missing over the last seconds, per cent.
    pub fn loss_pct(&self, now_ms: u64) -> f64 {
        let young = self.slices.iter().filter(|slice| now_ms.saturating_sub(slice.start_ms) <= LOSS_WINDOW_MS);
        let (received, missing) = young.fold((0, 0), |(r, m), slice| (r + slice.received, m + slice.missing));
        if received + missing == 0 {
            return 0.0;
        }
        100.0 * f64::from(missing) / f64::from(received + missing)
    }
}

/// Whether the aircraft is heard.
#[derive(Debug, Default)]
pub(crate) struct Supervision {
    pub sequence: Sequence,
    heard_ms: Option<u64>,
    connected: bool,
}

/// A change of the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkChange {
    /// Heard for the first time.
    Found,
    /// Silent for too long.
    Lost,
    /// Heard again.
    Regained,
}

impl Supervision {
    /// The aircraft's own autopilot was heard.
    pub fn heard(&mut self, now_ms: u64) -> Option<LinkChange> {
        let first = self.heard_ms.is_none();
        let change = (!self.connected).then_some(if first { LinkChange::Found } else { LinkChange::Regained });
        self.heard_ms = Some(now_ms);
        self.connected = true;
        change
    }

    /// Looks at the clock.
    pub fn handle_timeout(&mut self, silence_max_ms: u64, now_ms: u64) -> Option<LinkChange> {
        let silent = self.silence_ms(now_ms).is_some_and(|silence| silence >= silence_max_ms);
        if !self.connected || !silent {
            return None;
        }
        self.connected = false;
        Some(LinkChange::Lost)
    }

    /// Heard within the limit.
    pub fn connected(&self) -> bool {
        self.connected
    }

    /// Since anything was heard; `None` when never.
    pub fn silence_ms(&self, now_ms: u64) -> Option<u64> {
        self.heard_ms.map(|heard| now_ms.saturating_sub(heard))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(sequences: &[u8]) -> Vec<Freshness> {
        let mut sequence = Sequence::default();
        sequences.iter().map(|s| sequence.judge(*s, 0, 0)).collect()
    }

    #[test]
    fn late_and_repeated_frames_are_told_apart() {
        use Freshness::{Late, Newest, Repeated};
        assert_eq!(judged(&[5, 6, 6, 9, 8, 8, 10]), [Newest, Newest, Repeated, Newest, Late, Repeated, Newest]);
        assert_eq!(judged(&[254, 255, 0, 255]), [Newest, Newest, Newest, Repeated]);
    }

    #[test]
    fn a_frame_is_late_only_against_its_own_kind() {
        let mut sequence = Sequence::default();
        assert_eq!(sequence.judge(9, 30, 0), Freshness::Newest);
        assert_eq!(sequence.judge(8, 0, 0), Freshness::Newest);
        assert_eq!(sequence.judge(7, 0, 0), Freshness::Late);
        assert_eq!(sequence.judge(7, 0, 0), Freshness::Repeated);
    }

    #[test]
    fn a_count_that_starts_anew_is_believed_after_a_few_frames() {
        let mut sequence = Sequence::default();
        sequence.judge(60, 0, 0);
        let judged: Vec<_> = (0..20).map(|s| sequence.judge(s, 0, 0)).collect();
        assert_eq!(judged.last(), Some(&Freshness::Newest));
    }

    #[test]
    fn after_a_blackout_every_frame_is_new() {
        for first in 0..=255 {
            let mut sequence = Sequence::default();
            for s in 0..120 {
                sequence.judge(s, 0, u64::from(s));
            }
            assert_eq!(sequence.judge(first, 0, 119 + GAP_MS), Freshness::Newest, "{first}");
        }
    }

    #[test]
    fn loss_counts_gaps_and_forgets() {
        let mut sequence = Sequence::default();
        for s in [0, 2, 4, 6] {
            sequence.judge(s, 0, 1_000);
        }
        assert!((sequence.loss_pct(1_000) - 300.0 / 7.0).abs() < 1e-9);
        assert_eq!(sequence.loss_pct(1_000 + LOSS_WINDOW_MS + 1), 0.0);
    }

    #[test]
    fn silence_is_a_loss_once_and_a_word_is_a_return_once() {
        let mut link = Supervision::default();
        assert_eq!(link.handle_timeout(5_000, 9_000), None);
        assert_eq!(link.heard(0), Some(LinkChange::Found));
        assert_eq!(link.handle_timeout(5_000, 4_999), None);
        assert_eq!(link.handle_timeout(5_000, 5_000), Some(LinkChange::Lost));
        assert_eq!(link.handle_timeout(5_000, 6_000), None);
        assert_eq!(link.heard(7_000), Some(LinkChange::Regained));
        assert_eq!(link.heard(7_001), None);
    }
}
