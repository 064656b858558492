//! What the server publishes: offers, notices, aircraft, incidents.

use std::collections::BTreeMap;

use dispatch_core::Core;
use dispatch_core::effect::{Action, OfferNotice};
use dispatch_core::model::OfferState;
use flight_types::{DroneId, GuardId, IncidentId, OfferId};
use serde_json::{Value, json};

use super::topics::Topics;
use crate::effects::Notice;
use crate::engine::Stepped;
use crate::limits;
use crate::live::DroneLive;

/// One message to publish, always with QoS 1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Publication {
    pub topic: String,
    pub payload: Value,
    /// Kept by the broker for whoever subscribes later.
    pub retain: bool,
}

/// Turns what happens into messages, remembering what is standing.
#[derive(Debug)]
pub(super) struct Outbound {
    topics: Topics,
    offers: BTreeMap<OfferId, OfferNotice>,
    drones_at_ms: BTreeMap<DroneId, i64>,
}

impl Outbound {
    pub fn new(topics: Topics) -> Self {
        Self { topics, offers: BTreeMap::new(), drones_at_ms: BTreeMap::new() }
    }

    /// What a new notice makes visible.
    pub fn notice(&mut self, notice: &Notice, core: &Core) -> Vec<Publication> {
        let id = notice.effect.to_string();
        match &notice.action {
            Action::SendOffer { offer } => {
                self.offers.insert(offer.offer.clone(), offer.clone());
                vec![self.offers_of(&offer.guard)]
            }
            Action::NotifyGuard { guard, incident, notice } => {
                let payload = json!({ "id": id, "incident": incident, "notice": notice });
                vec![self.event(("guards", guard.as_str(), "notices"), payload)]
            }
            Action::NotifyCaller { caller, incident, notice } => {
                let payload = json!({ "id": id, "incident": incident, "state": shown_state(core, incident), "notice": notice });
                vec![Publication { retain: true, ..self.event(("callers", caller.as_str(), "status"), payload) }]
            }
            Action::AskApproval { mission, incident, station, drone, decide_by_ms, .. } => {
                let payload = json!({
                    "id": id, "ask": "approval", "mission": mission, "incident": incident, "drone": drone, "decide_by_ms": decide_by_ms,
                });
                vec![self.event(("stations", station.as_str(), "commands"), payload)]
            }
            // Operators are told on their pages; contacts by telephone; the rest tells nobody.
            Action::AlertOperators { .. }
            | Action::NotifyContact { .. }
            | Action::FindGuards { .. }
            | Action::CheckGuard { .. }
            | Action::FindDrones { .. }
            | Action::Parking { .. }
            | Action::Command { .. } => Vec::new(),
        }
    }

    /// What an entry changes: offers that no longer stand, and the timelines of incidents.
    pub fn step(&mut self, step: &Stepped, core: &Core) -> Vec<Publication> {
        let mut publications = self.fallen_offers(core);
        for incident in core.incidents() {
            let news = incident.timeline.iter().rev().take_while(|item| item.seq == step.entry.seq);
            let news: Vec<&_> = news.collect();
            publications.extend(news.into_iter().rev().map(|item| {
                let payload = json!({ "seq": item.seq, "at_ms": item.at_ms, "what": item.what, "detail": item.detail, "state": incident.state });
                self.event(("incidents", incident.id.as_str(), "events"), payload)
            }));
        }
        publications
    }

    /// An aircraft's state, at most once in [`limits::MQTT_DRONE_PAUSE_MS`].
    pub fn drone(&mut self, drone: &DroneLive, now_ms: i64) -> Option<Publication> {
        let id = &drone.status.drone;
        let last_ms = self.drones_at_ms.get(id).copied().unwrap_or(i64::MIN);
        if now_ms < last_ms.saturating_add(limits::MQTT_DRONE_PAUSE_MS) {
            return None;
        }
        self.drones_at_ms.insert(id.clone(), now_ms);
        let payload = serde_json::to_value(&drone.status).expect("a status is plain data");
        Some(Publication { retain: true, ..self.event(("drones", id.as_str(), "state"), payload) })
    }

    fn fallen_offers(&mut self, core: &Core) -> Vec<Publication> {
        let fallen: Vec<OfferNotice> = self.offers.values().filter(|offer| !stands(core, &offer.offer)).cloned().collect();
        fallen.iter().for_each(|offer| drop(self.offers.remove(&offer.offer)));
        let mut guards: Vec<&GuardId> = fallen.iter().map(|offer| &offer.guard).collect();
        guards.dedup();
        guards.into_iter().map(|guard| self.offers_of(guard)).collect()
    }

    /// A terminal that comes late sees every offer that stands, and none that does not: the whole list is one retained message.
    fn offers_of(&self, guard: &GuardId) -> Publication {
        let standing: Vec<&OfferNotice> = self.offers.values().filter(|offer| &offer.guard == guard).collect();
        Publication { retain: true, ..self.event(("guards", guard.as_str(), "offers"), json!({ "offers": standing })) }
    }

    fn event(&self, (kind, id, what): (&str, &str, &str), payload: Value) -> Publication {
        Publication { topic: self.topics.of(kind, id, what), payload, retain: false }
    }
}

fn stands(core: &Core, offer: &OfferId) -> bool {
    core.offer(offer).is_some_and(|offer| match offer.state {
        OfferState::Sent | OfferState::Received => true,
        OfferState::Accepted
        | OfferState::Primary
        | OfferState::Backup
        | OfferState::Declined
        | OfferState::TimedOut
        | OfferState::StoodDown
        | OfferState::Lost => false,
    })
}

/// What the caller's terminal may show: under duress the incident looks closed to whoever holds it.
fn shown_state(core: &Core, incident: &IncidentId) -> Value {
    let Some(incident) = core.incident(incident) else { return Value::Null };
    if incident.duress {
        return json!("closed");
    }
    json!(incident.state)
}
