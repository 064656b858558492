//! The end of an incident: taken back, confirmed, or only seemingly over.
//!
//! Only the caller's own code ends an incident. A guard's situation-end merely asks the caller; silence and wrong codes alert the
//! operators and leave it open. The duress code looks like the end on the caller's terminal and escalates everywhere else; after
//! it, the caller's own code counts only in answer to a guard who was there and reported the end.

use flight_types::{GuardId, IncidentId};

use crate::effect::{Action, CallerNotice, GuardNotice, OperatorAlert};
use crate::event::CodeVerdict;
use crate::guard::{assign_primary, free, offer_in_role};
use crate::incident::{alert, note, tell_caller, tell_guard};
use crate::model::{Incident, IncidentState, OfferState};
use crate::state::State;
use crate::timer::Timer;
use crate::turn::Turn;
use crate::{mission, offer, outstanding, search, sos};

/// The caller takes the call back. Admission has seen to it that the caller's own code comes in time.
pub(crate) fn cancel_requested(state: &mut State, turn: &mut Turn, id: &IncidentId, verdict: CodeVerdict) {
    sos::heard(state, turn, id);
    match verdict {
        CodeVerdict::Safe if is_forced(state, id) => safe_code(state, turn, id),
        CodeVerdict::Safe => end(state, turn, id, Ending::Cancelled),
        CodeVerdict::Duress => duress(state, turn, id, CallerNotice::Cancelled),
        CodeVerdict::Wrong => wrong_code(state, turn, id),
    }
}

/// The caller answers "are you safe?", or says so unasked.
pub(crate) fn confirmation_given(state: &mut State, turn: &mut Turn, id: &IncidentId, verdict: CodeVerdict) {
    sos::heard(state, turn, id);
    match verdict {
        CodeVerdict::Safe => safe_code(state, turn, id),
        CodeVerdict::Duress => duress(state, turn, id, CallerNotice::Closed),
        CodeVerdict::Wrong => wrong_code(state, turn, id),
    }
}

fn safe_code(state: &mut State, turn: &mut Turn, id: &IncidentId) {
    if is_forced(state, id) {
        return note(state, turn, id, "safe_code_under_duress", &[]);
    }
    end(state, turn, id, Ending::Closed);
}

/// Under duress, and no guard has asked since: whoever forced the caller once may force the caller's own code, too.
fn is_forced(state: &State, id: &IncidentId) -> bool {
    state.open_incident(id).is_some_and(|incident| incident.duress && incident.confirmation_asks == 0)
}

fn wrong_code(state: &mut State, turn: &mut Turn, id: &IncidentId) {
    let wrong_codes_max = state.policy().wrong_codes_max.max(1);
    let Some(incident) = state.open_incident_mut(id) else { return };
    incident.wrong_codes = incident.wrong_codes.saturating_add(1);
    let count = incident.wrong_codes;
    note(state, turn, id, "code_wrong", &[("count", count.to_string())]);
    tell_caller(state, turn, id, CallerNotice::CodeWrong { tries_left: wrong_codes_max.saturating_sub(count) });
    if count.is_multiple_of(wrong_codes_max) {
        alert(state, turn, Some(id), OperatorAlert::WrongCodes);
        escalate_when_ending(state, id);
    }
}

/// An end that was in sight is not any more: people must look.
fn escalate_when_ending(state: &mut State, id: &IncidentId) {
    let Some(incident) = state.open_incident_mut(id) else { return };
    if matches!(incident.state, IncidentState::EndReported | IncidentState::AwaitingConfirmation) {
        incident.state = IncidentState::Escalated;
        state.timers.clear(&Timer::ConfirmationDue(id.clone()));
    }
}

/// The duress code: over for whoever holds the terminal, and the alarm for everybody else.
fn duress(state: &mut State, turn: &mut Turn, id: &IncidentId, looks: CallerNotice) {
    let Some(incident) = state.incidents.get(id) else { return };
    if !incident.is_open() {
        // The code means the caller's distress, not a number: a call of theirs that is open takes it.
        return match state.open_by_caller.get(&incident.caller).cloned() {
            Some(open) => duress(state, turn, &open, looks),
            None => reopen(state, turn, id, looks),
        };
    }
    let repeated = is_forced(state, id);
    show_closed(state, turn, id, looks);
    if repeated {
        return note(state, turn, id, "duress_code_repeated", &[]);
    }
    raise_duress(state, turn, id);
    escalate_when_ending(state, id);
    search_when_alone(state, id);
}

