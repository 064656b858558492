//! The state that the log adds up to, as shells may read it: incidents, offers, flights, guards.

use std::collections::{BTreeMap, BTreeSet};

use flight_types::{
    AccountId, CallerId, DroneId, EscortPost, FlightFailure, FlightPhase, FlightPlan, GeoPoint, GuardId, IncidentId, LightState,
    LotId, MissionId, OfferId, RallyPointId, Scene, StationId,
};
use serde::{Deserialize, Serialize};

use crate::cause::Cause;
use crate::event::{Actor, EtaSource, Fix, Trigger};

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum IncidentState {
    /// The call is kept; no place yet.
    Raised,
    /// Taken back in time, with the code.
    Cancelled,
    /// A place is known.
    Located,
    /// Guards have been asked.
    Offered,
    /// A primary guard is on the way.
    Assigned,
    /// The primary guard is there.
    OnScene,
    /// The guard says that it is over.
    EndReported,
    /// The caller has been asked to confirm.
    AwaitingConfirmation,
    /// The caller said, with the code, that they are safe.
    Closed,
    /// Somebody above must act: an operator has been alerted and the incident stays open.
    Escalated,
    /// Open again after it seemed over.
    Reopened,
}

/// Where a place is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PlaceSource {
    /// The terminal's fix.
    Gps,
    /// The address given with the call.
    Address,
    /// The last position from before the call.
    LastKnown,
    /// The registered home.
    Home,
}

/// A place with what it is worth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Place {
    /// Where.
    pub point: GeoPoint,
    /// Known from.
    pub source: PlaceSource,
    /// How far off it may be, metres.
    pub accuracy_m: f64,
    /// When it was true, milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// The address as entered, if that is where it comes from.
    pub text: Option<String>,
}

/// One call for help and all that follows from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Incident {
    /// Which.
    pub id: IncidentId,
    /// Whose.
    pub caller: CallerId,
    /// How it was made.
    pub trigger: Trigger,
    /// Quietly.
    pub silent: bool,
    /// An exercise.
    pub drill: bool,
    /// When, milliseconds since 1970-01-01 UTC.
    pub raised_at_ms: i64,
    /// Until when it can be taken back with the code.
    pub cancel_until_ms: i64,
    /// Where it stands.
    pub state: IncidentState,
    /// Under duress: guards and operators know, the caller's terminal does not show it.
    pub duress: bool,
    /// An operator alert waits for an acknowledgement.
    pub escalated: bool,
    /// All places known, best first; more than one is served when they disagree.
    pub places: Vec<Place>,
    /// The latest fixes of the caller, oldest first, bounded.
    pub track: Vec<Fix>,
    /// The address text as entered, also when it could not be found.
    pub address: Option<String>,
    /// Ring asked last, from 0.
    pub ring: usize,
    /// Who goes.
    pub primary: Option<GuardId>,
    /// Who goes as well.
    pub backup: Option<GuardId>,
    /// Every offer made for it.
    pub offers: Vec<OfferId>,
    /// Every flight made for it.
    pub missions: Vec<MissionId>,
    /// Why aircraft were not chosen, from the latest choice.
    pub rejections: Vec<Rejection>,
    /// How often the caller was asked to confirm.
    pub confirmation_asks: u32,
    /// Wrong codes so far.
    pub wrong_codes: u32,
    /// What happened, oldest first.
    pub timeline: Vec<TimelineItem>,
    /// When it was closed or cancelled.
    pub ended_at_ms: Option<i64>,
    /// The caller's terminal must show it as closed (or taken back), whatever it really is: the duress code was used.
    pub shown_closed: bool,
}

impl Incident {
    /// Neither closed nor taken back.
    pub fn is_open(&self) -> bool {
        match self.state {
            IncidentState::Cancelled | IncidentState::Closed => false,
            IncidentState::Raised
            | IncidentState::Located
            | IncidentState::Offered
            | IncidentState::Assigned
            | IncidentState::OnScene
            | IncidentState::EndReported
            | IncidentState::AwaitingConfirmation
            | IncidentState::Escalated
            | IncidentState::Reopened => true,
        }
    }

    /// Where help is needed, as far as known.
    pub fn best_place(&self) -> Option<&Place> {
        self.places.first()
    }
}

