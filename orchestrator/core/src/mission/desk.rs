//! Asks for aircraft, hears what was found, and has the best of them launched.

use std::collections::BTreeSet;

use flight_types::{DroneId, DroneStatus, GeoPoint, IncidentId, MissionId, SurveyId};
use serde::Serialize;

use super::launch::Role;
use super::{control, launch, survey};
use crate::cause::Cause;
use crate::choice::{self, Choice, Question, Task};
use crate::effect::{Action, EffectId, OperatorAlert};
use crate::incident;
use crate::model::{Authority, Mission, Purpose};
use crate::state::State;
use crate::timer::Timer;
use crate::turn::Turn;

/// Between two looks for an aircraft while there is none, when nothing was heard of one that became ready: charge and wind change
/// in seconds, not in milliseconds.
pub(super) const DRONE_RETRY_MS: i64 = 10_000;
/// The same when one did. A second is what a link that comes and goes may cost at most.
const LOOK_AGAIN_MS: i64 = 1_000;
/// An aircraft that failed is tried again after this: estimators and links recover within a minute or not at all.
const FAILED_AGAIN_MS: i64 = 60_000;
/// Failures of one aircraft in one incident after which it is left alone.
const FAILURES_MAX: usize = 3;
/// Places further apart than this are two places for a light, metres.
const SECOND_PLACE_M: f64 = 100.0;
/// Questions for aircraft waiting at once. Each open incident has one at most; beyond this the oldest is given up and retried.
const SEARCHES_MAX: usize = 1_000;

/// A question for aircraft that waits for its answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct DroneSearch {
    effect: EffectId,
    want: Want,
    /// An aircraft became ready while the answer was on its way, which may not know it yet. Left out while none did, so that a log
    /// from before keeps its hash.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    overtaken: bool,
}

/// What an aircraft is wanted for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) enum Want {
    /// For a caller; `relieves` names a flight that it is to take over from.
    Escort { incident: IncidentId, relieves: Option<MissionId> },
    /// For the other place where a caller may be.
    SecondPlace { incident: IncidentId, place: GeoPoint },
    /// For the next sortie of a survey.
    Survey { survey: SurveyId },
}

/// An incident has a place now, or has lost its aircraft: look for one. Does nothing while one serves it or is being looked for.
pub(crate) fn begin(state: &mut State, turn: &mut Turn, incident: &IncidentId) {
    let Some(open) = state.open_incident(incident) else { return };
    if open.best_place().is_none() {
        return;
    }
    if open.drill {
        let told = open.timeline.iter().any(|item| item.what == "drone_not_in_drill");
        if !told {
            incident::note(state, turn, incident, "drone_not_in_drill", &[]);
        }
        return;
    }
    if serving(state, incident).next().is_none() && !stood_down(state, incident) {
        ask(state, turn, Want::Escort { incident: incident.clone(), relieves: None });
    }
}

/// Look for an aircraft again.
pub(crate) fn drone_retry(state: &mut State, turn: &mut Turn, incident: &IncidentId) {
    begin(state, turn, incident);
}

/// An aircraft has become ready, or is free again: whoever found none looks again at once, a second after the last look at the
/// soonest. Waiting out the pause would be ten seconds of a caller's.
pub(crate) fn look_again(state: &mut State, turn: &Turn) {
    for search in &mut state.drone_searches {
        search.overtaken = true;
    }
    state.timers.bring_drone_retries_forward(DRONE_RETRY_MS - LOOK_AGAIN_MS, LOOK_AGAIN_MS, turn.now_ms);
}

/// Whether a caller waits for an aircraft: being looked for, or to be looked for again.
pub(crate) fn lacks_aircraft(state: &State) -> bool {
    let for_a_caller = |search: &DroneSearch| matches!(search.want, Want::Escort { .. });
    state.drone_searches.iter().any(for_a_caller) || state.timers.any_drone_retry()
}

