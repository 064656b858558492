//! What drivers, payers and managers see of parking.

use std::fmt::Write;

use parking_core::id::{AreaId, SessionId};
use parking_core::model::{Means, Payer, Payment, PaymentState, Review, Session};
use parking_core::plate::PlateForm;
use parking_core::tariff::FeeLine;
use parking_core::{Owed, Parking, ProxyView};
use qrcodegen::{QrCode, QrCodeEcc};
use serde::Serialize;
use utoipa::ToSchema;

use super::Problem;
use crate::payments::PaymentProvider;

/// Blank modules round a code; the standard (ISO/IEC 18004) asks for four.
const QUIET_MODULES: i32 = 4;

/// Who takes the money, for pages.
#[derive(Debug, Clone)]
pub(super) struct Cashier {
    provider: &'static str,
    client_key: Option<String>,
}

impl Cashier {
    pub(super) fn of(provider: &dyn PaymentProvider) -> Self {
        Self { provider: provider.name(), client_key: provider.client_key().map(str::to_owned) }
    }
}

/// The area behind a code.
#[derive(Debug, Serialize, ToSchema)]
pub struct AreaView {
    id: String,
    lot: String,
    lot_name: String,
    name: String,
    place: String,
    currency: String,
    /// The tariff as data, as configured.
    #[schema(value_type = Object)]
    tariff: serde_json::Value,
    /// Who takes the money: "sandbox", "toss".
    provider: &'static str,
    /// What a page needs to open the provider's window; absent when it has none.
    client_key: Option<String>,
}

impl AreaView {
    pub(super) fn of(parking: &Parking, id: &AreaId, cashier: Cashier) -> Option<Self> {
        let area = parking.config().area(id)?;
        let lot = parking.config().lot(&area.lot)?;
        let tariff = parking.config().tariffs.iter().find(|tariff| tariff.key == lot.tariff)?;
        Some(Self {
            id: area.id.to_string(),
            lot: lot.id.to_string(),
            lot_name: lot.name.clone(),
            name: area.name.clone(),
            place: area.place.clone(),
            currency: tariff.currency.clone(),
            tariff: serde_json::to_value(tariff).unwrap_or_default(),
            provider: cashier.provider,
            client_key: cashier.client_key,
        })
    }
}

/// What is owed, with reasons.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwedView {
    minutes: i64,
    /// The lines: `{day, kind, minutes, amount, …}`; their amounts add up to `fee`.
    lines: Vec<FeeLine>,
    /// What the stay costs.
    fee: i64,
    /// Of that, remitted by the manager.
    remitted: i64,
    /// Paid and not given back.
    paid: i64,
    /// Held for payments under way.
    reserved: i64,
    /// Still due.
    due: i64,
    /// What can be paid now.
    payable: i64,
}

impl OwedView {
    pub(super) fn of(owed: &Owed) -> Self {
        Self {
            minutes: owed.fee.minutes,
            lines: owed.fee.lines.clone(),
            fee: owed.fee.total.minor(),
            remitted: owed.remitted.minor(),
            paid: owed.paid.minor(),
            reserved: owed.reserved.minor(),
            due: owed.due.minor(),
            payable: owed.payable.minor(),
        }
    }
}

/// A payment.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentView {
    id: String,
    amount: i64,
    /// "authorising", "capturing", "captured", "declined".
    state: &'static str,
    /// Why it was declined.
    reason: Option<String>,
    /// "driver" or "proxy".
    by: &'static str,
    /// Given back, or taken back by a bank.
    returned: i64,
    asked_at_ms: i64,
    settled_at_ms: Option<i64>,
    /// What is still due of the stay.
    due: Option<i64>,
}

