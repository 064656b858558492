//! A stay: entry matched with its area, extension, exit, remission.

use crate::book::owed;
use crate::config::{ConfigError, ParkingConfig};
use crate::id::{AreaId, PrivateRef, SessionId};
use crate::ledger::TransactionKind;
use crate::limits;
use crate::model::{Exit, Means, Method, Session};
use crate::money::Money;
use crate::order::ParkingMessage;
use crate::payment;
use crate::plate::{Closest, Plate, closest};
use crate::refusal::Refusal;
use crate::state::{State, Turn};

/// An entry as the event tells it.
pub(crate) struct EntryOf<'a> {
    pub area: &'a AreaId,
    pub plate: &'a Plate,
    pub driver: Option<&'a PrivateRef>,
    pub secret_sha256: Option<&'a String>,
    pub method: &'a Method,
    pub by: Means,
    pub planned_minutes: Option<i64>,
}

pub(crate) fn admit_config(state: &State, config: &ParkingConfig) -> Result<(), Refusal> {
    config.check()?;
    match config.changed(&state.tariffs) {
        None => Ok(()),
        Some(tariff) => Err(ConfigError::TariffChanged(tariff.key.clone()).into()),
    }
}

pub(crate) fn configure(state: &mut State, config: &ParkingConfig) {
    for tariff in &config.tariffs {
        state.tariffs.insert(tariff.key.to_string(), tariff.clone());
    }
    state.config = config.clone();
}

pub(crate) fn admit_entry(
    state: &State,
    area: &AreaId,
    plate: &Plate,
    secret_sha256: Option<&str>,
    planned_minutes: Option<i64>,
) -> Result<(), Refusal> {
    let area = state.config.area(area).ok_or_else(|| Refusal::Unknown { kind: "parking area", id: area.to_string() })?;
    if planned_minutes.is_some_and(|minutes| !is_extension(minutes)) {
        return Err(Refusal::Minutes);
    }
    if secret_sha256.is_some_and(|digest| !is_digest(digest)) {
        return Err(Refusal::Malformed("the driver's secret comes as a SHA-256 digest"));
    }
    if let Some(session) = state.active_by_plate.get(plate).and_then(|id| state.sessions.get(id)) {
        let may_register = session.driver.is_none() && session.lot == area.lot;
        return if may_register { Ok(()) } else { Err(Refusal::AlreadyParked) };
    }
    if limits::SESSIONS_ACTIVE_MAX <= state.active_by_plate.len() {
        return Err(Refusal::TooMany("parked cars"));
    }
    let lot = state.config.lot(&area.lot).ok_or(Refusal::NoTariff)?;
    state.tariffs.get(&lot.tariff.to_string()).map(drop).ok_or(Refusal::NoTariff)
}

/// SHA-256 in hexadecimal.
pub(crate) fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_extension(minutes: i64) -> bool {
    (1..=limits::EXTENSION_MINUTES_MAX).contains(&minutes)
}

pub(crate) fn entered(state: &mut State, turn: &mut Turn, entry: &EntryOf<'_>) {
    match seen_before(state, turn.stamp.at_ms, entry) {
        Some(id) => register(state, turn, &id, entry),
        None => {
            let begun = Begun { at_ms: turn.stamp.at_ms, by: entry.by, plate_confidence_pct: 100 };
            if let Some(id) = begin(state, turn, entry.area, entry.plate, begun) {
                register(state, turn, &id, entry);
            }
        }
    }
}

/// The stay that a camera began for this car a little before its driver scanned the code: the same plate, or the only one like it
/// among plates that the camera was not certain of.
fn seen_before(state: &State, at_ms: i64, entry: &EntryOf<'_>) -> Option<SessionId> {
    if let Some(id) = state.active_by_plate.get(entry.plate) {
        return Some(id.clone());
    }
    let lot = &state.config.area(entry.area)?.lot;
    let candidates = state.active_by_plate.iter().filter_map(|(plate, id)| {
        let session = state.sessions.get(id)?;
        let fresh = at_ms - session.entered_at_ms <= limits::ENTRY_MATCH_MS;
        let open_to_doubt = session.driver.is_none() && session.plate_confidence_pct < certain_pct(state, session);
        (session.lot == *lot && fresh && open_to_doubt).then(|| (plate, id.clone()))
    });
    match closest(entry.plate, candidates) {
        Closest::Same(id) | Closest::Near(id) => Some(id),
        Closest::Doubtful(_) | Closest::Nobody => None,
    }
}

/// From which confidence the cameras of a session's area are believed to the letter.
pub(crate) fn certain_pct(state: &State, session: &Session) -> u8 {
    let of_area = state.config.cameras.iter().filter(|camera| camera.area == session.area);
    of_area.map(|camera| camera.certain_pct).min().unwrap_or(100)
}

/// How a stay begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Begun {
    pub at_ms: i64,
    pub by: Means,
    pub plate_confidence_pct: u8,
}

