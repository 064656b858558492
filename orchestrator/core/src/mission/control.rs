//! People's orders to aircraft, who may move one, and why an order is refused.

use flight_types::{AccountId, DroneId, FlightCommand, FlightPhase, GeoPoint, LotId, MissionId, RallyPointId, SurveyId};

use super::{desk, escort, giving_way, launch, orders};
use crate::cause::Cause;
use crate::event::{Actor, Event};
use crate::model::{Authority, Controller, Mission};
use crate::refusal::Refusal;
use crate::state::State;
use crate::survey::{Pass, SurveyHow};
use crate::turn::Turn;

/// Brightest light, per cent.
const BRIGHTNESS_PCT_MAX: u8 = 100;
/// Corners of one survey: a lot of ten hectares at a swath of six metres has about a hundred.
const SURVEY_CORNERS_MAX: usize = 1_000;
/// Heights over a lot: above what people and vans reach, under the ceiling of the open category (EU 2019/947), metres.
const SURVEY_HEIGHTS_M: std::ops::RangeInclusive<f64> = 5.0..=120.0;
/// Speeds over a lot: what a position is held to by satellites, and what no camera needs, metres per second.
const SURVEY_SPEEDS_M_S: std::ops::RangeInclusive<f64> = 0.2..=20.0;
/// Why an aircraft comes home: a person called it.
const BY_OPERATOR: &str = "operator";
/// Why an aircraft comes down: a person ordered it to land.
const LANDED_BY_OPERATOR: &str = "landed_by_operator";

/// Whether a recall was a person's decision about this aircraft.
pub(super) fn is_by_person(reason: &str) -> bool {
    reason == BY_OPERATOR || reason == LANDED_BY_OPERATOR
}

/// The flight the aircraft is on.
fn flight_of(state: &State, drone: &DroneId) -> Option<MissionId> {
    state.missions.values().find(|mission| !mission.ended && mission.drone == *drone).map(|mission| mission.id.clone())
}

/// Home with it, or to a rally point. Asked again, it is ordered again: the aircraft may have left its way home, or the pad is free by now.
pub(crate) fn recall_requested(state: &mut State, turn: &mut Turn, drone: &DroneId, rally: Option<&RallyPointId>) {
    let Some(id) = flight_of(state, drone) else { return };
    let Some(mission) = state.missions.get_mut(&id) else { return };
    let elsewhere = mission.rally_ordered.as_ref() != rally;
    mission.rally_ordered = rally.cloned();
    mission.diverted = None;
    if mission.recalled {
        if elsewhere {
            orders::note_recalled(state, turn, &id, BY_OPERATOR);
        }
        orders::order_home(state, turn, &id);
        giving_way::overruled(state, &id);
    } else {
        orders::recall(state, turn, &id, BY_OPERATOR);
    }
}

/// Stop where it is.
pub(crate) fn hold_requested(state: &mut State, turn: &mut Turn, drone: &DroneId) {
    let Some(id) = flight_of(state, drone) else { return };
    let Some(mission) = state.missions.get_mut(&id).filter(|mission| mission.serves()) else { return };
    mission.held = true;
    launch::note(state, turn, &id, "drone_held", &[]);
    orders::command(state, turn, &id, FlightCommand::Hold);
}

/// Go on after a hold.
pub(crate) fn continue_requested(state: &mut State, turn: &mut Turn, drone: &DroneId) {
    let Some(id) = flight_of(state, drone) else { return };
    let Some(mission) = state.missions.get_mut(&id).filter(|mission| mission.serves()) else { return };
    if !std::mem::replace(&mut mission.held, false) {
        return;
    }
    launch::note(state, turn, &id, "drone_continued", &[]);
    orders::command(state, turn, &id, FlightCommand::Continue);
    escort::follow_with(state, turn, &id, false);
}

