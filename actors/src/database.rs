//! The only access to MySQL: a pool, time limits, transactions, and one small enum of errors.
//!
//! Work that its time limit cancels leaves state on its connection: an answer that has not been read, or an open
//! transaction, which the next user of the connection would commit. A [`PooledConnection`] therefore returns to the
//! pool only after its work has ended. In every other case, a cancelled future included, it is closed.

use std::ops::AsyncFnMut;
use std::time::Duration;

use futures_util::FutureExt as _;
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Opts, OptsBuilder, Pool, PoolConstraints, PoolOpts};
use rand::Rng as _;

use crate::causes;
use crate::runtime::isolated;

mod error;
mod inspection;
mod pool_use;
mod query;
mod setup;
mod statement;
mod transaction;
mod url;

pub use error::DatabaseError;
pub use inspection::{Inspection, NEEDED_RIGHTS, Rights};
pub use pool_use::PoolUse;
pub(crate) use query::{Columns, convert, first_row, read_columns, rows};
pub(crate) use statement::Statement;
pub use transaction::Transaction;
pub use url::{DatabaseUrl, InvalidDatabaseUrl};

/// Set on every connection, so that no default of the server matters: text is utf8mb4, times are UTC, invalid values are
/// rejected instead of converted, lock waits end before a client's patience does, every statement outside of a transaction
/// commits, nothing limits the rows or the time of a statement, and transactions are READ COMMITTED.
///
/// MySQL ignores what stands in `/*M!`, and MariaDB what stands in `/*!80000`.
const SESSION_SETTINGS: [&str; 3] = [
    "SET NAMES utf8mb4",
    "SET SESSION time_zone = '+00:00', \
     sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', \
     innodb_lock_wait_timeout = 5, autocommit = 1, completion_type = 0, sql_select_limit = 18446744073709551615, \
     sql_big_selects = 1, sql_safe_updates = 0, sql_auto_is_null = 0, foreign_key_checks = 1, unique_checks = 1 \
     /*!80000 , max_execution_time = 0 */ /*M!100300 , max_statement_time = 0 */",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE",
];

/// Upper bounds of the pauses between the attempts of a transaction. They double from the first to the last.
const FIRST_PAUSE_MS: u64 = 20;
const LAST_PAUSE_MS: u64 = 1_000;

/// How long an idle connection stays open.
const IDLE_CONNECTION_TTL: Duration = Duration::from_mins(5);

/// A bounded pool of connections to one database. Clones share it. It must be used on the runtime it was opened on.
#[derive(Clone, Debug)]
pub struct Database {
    url: DatabaseUrl,
    pool: Pool,
}

impl Database {
    /// Prepares a pool of at most `connections`. Connects at the first use.
    pub fn open(url: &DatabaseUrl, connections: usize) -> Self {
        Self {
            url: url.clone(),
            pool: Pool::new(options(url.opts(), connections)),
        }
    }

    /// Runs `work` on one connection. Waiting for the connection and the work share the time `limit`.
    pub async fn run<T>(
        &self,
        limit: Duration,
        work: impl AsyncFnOnce(&mut Conn) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        let on_one_connection = async {
            let mut pooled = PooledConnection(Some(self.pool.get_conn().await?));
            let connection = pooled.connection()?;
            let outcome = isolated(async { work(connection).await }).await?;
            pooled.settle(&outcome);
            outcome
        };
        within(limit, on_one_connection).await
    }

