//! The aircraft's numbered events (EVENT): put in order, asked for again where one is missing, kept as reasons. What a number means
//! is in the autopilot's own metadata, which is not looked up here: a reason says the number.
//!
//! By the MAVLink guide, "Events Interface": numbers in sequence per component, the newest one told now and then.

use std::collections::{BTreeMap, VecDeque};

use crate::dialect::Outgoing;
use crate::inbound::RawEvent;

/// Levels of a warning and worse, as in texts.
const LEVEL_WARNING: u8 = 4;
/// Events kept for reasons.
const KEPT_MAX: usize = 8;
/// Events held back until the missing ones before them have come. A longer gap is a sequence that began anew.
const HELD_MAX: u16 = 64;
/// Between two requests for the same missing events.
const ASK_AGAIN_MS: u64 = 500;
/// Requests for the same missing events; then they count as lost.
const ASKS_MAX: u32 = 6;

/// An event in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    at_ms: u64,
    number: u32,
}

/// The events of one autopilot.
#[derive(Debug, Default)]
pub(crate) struct Events {
    /// The number that comes next; none was heard before the first.
    next: Option<u16>,
    held: BTreeMap<u16, RawEvent>,
    /// The newest that is known to exist.
    newest: Option<u16>,
    ask_ms: u64,
    asks: u32,
    kept: VecDeque<Kept>,
}

/// How far `later` is behind `earlier` in a circle of 65,536 numbers.
fn ahead(later: u16, earlier: u16) -> u16 {
    later.wrapping_sub(earlier)
}

impl Events {
    /// The aircraft is new or restarted.
    pub fn restart(&mut self) {
        let kept = std::mem::take(&mut self.kept);
        *self = Self { kept, ..Self::default() };
    }

    /// Takes one event, in whatever order they come.
    pub fn take(&mut self, event: RawEvent, now_ms: u64) {
        let next = *self.next.get_or_insert(event.sequence);
        match ahead(event.sequence, next) {
            distance if distance < HELD_MAX => {
                self.note_newest(event.sequence, now_ms);
                self.held.insert(event.sequence, event);
            }
            // Just before the next: seen already.
            distance if distance > u16::MAX - HELD_MAX => {}
            _ => {
                self.restart();
                self.next = Some(event.sequence);
                self.held.insert(event.sequence, event);
            }
        }
        self.release(now_ms);
    }

    /// Takes the number of the newest event there is.
    pub fn take_newest(&mut self, newest: u16, reset: bool, now_ms: u64) {
        let Some(next) = self.next.filter(|_| !reset) else {
            // What happened before we listened is not asked for.
            self.restart();
            self.next = Some(newest.wrapping_add(1));
            return;
        };
        let missing = ahead(newest.wrapping_add(1), next);
        if 0 < missing && missing <= HELD_MAX {
            self.note_newest(newest, now_ms);
        }
    }

    /// Events that are not to be had any more.
    pub fn take_gone(&mut self, sequence: u16, oldest: u16, now_ms: u64) {
        let Some(next) = self.next else { return };
        let skip = ahead(oldest, next);
        if sequence == next && 0 < skip && skip <= HELD_MAX {
            self.lose(skip, now_ms);
        } else if sequence == next {
            self.lose(1, now_ms);
        }
    }

    fn note_newest(&mut self, newest: u16, now_ms: u64) {
        let next = self.next.unwrap_or(newest);
        if self.newest.is_none_or(|before| ahead(before, next) > HELD_MAX || ahead(newest, next) > ahead(before, next)) {
            self.newest = Some(newest);
        }
        if self.is_missing() && self.asks == 0 {
            self.ask_ms = now_ms;
        }
    }

    fn is_missing(&self) -> bool {
        let Some((next, newest)) = self.next.zip(self.newest) else { return false };
        let behind = ahead(newest.wrapping_add(1), next);
        0 < behind && behind <= HELD_MAX && !self.held.contains_key(&next)
    }

    /// Gives up what is missing of so many numbers from the next on.
    fn lose(&mut self, count: u16, now_ms: u64) {
        let Some(end) = self.next.map(|first| first.wrapping_add(count)) else { return };
        while let Some(next) = self.next.filter(|next| (1..=HELD_MAX).contains(&ahead(end, *next))) {
            self.next = Some(next.wrapping_add(1));
            self.release(now_ms);
        }
        self.asks = 0;
    }

