//! Words between two places over a line that loses, repeats and reorders, sans-IO: each is handed on once and in order, also when a
//! place restarts. What must be kept over a restart is told; the shell keeps it before it does anything else.
//!
//! Every word of a sender has a number in a stream; whoever takes them says up to which. A stream is the sender's, newer ones have
//! greater names, and nothing of an older one is taken any more. A sender whose clock went back hears so and takes a greater name.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// Words that wait for their acknowledgement; a day of reports of a station, orders of an hour.
const WAITING_MAX: usize = 8_192;
/// Words in one message and under way at a time.
const WINDOW: usize = 16;
/// A message takes no further words when it holds so many bytes of them: a broker's packets end at 256 KiB, and one order to fly
/// among two hundred zones is about 50 KiB.
const MESSAGE_BYTES: usize = 64 * 1024;
/// Before words that were not acknowledged are sent again.
const AGAIN_MS: u64 = 2_000;

/// One numbered word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item<T> {
    /// From 1 on in its stream.
    pub number: u64,
    /// How long it has waited at its sender.
    pub age_ms: u64,
    /// The word; `None` when a newer one has made it pointless.
    pub body: Option<T>,
}

/// A message between two places.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Message<T> {
    /// Words, in order.
    Items {
        /// The sender's stream.
        stream: u64,
        /// The first number that it still keeps: everything before was acknowledged, or is of before this stream's listener.
        oldest: u64,
        /// The words.
        items: Vec<Item<T>>,
    },
    /// Up to which number words were taken.
    Taken {
        /// The stream.
        stream: u64,
        /// The number.
        up_to: u64,
    },
    /// I am here.
    Beat,
}

/// Words on their way out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outbox<T> {
    stream: u64,
    next: u64,
    waiting: VecDeque<Waiting<T>>,
    /// The listener has acknowledged this stream.
    #[serde(default)]
    heard: bool,
    #[serde(skip)]
    sent_ms: Option<u64>,
}

/// One of them. Its time is that of this run; after a restart it begins anew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Waiting<T> {
    number: u64,
    body: Option<T>,
    #[serde(skip)]
    since_ms: u64,
    /// How long it had waited when the state was kept.
    age_ms: u64,
    #[serde(skip)]
    sent: bool,
}

/// Nobody takes the words any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{WAITING_MAX} words wait for the other side; one is lost")]
pub struct Full;

impl<T: Clone + Serialize> Outbox<T> {
    /// An empty one. Its stream should be greater than any that its listener has heard: the time is, unless the clock went back.
    pub fn new(stream: u64) -> Self {
        Self { stream, next: 1, waiting: VecDeque::new(), heard: false, sent_ms: None }
    }

    /// Adds a word. Those that it `replaces` and that were not acknowledged become empty; their numbers stay.
    pub fn push(&mut self, body: T, replaces: impl Fn(&T) -> bool, now_ms: u64) -> Result<(), Full> {
        for before in &mut self.waiting {
            if before.body.as_ref().is_some_and(&replaces) {
                before.body = None;
            }
        }
        if self.waiting.len() >= WAITING_MAX {
            return Err(Full);
        }
        self.waiting.push_back(Waiting { number: self.next, body: Some(body), since_ms: now_ms, age_ms: 0, sent: false });
        self.next += 1;
        Ok(())
    }

    /// A box that was kept over a restart, at the time of the new run.
    pub fn restored(mut self, now_ms: u64) -> Self {
        self.waiting.iter_mut().for_each(|waiting| waiting.since_ms = now_ms);
        self.send_again();
        self
    }

    /// The line was made anew: whatever was under way may be lost.
    pub fn send_again(&mut self) {
        self.sent_ms = None;
        self.waiting.iter_mut().for_each(|waiting| waiting.sent = false);
    }

    /// Takes the other side's acknowledgement. Returns whether there is something new to keep.
    pub fn acknowledge(&mut self, stream: u64, up_to: u64) -> bool {
        if stream > self.stream && !self.heard {
            return self.outdo(stream);
        }
        if stream != self.stream || up_to >= self.next {
            return false;
        }
        let (before, was_heard) = (self.waiting.len(), std::mem::replace(&mut self.heard, true));
        while self.waiting.front().is_some_and(|waiting| waiting.number <= up_to) {
            self.waiting.pop_front();
        }
        self.waiting.len() < before || !was_heard
    }

