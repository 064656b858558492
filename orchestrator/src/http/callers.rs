//! Callers: registration, what is stored about them, their phone and their terminal.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use dispatch_core::event::Actor;
use dispatch_core::model::Incident;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::body::Body;
use super::device_name::device_name;
use super::input::{Belief, CodeInput, PositionInput};
use super::limits::FORGET_AFTER_MS;
use super::problem::Problem;
use super::views;
use super::who::{AsCaller, Client};
use crate::access::codes::IdentificationCode;
use crate::access::{
    ADDRESS_LENGTH_MAX, AccessError, CallerCard, CallerDocument, Contact, Identity, NewCaller, PHONE_CODE_PAUSE_MS, Registered,
};
use crate::store::{AuditOutcome, AuditRecord};

/// These routes.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(export, forget))
        .routes(routes!(check_phone))
        .routes(routes!(send_code_again))
        .routes(routes!(replace_terminal))
        .routes(routes!(report_position))
        .routes(routes!(identify))
}

/// A caller's registration.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// Their name.
    name: String,
    /// Their telephone number.
    phone: String,
    /// Their home, in one line.
    home_address: Option<String>,
    /// Whom to tell.
    emergency_contact: Option<Contact>,
    /// They agree to the processing of these data. Must be true.
    consent: bool,
    /// 4 to 8 digits; made by the server when absent.
    safe_code: Option<String>,
    /// 4 to 8 digits; made by the server when absent.
    duress_code: Option<String>,
    /// "ko" or "en"; Korean when absent.
    language: Option<String>,
}

/// What a new caller is told, this once.
#[derive(Serialize, ToSchema)]
pub struct RegistrationAnswer {
    caller: String,
    identification_code: String,
    token: String,
    safe_code: String,
    duress_code: String,
    /// What was taken otherwise than it was meant: an address that was not found.
    warnings: Vec<String>,
}

/// A caller's new phone.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTerminal {
    identification_code: String,
    safe_code: String,
}

/// A one-time code is on its way.
#[derive(Serialize, ToSchema)]
pub struct CodeSent {
    /// Seconds until the next can be asked for.
    again_after_s: u32,
}

/// The new phone's secret.
#[derive(Serialize, ToSchema)]
pub struct TerminalAnswer {
    caller: String,
    token: String,
}

/// Everything stored about a caller.
#[derive(Serialize, ToSchema)]
pub struct ExportAnswer {
    #[serde(flatten)]
    caller: CallerDocument,
    /// Their incidents, as they may see them.
    incidents: Vec<views::CallerIncident>,
    /// The last position kept.
    last_position: Option<dispatch_core::event::Fix>,
}

