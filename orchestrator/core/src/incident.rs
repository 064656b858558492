//! What every part does with an incident: write its timeline, tell people about it, forget it in the end.

use std::collections::BTreeMap;

use flight_types::{DroneId, GuardId, IncidentId};

use crate::cause::Cause;
use crate::effect::{Action, CallerNotice, GuardNotice, OperatorAlert};
use crate::limits::{ENDED_KEPT_MAX, ENDED_KEPT_MS, KEYS_KEPT_MS, TIMELINE_HEAD_KEPT, TIMELINE_ITEMS_MAX};
use crate::model::TimelineItem;
use crate::state::State;
use crate::turn::Turn;

/// Writes a line into the incident's timeline.
pub(crate) fn note(state: &mut State, turn: &Turn, id: &IncidentId, what: &str, detail: &[(&str, String)]) {
    write(state, turn, id, what, flat(detail));
}

fn write(state: &mut State, turn: &Turn, id: &IncidentId, what: &str, detail: BTreeMap<String, String>) {
    let Some(incident) = state.incidents.get_mut(id) else { return };
    if incident.timeline.len() >= TIMELINE_ITEMS_MAX {
        incident.timeline.remove(TIMELINE_HEAD_KEPT);
    }
    let item = TimelineItem { seq: turn.seq, at_ms: turn.now_ms, actor: turn.actor.clone(), what: what.to_owned(), detail };
    incident.timeline.push(item);
    state.touched.insert(id.clone());
}

/// Alerts the operators, and marks the incident until one of them acknowledges.
pub(crate) fn alert(state: &mut State, turn: &mut Turn, id: Option<&IncidentId>, alert: OperatorAlert) {
    if let Some(id) = id {
        if let Some(incident) = state.open_incident_mut(id) {
            incident.escalated = true;
        }
        write(state, turn, id, alert_word(&alert), alert_detail(&alert));
    }
    turn.order(Action::AlertOperators { incident: id.cloned(), alert });
}

/// Its recording has no room: the operators hear of it while something can still be done.
pub(crate) fn not_recorded(state: &mut State, turn: &mut Turn, id: &IncidentId, drone: &DroneId) {
    if state.open_incident(id).is_some() {
        alert(state, turn, Some(id), OperatorAlert::NotRecorded { drone: drone.clone() });
    }
}

fn alert_word(alert: &OperatorAlert) -> &'static str {
    match alert {
        OperatorAlert::NobodyAccepted => "alert_nobody_accepted",
        OperatorAlert::PlaceUncertain { .. } => "alert_place_uncertain",
        OperatorAlert::Duress => "alert_duress",
        OperatorAlert::WrongCodes => "alert_wrong_codes",
        OperatorAlert::ConfirmationMissing => "alert_confirmation_missing",
        OperatorAlert::CallerSilent => "alert_caller_silent",
        OperatorAlert::GuardLost { .. } => "alert_guard_lost",
        OperatorAlert::BackupWanted { .. } => "alert_backup_wanted",
        OperatorAlert::NoDrone => "alert_no_drone",
        OperatorAlert::ApprovalSilent { .. } => "alert_approval_silent",
        OperatorAlert::FlightFailed { .. } => "alert_flight_failed",
        OperatorAlert::LinkLost { .. } => "alert_link_lost",
        OperatorAlert::RecallWaits { .. } => "alert_recall_waits",
        OperatorAlert::NotRecorded { .. } => "alert_not_recorded",
        OperatorAlert::SurveyImpossible { .. } => "alert_survey_impossible",
        OperatorAlert::DeliveryFailed { .. } => "alert_delivery_failed",
    }
}

fn alert_detail(alert: &OperatorAlert) -> BTreeMap<String, String> {
    match alert {
        OperatorAlert::PlaceUncertain { detail } | OperatorAlert::DeliveryFailed { detail } => said("detail", detail),
        OperatorAlert::GuardLost { guard } | OperatorAlert::BackupWanted { guard } => flat(&[("guard", guard.to_string())]),
        OperatorAlert::FlightFailed { drone, reason } => {
            let mut particulars = said("reason", reason);
            particulars.insert("drone".to_owned(), drone.to_string());
            particulars
        }
        OperatorAlert::LinkLost { drone } | OperatorAlert::NotRecorded { drone } => flat(&[("drone", drone.to_string())]),
        OperatorAlert::ApprovalSilent { mission, outcome } => {
            flat(&[("mission", mission.to_string()), ("outcome", format!("{outcome:?}").to_lowercase())])
        }
        OperatorAlert::RecallWaits { drone, pilot } => flat(&[("drone", drone.to_string()), ("pilot", pilot.to_string())]),
        OperatorAlert::SurveyImpossible { lot } => flat(&[("lot", lot.to_string())]),
        OperatorAlert::NobodyAccepted
        | OperatorAlert::Duress
        | OperatorAlert::WrongCodes
        | OperatorAlert::ConfirmationMissing
        | OperatorAlert::CallerSilent
        | OperatorAlert::NoDrone => BTreeMap::new(),
    }
}

fn flat(particulars: &[(&str, String)]) -> BTreeMap<String, String> {
    particulars.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
}

/// A cause in words for programs, and as a code with its figures for the pages.
fn said(key: &str, cause: &Cause) -> BTreeMap<String, String> {
    let mut particulars = cause.particulars();
    particulars.insert(key.to_owned(), cause.to_string());
    particulars
}

/// Tells the caller, unless their terminal has to look as if all were over.
pub(crate) fn tell_caller(state: &State, turn: &mut Turn, id: &IncidentId, notice: CallerNotice) {
    let Some(incident) = state.incidents.get(id) else { return };
    if incident.shown_closed {
        return;
    }
    turn.order(Action::NotifyCaller { caller: incident.caller.clone(), incident: id.clone(), notice });
}

/// Tells one guard.
pub(crate) fn tell_guard(turn: &mut Turn, id: &IncidentId, guard: &GuardId, notice: GuardNotice) {
    turn.order(Action::NotifyGuard { guard: guard.clone(), incident: id.clone(), notice });
}

/// Drops what has been over for long, so that memory does not grow with the years.
pub(crate) fn forget_old(state: &mut State) {
    while let Some((ended_at_ms, _)) = state.ended.first() {
        let expired = ended_at_ms + ENDED_KEPT_MS <= state.now_ms;
        if !expired && state.ended.len() <= ENDED_KEPT_MAX {
            return;
        }
        let Some((_, id)) = state.ended.pop_first() else { return };
        forget(state, &id);
    }
}

fn forget(state: &mut State, id: &IncidentId) {
    let Some(incident) = state.incidents.remove(id) else { return };
    for offer in &incident.offers {
        state.offers.remove(offer);
    }
    for mission in &incident.missions {
        // A flight that has not come home yet is not forgotten with its incident.
        if state.missions.get(mission).is_some_and(|mission| mission.ended) {
            state.missions.remove(mission);
        }
    }
    let now_ms = state.now_ms;
    if let Some(keys) = state.calls_by_key.get_mut(&incident.caller) {
        keys.retain(|_, press| now_ms < press.at_ms + KEYS_KEPT_MS);
        if keys.is_empty() {
            state.calls_by_key.remove(&incident.caller);
        }
    }
}
