//! The call: a press becomes one incident, whatever the network makes of it, and the caller's place is kept up to date.

use flight_types::{CallerId, GeoPoint, IncidentId};

use crate::effect::{CallerNotice, OperatorAlert};
use crate::event::{Fix, Trigger};
use crate::incident::{alert, note, tell_caller};
use crate::limits::{ACCURACY_COARSE_M, KEYS_PER_CALLER_MAX, SEARCH_STEP_M, TRACK_FIXES_MAX};
use crate::model::{Incident, IncidentState, PlaceSource};
use crate::place::{self, Choice, Known};
use crate::state::{KeyedPress, State};
use crate::timer::Timer;
use crate::turn::Turn;
use crate::{mission, search};

/// A press of the button.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Press<'a> {
    pub caller: &'a CallerId,
    pub key: &'a str,
    pub trigger: Trigger,
    pub silent: bool,
    pub drill: bool,
}

/// Somebody calls. A key known already is the same press; another key joins the caller's open incident, if there is one.
pub(crate) fn call_raised(state: &mut State, turn: &mut Turn, press: &Press<'_>, known: &Known<'_>) {
    if state.calls_by_key.get(press.caller).is_some_and(|keys| keys.contains_key(press.key)) {
        return;
    }
    match state.open_by_caller.get(press.caller).cloned() {
        Some(open) => join(state, turn, &open, press, known),
        None => raise(state, turn, press, known),
    }
}

fn raise(state: &mut State, turn: &mut Turn, press: &Press<'_>, known: &Known<'_>) {
    let id = IncidentId::new(turn.fresh_name("incident")).expect("made of letters, digits and signs that ids may have");
    remember_key(state, turn, press, &id);
    state.open_by_caller.insert(press.caller.clone(), id.clone());
    state.work_mut(&id);
    let incident = new_incident(state, turn, &id, press, known);
    state.incidents.insert(id.clone(), incident);
    note(state, turn, &id, "call_raised", &call_detail(press));
    tell_caller(state, turn, &id, CallerNotice::Received);
    heard(state, turn, &id);
    let choice = place::choose(known, turn.now_ms, state.site.as_ref());
    take_choice(state, turn, &id, choice);
}

fn call_detail(press: &Press<'_>) -> Vec<(&'static str, String)> {
    vec![
        ("trigger", format!("{:?}", press.trigger).to_lowercase()),
        ("silent", press.silent.to_string()),
        ("drill", press.drill.to_string()),
    ]
}

fn new_incident(state: &State, turn: &Turn, id: &IncidentId, press: &Press<'_>, known: &Known<'_>) -> Incident {
    let near = |fix: &Fix| place::near_site(fix.point, state.site.as_ref());
    Incident {
        id: id.clone(),
        caller: press.caller.clone(),
        trigger: press.trigger,
        silent: press.silent,
        drill: press.drill,
        raised_at_ms: turn.now_ms,
        cancel_until_ms: turn.after(state.policy().cancel_window_ms),
        state: IncidentState::Raised,
        duress: false,
        escalated: false,
        places: Vec::new(),
        track: known.gps.filter(near).map(|fix| place::believable(fix, turn.now_ms)).into_iter().collect(),
        address: known.address.map(|address| address.text.clone()),
        ring: 0,
        primary: None,
        backup: None,
        offers: Vec::new(),
        missions: Vec::new(),
        rejections: Vec::new(),
        confirmation_asks: 0,
        wrong_codes: 0,
        timeline: Vec::new(),
        ended_at_ms: None,
        shown_closed: false,
    }
}

fn remember_key(state: &mut State, turn: &Turn, press: &Press<'_>, id: &IncidentId) {
    let keys = state.calls_by_key.entry(press.caller.clone()).or_default();
    if keys.len() >= KEYS_PER_CALLER_MAX {
        let oldest = keys.iter().min_by_key(|(_, kept)| kept.at_ms).map(|(key, _)| key.clone());
        oldest.map(|key| keys.remove(&key));
    }
    keys.insert(press.key.to_owned(), KeyedPress { incident: id.clone(), at_ms: turn.now_ms });
}

/// Another press while help is on its way: it may know the place better, be more serious, and must be answered.
fn join(state: &mut State, turn: &mut Turn, id: &IncidentId, press: &Press<'_>, known: &Known<'_>) {
    remember_key(state, turn, press, id);
    note(state, turn, id, "call_repeated", &call_detail(press));
    let Some(incident) = state.open_incident_mut(id) else { return };
    incident.shown_closed = false;
    incident.silent |= press.silent;
    let became_real = incident.drill && !press.drill;
    incident.drill &= press.drill;
    let lacks_place = incident.places.is_empty();
    tell_caller(state, turn, id, CallerNotice::Received);
    heard(state, turn, id);
    if lacks_place {
        let choice = place::choose(known, turn.now_ms, state.site.as_ref());
        take_choice(state, turn, id, choice);
    } else if let Some(fix) = known.gps {
        moved(state, turn, id, fix);
    }
    if became_real {
        note(state, turn, id, "drill_became_real", &[]);
        mission::begin(state, turn, id);
    }
}

