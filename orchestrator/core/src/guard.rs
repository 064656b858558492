//! Guards on an incident: assigned, on the scene, asked after, replaced when they fall out.

use flight_types::{GuardId, IncidentId, OfferId};

use crate::effect::{Action, CallerNotice, EffectId, GuardNotice, OperatorAlert};
use crate::event::Actor;
use crate::incident::{alert, note, tell_caller, tell_guard};
use crate::model::{IncidentState, OfferState};
use crate::state::State;
use crate::timer::Timer;
use crate::turn::Turn;
use crate::{offer, search};

/// Makes the guard of this offer the one who goes.
pub(crate) fn assign_primary(state: &mut State, turn: &mut Turn, id: &IncidentId, offer: &OfferId, notice: GuardNotice) {
    let Some((guard, eta_s)) = take_offer(state, id, offer, OfferState::Primary) else { return };
    let Some(incident) = state.open_incident_mut(id) else { return };
    incident.primary = Some(guard.clone());
    match incident.state {
        IncidentState::Raised
        | IncidentState::Located
        | IncidentState::Offered
        | IncidentState::Reopened
        | IncidentState::OnScene => incident.state = IncidentState::Assigned,
        IncidentState::Assigned
        | IncidentState::EndReported
        | IncidentState::AwaitingConfirmation
        | IncidentState::Escalated
        | IncidentState::Cancelled
        | IncidentState::Closed => {}
    }
    let duress = incident.duress;
    state.work_mut(id).rounds_in_vain = 0;
    state.timers.clear(&Timer::RingEnds(id.clone()));
    state.timers.set(Timer::GuardCheck(id.clone()), turn.after(state.policy().guard_check_interval_ms));
    note(state, turn, id, "guard_assigned", &[("guard", guard.to_string()), ("eta_s", format!("{eta_s:.0}"))]);
    tell_guard(turn, id, &guard, notice);
    if duress {
        tell_guard(turn, id, &guard, GuardNotice::Duress);
    }
    tell_caller(state, turn, id, CallerNotice::GuardAssigned { guard, eta_s: whole_seconds(eta_s) });
}

/// Makes the guard of this offer the backup.
pub(crate) fn assign_backup(state: &mut State, turn: &mut Turn, id: &IncidentId, offer: &OfferId) {
    let Some((guard, eta_s)) = take_offer(state, id, offer, OfferState::Backup) else { return };
    let Some(incident) = state.open_incident_mut(id) else { return };
    incident.backup = Some(guard.clone());
    let duress = incident.duress;
    state.work_mut(id).backup_wanted = false;
    note(state, turn, id, "backup_assigned", &[("guard", guard.to_string()), ("eta_s", format!("{eta_s:.0}"))]);
    tell_guard(turn, id, &guard, GuardNotice::AssignedBackup);
    if duress {
        tell_guard(turn, id, &guard, GuardNotice::Duress);
    }
}

/// Binds the offer's guard to the incident.
fn take_offer(state: &mut State, id: &IncidentId, offer_id: &OfferId, role: OfferState) -> Option<(GuardId, f64)> {
    let offer = state.offers.get_mut(offer_id)?;
    offer.state = role;
    let (guard, eta_s) = (offer.guard.clone(), offer.eta_s);
    state.timers.clear(&Timer::OfferExpires(offer_id.clone()));
    let record = state.guards.entry(guard.clone()).or_default();
    record.open_offers.remove(offer_id);
    record.incident = Some(id.clone());
    Some((guard, eta_s))
}

/// Seconds as a terminal shows them; a float beyond the range is held at its end.
fn whole_seconds(eta_s: f64) -> u32 {
    eta_s.round().max(0.0) as u32
}

/// An entry brought by a guard's terminal shows that it is alive.
pub(crate) fn heard(state: &mut State, turn: &Turn) {
    match &turn.actor {
        Actor::Guard { id } => state.guards.entry(id.clone()).or_default().heard_at_ms = turn.now_ms,
        Actor::System | Actor::Caller { .. } | Actor::Account { .. } | Actor::Visitor | Actor::Drone { .. } => {}
    }
}

/// A guard goes on or off duty.
pub(crate) fn duty_changed(state: &mut State, turn: &mut Turn, guard: &GuardId, on_duty: bool) {
    let record = state.guards.entry(guard.clone()).or_default();
    record.on_duty = on_duty;
    let incident = record.incident.clone();
    if on_duty {
        return search::guards_freed(state);
    }
    offer::guard_left(state, turn, guard);
    if let Some(incident) = incident {
        lost(state, turn, &incident, guard);
    }
}

/// An assigned guard has fallen out: the backup takes their place, or somebody new is searched.
pub(crate) fn lost(state: &mut State, turn: &mut Turn, id: &IncidentId, guard: &GuardId) {
    release_guard(state, id, guard, OfferState::Lost);
    let Some(incident) = state.open_incident_mut(id) else { return };
    let was_primary = incident.primary.as_ref() == Some(guard);
    if was_primary {
        incident.primary = None;
    } else if incident.backup.as_ref() == Some(guard) {
        incident.backup = None;
    }
    tell_guard(turn, id, guard, GuardNotice::StandDown);
    alert(state, turn, Some(id), OperatorAlert::GuardLost { guard: guard.clone() });
    if was_primary {
        replace_primary(state, turn, id, guard);
    }
    search::guards_freed(state);
}

