//! The payment port: whoever moves the money stands behind it. Tokens only; no card number comes near the server.
//!
//! Every order carries an id of ours as its idempotency key, so that one given twice, by a retry or after a crash, moves money once.

mod reconciliation;
mod sandbox;
mod standing;
mod toss;

use std::future::Future;
use std::pin::Pin;

use parking_core::money::Money;
use serde_json::Value;

pub use reconciliation::reconcile;
pub use sandbox::Sandbox;
pub use standing::{LookError, Looked, Looking};
pub use toss::{Toss, TossSettings};

/// What to charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// Our name of the payment; the idempotency key.
    pub payment: String,
    /// The provider's token.
    pub instrument: String,
    /// The order that this server made for it, where tokens belong to orders. A token of any other order pays nothing here.
    pub order_name: Option<String>,
    /// How much.
    pub amount: Money,
}

/// What the provider decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Done, now or by an earlier order with the same key.
    Done,
    /// Refused for good; nothing was moved.
    Refused {
        /// Why, in the provider's words.
        reason: String,
    },
}

/// It is not known whether it was done: ask again with the same key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the payment provider did not answer: {0}")]
pub struct Away(pub String);

/// The provider's own account of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The money was taken.
    pub captured: bool,
    /// So much has gone back in all.
    pub returned_total: Money,
}

/// An answer on its way.
pub type Answering<'a, T> = Pin<Box<dyn Future<Output = Result<T, Away>> + Send + 'a>>;

/// Where a provider's window comes from, as sources of a content security policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentWindow {
    /// The host of its script.
    pub script: &'static str,
    /// The hosts of everything else.
    pub of_window: &'static str,
}

/// A payment provider.
pub trait PaymentProvider: Send + Sync {
    /// Its name in addresses and on pages: "sandbox", "toss".
    fn name(&self) -> &'static str;
    /// Whether a token stands for one payment, so that a second payment with it would move no money, and belongs to an order that
    /// this server made beforehand.
    fn tokens_are_single_use(&self) -> bool;
    /// Whether it knows payments of before its start, so that they can be looked up.
    fn remembers(&self) -> bool;
    /// What a page needs to open the provider's window; not a secret.
    fn client_key(&self) -> Option<&str>;
    /// What a page must be let load for the provider's window; absent when it has none.
    fn window(&self) -> Option<PaymentWindow>;
    /// Whether the instrument is good for the amount; nothing is taken.
    fn authorise<'a>(&'a self, charge: &'a Charge) -> Answering<'a, Verdict>;
    /// Takes the money.
    fn capture<'a>(&'a self, charge: &'a Charge) -> Answering<'a, Verdict>;
    /// Gives a part or all of a captured payment back. `refund` is the idempotency key.
    fn refund<'a>(&'a self, charge: &'a Charge, refund: &'a str, amount: Money) -> Answering<'a, Verdict>;
    /// The payment as the provider has it; `None` when it knows none of this order and amount.
    fn standing<'a>(&'a self, charge: &'a Charge) -> Answering<'a, Option<Standing>>;
    /// Which instrument a webhook is about; `None` when it is none of ours. A webhook is only a hint to look: what it claims is never
    /// believed, what [`PaymentProvider::standing`] says is.
    fn hint(&self, body: &Value) -> Option<String>;
}