/// Tells the terminal that it is over, before it is cut off from everything else.
fn show_closed(state: &mut State, turn: &mut Turn, id: &IncidentId, looks: CallerNotice) {
    let Some(incident) = state.open_incident_mut(id) else { return };
    incident.shown_closed = false;
    tell_caller(state, turn, id, looks);
    if let Some(incident) = state.open_incident_mut(id) {
        incident.shown_closed = true;
    }
}

fn raise_duress(state: &mut State, turn: &mut Turn, id: &IncidentId) {
    let Some(incident) = state.open_incident_mut(id) else { return };
    incident.duress = true;
    incident.silent = true;
    incident.confirmation_asks = 0;
    let drill = incident.drill;
    let caller = incident.caller.clone();
    let mut told: Vec<GuardId> = incident.primary.iter().chain(&incident.backup).cloned().collect();
    told.extend(offer::open_guards(state, id));
    alert(state, turn, Some(id), OperatorAlert::Duress);
    for guard in told {
        tell_guard(turn, id, &guard, GuardNotice::Duress);
    }
    if !drill {
        turn.order(Action::NotifyContact { caller, incident: id.clone() });
    }
}

/// Somebody must go and look when the end is in doubt and the guard who reported it has left.
fn search_when_alone(state: &mut State, id: &IncidentId) {
    let Some(incident) = state.open_incident_mut(id) else { return };
    if incident.primary.is_none() && incident.state == IncidentState::Escalated {
        incident.state = IncidentState::Reopened;
        search::begin_round(state, id);
    }
}

/// A guard says that it is over: ask the caller.
pub(crate) fn situation_ended(state: &mut State, turn: &mut Turn, id: &IncidentId, guard: &GuardId) {
    let Some(incident) = state.open_incident_mut(id) else { return };
    if incident.state == IncidentState::AwaitingConfirmation {
        return;
    }
    incident.state = IncidentState::EndReported;
    incident.confirmation_asks = 0;
    // A guard is there: the terminal may speak openly again.
    incident.shown_closed = false;
    note(state, turn, id, "end_reported", &[("guard", guard.to_string())]);
    ask_caller(state, turn, id);
}

fn ask_caller(state: &mut State, turn: &mut Turn, id: &IncidentId) {
    let Some(incident) = state.open_incident_mut(id) else { return };
    incident.state = IncidentState::AwaitingConfirmation;
    incident.confirmation_asks += 1;
    let ask = incident.confirmation_asks;
    note(state, turn, id, "confirmation_asked", &[("ask", ask.to_string())]);
    tell_caller(state, turn, id, CallerNotice::AskConfirmation { ask });
    state.timers.set(Timer::ConfirmationDue(id.clone()), turn.after(state.policy().confirmation_timeout_ms));
}

/// The caller did not answer: ask again, then escalate. The incident stays open, and a late code still closes it.
pub(crate) fn confirmation_due(state: &mut State, turn: &mut Turn, id: &IncidentId) {
    let Some(incident) = state.open_incident_mut(id) else { return };
    if incident.state != IncidentState::AwaitingConfirmation {
        return;
    }
    let (asks, drill, caller) = (incident.confirmation_asks, incident.drill, incident.caller.clone());
    if asks < state.policy().confirmation_asks {
        return ask_caller(state, turn, id);
    }
    if let Some(incident) = state.open_incident_mut(id) {
        incident.state = IncidentState::Escalated;
    }
    alert(state, turn, Some(id), OperatorAlert::ConfirmationMissing);
    search_when_alone(state, id);
    if !drill {
        turn.order(Action::NotifyContact { caller, incident: id.clone() });
    }
}

/// An operator has seen it.
pub(crate) fn escalation_acknowledged(state: &mut State, turn: &mut Turn, id: &IncidentId) {
    let Some(incident) = state.incidents.get_mut(id) else { return };
    incident.escalated = false;
    note(state, turn, id, "escalation_acknowledged", &[]);
}

/// The two ways in which an incident is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Cancelled,
    Closed,
}

