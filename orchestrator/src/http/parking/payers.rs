//! Parking for payers: somebody else's phone, with a code and nothing besides. And what payment providers report by themselves.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use parking_core::id::SessionId;
use parking_core::model::Payer;
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::app::App;
use super::super::body::Body;
use super::super::who::Client;
use super::views::{Cashier, PayerView, PaymentView};
use super::{PaymentInput, Problem, asked, named_by};
use crate::access::secret_digest;
use crate::payments::{LookError, Looking};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(look)).routes(routes!(pay)).routes(routes!(webhook))
}

/// What a payer is asked to pay.
#[utoipa::path(get, path = "/pay/{token}", tag = "parking", params(("token" = String, Path)),
    responses((status = 200, body = PayerView), (status = 404, body = Problem)))]
async fn look(State(app): State<App>, Path(token): Path<String>) -> Result<Json<PayerView>, Problem> {
    let now_ms = app.engine.now_ms();
    let cashier = Cashier::of(app.payments.as_ref());
    app.engine.read(|core| {
        let view = core.parking().proxy_view(&secret_digest(&token), now_ms).ok_or_else(no_code)?;
        PayerView::of(core.parking(), &view, now_ms, cashier).map(Json)
    })
}

/// Pays a part or all of what is due.
#[utoipa::path(post, path = "/pay/{token}/payments", tag = "parking", request_body = PaymentInput,
    params(("token" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = PaymentView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 410, body = Problem), (status = 422, body = Problem)))]
async fn pay(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    Path(token): Path<String>,
    Body(input): Body<PaymentInput>,
) -> Result<(StatusCode, Json<PaymentView>), Problem> {
    let (session, by) = proxy_of(&app, &token)?;
    asked(&app, &client, &headers, session, by, input).await
}

/// For which stay a code is, and as whom its holder pays.
pub(super) fn proxy_of(app: &App, token: &str) -> Result<(SessionId, Payer), Problem> {
    let now_ms = app.engine.now_ms();
    let found = app.engine.read(|core| {
        let view = core.parking().proxy_view(&secret_digest(token), now_ms)?;
        Some((view.session.id.clone(), view.proxy.id.clone()))
    });
    found.map(|(session, proxy)| (session, Payer::Proxy { proxy })).ok_or_else(no_code)
}

/// The token stands in no answer: answers are logged by proxies on the way.
fn no_code() -> Problem {
    Problem::unknown("payment code", "of this address")
}

/// A payment provider reports. What it says is only a hint to look the payment up, so that nobody can make up a payment.
#[utoipa::path(post, path = "/payments/webhooks/{provider}", tag = "parking", params(("provider" = String, Path)),
    responses((status = 200), (status = 404, body = Problem), (status = 503, body = Problem)))]
async fn webhook(
    State(app): State<App>,
    client: Client,
    Path(provider): Path<String>,
    Body(body): Body<Value>,
) -> Result<StatusCode, Problem> {
    app.limiters().webhook.take(&client.0, app.engine.now_ms()).map_err(Problem::too_often)?;
    if provider != app.payments.name() {
        return Err(Problem::unknown("payment provider", &provider));
    }
    if let Some(instrument) = app.payments.hint(&body) {
        look_up(&app, &instrument).await?;
    }
    // What is none of ours is taken too, and 200 is the only answer that Toss Payments takes for one: it sends all else again for days.
    Ok(StatusCode::OK)
}

/// Looks up the payment that was tried with a token. Of a made-up token nothing is known, and nobody is asked.
async fn look_up(app: &App, instrument: &str) -> Result<(), Problem> {
    let named = named_by(instrument)?;
    let Some(payment) = app.engine.read(|core| core.parking().payment_by_token(&named).map(|payment| payment.id.clone())) else {
        return Ok(());
    };
    let looking = Looking { engine: &app.engine, provider: app.payments.as_ref(), private: &app.private };
    looking.up(&payment).await.map(drop).map_err(|error| match error {
        LookError::Away(away) => Problem::unavailable(away.to_string()),
        LookError::Store(error) => error.into(),
        LookError::Submit(error) => error.into(),
    })
}
