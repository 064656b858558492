//! Looks payments of the last days up by itself: a webhook may be lost, and a payment that we took for declined may have been taken.
//!
//! A round takes the next few payments by age and goes on where the last one stopped, so that every payment has its turn however many
//! there are, and the provider is never asked more than a bound.

use std::sync::Arc;

use parking_core::Parking;
use parking_core::id::PaymentId;
use parking_core::model::{Payment, PaymentState};

use super::{Looked, Looking, PaymentProvider};
use crate::engine::{Engine, chain};
use crate::limits::{RECONCILED_AGE_MAX_MS, RECONCILED_AGE_MIN_MS, RECONCILED_AT_ONCE_MAX, RECONCILIATION_MS};
use crate::store::PrivateCards;

/// Where the last round stopped.
#[derive(Debug, Default)]
struct Rounds {
    after: Option<(i64, PaymentId)>,
}

impl Rounds {
    /// The payments of the next round.
    fn next(&mut self, parking: &Parking, now_ms: i64) -> Vec<PaymentId> {
        let oldest_ms = now_ms.saturating_sub(RECONCILED_AGE_MAX_MS);
        let ripe = |payment: &&Payment| payment.asked_at_ms <= now_ms.saturating_sub(RECONCILED_AGE_MIN_MS);
        let looked: Vec<&Payment> = parking
            .payments_from(oldest_ms, self.after.as_ref())
            .take_while(ripe)
            .filter(|payment| can_have_news(payment))
            .take(RECONCILED_AT_ONCE_MAX)
            .collect();
        self.after = match looked.last() {
            Some(last) if looked.len() == RECONCILED_AT_ONCE_MAX => Some((last.asked_at_ms, last.id.clone())),
            // All have had their turn: from the oldest again.
            _ => None,
        };
        looked.iter().map(|payment| payment.id.clone()).collect()
    }
}

/// What is under way has a worker that asks until it knows.
fn can_have_news(payment: &Payment) -> bool {
    match payment.state {
        PaymentState::Authorising | PaymentState::Capturing => false,
        PaymentState::Captured | PaymentState::Declined { .. } => true,
    }
}

/// Looks up round after round, by the engine's clock, for ever.
pub async fn reconcile(engine: Engine, provider: Arc<dyn PaymentProvider>, private: PrivateCards) {
    if !provider.remembers() {
        return;
    }
    let mut rounds = Rounds::default();
    let mut next_ms = engine.now_ms();
    loop {
        engine.clock().sleep_until(next_ms).await;
        let looking = Looking { engine: &engine, provider: provider.as_ref(), private: &private };
        let now_ms = engine.now_ms();
        for payment in engine.read(|core| rounds.next(core.parking(), now_ms)) {
            look_up(looking, &payment).await;
        }
        next_ms = now_ms.saturating_add(RECONCILIATION_MS);
    }
}

async fn look_up(looking: Looking<'_>, payment: &PaymentId) {
    match looking.up(payment).await {
        Ok(Looked::AsKnown) => {}
        Ok(Looked::News) => {
            metrics::counter!("payments_reconciled").increment(1);
            tracing::warn!(%payment, "the provider's account of a payment differed from ours; ours follows");
        }
        Ok(Looked::Missing) => {
            metrics::counter!("payments_missing_at_provider").increment(1);
            tracing::error!(%payment, "booked as taken, and the provider knows no such payment: a person must look");
        }
        Err(error) => tracing::warn!(%payment, error = %chain(&error), "a payment could not be looked up; it has another turn"),
    }
}
