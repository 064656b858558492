//! Browsers and devices: one's own, and those of guards for whoever runs the site. An ended one is out at once.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use dispatch_core::event::Role;
use flight_types::AccountId;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::problem::Problem;
use super::who::Credential;
use crate::access::{Device, DeviceKind, Identity, Owner};
use crate::store::{AuditOutcome, AuditRecord};

/// These routes.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(own, end_others))
        .routes(routes!(end_own))
        .routes(routes!(of_guards))
        .routes(routes!(end_all_of_guard))
        .routes(routes!(end_of_guard))
}

/// A browser or device that may act for somebody.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeviceAnswer {
    /// What it is pointed at by; no secret.
    id: String,
    /// "browser" or "terminal".
    kind: &'static str,
    /// How it called itself: "Chrome, Android"; empty when unknown.
    name: String,
    /// Since when, milliseconds since 1970-01-01 UTC.
    created_at_ms: i64,
    /// When it was last used, in steps of some minutes; absent when never.
    #[serde(skip_serializing_if = "Option::is_none")]
    seen_at_ms: Option<i64>,
    /// It is the one that asks.
    current: bool,
}

/// A guard with everything that may act for them.
#[derive(Debug, Serialize, ToSchema)]
pub struct GuardDevices {
    /// Which.
    guard: String,
    /// As shown.
    name: String,
    /// Browsers and terminals, the latest first.
    devices: Vec<DeviceAnswer>,
}

/// How many were ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ended {
    ended: u64,
}

impl From<Device> for DeviceAnswer {
    fn from(device: Device) -> Self {
        let kind = match device.kind {
            DeviceKind::Browser => "browser",
            DeviceKind::Terminal => "terminal",
        };
        Self {
            id: device.id,
            kind,
            name: device.name,
            created_at_ms: device.created_at_ms,
            seen_at_ms: device.seen_at_ms,
            current: device.is_asking,
        }
    }
}

/// The asker's own browsers and devices, the latest first.
#[utoipa::path(get, path = "/devices", tag = "devices", responses((status = 200, body = Vec<DeviceAnswer>)))]
async fn own(State(app): State<App>, identity: Identity, credential: Credential) -> Result<Json<Vec<DeviceAnswer>>, Problem> {
    Ok(Json(listed(&app, &owner(&identity), Some(credential.secret())).await?))
}

/// Ends one of the asker's own, at once. Of a caller not the one that asks: that phone could not call for help any more.
#[utoipa::path(delete, path = "/devices/{id}", tag = "devices", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn end_own(
    State(app): State<App>,
    identity: Identity,
    credential: Credential,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let owner = owner(&identity);
    if owner.is_caller
        && listed(&app, &owner, Some(credential.secret())).await?.iter().any(|device| device.current && device.id == id)
    {
        let detail = "this phone could not call for help any more; move to another phone, or delete what is stored about you";
        return Err(Problem::conflict(detail));
    }
    app.access.end_device(&owner, &id).await?;
    app.audit(
        AuditRecord::new(Some(identity.actor()), "device_ended", identity.id.as_str(), AuditOutcome::Done).with("device", id),
    )
    .await;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all of the asker's own but the one that asks, at once.
#[utoipa::path(delete, path = "/devices", tag = "devices", responses((status = 200, body = Ended)))]
async fn end_others(State(app): State<App>, identity: Identity, credential: Credential) -> Result<Json<Ended>, Problem> {
    let ended = app.access.end_devices(&owner(&identity), Some(credential.secret())).await?;
    let record = AuditRecord::new(Some(identity.actor()), "devices_ended", identity.id.as_str(), AuditOutcome::Done);
    app.audit(record.with("ended", ended.to_string())).await;
    Ok(Json(Ended { ended }))
}

/// Every guard with their browsers and terminals.
#[utoipa::path(get, path = "/guards/terminals", tag = "devices", responses((status = 200, body = Vec<GuardDevices>)))]
async fn of_guards(State(app): State<App>) -> Result<Json<Vec<GuardDevices>>, Problem> {
    let mut all = Vec::new();
    for id in app.access.account_ids(Role::Guard) {
        let (guard, name) = (id.to_string(), app.access.account_name(id.as_str()));
        let devices = listed(&app, &Owner::new(id, Role::Guard), None).await?;
        all.push(GuardDevices { guard, name, devices });
    }
    Ok(Json(all))
}

/// Ends one browser or terminal of a guard, at once: a lost phone.
#[utoipa::path(delete, path = "/guards/{id}/terminals/{terminal}", tag = "devices",
    params(("id" = String, Path), ("terminal" = String, Path)), responses((status = 204), (status = 404, body = Problem)))]
async fn end_of_guard(
    State(app): State<App>,
    identity: Identity,
    Path((id, terminal)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let guard = guard(&app, &id)?;
    app.access.end_device(&guard, &terminal).await?;
    let record = AuditRecord::new(Some(identity.actor()), "terminal_ended", guard.id.as_str(), AuditOutcome::Done);
    app.audit(record.with("device", terminal)).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends every browser and terminal of a guard, at once.
#[utoipa::path(delete, path = "/guards/{id}/terminals", tag = "devices", params(("id" = String, Path)),
    responses((status = 200, body = Ended), (status = 404, body = Problem)))]
async fn end_all_of_guard(State(app): State<App>, identity: Identity, Path(id): Path<String>) -> Result<Json<Ended>, Problem> {
    let guard = guard(&app, &id)?;
    let ended = app.access.end_devices(&guard, None).await?;
    let record = AuditRecord::new(Some(identity.actor()), "terminals_ended", guard.id.as_str(), AuditOutcome::Done);
    app.audit(record.with("ended", ended.to_string())).await;
    Ok(Json(Ended { ended }))
}

fn owner(identity: &Identity) -> Owner {
    Owner::new(identity.id.clone(), identity.role)
}

/// A guard's account; whoever else it may be, this is not the way to their devices.
fn guard(app: &App, id: &str) -> Result<Owner, Problem> {
    let known = AccountId::new(id).ok().filter(|id| app.access.account_ids(Role::Guard).contains(id));
    known.map(|id| Owner::new(id, Role::Guard)).ok_or_else(|| Problem::unknown("guard", id))
}

async fn listed(app: &App, owner: &Owner, asking: Option<&str>) -> Result<Vec<DeviceAnswer>, Problem> {
    Ok(app.access.devices(owner, asking).await?.into_iter().map(DeviceAnswer::from).collect())
}
