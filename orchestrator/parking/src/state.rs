//! The state that the parts change, and one turn of the loop. Ordered maps only, so that its hash is the same everywhere.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use flight_types::LotId;
use serde::Serialize;

use crate::config::ParkingConfig;
use crate::event::{GateFrame, PlateRead, Stamp};
use crate::id::{PaymentId, PrivateRef, ProxyId, RefundId, ReviewId, SessionId};
use crate::ledger::{Account, Concern, Ledger, TransactionKind};
use crate::limits;
use crate::model::{Payment, Proxy, Refund, Review, ReviewReason, Session, StayPermit};
use crate::order::{Order, ParkingMessage};
use crate::plate::Plate;
use crate::refusal::Refusal;
use crate::tariff::{Permit, Tariff};
use crate::totals::LotBook;

/// Everything that a district's parking adds up to.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct State {
    pub config: ParkingConfig,
    /// Every tariff ever configured, by name and version.
    pub tariffs: BTreeMap<String, Tariff>,
    pub sessions: BTreeMap<SessionId, Session>,
    pub active_by_plate: BTreeMap<Plate, SessionId>,
    /// The latest ended stay of each plate.
    pub ended_by_plate: BTreeMap<Plate, SessionId>,
    /// Stays that are over, settled and untouched since a moment, longest first; and since when, by stay.
    pub at_rest: BTreeSet<(i64, SessionId)>,
    pub at_rest_since: BTreeMap<SessionId, i64>,
    /// What each lot adds up to.
    pub lots: BTreeMap<LotId, LotBook>,
    /// Stays that this turn has changed, or may have.
    #[serde(skip)]
    pub touched: BTreeSet<SessionId>,
    /// The configured permits by plate.
    #[serde(skip)]
    pub permits: BTreeMap<Plate, Vec<Permit>>,
    pub payments: BTreeMap<PaymentId, Payment>,
    pub payments_of: BTreeMap<SessionId, Vec<PaymentId>>,
    /// By when they were asked for.
    pub payments_by_time: BTreeSet<(i64, PaymentId)>,
    pub payment_by_key: BTreeMap<String, PaymentId>,
    /// The payments of tokens that stand for one payment each.
    pub payment_by_token: BTreeMap<PrivateRef, PaymentId>,
    pub refunds: BTreeMap<RefundId, Refund>,
    pub refunds_of: BTreeMap<PaymentId, Vec<RefundId>>,
    pub proxies: BTreeMap<ProxyId, Proxy>,
    pub proxies_of: BTreeMap<SessionId, Vec<ProxyId>>,
    pub proxy_by_token: BTreeMap<String, ProxyId>,
    pub reviews: BTreeMap<ReviewId, Review>,
    /// Doubtful reads that were dropped because too many waited.
    pub reviews_dropped: u64,
    pub reads: BTreeSet<String>,
    pub reads_in_order: VecDeque<String>,
    /// When each camera last saw each plate, as `camera/plate`.
    pub passages: BTreeMap<String, i64>,
    pub passages_by_time: BTreeSet<(i64, String)>,
    pub ledger: Ledger,
}

/// One turn: where the entry stands, and the orders that come of it.
#[derive(Debug)]
pub(crate) struct Turn {
    pub stamp: Stamp,
    pub orders: Vec<Order>,
    made: u32,
}

impl Turn {
    pub fn new(stamp: Stamp) -> Self {
        Self { stamp, orders: Vec::new(), made: 0 }
    }

    /// The counter of the next name made in this turn.
    pub fn next_name(&mut self) -> (u64, u32) {
        self.made += 1;
        (self.stamp.seq, self.made)
    }

    /// Tells somebody, when there is somebody to tell.
    pub fn tell(&mut self, to: Option<&crate::id::PrivateRef>, message: ParkingMessage) {
        if let Some(to) = to {
            self.orders.push(Order::Tell { to: to.clone(), message });
        }
    }
}

