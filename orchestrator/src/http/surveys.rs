//! Surveys of lots and what they found: asked for, watched, called off; findings looked at and settled.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use dispatch_core::event::Event;
use dispatch_core::survey::{Coverage, Survey, SurveyKind, SurveyState};
use flight_types::{GeoPoint, Local, LocalFrame, LotId, SurveyId};
use serde::{Deserialize, Serialize};
use survey_findings::{Kind, Known, Life, Subject};
use survey_sightings::Film;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::body::OptionalBody;
use super::problem::Problem;
use crate::access::Identity;
use crate::surveys::{picture_file, sightings};

/// Surveys answered at once, the latest of them.
const SURVEYS_SHOWN_MAX: usize = 50;
/// Findings answered at once: all that are live, and of the fixed ones the latest up to this.
const FINDINGS_SHOWN_MAX: usize = 500;

/// These routes.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, ask))
        .routes(routes!(call_off))
        .routes(routes!(picture))
        .routes(routes!(film))
        .routes(routes!(findings))
        .routes(routes!(acknowledge))
        .routes(routes!(fixed))
        .routes(routes!(bays))
}

/// What a survey is to see.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SurveyInput {
    /// `sweep` (every square metre) or `audit` (every beacon); absent, a sweep.
    #[serde(default)]
    kind: SurveyKind,
}

/// A survey was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct SurveyAnswer {
    /// Which.
    survey: SurveyId,
}

/// A survey as managers see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct SurveyView {
    id: SurveyId,
    lot: LotId,
    kind: SurveyKind,
    /// "open", "flown", "cancelled" or "given_up".
    state: &'static str,
    /// When it came to that end, milliseconds since 1970-01-01 UTC.
    ended_at_ms: Option<i64>,
    /// Way flown, metres.
    flown_m: f64,
    /// Way in all, metres.
    whole_m: f64,
    /// Sorties in all, and those that are flown.
    sorties: usize,
    sorties_flown: usize,
    /// The aircraft that is on it now.
    drone: Option<String>,
    /// Every flight made for it, oldest first.
    flights: Vec<String>,
    /// What the path shows of the lot, or of its beacons, and why not the rest; absent for surveys from before it was reckoned.
    coverage: Option<Coverage>,
    /// The path: where its corners lie.
    path: Vec<GeoPoint>,
    requested_by: Option<String>,
    requested_at_ms: i64,
    /// What its pictures came to; absent until they were judged, some minutes after its end.
    report: Option<ReportView>,
}

/// What a survey's pictures came to.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportView {
    at_ms: i64,
    /// Pictures that counted.
    pictures: usize,
    /// Frames that came faster than they could be looked at.
    dropped: u64,
    /// Findings that it saw, new or known.
    found: usize,
    /// Numbers of those that it opened.
    opened: Vec<u64>,
    /// Areas whose beacon's place no picture showed well enough.
    unseen: Vec<String>,
}

/// A survey as a film.
#[derive(Debug, Serialize, ToSchema)]
pub struct FilmView {
    survey: SurveyId,
    /// Pictures that counted, in the order in which they were taken: the way over the lot, a metre apart or less.
    frames: Vec<FrameView>,
    /// When a bay was seen first, and whenever what is known of it changed.
    bays: Vec<TurnView>,
    /// When a beacon's code was read first.
    beacons: Vec<ReadView>,
}

impl FilmView {
    fn empty(survey: SurveyId) -> Self {
        Self { survey, frames: Vec::new(), bays: Vec::new(), beacons: Vec::new() }
    }
}

/// A picture of the film.
#[derive(Debug, Serialize, ToSchema)]
pub struct FrameView {
    /// When it was taken, milliseconds since 1970-01-01 UTC.
    at_ms: i64,
    /// Where its middle lies: under the aircraft.
    place: GeoPoint,
    /// Its name, as `SURVEY/PICTURE`, where it is kept.
    picture: Option<String>,
}

/// What is known of a bay from a moment on.
#[derive(Debug, Serialize, ToSchema)]
pub struct TurnView {
    /// Milliseconds since 1970-01-01 UTC.
    at_ms: i64,
    bay: String,
    /// Whether a car stood in it; absent while too few pictures agreed.
    taken: Option<bool>,
}

/// A beacon's code that was read.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReadView {
    /// When first, milliseconds since 1970-01-01 UTC.
    at_ms: i64,
    area: String,
}

