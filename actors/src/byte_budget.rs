//! A bound on the memory that request bodies take together.
//!
//! A body reserves memory as its bytes arrive, so a slow client holds only what it has sent. Every grant leaves enough free
//! for the bodies in progress to be completed one after the other (the banker's algorithm), so bodies that wait for memory
//! never wait for each other in a circle. Where several wait, the one with the fewest missing bytes goes first.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

mod ledger;

use crate::locks::{Mutex, MutexGuard, PoisonError};
use ledger::{Account, Ledger, Limits};

/// Reservations grow in steps of this size.
const STEP_BYTES: usize = 16 * 1024;

/// The client that a body belongs to. Bodies of unknown clients share one account.
pub type Client = Option<IpAddr>;

/// Memory that request bodies share. Clones share one budget.
#[derive(Debug, Clone)]
pub struct ByteBudget {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    ledger: Ledger,
    /// By account: the size that is waited for.
    waiting: BTreeMap<u64, (usize, oneshot::Sender<()>)>,
}

/// Why memory was not reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReserveError {
    /// The body can never fit.
    #[error("the body is larger than the memory of one client")]
    TooLarge,
    /// Other bodies did not free enough within the time limit.
    #[error("no room in the memory budget within the time limit")]
    TimedOut,
}

/// The memory of one body. Freed on drop.
#[derive(Debug)]
pub struct Reservation {
    state: Arc<Mutex<State>>,
    account: u64,
}

impl ByteBudget {
    /// A budget of `total_bytes`. One client gets half of it at most, and a part is left to small bodies.
    pub fn new(total_bytes: usize) -> Self {
        let state = State {
            ledger: Ledger::new(Limits::of(total_bytes)),
            waiting: BTreeMap::new(),
        };
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Begins a body of at most `most_bytes`. It holds no memory yet.
    pub fn begin(&self, client: Client, most_bytes: usize) -> Result<Reservation, ReserveError> {
        let mut state = lock(&self.state);
        if !state.ledger.can_ever_hold(most_bytes) {
            return Err(ReserveError::TooLarge);
        }
        let account = state.ledger.open(Account::new(client, most_bytes));
        Ok(Reservation {
            state: Arc::clone(&self.state),
            account,
        })
    }

    /// Bytes that are reserved now.
    pub fn reserved_bytes(&self) -> usize {
        lock(&self.state).ledger.held_bytes()
    }
}

impl Reservation {
    /// Reserves memory for a body that has grown to `bytes`. Waits up to `limit` for other bodies to be completed.
    pub async fn grow_to(&mut self, bytes: usize, limit: Duration) -> Result<(), ReserveError> {
        let granted = {
            let mut state = lock(&self.state);
            let wanted = bytes.next_multiple_of(STEP_BYTES);
            if state.ledger.grow(self.account, wanted) {
                return Ok(());
            }
            let (grant, granted) = oneshot::channel();
            state.waiting.insert(self.account, (wanted, grant));
            granted
        };
        if let Ok(Ok(())) = timeout(limit, granted).await {
            return Ok(());
        }
        // A grant at the last moment counts.
        match lock(&self.state).waiting.remove(&self.account) {
            Some(_) => Err(ReserveError::TimedOut),
            None => Ok(()),
        }
    }

    /// Ends the growth at `bytes`, and frees what was reserved beyond.
    pub fn complete(&mut self, bytes: usize) {
        let mut state = lock(&self.state);
        state.ledger.complete(self.account, bytes);
        state.grant_waiting();
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        state.waiting.remove(&self.account);
        state.ledger.close(self.account);
        state.grant_waiting();
    }
}

impl State {
    /// Grants what is possible now, the bodies with the fewest missing bytes first.
    fn grant_waiting(&mut self) {
        // A wait that was cancelled wants nothing any more.
        self.waiting.retain(|_, (_, grant)| !grant.is_closed());
        let mut order: Vec<u64> = self.waiting.keys().copied().collect();
        order.sort_by_key(|account| self.ledger.missing_bytes(*account));
        for account in order {
            let Some((wanted, _)) = self.waiting.get(&account) else {
                continue;
            };
            if self.ledger.grow(account, *wanted)
                && let Some((_, grant)) = self.waiting.remove(&account)
            {
                let _ = grant.send(());
            }
        }
    }
}

/// The state is consistent between any two statements, so a panic elsewhere does not spoil it.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
