//! The loop's pure half: one event in, orders out; and what shells may look at.

use std::ops::Bound;

use flight_types::LotId;
use sha2::{Digest, Sha256};

use crate::calendar::Day;
use crate::config::ParkingConfig;
use crate::event::{ParkingEvent, Stamp};
use crate::id::{AreaId, CameraId, PaymentId, PrivateRef, SessionId};
use crate::ledger::Ledger;
use crate::model::{Payment, Proxy, Refund, Review, Session};
use crate::money::Money;
use crate::order::Order;
use crate::plate::Plate;
use crate::refusal::{ProxyEnd, Refusal};
use crate::state::{State, Turn};
use crate::tariff::{Fee, fee_after};
use crate::totals::LotTotals;
use crate::{cctv, payment, proxy, statement, stay};

/// Everything that the parking of a district adds up to.
#[derive(Debug, Clone, Default, serde::Serialize)]
#[serde(transparent)]
pub struct Parking {
    state: State,
}

/// What a stay owes at a moment.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Owed {
    /// What it costs, with reasons.
    pub fee: Fee,
    /// Of that, remitted.
    pub remitted: Money,
    /// Paid and not given back.
    pub paid: Money,
    /// Held for payments under way.
    pub reserved: Money,
    /// Fee less remission and payments.
    pub due: Money,
    /// What can be paid now: due less reserved.
    pub payable: Money,
}

/// What a payer may see: nothing of the driver but a masked plate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyView<'a> {
    /// The leave.
    pub proxy: &'a Proxy,
    /// The stay.
    pub session: &'a Session,
    /// Why it cannot be paid with, if so.
    pub end: Option<ProxyEnd>,
    /// The payment made with it.
    pub payment: Option<&'a Payment>,
}

impl Parking {
    /// Takes an event that is already durable. One that makes no sense any more changes nothing.
    pub fn step(&mut self, stamp: Stamp, event: &ParkingEvent) -> Vec<Order> {
        let mut turn = Turn::new(stamp);
        if self.makes_sense(stamp.at_ms, event).is_ok() {
            apply(&mut self.state, &mut turn, event);
        }
        self.state.recount(stamp.at_ms);
        self.state.forget_old(stamp.at_ms);
        turn.orders
    }

    /// Whether an event would be taken at a moment; a shell asks before it appends, so that the asker gets a reason. Repeating
    /// what was done is no mistake.
    pub fn admit(&self, at_ms: i64, event: &ParkingEvent) -> Result<(), Refusal> {
        self.makes_sense(at_ms, event)?;
        if let ParkingEvent::Reviewed { review, decision } = event {
            cctv::admit_choice(&self.state, review, decision)?;
        }
        Ok(())
    }

    /// What an event of the log must be to change anything. A log from before an asker was held to more still adds up.
    fn makes_sense(&self, at_ms: i64, event: &ParkingEvent) -> Result<(), Refusal> {
        let state = &self.state;
        match event {
            ParkingEvent::Configured { config, stays_keep_permits: _ } => stay::admit_config(state, config),
            ParkingEvent::Entered { .. } => {
                stay::EntryOf::of(event).map_or(Ok(()), |entry| stay::admit_entry(state, at_ms, &entry))
            }
            ParkingEvent::Extended { session, minutes } => stay::admit_extension(state, session, *minutes),
            ParkingEvent::Left { session, by } => stay::admit_exit(state, at_ms, session, *by),
            ParkingEvent::ProxyMade { session, token_sha256, life_ms, pays_once: _ } => {
                proxy::admit(state, at_ms, session, token_sha256, *life_ms)
            }
            ParkingEvent::ProxyRevoked { proxy } => proxy::known(state, proxy).map(drop),
            ParkingEvent::PaymentAsked { session, by, amount, instrument, single_use, key } => {
                let asked = payment::Asked { session, by, amount: *amount, instrument, single_use: *single_use, key };
                payment::admit(state, at_ms, &asked)
            }
            ParkingEvent::Provider { payment, .. } => payment::known(state, payment).map(drop),
            ParkingEvent::Remitted { session, amount, key, reason: _ } => {
                stay::admit_remission(state, at_ms, &stay::Remission { session, amount: *amount, key: key.as_deref() })
            }
            ParkingEvent::Seen { read } => cctv::admit(state, read),
            ParkingEvent::Pictured { frame } => cctv::admit_frame(state, frame),
            ParkingEvent::Reviewed { review, decision } => cctv::admit_decision(state, review, decision),
        }
    }

    /// Whether nothing has ever happened here.
    pub fn is_untouched(&self) -> bool {
        self.state.config == ParkingConfig::default() && self.state.sessions.is_empty() && self.state.tariffs.is_empty()
    }