impl PaymentView {
    pub(super) fn of(parking: &Parking, payment: &Payment) -> Self {
        let (state, reason) = match &payment.state {
            PaymentState::Authorising => ("authorising", None),
            PaymentState::Capturing => ("capturing", None),
            PaymentState::Captured => ("captured", None),
            PaymentState::Declined { reason } => ("declined", Some(reason.clone())),
        };
        let by = match payment.by {
            Payer::Driver => "driver",
            Payer::Proxy { .. } => "proxy",
        };
        let at_ms = payment.settled_at_ms.unwrap_or(payment.asked_at_ms);
        Self {
            id: payment.id.to_string(),
            amount: payment.amount.minor(),
            state,
            reason,
            by,
            returned: payment.returned().minor(),
            asked_at_ms: payment.asked_at_ms,
            settled_at_ms: payment.settled_at_ms,
            due: parking.owed(&payment.session, at_ms).ok().map(|owed| owed.due.minor()),
        }
    }
}

/// A stay, for its driver and for managers.
#[derive(Debug, Serialize, ToSchema)]
pub struct StayView {
    id: String,
    area: String,
    area_name: String,
    place: String,
    lot: String,
    lot_name: String,
    plate: String,
    plate_form: PlateForm,
    registered: bool,
    began_by: Means,
    seen_entering: bool,
    entered_at_ms: i64,
    planned_until_ms: Option<i64>,
    left_at_ms: Option<i64>,
    left_by: Option<Means>,
    tariff: String,
    currency: String,
    /// Who takes the money: "sandbox", "toss". Also here, because whoever stands must be able to pay when the board's code opens nothing.
    provider: &'static str,
    /// What a page needs to open the provider's window; absent when it has none.
    client_key: Option<String>,
    /// Absent when the stay has no price, which a person must look at.
    owed: Option<OwedView>,
    payments: Vec<PaymentView>,
    proxies: Vec<ProxyState>,
}

/// A payment code, for the driver who made it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProxyState {
    id: String,
    expires_at_ms: i64,
    /// Why it cannot be paid with, if so.
    end: Option<String>,
}

impl StayView {
    pub(super) fn of(parking: &Parking, id: &SessionId, now_ms: i64, cashier: &Cashier) -> Option<Self> {
        let session = parking.session(id)?;
        let area = parking.config().area(&session.area);
        let tariff = parking.config().tariffs.iter().find(|tariff| tariff.key == session.tariff);
        Some(Self {
            id: session.id.to_string(),
            area: session.area.to_string(),
            area_name: area.map(|area| area.name.clone()).unwrap_or_default(),
            place: area.map(|area| area.place.clone()).unwrap_or_default(),
            lot: session.lot.to_string(),
            lot_name: parking.config().lot(&session.lot).map(|lot| lot.name.clone()).unwrap_or_default(),
            plate: session.plate.to_string(),
            plate_form: session.plate.form(),
            registered: session.driver.is_some(),
            began_by: session.began_by,
            seen_entering: session.seen_entering,
            entered_at_ms: session.entered_at_ms,
            planned_until_ms: session.planned_until_ms,
            left_at_ms: session.exit.as_ref().map(|exit| exit.at_ms),
            left_by: session.exit.as_ref().map(|exit| exit.by),
            tariff: session.tariff.to_string(),
            currency: tariff.map(|tariff| tariff.currency.clone()).unwrap_or_default(),
            provider: cashier.provider,
            client_key: cashier.client_key.clone(),
            owed: parking.owed(id, now_ms).ok().as_ref().map(OwedView::of),
            payments: parking.payments_of(id).map(|payment| PaymentView::of(parking, payment)).collect(),
            proxies: proxies(parking, session, now_ms),
        })
    }
}

fn proxies(parking: &Parking, session: &Session, now_ms: i64) -> Vec<ProxyState> {
    let state = |proxy: &parking_core::model::Proxy| {
        let view = parking.proxy_view(&proxy.token_sha256, now_ms)?;
        Some(ProxyState { id: proxy.id.to_string(), expires_at_ms: proxy.expires_at_ms, end: view.end.map(|end| end.to_string()) })
    };
    parking.proxies_of(&session.id).filter_map(state).collect()
}

