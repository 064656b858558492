//! Incidents: looking at them, and what caller, guard and operator do with one.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use dispatch_core::event::{CodeVerdict, Event};
use flight_types::IncidentId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::body::{Body, Query};
use super::callers::belief;
use super::input::{CodeInput, PositionInput};
use super::problem::Problem;
use super::views::{self, IncidentView};
use super::who::{AsCaller, AsGuard};
use crate::access::Identity;
use crate::engine::SubmitError;

/// These routes.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(one))
        .routes(routes!(move_caller))
        .routes(routes!(cancel))
        .routes(routes!(confirm))
        .routes(routes!(on_scene))
        .routes(routes!(situation_end))
        .routes(routes!(backup))
        .routes(routes!(acknowledge))
}

/// Which incidents.
#[derive(Debug, Deserialize, IntoParams)]
struct Which {
    /// Only open ones, or only ended ones.
    open: Option<bool>,
}

/// What became of a code.
#[derive(Debug, Serialize, ToSchema)]
pub struct CodeAnswer {
    /// "accepted" or "wrong". A duress code answers "accepted".
    outcome: &'static str,
}

/// Every incident, oldest first.
#[utoipa::path(get, path = "/incidents", tag = "incidents", params(Which), responses((status = 200, body = Vec<IncidentView>)))]
async fn list(State(app): State<App>, identity: Identity, Query(which): Query<Which>) -> Json<Vec<IncidentView>> {
    let ids: Vec<IncidentId> = app.engine.read(|core| {
        let asked = core.incidents().filter(|incident| which.open.is_none_or(|open| incident.is_open() == open));
        asked.map(|incident| incident.id.clone()).collect()
    });
    let mut shown = Vec::with_capacity(ids.len());
    for id in &ids {
        shown.extend(views::incident_view(&app, &identity, id).await);
    }
    app.audit_view(identity.actor(), "incidents").await;
    Json(shown)
}

/// One incident, as far as the asker may see it.
#[utoipa::path(get, path = "/incidents/{id}", tag = "incidents", params(("id" = String, Path)),
    responses((status = 200, body = IncidentView), (status = 404, body = Problem)))]
async fn one(State(app): State<App>, identity: Identity, Path(id): Path<String>) -> Result<Json<IncidentView>, Problem> {
    let id = incident_id(&id)?;
    // Somebody else's incident is answered like one that does not exist: ids must not be worth trying.
    let view = views::incident_view(&app, &identity, &id).await.ok_or_else(|| Problem::unknown("incident", id.as_str()))?;
    app.audit_view(identity.actor(), id.as_str()).await;
    Ok(Json(view))
}

/// The caller has moved.
#[utoipa::path(post, path = "/incidents/{id}/position", tag = "calls", params(("id" = String, Path)), request_body = PositionInput,
    responses((status = 204), (status = 422, body = Problem)))]
async fn move_caller(
    State(app): State<App>,
    identity: Identity,
    AsCaller(caller): AsCaller,
    Path(id): Path<String>,
    Body(input): Body<PositionInput>,
) -> Result<StatusCode, Problem> {
    let fix = belief(&app).fix(&input)?;
    app.live.report_caller(&caller, fix);
    app.engine.submit(identity.actor(), Event::CallerMoved { incident: incident_id(&id)?, fix }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a call back with the code, within the cancel window.
#[utoipa::path(post, path = "/incidents/{id}/cancel", tag = "calls", params(("id" = String, Path)), request_body = CodeInput,
    responses((status = 200, body = CodeAnswer), (status = 409, body = Problem)))]
async fn cancel(
    State(app): State<App>,
    identity: Identity,
    asker: AsCaller,
    Path(id): Path<String>,
    Body(input): Body<CodeInput>,
) -> Result<Json<CodeAnswer>, Problem> {
    let incident = incident_id(&id)?;
    code_given(&app, &identity, asker, &input, |verdict| Event::CancelRequested { incident, verdict }).await
}

