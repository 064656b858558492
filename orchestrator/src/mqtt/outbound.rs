//! What the server publishes: offers, notices, aircraft, incidents.

use std::collections::{BTreeMap, BTreeSet};

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
    /// Somebody must act on it. All publications of one topic are alike in this, so that they keep their order.
    pub urgent: bool,
}

/// Turns what happens into messages, remembering what is standing.
#[derive(Debug)]
pub(super) struct Outbound {
    topics: Topics,
    /// Offers published as standing, by guard.
    offers: BTreeMap<GuardId, BTreeMap<OfferId, OfferNotice>>,
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
            // Whatever makes it fall from now on comes as a step; one that has fallen already is not shown any more.
            Action::SendOffer { offer } if !stands(core, &offer.offer) => Vec::new(),
            Action::SendOffer { offer } => {
                let standing = self.offers.entry(offer.guard.clone()).or_default();
                standing.insert(offer.offer.clone(), offer.clone());
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
        let touched = || step.touched.iter().filter_map(|id| core.incident(id));
        // An offer falls with a line in its incident's timeline.
        let offers = touched().flat_map(|incident| &incident.offers).filter_map(|id| core.offer(id));
        let guards: BTreeSet<GuardId> = offers.map(|offer| offer.guard.clone()).collect();
        let mut publications = self.fallen_offers(guards, core);
        for incident in touched() {
            // The core may be some entries ahead of what is observed here; their lines come with their own steps.
            let until = incident.timeline.iter().rev().skip_while(|item| step.entry.seq < item.seq);
            let news = until.take_while(|item| item.seq == step.entry.seq);
            let news: Vec<&_> = news.collect();
            publications.extend(news.into_iter().rev().map(|item| {
                let payload = json!({ "seq": item.seq, "at_ms": item.at_ms, "what": item.what, "detail": item.detail, "state": incident.state });
                Publication { urgent: false, ..self.event(("incidents", incident.id.as_str(), "events"), payload) }
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
        Some(Publication { retain: true, urgent: false, ..self.event(("drones", id.as_str(), "state"), payload) })
    }

    /// What must be published after steps were missed: offers may have fallen unseen.
    pub fn after_a_gap(&mut self, core: &Core) -> Vec<Publication> {
        let guards = self.offers.keys().cloned().collect();
        self.fallen_offers(guards, core)
    }

    fn fallen_offers(&mut self, guards: BTreeSet<GuardId>, core: &Core) -> Vec<Publication> {
        let fallen: Vec<GuardId> = guards.into_iter().filter(|guard| self.forget_fallen(guard, core)).collect();
        fallen.iter().map(|guard| self.offers_of(guard)).collect()
    }

    /// Whether the guard had an offer that stands no more.
    fn forget_fallen(&mut self, guard: &GuardId, core: &Core) -> bool {
        let Some(standing) = self.offers.get_mut(guard) else { return false };
        let before = standing.len();
        standing.retain(|id, _| stands(core, id));
        let after = standing.len();
        if after == 0 {
            self.offers.remove(guard);
        }
        after < before
    }

    /// A terminal that comes late sees every offer that stands, and none that does not: the whole list is one retained message.
    fn offers_of(&self, guard: &GuardId) -> Publication {
        let standing: Vec<&OfferNotice> = self.offers.get(guard).into_iter().flat_map(BTreeMap::values).collect();
        Publication { retain: true, ..self.event(("guards", guard.as_str(), "offers"), json!({ "offers": standing })) }
    }

    fn event(&self, (kind, id, what): (&str, &str, &str), payload: Value) -> Publication {
        Publication { topic: self.topics.of(kind, id, what), payload, retain: false, urgent: true }
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