/// Another aircraft for the same caller, to take over from the one that serves them.
pub(super) fn ask_relief(state: &mut State, turn: &mut Turn, of: &MissionId) {
    let Some(mission) = state.missions.get(of).filter(|mission| mission.serves() && !mission.second_place) else { return };
    let Purpose::Escort { incident } = mission.purpose.clone() else { return };
    let relieved = serving(state, &incident).any(|other| other.relieves.as_ref() == Some(of));
    if state.open_incident(&incident).is_some() && !relieved {
        ask(state, turn, Want::Escort { incident, relieves: Some(of.clone()) });
    }
}

pub(super) fn ask(state: &mut State, turn: &mut Turn, want: Want) {
    if state.drone_searches.iter().any(|search| search.want.is_same(&want)) {
        return;
    }
    let effect = turn.order(Action::FindDrones { incident: want.incident().cloned() });
    if state.drone_searches.len() >= SEARCHES_MAX {
        let given_up = state.drone_searches.remove(0);
        again_later(state, turn, &given_up.want, DRONE_RETRY_MS);
    }
    state.drone_searches.push(DroneSearch { effect, want, overtaken: false });
}

impl Want {
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Escort { incident: a, .. }, Self::Escort { incident: b, .. })
            | (Self::SecondPlace { incident: a, .. }, Self::SecondPlace { incident: b, .. }) => a == b,
            (Self::Survey { survey: a }, Self::Survey { survey: b }) => a == b,
            (Self::Escort { .. } | Self::SecondPlace { .. } | Self::Survey { .. }, _) => false,
        }
    }

    fn incident(&self) -> Option<&IncidentId> {
        match self {
            Self::Escort { incident, .. } | Self::SecondPlace { incident, .. } => Some(incident),
            Self::Survey { .. } => None,
        }
    }
}

/// A worker could not carry out an order of flights: a lost question is asked again, a lost command is the operators' to know.
pub(crate) fn order_failed(state: &mut State, turn: &mut Turn, action: &Action, reason: &str) {
    match action {
        Action::FindDrones { incident } => {
            let lost = state.drone_searches.iter().position(|search| search.want.incident() == incident.as_ref());
            if let Some(lost) = lost {
                let search = state.drone_searches.remove(lost);
                again_later(state, turn, &search.want, DRONE_RETRY_MS);
            }
        }
        Action::Command { mission, command, .. } => launch::command_failed(state, turn, mission, command, reason),
        Action::AskApproval { mission, incident, .. } => {
            let detail = Cause::ApprovalUndelivered { mission: mission.clone(), why: reason.to_owned() };
            incident::alert(state, turn, incident.as_ref(), OperatorAlert::DeliveryFailed { detail });
        }
        Action::FindGuards { .. }
        | Action::SendOffer { .. }
        | Action::NotifyGuard { .. }
        | Action::NotifyCaller { .. }
        | Action::NotifyContact { .. }
        | Action::AlertOperators { .. }
        | Action::Parking { .. }
        | Action::CheckGuard { .. } => {}
    }
}

/// Every aircraft as last heard: choose.
pub(crate) fn drones_found(state: &mut State, turn: &mut Turn, effect: EffectId, drones: &[DroneStatus]) {
    if matches!(state.outstanding.get(&effect), Some(Action::FindDrones { .. })) {
        state.outstanding.remove(&effect);
    }
    let Some(asked) = state.drone_searches.iter().position(|search| search.effect == effect) else { return };
    let DroneSearch { want, overtaken, .. } = state.drone_searches.remove(asked);
    let pause_ms = if overtaken { LOOK_AGAIN_MS } else { DRONE_RETRY_MS };
    match &want {
        Want::Escort { incident, relieves } => {
            if !escort_found(state, turn, incident, relieves.as_ref(), drones) {
                again_later(state, turn, &want, pause_ms);
            }
        }
        Want::SecondPlace { incident, place } => second_place_found(state, turn, incident, *place, drones),
        Want::Survey { survey } => survey::found(state, turn, survey, drones),
    }
}

