//! One run: the world's clock, who acts in which order, and the timeline that comes of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dispatch_core::config::SiteConfig;
use dispatch_core::effect::{Action, EffectId};
use dispatch_core::event::{Actor, Entry, Event};
use dispatch_core::model::IncidentState;
use drone_link_proto::{LightDriver, LinkConfig};
use flight_types::{CallerId, DroneId, EscortPost, FlightCommand, FlightEvent, GeoPoint, IncidentId, LocalFrame, MissionId};
use rand_pcg::Pcg64;
use serde::Serialize;
use site_model::ElevationGrid;

use super::crafted::Crafted;
use super::expect::{Verdict, judge, judge_shown};
use super::file::{LaunchAnswer, LinkQuality, Scenario};
use super::flown::{self, Flown};
use super::intruder::{self, Intruder, NearestIntruder};
use super::invariant::Invariants;
use super::light::{self, Flights, LightOn, LightWatch, Moment};
use super::network::{Wire, dice};
use super::people::{Caller, Guard, Sent, Shown};
use super::server::{Made, Server};
use super::site::{DroneFile, SiteFile};
use super::step::Script;
use crate::{Aircraft, AircraftConfig, Environment, Ground, Truth};

/// The longest run: a night shift. Longer scenarios would be a typing error.
pub(crate) const RUN_S_MAX: f64 = 12.0 * 3_600.0;
/// The world's step, milliseconds: shorter than any latency that matters here, long enough to be quick.
pub(crate) const STEP_MS: u64 = 20;
/// People think and move ten times a second.
const PEOPLE_STEP_MS: u64 = 100;
/// How long a terminal waits before it sends an unanswered request again, milliseconds.
const REQUEST_AGAIN_MS: u64 = 1_000;
/// How long a killed process takes to be back, milliseconds.
const RESTART_MS: u64 = 2_000;
/// A run goes on so long after everything has come to rest, milliseconds, to see that it stays so.
const REST_MS: u64 = 5_000;

/// An aircraft has climbed when it is this near to its transit height, metres: the tolerance of a waypoint.
const LEVEL_WITHIN_M: f64 = 1.0;

/// One line of a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Virtual time, milliseconds.
    pub at_ms: u64,
    /// What happened.
    pub text: String,
}

/// What came of a run.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The scenario's title.
    pub name: String,
    /// The seed.
    pub seed: u64,
    /// What happened.
    pub timeline: Vec<Line>,
    /// Each expectation and each broken invariant.
    pub verdicts: Vec<Verdict>,
    /// The light on each caller who was lit.
    pub lights: Vec<LightOn>,
    /// How near ours and somebody else's aircraft came: at the nearest while ours gives way, and while it does not.
    pub nearest_intruders: Vec<NearestIntruder>,
    /// What the flights took from their packs.
    #[serde(skip)]
    pub flown: Vec<Flown>,
    /// Virtual time run, seconds.
    pub ran_s: f64,
    /// Entries in the log.
    pub entries: u64,
    /// Hash of the final state.
    pub state_hash: String,
    /// The log itself, a JSON line for each entry.
    #[serde(skip)]
    pub log: String,
}

impl Report {
    /// Whether everything expected was seen and nothing forbidden happened.
    pub fn passed(&self) -> bool {
        self.verdicts.iter().all(|verdict| verdict.wrong.is_none())
    }

