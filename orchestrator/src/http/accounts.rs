//! Accounts: the administrator makes, lists and deletes them, and issues tokens for devices.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use flight_types::{AccountId, LotId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::body::{Body, OptionalBody};
use super::limits::DEVICE_NAME_LENGTH_MAX;
use super::problem::Problem;
use super::session::AccountAnswer;
use crate::access::{Identity, NewAccount, OwnLots, roles};
use crate::store::{AuditOutcome, AuditRecord};

/// These routes.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(delete)).routes(routes!(set_lots)).routes(routes!(issue_token))
}

/// A new account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountInput {
    /// Letters, digits, '-', '_', '.'; for a guard, the guard's id.
    id: String,
    /// As shown.
    name: String,
    /// "guard", "operator", "pilot", "manager", "admin".
    role: String,
    /// At least eight characters.
    password: String,
    /// Of a manager, the ids of their lots: an empty list is no lot, left out or `null` every lot.
    #[serde(default)]
    lots: Option<Vec<String>>,
}

/// The lots of a manager.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LotsInput {
    /// Their ids: an empty list is no lot, `null` every lot. Must be said: what is left out by oversight must not give all.
    #[serde(deserialize_with = "Option::deserialize")]
    lots: Option<Vec<String>>,
}

/// What a new device is recognised by; may be left out.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceInput {
    /// "radio of car 3".
    name: Option<String>,
}

impl DeviceInput {
    /// The name, cut to its bound.
    fn bounded(self) -> String {
        let name = self.name.unwrap_or_default();
        name.trim().chars().filter(|character| !character.is_control()).take(DEVICE_NAME_LENGTH_MAX).collect()
    }
}

/// A device's secret, shown this once.
#[derive(Serialize, ToSchema)]
pub struct TokenAnswer {
    token: String,
}

/// Every account.
#[utoipa::path(get, path = "/accounts", tag = "accounts", responses((status = 200, body = Vec<AccountAnswer>)))]
async fn list(State(app): State<App>) -> Result<Json<Vec<AccountAnswer>>, Problem> {
    Ok(Json(app.access.accounts().await?.into_iter().map(AccountAnswer::from).collect()))
}

/// Makes an account.
#[utoipa::path(post, path = "/accounts", tag = "accounts", request_body = AccountInput,
    responses((status = 201, body = AccountAnswer), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn add(
    State(app): State<App>,
    identity: Identity,
    Body(input): Body<AccountInput>,
) -> Result<(StatusCode, Json<AccountAnswer>), Problem> {
    let id = AccountId::new(input.id).map_err(|error| Problem::invalid("id", error))?;
    let role = roles::from_word(&input.role).ok_or_else(|| Problem::invalid("role", "guard, operator, pilot, manager or admin"))?;
    let lots = own_lots(&app, input.lots.as_deref())?;
    let bound_to = lots.to_string();
    let account = app.access.add_account(NewAccount { id, name: input.name, role, lots, password: input.password }).await?;
    let record = AuditRecord::new(Some(identity.actor()), "account_added", account.id.as_str(), AuditOutcome::Done);
    app.audit(record.with("role", roles::word(role)).with("lots", bound_to)).await;
    Ok((StatusCode::CREATED, Json(account.into())))
}

/// Gives a manager these lots, none, or every one; holds for their next request.
#[utoipa::path(put, path = "/accounts/{id}/lots", tag = "accounts", params(("id" = String, Path)), request_body = LotsInput,
    responses((status = 200, body = AccountAnswer), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn set_lots(
    State(app): State<App>,
    identity: Identity,
    Path(id): Path<String>,
    Body(input): Body<LotsInput>,
) -> Result<Json<AccountAnswer>, Problem> {
    let id = account_id(&id)?;
    let lots = own_lots(&app, input.lots.as_deref())?;
    let bound_to = lots.to_string();
    let account = app.access.set_lots(&id, lots).await?;
    let record = AuditRecord::new(Some(identity.actor()), "account_lots", id.as_str(), AuditOutcome::Done);
    app.audit(record.with("lots", bound_to)).await;
    Ok(Json(account.into()))
}

/// Lots that the site has: a slip of the pen would shut a manager out without a word.
fn own_lots(app: &App, ids: Option<&[String]>) -> Result<OwnLots, Problem> {
    let Some(ids) = ids else { return Ok(OwnLots::All) };
    let known = lot_names(app);
    let named = |id: &String| {
        let lot = LotId::new(id.as_str()).ok().filter(|lot| known.contains_key(lot));
        lot.ok_or_else(|| Problem::invalid("lots", format!("there is no lot {id}")))
    };
    Ok(OwnLots::Only(ids.iter().map(named).collect::<Result<_, Problem>>()?))
}

/// Every lot that a manager can have, with its name: those with prices, and those that are only drawn.
pub(super) fn lot_names(app: &App) -> BTreeMap<LotId, String> {
    let drawn = app.lots.all();
    let mut names: BTreeMap<LotId, String> = drawn.iter().map(|layout| (layout.lot.id.clone(), layout.lot.name.clone())).collect();
    names.extend(app.engine.read(|core| {
        let parked = core.parking().config().lots.iter().map(|lot| (lot.id.clone(), lot.name.clone()));
        parked.collect::<Vec<_>>()
    }));
    names
}

/// Deletes an account; its sessions and tokens end at once.
#[utoipa::path(delete, path = "/accounts/{id}", tag = "accounts", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn delete(State(app): State<App>, identity: Identity, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let id = account_id(&id)?;
    if id == identity.id {
        return Err(Problem::conflict(
            "you cannot delete the account you are using: the site could be left without an administrator",
        ));
    }
    app.access.delete_account(&id).await?;
    app.audit(AuditRecord::new(Some(identity.actor()), "account_deleted", id.as_str(), AuditOutcome::Done)).await;
    Ok(StatusCode::NO_CONTENT)
}

/// A token for a device of this account.
#[utoipa::path(post, path = "/accounts/{id}/device-token", tag = "accounts", params(("id" = String, Path)),
    request_body = DeviceInput, responses((status = 201, body = TokenAnswer), (status = 404, body = Problem)))]
async fn issue_token(
    State(app): State<App>,
    identity: Identity,
    Path(id): Path<String>,
    OptionalBody(input): OptionalBody<DeviceInput>,
) -> Result<(StatusCode, Json<TokenAnswer>), Problem> {
    let id = account_id(&id)?;
    let name = input.bounded();
    let token = app.access.issue_named_token(&id, &name).await?;
    app.audit(AuditRecord::new(Some(identity.actor()), "token_issued", id.as_str(), AuditOutcome::Done)).await;
    Ok((StatusCode::CREATED, Json(TokenAnswer { token: token.reveal().to_owned() })))
}

fn account_id(text: &str) -> Result<AccountId, Problem> {
    AccountId::new(text).map_err(|_| Problem::unknown("account", text))
}
