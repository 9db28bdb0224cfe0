//! `GET /api/v1/ping`

use actix_web::web;
use serde::Serialize;
use utoipa::ToSchema;

/// The server answers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Pong {
    /// Always `ok`.
    #[schema(examples("ok"))]
    status: &'static str,
}

/// Checks whether the server can be reached
///
/// It reads nothing and changes nothing: a device asks it before it sends its last rows.
#[utoipa::path(
    get,
    path = "/api/v1/ping",
    tag = "Service",
    responses((status = 200, description = "The server can be reached.", body = Pong)),
)]
pub(super) async fn ping() -> web::Json<Pong> {
    web::Json(Pong { status: "ok" })
}
