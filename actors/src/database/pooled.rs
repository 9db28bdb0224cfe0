//! A borrowed connection.

use std::sync::Arc;

use futures_util::FutureExt as _;
use mysql_async::Conn;
use tokio::sync::OwnedSemaphorePermit;

use super::DatabaseError;
use super::nodes::Away;
use super::session::Accepted;

/// A borrowed connection that is closed on drop, unless [`settle`](Self::settle) returned it to the pool.
pub(super) struct PooledConnection {
    pub(super) connection: Option<Conn>,
    pub(super) accepted: Arc<Accepted>,
    /// Whether the server is away.
    pub(super) away: Away,
    pub(super) _permit: OwnedSemaphorePermit,
}

impl PooledConnection {
    pub(super) fn connection(&mut self) -> Result<&mut Conn, DatabaseError> {
        self.connection.as_mut().ok_or(DatabaseError::Closed)
    }

    /// Returns the connection to the pool if the outcome shows that no answer is pending on it.
    pub(super) fn settle<T>(&mut self, outcome: &Result<T, DatabaseError>) {
        let error = outcome.as_ref().err();
        if error.is_none_or(DatabaseError::was_answered) {
            drop(self.connection.take());
        }
    }

    /// Remembers a server that answered that it cannot work.
    pub(super) fn observe<T>(&self, outcome: &Result<T, DatabaseError>) {
        if let Err(error) = outcome
            && error.is_refusal_of_server()
        {
            self.away.mark(error);
        }
    }
}

impl Drop for PooledConnection {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            // The first poll marks the connection as closed, and the pool discards it.
            let _ = connection.disconnect().now_or_never();
        }
    }
}
