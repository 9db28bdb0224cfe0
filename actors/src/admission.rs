//! Permits at the door: what runs and what waits is bounded.
//!
//! An actix mailbox bounds nothing, so whoever wants work done asks here first: [`Admission::admit`]
//! answers at once, [`Permit::turn`] waits for a running slot, and the [`Turn`] travels inside the
//! message. Everything frees itself on drop: a client that hangs up, a handler that panics, a
//! message that is skipped. Nothing is counted by hand.
//!
//! Wait for the turn *before* sending: what waits outside of the actor survives its restart, and
//! leaves the line the moment its client hangs up. What was sent is the actor's, to the end.

use std::{future::pending, sync::Arc};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Running slots and places in the line before them. Clones share both.
#[derive(Debug, Clone)]
pub struct Admission {
    slots: Arc<Semaphore>,
    slot_count: usize,
    line: Arc<Semaphore>,
    line_length: usize,
    /// Told whenever a slot or a place in the line is freed.
    freed: Arc<Notify>,
}

/// All slots are taken, and the line is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("all slots and all waiting places are taken")]
pub struct Full;

/// The right to a [`Turn`], now or when the line has moved up.
#[derive(Debug)]
pub struct Permit(Standing);

#[derive(Debug)]
enum Standing {
    Running(Turn),
    Waiting { _place: Held, admission: Admission },
}

/// A running slot. It belongs into the message, and then to the work itself.
#[derive(Debug)]
pub struct Turn {
    _slot: Held,
}

/// A slot or a place. The order of the fields matters: freed first, then told.
#[derive(Debug)]
struct Held {
    _permit: OwnedSemaphorePermit,
    _tell: TellFreed,
}

#[derive(Debug)]
struct TellFreed(Arc<Notify>);

impl Drop for TellFreed {
    fn drop(&mut self) {
        self.0.notify_waiters();
    }
}

impl Admission {
    /// Room for `running` turns at a time and `waiting` permits in line for them.
    pub fn new(running: usize, waiting: usize) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(running)),
            slot_count: running,
            line: Arc::new(Semaphore::new(waiting)),
            line_length: waiting,
            freed: Arc::default(),
        }
    }

    /// A free slot, else a place in the line, else [`Full`]. Never waits.
    pub fn admit(&self) -> Result<Permit, Full> {
        if let Some(slot) = self.try_hold(&self.slots) {
            return Ok(Permit(Standing::Running(Turn { _slot: slot })));
        }
        let place = self.try_hold(&self.line).ok_or(Full)?;
        Ok(Permit(Standing::Waiting {
            _place: place,
            admission: self.clone(),
        }))
    }

    /// [`admit`](Self::admit) and [`turn`](Permit::turn) in one.
    pub async fn enter(&self) -> Result<Turn, Full> {
        Ok(self.admit()?.turn().await)
    }

    /// A turn for background work: waits until a slot is free and nobody stands in line for it.
    /// Takes no place in the line.
    pub async fn spare_turn(&self) -> Turn {
        loop {
            // Listens before it looks, so that nothing freed in between is missed.
            let freed = self.freed.notified();
            if self.waiting() == 0
                && let Some(slot) = self.try_hold(&self.slots)
            {
                return Turn { _slot: slot };
            }
            freed.await;
        }
    }

    /// Turns that are taken now.
    pub fn running(&self) -> usize {
        self.slot_count - self.slots.available_permits()
    }

    /// Permits that stand in line now.
    pub fn waiting(&self) -> usize {
        self.line_length - self.line.available_permits()
    }

    /// Closes the door for good, and returns when all that was admitted has ended.
    pub async fn drained(&self) {
        // First the line: whoever stands in it still gets a slot.
        close(&self.line, self.line_length).await;
        close(&self.slots, self.slot_count).await;
    }

    fn try_hold(&self, semaphore: &Arc<Semaphore>) -> Option<Held> {
        let permit = Arc::clone(semaphore).try_acquire_owned().ok()?;
        Some(self.held(permit))
    }

    fn held(&self, permit: OwnedSemaphorePermit) -> Held {
        Held {
            _permit: permit,
            _tell: TellFreed(Arc::clone(&self.freed)),
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
                    // The slots close only after the line is empty, and this stands in it.
                    Err(_closed) => pending().await,
                }
            }
        }
    }
}

/// Takes every permit as it comes back, so that nobody else gets it.
async fn close(semaphore: &Semaphore, permits: usize) {
    let permits = u32::try_from(permits).unwrap_or(u32::MAX);
    if let Ok(_all) = semaphore.acquire_many(permits).await {
        semaphore.close();
    }
}

#[cfg(test)]
mod tests;