/// Registers a caller and their first terminal.
#[utoipa::path(post, path = "/callers", tag = "callers", request_body = Registration,
    responses((status = 201, body = RegistrationAnswer), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn register(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    Body(input): Body<Registration>,
) -> Result<(StatusCode, Json<RegistrationAnswer>), Problem> {
    app.limiters().registration.take(&client.0, app.engine.now_ms()).map_err(Problem::too_often)?;
    if !input.consent {
        return Err(Problem::invalid("consent", "registration needs your consent to keeping these data"));
    }
    let phone = input.phone.clone();
    let (new, warnings) = new_caller(&app, input, device_name(&headers))?;
    let korean = new.language == "ko";
    let registered = app.access.register_caller(new).await?;
    if let Err(reason) = send_phone_code(&app, &phone, korean, &registered.phone_code).await {
        // Registered all the same: the code can be sent again, a call must not wait for it.
        tracing::warn!(%reason, "a one-time code could not be sent");
    }
    let actor = Actor::Caller { id: registered.caller.clone() };
    app.audit(AuditRecord::new(Some(actor), "registered", registered.caller.as_str(), AuditOutcome::Done).with("from", client.0))
        .await;
    Ok((StatusCode::CREATED, Json(answer(registered, warnings))))
}

fn answer(registered: Registered, warnings: Vec<String>) -> RegistrationAnswer {
    RegistrationAnswer {
        caller: registered.caller.to_string(),
        identification_code: registered.identification_code.to_string(),
        token: registered.token.reveal().to_owned(),
        safe_code: registered.safe_code,
        duress_code: registered.duress_code,
        warnings,
    }
}

fn new_caller(app: &App, input: Registration, device: String) -> Result<(NewCaller, Vec<String>), Problem> {
    let mut warnings = Vec::new();
    let typed = input.home_address.as_deref().map(str::trim).filter(|text| !text.is_empty());
    if typed.is_some_and(|text| text.chars().count() > ADDRESS_LENGTH_MAX) {
        return Err(Problem::invalid("home_address", format!("at most {ADDRESS_LENGTH_MAX} characters")));
    }
    let home = typed.map(|text| app.site.geocode(text));
    if home.as_ref().is_some_and(|home| home.point.is_none()) {
        warnings.push("home_address: not found on the map of this site; it is kept as typed".to_owned());
    }
    let language = match input.language.as_deref() {
        None | Some("ko") => "ko",
        Some("en") => "en",
        Some(_) => return Err(Problem::invalid("language", "\"ko\" or \"en\"")),
    };
    let new = NewCaller {
        name: input.name,
        phone: input.phone,
        home,
        contact: input.emergency_contact,
        safe_code: input.safe_code,
        duress_code: input.duress_code,
        language: language.to_owned(),
        device,
    };
    Ok((new, warnings))
}

async fn send_phone_code(app: &App, phone: &str, korean: bool, code: &str) -> Result<(), String> {
    let text = if korean {
        format!("확인 번호 {code}. 10분 안에 입력하세요.")
    } else {
        format!("Your code is {code}, good for 10 minutes.")
    };
    app.messages.send(phone, &text).await
}

/// Sends the one-time code again, a new one; the one before is no longer good.
#[utoipa::path(post, path = "/callers/me/phone-code", tag = "callers",
    responses((status = 202, body = CodeSent), (status = 409, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem)))]
async fn send_code_again(State(app): State<App>, AsCaller(caller): AsCaller) -> Result<(StatusCode, Json<CodeSent>), Problem> {
    let renewed = app.access.renew_phone_code(&caller).await?;
    let sent = send_phone_code(&app, &renewed.phone, renewed.language == "ko", &renewed.code).await;
    let outcome = if sent.is_ok() { AuditOutcome::Done } else { AuditOutcome::Failed };
    let actor = Actor::Caller { id: caller.clone() };
    app.audit(AuditRecord::new(Some(actor), "phone_code_sent", caller.as_str(), outcome)).await;
    let again_after_s = u32::try_from(PHONE_CODE_PAUSE_MS / 1_000).unwrap_or(u32::MAX);
    match sent {
        Ok(()) => Ok((StatusCode::ACCEPTED, Json(CodeSent { again_after_s }))),
        Err(reason) => {
            tracing::warn!(%reason, "a one-time code could not be sent");
            let problem = Problem::unavailable("the message could not be sent just now");
            Err(Problem { retry_after_s: Some(again_after_s), ..problem })
        }
    }
}

/// Everything stored about the caller who asks.
#[utoipa::path(get, path = "/callers/me", tag = "callers", responses((status = 200, body = ExportAnswer)))]
async fn export(State(app): State<App>, AsCaller(caller): AsCaller) -> Result<Json<ExportAnswer>, Problem> {
    let document = app.access.export_caller(&caller).await?;
    let incidents = app.engine.read(|core| {
        let own = core.incidents().filter(|incident| incident.caller == caller);
        own.map(views::CallerIncident::of).collect()
    });
    Ok(Json(ExportAnswer { caller: document, incidents, last_position: app.live.caller(&caller) }))
}

