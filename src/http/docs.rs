//! `GET /openapi.json` and the page `/docs`, which both come from inside the binary.

use std::sync::{Arc, LazyLock};

use actix_web::http::header::{CONTENT_SECURITY_POLICY, LOCATION};
use actix_web::{HttpResponse, web};
use utoipa_swagger_ui::Config;

mod batch;
mod columns;
mod document;

pub(super) use batch::{DeviceIdSchema, DeviceTime, ProfileId, SyncBatch};
pub use document::document;

use super::backup::FileContent;
use super::bodies::Detail;
use super::error::ApiError;

static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| serde_json::to_string(&document()).unwrap_or_default());

/// Swagger UI's settings. Without `none` it would have the document checked by a server on the internet.
static PAGE: LazyLock<Arc<Config<'_>>> = LazyLock::new(|| {
    let config = Config::new(["/openapi.json"])
        .validator_url("none")
        .display_request_duration(true);
    Arc::new(config)
});

/// Nothing of the page is from elsewhere.
const ONLY_FROM_HERE: &str =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:";

/// This API as an OpenAPI document
///
/// OpenAPI 3.1, for tools.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "Service",
    responses((status = 200, description = "The document.", body = serde_json::Map<String, serde_json::Value>)),
)]
pub(super) async fn openapi_json() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(DOCUMENT.as_str())
}

/// This API in the browser
///
/// To read and to try out, without internet. Leads to `/docs/`.
#[utoipa::path(
    get,
    path = "/docs",
    tag = "Service",
    responses((status = 308, description = "It is at `/docs/`.")),
)]
pub(super) async fn to_page() -> HttpResponse {
    // The page's files are relative to its folder.
    HttpResponse::PermanentRedirect()
        .insert_header((LOCATION, "docs/"))
        .finish()
}

/// The page and its files
#[utoipa::path(
    get,
    path = "/docs/{file}",
    tag = "Service",
    params(("file" = String, Path, description = "One of the page's files.", example = "index.html")),
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
            .content_type(file.content_type)
            .body(file.bytes.into_owned()),
        None => HttpResponse::NotFound().json(Detail::new("Not Found")),
    })
}
