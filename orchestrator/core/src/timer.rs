//! Deadlines as data: they live in the state, so that a restart forgets none.

use std::collections::BTreeMap;

use flight_types::{IncidentId, MissionId, OfferId};
use serde::{Serialize, Serializer};

/// What a deadline is for. One of a kind and subject at a time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) enum Timer {
    /// An offer goes unanswered.
    OfferExpires(OfferId),
    /// A first acceptance has waited long enough for a sooner guard.
    PhotoFinish(IncidentId),
    /// The next ring, or the operator.
    RingEnds(IncidentId),
    /// The caller has not confirmed.
    ConfirmationDue(IncidentId),
    /// Ask after the guard.
    GuardCheck(IncidentId),
    /// The caller has been silent.
    CallerSilent(IncidentId),
    /// The operator has not decided.
    ApprovalDue(MissionId),
    /// Look for an aircraft again.
    DroneRetry(IncidentId),
}

/// All deadlines of a district.
#[derive(Debug, Clone, Default)]
pub(crate) struct Timers {
    due_ms: BTreeMap<Timer, i64>,
}

impl Timers {
    /// Sets a deadline, replacing the one before.
    pub fn set(&mut self, timer: Timer, at_ms: i64) {
        self.due_ms.insert(timer, at_ms);
    }

    /// Forgets a deadline.
    pub fn clear(&mut self, timer: &Timer) {
        self.due_ms.remove(timer);
    }

    /// The earliest deadline.
    pub fn next_ms(&self) -> Option<i64> {
        self.due_ms.values().min().copied()
    }

    /// Takes the earliest deadline that has passed; ties in the order of [`Timer`].
    pub fn pop_due(&mut self, now_ms: i64) -> Option<Timer> {
        let (timer, _) =
            self.due_ms.iter().filter(|(_, due)| **due <= now_ms).min_by_key(|(timer, due)| (**due, (*timer).clone()))?;
        let timer = timer.clone();
        self.due_ms.remove(&timer);
        Some(timer)
    }
}

impl Serialize for Timers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.due_ms.iter())
    }
}
