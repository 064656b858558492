//! The search for guards: ring by ring, all calls that wait at the same moment together, until somebody goes.
//!
//! One search is under way at a time. Calls that arrive meanwhile gather in `State::to_search` and share the next one, so that
//! calls of the same moment get their guards at the least total time, without anybody waiting for a timer.

use std::collections::{BTreeMap, BTreeSet};

use flight_types::{GuardId, IncidentId};

use crate::assign;
use crate::cause::Cause;
use crate::effect::{Action, CallerNotice, EffectId, GuardSearch, OperatorAlert};
use crate::event::{GuardCandidate, GuardsNear};
use crate::incident::{alert, note, tell_caller};
use crate::limits::{CANDIDATES_MAX, SEARCH_AGAIN_MS, SEARCH_ANSWER_MAX_MS, SEARCHES_TOGETHER_MAX, VAIN_ROUNDS_PER_ALERT};
use crate::model::{Incident, IncidentState};
use crate::offer;
use crate::state::State;
use crate::timer::Timer;
use crate::turn::Turn;

/// Whom an incident still needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Primary,
    Backup,
}

/// Whom the incident needs, if anybody.
pub(crate) fn need(state: &State, id: &IncidentId) -> Option<Need> {
    let incident = state.open_incident(id)?;
    if incident.places.is_empty() {
        return None;
    }
    if incident.primary.is_none() {
        return wants_primary(incident.state).then_some(Need::Primary);
    }
    let backup_wanted = state.work.get(id).is_some_and(|work| work.backup_wanted);
    (backup_wanted && incident.backup.is_none()).then_some(Need::Backup)
}

fn wants_primary(state: IncidentState) -> bool {
    match state {
        IncidentState::Located | IncidentState::Offered | IncidentState::Reopened => true,
        IncidentState::Raised
        | IncidentState::Cancelled
        | IncidentState::Assigned
        | IncidentState::OnScene
        | IncidentState::EndReported
        | IncidentState::AwaitingConfirmation
        | IncidentState::Closed
        | IncidentState::Escalated => false,
    }
}

/// Starts again at the innermost ring.
pub(crate) fn begin_round(state: &mut State, id: &IncidentId) {
    let Some(incident) = state.open_incident_mut(id) else { return };
    incident.ring = 0;
    let open: BTreeSet<GuardId> = offer::open_guards(state, id);
    state.work_mut(id).asked = open;
    state.timers.clear(&Timer::RingEnds(id.clone()));
    state.to_search.insert(id.clone());
}

/// The pause after a vain round is over.
pub(crate) fn again(state: &mut State, turn: &mut Turn, id: &IncidentId) {
    let _ = turn;
    if need(state, id).is_some() {
        begin_round(state, id);
    }
}

/// Guards have become free: whoever pauses after a vain round need not wait longer.
pub(crate) fn guards_freed(state: &mut State) {
    for id in state.timers.pausing() {
        begin_round(state, &id);
    }
}

/// Whether an answer for the incident is still to come.
pub(crate) fn is_pending(state: &State, id: &IncidentId) -> bool {
    let under_way = state.searching.and_then(|effect| state.outstanding.get(&effect));
    let searched = match under_way {
        Some(Action::FindGuards { searches }) => searches.iter().any(|search| &search.incident == id),
        Some(_) | None => false,
    };
    searched || state.to_search.contains(id)
}

/// At the end of each turn: one search for everybody who waits, unless one is under way.
pub(crate) fn ask_waiting(state: &mut State, turn: &mut Turn) {
    if state.searching.is_some() {
        return;
    }
    let waiting: Vec<IncidentId> = state.to_search.iter().take(SEARCHES_TOGETHER_MAX).cloned().collect();
    let needing: Vec<IncidentId> = waiting.iter().filter(|id| need(state, id).is_some()).cloned().collect();
    for id in &waiting {
        state.to_search.remove(id);
    }
    if needing.is_empty() {
        return;
    }
    let searches = needing.iter().filter_map(|id| search_for(state, id, needing.len())).collect();
    for id in &needing {
        let place = state.open_incident(id).and_then(Incident::best_place).map(|place| place.point);
        state.work_mut(id).searched_at = place;
    }
    state.searching = Some(turn.order(Action::FindGuards { searches }));
    state.timers.set(Timer::SearchLate, turn.after(SEARCH_ANSWER_MAX_MS));
}

fn search_for(state: &State, id: &IncidentId, together: usize) -> Option<GuardSearch> {
    let incident = state.open_incident(id)?;
    let policy = state.policy();
    let within_m = policy.ring_radii_m.get(incident.ring).or(policy.ring_radii_m.last()).copied()?;
    // With as many candidates for each as calls are searched together, the least total is the least among all guards.
    let count_max = (policy.offers_per_ring.max(1) + together - 1).min(CANDIDATES_MAX);
    let places = incident.places.iter().map(|place| place.point).collect();
    Some(GuardSearch { incident: id.clone(), places, within_m, count_max })
}

