//! What the core orders. Workers carry effects out, idempotent by id, and leave no choice to themselves.

use std::fmt;

use flight_types::{
    AccountId, CallerId, DroneId, FlightCommand, GeoPoint, GuardId, IncidentId, LotId, MissionId, OfferId, StationId,
};
use parking_core::order::Order;
use serde::{Deserialize, Serialize};

use crate::cause::Cause;
use crate::config::OnSilence;

/// Names one effect for ever: the entry that caused it and its place among that entry's effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EffectId {
    /// The entry's sequence number.
    pub seq: u64,
    /// From 0 within the entry.
    pub index: u32,
}

impl fmt::Display for EffectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.seq, self.index)
    }
}

/// One order to a worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// Its name; a worker that sees it twice acts once.
    pub id: EffectId,
    /// What to do.
    pub action: Action,
}

/// What a worker is to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// Find guards on duty with a fresh position. Answered by `GuardsFound`.
    FindGuards {
        /// One for each incident that needs a guard now, so that they can be decided together.
        searches: Vec<GuardSearch>,
    },
    /// Put an offer on a guard's terminal. Done when queued; the terminal's receipt comes as `OfferReceived`.
    SendOffer {
        /// The offer.
        offer: OfferNotice,
    },
    /// Tell a guard.
    NotifyGuard {
        /// Whom.
        guard: GuardId,
        /// About which incident.
        incident: IncidentId,
        /// What.
        notice: GuardNotice,
    },
    /// Tell a caller.
    NotifyCaller {
        /// Whom.
        caller: CallerId,
        /// About which incident.
        incident: IncidentId,
        /// What.
        notice: CallerNotice,
    },
    /// Tell the caller's emergency contact (a message through the notification port).
    NotifyContact {
        /// Whose contact.
        caller: CallerId,
        /// About which incident.
        incident: IncidentId,
    },
    /// Tell the operators, loudly.
    AlertOperators {
        /// About which incident, if any.
        incident: Option<IncidentId>,
        /// What.
        alert: OperatorAlert,
    },
    /// Ask how long a guard's terminal has been silent. Answered by `GuardSeen`.
    CheckGuard {
        /// About which incident.
        incident: IncidentId,
        /// Who.
        guard: GuardId,
    },
    /// Ask for the latest of every aircraft. Answered by `DronesFound`.
    FindDrones {
        /// For which incident; `None` for a survey.
        incident: Option<IncidentId>,
    },
    /// Ask the station's operators to let a launch go. Answered by `LaunchApproved` or `LaunchDenied`.
    AskApproval {
        /// Which launch.
        mission: MissionId,
        /// For which incident, if any.
        incident: Option<IncidentId>,
        /// At which station.
        station: StationId,
        /// Which aircraft.
        drone: DroneId,
        /// Until when, milliseconds since 1970-01-01 UTC.
        decide_by_ms: i64,
        /// What silence means.
        on_silence: OnSilence,
    },
    /// Ask the payment provider something, or tell a driver or payer. Payments answer by an event of parking before they are done.
    Parking {
        /// What.
        order: Box<Order>,
    },
    /// Give an aircraft's link an order. A `Fly` order stays open until its flight has ended; the others are done when the
    /// link has taken them.
    Command {
        /// Which aircraft.
        drone: DroneId,
        /// On which flight.
        mission: MissionId,
        /// The order.
        command: FlightCommand,
    },
}

/// A search for guards. Who may be asked at all, the core says when it is carried out: [`crate::Core::nearest_askable`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GuardSearch {
    /// For which incident.
    pub incident: IncidentId,
    /// Where help is needed; more than one when sources disagree. A guard's time is the smallest to any of them.
    pub places: Vec<GeoPoint>,
    /// Radius round any of the places, metres.
    pub within_m: f64,
    /// At most so many, soonest first.
    pub count_max: usize,
}

