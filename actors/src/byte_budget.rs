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

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    const MIB: usize = 1024 * 1024;
    const LONG: Duration = Duration::from_hours(1);

    #[actix::test]
    async fn bytes_are_reserved_until_they_are_dropped() {
        let budget = ByteBudget::new(10 * MIB);
        let six = budget.reserve(6 * MIB, Duration::ZERO).await.unwrap();
        let four = budget.reserve(4 * MIB, Duration::ZERO).await.unwrap();
        assert_eq!(budget.reserved_bytes(), 10 * MIB);
        drop((six, four));
        assert_eq!(budget.reserved_bytes(), 0);
    }

    #[actix::test]
    async fn who_finds_no_room_is_refused_after_the_time_limit() {
        let budget = ByteBudget::new(10 * MIB);
        let _six = budget.reserve(6 * MIB, Duration::ZERO).await.unwrap();

        let refused = budget.reserve(5 * MIB, Duration::from_millis(1));
        let refused = timeout(Duration::from_secs(10), refused)
            .await
            .expect("it is refused");

        assert_eq!(refused.unwrap_err(), ReserveError::TimedOut);
        assert_eq!(
            budget.reserved_bytes(),
            6 * MIB,
            "nothing is kept by who was refused"
        );
    }

    #[actix::test]
    async fn a_large_reservation_is_not_starved_by_small_ones() {
        let budget = ByteBudget::new(10 * MIB);
        let six = budget.reserve(6 * MIB, Duration::ZERO).await.unwrap();
        let mut large = Box::pin(budget.reserve(9 * MIB, LONG));
        assert!((&mut large).now_or_never().is_none());
        let mut small = Box::pin(budget.reserve(2 * MIB, LONG));
        assert!(
            (&mut small).now_or_never().is_none(),
            "the large one came first"
        );

        drop(six);

        let large = large.await.unwrap();
        assert!((&mut small).now_or_never().is_none());
        drop(large);
        small.await.unwrap();
    }

    #[actix::test]
    async fn more_than_the_whole_budget_is_refused_at_once_and_exactly_that_is_not() {
        let odd = 10 * MIB + 1;
        let budget = ByteBudget::new(odd);
        let refused = budget.reserve(odd + 1, LONG).now_or_never();
        assert_eq!(refused.unwrap().unwrap_err(), ReserveError::TooLarge);
        assert!(budget.reserve(odd, Duration::ZERO).await.is_ok());
    }

    #[actix::test]
    async fn what_turns_out_to_be_smaller_gives_the_rest_back_and_never_grows() {
        let budget = ByteBudget::new(10 * MIB);
        let mut body = budget.reserve(10 * MIB, Duration::ZERO).await.unwrap();
        body.shrink_to(MIB);
        assert_eq!(budget.reserved_bytes(), MIB);
        body.shrink_to(2 * MIB);
        assert_eq!(budget.reserved_bytes(), MIB);
    }
}
