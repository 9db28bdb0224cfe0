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

/// Waiting for another server's migration and running our own; a large table takes its time.
const MIGRATION_LIMIT: Duration = Duration::from_mins(10);

/// Applies what is missing and returns how many migrations that were. Safe to call at any time, by several at once.
///
/// `database` needs two connections: one holds the lock while the other works.
pub async fn migrate(database: &Database) -> Result<usize, DatabaseError> {
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
                .run_async(&mut database.pool())
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
