//! The first moments after a start: an answer waits until everybody it would tell of has been heard, but never for long.
//!
//! A server that has just started has heard nobody. A search answered then passes by every ring of guards, and a choice finds no
//! aircraft; the core would look again only after seconds that a caller may not have.

use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;

use super::{Workshop, all_drones};
use crate::limits;

/// Returns once every guard on duty has said where they are, or has had the time to.
pub(super) async fn guards(workshop: &Workshop) {
    until(workshop, || workshop.live.guards_awaited() == 0).await;
}

/// Returns once every aircraft of the site has been heard, or has had the time to be.
pub(super) async fn drones(workshop: &Workshop) {
    until(workshop, || all_drones(workshop).iter().all(|drone| drone.link.connected)).await;
}

/// Looks at once and after every change.
async fn until(workshop: &Workshop, all_heard: impl Fn() -> bool) {
    let mut changes = workshop.live.subscribe();
    let all = async {
        while !all_heard() {
            match changes.recv().await {
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    };
    // Whoever is silent for the whole of it is told of as silent.
    let _ = timeout(left(workshop), all).await;
}

fn left(workshop: &Workshop) -> Duration {
    let until_ms = workshop.listening_since_ms.saturating_add(limits::FIRST_HEARD_LIMIT_MS);
    let left_ms = until_ms.saturating_sub(workshop.engine.now_ms()).clamp(0, limits::FIRST_HEARD_LIMIT_MS);
    Duration::from_millis(left_ms.unsigned_abs())
}
