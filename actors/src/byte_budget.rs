//! A bound on the memory that request bodies take together.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// The grain of the budget: one semaphore permit. Permits are counted in `u32`, bytes are not.
const GRAIN_BYTES: usize = 1024;

/// Memory to share among request bodies. Clones share one budget.
#[derive(Debug, Clone)]
pub struct ByteBudget {
    grains: Arc<Semaphore>,
    total_bytes: usize,
}

/// Why bytes were not reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReserveError {
    /// More than the whole budget: waiting would never help.
    #[error("more bytes than the whole budget")]
    TooLarge,
    /// Others did not free enough within the time limit.
    #[error("no room in the memory budget within the time limit")]
    TimedOut,
}

/// Bytes that are set aside until this is dropped.
#[derive(Debug)]
pub struct Reservation {
    grains: OwnedSemaphorePermit,
}

impl ByteBudget {
    /// A budget of `total_bytes`, in effect rounded up to whole KiB.
    pub fn new(total_bytes: usize) -> Self {
        Self {
            grains: Arc::new(Semaphore::new(total_bytes.div_ceil(GRAIN_BYTES))),
            total_bytes,
        }
    }

    /// Sets `bytes` aside, waiting up to `limit` for others to free them, in the order of the
    /// calls. Reserve once for a request, for all it will need: those who wait while they hold
    /// something wait for each other.
    pub async fn reserve(
        &self,
        bytes: usize,
        limit: Duration,
    ) -> Result<Reservation, ReserveError> {
        if bytes > self.total_bytes {
            return Err(ReserveError::TooLarge);
        }
        let grains =
            u32::try_from(bytes.div_ceil(GRAIN_BYTES)).map_err(|_| ReserveError::TooLarge)?;
        match timeout(limit, Arc::clone(&self.grains).acquire_many_owned(grains)).await {
            Ok(Ok(grains)) => Ok(Reservation { grains }),
            // Closed it never is: nothing here closes it.
            Ok(Err(_)) | Err(_) => Err(ReserveError::TimedOut),
        }
    }

    /// Bytes that are set aside now, in whole KiB.
    pub fn reserved_bytes(&self) -> usize {
        let free_bytes = self.grains.available_permits() * GRAIN_BYTES;
        (self.total_bytes.div_ceil(GRAIN_BYTES) * GRAIN_BYTES).saturating_sub(free_bytes)
    }
}

impl Reservation {
    /// Gives back all but `bytes`, once the true size is known.
    pub fn shrink_to(&mut self, bytes: usize) {
        let surplus = self
            .grains
            .num_permits()
            .saturating_sub(bytes.div_ceil(GRAIN_BYTES));
        drop(self.grains.split(surplus));
    }
}
