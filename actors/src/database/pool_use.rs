use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mysql_async::Metrics;

/// How many connections of a [`Database`](super::Database) are in use; always the current number.
#[derive(Clone)]
pub struct PoolUse(Vec<Arc<Metrics>>);

impl PoolUse {
    pub(super) fn new(metrics: Vec<Arc<Metrics>>) -> Self {
        Self(metrics)
    }

    /// Connections in use.
    pub fn busy(&self) -> usize {
        self.sum(|metrics| &metrics.connections_in_use)
    }

    /// Open connections that are idle.
    pub fn idle(&self) -> usize {
        self.sum(|metrics| &metrics.connections_in_pool)
    }

    fn sum(&self, gauge: impl Fn(&Metrics) -> &AtomicUsize) -> usize {
        let gauges = self.0.iter().map(|metrics| gauge(metrics));
        gauges.map(|gauge| gauge.load(Ordering::Relaxed)).sum()
    }
}

impl fmt::Debug for PoolUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} busy, {} idle", self.busy(), self.idle())
    }
}