/// Land where it is. Counts as a recall: nothing but light and control may follow.
pub(crate) fn land_requested(state: &mut State, turn: &mut Turn, drone: &DroneId) {
    let Some(id) = flight_of(state, drone) else { return };
    let Some(mission) = state.missions.get_mut(&id) else { return };
    mission.recalled = true;
    mission.held = false;
    mission.recall_reason = Some(LANDED_BY_OPERATOR.to_owned());
    launch::note(state, turn, &id, "drone_ordered_down", &[]);
    orders::command(state, turn, &id, FlightCommand::Land);
    giving_way::overruled(state, &id);
}

/// A pilot takes control. A launch that waits is withdrawn: the aircraft would take off under the pilot's hands.
pub(crate) fn control_taken(state: &mut State, turn: &mut Turn, drone: &DroneId, by: &AccountId) {
    state.controllers.insert(drone.clone(), Controller::Pilot { by: by.clone() });
    let Some(id) = flight_of(state, drone) else { return };
    launch::note(state, turn, &id, "control_taken", &[("by", by.to_string())]);
    let waits = state.missions.get(&id).is_some_and(launch::is_waiting);
    if !waits {
        orders::command(state, turn, &id, FlightCommand::YieldControl);
        return;
    }
    let incident = state.missions.get(&id).and_then(Mission::incident).cloned();
    launch::withdraw(state, turn, &id, "pilot");
    if let Some(incident) = incident {
        desk::begin(state, turn, &incident);
    }
}

/// A pilot gives control back: the aircraft hears what holds now.
pub(crate) fn control_released(state: &mut State, turn: &mut Turn, drone: &DroneId, by: &AccountId) {
    state.controllers.remove(drone);
    let Some(id) = flight_of(state, drone) else { return desk::look_again(state, turn) };
    launch::note(state, turn, &id, "control_released", &[("by", by.to_string())]);
    orders::command(state, turn, &id, FlightCommand::ResumeControl);
    let Some(mission) = state.missions.get(&id) else { return };
    if mission.recalled {
        orders::order_home(state, turn, &id);
        giving_way::wait_on_the_way_home(state, turn, &id);
    } else if mission.held {
        orders::command(state, turn, &id, FlightCommand::Hold);
    } else {
        escort::follow_with(state, turn, &id, true);
    }
}

/// Switch the light.
pub(crate) fn light_requested(state: &mut State, turn: &mut Turn, drone: &DroneId, on: bool, brightness_pct: u8) {
    let Some(id) = flight_of(state, drone) else { return };
    let brightness_pct = brightness_pct.min(BRIGHTNESS_PCT_MAX);
    launch::note(state, turn, &id, "light_ordered", &[("on", on.to_string()), ("brightness_pct", brightness_pct.to_string())]);
    orders::command(state, turn, &id, FlightCommand::Light { on, brightness_pct });
}

/// An order as a word for people.
pub(super) fn order_word(command: &FlightCommand) -> &'static str {
    match command {
        FlightCommand::Fly { .. } => "fly",
        FlightCommand::Escort { .. } => "escort",
        FlightCommand::Light { .. } => "light",
        FlightCommand::Recall { .. } => "recall",
        FlightCommand::GiveWay { .. } => "give way",
        FlightCommand::Hold => "hold",
        FlightCommand::Continue => "continue",
        FlightCommand::Land => "land",
        FlightCommand::YieldControl => "yield control",
        FlightCommand::ResumeControl => "resume control",
    }
}

