//! Keeps the light on the caller, has aircraft relieved in time, and lets them go in the end.

use flight_types::{DroneId, EscortPost, FlightCommand, FlightPhase, GeoPoint, IncidentId, LightState, MissionId, Scene};

use super::{desk, launch, orders, person};
use crate::choice;
use crate::model::{Incident, IncidentState, Mission, Place, PlaceSource};
use crate::route::Airspace;
use crate::state::State;
use crate::timer::Timer;
use crate::turn::Turn;

/// Kept between the space round a followed person and any zone or the fence, metres, besides the stand-off itself.
const FOLLOW_CLEARANCE_M: f64 = 2.0;
/// Nobody is lit faster than this, metres per second: a bicycle. A faster pair of fixes is noise, or a car the light cannot follow.
const VELOCITY_MAX_M_S: f64 = 8.0;
/// A fix that is older says nothing about where somebody is heading, milliseconds.
const VELOCITY_WINDOW_MS: i64 = 10_000;
/// Who can stay no longer than this, seconds, is called home by its link in a moment: whoever takes its place then is planned round its way
/// home, which nobody knows before.
const LEAVES_NOW_S: f64 = 10.0;
/// The filtered place is within this of the latest fix, metres, or the two are not of the same person's way.
const TRACK_OFF_M_MAX: f64 = 60.0;

/// The caller has moved or the best place changed: keep the light on them.
pub(crate) fn follow(state: &mut State, turn: &mut Turn, incident: &IncidentId) {
    let serving: Vec<MissionId> = desk::serving(state, incident).map(|mission| mission.id.clone()).collect();
    for mission in &serving {
        follow_with(state, turn, mission, false);
    }
    settle_second_place(state, turn, incident);
}

/// An aircraft at a second place follows the caller from when they come there, and goes home when they are not thought to be
/// there any more.
fn settle_second_place(state: &mut State, turn: &mut Turn, incident: &IncidentId) {
    let missions = state.incidents.get(incident).map(|incident| incident.missions.clone()).unwrap_or_default();
    for id in &missions {
        let Some(mission) = state.missions.get(id).filter(|mission| mission.serves() && mission.second_place) else { continue };
        let Some(target) = mission.target else { continue };
        if desk::is_best_place(state, incident, target) {
            if let Some(mission) = state.missions.get_mut(id) {
                mission.second_place = false;
            }
            follow_with(state, turn, id, false);
        } else if !desk::is_second_place(state, incident, target) {
            orders::recall(state, turn, id, "place_ruled_out");
        }
    }
}

/// Sends one aircraft after the caller; `anew` also when they have not moved since.
pub(super) fn follow_with(state: &mut State, turn: &mut Turn, id: &MissionId, anew: bool) {
    let Some(mission) = state.missions.get(id).filter(|mission| mission.serves() && !mission.second_place) else { return };
    // On its way, too: light and camera turn to where the person is by then, not to where their first fix had them.
    let there = mission.phase == Some(FlightPhase::OnScene);
    if !(there || mission.phase == Some(FlightPhase::Airborne)) || mission.held || orders::pilot_of(state, &mission.drone).is_some()
    {
        return;
    }
    let Some(open) = mission.incident().and_then(|incident| state.open_incident(incident)) else { return };
    let Some(place) = open.best_place() else { return };
    let (target, (velocity_east_m_s, velocity_north_m_s)) = whereabouts(open, place, turn.now_ms);
    let last = mission.target.unwrap_or(target);
    let goes = velocity_east_m_s != 0.0 || velocity_north_m_s != 0.0;
    // Who was last told to go and stands is near the place that was told, and not where the link has them by now.
    let stops = mission.target_goes && !goes;
    if !anew && !stops && last.distance_m(&target) < state.policy().follow_step_m {
        return;
    }
    // The light and the camera follow in any case; the link keeps the aircraft itself where it may be.
    if there && !may_follow(state, mission, last, target) {
        note_once(state, turn, id, "drone_kept_back");
    }
    if let Some(mission) = state.missions.get_mut(id) {
        mission.target = Some(target);
        mission.target_goes = goes;
    }
    let direct = !there && state.missions.get(id).is_some_and(|mission| may_turn(state, mission, target, turn.now_ms));
    let post = state.missions.get(id).and_then(|mission| mission.moved).map(|moved| moved.post);
    orders::command(state, turn, id, FlightCommand::Escort { target, velocity_east_m_s, velocity_north_m_s, post, direct });
}

