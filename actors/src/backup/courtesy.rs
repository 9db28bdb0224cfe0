//! Lets batches go first. An upload shares the disk and the processors with them; the database syncs its log for each batch
//! and would wait for all that an upload has written before.

use std::thread;
use std::time::{Duration, Instant};

use crate::fair_admission::FairAdmission;

/// How long after a batch the next one is expected.
const RECENTLY: Duration = Duration::from_secs(1);

/// A disk that hangs does not make an upload hang twice as long.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// While batches are stored, an upload syncs each piece that it writes and pauses as long as that took. Otherwise it is as
/// fast as the disk.
#[derive(Debug, Default)]
pub(super) struct Courtesy {
    batches: Option<FairAdmission>,
}

impl Courtesy {
    pub(super) fn towards(batches: FairAdmission) -> Self {
        Self {
            batches: Some(batches),
        }
    }

    /// Whether batches are stored, or were a moment ago.
    pub(super) fn is_due(&self) -> bool {
        let batches = self.batches.as_ref();
        batches.is_some_and(|batches| batches.was_busy_within(RECENTLY))
    }

    /// Pauses as long as the work took that began at `begun`. Blocks.
    pub(super) fn pause(begun: Instant) {
        thread::sleep(begun.elapsed().min(LONGEST_PAUSE));
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn it_is_due_while_a_batch_is_stored_and_a_moment_longer() {
        let batches = FairAdmission::new(1, 0);
        let courtesy = Courtesy::towards(batches.clone());
        assert!(!courtesy.is_due());
        let turn = batches.enter("car").now_or_never().unwrap().unwrap();
        assert!(courtesy.is_due());
        drop(turn);
        assert!(courtesy.is_due());
        assert!(!Courtesy::default().is_due());
    }

    #[test]
    fn the_pause_is_as_long_as_the_work() {
        let work = Duration::from_millis(20);
        let now = Instant::now();
        Courtesy::pause(now.checked_sub(work).unwrap());
        assert!(now.elapsed() >= work);
    }
}