/// Whether a request about flights and aircraft would be taken now. Asked for every event that [`crate::core`] hands to this module.
pub(crate) fn admit(state: &State, actor: &Actor, event: &Event) -> Result<(), Refusal> {
    match event {
        Event::LaunchApproved { mission } => may_approve(state, mission),
        Event::LaunchDenied { mission, .. } => waiting_launch(state, mission).map(drop),
        Event::RecallRequested { drone, rally } => flown(state, drone).and_then(|mission| may_recall(mission, rally.as_ref())),
        Event::HoldRequested { drone } => may_move(state, drone).and_then(|mission| may_hold(mission, false)),
        Event::ContinueRequested { drone } => may_move(state, drone).and_then(|mission| may_hold(mission, true)),
        Event::LandRequested { drone } => may_move(state, drone).and_then(in_the_air),
        Event::LightRequested { drone, .. } => flown(state, drone).and_then(in_the_air),
        Event::ControlTaken { drone, by } => may_take(state, actor, drone, by),
        Event::ControlReleased { drone, by } => may_release(state, drone, by),
        Event::SurveyRequested { lot, corners, how } => may_survey(state, lot, corners, how),
        Event::SurveyCancelled { survey } => may_cancel(state, survey),
        Event::DronesFound { .. } | Event::AircraftReady { .. } | Event::ChargeShort { .. } | Event::Flight { .. } => Ok(()),
        Event::Configured { .. }
        | Event::RecordingFailed { .. }
        | Event::TimePassed
        | Event::EffectDone { .. }
        | Event::CallRaised { .. }
        | Event::CallerMoved { .. }
        | Event::CancelRequested { .. }
        | Event::ConfirmationGiven { .. }
        | Event::GuardDutyChanged { .. }
        | Event::GuardsFound { .. }
        | Event::OfferReceived { .. }
        | Event::OfferAccepted { .. }
        | Event::OfferDeclined { .. }
        | Event::GuardOnScene { .. }
        | Event::BackupRequested { .. }
        | Event::SituationEnded { .. }
        | Event::GuardSeen { .. }
        | Event::SurveyReported { .. }
        | Event::FindingAcknowledged { .. }
        | Event::FindingFixed { .. }
        | Event::Parking { .. }
        | Event::EscalationAcknowledged { .. } => Ok(()),
    }
}

fn not_now(reason: Cause) -> Refusal {
    Refusal::NotNow { reason }
}

fn waiting_launch<'a>(state: &'a State, id: &MissionId) -> Result<&'a Mission, Refusal> {
    let unknown = || Refusal::Unknown { kind: "mission", id: id.to_string() };
    let mission = state.missions.get(id).ok_or_else(unknown)?;
    if launch::is_waiting(mission) { Ok(mission) } else { Err(not_now(decided(&mission.authority))) }
}

fn decided(authority: &Authority) -> Cause {
    match authority {
        Authority::Waiting { .. } => Cause::LaunchOver,
        Authority::Policy => Cause::LaunchedByPolicy,
        Authority::Operator { by } => Cause::AlreadyApproved { by: by.to_string() },
        Authority::Silence => Cause::LaunchedBySilence,
        Authority::Denied { by } => Cause::AlreadyDenied { by: by.to_string() },
        Authority::DeniedBySilence => Cause::DeniedBySilence,
        Authority::Withdrawn => Cause::LaunchWithdrawn,
    }
}

fn may_approve(state: &State, id: &MissionId) -> Result<(), Refusal> {
    let mission = waiting_launch(state, id)?;
    uncontrolled(state, &mission.drone)
}

fn uncontrolled(state: &State, drone: &DroneId) -> Result<(), Refusal> {
    match orders::pilot_of(state, drone) {
        Some(by) => Err(Refusal::ControlledBy { by: by.to_string() }),
        None => Ok(()),
    }
}

fn known(state: &State, drone: &DroneId) -> Result<(), Refusal> {
    let stations = state.site.iter().flat_map(|site| &site.stations);
    let found = stations.flat_map(|station| &station.drones).any(|known| known.id == *drone);
    if found { Ok(()) } else { Err(Refusal::Unknown { kind: "drone", id: drone.to_string() }) }
}

fn flown<'a>(state: &'a State, drone: &DroneId) -> Result<&'a Mission, Refusal> {
    known(state, drone)?;
    let id = flight_of(state, drone);
    id.and_then(|id| state.missions.get(&id)).ok_or_else(|| not_now(Cause::NotOnFlight { drone: drone.clone() }))
}