/// Something for a person to look at, with the cars that it may be about.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReviewView {
    #[serde(flatten)]
    review: Review,
    /// Parked cars that the read resembles, or the stay that is in the way, in the order of the stays.
    candidates: Vec<Candidate>,
}

/// A parked car that a read may mean.
#[derive(Debug, Serialize, ToSchema)]
pub struct Candidate {
    session: String,
    plate: String,
    area_name: String,
    entered_at_ms: i64,
}

impl ReviewView {
    pub(super) fn of(parking: &Parking, review: &Review) -> Self {
        let stays = review.reason.sessions().iter().filter_map(|id| parking.session(id)).filter(|session| session.is_active());
        let candidate = |session: &Session| Candidate {
            session: session.id.to_string(),
            plate: session.plate.to_string(),
            area_name: parking.config().area(&session.area).map(|area| area.name.clone()).unwrap_or_default(),
            entered_at_ms: session.entered_at_ms,
        };
        Self { review: review.clone(), candidates: stays.map(candidate).collect() }
    }
}

/// What a payer sees: where, since when, how much; of the driver nothing but a masked plate.
#[derive(Debug, Serialize, ToSchema)]
pub struct PayerView {
    lot_name: String,
    area_name: String,
    plate: String,
    entered_at_ms: i64,
    left_at_ms: Option<i64>,
    currency: String,
    /// Who takes the money: "sandbox", "toss".
    provider: &'static str,
    /// What a page needs to open the provider's window; absent when it has none.
    client_key: Option<String>,
    due: i64,
    payable: i64,
    expires_at_ms: i64,
    /// "expired", "revoked", "under_way", "used", "tried_out"; absent while it can be paid with.
    end: Option<&'static str>,
    payment: Option<PaymentView>,
}

impl PayerView {
    pub(super) fn of(parking: &Parking, view: &ProxyView<'_>, now_ms: i64, cashier: Cashier) -> Result<Self, Problem> {
        let session = view.session;
        let owed = parking.owed(&session.id, now_ms)?;
        let tariff = parking.config().tariffs.iter().find(|tariff| tariff.key == session.tariff);
        Ok(Self {
            lot_name: parking.config().lot(&session.lot).map(|lot| lot.name.clone()).unwrap_or_default(),
            area_name: parking.config().area(&session.area).map(|area| area.name.clone()).unwrap_or_default(),
            plate: session.plate.masked(),
            entered_at_ms: session.entered_at_ms,
            left_at_ms: session.exit.as_ref().map(|exit| exit.at_ms),
            currency: tariff.map(|tariff| tariff.currency.clone()).unwrap_or_default(),
            provider: cashier.provider,
            client_key: cashier.client_key,
            due: owed.due.minor(),
            payable: owed.payable.minor(),
            expires_at_ms: view.proxy.expires_at_ms,
            end: view.end.map(end_word),
            payment: view.payment.map(|payment| PaymentView::of(parking, payment)),
        })
    }
}

fn end_word(end: parking_core::ProxyEnd) -> &'static str {
    match end {
        parking_core::ProxyEnd::Expired => "expired",
        parking_core::ProxyEnd::Revoked => "revoked",
        parking_core::ProxyEnd::UnderWay => "under_way",
        parking_core::ProxyEnd::Used => "used",
        parking_core::ProxyEnd::TriedOut => "tried_out",
    }
}

/// A text as a QR code, one path of unit squares: sharp at any size.
pub(super) fn qr_svg(text: &str) -> Result<String, Problem> {
    // A quarter of a shown code may be covered by a thumb or a reflection.
    let code = QrCode::encode_text(text, QrCodeEcc::Quartile).map_err(|error| Problem::fault(&error))?;
    let size = code.size() + 2 * QUIET_MODULES;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            write!(path, "M{},{}h1v1h-1z", x + QUIET_MODULES, y + QUIET_MODULES).map_err(|error| Problem::fault(&error))?;
        }
    }
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\" shape-rendering=\"crispEdges\">\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\"/></svg>"
    ))
}
