//! The aircraft's pictures: who may see which, for how long, and the trail of who did. The pictures themselves go another way.
//!
//! WebRTC by WHEP (draft-ietf-wish-whep): an offer makes a viewing, whose address is random, works once, and only for the
//! credential that made it. Every viewing is watched to its end: it ends with the incident, the guard's part in it, or the session.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dispatch_core::Core;
use dispatch_core::event::Role;
use feed::{AdmitError, Ended, Feeds, Quality, Relay, RelayError, SourceState, StillError, Stills, ViewerId};
use flight_types::{AccountId, DroneId, IncidentId};
use serde::Serialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{MissedTickBehavior, interval};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::limits::{LIVE_CHECK, STILL_AUDIT_PAUSE_MS, STILLS_AUDITED_MAX};
use super::problem::Problem;
use super::views;
use super::who::{Credential, may_concern, still_stands};
use crate::access::Identity;
use crate::config::IceServer;
use crate::store::{AuditOutcome, AuditRecord};

/// What the pictures go through.
#[derive(Clone)]
pub struct Pictures {
    /// The cameras.
    pub feeds: Feeds,
    /// To browsers.
    pub relay: Relay,
    /// For those whom WebRTC does not reach.
    pub stills: Stills,
    /// Helpers for viewers behind routers; browsers are told of them.
    pub ice_servers: Vec<IceServer>,
    viewings: Arc<Mutex<BTreeMap<ViewerId, Viewing>>>,
    /// When each account's look at each aircraft's stills was last written down, milliseconds since 1970-01-01 UTC.
    stills_audited: Arc<Mutex<BTreeMap<(AccountId, DroneId), i64>>>,
}

#[derive(Clone)]
struct Viewing {
    credential: Credential,
    drone: DroneId,
}

impl Pictures {
    /// Nobody watches yet.
    pub fn new(feeds: Feeds, relay: Relay, ice_servers: Vec<IceServer>) -> Self {
        let stills = Stills::new(feeds.clone());
        Self { feeds, relay, stills, ice_servers, viewings: Arc::default(), stills_audited: Arc::default() }
    }

    fn viewing(&self, id: &str) -> Option<Viewing> {
        self.viewings.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    fn keep(&self, id: &ViewerId, viewing: Viewing) {
        self.viewings.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), viewing);
    }

    fn forget(&self, id: &ViewerId) {
        self.viewings.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// Whether this look at stills is to be written down: the first of each minute.
    fn audits_still(&self, account: &AccountId, drone: &DroneId, now_ms: i64) -> bool {
        let mut audited = self.stills_audited.lock().unwrap_or_else(PoisonError::into_inner);
        audited.retain(|_, at_ms| now_ms - *at_ms < STILL_AUDIT_PAUSE_MS);
        let key = (account.clone(), drone.clone());
        // Rather one line too many than one too few.
        audited.len() >= STILLS_AUDITED_MAX || audited.insert(key, now_ms).is_none()
    }
}

/// These routes.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(offer)).routes(routes!(trickle, stop)).routes(routes!(still))
}

/// The pictures one may see now, and how to reach them.
#[derive(Debug, Serialize, ToSchema)]
pub struct FeedsView {
    /// For the browser's connection, as WebRTC takes them.
    ice_servers: Vec<IceServerView>,
    feeds: Vec<FeedView>,
}

/// A helper for viewers behind routers.
#[derive(Debug, Serialize, ToSchema)]
pub struct IceServerView {
    urls: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<String>,
}

/// One aircraft's picture.
#[derive(Debug, Serialize, ToSchema)]
pub struct FeedView {
    #[schema(value_type = String)]
    drone: DroneId,
    /// `idle` (nobody watches), `waiting`, `live` or `failed`.
    state: &'static str,
    /// With `failed`: why. Only for operators and pilots, who can have it mended; it may name what is inside the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<FeedProblemView>,
    /// How much later than the quickest the camera's last picture came, milliseconds: from a second on it is not live any more.
    late_ms: u64,
    /// A smaller stream exists for narrow links.
    has_sub: bool,
}

