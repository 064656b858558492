//! Aircraft and launches: what operators and pilots see and order.

use axum::Json;
use axum::body::Body as ResponseBody;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use dispatch_core::event::{Event, Role};
use flight_types::{DroneId, MissionId, RallyPointId};
use serde::Deserialize;
use tokio_util::io::ReaderStream;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::body::{Body, OptionalBody};
use super::incidents::submit;
use super::input::ReasonInput;
use super::problem::Problem;
use super::views::{self, DroneView};
use crate::access::Identity;

/// These routes.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(one))
        .routes(routes!(tlog))
        .routes(routes!(recall))
        .routes(routes!(rally))
        .routes(routes!(hold))
        .routes(routes!(go_on))
        .routes(routes!(land))
        .routes(routes!(control))
        .routes(routes!(light))
        .routes(routes!(approve))
        .routes(routes!(deny))
}

/// Who moves the aircraft.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlInput {
    action: ControlAction,
}

/// Take or give back.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ControlAction {
    /// The pilot flies it from now on.
    Take,
    /// The orchestrator flies it again.
    Release,
}

/// Where to land.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RallyInput {
    /// One of `mission.plan.rally.points`.
    rally_point: RallyPointId,
}

/// The light.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LightInput {
    on: bool,
    /// 0 to 100 per cent; full when absent.
    #[schema(minimum = 0, maximum = 100)]
    brightness_pct: Option<u8>,
}

/// Every aircraft of the site.
#[utoipa::path(get, path = "/drones", tag = "drones", responses((status = 200, body = Vec<DroneView>)))]
async fn list(State(app): State<App>) -> Json<Vec<DroneView>> {
    let ids = app.engine.read(views::drone_ids);
    Json(ids.iter().filter_map(|id| views::drone_view(&app, id)).collect())
}

/// One aircraft.
#[utoipa::path(get, path = "/drones/{id}", tag = "drones", params(("id" = String, Path)),
    responses((status = 200, body = DroneView), (status = 404, body = Problem)))]
async fn one(State(app): State<App>, Path(id): Path<String>) -> Result<Json<DroneView>, Problem> {
    let view = views::drone_view(&app, &drone_id(&id)?);
    view.map(Json).ok_or_else(|| Problem::unknown("drone", &id))
}

/// Everything that was said between the server and the aircraft, as ground stations read it.
#[utoipa::path(get, path = "/drones/{id}/tlog", tag = "drones", params(("id" = String, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), (status = 404, body = Problem)))]
async fn tlog(State(app): State<App>, identity: Identity, Path(id): Path<String>) -> Result<Response, Problem> {
    let drone = drone_id(&id)?;
    let known = app.engine.read(views::drone_ids).contains(&drone);
    // An identifier cannot hold a path separator, and only the site's own aircraft pass: the name stays inside the folder.
    let folder = app.tlog_dir.as_ref().filter(|_| known).ok_or_else(|| Problem::unknown("log of drone", &id))?;
    let file = tokio::fs::File::open(folder.join(format!("{drone}.tlog"))).await;
    let file = file.map_err(|_| Problem::unknown("log of drone", &id))?;
    app.audit_view(identity.actor(), &format!("{drone}.tlog")).await;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{drone}.tlog\"")),
    ];
    Ok((headers, ResponseBody::from_stream(ReaderStream::new(file))).into_response())
}

/// Calls the aircraft home. Wins over everything but a pilot in control.
#[utoipa::path(post, path = "/drones/{id}/recall", tag = "drones", params(("id" = String, Path)),
    responses((status = 204), (status = 409, body = Problem)))]
async fn recall(State(app): State<App>, identity: Identity, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    submit(&app, &identity, Event::RecallRequested { drone: drone_id(&id)?, rally: None }).await
}

/// Calls the aircraft to a rally point of its plan instead of its pad. A recall takes it back.
#[utoipa::path(post, path = "/drones/{id}/rally", tag = "drones", params(("id" = String, Path)), request_body = RallyInput,
    responses((status = 204), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn rally(
    State(app): State<App>,
    identity: Identity,
    Path(id): Path<String>,
    Body(input): Body<RallyInput>,
) -> Result<StatusCode, Problem> {
    submit(&app, &identity, Event::RecallRequested { drone: drone_id(&id)?, rally: Some(input.rally_point) }).await
}

/// Stops the aircraft where it is.
#[utoipa::path(post, path = "/drones/{id}/hold", tag = "drones", params(("id" = String, Path)),
    responses((status = 204), (status = 409, body = Problem)))]