/// What a guard's terminal shows of an offer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OfferNotice {
    /// Which offer.
    pub offer: OfferId,
    /// For which incident.
    pub incident: IncidentId,
    /// To whom.
    pub guard: GuardId,
    /// Where to go.
    pub place: GeoPoint,
    /// The address in words, if known.
    pub address: Option<String>,
    /// Time to the place, seconds.
    pub eta_s: f64,
    /// By the ruler, metres.
    pub distance_m: f64,
    /// Until when, milliseconds since 1970-01-01 UTC.
    pub expires_at_ms: i64,
    /// The caller must not be rung or hailed.
    pub silent: bool,
    /// An exercise.
    pub drill: bool,
    /// As backup of a primary who is on the way.
    pub backup: bool,
}

/// What a guard is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum GuardNotice {
    /// You are the one who goes.
    AssignedPrimary,
    /// You go as well.
    AssignedBackup,
    /// You are now the one who goes: the primary fell out.
    PromotedToPrimary,
    /// Somebody else goes; thank you.
    StandDown,
    /// The caller took the call back.
    Cancelled,
    /// The incident is closed.
    Closed,
    /// The caller is under duress: do not announce yourself.
    Duress,
    /// The incident goes on after all.
    Reopened,
}

/// What a caller is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum CallerNotice {
    /// The call has arrived and is kept.
    Received,
    /// A guard is on the way.
    GuardAssigned {
        /// Who.
        guard: GuardId,
        /// In how many seconds.
        eta_s: u32,
    },
    /// The guard is there.
    GuardOnScene,
    /// A drone with light and camera is on its way; filming is announced.
    DroneLaunched {
        /// Which.
        drone: DroneId,
    },
    /// The drone is there.
    DroneOnScene,
    /// Are you safe? Enter your code.
    AskConfirmation {
        /// The how-manieth time, from 1.
        ask: u32,
    },
    /// The code was wrong.
    CodeWrong {
        /// How many tries are left.
        tries_left: u32,
    },
    /// The call was taken back.
    Cancelled,
    /// The incident is closed. Also what a caller under duress sees.
    Closed,
    /// No guard was found yet; the operator has been alerted.
    StillSearching,
}

/// What operators are alerted to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "alert", rename_all = "snake_case")]
pub enum OperatorAlert {
    /// No guard found or answering in any ring.
    NobodyAccepted,
    /// The place is not known, or only from the past.
    PlaceUncertain {
        /// What is known.
        detail: Cause,
    },
    /// The duress code was used.
    Duress,
    /// Too many wrong codes.
    WrongCodes,
    /// The caller does not confirm.
    ConfirmationMissing,
    /// The caller's terminal is silent.
    CallerSilent,
    /// The primary guard's terminal is silent, or they went off duty.
    GuardLost {
        /// Who.
        guard: GuardId,
    },
    /// A guard asks for backup.
    BackupWanted {
        /// Who.
        guard: GuardId,
    },
    /// No aircraft can fly; each rejection is in the incident.
    NoDrone,
    /// An operator did not decide in time.
    ApprovalSilent {
        /// Which launch.
        mission: MissionId,
        /// What happened instead.
        outcome: OnSilence,
    },
    /// A flight failed.
    FlightFailed {
        /// Which aircraft.
        drone: DroneId,
        /// Why.
        reason: Cause,
    },
    /// The link to an aircraft in flight is lost.
    LinkLost {
        /// Which aircraft.
        drone: DroneId,
    },
    /// An aircraft should come home, but a pilot has it; it is ordered home once they give it back.
    RecallWaits {
        /// Which aircraft.
        drone: DroneId,
        /// Who has it.
        pilot: AccountId,
    },
    /// What an aircraft sees of an open incident is not being recorded: the disk is full and nothing is left that may be deleted.
    NotRecorded {
        /// Which aircraft.
        drone: DroneId,
    },
    /// A survey was asked for and no aircraft can fly it.
    SurveyImpossible {
        /// Of which lot.
        lot: LotId,
    },
    /// Something could not be delivered.
    DeliveryFailed {
        /// What and why.
        detail: Cause,
    },
}
