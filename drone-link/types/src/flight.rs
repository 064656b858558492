//! What the dispatcher tells an aircraft's link, and what the link reports: transitions only, never streams.

use serde::{Deserialize, Serialize};

use crate::{FlightPlan, GeoPoint, RallyPointId};

/// An order to the link of one aircraft. Repeating an order is harmless.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub enum FlightCommand {
    /// Fly the plan. After a restart it is given again with what was reached before: an aircraft that is already in the air
    /// with this plan is adopted, never launched a second time; one that carries another plan is refused.
    Fly {
        /// The plan.
        plan: Box<FlightPlan>,
        /// The furthest phase reported before.
        reached: FlightPhase,
    },
    /// The person has moved: keep light, camera and stand-off on this place.
    Escort {
        /// Where the person is now.
        target: GeoPoint,
        /// Where they are heading and how fast, metres per second east and north; zero when unknown.
        velocity_east_m_s: f64,
        /// North part of the same.
        velocity_north_m_s: f64,
        /// Where to keep from them; absent: as planned.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        post: Option<EscortPost>,
        /// On the last leg of its way out it may make straight for them: no other aircraft of ours is in between.
        #[serde(default)]
        direct: bool,
    },
    /// The light.
    Light {
        /// On or off.
        on: bool,
        /// Brightness, 0..100 per cent.
        brightness_pct: u8,
    },
    /// Come home by these corners (the last is the pad) and land. Wins over everything but a pilot in control.
    Recall {
        /// The legal way back from about where the aircraft is.
        homeward: Vec<GeoPoint>,
        /// Land at this rally point of the plan instead of on the pad; the link finds the way there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rally: Option<RallyPointId>,
    },
    /// Somebody else's aircraft comes near: stop here, and hover at this height at most until told to continue; on the way home until it is
    /// gone or the charge is needed for the way.
    GiveWay {
        /// Above home, metres.
        height_m: f64,
    },
    /// Stop and hover here.
    Hold,
    /// Go on with what a hold interrupted.
    Continue,
    /// Land here, now.
    Land,
    /// A pilot has taken control: send no more movements until released.
    YieldControl,
    /// The pilot gave control back.
    ResumeControl,
}

impl FlightCommand {
    /// Whether a link that has this order needs this earlier one of the same flight no more: what is left is what a link that was
    /// started anew must hear. An order to fly begins with nothing.
    pub fn voids(&self, earlier: &Self) -> bool {
        match self {
            Self::Fly { .. } => true,
            Self::Escort { .. } => matches!(earlier, Self::Escort { .. }),
            Self::Light { .. } => matches!(earlier, Self::Light { .. }),
            Self::Recall { .. } | Self::Land => earlier.moves(),
            Self::GiveWay { .. } => false,
            Self::Hold | Self::Continue => matches!(earlier, Self::Hold),
            Self::YieldControl => matches!(earlier, Self::YieldControl),
            // The link goes on with what a hold interrupted; a hold that is to last is ordered again.
            Self::ResumeControl => matches!(earlier, Self::YieldControl | Self::Hold),
        }
    }

    /// Whether a link that was started anew must hear this order again. One that gave way hears the intruder again and says so; one
    /// that was told to go on goes on.
    pub fn stands(&self) -> bool {
        match self {
            Self::Escort { .. } | Self::Light { .. } | Self::Recall { .. } | Self::Hold | Self::Land | Self::YieldControl => true,
            Self::Fly { .. } | Self::GiveWay { .. } | Self::Continue | Self::ResumeControl => false,
        }
    }

    /// Whether the aircraft moves by it, which a pilot in control must not feel.
    pub fn moves(&self) -> bool {
        match self {
            Self::Fly { .. }
            | Self::Escort { .. }
            | Self::Recall { .. }
            | Self::GiveWay { .. }
            | Self::Hold
            | Self::Continue
            | Self::Land => true,
            Self::Light { .. } | Self::YieldControl | Self::ResumeControl => false,
        }
    }
}

/// Where an escort keeps from the person.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EscortPost {
    /// Above home, metres.
    pub height_m: f64,
    /// Along the ground, metres; never above heads.
    pub stand_off_m: f64,
}

/// How far a flight has come. Only ever grows within one flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FlightPhase {
    /// Ordered; nothing confirmed yet.
    Ordered,
    /// The aircraft says that it could be armed.
    PreflightPassed,
    /// Mission and fence are on board and were read back equal.
    Uploaded,
    /// Motors armed.
    Armed,
    /// Off the ground and on its way.
    Airborne,
    /// At the stand-off point.
    OnScene,
    /// On its way home.
    Returning,
    /// On the ground, disarmed.
    Landed,
}

