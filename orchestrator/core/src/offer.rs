//! Offers.

use flight_types::{IncidentId, OfferId};

use crate::state::State;
use crate::turn::Turn;

pub(crate) fn expired(state: &mut State, turn: &mut Turn, offer: &OfferId) {
    let _ = (state, turn, offer);
}

pub(crate) fn photo_finish(state: &mut State, turn: &mut Turn, incident: &IncidentId) {
    let _ = (state, turn, incident);
}

pub(crate) fn received(state: &mut State, turn: &mut Turn, offer: &OfferId) {
    let _ = (state, turn, offer);
}

pub(crate) fn accepted(state: &mut State, turn: &mut Turn, offer: &OfferId) {
    let _ = (state, turn, offer);
}

pub(crate) fn declined(state: &mut State, turn: &mut Turn, offer: &OfferId, reason: Option<&str>) {
    let _ = (state, turn, offer, reason);
}
