//! Whether the schema is usable. Until then, batches wait briefly and then fail with the reason.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::causes;
use crate::database::{Database, DatabaseError};
use crate::report::{Report, Reporter};
use crate::schema::{self, Migrated};

/// Pauses between attempts to reach and migrate the database double from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LAST_PAUSE: Duration = Duration::from_secs(15);

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

/// Migrates the schema and retries until that succeeds. Each cause of failure is logged and reported once.
pub(super) async fn bring_up_to_date(database: Database, announcer: Announcer, reporter: Reporter) {
    let mut pause = FIRST_PAUSE;
    let mut logged = String::new();
    loop {
        match schema::migrate(&database).await {
            Ok(migrated) => {
                log_migrated(&migrated);
                reporter.tell(Report::Schema(Ok(migrated.missing_index)));
                announcer.send_replace(SchemaState::Ready);
                return;
            }
            Err(error) => {
                let cause = causes(&error);
                if cause != logged {
                    log::warn!(error:% = cause; "schema is not ready, retrying");
                    reporter.tell(Report::Schema(Err(error.to_string())));
                    logged = cause;
                }
                announcer.send_replace(SchemaState::Pending(Some(Arc::new(error))));
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LAST_PAUSE);
    }
}

fn log_migrated(migrated: &Migrated) {
    let Migrated {
        applied,
        version,
        missing_index,
    } = migrated;
    log::info!(version, applied; "schema is up to date");
    if *version > schema::latest_version() {
        let known = schema::latest_version();
        log::warn!(version, known; "schema was made by a newer release");
    }
    if let Some(missing) = missing_index {
        log::warn!(missing:%; "queries are slow without an index");
    }
}
