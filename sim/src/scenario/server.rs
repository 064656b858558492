//! The server in virtual time: the real core, the real links, a log that survives a kill, and workers that do not.

use std::collections::{BTreeMap, BTreeSet};

use dispatch_core::config::SiteConfig;
use dispatch_core::effect::{Action, Effect, EffectId, GuardSearch};
use dispatch_core::event::{Actor, Entry, EtaSource, Event, GuardCandidate, GuardsNear, Outcome};
use dispatch_core::{Core, Refusal};
use drone_link_proto::{Link, LinkConfig};
use flight_types::{DistrictId, DroneId, DroneStatus, FlightCommand, GeoPoint, GuardId, MissionId};
use rand::RngExt;
use rand_pcg::Pcg64;

use super::network::dice;

/// Wall time at the start of every run: 2026-01-01 22:00 UTC. A constant, so that the same seed gives the same log.
pub(crate) const START_WALL_MS: i64 = 1_767_304_800_000;
/// Speed that a ruler ETA assumes, metres per second: 30 km/h door to door.
const RULER_SPEED_M_S: f64 = 30.0 / 3.6;
/// Roads are longer than the ruler by about this factor in towns.
const RULER_DETOUR: f64 = 1.3;
/// How long a worker takes for an effect, at most, milliseconds.
const WORKER_MS_MAX: u64 = 4;

/// Where a guard's terminal was heard last.
#[derive(Debug, Clone)]
struct GuardHeard {
    point: GeoPoint,
    at_ms: u64,
}

/// What dies with the process.
struct Running {
    core: Core,
    links: BTreeMap<DroneId, Link>,
    working: BTreeMap<(u64, EffectId), Effect>,
    guards: BTreeMap<GuardId, GuardHeard>,
    /// Aircraft that could leave their pad when last heard.
    ready: BTreeSet<DroneId>,
    started_at_ms: u64,
}

/// What a turn of the server makes happen outside.
#[derive(Debug)]
pub(crate) enum Made {
    /// An entry was taken: for the timeline and the invariants.
    Entry(Box<Entry>),
    /// A notice, alert or question for people.
    Notice(EffectId, Action),
    /// An order to an aircraft's link.
    Command(DroneId, MissionId, FlightCommand),
}

/// The server: a durable log, and a process that may be dead.
pub(crate) struct Server {
    district: DistrictId,
    site: SiteConfig,
    link_configs: Vec<LinkConfig>,
    log: Vec<String>,
    last_at_ms: i64,
    running: Option<Running>,
    wall_base_ms: i64,
    wall_anchor_ms: u64,
    /// The machine's wall clock relative to true time, milliseconds.
    pub clock_error_ms: i64,
    /// The process dies right after this entry is durable.
    pub kill_after_entry: Option<u64>,
    made: Vec<Made>,
    random: Pcg64,
}

impl Server {
    pub fn new(site: SiteConfig, link_configs: Vec<LinkConfig>, kill_after_entry: Option<u64>, seed: u64) -> anyhow::Result<Self> {
        Ok(Self {
            district: DistrictId::new("scenario")?,
            site,
            link_configs,
            log: Vec::new(),
            last_at_ms: 0,
            running: None,
            wall_base_ms: START_WALL_MS,
            wall_anchor_ms: 0,
            clock_error_ms: 0,
            kill_after_entry,
            made: Vec::new(),
            random: dice(seed, "server"),
        })
    }

    /// Starts the process: replays the log, configures, gives outstanding effects again. The clock of a process is anchored
    /// once and runs on from the last entry, as the engine's does.
    pub fn start(&mut self, now_ms: u64) {
        self.wall_anchor_ms = now_ms;
        self.wall_base_ms = (START_WALL_MS + now_ms as i64 + self.clock_error_ms).max(self.last_at_ms);
        let core = self.replayed();
        let links = self.link_configs.iter().map(|config| (config.drone.clone(), Link::new(config.clone(), now_ms))).collect();
        let again = core.outstanding();
        let (working, guards, ready) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        self.running = Some(Running { core, links, working, guards, ready, started_at_ms: now_ms });
        let configured =
            Event::Configured { code_version: env!("CARGO_PKG_VERSION").to_owned(), site: Box::new(self.site.clone()) };
        self.append(Actor::System, configured, now_ms);
        self.work_on(again, now_ms);
    }

    /// The state that the log adds up to, rebuilt from its text.
    pub fn replayed(&self) -> Core {
        let mut core = Core::new(self.district.clone());
        for line in &self.log {
            let entry: Entry = serde_json::from_str(line).expect("the log holds what was written");
            core.step(&entry);
        }
        core
    }

    /// kill -9: everything but the log is gone.
    pub fn kill(&mut self) {
        self.running = None;
    }

    /// Whether the process died at the entry it was meant to die at.
    pub fn died_as_planned(&self) -> bool {
        self.running.is_none() && self.kill_after_entry.is_some_and(|seq| seq <= self.log.len() as u64)
    }

    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    pub fn core(&self) -> Option<&Core> {
        self.running.as_ref().map(|running| &running.core)
    }

