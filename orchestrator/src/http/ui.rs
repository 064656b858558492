//! The web app, out of the binary.

use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use super::problem::Problem;

#[derive(rust_embed::Embed)]
#[folder = "$OUT_DIR/ui"]
struct Files;

/// A file of the web app; its first page for paths that the app itself understands.
pub(super) async fn serve(method: Method, uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path.starts_with("api/") {
        return Problem::unknown("path", uri.path()).into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return Problem::method().into_response();
    }
    // A path whose last part has a dot names a file; answering it with a page would hide that it is missing.
    let names_a_file = path.rsplit('/').next().is_some_and(|last| last.contains('.'));
    let name = if path.is_empty() || (!names_a_file && Files::get(path).is_none()) { "index.html" } else { path };
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
