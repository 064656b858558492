//! A station's gateway: the aircraft's links live at the station, the server is far away behind an unreliable line. In reading order:
//! `exchange` (words once and in order over a bad line), `station` and `desk` (what is decided at either end), then the shells over MQTT 5.

use std::net::SocketAddr;

use drone_link_proto::AnnouncedStream;
use flight_types::{DroneId, FlightCommand, FlightEvent, MissionId};
use serde::{Deserialize, Serialize};

mod exchange;
pub use exchange::{Full, Inbox, Item, Message, Outbox};

mod kept;
mod station;
pub use station::{LAUNCH_AGE_MAX_MS, LossPolicy, Station, StationOutput, StationRules, StationState};

mod desk;
pub use desk::{Desk, DeskOutput};

mod topics;

mod track;
pub use track::TrackPoint;

mod line;
pub use line::{BrokerAddress, BrokerLogin};

mod run;
pub use run::{Gateway, GatewayAircraft, GatewayConfig, GatewayError};

mod remote;
pub use remote::{RemoteLinks, RemoteSettings};

/// An order of the server for an aircraft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Which aircraft.
    pub drone: DroneId,
    /// Which flight.
    pub mission: MissionId,
    /// What.
    pub command: FlightCommand,
}

/// What a station tells the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Report {
    /// Of an aircraft's flight.
    Flight {
        /// Which aircraft.
        drone: DroneId,
        /// Which flight.
        mission: MissionId,
        /// What happened.
        report: FlightEvent,
    },
    /// An aircraft's camera says where its pictures stream.
    Streams {
        /// Which aircraft.
        drone: DroneId,
        /// Where the station hears it.
        address: SocketAddr,
        /// All of them.
        streams: Vec<Stream>,
    },
    /// Where an aircraft was while the server was not heard, oldest first.
    Track {
        /// Which aircraft.
        drone: DroneId,
        /// The places.
        points: Vec<TrackPoint>,
    },
    /// A second address speaks with the system id of an aircraft.
    Duplicate {
        /// Which aircraft.
        drone: DroneId,
        /// From where.
        address: SocketAddr,
    },
}

impl Report {
    /// The same after so much time on its way.
    fn aged(mut self, on_its_way_ms: u64) -> Self {
        if let Self::Track { points, .. } = &mut self {
            points.iter_mut().for_each(|point| point.age_ms = point.age_ms.saturating_add(on_its_way_ms));
        }
        self
    }
}

/// A stream that a camera announces, as it travels; see [`AnnouncedStream`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream {
    number: u8,
    kind: u8,
    encoding: u8,
    width: u16,
    height: u16,
    uri: String,
}

impl From<AnnouncedStream> for Stream {
    fn from(AnnouncedStream { number, kind, encoding, width, height, uri }: AnnouncedStream) -> Self {
        Self { number, kind, encoding, width, height, uri }
    }
}

impl From<Stream> for AnnouncedStream {
    fn from(Stream { number, kind, encoding, width, height, uri }: Stream) -> Self {
        Self { number, kind, encoding, width, height, uri }
    }
}

// That of the protocol's tests.
#[cfg(test)]
#[path = "../../proto/tests/support/dice.rs"]
mod dice;
#[cfg(test)]
mod tests;