/// A finding with its life.
#[derive(Debug, Serialize, ToSchema)]
pub struct FindingView {
    number: u64,
    /// "beacon_missing", "beacon_unreadable", "beacon_moved", "beacon_duplicated", "beacon_forged", "beacon_revoked",
    /// "car_without_session", "session_without_car" or "wrong_area".
    kind: &'static str,
    /// What `subject` names: "beacon", "code", "bay", "session" or "area".
    of: &'static str,
    subject: String,
    /// How many: 1, or for an area the difference that was counted.
    count: usize,
    place: Option<GeoPoint>,
    /// How sure, 0 to 1.
    confidence: f64,
    /// Pictures that show it, as `SURVEY/PICTURE`.
    pictures: Vec<String>,
    /// Of these the one that shows it best.
    best: Option<String>,
    /// "open", "acknowledged" or "fixed".
    life: &'static str,
    /// Who acknowledged or fixed it; absent when a survey saw that it is right again.
    by: Option<String>,
    at_ms: Option<i64>,
    /// First and last found, milliseconds since 1970-01-01 UTC.
    first_ms: i64,
    last_ms: i64,
}

/// A bay as last seen from the air.
#[derive(Debug, Serialize, ToSchema)]
pub struct BayView {
    bay: String,
    /// Whether a car stood in it; absent when pictures disagreed.
    taken: Option<bool>,
    /// When, milliseconds since 1970-01-01 UTC.
    seen_ms: i64,
}

fn lot_of(app: &App, id: &str) -> Result<(LotId, LocalFrame), Problem> {
    let lot = LotId::new(id).map_err(|_| Problem::unknown("lot", id))?;
    let frame = app.site.lot_frame(&lot).ok_or_else(|| Problem::unknown("lot", id))?;
    Ok((lot, frame))
}

/// Asks for a survey of a lot. Height and speed follow from the beacons, the camera and the light; it is flown sortie by sortie as aircraft
/// are free, and taken up again where a call interrupted it.
#[utoipa::path(post, path = "/lots/{id}/surveys", tag = "surveys", params(("id" = String, Path)),
    request_body(content = SurveyInput, description = "Absent: a sweep."),
    responses((status = 202, body = SurveyAnswer), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn ask(
    State(app): State<App>,
    identity: Identity,
    Path(id): Path<String>,
    OptionalBody(input): OptionalBody<SurveyInput>,
) -> Result<(StatusCode, Json<SurveyAnswer>), Problem> {
    let (lot, _) = lot_of(&app, &id)?;
    let site =
        app.engine.read(|core| core.site().cloned()).ok_or_else(|| Problem::unavailable("the site is not configured yet"))?;
    let (view, now_ms, planned) = (app.site.clone(), app.engine.now_ms(), lot.clone());
    // A large lot takes milliseconds of pure thinking.
    let planning = tokio::task::spawn_blocking(move || view.plan_survey(&planned, input.kind, &site, now_ms));
    let event = planning.await.map_err(|_| Problem::panicked())?.map_err(|reason| Problem::invalid("lot", reason))?;
    app.engine.submit(identity.actor(), event).await?;
    let survey = app.engine.read(|core| core.open_survey(&lot).map(|survey| survey.id.clone()));
    // Over already: somebody called it off in the same moment.
    let survey = survey.ok_or_else(|| Problem::conflict("the survey was called off at once"))?;
    Ok((StatusCode::ACCEPTED, Json(SurveyAnswer { survey })))
}

/// Surveys of a lot, the latest first.
#[utoipa::path(get, path = "/lots/{id}/surveys", tag = "surveys", params(("id" = String, Path)),
    responses((status = 200, body = Vec<SurveyView>), (status = 404, body = Problem)))]
async fn list(State(app): State<App>, Path(id): Path<String>) -> Result<Json<Vec<SurveyView>>, Problem> {
    let (lot, _) = lot_of(&app, &id)?;
    let surveys = app.engine.read(|core| {
        let of_lot: Vec<&Survey> = core.surveys().filter(|survey| survey.lot == lot).collect();
        let drone =
            |survey: &Survey| survey.flight().and_then(|flight| core.mission(flight)).map(|mission| mission.drone.to_string());
        of_lot.into_iter().rev().take(SURVEYS_SHOWN_MAX).map(|survey| survey_view(survey, drone(survey))).collect()
    });
    Ok(Json(surveys))
}

