//! Offers: one question to one guard at a time, and the decision who of those that accept goes.

use std::collections::BTreeSet;

use flight_types::{GuardId, IncidentId, OfferId};

use crate::effect::{Action, GuardNotice, OfferNotice};
use crate::event::GuardCandidate;
use crate::incident::{note, tell_guard};
use crate::limits::OFFERS_KEPT_MAX;
use crate::model::{IncidentState, Offer, OfferState, Place};
use crate::search::Need;
use crate::state::State;
use crate::timer::Timer;
use crate::turn::Turn;
use crate::{guard, search};

/// Whether the offer still waits for an answer or for the decision.
pub(crate) fn is_open(offer: &Offer) -> bool {
    match offer.state {
        OfferState::Sent | OfferState::Received | OfferState::Accepted => true,
        OfferState::Primary
        | OfferState::Backup
        | OfferState::Declined
        | OfferState::TimedOut
        | OfferState::StoodDown
        | OfferState::Lost => false,
    }
}

/// The incident's open offers, oldest first.
fn open_offers<'a>(state: &'a State, id: &IncidentId) -> impl Iterator<Item = &'a Offer> {
    let offers = state.incidents.get(id).map_or(&[][..], |incident| &incident.offers);
    offers.iter().filter_map(|offer| state.offers.get(offer)).filter(|offer| is_open(offer))
}

/// Guards who have an open offer of this incident.
pub(crate) fn open_guards(state: &State, id: &IncidentId) -> BTreeSet<GuardId> {
    open_offers(state, id).map(|offer| offer.guard.clone()).collect()
}

/// Asks a guard. Whoever was only asked to back up somebody else is stood down from that first.
pub(crate) fn send(state: &mut State, turn: &mut Turn, id: &IncidentId, need: Need, candidate: &GuardCandidate) {
    let before: Vec<OfferId> =
        state.guards.get(&candidate.guard).map(|record| record.open_offers.iter().cloned().collect()).unwrap_or_default();
    for offer in before {
        stand_down(state, turn, &offer, GuardNotice::StandDown);
    }
    let offer_id = OfferId::new(turn.fresh_name("offer")).expect("made of letters, digits and signs that ids may have");
    let expires_at_ms = turn.after(state.policy().offer_timeout_ms);
    let offer = new_offer(turn, &offer_id, id, need, candidate, expires_at_ms);
    let Some(notice) = notice_of(state, &offer, candidate) else { return };
    keep(state, id, &offer);
    state.timers.set(Timer::OfferExpires(offer_id.clone()), expires_at_ms);
    state.guards.entry(candidate.guard.clone()).or_default().open_offers.insert(offer_id.clone());
    state.work_mut(id).asked.insert(candidate.guard.clone());
    state.offers.insert(offer_id, offer);
    let detail = [("guard", candidate.guard.to_string()), ("eta_s", format!("{:.0}", candidate.eta_s))];
    note(state, turn, id, "offer_sent", &detail);
    turn.order(Action::SendOffer { offer: notice });
}

fn new_offer(
    turn: &Turn,
    id: &OfferId,
    incident: &IncidentId,
    need: Need,
    candidate: &GuardCandidate,
    expires_at_ms: i64,
) -> Offer {
    Offer {
        id: id.clone(),
        incident: incident.clone(),
        guard: candidate.guard.clone(),
        state: OfferState::Sent,
        backup: need == Need::Backup,
        eta_s: candidate.eta_s,
        eta_by: candidate.eta_by,
        sent_at_ms: turn.now_ms,
        expires_at_ms,
    }
}

