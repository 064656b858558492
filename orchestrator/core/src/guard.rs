//! Guards on an incident.

use flight_types::{GuardId, IncidentId};

use crate::effect::EffectId;

use crate::state::State;
use crate::turn::Turn;

pub(crate) fn check_due(state: &mut State, turn: &mut Turn, incident: &IncidentId) {
    let _ = (state, turn, incident);
}

pub(crate) fn duty_changed(state: &mut State, turn: &mut Turn, guard: &GuardId, on_duty: bool) {
    let _ = (state, turn, guard, on_duty);
}

pub(crate) fn on_scene(state: &mut State, turn: &mut Turn, incident: &IncidentId, guard: &GuardId) {
    let _ = (state, turn, incident, guard);
}

pub(crate) fn backup_requested(state: &mut State, turn: &mut Turn, incident: &IncidentId, guard: &GuardId) {
    let _ = (state, turn, incident, guard);
}

pub(crate) fn seen(state: &mut State, turn: &mut Turn, effect: EffectId, guard: &GuardId, silence_ms: Option<i64>) {
    let _ = (state, turn, effect, guard, silence_ms);
}