fn survey_view(survey: &Survey, drone: Option<String>) -> SurveyView {
    let (state, ended_at_ms) = match &survey.state {
        SurveyState::Open => ("open", None),
        SurveyState::Flown { at_ms } => ("flown", Some(*at_ms)),
        SurveyState::Cancelled { at_ms, .. } => ("cancelled", Some(*at_ms)),
        SurveyState::GivenUp { at_ms } => ("given_up", Some(*at_ms)),
    };
    let (flown_m, whole_m) = survey.progress_m();
    SurveyView {
        id: survey.id.clone(),
        lot: survey.lot.clone(),
        kind: survey.kind,
        state,
        ended_at_ms,
        flown_m,
        whole_m,
        sorties: survey.sorties.len(),
        sorties_flown: survey.sorties.iter().filter(|sortie| sortie.flown).count(),
        drone,
        flights: survey.flights.iter().map(ToString::to_string).collect(),
        coverage: survey.coverage.clone(),
        path: survey.corners.clone(),
        requested_by: survey.requested_by.as_ref().map(ToString::to_string),
        requested_at_ms: survey.requested_at_ms,
        report: survey.reported.as_ref().map(|report| ReportView {
            at_ms: report.at_ms,
            pictures: report.pictures,
            dropped: report.dropped,
            found: report.found,
            opened: report.opened.clone(),
            unseen: report.unseen.clone(),
        }),
    }
}

/// Calls a survey off; an aircraft that flies for it comes home. What was seen so far is judged all the same.
#[utoipa::path(delete, path = "/lots/{id}/surveys/{survey}", tag = "surveys",
    params(("id" = String, Path), ("survey" = String, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn call_off(
    State(app): State<App>,
    identity: Identity,
    Path((id, survey)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let (lot, _) = lot_of(&app, &id)?;
    let survey = survey_of(&app, &lot, &survey)?;
    app.engine.submit(identity.actor(), Event::SurveyCancelled { survey }).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn survey_of(app: &App, lot: &LotId, id: &str) -> Result<SurveyId, Problem> {
    let survey = SurveyId::new(id).map_err(|_| Problem::unknown("survey", id))?;
    let is_there = app.engine.read(|core| core.survey(&survey).is_some_and(|known| known.lot == *lot));
    if is_there { Ok(survey) } else { Err(Problem::unknown("survey", id)) }
}

/// One picture of a survey.
#[utoipa::path(get, path = "/lots/{id}/surveys/{survey}/pictures/{picture}", tag = "surveys",
    params(("id" = String, Path), ("survey" = String, Path), ("picture" = String, Path)),
    responses((status = 200, content_type = "image/jpeg", body = Vec<u8>), (status = 404, body = Problem)))]
async fn picture(
    State(app): State<App>,
    identity: Identity,
    Path((id, survey, picture)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    let (lot, _) = lot_of(&app, &id)?;
    let survey = survey_of(&app, &lot, &survey)?;
    let unknown = || Problem::unknown("picture", &picture);
    let folder = app.surveys_dir.as_ref().ok_or_else(unknown)?;
    let path = picture_file(folder, &survey, &picture).ok_or_else(unknown)?;
    let jpeg = tokio::fs::read(path).await.map_err(|_| unknown())?;
    app.audit_view(identity.actor(), &format!("{survey}/{picture}")).await;
    let headers = [(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "private, max-age=3600")];
    Ok((headers, jpeg).into_response())
}

/// A survey as a film: where its pictures were taken, and when they made a bay or a beacon known. Also of one that is under way. Without frames
/// when nothing was seen, or when so many surveys have been flown since that its film is not kept any more.
#[utoipa::path(get, path = "/lots/{id}/surveys/{survey}/film", tag = "surveys",
    params(("id" = String, Path), ("survey" = String, Path)),
    responses((status = 200, body = FilmView), (status = 404, body = Problem)))]
async fn film(
    State(app): State<App>,
    identity: Identity,
    Path((id, survey)): Path<(String, String)>,
) -> Result<Json<FilmView>, Problem> {
    let (lot, frame) = lot_of(&app, &id)?;
    let survey = survey_of(&app, &lot, &survey)?;
    app.audit_view(identity.actor(), &format!("{survey}/film")).await;
    let Some(folder) = app.surveys_dir.clone() else { return Ok(Json(FilmView::empty(survey))) };
    // Thousands of lines are some milliseconds of reading and thinking.
    let reading = tokio::task::spawn_blocking(move || {
        let film = survey_sightings::film(&sightings(&folder, &survey)?);
        Ok(film_view(survey, film, &frame, &folder))
    });
    let view: std::io::Result<FilmView> = reading.await.map_err(|_| Problem::panicked())?;
    view.map(Json).map_err(|error| Problem::fault(&error))
}

fn film_view(survey: SurveyId, film: Film, frame: &LocalFrame, folder: &std::path::Path) -> FilmView {
    let kept = |picture: &String| {
        let file = picture.rsplit('/').next().and_then(|name| picture_file(folder, &survey, name));
        file.is_some_and(|file| file.is_file())
    };
    let frames = film.frames.into_iter().map(|shot| FrameView {
        at_ms: shot.at_ms,
        place: frame.to_geo(Local { east_m: shot.place.east_m, north_m: shot.place.north_m }),
        picture: Some(shot.picture).filter(kept),
    });
    FilmView {
        frames: frames.collect(),
        bays: film.bays.into_iter().map(|turn| TurnView { at_ms: turn.at_ms, bay: turn.bay, taken: turn.taken }).collect(),
        beacons: film.beacons.into_iter().map(|read| ReadView { at_ms: read.at_ms, area: read.area }).collect(),
        survey,
    }
}

/// Findings of a lot, the latest first.
#[utoipa::path(get, path = "/lots/{id}/findings", tag = "surveys", params(("id" = String, Path)),
    responses((status = 200, body = Vec<FindingView>), (status = 404, body = Problem)))]