    /// The timeline and the verdicts as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for line in &self.timeline {
            let (minutes, ms) = (line.at_ms / 60_000, line.at_ms % 60_000);
            text += &format!("{minutes:02}:{:06.3}  {}\n", ms as f64 / 1_000.0, line.text);
        }
        for light in &self.lights {
            text += &format!(
                "light on {}: {:.1} % of {:.1} s, dark for {:.1} s at most, nearest {:.1} m, {:.0} lx from {:.0} m up in the mean\n",
                light.caller, light.share_pct, light.watched_s, light.dark_s, light.nearest_m, light.mean_lux, light.mean_height_m
            );
            text += &light.time.as_ref().map(|time| format!("light on {} by {time}\n", light.caller)).unwrap_or_default();
        }
        for near in &self.nearest_intruders {
            let told = if near.gives_way { "giving way" } else { "not giving way" };
            text += &format!(
                "intruder at the nearest to {} {told}: {:.0} m off and {:.0} m over it at {:.1} s\n",
                near.drone,
                near.distance_m,
                near.above_m,
                near.at_ms as f64 / 1_000.0
            );
        }
        for verdict in &self.verdicts {
            text += &match &verdict.wrong {
                None => format!("ok    {}\n", verdict.expected),
                Some(wrong) => format!("WRONG {}: {wrong}\n", verdict.expected),
            };
        }
        text + &format!("entries={} state={} ran_s={:.1}\n", self.entries, self.state_hash, self.ran_s)
    }
}

/// One simulated aircraft and its radio.
pub(crate) struct Flyer {
    pub aircraft: Aircraft,
    pub quality: LinkQuality,
    pub system_id: u8,
    /// Somebody disturbs its link.
    pub crafted: Option<Crafted>,
    up: Wire<Vec<u8>>,
    down: Wire<Vec<u8>>,
    was_armed: bool,
    was_landed: bool,
    was_lit: bool,
}

/// Everything there is.
pub(crate) struct World {
    pub scenario: Scenario,
    pub frame: LocalFrame,
    pub now_ms: u64,
    pub seed: u64,
    /// Dice of the people; networks, aircraft and server have their own.
    pub random: Pcg64,
    pub server: Server,
    pub guards: Vec<Guard>,
    pub callers: Vec<Caller>,
    pub flyers: BTreeMap<DroneId, Flyer>,
    pub terminals: LinkQuality,
    pub environment: Environment,
    to_server: Wire<Sent>,
    to_people: Wire<(String, Shown)>,
    operator_to_do: BTreeMap<(u64, u64), Event>,
    seen_notices: BTreeSet<EffectId>,
    states: BTreeMap<IncidentId, IncidentState>,
    invariants: Invariants,
    pub intruders: Vec<Intruder>,
    nearest_intruders: BTreeMap<bool, NearestIntruder>,
    flights: Flights,
    flown: flown::Log,
    lights: BTreeMap<CallerId, LightWatch>,
    posts: BTreeMap<DroneId, EscortPost>,
    lines: Vec<Line>,
    restart_at_ms: Option<u64>,
}

/// The scenario's air with this wind, metres per second.
pub(crate) fn weather(scenario: &Scenario, ground: &Ground, wind_m_s: f64) -> Environment {
    Environment {
        temperature_c: scenario.air_temperature_c,
        ground: ground.clone(),
        ..Environment::windy(wind_m_s, scenario.wind_from_deg)
    }
}

/// The ground under the aircraft: as high as their pads, or by the site's grid.
fn ground_of(site: &SiteFile, grid: Option<Arc<ElevationGrid>>) -> Ground {
    let Some(grid) = grid else { return Ground::Level };
    let around_amsl_m = site.ground_amsl_m;
    Ground::Terrain(Arc::new(move |place| grid.height_m(place).unwrap_or(around_amsl_m)))
}

/// What can be seen from outside at one moment of a run.
pub struct Snapshot<'a> {
    /// Virtual time, milliseconds.
    pub now_ms: u64,
    /// The server's decisions so far; `None` while it is down.
    pub core: Option<&'a dispatch_core::Core>,
    flyers: &'a BTreeMap<DroneId, Flyer>,
}

impl Snapshot<'_> {
    /// Every aircraft and what is really so of it.
    pub fn aircraft(&self) -> impl Iterator<Item = (&DroneId, crate::Truth)> {
        self.flyers.iter().map(|(drone, flyer)| (drone, flyer.aircraft.truth()))
    }
}

/// Runs a scenario with a seed.
pub fn run(scenario: &Scenario, seed: u64) -> anyhow::Result<Report> {
    run_watched(scenario, seed, |_| {})
}

