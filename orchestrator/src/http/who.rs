//! Who is asking, and whether they may: run before every handler.

use axum::RequestExt;
use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use dispatch_core::event::Actor;
use flight_types::{CallerId, GuardId, LotId};
use parking_core::id::SessionId;
use std::net::{IpAddr, SocketAddr};

use tokio::sync::broadcast::error::RecvError;

use super::app::App;
use super::parking;
use super::problem::Problem;
use crate::access::rules::{self, Allowed, LotOf, Rule};
use crate::access::{Identity, Owner, Via, client_key, roles};
use crate::store::{AuditOutcome, AuditRecord};

/// The session's cookie.
pub(super) const SESSION_COOKIE: &str = "session";
/// The WebSocket subprotocol that carries a device token, because browsers cannot set headers there.
pub(super) const BEARER_PROTOCOL: &str = "bearer";

/// How a request proves who asks.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Credential {
    Session(String),
    Token(String),
}

impl Credential {
    /// As it was presented.
    pub(super) fn secret(&self) -> &str {
        match self {
            Self::Session(secret) | Self::Token(secret) => secret,
        }
    }
}

/// Where a request comes from, as it is counted by the rate limits: an address, or the stay or payment code that it shows.
#[derive(Debug, Clone)]
pub struct Client(pub String);

/// The caller who asks. On a route whose rule admits callers only.
#[derive(Debug, Clone)]
pub struct AsCaller(pub CallerId);

/// The guard who asks. On a route whose rule admits guards only.
#[derive(Debug, Clone)]
pub struct AsGuard(pub GuardId);

