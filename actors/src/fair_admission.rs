//! Permits that bound running and waiting work, fairly per owner: the batches of devices.
//!
//! Like [`Admission`](crate::admission), with two additions. An owner has one turn at a time: the batches of a device lock
//! each other out in the database, so a second one would only occupy a turn. And a free turn goes to the owners that wait
//! in rotation: a device with a hundred requests delays another one by one batch, not by a hundred.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::admission::Full;
use crate::locks::{Mutex, MutexGuard, Notify, PoisonError};

/// Running turns and a bounded queue for them. Clones share both.
#[derive(Clone, Debug)]
pub struct FairAdmission(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    running_limit: usize,
    waiting_limit: usize,
    state: Mutex<State>,
    /// Notified when the last turn ends.
    idle: Notify,
}

#[derive(Debug, Default)]
struct State {
    is_closed: bool,
    /// The owners that have a turn.
    running: BTreeSet<String>,
    /// Those who wait, by owner, in the order of their calls. No queue is empty.
    waiting: BTreeMap<String, VecDeque<Waiter>>,
    /// The owners that wait and have no turn, in rotation.
    rotation: VecDeque<String>,
    next_number: u64,
    /// When the latest turn ended.
    ended_at: Option<Instant>,
}

#[derive(Debug)]
struct Waiter {
    number: u64,
    reply: oneshot::Sender<FairTurn>,
}

/// The turn of an owner. The message carries it to the work; it is freed on drop.
#[derive(Debug)]
pub struct FairTurn {
    shared: Arc<Shared>,
    owner: String,
}

/// A call that waits. Fields drop in order: the place is left before the turn, which may have come meanwhile, is freed.
#[derive(Debug)]
struct Waiting {
    _place: Place,
    turn: oneshot::Receiver<FairTurn>,
}

/// A place in the queue, which is left on drop.
#[derive(Debug)]
struct Place {
    shared: Arc<Shared>,
    owner: String,
    number: u64,
}

impl FairAdmission {
    /// At most `running` concurrent turns, and `waiting` calls in the queue.
    pub fn new(running: usize, waiting: usize) -> Self {
        Self(Arc::new(Shared {
            running_limit: running,
            waiting_limit: waiting,
            state: Mutex::default(),
            idle: Notify::new(),
        }))
    }

    /// A turn for this owner, now or after waiting in the queue. [`Full`] if there is no place in the queue.
    pub async fn enter(&self, owner: &str) -> Result<FairTurn, Full> {
        match self.0.admit(owner)? {
            Admitted::Running(turn) => Ok(turn),
            Admitted::Waiting(mut waiting) => match (&mut waiting.turn).await {
                Ok(turn) => Ok(turn),
                // Unreachable: the sender is dropped with the place only.
                Err(_left) => pending().await,
            },
        }
    }

    /// Turns taken.
    pub fn running(&self) -> usize {
        self.0.lock().running.len()
    }

    /// Whether there are turns, or were until less than `time` ago.
    pub fn was_busy_within(&self, time: Duration) -> bool {
        let state = self.0.lock();
        let has_ended = state.ended_at.is_some_and(|at| at.elapsed() < time);
        has_ended || !state.running.is_empty()
    }

    /// Calls waiting in the queue.
    pub fn waiting(&self) -> usize {
        self.0.lock().waiting()
    }

    /// Admits nothing more, and returns when all admitted work has ended.
    pub async fn drained(&self) {
        loop {
            // Subscribes before the check, so that no notification in between is lost.
            let idle = self.0.idle.notified();
            let is_idle = {
                let mut state = self.0.lock();
                state.is_closed = true;
                state.running.is_empty() && state.waiting.is_empty()
            };
            if is_idle {
                return;
            }
            idle.await;
        }
    }
}

enum Admitted {
    Running(FairTurn),
    Waiting(Waiting),
}

impl Shared {
    /// A panic while the lock is held leaves the state whole: every change is a few infallible steps.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(self: &Arc<Self>, owner: &str) -> Result<Admitted, Full> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(Full);
        }
        let is_owner_free = !state.running.contains(owner);
        if is_owner_free && state.running.len() < self.running_limit {
            return Ok(Admitted::Running(self.begin(&mut state, owner.to_owned())));
        }
        if state.waiting() >= self.waiting_limit {
            return Err(Full);
        }
        let number = state.next_number;
        state.next_number += 1;
        let (reply, turn) = oneshot::channel();
        let queue = state.waiting.entry(owner.to_owned()).or_default();
        queue.push_back(Waiter { number, reply });
        if is_owner_free && queue.len() == 1 {
            state.rotation.push_back(owner.to_owned());
        }
        let place = Place {
            shared: Arc::clone(self),
            owner: owner.to_owned(),
            number,
        };
        Ok(Admitted::Waiting(Waiting {
            _place: place,
            turn,
        }))
    }

    fn begin(self: &Arc<Self>, state: &mut State, owner: String) -> FairTurn {
        state.running.insert(owner.clone());
        FairTurn {
            shared: Arc::clone(self),
            owner,
        }
    }

    fn end(self: &Arc<Self>, owner: &str) {
        let mut state = self.lock();
        state.running.remove(owner);
        state.ended_at = Some(Instant::now());
        if state.waiting.contains_key(owner) {
            state.rotation.push_back(owner.to_owned());
        }
        while state.running.len() < self.running_limit
            && let Some(owner) = state.rotation.pop_front()
        {
            let Some(waiter) = state.take_first(&owner) else {
                continue;
            };
            let turn = self.begin(&mut state, owner);
            // The receiver exists: its place is left, under this lock, before it is dropped.
            let _ = waiter.reply.send(turn);
        }
        if state.running.is_empty() {
            self.idle.notify_waiters();
        }
    }
}

impl State {
    fn waiting(&self) -> usize {
        self.waiting.values().map(VecDeque::len).sum()
    }

    fn take_first(&mut self, owner: &str) -> Option<Waiter> {
        let queue = self.waiting.get_mut(owner)?;
        let first = queue.pop_front();
        if queue.is_empty() {
            self.waiting.remove(owner);
        }
        first
    }

    fn leave(&mut self, owner: &str, number: u64) {
        let Some(queue) = self.waiting.get_mut(owner) else {
            return;
        };
        queue.retain(|waiter| waiter.number != number);
        if queue.is_empty() {
            self.waiting.remove(owner);
            self.rotation.retain(|waiting| waiting != owner);
        }
    }
}

impl Drop for FairTurn {
    fn drop(&mut self) {
        self.shared.end(&self.owner);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.lock().leave(&self.owner, self.number);
    }
}

#[cfg(test)]
mod tests;
