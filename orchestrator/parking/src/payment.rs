//! Payments: reserve before charging, and whatever the provider reports, in whatever order and however often, adds up.
//!
//! `Authorising -> Capturing -> Captured`, or `Declined` from either of the first two. A capture that turns up after we took the
//! payment for declined is taken in; what was then paid above the fee goes back by itself, and so does all of it when the code by which
//! it came has paid once.

use crate::book::owed;
use crate::event::ProviderReport;
use crate::id::{PaymentId, PrivateRef, RefundId, SessionId};
use crate::ledger::TransactionKind;
use crate::limits;
use crate::model::{Method, Payer, Payment, PaymentState, Refund, RefundState, ReviewReason, Session};
use crate::money::Money;
use crate::order::{Order, ParkingMessage};
use crate::proxy;
use crate::refusal::Refusal;
use crate::state::{State, Turn};

/// What the keys begin with under which the registered instrument is charged. No asker's key may.
const EXIT_KEY: &str = "exit-";

/// A payment as it is asked for.
pub(crate) struct Asked<'a> {
    pub session: &'a SessionId,
    pub by: &'a Payer,
    pub amount: Money,
    pub instrument: &'a PrivateRef,
    /// The instrument stands for one payment and never for a second.
    pub single_use: bool,
    pub key: &'a str,
}

/// An asker's key, told apart from every other asker's.
pub(crate) fn full_key(session: &SessionId, by: &Payer, key: &str) -> String {
    match by {
        Payer::Driver => format!("{session}/{key}"),
        Payer::Proxy { proxy } => format!("{session}/{proxy}/{key}"),
    }
}

pub(crate) fn known<'a>(state: &'a State, id: &PaymentId) -> Result<&'a Payment, Refusal> {
    state.payments.get(id).ok_or_else(|| Refusal::Unknown { kind: "payment", id: id.to_string() })
}

pub(crate) fn admit(state: &State, at_ms: i64, asked: &Asked<'_>) -> Result<(), Refusal> {
    let session = state.session(asked.session)?;
    if asked.key.is_empty() || limits::KEY_LENGTH_MAX < asked.key.len() {
        return Err(Refusal::Malformed("an idempotency key has 1 to 80 characters"));
    }
    if asked.key.starts_with(EXIT_KEY) {
        return Err(Refusal::Malformed("an idempotency key does not begin with exit-"));
    }
    if let Some(before) = state.payment_by_key.get(&full_key(asked.session, asked.by, asked.key)) {
        let same = state.payments.get(before).is_some_and(|payment| payment.amount == asked.amount);
        return if same { Ok(()) } else { Err(Refusal::KeyReused) };
    }
    if is_spent(state, asked) {
        return Err(Refusal::TokenUsed);
    }
    if let Payer::Proxy { proxy: id } = asked.by {
        let leave = proxy::known(state, id)?;
        if leave.session != *asked.session {
            return Err(Refusal::Unknown { kind: "payment code", id: id.to_string() });
        }
        if let Some(end) = proxy::end(state, leave, at_ms) {
            return Err(Refusal::ProxySpent(end));
        }
    }
    let (tries, tries_max) = match asked.by {
        Payer::Driver => (session.own_tries, limits::DRIVER_PAYMENTS_MAX),
        Payer::Proxy { .. } => (session.others_tries, limits::OTHERS_PAYMENTS_MAX),
    };
    if tries_max <= tries {
        return Err(Refusal::TooMany("payments for one stay"));
    }
    let payable = owed(state, session, at_ms)?.payable;
    if asked.amount.is_zero() || payable < asked.amount {
        return Err(Refusal::NotPayable { asked: asked.amount, payable });
    }
    Ok(())
}

fn is_spent(state: &State, asked: &Asked<'_>) -> bool {
    asked.single_use && state.payment_by_token.contains_key(asked.instrument)
}

