//! Flights: choice, authority, progress, recall.

use flight_types::{AccountId, DroneId, DroneStatus, FlightEvent, GeoPoint, IncidentId, LotId, MissionId};

use crate::effect::{Action, EffectId};
use crate::event::{Actor, Event};
use crate::refusal::Refusal;
use crate::state::State;
use crate::turn::Turn;

/// An incident has a place now: look for an aircraft.
pub(crate) fn begin(state: &mut State, turn: &mut Turn, incident: &IncidentId) {
    let _ = (state, turn, incident);
}

/// The caller has moved or the best place changed: keep the light on them.
pub(crate) fn follow(state: &mut State, turn: &mut Turn, incident: &IncidentId) {
    let _ = (state, turn, incident);
}

/// The incident needs its aircraft no more (closed, cancelled): withdraw launches and recall flights.
pub(crate) fn release(state: &mut State, turn: &mut Turn, incident: &IncidentId, reason: &str) {
    let _ = (state, turn, incident, reason);
}

/// Whether a request about flights and aircraft would be taken now. Asked for every event that [`crate::core`] hands to this module.
pub(crate) fn admit(state: &State, actor: &Actor, event: &Event) -> Result<(), Refusal> {
    let _ = (state, actor, event);
    Ok(())
}

/// A worker could not carry out an order of this module (`FindDrones`, `AskApproval`, `Command`).
pub(crate) fn order_failed(state: &mut State, turn: &mut Turn, action: &Action, reason: &str) {
    let _ = (state, turn, action, reason);
}

/// The operator has not decided in time.
pub(crate) fn approval_due(state: &mut State, turn: &mut Turn, mission: &MissionId) {
    let _ = (state, turn, mission);
}

/// Look for an aircraft again.
pub(crate) fn drone_retry(state: &mut State, turn: &mut Turn, incident: &IncidentId) {
    let _ = (state, turn, incident);
}

/// Every aircraft as last heard: choose.
pub(crate) fn drones_found(state: &mut State, turn: &mut Turn, effect: EffectId, drones: &[DroneStatus]) {
    let _ = (state, turn, effect, drones);
}

/// An operator lets the launch go.
pub(crate) fn launch_approved(state: &mut State, turn: &mut Turn, mission: &MissionId) {
    let _ = (state, turn, mission);
}

/// An operator stops the launch.
pub(crate) fn launch_denied(state: &mut State, turn: &mut Turn, mission: &MissionId, reason: Option<&str>) {
    let _ = (state, turn, mission, reason);
}

/// Home with it.
pub(crate) fn recall_requested(state: &mut State, turn: &mut Turn, drone: &DroneId) {
    let _ = (state, turn, drone);
}

/// Stop where it is.
pub(crate) fn hold_requested(state: &mut State, turn: &mut Turn, drone: &DroneId) {
    let _ = (state, turn, drone);
}

/// Go on after a hold.
pub(crate) fn continue_requested(state: &mut State, turn: &mut Turn, drone: &DroneId) {
    let _ = (state, turn, drone);
}

/// Land where it is.
pub(crate) fn land_requested(state: &mut State, turn: &mut Turn, drone: &DroneId) {
    let _ = (state, turn, drone);
}

/// A pilot takes control.
pub(crate) fn control_taken(state: &mut State, turn: &mut Turn, drone: &DroneId, by: &AccountId) {
    let _ = (state, turn, drone, by);
}

/// A pilot gives control back.
pub(crate) fn control_released(state: &mut State, turn: &mut Turn, drone: &DroneId, by: &AccountId) {
    let _ = (state, turn, drone, by);
}

/// Switch the light.
pub(crate) fn light_requested(state: &mut State, turn: &mut Turn, drone: &DroneId, on: bool, brightness_pct: u8) {
    let _ = (state, turn, drone, on, brightness_pct);
}

/// A survey of a lot.
pub(crate) fn survey_requested(state: &mut State, turn: &mut Turn, lot: &LotId, corners: &[GeoPoint]) {
    let _ = (state, turn, lot, corners);
}

/// The link reports about a flight.
pub(crate) fn flight(state: &mut State, turn: &mut Turn, drone: &DroneId, mission: &MissionId, report: &FlightEvent) {
    let _ = (state, turn, drone, mission, report);
}
