//! Workers that carry out what the core orders, idempotent by effect id.
//!
//! The router never waits for the engine: questions are answered by tasks of their own (a bounded number at a time), notices and
//! aircraft orders each go through one worker that keeps their order. An effect whose answer is lost in a crash is given again.

mod first_heard;
mod flights;
mod guards;
mod messages;
mod notices;
mod parking;

use std::sync::Arc;

use dispatch_core::effect::{Action, Effect, EffectId};
use dispatch_core::event::{Actor, Event, Outcome};
use flight_types::{DroneId, DroneStatus};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;

use crate::access::Access;
use crate::engine::{EffectQueue, Engine, SubmitError, chain};
use crate::limits;
use crate::live::Live;
use crate::payments::PaymentProvider;
use crate::store::PrivateCards;

pub use flights::{DroneLinks, LinkFuture, forward_reports};
pub use guards::{GuardFinder, RoadTime};
pub use messages::{FileMessages, Message, MessagePort};
pub use notices::{Notice, Notices};

/// What the workers work with.
#[derive(Clone)]
pub struct Workshop {
    /// The loop that they answer to.
    pub engine: Engine,
    /// Where everybody is.
    pub live: Live,
    /// What people are told.
    pub notices: Notices,
    /// Whose emergency contact is whom.
    pub access: Access,
    /// Finds guards.
    pub guards: Arc<GuardFinder>,
    /// The links to aircraft.
    pub links: Arc<dyn DroneLinks>,
    /// Messages to people without a terminal.
    pub messages: Arc<dyn MessagePort>,
    /// Since when terminals and aircraft could be heard at all: whoever has not been heard since then is not silent for longer.
    pub listening_since_ms: i64,
    /// Moves the money of parking.
    pub payments: Arc<dyn PaymentProvider>,
    /// Telephones and payment tokens of parking.
    pub private: PrivateCards,
}

/// Starts the workers; they end when the engine's effect queue ends.
pub fn start(queue: EffectQueue, workshop: Workshop) -> JoinHandle<()> {
    tokio::spawn(route(queue, workshop))
}

async fn route(mut queue: EffectQueue, workshop: Workshop) {
    let questions = Arc::new(Semaphore::new(limits::QUESTIONS_AT_ONCE_MAX));
    let provider_turns = Arc::new(Semaphore::new(limits::PROVIDER_AT_ONCE_MAX));
    // Both are bounded by what the engine lets be open at all.
    let (notices, notice_queue) = mpsc::unbounded_channel();
    let (orders, order_queue) = mpsc::unbounded_channel();
    let telling = tokio::spawn(notices::tell(notice_queue, workshop.clone()));
    let ordering = tokio::spawn(flights::carry_out(order_queue, workshop.clone()));
    while let Some(effect) = queue.recv().await {
        match &effect.action {
            Action::FindGuards { .. } | Action::CheckGuard { .. } | Action::FindDrones { .. } => {
                let turn = questions.clone().acquire_owned().await.expect("the semaphore is never closed");
                let workshop = workshop.clone();
                tokio::spawn(async move {
                    answer(&effect, &workshop).await;
                    drop(turn);
                });
            }
            Action::Command { .. } => drop(orders.send(effect)),
            Action::Parking { order } => {
                let order = (**order).clone();
                drop(tokio::spawn(parking::carry_out(effect.id, order, workshop.clone(), provider_turns.clone())));
            }
            Action::SendOffer { .. }
            | Action::NotifyGuard { .. }
            | Action::NotifyCaller { .. }
            | Action::NotifyContact { .. }
            | Action::AlertOperators { .. }
            | Action::AskApproval { .. } => drop(notices.send(effect)),
        }
    }
    drop((notices, orders));
    let _ = tokio::join!(telling, ordering);
}

/// Answers a question of the core.
async fn answer(effect: &Effect, workshop: &Workshop) {
    let event = match &effect.action {
        Action::FindGuards { searches } => {
            first_heard::guards(workshop).await;
            let found = workshop.guards.find(searches, &workshop.live, &workshop.engine);
            Event::GuardsFound { effect: effect.id, found }
        }
        Action::CheckGuard { guard, .. } => {
            let heard_at_ms = workshop.live.guard(guard).and_then(|record| record.heard_at_ms);
            let since_ms = heard_at_ms.unwrap_or(workshop.listening_since_ms);
            let silence_ms = (workshop.engine.now_ms() - since_ms).max(0);
            Event::GuardSeen { effect: effect.id, guard: guard.clone(), silence_ms: Some(silence_ms) }
        }
        Action::FindDrones { .. } => {
            first_heard::drones(workshop).await;
            Event::DronesFound { effect: effect.id, drones: all_drones(workshop) }
        }
        Action::SendOffer { .. }
        | Action::NotifyGuard { .. }
        | Action::NotifyCaller { .. }
        | Action::NotifyContact { .. }
        | Action::AlertOperators { .. }
        | Action::AskApproval { .. }
        | Action::Parking { .. }
        | Action::Command { .. } => unreachable!("the router gives questions only"),
    };
    complete(&workshop.engine, Actor::System, event).await;
    workshop.engine.effect_finished();
}

/// Every aircraft of the site, also those never heard.
fn all_drones(workshop: &Workshop) -> Vec<DroneStatus> {
    let ids: Vec<DroneId> = workshop.engine.read(|core| {
        core.site()
            .map(|site| site.stations.iter().flat_map(|s| &s.drones).map(|drone| drone.id.clone()).collect())
            .unwrap_or_default()
    });
    ids.into_iter().map(|id| workshop.links.status(&id).unwrap_or_else(|| DroneStatus::unheard(id))).collect()
}

/// Reports that an effect ended.
async fn done(engine: &Engine, effect: EffectId, outcome: Outcome) {
    complete(engine, Actor::System, Event::EffectDone { effect, outcome }).await;
    engine.effect_finished();
}

/// Reports to the engine until it is stored. What cannot be reported because the server stops is given again by the next one.
async fn complete(engine: &Engine, actor: Actor, event: Event) {
    loop {
        match engine.report(actor.clone(), event.clone()).await {
            Ok(_) | Err(SubmitError::Closing) => return,
            Err(SubmitError::Refused(refusal)) => {
                tracing::debug!(refusal = %refusal, "a completion came too late");
                return;
            }
            Err(error @ (SubmitError::NotStored(_) | SubmitError::Overloaded)) => {
                tracing::warn!(error = %chain(&error), "a completion could not be stored; trying again");
                tokio::time::sleep(limits::COMPLETION_RETRY_PAUSE).await;
            }
        }
    }
}

/// An action's name, for counters.
pub fn action_name(action: &Action) -> &'static str {
    match action {
        Action::FindGuards { .. } => "find_guards",
        Action::SendOffer { .. } => "send_offer",
        Action::NotifyGuard { .. } => "notify_guard",
        Action::NotifyCaller { .. } => "notify_caller",
        Action::NotifyContact { .. } => "notify_contact",
        Action::AlertOperators { .. } => "alert_operators",
        Action::CheckGuard { .. } => "check_guard",
        Action::FindDrones { .. } => "find_drones",
        Action::AskApproval { .. } => "ask_approval",
        Action::Command { .. } => "command",
        Action::Parking { .. } => "parking",
    }
}
