//! The desk behind the bridge: the HTTP surface's own handlers, called in-process.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, Response, StatusCode, header};
use dispatch_core::event::{Fix, Role};
use flight_types::{AccountId, GeoPoint};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::access::{Authenticating, Identities, Identity};
use super::inbound::{Answered, Ask, Asking, Desk};
use crate::access::{self, Access, Via};
use crate::engine::Engine;
use crate::http::{Belief, PositionInput};
use crate::limits;

/// Answers what devices ask over MQTT.
#[derive(Clone)]
pub struct HttpDesk {
    router: Router,
    engine: Engine,
    centre: GeoPoint,
}

impl HttpDesk {
    /// Before the router of the HTTP surface; `centre` is the site's middle.
    pub fn new(router: Router, engine: Engine, centre: GeoPoint) -> Self {
        Self { router, engine, centre }
    }

    async fn carry(&self, ask: Ask) -> Result<Answered, String> {
        let identity = proved(&ask.who).ok_or("this identity has no requests")?;
        let body = if ask.body.is_null() { Vec::new() } else { ask.body.to_string().into_bytes() };
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(format!("/api/v1{}", ask.path))
            .header(header::CONTENT_TYPE, "application/json")
            // The broker has proved who asks. Only the server itself can put this here: no request from outside carries extensions.
            .extension(identity);
        if let Some(key) = ask.key {
            request = request.header("idempotency-key", key);
        }
        let request = request.body(Body::from(body)).map_err(|error| error.to_string())?;
        let Ok(response) = self.router.clone().oneshot(request).await;
        answered(response).await
    }
}

async fn answered(response: Response<Body>) -> Result<Answered, String> {
    let status = response.status().as_u16();
    let bytes = to_bytes(response.into_body(), limits::MQTT_PACKET_BYTES_MAX).await.map_err(|error| error.to_string())?;
    Ok(Answered { status, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) })
}

impl Desk for HttpDesk {
    fn ask(&self, ask: Ask) -> Asking<'_> {
        Box::pin(async move {
            self.carry(ask).await.unwrap_or_else(|reason| Answered {
                status: StatusCode::BAD_REQUEST.as_u16(),
                body: json!({ "status": 400, "detail": reason }),
            })
        })
    }

    fn fix(&self, body: &Value) -> Result<Fix, String> {
        let input: PositionInput = serde_json::from_value(body.clone()).map_err(|error| error.to_string())?;
        let belief = Belief { centre: self.centre, now_ms: self.engine.now_ms() };
        belief.fix(&input).map_err(|problem| problem.detail)
    }
}

/// The identity as the HTTP surface knows it.
fn proved(who: &Identity) -> Option<access::Identity> {
    let (id, role) = match who {
        Identity::Guard(id) => (id.as_str(), Role::Guard),
        Identity::Caller(id) => (id.as_str(), Role::Caller),
        Identity::Server | Identity::Station(_) | Identity::Observer(_) => return None,
    };
    let id = AccountId::new(id).ok()?;
    Some(access::Identity { name: id.to_string(), id, role, lots: access::OwnLots::All, via: Via::Token })
}

/// The accounts and device tokens of the server, for the broker's door.
#[derive(Clone)]
pub struct DeviceTokens(pub Access);

impl Identities for DeviceTokens {
    fn revocations(&self) -> tokio::sync::broadcast::Receiver<access::Owner> {
        self.0.revocations()
    }

    fn authenticate<'a>(&'a self, user: &'a str, secret: &'a str) -> Authenticating<'a> {
        Box::pin(async move {
            let found = match self.0.by_token(secret).await {
                Ok(found) => found?,
                Err(error) => {
                    tracing::error!(error = %error, "device tokens could not be read");
                    return None;
                }
            };
            if found.id.as_str() != user {
                return None;
            }
            match found.role {
                Role::Guard => found.guard().map(Identity::Guard),
                Role::Caller => found.caller().map(Identity::Caller),
                Role::Operator | Role::Pilot | Role::Admin => Some(Identity::Observer(found.id.to_string())),
                Role::Manager => None,
            }
        })
    }
}
