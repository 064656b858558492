//! Says that a connection ends when a request was answered before its body was read: what is still coming would be taken for the next
//! request, so the HTTP server closes such a connection, and a client that was not told would lose its next request to that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::http::{HeaderValue, Version, header};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::{StreamExt as _, stream};

/// Marks answers whose request was not read to its end with `Connection: close` (RFC 9112, 9.6). HTTP/2 gives up a stream, not a connection.
pub(super) async fn told(request: Request, next: Next) -> Response {
    if request.version() >= Version::HTTP_2 || request.body().is_end_stream() {
        return next.run(request).await;
    }
    let is_read = Arc::new(AtomicBool::new(false));
    let mut response = next.run(request.map(|body| watched(body, Arc::clone(&is_read)))).await;
    if !is_read.load(Ordering::Relaxed) {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// The same body, which says when somebody has read it to its end.
fn watched(body: Body, is_read: Arc<AtomicBool>) -> Body {
    let end = stream::poll_fn(move |_| {
        is_read.store(true, Ordering::Relaxed);
        std::task::Poll::Ready(None)
    });
    Body::from_stream(body.into_data_stream().chain(end))
}