/// Why a camera gives no picture.
#[derive(Debug, Serialize, ToSchema)]
pub struct FeedProblemView {
    /// `session`, `silent`, `not_h264`, `stalled`, `ended`, `unreadable`, `late`, `frozen` or `broke`.
    kind: &'static str,
    /// Particulars, in English; may be empty.
    detail: String,
}

/// Whether somebody may see an aircraft's picture now, and for which incident. The incident's guards while it lives; operator and
/// pilot whenever the aircraft is on a flight; nobody else.
pub(super) fn may_see(core: &Core, identity: &Identity, drone: &DroneId) -> Result<Option<IncidentId>, Problem> {
    let flight = core.mission_of(drone);
    let incident = views::incident_of_drone(core, drone).and_then(|id| core.incident(&id)).filter(|incident| incident.is_open());
    match identity.role {
        Role::Operator | Role::Pilot if flight.is_some() => Ok(incident.map(|incident| incident.id.clone())),
        Role::Operator | Role::Pilot => Err(Problem::conflict(format!("{drone} is not on a flight"))),
        Role::Guard => match incident.filter(|incident| views::sees(identity, incident)) {
            Some(incident) => Ok(Some(incident.id.clone())),
            None => Err(Problem::not_yours(format!("{drone} does not fly for your incident"))),
        },
        Role::Caller | Role::Manager | Role::Admin => Err(Problem::not_yours("pictures are for those who help")),
    }
}

fn pictures(app: &App) -> Result<&Pictures, Problem> {
    app.pictures.as_ref().ok_or_else(|| Problem::unavailable("this server carries no pictures"))
}

/// A camera that exists, of an aircraft whose picture this person may see.
fn admitted(app: &App, identity: &Identity, id: &str) -> Result<(DroneId, Option<IncidentId>), Problem> {
    let drone = DroneId::new(id).map_err(|_| Problem::unknown("drone", id))?;
    if !app.engine.read(views::drone_ids).contains(&drone) {
        return Err(Problem::unknown("drone", id));
    }
    let incident = app.engine.read(|core| may_see(core, identity, &drone))?;
    if pictures(app)?.feeds.source(&drone, Quality::Main).is_none() {
        return Err(Problem::unknown("camera of drone", id));
    }
    Ok((drone, incident))
}

/// The pictures that one may see now.
#[utoipa::path(get, path = "/feeds", tag = "feeds", responses((status = 200, body = FeedsView)))]
async fn list(State(app): State<App>, identity: Identity) -> Result<Json<FeedsView>, Problem> {
    let pictures = pictures(&app)?;
    let drones = pictures.feeds.drones();
    let seen = app
        .engine
        .read(|core| drones.into_iter().filter(|drone| may_see(core, &identity, drone).is_ok()).collect::<Vec<DroneId>>());
    let feeds = seen.into_iter().filter_map(|drone| feed_view(&pictures.feeds, identity.role, drone)).collect();
    let ice_servers = pictures.ice_servers.iter().map(IceServerView::of).collect();
    Ok(Json(FeedsView { ice_servers, feeds }))
}

fn feed_view(feeds: &Feeds, role: Role, drone: DroneId) -> Option<FeedView> {
    let source = feeds.source(&drone, Quality::Main)?;
    let (state, problem) = match source.state() {
        SourceState::Idle => ("idle", None),
        SourceState::Waiting => ("waiting", None),
        SourceState::Live => ("live", None),
        SourceState::Failed(error) => {
            let (kind, detail) = error.told();
            ("failed", matches!(role, Role::Operator | Role::Pilot).then_some(FeedProblemView { kind, detail }))
        }
    };
    let late_ms = u64::try_from(source.late().as_millis()).unwrap_or(u64::MAX);
    let has_sub = feeds.has_sub(&drone);
    Some(FeedView { drone, state, problem, late_ms, has_sub })
}

impl IceServerView {
    fn of(server: &IceServer) -> Self {
        Self { urls: server.url.clone(), username: server.username.clone(), credential: server.credential.clone() }
    }
}

/// Begins a viewing: a WebRTC offer in, the answer out. `Location` names the viewing, for candidates found later and for its end.
#[utoipa::path(post, path = "/feeds/{drone}/whep", tag = "feeds", params(("drone" = String, Path)),
    request_body(content = String, content_type = "application/sdp"),
    responses((status = 201, content_type = "application/sdp", body = String), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem)))]