/// Forgets the caller who asks.
#[utoipa::path(delete, path = "/callers/me", tag = "callers", responses((status = 204), (status = 409, body = Problem)))]
async fn forget(State(app): State<App>, AsCaller(caller): AsCaller) -> Result<StatusCode, Problem> {
    if app
        .engine
        .read(|core| core.incidents().any(|incident| incident.caller == caller && still_needs_data(incident, core.now_ms())))
    {
        return Err(Problem::conflict("your data are needed until a day after your last call was closed; ask again then"));
    }
    app.access.forget_caller(&caller).await?;
    app.live.forget_caller(&caller);
    let actor = Actor::Caller { id: caller.clone() };
    app.audit(AuditRecord::new(Some(actor), "forgotten", caller.as_str(), AuditOutcome::Done)).await;
    Ok(StatusCode::NO_CONTENT)
}

fn still_needs_data(incident: &Incident, now_ms: i64) -> bool {
    incident.ended_at_ms.is_none_or(|ended_at_ms| now_ms < ended_at_ms + FORGET_AFTER_MS)
}

/// Takes the one-time code that was sent to the caller's phone.
#[utoipa::path(post, path = "/callers/me/phone-check", tag = "callers", request_body = CodeInput,
    responses((status = 204), (status = 401, body = Problem), (status = 410, body = Problem)))]
async fn check_phone(
    State(app): State<App>,
    AsCaller(caller): AsCaller,
    Body(input): Body<CodeInput>,
) -> Result<StatusCode, Problem> {
    app.limiters().code.take(caller.as_str(), app.engine.now_ms()).map_err(Problem::too_often)?;
    app.access.check_phone(&caller, &input.code).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Moves a caller to a new phone; the old one is shut out.
#[utoipa::path(post, path = "/callers/me/terminal", tag = "callers", request_body = NewTerminal,
    responses((status = 200, body = TerminalAnswer), (status = 401, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn replace_terminal(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    Body(input): Body<NewTerminal>,
) -> Result<Json<TerminalAnswer>, Problem> {
    let now_ms = app.engine.now_ms();
    app.limiters().sign_in.take(&client.0, now_ms).map_err(Problem::too_often)?;
    let code = IdentificationCode::parse(&input.identification_code).map_err(AccessError::from)?;
    app.limiters().sign_in.take(&format!("code {code}"), now_ms).map_err(Problem::too_often)?;
    let replaced = app.access.replace_terminal(&code.to_string(), &input.safe_code, &device_name(&headers)).await;
    let outcome = if replaced.is_ok() { AuditOutcome::Done } else { AuditOutcome::Refused };
    let actor = replaced.as_ref().ok().map(|(caller, _)| Actor::Caller { id: caller.clone() });
    app.audit(AuditRecord::new(actor, "terminal_replaced", code.to_string(), outcome).with("from", client.0)).await;
    let (caller, token) = replaced?;
    Ok(Json(TerminalAnswer { caller: caller.to_string(), token: token.reveal().to_owned() }))
}

/// Where the caller is, outside any incident: what a call without a fix falls back to.
#[utoipa::path(post, path = "/callers/me/position", tag = "callers", request_body = PositionInput,
    responses((status = 204), (status = 422, body = Problem)))]
async fn report_position(
    State(app): State<App>,
    AsCaller(caller): AsCaller,
    Body(input): Body<PositionInput>,
) -> Result<StatusCode, Problem> {
    let fix = belief(&app).fix(&input)?;
    app.live.report_caller(&caller, fix);
    Ok(StatusCode::NO_CONTENT)
}

/// Whose identification code it is; a mistyped one (422) is told apart from an unknown one (404).
#[utoipa::path(get, path = "/identification/{code}", tag = "callers", params(("code" = String, Path)),
    responses((status = 200, body = CallerCard), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn identify(State(app): State<App>, identity: Identity, Path(code): Path<String>) -> Result<Json<CallerCard>, Problem> {
    let code = IdentificationCode::parse(&code).map_err(AccessError::from)?;
    let owner = app.access.by_code(&code).await?.ok_or_else(|| Problem::unknown("caller with code", &code.to_string()))?;
    app.audit_view(identity.actor(), owner.id.as_str()).await;
    Ok(Json(owner))
}

/// What is believed here and now.
pub(super) fn belief(app: &App) -> Belief {
    Belief { centre: app.site.centre(), now_ms: app.engine.now_ms() }
}
