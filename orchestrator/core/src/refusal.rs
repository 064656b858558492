//! Why a request is not taken: typed, with what the asker needs to know.

use flight_types::{CallerId, GuardId, IncidentId, OfferId};

use crate::cause::Cause;
use crate::event::{Actor, CodeVerdict, Event, Role};
use crate::lots;
use crate::mission;
use crate::model::{Incident, Offer, OfferState};
use crate::state::State;

/// A request that makes no sense now, and why.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// No such incident, offer, flight or aircraft.
    #[error("there is no {kind} {id}")]
    Unknown {
        /// "incident", "offer", "mission", "drone".
        kind: &'static str,
        /// The id given.
        id: String,
    },
    /// It belongs to somebody else.
    #[error("{kind} {id} is not yours")]
    NotYours {
        /// "incident", "offer".
        kind: &'static str,
        /// The id given.
        id: String,
    },
    /// Too late, too early, or already decided otherwise.
    #[error("{reason}")]
    NotNow {
        /// Which of the reasons.
        reason: Cause,
    },
    /// Parking has a reason against it.
    #[error(transparent)]
    Parking(#[from] parking_core::Refusal),
    /// Somebody else is in control of the aircraft.
    #[error("{by} is in control of this aircraft")]
    ControlledBy {
        /// Who.
        by: String,
    },
}

impl Refusal {
    /// Too late, too early, or already decided otherwise.
    pub(crate) fn not_now(reason: Cause) -> Self {
        Self::NotNow { reason }
    }
}

/// Whether the request would be taken now. Repeating what was done already is no mistake: it is taken and changes nothing.
pub(crate) fn admit(state: &State, actor: &Actor, event: &Event) -> Result<(), Refusal> {
    match event {
        Event::Configured { .. }
        | Event::TimePassed
        | Event::EffectDone { .. }
        | Event::GuardsFound { .. }
        | Event::GuardSeen { .. }
        | Event::RecordingFailed { .. } => Ok(()),
        Event::CallRaised { caller, .. } => own_call(actor, caller),
        Event::CallerMoved { incident, .. } => open(callers_incident(state, actor, incident)?),
        Event::CancelRequested { incident, verdict } => cancel(state, actor, incident, *verdict),
        Event::ConfirmationGiven { incident, verdict } => confirmation(state, actor, incident, *verdict),
        Event::GuardDutyChanged { guard, .. } => acts_for_guard(actor, guard, "guard", guard.as_str()),
        Event::OfferReceived { offer } => own_offer(state, actor, offer).map(drop),
        Event::OfferAccepted { offer } => accept(own_offer(state, actor, offer)?),
        Event::OfferDeclined { offer, .. } => decline(own_offer(state, actor, offer)?),
        Event::GuardOnScene { incident, guard }
        | Event::BackupRequested { incident, guard }
        | Event::SituationEnded { incident, guard } => assigned(state, actor, incident, guard),
        Event::EscalationAcknowledged { incident } => acknowledge(state, actor, incident),
        Event::SurveyReported { survey, report } => lots::may_report(state, survey, report),
        Event::FindingAcknowledged { lot, finding } | Event::FindingFixed { lot, finding } => {
            lots::may_settle(state, actor, lot, *finding)
        }
        Event::Parking { change } => Ok(state.parking.admit(state.now_ms, change)?),
        Event::DronesFound { .. }
        | Event::AircraftReady { .. }
        | Event::ChargeShort { .. }
        | Event::LaunchApproved { .. }
        | Event::LaunchDenied { .. }
        | Event::RecallRequested { .. }
        | Event::HoldRequested { .. }
        | Event::ContinueRequested { .. }
        | Event::LandRequested { .. }
        | Event::ControlTaken { .. }
        | Event::ControlReleased { .. }
        | Event::LightRequested { .. }
        | Event::SurveyRequested { .. }
        | Event::SurveyCancelled { .. }
        | Event::Flight { .. } => mission::admit(state, actor, event),
    }
}

fn find_incident<'a>(state: &'a State, id: &IncidentId) -> Result<&'a Incident, Refusal> {
    state.incidents.get(id).ok_or_else(|| Refusal::Unknown { kind: "incident", id: id.to_string() })
}

fn open(incident: &Incident) -> Result<(), Refusal> {
    if incident.is_open() { Ok(()) } else { Err(Refusal::not_now(Cause::IncidentOver)) }
}

/// Operators and administrators may act for others, by telephone or radio; the timeline names them.
fn acts_for_others(actor: &Actor) -> bool {
    match actor {
        Actor::System => true,
        Actor::Account { role, .. } => match role {
            Role::Operator | Role::Admin => true,
            Role::Caller | Role::Guard | Role::Pilot | Role::Manager => false,
        },
        Actor::Caller { .. } | Actor::Guard { .. } | Actor::Visitor | Actor::Drone { .. } => false,
    }
}