/// Reserves the amount and asks the provider.
pub(crate) fn asked(state: &mut State, turn: &mut Turn, asked: &Asked<'_>) {
    let key = full_key(asked.session, asked.by, asked.key);
    if state.payment_by_key.contains_key(&key) || is_spent(state, asked) {
        return;
    }
    let (seq, count) = turn.next_name();
    let id = PaymentId::made("pp", seq, count);
    let payment = Payment {
        id: id.clone(),
        session: asked.session.clone(),
        by: asked.by.clone(),
        amount: asked.amount,
        instrument: asked.instrument.clone(),
        key: asked.key.to_owned(),
        state: PaymentState::Authorising,
        refunded: Money::ZERO,
        reversed: Money::ZERO,
        asked_at_ms: turn.stamp.at_ms,
        settled_at_ms: None,
        captured_seq: None,
        refund_blocked: false,
        surplus: false,
    };
    if let Payer::Proxy { proxy } = asked.by
        && let Some(proxy) = state.proxies.get_mut(proxy)
    {
        proxy.payment = Some(id.clone());
        proxy.payments.push(id.clone());
    }
    let session = state.own_session(asked.session);
    match asked.by {
        // Charges at the exit follow from what others do; they are not the driver's tries.
        Payer::Driver if asked.key.starts_with(EXIT_KEY) => {}
        Payer::Driver => session.own_tries = session.own_tries.saturating_add(1),
        Payer::Proxy { .. } => session.others_tries = session.others_tries.saturating_add(1),
    }
    // Reserved sums stay below the fee, which is an amount.
    session.reserved = session.reserved.plus(asked.amount).unwrap_or(session.reserved);
    state.payment_by_key.insert(key, id.clone());
    if asked.single_use {
        state.payment_by_token.insert(asked.instrument.clone(), id.clone());
    }
    state.payments_of.entry(asked.session.clone()).or_default().push(id.clone());
    state.payments_by_time.insert((payment.asked_at_ms, id.clone()));
    state.payments.insert(id.clone(), payment);
    turn.orders.push(Order::Authorise { payment: id, instrument: asked.instrument.clone(), amount: asked.amount });
}

/// What is due at the exit, and what falls due afterwards because somebody else's payment came to nothing, goes to the registered
/// instrument. Whether something was charged.
pub(crate) fn charge_registered(state: &mut State, turn: &mut Turn, id: &SessionId) -> bool {
    let session = state.own_session(id).clone();
    let Method::Registered { instrument } = &session.method else { return false };
    let Ok(owed) = owed(state, &session, turn.stamp.at_ms) else { return false };
    if session.is_active() || owed.payable.is_zero() {
        return false;
    }
    let charged = state.payments_of.get(id).map_or(0, |payments| {
        payments.iter().filter_map(|payment| state.payments.get(payment)).filter(|payment| is_exit_charge(payment)).count()
    });
    let key = format!("{EXIT_KEY}{}", charged + 1);
    let (amount, by) = (owed.payable, &Payer::Driver);
    asked(state, turn, &Asked { session: id, by, amount, instrument, single_use: false, key: &key });
    true
}

fn is_exit_charge(payment: &Payment) -> bool {
    payment.by == Payer::Driver && payment.key.starts_with(EXIT_KEY)
}

/// The provider reports.
pub(crate) fn reported(state: &mut State, turn: &mut Turn, id: &PaymentId, report: &ProviderReport) {
    match report {
        ProviderReport::Authorised => authorised(state, turn, id),
        ProviderReport::Declined { reason } => declined(state, turn, id, reason),
        ProviderReport::Captured => captured(state, turn, id),
        ProviderReport::Refunded { refund } => refunded(state, turn, id, refund),
        ProviderReport::RefundRefused { refund, reason } => refund_refused(state, turn, id, refund, reason),
        ProviderReport::Standing { returned_total } => {
            captured(state, turn, id);
            returned(state, turn, id, *returned_total);
        }
    }
}

fn own<'a>(state: &'a mut State, id: &PaymentId) -> &'a mut Payment {
    state.payments.get_mut(id).expect("reports about unknown payments are refused")
}

