//! Parking lots as they are drawn: to see, to draw anew, to go back to a former version, and the sheets of their beacons.
//!
//! A drawing is a GeoJSON FeatureCollection of the kind that a site's `lots.geojson` holds, for one lot.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use beacon::{Sheet, Sight};
use dispatch_core::event::{Actor, Event};
use flight_types::LotId;
use parking_core::event::ParkingEvent;
use parking_core::id::AreaId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use site_model::{BeaconState, LotBeacon};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::body::{Drawing, Query};
use super::parking::origin;
use super::problem::Problem;
use crate::access::Identity;
use crate::lots::{Change, Drawn, Layout};
use crate::parking::with_drawn_areas;
use crate::store::{AuditOutcome, AuditRecord, KeptVersion};

/// Drawings that may come between before the next one takes over booking the areas.
const BOOKING_TRIES_MAX: usize = 4;

/// These routes.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(lots))
        .routes(routes!(lot))
        .routes(routes!(versions))
        .routes(routes!(draw))
        .routes(routes!(add))
        .routes(routes!(sheet_sight))
        .routes(routes!(sheets))
        .routes(routes!(sheet))
}

/// A lot at a glance.
#[derive(Debug, Serialize, ToSchema)]
pub struct LotSummary {
    /// Which.
    id: String,
    /// As shown.
    name: String,
    /// 0 is the site's file; counts up with every change.
    version: u64,
    /// How many areas it has.
    areas: usize,
    /// How many bays.
    bays: usize,
    /// How many beacons, those taken down included.
    beacons: usize,
}

/// A lot as it is drawn.
#[derive(Debug, Serialize, ToSchema)]
pub struct LotLayout {
    /// Which.
    id: String,
    /// As shown.
    name: String,
    /// 0 is the site's file; counts up with every change.
    version: u64,
    /// When it was drawn, milliseconds since 1970-01-01 UTC; absent for the site's file.
    #[serde(skip_serializing_if = "Option::is_none")]
    drawn_at_ms: Option<i64>,
    /// The account that drew it; absent for the site's file.
    #[serde(skip_serializing_if = "Option::is_none")]
    drawn_by: Option<String>,
    /// A GeoJSON FeatureCollection of the kind that a site's `lots.geojson` holds (docs/sites.md).
    #[schema(value_type = Object)]
    layout: Value,
}

/// A version that can be put back.
#[derive(Debug, Serialize, ToSchema)]
pub struct LotVersion {
    /// Counts up from 1.
    version: u64,
    /// When it was drawn, milliseconds since 1970-01-01 UTC.
    drawn_at_ms: i64,
    /// The account that drew it.
    drawn_by: String,
}

/// Which version.
#[derive(Debug, Deserialize, IntoParams)]
struct Which {
    /// A former version; the current one when left out.
    version: Option<u64>,
}

/// What the sheets are made for.
#[derive(Debug, Deserialize, IntoParams)]
struct SightInput {
    /// The survey's height above the ground, metres; as high as surveys fly when left out.
    height_m: Option<f64>,
    /// Pixels across the camera's picture; those of the configured camera when left out.
    pixels: Option<f64>,
    /// The camera's field of view across, degrees; that of the configured camera when left out.
    view_deg: Option<f64>,
}

impl SightInput {
    fn or(&self, usual: Sight) -> Sight {
        Sight {
            height_m: self.height_m.unwrap_or(usual.height_m),
            across_pixels: self.pixels.unwrap_or(usual.across_pixels),
            across_deg: self.view_deg.unwrap_or(usual.across_deg),
        }
    }
}

/// What sheets are made for.
#[derive(Debug, Serialize, ToSchema)]
pub struct SheetSight {
    /// The survey's height above the ground, metres.
    height_m: f64,
    /// Pixels across the camera's picture.
    pixels: f64,
    /// The camera's field of view across, degrees.
    view_deg: f64,
}

impl LotLayout {
    fn of(layout: &Layout) -> Self {
        Self {
            id: layout.lot.id.to_string(),
            name: layout.lot.name.clone(),
            version: layout.version,
            drawn_at_ms: layout.drawn.as_ref().map(|drawn| drawn.at_ms),
            drawn_by: layout.drawn.as_ref().map(|drawn| drawn.by.clone()),
            layout: layout.lot.geojson(),
        }
    }

    /// With the version as its ETag, for the `If-Match` of the next drawing.
    fn answer(layout: &Layout) -> impl IntoResponse + use<> {
        ([(header::ETAG, format!("\"{}\"", layout.version))], Json(Self::of(layout)))
    }
}