/// A launch that waits is withdrawn, wherever it was to land.
fn may_recall(mission: &Mission, rally: Option<&RallyPointId>) -> Result<(), Refusal> {
    let strange = rally.filter(|id| mission.plan.rally_point(id).is_none());
    strange.map_or(Ok(()), |id| Err(not_now(Cause::NoRallyPoint { rally_point: id.clone() })))
}

fn may_move<'a>(state: &'a State, drone: &DroneId) -> Result<&'a Mission, Refusal> {
    let mission = flown(state, drone)?;
    uncontrolled(state, drone).map(|()| mission)
}

fn in_the_air(mission: &Mission) -> Result<(), Refusal> {
    if mission.in_the_air() { Ok(()) } else { Err(not_now(Cause::NotInTheAir { drone: mission.drone.clone() })) }
}

fn may_hold(mission: &Mission, held: bool) -> Result<(), Refusal> {
    in_the_air(mission)?;
    if mission.recalled || mission.phase >= Some(FlightPhase::Returning) {
        return Err(not_now(Cause::RecallWins { drone: mission.drone.clone() }));
    }
    // A repeated hold is harmless; going on without one is a mistake.
    if held && !mission.held { Err(not_now(Cause::NotHeld { drone: mission.drone.clone() })) } else { Ok(()) }
}

fn may_take(state: &State, actor: &Actor, drone: &DroneId, by: &AccountId) -> Result<(), Refusal> {
    known(state, drone)?;
    if matches!(actor, Actor::Account { id, .. } if id != by) {
        return Err(Refusal::NotYours { kind: "drone", id: drone.to_string() });
    }
    match orders::pilot_of(state, drone) {
        Some(holder) if holder != by => Err(Refusal::ControlledBy { by: holder.to_string() }),
        Some(_) | None => Ok(()),
    }
}

fn may_release(state: &State, drone: &DroneId, by: &AccountId) -> Result<(), Refusal> {
    known(state, drone)?;
    match orders::pilot_of(state, drone) {
        Some(holder) if holder == by => Ok(()),
        Some(holder) => Err(Refusal::ControlledBy { by: holder.to_string() }),
        None => Err(not_now(Cause::NotControlled { drone: drone.clone() })),
    }
}

fn may_survey(state: &State, lot: &LotId, corners: &[GeoPoint], how: &SurveyHow) -> Result<(), Refusal> {
    if state.site.is_none() {
        return Err(not_now(Cause::NoSite));
    }
    if corners.is_empty() || corners.len() > SURVEY_CORNERS_MAX {
        return Err(not_now(Cause::SurveyCorners { corners_max: SURVEY_CORNERS_MAX, corners: corners.len() }));
    }
    let within = |pass: &Pass| {
        let heads = pass.heading_deg.is_none_or(f64::is_finite);
        SURVEY_HEIGHTS_M.contains(&pass.height_m) && SURVEY_SPEEDS_M_S.contains(&pass.speed_m_s) && heads
    };
    let ascending = how.begins.first().is_none_or(|first| *first > 0) && how.begins.windows(2).all(|pair| pair[0] < pair[1]);
    let inside = how.begins.last().is_none_or(|last| *last < corners.len());
    if !(how.pass.as_ref().is_none_or(within) && ascending && inside) {
        return Err(not_now(Cause::SurveyFigures));
    }
    match state.surveys.values().find(|survey| survey.is_open() && survey.lot == *lot) {
        Some(survey) => Err(not_now(Cause::SurveyUnderWay { survey: survey.id.to_string() })),
        None => Ok(()),
    }
}

fn may_cancel(state: &State, id: &SurveyId) -> Result<(), Refusal> {
    let survey = state.surveys.get(id).ok_or_else(|| Refusal::Unknown { kind: "survey", id: id.to_string() })?;
    if survey.is_open() { Ok(()) } else { Err(not_now(Cause::SurveyOver)) }
}
