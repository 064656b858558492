//! Parking for managers: stays, money, what waits for a person.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use flight_types::LotId;
use parking_core::Parking;
use parking_core::calendar::Day;
use parking_core::event::{Decision, GateFrame, ParkingEvent};
use parking_core::id::{ReviewId, SessionId};
use parking_core::model::{Means, Session};
use parking_core::money::Money;
use parking_core::plate::Plate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::app::App;
use super::super::body::{Body, OptionalBody, Query};
use super::super::input::ReasonInput;
use super::cameras::forget;
use super::views::{Cashier, ReviewView, StayView};
use super::{Problem, stay_view, submit};
use crate::access::Identity;

/// Stays answered at once, the latest of them.
const STAYS_SHOWN_MAX: usize = 500;
/// Reviews answered at once, the oldest of them: a person works them off from there.
const REVIEWS_SHOWN_MAX: usize = 200;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(lots))
        .routes(routes!(stays))
        .routes(routes!(close))
        .routes(routes!(refund))
        .routes(routes!(reviews))
        .routes(routes!(review_picture))
        .routes(routes!(decide))
        .routes(routes!(statement))
}

/// A lot at a glance.
#[derive(Serialize, ToSchema)]
pub struct LotView {
    id: String,
    name: String,
    /// The tariff in force, "name vN".
    tariff: String,
    currency: String,
    /// Cars that are parked.
    active: usize,
    /// Stays that are over and still owe.
    unpaid: usize,
    /// What they owe.
    unpaid_amount: i64,
    /// Today's payments less what went back, by the lot's clock.
    revenue_today: i64,
    /// What waits for a person.
    reviews: usize,
    /// Today, by the lot's clock.
    today: String,
}

/// Which stays.
#[derive(Debug, Deserialize, IntoParams)]
struct Which {
    /// Of one lot; without, of each, the lots one after the other.
    lot: Option<String>,
    /// "active", "unpaid", or "ended".
    state: Option<String>,
}

/// What goes back to a driver or is let off.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundInput {
    /// By how much the fee is lowered, minor units; what was paid above the rest goes back.
    amount: i64,
    /// Why.
    reason: String,
}

/// What a person decided.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionInput {
    /// True to act on it, false to dismiss it.
    accept: bool,
    /// The plate as the person reads it.
    plate: Option<String>,
    /// When the car's stay before this one ended, milliseconds since 1970-01-01 UTC, where it goes on by the book; left out: when the
    /// camera saw the car.
    ended_at_ms: Option<i64>,
}

/// Which day.
#[derive(Debug, Deserialize, IntoParams)]
struct OfDay {
    /// As `2026-01-31`, by the lot's clock.
    day: String,
}

/// Every lot of the manager at a glance.
#[utoipa::path(get, path = "/parking/lots", tag = "parking", responses((status = 200, body = Vec<LotView>)))]
async fn lots(State(app): State<App>, identity: Identity) -> Json<Vec<LotView>> {
    let now_ms = app.engine.now_ms();
    Json(app.engine.read(|core| {
        let own = core.parking().config().lots.iter().filter(|lot| identity.lots.has(&lot.id));
        own.map(|lot| lot_view(core.parking(), lot, now_ms)).collect()
    }))
}

fn lot_view(parking: &parking_core::Parking, lot: &parking_core::config::LotConfig, now_ms: i64) -> LotView {
    let tariff = parking.config().tariffs.iter().find(|tariff| tariff.key == lot.tariff);
    let totals = parking.totals(&lot.id, now_ms);
    LotView {
        id: lot.id.to_string(),
        name: lot.name.clone(),
        tariff: lot.tariff.to_string(),
        currency: tariff.map(|tariff| tariff.currency.clone()).unwrap_or_default(),
        active: totals.active,
        unpaid: totals.unpaid,
        unpaid_amount: totals.unpaid_amount,
        revenue_today: totals.received_today,
        reviews: totals.reviews,
        today: totals.today.to_string(),
    }
}

