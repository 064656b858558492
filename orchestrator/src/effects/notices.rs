//! What people are told: shown at once to whoever listens, kept in the outbox for whoever was away.

use dispatch_core::Core;
use dispatch_core::effect::{Action, Effect, EffectId};
use dispatch_core::event::Outcome;
use dispatch_core::model::OfferState;
use flight_types::{CallerId, GuardId, IncidentId};
use tokio::sync::{broadcast, mpsc};

use super::{Message, Workshop, done};
use crate::engine::{Engine, chain};
use crate::limits;
use crate::store::{NoticeRow, Outbox, Recipient, StoreError};

/// One notice. Its id is stable: a recipient that sees it twice shows it once.
pub type Notice = NoticeRow;

/// How long a notice about an ended incident, or an alert without one, is still shown to whoever comes late, milliseconds.
const AFTERGLOW_MS: i64 = 600_000;

/// The notices of a district; cheap to clone.
#[derive(Debug, Clone)]
pub struct Notices {
    outbox: Outbox,
    engine: Engine,
    sent: broadcast::Sender<Notice>,
}

impl Notices {
    /// Notices kept in `outbox` and judged by the state of `engine`.
    pub fn new(outbox: Outbox, engine: Engine) -> Self {
        Self { outbox, engine, sent: broadcast::Sender::new(limits::NOTICES_BEHIND_MAX) }
    }

    /// Every notice from now on, whoever it is for. A receiver that lags reads [`Notices::pending_for`].
    pub fn subscribe(&self) -> broadcast::Receiver<Notice> {
        self.sent.subscribe()
    }

    /// What a recipient that comes now still has to see, oldest first.
    pub async fn pending_for(&self, recipient: &Recipient) -> Result<Vec<Notice>, StoreError> {
        let open = self.outbox.open(Some(recipient)).await?;
        let now_ms = self.engine.now_ms();
        Ok(self.engine.read(|core| open.into_iter().filter(|notice| matters(core, notice, now_ms)).collect()))
    }

    /// What anybody still has to see, oldest first.
    pub async fn pending(&self) -> Result<Vec<Notice>, StoreError> {
        let open = self.outbox.open(None).await?;
        let now_ms = self.engine.now_ms();
        Ok(self.engine.read(|core| open.into_iter().filter(|notice| matters(core, notice, now_ms)).collect()))
    }

    /// The recipient has seen it.
    pub async fn settle(&self, effect: EffectId) -> Result<(), StoreError> {
        self.outbox.settle(&[effect]).await
    }

    /// Shows a notice to whoever listens, before it is kept. That loses nothing: until it is kept, the effect is outstanding and
    /// comes again after a crash.
    fn show(&self, notice: &Notice) {
        // Nobody listening is fine, the outbox will have it.
        let _ = self.sent.send(notice.clone());
    }

    /// Keeps notices for whoever was away.
    async fn keep(&self, notices: &[Notice]) -> Result<(), StoreError> {
        self.outbox.put(notices).await
    }

    /// Settles what no longer matters to anybody, so that the outbox stays small.
    pub(crate) async fn tidy(&self) -> Result<(), StoreError> {
        let open = self.outbox.open(None).await?;
        let now_ms = self.engine.now_ms();
        let over: Vec<EffectId> = self
            .engine
            .read(|core| open.iter().filter(|notice| !matters(core, notice, now_ms)).map(|notice| notice.effect).collect());
        self.outbox.settle(&over).await
    }
}

/// Tells people at once: an offer must not wait until those before it are on disk. They are kept behind it.
pub(super) async fn tell(mut queue: mpsc::UnboundedReceiver<Effect>, workshop: Workshop) {
    // Bounded by what the engine lets be open at all.
    let (shown, to_keep) = mpsc::unbounded_channel();
    let keeping = tokio::spawn(keep(to_keep, workshop.clone()));
    while let Some(effect) = queue.recv().await {
        if let Some(notice) = notice_of(&effect, workshop.engine.now_ms()) {
            metrics::counter!("notices_sent").increment(1);
            workshop.notices.show(&notice);
            // The keeper ends with this queue.
            let _ = shown.send(notice);
        }
    }
    drop(shown);
    let _ = keeping.await;
}

