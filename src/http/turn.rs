//! Waits for an admission permit, with a timeout.

use std::time::Duration;

use actors::admission::{Admission, Turn};
use tokio::time::timeout;

use super::error::ApiError;

/// How long a request waits before the client is asked to retry.
const LIMIT: Duration = Duration::from_secs(15);

/// A turn at the work behind `admission`; [`ApiError::Busy`] if the queue is full or the wait exceeds the limit.
pub(super) async fn take(admission: &Admission) -> Result<Turn, ApiError> {
    let turn = timeout(LIMIT, admission.enter()).await;
    Ok(turn.map_err(|_| ApiError::Busy)??)
}
