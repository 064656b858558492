//! A small site with stations, aircraft, a caller and a clock, driven entry by entry.

use std::fmt::Write as _;

use expect_test::Expect;
use flight_types::{
    AccountId, CallerId, DistrictId, DroneId, DroneStatus, FlightCommand, FlightEvent, FlightPhase, GeoPoint, IncidentId, Local,
    LocalFrame, LotId, MissionId, Ring, StationId, ZoneId,
};

use crate::Core;
use crate::config::{Approval, DroneConfig, NoFlyZone, OnSilence, Policy, SiteConfig, StationConfig};
use crate::effect::{Action, CallerNotice, Effect, EffectId, OperatorAlert};
use crate::event::{Actor, CodeVerdict, Entry, Event, Fix, GeocodedAddress, GroundSpeed, Role, Trigger};
use crate::survey::SurveyHow;

/// 2023-11-14 22:13:20 UTC: any moment that is not the epoch.
const START_MS: i64 = 1_700_000_000_000;
/// Of every press: each caller calls once.
pub const KEY: &str = "k1";

pub fn at(east_m: f64, north_m: f64) -> GeoPoint {
    let origin = GeoPoint::new(37.5, 127.0).expect("a place");
    LocalFrame::new(origin).to_geo(Local { east_m, north_m })
}

pub fn drone(name: &str) -> DroneId {
    DroneId::new(name).expect("an id")
}

pub fn account(name: &str) -> AccountId {
    AccountId::new(name).expect("an id")
}

pub fn square(east_m: f64, north_m: f64, half_m: f64) -> Ring {
    let corners = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)];
    Ring::new(corners.iter().map(|(e, n)| at(east_m + e * half_m, north_m + n * half_m)).collect()).expect("four corners")
}

pub fn zone(name: &str, ring: Ring) -> NoFlyZone {
    NoFlyZone {
        id: ZoneId::new(name).expect("an id"),
        name: name.to_owned(),
        ring,
        floor_amsl_m: None,
        ceiling_amsl_m: None,
        hours: None,
    }
}

fn aircraft(name: &str, pad: GeoPoint) -> DroneConfig {
    DroneConfig {
        id: drone(name),
        pad,
        cruise_speed_m_s: 12.0,
        climb_speed_m_s: 4.0,
        descent_speed_m_s: 2.0,
        endurance_s: 1_500.0,
        power: crate::energy::PowerCurve::default(),
        wind_max_m_s: 10.0,
        has_light: true,
    }
}

/// An aircraft ready on its pad.
pub fn ready(name: &str, pad: GeoPoint) -> DroneStatus {
    DroneStatus { height_m: Some(0.0), mode: Some("hold".to_owned()), ..DroneStatus::ready_on(drone(name), pad) }
}

/// Two stations: A with d1 and d2 near the middle, B with d3 further north.
pub fn site(approval: Approval) -> SiteConfig {
    let station = |id: &str, position: GeoPoint, drones: Vec<DroneConfig>| StationConfig {
        id: StationId::new(id).expect("an id"),
        name: id.to_owned(),
        position,
        ground_amsl_m: 30.0,
        approval,
        drones,
    };
    SiteConfig {
        name: "test".to_owned(),
        stations: vec![
            station("A", at(0.0, 0.0), vec![aircraft("d1", at(0.0, 0.0)), aircraft("d2", at(20.0, 0.0))]),
            station("B", at(0.0, 900.0), vec![aircraft("d3", at(0.0, 900.0))]),
        ],
        no_fly_zones: vec![],
        obstacles: vec![],
        rally_points: Vec::new(),
        fence: square(0.0, 0.0, 2_000.0),
        fence_height_max_m: 120.0,
        relief: None,
        policy: Policy::default(),
    }
}

pub const OPERATOR_30_S_DENY: Approval = Approval::Operator { limit_ms: 30_000, on_silence: OnSilence::Deny };
pub const OPERATOR_30_S_LAUNCH: Approval = Approval::Operator { limit_ms: 30_000, on_silence: OnSilence::Launch };

/// Ann has called from 300 m north, and the question for aircraft is answered.
pub fn called(site: SiteConfig) -> Bench {
    let mut bench = Bench::new(site);
    bench.call("ann", at(0.0, 300.0));
    bench
}

/// The same with d1 on scene.
pub fn on_scene(site: SiteConfig) -> Bench {
    let mut bench = called(site);
    bench.fly_to_scene("d1");
    bench
}

/// Holds what was told so far against what was to be told.
pub fn told(bench: &Bench, expected: &Expect) {
    expected.assert_eq(&bench.log);
}

/// The core on the bench.
pub struct Bench {
    pub core: Core,
    pub statuses: Vec<DroneStatus>,
    /// Every order about aircraft and every notice about them so far, as text.
    pub log: String,
    /// Commands in order, with their flight.
    pub commands: Vec<(MissionId, FlightCommand)>,
    seq: u64,
    now_ms: i64,
    questions: Vec<EffectId>,
    /// How often aircraft were asked for.
    pub looks: usize,
}

