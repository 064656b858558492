//! What can happen, as it is written into the log: facts and requests, with the one who brought them.

use flight_types::{
    AccountId, CallerId, DistrictId, DroneId, DroneStatus, FlightEvent, GeoPoint, GuardId, IncidentId, LotId, MissionId, OfferId,
    RallyPointId, SurveyId,
};
use parking_core::event::ParkingEvent;
use serde::{Deserialize, Serialize};

use crate::config::SiteConfig;
use crate::effect::EffectId;
use crate::lots::SurveyReport;
use crate::survey::SurveyHow;

/// One line of a district's log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Position in the log, from 1, without gaps.
    pub seq: u64,
    /// When it was appended, milliseconds since 1970-01-01 UTC. The core never lets its time run backwards.
    pub at_ms: i64,
    /// Whose log.
    pub district: DistrictId,
    /// Who brought it.
    pub actor: Actor,
    /// What happened.
    pub event: Event,
}

/// Who brought an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "who", rename_all = "snake_case")]
pub enum Actor {
    /// The server itself: timers, completions, configuration.
    System,
    /// A caller's terminal.
    Caller {
        /// Which.
        id: CallerId,
    },
    /// A guard's terminal.
    Guard {
        /// Which.
        id: GuardId,
    },
    /// A person who signed in.
    Account {
        /// Who.
        id: AccountId,
        /// In which role they acted.
        role: Role,
    },
    /// Somebody without a name here, proved by a secret of the matter itself: a driver, a payer, a camera at a gate.
    Visitor,
    /// An aircraft's link.
    Drone {
        /// Which.
        id: DroneId,
    },
}

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Calls for help.
    Caller,
    /// Goes there.
    Guard,
    /// Approves and recalls at a launch station, sees every incident.
    Operator,
    /// Answers for every aircraft in the air.
    Pilot,
    /// Runs parking lots.
    Manager,
    /// Runs the site.
    Admin,
}

/// A satellite fix as a terminal reports it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Fix {
    /// Where.
    pub point: GeoPoint,
    /// Radius that holds the truth with about two thirds' certainty, metres.
    pub accuracy_m: f64,
    /// When it was taken, milliseconds since 1970-01-01 UTC, by the terminal's clock.
    pub at_ms: i64,
    /// How they go, as the terminal itself measured it; absent where it says nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<GroundSpeed>,
}

/// How somebody goes, as satellite receivers measure it: by the shift of frequencies, not by the difference of two places.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroundSpeed {
    /// Metres per second.
    pub speed_m_s: f64,
    /// Where to, degrees clockwise from north; absent when they stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading_deg: Option<f64>,
}

impl GroundSpeed {
    /// What people and their vehicles reach, metres per second; a larger value is an error.
    pub const SPEED_M_S_MAX: f64 = 70.0;

    /// Only figures that can be true.
    pub fn believable(speed_m_s: Option<f64>, heading_deg: Option<f64>) -> Option<Self> {
        let speed_m_s = speed_m_s.filter(|speed_m_s| (0.0..=Self::SPEED_M_S_MAX).contains(speed_m_s))?;
        Some(Self { speed_m_s, heading_deg: heading_deg.filter(|heading_deg| (0.0..=360.0).contains(heading_deg)) })
    }
}

/// An address turned into a place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GeocodedAddress {
    /// The address as it was entered; what is shown is always this text.
    pub text: String,
    /// Where the gazetteer puts it; `None` when it knows no such address.
    pub point: Option<GeoPoint>,
    /// How far off that may be, metres.
    pub accuracy_m: f64,
}

/// How a call was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// Held for two seconds.
    Hold,
    /// Pressed several times.
    Presses,
    /// A button or watch over MQTT or HTTP.
    Device,
    /// Entered by an operator for somebody on the telephone.
    Operator,
}

