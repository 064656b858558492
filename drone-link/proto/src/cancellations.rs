//! Orders that were taken back while the aircraft was still working on them: it is told so (COMMAND_CANCEL) until it answers the order.
//!
//! Neither PX4 1.16 nor ArduPilot 4.6 knows that message, and neither works on an order of ours for long; cameras, gimbals and lights may.
//! Who does not know it says nothing, so it is said a few times only.

use crate::LinkLimits;
use crate::dialect::{CommandKind, Outgoing};

/// So often one is cancelled without an answer: with 30 % loss one of three arrives in 97 of 100 cases.
const SENDINGS_MAX: u32 = 3;
/// Orders that are being cancelled at once at most; the oldest is forgotten first.
const CANCELLATIONS_MAX: usize = 16;

/// One order that is being cancelled.
#[derive(Debug, Clone, Copy)]
struct Cancellation {
    order: u64,
    kind: CommandKind,
    component_id: u8,
    sendings: u32,
    next_ms: u64,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Cancellations(Vec<Cancellation>);

impl Cancellations {
    /// This order is taken back.
    pub fn add(&mut self, order: u64, kind: CommandKind, component_id: u8) {
        if self.0.len() >= CANCELLATIONS_MAX {
            self.0.remove(0);
        }
        self.0.push(Cancellation { order, kind, component_id, sendings: 0, next_ms: 0 });
    }

    /// This order was answered for good, cancelled or not.
    pub fn answered(&mut self, order: u64) {
        self.0.retain(|cancellation| cancellation.order != order);
    }

    /// Sends what is due.
    pub fn handle_timeout(&mut self, limits: &LinkLimits, now_ms: u64, send: &mut dyn FnMut(Outgoing)) {
        self.0.retain(|cancellation| cancellation.sendings < SENDINGS_MAX || now_ms < cancellation.next_ms);
        for cancellation in self.0.iter_mut().filter(|cancellation| cancellation.next_ms <= now_ms) {
            send(Outgoing::CommandCancel { kind: cancellation.kind, component_id: cancellation.component_id });
            cancellation.sendings += 1;
            cancellation.next_ms = now_ms + limits.ack_wait_ms;
        }
    }

    /// When something is due.
    pub fn next_timeout_ms(&self) -> Option<u64> {
        self.0.iter().map(|cancellation| cancellation.next_ms).min()
    }
}