impl State {
    pub fn session(&self, id: &SessionId) -> Result<&Session, Refusal> {
        self.sessions.get(id).ok_or_else(|| Refusal::Unknown { kind: "parking session", id: id.to_string() })
    }

    /// A session named by our own records, to change: what it adds to the totals is reckoned anew at the end of the turn.
    pub fn own_session(&mut self, id: &SessionId) -> &mut Session {
        self.touched.insert(id.clone());
        self.sessions.get_mut(id).expect("what names a session is forgotten with it")
    }

    /// The tariff that a session keeps.
    pub fn tariff(&self, session: &Session) -> Option<&Tariff> {
        self.tariffs.get(&session.tariff.to_string())
    }

    /// The permit that a stay is priced with.
    pub fn permit<'a>(&'a self, session: &'a Session) -> Option<&'a Permit> {
        match &session.permit {
            StayPermit::AsConfigured => self.configured_permit(session),
            StayPermit::Kept(permit) => permit.as_ref(),
        }
    }

    /// What today's configuration says.
    pub fn configured_permit(&self, session: &Session) -> Option<&Permit> {
        let holds = |permit: &&Permit| permit.holds(&session.plate, &session.lot, session.entered_at_ms);
        self.permits.get(&session.plate)?.iter().filter(holds).max_by_key(|permit| permit.discount_pct)
    }

    /// Moves money between the driver and another account.
    pub fn post(
        &mut self,
        at_ms: i64,
        kind: TransactionKind,
        session: &SessionId,
        payment: Option<&Payment>,
        amount: crate::money::Money,
    ) {
        let lot = self.own_session(session).lot.clone();
        let driver = Account::Driver { session: session.clone() };
        let revenue = Account::Revenue { lot: lot.clone() };
        let (debit, credit) = match kind {
            TransactionKind::Fee => (driver, revenue),
            TransactionKind::Remission => (revenue, driver),
            TransactionKind::Payment => (Account::Provider, driver),
            TransactionKind::Refund | TransactionKind::Reversal => (driver, Account::Provider),
        };
        let at_provider = match kind {
            TransactionKind::Fee | TransactionKind::Remission => 0,
            TransactionKind::Payment => amount.minor(),
            TransactionKind::Refund | TransactionKind::Reversal => -amount.minor(),
        };
        self.received(&lot, at_ms, at_provider);
        let payment = payment.map(|payment| payment.id.clone());
        let concern = Concern { at_ms, kind, lot, session: session.clone(), payment };
        self.ledger.transfer(concern, debit, credit, amount);
    }

    /// A person has looked.
    pub fn take_review(&mut self, id: &ReviewId) -> Option<Review> {
        let review = self.reviews.remove(id)?;
        let book = self.lot_book(&review.lot);
        book.reviews = book.reviews.saturating_sub(1);
        Some(review)
    }

    /// Puts something before a person.
    pub fn review(&mut self, turn: &mut Turn, lot: &flight_types::LotId, reason: ReviewReason, read: Option<PlateRead>) {
        let about_money = matches!(reason, ReviewReason::RefundFailed { .. });
        if limits::REVIEWS_OPEN_MAX <= self.reviews.len() && !about_money {
            self.reviews_dropped += 1;
            return;
        }
        let (seq, count) = turn.next_name();
        let id = ReviewId::made("pv", seq, count);
        let review = Review { id: id.clone(), at_ms: turn.stamp.at_ms, lot: lot.clone(), reason, read, frame: None };
        self.reviews.insert(id, review);
        self.lot_book(lot).reviews += 1;
    }

    /// Puts a picture before a person.
    pub fn review_frame(&mut self, turn: &mut Turn, lot: &flight_types::LotId, frame: GateFrame) {
        let (seq, count) = turn.next_name();
        let (id, at_ms) = (ReviewId::made("pv", seq, count), turn.stamp.at_ms);
        let review =
            Review { id: id.clone(), at_ms, lot: lot.clone(), reason: ReviewReason::Unread, read: None, frame: Some(frame) };
        self.reviews.insert(id, review);
        self.lot_book(lot).reviews += 1;
    }
}
