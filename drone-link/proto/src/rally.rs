//! Rally points on board. An autopilot that comes home by itself goes to the nearest one instead of its pad (PX4: RTL_TYPE 0), so
//! those of somebody else are taken off while the aircraft stands idle, and that is told.

use crate::LinkLimits;
use crate::dialect::{ListKind, Outgoing};
use crate::inbound::{Addressee, Heard};
use crate::transfer::{Outcome, Transfer};

/// Before an aircraft that did not tell, or kept, its rally points is asked again: some know none and are silent.
const AGAIN_MS: u64 = 600_000;

/// What is known of an aircraft's rally points.
#[derive(Debug, Default)]
pub(crate) struct Rally {
    transfer: Option<Transfer>,
    found: usize,
    settled: bool,
    next_ms: u64,
}

impl Rally {
    /// The aircraft is new or restarted: look again.
    pub fn restart(&mut self) {
        *self = Self::default();
    }

    /// Takes a transfer message that is for us.
    pub fn handle(&mut self, heard: &Heard, own: Addressee, limits: &LinkLimits, now_ms: u64, send: &mut dyn FnMut(Outgoing)) {
        if let Some(transfer) = &mut self.transfer {
            transfer.handle(heard, own, limits, now_ms, send);
        }
    }

    /// Looks, and takes off what is there, while the aircraft is idle: an autopilot carries one transfer at a time, and a flight's come
    /// first. Gives what an operator must know.
    pub fn drive(&mut self, idle: bool, limits: &LinkLimits, now_ms: u64, send: &mut dyn FnMut(Outgoing)) -> Option<String> {
        if !idle || self.settled || now_ms < self.next_ms {
            self.transfer = None;
            return None;
        }
        let transfer = self.transfer.get_or_insert_with(|| Transfer::download(ListKind::Rally, 0, now_ms));
        transfer.handle_timeout(limits, now_ms, send);
        let outcome = transfer.outcome()?.clone();
        self.transfer = None;
        match outcome {
            Outcome::Downloaded(found) if found.is_empty() => self.settled = true,
            Outcome::Downloaded(found) => {
                self.found = found.len();
                self.transfer = Some(Transfer::upload(ListKind::Rally, Vec::new(), 0, now_ms));
            }
            Outcome::Uploaded => {
                self.settled = true;
                return Some(format!("{} rally points of somebody else were taken off the aircraft", self.found));
            }
            Outcome::Failed(_) => {
                self.next_ms = now_ms + AGAIN_MS;
                let kept = std::mem::take(&mut self.found);
                return (kept > 0)
                    .then(|| format!("{kept} rally points of somebody else stay on board; by itself it may land there"));
            }
        }
        None
    }

    /// When something is due.
    pub fn next_timeout_ms(&self) -> Option<u64> {
        self.transfer.as_ref().and_then(Transfer::next_timeout_ms)
    }
}
