//! `GET /openapi.json` and the page `/docs`, both served from the binary.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use actix_web::http::header::{CONTENT_SECURITY_POLICY, LOCATION, X_CONTENT_TYPE_OPTIONS};
use actix_web::{HttpResponse, web};
use utoipa_swagger_ui::Config;

mod document;

pub use document::document;

use super::bodies::{Detail, FileContent};
use super::error::ApiError;

static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| serde_json::to_string(&document()).unwrap_or_default());

/// Swagger UI's settings. Without `none` it would send the document to a validator on the Internet. The base layout has no
/// bar for opening other documents.
static PAGE: LazyLock<Arc<Config<'_>>> = LazyLock::new(|| {
    let config = Config::new(["/openapi.json"])
        .validator_url("none")
        .use_base_layout()
        .persist_authorization(true)
        .display_request_duration(true);
    Arc::new(config)
});

/// The page loads nothing from other hosts, and no other page may embed it.
const ONLY_FROM_HERE: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/// Replaces the title of Swagger UI's own page, which has no viewport either.
const TITLE: (&str, &str) = (
    "<title>Swagger UI</title>",
    "<title>eclipse-ai-server API</title>\n    \
     <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
);

/// This API as an OpenAPI document
///
/// OpenAPI 3.1, for tools.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "Service",
    responses((status = 200, description = "The document.", body = serde_json::Map<String, serde_json::Value>,
        example = json!({"openapi": "3.1.0", "info": {"title": "eclipse-ai-server", "version": "1.0.0"}, "paths": {}}))),
)]
pub(super) async fn openapi_json() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(DOCUMENT.as_str())
}

/// This API in the browser
///
/// Documentation and a client, without Internet access. Redirects to `/docs/`.
#[utoipa::path(
    get,
    path = "/docs",
    tag = "Service",
    responses((status = 308, description = "Redirect to `/docs/`.")),
)]
pub(super) async fn to_page() -> HttpResponse {
    // The page's files are relative to its folder.
    HttpResponse::PermanentRedirect()
        .insert_header((LOCATION, "docs/"))
        .finish()
}

/// The page and its files
///
/// `/docs/` and `/docs/index.html` are the page itself.
#[utoipa::path(
    get,
    path = "/docs/{file}",
    tag = "Service",
    params(("file" = String, Path, description = "A file of the page.", example = "index.html")),
    responses(
        (status = 200, description = "The file.", content(
            (String = "text/html"), (String = "text/css"), (String = "text/javascript"), (FileContent = "image/png"),
        )),
        (status = 404, description = "The page has no such file.", body = Detail),
    ),
)]
pub(super) async fn page(file: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let file =
        utoipa_swagger_ui::serve(&file, Arc::clone(&PAGE)).map_err(|_| ApiError::Internal)?;
    Ok(match file {
        Some(file) => HttpResponse::Ok()
            .insert_header((CONTENT_SECURITY_POLICY, ONLY_FROM_HERE))
            .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .content_type(file.content_type.as_str())
            .body(with_title(file.bytes, &file.content_type)),
        None => HttpResponse::NotFound().json(Detail::new("Not Found")),
    })
}

fn with_title(bytes: Cow<'_, [u8]>, content_type: &str) -> Vec<u8> {
    match std::str::from_utf8(&bytes) {
        Ok(page) if content_type.starts_with("text/html") => {
            page.replace(TITLE.0, TITLE.1).into_bytes()
        }
        _ => bytes.into_owned(),
    }
}
