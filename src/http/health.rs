//! `GET /api/v1/health`

use actix_web::web;
use actors::health::CheckHealth;

use super::State;
use super::error::ApiError;
use super::wire::HealthReport;

/// Says how the server is; always 200, the body tells.
pub(super) async fn check_health(
    state: web::Data<State>,
) -> Result<web::Json<HealthReport>, ApiError> {
    Ok(web::Json(state.health.send(CheckHealth).await?.into()))
}