    fn release(&mut self, now_ms: u64) {
        while let Some(event) = self.next.and_then(|next| self.held.remove(&next)) {
            self.next = Some(event.sequence.wrapping_add(1));
            self.asks = 0;
            self.ask_ms = now_ms;
            if event.level <= LEVEL_WARNING {
                if self.kept.len() == KEPT_MAX {
                    self.kept.pop_front();
                }
                self.kept.push_back(Kept { at_ms: now_ms, number: event.number });
            }
        }
    }

    /// Asks again for what is missing, a few times.
    pub fn drive(&mut self, now_ms: u64) -> Option<Outgoing> {
        if !self.is_missing() || now_ms < self.ask_ms {
            return None;
        }
        let first = self.next?;
        let last =
            self.held.keys().copied().min_by_key(|held| ahead(*held, first)).map_or(self.newest?, |held| held.wrapping_sub(1));
        if self.asks == ASKS_MAX {
            self.lose(ahead(last, first) + 1, now_ms);
            return None;
        }
        self.asks += 1;
        self.ask_ms = now_ms + ASK_AGAIN_MS;
        Some(Outgoing::EventRequest { first, last })
    }

    /// The latest event that may explain a refusal at this time, by its number.
    pub fn reason(&self, now_ms: u64, age_max_ms: u64) -> Option<String> {
        let young = |kept: &&Kept| now_ms.saturating_sub(kept.at_ms) <= age_max_ms;
        self.kept.iter().rev().find(young).map(|kept| format!("event {} of the autopilot", kept.number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(sequence: u16) -> RawEvent {
        RawEvent { sequence, number: 1_000 + u32::from(sequence), boot_ms: 0, level: 3, arguments: [0; 40] }
    }

    fn numbers(events: &Events) -> Vec<u32> {
        events.kept.iter().map(|kept| kept.number - 1_000).collect()
    }

    #[test]
    fn missing_events_are_asked_for_and_put_in_their_place() {
        let mut events = Events::default();
        for sequence in [u16::MAX - 1, u16::MAX, 2, 2, 1] {
            events.take(event(sequence), 0);
        }
        assert_eq!(numbers(&events), [65_534, 65_535]);
        assert_eq!(events.drive(0), Some(Outgoing::EventRequest { first: 0, last: 0 }));
        assert_eq!(events.drive(1), None);
        assert_eq!(events.drive(ASK_AGAIN_MS), Some(Outgoing::EventRequest { first: 0, last: 0 }));
        events.take(event(0), 600);
        assert_eq!(numbers(&events), [65_534, 65_535, 0, 1, 2]);
        assert_eq!(events.drive(10_000), None);
        assert_eq!(events.reason(600, 100), Some("event 1002 of the autopilot".to_owned()));
        assert_eq!(events.reason(9_000, 100), None);
    }

    #[test]
    fn the_last_event_before_a_silence_is_found_missing_by_the_newest_number() {
        let mut events = Events::default();
        events.take_newest(9, false, 0);
        assert_eq!(events.drive(0), None, "what was before us is not asked for");
        events.take_newest(11, false, 0);
        assert_eq!(events.drive(0), Some(Outgoing::EventRequest { first: 10, last: 11 }));
        events.take(event(11), 10);
        assert_eq!(events.drive(600), Some(Outgoing::EventRequest { first: 10, last: 10 }));
        events.take(event(10), 700);
        assert_eq!(numbers(&events), [10, 11]);
    }

    #[test]
    fn events_that_are_gone_or_never_come_hold_nothing_up() {
        let mut events = Events::default();
        for sequence in [5, 8] {
            events.take(event(sequence), 0);
        }
        events.take_gone(6, 8, 0);
        assert_eq!(numbers(&events), [5, 8]);
        events.take(event(10), 0);
        let asked = (0..60_000).step_by(100).filter(|now_ms| events.drive(*now_ms).is_some()).count();
        assert_eq!(asked, ASKS_MAX as usize);
        assert_eq!(numbers(&events), [5, 8, 10]);
    }

    #[test]
    fn numbers_that_begin_anew_are_followed() {
        let mut events = Events::default();
        events.take(event(500), 0);
        events.take(event(3), 0);
        events.take(event(4), 0);
        assert_eq!(numbers(&events), [500, 3, 4]);
        events.take_newest(100, true, 0);
        events.take(event(101), 0);
        assert_eq!(numbers(&events), [500, 3, 4, 101]);
        assert!(events.held.is_empty());
    }
}
