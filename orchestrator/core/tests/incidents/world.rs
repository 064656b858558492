//! The world round a core under test: a clock, an index of guards that answers at once, terminals that always listen.

use std::collections::{BTreeMap, VecDeque};

use dispatch_core::Core;
use dispatch_core::config::{Policy, SiteConfig};
use dispatch_core::effect::{Action, Effect, EffectId, GuardSearch};
use dispatch_core::event::{Actor, Entry, EtaSource, Event, GuardCandidate, GuardsNear, Outcome};
use flight_types::{DistrictId, GeoPoint, GuardId, IncidentId, Local, LocalFrame, OfferId, Ring};

use crate::invariants;

/// When every script begins, milliseconds since 1970-01-01 UTC (2026-01-01).
pub const BEGIN_MS: i64 = 1_767_225_600_000;

/// Entries that may come of one; a storm of a few calls makes some dozens.
const ANSWERS_MAX: usize = 1_000;

/// The middle of the made-up town.
pub fn town() -> GeoPoint {
    GeoPoint::new(37.5, 127.0).expect("a place")
}

/// A place in the town, metres east and north of its middle.
pub fn at(east_m: f64, north_m: f64) -> GeoPoint {
    LocalFrame::new(town()).to_geo(Local { east_m, north_m })
}

/// The town as a configured site, without stations: flights have tests of their own.
pub fn site() -> SiteConfig {
    let corners = vec![at(-5_000.0, -5_000.0), at(5_000.0, -5_000.0), at(5_000.0, 5_000.0), at(-5_000.0, 5_000.0)];
    SiteConfig {
        name: "Town".to_owned(),
        stations: Vec::new(),
        no_fly_zones: Vec::new(),
        obstacles: Vec::new(),
        rally_points: Vec::new(),
        fence: Ring::new(corners).expect("four corners"),
        fence_height_max_m: 120.0,
        relief: None,
        policy: Policy::default(),
    }
}

/// A guard as the index knows them.
#[derive(Debug, Clone)]
pub struct Terminal {
    pub eta_s: f64,
    /// Times to particular callers that differ from `eta_s`.
    pub eta_to: BTreeMap<String, f64>,
    pub distance_m: f64,
    pub silent_since_ms: Option<i64>,
    /// Nothing can be delivered to it.
    pub unreachable: bool,
    /// It is heard, but does not know where it is: the index has no place for it.
    pub without_fix: bool,
}

/// A core with its log and everything that answers it.
pub struct World {
    pub core: Core,
    pub log: Vec<Entry>,
    pub clock_ms: i64,
    pub terminals: BTreeMap<GuardId, Terminal>,
    /// The index does not answer for now.
    pub index_held: bool,
    held: Vec<(EffectId, Vec<GuardSearch>)>,
    /// Effects in the order in which they came, with the time since the beginning.
    pub seen: Vec<(i64, Effect)>,
}

impl World {
    pub fn new() -> Self {
        Self {
            core: Core::new(DistrictId::new("town").expect("an id")),
            log: Vec::new(),
            clock_ms: BEGIN_MS,
            terminals: BTreeMap::new(),
            index_held: false,
            held: Vec::new(),
            seen: Vec::new(),
        }
    }

    /// Appends an event, and then the answers of the world to whatever comes of it, until nothing more comes.
    pub fn put(&mut self, actor: Actor, event: Event) {
        let mut waiting = VecDeque::from([(actor, event)]);
        let before = self.log.len();
        while let Some((actor, event)) = waiting.pop_front() {
            assert!(self.log.len() - before < ANSWERS_MAX, "core and world answer each other without end");
            for effect in self.append(actor, event) {
                waiting.extend(self.answer(&effect).map(|event| (Actor::System, event)));
                self.seen.push((self.clock_ms - BEGIN_MS, effect));
            }
        }
    }

    fn append(&mut self, actor: Actor, event: Event) -> Vec<Effect> {
        let seq = self.log.len() as u64 + 1;
        let entry = Entry { seq, at_ms: self.clock_ms, district: DistrictId::new("town").expect("an id"), actor, event };
        let effects = self.core.step(&entry);
        self.log.push(entry);
        invariants::check(&self.core);
        effects
    }

