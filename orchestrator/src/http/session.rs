//! Signing in and out of a browser.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use dispatch_core::event::Actor;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::body::Body;
use super::device_name::device_name;
use super::problem::Problem;
use super::who::{Client, Credential, SESSION_COOKIE};
use crate::access::{AccessError, Account, Identity, OwnLots, roles};
use crate::store::{AuditOutcome, AuditRecord};

/// These routes.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(sign_in, who, sign_out)).routes(routes!(change_password))
}

/// A name and its password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The account's id.
    name: String,
    /// Its password.
    password: String,
}

/// A new password, with the one before.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// As it is now.
    password: String,
    /// At least eight characters.
    new_password: String,
}

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionAnswer {
    account: AccountAnswer,
}

/// An account as others see it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AccountAnswer {
    /// Its id; for callers and guards, their own.
    pub id: String,
    /// As shown.
    pub name: String,
    /// "caller", "guard", "operator", "pilot", "manager", "admin".
    pub role: &'static str,
    /// The lots of a manager who does not have all, empty for none; absent for everybody else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lots: Option<Vec<String>>,
}

/// Their ids, when they are not all.
fn named(lots: &OwnLots) -> Option<Vec<String>> {
    (!lots.are_all()).then(|| lots.named().map(ToString::to_string).collect())
}

impl From<Account> for AccountAnswer {
    fn from(account: Account) -> Self {
        Self { id: account.id.to_string(), name: account.name, role: roles::word(account.role), lots: named(&account.lots) }
    }
}

impl From<&Identity> for AccountAnswer {
    fn from(identity: &Identity) -> Self {
        Self {
            id: identity.id.to_string(),
            name: identity.name.clone(),
            role: roles::word(identity.role),
            lots: named(&identity.lots),
        }
    }
}

/// Signs a browser in.
#[utoipa::path(post, path = "/session", tag = "session", request_body = SignIn,
    responses((status = 200, body = SessionAnswer), (status = 401, body = Problem), (status = 429, body = Problem)))]
async fn sign_in(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    jar: CookieJar,
    Body(input): Body<SignIn>,
) -> Result<(CookieJar, Json<SessionAnswer>), Problem> {
    let now_ms = app.engine.now_ms();
    app.limiters().sign_in.take(&client.0, now_ms).map_err(Problem::too_often)?;
    // Per name too: a thousand addresses must not get a thousand times the guesses.
    app.limiters().sign_in.take(&format!("name {}", input.name), now_ms).map_err(Problem::too_often)?;
    let checked = app.access.check_password(&input.name, &input.password).await;
    let (actor, outcome) = match &checked {
        Ok(account) => (Some(Actor::Account { id: account.id.clone(), role: account.role }), AuditOutcome::Done),
        Err(AccessError::Mismatch) => (None, AuditOutcome::Refused),
        Err(_) => (None, AuditOutcome::Failed),
    };
    app.audit(AuditRecord::new(actor, "sign_in", input.name.as_str(), outcome).with("from", client.0)).await;
    let account = checked?;
    let token = app.access.open_session(&account.id, &device_name(&headers)).await?;
    Ok((jar.add(cookie(&app, token.reveal().to_owned())), Json(SessionAnswer { account: account.into() })))
}

/// Who is signed in.
#[utoipa::path(get, path = "/session", tag = "session", responses((status = 200, body = SessionAnswer), (status = 401, body = Problem)))]
async fn who(identity: Identity) -> Json<SessionAnswer> {
    Json(SessionAnswer { account: (&identity).into() })
}

/// Signs out.
#[utoipa::path(delete, path = "/session", tag = "session", responses((status = 204), (status = 401, body = Problem)))]
async fn sign_out(
    State(app): State<App>,
    identity: Identity,
    credential: Credential,
    jar: CookieJar,
) -> Result<(CookieJar, StatusCode), Problem> {
    if let Credential::Session(secret) = credential {
        app.access.close_session(&identity.id, &secret).await?;
    }
    app.audit(AuditRecord::new(Some(identity.actor()), "sign_out", identity.id.as_str(), AuditOutcome::Done)).await;
    Ok((jar.remove(Cookie::build(SESSION_COOKIE).path("/")), StatusCode::NO_CONTENT))
}

/// Changes the password; every other session of the account ends.
#[utoipa::path(post, path = "/session/password", tag = "session", request_body = PasswordChange,
    responses((status = 204), (status = 401, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn change_password(
    State(app): State<App>,
    identity: Identity,
    credential: Credential,
    Body(input): Body<PasswordChange>,
) -> Result<StatusCode, Problem> {
    app.limiters().sign_in.take(&format!("name {}", identity.id), app.engine.now_ms()).map_err(Problem::too_often)?;
    let session = match &credential {
        Credential::Session(secret) => Some(secret.as_str()),
        Credential::Token(_) => None,
    };
    app.access.change_password(&identity.id, &input.password, &input.new_password, session).await?;
    app.audit(AuditRecord::new(Some(identity.actor()), "password_changed", identity.id.as_str(), AuditOutcome::Done)).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Without an age: it ends with the browser, and the server decides anyway when the session ends.
fn cookie(app: &App, secret: String) -> Cookie<'static> {
    Cookie::build((SESSION_COOKIE, secret)).path("/").http_only(true).same_site(SameSite::Strict).secure(app.tls).build()
}
