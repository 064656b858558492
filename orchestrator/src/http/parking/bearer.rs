//! Whose a request of parking is when no account proves itself: the stay's whose secret it shows, or the payment code's in its address.
//!
//! Rate limits count it by that. Behind a lot's Wi-Fi, or a provider's one address for a thousand phones, pages that look every few
//! seconds would shut each other out. What shows nothing valid is counted by its address, guesses among it.

use axum::http::HeaderMap;
use parking_core::model::Payer;

use super::super::app::App;
use super::own_session;
use super::payers::proxy_of;

/// Where this server's interface begins.
const BASE: &str = "/api/v1/";

/// What a request is counted by, when it shows something valid.
pub(in crate::http) fn bearer(app: &App, path: &str, headers: &HeaderMap) -> Option<String> {
    let mut parts = path.strip_prefix(BASE)?.split('/');
    match (parts.next()?, parts.next()?) {
        ("parking", "sessions") => own_session(app, headers, parts.next()?).ok().map(|session| format!("stay:{session}")),
        ("pay", token) => match proxy_of(app, token).ok()?.1 {
            Payer::Proxy { proxy } => Some(format!("code:{proxy}")),
            Payer::Driver => None,
        },
        (_, _) => None,
    }
}
