//! Connections of clients, and the file descriptors that bound them.
//!
//! A process without a free descriptor can neither accept a connection nor open one to the database, nor a file. So clients
//! get half of the descriptors: while those are taken, more connections wait in the kernel.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The most connections, however many descriptors there are.
const MOST_CONNECTIONS: u64 = 25_000;

/// How long after the last connection was taken this is still reported, and how often it is logged.
const REPORTED_FOR: Duration = Duration::from_mins(1);
const LOGGED_EVERY: Duration = Duration::from_hours(1);

/// The number of open connections and its limit. Clones share both.
#[derive(Clone, Debug)]
pub struct Connections(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limit: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    open: usize,
    /// When all connections were last in use.
    full_at: Option<Instant>,
    logged_at: Option<Instant>,
}

/// An open connection. It is closed on drop.
#[derive(Debug)]
pub struct Connection(Connections);

impl Connections {
    /// For the descriptors that this process may have, which it raises to what it is allowed to.
    pub fn for_this_process() -> Self {
        let allowed = getrlimit(Resource::Nofile);
        let raised = Rlimit {
            current: allowed.maximum,
            maximum: allowed.maximum,
        };
        let descriptors = match setrlimit(Resource::Nofile, raised) {
            Ok(()) => allowed.maximum,
            Err(_) => allowed.current,
        };
        let most = descriptors.map_or(MOST_CONNECTIONS, |descriptors| {
            MOST_CONNECTIONS.min(descriptors / 2)
        });
        Self::new(usize::try_from(most).unwrap_or(usize::MAX))
    }

    /// At most `limit` connections.
    pub fn new(limit: usize) -> Self {
        Self(Arc::new(Shared {
            limit,
            state: Mutex::default(),
        }))
    }

    /// The most connections at a time.
    pub fn limit(&self) -> usize {
        self.0.limit
    }

    /// Counts a connection until it is dropped.
    pub fn open(&self, now: Instant) -> Connection {
        let mut state = self.state();
        state.open += 1;
        if state.open >= self.0.limit {
            state.full_at = Some(now);
            let is_logged = |at: Instant| now.duration_since(at) < LOGGED_EVERY;
            if !state.logged_at.is_some_and(is_logged) {
                state.logged_at = Some(now);
                let limit = self.0.limit;
                log::warn!(limit; "all connections are in use: more clients wait; raise LimitNOFILE or ulimit -n");
            }
        }
        Connection(self.clone())
    }

    /// The limit, if all connections are in use, or were within the last minute.
    pub fn full(&self, now: Instant) -> Option<usize> {
        let state = self.state();
        let is_recent = |at: Instant| now.duration_since(at) < REPORTED_FOR;
        let is_full = state.open >= self.0.limit || state.full_at.is_some_and(is_recent);
        is_full.then_some(self.0.limit)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is complete before it can panic.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.state().open -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_connections_in_use_are_reported_until_a_minute_after_the_last() {
        let connections = Connections::new(2);
        let start = Instant::now();
        let first = connections.open(start);
        assert_eq!(connections.full(start), None);
        let second = connections.open(start);
        let later = start + Duration::from_mins(9);
        assert_eq!(connections.full(later), Some(2));
        drop(first);
        assert_eq!(connections.full(start + Duration::from_secs(59)), Some(2));
        assert_eq!(connections.full(later), None);
        let _third = connections.open(later);
        assert_eq!(connections.full(later), Some(2));
        drop(second);
    }
}
