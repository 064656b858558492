//! Paying in a provider's window: the server makes the order, the payer approves it over there, the page comes back and confirms it.
//!
//! An order's name is 128 random bits that only the payer's page knows. Whoever shows it may pay that order and nothing else, so that
//! a phone which comes back in another browser, without what the first one kept, can still finish.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use parking_core::event::ParkingEvent;
use parking_core::id::SessionId;
use parking_core::model::Payer;
use parking_core::money::Money;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::app::App;
use super::super::body::Body;
use super::super::who::Client;
use super::payers::proxy_of;
use super::views::PaymentView;
use super::{Asked, Problem, limited, nobody, own_session, private_card, submit_payment};
use crate::access::random_secret;
use crate::store::PaymentOrder;

/// How long an order may be confirmed, milliseconds: Toss Payments forgets an approved payment that is not confirmed within ten minutes,
/// and a payer may look for a card as long before.
const ORDER_LIFE_MS: i64 = 30 * 60_000;
/// Orders of a driver that have not run out: windows opened and closed again for half an hour.
const DRIVER_ORDERS_OPEN_MAX: i64 = 100;
/// Orders by one payment code that have not run out. They hold nothing, and a stranger must not fill the store with them.
const PROXY_ORDERS_OPEN_MAX: i64 = 5;
/// Characters of an order's name: 128 bits in hexadecimal. Toss Payments takes 6 to 64.
const NAME_LENGTH: usize = 32;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(order)).routes(routes!(order_for)).routes(routes!(look)).routes(routes!(confirm))
}

/// What somebody is about to pay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderInput {
    /// How much, minor units.
    amount: i64,
    /// Where to send the receipt; may be left out.
    phone: Option<String>,
    /// "ko" or "en".
    language: Option<String>,
}

/// The provider's name of what the payer has approved.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmInput {
    /// The provider's token: Toss Payments' `paymentKey`.
    instrument: String,
}

/// An order, and what became of it.
#[derive(Serialize, ToSchema)]
pub struct OrderView {
    /// Its name, for the provider's window and for confirming.
    order: String,
    amount: i64,
    /// "driver" or "proxy".
    by: &'static str,
    /// Until when it may be confirmed, milliseconds since 1970-01-01 UTC.
    expires_at_ms: i64,
    /// The payment, once it was confirmed.
    payment: Option<PaymentView>,
}

/// The driver is about to pay in the provider's window.
#[utoipa::path(post, path = "/parking/sessions/{id}/payments/orders", tag = "parking", request_body = OrderInput,
    params(("id" = String, Path), ("Parking-Token" = String, Header)),
    responses((status = 201, body = OrderView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn order(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    Path(id): Path<String>,
    Body(input): Body<OrderInput>,
) -> Result<(StatusCode, Json<OrderView>), Problem> {
    let session = own_session(&app, &headers, &id)?;
    made(&app, &client, session, Payer::Driver, input).await
}

/// A payer is about to pay in the provider's window.
#[utoipa::path(post, path = "/pay/{token}/payments/orders", tag = "parking", request_body = OrderInput,
    params(("token" = String, Path)),
    responses((status = 201, body = OrderView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 410, body = Problem), (status = 422, body = Problem)))]
async fn order_for(
    State(app): State<App>,
    client: Client,
    Path(token): Path<String>,
    Body(input): Body<OrderInput>,
) -> Result<(StatusCode, Json<OrderView>), Problem> {
    let (session, by) = proxy_of(&app, &token)?;
    made(&app, &client, session, by, input).await
}

/// What became of an order.
#[utoipa::path(get, path = "/payments/orders/{order}", tag = "parking", params(("order" = String, Path)),
    responses((status = 200, body = OrderView), (status = 404, body = Problem)))]
async fn look(State(app): State<App>, Path(name): Path<String>) -> Result<Json<OrderView>, Problem> {
    let order = known(&app, &name).await?;
    Ok(Json(view(&app, &order)))
}

/// The payer has approved it in the provider's window: now it is charged. The same order again is the same payment.
#[utoipa::path(post, path = "/payments/orders/{order}", tag = "parking", request_body = ConfirmInput,
    params(("order" = String, Path)),
    responses((status = 202, body = OrderView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 410, body = Problem), (status = 422, body = Problem)))]
async fn confirm(
    State(app): State<App>,
    client: Client,
    Path(name): Path<String>,
    Body(input): Body<ConfirmInput>,
) -> Result<(StatusCode, Json<OrderView>), Problem> {
    limited(&app, &client)?;
    let order = known(&app, &name).await?;
    if payment_of(&app, &order).is_none() {
        if order.expires_at_ms <= app.engine.now_ms() {
            return Err(Problem::gone("this order has run out; nothing was taken, begin the payment anew"));
        }
        let card = private_card(order.phone.clone(), Some(order.language.clone()), Some(input.instrument), Some(name))?;
        let asked = Asked { session: &order.session, by: &order.by, amount: order.amount, key: &order.name };
        submit_payment(&app, &asked, &card).await?;
    }
    Ok((StatusCode::ACCEPTED, Json(view(&app, &order))))
}

async fn made(
    app: &App,
    client: &Client,
    session: SessionId,
    by: Payer,
    input: OrderInput,
) -> Result<(StatusCode, Json<OrderView>), Problem> {
    limited(app, client)?;
    let amount = Money::new(input.amount).map_err(|error| Problem::invalid("amount", error))?;
    let card = private_card(input.phone, input.language, None, None)?;
    let name = random_secret()?[..NAME_LENGTH].to_owned();
    let now_ms = app.engine.now_ms();
    let asked = ParkingEvent::PaymentAsked {
        session: session.clone(),
        by: by.clone(),
        amount,
        instrument: nobody()?,
        single_use: false,
        key: name.clone(),
    };
    app.engine.read(|core| core.parking().admit(now_ms, &asked).map_err(Problem::from))?;
    let open_max = match by {
        Payer::Driver => DRIVER_ORDERS_OPEN_MAX,
        Payer::Proxy { .. } => PROXY_ORDERS_OPEN_MAX,
    };
    if open_max <= app.orders.open_of(&session, &by, now_ms).await? {
        return Err(Problem::conflict(
            "too many of your payments of this stay are begun; finish one, or try again in half an hour",
        ));
    }
    let expires_at_ms = now_ms.saturating_add(ORDER_LIFE_MS);
    let order = PaymentOrder { name, session, by, amount, phone: card.phone, language: card.language, expires_at_ms };
    app.orders.put(&order).await?;
    Ok((StatusCode::CREATED, Json(view(app, &order))))
}

/// The name stands in no answer: answers are logged by proxies on the way.
async fn known(app: &App, name: &str) -> Result<PaymentOrder, Problem> {
    app.orders.get(name).await?.ok_or_else(|| Problem::unknown("order", "of this address"))
}

fn payment_of(app: &App, order: &PaymentOrder) -> Option<PaymentView> {
    app.engine.read(|core| {
        let parking = core.parking();
        let payment = parking.payment_by_key(&order.session, &order.by, &order.name)?;
        Some(PaymentView::of(parking, payment))
    })
}

fn view(app: &App, order: &PaymentOrder) -> OrderView {
    OrderView {
        order: order.name.clone(),
        amount: order.amount.minor(),
        by: match order.by {
            Payer::Driver => "driver",
            Payer::Proxy { .. } => "proxy",
        },
        expires_at_ms: order.expires_at_ms,
        payment: payment_of(app, order),
    }
}