async fn offer(
    State(app): State<App>,
    identity: Identity,
    credential: Credential,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Result<Response, Problem> {
    let (drone, incident) = admitted(&app, &identity, &id)?;
    of_type(&headers, "application/sdp")?;
    let pictures = pictures(&app)?.clone();
    let ended = pictures.relay.ended();
    let (viewer, answer) = pictures.relay.admit(identity.id.clone(), drone.clone(), body).await?;
    // Written down before anything can be seen: the answer has not left yet.
    app.audit(record(&identity, "picture_viewed", &drone, incident.as_ref()).with("viewing", short(&viewer))).await;
    pictures.keep(&viewer, Viewing { credential: credential.clone(), drone: drone.clone() });
    tokio::spawn(
        Watch { app: app.clone(), pictures, identity, credential, drone: drone.clone(), incident, viewer: viewer.clone() }
            .run(ended),
    );
    let location = format!("/api/v1/feeds/{drone}/whep/{viewer}");
    let mut response = (StatusCode::CREATED, [(header::CONTENT_TYPE, "application/sdp".to_owned())], answer).into_response();
    // An identifier and hexadecimal digits are always a header's value.
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// Adds candidates that the viewer's browser found later (`application/trickle-ice-sdpfrag`, RFC 8840).
#[utoipa::path(patch, path = "/feeds/{drone}/whep/{viewing}", tag = "feeds",
    params(("drone" = String, Path), ("viewing" = String, Path)),
    request_body(content = String, content_type = "application/trickle-ice-sdpfrag"),
    responses((status = 204), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn trickle(
    State(app): State<App>,
    credential: Credential,
    Path((drone, viewing)): Path<(String, String)>,
    headers: HeaderMap,
    body: String,
) -> Result<StatusCode, Problem> {
    let pictures = own_viewing(&app, &credential, &drone, &viewing)?;
    of_type(&headers, "application/trickle-ice-sdpfrag")?;
    let candidates = body.lines().filter_map(|line| line.trim().strip_prefix("a=")).filter(|line| line.starts_with("candidate:"));
    for candidate in candidates {
        pictures.relay.candidate(viewing.clone(), candidate.to_owned()).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a viewing.
#[utoipa::path(delete, path = "/feeds/{drone}/whep/{viewing}", tag = "feeds",
    params(("drone" = String, Path), ("viewing" = String, Path)), responses((status = 204), (status = 404, body = Problem)))]
async fn stop(
    State(app): State<App>,
    credential: Credential,
    Path((drone, viewing)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let pictures = own_viewing(&app, &credential, &drone, &viewing)?;
    pictures.relay.end(viewing).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A viewing is known to nobody but whoever began it: to others it does not exist.
fn own_viewing<'a>(app: &'a App, credential: &Credential, drone: &str, id: &str) -> Result<&'a Pictures, Problem> {
    let pictures = pictures(app)?;
    let own = pictures.viewing(id).filter(|viewing| viewing.credential == *credential && viewing.drone.as_str() == drone);
    own.map(|_| pictures).ok_or_else(|| Problem::unknown("viewing", id))
}

/// The latest still, at most about a second old, for viewers whom WebRTC does not reach.
#[utoipa::path(get, path = "/feeds/{drone}/still.jpg", tag = "feeds", params(("drone" = String, Path)),
    responses((status = 200, content_type = "image/jpeg", body = Vec<u8>), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 503, body = Problem)))]
async fn still(State(app): State<App>, identity: Identity, Path(id): Path<String>) -> Result<Response, Problem> {
    let (drone, incident) = admitted(&app, &identity, &id)?;
    let pictures = pictures(&app)?;
    if pictures.audits_still(&identity.id, &drone, app.engine.now_ms()) {
        app.audit(record(&identity, "stills_viewed", &drone, incident.as_ref())).await;
    }
    let still = pictures.stills.latest(&drone).await?;
    let age_ms = (still.arrived_at.elapsed() + still.late).as_millis().to_string();
    let headers = [(header::CONTENT_TYPE, "image/jpeg".to_owned()), (PICTURE_AGE, age_ms)];
    Ok((headers, still.jpeg.to_vec()).into_response())
}