/// Launches the best for a caller. `false` when it is still wanted and nobody can.
fn escort_found(state: &mut State, turn: &mut Turn, id: &IncidentId, relieves: Option<&MissionId>, drones: &[DroneStatus]) -> bool {
    let served = serving(state, id).next().is_some();
    let Some(place) = state.open_incident(id).and_then(|open| open.best_place()) else { return true };
    if relieves.is_none() && served {
        return true;
    }
    let task = Task::Escort { target: place.point, doubt_m: place.accuracy_m };
    let tried = tried(state, id);
    let Some(Choice { chosen, rejections }) = decide(state, turn, task, drones, &tried, relieves.is_some()) else { return true };
    if let Some(incident) = state.open_incident_mut(id) {
        incident.rejections = rejections;
    }
    let Some(chosen) = chosen else {
        nobody_can(state, turn, id, relieves);
        return false;
    };
    state.timers.clear(&Timer::DroneRetry(id.clone()));
    let role = relieves.map_or(Role::First, |of| Role::Relief { of: of.clone() });
    launch::create(state, turn, chosen, Purpose::Escort { incident: id.clone() }, role);
    ask_second_place(state, turn, id);
    true
}

/// Where a caller may also be, when that is so far from the best place that one light cannot serve both.
fn second_place(state: &State, id: &IncidentId) -> Option<GeoPoint> {
    let places = &state.open_incident(id)?.places;
    let best = places.first()?;
    let other = places.get(1).filter(|other| other.point.distance_m(&best.point) > SECOND_PLACE_M)?;
    Some(other.point)
}

/// Whether one light there serves the best place.
pub(super) fn is_best_place(state: &State, id: &IncidentId, point: GeoPoint) -> bool {
    let best = state.open_incident(id).and_then(|open| open.best_place());
    best.is_some_and(|best| best.point.distance_m(&point) <= SECOND_PLACE_M)
}

/// Whether an aircraft sent to a second place is still wanted there.
pub(super) fn is_second_place(state: &State, id: &IncidentId, point: GeoPoint) -> bool {
    second_place(state, id).is_some_and(|place| place.distance_m(&point) <= SECOND_PLACE_M)
}

/// The best place has its aircraft; an idle one may serve the other place.
fn ask_second_place(state: &mut State, turn: &mut Turn, id: &IncidentId) {
    let Some(place) = second_place(state, id) else { return };
    let sent = |mission: &MissionId| state.missions.get(mission).is_some_and(|mission| mission.second_place);
    let once = state.incidents.get(id).is_some_and(|incident| incident.missions.iter().any(sent));
    if !once {
        ask(state, turn, Want::SecondPlace { incident: id.clone(), place });
    }
}

/// Sends an aircraft to the second place when one is free. Whether there is one alarms nobody: the best place is served.
fn second_place_found(state: &mut State, turn: &mut Turn, id: &IncidentId, place: GeoPoint, drones: &[DroneStatus]) {
    if !is_second_place(state, id, place) {
        return;
    }
    let doubt_m = state.open_incident(id).and_then(|open| open.places.get(1)).map_or(0.0, |place| place.accuracy_m);
    let task = Task::Escort { target: place, doubt_m };
    let tried = tried(state, id);
    let Some(choice) = decide(state, turn, task, drones, &tried, false) else { return };
    match choice.chosen.filter(|chosen| chosen.instead_of.is_none()) {
        Some(chosen) => launch::create(state, turn, chosen, Purpose::Escort { incident: id.clone() }, Role::SecondPlace),
        None => incident::note(state, turn, id, "no_drone_for_second_place", &[]),
    }
}