    fn answer(&mut self, effect: &Effect) -> Option<Event> {
        match &effect.action {
            Action::FindGuards { searches } if self.index_held => {
                self.held.push((effect.id, searches.clone()));
                None
            }
            Action::FindGuards { searches } => Some(self.found(effect.id, searches)),
            Action::CheckGuard { guard, .. } => {
                let silent_since = self.terminals.get(guard).and_then(|terminal| terminal.silent_since_ms);
                let silence_ms = Some(silent_since.map_or(0, |since| self.clock_ms - since));
                Some(Event::GuardSeen { effect: effect.id, guard: guard.clone(), silence_ms })
            }
            // No aircraft here: flights have tests of their own.
            Action::FindDrones { .. } | Action::AskApproval { .. } | Action::Command { .. } => None,
            Action::SendOffer { offer } if self.terminals.get(&offer.guard).is_some_and(|terminal| terminal.unreachable) => {
                Some(Event::EffectDone { effect: effect.id, outcome: Outcome::Failed { reason: "no such terminal".to_owned() } })
            }
            Action::SendOffer { .. }
            | Action::NotifyGuard { .. }
            | Action::NotifyCaller { .. }
            | Action::NotifyContact { .. }
            | Action::Parking { .. }
            | Action::AlertOperators { .. } => Some(Event::EffectDone { effect: effect.id, outcome: Outcome::Done }),
        }
    }

    fn found(&self, effect: EffectId, searches: &[GuardSearch]) -> Event {
        let near = |search: &GuardSearch| GuardsNear { incident: search.incident.clone(), candidates: self.candidates(search) };
        Event::GuardsFound { effect, found: searches.iter().map(near).collect() }
    }

    fn candidates(&self, search: &GuardSearch) -> Vec<GuardCandidate> {
        let caller = self.core.incident(&search.incident).map(|incident| incident.caller.to_string()).unwrap_or_default();
        self.core.nearest_askable(search, |may_ask| self.nearest(search, &caller, may_ask))
    }

    fn nearest(&self, search: &GuardSearch, caller: &str, may_ask: &dyn Fn(&GuardId) -> bool) -> Vec<GuardCandidate> {
        let fits = |(guard, terminal): &(&GuardId, &Terminal)| {
            let findable = terminal.silent_since_ms.is_none() && !terminal.without_fix;
            terminal.distance_m <= search.within_m && may_ask(guard) && findable
        };
        let candidate = |(guard, terminal): (&GuardId, &Terminal)| GuardCandidate {
            guard: guard.clone(),
            position: search.places[0].moved(90.0, terminal.distance_m),
            position_age_ms: 1_000,
            distance_m: terminal.distance_m,
            eta_s: terminal.eta_to.get(caller).copied().unwrap_or(terminal.eta_s),
            eta_by: EtaSource::Road,
        };
        let mut candidates: Vec<GuardCandidate> = self.terminals.iter().filter(fits).map(candidate).collect();
        candidates.sort_by(|a, b| a.eta_s.total_cmp(&b.eta_s));
        candidates.truncate(search.count_max);
        candidates
    }

    /// The index answers again, first what it held back.
    pub fn release_index(&mut self) {
        self.index_held = false;
        for (effect, searches) in std::mem::take(&mut self.held) {
            let found = self.found(effect, &searches);
            self.put(Actor::System, found);
        }
    }

    /// Lets time pass, waking the core at each of its deadlines.
    pub fn wait(&mut self, duration_ms: i64) {
        let until_ms = self.clock_ms + duration_ms;
        while let Some(due_ms) = self.core.next_deadline_ms().filter(|due_ms| *due_ms <= until_ms) {
            self.clock_ms = self.clock_ms.max(due_ms);
            self.put(Actor::System, Event::TimePassed);
        }
        self.clock_ms = until_ms;
    }

    /// The caller's newest incident.
    pub fn incident_of(&self, caller: &str) -> IncidentId {
        let theirs = self.core.incidents().filter(|incident| incident.caller.as_str() == caller);
        theirs.last().map(|incident| incident.id.clone()).expect("a script that called before")
    }

    /// The caller's oldest incident.
    pub fn first_incident_of(&self, caller: &str) -> IncidentId {
        let mut theirs = self.core.incidents().filter(|incident| incident.caller.as_str() == caller);
        theirs.next().map(|incident| incident.id.clone()).expect("a script that called before")
    }

    /// The guard's newest offer.
    pub fn offer_of(&self, guard: &str) -> OfferId {
        let of_guard = |effect: &Effect| match &effect.action {
            Action::SendOffer { offer } if offer.guard.as_str() == guard => Some(offer.offer.clone()),
            _ => None,
        };
        self.seen.iter().rev().find_map(|(_, effect)| of_guard(effect)).expect("a script in which this guard was asked")
    }

    /// The incident that the guard's newest offer was for.
    pub fn incident_of_guard(&self, guard: &str) -> IncidentId {
        self.core.offer(&self.offer_of(guard)).map(|offer| offer.incident.clone()).expect("an offer that is still kept")
    }
}
