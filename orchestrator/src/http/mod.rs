//! The HTTP surface: turns requests into events and state into views. Decides nothing about incidents.
//!
//! `docs/api.md` tells how the parts fit together; `GET /openapi.json` is generated from here. Every request passes, in this order:
//! headers and counters ([`edge`]), who asks and whether they may ([`who`], by the table in [`crate::access::rules`]), its handler.

pub mod limits;

mod app;
mod body;
mod device_name;
mod edge;
mod input;
mod problem;
mod views;
mod who;

mod health;
mod session;

mod accounts;
mod callers;
mod calls;
mod devices;
mod drones;
mod feeds;
mod guards;
mod incidents;
mod parking;
mod site;

mod live;
mod server;
pub mod shapes;
mod ui;

pub use app::{App, Parts, Sending, SiteView, TextMessages};
pub use feeds::Pictures;
pub use input::Belief;
pub(crate) use input::PositionInput;
pub use parking::{AreaCodes, PlainAreaCodes};
pub use problem::Problem;
pub use server::{ServeError, Server};

use axum::Router;
use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;

#[derive(OpenApi)]
#[openapi(
    info(title = "Escort by guards and spotlight drones", description = "How the parts fit together: docs/api.md."),
    modifiers(&Credentials)
)]
struct Document;

struct Credentials;

impl utoipa::Modify for Credentials {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let cookie = ApiKey::Cookie(ApiKeyValue::new(who::SESSION_COOKIE));
        components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        components.add_security_scheme("device_token", SecurityScheme::Http(bearer));
    }
}

/// Every route with its description.
fn routes() -> (Router<App>, utoipa::openapi::OpenApi) {
    let api = OpenApiRouter::new()
        .merge(session::routes())
        .merge(callers::routes())
        .merge(calls::routes())
        .merge(incidents::routes())
        .merge(guards::routes())
        .merge(drones::routes())
        .merge(feeds::routes())
        .merge(parking::routes())
        .merge(site::routes())
        .merge(accounts::routes())
        .merge(devices::routes())
        .merge(live::routes());
    OpenApiRouter::with_openapi(Document::openapi()).merge(health::routes()).nest("/api/v1", api).split_for_parts()
}

/// The OpenAPI document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    routes().1
}

/// The whole surface as one service.
pub fn router(app: App) -> Router {
    let (routes, document) = routes();
    let document = axum::Json(document);
    let routes = routes
        .route("/openapi.json", axum::routing::get(async move || document))
        .method_not_allowed_fallback(async || Problem::method())
        .route_layer(axum::middleware::from_fn_with_state(app.clone(), who::admit))
        .fallback(ui::serve)
        .with_state(app);
    edge::wrap(routes)
}
