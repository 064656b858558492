//! Makes flights, waits for authority, lets them go, ends them.

use std::collections::BTreeMap;

use flight_types::{AccountId, FlightCommand, FlightFailure, FlightPhase, LightState, MissionId, Scene};

use super::{control, desk, flight, orders, survey};
use crate::cause::Cause;
use crate::choice::Chosen;
use crate::config::{Approval, OnSilence};
use crate::effect::{Action, OperatorAlert};
use crate::event::Actor;
use crate::incident;
use crate::model::{Authority, Mission, Purpose};
use crate::state::State;
use crate::timer::Timer;
use crate::turn::Turn;

/// A relief is looked for so long before the charge allows no more stay, beyond its own way: the link calls an aircraft home at
/// 25 %, a little before the reserve is touched, and an operator may have to decide.
pub(super) const RELIEF_LEAD_MS: i64 = 90_000;
/// Ended surveys kept in memory; escorts are forgotten with their incidents.
const SURVEYS_KEPT_MAX: usize = 200;

/// A flight's part among those of its incident.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Role {
    /// The only one so far.
    First,
    /// Takes over from another.
    Relief {
        /// From which.
        of: MissionId,
    },
    /// Lights the other place where the caller may be.
    SecondPlace,
}

/// Makes the flight of the aircraft chosen, and lets it go or asks for authority as its station says.
pub(super) fn create(state: &mut State, turn: &mut Turn, chosen: Chosen, purpose: Purpose, role: Role) {
    let inherited = chosen.instead_of.as_ref().and_then(|survey| preempt(state, turn, survey));
    let occupied = state.missions.values().any(|other| !other.ended && other.drone == chosen.drone);
    assert!(!occupied, "two flights on aircraft {}", chosen.drone);
    let id = chosen.plan.mission.clone();
    let detail = chosen_detail(&chosen);
    let mission = waiting(turn, chosen, purpose, role);
    if let Some(incident) = mission.incident().cloned() {
        incident::note(state, turn, &incident, "drone_chosen", &detail);
        if let Some(incident) = state.incidents.get_mut(&incident) {
            incident.missions.push(id.clone());
        }
    }
    state.missions.insert(id.clone(), mission);
    match inherited {
        Some(authority) => launch(state, turn, &id, authority),
        None => seek_authority(state, turn, &id),
    }
}

fn chosen_detail(chosen: &Chosen) -> Vec<(&'static str, String)> {
    let mut detail = vec![
        ("drone", chosen.drone.to_string()),
        ("station", chosen.station.to_string()),
        ("mission", chosen.plan.mission.to_string()),
        ("eta_s", format!("{:.0}", chosen.eta_s)),
        ("needed_pct", format!("{:.0}", chosen.needed_pct)),
        ("available_pct", format!("{:.0}", chosen.available_pct)),
    ];
    detail.extend(chosen.instead_of.as_ref().map(|survey| ("instead_of", survey.to_string())));
    detail
}

fn waiting(turn: &Turn, chosen: Chosen, purpose: Purpose, role: Role) -> Mission {
    let target = match &chosen.plan.scene {
        Scene::Escort { target, .. } => Some(*target),
        Scene::Survey { .. } => None,
    };
    Mission {
        id: chosen.plan.mission.clone(),
        drone: chosen.drone,
        station: chosen.station,
        purpose,
        plan: chosen.plan,
        authority: Authority::Waiting { decide_by_ms: turn.now_ms },
        phase: None,
        recalled: false,
        recall_reason: None,
        rally_ordered: None,
        diverted: None,
        home_again: 0,
        held: false,
        gives_way: false,
        intruder_near: false,
        light: LightState::Unknown,
        light_failed: false,
        link_lost: false,
        failure: None,
        ended: false,
        eta_s: chosen.eta_s,
        stay_s: chosen.stay_s,
        target,
        target_goes: false,
        moved: None,
        second_place: role == Role::SecondPlace,
        relieves: match role {
            Role::Relief { of } => Some(of),
            Role::First | Role::SecondPlace => None,
        },
        created_at_ms: turn.now_ms,
        reached_at_ms: BTreeMap::new(),
    }
}