    /// SHA-256 over the whole state, hexadecimal.
    pub fn state_hash(&self) -> String {
        let bytes = serde_json::to_vec(&self.state).expect("the state is plain data");
        hex::encode(Sha256::digest(&bytes))
    }

    /// As configured.
    pub fn config(&self) -> &ParkingConfig {
        &self.state.config
    }

    /// The books.
    pub fn ledger(&self) -> &Ledger {
        &self.state.ledger
    }

    /// Every stay still known, oldest first.
    pub fn sessions(&self) -> impl DoubleEndedIterator<Item = &Session> {
        self.state.sessions.values()
    }

    /// A lot's stays still known, oldest first.
    pub fn sessions_of_lot(&self, lot: &LotId) -> impl DoubleEndedIterator<Item = &Session> {
        let ids = self.state.lots.get(lot).into_iter().flat_map(|book| &book.sessions);
        ids.filter_map(|id| self.state.sessions.get(id))
    }

    /// The stays of cars that are parked on a lot, by plate.
    pub fn active_of_lot(&self, lot: &LotId) -> impl DoubleEndedIterator<Item = &Session> {
        let ids = self.state.lots.get(lot).into_iter().flat_map(|book| book.active.values());
        ids.filter_map(|id| self.state.sessions.get(id))
    }

    /// A lot's stays that are over and still owe, oldest first.
    pub fn unpaid_of_lot(&self, lot: &LotId) -> impl DoubleEndedIterator<Item = &Session> {
        let ids = self.state.lots.get(lot).into_iter().flat_map(|book| book.unpaid.keys());
        ids.filter_map(|id| self.state.sessions.get(id))
    }

    /// A lot at a glance: running totals, so that asking costs nothing.
    pub fn totals(&self, lot: &LotId, at_ms: i64) -> LotTotals {
        self.state.totals(lot, at_ms)
    }

    /// Stays that came to rest (over, settled, nothing under way) from one moment on and before another, with when, oldest first.
    pub fn at_rest(&self, from_ms: i64, before_ms: i64) -> impl Iterator<Item = (i64, &Session)> {
        let all = self.state.at_rest.iter().skip_while(move |(since_ms, _)| *since_ms < from_ms);
        let of_time = all.take_while(move |(since_ms, _)| *since_ms < before_ms);
        of_time.filter_map(|(since_ms, id)| self.state.sessions.get(id).map(|session| (*since_ms, session)))
    }

    /// The distance of a lot's clocks from UTC, minutes.
    pub fn utc_offset_min(&self, lot: &LotId) -> i32 {
        self.state.utc_offset_min(lot)
    }

    /// One stay.
    pub fn session(&self, id: &SessionId) -> Option<&Session> {
        self.state.sessions.get(id)
    }

    /// The stay of a car that is parked.
    pub fn active(&self, plate: &Plate) -> Option<&Session> {
        self.state.active_by_plate.get(plate).and_then(|id| self.state.sessions.get(id))
    }

    /// The stay of a car on an area's lot, when its driver's secret is this one.
    pub fn entered_with(&self, area: &AreaId, plate: &Plate, secret_sha256: &str) -> Option<&Session> {
        let lot = &self.state.config.area(area)?.lot;
        let session = self.state.sessions.get(self.state.stay_of(lot, plate)?)?;
        (session.secret_sha256.as_deref() == Some(secret_sha256)).then_some(session)
    }

    /// What a stay owes at a moment.
    pub fn owed(&self, session: &SessionId, at_ms: i64) -> Result<Owed, Refusal> {
        owed(&self.state, self.state.session(session)?, at_ms)
    }

    /// One payment.
    pub fn payment(&self, id: &PaymentId) -> Option<&Payment> {
        self.state.payments.get(id)
    }

    /// A stay's payments, oldest first.
    pub fn payments_of(&self, session: &SessionId) -> impl DoubleEndedIterator<Item = &Payment> {
        self.state.payments_of.get(session).into_iter().flatten().filter_map(|id| self.state.payments.get(id))
    }

    /// The payment that a payer's idempotency key made.
    pub fn payment_by_key(&self, session: &SessionId, by: &crate::model::Payer, key: &str) -> Option<&Payment> {
        self.state.payment_by_key.get(&payment::full_key(session, by, key)).and_then(|id| self.state.payments.get(id))
    }

    /// The payment that a token made, where tokens stand for one payment each.
    pub fn payment_by_token(&self, instrument: &PrivateRef) -> Option<&Payment> {
        self.state.payment_by_token.get(instrument).and_then(|id| self.state.payments.get(id))
    }

