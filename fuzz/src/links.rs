//! Three links of one server: datagrams, orders and time in any order, several aircraft and strangers on the line.

use drone_link_proto::{LightDriver, Link, LinkConfig, Output, frames_of, sender};
use flight_types::{
    DroneId, EscortPost, Fence, FlightCommand, FlightPhase, FlightPlan, GeoPoint, Local, LocalFrame, MissionId, RallyPointId, Ring,
    Scene,
};

use crate::bytes::Bytes;
use crate::frames::{READ, framed};

/// The aircraft; anything else on the line is a stranger.
const SYSTEM_IDS: [u8; 3] = [7, 8, 9];
/// Outputs of one step, far above what any makes: more means that it answers itself.
const OUTPUTS_MAX: usize = 500;
/// Calls that a link may want at one moment before it waits for a later one.
const TURNS_MAX: usize = 16;
/// Steps of one input; longer ones add nothing that shorter ones have not.
const STEPS_MAX: usize = 400;
/// The server's own id on the line.
const OWN: u8 = 255;

/// Nothing panics; every datagram sent is whole sound frames of ours; no link wants to be called without end.
pub fn run(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let mut line = Line::new();
    for _ in 0..STEPS_MAX {
        if line.step(&mut bytes).is_none() {
            break;
        }
        line.drain();
    }
}

struct Line {
    links: Vec<Link>,
    now_ms: u64,
}

impl Line {
    fn new() -> Self {
        Self { links: (0..SYSTEM_IDS.len()).map(|index| link(index, 0)).collect(), now_ms: 0 }
    }

    fn step(&mut self, bytes: &mut Bytes<'_>) -> Option<()> {
        let kind = bytes.byte()?;
        let index = usize::from(kind / 8) % SYSTEM_IDS.len();
        match kind % 8 {
            0 => self.arrive(bytes.block()?),
            1 | 2 => self.frame(index, bytes)?,
            3 => self.pass(u64::from(bytes.number()?)),
            4 => self.turn(index),
            5 => {
                let (mission, order) = (mission(bytes.byte()?), order(bytes)?);
                self.links[index].command(&mission, order, self.now_ms);
            }
            6 => self.links[index].rival_heard("another one", self.now_ms),
            _ => self.links[index] = link(index, self.now_ms),
        }
        Some(())
    }

    /// As the hub does it: to the link whose aircraft sent it.
    fn arrive(&mut self, datagram: &[u8]) {
        let Some(from) = sender(datagram) else { return };
        for (link, system_id) in self.links.iter_mut().zip(SYSTEM_IDS) {
            if system_id == from.system_id {
                link.handle_datagram(datagram, self.now_ms);
            }
        }
    }

    fn frame(&mut self, index: usize, bytes: &mut Bytes<'_>) -> Option<()> {
        let message_id = READ[usize::from(bytes.byte()?) % READ.len()];
        let (component_id, sequence) = (if bytes.byte()? < 200 { 1 } else { 50 }, bytes.byte()?);
        let datagram = framed(message_id, bytes.block()?, SYSTEM_IDS[index], component_id, sequence);
        self.links[index].handle_datagram(&datagram, self.now_ms);
        Some(())
    }

    fn pass(&mut self, duration_ms: u64) {
        self.now_ms += duration_ms;
        (0..self.links.len()).for_each(|index| self.turn(index));
    }

    /// A link that is called when it wants to be must want a later time soon.
    fn turn(&mut self, index: usize) {
        let link = &mut self.links[index];
        for _ in 0..TURNS_MAX {
            match link.next_timeout_ms() {
                Some(due_ms) if due_ms <= self.now_ms => link.handle_timeout(self.now_ms),
                Some(_) | None => return,
            }
        }
        panic!("the link of {} wants to be called without end at {} ms", SYSTEM_IDS[index], self.now_ms);
    }

    fn drain(&mut self) {
        for link in &mut self.links {
            let mut count = 0;
            while let Some(output) = link.poll_output() {
                count += 1;
                assert!(count <= OUTPUTS_MAX, "more than {OUTPUTS_MAX} outputs of one step");
                if let Output::Transmit(datagram) = output {
                    let sound: usize = frames_of(&datagram, OWN).map(<[u8]>::len).sum();
                    assert_eq!(sound, datagram.len(), "sent bytes are sound frames of ours");
                }
            }
            let status = link.status(self.now_ms);
            serde_json::to_string(&status).expect("a status is plain data");
        }
    }
}

fn link(index: usize, now_ms: u64) -> Link {
    let drone = DroneId::new(format!("d{index}")).expect("an id");
    let light = [LightDriver::Auto, LightDriver::Actuator { index: 1 }, LightDriver::None][index];
    Link::new(LinkConfig { light, ..LinkConfig::new(drone, SYSTEM_IDS[index]) }, now_ms)
}