fn authorised(state: &mut State, turn: &mut Turn, id: &PaymentId) {
    let payment = own(state, id);
    if payment.state == PaymentState::Authorising {
        payment.state = PaymentState::Capturing;
        let (instrument, amount) = (payment.instrument.clone(), payment.amount);
        turn.orders.push(Order::Capture { payment: id.clone(), instrument, amount });
    }
}

/// Whom to tell about a payment: the driver as registered, or the stranger as they left a number.
fn payer_of<'a>(session: &'a Session, payment: &'a Payment) -> &'a PrivateRef {
    match payment.by {
        Payer::Driver => session.driver.as_ref().unwrap_or(&payment.instrument),
        Payer::Proxy { .. } => &payment.instrument,
    }
}

fn is_under_way(payment: &Payment) -> bool {
    match payment.state {
        PaymentState::Authorising | PaymentState::Capturing => true,
        PaymentState::Captured | PaymentState::Declined { .. } => false,
    }
}

/// A decline after a capture is old news.
fn declined(state: &mut State, turn: &mut Turn, id: &PaymentId, reason: &str) {
    let payment = own(state, id);
    if !is_under_way(payment) {
        return;
    }
    payment.state = PaymentState::Declined { reason: reason.to_owned() };
    payment.settled_at_ms = Some(turn.stamp.at_ms);
    let payment = payment.clone();
    let session = state.own_session(&payment.session);
    session.reserved = session.reserved.less(payment.amount);
    let payer = payer_of(session, &payment).clone();
    turn.tell(Some(&payer), ParkingMessage::Declined { payment: id.clone(), amount: payment.amount });
    fall_back_on_driver(state, turn, &payment);
}

/// What a payer's payment held for the driver is the driver's again. A refused charge of the driver's own instrument is not repeated: it
/// would be refused again, and the driver has been told.
fn fall_back_on_driver(state: &mut State, turn: &mut Turn, payment: &Payment) {
    let id = &payment.session;
    let charged = !is_exit_charge(payment) && charge_registered(state, turn, id);
    let Payer::Proxy { .. } = payment.by else { return };
    let (driver, due) = (state.own_session(id).driver.clone(), due(state, turn, id));
    let message = ParkingMessage::NotPaidForYou { session: id.clone(), amount: payment.amount, due, charged };
    turn.tell(driver.as_ref(), message);
}

fn captured(state: &mut State, turn: &mut Turn, id: &PaymentId) {
    let payment = own(state, id);
    if payment.state == PaymentState::Captured {
        return;
    }
    let was_under_way = is_under_way(payment);
    payment.state = PaymentState::Captured;
    payment.settled_at_ms = Some(turn.stamp.at_ms);
    payment.captured_seq = Some(turn.stamp.seq);
    if !was_under_way {
        turned_up(state, id);
    }
    let payment = own(state, id).clone();
    let session = state.own_session(&payment.session);
    if was_under_way {
        session.reserved = session.reserved.less(payment.amount);
    }
    // All payments of one stay, each at most its fee, stay in the range.
    session.paid = session.paid.plus(payment.amount).unwrap_or(session.paid);
    state.post(turn.stamp.at_ms, TransactionKind::Payment, &payment.session, Some(&payment), payment.amount);
    tell_captured(state, turn, &payment);
    settle(state, turn, &payment.session);
}

/// A payment that counted as declined was taken after all. By a code that pays once it stands only when no other does or is about to.
fn turned_up(state: &mut State, id: &PaymentId) {
    let Payer::Proxy { proxy } = own(state, id).by.clone() else { return };
    let Some(proxy) = state.proxies.get(&proxy).filter(|proxy| proxy.pays_once) else { return };
    let mut others = proxy.payments.iter().filter(|other| *other != id).filter_map(|other| state.payments.get(other));
    let stands = |other: &Payment| is_under_way(other) || (other.state == PaymentState::Captured && !other.surplus);
    let surplus = others.any(stands);
    let proxy = proxy.id.clone();
    own(state, id).surplus = surplus;
    if let Some(proxy) = state.proxies.get_mut(&proxy).filter(|_| !surplus) {
        proxy.payment = Some(id.clone());
    }
}

