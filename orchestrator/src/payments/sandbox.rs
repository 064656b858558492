//! A provider for trying: moves no money, and decides by the name of the card. It forgets everything when the server stops.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use parking_core::money::Money;
use serde_json::Value;

use super::{Answering, Charge, PaymentProvider, PaymentWindow, Standing, Verdict};

/// Good for everything.
const GOOD: &str = "card-good";
/// Not good for anything.
const NO_FUNDS: &str = "card-no-funds";
/// Good when asked, refused when charged.
const LIMIT: &str = "card-limit";

#[derive(Debug, Default)]
struct Held {
    captured: bool,
    returned: i64,
    refunds: BTreeSet<String>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Sandbox {
    held: Mutex<BTreeMap<String, Held>>,
}

impl Sandbox {
    fn with<R>(&self, payment: &str, change: impl FnOnce(&mut Held) -> R) -> R {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        change(held.entry(payment.to_owned()).or_default())
    }
}

fn refused(reason: &str) -> Verdict {
    Verdict::Refused { reason: reason.to_owned() }
}

fn ready<'a, T: Send + 'a>(value: T) -> Answering<'a, T> {
    Box::pin(std::future::ready(Ok(value)))
}

impl PaymentProvider for Sandbox {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    fn tokens_are_single_use(&self) -> bool {
        false
    }

    fn remembers(&self) -> bool {
        false
    }

    fn client_key(&self) -> Option<&str> {
        None
    }

    fn window(&self) -> Option<PaymentWindow> {
        None
    }

    fn authorise<'a>(&'a self, charge: &'a Charge) -> Answering<'a, Verdict> {
        ready(match charge.instrument.as_str() {
            GOOD | LIMIT => Verdict::Done,
            NO_FUNDS => refused("no funds"),
            _ => refused("the sandbox knows card-good, card-no-funds and card-limit"),
        })
    }

    fn capture<'a>(&'a self, charge: &'a Charge) -> Answering<'a, Verdict> {
        ready(match charge.instrument.as_str() {
            GOOD => {
                self.with(&charge.payment, |held| held.captured = true);
                Verdict::Done
            }
            _ => refused("over the limit"),
        })
    }

    fn refund<'a>(&'a self, charge: &'a Charge, refund: &'a str, amount: Money) -> Answering<'a, Verdict> {
        ready(self.with(&charge.payment, |held| {
            if held.refunds.contains(refund) {
                return Verdict::Done;
            }
            if charge.amount.minor() < held.returned + amount.minor() {
                return refused("more than was paid");
            }
            held.refunds.insert(refund.to_owned());
            held.returned += amount.minor();
            Verdict::Done
        }))
    }

    fn standing<'a>(&'a self, charge: &'a Charge) -> Answering<'a, Option<Standing>> {
        ready(self.with(&charge.payment, |held| {
            let returned_total = Money::new(held.returned).unwrap_or_default();
            held.captured.then_some(Standing { captured: true, returned_total })
        }))
    }

    fn hint(&self, _body: &Value) -> Option<String> {
        // It never calls.
        None
    }
}