/// Tells the timeline and the operators, once in a row.
fn nobody_can(state: &mut State, turn: &mut Turn, id: &IncidentId, relieves: Option<&MissionId>) {
    let what = if relieves.is_some() { "no_relief" } else { "no_drone" };
    let told = state.incidents.get(id).is_some_and(|incident| {
        let latest = incident.timeline.iter().rev().find(|item| item.what == what || item.what == "drone_chosen");
        latest.is_some_and(|item| item.what == what)
    });
    if !told {
        let rejected = state.incidents.get(id).map_or(0, |incident| incident.rejections.len());
        incident::note(state, turn, id, what, &[("rejected", rejected.to_string())]);
        incident::alert(state, turn, Some(id), OperatorAlert::NoDrone);
    }
}

fn again_later(state: &mut State, turn: &Turn, want: &Want, pause_ms: i64) {
    let timer = match want {
        Want::Escort { relieves: Some(mission), .. } => Timer::ReliefDue(mission.clone()),
        Want::Escort { incident, relieves: None } => Timer::DroneRetry(incident.clone()),
        // A survey looks again by itself; the second place is a courtesy.
        Want::Survey { .. } | Want::SecondPlace { .. } => return,
    };
    state.timers.set(timer, turn.after(pause_ms));
}

pub(super) fn decide(
    state: &State,
    turn: &mut Turn,
    task: Task,
    drones: &[DroneStatus],
    tried: &BTreeSet<DroneId>,
    relief: bool,
) -> Option<Choice> {
    question(state, turn, task, drones, tried, relief).map(|question| choice::choose(&question))
}

/// What the choice is asked, as things stand in the district.
pub(super) fn question<'a>(
    state: &'a State,
    turn: &mut Turn,
    task: Task,
    drones: &'a [DroneStatus],
    tried: &'a BTreeSet<DroneId>,
    relief: bool,
) -> Option<Question<'a>> {
    let site = state.site.as_ref()?;
    let mission = MissionId::new(turn.fresh_name("flight")).expect("a prefix and a number make an identifier");
    Some(Question {
        mission,
        task,
        site,
        statuses: drones,
        active: state.missions.values().filter(|mission| !mission.ended).collect(),
        controllers: &state.controllers,
        tried,
        relief,
        now_ms: turn.now_ms,
    })
}

/// Aircraft that were denied for this incident, failed lately, failed too often, or came without light.
fn tried(state: &State, id: &IncidentId) -> BTreeSet<DroneId> {
    let Some(incident) = state.incidents.get(id) else { return BTreeSet::new() };
    let missions: Vec<&Mission> = incident.missions.iter().filter_map(|mission| state.missions.get(mission)).collect();
    let failures = |drone: &DroneId| missions.iter().filter(|other| other.failure.is_some() && other.drone == *drone).count();
    let spent = |mission: &&&Mission| match mission.authority {
        Authority::Denied { .. } | Authority::DeniedBySilence => true,
        Authority::Waiting { .. } | Authority::Policy | Authority::Operator { .. } | Authority::Silence | Authority::Withdrawn => {
            let lately = state.now_ms < mission.created_at_ms + FAILED_AGAIN_MS;
            let failed = mission.failure.is_some() && (lately || failures(&mission.drone) >= FAILURES_MAX);
            failed || mission.light_failed
        }
    };
    missions.iter().filter(spent).map(|mission| mission.drone.clone()).collect()
}

/// Flights that are on their way to the incident's caller or with them, oldest first; not those to a second place.
pub(super) fn serving<'a>(state: &'a State, id: &'a IncidentId) -> impl Iterator<Item = &'a Mission> + 'a {
    let missions = state.incidents.get(id).map(|incident| incident.missions.as_slice()).unwrap_or_default();
    missions.iter().filter_map(|mission| state.missions.get(mission)).filter(|mission| mission.serves() && !mission.second_place)
}

/// A person called an aircraft of this incident home or down: none is sent in its place without being asked for.
fn stood_down(state: &State, id: &IncidentId) -> bool {
    let missions = state.incidents.get(id).map(|incident| incident.missions.as_slice()).unwrap_or_default();
    let by_person = |mission: &Mission| mission.recall_reason.as_deref().is_some_and(control::is_by_person);
    missions.iter().filter_map(|mission| state.missions.get(mission)).any(by_person)
}