    /// Payments in the order in which they were asked for, from a moment on and past one of them.
    pub fn payments_from(&self, at_ms: i64, after: Option<&(i64, PaymentId)>) -> impl Iterator<Item = &Payment> {
        let from = match after.filter(|(asked_at_ms, _)| at_ms <= *asked_at_ms) {
            Some(place) => Bound::Excluded(place.clone()),
            // Sorts before every name that a payment can have.
            None => Bound::Included((at_ms, PaymentId::made("", 0, 1))),
        };
        let found = self.state.payments_by_time.range((from, Bound::Unbounded));
        found.filter_map(|(_, id)| self.state.payments.get(id))
    }

    /// A payment's refunds.
    pub fn refunds_of(&self, payment: &PaymentId) -> impl Iterator<Item = &Refund> {
        self.state.refunds_of.get(payment).into_iter().flatten().filter_map(|id| self.state.refunds.get(id))
    }

    /// One refund.
    pub fn refund(&self, id: &crate::id::RefundId) -> Option<&Refund> {
        self.state.refunds.get(id)
    }

    /// A stay's proxies, oldest first.
    pub fn proxies_of(&self, session: &SessionId) -> impl Iterator<Item = &Proxy> {
        self.state.proxies_of.get(session).into_iter().flatten().filter_map(|id| self.state.proxies.get(id))
    }

    /// What a payer with this token may see.
    pub fn proxy_view(&self, token_sha256: &str, at_ms: i64) -> Option<ProxyView<'_>> {
        let proxy = self.state.proxies.get(self.state.proxy_by_token.get(token_sha256)?)?;
        let session = self.state.sessions.get(&proxy.session)?;
        let payment = proxy.payment.as_ref().and_then(|id| self.state.payments.get(id));
        Some(ProxyView { proxy, session, end: proxy::end(&self.state, proxy, at_ms), payment })
    }

    /// What waits for a person, oldest first.
    pub fn reviews(&self) -> impl Iterator<Item = &Review> {
        self.state.reviews.values()
    }

    /// The journal of one day and lot as comma-separated values (RFC 4180), with totals; both sides add up to the same. Refused for a
    /// lot that is not there and for a day of which lines may have been forgotten.
    pub fn statement_csv(&self, lot: &LotId, day: Day, at_ms: i64) -> Result<String, Refusal> {
        statement::csv(&self.state, lot, day, at_ms)
    }

    /// Whether a read was taken before.
    pub fn knows_read(&self, camera: &CameraId, id: &str) -> bool {
        self.state.reads.contains(&cctv::key(camera, id))
    }
}

fn apply(state: &mut State, turn: &mut Turn, event: &ParkingEvent) {
    match event {
        ParkingEvent::Configured { config, stays_keep_permits } => stay::configure(state, config, *stays_keep_permits),
        ParkingEvent::Entered { .. } => {
            if let Some(entry) = stay::EntryOf::of(event) {
                stay::entered(state, turn, &entry);
            }
        }
        ParkingEvent::Extended { session, minutes } => stay::extended(state, turn, session, *minutes),
        ParkingEvent::Left { session, by } => stay::left(state, turn, session, turn.stamp.at_ms, *by),
        ParkingEvent::ProxyMade { session, token_sha256, life_ms, pays_once } => {
            let leave = proxy::Leave { session, token_sha256, life_ms: *life_ms, pays_once: *pays_once };
            proxy::made(state, turn, &leave);
        }
        ParkingEvent::ProxyRevoked { proxy } => proxy::revoked(state, proxy),
        ParkingEvent::PaymentAsked { session, by, amount, instrument, single_use, key } => {
            let asked = payment::Asked { session, by, amount: *amount, instrument, single_use: *single_use, key };
            payment::asked(state, turn, &asked);
        }
        ParkingEvent::Provider { payment, report } => payment::reported(state, turn, payment, report),
        ParkingEvent::Remitted { session, amount, key, reason: _ } => {
            stay::remitted(state, turn, &stay::Remission { session, amount: *amount, key: key.as_deref() });
        }
        ParkingEvent::Seen { read } => cctv::seen(state, turn, read),
        ParkingEvent::Pictured { frame } => cctv::pictured(state, turn, frame),
        ParkingEvent::Reviewed { review, decision } => cctv::reviewed(state, turn, review, decision),
    }
}

/// What a stay owes at a moment; after its end, what it owed then.
pub(crate) fn owed(state: &State, session: &Session, at_ms: i64) -> Result<Owed, Refusal> {
    let fee = match &session.exit {
        Some(exit) => exit.fee.clone(),
        None => {
            let tariff = state.tariff(session).ok_or(Refusal::NoTariff)?;
            let until_ms = at_ms.max(session.entered_at_ms);
            fee_after(tariff, state.permit(session), session.minutes_before, session.entered_at_ms, until_ms)?
        }
    };
    let paid = session.counted();
    let due = fee.total.less(session.remitted).less(paid);
    Ok(Owed { remitted: session.remitted, paid, reserved: session.reserved, due, payable: due.less(session.reserved), fee })
}
