//! Toss Payments over its HTTP API, version 1, as its public reference documents it (docs.tosspayments.com): a payment that the
//! payer has approved in the provider's own window is looked up, confirmed, cancelled in part or whole.
//!
//! The window hands the page a `paymentKey` and the `orderId`; both are tokens. Every `POST` carries an `Idempotency-Key`. Webhooks of
//! the kind `PAYMENT_STATUS_CHANGED` are not signed, so they only make us look the payment up.
//!
//! A shop's key sees every payment of the shop, also those of other districts and of other goods. So every answer is held against the
//! order that this server made and the amount that was asked for; what differs in either is never taken for ours.

use std::time::Duration;

use parking_core::money::Money;
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answering, Away, Charge, PaymentProvider, PaymentWindow, Standing, Verdict};

/// A call that takes longer is given up and asked again with the same key; the provider names 60 s as the longest of its own.
const CALL_TIME_MAX: Duration = Duration::from_secs(65);
/// Longest error text kept of an answer, characters.
const REASON_LENGTH_MAX: usize = 200;
const NO_ORDER: &str = "the token belongs to no order of this server";

/// How to reach it.
#[derive(Debug, Clone)]
pub struct TossSettings {
    /// `https://api.tosspayments.com`.
    pub base_url: String,
    /// The secret key of the shop.
    pub secret_key: String,
    /// The key with which a page opens the provider's window; not a secret.
    pub client_key: String,
}

/// See the module.
pub struct Toss {
    client: reqwest::Client,
    settings: TossSettings,
}

/// What we read of a payment object.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payment {
    order_id: String,
    status: String,
    total_amount: i64,
    #[serde(default)]
    balance_amount: Option<i64>,
}

impl Payment {
    /// Why it is not the payment that a charge asks about.
    fn differs_from(&self, charge: &Charge) -> Option<&'static str> {
        match &charge.order_name {
            None => Some(NO_ORDER),
            Some(order) if *order != self.order_id => Some("the token belongs to another order"),
            Some(_) if self.total_amount != charge.amount.minor() => Some("the amount approved is another one"),
            Some(_) => None,
        }
    }

    /// Whether its money was taken, whatever went back afterwards.
    fn is_taken(&self) -> bool {
        matches!(self.status.as_str(), "DONE" | "PARTIAL_CANCELED" | "CANCELED")
    }
}

/// An error as the API words it.
#[derive(Debug, Default, Deserialize)]
struct Problem {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

impl Toss {
    /// A client; needs the process's cryptography to be installed.
    pub fn new(settings: TossSettings) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder().timeout(CALL_TIME_MAX).build()?;
        Ok(Self { client, settings })
    }

    /// One call: the payment as it is afterwards, or why not. Answers that do not tell whether it was done are [`Away`].
    async fn call(&self, method: Method, path: &str, body: Option<(&str, Value)>) -> Result<Result<Payment, Problem>, Away> {
        let url = format!("{}/v1/payments/{path}", self.settings.base_url);
        // The secret key is the user, the password is empty.
        let mut request = self.client.request(method, url).basic_auth(&self.settings.secret_key, Some(""));
        if let Some((key, body)) = &body {
            request = request.header("Idempotency-Key", *key).json(body);
        }
        // Only the kind of failure: an address or a body could carry a token into the log.
        let response = request.send().await.map_err(|error| Away(kind_of(&error).to_owned()))?;
        let status = response.status();
        let text = response.bytes().await.map_err(|error| Away(kind_of(&error).to_owned()))?;
        if status.is_success() {
            return serde_json::from_slice(&text).map(Ok).map_err(|_| Away("an answer that does not read".to_owned()));
        }
        let problem: Problem = serde_json::from_slice(&text).unwrap_or_default();
        if may_change(status, &problem.code) {
            return Err(Away(format!("{status} {}", problem.code)));
        }
        Ok(Err(problem))
    }

    async fn look(&self, charge: &Charge) -> Result<Result<Payment, Problem>, Away> {
        self.call(Method::GET, &path_part(&charge.instrument), None).await
    }

