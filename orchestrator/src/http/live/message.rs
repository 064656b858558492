//! What the live stream says, message by message.

use dispatch_core::effect::{CallerNotice, GuardNotice, OperatorAlert};
use flight_types::{IncidentId, OfferId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::session::AccountAnswer;
use crate::http::views::{GuardView, IncidentView, OfferView, SeenDrone};

/// One message of `GET /live`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LiveMessage {
    /// Comes first.
    Hello {
        /// The entry to resume from.
        seq: u64,
        /// Who is connected.
        account: AccountAnswer,
    },
    /// An incident is there or has changed.
    Incident {
        /// The entry to resume from.
        seq: u64,
        /// As this person sees it.
        view: Box<IncidentView>,
    },
    /// It may not be seen any more: stood down or replaced.
    IncidentGone {
        /// Which.
        incident: IncidentId,
    },
    /// An aircraft has moved or changed.
    Drone {
        /// As this person sees it.
        drone: Box<SeenDrone>,
    },
    /// A guard has moved or changed.
    Guard {
        /// As this person sees them.
        guard: GuardView,
    },
    /// A guard is asked.
    Offer {
        /// What.
        offer: OfferView,
    },
    /// The question does not stand any more.
    OfferGone {
        /// Which.
        offer: OfferId,
    },
    /// A guard or caller is told something.
    Notice {
        /// Stable: one that comes twice is shown once.
        id: String,
        /// About which incident.
        incident: IncidentId,
        /// What.
        notice: Told,
    },
    /// The operators are told something.
    Alert {
        /// Stable: one that comes twice is shown once.
        id: String,
        /// Since when, milliseconds since 1970-01-01 UTC.
        at_ms: i64,
        /// About which incident, if any.
        incident: Option<IncidentId>,
        /// What.
        alert: OperatorAlert,
    },
}

/// What a guard (a word) or a caller (an object) is told.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Told {
    /// A guard.
    Guard(GuardNotice),
    /// A caller.
    Caller(CallerNotice),
}

impl LiveMessage {
    /// As it goes over the wire.
    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("a record is plain data with text keys")
    }
}