/// Ends the survey that a call takes the aircraft from. One in the air passes its authority on: the aircraft has been let go, and
/// diverting it is not a launch.
fn preempt(state: &mut State, turn: &mut Turn, survey: &MissionId) -> Option<Authority> {
    let mission = state.missions.get_mut(survey)?;
    mission.recalled = true;
    mission.recall_reason = Some("preempted".to_owned());
    let airborne = mission.in_the_air();
    let authority = mission.authority.clone();
    if !airborne {
        mission.authority = Authority::Withdrawn;
    }
    end(state, turn, survey);
    airborne.then_some(authority)
}

fn seek_authority(state: &mut State, turn: &mut Turn, id: &MissionId) {
    let Some(mission) = state.missions.get(id) else { return };
    let station = state.site.as_ref().and_then(|site| site.stations.iter().find(|station| station.id == mission.station));
    match station.map(|station| station.approval) {
        Some(Approval::Automatic) => launch(state, turn, id, Authority::Policy),
        Some(Approval::Operator { limit_ms, on_silence }) => ask_operator(state, turn, id, limit_ms, on_silence),
        // The station was chosen from this very site, so it is there; without it nobody could give authority.
        None => deny(state, turn, id, Authority::Withdrawn, None),
    }
}

fn ask_operator(state: &mut State, turn: &mut Turn, id: &MissionId, limit_ms: i64, on_silence: OnSilence) {
    let decide_by_ms = turn.after(limit_ms);
    let Some(mission) = state.missions.get_mut(id) else { return };
    mission.authority = Authority::Waiting { decide_by_ms };
    turn.order(Action::AskApproval {
        mission: id.clone(),
        incident: mission.incident().cloned(),
        station: mission.station.clone(),
        drone: mission.drone.clone(),
        decide_by_ms,
        on_silence,
    });
    state.timers.set(Timer::ApprovalDue(id.clone()), decide_by_ms);
    note(state, turn, id, "approval_asked", &[]);
}

/// Whether somebody may still decide on the launch.
pub(super) fn is_waiting(mission: &Mission) -> bool {
    !mission.ended && matches!(mission.authority, Authority::Waiting { .. })
}

/// An operator lets the launch go.
pub(crate) fn launch_approved(state: &mut State, turn: &mut Turn, mission: &MissionId) {
    if let Some(by) = account(turn) {
        launch(state, turn, mission, Authority::Operator { by });
    }
}

/// An operator stops the launch.
pub(crate) fn launch_denied(state: &mut State, turn: &mut Turn, mission: &MissionId, reason: Option<&str>) {
    if let Some(by) = account(turn) {
        deny(state, turn, mission, Authority::Denied { by }, reason);
    }
}

/// The operator has not decided in time: the station's policy does.
pub(crate) fn approval_due(state: &mut State, turn: &mut Turn, id: &MissionId) {
    let Some(mission) = state.missions.get(id).filter(|mission| is_waiting(mission)) else { return };
    let approval = state
        .site
        .as_ref()
        .and_then(|site| site.stations.iter().find(|station| station.id == mission.station).map(|station| station.approval));
    let outcome = match approval {
        Some(Approval::Operator { on_silence, .. }) => on_silence,
        // The station became automatic, or is gone, since it was asked.
        Some(Approval::Automatic) => OnSilence::Launch,
        None => OnSilence::Deny,
    };
    let incident = mission.incident().cloned();
    incident::alert(state, turn, incident.as_ref(), OperatorAlert::ApprovalSilent { mission: id.clone(), outcome });
    match outcome {
        OnSilence::Launch => launch(state, turn, id, Authority::Silence),
        OnSilence::Deny => deny(state, turn, id, Authority::DeniedBySilence, None),
    }
}

fn account(turn: &Turn) -> Option<AccountId> {
    match &turn.actor {
        Actor::Account { id, .. } => Some(id.clone()),
        Actor::System | Actor::Caller { .. } | Actor::Guard { .. } | Actor::Visitor | Actor::Drone { .. } => None,
    }
}