fn end(state: &mut State, turn: &mut Turn, id: &IncidentId, ending: Ending) {
    if state.open_incident(id).is_none() {
        return;
    }
    let (what, final_state, caller_notice, guard_notice) = match ending {
        Ending::Cancelled => ("cancelled", IncidentState::Cancelled, CallerNotice::Cancelled, GuardNotice::Cancelled),
        Ending::Closed => ("closed", IncidentState::Closed, CallerNotice::Closed, GuardNotice::Closed),
    };
    tell_caller(state, turn, id, caller_notice);
    offer::stand_down_all(state, turn, id, guard_notice);
    release_guards(state, turn, id, guard_notice);
    mission::release(state, turn, id, what);
    let Some(incident) = state.open_incident_mut(id) else { return };
    incident.state = final_state;
    incident.escalated = false;
    incident.ended_at_ms = Some(turn.now_ms);
    let report = closing_report(incident, turn.now_ms);
    note(state, turn, id, what, &report);
    forget_work(state, turn, id);
    search::guards_freed(state);
}

fn release_guards(state: &mut State, turn: &mut Turn, id: &IncidentId, notice: GuardNotice) {
    let Some(incident) = state.open_incident(id) else { return };
    let guards: Vec<GuardId> = incident.primary.iter().chain(&incident.backup).cloned().collect();
    for guard in guards {
        free(state, id, &guard);
        tell_guard(turn, id, &guard, notice);
    }
}

/// The incident in a line: who went, how long it took, what had to be asked.
fn closing_report(incident: &Incident, now_ms: i64) -> Vec<(&'static str, String)> {
    let seconds_until = |at_ms: i64| ((at_ms - incident.raised_at_ms) / 1_000).to_string();
    let first = |what: &str| incident.timeline.iter().find(|item| item.what == what).map(|item| seconds_until(item.at_ms));
    let mut report = vec![
        ("duration_s", seconds_until(now_ms)),
        ("flights", incident.missions.len().to_string()),
        ("confirmation_asks", incident.confirmation_asks.to_string()),
        ("wrong_codes", incident.wrong_codes.to_string()),
    ];
    report.extend(incident.primary.as_ref().map(|guard| ("guard", guard.to_string())));
    report.extend(incident.backup.as_ref().map(|guard| ("backup", guard.to_string())));
    report.extend(first("guard_assigned").map(|after_s| ("assigned_after_s", after_s)));
    report.extend(first("guard_on_scene").map(|after_s| ("on_scene_after_s", after_s)));
    report
}

/// Drops everything that was only needed while the incident was open.
fn forget_work(state: &mut State, turn: &Turn, id: &IncidentId) {
    for timer in [Timer::PhotoFinish, Timer::RingEnds, Timer::ConfirmationDue, Timer::GuardCheck, Timer::CallerSilent] {
        state.timers.clear(&timer(id.clone()));
    }
    state.work.remove(id);
    state.to_search.remove(id);
    state.ended.insert((turn.now_ms, id.clone()));
    if let Some(incident) = state.incidents.get(id) {
        state.open_by_caller.remove(&incident.caller);
    }
    outstanding::incident_ended(state, id);
}

fn reopen(state: &mut State, turn: &mut Turn, id: &IncidentId, looks: CallerNotice) {
    let Some(incident) = state.incidents.get_mut(id) else { return };
    let Some(ended_at_ms) = incident.ended_at_ms.take() else { return };
    incident.state = IncidentState::Reopened;
    let caller = incident.caller.clone();
    let (primary, _) = (incident.primary.take(), incident.backup.take());
    state.ended.remove(&(ended_at_ms, id.clone()));
    state.open_by_caller.insert(caller, id.clone());
    state.work_mut(id);
    note(state, turn, id, "reopened", &[]);
    show_closed(state, turn, id, looks);
    raise_duress(state, turn, id);
    sos::heard(state, turn, id);
    call_back(state, turn, id, primary);
    mission::begin(state, turn, id);
}

/// Who went before goes again, if they are still free: they know the place. Otherwise the search begins anew.
fn call_back(state: &mut State, turn: &mut Turn, id: &IncidentId, before: Option<GuardId>) {
    let free = |guard: &GuardId| state.guards.get(guard).is_some_and(|record| record.on_duty && record.incident.is_none());
    let offer = before.filter(free).and_then(|guard| Some((offer_in_role(state, id, &guard, OfferState::Primary)?, guard)));
    match offer {
        Some((offer, guard)) => {
            offer::guard_called_back(state, turn, &guard);
            offer::forget_assigned(state, id);
            assign_primary(state, turn, id, &offer, GuardNotice::Reopened);
        }
        None => {
            offer::forget_assigned(state, id);
            search::begin_round(state, id);
        }
    }
}
