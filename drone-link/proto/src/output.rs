//! What a link hands to its shell.

use flight_types::{FlightEvent, MissionId};

use crate::AnnouncedStream;

/// One thing for the shell to do. Drain them after every call that changes the link.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Send these bytes to the aircraft as one datagram.
    Transmit(Vec<u8>),
    /// Tell the dispatcher.
    Report {
        /// The flight it is about.
        mission: MissionId,
        /// What happened.
        report: FlightEvent,
    },
    /// The aircraft's camera says where its pictures stream; given when that is news.
    StreamsAnnounced(Vec<AnnouncedStream>),
    /// `Link::status` has something new; given at a bounded rate.
    StatusChanged,
}