/// The same, with an onlooker who is shown every step and changes nothing: a camera, say.
pub fn run_watched(scenario: &Scenario, seed: u64, mut onlooker: impl FnMut(&Snapshot<'_>)) -> anyhow::Result<Report> {
    let mut world = World::new(scenario.clone(), seed)?;
    let mut script = Script::new(scenario);
    world.start_server();
    let end_ms = (scenario.for_s * 1_000.0) as u64;
    let mut rest_since_ms = None;
    while world.now_ms < end_ms {
        script.act(&mut world);
        world.step();
        onlooker(&Snapshot { now_ms: world.now_ms, core: world.server.core(), flyers: &world.flyers });
        match (script.finished() && world.at_rest(), rest_since_ms) {
            (true, None) => rest_since_ms = Some(world.now_ms),
            (true, Some(since_ms)) if since_ms + REST_MS <= world.now_ms => break,
            (true, Some(_)) => {}
            (false, _) => rest_since_ms = None,
        }
    }
    Ok(world.report(seed))
}

impl World {
    fn new(scenario: Scenario, seed: u64) -> anyhow::Result<Self> {
        let site = scenario.site_file.clone().ok_or_else(|| anyhow::anyhow!("the scenario was read without its site"))?;
        let config = site.config(&scenario.policy)?;
        let grid = site.elevation()?.map(Arc::new);
        let ground = ground_of(&site, grid.clone());
        let server = Server::new(config.clone(), link_configs(&site, &config, grid.as_deref())?, scenario.kill_after_entry, seed)?;
        let flyers = site
            .drones()
            .map(|drone| Ok((DroneId::new(&drone.id)?, flyer(&site, grid.as_deref(), drone, &scenario, seed))))
            .collect::<anyhow::Result<_>>()?;
        Ok(Self {
            frame: site.frame(),
            now_ms: 0,
            seed,
            random: dice(seed, "people"),
            server,
            guards: scenario.guards.iter().cloned().map(Guard::new).collect::<anyhow::Result<_>>()?,
            callers: scenario.callers.iter().cloned().map(Caller::new).collect::<anyhow::Result<_>>()?,
            flyers,
            terminals: scenario.terminals,
            environment: weather(&scenario, &ground, scenario.wind_m_s),
            to_server: Wire::new(seed, "terminals up"),
            to_people: Wire::new(seed, "terminals down"),
            operator_to_do: BTreeMap::new(),
            seen_notices: BTreeSet::new(),
            states: BTreeMap::new(),
            invariants: Invariants::new(config, &scenario.allow),
            intruders: Vec::new(),
            nearest_intruders: BTreeMap::new(),
            flights: Flights::default(),
            flown: flown::Log::default(),
            lights: BTreeMap::new(),
            posts: BTreeMap::new(),
            lines: Vec::new(),
            restart_at_ms: None,
            scenario,
        })
    }

    pub fn start_server(&mut self) {
        self.server.start(self.now_ms);
        let duties: Vec<_> = self.guards.iter().filter(|guard| guard.script.on_duty).map(|guard| guard.id.clone()).collect();
        if self.now_ms == 0 {
            for guard in duties {
                self.send(Sent::Request(
                    Actor::Guard { id: guard.clone() },
                    Box::new(Event::GuardDutyChanged { guard, on_duty: true }),
                ));
            }
        }
    }

    /// Writes a line of the timeline.
    pub fn say(&mut self, text: impl Into<String>) {
        self.lines.push(Line { at_ms: self.now_ms, text: text.into() });
    }

    /// A terminal sends something.
    pub fn send(&mut self, sent: Sent) {
        self.to_server.send_persistently(sent, self.now_ms, &self.terminals);
    }

    fn step(&mut self) {
        self.now_ms += STEP_MS;
        if self.now_ms.is_multiple_of(intruder::SPEAKS_MS) {
            self.hear_intruders();
        }
        self.fly();
        if self.now_ms.is_multiple_of(PEOPLE_STEP_MS) {
            self.people_live();
        }
        self.deliver_to_server();
        self.server_lives();
        self.restart_after_planned_kill();
        self.deliver_to_people();
        self.note_made();
    }

    fn fly(&mut self) {
        let mut said = Vec::new();
        for (drone, flyer) in &mut self.flyers {
            while let Some(bytes) = flyer.up.receive(self.now_ms) {
                flyer.aircraft.receive(&bytes);
            }
            flyer.aircraft.step(self.now_ms, &self.environment);
            while let Some(bytes) = flyer.aircraft.poll_transmit() {
                flyer.down.send_datagram(bytes, self.now_ms, &flyer.quality);
            }
            if let Some((up, down)) = flyer.crafted.as_mut().and_then(|crafted| crafted.next_at(self.now_ms)) {
                flyer.aircraft.receive(&up);
                self.server.hear_aircraft(drone, &down, self.now_ms);
            }
            while let Some(bytes) = flyer.down.receive(self.now_ms) {
                self.server.hear_aircraft(drone, &bytes, self.now_ms);
            }
            said.extend(flyer.changes().into_iter().map(|text| format!("{drone} {text}")));
            let truth = flyer.aircraft.truth();
            self.invariants.see_aircraft(drone, &truth, self.now_ms);
            if let Ground::Terrain(ground_amsl_m) = &self.environment.ground {
                let over_ground_m = truth.altitude_amsl_m - ground_amsl_m(truth.position);
                self.invariants.see_over_ground(drone, &truth, over_ground_m, self.now_ms);
            }
        }
        said.into_iter().for_each(|text| self.say(text));
        let fleet: Vec<_> = self.flyers.iter().map(|(drone, flyer)| (drone, flyer.aircraft.truth())).collect();
        self.invariants.see_fleet(&fleet, self.now_ms);
        let near = self.intruders_near(&fleet);
        if self.now_ms.is_multiple_of(flown::SAMPLE_MS) {
            for (drone, truth) in &fleet {
                self.flown.see(drone, truth, &self.environment, self.server.core());
            }
        }
        if self.now_ms.is_multiple_of(light::LOOK_MS) {
            self.look_at_lights();
        }
        near.into_iter().for_each(|(near, avoidable)| self.see_intruder(near, avoidable));
    }

    /// How near every intruder is to every aircraft of ours, and whether giving way can keep it off.
    fn intruders_near(&self, fleet: &[(&DroneId, Truth)]) -> Vec<(NearestIntruder, bool)> {
        let ground_amsl_m = self.scenario.site_file.as_ref().map_or(0.0, |site| site.ground_amsl_m);
        let scene_m = self.invariants.scene_height_m();
        let flying: Vec<_> = self.intruders.iter().filter_map(|other| other.flying(self.now_ms, &self.frame)).collect();
        let near = |(drone, ours): &(&DroneId, Truth), other: &intruder::Flying| -> Option<(NearestIntruder, bool)> {
            let mission = self.server.core().and_then(|core| core.mission_of(drone));
            let gives_way = mission.is_some_and(|mission| intruder::gives_way(mission, ours));
            let avoidable = gives_way && other.avoidable(scene_m);
            Some((NearestIntruder::of(drone, ours, ground_amsl_m, other, gives_way, self.now_ms)?, avoidable))
        };
        fleet.iter().flat_map(|ours| flying.iter().filter_map(|other| near(ours, other)).collect::<Vec<_>>()).collect()
    }

    fn see_intruder(&mut self, near: NearestIntruder, avoidable: bool) {
        if avoidable {
            self.invariants.see_intruder(&near);
        }
        let nearest = self.nearest_intruders.entry(near.gives_way).or_insert_with(|| near.clone());
        if near.share < nearest.share {
            *nearest = near;
        }
    }

    /// Every aircraft with a receiver hears who flies by.
    fn hear_intruders(&mut self) {
        let ground_amsl_m = self.scenario.site_file.as_ref().map_or(0.0, |site| site.ground_amsl_m);
        for intruder in &self.intruders {
            let Some(traffic) = intruder.at(self.now_ms, ground_amsl_m, &self.frame) else { continue };
            self.flyers.values_mut().for_each(|flyer| flyer.aircraft.hear_traffic(&traffic));
        }
    }

    /// Sees whether the callers of open incidents stand in the light, and which aircraft have climbed.
    fn look_at_lights(&mut self) {
        let Some(core) = self.server.core() else { return };
        let fleet: Vec<_> = self.flyers.iter().map(|(drone, flyer)| (drone, flyer.aircraft.truth())).collect();
        let (frame, ground) = (&self.frame, &self.environment.ground);
        let seen_from = |caller: &Caller| {
            let over = frame.to_geo(caller.at);
            fleet.iter().map(move |(drone, truth)| (*drone, light::place(truth, frame), over_person(truth, ground, over)))
        };
        for incident in core.incidents().filter(|incident| incident.ended_at_ms.is_none()) {
            let Some(caller) = self.callers.iter().find(|caller| caller.id == incident.caller) else { continue };
            self.lights.entry(caller.id.clone()).or_default().look(caller.at, seen_from(caller), self.now_ms);
        }
        for caller in &self.callers {
            // From the call on, and on after its incident has ended: whoever leaves, or comes too late, keeps away from them as well.
            let Some(watch) = self.lights.get_mut(&caller.id) else { continue };
            watch.look_up(caller.at, seen_from(caller));
        }
        for mission in core.missions().filter(|mission| !mission.ended) {
            let level_m = mission.plan.transit_height_m - LEVEL_WITHIN_M;
            let height_m = |truth: &Truth| truth.height_m - mission.plan.surface_m(truth.position);
            if fleet.iter().any(|(drone, truth)| **drone == mission.drone && height_m(truth) >= level_m) {
                self.flights.note(&mission.drone, &mission.id, Moment::Level, self.now_ms);
            }
        }
    }

    fn people_live(&mut self) {
        let wall_ms = super::server::START_WALL_MS + self.now_ms as i64;
        let mut sent = Vec::new();
        for guard in &mut self.guards {
            sent.extend(guard.live(self.now_ms, PEOPLE_STEP_MS, &self.frame));
        }
        for caller in &mut self.callers {
            sent.extend(caller.live(self.now_ms, PEOPLE_STEP_MS, wall_ms, &self.frame, &mut self.random));
        }
        sent.into_iter().for_each(|one| self.send(one));
        while let Some(entry) = self.operator_to_do.first_entry().filter(|entry| entry.key().0 <= self.now_ms) {
            let event = entry.remove();
            self.operator_says(event);
        }
    }

    /// Something an operator or pilot does at the desk; retried while the server is down.
    pub fn operator_says(&mut self, event: Event) {
        self.send(Sent::Request(super::step::desk_actor(&event), Box::new(event)));
    }

    fn deliver_to_server(&mut self) {
        if !self.terminals.up {
            return;
        }
        while let Some(sent) = self.to_server.receive(self.now_ms) {
            match sent {
                Sent::GuardPosition(guard, point) => self.server.hear_guard(guard, point, self.now_ms),
                Sent::Request(actor, event) if self.server.is_running() => self.request(actor, *event),
                request @ Sent::Request(..) => {
                    // The server is down: the terminal keeps the request and tries again.
                    self.to_server.hold(request, self.now_ms + REQUEST_AGAIN_MS);
                }
            }
        }
    }

    fn request(&mut self, actor: Actor, event: Event) {
        let quiet = matches!(event, Event::CallerMoved { .. } | Event::OfferReceived { .. });
        let about = super::step::short(&event);
        match self.server.request(actor, event.clone(), self.now_ms) {
            Ok(()) => self.acknowledge(&event),
            Err(_) if quiet => {}
            Err(refusal) => self.say(format!("refused {about}: {refusal}")),
        }
    }

    /// A call is acknowledged only here, after its entry is durable.
    fn acknowledge(&mut self, event: &Event) {
        let Event::CallRaised { caller, key, .. } = event else { return };
        let incident = self.server.core().and_then(|core| core.incident_by_key(caller, key)).map(|incident| incident.id.clone());
        self.invariants.acknowledged(caller, key);
        if let Some(incident) = incident {
            self.show(caller.as_str(), Shown::CallKept(incident));
        }
    }

    fn show(&mut self, who: &str, shown: Shown) {
        self.to_people.send_persistently((who.to_owned(), shown), self.now_ms, &self.terminals);
    }

    fn server_lives(&mut self) {
        let datagrams = self.server.live(self.now_ms);
        for (drone, bytes) in datagrams {
            if let Some(flyer) = self.flyers.get_mut(&drone) {
                flyer.up.send_datagram(bytes, self.now_ms, &flyer.quality);
            }
        }
        if self.now_ms.is_multiple_of(REQUEST_AGAIN_MS) {
            self.show_callers_to_guards();
        }
    }

    /// A kill planned for an entry, not for a time: the process is back after [`RESTART_MS`].
    fn restart_after_planned_kill(&mut self) {
        match self.restart_at_ms {
            None if self.server.died_as_planned() => {
                self.say("-- killed right after a persisted entry");
                self.restart_at_ms = Some(self.now_ms + RESTART_MS);
            }
            Some(at_ms) if at_ms <= self.now_ms && !self.server.is_running() => self.start_server(),
            None | Some(_) => {}
        }
    }

    fn show_callers_to_guards(&mut self) {
        let Some(core) = self.server.core() else { return };
        let open = core.incidents().filter(|incident| incident.ended_at_ms.is_none());
        let shown: Vec<(String, Shown)> = open
            .filter_map(|incident| incident.places.first().map(|place| (incident, place.point)))
            .flat_map(|(incident, point)| {
                let theirs = incident.primary.iter().chain(&incident.backup);
                theirs.map(move |guard| (guard.to_string(), Shown::CallerAt(incident.id.clone(), point)))
            })
            .collect();
        shown.into_iter().for_each(|(who, what)| self.show(&who, what));
    }

    fn deliver_to_people(&mut self) {
        if !self.terminals.up {
            return;
        }
        while let Some((who, shown)) = self.to_people.receive(self.now_ms) {
            for guard in self.guards.iter_mut().filter(|guard| guard.id.as_str() == who) {
                guard.see(&shown, self.now_ms, &self.frame);
            }
            if self.callers.iter().any(|caller| caller.id.as_str() == who && caller.is_dead(self.now_ms)) {
                // The phone is off: the session keeps the message and delivers it later.
                self.to_people.hold((who, shown), self.now_ms + REQUEST_AGAIN_MS);
                continue;
            }
            for caller in self.callers.iter_mut().filter(|caller| caller.id.as_str() == who) {
                caller.see(&shown, self.now_ms);
            }
        }
    }

    fn note_made(&mut self) {
        let made = self.server.take_made();
        // The core that is looked at below has taken all of these entries, so all of them are known before it is judged.
        for made in &made {
            if let Made::Entry(entry) = made {
                self.invariants.see_logged(entry, self.now_ms);
            }
        }
        for made in made {
            match made {
                Made::Entry(entry) => self.note_entry(&entry),
                Made::Notice(id, action) => self.note_notice(id, action),
                Made::Command(drone, mission, command) => self.note_command(&drone, &mission, &command),
            }
        }
    }

    fn note_entry(&mut self, entry: &Entry) {
        if let Event::Flight { drone, mission, report } = &entry.event {
            if let FlightEvent::Reached { phase } = report
                && let Some(moment) = Moment::of(*phase)
            {
                self.flights.note(drone, mission, moment, self.now_ms);
            }
            self.say(format!("{drone} {} ({mission})", super::step::words(report)));
        }
        let Some(core) = self.server.core() else { return };
        for mission in core.missions().filter(|mission| !mission.ended) {
            self.flights.note(&mission.drone, &mission.id, Moment::Decided, self.now_ms);
            if mission.phase.is_some() {
                self.flights.note(&mission.drone, &mission.id, Moment::Ordered, self.now_ms);
            }
            self.flights.plan(&mission.plan);
        }
        self.invariants.see_state(&entry.event, core, self.now_ms);
        let changed: Vec<_> = core
            .incidents()
            .filter(|incident| self.states.get(&incident.id) != Some(&incident.state))
            .map(|incident| (incident.id.clone(), incident.caller.clone(), incident.state))
            .collect();
        for (incident, caller, state) in changed {
            self.states.insert(incident, state);
            self.say(format!("incident of {caller}: {}", super::step::words(&state)));
        }
    }

    fn note_notice(&mut self, id: EffectId, action: Action) {
        if !self.seen_notices.insert(id) {
            return; // given again after a restart; workers act once
        }
        match action {
            Action::SendOffer { offer } => {
                self.say(format!(
                    "offer to {} eta {:.0} s{}",
                    offer.guard,
                    offer.eta_s,
                    if offer.backup { " as backup" } else { "" }
                ));
                self.show(&offer.guard.to_string(), Shown::Offer(offer));
            }
            Action::NotifyGuard { guard, incident, notice } => {
                self.say(format!("tell {guard}: {}", super::step::words(&notice)));
                self.show(guard.as_str(), Shown::GuardNotice(incident, notice));
            }
            Action::NotifyCaller { caller, incident, notice } => {
                self.say(format!("tell {caller}: {}", super::step::words(&notice)));
                self.show(caller.as_str(), Shown::CallerNotice(incident, notice));
            }
            Action::NotifyContact { caller, .. } => self.say(format!("message to the contact of {caller}")),
            Action::AlertOperators { alert, .. } => self.say(format!("alert {}", super::step::words(&alert))),
            Action::AskApproval { mission, drone, .. } => self.ask_operator(mission, &drone),
            Action::FindGuards { .. }
            | Action::CheckGuard { .. }
            | Action::FindDrones { .. }
            | Action::Command { .. }
            | Action::Parking { .. } => {}
        }
    }

    fn ask_operator(&mut self, mission: MissionId, drone: &DroneId) {
        self.say(format!("approval asked for {drone}"));
        let Some(operator) = &self.scenario.operator else { return };
        let at_ms = self.now_ms + (operator.after_s * 1_000.0) as u64;
        let event = match operator.launches {
            LaunchAnswer::Approve => Event::LaunchApproved { mission },
            LaunchAnswer::Deny => Event::LaunchDenied { mission, reason: Some("too windy for my taste".to_owned()) },
            LaunchAnswer::Silent => return,
        };
        let order = self.operator_to_do.len() as u64;
        self.operator_to_do.insert((at_ms, order), event);
    }

    fn note_command(&mut self, drone: &DroneId, mission: &MissionId, command: &FlightCommand) {
        let word = match command {
            FlightCommand::Fly { plan, reached } => {
                format!("fly {} corners out, reached {}", plan.outbound.len(), super::step::words(reached))
            }
            FlightCommand::Escort { post, .. } => match post.filter(|post| self.posts.get(drone) != Some(post)) {
                Some(post) => {
                    self.posts.insert(drone.clone(), post);
                    format!("keep {:.0} m up, {:.0} m beside", post.height_m, post.stand_off_m)
                }
                None => return,
            },
            FlightCommand::Light { on, brightness_pct } => format!("light {} {brightness_pct} %", if *on { "on" } else { "off" }),
            FlightCommand::Recall { rally: Some(rally), .. } => format!("recall to {rally}"),
            FlightCommand::Recall { rally: None, .. } => "recall".to_owned(),
            FlightCommand::GiveWay { height_m } => format!("give way at {height_m:.0} m"),
            FlightCommand::Hold => "hold".to_owned(),
            FlightCommand::Continue => "continue".to_owned(),
            FlightCommand::Land => "land".to_owned(),
            FlightCommand::YieldControl => "yield control".to_owned(),
            FlightCommand::ResumeControl => "resume control".to_owned(),
        };
        self.say(format!("order {drone} {word} ({mission})"));
    }

    /// Nothing is open, nothing flies.
    fn at_rest(&self) -> bool {
        let quiet = |core: &dispatch_core::Core| {
            core.incidents().all(|incident| incident.ended_at_ms.is_some())
                && core.missions().all(|mission| mission.ended)
                && core.surveys().all(|survey| !survey.is_open())
        };
        self.server.core().is_some_and(quiet) && self.flyers.values().all(|flyer| !flyer.aircraft.truth().armed)
    }

    fn report(mut self, seed: u64) -> Report {
        let core = self.server.replayed();
        self.invariants.end(&core, self.server.core(), &self.flyers, self.now_ms);
        let mut verdicts: Vec<Verdict> = self.scenario.expect.iter().map(|expectation| judge(expectation, &self.lines)).collect();
        verdicts.extend(self.scenario.shown.iter().map(|shown| judge_shown(shown, &core)));
        let called_ms = |caller: &Caller| caller.called_ms.unwrap_or_default();
        let light = |caller: &Caller| {
            self.lights.get(&caller.id)?.result(caller.id.as_str(), called_ms(caller), &self.flights, &self.frame)
        };
        let lights: Vec<LightOn> = self.callers.iter().filter_map(light).collect();
        verdicts.extend(self.scenario.light.iter().flat_map(|promise| light::judge(promise, &lights)));
        verdicts.extend(self.invariants.verdicts());
        Report {
            name: self.scenario.name.clone(),
            seed,
            timeline: self.lines,
            verdicts,
            lights,
            nearest_intruders: self.nearest_intruders.into_values().collect(),
            flown: self.flown.done,
            ran_s: self.now_ms as f64 / 1_000.0,
            entries: core.last_seq(),
            state_hash: core.state_hash(),
            log: self.server.log_text(),
        }
    }
}

impl Flyer {
    /// What an onlooker would see change.
    fn changes(&mut self) -> Vec<&'static str> {
        let truth = self.aircraft.truth();
        let mut changes = Vec::new();
        let mut note = |was: &mut bool, is: bool, up: &'static str, down: &'static str| {
            if *was != is {
                changes.push(if is { up } else { down });
                *was = is;
            }
        };
        note(&mut self.was_armed, truth.armed, "seen armed", "seen disarmed");
        note(&mut self.was_landed, truth.on_ground, "seen on the ground", "seen off the ground");
        note(&mut self.was_lit, truth.light > 0.0, "seen lit", "seen dark");
        changes
    }
}

