//! Deadlines as data: they live in the state, so that a restart forgets none.

use std::collections::{BTreeMap, BTreeSet};

use flight_types::{IncidentId, MissionId, OfferId, SurveyId};
use serde::{Serialize, Serializer};

/// What a deadline is for. One of a kind and subject at a time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) enum Timer {
    /// An offer goes unanswered.
    OfferExpires(OfferId),
    /// A first acceptance has waited long enough for a sooner guard.
    PhotoFinish(IncidentId),
    /// Nobody was found or answered: search once more.
    RingEnds(IncidentId),
    /// The search under way was never answered.
    SearchLate,
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
    /// The link to an aircraft has been lost for long.
    LinkSilent(MissionId),
    /// An aircraft's charge allows it little more time on scene.
    ReliefDue(MissionId),
    /// A survey waits for its next sortie.
    SurveyGoesOn(SurveyId),
    /// Nothing new of a person to whom an aircraft has come down.
    PostDue(MissionId),
    /// An aircraft leaves a scene after another.
    LeaveDue(MissionId),
}

/// All deadlines of a district.
#[derive(Debug, Clone, Default)]
pub(crate) struct Timers {
    due_ms: BTreeMap<Timer, i64>,
    /// The same, by time: a storm of calls sets thousands, and the next one is wanted at every entry.
    by_time: BTreeSet<(i64, Timer)>,
}

impl Timers {
    /// Sets a deadline, replacing the one before.
    pub fn set(&mut self, timer: Timer, at_ms: i64) {
        self.clear(&timer);
        self.by_time.insert((at_ms, timer.clone()));
        self.due_ms.insert(timer, at_ms);
    }

    /// Sets a deadline that is not set, or is set for later.
    pub fn bring_forward(&mut self, timer: Timer, at_ms: i64) {
        if self.due_ms.get(&timer).is_none_or(|due_ms| at_ms < *due_ms) {
            self.set(timer, at_ms);
        }
    }

    /// Forgets a deadline.
    pub fn clear(&mut self, timer: &Timer) {
        if let Some(at_ms) = self.due_ms.remove(timer) {
            self.by_time.remove(&(at_ms, timer.clone()));
        }
    }

    /// Whether the deadline is set.
    pub fn is_set(&self, timer: &Timer) -> bool {
        self.due_ms.contains_key(timer)
    }

    /// When it is due.
    pub fn due_ms(&self, timer: &Timer) -> Option<i64> {
        self.due_ms.get(timer).copied()
    }

    /// Whether anybody waits to look for an aircraft again.
    pub fn any_drone_retry(&self) -> bool {
        self.due_ms.keys().any(|timer| matches!(timer, Timer::DroneRetry(_)))
    }

    /// Looks for aircraft that wait come sooner by so much, now at the soonest. Those that come within what is left of the pause
    /// `soon_ms` stay as they are.
    pub fn bring_drone_retries_forward(&mut self, sooner_ms: i64, soon_ms: i64, now_ms: i64) {
        let late = |timer: &Timer, due_ms: i64| matches!(timer, Timer::DroneRetry(_)) && now_ms + soon_ms < due_ms;
        let waiting = self.due_ms.iter().filter(|(timer, due_ms)| late(timer, **due_ms));
        let waiting: Vec<(Timer, i64)> = waiting.map(|(timer, due_ms)| (timer.clone(), *due_ms)).collect();
        for (timer, due_ms) in waiting {
            self.bring_forward(timer, (due_ms - sooner_ms).max(now_ms));
        }
    }

    /// Incidents that pause after a vain round, by id.
    pub fn pausing(&self) -> Vec<IncidentId> {
        // `SearchLate` is the kind after `RingEnds` in the order of timers.
        let paused = self.due_ms.range(..Timer::SearchLate).rev().map_while(|(timer, _)| match timer {
            Timer::RingEnds(id) => Some(id.clone()),
            Timer::OfferExpires(_)
            | Timer::PhotoFinish(_)
            | Timer::SearchLate
            | Timer::ConfirmationDue(_)
            | Timer::GuardCheck(_)
            | Timer::CallerSilent(_)
            | Timer::ApprovalDue(_)
            | Timer::DroneRetry(_)
            | Timer::LinkSilent(_)
            | Timer::ReliefDue(_)
            | Timer::SurveyGoesOn(_)
            | Timer::PostDue(_)
            | Timer::LeaveDue(_) => None,
        });
        let mut ids: Vec<IncidentId> = paused.collect();
        ids.reverse();
        ids
    }

    /// The earliest deadline.
    pub fn next_ms(&self) -> Option<i64> {
        self.by_time.first().map(|(at_ms, _)| *at_ms)
    }

    /// Takes the earliest deadline that has passed; ties in the order of [`Timer`].
    pub fn pop_due(&mut self, now_ms: i64) -> Option<Timer> {
        let (at_ms, _) = self.by_time.first()?;
        if *at_ms > now_ms {
            return None;
        }
        let (_, timer) = self.by_time.pop_first()?;
        self.due_ms.remove(&timer);
        Some(timer)
    }
}

impl Serialize for Timers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.due_ms.iter())
    }
}