/// Stays, latest first.
#[utoipa::path(get, path = "/parking/sessions", tag = "parking", params(Which),
    responses((status = 200, body = Vec<StayView>), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn stays(State(app): State<App>, identity: Identity, Query(which): Query<Which>) -> Result<Json<Vec<StayView>>, Problem> {
    let now_ms = app.engine.now_ms();
    let state = which.state.as_deref().unwrap_or("all");
    if !["all", "active", "unpaid", "ended"].contains(&state) {
        return Err(Problem::invalid("state", "is active, unpaid or ended"));
    }
    let named = which.lot.as_deref().and_then(|lot| LotId::new(lot).ok());
    if named.is_some_and(|lot| !identity.lots.has(&lot)) {
        return Err(Problem::other_lot());
    }
    let cashier = Cashier::of(app.payments.as_ref());
    let shown = app.engine.read(|core| {
        let parking = core.parking();
        let lots = parking.config().lots.iter().map(|lot| &lot.id).filter(|lot| identity.lots.has(lot));
        let lots = lots.filter(|lot| which.lot.as_deref().is_none_or(|wanted| lot.as_str() == wanted));
        let wanted = lots.flat_map(|lot| stays_of(parking, lot, state));
        wanted.take(STAYS_SHOWN_MAX).filter_map(|session| StayView::of(parking, &session.id, now_ms, &cashier)).collect()
    });
    looked(&app, &identity, "parking sessions").await;
    Ok(Json(shown))
}

/// Out of what is kept by lot, latest first; nothing is looked at that is not shown, but for the last few that are not of a state.
fn stays_of<'a>(parking: &'a Parking, lot: &'a LotId, state: &str) -> Box<dyn Iterator<Item = &'a Session> + 'a> {
    match state {
        "active" => Box::new(parking.active_of_lot(lot)),
        "unpaid" => Box::new(parking.unpaid_of_lot(lot).rev()),
        "ended" => Box::new(parking.sessions_of_lot(lot).rev().filter(|session| !session.is_active())),
        _ => Box::new(parking.sessions_of_lot(lot).rev()),
    }
}

/// A page looks every few seconds; the trail gets a line of it once in a while.
async fn looked(app: &App, identity: &Identity, what: &str) {
    let (actor, now_ms) = (identity.actor(), app.engine.now_ms());
    if app.limiters().looks.take(&format!("{actor:?} {what}"), now_ms).is_ok() {
        app.audit_view(actor, what).await;
    }
}

/// The manager ends a stay.
#[utoipa::path(post, path = "/parking/sessions/{id}/close", tag = "parking", params(("id" = String, Path)),
    responses((status = 200, body = StayView), (status = 404, body = Problem)))]
async fn close(State(app): State<App>, identity: Identity, Path(id): Path<String>) -> Result<Json<StayView>, Problem> {
    let session = session_id(&id)?;
    submit(&app, identity.actor(), ParkingEvent::Left { session: session.clone(), by: Means::Manager }).await?;
    stay_view(&app, &session).map(Json)
}

/// The manager lowers a fee; what was paid above the rest goes back to whoever paid last.
#[utoipa::path(post, path = "/parking/sessions/{id}/refunds", tag = "parking", request_body = RefundInput,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 202, body = StayView), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn refund(
    State(app): State<App>,
    identity: Identity,
    headers: HeaderMap,
    Path(id): Path<String>,
    Body(input): Body<RefundInput>,
) -> Result<(StatusCode, Json<StayView>), Problem> {
    let session = session_id(&id)?;
    let amount = Money::new(input.amount).map_err(|error| Problem::invalid("amount", error))?;
    let reason =
        ReasonInput { reason: Some(input.reason) }.bounded().ok_or_else(|| Problem::invalid("reason", "must not be empty"))?;
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok()).map(str::to_owned);
    submit(&app, identity.actor(), ParkingEvent::Remitted { session: session.clone(), amount, reason, key }).await?;
    Ok((StatusCode::ACCEPTED, Json(stay_view(&app, &session)?)))
}