/// Every lot of the site; of a manager, theirs.
#[utoipa::path(get, path = "/lots", operation_id = "drawn_lots", tag = "lots", responses((status = 200, body = Vec<LotSummary>)))]
async fn lots(State(app): State<App>, identity: Identity) -> Json<Vec<LotSummary>> {
    let summary = |layout: &Layout| LotSummary {
        id: layout.lot.id.to_string(),
        name: layout.lot.name.clone(),
        version: layout.version,
        areas: layout.lot.areas.len(),
        bays: layout.lot.bays.len(),
        beacons: layout.lot.beacons.len(),
    };
    Json(app.lots.all().iter().filter(|layout| identity.lots.has(&layout.lot.id)).map(|layout| summary(layout)).collect())
}

/// A lot as it is drawn, or as it was.
#[utoipa::path(get, path = "/lots/{id}", tag = "lots", params(("id" = String, Path), Which),
    responses((status = 200, body = LotLayout, headers(("ETag" = String, description = "The version, for If-Match"))),
        (status = 404, body = Problem)))]
async fn lot(State(app): State<App>, Path(id): Path<String>, Query(which): Query<Which>) -> Result<impl IntoResponse, Problem> {
    let lot = known(&app, &id)?;
    let Some(version) = which.version.filter(|version| *version != lot.version) else {
        return Ok(LotLayout::answer(&lot));
    };
    let former = app.lots.version(&lot.lot.id, version).await?;
    let former = former.ok_or_else(|| Problem::unknown("version", &format!("{version} of lot {id}")))?;
    Ok(LotLayout::answer(&former))
}

/// The versions that can be put back, latest first. Version 0, the site's file, can always be.
#[utoipa::path(get, path = "/lots/{id}/versions", tag = "lots", params(("id" = String, Path)),
    responses((status = 200, body = Vec<LotVersion>), (status = 404, body = Problem)))]
async fn versions(State(app): State<App>, Path(id): Path<String>) -> Result<Json<Vec<LotVersion>>, Problem> {
    let lot = known(&app, &id)?;
    let shown = |KeptVersion { version, at_ms, drawn_by }| LotVersion { version, drawn_at_ms: at_ms, drawn_by };
    Ok(Json(app.lots.versions(&lot.lot.id).await?.into_iter().map(shown).collect()))
}

/// Takes a drawing in place of the one before. A former version is put back by sending it again.
#[utoipa::path(put, path = "/lots/{id}/layout", tag = "lots",
    params(("id" = String, Path), ("If-Match" = String, Header, description = "The ETag of the version that it was drawn over")),
    request_body(content = Object, content_type = "application/json", description = "A GeoJSON FeatureCollection (docs/sites.md)"),
    responses((status = 200, body = LotLayout), (status = 404, body = Problem), (status = 412, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem), (status = 428, body = Problem)))]
async fn draw(
    State(app): State<App>,
    identity: Identity,
    Path(id): Path<String>,
    headers: HeaderMap,
    Drawing(layout): Drawing,
) -> Result<impl IntoResponse, Problem> {
    let lot = known(&app, &id)?.lot.id.clone();
    let over = version_of(&headers)?;
    let needed_areas = needed_areas(&app, &lot);
    let change = Change {
        lot: lot.clone(),
        over,
        layout,
        needed_areas,
        drawn: Drawn { at_ms: app.engine.now_ms(), by: identity.id.to_string() },
    };
    let layout = app.lots.change(change).await?;
    noted(&app, &identity, &layout).await;
    book_areas(&app).await?;
    Ok(LotLayout::answer(&layout))
}

/// Takes a lot that nobody has drawn before.
#[utoipa::path(post, path = "/lots", tag = "lots",
    request_body(content = Object, content_type = "application/json", description = "A GeoJSON FeatureCollection (docs/sites.md)"),
    responses((status = 201, body = LotLayout), (status = 409, body = Problem), (status = 413, body = Problem),
        (status = 422, body = Problem)))]
async fn add(State(app): State<App>, identity: Identity, Drawing(layout): Drawing) -> Result<impl IntoResponse, Problem> {
    let drawn = Drawn { at_ms: app.engine.now_ms(), by: identity.id.to_string() };
    let layout = app.lots.add(layout, drawn).await?;
    noted(&app, &identity, &layout).await;
    book_areas(&app).await?;
    Ok((StatusCode::CREATED, LotLayout::answer(&layout)))
}

async fn noted(app: &App, identity: &Identity, layout: &Layout) {
    let digest = hex::encode(Sha256::digest(layout.lot.geojson().to_string()));
    let record = AuditRecord::new(Some(identity.actor()), "drew", format!("lot {}", layout.lot.id), AuditOutcome::Done)
        .with("version", layout.version.to_string())
        .with("sha256", digest);
    app.audit(record).await;
}

/// Areas that a drawing may not take away: the parking file's, and those on which cars stand.
fn needed_areas(app: &App, lot: &LotId) -> BTreeSet<String> {
    let of_file = app.parking_file.iter().flat_map(|file| &file.areas).filter(|area| area.lot == *lot);
    let mut needed: BTreeSet<String> = of_file.map(|area| area.id.to_string()).collect();
    app.engine.read(|core| needed.extend(core.parking().active_of_lot(lot).map(|session| session.area.to_string())));
    needed
}