/// What a code turned out to be. The shell checks it against its hash; the log never holds a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeVerdict {
    /// The caller's own code.
    Safe,
    /// The code that says: somebody forces me.
    Duress,
    /// Neither.
    Wrong,
}

/// A guard who could go, as the shell found them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GuardCandidate {
    /// Who.
    pub guard: GuardId,
    /// Where they were last.
    pub position: GeoPoint,
    /// How old that is, milliseconds.
    pub position_age_ms: i64,
    /// By the ruler, metres.
    pub distance_m: f64,
    /// Time to the place, seconds.
    pub eta_s: f64,
    /// How that time was found.
    pub eta_by: EtaSource,
}

/// How a time to a place was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EtaSource {
    /// Along roads.
    Road,
    /// Straight line at a town's average speed, because no road was found near one of the ends.
    Ruler,
}

/// The candidates found for one incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GuardsNear {
    /// For which incident.
    pub incident: IncidentId,
    /// Soonest first.
    pub candidates: Vec<GuardCandidate>,
}

/// How an effect ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Done, or handed to a queue that keeps it.
    Done,
    /// Not done, and trying again would not help.
    Failed {
        /// Why.
        reason: String,
    },
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The server started with this configuration and this version of the code.
    Configured {
        /// `version+commit` of the program.
        code_version: String,
        /// The site.
        site: Box<SiteConfig>,
    },
    /// Time passed a deadline that the core had named.
    TimePassed,
    /// An effect ended.
    EffectDone {
        /// Which.
        effect: EffectId,
        /// How.
        outcome: Outcome,
    },

    /// A caller calls. The same caller with the same key is the same call.
    CallRaised {
        /// Who.
        caller: CallerId,
        /// Idempotency key of the press.
        key: String,
        /// How it was made.
        trigger: Trigger,
        /// Quietly: no sound or picture on the caller's terminal.
        silent: bool,
        /// An exercise, marked as such everywhere; no aircraft leaves the ground.
        drill: bool,
        /// The terminal's fix, if it had one.
        gps: Option<Fix>,
        /// The address given, if any.
        address: Option<GeocodedAddress>,
        /// The last position known from before the call.
        last_known: Option<Fix>,
        /// The registered home.
        home: Option<GeocodedAddress>,
    },
    /// The caller's terminal reports a position during an incident.
    CallerMoved {
        /// Which incident.
        incident: IncidentId,
        /// Where.
        fix: Fix,
    },
    /// The caller wants to take the call back.
    CancelRequested {
        /// Which incident.
        incident: IncidentId,
        /// What the code turned out to be.
        verdict: CodeVerdict,
    },
    /// The caller answers "are you safe?".
    ConfirmationGiven {
        /// Which incident.
        incident: IncidentId,
        /// What the code turned out to be.
        verdict: CodeVerdict,
    },

    /// A guard goes on or off duty.
    GuardDutyChanged {
        /// Who.
        guard: GuardId,
        /// On duty.
        on_duty: bool,
    },
    /// Answer to `FindGuards`.
    GuardsFound {
        /// Which question.
        effect: EffectId,
        /// One for each search.
        found: Vec<GuardsNear>,
    },
    /// A guard's terminal shows the offer.
    OfferReceived {
        /// Which offer.
        offer: OfferId,
    },
    /// A guard takes it.
    OfferAccepted {
        /// Which offer.
        offer: OfferId,
    },
    /// A guard cannot.
    OfferDeclined {
        /// Which offer.
        offer: OfferId,
        /// Why, if they said.
        reason: Option<String>,
    },
    /// A guard is with the caller.
    GuardOnScene {
        /// Which incident.
        incident: IncidentId,
        /// Who.
        guard: GuardId,
    },
    /// A guard needs another guard.
    BackupRequested {
        /// Which incident.
        incident: IncidentId,
        /// Who asks.
        guard: GuardId,
    },
    /// A guard says that it is over. Never closes an incident.
    SituationEnded {
        /// Which incident.
        incident: IncidentId,
        /// Who says so.
        guard: GuardId,
    },
    /// Answer to `CheckGuard`.
    GuardSeen {
        /// Which question.
        effect: EffectId,
        /// Who.
        guard: GuardId,
        /// Milliseconds since their terminal was last heard; `None` when never.
        silence_ms: Option<i64>,
    },

    /// Answer to `FindDrones`.
    DronesFound {
        /// Which question.
        effect: EffectId,
        /// Every aircraft of the site, as last heard.
        drones: Vec<DroneStatus>,
    },
    /// An aircraft could leave its pad now and could not a moment ago: heard at last, fixed, put back on its pad.
    AircraftReady {
        /// Which.
        drone: DroneId,
    },
    /// An aircraft on scene can stay for less time than was reckoned with when it was sent, and its relief would come too late.
    ChargeShort {
        /// Which.
        drone: DroneId,
        /// How long it can stay, seconds.
        left_s: i64,
    },
    /// What an aircraft sees of an incident cannot be written down: the disk is full.
    RecordingFailed {
        /// Which incident.
        incident: IncidentId,
        /// Which aircraft.
        drone: DroneId,
    },
    /// An operator lets a launch go.
    LaunchApproved {
        /// Which.
        mission: MissionId,
    },
    /// An operator stops a launch.
    LaunchDenied {
        /// Which.
        mission: MissionId,
        /// Why.
        reason: Option<String>,
    },
    /// An operator or pilot calls an aircraft home.
    RecallRequested {
        /// Which.
        drone: DroneId,
        /// To this rally point of its plan instead of its pad.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rally: Option<RallyPointId>,
    },
    /// An operator or pilot stops an aircraft where it is.
    HoldRequested {
        /// Which.
        drone: DroneId,
    },
    /// An operator or pilot lets a held aircraft go on.
    ContinueRequested {
        /// Which.
        drone: DroneId,
    },
    /// An operator or pilot lands an aircraft where it is.
    LandRequested {
        /// Which.
        drone: DroneId,
    },
    /// A pilot takes control.
    ControlTaken {
        /// Of which.
        drone: DroneId,
        /// Who.
        by: AccountId,
    },
    /// A pilot gives control back.
    ControlReleased {
        /// Of which.
        drone: DroneId,
        /// Who.
        by: AccountId,
    },
    /// Somebody entitled switches an aircraft's light.
    LightRequested {
        /// Which.
        drone: DroneId,
        /// On or off.
        on: bool,
        /// Brightness, 0..100 per cent.
        brightness_pct: u8,
    },
    /// A manager asks for a survey of a lot.
    SurveyRequested {
        /// Which lot.
        lot: LotId,
        /// The corners to fly, as planned by the shell.
        corners: Vec<GeoPoint>,
        /// How; logs from before surveys had sorties have none.
        #[serde(default)]
        how: SurveyHow,
    },
    /// A manager calls a survey off.
    SurveyCancelled {
        /// Which.
        survey: SurveyId,
    },
    /// A survey's pictures were judged.
    SurveyReported {
        /// Which.
        survey: SurveyId,
        /// What they came to.
        report: Box<SurveyReport>,
    },
    /// A manager has seen a finding.
    FindingAcknowledged {
        /// Of which lot.
        lot: LotId,
        /// Its number.
        finding: u64,
    },
    /// A manager says that what was found is right again.
    FindingFixed {
        /// Of which lot.
        lot: LotId,
        /// Its number.
        finding: u64,
    },
    /// An aircraft's link reports.
    Flight {
        /// Which aircraft.
        drone: DroneId,
        /// On which flight.
        mission: MissionId,
        /// What.
        report: FlightEvent,
    },
    /// Something happens in parking.
    Parking {
        /// What.
        change: Box<ParkingEvent>,
    },
    /// An operator has seen an alert or an escalation and deals with it.
    EscalationAcknowledged {
        /// Which incident.
        incident: IncidentId,
    },
}
