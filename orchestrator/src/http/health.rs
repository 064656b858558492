//! For machines that watch the server: does it live, is it ready, how much does it do.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::problem::Problem;

/// These routes.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz)).routes(routes!(metrics_text))
}

/// How far the server is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ready {
    /// Entries in the log.
    entries: u64,
    /// Orders that workers have not finished.
    effects_open: u64,
}

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200)))]
async fn healthz() -> StatusCode {
    StatusCode::OK
}

/// The database answers and the site is configured: calls are taken.
#[utoipa::path(get, path = "/readyz", tag = "health", responses((status = 200, body = Ready), (status = 503, body = Problem)))]
async fn readyz(State(app): State<App>) -> Result<Json<Ready>, Problem> {
    if app.access.without_admin().await.is_err() {
        return Err(Problem::unavailable("the database does not answer"));
    }
    let (configured, entries) = app.engine.read(|core| (core.site().is_some(), core.last_seq()));
    if !configured {
        return Err(Problem::unavailable("the site is not configured yet"));
    }
    Ok(Json(Ready { entries, effects_open: app.engine.effects_open() }))
}

/// Counters in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "health", responses((status = 200, body = String, content_type = "text/plain")))]
async fn metrics_text(State(app): State<App>) -> Response {
    let text = app.metrics.as_ref().map(metrics_exporter_prometheus::PrometheusHandle::render).unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}
