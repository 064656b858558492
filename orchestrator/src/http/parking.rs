//! Parking for drivers: the area behind a code, entry, fee, extension, exit, payment, codes for somebody else to pay.
//!
//! No account: a driver's page proves itself with the secret it was given at the entry, in the header `Parking-Token`.

mod bearer;
mod cameras;
mod managers;
mod orders;
mod payers;
mod views;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use dispatch_core::event::{Actor, Event};
use parking_core::Refusal;
use parking_core::event::ParkingEvent;
use parking_core::id::{AreaId, PrivateRef, ProxyId, SessionId};
use parking_core::model::{Means, Method, Payer};
use parking_core::money::Money;
use parking_core::plate::Plate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::body::Body;
use super::problem::{Fault, Problem};
use super::who::Client;
use crate::access::{random_secret, secret_digest};
use crate::store::PrivateCard;
pub(super) use bearer::bearer;
use views::{AreaView, Cashier, OwedView, PaymentView, StayView};

/// The header with a driver's secret.
const DRIVER_HEADER: &str = "parking-token";
/// Longest telephone number with its signs.
const PHONE_LENGTH_MAX: usize = 30;
/// Longest payment token or order name; the longest known, Toss Payments', has 200 characters.
const TOKEN_LENGTH_MAX: usize = 200;
/// How long a payment code holds when the driver does not say, minutes.
const PROXY_MINUTES: i64 = 30;

/// These routes.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(area))
        .routes(routes!(enter))
        .routes(routes!(stay))
        .routes(routes!(fee))
        .routes(routes!(extend))
        .routes(routes!(leave))
        .routes(routes!(pay))
        .routes(routes!(make_proxy))
        .routes(routes!(revoke_proxy))
        .merge(orders::routes())
        .merge(payers::routes())
        .merge(cameras::routes())
        .merge(managers::routes())
}

/// What stands behind the code of an area; decides whether a code is genuine.
pub trait AreaCodes: Send + Sync {
    /// The area that a scanned code names.
    fn area(&self, code: &str) -> Result<AreaId, CodeRefusal>;

    /// The address that an area's beacon says, on a server that is reached at `origin`; the error says in words why there is none.
    fn address(&self, area: &AreaId, origin: &str) -> Result<String, String>;
}

/// Why no page opens behind a code. Each is told to the driver in their language, so each is a kind of problem of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeRefusal {
    /// Of our keys, and not believed any more.
    #[error("this code was withdrawn; use the code on another board, or ask the staff")]
    Withdrawn,
    /// Signed by somebody else.
    #[error("this code is not one of ours: somebody else made it; do not pay by it, and tell the staff")]
    Forged,
    /// Not whole, or not a code of areas at all.
    #[error("this code was not read whole; scan it once more")]
    CutOff,
}

/// Codes that are the area's id itself, unsigned.
pub struct PlainAreaCodes;

impl AreaCodes for PlainAreaCodes {
    fn area(&self, code: &str) -> Result<AreaId, CodeRefusal> {
        AreaId::new(code).map_err(|_| CodeRefusal::CutOff)
    }

    fn address(&self, area: &AreaId, origin: &str) -> Result<String, String> {
        Ok(format!("{origin}/p/{area}"))
    }
}

/// A car comes in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What the code on the ground says: the last part of its address.
    area: String,
    /// The plate as typed.
    plate: String,
    /// Where to send notices and receipts; may be left out.
    phone: Option<String>,
    /// "ko" or "en".
    language: Option<String>,
    /// A provider's token to charge at the exit; without one the driver pays by the page.
    instrument: Option<String>,
    /// How long the driver means to stay, minutes.
    planned_minutes: Option<i64>,
    /// The secret of the stay, 64 hexadecimal digits: 256 bits that the page drew and kept before it asked. The same car with the same
    /// secret is the same stay, so that an answer that was lost locks nobody out. Without, the server draws one. With another plate within the hour it is
    /// still the same stay on that lot, and the plate is set right.
    secret: Option<String>,
}

/// The entry is complete.
#[derive(Serialize, ToSchema)]
pub struct EntryAnswer {
    /// The stay.
    session: String,
    /// Proves the driver from now on, in the header `Parking-Token`. Shown once.
    token: String,
    /// The stay as it stands.
    stay: StayView,
}

/// Longer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// By so many minutes.
    minutes: i64,
}