async fn hold(State(app): State<App>, identity: Identity, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    submit(&app, &identity, Event::HoldRequested { drone: drone_id(&id)? }).await
}

/// Lets a held aircraft go on.
#[utoipa::path(post, path = "/drones/{id}/continue", tag = "drones", params(("id" = String, Path)),
    responses((status = 204), (status = 409, body = Problem)))]
async fn go_on(State(app): State<App>, identity: Identity, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    submit(&app, &identity, Event::ContinueRequested { drone: drone_id(&id)? }).await
}

/// Lands the aircraft where it is.
#[utoipa::path(post, path = "/drones/{id}/land", tag = "drones", params(("id" = String, Path)),
    responses((status = 204), (status = 409, body = Problem)))]
async fn land(State(app): State<App>, identity: Identity, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    submit(&app, &identity, Event::LandRequested { drone: drone_id(&id)? }).await
}

/// A pilot takes control, or gives it back.
#[utoipa::path(post, path = "/drones/{id}/control", tag = "drones", params(("id" = String, Path)), request_body = ControlInput,
    responses((status = 204), (status = 409, body = Problem)))]
async fn control(
    State(app): State<App>,
    identity: Identity,
    Path(id): Path<String>,
    Body(input): Body<ControlInput>,
) -> Result<StatusCode, Problem> {
    let (drone, by) = (drone_id(&id)?, identity.id.clone());
    let event = match input.action {
        ControlAction::Take => Event::ControlTaken { drone, by },
        ControlAction::Release => Event::ControlReleased { drone, by },
    };
    submit(&app, &identity, event).await
}

/// Switches the light. A guard may switch that of the aircraft at their own incident.
#[utoipa::path(post, path = "/drones/{id}/light", tag = "drones", params(("id" = String, Path)), request_body = LightInput,
    responses((status = 204), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn light(
    State(app): State<App>,
    identity: Identity,
    Path(id): Path<String>,
    Body(input): Body<LightInput>,
) -> Result<StatusCode, Problem> {
    let drone = drone_id(&id)?;
    let brightness_pct = input.brightness_pct.unwrap_or(100);
    if brightness_pct > 100 {
        return Err(Problem::invalid("brightness_pct", "0 to 100 per cent"));
    }
    if identity.role == Role::Guard && !escorts_own_incident(&app, &identity, &drone) {
        return Err(Problem::not_yours(format!("{drone} does not fly for your incident")));
    }
    submit(&app, &identity, Event::LightRequested { drone, on: input.on, brightness_pct }).await
}

fn escorts_own_incident(app: &App, identity: &Identity, drone: &DroneId) -> bool {
    app.engine.read(|core| {
        let incident = views::incident_of_drone(core, drone).and_then(|id| core.incident(&id).cloned());
        incident.is_some_and(|incident| views::sees(identity, &incident))
    })
}

/// Lets a launch go.
#[utoipa::path(post, path = "/launches/{id}/approve", tag = "drones", params(("id" = String, Path)),
    responses((status = 204), (status = 409, body = Problem)))]
async fn approve(State(app): State<App>, identity: Identity, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    submit(&app, &identity, Event::LaunchApproved { mission: mission_id(&id)? }).await
}

/// Stops a launch.
#[utoipa::path(post, path = "/launches/{id}/deny", tag = "drones", params(("id" = String, Path)), request_body = ReasonInput,
    responses((status = 204), (status = 409, body = Problem)))]
async fn deny(
    State(app): State<App>,
    identity: Identity,
    Path(id): Path<String>,
    OptionalBody(input): OptionalBody<ReasonInput>,
) -> Result<StatusCode, Problem> {
    submit(&app, &identity, Event::LaunchDenied { mission: mission_id(&id)?, reason: input.bounded() }).await
}

fn drone_id(text: &str) -> Result<DroneId, Problem> {
    DroneId::new(text).map_err(|_| Problem::unknown("drone", text))
}

fn mission_id(text: &str) -> Result<MissionId, Problem> {
    MissionId::new(text).map_err(|_| Problem::unknown("launch", text))
}