/// How much a guard is taken by other incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    Free,
    /// Asked, but the one who asks could do without.
    Spare,
    Busy,
}

fn taken(state: &State, guard: &GuardId, need: Need) -> Taken {
    let Some(record) = state.guards.get(guard) else { return Taken::Free };
    if record.incident.is_some() {
        return Taken::Busy;
    }
    let mut offers = record.open_offers.iter().filter_map(|id| state.offers.get(id)).peekable();
    if offers.peek().is_none() {
        return Taken::Free;
    }
    let spared = need == Need::Primary && offers.all(|offer| offer::is_spare(state, offer));
    if spared { Taken::Spare } else { Taken::Busy }
}

/// The nearest whom the incident may ask: those who are free, or, when nobody is, those whom another incident can spare.
/// `near` answers with the nearest of those that it is given a rule for.
pub(crate) fn nearest_askable<T>(
    state: &State,
    search: &GuardSearch,
    near: impl Fn(&dyn Fn(&GuardId) -> bool) -> Vec<T>,
) -> Vec<T> {
    let Some(need) = need(state, &search.incident) else { return Vec::new() };
    let work = state.work.get(&search.incident);
    let asked = |guard: &GuardId| work.is_some_and(|work| work.asked.contains(guard) || work.refused.contains(guard));
    let free = near(&|guard| !asked(guard) && taken(state, guard, need) == Taken::Free);
    if !free.is_empty() {
        return free;
    }
    near(&|guard| !asked(guard) && taken(state, guard, need) == Taken::Spare)
}

/// The answer of the index: candidates for every incident that was searched.
pub(crate) fn guards_found(state: &mut State, turn: &mut Turn, effect: EffectId, found: &[GuardsNear]) {
    let Some(searched) = end_search(state, effect) else { return };
    let mut rows: Vec<Row> = Vec::new();
    for id in searched {
        let Some(need) = need(state, &id) else { continue };
        let near = found.iter().find(|near| near.incident == id);
        let (candidates, spare) = usable(state, &id, need, near.map_or(&[], |near| &near.candidates));
        rows.push(Row { incident: id, need, candidates, spare });
    }
    let asked = fan_out(state, turn, &rows);
    for row in &rows {
        if !asked.contains(&row.incident) && offer::open_guards(state, &row.incident).is_empty() {
            next_ring(state, turn, &row.incident);
        }
    }
}

/// Ends the search under way, if it is this one, and tells for whom it was.
fn end_search(state: &mut State, effect: EffectId) -> Option<Vec<IncidentId>> {
    if state.searching != Some(effect) {
        return None;
    }
    state.searching = None;
    state.timers.clear(&Timer::SearchLate);
    match state.outstanding.remove(&effect) {
        Some(Action::FindGuards { searches }) => Some(searches.into_iter().map(|search| search.incident).collect()),
        Some(_) | None => None,
    }
}

/// One incident with those who could go.
struct Row {
    incident: IncidentId,
    need: Need,
    candidates: Vec<GuardCandidate>,
    /// Nobody is free: the candidates are asked by others who can spare them, and one of them has to do.
    spare: bool,
}

/// Candidates that may be asked: those who are free, or, when nobody is, those whom another incident can spare.
fn usable(state: &State, id: &IncidentId, need: Need, candidates: &[GuardCandidate]) -> (Vec<GuardCandidate>, bool) {
    let believable = believable(state, id, candidates);
    let in_class = |class: Taken| {
        let members = believable.iter().filter(|candidate| taken(state, &candidate.guard, need) == class);
        members.cloned().collect::<Vec<_>>()
    };
    let free = in_class(Taken::Free);
    if free.is_empty() { (in_class(Taken::Spare), true) } else { (free, false) }
}

/// On duty as the core knows it, fresh, not asked before, with a believable time; soonest first.
fn believable(state: &State, id: &IncidentId, candidates: &[GuardCandidate]) -> Vec<GuardCandidate> {
    let fresh_ms = state.policy().position_fresh_ms;
    let work = state.work.get(id);
    let mut seen = BTreeSet::new();
    let mut usable: Vec<GuardCandidate> = candidates
        .iter()
        .filter(|candidate| candidate.eta_s.is_finite() && candidate.eta_s >= 0.0 && candidate.position_age_ms <= fresh_ms)
        .filter(|candidate| state.guards.get(&candidate.guard).is_some_and(|record| record.on_duty))
        .filter(|candidate| {
            work.is_none_or(|work| !work.asked.contains(&candidate.guard) && !work.refused.contains(&candidate.guard))
        })
        .filter(|candidate| seen.insert(candidate.guard.clone()))
        .cloned()
        .collect();
    usable.sort_by(|a, b| a.eta_s.total_cmp(&b.eta_s).then_with(|| a.guard.cmp(&b.guard)));
    usable
}

