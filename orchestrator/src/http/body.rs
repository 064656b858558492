//! Reads JSON bodies, bounded, and queries, with errors that name the place.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;

use super::limits::{BODY_BYTES_MAX, DISCARDED_BYTES_MAX, LAYOUT_BYTES_MAX};
use super::problem::Problem;

/// A JSON body of a known shape.
#[derive(Debug)]
pub struct Body<T>(pub T);

/// The same, where an absent body means the shape's default.
#[derive(Debug)]
pub struct OptionalBody<T>(pub T);

/// A drawing of a parking lot as it came; what it says is judged by `site-model`.
#[derive(Debug)]
pub struct Drawing(pub String);

/// What a query asks for; a wrong one is answered as a problem, not as plain text.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        parse(&read(request).await?).map(Self)
    }
}

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for OptionalBody<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let bytes = read(request).await?;
        if bytes.is_empty() { Ok(Self(T::default())) } else { parse(&bytes).map(Self) }
    }
}

/// The error names line and column, and what was expected there.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if bytes.is_empty() {
        return Err(Problem::malformed("a JSON body is expected, this one is empty"));
    }
    serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => Problem::invalid("body", error),
        serde_json::error::Category::Syntax | serde_json::error::Category::Eof | serde_json::error::Category::Io => {
            Problem::malformed(format!("not JSON: {error}"))
        }
    })
}

impl<S: Send + Sync> FromRequest<S> for Drawing {
    type Rejection = Problem;
    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let bytes = read_at_most(request, LAYOUT_BYTES_MAX).await?;
        String::from_utf8(bytes).map(Self).map_err(|_| Problem::malformed("the body is not UTF-8"))
    }
}

async fn read(request: Request) -> Result<Vec<u8>, Problem> {
    read_at_most(request, BODY_BYTES_MAX).await
}

/// A body of at most so many bytes. One that is larger is read on for a while and thrown away: a client that is still sending when the
/// connection is closed does not see why it was refused.
pub(super) async fn read_at_most(request: Request, bytes_max: usize) -> Result<Vec<u8>, Problem> {
    let mut pieces = request.into_body().into_data_stream();
    let (mut bytes, mut read_bytes) = (Vec::new(), 0);
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| Problem::malformed(format!("the body broke off: {error}")))?;
        read_bytes += piece.len();
        if read_bytes > bytes_max + DISCARDED_BYTES_MAX {
            break;
        }
        if read_bytes <= bytes_max {
            bytes.extend_from_slice(&piece);
        }
    }
    if read_bytes > bytes_max { Err(Problem::too_large(bytes_max)) } else { Ok(bytes) }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        match axum::extract::Query::try_from_uri(&parts.uri) {
            Ok(axum::extract::Query(asked)) => Ok(Self(asked)),
            Err(rejection) => Err(Problem::malformed(format!("the query: {}", rejection.body_text()))),
        }
    }
}