fn tell_captured(state: &mut State, turn: &mut Turn, payment: &Payment) {
    let session = state.own_session(&payment.session).clone();
    let receipt = ParkingMessage::Receipt { payment: payment.id.clone(), plate: session.plate.masked(), amount: payment.amount };
    turn.tell(Some(payer_of(&session, payment)), receipt);
    if let (Payer::Proxy { .. }, false) = (&payment.by, payment.surplus) {
        let due = due(state, turn, &payment.session);
        let message = ParkingMessage::PaidForYou { session: session.id.clone(), amount: payment.amount, due };
        turn.tell(session.driver.as_ref(), message);
    }
}

fn due(state: &State, turn: &Turn, id: &SessionId) -> Money {
    let session = state.session(id).and_then(|session| owed(state, session, turn.stamp.at_ms));
    session.map(|owed| owed.due).unwrap_or_default()
}

fn refunded(state: &mut State, turn: &mut Turn, id: &PaymentId, refund: &RefundId) {
    let Some(refund) = state.refunds.get_mut(refund).filter(|refund| refund.payment == *id) else { return };
    match refund.state {
        RefundState::Done => return,
        // A refusal that turns out to be wrong: the money went back after all.
        RefundState::Failed | RefundState::Ordered => {}
    }
    let was_returning = refund.state == RefundState::Ordered;
    refund.state = RefundState::Done;
    let ordered = refund.amount;
    let payment = own(state, id);
    let amount = ordered.min(payment.amount.less(payment.returned()));
    payment.refunded = payment.refunded.plus(amount).unwrap_or(payment.refunded);
    let payment = payment.clone();
    let session = state.own_session(&payment.session);
    if was_returning {
        no_longer_returning(session, &payment, ordered);
    }
    session.returned = session.returned.plus(amount).unwrap_or(session.returned);
    let payer = payer_of(session, &payment).clone();
    state.post(turn.stamp.at_ms, TransactionKind::Refund, &payment.session, Some(&payment), amount);
    turn.tell(Some(&payer), ParkingMessage::Refunded { payment: id.clone(), amount });
}

/// A refund is done, or refused.
fn no_longer_returning(session: &mut Session, payment: &Payment, amount: Money) {
    session.returning = session.returning.less(amount);
    if payment.surplus {
        session.surplus = session.surplus.less(amount);
    }
}

fn refund_refused(state: &mut State, turn: &mut Turn, id: &PaymentId, refund: &RefundId, reason: &str) {
    let Some(ordered) = state.refunds.get_mut(refund).filter(|refund| refund.payment == *id) else { return };
    if ordered.state != RefundState::Ordered {
        return;
    }
    ordered.state = RefundState::Failed;
    let amount = ordered.amount;
    let payment = own(state, id);
    payment.refund_blocked = true;
    let payment = payment.clone();
    let session = state.own_session(&payment.session);
    no_longer_returning(session, &payment, amount);
    let lot = session.lot.clone();
    let failed = ReviewReason::RefundFailed { refund: refund.clone(), payment: id.clone(), detail: reason.to_owned() };
    state.review(turn, &lot, failed, None);
}

/// So much has gone back in all, says the provider. What we do not know of yet is first our own refunds under way, then reversals.
fn returned(state: &mut State, turn: &mut Turn, id: &PaymentId, total: Money) {
    let open: Vec<(RefundId, Money)> = ordered_refunds(state, id).map(|refund| (refund.id.clone(), refund.amount)).collect();
    for (refund, amount) in open {
        if amount <= total.less(own(state, id).returned()) {
            refunded(state, turn, id, &refund);
        }
    }
    let payment = own(state, id);
    let total = total.min(payment.amount);
    let amount = total.less(payment.returned());
    if !amount.is_zero() {
        reversed(state, turn, id, amount);
    }
}

