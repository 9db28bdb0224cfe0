//! Whether the schema is usable. Until then, batches wait briefly and then fail with the reason.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::STATEMENT_LIMIT;
use crate::causes;
use crate::database::{Database, DatabaseError};
use crate::report::{Report, Reporter};
use crate::schema::{self, Migrated};

/// Pauses between attempts to reach and migrate the database double from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LAST_PAUSE: Duration = Duration::from_secs(15);

/// What is reported while the schema is migrated after the database was away.
const MIGRATING: &str = "the schema is being brought up to date";

/// The needed rights whose lack fails a write, or a read.
const WRITES: [&str; 4] = ["SELECT", "INSERT", "UPDATE", "DELETE"];

/// Resolves when the schema is usable.
#[derive(Clone, Debug)]
pub(super) struct Readiness(watch::Receiver<SchemaState>);

/// Resolves a [`Readiness`].
pub(super) type Announcer = watch::Sender<SchemaState>;

/// The state of the schema.
#[derive(Debug)]
pub(super) enum SchemaState {
    /// Not usable yet; the reason is missing until the first attempt has failed.
    Pending(Option<Arc<DatabaseError>>),
    /// Usable.
    Ready,
}

impl Readiness {
    pub(super) fn new() -> (Announcer, Self) {
        let (announcer, readiness) = watch::channel(SchemaState::Pending(None));
        (announcer, Self(readiness))
    }

    /// Waits until the schema is usable, for `limit` at most.
    pub(super) async fn wait(&self, limit: Duration) -> Result<(), DatabaseError> {
        let mut readiness = self.0.clone();
        let is_ready = |state: &SchemaState| matches!(state, SchemaState::Ready);
        if let Ok(ready) = tokio::time::timeout(limit, readiness.wait_for(is_ready)).await {
            return ready.map(drop).map_err(|_| DatabaseError::Closed);
        }
        match &*self.0.borrow() {
            SchemaState::Ready => Ok(()),
            SchemaState::Pending(Some(error)) => Err(DatabaseError::NotReady(Arc::clone(error))),
            SchemaState::Pending(None) => Err(DatabaseError::TimedOut { limit }),
        }
    }
}

/// Migrates the schema and retries until that succeeds. Each cause of failure is logged once.
pub(super) async fn bring_up_to_date(database: Database, announcer: Announcer, reporter: Reporter) {
    let mut pause = FIRST_PAUSE;
    let mut logged = String::new();
    let mut was_away = false;
    loop {
        if was_away && schema::reach(&database).await.is_ok() {
            // Migrating can take minutes, during which the last failure would be shown.
            reporter.send(Report::Schema(Err(MIGRATING.to_owned())));
            announcer.send_replace(SchemaState::Pending(None));
        }
        match schema::migrate(&database).await {
            Ok(migrated) => {
                log_migrated(&migrated);
                let warnings = warnings(&database, migrated.missing_index).await;
                for warning in &warnings {
                    log::warn!(warning:%; "schema is usable with a warning");
                }
                reporter.send(Report::Schema(Ok(warnings)));
                announcer.send_replace(SchemaState::Ready);
                return;
            }
            Err(error) => {
                let cause = causes(&error);
                if cause != logged {
                    log::warn!(error:% = cause; "schema is not ready, retrying");
                    logged = cause;
                }
                was_away = error.is_of_server();
                reporter.send(Report::Schema(Err(error.to_string())));
                announcer.send_replace(SchemaState::Pending(Some(Arc::new(error))));
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LAST_PAUSE);
    }
}

/// What the owner should repair, one sentence each.
async fn warnings(database: &Database, missing_index: Option<String>) -> Vec<String> {
    let missing_index = missing_index.map(|missing| format!("Queries are slow: {missing}."));
    missing_index
        .into_iter()
        .chain(missing_rights(database).await)
        .collect()
}

/// The rights on the whole database that the account lacks. Rights on single tables and those of a role are not listed
/// there; health checks whether every table can be written.
async fn missing_rights(database: &Database) -> Option<String> {
    let inspected = database.inspect(STATEMENT_LIMIT).await;
    let rights = inspected
        .inspect_err(|error| log::debug!(error:% = causes(error); "rights not read"))
        .ok()?
        .rights;
    let missing = rights.missing();
    let missing = missing.into_iter().filter(|right| !WRITES.contains(right));
    let missing: Vec<&str> = missing.collect();
    (!missing.is_empty() && !rights.has_role).then(|| {
        format!(
            "The account in DATABASE_URL lacks {}, which the next upgrade needs.",
            missing.join(", ")
        )
    })
}

fn log_migrated(migrated: &Migrated) {
    let Migrated {
        applied, version, ..
    } = migrated;
    log::info!(version, applied; "schema is up to date");
    if *version > schema::latest_version() {
        let known = schema::latest_version();
        log::warn!(version, known; "schema was made by a newer release");
    }
}
