//! What one page has been sent and what it must be sent next.

use std::collections::BTreeSet;

use dispatch_core::effect::{Action, CallerNotice};
use dispatch_core::event::Role;
use dispatch_core::model::Incident;
use flight_types::{CallerId, DroneId, GuardId, IncidentId, OfferId};

use super::changed::Changed;
use super::message::{LiveMessage, Told};
use crate::access::Identity;
use crate::effects::Notice;
use crate::engine::Stepped;
use crate::http::app::App;
use crate::http::limits::ENDED_INCIDENTS_SHOWN_MAX;
use crate::http::session::AccountAnswer;
use crate::http::site::alert;
use crate::http::views::{self, SeenDrone};
use crate::live::LiveChange;
use crate::store::Recipient;

/// One page.
pub(super) struct Page {
    app: App,
    identity: Identity,
    seq: u64,
    incidents_shown: BTreeSet<IncidentId>,
    offers_shown: BTreeSet<OfferId>,
    drones_changed: BTreeSet<DroneId>,
    guards_changed: BTreeSet<GuardId>,
}

impl Page {
    pub fn new(app: App, identity: Identity) -> Self {
        Self {
            app,
            identity,
            seq: 0,
            incidents_shown: BTreeSet::new(),
            offers_shown: BTreeSet::new(),
            drones_changed: BTreeSet::new(),
            guards_changed: BTreeSet::new(),
        }
    }

    /// The entry to resume from.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Everything there is to see now.
    pub async fn snapshot(&mut self, after: Option<u64>) -> Vec<String> {
        self.seq = self.app.engine.read(|core| core.last_seq());
        let account = AccountAnswer::from(&self.identity);
        let mut messages = vec![LiveMessage::Hello { seq: self.seq, account }.text()];
        for id in self.first_incidents(after.unwrap_or(0)) {
            messages.extend(self.incident(&id).await);
        }
        self.all_changed();
        messages.extend(self.flush());
        messages.extend(self.offers());
        messages.extend(self.pending().await);
        messages
    }

    /// What changed after the entry comes first, in the order in which it changed; then everything open, and the latest ended.
    fn first_incidents(&self, after: u64) -> Vec<IncidentId> {
        self.app.engine.read(|core| {
            let changed_at = |incident: &Incident| incident.timeline.last().map_or(0, |item| item.seq);
            let seen = || core.incidents().filter(|incident| views::sees(&self.identity, incident));
            let mut ended: Vec<&Incident> = seen().filter(|incident| !incident.is_open()).collect();
            ended.sort_by_key(|incident| std::cmp::Reverse(changed_at(incident)));
            ended.truncate(ENDED_INCIDENTS_SHOWN_MAX);
            let mut all: Vec<&Incident> = seen().filter(|incident| incident.is_open()).chain(ended).collect();
            all.sort_by_key(|incident| (changed_at(incident) <= after, changed_at(incident)));
            all.into_iter().map(|incident| incident.id.clone()).collect()
        })
    }

    async fn pending(&self) -> Vec<String> {
        let recipient = match self.identity.role {
            Role::Caller => self.identity.caller().map(Recipient::Caller),
            Role::Guard => self.identity.guard().map(Recipient::Guard),
            Role::Operator | Role::Pilot | Role::Admin => Some(Recipient::Operators),
            Role::Manager => None,
        };
        let Some(recipient) = recipient else { return Vec::new() };
        match self.app.notices.pending_for(&recipient).await {
            Ok(pending) => pending.iter().filter_map(|notice| self.notice(notice)).collect(),
            Err(error) => {
                tracing::error!(error = %crate::engine::chain(&error), "pending notices could not be read for a page");
                Vec::new()
            }
        }
    }

    /// What an entry changed, as far as this page may see it.
    pub async fn step(&mut self, step: &Stepped) -> Vec<String> {
        self.seq = self.seq.max(step.entry.seq);
        let changed = self.app.engine.read(|core| Changed::by(core, step));
        self.drones_changed.extend(changed.drones);
        let mut messages = Vec::new();
        for id in &changed.incidents {
            messages.extend(self.incident(id).await);
        }
        messages.extend(self.offers());
        messages
    }

    /// The incident when it may be seen; a word that it is gone when it was shown and may not be seen any more.
    async fn incident(&mut self, id: &IncidentId) -> Option<String> {
        let Some(view) = views::incident_view(&self.app, &self.identity, id).await else {
            return self.incidents_shown.remove(id).then(|| LiveMessage::IncidentGone { incident: id.clone() }.text());
        };
        self.incidents_shown.insert(id.clone());
        // Whoever is assigned or let go changes what is shown of guards and aircraft too.
        self.guards_changed.extend(view.guards.iter().map(|guard| guard.id.clone()));
        self.drones_changed.extend(
            self.app.engine.read(|core| core.incident(id).map(|incident| views::escorting(core, incident)).unwrap_or_default()),
        );
        Some(LiveMessage::Incident { seq: self.seq, view: Box::new(view) }.text())
    }

