//! Brings the schema up to date: the migrations in `schema/`, one idempotent statement a file.
//!
//! MySQL commits each DDL statement by itself, so a migration that broke half-way is simply run again. refinery has
//! no lock of its own; `GET_LOCK` keeps two servers on one database from migrating at once.

use std::time::Duration;

use mysql_async::prelude::Queryable as _;

use crate::database::{Database, DatabaseError};

mod embedded {
    refinery::embed_migrations!("../schema");
}

const LOCK: &str = "eclipse_ai_schema";

/// How long a database that can be reached takes to answer.
const REACH_LIMIT: Duration = Duration::from_secs(5);

/// Waiting for another server's migration and running our own; a large table takes its time.
const MIGRATION_LIMIT: Duration = Duration::from_mins(10);

/// Applies what is missing and returns how many migrations that were. Safe to call at any time, by several at once.
///
/// One connection of `database` holds the lock meanwhile.
pub async fn migrate(database: &Database) -> Result<usize, DatabaseError> {
    // What does not even answer this is tried again soon, not after the time that a migration may take.
    database
        .run(REACH_LIMIT, async |connection| {
            Ok(connection.query_drop("DO 0").await?)
        })
        .await?;
    database
        .run(MIGRATION_LIMIT, async |lock_holder| {
            let seconds = MIGRATION_LIMIT.as_secs() / 2;
            let locked: Option<Option<i64>> = lock_holder
                .exec_first("SELECT GET_LOCK(CONCAT(DATABASE(), ?), ?)", (LOCK, seconds))
                .await?;
            if locked.flatten() != Some(1) {
                return Err(DatabaseError::TimedOut {
                    limit: Duration::from_secs(seconds),
                });
            }
            let outcome = embedded::migrations::runner()
                .set_grouped(false)
                .run_async(&mut database.pool_for_migrations())
                .await
                .map_err(DatabaseError::Migration);
            lock_holder
                .exec_drop("DO RELEASE_LOCK(CONCAT(DATABASE(), ?))", (LOCK,))
                .await?;
            Ok(outcome?.applied_migrations().len())
        })
        .await
}

/// The newest migration this build knows.
pub fn latest_version() -> i64 {
    embedded::migrations::runner()
        .get_migrations()
        .iter()
        .map(|migration| i64::from(migration.version()))
        .max()
        .unwrap_or_default()
}
