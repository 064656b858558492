//! The HTTP surface: turns requests into events and state into views. Decides nothing about incidents.
//!
//! `docs/api.md` tells how the parts fit together; `GET /openapi.json` is generated from here. Every request passes, in this order:
//! headers and counters ([`edge`]), who asks and whether they may ([`who`], by the table in [`crate::access::rules`]), its handler.

pub mod limits;

mod app;
mod body;
mod device_name;
mod document;
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
mod lots;
mod parking;
mod site;
mod surveys;

mod live;
mod server;
pub mod shapes;
mod ui;
mod unread;

pub use app::{App, Parts, Sending, SiteView, TextMessages};
pub use feeds::Pictures;
pub use input::Belief;
pub(crate) use input::PositionInput;
pub use parking::{AreaCodes, CodeRefusal, PlainAreaCodes};
pub use problem::Problem;
pub use server::{ServeError, Server};

use axum::Router;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

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
        .merge(lots::routes())
        .merge(surveys::routes())
        .merge(accounts::routes())
        .merge(devices::routes())
        .merge(live::routes());
    let (router, mut document) =
        OpenApiRouter::with_openapi(document::Document::openapi()).merge(health::routes()).nest("/api/v1", api).split_for_parts();
    document::say_that_old_causes_are_sentences(&mut document);
    (router, document)
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
