//! Why a request is not taken: typed, with what the asker needs to know.

use crate::event::{Actor, Event};
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
        /// In one sentence.
        reason: String,
    },
    /// Somebody else is in control of the aircraft.
    #[error("{by} is in control of this aircraft")]
    ControlledBy {
        /// Who.
        by: String,
    },
}

/// Whether the request would be taken now.
pub(crate) fn admit(state: &State, actor: &Actor, event: &Event) -> Result<(), Refusal> {
    let _ = (state, actor, event);
    Ok(())
}
