//! Looks a payment up at its provider and tells the core what it did not know. The core decides what comes of it.

use dispatch_core::event::{Actor, Event};
use parking_core::event::{ParkingEvent, ProviderReport};
use parking_core::id::PaymentId;
use parking_core::model::{Payment, PaymentState};

use super::{Away, Charge, PaymentProvider, Standing};
use crate::engine::{Engine, SubmitError};
use crate::store::{PrivateCards, StoreError};

/// What a look-up told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looked {
    /// As the core had it.
    AsKnown,
    /// The core did not know; it has been told.
    News,
    /// The core holds it for captured, and the provider knows no such payment: a person must look.
    Missing,
}

/// Why it could not be looked up. It is looked up again later.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// The provider did not answer.
    #[error(transparent)]
    Away(#[from] Away),
    /// The card could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The core could not be told.
    #[error(transparent)]
    Submit(#[from] SubmitError),
}

/// What looking up needs.
#[derive(Clone, Copy)]
pub struct Looking<'a> {
    /// The loop.
    pub engine: &'a Engine,
    /// Whoever moves the money.
    pub provider: &'a dyn PaymentProvider,
    /// Tokens and orders.
    pub private: &'a PrivateCards,
}

impl Looking<'_> {
    /// Looks one payment up.
    pub async fn up(self, id: &PaymentId) -> Result<Looked, LookError> {
        let Some(payment) = self.payment(id) else { return Ok(Looked::AsKnown) };
        let Some(card) = self.private.get(&payment.instrument).await? else { return Ok(Looked::AsKnown) };
        let Some(instrument) = card.instrument else { return Ok(Looked::AsKnown) };
        let charge = Charge { payment: id.to_string(), instrument, order_name: card.order_name, amount: payment.amount };
        let standing = self.provider.standing(&charge).await?;
        // Reports of its own worker may have come in meanwhile.
        let Some(payment) = self.payment(id) else { return Ok(Looked::AsKnown) };
        match standing.filter(|standing| standing.captured) {
            None if payment.state == PaymentState::Captured => Ok(Looked::Missing),
            None => Ok(Looked::AsKnown),
            Some(standing) if knows(&payment, standing) => Ok(Looked::AsKnown),
            Some(Standing { returned_total, captured: _ }) => {
                let report = ProviderReport::Standing { returned_total };
                let change = Box::new(ParkingEvent::Provider { payment: id.clone(), report });
                self.engine.report(Actor::System, Event::Parking { change }).await?;
                Ok(Looked::News)
            }
        }
    }

    fn payment(self, id: &PaymentId) -> Option<Payment> {
        self.engine.read(|core| core.parking().payment(id).cloned())
    }
}

/// What is known already must not fill the log: anybody can send a webhook, as often as the limits let them.
fn knows(payment: &Payment, standing: Standing) -> bool {
    payment.state == PaymentState::Captured && payment.returned() == standing.returned_total
}