    /// The server's wall clock, milliseconds since 1970.
    pub fn wall_ms(&self, now_ms: u64) -> i64 {
        self.wall_base_ms + now_ms.saturating_sub(self.wall_anchor_ms) as i64
    }

    /// Takes a request as an HTTP or MQTT shell does: ask, append, step.
    pub fn request(&mut self, actor: Actor, event: Event, now_ms: u64) -> Result<(), Refusal> {
        let Some(running) = &self.running else { return Ok(()) };
        running.core.admit(&actor, &event)?;
        self.append(actor, event, now_ms);
        Ok(())
    }

    pub fn hear_guard(&mut self, guard: GuardId, point: GeoPoint, now_ms: u64) {
        if let Some(running) = &mut self.running {
            running.guards.insert(guard, GuardHeard { point, at_ms: now_ms });
        }
    }

    pub fn hear_aircraft(&mut self, drone: &DroneId, datagram: &[u8], now_ms: u64) {
        if let Some(link) = self.running.as_mut().and_then(|running| running.links.get_mut(drone)) {
            link.handle_datagram(datagram, now_ms);
        }
    }

    /// One turn: timers, links, workers. Returns the datagrams to send.
    pub fn live(&mut self, now_ms: u64) -> Vec<(DroneId, Vec<u8>)> {
        if self.running.is_none() {
            return Vec::new();
        }
        let wall_ms = self.wall_ms(now_ms);
        if self.core().and_then(Core::next_deadline_ms).is_some_and(|due_ms| due_ms <= wall_ms) {
            self.append(Actor::System, Event::TimePassed, now_ms);
        }
        self.carry_out(now_ms);
        self.drain_links(now_ms)
    }

    pub fn take_made(&mut self) -> Vec<Made> {
        std::mem::take(&mut self.made)
    }

    pub fn log_text(&self) -> String {
        self.log.join("\n")
    }

    fn append(&mut self, actor: Actor, event: Event, now_ms: u64) {
        let at_ms = self.wall_ms(now_ms).max(self.last_at_ms);
        let entry = Entry { seq: self.log.len() as u64 + 1, at_ms, district: self.district.clone(), actor, event };
        self.log.push(serde_json::to_string(&entry).expect("an entry is plain data"));
        self.last_at_ms = at_ms;
        self.made.push(Made::Entry(Box::new(entry.clone())));
        if self.kill_after_entry == Some(entry.seq) {
            self.kill();
        }
        let Some(running) = &mut self.running else { return };
        let effects = running.core.step(&entry);
        self.work_on(effects, now_ms);
    }

    fn work_on(&mut self, effects: Vec<Effect>, now_ms: u64) {
        let Some(running) = &mut self.running else { return };
        for effect in effects {
            let delay_ms = self.random.random_range(0..=WORKER_MS_MAX);
            // Orders to aircraft keep their order, as the server's worker keeps it: a recall must not overtake its flight.
            let ordered = matches!(effect.action, Action::Command { .. });
            let due = now_ms + if ordered { 0 } else { delay_ms };
            running.working.insert((due, effect.id), effect);
        }
    }

    fn carry_out(&mut self, now_ms: u64) {
        while let Some(effect) = self.next_due(now_ms) {
            let event = self.answer(effect, now_ms);
            self.append(Actor::System, event, now_ms);
        }
    }

    fn next_due(&mut self, now_ms: u64) -> Option<Effect> {
        let first = self.running.as_mut()?.working.first_entry()?;
        (first.key().0 <= now_ms).then(|| first.remove())
    }

    fn answer(&mut self, effect: Effect, now_ms: u64) -> Event {
        let done = Event::EffectDone { effect: effect.id, outcome: Outcome::Done };
        match effect.action {
            Action::FindGuards { searches } => {
                Event::GuardsFound { effect: effect.id, found: searches.iter().map(|s| self.near(s, now_ms)).collect() }
            }
            Action::CheckGuard { guard, .. } => {
                // A server that has just started cannot have missed anybody for longer than it has been listening.
                let since_ms = |running: &Running| running.guards.get(&guard).map_or(running.started_at_ms, |heard| heard.at_ms);
                let silence_ms = self.running.as_ref().map(|running| (now_ms - since_ms(running)) as i64);
                Event::GuardSeen { effect: effect.id, guard, silence_ms }
            }
            Action::FindDrones { .. } => {
                let links = self.running.iter().flat_map(|running| running.links.values());
                Event::DronesFound { effect: effect.id, drones: links.map(|link| link.status(now_ms)).collect() }
            }
            Action::Command { drone, mission, command } => {
                if let Some(link) = self.running.as_mut().and_then(|running| running.links.get_mut(&drone)) {
                    link.command(&mission, command.clone(), now_ms);
                }
                self.made.push(Made::Command(drone, mission, command));
                done
            }
            // No scenario parks a car yet.
            Action::Parking { .. } => done,
            action @ (Action::SendOffer { .. }
            | Action::NotifyGuard { .. }
            | Action::NotifyCaller { .. }
            | Action::NotifyContact { .. }
            | Action::AlertOperators { .. }
            | Action::AskApproval { .. }) => {
                self.made.push(Made::Notice(effect.id, action));
                done
            }
        }
    }