/// What waits for a person, oldest first.
#[utoipa::path(get, path = "/parking/reviews", tag = "parking", responses((status = 200, body = Vec<ReviewView>)))]
async fn reviews(State(app): State<App>, identity: Identity) -> Json<Vec<ReviewView>> {
    let shown = app.engine.read(|core| {
        let parking = core.parking();
        let own = parking.reviews().filter(|review| identity.lots.has(&review.lot));
        own.take(REVIEWS_SHOWN_MAX).map(|review| ReviewView::of(parking, review)).collect()
    });
    looked(&app, &identity, "parking reviews").await;
    Json(shown)
}

/// The picture that a review is about.
#[utoipa::path(get, path = "/parking/reviews/{id}/picture", tag = "parking", params(("id" = String, Path)),
    responses((status = 200, content_type = "image/jpeg", body = Vec<u8>), (status = 404, body = Problem)))]
async fn review_picture(State(app): State<App>, identity: Identity, Path(id): Path<String>) -> Result<impl IntoResponse, Problem> {
    let unknown = || Problem::unknown("picture", &id);
    let frame = frame_of(&app, &id).ok_or_else(unknown)?;
    let path = app.gate_frames.as_ref().map(|shelf| shelf.path(&frame)).ok_or_else(unknown)?;
    let jpeg = tokio::fs::read(path).await.map_err(|_| unknown())?;
    app.audit_view(identity.actor(), &format!("parking review {id}")).await;
    Ok(([(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "private, no-store")], jpeg))
}

fn frame_of(app: &App, review: &str) -> Option<GateFrame> {
    app.engine.read(|core| core.parking().reviews().find(|known| known.id.as_str() == review).and_then(|known| known.frame.clone()))
}

/// A person has looked.
#[utoipa::path(post, path = "/parking/reviews/{id}", tag = "parking", request_body = DecisionInput, params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn decide(
    State(app): State<App>,
    identity: Identity,
    Path(id): Path<String>,
    OptionalBody(input): OptionalBody<Option<DecisionInput>>,
) -> Result<StatusCode, Problem> {
    let input = input.ok_or_else(|| Problem::malformed("say whether to accept"))?;
    let review = ReviewId::new(id.as_str()).map_err(|_| Problem::unknown("review", &id))?;
    let plate = input.plate.filter(|text| !text.trim().is_empty()).map(|text| Plate::parse(&text)).transpose();
    let plate = plate.map_err(|error| Problem::invalid("plate", error))?;
    let decision = if input.accept { Decision::Accept { plate, ended_at_ms: input.ended_at_ms } } else { Decision::Dismiss };
    let frame = frame_of(&app, &id);
    submit(&app, identity.actor(), ParkingEvent::Reviewed { review, decision }).await?;
    if let Some(frame) = frame {
        forget(&app, &frame);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// One day's journal of a lot with totals.
#[utoipa::path(get, path = "/parking/lots/{id}/statement", tag = "parking", params(("id" = String, Path), OfDay),
    responses((status = 200, content_type = "text/csv", body = String), (status = 404, body = Problem), (status = 410, body = Problem), (status = 422, body = Problem)))]
async fn statement(
    State(app): State<App>,
    identity: Identity,
    Path(id): Path<String>,
    Query(of): Query<OfDay>,
) -> Result<impl IntoResponse, Problem> {
    let lot = LotId::new(id.as_str()).map_err(|_| Problem::unknown("lot", &id))?;
    let day: Day = of.day.parse().map_err(|error| Problem::invalid("day", error))?;
    let now_ms = app.engine.now_ms();
    let text = app.engine.read(|core| core.parking().statement_csv(&lot, day, now_ms))?;
    app.audit_view(identity.actor(), &format!("parking statement {lot} {day}")).await;
    let name = format!("attachment; filename=\"{lot}-{day}.csv\"");
    // A byte-order mark tells spreadsheets that the Hangul in plates is UTF-8.
    Ok((
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)],
        format!("\u{feff}{text}"),
    ))
}

fn session_id(text: &str) -> Result<SessionId, Problem> {
    SessionId::new(text).map_err(|_| Problem::unknown("parking session", text))
}
