//! Orders given but not reported done: what must be given again after a restart.
//!
//! Most orders end with `EffectDone`. Questions end with their answer, a question to operators with its decision, and a `Fly` order
//! with its flight. An order that a newer one has overtaken is dropped, so that a restart repeats only what still counts.

use std::collections::BTreeMap;

use flight_types::{FlightCommand, FlightPhase, IncidentId, MissionId};

use crate::cause::Cause;
use crate::effect::{Action, Effect, EffectId, OperatorAlert};
use crate::event::Outcome;
use crate::incident::alert;
use crate::model::{Authority, Mission, OfferState};
use crate::state::State;
use crate::turn::Turn;
use crate::{mission, offer, parking, search};

/// Keeps the turn's orders until they are done, and drops those that make no sense any more.
pub(crate) fn remember(state: &mut State, effects: &[Effect]) {
    for effect in effects {
        drop_overtaken(state, &effect.action);
        state.outstanding.insert(effect.id, effect.action.clone());
    }
    let State { outstanding, offers, missions, .. } = state;
    outstanding.retain(|_, action| match action {
        Action::SendOffer { offer } => {
            offers.get(&offer.offer).is_some_and(|offer| matches!(offer.state, OfferState::Sent | OfferState::Received))
        }
        Action::AskApproval { mission, .. } => missions.get(mission).is_some_and(is_undecided),
        Action::Command { mission, .. } => missions.get(mission).is_some_and(|mission| !mission.ended),
        Action::FindGuards { .. }
        | Action::NotifyGuard { .. }
        | Action::NotifyCaller { .. }
        | Action::NotifyContact { .. }
        | Action::AlertOperators { .. }
        | Action::CheckGuard { .. }
        | Action::Parking { .. }
        | Action::FindDrones { .. } => true,
    });
}

fn is_undecided(mission: &Mission) -> bool {
    !mission.ended && matches!(mission.authority, Authority::Waiting { .. })
}

/// A place to light overtakes the place before, and so on; one of each kind counts for a flight.
fn drop_overtaken(state: &mut State, newer: &Action) {
    let Action::Command { mission, command, .. } = newer else { return };
    let kind = kind_of(command);
    state.outstanding.retain(|_, action| !is_same_kind(action, mission, kind));
}

fn is_same_kind(action: &Action, of_mission: &MissionId, kind: u8) -> bool {
    match action {
        Action::Command { mission, command, .. } => mission == of_mission && kind_of(command) == kind,
        Action::FindGuards { .. }
        | Action::SendOffer { .. }
        | Action::NotifyGuard { .. }
        | Action::NotifyCaller { .. }
        | Action::NotifyContact { .. }
        | Action::AlertOperators { .. }
        | Action::CheckGuard { .. }
        | Action::FindDrones { .. }
        | Action::Parking { .. }
        | Action::AskApproval { .. } => false,
    }
}

/// Orders of the same number overtake each other.
fn kind_of(command: &FlightCommand) -> u8 {
    match command {
        FlightCommand::Fly { .. } => 0,
        FlightCommand::Escort { .. } => 1,
        FlightCommand::Light { .. } => 2,
        FlightCommand::Recall { .. } => 3,
        FlightCommand::Hold | FlightCommand::Continue | FlightCommand::GiveWay { .. } => 4,
        FlightCommand::Land => 5,
        FlightCommand::YieldControl | FlightCommand::ResumeControl => 6,
    }
}

/// A worker reports the end of an order.
pub(crate) fn done(state: &mut State, turn: &mut Turn, effect: EffectId, outcome: &Outcome) {
    match outcome {
        Outcome::Done => {
            if state.outstanding.get(&effect).is_some_and(ends_when_done) {
                state.outstanding.remove(&effect);
            }
        }
        Outcome::Failed { reason } => failed(state, turn, effect, reason),
    }
}

