//! The only access to MySQL: a pool, time limits, transactions, and one small enum of errors.
//!
//! Work that its time limit cancels leaves state on its connection: an answer that has not been read, or an open
//! transaction, which the next user of the connection would commit. A `PooledConnection` therefore returns to the
//! pool only after its work has ended. In every other case, a cancelled future included, it is closed.

use std::ops::AsyncFnMut;
use std::sync::Arc;
use std::time::Duration;

use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;
use rand::Rng as _;

use crate::causes;
use crate::runtime::isolated;
use nodes::Nodes;

mod error;
mod inspection;
mod nodes;
mod pool_use;
mod pooled;
mod query;
mod session;
mod setup;
mod statement;
mod tls;
mod transaction;
mod url;

pub use error::DatabaseError;
pub use inspection::{Inspection, NEEDED_RIGHTS, Rights, schema_version};
pub(crate) use nodes::pool_for_migrations;
pub use pool_use::PoolUse;
pub(crate) use query::{Columns, convert, first_row, read_columns, rows};
pub(crate) use statement::Statement;
pub use transaction::Transaction;
pub use url::{DatabaseUrl, InvalidDatabaseUrl};

/// Upper bounds of the pauses between the attempts of a transaction. They double from the first to the last.
const FIRST_PAUSE_MS: u64 = 20;
const LAST_PAUSE_MS: u64 = 1_000;

/// A bounded pool of connections to one database. Clones share it. It must be used on the runtime it was opened on.
#[derive(Clone, Debug)]
pub struct Database {
    nodes: Arc<Nodes>,
}

impl Database {
    /// Prepares a pool of at most `connections`. Connects at the first use.
    pub fn open(url: &DatabaseUrl, connections: usize) -> Self {
        Self {
            nodes: Arc::new(Nodes::new(url, connections.max(1))),
        }
    }

    /// Runs `work` on one connection. Waiting for the connection and the work share the time `limit`.
    pub async fn run<T>(
        &self,
        limit: Duration,
        work: impl AsyncFnOnce(&mut Conn) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        let on_one_connection = async {
            let mut pooled = self.nodes.connect().await?;
            let connection = pooled.connection()?;
            let outcome = isolated(async { work(connection).await }).await?;
            pooled.observe(&outcome);
            pooled.settle(&outcome);
            outcome
        };
        within(limit, on_one_connection).await
    }

    /// Runs `work` in a transaction and commits it. An error rolls everything back.
    ///
    /// After a deadlock, a lock wait or a snapshot conflict the whole transaction is retried, after a growing pause with
    /// jitter, until `limit` has passed since the start. So it is, once for each further server, if a server failed before
    /// the `COMMIT`.
    pub async fn transaction<T>(
        &self,
        limit: Duration,
        mut work: impl AsyncFnMut(&mut Transaction<'_>) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        let mut contention = None;
        let attempts = async {
            let mut longest_pause_ms = FIRST_PAUSE_MS;
            let mut other_servers = self.nodes.count() - 1;
            loop {
                let mut is_committing = false;
                match self.attempt(&mut work, &mut is_committing).await {
                    Err(error) if other_servers > 0 && !is_committing && error.is_of_server() => {
                        log::warn!(error:% = causes(&error); "transaction retried on another database server");
                        other_servers -= 1;
                    }
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
        is_committing: &mut bool,
    ) -> Result<T, DatabaseError> {
        let mut pooled = self.nodes.connect().await?;
        let accepted = Arc::clone(&pooled.accepted);
        let connection = pooled.connection()?;
        let outcome = isolated(async {
            let mut transaction = Transaction::begin(connection, &accepted);
            let value = work(&mut transaction).await?;
            *is_committing = true;
            transaction.commit().await.map(|()| value)
        })
        .await?;
        pooled.observe(&outcome);
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

    /// The largest packet that every server accepts, in bytes. `None` before the first connection.
    pub(crate) fn largest_packet(&self) -> Option<usize> {
        self.nodes.largest_packet()
    }

    /// How many servers its URL names.
    pub(crate) fn servers(&self) -> usize {
        self.nodes.count()
    }

    /// A live count of the connections in use.
    pub fn usage(&self) -> PoolUse {
        self.nodes.usage()
    }

    /// Closes idle connections and waits for the ones in use, for `limit` at most.
    pub async fn close(&self, limit: Duration) {
        match tokio::time::timeout(limit, self.nodes.disconnect()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => log::warn!(error:%; "closing the database connections failed"),
            Err(_) => log::warn!(limit:?; "database connections still in use were closed"),
        }
    }
}

async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, DatabaseError>>,
) -> Result<T, DatabaseError> {
    tokio::time::timeout(limit, work)
        .await
        .unwrap_or(Err(DatabaseError::TimedOut { limit }))
}
