//! The search for guards.

use flight_types::IncidentId;

use crate::effect::EffectId;
use crate::event::GuardsNear;

use crate::state::State;
use crate::turn::Turn;

pub(crate) fn again(state: &mut State, turn: &mut Turn, incident: &IncidentId) {
    let _ = (state, turn, incident);
}

pub(crate) fn late(state: &mut State, turn: &mut Turn) {
    let _ = (state, turn);
}

pub(crate) fn ask_waiting(state: &mut State, turn: &mut Turn) {
    let _ = (state, turn);
}

pub(crate) fn guards_found(state: &mut State, turn: &mut Turn, effect: EffectId, found: &[GuardsNear]) {
    let _ = (state, turn, effect, found);
}