/// Whether somebody whom an aircraft was told to go stands now. They are near the last place that was told, and the link has them further on.
pub(crate) fn stops(state: &State, turn: &Turn, incident: &IncidentId) -> bool {
    let place = state.open_incident(incident).and_then(|open| Some((open, open.best_place()?)));
    let stands = |(open, place): (&Incident, &Place)| whereabouts(open, place, turn.now_ms).1 == (0.0, 0.0);
    desk::serving(state, incident).any(|mission| mission.target_goes && !mission.second_place) && place.is_some_and(stands)
}

/// Whether an aircraft on its way may leave its last leg for where the person is by now: none of ours is near.
fn may_turn(state: &State, mission: &Mission, target: GeoPoint, now_ms: i64) -> bool {
    let Some(site) = state.site.as_ref() else { return false };
    let active: Vec<&Mission> = state.missions.values().filter(|mission| !mission.ended).collect();
    choice::may_turn(site, &active, mission, target, now_ms)
}

/// Whether an aircraft that keeps its stand-off from somebody who goes straight there keeps clear of zones and the fence.
fn may_follow(state: &State, mission: &Mission, last: GeoPoint, target: GeoPoint) -> bool {
    let Some(EscortPost { stand_off_m, height_m }) = mission.post() else { return false };
    let clear = |airspace: &Airspace| airspace.is_clear(last, target, stand_off_m + FOLLOW_CLEARANCE_M);
    last == target || orders::airspace(state, mission, height_m).as_ref().is_some_and(clear)
}

fn note_once(state: &mut State, turn: &Turn, id: &MissionId, what: &str) {
    let incident = state.missions.get(id).and_then(|mission| mission.incident());
    let latest = incident.and_then(|incident| state.incidents.get(incident)).and_then(|incident| incident.timeline.last());
    if latest.is_none_or(|item| item.what != what) {
        launch::note(state, turn, id, what, &[]);
    }
}

/// Where the caller is now and their velocity east and north, metres per second: by their fixes where these are what is believed,
/// else the place itself, standing.
fn whereabouts(incident: &Incident, place: &Place, now_ms: i64) -> (GeoPoint, (f64, f64)) {
    let standing = (place.point, (0.0, 0.0));
    if place.source == PlaceSource::Gps
        && let Some(stand) = person::stand(&incident.track)
    {
        return (stand.place, (0.0, 0.0));
    }
    let motion = person::motion(&incident.track).filter(|_| place.source == PlaceSource::Gps);
    // A track that leads elsewhere is not of this place.
    let Some(motion) = motion.filter(|motion| motion.place.distance_m(&place.point) < TRACK_OFF_M_MAX) else { return standing };
    if motion.east_m_s.hypot(motion.north_m_s) > VELOCITY_MAX_M_S || now_ms - motion.at_ms > VELOCITY_WINDOW_MS {
        return standing;
    }
    (motion.place_at(now_ms), (motion.east_m_s, motion.north_m_s))
}

/// Between two aircraft that leave one scene, milliseconds: as long as one takes to go aside and through the other's height, with some to
/// spare.
const LEAVE_APART_MS: i64 = 30_000;

/// The incident needs its aircraft no more (closed, cancelled): withdraw launches and recall flights. Those on scene leave one after the
/// other, because each passes the heights between its scene and its transit, where others hang or leave (ADR 0163).
pub(crate) fn release(state: &mut State, turn: &mut Turn, incident: &IncidentId, reason: &str) {
    state.timers.clear(&Timer::DroneRetry(incident.clone()));
    let missions = state.incidents.get(incident).map(|incident| incident.missions.clone()).unwrap_or_default();
    let (mut there, elsewhere): (Vec<MissionId>, Vec<MissionId>) = missions.into_iter().partition(|id| hangs_there(state, id));
    for mission in &elsewhere {
        orders::recall(state, turn, mission, reason);
    }
    let mut leave_ms = last_left_ms(state, incident).map_or(turn.now_ms, |left_ms| (left_ms + LEAVE_APART_MS).max(turn.now_ms));
    there.sort_by(|a, b| leaving_order(state, a).total_cmp(&leaving_order(state, b)));
    for mission in &there {
        if leave_ms == turn.now_ms {
            orders::recall(state, turn, mission, reason);
        } else {
            state.timers.set(Timer::LeaveDue(mission.clone()), leave_ms);
        }
        leave_ms += LEAVE_APART_MS;
    }
}

