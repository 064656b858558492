//! Has surveys flown: one sortie after the other, by whichever aircraft is free, taken up again where it stopped. A call goes before all of
//! it: while somebody calls nothing is launched, and an aircraft taken from a survey leaves its rest behind.

use std::collections::BTreeSet;

use flight_types::{DroneStatus, GeoPoint, LotId, MissionId, SurveyId};

use super::desk::{self, Want};
use super::launch::{self, Role};
use super::{control, orders};
use crate::choice::{self, Choice, Question, Task};
use crate::effect::OperatorAlert;
use crate::event::Actor;
use crate::incident;
use crate::model::{Authority, Mission, Purpose};
use crate::state::State;
use crate::survey::{SortieFlight, Survey, SurveyHow, SurveyState};
use crate::timer::Timer;
use crate::turn::Turn;

/// Between two looks at a survey that waits: for an aircraft, a charge, the end of a call, or air above the lot.
const AGAIN_MS: i64 = 20_000;
/// Flights in a row that pass nothing of a sortie, after which its survey is given up: weather, a fault, or an operator who says no.
const IN_VAIN_MAX: u32 = 5;
/// Surveys that are over and are still remembered: a year of one a day. What they found is kept elsewhere.
const ENDED_KEPT_MAX: usize = 400;
/// Why a flight comes home: its survey was called off.
const CALLED_OFF: &str = "survey_cancelled";

/// A survey of a lot.
pub(crate) fn survey_requested(state: &mut State, turn: &mut Turn, lot: &LotId, corners: &[GeoPoint], how: &SurveyHow) {
    let id = SurveyId::new(turn.fresh_name("survey")).expect("a prefix and a number make an identifier");
    let mut survey = Survey::new(id.clone(), lot.clone(), corners.to_vec(), how);
    survey.requested_by = account(turn);
    survey.requested_at_ms = turn.now_ms;
    state.surveys.insert(id.clone(), survey);
    forget_old(state);
    go_on(state, turn, &id);
}

fn account(turn: &Turn) -> Option<flight_types::AccountId> {
    match &turn.actor {
        Actor::Account { id, .. } => Some(id.clone()),
        Actor::System | Actor::Caller { .. } | Actor::Guard { .. } | Actor::Visitor | Actor::Drone { .. } => None,
    }
}

fn forget_old(state: &mut State) {
    let over: Vec<SurveyId> = state.surveys.values().filter(|survey| !survey.is_open()).map(|survey| survey.id.clone()).collect();
    for id in over.iter().take(over.len().saturating_sub(ENDED_KEPT_MAX)) {
        state.surveys.remove(id);
    }
}

/// Somebody calls a survey off: what flies for it comes home.
pub(crate) fn survey_cancelled(state: &mut State, turn: &mut Turn, id: &SurveyId) {
    let by = account(turn);
    let Some(survey) = state.surveys.get_mut(id).filter(|survey| survey.is_open()) else { return };
    survey.state = SurveyState::Cancelled { by, at_ms: turn.now_ms };
    let flight = survey.flight().cloned();
    state.timers.clear(&Timer::SurveyGoesOn(id.clone()));
    if let Some(mission) = flight {
        orders::recall(state, turn, &mission, CALLED_OFF);
    }
}

/// Has the next sortie flown when nothing of this survey is over the lot and nobody calls; otherwise looks again later.
pub(crate) fn go_on(state: &mut State, turn: &mut Turn, id: &SurveyId) {
    let Some(survey) = state.surveys.get(id).filter(|survey| survey.is_open()) else { return };
    let over_the_lot = survey.sorties.iter().filter_map(|sortie| sortie.flight.as_ref());
    let busy = over_the_lot.filter_map(|flight| state.missions.get(&flight.mission)).any(Mission::serves);
    if busy {
        return;
    }
    if somebody_calls(state) {
        return later(state, turn, id);
    }
    desk::ask(state, turn, Want::Survey { survey: id.clone() });
    // The answer may be lost with a worker.
    later(state, turn, id);
}

fn later(state: &mut State, turn: &Turn, id: &SurveyId) {
    state.timers.set(Timer::SurveyGoesOn(id.clone()), turn.after(AGAIN_MS));
}

/// Surveys wait while anybody's call is open: its light, its relief and the next call may need every aircraft.
fn somebody_calls(state: &State) -> bool {
    state.open_by_caller.values().filter_map(|id| state.open_incident(id)).any(|incident| !incident.drill)
}

/// Every aircraft as last heard: the best flies the next sortie.
pub(super) fn found(state: &mut State, turn: &mut Turn, id: &SurveyId, drones: &[DroneStatus]) {
    if somebody_calls(state) {
        return;
    }
    let Some(survey) =
        state.surveys.get(id).filter(|survey| survey.is_open() && survey.flight().is_none_or(|on| !serves(state, on)))
    else {
        return;
    };
    let Some(at) = survey.sorties.iter().position(|sortie| !sortie.flown && sortie.flight.is_none()) else { return };
    let lot = survey.lot.clone();
    let Some((choice, shorter)) = who_flies(state, turn, survey, at, drones) else { return };
    let Some(chosen) = choice.chosen else { return nobody_can(state, turn, id, lot) };
    if let Some(survey) = state.surveys.get_mut(id) {
        if let Some(corners) = shorter {
            survey.cut(at, corners);
        }
        let mission = chosen.plan.mission.clone();
        let from = survey.sorties[at].next;
        survey.sorties[at].flight = Some(SortieFlight { mission: mission.clone(), from });
        survey.flights.push(mission);
        survey.told = false;
    }
    state.timers.clear(&Timer::SurveyGoesOn(id.clone()));
    launch::create(state, turn, chosen, Purpose::Survey { lot }, Role::First);
}

