//! A payment provider that declines, loses answers, repeats itself, is late, and takes money back. It keeps its own account of the
//! truth and shares no arithmetic with the book.

use std::collections::{BTreeMap, BTreeSet};

use parking_core::event::{ParkingEvent, ProviderReport};
use parking_core::id::PaymentId;
use parking_core::order::Order;
use rand::RngExt;
use rand_pcg::Pcg64Mcg;

use crate::world::won;

/// Latest answer to an order, milliseconds.
const ANSWER_MS_MAX: i64 = 4_000;
/// Latest webhook, milliseconds: past every answer and every second try of a payer.
const WEBHOOK_MS_MAX: i64 = 400_000;

/// What the provider holds of a payment.
#[derive(Debug, Default)]
struct Held {
    amount: i64,
    captured: bool,
    returned: i64,
}

#[derive(Default)]
pub struct Provider {
    held: BTreeMap<PaymentId, Held>,
    refunds_done: BTreeSet<String>,
    /// What is on its way to us: by time, then in the order sent.
    pub mail: BTreeMap<(i64, u64), ParkingEvent>,
    sent: u64,
    pub reversals: u32,
    pub late: u32,
    pub refusals: u32,
}

impl Provider {
    /// Whether the provider holds money of it, and what has gone back.
    pub fn truth(&self, payment: &PaymentId) -> (bool, i64) {
        self.held.get(payment).map_or((false, 0), |held| (held.captured, held.returned))
    }

    /// What the provider holds in all.
    pub fn total(&self) -> i64 {
        self.held.values().filter(|held| held.captured).map(|held| held.amount - held.returned).sum()
    }

    /// Carries an order out; the same order again does nothing new but answers again.
    pub fn carry_out(&mut self, now_ms: i64, order: &Order, random: &mut Pcg64Mcg) {
        match order {
            Order::Authorise { payment, .. } => {
                let report = if random.random_bool(0.2) { declined("no funds") } else { ProviderReport::Authorised };
                self.answer(now_ms, payment, report, random);
            }
            Order::Capture { payment, amount, .. } => self.capture(now_ms, payment, amount.minor(), random),
            Order::Refund { refund, payment, amount, .. } => {
                let name = refund.to_string();
                let held = self.held.entry(payment.clone()).or_default();
                let room = amount.minor() <= held.amount - held.returned;
                if self.refunds_done.contains(&name) || (room && random.random_bool(0.8)) {
                    if self.refunds_done.insert(name) {
                        held.returned += amount.minor();
                    }
                    self.answer(now_ms, payment, ProviderReport::Refunded { refund: refund.clone() }, random);
                    self.webhook(now_ms, payment, random);
                } else {
                    self.refusals += 1;
                    let reason = "refused".to_owned();
                    self.answer(now_ms, payment, ProviderReport::RefundRefused { refund: refund.clone(), reason }, random);
                }
            }
            Order::Tell { .. } => {}
        }
    }

    fn capture(&mut self, now_ms: i64, payment: &PaymentId, amount: i64, random: &mut Pcg64Mcg) {
        let known = self.held.get(payment).is_some_and(|held| held.captured);
        let fate = random.random_range(0..10);
        if !known && fate == 0 {
            return self.answer(now_ms, payment, declined("limit"), random);
        }
        self.held.entry(payment.clone()).or_default().amount = amount;
        self.held.entry(payment.clone()).or_default().captured = true;
        if fate == 1 && !known {
            // The answer was lost and a gateway said no; the truth comes with the webhook.
            self.late += 1;
            self.answer(now_ms, payment, declined("gateway timeout"), random);
        } else {
            self.answer(now_ms, payment, ProviderReport::Captured, random);
        }
        self.webhook(now_ms, payment, random);
        if random.random_range(0..20) == 0 {
            self.reverse(now_ms, payment, random);
        }
    }

    /// The payer's bank takes a part or all back.
    fn reverse(&mut self, now_ms: i64, payment: &PaymentId, random: &mut Pcg64Mcg) {
        let held = self.held.entry(payment.clone()).or_default();
        let left = held.amount - held.returned;
        if left > 0 {
            held.returned += random.random_range(1..=left);
            self.reversals += 1;
            self.webhook(now_ms, payment, random);
        }
    }

    fn answer(&mut self, now_ms: i64, payment: &PaymentId, report: ProviderReport, random: &mut Pcg64Mcg) {
        for _ in 0..random.random_range(1..=2) {
            self.send(now_ms + random.random_range(1..ANSWER_MS_MAX), payment, report.clone());
        }
    }

    /// Told as it stands now; arriving later, perhaps after a newer one.
    fn webhook(&mut self, now_ms: i64, payment: &PaymentId, random: &mut Pcg64Mcg) {
        let report = ProviderReport::Standing { returned_total: won(self.truth(payment).1) };
        for _ in 0..random.random_range(1..=3) {
            self.send(now_ms + random.random_range(1..WEBHOOK_MS_MAX), payment, report.clone());
        }
    }

    fn send(&mut self, at_ms: i64, payment: &PaymentId, report: ProviderReport) {
        self.sent += 1;
        self.mail.insert((at_ms, self.sent), ParkingEvent::Provider { payment: payment.clone(), report });
    }
}

fn declined(reason: &str) -> ProviderReport {
    ProviderReport::Declined { reason: reason.to_owned() }
}