fn mission(name: u8) -> MissionId {
    MissionId::new(format!("m{}", name % 3)).expect("an id")
}

fn order(bytes: &mut Bytes<'_>) -> Option<FlightCommand> {
    Some(match bytes.byte()? % 10 {
        0 | 1 => {
            let phases = [FlightPhase::Ordered, FlightPhase::Uploaded, FlightPhase::Airborne, FlightPhase::OnScene];
            let reached = phases[usize::from(bytes.byte()?) % phases.len()];
            FlightCommand::Fly { plan: Box::new(plan(mission(bytes.byte()?), bytes.byte()?)), reached }
        }
        2 => FlightCommand::Escort {
            target: at(f64::from(bytes.number()?) - 300.0, 0.0),
            velocity_east_m_s: f64::from(bytes.byte()?) / 10.0,
            velocity_north_m_s: 0.0,
            post: bytes.byte().map(|height| EscortPost { height_m: f64::from(height), stand_off_m: 8.0 }),
            direct: bytes.byte().is_some_and(|byte| byte.is_multiple_of(2)),
        },
        3 => FlightCommand::Light { on: bytes.byte()?.is_multiple_of(2), brightness_pct: bytes.byte()? },
        4 => FlightCommand::Recall {
            homeward: (0..bytes.byte()? % 8).map(|corner| at(f64::from(corner) * 30.0, 9.0)).collect(),
            rally: bytes.byte().filter(|byte| byte.is_multiple_of(2)).and_then(|_| RallyPointId::new("yard").ok()),
        },
        5 => FlightCommand::Hold,
        6 => FlightCommand::Continue,
        7 => FlightCommand::Land,
        8 => FlightCommand::YieldControl,
        _ => FlightCommand::ResumeControl,
    })
}

/// Where the aircraft stand.
pub fn home() -> GeoPoint {
    GeoPoint::new(37.5, 127.0).expect("a place")
}

/// A place by metres from home.
pub fn at(east_m: f64, north_m: f64) -> GeoPoint {
    LocalFrame::new(home()).to_geo(Local { east_m, north_m })
}

/// Round a zone to a person, or a survey; `shape` also says how many corners there are, none at all included.
pub fn plan(mission: MissionId, shape: u8) -> FlightPlan {
    let square = |half_m: f64| {
        let corners = [(-half_m, -half_m), (half_m, -half_m), (half_m, half_m), (-half_m, half_m)];
        Ring::new(corners.iter().map(|(east_m, north_m)| at(*east_m, *north_m)).collect()).expect("a square")
    };
    let corners = |count: u8| (0..count).map(|corner| at(f64::from(corner) * 40.0, 80.0)).collect::<Vec<_>>();
    let escort = Scene::Escort { target: at(198.0, 0.0), stand_off_m: 8.0, height_m: 20.0 };
    FlightPlan {
        mission,
        home: home(),
        home_altitude_amsl_m: 30.0,
        outbound: corners(shape % 8),
        homeward: corners(shape / 8 % 8).into_iter().chain([home()]).collect(),
        transit_height_m: 40.0,
        transit_speed_m_s: 12.0,
        scene: if shape < 192 { escort } else { Scene::Survey { manner: None } },
        fence: Fence { ring: square(500.0), height_max_m: 120.0 },
        exclusions: vec![square(30.0)],
        zone_margin_m: 15.0,
        home_charge: None,
        low_scene: None,
        rally: None,
        obstacles: Vec::new(),
        relief: None,
    }
}

/// A heartbeat and an order with time between, then the beginnings of a flight.
pub fn seeds() -> Vec<Vec<u8>> {
    let heartbeat = |sequence| vec![1, 0, 1, sequence, 9, 0, 0, 0, 0, 2, 12, 81, 4, 3];
    let fly = vec![5, 0, 0, 0, 0, 27];
    let second = vec![3, 232, 3];
    let on_ground = |sequence| vec![1, 24, 1, sequence, 2, 0, 1];
    let healthy = |sequence| [vec![1, 1, 1, sequence, 31], vec![0xFF; 31]].concat();
    let mut flight = [fly.clone(), heartbeat(0), on_ground(1), healthy(2)].concat();
    for sequence in 3..60 {
        flight.extend(second.iter().chain(&heartbeat(sequence)));
    }
    let raw = crate::frames::seeds().into_iter().flat_map(|datagram| [vec![0, datagram.len() as u8], datagram].concat());
    vec![[heartbeat(0), fly, second].concat(), flight, raw.collect()]
}
