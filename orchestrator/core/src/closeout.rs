//! The end.

use flight_types::{GuardId, IncidentId};

use crate::event::CodeVerdict;

use crate::state::State;
use crate::turn::Turn;

pub(crate) fn cancel_requested(state: &mut State, turn: &mut Turn, incident: &IncidentId, verdict: CodeVerdict) {
    let _ = (state, turn, incident, verdict);
}

pub(crate) fn confirmation_given(state: &mut State, turn: &mut Turn, incident: &IncidentId, verdict: CodeVerdict) {
    let _ = (state, turn, incident, verdict);
}

pub(crate) fn confirmation_due(state: &mut State, turn: &mut Turn, incident: &IncidentId) {
    let _ = (state, turn, incident);
}

pub(crate) fn situation_ended(state: &mut State, turn: &mut Turn, incident: &IncidentId, guard: &GuardId) {
    let _ = (state, turn, incident, guard);
}

pub(crate) fn escalation_acknowledged(state: &mut State, turn: &mut Turn, incident: &IncidentId) {
    let _ = (state, turn, incident);
}
