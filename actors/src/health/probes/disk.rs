use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::runtime::blocking;

/// A disk of this machine says at once; one in the network may never.
const LIMIT: Duration = Duration::from_secs(4);

/// A disk with less room than this is nearly full, in bytes.
const LEAST_ROOM_BYTES: u64 = 1024 * 1024 * 1024;

/// The room that the disk of the backups should have, in bytes.
pub fn wanted_bytes(largest_backup_bytes: u64) -> u64 {
    LEAST_ROOM_BYTES.max(2 * largest_backup_bytes)
}

/// The disk that a folder lies on.
#[derive(Clone, Debug)]
pub(super) struct Disk {
    folder: PathBuf,
    /// A question that hangs cannot be called off, and takes a thread: there is never more than one.
    asking: Arc<Semaphore>,
}

impl Disk {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            asking: Arc::new(Semaphore::new(1)),
        }
    }

    /// The room that this process may use, in bytes, if the disk says so in time.
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

/// The room for this process on the disk of a folder, or of the folder that it would be created in, in bytes. A disk in
/// the network may never say.
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
    async fn a_folder_that_is_not_there_yet_has_the_room_of_the_disk_that_it_will_be_on() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::new(folder.path().join("not/there/yet"));
        assert!(disk.free_bytes().await.unwrap() > 0);
        assert!(Disk::new("not/there".into()).free_bytes().await.is_some());
    }

    #[tokio::test]
    async fn while_one_question_hangs_no_other_is_asked() {
        let disk = Disk::new(PathBuf::from("/"));
        let hanging = Arc::clone(&disk.asking).try_acquire_owned().unwrap();
        assert_eq!(disk.free_bytes().await, None);
        drop(hanging);
        assert!(disk.free_bytes().await.is_some());
    }
}
