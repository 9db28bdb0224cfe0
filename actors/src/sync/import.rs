//! Stores a batch without the actor, for commands that run beside the server.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::batch::{self, ReadOptions, SizeLimit};
use super::error::SyncError;
use super::store;
use crate::database::Database;
use crate::drives::DriveTiming;

const LIMIT: Duration = Duration::from_mins(1);

/// Drives are due at once.
const TIMING: DriveTiming = DriveTiming::with_quiet(Duration::ZERO);

/// Stores the rows of a request's body, all of them or none, and returns their number.
pub async fn import_batch(database: &Database, body: &Bytes) -> Result<usize, SyncError> {
    let batch = batch::read(body, &ReadOptions::default(), SizeLimit::default())
        .map_err(|refusal| SyncError::Refused(refusal.problems))?;
    let begun = Instant::now();
    database
        .transaction(LIMIT, async |transaction| {
            store::store(transaction, &batch, begun, TIMING).await
        })
        .await
        .map_err(|source| SyncError::Failed {
            batch_id: batch.batch_id.clone(),
            source,
        })?;
    Ok(batch.rows())
}
