//! Keeps the light on the caller, has aircraft relieved in time, and lets them go in the end.

use flight_types::{FlightCommand, FlightPhase, GeoPoint, IncidentId, LocalFrame, MissionId, Scene};

use super::{desk, launch, orders};
use crate::event::Fix;
use crate::model::{Incident, Mission, PlaceSource};
use crate::route::Airspace;
use crate::state::State;
use crate::timer::Timer;
use crate::turn::Turn;

/// Kept between the space round a followed person and any zone or the fence, metres, besides the stand-off itself.
const FOLLOW_CLEARANCE_M: f64 = 2.0;
/// Nobody is lit faster than this, metres per second: a bicycle. A faster pair of fixes is noise, or a car the light cannot follow.
const VELOCITY_MAX_M_S: f64 = 8.0;
/// Fixes further apart, or older, say nothing about a speed, milliseconds.
const VELOCITY_WINDOW_MS: i64 = 10_000;
/// Fixes closer together in time than this give noise for a speed, milliseconds.
const VELOCITY_WINDOW_MS_MIN: i64 = 500;

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
    if mission.phase != Some(FlightPhase::OnScene) || mission.held || orders::pilot_of(state, &mission.drone).is_some() {
        return;
    }
    let Some(open) = mission.incident().and_then(|incident| state.open_incident(incident)) else { return };
    let Some(place) = open.best_place() else { return };
    let (last, target) = (mission.target.unwrap_or(place.point), place.point);
    if !anew && last.distance_m(&target) < state.policy().follow_step_m {
        return;
    }
    let (velocity_east_m_s, velocity_north_m_s) = velocity(open, turn.now_ms);
    // The light and the camera follow in any case; the link keeps the aircraft itself where it may be.
    if !may_follow(state, mission, last, target) {
        note_once(state, turn, id, "drone_kept_back");
    }
    if let Some(mission) = state.missions.get_mut(id) {
        mission.target = Some(target);
    }
    orders::command(state, turn, id, FlightCommand::Escort { target, velocity_east_m_s, velocity_north_m_s });
}

/// Whether an aircraft that keeps its stand-off from somebody who goes straight there keeps clear of zones and the fence.
fn may_follow(state: &State, mission: &Mission, last: GeoPoint, target: GeoPoint) -> bool {
    let Scene::Escort { stand_off_m, .. } = mission.plan.scene else { return false };
    let clear = |airspace: &Airspace| airspace.is_clear(last, target, stand_off_m + FOLLOW_CLEARANCE_M);
    last == target || orders::airspace(state, mission).as_ref().is_some_and(clear)
}

fn note_once(state: &mut State, turn: &Turn, id: &MissionId, what: &str) {
    let incident = state.missions.get(id).and_then(|mission| mission.incident());
    let latest = incident.and_then(|incident| state.incidents.get(incident)).and_then(|incident| incident.timeline.last());
    if latest.is_none_or(|item| item.what != what) {
        launch::note(state, turn, id, what, &[]);
    }
}

/// Where the caller is heading, metres per second east and north, from their last two fixes; zero when that says nothing.
fn velocity(incident: &Incident, now_ms: i64) -> (f64, f64) {
    let from_fixes = incident.best_place().is_some_and(|place| place.source == PlaceSource::Gps);
    match incident.track.as_slice() {
        [.., before, latest] if from_fixes && now_ms - latest.at_ms <= VELOCITY_WINDOW_MS => between(before, latest),
        _ => (0.0, 0.0),
    }
}

fn between(before: &Fix, latest: &Fix) -> (f64, f64) {
    let passed_ms = latest.at_ms - before.at_ms;
    if !(VELOCITY_WINDOW_MS_MIN..=VELOCITY_WINDOW_MS).contains(&passed_ms) {
        return (0.0, 0.0);
    }
    let moved = LocalFrame::new(before.point).to_local(latest.point);
    let passed_s = passed_ms as f64 / 1_000.0;
    let (east_m_s, north_m_s) = (moved.east_m / passed_s, moved.north_m / passed_s);
    if east_m_s.hypot(north_m_s) > VELOCITY_MAX_M_S { (0.0, 0.0) } else { (east_m_s, north_m_s) }
}

/// The incident needs its aircraft no more (closed, cancelled): withdraw launches and recall flights.
pub(crate) fn release(state: &mut State, turn: &mut Turn, incident: &IncidentId, reason: &str) {
    state.timers.clear(&Timer::DroneRetry(incident.clone()));
    let missions = state.incidents.get(incident).map(|incident| incident.missions.clone()).unwrap_or_default();
    for mission in &missions {
        orders::recall(state, turn, mission, reason);
    }
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

/// A relief is on scene: those whom it takes over from go home.
pub(super) fn relieve(state: &mut State, turn: &mut Turn, relief: &MissionId) {
    let Some(relieved) = state.missions.get(relief).and_then(|mission| mission.relieves.clone()) else { return };
    orders::recall(state, turn, &relieved, "relieved");
}
