//! What a lot adds up to, kept as it changes: pages ask every few seconds, and nobody may count a hundred thousand stays while a call
//! for help waits for the state.

use std::collections::{BTreeMap, BTreeSet};

use flight_types::LotId;
use serde::Serialize;

use crate::calendar::{Day, local};
use crate::id::SessionId;
use crate::ledger::Account;
use crate::limits;
use crate::model::Session;
use crate::money::Money;
use crate::plate::Plate;
use crate::state::State;

/// One lot's indexes and running totals.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct LotBook {
    /// Every stay still known.
    pub sessions: BTreeSet<SessionId>,
    /// Cars that are parked.
    pub active: BTreeMap<Plate, SessionId>,
    /// What stays that are over still owe.
    pub unpaid: BTreeMap<SessionId, Money>,
    /// Their sum, minor units.
    pub unpaid_amount: i64,
    /// What waits for a person.
    pub reviews: usize,
    /// Payments less what went back, by the lot's days.
    received: BTreeMap<i64, i64>,
}

/// A lot at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LotTotals {
    /// Cars that are parked.
    pub active: usize,
    /// Stays that are over and still owe.
    pub unpaid: usize,
    /// What they owe, minor units.
    pub unpaid_amount: i64,
    /// Today, by the lot's clock.
    pub today: Day,
    /// Today's payments less what went back, minor units.
    pub received_today: i64,
    /// What waits for a person.
    pub reviews: usize,
}

impl LotBook {
    fn owes(&mut self, id: &SessionId, due: Money) {
        let before = if due.is_zero() { self.unpaid.remove(id) } else { self.unpaid.insert(id.clone(), due) };
        self.unpaid_amount += due.minor() - before.unwrap_or_default().minor();
    }

    fn forget(&mut self, id: &SessionId) {
        self.owes(id, Money::ZERO);
        self.sessions.remove(id);
    }
}

impl State {
    /// A lot's indexes; made when it is first needed.
    pub fn lot_book(&mut self, lot: &LotId) -> &mut LotBook {
        if !self.lots.contains_key(lot) {
            self.lots.insert(lot.clone(), LotBook::default());
        }
        self.lots.get_mut(lot).expect("it was just put there")
    }

    /// The stay of this car: by the very plate wherever it is, or on this lot by the plate with or without its region's name, when that
    /// is one car's.
    pub fn stay_of(&self, lot: &LotId, plate: &Plate) -> Option<&SessionId> {
        if let Some(id) = self.active_by_plate.get(plate) {
            return Some(id);
        }
        let on_lot = self.lots.get(lot)?.active.iter();
        let mut alike = on_lot.filter(|(parked, _)| plate.is_same_but_for_region(parked)).map(|(_, id)| id);
        match (alike.next(), alike.next()) {
            (Some(id), None) => Some(id),
            (_, _) => None,
        }
    }

    /// A car is parked.
    pub fn park(&mut self, lot: &LotId, plate: &Plate, id: &SessionId) {
        self.active_by_plate.insert(plate.clone(), id.clone());
        let book = self.lot_book(lot);
        book.active.insert(plate.clone(), id.clone());
        book.sessions.insert(id.clone());
    }

    /// It is not, or not under this plate.
    pub fn unpark(&mut self, lot: &LotId, plate: &Plate) {
        self.active_by_plate.remove(plate);
        self.lot_book(lot).active.remove(plate);
    }

    /// The distance of a lot's clocks from UTC, minutes.
    pub fn utc_offset_min(&self, lot: &LotId) -> i32 {
        let tariff = self.config.lot(lot).and_then(|lot| self.tariffs.get(&lot.tariff.to_string()));
        tariff.map_or(0, |tariff| tariff.utc_offset_min)
    }

    /// Money has come to the provider, or gone back from it.
    pub fn received(&mut self, lot: &LotId, at_ms: i64, amount: i64) {
        let (today, _) = local(at_ms, self.utc_offset_min(lot));
        let received = &mut self.lot_book(lot).received;
        *received.entry(today.0).or_default() += amount;
        while limits::RECEIVED_DAYS_MAX < received.len() {
            received.pop_first();
        }
    }

