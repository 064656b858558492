//! The loop's pure half: one entry in, effects out.

use flight_types::{CallerId, DistrictId, DroneId, GuardId, IncidentId, MissionId, OfferId};
use sha2::{Digest, Sha256};

use crate::config::SiteConfig;
use crate::effect::Effect;
use crate::event::{Actor, Entry, Event};
use crate::model::{Controller, GuardRecord, Incident, Mission, Offer};
use crate::refusal::Refusal;
use crate::state::State;
use crate::turn::Turn;
use crate::{closeout, guard, mission, sos};

/// A district's decisions: everything its log adds up to.
#[derive(Debug, Clone)]
pub struct Core {
    district: DistrictId,
    state: State,
}

impl Core {
    /// A district before its first entry.
    pub fn new(district: DistrictId) -> Self {
        Self { district, state: State::default() }
    }

    /// Takes an entry that is already durable, and returns what must be done now.
    ///
    /// Deadlines that have passed by the entry's time fire first, oldest first. An entry that makes no sense any more (a late
    /// answer, a repeated request) changes nothing.
    pub fn step(&mut self, entry: &Entry) -> Vec<Effect> {
        debug_assert_eq!(entry.district, self.district, "an entry of another district's log");
        let state = &mut self.state;
        state.last_seq = entry.seq;
        state.now_ms = state.now_ms.max(entry.at_ms);
        let mut turn = Turn::new(entry.seq, state.now_ms, entry.actor.clone());
        while let Some(timer) = state.timers.pop_due(state.now_ms) {
            fire(state, &mut turn, timer);
        }
        apply(state, &mut turn, &entry.event);
        let effects = turn.into_effects();
        for effect in &effects {
            state.outstanding.insert(effect.id, effect.action.clone());
        }
        effects
    }

    /// Whether the request would be taken now; a shell asks before it appends, so that the asker gets a reason.
    pub fn admit(&self, actor: &Actor, event: &Event) -> Result<(), Refusal> {
        crate::refusal::admit(&self.state, actor, event)
    }

    /// When the core wants to be woken by `TimePassed`, milliseconds since 1970-01-01 UTC.
    pub fn next_deadline_ms(&self) -> Option<i64> {
        self.state.timers.next_ms()
    }

    /// Effects without completion, oldest first, as they must be given again after a restart (a `Fly` order with the phase
    /// reached since).
    pub fn outstanding(&self) -> Vec<Effect> {
        self.state.reissued()
    }

    /// SHA-256 over the whole state, as hexadecimal; equal logs give equal hashes.
    pub fn state_hash(&self) -> String {
        let bytes = serde_json::to_vec(&self.state).expect("the state is plain data");
        hex::encode(Sha256::digest(&bytes))
    }

    /// The sequence number of the last entry taken, 0 before the first.
    pub fn last_seq(&self) -> u64 {
        self.state.last_seq
    }

    /// The core's time: that of the latest entry, never running backwards.
    pub fn now_ms(&self) -> i64 {
        self.state.now_ms
    }

    /// The site as configured.
    pub fn site(&self) -> Option<&SiteConfig> {
        self.state.site.as_ref()
    }

    /// Every incident, oldest first.
    pub fn incidents(&self) -> impl Iterator<Item = &Incident> {
        self.state.incidents.values()
    }

    /// One incident.
    pub fn incident(&self, id: &IncidentId) -> Option<&Incident> {
        self.state.incidents.get(id)
    }

    /// The incident that a caller's press with this key made.
    pub fn incident_by_key(&self, caller: &CallerId, key: &str) -> Option<&Incident> {
        let id = self.state.calls_by_key.get(caller)?.get(key)?;
        self.state.incidents.get(id)
    }

    /// One offer.
    pub fn offer(&self, id: &OfferId) -> Option<&Offer> {
        self.state.offers.get(id)
    }

    /// Every flight, oldest first.
    pub fn missions(&self) -> impl Iterator<Item = &Mission> {
        self.state.missions.values()
    }

    /// One flight.
    pub fn mission(&self, id: &MissionId) -> Option<&Mission> {
        self.state.missions.get(id)
    }

    /// The flight an aircraft is on, if any.
    pub fn mission_of(&self, drone: &DroneId) -> Option<&Mission> {
        self.state.missions.values().find(|mission| !mission.ended && &mission.drone == drone)
    }

    /// What is known of a guard.
    pub fn guard(&self, id: &GuardId) -> Option<&GuardRecord> {
        self.state.guards.get(id)
    }

    /// Who moves an aircraft.
    pub fn controller(&self, drone: &DroneId) -> Controller {
        self.state.controllers.get(drone).cloned().unwrap_or(Controller::Orchestrator)
    }
}

fn fire(state: &mut State, turn: &mut Turn, timer: crate::timer::Timer) {
    let _ = (state, turn, timer);
}

fn apply(state: &mut State, turn: &mut Turn, event: &Event) {
    let _ = (state, turn, event);
    let _ = (sos::HERE, guard::HERE, mission::HERE, closeout::HERE);
}