/// What the guard's terminal shows: the place nearest to them, when there are two.
fn notice_of(state: &State, offer: &Offer, candidate: &GuardCandidate) -> Option<OfferNotice> {
    let incident = state.open_incident(&offer.incident)?;
    let distance_m = |place: &&Place| place.point.distance_m(&candidate.position);
    let place = incident.places.iter().min_by(|a, b| distance_m(a).total_cmp(&distance_m(b)))?;
    Some(OfferNotice {
        offer: offer.id.clone(),
        incident: offer.incident.clone(),
        guard: offer.guard.clone(),
        place: place.point,
        address: place.text.clone().or_else(|| incident.address.clone()),
        eta_s: offer.eta_s,
        distance_m: distance_m(&place),
        expires_at_ms: offer.expires_at_ms,
        silent: incident.silent,
        drill: incident.drill,
        backup: offer.backup,
    })
}

/// Files the offer with its incident, dropping the oldest answered one when there are too many.
fn keep(state: &mut State, id: &IncidentId, offer: &Offer) {
    let State { incidents, offers, .. } = state;
    let Some(incident) = incidents.get_mut(id) else { return };
    if !offer.backup {
        incident.state = IncidentState::Offered;
    }
    incident.offers.push(offer.id.clone());
    if incident.offers.len() > OFFERS_KEPT_MAX {
        let over = |kept: &OfferId| offers.get(kept).is_some_and(|kept| is_over(kept.state));
        if let Some(index) = incident.offers.iter().position(over) {
            let dropped = incident.offers.remove(index);
            offers.remove(&dropped);
        }
    }
}

fn is_over(state: OfferState) -> bool {
    match state {
        OfferState::Declined | OfferState::TimedOut | OfferState::StoodDown | OfferState::Lost => true,
        OfferState::Sent | OfferState::Received | OfferState::Accepted | OfferState::Primary | OfferState::Backup => false,
    }
}

/// The terminal shows the offer.
pub(crate) fn received(state: &mut State, turn: &mut Turn, id: &OfferId) {
    let Some(offer) = state.offers.get_mut(id).filter(|offer| offer.state == OfferState::Sent) else { return };
    offer.state = OfferState::Received;
    let (incident, guard) = (offer.incident.clone(), offer.guard.clone());
    note(state, turn, &incident, "offer_received", &[("guard", guard.to_string())]);
}

/// A guard takes it. Who goes is decided at once when nobody asked could be there sooner, else after the photo finish.
pub(crate) fn accepted(state: &mut State, turn: &mut Turn, id: &OfferId) {
    let waiting = |offer: &&mut Offer| matches!(offer.state, OfferState::Sent | OfferState::Received);
    let Some(offer) = state.offers.get_mut(id).filter(waiting) else { return };
    offer.state = OfferState::Accepted;
    let (incident, guard, eta_s) = (offer.incident.clone(), offer.guard.clone(), offer.eta_s);
    state.timers.clear(&Timer::OfferExpires(id.clone()));
    note(state, turn, &incident, "offer_accepted", &[("guard", guard.to_string()), ("eta_s", format!("{eta_s:.0}"))]);
    if state.open_incident(&incident).is_some_and(|incident| incident.primary.is_some()) {
        return name_backup(state, turn, &incident);
    }
    let photo_finish = Timer::PhotoFinish(incident.clone());
    if !state.timers.is_set(&photo_finish) {
        state.timers.set(photo_finish, turn.after(state.policy().photo_finish_ms));
    }
    decide_when_clear(state, turn, &incident);
}

/// The wait for a sooner guard is over.
pub(crate) fn photo_finish(state: &mut State, turn: &mut Turn, id: &IncidentId) {
    decide(state, turn, id);
}

/// Decides when nobody who could still answer would be there sooner than the soonest who accepted.
fn decide_when_clear(state: &mut State, turn: &mut Turn, id: &IncidentId) {
    let accepted = soonest_accepted(state, id).and_then(|offer| state.offers.get(&offer));
    let Some(accepted_eta_s) = accepted.map(|offer| offer.eta_s) else { return };
    let could_be_sooner = |offer: &Offer| offer.state != OfferState::Accepted && offer.eta_s < accepted_eta_s;
    if !open_offers(state, id).any(could_be_sooner) {
        decide(state, turn, id);
    }
}

