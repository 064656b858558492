//! The call.

use flight_types::{CallerId, IncidentId};

use crate::event::{Fix, Trigger};
use crate::place::Known;

use crate::state::State;
use crate::turn::Turn;

pub(crate) fn call_raised(state: &mut State, turn: &mut Turn, press: &Press<'_>, known: &Known<'_>) {
    let _ = (state, turn, press, known);
}

pub(crate) fn caller_moved(state: &mut State, turn: &mut Turn, incident: &IncidentId, fix: Fix) {
    let _ = (state, turn, incident, fix);
}

pub(crate) fn caller_silent(state: &mut State, turn: &mut Turn, incident: &IncidentId) {
    let _ = (state, turn, incident);
}

/// A press of the button.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Press<'a> {
    pub caller: &'a CallerId,
    pub key: &'a str,
    pub trigger: Trigger,
    pub silent: bool,
    pub drill: bool,
}
