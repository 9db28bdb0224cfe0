//! Permits that bound running and waiting work.
//!
//! An actix mailbox is unbounded in effect, so a request first takes a permit here:
//! [`Admission::admit`] answers immediately, [`Permit::turn`] waits for a running slot, and the
//! [`Turn`] travels inside the message. Permits are freed on drop, also when a client disconnects, a
//! handler panics or a message is skipped. There are no manual counters.
//!
//! Wait for the turn *before* sending the message: a request that waits outside of the actor
//! survives the actor's restart and leaves the queue as soon as its client disconnects.

use std::{future::pending, sync::Arc};

use crate::locks::{Notify, OwnedSemaphorePermit, Semaphore};

/// Running slots and a bounded queue for them. Clones share both.
#[derive(Debug, Clone)]
pub struct Admission {
    slots: Arc<Semaphore>,
    slot_count: usize,
    queue: Arc<Semaphore>,
    queue_length: usize,
    /// Notified when a slot or a place in the queue is freed.
    freed: Arc<Notify>,
}

/// All slots are taken, and the queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("all slots and all waiting places are taken")]
pub struct Full;

/// The right to a [`Turn`], now or after waiting in the queue.
#[derive(Debug)]
pub struct Permit(Standing);

#[derive(Debug)]
enum Standing {
    Running(Turn),
    Waiting { _place: Held, admission: Admission },
}

/// A running slot. The message carries it to the work.
#[derive(Debug)]
pub struct Turn {
    _slot: Held,
}

/// A slot or a place in the queue. Fields drop in order: the permit is freed before the notification.
#[derive(Debug)]
struct Held {
    _permit: OwnedSemaphorePermit,
    _notify: NotifyFreed,
}

#[derive(Debug)]
struct NotifyFreed(Arc<Notify>);

impl Drop for NotifyFreed {
    fn drop(&mut self) {
        self.0.notify_waiters();
    }
}

impl Admission {
    /// At most `running` concurrent turns, and `waiting` permits in the queue.
    pub fn new(running: usize, waiting: usize) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(running)),
            slot_count: running,
            queue: Arc::new(Semaphore::new(waiting)),
            queue_length: waiting,
            freed: Arc::default(),
        }
    }

    /// A free slot, else a place in the queue, else [`Full`]. Never waits.
    pub fn admit(&self) -> Result<Permit, Full> {
        if let Some(slot) = self.try_hold(&self.slots) {
            return Ok(Permit(Standing::Running(Turn { _slot: slot })));
        }
        let place = self.try_hold(&self.queue).ok_or(Full)?;
        Ok(Permit(Standing::Waiting {
            _place: place,
            admission: self.clone(),
        }))
    }

    /// [`admit`](Self::admit) and [`turn`](Permit::turn) in one.
    pub async fn enter(&self) -> Result<Turn, Full> {
        Ok(self.admit()?.turn().await)
    }

    /// A turn for background work: waits until a slot is free and the queue is empty. Takes no place
    /// in the queue.
    pub async fn spare_turn(&self) -> Turn {
        loop {
            // Subscribes before the check, so that no notification in between is lost.
            let freed = self.freed.notified();
            if self.waiting() == 0
                && let Some(slot) = self.try_hold(&self.slots)
            {
                return Turn { _slot: slot };
            }
            freed.await;
        }
    }

    /// Turns taken.
    pub fn running(&self) -> usize {
        self.slot_count - self.slots.available_permits()
    }

    /// Permits waiting in the queue.
    pub fn waiting(&self) -> usize {
        self.queue_length - self.queue.available_permits()
    }

    /// Admits nothing more, and returns when all admitted work has ended.
    pub async fn drained(&self) {
        // The queue first: waiting permits still get a slot.
        close(&self.queue, self.queue_length).await;
        close(&self.slots, self.slot_count).await;
    }

    fn try_hold(&self, semaphore: &Arc<Semaphore>) -> Option<Held> {
        let permit = Arc::clone(semaphore).try_acquire_owned().ok()?;
        Some(self.held(permit))
    }

    fn held(&self, permit: OwnedSemaphorePermit) -> Held {
        Held {
            _permit: permit,
            _notify: NotifyFreed(Arc::clone(&self.freed)),
        }
    }
}

impl Permit {
    /// Waits for a running slot, in the order of the calls.
    pub async fn turn(self) -> Turn {
        match self.0 {
            Standing::Running(turn) => turn,
            Standing::Waiting { _place, admission } => {
                match Arc::clone(&admission.slots).acquire_owned().await {
                    Ok(slot) => Turn {
                        _slot: admission.held(slot),
                    },
                    // Unreachable: slots close only after the queue is empty, and this permit is in it.
                    Err(_closed) => pending().await,
                }
            }
        }
    }
}

/// Takes every permit as it is freed.
async fn close(semaphore: &Semaphore, permits: usize) {
    let permits = u32::try_from(permits).unwrap_or(u32::MAX);
    if let Ok(_all) = semaphore.acquire_many(permits).await {
        semaphore.close();
    }
}

#[cfg(test)]
mod tests;