impl Bench {
    pub fn new(site: SiteConfig) -> Self {
        let statuses = site.stations.iter().flat_map(|station| &station.drones);
        let statuses = statuses.map(|drone| ready(drone.id.as_str(), drone.pad)).collect();
        let mut bench = Self {
            core: Core::new(DistrictId::new("test").expect("an id")),
            statuses,
            log: String::new(),
            commands: Vec::new(),
            seq: 0,
            now_ms: START_MS,
            questions: Vec::new(),
            looks: 0,
        };
        bench.enter(Actor::System, Event::Configured { code_version: "test".to_owned(), site: Box::new(site) });
        bench
    }

    pub fn enter(&mut self, actor: Actor, event: Event) {
        self.seq += 1;
        let district = DistrictId::new("test").expect("an id");
        let entry = Entry { seq: self.seq, at_ms: self.now_ms, district, actor, event };
        let effects = self.core.step(&entry);
        for effect in effects {
            self.hear(&effect);
        }
    }

    fn hear(&mut self, effect: &Effect) {
        let line = match &effect.action {
            Action::FindDrones { .. } => {
                self.questions.push(effect.id);
                self.looks += 1;
                return;
            }
            Action::Command { drone, mission, command } => {
                self.commands.push((mission.clone(), command.clone()));
                format!("{drone}: {}", command_text(command))
            }
            Action::AskApproval { drone, .. } => format!("ask operators for {drone}"),
            Action::AlertOperators { alert, .. } if about_aircraft(alert) => format!("alert {alert:?}"),
            Action::NotifyCaller { notice: CallerNotice::DroneLaunched { drone }, .. } => format!("caller: {drone} launched"),
            Action::NotifyCaller { notice: CallerNotice::DroneOnScene, .. } => "caller: drone on scene".to_owned(),
            // Guards and the rest of the call are tested elsewhere.
            _ => return,
        };
        let seconds = (self.now_ms - START_MS) / 1_000;
        writeln!(self.log, "{seconds:04} s  {line}").expect("writing to a string");
    }

    /// Answers every question for aircraft that waits, oldest first.
    pub fn answer(&mut self) {
        while !self.questions.is_empty() {
            let effect = self.questions.remove(0);
            let drones = self.statuses.clone();
            self.enter(Actor::System, Event::DronesFound { effect, drones });
        }
    }

    /// Lets time pass, waking the core at each of its deadlines.
    pub fn wait_s(&mut self, seconds: i64) {
        self.wait_ms(seconds * 1_000);
    }

    /// The same in milliseconds.
    pub fn wait_ms(&mut self, milliseconds: i64) {
        let until_ms = self.now_ms + milliseconds;
        while let Some(due_ms) = self.core.next_deadline_ms().filter(|due_ms| *due_ms <= until_ms) {
            self.now_ms = due_ms.max(self.now_ms);
            self.enter(Actor::System, Event::TimePassed);
            self.answer();
        }
        self.now_ms = until_ms;
    }

    /// An aircraft is heard, and its shell says that it became ready.
    pub fn becomes_ready(&mut self, name: &str) {
        self.status(name).link.connected = true;
        let id = drone(name);
        self.enter(Actor::Drone { id: id.clone() }, Event::AircraftReady { drone: id });
    }

    /// An aircraft is heard there with this charge; what its shell tells the core of that, if anything.
    pub fn hears(&mut self, name: &str, position: GeoPoint, height_m: f64, battery_pct: f64) -> Option<Event> {
        let status = self.status(name);
        (status.position, status.height_m, status.battery_pct) = (Some(position), Some(height_m), Some(battery_pct));
        let status = status.clone();
        let short = self.core.charge_short(&status, self.now_ms)?;
        self.enter(Actor::Drone { id: drone(name) }, short.clone());
        Some(short)
    }

    pub fn fix(&self, point: GeoPoint) -> Fix {
        Fix { point, accuracy_m: 2.0, at_ms: self.now_ms, speed: None }
    }

    /// A caller presses; the question for aircraft is answered.
    pub fn call(&mut self, name: &str, point: GeoPoint) -> IncidentId {
        let incident = self.press(name, point, false);
        self.answer();
        incident
    }

    pub fn press(&mut self, name: &str, point: GeoPoint, drill: bool) -> IncidentId {
        self.press_with(name, point, drill, None)
    }

    pub fn press_with(&mut self, name: &str, point: GeoPoint, drill: bool, address: Option<GeocodedAddress>) -> IncidentId {
        let caller = CallerId::new(name).expect("an id");
        let gps = Some(self.fix(point));
        let event = Event::CallRaised {
            caller: caller.clone(),
            key: KEY.to_owned(),
            trigger: Trigger::Hold,
            silent: false,
            drill,
            gps,
            address,
            last_known: None,
            home: None,
        };
        self.enter(Actor::Caller { id: caller }, event);
        self.incident_of(name)
    }

    /// The incident of a caller who has pressed.
    pub fn incident_of(&self, name: &str) -> IncidentId {
        let caller = CallerId::new(name).expect("an id");
        self.core.incident_by_key(&caller, KEY).expect("the call became an incident").id.clone()
    }

