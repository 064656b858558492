//! A stay: entry matched with its area, extension, exit, remission.

use std::collections::BTreeSet;

use flight_types::LotId;

use crate::book::owed;
use crate::calendar::MINUTE_MS;
use crate::config::{ConfigError, ParkingConfig};
use crate::event::ParkingEvent;
use crate::id::{AreaId, PrivateRef, SessionId};
use crate::ledger::TransactionKind;
use crate::limits;
use crate::model::{Exit, Means, Method, Session, StayPermit};
use crate::money::Money;
use crate::order::ParkingMessage;
use crate::payment;
use crate::plate::{Closest, Plate, closest};
use crate::refusal::Refusal;
use crate::state::{State, Turn};
use crate::tariff::Fee;

/// An entry as the event tells it.
pub(crate) struct EntryOf<'a> {
    pub area: &'a AreaId,
    pub plate: &'a Plate,
    pub driver: Option<&'a PrivateRef>,
    pub secret_sha256: Option<&'a String>,
    pub method: &'a Method,
    pub by: Means,
    pub planned_minutes: Option<i64>,
    pub secret_is_one_stay: bool,
}

impl<'a> EntryOf<'a> {
    /// `None` for an event that is no entry.
    pub fn of(event: &'a ParkingEvent) -> Option<Self> {
        let ParkingEvent::Entered { area, plate, driver, secret_sha256, method, by, planned_minutes, secret_is_one_stay } = event
        else {
            return None;
        };
        Some(Self {
            area,
            plate,
            driver: driver.as_ref(),
            secret_sha256: secret_sha256.as_ref(),
            method,
            by: *by,
            planned_minutes: *planned_minutes,
            secret_is_one_stay: *secret_is_one_stay,
        })
    }
}

pub(crate) fn admit_config(state: &State, config: &ParkingConfig) -> Result<(), Refusal> {
    config.check()?;
    match config.changed(&state.tariffs) {
        None => Ok(()),
        Some(tariff) => Err(ConfigError::TariffChanged(tariff.key.clone()).into()),
    }
}

pub(crate) fn configure(state: &mut State, config: &ParkingConfig, stays_keep_permits: bool) {
    if stays_keep_permits && state.config.permits != config.permits {
        keep_permits(state);
    }
    for tariff in &config.tariffs {
        state.tariffs.insert(tariff.key.to_string(), tariff.clone());
    }
    state.permits.clear();
    for permit in &config.permits {
        state.permits.entry(permit.plate.clone()).or_default().push(permit.clone());
    }
    state.config = config.clone();
}

/// Writes the permits that still hold into the stays of the cars that are parked, before others hold.
fn keep_permits(state: &mut State) {
    let parked: Vec<SessionId> = state.active_by_plate.values().cloned().collect();
    for id in parked {
        let Some(session) = state.sessions.get(&id).filter(|session| session.permit == StayPermit::AsConfigured) else { continue };
        let permit = StayPermit::Kept(state.configured_permit(session).cloned());
        // No total has a part of what a car that is still parked will cost.
        if let Some(session) = state.sessions.get_mut(&id) {
            session.permit = permit;
        }
    }
}

pub(crate) fn admit_entry(state: &State, at_ms: i64, entry: &EntryOf<'_>) -> Result<(), Refusal> {
    let (plate, secret_sha256, planned_minutes) = (entry.plate, entry.secret_sha256.map(String::as_str), entry.planned_minutes);
    let unknown = || Refusal::Unknown { kind: "parking area", id: entry.area.to_string() };
    let area = state.config.area(entry.area).ok_or_else(unknown)?;
    if planned_minutes.is_some_and(|minutes| !is_extension(minutes)) {
        return Err(Refusal::Minutes);
    }
    if secret_sha256.is_some_and(|digest| !is_digest(digest)) {
        return Err(Refusal::Malformed("the driver's secret comes as a SHA-256 digest"));
    }
    if let Some(session) = state.stay_of(&area.lot, plate).and_then(|id| state.sessions.get(id)) {
        let may_register = session.driver.is_none() && session.lot == area.lot;
        return if may_register || is_repeat(session, secret_sha256) { Ok(()) } else { Err(Refusal::AlreadyParked) };
    }
    if wrongly_typed(state, at_ms, entry).is_some() {
        return Ok(());
    }
    if limits::SESSIONS_ACTIVE_MAX <= state.active_by_plate.len() {
        return Err(Refusal::TooMany("parked cars"));
    }
    let lot = state.config.lot(&area.lot).ok_or(Refusal::NoTariff)?;
    state.tariffs.get(&lot.tariff.to_string()).map(drop).ok_or(Refusal::NoTariff)
}

/// Whether an entry is the one that began a stay, told again: only the same phone knows the secret.
fn is_repeat(session: &Session, secret_sha256: Option<&str>) -> bool {
    session.secret_sha256.is_some() && session.secret_sha256.as_deref() == secret_sha256
}

