//! Wakes the background tasks up before their pauses end: both of the queue, and the one that diagnoses.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// The shortest pause without a wakeup.
const SHORTEST_PAUSE: Duration = Duration::from_millis(500);

/// Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Wakeup {
    ready: Arc<Notify>,
    queued: Arc<Notify>,
    due: Arc<Notify>,
    changed: Arc<Notify>,
}

impl Wakeup {
    /// Drives are ready: diagnose them.
    pub(super) fn drives_ready(&self) {
        self.ready.notify_one();
    }

    /// Drives are queued: claim one. They are ready, too.
    pub(super) fn drives_queued(&self) {
        self.drives_ready();
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

    /// Waits for drives that are ready, for `pause` at most.
    pub(super) async fn until_ready(&self, pause: Duration) {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = self.ready.notified() => {}
        }
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

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    const LONG: Duration = Duration::from_hours(1);

    #[tokio::test]
    async fn a_queued_drive_is_diagnosed_without_a_pause() {
        let wakeup = Wakeup::default();
        assert!(wakeup.until_ready(LONG).now_or_never().is_none());
        wakeup.drives_queued();
        assert!(wakeup.until_ready(LONG).now_or_never().is_some());
        assert!(wakeup.until_queued(LONG).now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_drive_that_is_only_ready_leaves_the_queue_asleep() {
        let wakeup = Wakeup::default();
        wakeup.drives_ready();
        assert!(wakeup.until_ready(LONG).now_or_never().is_some());
        assert!(wakeup.until_queued(LONG).now_or_never().is_none());
    }
}