/// Lets a request through to its handler when the table of rules does.
pub(super) async fn admit(State(app): State<App>, mut request: Request, next: Next) -> Response {
    match check(&app, &mut request).await {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

async fn check(app: &App, request: &mut Request) -> Result<(), Problem> {
    let path = request.extensions().get::<MatchedPath>().map(|matched| matched.as_str().to_owned()).unwrap_or_default();
    let rule = rules::rule_of(request.method(), &path).ok_or_else(Problem::method)?;
    let address = client_of(request);
    let bearer = parking::bearer(app, request.uri().path(), request.headers()).map(Client);
    let credential = presented(request.headers());
    // A message over MQTT comes from somebody whom the broker has identified; requests from outside carry no extensions.
    let proved = request.extensions().get::<Identity>().cloned();
    let identity = match (&proved, &credential) {
        (Some(_), _) => proved,
        (None, Some(credential)) => identify(app, credential).await?,
        (None, None) => None,
    };
    count(app, identity.as_ref(), bearer.as_ref(), &address).map_err(Problem::too_often)?;
    let decided = match decide(rule.allowed, identity.as_ref(), request) {
        Ok(()) => decide_lot(app, rule, identity.as_ref(), request).await,
        Err(problem) => Err(problem),
    };
    if let Err(problem) = decided {
        record_refusal(app, identity.as_ref().map(Identity::actor), &address, request.method(), request.uri(), &problem).await;
        return Err(problem);
    }
    request.extensions_mut().insert(bearer.unwrap_or(address));
    if let Some((identity, credential)) = identity.zip(credential) {
        request.extensions_mut().insert(identity);
        request.extensions_mut().insert(credential);
    }
    Ok(())
}

/// Counts a request by who asks; when it is one too many, the seconds to wait. Stays and codes behind one address have a limit together too,
/// or whoever begins many would have none.
fn count(app: &App, identity: Option<&Identity>, bearer: Option<&Client>, address: &Client) -> Result<(), u32> {
    let (limiters, now_ms) = (app.limiters(), app.engine.now_ms());
    match (identity, bearer) {
        (Some(identity), _) => limiters.request.take(&format!("{}:{}", roles::word(identity.role), identity.id), now_ms),
        (None, Some(bearer)) => limiters.crowd.take(&address.0, now_ms).and_then(|()| limiters.request.take(&bearer.0, now_ms)),
        (None, None) => limiters.request.take(&address.0, now_ms),
    }
}

/// Refusals of anonymous visitors are not kept one by one: anybody could fill the trail with them. They are counted.
async fn record_refusal(app: &App, actor: Option<Actor>, client: &Client, method: &Method, uri: &Uri, problem: &Problem) {
    metrics::counter!("requests_refused", "status" => problem.status.to_string()).increment(1);
    if actor.is_none() {
        return;
    }
    let record = AuditRecord::new(actor, "refused", uri.path(), AuditOutcome::Refused)
        .with("method", method.as_str())
        .with("reason", problem.kind.as_str())
        .with("from", client.0.as_str());
    app.audit(record).await;
}

fn decide(rule: Allowed, identity: Option<&Identity>, request: &Request) -> Result<(), Problem> {
    let by_browser = identity.is_some_and(|identity| identity.via == Via::Session) || request.uri().path().ends_with("/session");
    if by_browser && changes_something(request) && from_elsewhere(request.headers()) {
        return Err(Problem::cross_site());
    }
    match (rule.takes(identity.map(|identity| identity.role)), identity) {
        (true, _) => Ok(()),
        (false, None) => Err(Problem::not_signed_in()),
        (false, Some(identity)) => Err(Problem::role(roles::word(identity.role))),
    }
}

/// A manager of some lots gets at nothing of another lot. What no lot is known of is not theirs either, unless there is no such thing.
async fn decide_lot(app: &App, rule: &Rule, identity: Option<&Identity>, request: &mut Request) -> Result<(), Problem> {
    let Some(lots) = identity.map(|identity| &identity.lots).filter(|lots| !lots.are_all()) else { return Ok(()) };
    let id = path_id(request).await;
    let lot = match rule.lot {
        LotOf::None | LotOf::Shown => return Ok(()),
        LotOf::New => None,
        LotOf::Path => id.and_then(|id| LotId::new(id).ok()),
        LotOf::Stay => match id.and_then(|id| lot_of_stay(app, &id)) {
            // The handler says that there is none.
            None => return Ok(()),
            known => known,
        },
        LotOf::Review => match id.and_then(|id| lot_of_review(app, &id)) {
            None => return Ok(()),
            known => known,
        },
    };
    if lot.is_some_and(|lot| lots.has(&lot)) { Ok(()) } else { Err(Problem::other_lot()) }
}

/// What `{id}` of the route stands for, decoded as its handler gets it.
async fn path_id(request: &mut Request) -> Option<String> {
    let parameters = request.extract_parts::<RawPathParams>().await.ok()?;
    parameters.iter().find(|(name, _)| *name == "id").map(|(_, value)| value.to_owned())
}

fn lot_of_stay(app: &App, id: &str) -> Option<LotId> {
    let id = SessionId::new(id).ok()?;
    app.engine.read(|core| core.parking().session(&id).map(|stay| stay.lot.clone()))
}

fn lot_of_review(app: &App, id: &str) -> Option<LotId> {
    app.engine.read(|core| core.parking().reviews().find(|review| review.id.as_str() == id).map(|review| review.lot.clone()))
}

/// Unsafe methods, and WebSockets: a page of another site must not open one with our cookie.
fn changes_something(request: &Request) -> bool {
    !request.method().is_safe() || request.headers().contains_key(header::UPGRADE)
}

/// Whether a browser says that the request comes from another site's page. Browsers cannot be made to lie about these two
/// headers by a page; programs that are no browsers send neither and carry no stolen cookie.
fn from_elsewhere(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text("sec-fetch-site") {
        return site != "same-origin";
    }
    let Some(origin) = text("origin") else { return false };
    let origin_host = origin.split_once("://").map(|(_, host)| host);
    origin_host.is_none() || origin_host != text("host")
}

/// The credential that a request shows: a bearer token wins over a cookie, because it is shown on purpose.
fn presented(headers: &HeaderMap) -> Option<Credential> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
    });
    if let Some(token) = bearer.or_else(|| protocol_token(headers)) {
        return Some(Credential::Token(token));
    }
    CookieJar::from_headers(headers).get(SESSION_COOKIE).map(|cookie| Credential::Session(cookie.value().to_owned()))
}