/// It is this aircraft's turn to leave, if the incident is still over.
pub(crate) fn leave_due(state: &mut State, turn: &mut Turn, id: &MissionId) {
    let Some(incident) = state.missions.get(id).and_then(|mission| mission.incident()) else { return };
    if state.open_incident(incident).is_some() {
        return;
    }
    let cancelled = state.incidents.get(incident).is_some_and(|incident| incident.state == IncidentState::Cancelled);
    orders::recall(state, turn, id, if cancelled { "cancelled" } else { "closed" });
}

fn hangs_there(state: &State, id: &MissionId) -> bool {
    state.missions.get(id).is_some_and(|mission| mission.serves() && mission.phase == Some(FlightPhase::OnScene))
}

/// When the last aircraft left the scene.
fn last_left_ms(state: &State, incident: &IncidentId) -> Option<i64> {
    let missions = state.incidents.get(incident).map(|incident| incident.missions.as_slice()).unwrap_or_default();
    let leaving = missions.iter().filter_map(|id| state.missions.get(id)).filter(|mission| mission.recalled && !mission.ended);
    let was_there = leaving.filter(|mission| mission.reached_at_ms.contains_key(&FlightPhase::OnScene));
    was_there.map(|mission| mission.reached_at_ms.get(&FlightPhase::Returning).copied().unwrap_or(state.now_ms)).max()
}

/// Who goes down to its transit leaves from below first, who goes up from above.
fn leaving_order(state: &State, id: &MissionId) -> f64 {
    let Some(mission) = state.missions.get(id) else { return 0.0 };
    let height_m = mission.post().map_or(0.0, |post| post.height_m);
    if height_m >= mission.plan.transit_height_m { height_m } else { -height_m }
}

/// The legal way home for an aircraft that followed the caller away from where its plan ended; `None` when it did not.
pub(super) fn homeward_from_scene(mission: &Mission, airspace: &Airspace) -> Option<Vec<GeoPoint>> {
    let Scene::Escort { target: planned, stand_off_m, .. } = mission.plan.scene else { return None };
    let target = mission.target.filter(|target| *target != planned)?;
    let side_deg = target.bearing_deg(&mission.plan.home);
    let places = airspace.stand_offs(target, side_deg, stand_off_m).ok()?;
    let ways = places.into_iter().map(|place| (place, airspace.route(place, mission.plan.home)));
    let (place, way) = ways.into_iter().find_map(|(place, way)| Some((place, way.ok()?)))?;
    Some([place].into_iter().chain(way.corners).collect())
}

/// The charge allows little more time on scene: look for a relief.
pub(crate) fn relief_due(state: &mut State, turn: &mut Turn, id: &MissionId) {
    desk::ask_relief(state, turn, id);
}

/// Whether the relief of an aircraft that can stay for so long would come too late, as it is planned: it takes as long as this one took.
pub(crate) fn is_relieved_too_late(state: &State, mission: &Mission, left_s: f64, now_ms: i64) -> bool {
    let takes_s = mission.eta_s + launch::RELIEF_LEAD_MS as f64 / 1_000.0;
    let is_far = |due_ms: i64| now_ms + desk::DRONE_RETRY_MS < due_ms;
    (LEAVES_NOW_S..=takes_s).contains(&left_s) && state.timers.due_ms(&Timer::ReliefDue(mission.id.clone())).is_some_and(is_far)
}

/// The charge falls faster than was reckoned with: a relief is looked for now.
pub(crate) fn charge_short(state: &mut State, turn: &mut Turn, drone: &DroneId, left_s: i64) {
    let flown = |mission: &&Mission| mission.drone == *drone && !mission.ended && mission.phase == Some(FlightPhase::OnScene);
    let Some(id) = state.missions.values().find(flown).map(|mission| mission.id.clone()) else { return };
    state.timers.clear(&Timer::ReliefDue(id.clone()));
    launch::note(state, turn, &id, "drone_charge_short", &[("left_s", left_s.to_string())]);
    desk::ask_relief(state, turn, &id);
}

/// A relief is on scene with its light on, as far as that can be known: those whom it takes over from go home. Before, they stay,
/// so that the caller is never in the dark.
pub(super) fn relieve(state: &mut State, turn: &mut Turn, relief: &MissionId) {
    let Some(mission) = state.missions.get(relief) else { return };
    let lit = matches!(mission.light, LightState::Lit | LightState::Commanded);
    if !lit || mission.phase != Some(FlightPhase::OnScene) {
        return;
    }
    let Some(relieved) = mission.relieves.clone() else { return };
    orders::recall(state, turn, &relieved, "relieved");
}
