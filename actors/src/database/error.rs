use std::time::Duration;

use mysql_async::Error;

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
    /// The schema migration failed.
    #[error("the schema migration failed")]
    Migration(#[source] refinery::Error),
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
            | Self::TimedOut { .. }
            | Self::Contended(_)
            | Self::Full(_)
            | Self::Closed => true,
            Self::Constraint(_)
            | Self::Refused(_)
            | Self::Unreadable(_)
            | Self::Migration(_)
            | Self::Panicked(_) => false,
        }
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
        match answer.code {
            1020 | 1205 | 1213 => Self::Contended(error),
            1021 | 1114 => Self::Full(error),
            // Too many connections, access denied, unknown database, shutdown in progress, killed, read-only.
            1040 | 1044 | 1045 | 1049 | 1053 | 1129 | 1130 | 1203 | 1290 | 1317 | 1698 | 1927 => {
                Self::Unavailable(error)
            }
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
