//! The site: its map, what the operators were alerted to.

use axum::Json;
use axum::extract::State;
use dispatch_core::config::{Policy, StationConfig};
use dispatch_core::effect::Action;
use flight_types::GeoPoint;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::live::LiveMessage;
use super::problem::Problem;
use crate::effects::Notice;
use crate::store::Recipient;

/// These routes.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(site)).routes(routes!(map)).routes(routes!(alerts))
}

/// The site as its people may know it.
#[derive(Debug, Serialize, ToSchema)]
pub struct SiteAnswer {
    /// As shown.
    name: String,
    /// Whose log this server owns.
    district: String,
    /// The middle of the site.
    centre: GeoPoint,
    /// Launch stations with their aircraft.
    stations: Vec<StationConfig>,
    /// How calls are handled.
    policy: Policy,
}

/// Name, district, stations and policy.
#[utoipa::path(get, path = "/site", tag = "site", responses((status = 200, body = SiteAnswer), (status = 503, body = Problem)))]
async fn site(State(app): State<App>) -> Result<Json<SiteAnswer>, Problem> {
    let configured = app.engine.read(|core| core.site().cloned());
    let site = configured.ok_or_else(|| Problem::unavailable("the site is not configured yet"))?;
    Ok(Json(SiteAnswer {
        name: site.name,
        district: app.district.to_string(),
        centre: app.site.centre(),
        stations: site.stations,
        policy: site.policy,
    }))
}

/// The site as a GeoJSON FeatureCollection (RFC 7946).
#[utoipa::path(get, path = "/site/map", tag = "site", responses((status = 200, body = Object)))]
async fn map(State(app): State<App>) -> Json<Value> {
    Json(app.site.map())
}

/// What operators were alerted to and still have to see, oldest first.
#[utoipa::path(get, path = "/alerts", tag = "site", responses((status = 200, body = Vec<LiveMessage>)))]
async fn alerts(State(app): State<App>) -> Result<Json<Vec<LiveMessage>>, Problem> {
    let pending = app.notices.pending_for(&Recipient::Operators).await?;
    Ok(Json(pending.iter().filter_map(alert).collect()))
}

/// An operator alert as pages get it; `None` for what is no alert.
pub(super) fn alert(notice: &Notice) -> Option<LiveMessage> {
    match &notice.action {
        Action::AlertOperators { incident, alert } => Some(LiveMessage::Alert {
            id: notice.effect.to_string(),
            at_ms: notice.at_ms,
            incident: incident.clone(),
            alert: alert.clone(),
        }),
        Action::FindGuards { .. }
        | Action::SendOffer { .. }
        | Action::NotifyGuard { .. }
        | Action::NotifyCaller { .. }
        | Action::NotifyContact { .. }
        | Action::CheckGuard { .. }
        | Action::FindDrones { .. }
        | Action::AskApproval { .. }
        | Action::Parking { .. }
        | Action::Command { .. } => None,
    }
}
