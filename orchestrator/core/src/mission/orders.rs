//! The one place from which commands leave. Here recall wins, a pilot is left alone, and what must be said again after a restart
//! is kept.

use flight_types::{DroneId, FlightCommand, FlightPhase, FlightPlan, GeoPoint, MissionId, RallyPointId};

use super::{control, escort, giving_way, launch};
use crate::choice;
use crate::effect::{Action, Effect, OperatorAlert};
use crate::incident;
use crate::model::{Controller, Mission};
use crate::route::Airspace;
use crate::state::State;
use crate::turn::Turn;

/// Sends the aircraft. Kept as outstanding until the flight has ended.
pub(super) fn fly(state: &mut State, turn: &mut Turn, id: &MissionId, plan: Box<FlightPlan>) {
    let Some(mission) = state.missions.get(id) else { return };
    let command = FlightCommand::Fly { plan, reached: FlightPhase::Ordered };
    turn.order(Action::Command { drone: mission.drone.clone(), mission: id.clone(), command });
}

/// Gives an order to a flight, unless it has ended, a pilot moves it, or it has been recalled: then only those orders pass that
/// the recall allows.
pub(super) fn command(state: &mut State, turn: &mut Turn, id: &MissionId, command: FlightCommand) {
    let Some(mission) = state.missions.get(id).filter(|mission| !mission.ended) else { return };
    let piloted = pilot_of(state, &mission.drone).is_some();
    if (mission.recalled && !passes_recall(&command)) || (piloted && command.moves()) {
        return;
    }
    let drone = mission.drone.clone();
    let action = Action::Command { drone, mission: id.clone(), command };
    let effect = Effect { id: turn.order(action.clone()), action };
    keep(state, id, effect);
}

/// Orders that may follow a recall. Landing at once stays possible, whoever has control is told, and it waits for somebody else's aircraft to
/// pass, as long as its charge allows.
fn passes_recall(command: &FlightCommand) -> bool {
    match command {
        FlightCommand::Recall { .. }
        | FlightCommand::Land
        | FlightCommand::GiveWay { .. }
        | FlightCommand::Light { .. }
        | FlightCommand::YieldControl
        | FlightCommand::ResumeControl => true,
        FlightCommand::Fly { .. } | FlightCommand::Escort { .. } | FlightCommand::Hold | FlightCommand::Continue => false,
    }
}

/// Who flies the aircraft by hand, if anybody.
pub(super) fn pilot_of<'a>(state: &'a State, drone: &DroneId) -> Option<&'a flight_types::AccountId> {
    match state.controllers.get(drone) {
        Some(Controller::Pilot { by }) => Some(by),
        Some(Controller::Orchestrator) | None => None,
    }
}

/// Keeps the order for a restart in place of those that it makes void.
fn keep(state: &mut State, id: &MissionId, effect: Effect) {
    let Action::Command { command, .. } = &effect.action else { return };
    let standing = state.standing.entry(id.clone()).or_default();
    standing.retain(|earlier| match &earlier.action {
        Action::Command { command: before, .. } => !command.voids(before),
        _ => false,
    });
    if command.stands() {
        standing.push(effect);
    }
}

/// Orders that still hold though they were done, oldest first: a restarted link knows nothing of them.
pub(crate) fn standing(state: &State) -> impl Iterator<Item = &Effect> {
    state.standing.values().flatten()
}

/// The flight is over: none of its orders holds.
pub(super) fn forget(state: &mut State, id: &MissionId) {
    state.standing.remove(id);
    state.outstanding.retain(|_, action| !matches!(action, Action::Command { mission, .. } if mission == id));
}

/// Calls a flight home, for good. A launch that still waits is withdrawn. While a pilot has control the recall is recorded, the
/// operators hear that it waits, and it is ordered when control comes back.
pub(super) fn recall(state: &mut State, turn: &mut Turn, id: &MissionId, reason: &str) {
    let Some(mission) = state.missions.get_mut(id).filter(|mission| !mission.ended && !mission.recalled) else { return };
    if mission.phase.is_none() {
        launch::withdraw(state, turn, id, reason);
        return;
    }
    mission.recalled = true;
    mission.held = false;
    mission.recall_reason = Some(reason.to_owned());
    note_recalled(state, turn, id, reason);
    order_home(state, turn, id);
    if control::is_by_person(reason) {
        giving_way::overruled(state, id);
    } else {
        giving_way::wait_on_the_way_home(state, turn, id);
    }
}

