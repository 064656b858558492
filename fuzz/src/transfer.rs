//! A whole flight against an aircraft that answers rightly, over a line that loses, repeats, delays and falsifies its frames:
//! upload and read-back of mission and fence, arming, transit, light.

#[path = "../../drone-link/proto/tests/support/vehicle.rs"]
#[allow(dead_code, deprecated, missing_docs, reason = "the aircraft of the link's own tests, of which a part is used here")]
mod vehicle;

use std::collections::VecDeque;

use drone_link_proto::{Link, LinkConfig, Output};
use flight_types::{DroneId, FlightCommand, FlightEvent, FlightPhase, MissionId};
use vehicle::{SYSTEM_ID, Vehicle};

use crate::bytes::Bytes;
use crate::frames::changed;
use crate::links::{home, plan};

/// One step of the aircraft, milliseconds: it was written for this.
const TICK_MS: u64 = 20;
/// Ticks for which one choice of the fuzzer holds.
const TICKS_PER_CHOICE: u64 = 10;
/// Choices of one input: two minutes of flight.
const CHOICES_MAX: usize = 600;

/// Nothing panics, phases only grow, and the motors are started once.
pub fn run(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let mut line = Line::new();
    for _ in 0..CHOICES_MAX {
        let Some(choice) = bytes.byte() else { break };
        let (place, flip) = if choice % 8 == 3 {
            let (Some(place), Some(flip)) = (bytes.byte(), bytes.byte()) else { break };
            (place, flip)
        } else {
            (0, 0)
        };
        (0..TICKS_PER_CHOICE).for_each(|_| line.tick(choice, place, flip));
    }
    line.assert_holds();
}

struct Line {
    link: Link,
    vehicle: Vehicle,
    now_ms: u64,
    held: VecDeque<Vec<u8>>,
    falsified: bool,
    phases: Vec<FlightPhase>,
}

impl Line {
    fn new() -> Self {
        let drone = DroneId::new("d1").expect("an id");
        let mut link = Link::new(LinkConfig::new(drone, SYSTEM_ID), 0);
        let mission = MissionId::new("m0").expect("an id");
        let plan = Box::new(plan(mission.clone(), 27));
        link.command(&mission, FlightCommand::Fly { plan, reached: FlightPhase::Ordered }, 0);
        Self { link, vehicle: Vehicle::new(home()), now_ms: 0, held: VecDeque::new(), falsified: false, phases: Vec::new() }
    }

    fn tick(&mut self, choice: u8, place: u8, flip: u8) {
        self.now_ms += TICK_MS;
        self.vehicle.tick(self.now_ms);
        for datagram in self.vehicle.take_datagrams() {
            self.arrive(datagram, choice, place, flip);
        }
        if self.link.next_timeout_ms().is_some_and(|due_ms| due_ms <= self.now_ms) {
            self.link.handle_timeout(self.now_ms);
        }
        while let Some(output) = self.link.poll_output() {
            match output {
                Output::Transmit(datagram) if choice % 8 != 5 => self.vehicle.receive(&datagram),
                Output::Report { report: FlightEvent::Reached { phase }, .. } => self.phases.push(phase),
                Output::Transmit(_) | Output::Report { .. } | Output::StatusChanged | Output::StreamsAnnounced(_) => {}
            }
        }
    }

    /// What the line does to a frame of the aircraft.
    fn arrive(&mut self, datagram: Vec<u8>, choice: u8, place: u8, flip: u8) {
        match choice % 8 {
            1 => return,
            2 => self.link.handle_datagram(&datagram, self.now_ms),
            3 => {
                self.falsified |= flip != 0;
                self.link.handle_datagram(&changed(&datagram, place, flip), self.now_ms);
                return;
            }
            4 => {
                self.held.push_back(datagram);
                return;
            }
            _ => {}
        }
        self.link.handle_datagram(&datagram, self.now_ms);
        if let Some(late) = self.held.pop_front() {
            self.link.handle_datagram(&late, self.now_ms);
        }
    }

    fn assert_holds(&self) {
        assert!(self.phases.is_sorted_by(|before, after| before < after), "phases only grow: {:?}", self.phases);
        // An aircraft whose own frames are falsified may have seemed never to have started.
        assert!(self.falsified || self.vehicle.arms <= 1, "started {} times", self.vehicle.arms);
    }
}

/// A clear flight, and one in each kind of weather.
pub fn seeds() -> Vec<Vec<u8>> {
    let clear = vec![0; 200];
    let mixed = (0..200u8).map(|index| if index % 3 == 0 { [1, 2, 4, 5][usize::from(index / 3) % 4] } else { 0 }).collect();
    let falsified = (0..60u8).flat_map(|index| [0, 0, 3, index, 1 << (index % 8)]).collect();
    vec![clear, mixed, falsified]
}
