//! Removes old history, in small steps and by the database's clock.
//!
//! Servers may disagree about the time, and a clock may be wrong by months. So only the database's clock counts, and a
//! day after the newest entry at the latest: a clock that is months ahead removes nothing of the present.

use std::time::Duration;

use mysql_async::{Conn, Value};

use super::STATEMENT_LIMIT;
use crate::causes;
use crate::database::{Database, DatabaseError, Statement, first_row, rows};

/// The number of entries that one statement removes.
const STEP_ROWS: usize = 500;

/// The pause after each statement, so that batches are not delayed.
const PAUSE: Duration = Duration::from_millis(20);

/// Time limit of the query for the newest success of each device, which reads the whole index.
const NEWEST_LIMIT: Duration = Duration::from_mins(2);

/// What a step has done.
struct Step {
    removed: u64,
    /// Whether nothing else is to be removed.
    is_last: bool,
}

/// Removes the history older than `days`, except for the newest success of each device; 0 keeps all of it.
pub(super) async fn prune_history(database: &Database, days: u32) {
    if days == 0 {
        return;
    }
    let mut removed = 0;
    let outcome = prune(database, days, &mut removed).await;
    match (outcome, removed) {
        (Ok(()), 0) => {}
        (Ok(()), _) => log::info!(batches = removed, days; "old history removed"),
        (Err(error), _) => {
            log::warn!(batches = removed, error:% = causes(&error); "removing old history was interrupted");
        }
    }
}

async fn prune(database: &Database, days: u32, removed: &mut u64) -> Result<(), DatabaseError> {
    let cutoff = database.run(STATEMENT_LIMIT, async |connection| {
        cutoff(connection, days).await
    });
    let cutoff = cutoff.await?;
    if cutoff == Value::NULL {
        return Ok(());
    }
    let kept = database.run(NEWEST_LIMIT, async |connection| {
        last_successes_before(connection, &cutoff).await
    });
    let kept = kept.await?;
    loop {
        let step = database.run(STATEMENT_LIMIT, async |connection| {
            remove_some(connection, &cutoff, &kept).await
        });
        let step = step.await?;
        *removed += step.removed;
        if step.is_last {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The end of the history to remove; NULL if there is none. Entries from the future do not count as the newest.
async fn cutoff(connection: &mut Conn, days: u32) -> Result<Value, DatabaseError> {
    let query = "SELECT LEAST(NOW(6), MAX(completed_at) + INTERVAL 1 DAY) - INTERVAL ? DAY FROM sync_history \
                 WHERE completed_at <= NOW(6) + INTERVAL 1 DAY";
    let cutoff = first_row(connection, query, (days,)).await?;
    Ok(cutoff.unwrap_or(Value::NULL))
}

/// Device and time of the newest success of each device that has none since `cutoff`.
async fn last_successes_before(
    connection: &mut Conn,
    cutoff: &Value,
) -> Result<Vec<(String, Value)>, DatabaseError> {
    let query = "SELECT device_id, MAX(completed_at) FROM sync_history WHERE status = 'success' \
                 GROUP BY device_id HAVING MAX(completed_at) < ?";
    rows(connection, query, (cutoff,)).await
}

/// One statement would lock entries of the index on `completed_at` before their rows, while a batch that is sent again
/// locks its row first: the two deadlock. So entries are found without a lock, and removed by the primary key if they
/// are still old.
async fn remove_some(
    connection: &mut Conn,
    cutoff: &Value,
    kept: &[(String, Value)],
) -> Result<Step, DatabaseError> {
    let mut values = vec![cutoff.clone()];
    let mut unless_kept = String::new();
    if !kept.is_empty() {
        let places = vec!["(?, ?)"; kept.len()].join(", ");
        unless_kept = format!(" AND (device_id, completed_at) NOT IN ({places})");
        let kept = kept.iter().cloned();
        values.extend(kept.flat_map(|(device, at)| [Value::from(device), at]));
    }
    let find = format!(
        "SELECT batch_id, device_id FROM sync_history WHERE completed_at < ?{unless_kept} \
         ORDER BY completed_at LIMIT {STEP_ROWS}"
    );
    let found: Vec<(String, String)> = Statement::new(find, values).fetch_all(connection).await?;
    if found.is_empty() {
        return Ok(Step {
            removed: 0,
            is_last: true,
        });
    }
    let delete = format!(
        "DELETE h FROM sync_history AS h FORCE INDEX (PRIMARY) WHERE completed_at < ? AND (batch_id, device_id) IN ({})",
        vec!["(?, ?)"; found.len()].join(", ")
    );
    let is_last = found.len() < STEP_ROWS;
    let keys = found
        .into_iter()
        .flat_map(|(batch, device)| [Value::from(batch), device.into()]);
    let values = [cutoff.clone()].into_iter().chain(keys);
    let removed = Statement::new(delete, values).execute(connection).await?;
    Ok(Step { removed, is_last })
}
