//! The site: its map, what the operators were alerted to.

use axum::Json;
use axum::extract::State;
use dispatch_core::config::{Policy, StationConfig};
use dispatch_core::effect::Action;
use flight_types::GeoPoint;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::accounts::lot_names;
use super::app::App;
use super::body::Body;
use super::callers::belief;
use super::live::LiveMessage;
use super::problem::Problem;
use crate::effects::Notice;
use crate::store::Recipient;

/// These routes.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(site))
        .routes(routes!(map))
        .routes(routes!(lots))
        .routes(routes!(address))
        .routes(routes!(alerts))
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

/// A lot by which a manager can be bound.
#[derive(Debug, Serialize, ToSchema)]
pub struct LotName {
    /// As in an account's `lots`.
    id: String,
    /// As shown.
    name: String,
}

/// Every lot of the site by its name, whether it has prices or is only drawn; what an administrator chooses managers' lots from.
#[utoipa::path(get, path = "/site/lots", tag = "site", responses((status = 200, body = Vec<LotName>)))]
async fn lots(State(app): State<App>) -> Json<Vec<LotName>> {
    Json(lot_names(&app).into_iter().map(|(id, name)| LotName { id: id.to_string(), name }).collect())
}

/// The site as a GeoJSON FeatureCollection (RFC 7946).
#[utoipa::path(get, path = "/site/map", tag = "site", responses((status = 200, body = Object)))]
async fn map(State(app): State<App>) -> Json<Value> {
    Json(app.site.map())
}

/// A place asked about.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceAsked {
    /// Latitude, degrees.
    lat: f64,
    /// Longitude, degrees.
    lon: f64,
}

/// The address nearest to a place.
#[derive(Debug, Serialize, ToSchema)]
pub struct NearestAddress {
    /// As the site's data writes it; `null` when no address is near enough to say something about the place.
    text: Option<String>,
    /// From the place, metres.
    distance_m: Option<f64>,
}

/// The address nearest to a place: for people who must find it, or say it on the telephone. Asked in a body, because addresses of
/// requests are written down on their way, and this one says where somebody is.
#[utoipa::path(post, path = "/site/address", tag = "site", request_body = PlaceAsked,
    responses((status = 200, body = NearestAddress), (status = 422, body = Problem)))]
async fn address(State(app): State<App>, Body(asked): Body<PlaceAsked>) -> Result<Json<NearestAddress>, Problem> {
    let place = belief(&app).point(asked.lat, asked.lon).map_err(|reason| Problem::invalid("lat, lon", reason))?;
    let nearest = app.site.nearest_address(place);
    Ok(Json(NearestAddress {
        distance_m: nearest.as_ref().map(|nearest| nearest.distance_m),
        text: nearest.map(|nearest| nearest.text),
    }))
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
