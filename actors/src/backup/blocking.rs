//! The way to tokio's blocking pool, where all file work happens.

use std::io;

use tokio::task::spawn_blocking;

use super::error::BackupError;

/// Runs blocking file work in the pool. Work that was started ends, even if nobody waits for it.
pub async fn in_blocking_pool<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    match spawn_blocking(work).await {
        Ok(result) => result,
        // It panicked, or the runtime is going down.
        Err(lost) => Err(BackupError::Storage(io::Error::other(lost))),
    }
}