    fn near(&self, search: &GuardSearch, now_ms: u64) -> GuardsNear {
        let Some(running) = &self.running else { return GuardsNear { incident: search.incident.clone(), candidates: Vec::new() } };
        let fresh_ms = self.site.policy.position_fresh_ms;
        let candidates = running.core.nearest_askable(search, |may_ask| {
            let mut candidates: Vec<GuardCandidate> = running
                .guards
                .iter()
                .filter(|(guard, _)| may_ask(guard) && running.core.guard(guard).is_some_and(|record| record.on_duty))
                .filter_map(|(guard, heard)| candidate(guard, heard, search, now_ms))
                .filter(|candidate| candidate.position_age_ms <= fresh_ms)
                .collect();
            candidates.sort_by(|a, b| a.eta_s.total_cmp(&b.eta_s).then_with(|| a.guard.cmp(&b.guard)));
            candidates.truncate(search.count_max);
            candidates
        });
        GuardsNear { incident: search.incident.clone(), candidates }
    }

    fn drain_links(&mut self, now_ms: u64) -> Vec<(DroneId, Vec<u8>)> {
        let mut datagrams = Vec::new();
        let mut reports = Vec::new();
        let mut heard = Vec::new();
        if let Some(running) = &mut self.running {
            tell_neighbours(&mut running.links);
        }
        for (drone, link) in self.running.iter_mut().flat_map(|running| running.links.iter_mut()) {
            if link.next_timeout_ms().is_some_and(|due_ms| due_ms <= now_ms) {
                link.handle_timeout(now_ms);
            }
            while let Some(output) = link.poll_output() {
                match output {
                    drone_link_proto::Output::Transmit(bytes) => datagrams.push((drone.clone(), bytes)),
                    drone_link_proto::Output::Report { mission, report } => reports.push((drone.clone(), mission, report)),
                    drone_link_proto::Output::StatusChanged => heard.push(link.status(now_ms)),
                    drone_link_proto::Output::StreamsAnnounced(_) => {}
                }
            }
        }
        for status in heard {
            self.tell_if_short(&status, now_ms);
            self.tell_if_ready(status, now_ms);
        }
        for (drone, mission, report) in reports {
            self.append(Actor::Drone { id: drone.clone() }, Event::Flight { drone, mission, report }, now_ms);
        }
        datagrams
    }
}

/// As the hub does.
fn tell_neighbours(links: &mut BTreeMap<DroneId, Link>) {
    let flying: Vec<_> = links.iter().filter_map(|(drone, link)| Some((drone.clone(), link.neighbour()?))).collect();
    let taken: Vec<_> = links.iter().filter_map(|(drone, link)| Some((drone.clone(), link.takes()?))).collect();
    for (drone, link) in links {
        let flying = flying.iter().filter(|(other, _)| other != drone).map(|(_, neighbour)| *neighbour).collect();
        link.take_neighbours(flying, taken.iter().filter(|(other, _)| other != drone).map(|(_, place)| *place).collect());
    }
}

impl Server {
    /// As the server's shell does: who could not leave its pad a moment ago and can now is told of while a caller waits.
    fn tell_if_ready(&mut self, status: DroneStatus, now_ms: u64) {
        let Some(running) = &mut self.running else { return };
        let drone = status.drone.clone();
        if !running.core.is_ready(&status) {
            running.ready.remove(&drone);
        } else if running.ready.insert(drone.clone()) && running.core.lacks_aircraft() {
            self.append(Actor::Drone { id: drone.clone() }, Event::AircraftReady { drone }, now_ms);
        }
    }

    /// Likewise: whose charge does not last until its relief.
    fn tell_if_short(&mut self, status: &DroneStatus, now_ms: u64) {
        let short = self.running.as_ref().and_then(|running| running.core.charge_short(status, self.wall_ms(now_ms)));
        if let Some(short) = short {
            self.append(Actor::Drone { id: status.drone.clone() }, short, now_ms);
        }
    }
}

fn candidate(guard: &GuardId, heard: &GuardHeard, search: &GuardSearch, now_ms: u64) -> Option<GuardCandidate> {
    let distances = search.places.iter().map(|place| heard.point.distance_m(place));
    let distance_m = distances.min_by(f64::total_cmp).filter(|distance_m| *distance_m <= search.within_m)?;
    Some(GuardCandidate {
        guard: guard.clone(),
        position: heard.point,
        position_age_ms: (now_ms - heard.at_ms) as i64,
        distance_m,
        eta_s: distance_m * RULER_DETOUR / RULER_SPEED_M_S,
        eta_by: EtaSource::Ruler,
    })
}