/// One line of an incident's timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TimelineItem {
    /// The entry that caused it.
    pub seq: u64,
    /// When, milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// Who brought it.
    pub actor: Actor,
    /// What, as a word that pages translate: "call_raised", "offer_sent", "guard_assigned", "drone_chosen", …
    pub what: String,
    /// Particulars for the reader: names, seconds, reasons.
    pub detail: BTreeMap<String, String>,
}

/// Why an aircraft was not chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rejection {
    /// Which.
    pub drone: DroneId,
    /// Every reason, with figures.
    pub reasons: Vec<RejectionReason>,
}

/// One reason against an aircraft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum RejectionReason {
    /// Not heard.
    NotConnected,
    /// Link too lossy.
    LinkPoor {
        /// Loss seen, per cent.
        loss_pct: f64,
    },
    /// Its own checks fail.
    Unhealthy {
        /// Which, in its own words, when it said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        said: Option<String>,
    },
    /// No fix.
    NoGps,
    /// No light, or a faulty one.
    NoLight,
    /// On another call.
    Escorting {
        /// Which.
        incident: IncidentId,
    },
    /// Waiting, held or flown by a pilot.
    PilotInControl,
    /// On its way home or being turned round.
    NotReady {
        /// What it does.
        doing: Cause,
    },
    /// Failed or was denied for this incident before.
    TriedBefore,
    /// Too little charge for out, stay, back and reserve.
    Energy {
        /// Needed, per cent of a full charge.
        needed_pct: f64,
        /// There, per cent.
        available_pct: f64,
    },
    /// Charge not known.
    EnergyUnknown,
    /// Too much wind.
    Wind {
        /// Wind, metres per second.
        wind_m_s: f64,
        /// Its limit.
        limit_m_s: f64,
    },
    /// No legal way there and back.
    NoRoute {
        /// Why.
        reason: Cause,
    },
    /// It could, but another is there sooner.
    Slower {
        /// Its time to light on target, seconds.
        eta_s: f64,
    },
}

/// How an offer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OfferState {
    /// On its way to the terminal.
    Sent,
    /// Shown there.
    Received,
    /// Accepted; not decided yet who goes.
    Accepted,
    /// Goes as primary.
    Primary,
    /// Goes as backup.
    Backup,
    /// Declined.
    Declined,
    /// No answer in time.
    TimedOut,
    /// Somebody else goes, or it was cancelled.
    StoodDown,
    /// Assigned, then lost: silent or off duty.
    Lost,
}

/// One question to one guard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Offer {
    /// Which.
    pub id: OfferId,
    /// For which incident.
    pub incident: IncidentId,
    /// To whom.
    pub guard: GuardId,
    /// How it stands.
    pub state: OfferState,
    /// For the backup's place.
    pub backup: bool,
    /// Time to the place when it was made, seconds.
    pub eta_s: f64,
    /// How that was found.
    pub eta_by: EtaSource,
    /// When it was made.
    pub sent_at_ms: i64,
    /// Until when it stands.
    pub expires_at_ms: i64,
}

/// What a flight is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "purpose", rename_all = "snake_case")]
pub enum Purpose {
    /// Light and picture for a caller.
    Escort {
        /// Of which incident.
        incident: IncidentId,
    },
    /// A survey of a lot.
    Survey {
        /// Which lot.
        lot: LotId,
    },
}

/// Who said that a flight may go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "authority", rename_all = "snake_case")]
pub enum Authority {
    /// Nobody yet.
    Waiting {
        /// Until when.
        decide_by_ms: i64,
    },
    /// The station's policy: automatic.
    Policy,
    /// A person.
    Operator {
        /// Who.
        by: AccountId,
    },
    /// The operator was silent and the station's policy says: launch.
    Silence,
    /// A person said no.
    Denied {
        /// Who.
        by: AccountId,
    },
    /// The operator was silent and the station's policy says: stay.
    DeniedBySilence,
    /// Not needed any more before anybody decided.
    Withdrawn,
}

/// Who moves an aircraft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "controller", rename_all = "snake_case")]
pub enum Controller {
    /// The orchestrator.
    Orchestrator,
    /// A pilot.
    Pilot {
        /// Who.
        by: AccountId,
    },
}

