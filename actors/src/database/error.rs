use std::sync::Arc;
use std::time::Duration;

use mysql_async::{DriverError, Error, IoError};

use super::session::UnusableSession;
use super::{setup, tls};
use crate::runtime::Panicked;

/// Why a piece of database work failed.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// No connection, or it broke, or the database does not work now. The work may or may not be committed.
    #[error("{}", why_unavailable(.0))]
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
    /// A row is larger than the database accepts in one statement.
    #[error("a row is larger than the database accepts (max_allowed_packet)")]
    TooLarge(#[source] Error),
    /// A row violates a schema constraint.
    #[error("a row violates a schema constraint")]
    Constraint(#[source] Error),
    /// The database refused the statement, for example because the schema is missing.
    #[error("{}", why_refused(.0))]
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
    /// Another server took over the migrations, because this one did not renew its lock in time.
    #[error("another server took over the schema migration")]
    LockLost,
    /// The schema migration failed.
    #[error("the schema migration failed{}", problem_of_migration(.0))]
    Migration(#[source] refinery::Error),
    /// The schema is not usable yet, for this reason.
    #[error(transparent)]
    NotReady(Arc<DatabaseError>),
    /// The work panicked. Its connection is closed and nothing is committed, unless the panic came after the `COMMIT`.
    #[error("an internal error occurred")]
    Panicked(#[from] Panicked),
    /// Not all statements that were sent together were answered.
    #[error("the database answered {answers} of {statements} statements")]
    Incomplete {
        /// The number of answers.
        answers: usize,
        /// The number of statements.
        statements: usize,
    },
    /// A device that started again at id 1 has ids that leave its epoch.
    #[error("the ids of a device that started again at id 1 leave their epoch")]
    BeyondEpoch,
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
            | Self::Incomplete { .. }
            | Self::LockLost
            | Self::Closed => true,
            Self::TooLarge(_)
            | Self::Constraint(_)
            | Self::Refused(_)
            | Self::Unreadable(_)
            | Self::Migration(_)
            | Self::BeyondEpoch
            | Self::Panicked(_) => false,
            Self::NotReady(error) => error.may_pass(),
        }
    }

    /// True if the database server, not the work, is why it failed: another server can do it.
    pub(crate) fn is_of_server(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::TimedOut { .. }) || self.is_refusal_of_server()
    }

    /// True if the server answered that it does no work now: it is not ready or read-only.
    pub(crate) fn is_refusal_of_server(&self) -> bool {
        let (Self::Unavailable(Error::Server(answer))
        | Self::Setup {
            source: Error::Server(answer),
            ..
        }) = self
        else {
            return false;
        };
        matches!(answer.code, 1047 | 1053 | 1290 | 1792 | 1836 | 3100)
    }

    /// True if the owner has to change an account, a right or a setting.
    pub fn is_setup(&self) -> bool {
        matches!(self, Self::Setup { .. })
    }

    /// True if the statement named a table that does not exist.
    pub(crate) fn is_missing_table(&self) -> bool {
        matches!(self, Self::Refused(Error::Server(answer)) if answer.code == 1146)
    }

    /// True if this is what the database answered, not that it is silent.
    pub(crate) fn is_answer(&self) -> bool {
        self.is_setup()
            || self.was_answered()
            || matches!(self, Self::Unavailable(Error::Server(_)))
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

/// What an error code of the database means for the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// Other transactions were in the way: retry the whole transaction.
    Contention,
    /// No free connection.
    Connections,
    /// The node or the connection is going away, or the node is not ready.
    Away,
    /// No space.
    Full,
    TooLarge,
    Constraint,
    Refused,
}

impl Meaning {
    /// The one table of error codes, of MySQL, MariaDB, Galera, Group Replication and `TiDB`.
    fn of(code: u16) -> Self {
        match code {
            // Changed snapshot, lock wait, deadlock; rollback by Group Replication; TiDB's conflicts.
            1020 | 1205 | 1213 | 3101 | 8002 | 8022 | 9007 => Self::Contention,
            1040 | 1129 | 1203 | 1226 => Self::Connections,
            // A node that is not ready, shutdown, network errors, killed, time limits of the database, a lost connection,
            // Group Replication without a majority, disconnected for idleness. 1180 is an error at the commit: Galera's answer
            // when a node is cut off from the others meanwhile.
            1047
            | 1053
            | 1152
            | 1158..=1161
            | 1180
            | 1317
            | 1927
            | 1969
            | 2006
            | 2013
            | 3024
            | 3100
            | 3168
            | 4031 => Self::Away,
            1021 | 1114 => Self::Full,
            1153 => Self::TooLarge,
            // Null, duplicate, range, encoding, length, foreign keys; CHECK is 3819 on MySQL and 4025 on MariaDB.
            1048 | 1062 | 1264 | 1265 | 1292 | 1366 | 1406 | 1451 | 1452 | 3140 | 3819 | 4025 => {
                Self::Constraint
            }
            _ => Self::Refused,
        }
    }
}

fn why_unavailable(error: &Error) -> &'static str {
    let Error::Server(answer) = error else {
        return "the database cannot be reached";
    };
    match Meaning::of(answer.code) {
        Meaning::Connections => "the database has too many connections",
        _ => "the database is shutting down or not ready",
    }
}

/// With the name of what is missing. Nothing else of the answer, which may quote values.
fn why_refused(error: &Error) -> String {
    let missing = match error {
        Error::Server(answer) => {
            let name = answer.message.split('\'').nth(1);
            let name = name.and_then(|name| name.rsplit('.').next());
            match answer.code {
                1054 => name.map(|name| format!(": it has no column {name}")),
                1146 => name.map(|name| format!(": it has no table {name}")),
                _ => None,
            }
        }
        _ => None,
    };
    format!(
        "the database refused a statement{}",
        missing.unwrap_or_default()
    )
}

impl From<Error> for DatabaseError {
    fn from(error: Error) -> Self {
        let problem = match &error {
            Error::Other(other) => other.downcast_ref().map(UnusableSession::to_string),
            _ => tls::problem(&error),
        };
        if let Some(problem) = problem {
            return Self::Setup {
                problem,
                source: error,
            };
        }
        let answer = match &error {
            Error::Server(answer) => answer,
            _ if is_packet_too_large(&error) => return Self::TooLarge(error),
            _ => return Self::Unavailable(error),
        };
        if let Some(problem) = setup::problem(answer.code, &answer.message) {
            return Self::Setup {
                problem,
                source: error,
            };
        }
        match Meaning::of(answer.code) {
            Meaning::Contention => Self::Contended(error),
            Meaning::Connections | Meaning::Away => Self::Unavailable(error),
            Meaning::Full => Self::Full(error),
            Meaning::TooLarge => Self::TooLarge(error),
            Meaning::Constraint => Self::Constraint(error),
            Meaning::Refused => Self::Refused(error),
        }
    }
}

/// The driver refuses such a packet before it sends it, with an error of a crate below it.
fn is_packet_too_large(error: &Error) -> bool {
    match error {
        Error::Driver(DriverError::PacketTooLarge) => true,
        Error::Io(IoError::Io(error)) => {
            error.to_string() == "Packet is larger than max_allowed_packet"
        }
        _ => false,
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

#[cfg(test)]
mod tests;
