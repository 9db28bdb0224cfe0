//! The database, for commands.

use std::convert::Infallible;
use std::time::Duration;

use actors::analysis::StoredDrive;
use actors::database::{Database, DatabaseError};
use actors::diagnosis::{Diagnosis, Traces};
use actors::schema::{self, Migrated};
use tokio::time::sleep;

use super::progress::Progress;
use super::{Failure, block_on};
use crate::config::Settings;

/// The time limit of a look-up.
pub(super) const LIMIT: Duration = Duration::from_secs(10);

const SECOND: Duration = Duration::from_secs(1);

/// An error of the database, with its address.
#[derive(Debug, thiserror::Error)]
#[error("database {place}")]
struct AtPlace {
    place: String,
    source: DatabaseError,
}

/// Does work that only reads. The schema is left as it is: migrating is the server's business.
pub(super) fn read<T>(
    settings: &Settings,
    work: impl AsyncFnOnce(&Database) -> Result<T, Failure>,
) -> Result<T, Failure> {
    run(settings, async |database| {
        require_schema(database).await?;
        work(database).await
    })
}

/// Does work on the current schema, which is created or migrated first.
pub(super) fn write<T>(
    settings: &Settings,
    work: impl AsyncFnOnce(&Database) -> Result<T, Failure>,
) -> Result<T, Failure> {
    run(settings, async |database| {
        migrate(database).await?;
        work(database).await
    })
}

/// The new diagnosis of a drive, or why there is none.
pub(super) fn new_diagnosis(
    drive: i64,
    diagnosed: StoredDrive,
) -> Result<(Diagnosis, Traces), Failure> {
    match diagnosed {
        StoredDrive::Diagnosed(diagnosed) => Ok(*diagnosed),
        StoredDrive::ReadingsGone => Err(format!(
            "the readings of drive {drive} are no longer stored (REALTIME_RETENTION_DAYS): its diagnosis stays as it is; \
             see: show {drive}"
        )
        .into()),
        StoredDrive::Unknown => Err(format!("there is no drive {drive}; see: drives").into()),
    }
}

/// Does work, whatever the schema.
pub(super) fn run<T>(
    settings: &Settings,
    work: impl AsyncFnOnce(&Database) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let done = block_on(async {
        let database = Database::open(&settings.database_url, 2);
        work(&database).await
    });
    done.map_err(|failure| match failure.downcast::<DatabaseError>() {
        Ok(source) => Box::new(AtPlace {
            place: settings.database_url.place(),
            source: *source,
        }),
        Err(failure) => failure,
    })
}

/// Creates or migrates the schema, and shows how many migrations are done: those of large tables take minutes.
pub(super) async fn migrate(database: &Database) -> Result<Migrated, DatabaseError> {
    tokio::select! {
        migrated = schema::migrate(database) => migrated,
        never = show_migrations(database) => match never {},
    }
}

async fn show_migrations(database: &Database) -> Infallible {
    let mut progress = None;
    loop {
        sleep(SECOND).await;
        let version = database.run(LIMIT, async |connection| schema::version(connection).await);
        let Ok(version) = version.await else {
            continue;
        };
        let left = schema::pending(version);
        let (total, progress) =
            progress.get_or_insert_with(|| (left, Progress::new("migrations", left)));
        progress.set(total.saturating_sub(left));
    }
}

async fn require_schema(database: &Database) -> Result<(), Failure> {
    let version = database
        .run(LIMIT, async |connection| schema::version(connection).await)
        .await?;
    let needed = schema::latest_version();
    if let Some(version) = version.filter(|version| *version < needed) {
        return Err(format!(
            "the schema is at version {version} and this program needs {needed}: the server migrates it when it starts, \
             and so does eclipse-ai-server init-db"
        )
        .into());
    }
    if let Some(difference) = schema::first_difference(database, LIMIT).await? {
        return Err(DatabaseError::Schema(difference).into());
    }
    if version.is_none() {
        let hint = "the database has no tables yet: the server creates them when it starts, and so does \
                    eclipse-ai-server init-db";
        return Err(hint.into());
    }
    Ok(())
}
