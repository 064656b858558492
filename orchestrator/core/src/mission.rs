//! Flights: choice, authority, progress, recall.

use flight_types::IncidentId;

use crate::state::State;
use crate::turn::Turn;

pub(crate) const HERE: () = ();

/// An incident has a place now: look for an aircraft.
pub(crate) fn begin(state: &mut State, turn: &mut Turn, incident: &IncidentId) {
    let _ = (state, turn, incident);
}

/// The caller has moved or the best place changed: keep the light on them.
pub(crate) fn follow(state: &mut State, turn: &mut Turn, incident: &IncidentId) {
    let _ = (state, turn, incident);
}

/// The incident needs its aircraft no more (closed, cancelled): withdraw launches and recall flights.
pub(crate) fn release(state: &mut State, turn: &mut Turn, incident: &IncidentId, reason: &str) {
    let _ = (state, turn, incident, reason);
}