fn own_call(actor: &Actor, caller: &CallerId) -> Result<(), Refusal> {
    let own = matches!(actor, Actor::Caller { id } if id == caller);
    if own || acts_for_others(actor) { Ok(()) } else { Err(Refusal::NotYours { kind: "caller", id: caller.to_string() }) }
}

fn callers_incident<'a>(state: &'a State, actor: &Actor, id: &IncidentId) -> Result<&'a Incident, Refusal> {
    let incident = find_incident(state, id)?;
    let own = matches!(actor, Actor::Caller { id } if id == &incident.caller);
    if own || acts_for_others(actor) { Ok(incident) } else { Err(Refusal::NotYours { kind: "incident", id: id.to_string() }) }
}

/// Codes come from the caller's own terminal, or from the server on its behalf; no operator can say that a caller is safe.
fn codes_incident<'a>(state: &'a State, actor: &Actor, id: &IncidentId) -> Result<&'a Incident, Refusal> {
    let incident = find_incident(state, id)?;
    let own = matches!(actor, Actor::Caller { id } if id == &incident.caller);
    if own || matches!(actor, Actor::System) {
        Ok(incident)
    } else {
        Err(Refusal::NotYours { kind: "incident", id: id.to_string() })
    }
}

/// The duress code is never refused: whoever stands beside the caller must see it work.
fn cancel(state: &State, actor: &Actor, id: &IncidentId, verdict: CodeVerdict) -> Result<(), Refusal> {
    let incident = codes_incident(state, actor, id)?;
    match verdict {
        CodeVerdict::Duress => Ok(()),
        CodeVerdict::Wrong => open(incident),
        CodeVerdict::Safe if !incident.is_open() || incident.duress => Ok(()),
        CodeVerdict::Safe if state.now_ms < incident.cancel_until_ms => Ok(()),
        CodeVerdict::Safe => Err(Refusal::not_now(Cause::CancelTooLate)),
    }
}

fn confirmation(state: &State, actor: &Actor, id: &IncidentId, verdict: CodeVerdict) -> Result<(), Refusal> {
    let incident = codes_incident(state, actor, id)?;
    match verdict {
        CodeVerdict::Duress => Ok(()),
        CodeVerdict::Wrong => open(incident),
        CodeVerdict::Safe => Ok(()),
    }
}

fn acts_for_guard(actor: &Actor, guard: &GuardId, kind: &'static str, id: &str) -> Result<(), Refusal> {
    let own = matches!(actor, Actor::Guard { id } if id == guard);
    if own || acts_for_others(actor) { Ok(()) } else { Err(Refusal::NotYours { kind, id: id.to_owned() }) }
}

fn own_offer<'a>(state: &'a State, actor: &Actor, id: &OfferId) -> Result<&'a Offer, Refusal> {
    let offer = state.offers.get(id).ok_or_else(|| Refusal::Unknown { kind: "offer", id: id.to_string() })?;
    acts_for_guard(actor, &offer.guard, "offer", id.as_str())?;
    Ok(offer)
}

fn accept(offer: &Offer) -> Result<(), Refusal> {
    match offer.state {
        OfferState::Sent | OfferState::Received | OfferState::Accepted | OfferState::Primary | OfferState::Backup => Ok(()),
        OfferState::Declined => Err(Refusal::not_now(Cause::OfferDeclined)),
        OfferState::TimedOut => Err(Refusal::not_now(Cause::OfferExpired)),
        OfferState::StoodDown => Err(Refusal::not_now(Cause::OfferStoodDown)),
        OfferState::Lost => Err(Refusal::not_now(Cause::GuardReplaced)),
    }
}

fn decline(offer: &Offer) -> Result<(), Refusal> {
    match offer.state {
        OfferState::Sent
        | OfferState::Received
        | OfferState::Accepted
        | OfferState::Primary
        | OfferState::Backup
        | OfferState::Declined => Ok(()),
        OfferState::TimedOut => Err(Refusal::not_now(Cause::OfferExpired)),
        OfferState::StoodDown => Err(Refusal::not_now(Cause::OfferStoodDown)),
        OfferState::Lost => Err(Refusal::not_now(Cause::GuardReplaced)),
    }
}

fn assigned(state: &State, actor: &Actor, id: &IncidentId, guard: &GuardId) -> Result<(), Refusal> {
    let incident = find_incident(state, id)?;
    acts_for_guard(actor, guard, "incident", id.as_str())?;
    if incident.primary.as_ref() != Some(guard) && incident.backup.as_ref() != Some(guard) {
        return Err(Refusal::NotYours { kind: "incident", id: id.to_string() });
    }
    open(incident)
}

fn acknowledge(state: &State, actor: &Actor, id: &IncidentId) -> Result<(), Refusal> {
    find_incident(state, id)?;
    match actor {
        Actor::System | Actor::Account { .. } => Ok(()),
        Actor::Caller { .. } | Actor::Guard { .. } | Actor::Visitor | Actor::Drone { .. } => {
            Err(Refusal::NotYours { kind: "incident", id: id.to_string() })
        }
    }
}
