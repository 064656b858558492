//! One aircraft's link: takes datagrams, orders and time, gives datagrams and reports.

use std::collections::VecDeque;

use flight_types::{DroneStatus, FlightCommand, MissionId};

use crate::{LinkConfig, Output};

/// The link to one aircraft. Time is input: `now_ms` is any clock that does not run backwards.
#[derive(Debug)]
pub struct Link {
    config: LinkConfig,
    outputs: VecDeque<Output>,
}

impl Link {
    /// A link that has heard nothing yet.
    pub fn new(config: LinkConfig, _now_ms: u64) -> Self {
        Self { config, outputs: VecDeque::new() }
    }

    /// Takes one datagram as received.
    pub fn handle_datagram(&mut self, _bytes: &[u8], _now_ms: u64) {}

    /// Takes an order. Repeating an order is harmless.
    pub fn command(&mut self, _mission: &MissionId, _command: FlightCommand, _now_ms: u64) {}

    /// To be called when `next_timeout_ms` has come.
    pub fn handle_timeout(&mut self, _now_ms: u64) {}

    /// The next thing to do, until there is none.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When `handle_timeout` wants to be called at the latest.
    pub fn next_timeout_ms(&self) -> Option<u64> {
        None
    }

    /// The latest that is known of the aircraft.
    pub fn status(&self, _now_ms: u64) -> DroneStatus {
        DroneStatus::unheard(self.config.drone.clone())
    }
}