/// A payment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentInput {
    /// How much, minor units.
    amount: i64,
    /// The provider's token.
    instrument: String,
    /// Where to send the receipt; may be left out.
    phone: Option<String>,
    /// "ko" or "en".
    language: Option<String>,
}

/// How long a payment code holds.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProxyInput {
    /// Minutes; 30 when left out.
    minutes: Option<i64>,
}

/// A code for somebody else to pay by.
#[derive(Serialize, ToSchema)]
pub struct ProxyAnswer {
    /// Its name, for taking it back.
    proxy: String,
    /// What the payer opens, after the server's address. The token in it is kept nowhere else.
    path: String,
    /// The same as a QR code, SVG.
    qr_svg: String,
    /// Until when, milliseconds since 1970-01-01 UTC.
    expires_at_ms: i64,
}

/// The area behind a code.
#[utoipa::path(get, path = "/areas/{id}", tag = "parking", params(("id" = String, Path, description = "What the code says")),
    responses((status = 200, body = AreaView), (status = 404, body = Problem)))]
async fn area(State(app): State<App>, Path(code): Path<String>) -> Result<Json<AreaView>, Problem> {
    let area = area_of(&app, &code)?;
    let cashier = Cashier::of(app.payments.as_ref());
    app.engine
        .read(|core| AreaView::of(core.parking(), &area, cashier))
        .map(Json)
        .ok_or_else(|| Problem::unknown("parking area", area.as_str()))
}

/// A driver enters a car; once durable, the notice goes out.
#[utoipa::path(post, path = "/parking/entries", tag = "parking", request_body = Entry,
    responses((status = 201, body = EntryAnswer), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn enter(
    State(app): State<App>,
    client: Client,
    Body(input): Body<Entry>,
) -> Result<(StatusCode, Json<EntryAnswer>), Problem> {
    limited(&app, &client)?;
    let area = area_of(&app, &input.area)?;
    let plate = Plate::parse(&input.plate).map_err(|error| Problem::invalid("plate", error))?;
    let token = match input.secret {
        Some(secret) if is_secret(&secret) => secret,
        Some(_) => return Err(Problem::invalid("secret", "has 64 hexadecimal digits")),
        None => random_secret()?,
    };
    if input.instrument.is_some() && app.payments.tokens_are_single_use() {
        return Err(Problem::invalid(
            "instrument",
            "this payment provider's tokens are for one payment each; pay on the page at the exit",
        ));
    }
    let card = private_card(input.phone, input.language, input.instrument, None)?;
    let registered = card.instrument.is_some();
    let event = |driver: PrivateRef| ParkingEvent::Entered {
        area: area.clone(),
        plate: plate.clone(),
        driver: Some(driver.clone()),
        secret_sha256: Some(secret_digest(&token)),
        method: if registered { Method::Registered { instrument: driver } } else { Method::ByPage },
        by: Means::Driver,
        planned_minutes: input.planned_minutes,
        secret_is_one_stay: true,
    };
    // Asked before anything is kept, so that a refused try leaves no trace of a telephone, and one told again no second one.
    let now_ms = app.engine.now_ms();
    app.engine.read(|core| core.parking().admit(now_ms, &event(nobody()?)).map_err(Problem::from))?;
    if ours_of(&app, &area, &plate, &token).is_none() {
        let driver = keep(&app, &card).await?;
        submit(&app, Actor::Visitor, event(driver)).await?;
    }
    let session = ours_of(&app, &area, &plate, &token)
        .ok_or_else(|| Problem::conflict("somebody else entered this car at the same moment"))?;
    let stay = stay_view(&app, &session)?;
    Ok((StatusCode::CREATED, Json(EntryAnswer { session: session.to_string(), token, stay })))
}

/// The stay of a parked car, when it is the one with this secret.
fn ours_of(app: &App, area: &AreaId, plate: &Plate, token: &str) -> Option<SessionId> {
    let digest = secret_digest(token);
    app.engine.read(|core| core.parking().entered_with(area, plate, &digest).map(|session| session.id.clone()))
}

fn is_secret(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The driver's stay.
#[utoipa::path(get, path = "/parking/sessions/{id}", tag = "parking", params(("id" = String, Path), ("Parking-Token" = String, Header)),
    responses((status = 200, body = StayView), (status = 404, body = Problem)))]
