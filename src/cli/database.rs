//! `init-db` and `seed-db`.

use actors::database::{Database, DatabaseError};
use actors::sync::import_batch;
use mysql_async::prelude::Queryable as _;

use super::Failure;
use super::progress::Progress;
use super::seed::batches;
use super::stored::{self, LIMIT};
use crate::config::Settings;

pub(super) fn init(settings: &Settings) -> Result<(), Failure> {
    let migrated = stored::run(settings, async |database| {
        Ok(stored::migrate(database).await?)
    })?;
    say!(
        "The schema is at version {} ({} migrations applied).",
        migrated.version,
        migrated.applied
    )?;
    Ok(())
}

pub(super) fn seed(settings: &Settings) -> Result<(), Failure> {
    let rows = stored::write(settings, async |database| {
        if has_readings(database).await? {
            return Err("the database has readings already: nothing was changed".into());
        }
        let (batches, mut rows) = (batches(), 0);
        let mut progress = Progress::new("batches", batches.len());
        for (number, batch) in (1..).zip(&batches) {
            rows += import_batch(database, batch).await?;
            progress.set(number);
        }
        Ok(rows)
    })?;
    say!("Stored {rows} rows of three drives.")?;
    Ok(())
}

async fn has_readings(database: &Database) -> Result<bool, DatabaseError> {
    let look = database.run(LIMIT, async |connection| {
        let found: Option<i64> = connection
            .query_first("SELECT id FROM realtime_data LIMIT 1")
            .await?;
        Ok(found.is_some())
    });
    look.await
}