/// What the link of one aircraft reports about its flight.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "report", rename_all = "snake_case")]
pub enum FlightEvent {
    /// A phase was reached, as confirmed by the aircraft.
    Reached {
        /// The phase.
        phase: FlightPhase,
    },
    /// The light's state as read back from the aircraft (or its command acknowledged where it has no read-back).
    Light {
        /// What is known.
        state: LightState,
    },
    /// The flight cannot go on as planned.
    Failed {
        /// Why.
        failure: FlightFailure,
        /// Whether the aircraft was in the air at that time.
        airborne: bool,
    },
    /// Nothing heard for longer than the link allows.
    LinkLost,
    /// Heard again.
    LinkRegained,
    /// Charge fell below the share at which it must go home.
    BatteryLow {
        /// Remaining charge, per cent.
        remaining_pct: f64,
    },
    /// No usable satellite fix.
    GpsLost,
    /// A usable fix again.
    GpsRegained,
    /// Somebody else's aircraft is, or will soon be, nearer than well clear (ASTM F3442).
    Intruder {
        /// Its callsign, or its address in hexadecimal digits.
        name: String,
        /// Along the ground, metres.
        distance_m: f64,
        /// Over ours, metres.
        above_m: f64,
        /// Ours can give way to it on its way home, too, and ends that wait by itself. Not while it comes down, which is giving way; false
        /// from links of before, which did not.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        waits: bool,
    },
    /// No such aircraft is near any more.
    IntruderGone,
    /// On its way home ours does not wait for such an aircraft to go, or no longer: its charge is for the way.
    WaitsNoLonger {
        /// Remaining charge, per cent.
        remaining_pct: f64,
    },
    /// The autopilot left the mode that was ordered, by itself or by another controller.
    ModeChanged {
        /// Its name, as the field says it: "return", "land", "manual".
        mode: String,
        /// What the aircraft said about it, if anything.
        reason: Option<String>,
    },
    /// It makes for a rally point instead of its pad, or has landed there.
    Diverted {
        /// Which one of its plan.
        rally: RallyPointId,
        /// What the way to the pad takes of a charge and what is left, where that is why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shortfall: Option<Shortfall>,
    },
    /// So many corners of a survey's path lie behind it. Only ever grows within one flight.
    Passed {
        /// Counted from the path's first.
        corners: usize,
    },
    /// A text of the aircraft at warning level or worse.
    Warning {
        /// The joined text.
        text: String,
    },
}

/// A charge that does not reach.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Shortfall {
    /// What the way would take, per cent of a full charge.
    pub needed_pct: f64,
    /// What is left, per cent.
    pub remaining_pct: f64,
}

/// What is known about a light. "Commanded" is never shown as "lit".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LightState {
    /// Nothing known.
    Unknown,
    /// Read back as off.
    Off,
    /// Ordered on and acknowledged; no read-back.
    Commanded,
    /// Read back as on.
    Lit,
    /// Read back as faulty.
    Fault,
}

/// Why a flight failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum FlightFailure {
    /// No heartbeat from the aircraft in time.
    #[error("the aircraft does not answer")]
    NoAnswer,
    /// It would not become ready to arm.
    #[error("preflight failed: {reason}")]
    Preflight {
        /// What the aircraft said.
        reason: String,
    },
    /// Mission or fence could not be put on board, or read back different.
    #[error("upload failed: {reason}")]
    Upload {
        /// What went wrong.
        reason: String,
    },
    /// Arming was refused until the deadline.
    #[error("arming refused: {reason}")]
    ArmRefused {
        /// What the aircraft said.
        reason: String,
    },
    /// Armed, but not climbing in time.
    #[error("take-off failed: {reason}")]
    TakeOff {
        /// What is known.
        reason: String,
    },
    /// A step took longer than it may.
    #[error("{step} took longer than {limit_s} s")]
    Timeout {
        /// The step.
        step: String,
        /// Its limit, seconds.
        limit_s: u32,
    },
    /// It is in the air with a plan that is not ours.
    #[error("the aircraft is flying something else")]
    ForeignMission,
    /// It came down where it should not have.
    #[error("the aircraft is down away from its pad: {reason}")]
    Down {
        /// What is known.
        reason: String,
    },
    /// Another aircraft speaks with the same system id, or the wrong one answers.
    #[error("wrong aircraft on the link: {reason}")]
    WrongAircraft {
        /// What was heard.
        reason: String,
    },
}