/// Keeps what was told, a batch at a time, and reports each notice done once it is kept.
async fn keep(mut shown: mpsc::UnboundedReceiver<Notice>, workshop: Workshop) {
    let mut notices = Vec::new();
    while 0 < shown.recv_many(&mut notices, limits::ENTRIES_PER_COMMIT_MAX).await {
        while let Err(error) = workshop.notices.keep(&notices).await {
            tracing::error!(error = %chain(&error), "notices could not be kept; trying again");
            tokio::time::sleep(limits::STORE_RETRY_PAUSE).await;
        }
        for notice in notices.drain(..) {
            let workshop = workshop.clone();
            // Completions wait for the log; the next notices must not wait with them.
            tokio::spawn(async move {
                let outcome = match &notice.recipient {
                    Recipient::Contact(caller) => message_contact(&workshop, &notice, caller).await,
                    Recipient::Guard(_) | Recipient::Caller(_) | Recipient::Operators => Outcome::Done,
                };
                done(&workshop.engine, notice.effect, outcome).await;
            });
        }
    }
}

/// An emergency contact has no terminal: the message goes out by telephone.
async fn message_contact(workshop: &Workshop, notice: &Notice, caller: &CallerId) -> Outcome {
    let card = match workshop.access.caller_card(caller).await {
        Ok(card) => card,
        Err(error) => return Outcome::Failed { reason: chain(&error) },
    };
    let Some((card, contact)) = card.as_ref().and_then(|card| Some((card, card.contact()?))) else {
        return Outcome::Failed { reason: "no emergency contact is registered".to_owned() };
    };
    let incident = notice.incident.as_ref().map(IncidentId::as_str).unwrap_or_default();
    let message = Message {
        id: notice.effect.to_string(),
        to: contact.phone.clone(),
        kind: "emergency_contact".to_owned(),
        text: contact_text(&card.name, card.language(), incident),
    };
    match workshop.messages.send(&message) {
        Ok(()) => Outcome::Done,
        Err(error) => {
            tracing::error!(error = %error, "a message to an emergency contact could not be handed over");
            Outcome::Failed { reason: error.to_string() }
        }
    }
}

fn contact_text(name: &str, language: &str, incident: &str) -> String {
    match language {
        "ko" => format!("{name} 님이 도움을 요청했습니다. 담당자가 대응하고 있습니다. 사건 번호 {incident}"),
        _ => format!("{name} has called for help and is being attended to. Incident {incident}"),
    }
}

/// The notice that an effect asks for; `None` for effects that tell nobody anything.
pub(crate) fn notice_of(effect: &Effect, at_ms: i64) -> Option<Notice> {
    let (recipient, incident) = addressed(&effect.action)?;
    Some(Notice { effect: effect.id, at_ms, recipient, incident, action: effect.action.clone() })
}

fn addressed(action: &Action) -> Option<(Recipient, Option<IncidentId>)> {
    let guard = |id: &GuardId, incident: &IncidentId| Some((Recipient::Guard(id.clone()), Some(incident.clone())));
    let caller = |id: &CallerId, incident: &IncidentId| Some((Recipient::Caller(id.clone()), Some(incident.clone())));
    match action {
        Action::SendOffer { offer } => guard(&offer.guard, &offer.incident),
        Action::NotifyGuard { guard: id, incident, .. } => guard(id, incident),
        Action::NotifyCaller { caller: id, incident, .. } => caller(id, incident),
        Action::NotifyContact { caller: id, incident } => Some((Recipient::Contact(id.clone()), Some(incident.clone()))),
        Action::AlertOperators { incident, .. } | Action::AskApproval { incident, .. } => {
            Some((Recipient::Operators, incident.clone()))
        }
        Action::FindGuards { .. }
        | Action::CheckGuard { .. }
        | Action::FindDrones { .. }
        | Action::Parking { .. }
        | Action::Command { .. } => None,
    }
}

/// Whether somebody who comes now still has to see it.
fn matters(core: &Core, notice: &Notice, now_ms: i64) -> bool {
    let young = now_ms < notice.at_ms + AFTERGLOW_MS;
    let open = notice.incident.as_ref().and_then(|id| core.incident(id)).is_some_and(|incident| incident.ended_at_ms.is_none());
    match &notice.action {
        Action::SendOffer { offer } => core.offer(&offer.offer).is_some_and(|offer| match offer.state {
            OfferState::Sent | OfferState::Received => now_ms < offer.expires_at_ms,
            OfferState::Accepted
            | OfferState::Primary
            | OfferState::Backup
            | OfferState::Declined
            | OfferState::TimedOut
            | OfferState::StoodDown
            | OfferState::Lost => false,
        }),
        Action::AskApproval { decide_by_ms, mission, .. } => {
            now_ms < *decide_by_ms && core.mission(mission).is_some_and(|mission| !mission.ended && mission.phase.is_none())
        }
        Action::NotifyGuard { .. } | Action::NotifyCaller { .. } | Action::NotifyContact { .. } | Action::AlertOperators { .. } => {
            open || young
        }
        Action::FindGuards { .. }
        | Action::CheckGuard { .. }
        | Action::FindDrones { .. }
        | Action::Parking { .. }
        | Action::Command { .. } => false,
    }
}