    pub fn moved(&mut self, name: &str, incident: &IncidentId, point: GeoPoint) {
        self.moved_at(name, incident, point, None);
    }

    /// The same from a terminal that says how fast they go, eastwards.
    pub fn moved_at(&mut self, name: &str, incident: &IncidentId, point: GeoPoint, speed_m_s: Option<f64>) {
        let id = CallerId::new(name).expect("an id");
        let fix = Fix { speed: GroundSpeed::believable(speed_m_s, Some(90.0)), ..self.fix(point) };
        self.enter(Actor::Caller { id }, Event::CallerMoved { incident: incident.clone(), fix });
    }

    pub fn cancel(&mut self, name: &str, incident: &IncidentId) {
        let id = CallerId::new(name).expect("an id");
        self.enter(Actor::Caller { id }, Event::CancelRequested { incident: incident.clone(), verdict: CodeVerdict::Safe });
        self.answer();
    }

    pub fn operator(&mut self, event: Event) {
        self.enter(Actor::Account { id: account("kim"), role: Role::Operator }, event);
        self.answer();
    }

    pub fn survey(&mut self, corners: Vec<GeoPoint>) {
        self.operator(Event::SurveyRequested { lot: LotId::new("lot1").expect("an id"), corners, how: SurveyHow::default() });
    }

    /// The flight an aircraft is on, or the latest it was on.
    pub fn mission_of(&self, name: &str) -> MissionId {
        let latest = self.core.missions().filter(|mission| mission.drone == drone(name)).last();
        latest.expect("it has a flight").id.clone()
    }

    pub fn report(&mut self, name: &str, report: FlightEvent) {
        let mission = self.mission_of(name);
        self.report_on(name, &mission, report);
    }

    pub fn report_on(&mut self, name: &str, mission: &MissionId, report: FlightEvent) {
        let id = drone(name);
        self.enter(Actor::Drone { id: id.clone() }, Event::Flight { drone: id, mission: mission.clone(), report });
        self.answer();
    }

    pub fn reach(&mut self, name: &str, phases: &[FlightPhase]) {
        for phase in phases {
            self.report(name, FlightEvent::Reached { phase: *phase });
        }
    }

    pub fn status(&mut self, name: &str) -> &mut DroneStatus {
        self.statuses.iter_mut().find(|status| status.drone == drone(name)).expect("an aircraft of the site")
    }

    /// Puts an aircraft on its scene, as its link and its status would say.
    pub fn fly_to_scene(&mut self, name: &str) {
        self.reach(name, &[FlightPhase::PreflightPassed, FlightPhase::Uploaded, FlightPhase::Armed, FlightPhase::Airborne]);
        self.reach(name, &[FlightPhase::OnScene]);
    }
}

fn about_aircraft(alert: &OperatorAlert) -> bool {
    matches!(
        alert,
        OperatorAlert::NoDrone
            | OperatorAlert::ApprovalSilent { .. }
            | OperatorAlert::FlightFailed { .. }
            | OperatorAlert::LinkLost { .. }
            | OperatorAlert::RecallWaits { .. }
            | OperatorAlert::NotRecorded { .. }
            | OperatorAlert::SurveyImpossible { .. }
    )
}

fn command_text(command: &FlightCommand) -> String {
    let shown = |point: &GeoPoint| {
        let local = LocalFrame::new(at(0.0, 0.0)).to_local(*point);
        format!("({:.0}, {:.0})", local.east_m + 0.0, local.north_m + 0.0)
    };
    let line = |points: &[GeoPoint]| points.iter().map(shown).collect::<Vec<_>>().join(" ");
    match command {
        FlightCommand::Fly { plan, .. } => {
            format!("fly {} at {:.0} m, home {}", line(&plan.outbound), plan.transit_height_m, line(&plan.homeward))
        }
        FlightCommand::Escort { target, velocity_east_m_s, velocity_north_m_s, post, direct } => {
            let from =
                post.map_or(String::new(), |post| format!(" from {:.0} m up, {:.0} m beside", post.height_m, post.stand_off_m));
            format!(
                "escort {} moving ({velocity_east_m_s:.1}, {velocity_north_m_s:.1}){from}{}",
                shown(target),
                if *direct { ", straight on" } else { "" }
            )
        }
        FlightCommand::Light { on, brightness_pct } => format!("light {} {brightness_pct} %", if *on { "on" } else { "off" }),
        FlightCommand::Recall { homeward, rally: None } => format!("recall {}", line(homeward)),
        FlightCommand::Recall { rally: Some(rally), .. } => format!("recall to {rally}"),
        FlightCommand::GiveWay { height_m } => format!("give way at {height_m:.0} m"),
        FlightCommand::Hold => "hold".to_owned(),
        FlightCommand::Continue => "continue".to_owned(),
        FlightCommand::Land => "land".to_owned(),
        FlightCommand::YieldControl => "yield control".to_owned(),
        FlightCommand::ResumeControl => "resume control".to_owned(),
    }
}
