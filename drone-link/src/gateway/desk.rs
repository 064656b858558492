//! The server's end of one station, sans-IO: orders out, reports in, each once and in order. It keeps nothing over a restart: the
//! server gives open orders again, under a new stream, and the station tells again what was not acknowledged.

use std::collections::VecDeque;

use flight_types::FlightCommand;

use super::exchange::{Full, Inbox, Message, Outbox};
use super::{Order, Report};

/// Between two signs of life.
const BEAT_MS: u64 = 1_000;
/// A station that was silent for so long is not there: five of its signs of life.
const SILENCE_MAX_MS: u64 = 5_000;

/// One thing for the shell to do.
#[derive(Debug, Clone, PartialEq)]
pub enum DeskOutput {
    /// Tell the station.
    Tell(Message<Order>),
    /// Tell whoever owns the links.
    Report(Report),
}

/// The desk of one station.
#[derive(Debug)]
pub struct Desk {
    outbox: Outbox<Order>,
    inbox: Inbox,
    heard_ms: Option<u64>,
    beat_ms: u64,
    outputs: VecDeque<DeskOutput>,
}

impl Desk {
    /// A desk that has heard nothing; `stream` is the time in milliseconds since 1970.
    pub fn new(stream: u64, now_ms: u64) -> Self {
        Self { outbox: Outbox::new(stream), inbox: Inbox::default(), heard_ms: None, beat_ms: now_ms, outputs: VecDeque::new() }
    }

    /// Gives an order. Of the places to follow only the newest counts.
    pub fn command(&mut self, order: Order, now_ms: u64) -> Result<(), Full> {
        let follows = matches!(order.command, FlightCommand::Escort { .. });
        let mission = order.mission.clone();
        let replaces =
            |before: &Order| follows && before.mission == mission && matches!(before.command, FlightCommand::Escort { .. });
        self.outbox.push(order, replaces, now_ms)?;
        self.handle_timeout(now_ms);
        Ok(())
    }

    /// The line to the station was made anew.
    pub fn line_renewed(&mut self, now_ms: u64) {
        self.outbox.send_again();
        self.handle_timeout(now_ms);
    }

    /// Takes a message of the station.
    pub fn handle_message(&mut self, message: Message<Report>, now_ms: u64) {
        self.heard_ms = Some(now_ms);
        match message {
            Message::Items { stream, oldest, items } => {
                let reports = self.inbox.take(stream, oldest, items);
                self.outputs.extend(reports.into_iter().map(|(report, age_ms)| DeskOutput::Report(report.aged(age_ms))));
                self.outputs.push_back(DeskOutput::Tell(self.inbox.taken()));
            }
            Message::Taken { stream, up_to } => {
                self.outbox.acknowledge(stream, up_to);
            }
            Message::Beat => {}
        }
        self.handle_timeout(now_ms);
    }

    /// To be called when `next_timeout_ms` has come.
    pub fn handle_timeout(&mut self, now_ms: u64) {
        while let Some(message) = self.outbox.due(now_ms) {
            self.outputs.push_back(DeskOutput::Tell(message));
        }
        if self.beat_ms <= now_ms {
            self.beat_ms = now_ms + BEAT_MS;
            self.outputs.push_back(DeskOutput::Tell(Message::Beat));
        }
    }

    /// When `handle_timeout` wants to be called at the latest.
    pub fn next_timeout_ms(&self) -> u64 {
        self.beat_ms
    }

    /// How long nothing was heard of the station, when that is too long.
    pub fn silence_ms(&self, now_ms: u64) -> Option<u64> {
        let silence_ms = self.heard_ms.map_or(u64::MAX, |heard_ms| now_ms.saturating_sub(heard_ms));
        (silence_ms >= SILENCE_MAX_MS).then_some(silence_ms)
    }

    /// The next thing to do, until there is none.
    pub fn poll_output(&mut self) -> Option<DeskOutput> {
        self.outputs.pop_front()
    }
}