fn replace_primary(state: &mut State, turn: &mut Turn, id: &IncidentId, lost: &GuardId) {
    state.timers.clear(&Timer::GuardCheck(id.clone()));
    let backup = state.open_incident_mut(id).and_then(|incident| incident.backup.take());
    let offer = backup.and_then(|backup| offer_in_role(state, id, &backup, OfferState::Backup));
    if let Some(offer) = offer {
        return assign_primary(state, turn, id, &offer, GuardNotice::PromotedToPrimary);
    }
    let Some(incident) = state.open_incident_mut(id) else { return };
    if is_ending(incident.state) && !incident.duress {
        // The guard had said that it is over, or was there already; the operators know, and the caller is still asked.
        return;
    }
    incident.state = IncidentState::Located;
    search::begin_round(state, id);
    state.work_mut(id).asked.insert(lost.clone());
    offer::want_primary(state, id);
}

fn is_ending(state: IncidentState) -> bool {
    match state {
        IncidentState::EndReported | IncidentState::AwaitingConfirmation | IncidentState::Escalated => true,
        IncidentState::Raised
        | IncidentState::Cancelled
        | IncidentState::Located
        | IncidentState::Offered
        | IncidentState::Assigned
        | IncidentState::OnScene
        | IncidentState::Closed
        | IncidentState::Reopened => false,
    }
}

/// The incident's offer that put this guard into this role.
pub(crate) fn offer_in_role(state: &State, id: &IncidentId, guard: &GuardId, role: OfferState) -> Option<OfferId> {
    let offers = &state.incidents.get(id)?.offers;
    let in_role = |offer: &&OfferId| state.offers.get(offer).is_some_and(|offer| offer.state == role && &offer.guard == guard);
    offers.iter().rev().find(in_role).cloned()
}

/// Frees a guard from the incident; an offer that had assigned them ends as given.
fn release_guard(state: &mut State, id: &IncidentId, guard: &GuardId, ended_as: OfferState) {
    for role in [OfferState::Primary, OfferState::Backup] {
        if let Some(offer) = offer_in_role(state, id, guard, role).and_then(|offer| state.offers.get_mut(&offer)) {
            offer.state = ended_as;
        }
    }
    free(state, id, guard);
}

/// Frees a guard from the incident and keeps the record of who went.
pub(crate) fn free(state: &mut State, id: &IncidentId, guard: &GuardId) {
    if state.guards.get(guard).is_some_and(|record| record.incident.as_ref() == Some(id)) {
        state.guards.entry(guard.clone()).or_default().incident = None;
    }
}

/// A guard is with the caller.
pub(crate) fn on_scene(state: &mut State, turn: &mut Turn, id: &IncidentId, guard: &GuardId) {
    let Some(incident) = state.open_incident_mut(id) else { return };
    let arrives = incident.primary.as_ref() == Some(guard) && incident.state == IncidentState::Assigned;
    if arrives {
        incident.state = IncidentState::OnScene;
        note(state, turn, id, "guard_on_scene", &[("guard", guard.to_string())]);
        tell_caller(state, turn, id, CallerNotice::GuardOnScene);
    } else if incident.backup.as_ref() == Some(guard) {
        note(state, turn, id, "backup_on_scene", &[("guard", guard.to_string())]);
    }
}

/// A guard wants another one at their side.
pub(crate) fn backup_requested(state: &mut State, turn: &mut Turn, id: &IncidentId, guard: &GuardId) {
    alert(state, turn, Some(id), OperatorAlert::BackupWanted { guard: guard.clone() });
    let Some(incident) = state.open_incident(id) else { return };
    if incident.backup.is_some() {
        return;
    }
    state.work_mut(id).backup_wanted = true;
    if offer::open_guards(state, id).is_empty() {
        search::begin_round(state, id);
    }
}

/// Time to ask after the guards of an incident. A question that was not answered is replaced, so that only the newest counts.
pub(crate) fn check_due(state: &mut State, turn: &mut Turn, id: &IncidentId) {
    let Some(incident) = state.open_incident(id) else { return };
    let guards: Vec<GuardId> = incident.primary.iter().chain(&incident.backup).cloned().collect();
    state.outstanding.retain(|_, action| !matches!(action, Action::CheckGuard { incident, .. } if incident == id));
    for guard in guards {
        turn.order(Action::CheckGuard { incident: id.clone(), guard });
    }
    state.timers.set(Timer::GuardCheck(id.clone()), turn.after(state.policy().guard_check_interval_ms));
}

/// How long a guard's terminal has been silent. What the core itself heard of them counts as well.
pub(crate) fn seen(state: &mut State, turn: &mut Turn, effect: EffectId, guard: &GuardId, silence_ms: Option<i64>) {
    let asked = state.outstanding.get(&effect);
    let Some(Action::CheckGuard { incident, guard: about }) = asked.cloned() else { return };
    if &about != guard {
        return;
    }
    state.outstanding.remove(&effect);
    let Some(record) = state.guards.get(guard).filter(|record| record.incident.as_ref() == Some(&incident)) else { return };
    let heard_here_ms = turn.now_ms - record.heard_at_ms;
    let silent_ms = silence_ms.map_or(heard_here_ms, |silence_ms| silence_ms.min(heard_here_ms));
    let left_ms = state.policy().guard_silence_max_ms - silent_ms;
    if left_ms > 0 {
        // Asked again when the silence would be too long, so that a replacement never waits for the next round of questions.
        return state.timers.bring_forward(Timer::GuardCheck(incident), turn.after(left_ms));
    }
    let detail = [("guard", guard.to_string()), ("silence_s", (silent_ms / 1_000).to_string())];
    note(state, turn, &incident, "guard_silent", &detail);
    lost(state, turn, &incident, guard);
}
