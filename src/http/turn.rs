//! Waiting at the door of an actor, but not for ever.

use std::time::Duration;

use actors::admission::{Admission, Turn};
use tokio::time::timeout;

use super::error::ApiError;

/// How long a request waits, before its sender is asked to come again.
const LIMIT: Duration = Duration::from_secs(15);

/// A turn at the work behind `door`; who finds the line full, or waits too long in it, is asked to come again.
pub(super) async fn take(door: &Admission) -> Result<Turn, ApiError> {
    let turn = timeout(LIMIT, door.enter()).await;
    Ok(turn.map_err(|_| ApiError::Busy)??)
}