/// The aircraft with its height counted from the ground under somebody, who may stand higher or lower than its pad.
fn over_person(truth: &Truth, ground: &Ground, person: GeoPoint) -> Truth {
    match ground {
        Ground::Level => *truth,
        Ground::Terrain(ground_amsl_m) => Truth { height_m: truth.altitude_amsl_m - ground_amsl_m(person), ..*truth },
    }
}

fn link_configs(site: &SiteFile, config: &SiteConfig, grid: Option<&ElevationGrid>) -> anyhow::Result<Vec<LinkConfig>> {
    let light = |drone: &DroneFile| match drone.illuminator {
        true => LightDriver::Auto,
        false => LightDriver::Actuator { index: 1 },
    };
    let link = |drone: &DroneFile| {
        let rally_points = config.rally_points_from(site.ground_at_amsl_m(grid, site.point(drone.at)));
        Ok(LinkConfig { light: light(drone), rally_points, ..LinkConfig::new(DroneId::new(&drone.id)?, drone.system_id) })
    };
    site.drones().map(link).collect()
}

fn flyer(site: &SiteFile, grid: Option<&ElevationGrid>, drone: &super::site::DroneFile, scenario: &Scenario, seed: u64) -> Flyer {
    let pad = site.point(drone.at);
    let config = AircraftConfig {
        has_illuminator: drone.illuminator,
        charger_pct_min: drone.charger_pct_min,
        // A radio has no room for more; the link asks for what it needs.
        streams: crate::StreamProfile::Radio,
        seed: seed.wrapping_mul(257).wrapping_add(u64::from(drone.system_id)),
        ..AircraftConfig::new(drone.system_id, pad, site.ground_at_amsl_m(grid, pad))
    };
    Flyer {
        aircraft: Aircraft::new(config),
        quality: scenario.link,
        system_id: drone.system_id,
        crafted: None,
        up: Wire::new(seed, &format!("{} up", drone.id)),
        down: Wire::new(seed, &format!("{} down", drone.id)),
        was_armed: false,
        was_landed: true,
        was_lit: false,
    }
}