/// Begins a stay; `None` when the area or its tariff is not there.
pub(crate) fn begin(state: &mut State, turn: &mut Turn, area: &AreaId, plate: &Plate, begun: Begun) -> Option<SessionId> {
    let area = state.config.area(area)?;
    let lot = state.config.lot(&area.lot)?;
    state.tariffs.get(&lot.tariff.to_string())?;
    let (seq, count) = turn.next_name();
    let id = SessionId::made("ps", seq, count);
    let session = Session {
        id: id.clone(),
        area: area.id.clone(),
        lot: lot.id.clone(),
        plate: plate.clone(),
        driver: None,
        secret_sha256: None,
        method: Method::ByPage,
        began_by: begun.by,
        entered_at_ms: begun.at_ms,
        seen_entering: begun.by == Means::Camera,
        plate_confidence_pct: begun.plate_confidence_pct,
        planned_until_ms: None,
        tariff: lot.tariff.clone(),
        exit: None,
        paid: Money::ZERO,
        returned: Money::ZERO,
        reserved: Money::ZERO,
        returning: Money::ZERO,
        remitted: Money::ZERO,
    };
    state.active_by_plate.insert(plate.clone(), id.clone());
    state.sessions.insert(id.clone(), session);
    Some(id)
}

/// Joins a driver to a stay: from now on it has somebody to tell, and the plate as the driver spells it.
fn register(state: &mut State, turn: &mut Turn, id: &SessionId, entry: &EntryOf<'_>) {
    let session = state.own_session(id);
    let misread = std::mem::replace(&mut session.plate, entry.plate.clone());
    session.driver = entry.driver.cloned();
    session.secret_sha256 = entry.secret_sha256.cloned();
    session.method = entry.method.clone();
    session.plate_confidence_pct = 100;
    session.planned_until_ms = entry.planned_minutes.map(|minutes| turn.stamp.at_ms + minutes * crate::calendar::MINUTE_MS);
    let message = ParkingMessage::EntryComplete {
        session: id.clone(),
        area: session.area.clone(),
        plate: session.plate.masked(),
        entered_at_ms: session.entered_at_ms,
    };
    turn.tell(entry.driver, message);
    state.active_by_plate.remove(&misread);
    state.active_by_plate.insert(entry.plate.clone(), id.clone());
}

pub(crate) fn admit_extension(state: &State, session: &SessionId, minutes: i64) -> Result<(), Refusal> {
    if !is_extension(minutes) {
        return Err(Refusal::Minutes);
    }
    let session = state.session(session)?;
    if session.is_active() { Ok(()) } else { Err(Refusal::Over) }
}

pub(crate) fn extended(state: &mut State, turn: &Turn, session: &SessionId, minutes: i64) {
    let session = state.own_session(session);
    let from_ms = session.planned_until_ms.unwrap_or(turn.stamp.at_ms).max(turn.stamp.at_ms);
    session.planned_until_ms = Some(from_ms + minutes * crate::calendar::MINUTE_MS);
}

/// Ends a stay. A second end changes nothing. An exit before the entry, from a clock that is off, is an exit at the entry.
pub(crate) fn left(state: &mut State, turn: &mut Turn, id: &SessionId, at_ms: i64, by: Means) {
    let session = state.own_session(id);
    if !session.is_active() {
        return;
    }
    let at_ms = at_ms.max(session.entered_at_ms);
    let session = session.clone();
    // A stay without a price stays open: the manager remits it or corrects the tariff.
    let Ok(owed) = owed(state, &session, at_ms) else { return };
    let fee = owed.fee.total;
    state.own_session(id).exit = Some(Exit { at_ms, by, fee: owed.fee });
    state.active_by_plate.remove(&session.plate);
    state.ended_by_plate.insert(session.plate.clone(), id.clone());
    state.ended.insert((turn.stamp.at_ms, id.clone()));
    state.post(turn.stamp.at_ms, TransactionKind::Fee, id, None, fee);
    payment::settle(state, turn, id);
    payment::charge_registered(state, turn, id);
    let message = ParkingMessage::ExitComplete { session: id.clone(), plate: session.plate.masked(), fee, due: owed.due };
    turn.tell(session.driver.as_ref(), message);
}

pub(crate) fn admit_remission(state: &State, at_ms: i64, session: &SessionId, amount: Money) -> Result<(), Refusal> {
    let session = state.session(session)?;
    if session.is_active() {
        return Err(Refusal::NotOver);
    }
    let payable = owed(state, session, at_ms)?.fee.total.less(session.remitted);
    if amount.is_zero() || payable < amount {
        return Err(Refusal::NotPayable { asked: amount, payable });
    }
    Ok(())
}

pub(crate) fn remitted(state: &mut State, turn: &mut Turn, id: &SessionId, amount: Money) {
    let session = state.own_session(id);
    // Admitted only up to the fee, so the sum is an amount.
    session.remitted = session.remitted.plus(amount).unwrap_or(session.remitted);
    state.post(turn.stamp.at_ms, TransactionKind::Remission, id, None, amount);
    payment::settle(state, turn, id);
}
