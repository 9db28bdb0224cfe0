use std::sync::Arc;
use std::time::Duration;

use mysql_async::Error;

use super::setup;
use crate::runtime::Panicked;

/// Why a piece of database work failed.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// No connection, or it broke. The work may or may not be committed.
    #[error("the database cannot be reached")]
    Unavailable(#[source] Error),
    /// The time limit expired. The work may or may not be committed.
    #[error("the database did not answer within {} ms", limit.as_millis())]
    TimedOut {
        /// The limit.
        limit: Duration,
    },
    /// A deadlock, a lock wait or a changed snapshot, after all retries.
    #[error("lock contention: gave up after retries")]
    Contended(#[source] Error),
    /// Its disk or a table is full.
    #[error("the database is out of disk space")]
    Full(#[source] Error),
    /// A row violates a schema constraint.
    #[error("a row violates a schema constraint")]
    Constraint(#[source] Error),
    /// The database refused the statement, for example because the schema is missing.
    #[error("the database refused a statement")]
    Refused(#[source] Error),
    /// A stored value has an unexpected form.
    #[error("the database contains a value that cannot be read")]
    Unreadable(#[source] mysql_async::FromRowError),
    /// The account, its rights or the settings of the database server do not allow the work. The owner has to act.
    #[error("{problem}")]
    Setup {
        /// What does not allow it, without the name of the account.
        problem: String,
        /// The answer of the database.
        #[source]
        source: Error,
    },
    /// The tables do not have the shape that this program needs.
    #[error("the schema does not fit this program: {0}")]
    Schema(String),
    /// The schema migration failed.
    #[error("the schema migration failed{}", problem_of_migration(.0))]
    Migration(#[source] refinery::Error),
    /// The schema is not usable yet, for this reason.
    #[error(transparent)]
    NotReady(Arc<DatabaseError>),
    /// The work panicked. Its connection is closed and nothing is committed, unless the panic came after the `COMMIT`.
    #[error("an internal error occurred")]
    Panicked(#[from] Panicked),
    /// The connection was closed before.
    #[error("the connection is closed")]
    Closed,
}

impl DatabaseError {
    /// True if an immediate retry can succeed.
    pub fn is_contention(&self) -> bool {
        matches!(self, Self::Contended(_))
    }

    /// True if the same work may succeed later: the database is unreachable, busy or full. False if it would fail again.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unavailable(_)
            | Self::Setup { .. }
            | Self::Schema(_)
            | Self::TimedOut { .. }
            | Self::Contended(_)
            | Self::Full(_)
            | Self::Closed => true,
            Self::Constraint(_)
            | Self::Refused(_)
            | Self::Unreadable(_)
            | Self::Migration(_)
            | Self::Panicked(_) => false,
            Self::NotReady(error) => error.may_pass(),
        }
    }

    /// True if the statement named a table that does not exist.
    pub(crate) fn is_missing_table(&self) -> bool {
        matches!(self, Self::Refused(Error::Server(answer)) if answer.code == 1146)
    }

    /// True if the database answered completely, so that the connection can be reused.
    pub(crate) fn was_answered(&self) -> bool {
        matches!(
            self,
            Self::Contended(_)
                | Self::Full(_)
                | Self::Constraint(_)
                | Self::Refused(_)
                | Self::Unreadable(_)
        )
    }
}

impl From<Error> for DatabaseError {
    fn from(error: Error) -> Self {
        let Error::Server(answer) = &error else {
            return Self::Unavailable(error);
        };
        if let Some(problem) = setup::problem(answer.code, &answer.message) {
            return Self::Setup {
                problem,
                source: error,
            };
        }
        match answer.code {
            1020 | 1205 | 1213 => Self::Contended(error),
            1021 | 1114 => Self::Full(error),
            // Too many connections, shutdown in progress, blocked host, killed.
            1040 | 1053 | 1129 | 1203 | 1317 | 1927 => Self::Unavailable(error),
            // Null, duplicate, range, encoding, length, foreign keys; CHECK is 3819 on MySQL and 4025 on MariaDB.
            1048 | 1062 | 1264 | 1265 | 1292 | 1366 | 1406 | 1451 | 1452 | 3140 | 3819 | 4025 => {
                Self::Constraint(error)
            }
            _ => Self::Refused(error),
        }
    }
}

impl From<mysql_async::FromRowError> for DatabaseError {
    fn from(error: mysql_async::FromRowError) -> Self {
        Self::Unreadable(error)
    }
}

/// What the database answered to a migration, if that says what to do.
fn problem_of_migration(error: &refinery::Error) -> String {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if let Some(Error::Server(answer)) = error.downcast_ref() {
            let problem = setup::problem(answer.code, &answer.message);
            return problem.map_or_else(String::new, |problem| format!(": {problem}"));
        }
        cause = error.source();
    }
    String::new()
}
