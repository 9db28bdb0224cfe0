use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use mysql_async::Metrics;

/// How many connections of a [`Database`](super::Database) are in use; always the current number.
#[derive(Clone)]
pub struct PoolUse(Arc<Metrics>);

impl PoolUse {
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        Self(metrics)
    }

    /// Connections in use.
    pub fn busy(&self) -> usize {
        self.0.connections_in_use.load(Ordering::Relaxed)
    }

    /// Open connections that are idle.
    pub fn idle(&self) -> usize {
        self.0.connections_in_pool.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for PoolUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} busy, {} idle", self.busy(), self.idle())
    }
}
