//! What every request passes first and every answer last: request id, headers, counters, time limit, panics.

use std::any::Any;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use super::limits::REQUEST_TIME_MAX;
use super::problem::Problem;
use super::unread;
use crate::access::random_digits;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest request id taken over from a proxy in front.
const REQUEST_ID_LENGTH_MAX: usize = 64;
/// Scripts and data from this server only; MapLibre draws in a worker, sets styles on elements and reads pictures from memory.
pub(super) const CONTENT_POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; \
    object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// Location for a guard's and a caller's own pages, nothing else of the device.
const PERMISSIONS: &str = "geolocation=(self), camera=(), microphone=(), payment=(), usb=()";

/// Puts the layers round the routes.
pub(super) fn wrap(routes: Router) -> Router {
    routes
        .layer(from_fn(bounded_in_time))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(CompressionLayer::new())
        .layer(from_fn(unread::told))
        .layer(from_fn(observed))
}

async fn bounded_in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIME_MAX, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::timed_out().into_response(),
    }
}

/// The message of a panic may hold data of a request; it goes to the log, not to the asker.
fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let text = cause.downcast_ref::<String>().map(String::as_str).or_else(|| cause.downcast_ref::<&str>().copied());
    tracing::error!(cause = text.unwrap_or("unknown"), "a handler panicked");
    Problem::panicked().into_response()
}

async fn observed(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = request_id(request.headers());
    let method = request.method().clone();
    // The pattern, not the path: ids in paths would make endless counters, and say who did what in the log.
    let path = request.extensions().get::<MatchedPath>().map_or("page", MatchedPath::as_str).to_owned();
    let live = request.headers().contains_key(header::UPGRADE);
    let mut response = next.run(request).await;
    let (status, elapsed) = (response.status(), began.elapsed());
    tracing::debug!(%id, %method, path, status = status.as_u16(), elapsed_ms = elapsed.as_millis() as u64, "request");
    metrics::counter!("http_requests", "path" => path.clone(), "method" => method.to_string(), "status" => status.as_u16().to_string())
        .increment(1);
    if !live {
        metrics::histogram!("http_request_seconds", "path" => path).record(elapsed.as_secs_f64());
    }
    secure(response.headers_mut(), status);
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let usable = given.filter(|id| id.len() <= REQUEST_ID_LENGTH_MAX && id.bytes().all(|byte| byte.is_ascii_graphic()));
    usable.map(str::to_owned).or_else(|| random_digits(16).ok()).unwrap_or_default()
}

fn secure(headers: &mut HeaderMap, status: StatusCode) {
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("permissions-policy"), PERMISSIONS),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // A page that pays says for itself what else it may load.
    let unless_said =
        [(header::CONTENT_SECURITY_POLICY, CONTENT_POLICY), (HeaderName::from_static("cross-origin-opener-policy"), "same-origin")];
    for (name, value) in unless_said {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    // Answers of the interface are about people; only the pages' own files say that they may be kept.
    if status != StatusCode::NOT_MODIFIED && !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}
