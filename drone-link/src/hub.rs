//! One UDP socket for all aircraft.

use std::net::SocketAddr;
use std::path::PathBuf;

use drone_link_proto::LinkConfig;
use flight_types::{DroneId, DroneStatus, FlightCommand, FlightEvent, MissionId};
use tokio::sync::mpsc;

/// What the hub tells its owner.
#[derive(Debug, Clone, PartialEq)]
pub enum LinkReport {
    /// An aircraft's flight.
    Flight {
        /// Which aircraft.
        drone: DroneId,
        /// Which flight.
        mission: MissionId,
        /// What happened.
        report: FlightEvent,
    },
    /// Something new in `LinkHandle::status`.
    StatusChanged {
        /// Of which aircraft.
        drone: DroneId,
    },
    /// A second address speaks with the system id of this aircraft; it is ignored.
    Duplicate {
        /// Which aircraft.
        drone: DroneId,
        /// From where.
        address: SocketAddr,
    },
}

/// Why the hub refuses or stops.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The socket or the log folder could not be opened.
    #[error("the link cannot use {what}")]
    Io {
        /// What was tried.
        what: String,
        /// The cause.
        source: std::io::Error,
    },
    /// Two aircraft with one id or one system id.
    #[error("two aircraft share {0}")]
    Shared(String),
    /// No such aircraft.
    #[error("no link to aircraft {0}")]
    UnknownDrone(DroneId),
    /// The hub has stopped.
    #[error("the link has stopped")]
    Stopped,
}

/// Starts hubs.
#[derive(Debug)]
pub struct LinkHub;

impl LinkHub {
    /// Binds the socket and starts carrying. `tlog_dir` gets one `.tlog` per aircraft.
    pub async fn start(
        _bind: SocketAddr,
        _links: Vec<LinkConfig>,
        _tlog_dir: Option<PathBuf>,
    ) -> Result<(LinkHandle, mpsc::Receiver<LinkReport>), LinkError> {
        Err(LinkError::Stopped)
    }
}

/// Gives orders to running links.
#[derive(Debug, Clone)]
pub struct LinkHandle {
    local_addr: SocketAddr,
}

impl LinkHandle {
    /// Gives an aircraft an order.
    pub async fn command(&self, drone: &DroneId, _mission: &MissionId, _command: FlightCommand) -> Result<(), LinkError> {
        Err(LinkError::UnknownDrone(drone.clone()))
    }

    /// The latest of one aircraft.
    pub fn status(&self, _drone: &DroneId) -> Option<DroneStatus> {
        None
    }

    /// The latest of every aircraft, in the order of their ids.
    pub fn statuses(&self) -> Vec<DroneStatus> {
        Vec::new()
    }

    /// Where the hub listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Stops the hub and closes its logs.
    pub async fn shutdown(&self) {}
}
