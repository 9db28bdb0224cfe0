//! `GET /api/v1/health`

use std::time::Duration;

use actix::Addr;
use actix_web::web;
use actors::health::{CheckHealth, Health, HealthActor};
use tokio::time::timeout;

use super::State;

mod report;

use report::HealthReport;

/// Longer than a probe takes, and below the documented limit of 5 s.
const ANSWER_LIMIT: Duration = Duration::from_millis(4800);

/// Reports the health of the server
///
/// Always 200, within five seconds; `status` is the result. The data is at most one second old.
#[utoipa::path(
    get,
    path = "/api/v1/health",
    tag = "Service",
    responses((status = 200, description = "The health of the server, whatever it is.", body = HealthReport)),
)]
pub(super) async fn check_health(state: web::Data<State>) -> web::Json<HealthReport> {
    let health = timeout(ANSWER_LIMIT, ask(&state.health)).await;
    web::Json(health.unwrap_or_else(|_| Health::unknown()).into())
}

/// Retries when the actor restarts meanwhile.
async fn ask(actor: &Addr<HealthActor>) -> Health {
    loop {
        match actor.send(CheckHealth).await {
            Ok(health) => return health,
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}