/// How old the picture is, milliseconds: a page must never show an old one as live.
const PICTURE_AGE: header::HeaderName = header::HeaderName::from_static("x-picture-age-ms");

fn of_type(headers: &HeaderMap, wanted: &str) -> Result<(), Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if given.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(wanted)) {
        return Ok(());
    }
    Err(Problem::malformed(format!("the body must be {wanted}")))
}

fn record(identity: &Identity, action: &str, drone: &DroneId, incident: Option<&IncidentId>) -> AuditRecord {
    let record = AuditRecord::new(Some(identity.actor()), action, drone.as_str(), AuditOutcome::Done);
    match incident {
        Some(incident) => record.with("incident", incident.as_str()),
        None => record,
    }
}

/// Enough of a viewing's name to tell two apart, too little to use.
fn short(viewer: &ViewerId) -> String {
    viewer.chars().take(8).collect()
}

/// Follows a viewing to its end, and ends it when its viewer may not see any more.
struct Watch {
    app: App,
    pictures: Pictures,
    identity: Identity,
    credential: Credential,
    drone: DroneId,
    incident: Option<IncidentId>,
    viewer: ViewerId,
}

impl Watch {
    async fn run(self, ended: Receiver<(ViewerId, Ended)>) {
        let why = self.until_its_end(ended).await;
        self.pictures.forget(&self.viewer);
        // An end that cannot be delivered means that the relay has ended, and with it every viewing.
        let _ = self.pictures.relay.end(self.viewer.clone()).await;
        let record = record(&self.identity, "picture_view_ended", &self.drone, self.incident.as_ref());
        self.app.audit(record.with("viewing", short(&self.viewer)).with("why", why)).await;
    }

    async fn until_its_end(&self, mut ended: Receiver<(ViewerId, Ended)>) -> &'static str {
        let mut steps = self.app.engine.subscribe();
        let mut revoked = self.app.access.revocations();
        let mut check = interval(LIVE_CHECK);
        check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                end = ended.recv() => match end {
                    Ok((id, why)) if id == self.viewer => return word(why),
                    // Among missed ends ours may have been; the relay then knows nothing of it, and its end there is no harm.
                    Ok(_) | Err(RecvError::Lagged(_)) => continue,
                    Err(RecvError::Closed) => return "server_stopped",
                },
                step = steps.recv() => if matches!(step, Err(RecvError::Closed)) { return "server_stopped" },
                revoked = revoked.recv() => {
                    let concerned = may_concern(&revoked, &self.identity);
                    if concerned && !still_stands(&self.app, &self.identity, &self.credential).await { return "signed_out" }
                },
                _ = check.tick() => if !still_stands(&self.app, &self.identity, &self.credential).await { return "signed_out" },
                () = self.app.stopping().cancelled() => return "server_stopped",
            }
            if !self.app.engine.read(|core| self.may_go_on(core)) {
                return "not_allowed_any_more";
            }
        }
    }

    /// For the incident for which it began, and no other: another needs another look at who may see.
    fn may_go_on(&self, core: &Core) -> bool {
        may_see(core, &self.identity, &self.drone)
            .is_ok_and(|incident| self.identity.role != Role::Guard || incident == self.incident)
    }
}

fn word(why: Ended) -> &'static str {
    match why {
        Ended::Asked => "left",
        Ended::NeverConnected => "never_connected",
        Ended::Gone => "gone",
        Ended::NeverReported => "never_reported",
        Ended::Failed => "failed",
    }
}

impl From<RelayError> for Problem {
    fn from(error: RelayError) -> Self {
        match &error {
            RelayError::Admit(AdmitError::Offer(reason)) => Self::invalid("offer", reason),
            RelayError::Admit(AdmitError::Full) | RelayError::Stopped => Self::unavailable(error.to_string()),
            RelayError::Admit(AdmitError::NoRandomness) | RelayError::Bind { .. } => Self::fault(&error),
        }
    }
}

impl From<StillError> for Problem {
    fn from(error: StillError) -> Self {
        match &error {
            StillError::NoCamera(drone) => Self::unknown("camera of drone", drone.as_str()),
            StillError::NoPicture => Self::unavailable(error.to_string()),
        }
    }
}