/// Whether the guard of this open offer can be spared for a call that has nobody: asked as backup only, or not yet answering
/// while somebody sooner is asked as well. The soonest guard of an incident is never taken away from it.
pub(crate) fn is_spare(state: &State, offer: &Offer) -> bool {
    let unanswered = matches!(offer.state, OfferState::Sent | OfferState::Received);
    offer.backup || (unanswered && open_offers(state, &offer.incident).any(|other| sooner(other, offer).is_lt()))
}

fn sooner(a: &Offer, b: &Offer) -> std::cmp::Ordering {
    a.eta_s.total_cmp(&b.eta_s).then_with(|| a.id.cmp(&b.id))
}

fn soonest_accepted(state: &State, id: &IncidentId) -> Option<OfferId> {
    let accepted = open_offers(state, id).filter(|offer| offer.state == OfferState::Accepted);
    accepted.min_by(|a, b| sooner(a, b)).map(|offer| offer.id.clone())
}

/// The soonest who accepted goes; the next one backs up. Whoever has not answered yet may still become the backup.
fn decide(state: &mut State, turn: &mut Turn, id: &IncidentId) {
    if state.open_incident(id).is_none_or(|incident| incident.primary.is_some()) {
        return;
    }
    let Some(winner) = soonest_accepted(state, id) else { return };
    state.timers.clear(&Timer::PhotoFinish(id.clone()));
    guard::assign_primary(state, turn, id, &winner, GuardNotice::AssignedPrimary);
    let still_open: Vec<OfferId> = open_offers(state, id).map(|offer| offer.id.clone()).collect();
    for offer in still_open {
        if let Some(offer) = state.offers.get_mut(&offer) {
            offer.backup = true;
        }
    }
    name_backup(state, turn, id);
}

/// The soonest accepted offer left becomes the backup, and everybody else is stood down.
fn name_backup(state: &mut State, turn: &mut Turn, id: &IncidentId) {
    let has_backup = state.open_incident(id).is_none_or(|incident| incident.backup.is_some());
    if !has_backup {
        let Some(next) = soonest_accepted(state, id) else { return };
        guard::assign_backup(state, turn, id, &next);
    }
    stand_down_all(state, turn, id, GuardNotice::StandDown);
}

/// Stands down every guard of this incident whose offer is still open.
pub(crate) fn stand_down_all(state: &mut State, turn: &mut Turn, id: &IncidentId, notice: GuardNotice) {
    let open: Vec<OfferId> = open_offers(state, id).map(|offer| offer.id.clone()).collect();
    for offer in open {
        stand_down(state, turn, &offer, notice);
    }
}

fn stand_down(state: &mut State, turn: &mut Turn, id: &OfferId, notice: GuardNotice) {
    let Some(offer) = end(state, id, OfferState::StoodDown) else { return };
    note(state, turn, &offer.incident, "guard_stood_down", &[("guard", offer.guard.to_string())]);
    tell_guard(turn, &offer.incident, &offer.guard, notice);
}

/// Ends an open offer and frees its guard for whoever waits.
fn end(state: &mut State, id: &OfferId, how: OfferState) -> Option<Offer> {
    let ended = end_quietly(state, id, how)?;
    search::guards_freed(state);
    Some(ended)
}

/// Ends an open offer without waking those who wait.
fn end_quietly(state: &mut State, id: &OfferId, how: OfferState) -> Option<Offer> {
    let offer = state.offers.get_mut(id).filter(|offer| is_open(offer))?;
    offer.state = how;
    let ended = offer.clone();
    state.timers.clear(&Timer::OfferExpires(id.clone()));
    state.guards.entry(ended.guard.clone()).or_default().open_offers.remove(id);
    Some(ended)
}

/// Nobody answered in time.
pub(crate) fn expired(state: &mut State, turn: &mut Turn, id: &OfferId) {
    let Some(offer) = end(state, id, OfferState::TimedOut) else { return };
    note(state, turn, &offer.incident, "offer_timed_out", &[("guard", offer.guard.to_string())]);
    after_an_answer(state, turn, &offer.incident);
}