/// One flight.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Mission {
    /// Which.
    pub id: MissionId,
    /// Which aircraft.
    pub drone: DroneId,
    /// From which station.
    pub station: StationId,
    /// What for.
    pub purpose: Purpose,
    /// The plan.
    pub plan: FlightPlan,
    /// Who let it go.
    pub authority: Authority,
    /// How far it came; `None` before it was ordered.
    pub phase: Option<FlightPhase>,
    /// A recall was ordered; it wins over everything that comes later.
    pub recalled: bool,
    /// How often it was ordered home again because it had left its way home by itself.
    #[serde(default)]
    pub home_again: u32,
    /// Why, as a word that pages translate.
    pub recall_reason: Option<String>,
    /// A person had it recalled to this rally point instead of its pad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rally_ordered: Option<RallyPointId>,
    /// It makes for this rally point, or stands there, as its link tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diverted: Option<RallyPointId>,
    /// Held in place by somebody.
    pub held: bool,
    /// Stopped for somebody else's aircraft.
    #[serde(default)]
    pub gives_way: bool,
    /// Somebody else's aircraft is near, and its link can have it wait on a way home. Never in logs of before there were such links.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub intruder_near: bool,
    /// What the light was last read back as.
    pub light: LightState,
    /// The light was read back as faulty on this flight. On the ground, switched off, it shows nothing of that any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub light_failed: bool,
    /// Link lost while flying.
    pub link_lost: bool,
    /// Why it failed, if it did.
    pub failure: Option<FlightFailure>,
    /// Over: landed, failed on the ground, denied or withdrawn.
    pub ended: bool,
    /// Predicted time from order to light on target, seconds.
    pub eta_s: f64,
    /// Time it can stay on scene and still land with its reserve, as predicted at the choice, seconds.
    pub stay_s: f64,
    /// Where the light was last sent.
    pub target: Option<GeoPoint>,
    /// It was told then that the person goes: the link takes them to go on for some seconds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub target_goes: bool,
    /// Where it keeps from the person meanwhile; absent: where the plan says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<PostMove>,
    /// The flight that this one is to take over from.
    pub relieves: Option<MissionId>,
    /// It lights the second place of a caller whose sources disagree, and stays there.
    pub second_place: bool,
    /// When it was created.
    pub created_at_ms: i64,
    /// When each phase was reached, milliseconds since 1970-01-01 UTC.
    pub reached_at_ms: BTreeMap<FlightPhase, i64>,
}

/// An aircraft on scene was told to keep elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PostMove {
    /// Where.
    pub post: EscortPost,
    /// Its height before, metres above its pad.
    pub from_m: f64,
    /// When its height last changed, milliseconds since 1970-01-01 UTC.
    pub since_ms: i64,
}

impl Mission {
    /// Where the plan has it keep from the person; `None` for a survey.
    pub fn planned_post(&self) -> Option<EscortPost> {
        match self.plan.scene {
            Scene::Escort { height_m, stand_off_m, .. } => Some(EscortPost { height_m, stand_off_m }),
            Scene::Survey { .. } => None,
        }
    }

    /// Where it keeps from the person.
    pub fn post(&self) -> Option<EscortPost> {
        self.moved.map(|moved| moved.post).or_else(|| self.planned_post())
    }

    /// On its way to where it is wanted, there, or waiting to be let go.
    pub fn serves(&self) -> bool {
        !self.ended && !self.recalled && self.failure.is_none() && self.phase < Some(FlightPhase::Returning)
    }

    /// Off the ground, as far as reported.
    pub fn in_the_air(&self) -> bool {
        !self.ended && matches!(self.phase, Some(FlightPhase::Airborne | FlightPhase::OnScene | FlightPhase::Returning))
    }

    /// The incident it serves, if it is an escort.
    pub fn incident(&self) -> Option<&IncidentId> {
        match &self.purpose {
            Purpose::Escort { incident } => Some(incident),
            Purpose::Survey { .. } => None,
        }
    }
}

/// What the core knows of a guard.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct GuardRecord {
    /// On duty.
    pub on_duty: bool,
    /// The incident they are assigned to.
    pub incident: Option<IncidentId>,
    /// Offers that wait for their answer or for the decision who goes; at most one.
    pub open_offers: BTreeSet<OfferId>,
    /// When an entry of theirs was last taken, milliseconds since 1970-01-01 UTC.
    pub heard_at_ms: i64,
}
