//! Whether the schema is up to date. Until then, batches wait briefly and then fail.

use std::time::Duration;

use tokio::sync::watch;

use crate::database::{Database, DatabaseError};
use crate::{causes, schema};

/// Pauses between attempts to reach and migrate the database double from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LAST_PAUSE: Duration = Duration::from_secs(15);

/// Resolves when the schema is up to date.
#[derive(Clone, Debug)]
pub(super) struct Readiness(watch::Receiver<bool>);

/// Resolves a [`Readiness`].
pub(super) type Announcer = watch::Sender<bool>;

impl Readiness {
    pub(super) fn new() -> (Announcer, Self) {
        let (announcer, readiness) = watch::channel(false);
        (announcer, Self(readiness))
    }

    /// Waits until the schema is up to date, for `limit` at most.
    pub(super) async fn wait(&self, limit: Duration) -> Result<(), DatabaseError> {
        let mut readiness = self.0.clone();
        match tokio::time::timeout(limit, readiness.wait_for(|ready| *ready)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(DatabaseError::Closed),
            Err(_) => Err(DatabaseError::TimedOut { limit }),
        }
    }
}

/// Migrates the schema and retries until that succeeds. Each cause of failure is logged once.
pub(super) async fn bring_up_to_date(database: Database, announcer: Announcer) {
    let mut pause = FIRST_PAUSE;
    let mut logged = String::new();
    loop {
        match schema::migrate(&database).await {
            Ok(applied) => {
                log::info!(version = schema::latest_version(), applied; "schema is up to date");
                announcer.send_replace(true);
                return;
            }
            Err(error) => {
                let cause = causes(&error);
                if cause != logged {
                    log::warn!(error:? = cause; "schema is not ready, retrying");
                    logged = cause;
                }
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LAST_PAUSE);
    }
}
