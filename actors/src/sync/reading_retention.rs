//! Removes readings that were stored long ago, in small steps and by the database's clock.
//!
//! A step reads a page of the primary key and removes from it what is old. Everything else stays: drives, diagnoses and
//! analyses, the ids in `stored_ids`, so that no gaps are reported, and the sums in `reading_blocks`, so that drives are
//! found where they were.
//!
//! A clock that is wrong must not remove anything of the present. So the present lies a day at most after the newest
//! batch, and a day at most after the newest reading, whose time is that of a car's clock.

use std::time::{Duration, Instant};

use mysql_async::{Conn, Value};

use super::STATEMENT_LIMIT;
use crate::causes;
use crate::database::{Database, DatabaseError, Statement};

/// The number of readings in a page.
const PAGE_ROWS: usize = 500;

/// The least pause after each step. A step that took longer is followed by a pause of the same length.
const PAUSE: Duration = Duration::from_millis(20);

/// What a step has done.
struct Step {
    removed: u64,
    /// The highest id of the page.
    last: i64,
}

/// Removes the readings that were stored more than `days` ago; 0 keeps all of them.
pub(super) async fn prune_readings(database: &Database, days: u32) {
    if days == 0 {
        return;
    }
    let mut removed = 0;
    let outcome = prune(database, days, &mut removed).await;
    match (outcome, removed) {
        (Ok(()), 0) => {}
        (Ok(()), _) => log::info!(readings = removed, days; "old readings removed"),
        (Err(error), _) => {
            log::warn!(readings = removed, error:% = causes(&error); "removing old readings was interrupted");
        }
    }
}

async fn prune(database: &Database, days: u32, removed: &mut u64) -> Result<(), DatabaseError> {
    let cutoff = database.run(STATEMENT_LIMIT, async |connection| {
        cutoff(connection, days).await
    });
    let Some(cutoff) = cutoff.await? else {
        return Ok(());
    };
    let mut after = 0;
    loop {
        let began = Instant::now();
        let step = database.transaction(STATEMENT_LIMIT, async |transaction| {
            remove_some(transaction.connection().await?, &cutoff, after).await
        });
        // Later pages are younger. Rows that were sent again since are younger too, and stay in the way at most as long.
        let Some(step) = step.await?.filter(|step| step.removed > 0) else {
            return Ok(());
        };
        *removed += step.removed;
        after = step.last;
        tokio::time::sleep(PAUSE.max(began.elapsed())).await;
    }
}

/// What was stored before this time is removed; `None` if nothing was stored. Batches from the future do not count as the
/// newest.
async fn cutoff(connection: &mut Conn, days: u32) -> Result<Option<Value>, DatabaseError> {
    let query = "SELECT LEAST(NOW(6), MAX(last_batch_at) + INTERVAL 1 DAY, MAX(newest_reading_at) + INTERVAL 1 DAY) \
                 - INTERVAL ? DAY FROM sync_devices WHERE last_batch_at <= NOW(6) + INTERVAL 1 DAY";
    let cutoff: Option<Value> = Statement::new(query, [days])
        .fetch_first(connection)
        .await?;
    Ok(cutoff.filter(|cutoff| *cutoff != Value::NULL))
}

/// `None` after the last page.
async fn remove_some(
    connection: &mut Conn,
    cutoff: &Value,
    after: i64,
) -> Result<Option<Step>, DatabaseError> {
    let page = format!(
        "SELECT MAX(id) FROM (SELECT id FROM realtime_data WHERE id > ? ORDER BY id LIMIT {PAGE_ROWS}) AS page"
    );
    let last: Option<Option<i64>> = Statement::new(page, [after])
        .fetch_first(connection)
        .await?;
    let Some(last) = last.flatten() else {
        return Ok(None);
    };
    let delete = "DELETE FROM realtime_data WHERE id > ? AND id <= ? AND synced_at < ?";
    let values = [after.into(), last.into(), cutoff.clone()];
    let removed = Statement::new(delete, values).execute(connection).await?;
    Ok(Some(Step { removed, last }))
}
