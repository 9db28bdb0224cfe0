//! Wakes the two background tasks of the queue up before their pauses end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// The shortest pause without a wakeup.
const SHORTEST_PAUSE: Duration = Duration::from_millis(500);

/// Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Wakeup {
    queued: Arc<Notify>,
    due: Arc<Notify>,
    changed: Arc<Notify>,
}

impl Wakeup {
    /// Drives are queued: claim one.
    pub(super) fn drives_queued(&self) {
        self.queued.notify_one();
    }

    /// Drives are due for a check.
    pub(super) fn drives_due(&self) {
        self.due.notify_one();
    }

    /// Drives have changed: check them once they can be quiet.
    pub(super) fn drives_changed(&self) {
        self.changed.notify_one();
    }

    /// Waits for queued drives, for `pause` at most.
    pub(super) async fn until_queued(&self, pause: Duration) {
        tokio::select! {
            () = tokio::time::sleep(pause.max(SHORTEST_PAUSE)) => {}
            () = self.queued.notified() => {}
        }
    }

    /// Waits for drives that are due for a check, for `pause` at most; after a change, for `quiet` at most.
    pub(super) async fn until_due(&self, pause: Duration, quiet: Duration) {
        let mut end = Instant::now() + pause.max(SHORTEST_PAUSE);
        loop {
            tokio::select! {
                () = sleep_until(end) => return,
                () = self.due.notified() => return,
                () = self.changed.notified() => {
                    end = end.min(Instant::now() + quiet.max(SHORTEST_PAUSE));
                }
            }
        }
    }
}