/// SHA-256 in hexadecimal.
pub(crate) fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_extension(minutes: i64) -> bool {
    (1..=limits::EXTENSION_MINUTES_MAX).contains(&minutes)
}

pub(crate) fn entered(state: &mut State, turn: &mut Turn, entry: &EntryOf<'_>) {
    let lot = state.config.area(entry.area).map(|area| &area.lot);
    let known = lot.and_then(|lot| state.stay_of(lot, entry.plate)).and_then(|id| state.sessions.get(id));
    if known.is_some_and(|session| is_repeat(session, entry.secret_sha256.map(String::as_str))) {
        return;
    }
    let wrong = wrongly_typed(state, turn.stamp.at_ms, entry);
    match (seen_before(state, turn.stamp.at_ms, entry), wrong) {
        (Some(id), wrong) => {
            if let Some(wrong) = wrong.filter(|wrong| *wrong != id) {
                state.withdraw(&wrong);
            }
            register(state, turn, &id, entry);
        }
        (None, Some(id)) => {
            is_another_car(state, &id, entry.plate);
            register(state, turn, &id, entry);
        }
        (None, None) => {
            let begun = Begun { at_ms: turn.stamp.at_ms, by: entry.by, plate_confidence_pct: 100 };
            if let Some(id) = begin(state, turn, entry.area, entry.plate, begun) {
                register(state, turn, &id, entry);
            }
        }
    }
}

/// The stay that the same phone began on this lot under another plate a little before: the answer was lost and the plate set right.
/// Nobody else knows its secret.
fn wrongly_typed(state: &State, at_ms: i64, entry: &EntryOf<'_>) -> Option<SessionId> {
    let secret = entry.secret_sha256.filter(|_| entry.secret_is_one_stay)?;
    let lot = &state.config.area(entry.area)?.lot;
    let mut on_lot = state.lots.get(lot)?.active.values().filter_map(|id| state.sessions.get(id));
    let fresh = |session: &Session| at_ms.saturating_sub(session.entered_at_ms) <= limits::ENTRY_CORRECTION_MS;
    let found = on_lot.find(|session| session.secret_sha256.as_ref() == Some(secret) && fresh(session));
    found.filter(|session| session.plate != *entry.plate).map(|session| session.id.clone())
}

/// What a stay has from the plate before is not this car's.
fn is_another_car(state: &mut State, id: &SessionId, plate: &Plate) {
    let session = state.own_session(id);
    let (lot, entered_at_ms) = (session.lot.clone(), session.entered_at_ms);
    let before = minutes_before(state, &lot, plate, entered_at_ms);
    state.own_session(id).minutes_before = before;
}

