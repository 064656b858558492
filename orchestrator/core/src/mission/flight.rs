//! What the link reports: progress, failure, loss, low charge; and what follows from each.

use flight_types::{
    DroneId, FlightCommand, FlightEvent, FlightFailure, FlightPhase, LightState, MissionId, RallyPointId, Shortfall,
};

use super::giving_way::{self, Near};
use super::{desk, escort, launch, orders, survey};
use crate::cause::Cause;
use crate::effect::{CallerNotice, OperatorAlert};
use crate::incident;
use crate::model::Mission;
use crate::state::State;
use crate::timer::Timer;
use crate::turn::Turn;

/// A link in flight lost for so long has another aircraft sent. Short fades end within it; autopilots turn home after about 18 s.
const LINK_LOST_REPLACE_MS: i64 = 15_000;
/// Brightness on scene.
const SCENE_BRIGHTNESS_PCT: u8 = 100;

/// The link reports about a flight. Reports about ended flights or of the wrong aircraft change nothing.
pub(crate) fn flight(state: &mut State, turn: &mut Turn, drone: &DroneId, id: &MissionId, report: &FlightEvent) {
    let known = |mission: &&Mission| !mission.ended && mission.drone == *drone && mission.phase.is_some();
    if state.missions.get(id).filter(known).is_none() {
        return;
    }
    match report {
        FlightEvent::Reached { phase } => reached(state, turn, id, *phase),
        FlightEvent::Light { state: light } => light_is(state, turn, id, *light),
        FlightEvent::Failed { failure, airborne } => failed(state, turn, id, failure.clone(), *airborne),
        FlightEvent::LinkLost => link_lost(state, turn, id),
        FlightEvent::LinkRegained => link_regained(state, turn, id),
        FlightEvent::BatteryLow { remaining_pct } => battery_low(state, turn, id, *remaining_pct),
        FlightEvent::GpsLost => trouble(state, turn, id, "drone_gps_lost", Cause::GpsLost),
        FlightEvent::GpsRegained => launch::note(state, turn, id, "drone_gps_regained", &[]),
        FlightEvent::Intruder { name, distance_m, above_m, waits } => {
            giving_way::intruder(state, turn, id, &Near { name, distance_m: *distance_m, above_m: *above_m, waits: *waits });
        }
        FlightEvent::IntruderGone => giving_way::intruder_gone(state, turn, id),
        FlightEvent::WaitsNoLonger { remaining_pct } => giving_way::waits_no_longer(state, turn, id, *remaining_pct),
        FlightEvent::ModeChanged { mode, reason } => mode_changed(state, turn, id, mode, reason.as_deref()),
        FlightEvent::Diverted { rally, shortfall } => diverted(state, turn, id, rally, shortfall.as_ref()),
        FlightEvent::Passed { corners } => survey::passed(state, turn, id, *corners),
        FlightEvent::Warning { text } => launch::note(state, turn, id, "drone_warning", &[("text", text.clone())]),
    }
}

fn reached(state: &mut State, turn: &mut Turn, id: &MissionId, phase: FlightPhase) {
    let Some(mission) = state.missions.get_mut(id) else { return };
    if mission.phase >= Some(phase) {
        return;
    }
    mission.phase = Some(phase);
    mission.reached_at_ms.insert(phase, turn.now_ms);
    launch::note(state, turn, id, phase_word(phase), &[]);
    match phase {
        FlightPhase::Ordered | FlightPhase::PreflightPassed | FlightPhase::Uploaded | FlightPhase::Armed => {}
        FlightPhase::Airborne => airborne(state, turn, id),
        FlightPhase::OnScene => {
            survey::end_reached(state, turn, id);
            on_scene(state, turn, id);
        }
        FlightPhase::Returning => returning(state, turn, id),
        FlightPhase::Landed => landed(state, turn, id),
    }
}

fn phase_word(phase: FlightPhase) -> &'static str {
    match phase {
        FlightPhase::Ordered => "drone_ordered",
        FlightPhase::PreflightPassed => "drone_preflight_passed",
        FlightPhase::Uploaded => "drone_uploaded",
        FlightPhase::Armed => "drone_armed",
        FlightPhase::Airborne => "drone_airborne",
        FlightPhase::OnScene => "drone_on_scene",
        FlightPhase::Returning => "drone_returning",
        FlightPhase::Landed => "drone_landed",
    }
}

fn airborne(state: &mut State, turn: &mut Turn, id: &MissionId) {
    let Some(mission) = state.missions.get(id).filter(|mission| mission.serves()) else { return };
    let drone = mission.drone.clone();
    if let Some(incident) = mission.incident().cloned() {
        incident::tell_caller(state, turn, &incident, CallerNotice::DroneLaunched { drone });
    }
}