    /// The listener has taken words of a greater stream, so it takes none of ours: the clock has gone back since. One that was heard in
    /// its own name before has a successor instead, whom it must not outdo.
    fn outdo(&mut self, stream: u64) -> bool {
        let Some(greater) = stream.checked_add(1) else { return false };
        self.stream = greater;
        self.send_again();
        true
    }

    /// What is to be sent now, if anything.
    pub fn due(&mut self, now_ms: u64) -> Option<Message<T>> {
        let late = self.sent_ms.is_some_and(|sent_ms| now_ms.saturating_sub(sent_ms) >= AGAIN_MS);
        if late {
            self.send_again();
        }
        let mut items: Vec<Item<T>> = Vec::new();
        let mut bytes = 0;
        for waiting in self.waiting.iter_mut().take(WINDOW).filter(|waiting| !waiting.sent) {
            if MESSAGE_BYTES <= bytes {
                break;
            }
            bytes += serde_json::to_vec(&waiting.body).map_or(0, |body| body.len());
            waiting.sent = true;
            let age_ms = waiting.age_ms + now_ms.saturating_sub(waiting.since_ms);
            items.push(Item { number: waiting.number, age_ms, body: waiting.body.clone() });
        }
        let oldest = self.waiting.front()?.number;
        if items.is_empty() {
            return None;
        }
        self.sent_ms = Some(now_ms);
        Some(Message::Items { stream: self.stream, oldest, items })
    }

    /// The state to keep, with the ages of now.
    pub fn kept(&self, now_ms: u64) -> Self {
        let mut kept = self.clone();
        for waiting in &mut kept.waiting {
            waiting.age_ms += now_ms.saturating_sub(waiting.since_ms);
            (waiting.since_ms, waiting.sent) = (now_ms, false);
        }
        kept.sent_ms = None;
        kept
    }

    /// Words that are not acknowledged.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }
}

/// What was taken of the other side's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Inbox {
    stream: u64,
    taken: u64,
}

impl Inbox {
    /// Takes a message's words. Gives those that are new, in order, with their ages; the rest was taken before, or comes again.
    pub fn take<T>(&mut self, stream: u64, oldest: u64, items: Vec<Item<T>>) -> Vec<(T, u64)> {
        if stream < self.stream || oldest == 0 {
            return Vec::new();
        }
        if stream > self.stream {
            // Words of before this listener: nobody waits for them.
            *self = Self { stream, taken: oldest - 1 };
        }
        let mut new = Vec::new();
        for item in items {
            if item.number == self.taken + 1 {
                self.taken = item.number;
                new.extend(item.body.map(|body| (body, item.age_ms)));
            }
        }
        new
    }

    /// What is told the sender.
    pub fn taken<T>(&self) -> Message<T> {
        Message::Taken { stream: self.stream, up_to: self.taken }
    }
}

#[cfg(test)]
mod tests {
    use super::super::dice::Dice;
    use super::*;

    /// Messages on their way, each with when it arrives.
    type Line = Vec<(u64, String)>;

    fn put(line: &mut Line, message: &Message<u32>, dice: &mut Dice, now_ms: u64) {
        let text = serde_json::to_string(message).expect("plain data");
        for _ in 0..dice.below(3) {
            // A third is lost, a third repeated; up to three seconds under way, so that they overtake each other.
            line.push((now_ms + dice.below(3_000), text.clone()));
        }
    }

    fn arrived(line: &mut Line, now_ms: u64) -> Vec<Message<u32>> {
        let (here, later): (Line, Line) = line.drain(..).partition(|(at_ms, _)| *at_ms <= now_ms);
        *line = later;
        here.iter().map(|(_, text)| serde_json::from_str(text).expect("ours")).collect()
    }