/// Records the authority and orders the flight. The only place where an aircraft is sent.
fn launch(state: &mut State, turn: &mut Turn, id: &MissionId, authority: Authority) {
    let Some(mission) = state.missions.get_mut(id).filter(|mission| is_waiting(mission)) else { return };
    let entitled = matches!(authority, Authority::Policy | Authority::Operator { .. } | Authority::Silence);
    assert!(entitled, "flight {id} without authority: {authority:?}");
    mission.authority = authority;
    mission.phase = Some(FlightPhase::Ordered);
    mission.reached_at_ms.insert(FlightPhase::Ordered, turn.now_ms);
    let on_scene_s = mission.eta_s.max(mission.stay_s);
    let plan = Box::new(mission.plan.clone());
    decided(state, id);
    orders::fly(state, turn, id, plan);
    let relief_ms = turn.after((on_scene_s * 1_000.0) as i64 - RELIEF_LEAD_MS);
    state.timers.set(Timer::ReliefDue(id.clone()), relief_ms);
    note(state, turn, id, "launch_ordered", &[]);
}

fn deny(state: &mut State, turn: &mut Turn, id: &MissionId, authority: Authority, reason: Option<&str>) {
    let Some(mission) = state.missions.get_mut(id).filter(|mission| is_waiting(mission)) else { return };
    mission.authority = authority;
    let incident = mission.incident().cloned();
    note(state, turn, id, "launch_denied", &[("reason", reason.unwrap_or_default().to_owned())]);
    end(state, turn, id);
    if let Some(incident) = incident {
        desk::begin(state, turn, &incident);
    }
}

/// Takes back a launch on which nobody has decided.
pub(super) fn withdraw(state: &mut State, turn: &mut Turn, id: &MissionId, reason: &str) {
    let Some(mission) = state.missions.get_mut(id).filter(|mission| is_waiting(mission)) else { return };
    mission.authority = Authority::Withdrawn;
    mission.recall_reason = Some(reason.to_owned());
    note(state, turn, id, "launch_withdrawn", &[("reason", reason.to_owned())]);
    end(state, turn, id);
}

fn decided(state: &mut State, id: &MissionId) {
    state.timers.clear(&Timer::ApprovalDue(id.clone()));
    state.outstanding.retain(|_, action| !matches!(action, Action::AskApproval { mission, .. } if mission == id));
}

/// The flight is over: nothing is due, ordered or asked for it any more.
pub(super) fn end(state: &mut State, turn: &Turn, id: &MissionId) {
    decided(state, id);
    orders::forget(state, id);
    state.timers.clear(&Timer::LinkSilent(id.clone()));
    state.timers.clear(&Timer::ReliefDue(id.clone()));
    state.timers.clear(&Timer::PostDue(id.clone()));
    state.timers.clear(&Timer::LeaveDue(id.clone()));
    if let Some(mission) = state.missions.get_mut(id) {
        mission.ended = true;
    }
    debug_assert_eq!(state.now_ms, turn.now_ms, "a turn has one time");
    survey::left(state, turn, id);
    forget_surveys(state);
    desk::look_again(state, turn);
}

fn forget_surveys(state: &mut State) {
    let over = |mission: &&Mission| mission.ended && mission.incident().is_none();
    let ended: Vec<MissionId> = state.missions.values().filter(over).map(|mission| mission.id.clone()).collect();
    let surplus = ended.len().saturating_sub(SURVEYS_KEPT_MAX);
    for id in &ended[..surplus] {
        state.missions.remove(id);
    }
}

/// A command did not reach the link.
pub(super) fn command_failed(state: &mut State, turn: &mut Turn, id: &MissionId, command: &FlightCommand, reason: &str) {
    let Some(mission) = state.missions.get(id).filter(|mission| !mission.ended) else { return };
    let grounded = mission.phase == Some(FlightPhase::Ordered);
    if matches!(command, FlightCommand::Fly { .. }) && grounded {
        flight::failed(state, turn, id, FlightFailure::NoAnswer, false);
        return;
    }
    let order = control::order_word(command).to_owned();
    let detail = Cause::OrderUndelivered { order, drone: mission.drone.clone(), why: reason.to_owned() };
    let incident = mission.incident().cloned();
    incident::alert(state, turn, incident.as_ref(), OperatorAlert::DeliveryFailed { detail });
}

/// Writes a line about a flight into its incident's timeline, if it has one.
pub(super) fn note(state: &mut State, turn: &Turn, id: &MissionId, what: &str, detail: &[(&str, String)]) {
    let Some(mission) = state.missions.get(id) else { return };
    let Some(incident) = mission.incident().cloned() else { return };
    let mut all = vec![("drone", mission.drone.to_string()), ("mission", id.to_string())];
    all.extend(detail.iter().filter(|(_, value)| !value.is_empty()).cloned());
    incident::note(state, turn, &incident, what, &all);
}