fn on_scene(state: &mut State, turn: &mut Turn, id: &MissionId) {
    let Some(mission) = state.missions.get(id).filter(|mission| mission.serves()) else { return };
    let Some(incident) = mission.incident().cloned() else { return };
    orders::command(state, turn, id, FlightCommand::Light { on: true, brightness_pct: SCENE_BRIGHTNESS_PCT });
    incident::tell_caller(state, turn, &incident, CallerNotice::DroneOnScene);
    escort::follow_with(state, turn, id, false);
    escort::relieve(state, turn, id);
}

/// Turned home: as ordered, or by itself. The light goes out, it would only follow people on the way.
fn returning(state: &mut State, turn: &mut Turn, id: &MissionId) {
    let Some(mission) = state.missions.get_mut(id) else { return };
    let lit = matches!(mission.light, LightState::Lit | LightState::Commanded);
    let by_itself = !mission.recalled && mission.incident().is_some();
    if by_itself {
        mission.recalled = true;
        mission.recall_reason = Some("aircraft".to_owned());
    }
    if lit {
        orders::command(state, turn, id, FlightCommand::Light { on: false, brightness_pct: 0 });
    }
    survey::left(state, turn, id);
    if by_itself {
        replace(state, turn, id);
    }
}

/// It makes for a rally point, or was found to have landed on one. Who ordered it there knows.
fn diverted(state: &mut State, turn: &mut Turn, id: &MissionId, rally: &RallyPointId, shortfall: Option<&Shortfall>) {
    let Some(mission) = state.missions.get_mut(id) else { return };
    if mission.diverted.replace(rally.clone()).as_ref() == Some(rally) {
        return;
    }
    let pct = |of: fn(&Shortfall) -> f64| shortfall.map_or(String::new(), |shortfall| format!("{:.0}", of(shortfall)));
    let figures =
        [("needed_pct", pct(|shortfall| shortfall.needed_pct)), ("remaining_pct", pct(|shortfall| shortfall.remaining_pct))];
    let name = orders::rally_name(state, rally);
    let mut detail = vec![("rally_point", name.clone())];
    detail.extend(figures);
    launch::note(state, turn, id, "drone_diverted", &detail);
    if let Some(Shortfall { needed_pct, remaining_pct }) = shortfall {
        let (needed_pct, remaining_pct) = (needed_pct.round() as i64, remaining_pct.round() as i64);
        alert(state, turn, id, Cause::DivertedByCharge { rally_point: name, needed_pct, remaining_pct });
    }
}

fn landed(state: &mut State, turn: &mut Turn, id: &MissionId) {
    // It does not fly again before somebody has brought it to its pad.
    if let Some(rally) = state.missions.get(id).and_then(|mission| mission.diverted.clone()) {
        alert(state, turn, id, Cause::StandsAtRallyPoint { rally_point: orders::rally_name(state, &rally) });
    }
    launch::end(state, turn, id);
    replace(state, turn, id);
}

/// Looks for another aircraft when the incident goes on and has none; a flight that was to be relieved asks again.
fn replace(state: &mut State, turn: &mut Turn, id: &MissionId) {
    let Some(mission) = state.missions.get(id) else { return };
    let (incident, relieves) = (mission.incident().cloned(), mission.relieves.clone());
    if let Some(waiting) = relieves.filter(|relieved| state.missions.get(relieved).is_some_and(Mission::serves)) {
        state.timers.set(Timer::ReliefDue(waiting), turn.after(desk::DRONE_RETRY_MS));
    }
    if let Some(incident) = incident {
        desk::begin(state, turn, &incident);
    }
}

fn light_is(state: &mut State, turn: &mut Turn, id: &MissionId, light: LightState) {
    let Some(mission) = state.missions.get_mut(id) else { return };
    if mission.light == light {
        return;
    }
    mission.light = light;
    mission.light_failed |= light == LightState::Fault;
    launch::note(state, turn, id, "drone_light", &[("state", format!("{light:?}").to_lowercase())]);
    escort::relieve(state, turn, id);
    if light == LightState::Fault {
        alert(state, turn, id, Cause::LightFaulty);
        desk::ask_relief(state, turn, id);
    }
}

/// The flight cannot go on. On the ground it has ended; in the air the aircraft comes home. Either way the next-best one goes.
pub(super) fn failed(state: &mut State, turn: &mut Turn, id: &MissionId, failure: FlightFailure, airborne: bool) {
    let Some(mission) = state.missions.get_mut(id) else { return };
    let down = matches!(failure, FlightFailure::Down { .. });
    mission.failure.get_or_insert_with(|| failure.clone());
    let cause = Cause::Failure { failure };
    note_failed(state, turn, id, &cause, airborne);
    alert(state, turn, id, cause);
    if airborne && !down {
        come_home(state, turn, id, "failed");
    } else {
        launch::end(state, turn, id);
    }
    replace(state, turn, id);
}

fn note_failed(state: &mut State, turn: &mut Turn, id: &MissionId, cause: &Cause, airborne: bool) {
    let particulars = cause.particulars();
    let mut detail: Vec<(&str, String)> = particulars.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
    detail.extend([("reason", cause.to_string()), ("airborne", airborne.to_string())]);
    launch::note(state, turn, id, "drone_failed", &detail);
}