    /// Offers that are new to this guard, and those that no longer stand.
    fn offers(&mut self) -> Vec<String> {
        let Some(guard) = self.identity.guard() else { return Vec::new() };
        let from = self.app.live.guard(&guard).and_then(|live| live.fix);
        let open = self.app.engine.read(|core| views::open_offers(core, &guard));
        let standing: BTreeSet<OfferId> = open.iter().map(|offer| offer.offer.clone()).collect();
        let gone = self.offers_shown.difference(&standing).map(|id| LiveMessage::OfferGone { offer: id.clone() }.text());
        let mut messages: Vec<String> = gone.collect();
        for offer in open.into_iter().filter(|offer| !self.offers_shown.contains(&offer.offer)) {
            messages.push(LiveMessage::Offer { offer: offer.with_distance(from) }.text());
        }
        self.offers_shown = standing;
        messages
    }

    /// A notice, when it is for this page.
    pub fn notice(&self, notice: &Notice) -> Option<String> {
        let told = match &notice.recipient {
            Recipient::Operators => views::watches(self.identity.role).then(|| alert(notice)).flatten(),
            Recipient::Guard(guard) => (self.identity.guard().as_ref() == Some(guard)).then(|| self.guard_notice(notice)).flatten(),
            Recipient::Caller(caller) => self.is_caller(caller).then(|| self.caller_notice(notice)).flatten(),
            // Goes out as a text message.
            Recipient::Contact(_) => None,
        };
        told.map(|message| message.text())
    }

    fn is_caller(&self, caller: &CallerId) -> bool {
        self.identity.caller().as_ref() == Some(caller)
    }

    /// Offers have messages of their own.
    fn guard_notice(&self, notice: &Notice) -> Option<LiveMessage> {
        let Action::NotifyGuard { incident, notice: told, .. } = &notice.action else { return None };
        Some(LiveMessage::Notice { id: notice.effect.to_string(), incident: incident.clone(), notice: Told::Guard(*told) })
    }

    /// Under duress the terminal hears nothing but that it is over: somebody else may be reading.
    fn caller_notice(&self, notice: &Notice) -> Option<LiveMessage> {
        let Action::NotifyCaller { incident, notice: told, .. } = &notice.action else { return None };
        let shown_closed = self.app.engine.read(|core| core.incident(incident).is_some_and(|incident| incident.shown_closed));
        let over = match told {
            CallerNotice::Cancelled | CallerNotice::Closed => true,
            CallerNotice::Received
            | CallerNotice::GuardAssigned { .. }
            | CallerNotice::GuardOnScene
            | CallerNotice::DroneLaunched { .. }
            | CallerNotice::DroneOnScene
            | CallerNotice::AskConfirmation { .. }
            | CallerNotice::CodeWrong { .. }
            | CallerNotice::StillSearching => false,
        };
        let message = || LiveMessage::Notice {
            id: notice.effect.to_string(),
            incident: incident.clone(),
            notice: Told::Caller(told.clone()),
        };
        (over || !shown_closed).then(message)
    }

    /// Something moved; it is sent with the next flush, so that each is sent at most five times a second.
    pub fn changed(&mut self, change: LiveChange) {
        match change {
            LiveChange::Guard(guard) => drop(self.guards_changed.insert(guard)),
            LiveChange::Drone(drone) => drop(self.drones_changed.insert(drone)),
            // The caller's position is part of the incident.
            LiveChange::Caller(_) => {}
        }
    }

    /// Anything may have moved.
    pub fn all_changed(&mut self) {
        self.guards_changed.extend(views::guard_ids(&self.app));
        self.drones_changed.extend(self.app.engine.read(views::drone_ids));
    }

    /// What moved since the last flush, as far as this page may see it.
    pub fn flush(&mut self) -> Vec<String> {
        let (guards, drones) = (std::mem::take(&mut self.guards_changed), std::mem::take(&mut self.drones_changed));
        if guards.is_empty() && drones.is_empty() {
            return Vec::new();
        }
        if views::watches(self.identity.role) {
            let drones = drones
                .iter()
                .filter_map(|id| views::drone_view(&self.app, id))
                .map(|drone| LiveMessage::Drone { drone: Box::new(SeenDrone::Whole(Box::new(drone))) });
            let guards = guards.iter().map(|id| self.guard(id));
            return drones.chain(guards).map(|message| message.text()).collect();
        }
        let near = self.near();
        let drones = drones.iter().filter(|id| near.drones.contains(id)).filter_map(|id| views::escort_view(&self.app, id));
        let drones = drones.map(|drone| LiveMessage::Drone { drone: Box::new(SeenDrone::Short(drone)) });
        let guards = guards.iter().filter(|id| near.guards.contains(id)).map(|id| self.guard(id));
        drones.chain(guards).map(|message| message.text()).collect()
    }

    /// The guards and aircraft of this person's open incident.
    fn near(&self) -> Near {
        let myself = self.identity.guard();
        self.app.engine.read(|core| {
            let mut near = Near { guards: myself.into_iter().collect(), drones: BTreeSet::new() };
            for incident in views::open_incidents(core, &self.identity).iter().filter_map(|id| core.incident(id)) {
                if self.identity.role == Role::Caller && incident.shown_closed {
                    continue;
                }
                near.drones.extend(views::escorting(core, incident));
                near.guards.extend([&incident.primary, &incident.backup].into_iter().flatten().cloned());
            }
            near
        })
    }

    fn guard(&self, id: &GuardId) -> LiveMessage {
        LiveMessage::Guard { guard: views::guard_view(&self.app, id) }
    }
}

struct Near {
    guards: BTreeSet<GuardId>,
    drones: BTreeSet<DroneId>,
}