async fn stay(State(app): State<App>, headers: HeaderMap, Path(id): Path<String>) -> Result<Json<StayView>, Problem> {
    stay_view(&app, &own_session(&app, &headers, &id)?).map(Json)
}

/// What the stay costs now, line by line.
#[utoipa::path(get, path = "/parking/sessions/{id}/fee", tag = "parking", params(("id" = String, Path), ("Parking-Token" = String, Header)),
    responses((status = 200, body = OwedView), (status = 404, body = Problem)))]
async fn fee(State(app): State<App>, headers: HeaderMap, Path(id): Path<String>) -> Result<Json<OwedView>, Problem> {
    let session = own_session(&app, &headers, &id)?;
    let now_ms = app.engine.now_ms();
    let owed = app.engine.read(|core| core.parking().owed(&session, now_ms))?;
    Ok(Json(OwedView::of(&owed)))
}

/// The driver means to stay longer.
#[utoipa::path(post, path = "/parking/sessions/{id}/extend", tag = "parking", request_body = Extension,
    params(("id" = String, Path), ("Parking-Token" = String, Header)),
    responses((status = 200, body = StayView), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn extend(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    Path(id): Path<String>,
    Body(input): Body<Extension>,
) -> Result<Json<StayView>, Problem> {
    limited(&app, &client)?;
    let session = own_session(&app, &headers, &id)?;
    submit(&app, Actor::Visitor, ParkingEvent::Extended { session: session.clone(), minutes: input.minutes }).await?;
    stay_view(&app, &session).map(Json)
}

/// The driver leaves.
#[utoipa::path(post, path = "/parking/sessions/{id}/exit", tag = "parking", params(("id" = String, Path), ("Parking-Token" = String, Header)),
    responses((status = 200, body = StayView), (status = 404, body = Problem)))]