/// Calls the aircraft home; one that had been called already and could not come is called again.
fn come_home(state: &mut State, turn: &mut Turn, id: &MissionId, reason: &str) {
    let recalled = state.missions.get(id).is_some_and(|mission| mission.recalled);
    if recalled { call_again(state, turn, id) } else { orders::recall(state, turn, id, reason) }
}

fn call_again(state: &mut State, turn: &mut Turn, id: &MissionId) {
    if !orders::home_again(state, turn, id) {
        alert(state, turn, id, Cause::NotComingHome);
    }
}

/// A recalled aircraft is in another mode than its way home. One that holds or makes straight for its pad is called again by a
/// legal way; one that lands is let land; any other mode is somebody's hand on the sticks, which is not fought.
fn left_its_way_home(state: &mut State, turn: &mut Turn, id: &MissionId, mode: &str, said: &str) {
    alert(state, turn, id, Cause::LeftWayHome { mode: mode.to_owned(), said: said.to_owned() });
    if matches!(mode, "hold" | "return") {
        call_again(state, turn, id);
    }
}

fn link_lost(state: &mut State, turn: &mut Turn, id: &MissionId) {
    let Some(mission) = state.missions.get_mut(id) else { return };
    if std::mem::replace(&mut mission.link_lost, true) {
        return;
    }
    let (drone, incident) = (mission.drone.clone(), mission.incident().cloned());
    launch::note(state, turn, id, "drone_link_lost", &[]);
    incident::alert(state, turn, incident.as_ref(), OperatorAlert::LinkLost { drone });
    state.timers.set(Timer::LinkSilent(id.clone()), turn.after(LINK_LOST_REPLACE_MS));
}

fn link_regained(state: &mut State, turn: &mut Turn, id: &MissionId) {
    let Some(mission) = state.missions.get_mut(id) else { return };
    mission.link_lost = false;
    state.timers.clear(&Timer::LinkSilent(id.clone()));
    launch::note(state, turn, id, "drone_link_regained", &[]);
}

/// The link has been lost for long: nobody knows whether light and picture are there, so another aircraft goes.
pub(crate) fn link_silent(state: &mut State, turn: &mut Turn, id: &MissionId) {
    if state.missions.get(id).is_some_and(|mission| mission.link_lost) {
        desk::ask_relief(state, turn, id);
    }
}

fn battery_low(state: &mut State, turn: &mut Turn, id: &MissionId, remaining_pct: f64) {
    launch::note(state, turn, id, "drone_battery_low", &[("remaining_pct", format!("{remaining_pct:.0}"))]);
    orders::recall(state, turn, id, "battery");
    replace(state, turn, id);
}

/// The aircraft left the ordered mode by itself. A return is made a legal one; a landing is not interfered with.
fn mode_changed(state: &mut State, turn: &mut Turn, id: &MissionId, mode: &str, reason: Option<&str>) {
    let said = reason.unwrap_or_default().to_owned();
    launch::note(state, turn, id, "drone_mode_changed", &[("mode", mode.to_owned()), ("reason", said.clone())]);
    let Some(mission) = state.missions.get(id) else { return };
    let piloted = orders::pilot_of(state, &mission.drone).is_some();
    if piloted || !mission.in_the_air() {
        return;
    }
    if mission.recalled {
        return left_its_way_home(state, turn, id, mode, &said);
    }
    match mode {
        "return" => {
            alert(state, turn, id, Cause::ReturnsAlone { said });
            orders::recall(state, turn, id, "aircraft");
            replace(state, turn, id);
        }
        "land" => {
            alert(state, turn, id, Cause::LandsAlone { said });
            mark_recalled(state, id, "aircraft");
            replace(state, turn, id);
        }
        // Any other mode: the link leaves the aircraft in it and waits for orders, as after a hold. An operator decides whether it
        // goes on; the caller is not kept waiting for that.
        _ => {
            alert(state, turn, id, Cause::ModeAlone { mode: mode.to_owned(), said });
            if let Some(mission) = state.missions.get_mut(id) {
                mission.held = true;
            }
            desk::ask_relief(state, turn, id);
        }
    }
}

fn mark_recalled(state: &mut State, id: &MissionId, reason: &str) {
    if let Some(mission) = state.missions.get_mut(id) {
        mission.recalled = true;
        mission.recall_reason = Some(reason.to_owned());
    }
}

fn trouble(state: &mut State, turn: &mut Turn, id: &MissionId, what: &str, reason: Cause) {
    launch::note(state, turn, id, what, &[]);
    alert(state, turn, id, reason);
}

pub(super) fn alert(state: &mut State, turn: &mut Turn, id: &MissionId, reason: Cause) {
    let Some(mission) = state.missions.get(id) else { return };
    let (drone, incident) = (mission.drone.clone(), mission.incident().cloned());
    incident::alert(state, turn, incident.as_ref(), OperatorAlert::FlightFailed { drone, reason });
}