/// `Sec-WebSocket-Protocol: bearer, TOKEN`.
fn protocol_token(headers: &HeaderMap) -> Option<String> {
    let offered = headers.get(header::SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    let mut words = offered.split(',').map(str::trim);
    (words.next()? == BEARER_PROTOCOL).then(|| words.next().map(str::to_owned))?
}

pub(super) async fn identify(app: &App, credential: &Credential) -> Result<Option<Identity>, Problem> {
    match credential {
        Credential::Session(secret) => Ok(app.access.by_session(secret).await?),
        Credential::Token(secret) => Ok(app.access.by_token(secret).await?),
    }
}

/// Whether what proved an identity still does. A database that does not answer signs nobody out.
pub(super) async fn still_stands(app: &App, identity: &Identity, credential: &Credential) -> bool {
    match identify(app, credential).await {
        Ok(Some(now)) => now.role == identity.role && now.id == identity.id,
        Ok(None) => false,
        Err(_) => true,
    }
}

/// Whether a revocation may be of what proved this identity; one who missed some does not know.
pub(super) fn may_concern(revoked: &Result<Owner, RecvError>, identity: &Identity) -> bool {
    match revoked {
        Ok(owner) => *owner == Owner::new(identity.id.clone(), identity.role),
        Err(_) => true,
    }
}

fn client_of(request: &Request) -> Client {
    let address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    Client(client_key(address.unwrap_or(IpAddr::from([0, 0, 0, 0]))))
}

impl<S: Send + Sync> FromRequestParts<S> for Identity {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Identity>().cloned().ok_or_else(Problem::not_signed_in)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for AsCaller {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let identity = Identity::from_request_parts(parts, state).await?;
        identity.caller().map(Self).ok_or_else(|| Problem::role(roles::word(identity.role)))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for AsGuard {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let identity = Identity::from_request_parts(parts, state).await?;
        identity.guard().map(Self).ok_or_else(|| Problem::role(roles::word(identity.role)))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Client>().cloned().ok_or_else(Problem::not_signed_in)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Credential {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Credential>().cloned().ok_or_else(Problem::not_signed_in)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().expect("a header value")));
        pairs.collect()
    }

    #[test]
    fn tells_our_pages_from_others() {
        let cases: [(&[(&'static str, &'static str)], bool); 8] = [
            (&[], false),
            (&[("sec-fetch-site", "same-origin")], false),
            (&[("sec-fetch-site", "cross-site")], true),
            (&[("sec-fetch-site", "same-site")], true),
            (&[("origin", "https://a.example"), ("host", "a.example")], false),
            (&[("origin", "https://b.example"), ("host", "a.example")], true),
            (&[("origin", "null"), ("host", "a.example")], true),
            (&[("origin", "https://a.example.b.example"), ("host", "a.example")], true),
        ];
        for (given, elsewhere) in cases {
            assert_eq!(from_elsewhere(&headers(given)), elsewhere, "{given:?}");
        }
    }

    #[test]
    fn finds_the_credential_that_was_shown_on_purpose() {
        type Case = (&'static [(&'static str, &'static str)], Option<Credential>);
        let cases: [Case; 6] = [
            (&[], None),
            (&[("cookie", "other=1; session=abc")], Some(Credential::Session("abc".to_owned()))),
            (&[("cookie", "session=abc"), ("authorization", "Bearer xyz")], Some(Credential::Token("xyz".to_owned()))),
            (&[("authorization", "Basic xyz")], None),
            (&[("sec-websocket-protocol", "bearer, xyz")], Some(Credential::Token("xyz".to_owned()))),
            (&[("sec-websocket-protocol", "mqtt")], None),
        ];
        for (given, expected) in cases {
            assert!(presented(&headers(given)) == expected, "{given:?}");
        }
    }
}