/// Lets cars park on the areas as they are drawn now, without a restart. Somebody else may draw meanwhile, so it is looked at again.
async fn book_areas(app: &App) -> Result<(), Problem> {
    let Some(file) = &app.parking_file else { return Ok(()) };
    for _ in 0..BOOKING_TRIES_MAX {
        let config = with_drawn_areas(file, &app.lots);
        if app.engine.read(|core| *core.parking().config() == config) {
            break;
        }
        let change = Box::new(ParkingEvent::Configured { config: Box::new(config), stays_keep_permits: true });
        app.engine.submit(Actor::System, Event::Parking { change }).await?;
    }
    Ok(())
}

/// What the sheets of a lot's beacons are made for when nothing else is asked for: the configured camera, and the height that surveys fly at
/// with it.
#[utoipa::path(get, path = "/lots/{id}/sheets", tag = "lots", params(("id" = String, Path)),
    responses((status = 200, body = SheetSight), (status = 404, body = Problem)))]
async fn sheet_sight(State(app): State<App>, Path(id): Path<String>) -> Result<Json<SheetSight>, Problem> {
    known(&app, &id)?;
    let Sight { height_m, across_pixels, across_deg } = app.sheets_for;
    Ok(Json(SheetSight { height_m, pixels: across_pixels, view_deg: across_deg }))
}

/// The sheets of all beacons of a lot that are or will be mounted, a page each, at true size.
#[utoipa::path(get, path = "/lots/{id}/sheets.pdf", tag = "lots", params(("id" = String, Path), SightInput),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
async fn sheets(
    State(app): State<App>,
    identity: Identity,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(sight): Query<SightInput>,
) -> Result<impl IntoResponse, Problem> {
    let lot = known(&app, &id)?;
    let wanted = lot.lot.beacons.iter().filter(|beacon| beacon.state != BeaconState::Withdrawn);
    let sheets = wanted.map(|beacon| sheet_of(&app, &headers, beacon, &sight)).collect::<Result<Vec<Sheet>, Problem>>()?;
    if sheets.is_empty() {
        return Err(Problem::unknown("beacon of lot", &id));
    }
    app.audit_view(identity.actor(), &format!("beacon sheets of lot {id}")).await;
    let named = HeaderValue::from_str(&format!("attachment; filename=\"{}-beacons.pdf\"", lot.lot.id));
    let named = named.map_err(|error| Problem::fault(&error))?;
    Ok((
        [(header::CONTENT_TYPE, HeaderValue::from_static("application/pdf")), (header::CONTENT_DISPOSITION, named)],
        beacon::pdf(&sheets),
    ))
}

/// The sheet of one beacon as SVG at true size.
#[utoipa::path(get, path = "/lots/{id}/sheets/{beacon}", tag = "lots",
    params(("id" = String, Path), ("beacon" = String, Path, description = "Its id; `.svg` may follow"), SightInput),
    responses((status = 200, content_type = "image/svg+xml", body = String), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
async fn sheet(
    State(app): State<App>,
    identity: Identity,
    headers: HeaderMap,
    Path((id, name)): Path<(String, String)>,
    Query(sight): Query<SightInput>,
) -> Result<impl IntoResponse, Problem> {
    let lot = known(&app, &id)?;
    let name = name.strip_suffix(".svg").unwrap_or(&name);
    let beacon = lot.lot.beacons.iter().find(|beacon| beacon.id == name).ok_or_else(|| Problem::unknown("beacon", name))?;
    let sheet = sheet_of(&app, &headers, beacon, &sight)?;
    app.audit_view(identity.actor(), &format!("beacon sheet {name}")).await;
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], sheet.svg()))
}

fn sheet_of(app: &App, headers: &HeaderMap, beacon: &LotBeacon, sight: &SightInput) -> Result<Sheet, Problem> {
    let area = AreaId::new(beacon.area.as_str()).map_err(|error| Problem::invalid("area", error))?;
    let text = app.area_codes.address(&area, &origin(app, headers)).map_err(|reason| Problem::invalid("beacon", reason))?;
    Sheet::new(&text, &beacon.area, sight.or(app.sheets_for)).map_err(|error| Problem::invalid("sheet", error))
}

fn known(app: &App, id: &str) -> Result<std::sync::Arc<Layout>, Problem> {
    let lot = LotId::new(id).ok().and_then(|lot| app.lots.current(&lot));
    lot.ok_or_else(|| Problem::unknown("lot", id))
}

/// The version in `If-Match`: a single entity tag (RFC 9110, section 13.1.1).
fn version_of(headers: &HeaderMap) -> Result<u64, Problem> {
    let named = headers.get(header::IF_MATCH).ok_or_else(Problem::version_needed)?;
    let text = named.to_str().ok().map(|text| text.trim().trim_matches('"'));
    text.and_then(|text| text.parse().ok()).ok_or_else(Problem::version_needed)
}
