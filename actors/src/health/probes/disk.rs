use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::runtime::blocking;

/// A local disk answers at once; a network disk may never.
const LIMIT: Duration = Duration::from_secs(4);

/// The least free space, in bytes, for a disk not to count as nearly full.
const LEAST_FREE_BYTES: u64 = 1024 * 1024 * 1024;

/// The free space that the backup disk should have, in bytes.
pub fn wanted_bytes(largest_backup_bytes: u64) -> u64 {
    LEAST_FREE_BYTES.max(2 * largest_backup_bytes)
}

/// The disk that holds a folder.
#[derive(Clone, Debug)]
pub(super) struct Disk {
    folder: PathBuf,
    /// A hanging system call cannot be cancelled and occupies a thread, so there is never more than one.
    asking: Arc<Semaphore>,
}

impl Disk {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            asking: Arc::new(Semaphore::new(1)),
        }
    }

    /// The free space for this process, in bytes; `None` if the disk does not answer in time.
    pub(super) async fn free_bytes(&self) -> Option<u64> {
        let asking = Arc::clone(&self.asking).try_acquire_owned().ok()?;
        let folder = self.folder.clone();
        let answer = blocking(move || {
            let answer = free_bytes(&folder);
            drop(asking);
            answer
        });
        timeout(LIMIT, answer).await.ok().flatten()
    }
}

/// The free space for this process on the disk of a folder, in bytes. A folder that does not exist yet is on the disk of
/// its nearest existing ancestor. May block indefinitely on a network disk.
pub fn free_bytes(folder: &Path) -> Option<u64> {
    let folder = if folder.is_absolute() {
        folder.to_owned()
    } else {
        Path::new(".").join(folder)
    };
    let existing = folder.ancestors().find(|folder| folder.exists())?;
    let disk = rustix::fs::statvfs(existing).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_missing_folder_has_the_free_space_of_the_disk_of_its_ancestor() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::new(folder.path().join("not/there/yet"));
        assert!(disk.free_bytes().await.unwrap() > 0);
        assert!(Disk::new("not/there".into()).free_bytes().await.is_some());
    }

    #[tokio::test]
    async fn while_one_call_hangs_no_other_is_made() {
        let disk = Disk::new(PathBuf::from("/"));
        let hanging = Arc::clone(&disk.asking).try_acquire_owned().unwrap();
        assert_eq!(disk.free_bytes().await, None);
        drop(hanging);
        assert!(disk.free_bytes().await.is_some());
    }
}
