//! Logs which migration is at work while they take long.

use std::convert::Infallible;
use std::time::Duration;

use refinery::Migration;
use tokio::time::Instant;

use super::{embedded, version};
use crate::causes;
use crate::database::{Database, DatabaseError};

/// How often a migration that takes long is logged.
const INTERVAL: Duration = Duration::from_secs(15);

/// How long reading the version may take.
const READ_LIMIT: Duration = Duration::from_secs(5);

/// Logs the migration at work and how many there are, until it is dropped. Uses a connection of its own.
pub(super) async fn log(database: &Database) -> Infallible {
    let begun = Instant::now();
    loop {
        tokio::time::sleep(INTERVAL).await;
        let seconds = begun.elapsed().as_secs();
        match applied(database).await {
            Ok(version) => {
                let (migration, position, migrations) = next_after(version);
                log::info!(migration:%, position, migrations, seconds; "migrating");
            }
            Err(error) => {
                log::info!(seconds, error:% = causes(&error); "migrating, the version was not read");
            }
        }
    }
}

async fn applied(database: &Database) -> Result<Option<i64>, DatabaseError> {
    database
        .run(READ_LIMIT, async |connection| version(connection).await)
        .await
}

/// The first migration after this version, its position, and the number of all.
fn next_after(version: Option<i64>) -> (String, usize, usize) {
    let mut migrations = embedded::migrations::runner().get_migrations().clone();
    migrations.sort_by_key(Migration::version);
    let is_applied = |migration: &&Migration| Some(i64::from(migration.version())) <= version;
    let applied = migrations.iter().take_while(is_applied).count();
    let next = migrations.get(applied).map(ToString::to_string);
    (next.unwrap_or_default(), applied + 1, migrations.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migration_at_work_is_the_first_one_that_is_not_recorded() {
        let (first, position, migrations) = next_after(None);
        assert_eq!((first.as_str(), position), ("V1__devices", 1));
        // V17 to V19 do not exist.
        let (next, position, _) = next_after(Some(16));
        assert_eq!((next.as_str(), position), ("V20__sync_devices", 17));
        assert!(position < migrations);
    }
}
