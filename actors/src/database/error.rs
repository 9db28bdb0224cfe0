use std::time::Duration;

use mysql_async::Error;

/// What the database, or the way to it, did not do.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// No connection, or it broke. What was under way may have been committed or not.
    #[error("the database cannot be reached")]
    Unavailable(#[source] Error),
    /// The time limit ended first. What was under way may have been committed or not.
    #[error("the database did not answer within {} ms", limit.as_millis())]
    TimedOut {
        /// The limit that was set.
        limit: Duration,
    },
    /// Other work held the rows: a deadlock, a lock wait or a snapshot that had changed.
    #[error("other work kept the rows locked")]
    Contended(#[source] Error),
    /// Its disk, or a table, is full.
    #[error("the database has no room left")]
    Full(#[source] Error),
    /// A row breaks a rule of the schema.
    #[error("a rule of the schema refused a row")]
    Constraint(#[source] Error),
    /// The statement itself was refused; in particular, a schema that is not there yet.
    #[error("the database refused a statement")]
    Refused(#[source] Error),
    /// A stored value has a form that the server cannot read.
    #[error("the database holds a value that cannot be read")]
    Unreadable(#[source] mysql_async::FromRowError),
    /// The schema could not be brought up to date.
    #[error("the schema could not be brought up to date")]
    Migration(#[source] refinery::Error),
    /// The connection is gone already.
    #[error("the connection is closed")]
    Closed,
}

impl DatabaseError {
    /// True where trying the same again soon can help.
    pub fn is_contention(&self) -> bool {
        matches!(self, Self::Contended(_))
    }

    /// True where the database is away, busy or full, and the very same may succeed later; false where it would fail again.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unavailable(_)
            | Self::TimedOut { .. }
            | Self::Contended(_)
            | Self::Full(_)
            | Self::Closed => true,
            Self::Constraint(_) | Self::Refused(_) | Self::Unreadable(_) | Self::Migration(_) => {
                false
            }
        }
    }

    /// True where the database gave a whole answer, so that its connection is fit for the next question.
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
