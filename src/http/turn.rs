//! Waits for an admission permit, with a timeout.

use std::time::Duration;

use actors::admission::{Admission, Turn};
use actors::fair_admission::{FairAdmission, FairTurn};
use tokio::time::timeout;

use super::error::ApiError;

/// How long a request waits before the client is asked to retry.
const LIMIT: Duration = Duration::from_secs(15);

/// A turn at the work behind `admission`; [`ApiError::Busy`] if the queue is full or the wait exceeds the limit.
pub(super) async fn take(admission: &Admission) -> Result<Turn, ApiError> {
    let turn = timeout(LIMIT, admission.enter()).await;
    Ok(turn.map_err(|_| ApiError::Busy)??)
}

/// The same, fairly per owner.
pub(super) async fn take_fairly(
    admission: &FairAdmission,
    owner: &str,
) -> Result<FairTurn, ApiError> {
    let turn = timeout(LIMIT, admission.enter(owner)).await;
    Ok(turn.map_err(|_| ApiError::Busy)??)
}
