//! The one place where errors become answers: problem details (RFC 9457).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dispatch_core::{Cause, Refusal};
use serde::Serialize;
use site_model::lots::{LotFault, LotProblem};
use site_model::{FeatureProblem, SiteError};
use utoipa::ToSchema;

use crate::access::AccessError;
use crate::engine::SubmitError;
use crate::http::CodeRefusal;
use crate::lots::LayoutError;
use crate::store::StoreError;

/// Why a request was not done, for programs (`type`) and for people (`detail`).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Problem {
    /// A stable name of the kind of problem: "/problems/not-yours".
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: &'static str,
    /// The HTTP status again.
    pub status: u16,
    /// This very case, and what to do about it.
    pub detail: String,
    /// Why, as a code ("cause") with its figures, where the dispatcher refused: for pages that say it in the reader's language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Box<Cause>>,
    /// Which feature of a drawing it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feature: Option<String>,
    /// What is wrong with that feature, or why parking refused: a "code" with its figures, for pages that say it in the reader's language.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub fault: Option<Box<Fault>>,
    /// Seconds to wait before trying again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
}

/// Why, as a code.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Fault {
    /// What is wrong with a feature of a drawing.
    Lot(LotProblem),
    /// Why parking refused.
    Parking {
        /// A stable name.
        code: &'static str,
    },
}

impl Problem {
    fn new(status: StatusCode, kind: &str, title: &'static str, detail: impl Into<String>) -> Self {
        let kind = format!("/problems/{kind}");
        Self {
            kind,
            title,
            status: status.as_u16(),
            detail: detail.into(),
            cause: None,
            feature: None,
            fault: None,
            retry_after_s: None,
        }
    }

