//! One lock for each folder, which serializes storing and rotating.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard};

use super::folder::Folder;

/// The locks of the folders in use.
#[derive(Debug, Default)]
pub(super) struct FolderLocks(HashMap<Folder, Arc<Mutex<()>>>);

impl FolderLocks {
    /// Waits for a folder, in the order of the calls.
    pub(super) fn lock(
        &mut self,
        folder: &Folder,
    ) -> impl Future<Output = OwnedMutexGuard<()>> + use<> {
        self.0.retain(|_, lock| Arc::strong_count(lock) > 1);
        Arc::clone(self.0.entry(folder.clone()).or_default()).lock_owned()
    }

    /// Waits until every folder that is locked now has been free once.
    pub(super) fn all_free(&self) -> impl Future<Output = ()> + use<> {
        let locks: Vec<_> = self.0.values().map(Arc::clone).collect();
        async move {
            for lock in locks {
                drop(lock.lock().await);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::backup::folder::BackupType;

    fn folder(device: &str) -> Folder {
        Folder {
            device: device.parse().unwrap(),
            kind: BackupType::Logs,
        }
    }

    #[test]
    fn a_folder_is_held_by_one_and_others_are_free() {
        let mut locks = FolderLocks::default();
        let first = locks.lock(&folder("a")).now_or_never().unwrap();
        let mut second = Box::pin(locks.lock(&folder("a")));
        assert!(second.as_mut().now_or_never().is_none());
        assert!(locks.lock(&folder("b")).now_or_never().is_some());
        assert!(locks.all_free().now_or_never().is_none());
        drop(first);
        drop(second.now_or_never().unwrap());
        assert!(locks.all_free().now_or_never().is_some());
    }

    #[test]
    fn unheld_locks_are_dropped() {
        let mut locks = FolderLocks::default();
        for device in 0..100 {
            drop(locks.lock(&folder(&device.to_string())).now_or_never());
        }
        assert_eq!(locks.0.len(), 1);
    }
}
