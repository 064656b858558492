//! A link, an aircraft and a bad network between them, in virtual time, repeatable by seed.

#![allow(dead_code, deprecated, reason = "each test file uses its own part; the definitions deprecate what PX4 speaks")]

use std::collections::BTreeMap;

use drone_link_proto::{Link, LinkConfig, Output};
use flight_types::{
    DroneId, Fence, FlightCommand, FlightEvent, FlightPhase, FlightPlan, GeoPoint, Local, LocalFrame, MissionId, Ring, Scene,
};

pub mod dice;
pub mod vehicle;
use dice::Dice;
use vehicle::{SYSTEM_ID, Vehicle};

/// What the network does to a datagram.
#[derive(Debug, Clone, Copy)]
pub struct Weather {
    pub loss_pct: u64,
    pub duplicate_pct: u64,
    pub delay_min_ms: u64,
    pub delay_max_ms: u64,
}

pub const CLEAR: Weather = Weather { loss_pct: 0, duplicate_pct: 0, delay_min_ms: 10, delay_max_ms: 10 };
/// 30 % loss, 10 % repeated, and delays that overtake each other.
pub const STORM: Weather = Weather { loss_pct: 30, duplicate_pct: 10, delay_min_ms: 5, delay_max_ms: 400 };

pub struct World {
    pub now_ms: u64,
    pub link: Link,
    pub vehicle: Vehicle,
    pub weather: Weather,
    pub dice: Dice,
    pub reports: Vec<(u64, FlightEvent)>,
    /// Datagrams of movement orders the link sent: arm, mode, reposition.
    pub sent: usize,
    in_flight: BTreeMap<(u64, u64), (bool, Vec<u8>)>,
    count: u64,
}

pub fn home() -> GeoPoint {
    GeoPoint::new(37.5, 127.0).expect("a test place")
}

pub fn at(east_m: f64, north_m: f64) -> GeoPoint {
    LocalFrame::new(home()).to_geo(Local { east_m, north_m })
}

pub fn square(east_m: f64, north_m: f64, half_m: f64) -> Ring {
    let corners = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)];
    Ring::new(corners.iter().map(|(e, n)| at(east_m + e * half_m, north_m + n * half_m)).collect()).expect("a square")
}

pub fn mission_id(name: &str) -> MissionId {
    MissionId::new(name).expect("an id")
}

/// Round a zone in the middle to a person 200 m east.
pub fn plan(name: &str) -> FlightPlan {
    FlightPlan {
        mission: mission_id(name),
        home: home(),
        home_altitude_amsl_m: 30.0,
        outbound: vec![at(0.0, 80.0), at(190.0, 80.0), at(190.0, 0.0)],
        homeward: vec![at(190.0, 80.0), at(0.0, 80.0), at(0.0, 0.0)],
        transit_height_m: 40.0,
        transit_speed_m_s: 12.0,
        scene: Scene::Escort { target: at(198.0, 0.0), stand_off_m: 8.0, height_m: 20.0 },
        fence: Fence { ring: square(0.0, 0.0, 500.0), height_max_m: 120.0 },
        exclusions: vec![square(95.0, 0.0, 40.0)],
        zone_margin_m: 15.0,
        home_charge: None,
        low_scene: None,
        rally: None,
        obstacles: Vec::new(),
        relief: None,
    }
}

pub fn fly(plan: FlightPlan, reached: FlightPhase) -> FlightCommand {
    FlightCommand::Fly { plan: Box::new(plan), reached }
}

pub fn reached(phase: FlightPhase) -> FlightEvent {
    FlightEvent::Reached { phase }
}

impl World {
    pub fn new(seed: u64, weather: Weather) -> Self {
        let config = LinkConfig::new(DroneId::new("d1").expect("an id"), SYSTEM_ID);
        Self::with(config, seed, weather)
    }

    pub fn with(config: LinkConfig, seed: u64, weather: Weather) -> Self {
        Self {
            now_ms: 0,
            link: Link::new(config, 0),
            vehicle: Vehicle::new(home()),
            weather,
            dice: Dice(seed),
            reports: Vec::new(),
            sent: 0,
            in_flight: BTreeMap::new(),
            count: 0,
        }
    }