fn ends_when_done(action: &Action) -> bool {
    match action {
        Action::FindGuards { .. } | Action::CheckGuard { .. } | Action::FindDrones { .. } | Action::AskApproval { .. } => false,
        Action::Command { command, .. } => !matches!(command, FlightCommand::Fly { .. }),
        Action::SendOffer { .. }
        | Action::NotifyGuard { .. }
        | Action::NotifyCaller { .. }
        | Action::NotifyContact { .. }
        | Action::Parking { .. }
        | Action::AlertOperators { .. } => true,
    }
}

/// An order that could not be carried out: what depends on it goes another way, and operators know.
fn failed(state: &mut State, turn: &mut Turn, effect: EffectId, reason: &str) {
    let Some(action) = state.outstanding.get(&effect).cloned() else { return };
    if let Action::FindGuards { .. } = action {
        return search::failed(state, turn, effect, reason);
    }
    state.outstanding.remove(&effect);
    match &action {
        Action::SendOffer { offer } => {
            undelivered(
                state,
                turn,
                &offer.incident,
                Cause::OfferUndelivered { to: offer.guard.to_string(), why: reason.to_owned() },
            );
            offer::undeliverable(state, turn, &offer.offer);
        }
        Action::NotifyGuard { guard, incident, .. } => undelivered(state, turn, incident, unnoticed(guard.as_str(), reason)),
        Action::NotifyCaller { caller, incident, .. } => undelivered(state, turn, incident, unnoticed(caller.as_str(), reason)),
        Action::NotifyContact { incident, .. } => undelivered(state, turn, incident, unnoticed("the contact", reason)),
        Action::FindDrones { .. } | Action::AskApproval { .. } | Action::Command { .. } => {
            mission::order_failed(state, turn, &action, reason);
        }
        Action::Parking { .. } => parking::order_failed(state, turn, reason),
        // An alert about an alert would chase its own tail; the next guard check asks again by itself.
        Action::FindGuards { .. } | Action::AlertOperators { .. } | Action::CheckGuard { .. } => {}
    }
}

fn undelivered(state: &mut State, turn: &mut Turn, incident: &IncidentId, detail: Cause) {
    alert(state, turn, Some(incident), OperatorAlert::DeliveryFailed { detail });
}

fn unnoticed(to: &str, why: &str) -> Cause {
    Cause::NoticeUndelivered { to: to.to_owned(), why: why.to_owned() }
}

/// Questions about an incident that is over need no answer.
pub(crate) fn incident_ended(state: &mut State, id: &IncidentId) {
    state.outstanding.retain(|_, action| match action {
        Action::CheckGuard { incident, .. } => incident != id,
        Action::FindGuards { .. }
        | Action::SendOffer { .. }
        | Action::NotifyGuard { .. }
        | Action::NotifyCaller { .. }
        | Action::NotifyContact { .. }
        | Action::AlertOperators { .. }
        | Action::FindDrones { .. }
        | Action::AskApproval { .. }
        | Action::Parking { .. }
        | Action::Command { .. } => true,
    });
}

/// Outstanding orders, oldest first, with those that still hold for a flight though they were done: a link that starts anew
/// knows nothing of them. A `Fly` order carries the phase reached since, so that an aircraft in the air is adopted.
pub(crate) fn reissued(state: &State) -> Vec<Effect> {
    let outstanding = state.outstanding.iter().map(|(id, action)| (*id, as_of_now(state, action)));
    let standing = mission::standing(state).map(|effect| (effect.id, effect.action.clone()));
    let by_age: BTreeMap<EffectId, Action> = outstanding.chain(standing).collect();
    by_age.into_iter().map(|(id, action)| Effect { id, action }).collect()
}

fn as_of_now(state: &State, action: &Action) -> Action {
    match action {
        Action::Command { drone, mission, command: FlightCommand::Fly { plan, reached } } => {
            let phase: Option<FlightPhase> = state.missions.get(mission).and_then(|mission| mission.phase);
            let reached = phase.unwrap_or(*reached).max(*reached);
            Action::Command {
                drone: drone.clone(),
                mission: mission.clone(),
                command: FlightCommand::Fly { plan: plan.clone(), reached },
            }
        }
        other => other.clone(),
    }
}