/// Why it was called, and to which rally point, if to one.
pub(super) fn note_recalled(state: &mut State, turn: &Turn, id: &MissionId, reason: &str) {
    let rally = state.missions.get(id).and_then(|mission| mission.rally_ordered.as_ref());
    let rally = rally.map_or(String::new(), |rally| rally_name(state, rally));
    launch::note(state, turn, id, "drone_recalled", &[("reason", reason.to_owned()), ("rally_point", rally)]);
}

/// A rally point's name as shown; its id where the site has changed under the flight.
pub(super) fn rally_name(state: &State, id: &RallyPointId) -> String {
    let points = state.site.iter().flat_map(|site| &site.rally_points);
    points.filter(|point| point.id == *id).map(|point| point.name.clone()).next().unwrap_or_else(|| id.to_string())
}

/// A recalled aircraft that left its way home by itself is ordered home again so often: each time the way is found anew from
/// where it is, and what has failed five times over needs a pilot.
const HOME_AGAIN_MAX: u32 = 5;

/// Orders a recalled flight home once more, since it left its way or could not begin it. Returns whether that was still allowed.
pub(super) fn home_again(state: &mut State, turn: &mut Turn, id: &MissionId) -> bool {
    let Some(mission) = state.missions.get_mut(id).filter(|mission| mission.recalled && !mission.ended) else { return false };
    if mission.home_again >= HOME_AGAIN_MAX {
        return false;
    }
    mission.home_again += 1;
    order_home(state, turn, id);
    giving_way::wait_on_the_way_home(state, turn, id);
    true
}

/// Orders a recalled flight home by its legal way, or says that a pilot stands in between.
pub(super) fn order_home(state: &mut State, turn: &mut Turn, id: &MissionId) {
    let Some(mission) = state.missions.get(id) else { return };
    let (drone, incident) = (mission.drone.clone(), mission.incident().cloned());
    if let Some(pilot) = pilot_of(state, &drone).cloned() {
        incident::alert(state, turn, incident.as_ref(), OperatorAlert::RecallWaits { drone, pilot });
        return;
    }
    let (homeward, rally) = (homeward(state, mission), mission.rally_ordered.clone());
    command(state, turn, id, FlightCommand::Recall { homeward, rally });
}

/// The legal way home as the link is to read it (ADR 0010). With the person: from where they were last followed to. On the way
/// out: the plan's own way home, which the link takes to mean the corners passed so far, backwards. An aircraft that was diverted
/// in flight has no pad behind it: it goes back to where it turned off, and from there home.
pub(super) fn homeward(state: &State, mission: &Mission) -> Vec<GeoPoint> {
    let planned = || mission.plan.homeward.clone();
    let Some(airspace) = airspace(state, mission, mission.plan.transit_height_m) else { return planned() };
    if mission.phase >= Some(FlightPhase::OnScene) {
        return escort::homeward_from_scene(mission, &airspace).unwrap_or_else(planned);
    }
    let Some(begin) = mission.plan.outbound.first().copied() else { return planned() };
    match airspace.route(begin, mission.plan.home) {
        Ok(rest) if rest.corners.len() > 1 => [begin].into_iter().chain(rest.corners).collect(),
        // One leg: the pad is straight behind. An error: the site has changed under a flight whose own plan was legal.
        Ok(_) | Err(_) => planned(),
    }
}

/// The air that the flight was planned in, for level flight at this height above its pad.
pub(super) fn airspace(state: &State, mission: &Mission, level_m: f64) -> Option<Airspace> {
    let site = state.site.as_ref()?;
    let station = site.stations.iter().find(|station| station.id == mission.station)?;
    let config = station.drones.iter().find(|config| config.id == mission.drone)?;
    Some(choice::airspace(site, station, config, level_m, mission.created_at_ms))
}