/// "I am safe", with the code.
#[utoipa::path(post, path = "/incidents/{id}/confirmation", tag = "calls", params(("id" = String, Path)), request_body = CodeInput,
    responses((status = 200, body = CodeAnswer), (status = 409, body = Problem)))]
async fn confirm(
    State(app): State<App>,
    identity: Identity,
    asker: AsCaller,
    Path(id): Path<String>,
    Body(input): Body<CodeInput>,
) -> Result<Json<CodeAnswer>, Problem> {
    let incident = incident_id(&id)?;
    code_given(&app, &identity, asker, &input, |verdict| Event::ConfirmationGiven { incident, verdict }).await
}

/// The answers to the safe and to the duress code are the same, whatever becomes of them inside.
async fn code_given(
    app: &App,
    identity: &Identity,
    AsCaller(caller): AsCaller,
    input: &CodeInput,
    event: impl FnOnce(CodeVerdict) -> Event,
) -> Result<Json<CodeAnswer>, Problem> {
    app.limiters().code.take(caller.as_str(), app.engine.now_ms()).map_err(Problem::too_often)?;
    let verdict = app.access.code_verdict(&caller, &input.code).await?;
    app.engine.submit(identity.actor(), event(verdict)).await?;
    let outcome = match verdict {
        CodeVerdict::Safe | CodeVerdict::Duress => "accepted",
        CodeVerdict::Wrong => "wrong",
    };
    Ok(Json(CodeAnswer { outcome }))
}

/// The guard is with the caller.
#[utoipa::path(post, path = "/incidents/{id}/on-scene", tag = "guards", params(("id" = String, Path)),
    responses((status = 204), (status = 409, body = Problem)))]
async fn on_scene(
    State(app): State<App>,
    identity: Identity,
    AsGuard(guard): AsGuard,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    submit(&app, &identity, Event::GuardOnScene { incident: incident_id(&id)?, guard }).await
}

/// The guard says that it is over; the caller is asked.
#[utoipa::path(post, path = "/incidents/{id}/situation-end", tag = "guards", params(("id" = String, Path)),
    responses((status = 204), (status = 409, body = Problem)))]
async fn situation_end(
    State(app): State<App>,
    identity: Identity,
    AsGuard(guard): AsGuard,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    submit(&app, &identity, Event::SituationEnded { incident: incident_id(&id)?, guard }).await
}

/// The guard needs another guard.
#[utoipa::path(post, path = "/incidents/{id}/backup", tag = "guards", params(("id" = String, Path)),
    responses((status = 204), (status = 409, body = Problem)))]
async fn backup(
    State(app): State<App>,
    identity: Identity,
    AsGuard(guard): AsGuard,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    submit(&app, &identity, Event::BackupRequested { incident: incident_id(&id)?, guard }).await
}

/// An operator deals with the escalation.
#[utoipa::path(post, path = "/incidents/{id}/acknowledge", tag = "incidents", params(("id" = String, Path)),
    responses((status = 204), (status = 409, body = Problem)))]
async fn acknowledge(State(app): State<App>, identity: Identity, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    submit(&app, &identity, Event::EscalationAcknowledged { incident: incident_id(&id)? }).await
}

/// Submits what one person did; nothing to answer but that it was taken.
pub(super) async fn submit(app: &App, identity: &Identity, event: Event) -> Result<StatusCode, Problem> {
    match app.engine.submit(identity.actor(), event).await {
        Ok(_) => Ok(StatusCode::NO_CONTENT),
        Err(error @ SubmitError::Refused(_)) => {
            tracing::info!(reason = %error, by = %identity.id, "a request was refused");
            Err(error.into())
        }
        Err(error) => Err(error.into()),
    }
}

fn incident_id(text: &str) -> Result<IncidentId, Problem> {
    IncidentId::new(text).map_err(|_| Problem::unknown("incident", text))
}