/// Asks guards: first each incident's guard of the least total time, then the next soonest in turn, nobody twice.
fn fan_out(state: &mut State, turn: &mut Turn, rows: &[Row]) -> BTreeSet<IncidentId> {
    let mut taken: BTreeSet<GuardId> = BTreeSet::new();
    let mut asked: BTreeSet<IncidentId> = BTreeSet::new();
    for (row, chosen) in rows.iter().zip(assign_together(rows)) {
        if let Some(candidate) = chosen {
            taken.insert(candidate.guard.clone());
            asked.insert(row.incident.clone());
            offer::send(state, turn, &row.incident, row.need, candidate);
        }
    }
    for _ in 1..state.policy().offers_per_ring {
        for row in rows.iter().filter(|row| !row.spare) {
            if let Some(candidate) = row.candidates.iter().find(|candidate| !taken.contains(&candidate.guard)) {
                taken.insert(candidate.guard.clone());
                offer::send(state, turn, &row.incident, row.need, candidate);
            }
        }
    }
    asked
}

/// For each incident the guard that the least total time gives it.
fn assign_together(rows: &[Row]) -> Vec<Option<&GuardCandidate>> {
    let mut columns: BTreeMap<&GuardId, usize> = BTreeMap::new();
    let mut edges = Vec::with_capacity(rows.len());
    for row in rows {
        let mut row_edges = Vec::with_capacity(row.candidates.len());
        for candidate in &row.candidates {
            let next = columns.len();
            let column = *columns.entry(&candidate.guard).or_insert(next);
            row_edges.push(assign::Edge { column, cost: assign::cost_of_seconds(candidate.eta_s) });
        }
        edges.push(row_edges);
    }
    let chosen = assign::least_total(&edges, columns.len());
    let candidate_of = |(row, column): (&Row, Option<usize>)| -> Option<usize> {
        let column = column?;
        row.candidates.iter().position(|candidate| columns.get(&candidate.guard) == Some(&column))
    };
    rows.iter().zip(chosen).map(|(row, column)| candidate_of((row, column)).map(|index| &row.candidates[index])).collect()
}

/// Nobody in this ring: the next one, or, after the last, the operators and a pause.
pub(crate) fn next_ring(state: &mut State, turn: &mut Turn, id: &IncidentId) {
    let rings = state.policy().ring_radii_m.len();
    let Some(need) = need(state, id) else { return };
    let Some(incident) = state.open_incident_mut(id) else { return };
    if incident.ring + 1 >= rings {
        return in_vain(state, turn, id, need);
    }
    incident.ring += 1;
    let ring = incident.ring;
    let radius_m = state.policy().ring_radii_m[ring];
    note(state, turn, id, "ring_widened", &[("ring", ring.to_string()), ("radius_m", format!("{radius_m:.0}"))]);
    state.to_search.insert(id.clone());
}

fn in_vain(state: &mut State, turn: &mut Turn, id: &IncidentId, need: Need) {
    let work = state.work_mut(id);
    let alerts = work.rounds_in_vain.is_multiple_of(VAIN_ROUNDS_PER_ALERT);
    work.rounds_in_vain = work.rounds_in_vain.saturating_add(1);
    if alerts {
        alert(state, turn, Some(id), OperatorAlert::NobodyAccepted);
        match need {
            Need::Primary => tell_caller(state, turn, id, CallerNotice::StillSearching),
            Need::Backup => {}
        }
    }
    state.timers.set(Timer::RingEnds(id.clone()), turn.after(SEARCH_AGAIN_MS));
}

/// The search under way was never answered: ask again.
pub(crate) fn late(state: &mut State, turn: &mut Turn) {
    let Some(searched) = state.searching.and_then(|effect| end_search(state, effect)) else { return };
    alert(state, turn, None, OperatorAlert::DeliveryFailed { detail: Cause::SearchUnanswered });
    state.to_search.extend(searched);
}

/// The search could not be carried out: operators know, and it is tried again after the pause of a vain round.
pub(crate) fn failed(state: &mut State, turn: &mut Turn, effect: EffectId, reason: &str) {
    let Some(searched) = end_search(state, effect) else { return };
    alert(state, turn, None, OperatorAlert::DeliveryFailed { detail: Cause::SearchFailed { why: reason.to_owned() } });
    for id in searched {
        if let Some(need) = need(state, &id) {
            in_vain(state, turn, &id, need);
        }
    }
}
