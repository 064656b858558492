//! Parking for payers: somebody else's phone, with a code and nothing besides. And what payment providers report by themselves.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use dispatch_core::event::Actor;
use parking_core::event::{ParkingEvent, ProviderReport};
use parking_core::id::{PaymentId, SessionId};
use parking_core::model::Payer;
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::app::App;
use super::super::body::Body;
use super::super::who::Client;
use super::views::{PayerView, PaymentView};
use super::{PaymentInput, Problem, asked, limited, submit};
use crate::access::secret_digest;
use crate::payments::Charge;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(look)).routes(routes!(pay)).routes(routes!(webhook))
}

/// What a payer is asked to pay.
#[utoipa::path(get, path = "/pay/{token}", tag = "parking", params(("token" = String, Path)),
    responses((status = 200, body = PayerView), (status = 404, body = Problem)))]
async fn look(State(app): State<App>, Path(token): Path<String>) -> Result<Json<PayerView>, Problem> {
    let now_ms = app.engine.now_ms();
    let provider = app.payments.name();
    app.engine.read(|core| {
        let view = core.parking().proxy_view(&secret_digest(&token), now_ms).ok_or_else(no_code)?;
        PayerView::of(core.parking(), &view, now_ms, provider).map(Json)
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
    let now_ms = app.engine.now_ms();
    let found = app.engine.read(|core| {
        let view = core.parking().proxy_view(&secret_digest(&token), now_ms)?;
        Some((view.session.id.clone(), view.proxy.id.clone()))
    });
    let (session, proxy) = found.ok_or_else(no_code)?;
    asked(&app, &client, &headers, session, Payer::Proxy { proxy }, input).await
}

/// The token stands in no answer: answers are logged by proxies on the way.
fn no_code() -> Problem {
    Problem::unknown("payment code", "of this address")
}

/// A payment provider reports. What it says is only a hint to look the payment up, so that nobody can make up a payment.
#[utoipa::path(post, path = "/payments/webhooks/{provider}", tag = "parking", params(("provider" = String, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 503, body = Problem)))]
async fn webhook(
    State(app): State<App>,
    client: Client,
    Path(provider): Path<String>,
    Body(body): Body<Value>,
) -> Result<StatusCode, Problem> {
    limited(&app, &client)?;
    if provider != app.payments.name() {
        return Err(Problem::unknown("payment provider", &provider));
    }
    let hint = app.payments.hint(&body);
    if let Some(instrument) = hint {
        for payment in payments_by(&app, &instrument).await? {
            look_up(&app, &payment, &instrument).await?;
        }
    }
    // What is none of ours is taken too: a provider that gets errors sends again for days.
    Ok(StatusCode::NO_CONTENT)
}

/// The payments that were tried with a token.
async fn payments_by(app: &App, instrument: &str) -> Result<Vec<PaymentId>, Problem> {
    let references = app.private.by_instrument(instrument).await?;
    Ok(app.engine.read(|core| {
        let parking = core.parking();
        let sessions: Vec<SessionId> = parking.sessions().map(|session| session.id.clone()).collect();
        let payments = sessions.iter().flat_map(|session| parking.payments_of(session));
        payments.filter(|payment| references.contains(&payment.instrument)).map(|payment| payment.id.clone()).collect()
    }))
}

/// Asks the provider how a payment stands and tells the core. A provider that does not answer is asked again by its next webhook.
async fn look_up(app: &App, payment: &PaymentId, instrument: &str) -> Result<(), Problem> {
    let Some(amount) = app.engine.read(|core| core.parking().payment(payment).map(|payment| payment.amount)) else { return Ok(()) };
    let charge = Charge { payment: payment.to_string(), instrument: instrument.to_owned(), order_name: None, amount };
    let standing = app.payments.standing(&charge).await.map_err(|away| Problem::unavailable(away.to_string()))?;
    match standing.filter(|standing| standing.captured) {
        None => Ok(()),
        Some(standing) => {
            let report = ProviderReport::Standing { returned_total: standing.returned_total };
            submit(app, Actor::System, ParkingEvent::Provider { payment: payment.clone(), report }).await
        }
    }
}