    /// A lot at a glance; no stay is looked at.
    pub fn totals(&self, lot: &LotId, at_ms: i64) -> LotTotals {
        let (today, _) = local(at_ms, self.utc_offset_min(lot));
        let book = self.lots.get(lot);
        LotTotals {
            active: book.map_or(0, |book| book.active.len()),
            unpaid: book.map_or(0, |book| book.unpaid.len()),
            unpaid_amount: book.map_or(0, |book| book.unpaid_amount),
            today,
            received_today: book.and_then(|book| book.received.get(&today.0)).copied().unwrap_or_default(),
            reviews: book.map_or(0, |book| book.reviews),
        }
    }

    /// Brings the totals up to date with the stays that this turn has touched.
    pub fn recount(&mut self, now_ms: i64) {
        for id in std::mem::take(&mut self.touched) {
            let Some(session) = self.sessions.get(&id) else { continue };
            let (lot, due, at_rest) = (session.lot.clone(), due_after_exit(session), self.is_at_rest(session));
            self.lot_book(&lot).owes(&id, due);
            if let Some(since_ms) = self.at_rest_since.remove(&id) {
                self.at_rest.remove(&(since_ms, id.clone()));
            }
            if at_rest {
                self.at_rest_since.insert(id.clone(), now_ms);
                self.at_rest.insert((now_ms, id));
            }
        }
    }

    /// Whether nothing is owed either way and nothing is under way.
    fn is_at_rest(&self, session: &Session) -> bool {
        let settled = || self.ledger.balance(&Account::Driver { session: session.id.clone() }) == 0;
        !session.is_active() && session.reserved.is_zero() && session.returning.is_zero() && settled()
    }

    /// Forgets stays that have been at rest for long, with all that belongs to them; a few in one turn, so that no turn takes long.
    pub fn forget_old(&mut self, now_ms: i64) {
        let before_ms = now_ms.saturating_sub(limits::KEPT_MS);
        self.ledger.forget_before(before_ms, limits::FORGOTTEN_AT_ONCE_MAX);
        for _ in 0..limits::FORGOTTEN_AT_ONCE_MAX {
            let Some((since_ms, id)) = self.at_rest.first().filter(|(since_ms, _)| *since_ms < before_ms).cloned() else { return };
            self.at_rest.remove(&(since_ms, id.clone()));
            self.at_rest_since.remove(&id);
            self.forget(&id);
        }
    }

    /// A stay that never was: begun under a plate that was typed wrongly. One that anybody has paid for is kept.
    pub fn withdraw(&mut self, id: &SessionId) {
        let Some(session) = self.sessions.get(id).filter(|_| !self.payments_of.contains_key(id)) else { return };
        let (lot, plate) = (session.lot.clone(), session.plate.clone());
        self.unpark(&lot, &plate);
        self.forget(id);
    }

    /// Every removal is by key: what belongs to a stay is named by it.
    fn forget(&mut self, id: &SessionId) {
        let Some(session) = self.sessions.remove(id) else { return };
        if self.ended_by_plate.get(&session.plate) == Some(id) {
            self.ended_by_plate.remove(&session.plate);
        }
        self.lot_book(&session.lot).forget(id);
        for payment in self.payments_of.remove(id).unwrap_or_default() {
            self.forget_payment(&payment);
        }
        for proxy in self.proxies_of.remove(id).unwrap_or_default() {
            if let Some(proxy) = self.proxies.remove(&proxy) {
                self.proxy_by_token.remove(&proxy.token_sha256);
            }
        }
    }

    fn forget_payment(&mut self, id: &crate::id::PaymentId) {
        let Some(payment) = self.payments.remove(id) else { return };
        self.payment_by_key.remove(&crate::payment::full_key(&payment.session, &payment.by, &payment.key));
        if self.payment_by_token.get(&payment.instrument) == Some(id) {
            self.payment_by_token.remove(&payment.instrument);
        }
        self.payments_by_time.remove(&(payment.asked_at_ms, id.clone()));
        for refund in self.refunds_of.remove(id).unwrap_or_default() {
            self.refunds.remove(&refund);
        }
    }
}

/// What a stay that is over still owes.
fn due_after_exit(session: &Session) -> Money {
    session.exit.as_ref().map_or(Money::ZERO, |exit| exit.fee.total.less(session.remitted).less(session.counted()))
}
