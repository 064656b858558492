//! The web app, out of the binary.

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use super::app::App;
use super::edge::CONTENT_POLICY;
use super::problem::Problem;
use crate::payments::{PaymentProvider, PaymentWindow};

#[derive(rust_embed::Embed)]
#[folder = "$OUT_DIR/ui"]
struct Files;

/// Directives of the pages' policy that paying pages have otherwise.
const WIDENED: [&str; 2] = ["img-src", "form-action"];

/// Whether a path's last part has a dot and so names a file; answering that with a page would hide that it is missing. Behind a beacon and a
/// payment code comes no file: a signed area has a dot before its signature.
fn names_a_file(path: &str) -> bool {
    let is_code = path.starts_with("p/") || path.starts_with("pay/");
    !is_code && path.rsplit('/').next().is_some_and(|last| last.contains('.'))
}

/// What the pages that pay may load besides, where the money is taken in the provider's own window: its script, and whatever its window
/// is made of. Every other page stays as closed as it is.
fn widened(path: &str, provider: &dyn PaymentProvider) -> Option<[(HeaderName, String); 2]> {
    let window = provider.window().filter(|_| path.starts_with("p/") || path.starts_with("pay/"))?;
    let PaymentWindow { script, of_window } = window;
    // A directive counts once, so those that are widened must not stand there a second time.
    let kept = CONTENT_POLICY.split(';').map(str::trim).filter(|directive| !WIDENED.iter().any(|name| directive.starts_with(name)));
    let kept = kept.collect::<Vec<_>>().join("; ");
    let policy = format!(
        "{kept}; script-src 'self' {script}; frame-src {of_window}; connect-src 'self' {of_window}; \
         img-src 'self' data: blob: {of_window}; form-action 'self' {of_window}"
    );
    // A bank's own window may open beside it and must be able to answer.
    let openers = "same-origin-allow-popups".to_owned();
    Some([(header::CONTENT_SECURITY_POLICY, policy), (HeaderName::from_static("cross-origin-opener-policy"), openers)])
}

/// A file of the web app; its first page for paths that the app itself understands.
pub(super) async fn serve(State(app): State<App>, method: Method, uri: Uri) -> Response {
    let mut response = file(&method, &uri);
    for (name, value) in widened(uri.path().trim_start_matches('/'), app.payments.as_ref()).into_iter().flatten() {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn file(method: &Method, uri: &Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path.starts_with("api/") {
        return Problem::unknown("path", uri.path()).into_response();
    }
    if *method != Method::GET && *method != Method::HEAD {
        return Problem::method().into_response();
    }
    let name = if path.is_empty() || (!names_a_file(path) && Files::get(path).is_none()) { "index.html" } else { path };
    match Files::get(name) {
        Some(file) => {
            // Vite puts a digest into the names under assets/, so these never change.
            let keep = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
            let kind = mime_guess::from_path(name).first_or_octet_stream().to_string();
            ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, keep.to_owned())], file.data).into_response()
        }
        None => (StatusCode::NOT_FOUND, Problem::unknown("page", uri.path())).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::names_a_file;

    #[test]
    fn a_signed_code_is_no_file() {
        for (path, expected) in
            [("p/A1.101thqg7755sbmkqr4k", false), ("pay/x.y", false), ("sos", false), ("assets/a.js", true), ("lots/a.js", true)]
        {
            assert_eq!(names_a_file(path), expected, "{path}");
        }
    }
}