/// The offer could not be put on the terminal. Whoever else waits is not woken for a guard who cannot be reached: two calls would
/// pass the guard to and fro as fast as deliveries fail.
pub(crate) fn undeliverable(state: &mut State, turn: &mut Turn, id: &OfferId) {
    let Some(offer) = end_quietly(state, id, OfferState::TimedOut) else { return };
    note(state, turn, &offer.incident, "offer_undeliverable", &[("guard", offer.guard.to_string())]);
    after_an_answer(state, turn, &offer.incident);
}

/// A guard cannot. One who was assigned already is replaced.
pub(crate) fn declined(state: &mut State, turn: &mut Turn, id: &OfferId, reason: Option<&str>) {
    let Some(offer) = state.offers.get(id).cloned() else { return };
    let assigned = matches!(offer.state, OfferState::Primary | OfferState::Backup);
    if state.open_incident(&offer.incident).is_none() || !(assigned || is_open(&offer)) {
        return;
    }
    state.work_mut(&offer.incident).refused.insert(offer.guard.clone());
    let mut detail = vec![("guard", offer.guard.to_string())];
    detail.extend(reason.map(|reason| ("reason", reason.to_owned())));
    note(state, turn, &offer.incident, "offer_declined", &detail);
    if assigned {
        return guard::lost(state, turn, &offer.incident, &offer.guard);
    }
    end(state, id, OfferState::Declined);
    after_an_answer(state, turn, &offer.incident);
}

/// One guard fewer to wait for: somebody who accepted may be the soonest now, or nobody is left to wait for.
pub(crate) fn after_an_answer(state: &mut State, turn: &mut Turn, id: &IncidentId) {
    decide_when_clear(state, turn, id);
    if open_offers(state, id).next().is_none() && !search::is_pending(state, id) {
        search::next_ring(state, turn, id);
    }
}

/// The one who was to go has fallen out: whoever is still asked as backup is now asked to go.
pub(crate) fn want_primary(state: &mut State, id: &IncidentId) {
    let open: Vec<OfferId> = open_offers(state, id).map(|offer| offer.id.clone()).collect();
    for offer in open {
        if let Some(offer) = state.offers.get_mut(&offer) {
            offer.backup = false;
        }
    }
}

/// Ends what the last assignment to this incident was, before it is opened again for somebody else.
pub(crate) fn forget_assigned(state: &mut State, id: &IncidentId) {
    let State { incidents, offers, .. } = state;
    for offer in incidents.get(id).map_or(&[][..], |incident| &incident.offers) {
        if let Some(offer) = offers.get_mut(offer).filter(|offer| matches!(offer.state, OfferState::Primary | OfferState::Backup)) {
            offer.state = OfferState::StoodDown;
        }
    }
}

/// A guard is called back to an incident that was reopened: what they are asked meanwhile goes to others.
pub(crate) fn guard_called_back(state: &mut State, turn: &mut Turn, guard: &GuardId) {
    withdraw_from(state, turn, guard, "called back");
}

/// A guard leaves: their open offers end as declined.
pub(crate) fn guard_left(state: &mut State, turn: &mut Turn, guard: &GuardId) {
    withdraw_from(state, turn, guard, "off duty");
}

fn withdraw_from(state: &mut State, turn: &mut Turn, guard: &GuardId, reason: &str) {
    let open: Vec<OfferId> = state.guards.get(guard).map(|record| record.open_offers.iter().cloned().collect()).unwrap_or_default();
    for id in open {
        let Some(offer) = end(state, &id, OfferState::Declined) else { continue };
        note(state, turn, &offer.incident, "offer_declined", &[("guard", guard.to_string()), ("reason", reason.to_owned())]);
        after_an_answer(state, turn, &offer.incident);
    }
}