/// Who flies what is left of a sortie, and where it has to end before its end: the wind may be stronger than the one it was cut for.
fn who_flies(
    state: &State,
    turn: &mut Turn,
    survey: &Survey,
    at: usize,
    drones: &[DroneStatus],
) -> Option<(Choice, Option<usize>)> {
    let corners = survey.rest(&survey.sorties[at]);
    let task = |corners: &[GeoPoint]| Task::Survey { corners: corners.to_vec(), pass: survey.pass };
    let nobody_tried = BTreeSet::new();
    let question = desk::question(state, turn, task(&corners), drones, &nobody_tried, false)?;
    let whole = choice::choose(&question);
    if whole.chosen.is_some() {
        return Some((whole, None));
    }
    let Some(last) = choice::shorter(&question, &whole.rejections) else { return Some((whole, None)) };
    let part = choice::choose(&Question { task: task(&corners[..=last]), ..question });
    Some((part, Some(last)))
}

fn serves(state: &State, mission: &MissionId) -> bool {
    state.missions.get(mission).is_some_and(Mission::serves)
}

/// The operators hear once that it waits; it is tried again all the same.
fn nobody_can(state: &mut State, turn: &mut Turn, id: &SurveyId, lot: LotId) {
    let Some(survey) = state.surveys.get_mut(id) else { return };
    if !std::mem::replace(&mut survey.told, true) {
        incident::alert(state, turn, None, OperatorAlert::SurveyImpossible { lot });
    }
}

/// A flight has so many corners of its path behind it.
pub(super) fn passed(state: &mut State, turn: &Turn, mission: &MissionId, corners: usize) {
    let Some(id) = survey_of(state, mission) else { return };
    let Some(survey) = state.surveys.get_mut(&id) else { return };
    let Some(sortie) = survey.sortie_of(mission) else { return };
    let Some(from) = sortie.flight.as_ref().map(|flight| flight.from) else { return };
    let at = from.saturating_add(corners.saturating_sub(1)).min(sortie.last);
    if corners == 0 || at < sortie.next {
        return;
    }
    sortie.next = at;
    sortie.in_vain = 0;
    sortie.flown |= at == sortie.last;
    settle(state, turn, &id);
}

/// A flight was at the end of its path.
pub(super) fn end_reached(state: &mut State, turn: &Turn, mission: &MissionId) {
    passed(state, turn, mission, usize::MAX);
}

/// A flight of a survey has left the lot, or is over: the next sortie may go. One that a person called home, down or off is not followed
/// by another: they had a reason, and the survey is over with it.
pub(super) fn left(state: &mut State, turn: &Turn, mission: &MissionId) {
    let Some(id) = survey_of(state, mission) else { return };
    let flight = state.missions.get(mission);
    let (ended, stopped) = (flight.is_none_or(|flight| flight.ended), flight.is_some_and(is_stopped_by_person));
    let Some(survey) = state.surveys.get_mut(&id) else { return };
    let Some(sortie) = survey.sortie_of(mission) else { return };
    if !sortie.flown && !ended {
        return;
    }
    let nothing_passed = !sortie.flown && sortie.flight.take_if(|flight| flight.from == sortie.next).is_some();
    sortie.flight = None;
    sortie.in_vain += u32::from(nothing_passed);
    let in_vain = sortie.in_vain >= IN_VAIN_MAX;
    if !survey.is_open() {
        return;
    }
    let at_ms = turn.now_ms;
    match (stopped, in_vain) {
        (true, _) => survey.state = SurveyState::Cancelled { by: account(turn), at_ms },
        (false, true) => survey.state = SurveyState::GivenUp { at_ms },
        (false, false) => {
            // Who has left a lot is by then up and away from the corner that the next one comes down to.
            return state.timers.set(Timer::SurveyGoesOn(id), turn.after(AGAIN_MS));
        }
    }
    state.timers.clear(&Timer::SurveyGoesOn(id));
}

fn is_stopped_by_person(mission: &Mission) -> bool {
    let called = mission.recall_reason.as_deref().is_some_and(control::is_by_person);
    called || matches!(mission.authority, Authority::Denied { .. })
}

/// All of it flown: done.
fn settle(state: &mut State, turn: &Turn, id: &SurveyId) {
    let Some(survey) = state.surveys.get_mut(id).filter(|survey| survey.is_open()) else { return };
    if survey.sorties.iter().all(|sortie| sortie.flown) {
        survey.state = SurveyState::Flown { at_ms: turn.now_ms };
        state.timers.clear(&Timer::SurveyGoesOn(id.clone()));
    }
}

fn survey_of(state: &State, mission: &MissionId) -> Option<SurveyId> {
    let on = |survey: &&Survey| {
        survey.sorties.iter().any(|sortie| sortie.flight.as_ref().is_some_and(|flight| flight.mission == *mission))
    };
    state.surveys.values().find(on).map(|survey| survey.id.clone())
}
