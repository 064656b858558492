//! Leave for a stranger to pay: single-use, expiring, revocable. The core knows the token's digest only.

use crate::id::{ProxyId, SessionId};
use crate::limits;
use crate::model::{PaymentState, Proxy};
use crate::refusal::{ProxyEnd, Refusal};
use crate::state::{State, Turn};
use crate::stay::is_digest;

pub(crate) fn admit(state: &State, at_ms: i64, session: &SessionId, token_sha256: &str, life_ms: i64) -> Result<(), Refusal> {
    state.session(session)?;
    if !is_digest(token_sha256) || state.proxy_by_token.contains_key(token_sha256) {
        return Err(Refusal::Malformed("a proxy token comes as a SHA-256 digest of its own"));
    }
    if !limits::PROXY_LIFE_MS.contains(&life_ms) {
        return Err(Refusal::Malformed("a proxy token holds for a minute to a day"));
    }
    if state.proxies_of.get(session).is_some_and(|made| limits::PROXIES_PER_SESSION_MAX <= made.len()) {
        return Err(Refusal::TooMany("payment codes of one stay"));
    }
    let of_session = state.proxies_of.get(session).into_iter().flatten().filter_map(|id| state.proxies.get(id));
    let open = of_session.filter(|proxy| end(state, proxy, at_ms).is_none()).count();
    if open < limits::PROXIES_OPEN_MAX { Ok(()) } else { Err(Refusal::TooMany("open payment codes")) }
}

pub(crate) fn known<'a>(state: &'a State, id: &ProxyId) -> Result<&'a Proxy, Refusal> {
    state.proxies.get(id).ok_or_else(|| Refusal::Unknown { kind: "payment code", id: id.to_string() })
}

/// Leave to pay, as the event tells it.
pub(crate) struct Leave<'a> {
    pub session: &'a SessionId,
    pub token_sha256: &'a str,
    pub life_ms: i64,
    pub pays_once: bool,
}

pub(crate) fn made(state: &mut State, turn: &mut Turn, leave: &Leave<'_>) {
    let Leave { session, token_sha256, life_ms, pays_once } = *leave;
    let (seq, count) = turn.next_name();
    let id = ProxyId::made("px", seq, count);
    let proxy = Proxy {
        id: id.clone(),
        session: session.clone(),
        token_sha256: token_sha256.to_owned(),
        made_at_ms: turn.stamp.at_ms,
        expires_at_ms: turn.stamp.at_ms + life_ms,
        revoked: false,
        pays_once,
        payment: None,
        payments: Vec::new(),
    };
    state.proxy_by_token.insert(token_sha256.to_owned(), id.clone());
    state.proxies_of.entry(session.clone()).or_default().push(id.clone());
    state.proxies.insert(id, proxy);
}

/// Takes leave back. A payment under way is not stopped by it.
pub(crate) fn revoked(state: &mut State, id: &ProxyId) {
    if let Some(proxy) = state.proxies.get_mut(id) {
        proxy.revoked = true;
    }
}

/// Why a token cannot be paid with at a moment; `None` when it can.
pub(crate) fn end(state: &State, proxy: &Proxy, at_ms: i64) -> Option<ProxyEnd> {
    if let Some(end) = paid_end(state, proxy) {
        return Some(end);
    }
    if proxy.revoked {
        return Some(ProxyEnd::Revoked);
    }
    if proxy.pays_once && limits::PROXY_TRIES_MAX <= proxy.payments.len() {
        return Some(ProxyEnd::TriedOut);
    }
    (proxy.expires_at_ms <= at_ms).then_some(ProxyEnd::Expired)
}

/// What its payments make of a code: a try that was declined and has turned out to be paid uses it up, also when another came later.
fn paid_end(state: &State, proxy: &Proxy) -> Option<ProxyEnd> {
    let tries = if proxy.pays_once { proxy.payments.as_slice() } else { proxy.payment.as_slice() };
    let ends = tries.iter().filter_map(|id| state.payments.get(id)).filter_map(|payment| match payment.state {
        PaymentState::Captured => Some(ProxyEnd::Used),
        PaymentState::Authorising | PaymentState::Capturing => Some(ProxyEnd::UnderWay),
        PaymentState::Declined { .. } => None,
    });
    // A payment under way is what the payer waits for.
    ends.reduce(|first, second| if first == ProxyEnd::UnderWay { first } else { second })
}