    async fn authorised(&self, charge: &Charge) -> Result<Verdict, Away> {
        let payment = match self.look(charge).await? {
            Err(problem) => return Ok(refused(&problem)),
            Ok(payment) => payment,
        };
        Ok(match (payment.differs_from(charge), payment.status.as_str()) {
            (Some(difference), _) => other(difference),
            (None, "READY" | "IN_PROGRESS") => Verdict::Done,
            // We capture only after this answer, so whatever was taken was taken for something else.
            (None, "DONE") => other("the token was used before"),
            (None, status) => other(&format!("the payment is {status}")),
        })
    }

    async fn confirmed(&self, charge: &Charge) -> Result<Verdict, Away> {
        let Some(order) = &charge.order_name else { return Ok(other(NO_ORDER)) };
        let body = json!({ "paymentKey": charge.instrument, "orderId": order, "amount": charge.amount });
        let answer = match self.call(Method::POST, "confirm", Some((&charge.payment, body))).await? {
            // Confirmed before: by us when the order and amount are ours, else by whoever they belong to.
            Err(problem) if problem.code == "ALREADY_PROCESSED_PAYMENT" => self.look(charge).await?,
            answer => answer,
        };
        Ok(match answer {
            Err(problem) => refused(&problem),
            Ok(payment) => match payment.differs_from(charge) {
                Some(difference) => other(difference),
                None if payment.is_taken() => Verdict::Done,
                None => other(&format!("the payment is {}", payment.status)),
            },
        })
    }

    async fn cancelled(&self, charge: &Charge, refund: &str, amount: Money) -> Result<Verdict, Away> {
        let path = format!("{}/cancel", path_part(&charge.instrument));
        let body = json!({ "cancelReason": "parking fee refund", "cancelAmount": amount });
        Ok(match self.call(Method::POST, &path, Some((refund, body))).await? {
            Ok(_) => Verdict::Done,
            Err(problem) => refused(&problem),
        })
    }
}

/// Whether the same question may be answered otherwise later: the provider is busy, down, or still at work on the same key.
fn may_change(status: StatusCode, code: &str) -> bool {
    status.is_server_error()
        || status == StatusCode::TOO_MANY_REQUESTS
        || status == StatusCode::UNAUTHORIZED
        || code == "IDEMPOTENT_REQUEST_PROCESSING"
}

fn kind_of(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke off"
    }
}

fn refused(problem: &Problem) -> Verdict {
    other(&format!("{}: {}", problem.code, problem.message))
}

fn other(reason: &str) -> Verdict {
    Verdict::Refused { reason: reason.chars().take(REASON_LENGTH_MAX).collect() }
}

/// A token as one part of a path; whatever else a visitor sends must not reach another address of the provider.
fn path_part(token: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    token.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

impl PaymentProvider for Toss {
    fn name(&self) -> &'static str {
        "toss"
    }

    fn tokens_are_single_use(&self) -> bool {
        true
    }

    fn remembers(&self) -> bool {
        true
    }

    fn client_key(&self) -> Option<&str> {
        Some(&self.settings.client_key)
    }

    fn window(&self) -> Option<PaymentWindow> {
        Some(PaymentWindow { script: "https://js.tosspayments.com", of_window: "https://*.tosspayments.com" })
    }

    fn authorise<'a>(&'a self, charge: &'a Charge) -> Answering<'a, Verdict> {
        Box::pin(self.authorised(charge))
    }

    fn capture<'a>(&'a self, charge: &'a Charge) -> Answering<'a, Verdict> {
        Box::pin(self.confirmed(charge))
    }

    fn refund<'a>(&'a self, charge: &'a Charge, refund: &'a str, amount: Money) -> Answering<'a, Verdict> {
        Box::pin(self.cancelled(charge, refund, amount))
    }

    fn standing<'a>(&'a self, charge: &'a Charge) -> Answering<'a, Option<Standing>> {
        Box::pin(async move {
            let Ok(payment) = self.look(charge).await? else { return Ok(None) };
            if payment.differs_from(charge).is_some() {
                return Ok(None);
            }
            let left = payment.balance_amount.unwrap_or(payment.total_amount);
            let returned_total = Money::new(payment.total_amount.saturating_sub(left)).unwrap_or_default();
            Ok(Some(Standing { captured: payment.is_taken(), returned_total }))
        })
    }

    fn hint(&self, body: &Value) -> Option<String> {
        Some(body["data"]["paymentKey"].as_str()?.to_owned())
    }
}
