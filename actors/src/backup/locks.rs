//! One lock for each folder or upload, which serializes what changes it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard};

/// The locks in use.
#[derive(Debug)]
pub(super) struct Locks<K>(HashMap<K, Arc<Mutex<()>>>);

impl<K> Default for Locks<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Clone + Eq + Hash> Locks<K> {
    /// Waits for a lock, in the order of the calls.
    pub(super) fn lock(&mut self, key: &K) -> impl Future<Output = OwnedMutexGuard<()>> + use<K> {
        self.0.retain(|_, lock| Arc::strong_count(lock) > 1);
        Arc::clone(self.0.entry(key.clone()).or_default()).lock_owned()
    }

    /// Whether something holds the lock or waits for it.
    pub(super) fn is_in_use(&self, key: &K) -> bool {
        let lock = self.0.get(key);
        lock.is_some_and(|lock| Arc::strong_count(lock) > 1)
    }

    /// Waits until everything that is locked now has been free once.
    pub(super) fn all_free(&self) -> impl Future<Output = ()> + use<K> {
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
    use crate::backup::folder::{BackupType, Folder};

    fn folder(device: &str) -> Folder {
        Folder {
            device: device.parse().unwrap(),
            kind: BackupType::Logs,
        }
    }

    #[test]
    fn a_folder_is_held_by_one_and_others_are_free() {
        let mut locks = Locks::default();
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
        let mut locks = Locks::default();
        for device in 0..100 {
            drop(locks.lock(&folder(&device.to_string())).now_or_never());
        }
        assert_eq!(locks.0.len(), 1);
    }
}