async fn findings(State(app): State<App>, Path(id): Path<String>) -> Result<Json<Vec<FindingView>>, Problem> {
    let (lot, frame) = lot_of(&app, &id)?;
    let views = app.engine.read(|core| {
        let known = core.lot_book(&lot).map(|book| book.findings.all()).unwrap_or_default();
        known.iter().rev().take(FINDINGS_SHOWN_MAX).map(|known| finding_view(known, &frame)).collect()
    });
    Ok(Json(views))
}

fn finding_view(known: &Known, frame: &LocalFrame) -> FindingView {
    let finding = &known.finding;
    let (of, subject) = match &finding.subject {
        Subject::Beacon(id) => ("beacon", id),
        Subject::Code(id) => ("code", id),
        Subject::Bay(id) => ("bay", id),
        Subject::Session(id) => ("session", id),
        Subject::Area(id) => ("area", id),
    };
    let (life, by, at_ms) = match &known.life {
        Life::Open => ("open", None, None),
        Life::Acknowledged { by, at_ms } => ("acknowledged", Some(by.clone()), Some(*at_ms)),
        Life::Fixed { by, at_ms } => ("fixed", by.clone(), Some(*at_ms)),
    };
    FindingView {
        number: known.number,
        kind: kind_word(finding.kind),
        of,
        subject: subject.clone(),
        count: finding.count,
        place: finding.place.map(|place| frame.to_geo(Local { east_m: place.east_m, north_m: place.north_m })),
        confidence: finding.confidence,
        pictures: finding.pictures.clone(),
        best: finding.best.clone(),
        life,
        by,
        at_ms,
        first_ms: known.first_ms,
        last_ms: known.last_ms,
    }
}

fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::BeaconMissing => "beacon_missing",
        Kind::BeaconUnreadable => "beacon_unreadable",
        Kind::BeaconMoved => "beacon_moved",
        Kind::BeaconDuplicated => "beacon_duplicated",
        Kind::BeaconForged => "beacon_forged",
        Kind::BeaconRevoked => "beacon_revoked",
        Kind::CarWithoutSession => "car_without_session",
        Kind::SessionWithoutCar => "session_without_car",
        Kind::WrongArea => "wrong_area",
    }
}

/// A manager has seen a finding.
#[utoipa::path(post, path = "/lots/{id}/findings/{number}/acknowledge", tag = "surveys",
    params(("id" = String, Path), ("number" = String, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn acknowledge(
    State(app): State<App>,
    identity: Identity,
    Path((id, number)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let (lot, finding) = finding_of(&app, &id, &number)?;
    app.engine.submit(identity.actor(), Event::FindingAcknowledged { lot, finding }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A manager says that what was found is right again.
#[utoipa::path(post, path = "/lots/{id}/findings/{number}/fixed", tag = "surveys",
    params(("id" = String, Path), ("number" = String, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn fixed(
    State(app): State<App>,
    identity: Identity,
    Path((id, number)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let (lot, finding) = finding_of(&app, &id, &number)?;
    app.engine.submit(identity.actor(), Event::FindingFixed { lot, finding }).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn finding_of(app: &App, id: &str, number: &str) -> Result<(LotId, u64), Problem> {
    let (lot, _) = lot_of(app, id)?;
    let finding = number.parse().map_err(|_| Problem::unknown("finding", number))?;
    Ok((lot, finding))
}

/// Which bays were taken when last seen from the air.
#[utoipa::path(get, path = "/lots/{id}/bays", tag = "surveys", params(("id" = String, Path)),
    responses((status = 200, body = Vec<BayView>), (status = 404, body = Problem)))]
async fn bays(State(app): State<App>, Path(id): Path<String>) -> Result<Json<Vec<BayView>>, Problem> {
    let (lot, _) = lot_of(&app, &id)?;
    let bays = app.engine.read(|core| {
        let book = core.lot_book(&lot);
        let view =
            |bay: &dispatch_core::lots::BaySighting| BayView { bay: bay.bay.clone(), taken: bay.taken, seen_ms: bay.seen_ms };
        book.into_iter().flat_map(|book| book.bays.values()).map(view).collect()
    });
    Ok(Json(bays))
}