/// Takes the places chosen, says what is doubtful, and starts the dispatch when there is a place at all.
fn take_choice(state: &mut State, turn: &mut Turn, id: &IncidentId, choice: Choice) {
    let Some(incident) = state.open_incident_mut(id) else { return };
    incident.places = choice.places;
    if let Some(detail) = choice.doubt {
        alert(state, turn, Some(id), OperatorAlert::PlaceUncertain { detail });
    }
    locate(state, turn, id);
}

/// An incident that has a place is dispatched at once; the cancel window only says how long it can be taken back.
fn locate(state: &mut State, turn: &mut Turn, id: &IncidentId) {
    let Some(incident) = state.open_incident_mut(id) else { return };
    let Some(best) = incident.places.first() else { return };
    let (source, accuracy_m, point) = (best.source, best.accuracy_m, best.point);
    if incident.state == IncidentState::Raised {
        incident.state = IncidentState::Located;
    }
    let detail = [("source", source_word(source).to_owned()), ("accuracy_m", format!("{accuracy_m:.0}"))];
    note(state, turn, id, "place_known", &detail);
    state.work_mut(id).followed_to = Some(point);
    search::begin_round(state, id);
    mission::begin(state, turn, id);
}

fn source_word(source: PlaceSource) -> &'static str {
    match source {
        PlaceSource::Gps => "gps",
        PlaceSource::Address => "address",
        PlaceSource::LastKnown => "last_known",
        PlaceSource::Home => "home",
    }
}

/// The caller's terminal reports where they are.
pub(crate) fn caller_moved(state: &mut State, turn: &mut Turn, id: &IncidentId, fix: Fix) {
    heard(state, turn, id);
    moved(state, turn, id, fix);
}

fn moved(state: &mut State, turn: &mut Turn, id: &IncidentId, fix: Fix) {
    let fix = place::believable(fix, turn.now_ms);
    if !place::near_site(fix.point, state.site.as_ref()) || !believed(state, turn, id, &fix) {
        return;
    }
    let Some(incident) = state.open_incident_mut(id) else { return };
    let was_located = !incident.places.is_empty();
    keep_in_track(incident, fix);
    if was_located && fix.accuracy_m > ACCURACY_COARSE_M {
        return;
    }
    incident.places = place::after_fix(&incident.places, fix, turn.now_ms);
    if was_located { follow(state, turn, id, fix.point) } else { locate(state, turn, id) }
}

/// A late fix is old news. One that jumps faster than anybody can move waits for a second that agrees with it.
fn believed(state: &mut State, turn: &Turn, id: &IncidentId, fix: &Fix) -> bool {
    let Some(newest) = state.open_incident(id).and_then(|incident| incident.track.last().copied()) else { return true };
    if place::is_late(fix, &newest) {
        return false;
    }
    let work = state.work_mut(id);
    let confirmed = work.suspect_fix.take().is_some_and(|suspect| place::reachable(&suspect, fix));
    if confirmed || place::reachable(&newest, fix) {
        return true;
    }
    work.suspect_fix = Some(*fix);
    let apart_m = newest.point.distance_m(&fix.point);
    note(state, turn, id, "fix_doubted", &[("jump_m", format!("{apart_m:.0}"))]);
    false
}

fn keep_in_track(incident: &mut Incident, fix: Fix) {
    if incident.track.len() >= TRACK_FIXES_MAX {
        incident.track.remove(0);
    }
    incident.track.push(fix);
}

/// The light goes where the caller went; the search too, while nobody has accepted.
fn follow(state: &mut State, turn: &mut Turn, id: &IncidentId, point: GeoPoint) {
    mission::settle(state, turn, id);
    let follow_step_m = state.policy().follow_step_m;
    let lacks_guard = state.open_incident(id).is_some_and(|incident| incident.primary.is_none());
    let stops = mission::stops(state, turn, id);
    let work = state.work_mut(id);
    let far = |from: Option<GeoPoint>, step_m: f64| from.is_none_or(|from| from.distance_m(&point) >= step_m);
    let searched_elsewhere = far(work.searched_at, SEARCH_STEP_M);
    if far(work.followed_to, follow_step_m) || stops {
        work.followed_to = Some(point);
        mission::follow(state, turn, id);
    }
    if lacks_guard && searched_elsewhere {
        search::begin_round(state, id);
    }
}

/// The caller's terminal is alive.
pub(crate) fn heard(state: &mut State, turn: &mut Turn, id: &IncidentId) {
    if state.open_incident(id).is_none() {
        return;
    }
    let due_ms = turn.after(state.policy().caller_silence_max_ms);
    state.timers.set(Timer::CallerSilent(id.clone()), due_ms);
    if std::mem::take(&mut state.work_mut(id).silence_alerted) {
        note(state, turn, id, "caller_heard_again", &[]);
    }
}

/// Nothing was heard of the caller's terminal for long.
pub(crate) fn caller_silent(state: &mut State, turn: &mut Turn, id: &IncidentId) {
    if state.open_incident(id).is_none() {
        return;
    }
    state.work_mut(id).silence_alerted = true;
    alert(state, turn, Some(id), OperatorAlert::CallerSilent);
}
