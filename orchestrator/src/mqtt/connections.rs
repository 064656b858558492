//! Which clients of the embedded broker belong to whom, so that a revoked credential ends them at once.
//!
//! The broker knows of a connection only its client id and the identity that was proved, not the token. So all connections of
//! the owner end; their devices connect again by themselves, and those whose token still stands come in.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use flight_types::{CallerId, GuardId};
use mqtt5::broker::router::MessageRouter;
use mqtt5::broker::{BrokerEventHandler, ClientConnectEvent};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::access::Identity;
use crate::access::Owner;

/// A client whose asking is not known by its name (the broker named it) and that comes in so soon after a revocation may have been
/// let in just before it: it has to prove itself again. Between the look at the token and the connection lie some milliseconds.
const DOUBTFUL: Duration = Duration::from_secs(2);
/// Clients between their question and their connection. Above it they are forgotten, and those that were let in count as doubtful.
const ASKING_MAX: usize = 10_000;
/// From so many known clients of one owner on, those that have left are forgotten. A person has a few.
const CLIENTS_KEPT: usize = 16;

/// The clients of each identity.
#[derive(Default)]
pub(super) struct Connections {
    router: OnceLock<Arc<MessageRouter>>,
    known: Mutex<BTreeMap<String, Owned>>,
    asking: Mutex<BTreeMap<String, Instant>>,
}

/// What is known of one identity.
#[derive(Default)]
struct Owned {
    clients: BTreeSet<String>,
    revoked_at: Option<Instant>,
}

impl Connections {
    /// Where clients are cut off; known only once the broker has been made.
    pub fn over(&self, router: Arc<MessageRouter>) {
        // Set once, by the one who made the broker.
        let _ = self.router.set(router);
    }

    /// A client asks to be let in: from here on, a revocation concerns it.
    pub fn asks(&self, client: &str) {
        let mut asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        if asking.len() >= ASKING_MAX {
            asking.clear();
        }
        if !client.is_empty() {
            asking.insert(client.to_owned(), Instant::now());
        }
    }

    /// When a client asked that is now let in or refused.
    pub fn answered(&self, client: &str) -> Option<Instant> {
        self.asking.lock().unwrap_or_else(PoisonError::into_inner).remove(client)
    }

    /// Cuts off the owners of revoked credentials, until nobody can revoke any more.
    pub async fn follow(self: Arc<Self>, mut revoked: Receiver<Owner>) {
        loop {
            match revoked.recv().await {
                Ok(owner) => {
                    for word in words(&owner) {
                        self.cut(&word).await;
                    }
                }
                // Whose they were is lost: everybody but the server proves themself again.
                Err(RecvError::Lagged(_)) => {
                    let all: Vec<String> = self.lock().keys().cloned().collect();
                    for word in all {
                        self.cut(&word).await;
                    }
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    async fn cut(&self, word: &str) {
        if word == Identity::Server.word() {
            return;
        }
        let clients = {
            let mut known = self.lock();
            let owned = known.entry(word.to_owned()).or_default();
            owned.revoked_at = Some(Instant::now());
            std::mem::take(&mut owned.clients)
        };
        let Some(router) = self.router.get() else { return };
        for client in clients {
            tracing::info!(client = %client.escape_debug(), "an MQTT client is cut off: a credential of its owner was revoked");
            router.disconnect_client(&client).await;
        }
    }

    async fn entered(&self, word: &str, client: &str) {
        let asked_at = self.answered(client);
        let doubtful = {
            let mut known = self.lock();
            let owned = known.entry(word.to_owned()).or_default();
            owned.clients.insert(client.to_owned());
            owned.revoked_at.is_some_and(|at| asked_at.map_or(at.elapsed() < DOUBTFUL, |asked_at| asked_at <= at))
        };
        let Some(router) = self.router.get() else { return };
        if doubtful {
            return router.disconnect_client(client).await;
        }
        self.forget_those_who_left(word, router).await;
    }

    async fn forget_those_who_left(&self, word: &str, router: &MessageRouter) {
        let clients = self.lock().get(word).map(|owned| owned.clients.clone()).unwrap_or_default();
        if clients.len() < CLIENTS_KEPT {
            return;
        }
        for client in clients {
            // Removed before the look and put back after it: one that connects meanwhile is never lost.
            self.lock().entry(word.to_owned()).or_default().clients.remove(&client);
            if router.is_connected(&client).await {
                self.lock().entry(word.to_owned()).or_default().clients.insert(client);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Owned>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As what the owner's devices may be connected.
fn words(owner: &Owner) -> Vec<String> {
    let id = owner.id.as_str();
    let (caller, guard) = (CallerId::new(id).ok().map(Identity::Caller), GuardId::new(id).ok().map(Identity::Guard));
    let identities = if owner.is_caller { [caller, None] } else { [guard, Some(Identity::Observer(id.to_owned()))] };
    identities.into_iter().flatten().map(|identity| identity.word()).collect()
}

impl BrokerEventHandler for Connections {
    fn on_client_connect<'a>(&'a self, event: ClientConnectEvent) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            if let Some(word) = &event.user_id {
                self.entered(word, &event.client_id).await;
            }
        })
    }
}