/// The stay that a camera began for this car a little before its driver scanned the code: the same plate, or the only one like it
/// among plates that the camera was not certain of.
fn seen_before(state: &State, at_ms: i64, entry: &EntryOf<'_>) -> Option<SessionId> {
    let lot = &state.config.area(entry.area)?.lot;
    if let Some(id) = state.stay_of(lot, entry.plate) {
        return Some(id.clone());
    }
    let candidates = state.lots.get(lot)?.active.iter().filter_map(|(plate, id)| {
        let session = state.sessions.get(id)?;
        let fresh = at_ms - session.entered_at_ms <= limits::ENTRY_MATCH_MS;
        let open_to_doubt = session.driver.is_none() && session.plate_confidence_pct < certain_pct(state, session);
        (fresh && open_to_doubt).then(|| (plate, id.clone()))
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
    let minutes_before = minutes_before(state, &lot.id, plate, begun.at_ms);
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
        permit: StayPermit::AsConfigured,
        minutes_before,
        exit: None,
        paid: Money::ZERO,
        returned: Money::ZERO,
        reserved: Money::ZERO,
        returning: Money::ZERO,
        surplus: Money::ZERO,
        own_tries: 0,
        others_tries: 0,
        remitted: Money::ZERO,
        remission_keys: BTreeSet::new(),
    };
    let lot = lot.id.clone();
    state.sessions.insert(id.clone(), session);
    state.park(&lot, plate, &id);
    Some(id)
}

/// The minutes of this car's stays on this lot that ended shortly before.
fn minutes_before(state: &State, lot: &LotId, plate: &Plate, at_ms: i64) -> i64 {
    let before = state.ended_by_plate.get(plate).and_then(|id| state.sessions.get(id)).filter(|session| session.lot == *lot);
    let Some((session, exit)) = before.and_then(|session| Some((session, session.exit.as_ref()?))) else { return 0 };
    let window_ms = state.tariff(session).map_or(0, |tariff| tariff.reentry_minutes) * MINUTE_MS;
    if window_ms < at_ms.saturating_sub(exit.at_ms) { 0 } else { session.minutes_before.saturating_add(exit.fee.minutes) }
}

/// Joins a driver to a stay: from now on it has somebody to tell, and the plate as the driver spells it.
fn register(state: &mut State, turn: &mut Turn, id: &SessionId, entry: &EntryOf<'_>) {
    let lot = state.own_session(id).lot.clone();
    let before = minutes_before(state, &lot, entry.plate, turn.stamp.at_ms);
    let session = state.own_session(id);
    session.minutes_before = session.minutes_before.max(before);
    let misread = std::mem::replace(&mut session.plate, entry.plate.clone());
    if misread != *entry.plate {
        session.permit = StayPermit::AsConfigured;
    }
    // The driver stands at the code; the gate's camera only knows that the car came in.
    session.area = entry.area.clone();
    session.driver = entry.driver.cloned();
    session.secret_sha256 = entry.secret_sha256.cloned();
    session.method = entry.method.clone();
    session.plate_confidence_pct = 100;
    session.planned_until_ms = entry.planned_minutes.map(|minutes| turn.stamp.at_ms + minutes * MINUTE_MS);
    let message = ParkingMessage::EntryComplete {
        session: id.clone(),
        area: session.area.clone(),
        plate: session.plate.masked(),
        entered_at_ms: session.entered_at_ms,
    };
    turn.tell(entry.driver, message);
    state.unpark(&lot, &misread);
    state.park(&lot, entry.plate, id);
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
    session.planned_until_ms = Some(from_ms + minutes * MINUTE_MS);
}

/// Ends a stay. A second end changes nothing. An exit before the entry, from a clock that is off, is an exit at the entry.
pub(crate) fn left(state: &mut State, turn: &mut Turn, id: &SessionId, at_ms: i64, by: Means) {
    let session = state.own_session(id);
    if !session.is_active() {
        return;
    }
    let at_ms = at_ms.max(session.entered_at_ms);
    let session = session.clone();
    let Some(priced) = price(state, &session, at_ms, by) else { return };
    let fee = priced.total;
    state.own_session(id).exit = Some(Exit { at_ms, by, fee: priced });
    state.unpark(&session.lot, &session.plate);
    state.ended_by_plate.insert(session.plate.clone(), id.clone());
    state.post(turn.stamp.at_ms, TransactionKind::Fee, id, None, fee);
    payment::settle(state, turn, id);
    payment::charge_registered(state, turn, id);
    let due = fee.less(session.remitted).less(session.counted());
    let message = ParkingMessage::ExitComplete { session: id.clone(), plate: session.plate.masked(), fee, due };
    turn.tell(session.driver.as_ref(), message);
}

/// What a stay costs at its end. One without a price (of ten years, of a tariff that is gone) stays open until a manager ends it: it then
/// costs nothing by the book, and the manager asks for what is right.
fn price(state: &State, session: &Session, at_ms: i64, by: Means) -> Option<Fee> {
    match (owed(state, session, at_ms), by) {
        (Ok(owed), _) => Some(owed.fee),
        (Err(_), Means::Manager) => Some(Fee::unpriced()),
        (Err(_), Means::Driver | Means::Camera) => None,
    }
}

/// A part of a fee that a manager lets off.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Remission<'a> {
    pub session: &'a SessionId,
    pub amount: Money,
    pub key: Option<&'a str>,
}

/// Whether a car may leave now; a second exit is no mistake.
pub(crate) fn admit_exit(state: &State, at_ms: i64, session: &SessionId, by: Means) -> Result<(), Refusal> {
    let session = state.session(session)?;
    match by {
        Means::Manager => Ok(()),
        Means::Driver | Means::Camera => owed(state, session, at_ms).map(drop),
    }
}

pub(crate) fn admit_remission(state: &State, at_ms: i64, asked: &Remission<'_>) -> Result<(), Refusal> {
    let (session, amount) = (state.session(asked.session)?, asked.amount);
    if asked.key.is_some_and(|key| key.is_empty() || limits::KEY_LENGTH_MAX < key.len()) {
        return Err(Refusal::Malformed("an idempotency key has 1 to 80 characters"));
    }
    if asked.key.is_some_and(|key| session.remission_keys.contains(key)) {
        return Ok(());
    }
    if session.is_active() {
        return Err(Refusal::NotOver);
    }
    let payable = owed(state, session, at_ms)?.fee.total.less(session.remitted);
    if amount.is_zero() || payable < amount {
        return Err(Refusal::NotPayable { asked: amount, payable });
    }
    Ok(())
}

pub(crate) fn remitted(state: &mut State, turn: &mut Turn, asked: &Remission<'_>) {
    let (id, amount) = (asked.session, asked.amount);
    let session = state.own_session(id);
    if asked.key.is_some_and(|key| !session.remission_keys.insert(key.to_owned())) {
        return;
    }
    // Admitted only up to the fee, so the sum is an amount.
    session.remitted = session.remitted.plus(amount).unwrap_or(session.remitted);
    state.post(turn.stamp.at_ms, TransactionKind::Remission, id, None, amount);
    payment::settle(state, turn, id);
}
