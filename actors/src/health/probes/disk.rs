use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::Access;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::backup::MountWatch;
use crate::runtime::blocking;

/// A local disk answers at once; a network disk may never.
const LIMIT: Duration = Duration::from_secs(4);

/// The least free space, in bytes, for a disk not to count as nearly full.
const LEAST_FREE_BYTES: u64 = 1024 * 1024 * 1024;

/// The free space that the backup disk should have, in bytes.
pub fn wanted_bytes(largest_backup_bytes: u64) -> u64 {
    LEAST_FREE_BYTES.max(2 * largest_backup_bytes)
}

/// What is known of the disk of a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct DiskState {
    /// `None` if it cannot be read.
    pub free_bytes: Option<u64>,
    /// Why the folder is not writable; `None` if it is.
    pub write_error: Option<String>,
}

/// The disk that holds a folder.
#[derive(Clone, Debug)]
pub(in crate::health) struct Disk {
    folder: PathBuf,
    mount: Arc<MountWatch>,
    /// A hanging system call cannot be cancelled and occupies a thread, so there is never more than one.
    asking: Arc<Semaphore>,
}

impl Disk {
    /// `state_folder` is the service's own.
    pub(in crate::health) fn new(folder: PathBuf, state_folder: Option<PathBuf>) -> Self {
        Self {
            mount: Arc::new(MountWatch::new(folder.clone(), state_folder)),
            folder,
            asking: Arc::new(Semaphore::new(1)),
        }
    }

    /// The state of the disk; `None` if it does not answer in time.
    pub(super) async fn state(&self) -> Option<DiskState> {
        let asking = Arc::clone(&self.asking).try_acquire_owned().ok()?;
        let (folder, mount) = (self.folder.clone(), Arc::clone(&self.mount));
        let answer = blocking(move || {
            let answer = DiskState {
                free_bytes: free_bytes(&folder),
                write_error: if mount.is_unmounted() {
                    Some("its disk is not mounted".to_owned())
                } else {
                    write_error(&folder)
                },
            };
            drop(asking);
            answer
        });
        timeout(LIMIT, answer).await.ok()
    }
}

/// Why this process cannot write to a folder, without writing. `None` if it can, or if the folder does not exist yet and
/// can be created.
fn write_error(folder: &Path) -> Option<String> {
    let existing = nearest_existing(folder)?;
    let access = rustix::fs::access(existing, Access::WRITE_OK | Access::EXEC_OK);
    access.err().map(|error| io::Error::from(error).to_string())
}

/// The folder, or its nearest ancestor that exists.
fn nearest_existing(folder: &Path) -> Option<PathBuf> {
    let folder = if folder.is_absolute() {
        folder.to_owned()
    } else {
        Path::new(".").join(folder)
    };
    let existing = folder.ancestors().find(|folder| folder.exists());
    existing.map(Path::to_owned)
}

/// The free space for this process on the disk of a folder, in bytes. A folder that does not exist yet is on the disk of
/// its nearest existing ancestor. May block indefinitely on a network disk.
pub fn free_bytes(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(nearest_existing(folder)?).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::MARKER;

    #[tokio::test]
    async fn a_missing_folder_has_the_free_space_of_the_disk_of_its_ancestor() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::new(folder.path().join("not/there/yet"), None);
        let state = disk.state().await.unwrap();
        assert!(state.free_bytes.unwrap() > 0);
        assert_eq!(state.write_error, None);
        assert!(Disk::new("not/there".into(), None).state().await.is_some());
    }

    #[tokio::test]
    async fn a_folder_that_was_in_use_and_is_gone_is_not_writable_until_it_is_back() {
        let parent = tempfile::tempdir().unwrap();
        let [folder, elsewhere] = ["backups", "elsewhere"].map(|name| parent.path().join(name));
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join(MARKER), "").unwrap();
        let disk = Disk::new(folder.clone(), None);
        let write_error = async || disk.state().await.unwrap().write_error;
        assert_eq!(write_error().await, None);
        std::fs::rename(&folder, &elsewhere).unwrap();
        let error = write_error().await;
        assert_eq!(error.as_deref(), Some("its disk is not mounted"));
        std::fs::rename(&elsewhere, &folder).unwrap();
        assert_eq!(write_error().await, None);
    }

    #[test]
    fn a_read_only_file_system_is_not_writable() {
        let error = write_error(Path::new("/proc/sys"));
        assert!(
            error.is_some(),
            "the kernel's settings are no backup folder"
        );
    }

    #[tokio::test]
    async fn while_one_call_hangs_no_other_is_made() {
        let disk = Disk::new(PathBuf::from("/"), None);
        let hanging = Arc::clone(&disk.asking).try_acquire_owned().unwrap();
        assert_eq!(disk.state().await, None);
        drop(hanging);
        assert!(disk.state().await.is_some());
    }
}