    #[test]
    fn every_word_arrives_once_and_in_order_over_a_bad_line_and_restarts_of_both_ends() {
        for seed in 0..200 {
            let mut dice = Dice(seed);
            let (mut outbox, mut inbox) = (Outbox::new(1), Inbox::default());
            let (mut there, mut back): (Line, Line) = (Vec::new(), Vec::new());
            let (mut said, mut heard) = (0_u32, Vec::new());
            let mut now_ms = 0;
            while said < 200 || outbox.waiting() > 0 {
                now_ms += 100;
                assert!(now_ms < 3_600_000, "seed {seed}: never comes to rest");
                if said < 200 && dice.below(4) == 0 {
                    outbox.push(said, |_| false, now_ms).expect("room");
                    said += 1;
                }
                if dice.below(100) == 0 {
                    // The sender restarts from what it kept.
                    let kept = serde_json::to_string(&outbox.kept(now_ms)).expect("plain data");
                    outbox = serde_json::from_str::<Outbox<u32>>(&kept).expect("ours").restored(now_ms);
                }
                if dice.below(100) == 0 {
                    // The listener restarts; it kept its state before it handed anything on.
                    let kept = serde_json::to_string(&inbox).expect("plain data");
                    inbox = serde_json::from_str(&kept).expect("ours");
                }
                if let Some(message) = outbox.due(now_ms) {
                    put(&mut there, &message, &mut dice, now_ms);
                }
                for message in arrived(&mut there, now_ms) {
                    let Message::Items { stream, oldest, items } = message else { continue };
                    heard.extend(inbox.take(stream, oldest, items).into_iter().map(|(body, _)| body));
                    put(&mut back, &inbox.taken(), &mut dice, now_ms);
                }
                for message in arrived(&mut back, now_ms) {
                    let Message::Taken { stream, up_to } = message else { continue };
                    outbox.acknowledge(stream, up_to);
                }
            }
            assert_eq!(heard, (0..200).collect::<Vec<_>>(), "seed {seed}");
        }
    }

    #[test]
    fn words_that_a_newer_one_replaces_travel_empty() {
        let mut outbox = Outbox::new(1);
        for word in [10, 11, 20, 12] {
            outbox.push(word, |before| before / 10 == word / 10, 0).expect("room");
        }
        let Some(Message::Items { items, .. }) = outbox.due(500) else { panic!("due") };
        let bodies: Vec<_> = items.iter().map(|item| (item.number, item.body, item.age_ms)).collect();
        assert_eq!(bodies, [(1, None, 500), (2, None, 500), (3, Some(20), 500), (4, Some(12), 500)]);
        assert_eq!(Inbox::default().take(1, 1, items), [(20, 500), (12, 500)]);
        assert_eq!(outbox.due(AGAIN_MS), None);
        assert!(outbox.due(500 + AGAIN_MS).is_some());
    }

    #[test]
    fn long_words_travel_in_messages_of_their_own() {
        let mut outbox = Outbox::new(1);
        let long = "x".repeat(MESSAGE_BYTES);
        for word in ["short", &long, &long, "last"] {
            outbox.push(word.to_owned(), |_| false, 0).expect("room");
        }
        let numbers: Vec<Vec<u64>> = std::iter::from_fn(|| outbox.due(0))
            .map(|message| match message {
                Message::Items { items, .. } => items.iter().map(|item| item.number).collect(),
                Message::Taken { .. } | Message::Beat => Vec::new(),
            })
            .collect();
        assert_eq!(numbers, [vec![1, 2], vec![3], vec![4]]);
    }

    #[test]
    fn a_new_sender_begins_anew_and_an_old_ones_words_are_not_taken() {
        let item = |number, body| vec![Item { number, age_ms: 0, body: Some(body) }];
        let mut inbox = Inbox::default();
        assert_eq!(inbox.take(5, 7, item(7, 'a')), [('a', 0)], "it listens from here on");
        assert_eq!(inbox.take(6, 1, item(1, 'b')), [('b', 0)]);
        assert_eq!(inbox.take(5, 7, item(8, 'c')), []);
        assert_eq!(inbox.take(6, 1, item(3, 'd')), [], "2 is missing");
        assert_eq!(inbox.take(6, 0, item(2, 'e')), [], "no number 0");
        let mut outbox = Outbox::<char>::new(6);
        outbox.push('x', |_| false, 0).expect("room");
        for (stream, up_to) in [(5, 1), (6, 2), (6, u64::MAX)] {
            assert!(!outbox.acknowledge(stream, up_to), "{stream} {up_to}");
        }
        assert!(outbox.acknowledge(6, 1));
    }

    #[test]
    fn a_full_box_says_so() {
        let mut outbox = Outbox::new(1);
        (0..WAITING_MAX).for_each(|word| outbox.push(word, |_| false, 0).expect("room"));
        assert_eq!(outbox.push(0, |_| false, 0), Err(Full));
    }
}
