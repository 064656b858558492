//! The web app, out of the binary.

use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use super::problem::Problem;

#[derive(rust_embed::Embed)]
#[folder = "$OUT_DIR/ui"]
struct Files;

/// Whether a path's last part has a dot and so names a file; answering that with a page would hide that it is missing. Behind a beacon and a
/// payment code comes no file: a signed area has a dot before its signature.
fn names_a_file(path: &str) -> bool {
    let is_code = path.starts_with("p/") || path.starts_with("pay/");
    !is_code && path.rsplit('/').next().is_some_and(|last| last.contains('.'))
}

/// A file of the web app; its first page for paths that the app itself understands.
pub(super) async fn serve(method: Method, uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path.starts_with("api/") {
        return Problem::unknown("path", uri.path()).into_response();
    }
    if method != Method::GET && method != Method::HEAD {
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