    /// The program is started anew: nothing is remembered but what is said again.
    pub fn restart_link(&mut self) {
        let config = LinkConfig::new(DroneId::new("d1").expect("an id"), SYSTEM_ID);
        self.link = Link::new(config, self.now_ms);
        self.reports.clear();
    }

    pub fn command(&mut self, mission: &str, command: FlightCommand) {
        self.link.command(&mission_id(mission), command, self.now_ms);
        self.drain();
    }

    /// Twenty milliseconds.
    pub fn tick(&mut self) {
        self.now_ms += 20;
        self.vehicle.tick(self.now_ms);
        for datagram in self.vehicle.take_datagrams() {
            self.put(false, datagram);
        }
        while let Some(entry) = self.in_flight.first_entry() {
            if entry.key().0 > self.now_ms {
                break;
            }
            let (to_vehicle, datagram) = entry.remove();
            if to_vehicle {
                self.vehicle.receive(&datagram);
            } else {
                self.link.handle_datagram(&datagram, self.now_ms);
                self.drain();
            }
        }
        if self.link.next_timeout_ms().is_some_and(|due_ms| due_ms <= self.now_ms) {
            self.link.handle_timeout(self.now_ms);
            self.drain();
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.link.poll_output() {
            match output {
                Output::Transmit(datagram) => {
                    self.sent += 1;
                    self.put(true, datagram);
                }
                Output::Report { report, .. } => self.reports.push((self.now_ms, report)),
                Output::StatusChanged | Output::StreamsAnnounced(_) => {}
            }
        }
    }

    fn put(&mut self, to_vehicle: bool, datagram: Vec<u8>) {
        if self.dice.below(100) < self.weather.loss_pct {
            return;
        }
        let copies = if self.dice.below(100) < self.weather.duplicate_pct { 2 } else { 1 };
        for _ in 0..copies {
            let spread_ms = self.weather.delay_max_ms - self.weather.delay_min_ms + 1;
            let due_ms = self.now_ms + self.weather.delay_min_ms + self.dice.below(spread_ms);
            self.count += 1;
            self.in_flight.insert((due_ms, self.count), (to_vehicle, datagram.clone()));
        }
    }

    pub fn run(&mut self, for_ms: u64) {
        let end_ms = self.now_ms + for_ms;
        while self.now_ms < end_ms {
            self.tick();
        }
    }

    /// Runs until the report has come; panics when it does not come in time.
    pub fn run_until(&mut self, limit_ms: u64, wanted: impl Fn(&FlightEvent) -> bool) {
        let end_ms = self.now_ms + limit_ms;
        while self.now_ms < end_ms {
            if self.reports.iter().any(|(_, report)| wanted(report)) {
                return;
            }
            self.tick();
        }
        panic!("not reported within {limit_ms} ms: {:#?}", self.reports);
    }

    pub fn run_until_phase(&mut self, limit_ms: u64, phase: FlightPhase) {
        self.run_until(limit_ms, |report| *report == reached(phase));
    }

    pub fn phases(&self) -> Vec<FlightPhase> {
        let phase = |report: &FlightEvent| match report {
            FlightEvent::Reached { phase } => Some(*phase),
            _ => None,
        };
        self.reports.iter().filter_map(|(_, report)| phase(report)).collect()
    }

    pub fn has(&self, wanted: impl Fn(&FlightEvent) -> bool) -> bool {
        self.reports.iter().any(|(_, report)| wanted(report))
    }
}

pub fn recall() -> FlightCommand {
    FlightCommand::Recall { homeward: plan("m").homeward, rally: None }
}

/// A world whose aircraft has reached a phase on flight "m".
pub fn world_at(phase: FlightPhase, weather: Weather, seed: u64) -> World {
    let mut world = World::new(seed, weather);
    world.command("m", fly(plan("m"), FlightPhase::Ordered));
    world.run_until_phase(240_000, phase.min(FlightPhase::OnScene));
    if phase >= FlightPhase::Returning {
        world.run(5_000);
        world.command("m", recall());
        world.run_until_phase(240_000, phase);
    }
    world
}