    /// Runs `work` in a transaction and commits it. An error rolls everything back.
    ///
    /// After a deadlock, a lock wait or a snapshot conflict the whole transaction is retried, after a growing pause with
    /// jitter, until `limit` has passed since the start.
    pub async fn transaction<T>(
        &self,
        limit: Duration,
        mut work: impl AsyncFnMut(&mut Transaction<'_>) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        let mut contention = None;
        let attempts = async {
            let mut longest_pause_ms = FIRST_PAUSE_MS;
            loop {
                match self.attempt(&mut work).await {
                    Err(error) if error.is_contention() => {
                        log::debug!(error:% = causes(&error); "transaction retried");
                        contention = Some(error);
                        let pause_ms = rand::rng().random_range(1..=longest_pause_ms);
                        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
                        longest_pause_ms = (2 * longest_pause_ms).min(LAST_PAUSE_MS);
                    }
                    outcome => return outcome,
                }
            }
        };
        match within(limit, attempts).await {
            Err(DatabaseError::TimedOut { .. }) if contention.is_some() => {
                Err(contention.unwrap_or(DatabaseError::TimedOut { limit }))
            }
            outcome => outcome,
        }
    }

    async fn attempt<T>(
        &self,
        work: &mut impl AsyncFnMut(&mut Transaction<'_>) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        let mut pooled = PooledConnection(Some(self.pool.get_conn().await?));
        let connection = pooled.connection()?;
        let outcome = isolated(async {
            let mut transaction = Transaction::begin(connection);
            let value = work(&mut transaction).await?;
            transaction.commit().await.map(|()| value)
        })
        .await?;
        // Error 1205 rolls back the statement only. A connection that is closed instead of reused is rolled back too.
        let is_rolled_back = match &outcome {
            Ok(_) => true,
            Err(error) if error.was_answered() => {
                let connection = pooled.connection()?;
                connection.query_drop("ROLLBACK").await.is_ok()
            }
            Err(_) => false,
        };
        if is_rolled_back {
            pooled.settle(&outcome);
        }
        outcome
    }

    /// A live count of the connections in use.
    pub fn usage(&self) -> PoolUse {
        PoolUse::new(self.pool.metrics())
    }

    /// Closes idle connections and waits for the ones in use, for `limit` at most.
    pub async fn close(&self, limit: Duration) {
        match tokio::time::timeout(limit, self.pool.clone().disconnect()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => log::warn!(error:%; "closing the database connections failed"),
            Err(_) => log::warn!(limit:?; "database connections still in use were closed"),
        }
    }

    /// A separate pool for the migrations' runner, which returns connections even after cancelled work: no other work
    /// may use them.
    pub(crate) fn pool_for_migrations(&self) -> Pool {
        Pool::new(options(self.url.opts(), 1))
    }
}

fn options(opts: &Opts, connections: usize) -> Opts {
    let constraints = PoolConstraints::new(0, connections.max(1)).unwrap_or_default();
    let pool = PoolOpts::default()
        .with_constraints(constraints)
        .with_inactive_connection_ttl(IDLE_CONNECTION_TTL)
        .with_reset_connection(false);
    OptsBuilder::from_opts(opts.clone())
        .pool_opts(pool)
        .prefer_socket(false)
        .tcp_nodelay(true)
        .setup(SESSION_SETTINGS.to_vec())
        .into()
}

async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, DatabaseError>>,
) -> Result<T, DatabaseError> {
    tokio::time::timeout(limit, work)
        .await
        .unwrap_or(Err(DatabaseError::TimedOut { limit }))
}

/// A borrowed connection that is closed on drop, unless [`settle`](Self::settle) returned it to the pool.
struct PooledConnection(Option<Conn>);

impl PooledConnection {
    fn connection(&mut self) -> Result<&mut Conn, DatabaseError> {
        self.0.as_mut().ok_or(DatabaseError::Closed)
    }

    /// Returns the connection to the pool if the outcome shows that no answer is pending on it.
    fn settle<T>(&mut self, outcome: &Result<T, DatabaseError>) {
        if outcome
            .as_ref()
            .err()
            .is_none_or(DatabaseError::was_answered)
        {
            drop(self.0.take());
        }
    }
}

impl Drop for PooledConnection {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            // The first poll marks the connection as closed, and the pool discards it.
            let _ = connection.disconnect().now_or_never();
        }
    }
}