    /// The body does not read as what is asked for.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", "The request does not read", detail)
    }

    /// It reads, but a value is not acceptable.
    pub fn invalid(field: &str, reason: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "A value is not acceptable", format!("{field}: {reason}"))
    }

    /// The code on a board opens no page.
    pub fn area_code(refusal: CodeRefusal) -> Self {
        let kind = match refusal {
            CodeRefusal::Withdrawn => "code-withdrawn",
            CodeRefusal::Forged => "code-forged",
            CodeRefusal::CutOff => "code-cut-off",
        };
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, kind, "The code opens no page", refusal.to_string())
    }

    /// Nobody proved who asks.
    pub fn not_signed_in() -> Self {
        let detail = "sign in (POST /api/v1/session), or send a device token as `Authorization: Bearer …`";
        Self::new(StatusCode::UNAUTHORIZED, "not-signed-in", "Who is asking?", detail)
    }

    /// Name and password, or codes, do not fit.
    pub fn mismatch() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "mismatch", "Not recognised", "these do not match; check both and try again")
    }

    /// The role may not do this, whoever has it.
    pub fn role(role: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "role", "Not for this role", format!("the role {role} may not do this"))
    }

    /// A browser sent this from another site's page.
    pub fn cross_site() -> Self {
        let detail = "a signed-in browser may only act from this server's own pages";
        Self::new(StatusCode::FORBIDDEN, "cross-site", "Sent from another site", detail)
    }

    /// It belongs to somebody else.
    pub fn not_yours(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "not-yours", "It belongs to somebody else", detail)
    }

    /// A manager of other lots asks.
    pub fn other_lot() -> Self {
        let detail = "you are not a manager of this lot; an administrator can make you one";
        Self::new(StatusCode::FORBIDDEN, "other-lot", "Not a lot of yours", detail)
    }

    /// There is no such thing.
    pub fn unknown(what: &str, id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "unknown", "No such thing", format!("there is no {what} {id}"))
    }

    /// The path exists, the method does not.
    pub fn method() -> Self {
        let detail = "this path does not take this method; see /openapi.json";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method", "Method not allowed", detail)
    }

    /// Too late, too early, or decided otherwise.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "not-now", "Not possible now", detail)
    }

    /// It was made over a state that is no longer so.
    pub fn changed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, "changed", "Changed meanwhile", detail)
    }

    /// The request must say over which state it was made.
    pub fn version_needed() -> Self {
        let detail = "name the version that you have seen: If-Match with the ETag of the last answer";
        Self::new(StatusCode::PRECONDITION_REQUIRED, "version-needed", "Over which version?", detail)
    }

    /// A drawing that does not read or does not fit together.
    fn drawing(error: &SiteError) -> Self {
        let named = Self::invalid("layout", error);
        match error {
            SiteError::Feature { id, problem: FeatureProblem::Lot(problem), .. } => {
                Self { feature: id.clone(), fault: Some(Box::new(Fault::Lot(problem.clone()))), ..named }
            }
            SiteError::Feature { id, .. } => Self { feature: id.clone(), ..named },
            SiteError::Json { .. }
            | SiteError::Io { .. }
            | SiteError::TooLarge { .. }
            | SiteError::Toml { .. }
            | SiteError::Manifest { .. }
            | SiteError::Elevation { .. }
            | SiteError::Osm { .. }
            | SiteError::Extract { .. } => named,
        }
    }

    /// It was there and is of no use any more.
    pub fn gone(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, "expired", "No longer valid", detail)
    }

    /// As [`Problem::conflict`], with the dispatcher's own reason.
    fn decided(cause: &Cause) -> Self {
        Self { cause: Some(Box::new(cause.clone())), ..Self::conflict(cause.to_string()) }
    }

    /// More than the server takes.
    pub fn too_large(limit_bytes: usize) -> Self {
        let detail = format!("a body has at most {limit_bytes} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large", detail)
    }

    /// Too often.
    pub fn too_often(retry_after_s: u32) -> Self {
        let detail = format!("too many requests; try again in {retry_after_s} s");
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too-often", "Too often", detail);
        Self { retry_after_s: Some(retry_after_s), ..problem }
    }

    /// The server cannot do it just now; the same request may be repeated.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not available just now", detail);
        Self { retry_after_s: Some(1), ..problem }
    }

    /// A fault of the server. The cause is in its log, not in the answer.
    pub fn fault(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = %crate::engine::chain(error), "a request failed by a fault of the server");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "fault",
            "The server failed",
            "this is the server's fault; its log has the cause",
        )
    }

    /// A panic in a handler: caught, so that the other requests go on.
    pub(super) fn panicked() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "fault",
            "The server failed",
            "this is the server's fault; its log has the cause",
        )
    }

    /// Took longer than a request may.
    pub(super) fn timed_out() -> Self {
        Self::unavailable("the request took too long and was given up")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after_s = self.retry_after_s;
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        match &error {
            AccessError::Database(_) | AccessError::Store(_) | AccessError::Crypto(_) | AccessError::Damaged { .. } => {
                Self::fault(&error)
            }
            AccessError::Busy => Self::unavailable(error.to_string()),
            AccessError::Exists { .. } => Self::conflict(error.to_string()),
            AccessError::Missing { what, id } => Self::unknown(what, id),
            AccessError::Field { field, reason } => Self::invalid(field, reason),
            AccessError::Code(slip) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "mistyped", "The code is mistyped", slip.to_string())
            }
            AccessError::Mismatch => Self::mismatch(),
            AccessError::PhoneChecked => Self::conflict(error.to_string()),
            AccessError::TooSoon { retry_after_s } => Self { detail: error.to_string(), ..Self::too_often(*retry_after_s) },
            AccessError::CodeExpired => Self::new(StatusCode::GONE, "expired", "No longer valid", error.to_string()),
        }
    }
}

impl From<SubmitError> for Problem {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Refused(refusal) => refusal.into(),
            SubmitError::Overloaded | SubmitError::Closing | SubmitError::NotStored(_) => Self::unavailable(error.to_string()),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match &refusal {
            Refusal::Unknown { kind, id } => Self::unknown(kind, id),
            Refusal::Parking(reason) => reason.clone().into(),
            Refusal::NotYours { .. } => Self::not_yours(refusal.to_string()),
            Refusal::NotNow { reason } => Self::decided(reason),
            Refusal::ControlledBy { by } => Self::decided(&Cause::ControlledBy { by: by.clone() }),
        }
    }
}

impl From<LayoutError> for Problem {
    fn from(error: LayoutError) -> Self {
        match error {
            LayoutError::Unknown(lot) => Self::unknown("lot", lot.as_str()),
            LayoutError::Changed { .. } => Self::changed(error.to_string()),
            LayoutError::Exists(_) => Self::conflict(error.to_string()),
            LayoutError::OtherLot(_) | LayoutError::AreaNeeded(_) => Self::invalid("layout", error),
            LayoutError::Layout(error) => Self::drawing(&error),
            LayoutError::Beside(LotFault { id, problem }) => {
                let named = Self::invalid("layout", format!("{id}: {problem}"));
                Self { feature: Some(id), fault: Some(Box::new(Fault::Lot(problem))), ..named }
            }
            LayoutError::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::fault(&error)
    }
}
