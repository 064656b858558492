//! Guards: duty, position, offers.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use dispatch_core::event::Event;
use flight_types::OfferId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::body::{Body, OptionalBody};
use super::callers::belief;
use super::incidents::submit;
use super::input::{PositionInput, ReasonInput};
use super::problem::Problem;
use super::views::{self, GuardView, IncidentView, OfferView};
use super::who::AsGuard;
use crate::access::Identity;

/// These routes.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(set_duty))
        .routes(routes!(report_position))
        .routes(routes!(report_presence))
        .routes(routes!(me))
        .routes(routes!(list))
        .routes(routes!(received))
        .routes(routes!(accept))
        .routes(routes!(decline))
}

/// On or off duty.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Duty {
    on_duty: bool,
}

/// What a guard's page starts with.
#[derive(Debug, Serialize, ToSchema)]
pub struct GuardAnswer {
    /// Themself.
    guard: GuardView,
    /// What waits for an answer.
    offers: Vec<OfferView>,
    /// The incident they are assigned to.
    incident: Option<IncidentView>,
}

/// The guard goes on or off duty.
#[utoipa::path(post, path = "/guards/me/duty", tag = "guards", request_body = Duty, responses((status = 204), (status = 409, body = Problem)))]
async fn set_duty(
    State(app): State<App>,
    identity: Identity,
    AsGuard(guard): AsGuard,
    Body(input): Body<Duty>,
) -> Result<StatusCode, Problem> {
    app.live.heard_guard(&guard, app.engine.now_ms());
    submit(&app, &identity, Event::GuardDutyChanged { guard, on_duty: input.on_duty }).await
}

/// Where the guard is. Kept beside the log: the core asks when it must decide.
#[utoipa::path(post, path = "/guards/me/position", tag = "guards", request_body = PositionInput,
    responses((status = 204), (status = 422, body = Problem)))]
async fn report_position(
    State(app): State<App>,
    AsGuard(guard): AsGuard,
    Body(input): Body<PositionInput>,
) -> Result<StatusCode, Problem> {
    let now_ms = app.engine.now_ms();
    match belief(&app).fix(&input) {
        Ok(fix) => app.live.report_guard(&guard, fix, now_ms),
        Err(problem) => {
            // The terminal lives even when its satellites do not.
            app.live.heard_guard(&guard, now_ms);
            return Err(problem);
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The guard is there, but their terminal does not know where: they are not replaced as silent, and not found for calls.
#[utoipa::path(post, path = "/guards/me/presence", tag = "guards", responses((status = 204)))]
async fn report_presence(State(app): State<App>, AsGuard(guard): AsGuard) -> StatusCode {
    app.live.heard_guard(&guard, app.engine.now_ms());
    StatusCode::NO_CONTENT
}

/// The guard who asks: position, open offers, incident.
#[utoipa::path(get, path = "/guards/me", tag = "guards", responses((status = 200, body = GuardAnswer)))]
async fn me(State(app): State<App>, identity: Identity, AsGuard(guard): AsGuard) -> Json<GuardAnswer> {
    let view = views::guard_view(&app, &guard);
    let from = app.live.guard(&guard).and_then(|live| live.fix);
    let offers = app.engine.read(|core| views::open_offers(core, &guard));
    let offers = offers.into_iter().map(|offer| offer.with_distance(from)).collect();
    let incident = match &view.incident {
        Some(id) => views::incident_view(&app, &identity, id).await,
        None => None,
    };
    Json(GuardAnswer { guard: view, offers, incident })
}

/// Every guard.
#[utoipa::path(get, path = "/guards", tag = "guards", responses((status = 200, body = Vec<GuardView>)))]
async fn list(State(app): State<App>) -> Json<Vec<GuardView>> {
    Json(views::guard_ids(&app).iter().map(|id| views::guard_view(&app, id)).collect())
}

/// The terminal shows the offer.
#[utoipa::path(post, path = "/offers/{id}/received", tag = "guards", params(("id" = String, Path)),
    responses((status = 204), (status = 409, body = Problem)))]
async fn received(State(app): State<App>, identity: Identity, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    submit(&app, &identity, Event::OfferReceived { offer: offer_id(&id)? }).await
}

/// The guard takes it.
#[utoipa::path(post, path = "/offers/{id}/accept", tag = "guards", params(("id" = String, Path)),
    responses((status = 204), (status = 409, body = Problem)))]
async fn accept(State(app): State<App>, identity: Identity, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    submit(&app, &identity, Event::OfferAccepted { offer: offer_id(&id)? }).await
}

/// The guard cannot.
#[utoipa::path(post, path = "/offers/{id}/decline", tag = "guards", params(("id" = String, Path)), request_body = ReasonInput,
    responses((status = 204), (status = 409, body = Problem)))]
async fn decline(
    State(app): State<App>,
    identity: Identity,
    Path(id): Path<String>,
    OptionalBody(input): OptionalBody<ReasonInput>,
) -> Result<StatusCode, Problem> {
    submit(&app, &identity, Event::OfferDeclined { offer: offer_id(&id)?, reason: input.bounded() }).await
}

fn offer_id(text: &str) -> Result<OfferId, Problem> {
    OfferId::new(text).map_err(|_| Problem::unknown("offer", text))
}