async fn leave(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<StayView>, Problem> {
    limited(&app, &client)?;
    let session = own_session(&app, &headers, &id)?;
    submit(&app, Actor::Visitor, ParkingEvent::Left { session: session.clone(), by: Means::Driver }).await?;
    stay_view(&app, &session).map(Json)
}

/// The driver pays.
#[utoipa::path(post, path = "/parking/sessions/{id}/payments", tag = "parking", request_body = PaymentInput,
    params(("id" = String, Path), ("Parking-Token" = String, Header), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = PaymentView), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn pay(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    Path(id): Path<String>,
    Body(input): Body<PaymentInput>,
) -> Result<(StatusCode, Json<PaymentView>), Problem> {
    let session = own_session(&app, &headers, &id)?;
    asked(&app, &client, &headers, session, Payer::Driver, input).await
}

/// The driver asks for a code by which somebody else can pay.
#[utoipa::path(post, path = "/parking/sessions/{id}/proxy", tag = "parking", request_body = ProxyInput,
    params(("id" = String, Path), ("Parking-Token" = String, Header)),
    responses((status = 201, body = ProxyAnswer), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn make_proxy(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    Path(id): Path<String>,
    super::body::OptionalBody(input): super::body::OptionalBody<ProxyInput>,
) -> Result<(StatusCode, Json<ProxyAnswer>), Problem> {
    limited(&app, &client)?;
    let session = own_session(&app, &headers, &id)?;
    let token = random_secret()?;
    let life_ms = input.minutes.unwrap_or(PROXY_MINUTES).saturating_mul(parking_core::calendar::MINUTE_MS);
    let token_sha256 = secret_digest(&token);
    submit(&app, Actor::Visitor, ParkingEvent::ProxyMade { session, token_sha256: token_sha256.clone(), life_ms, pays_once: true })
        .await?;
    let now_ms = app.engine.now_ms();
    let made = app.engine.read(|core| core.parking().proxy_view(&token_sha256, now_ms).map(|view| view.proxy.clone()));
    let made = made.ok_or_else(|| Problem::conflict("too many payment codes are open; take one back"))?;
    let path = format!("/pay/{token}");
    let qr_svg = views::qr_svg(&format!("{}{path}", origin(&app, &headers)))?;
    let answer = ProxyAnswer { proxy: made.id.to_string(), path, qr_svg, expires_at_ms: made.expires_at_ms };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// The driver takes a code back.
#[utoipa::path(delete, path = "/parking/sessions/{id}/proxy/{proxy}", tag = "parking",
    params(("id" = String, Path), ("proxy" = String, Path), ("Parking-Token" = String, Header)),
    responses((status = 204), (status = 404, body = Problem)))]
async fn revoke_proxy(
    State(app): State<App>,
    headers: HeaderMap,
    Path((id, proxy)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let session = own_session(&app, &headers, &id)?;
    let unknown = || Problem::unknown("payment code", &proxy);
    let named = ProxyId::new(proxy.as_str()).map_err(|_| unknown())?;
    let ours = app.engine.read(|core| core.parking().proxies_of(&session).any(|known| known.id == named));
    if !ours {
        return Err(unknown());
    }
    submit(&app, Actor::Visitor, ParkingEvent::ProxyRevoked { proxy: named }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A payment as anybody who may pay asks for it, where tokens stand by themselves.
async fn asked(
    app: &App,
    client: &Client,
    headers: &HeaderMap,
    session: SessionId,
    by: Payer,
    input: PaymentInput,
) -> Result<(StatusCode, Json<PaymentView>), Problem> {
    limited(app, client)?;
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let amount = Money::new(input.amount).map_err(|error| Problem::invalid("amount", error))?;
    if app.payments.tokens_are_single_use() {
        return Err(Problem::invalid(
            "instrument",
            "this payment provider's tokens belong to orders; make one first (…/payments/orders)",
        ));
    }
    let card = private_card(input.phone, input.language, Some(input.instrument), None)?;
    submit_payment(app, &Asked { session: &session, by: &by, amount, key: &key }, &card).await?;
    let view = app
        .engine
        .read(|core| core.parking().payment_by_key(&session, &by, &key).map(|payment| PaymentView::of(core.parking(), payment)));
    let view = view.ok_or_else(|| Problem::conflict("somebody else was sooner; look at what is still due"))?;
    Ok((StatusCode::ACCEPTED, Json(view)))
}

/// A payment to be.
struct Asked<'a> {
    session: &'a SessionId,
    by: &'a Payer,
    amount: Money,
    /// The same key is the same payment.
    key: &'a str,
}

/// The token is kept beside the log, then the amount is reserved, then charged.
async fn submit_payment(app: &App, asked: &Asked<'_>, card: &PrivateCard) -> Result<(), Problem> {
    let event = |instrument| ParkingEvent::PaymentAsked {
        session: asked.session.clone(),
        by: asked.by.clone(),
        amount: asked.amount,
        instrument,
        single_use: app.payments.tokens_are_single_use(),
        key: asked.key.to_owned(),
    };
    // Asked before anything is kept, so that a refused try leaves no trace of a token.
    let now_ms = app.engine.now_ms();
    app.engine.read(|core| core.parking().admit(now_ms, &event(nobody()?)).map_err(Problem::from))?;
    let instrument = keep(app, card).await?;
    submit(app, Actor::Visitor, event(instrument)).await
}

/// A reference that names nothing, for asking whether a payment would be taken.
fn nobody() -> Result<PrivateRef, Problem> {
    PrivateRef::new("nobody").map_err(|error| Problem::fault(&error))
}

fn area_of(app: &App, code: &str) -> Result<AreaId, Problem> {
    app.area_codes.area(code).map_err(Problem::area_code)
}

/// The stay whose secret the request shows. A wrong secret is answered like a stay that does not exist: ids must not be worth trying.
fn own_session(app: &App, headers: &HeaderMap, id: &str) -> Result<SessionId, Problem> {
    let unknown = || Problem::unknown("parking session", id);
    let session = SessionId::new(id).map_err(|_| unknown())?;
    let shown = headers.get(DRIVER_HEADER).and_then(|value| value.to_str().ok()).map(secret_digest).ok_or_else(unknown)?;
    let kept = app.engine.read(|core| core.parking().session(&session).and_then(|session| session.secret_sha256.clone()));
    // Digests of 256 random bits: how far two agree tells nothing about the secret, so a plain comparison is enough.
    if kept.is_some_and(|kept| kept == shown) { Ok(session) } else { Err(unknown()) }
}

fn stay_view(app: &App, session: &SessionId) -> Result<StayView, Problem> {
    let now_ms = app.engine.now_ms();
    let cashier = Cashier::of(app.payments.as_ref());
    let view = app.engine.read(|core| StayView::of(core.parking(), session, now_ms, &cashier));
    view.ok_or_else(|| Problem::unknown("parking session", session.as_str()))
}

/// What needs no account is limited by the stay or code that it shows, or else by where it comes from.
fn limited(app: &App, client: &Client) -> Result<(), Problem> {
    app.limiters().parking.take(&client.0, app.engine.now_ms()).map_err(Problem::too_often)
}

async fn submit(app: &App, actor: Actor, change: ParkingEvent) -> Result<(), Problem> {
    app.engine.submit(actor, Event::Parking { change: Box::new(change) }).await?;
    Ok(())
}

/// Keeps a card beside the log under a new name. A token that stands for one payment names the card itself, so that the log sees when
/// it comes a second time.
async fn keep(app: &App, card: &PrivateCard) -> Result<PrivateRef, Problem> {
    let reference = match card.instrument.as_deref().filter(|_| app.payments.tokens_are_single_use()) {
        Some(token) => named_by(token)?,
        None => reference(&random_secret()?)?,
    };
    app.private.put(&reference, card, app.engine.now_ms()).await?;
    Ok(reference)
}

/// The name of the card with a token that stands for one payment.
fn named_by(token: &str) -> Result<PrivateRef, Problem> {
    reference(&secret_digest(token))
}

fn reference(name: &str) -> Result<PrivateRef, Problem> {
    PrivateRef::new(format!("pc-{}", &name[..32])).map_err(|error| Problem::fault(&error))
}

fn private_card(
    phone: Option<String>,
    language: Option<String>,
    instrument: Option<String>,
    order_name: Option<String>,
) -> Result<PrivateCard, Problem> {
    let phone = phone.map(|phone| phone.trim().to_owned()).filter(|phone| !phone.is_empty());
    if phone.as_deref().is_some_and(|phone| !is_phone(phone)) {
        return Err(Problem::invalid("phone", "a telephone number has 7 to 15 digits, and may have +, -, blanks and brackets"));
    }
    for (field, token) in [("instrument", &instrument), ("order", &order_name)] {
        if token.as_deref().is_some_and(|token| token.is_empty() || TOKEN_LENGTH_MAX < token.len() || !token.is_ascii()) {
            return Err(Problem::invalid(field, "a payment token has 1 to 200 plain characters"));
        }
        if token.as_deref().is_some_and(is_card_number) {
            return Err(Problem::invalid(field, "this looks like a card number; only a payment provider's token is taken"));
        }
    }
    let language = if language.as_deref() == Some("ko") { "ko" } else { "en" };
    Ok(PrivateCard { phone, language: language.to_owned(), instrument, order_name })
}

fn is_phone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    text.len() <= PHONE_LENGTH_MAX && (7..=15).contains(&digits) && text.chars().all(|c| c.is_ascii_digit() || "+-() ".contains(c))
}

/// 12 to 19 digits and nothing else but blanks and strokes (ISO/IEC 7812): a card number must not even reach the store.
fn is_card_number(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (12..=19).contains(&digits) && text.chars().all(|c| c.is_ascii_digit() || c == ' ' || c == '-')
}

/// Where the server is, for codes that phones open: as configured, else as the asker reached it.
pub(super) fn origin(app: &App, headers: &HeaderMap) -> String {
    if let Some(url) = &app.public_url {
        return url.trim_end_matches('/').to_owned();
    }
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or("localhost");
    format!("{}://{host}", if app.tls { "https" } else { "http" })
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let fault = Some(Box::new(Fault::Parking { code: refusal.code() }));
        let problem = match &refusal {
            Refusal::Unknown { kind, id } => return Self::unknown(kind, id),
            Refusal::AlreadyParked | Refusal::Over | Refusal::NotOver | Refusal::NotPayable { .. } | Refusal::TooMany(_) => {
                Self::conflict(refusal.to_string())
            }
            Refusal::ProxySpent(_) | Refusal::Forgotten(_) => Self::gone(refusal.to_string()),
            Refusal::KeyReused => Self::invalid("Idempotency-Key", &refusal),
            Refusal::TokenUsed => Self::invalid("instrument", &refusal),
            Refusal::NoTariff
            | Refusal::Minutes
            | Refusal::Malformed(_)
            | Refusal::Fee(_)
            | Refusal::Money(_)
            | Refusal::Config(_) => Self::invalid("request", &refusal),
        };
        Self { fault, ..problem }
    }
}