fn reversed(state: &mut State, turn: &mut Turn, id: &PaymentId, amount: Money) {
    let payment = own(state, id);
    payment.reversed = payment.reversed.plus(amount).unwrap_or(payment.reversed);
    let payment = payment.clone();
    let session = state.own_session(&payment.session);
    session.returned = session.returned.plus(amount).unwrap_or(session.returned);
    let driver = session.driver.clone();
    state.post(turn.stamp.at_ms, TransactionKind::Reversal, &payment.session, Some(&payment), amount);
    let message = ParkingMessage::Reversed { session: payment.session.clone(), amount, due: due(state, turn, &payment.session) };
    turn.tell(driver.as_ref(), message);
}

/// Gives back what came twice by one code, and what was paid above what is owed, latest capture first: whose money turns up when all is paid was not needed, however
/// early they asked.
pub(crate) fn settle(state: &mut State, turn: &mut Turn, id: &SessionId) {
    return_surplus(state, turn, id);
    let Ok(session) = state.session(id).cloned() else { return };
    let Ok(owed) = owed(state, &session, turn.stamp.at_ms) else { return };
    let mut excess = session.net_paid().less(session.returning).less(owed.fee.total.less(session.remitted));
    if excess.is_zero() {
        return;
    }
    let captured_seq = |payment: &PaymentId| state.payments.get(payment).and_then(|payment| payment.captured_seq);
    let mut payments = state.payments_of.get(id).cloned().unwrap_or_default();
    payments.sort_by_key(captured_seq);
    for payment in payments.iter().rev() {
        let refundable = refundable(state, payment).min(excess);
        if !refundable.is_zero() {
            order_refund(state, turn, payment, refundable);
            excess = excess.less(refundable);
        }
    }
}

/// Gives back in full what came by codes that had paid already.
fn return_surplus(state: &mut State, turn: &mut Turn, id: &SessionId) {
    let payments = state.payments_of.get(id).into_iter().flatten().filter_map(|payment| state.payments.get(payment));
    let surplus: Vec<PaymentId> = payments.filter(|payment| payment.surplus).map(|payment| payment.id.clone()).collect();
    for payment in surplus {
        let amount = refundable(state, &payment);
        if !amount.is_zero() {
            order_refund(state, turn, &payment, amount);
        }
    }
}

/// What can still go back of a payment.
fn refundable(state: &State, id: &PaymentId) -> Money {
    let Some(payment) = state.payments.get(id) else { return Money::ZERO };
    if payment.state != PaymentState::Captured || payment.refund_blocked {
        return Money::ZERO;
    }
    ordered_refunds(state, id).fold(payment.amount.less(payment.returned()), |left, refund| left.less(refund.amount))
}

/// A payment's refunds on their way.
fn ordered_refunds<'a>(state: &'a State, id: &PaymentId) -> impl Iterator<Item = &'a Refund> {
    let of_payment = state.refunds_of.get(id).into_iter().flatten().filter_map(|refund| state.refunds.get(refund));
    of_payment.filter(|refund| refund.state == RefundState::Ordered)
}

fn order_refund(state: &mut State, turn: &mut Turn, id: &PaymentId, amount: Money) {
    let (seq, count) = turn.next_name();
    let refund = RefundId::made("pr", seq, count);
    let ordered = Refund { id: refund.clone(), payment: id.clone(), amount, state: RefundState::Ordered };
    state.refunds.insert(refund.clone(), ordered);
    state.refunds_of.entry(id.clone()).or_default().push(refund.clone());
    let payment = own(state, id);
    let (session, instrument, surplus) = (payment.session.clone(), payment.instrument.clone(), payment.surplus);
    let session = state.own_session(&session);
    session.returning = session.returning.plus(amount).unwrap_or(session.returning);
    if surplus {
        session.surplus = session.surplus.plus(amount).unwrap_or(session.surplus);
    }
    turn.orders.push(Order::Refund { refund, payment: id.clone(), instrument, amount });
}

/// A person lets a refused refund be tried again.
pub(crate) fn unblock(state: &mut State, turn: &mut Turn, id: &PaymentId) {
    let Some(payment) = state.payments.get_mut(id) else { return };
    payment.refund_blocked = false;
    let session = payment.session.clone();
    settle(state, turn, &session);
}
