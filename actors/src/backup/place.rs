//! The backup folder as a place on a disk: that it is the one that was used before, and that there is room.
//!
//! A marker file is written into the folder when it is first used. If the disk is not mounted later, the empty folder
//! beneath has no marker, and nothing is written to the disk that it happens to be on: files are only created in
//! folders that [`Place::create_folder`] made, and it makes them within the marked folder. That a folder was in use is
//! remembered by the process and, beyond it, by a note in the service's own state folder.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, mkdirat, openat, statat};
use rustix::io::Errno;

use super::courtesy::Courtesy;
use super::durable;
use super::error::BackupError;
use crate::fair_admission::FairAdmission;

/// In the backup folder.
pub const MARKER: &str = ".eclipse-ai-backups";

/// In the state folder: the path of the backup folder that was used last.
const NOTE: &str = "backup-folder";

/// How a folder is opened.
const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC);

const MARKER_TEXT: &str =
    "This file shows eclipse-ai-server that its backup folder is mounted. Do not remove it.\n";

/// The backup folder and its disk. All of it blocks.
#[derive(Debug)]
pub(super) struct Place {
    root: PathBuf,
    note: Option<PathBuf>,
    min_free_bytes: u64,
    /// Whether this process has seen the marker.
    is_known: AtomicBool,
    /// Towards the batches, which are probably stored on the same disk.
    pub(super) courtesy: Courtesy,
}

impl Place {
    /// `root` need not exist. Uploads leave `min_free_bytes` of its disk free.
    pub(super) fn new(root: PathBuf, state_folder: Option<PathBuf>, min_free_bytes: u64) -> Self {
        Self {
            root,
            note: state_folder.map(|folder| folder.join(NOTE)),
            min_free_bytes,
            is_known: AtomicBool::new(false),
            courtesy: Courtesy::default(),
        }
    }

    /// The same, beside these batches.
    pub(super) fn beside(self, batches: FairAdmission) -> Self {
        Self {
            courtesy: Courtesy::towards(batches),
            ..self
        }
    }

    /// The backup folder.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Fails if the folder was in use before and is not there now. Changes nothing in it.
    pub(super) fn check(&self) -> Result<(), BackupError> {
        self.has_marker().map(|_| ())
    }

    /// [`check`](Self::check); a folder that was never used is created and marked.
    pub(super) fn claim(&self) -> Result<(), BackupError> {
        if self.has_marker()? {
            return Ok(());
        }
        durable::create_folder(&self.root)?;
        let mut marker = File::create(self.root.join(MARKER))?;
        marker.write_all(MARKER_TEXT.as_bytes())?;
        marker.sync_all()?;
        durable::sync_folder(&self.root)?;
        self.remember();
        Ok(())
    }

    /// Creates a folder below the backup folder, and those between that are missing; returns its path.
    ///
    /// Works within an open folder that has the marker, so nothing is created beneath a disk that is unmounted meanwhile.
    pub(super) fn create_folder(&self, relative: &Path) -> Result<PathBuf, BackupError> {
        self.claim()?;
        let mut folder = File::from(openat(CWD, &self.root, FOLDER, Mode::empty())?);
        match statat(&folder, MARKER, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return Err(BackupError::NotMounted),
            found => found?,
        };
        for name in relative.components() {
            let Component::Normal(name) = name else {
                return Err(io::Error::from(ErrorKind::InvalidInput).into());
            };
            folder = match openat(&folder, name, FOLDER, Mode::empty()) {
                Err(Errno::NOENT) => {
                    match mkdirat(&folder, name, Mode::from_raw_mode(0o777)) {
                        Err(Errno::EXIST) => {}
                        created => created?,
                    }
                    durable::sync_names(&folder)?;
                    openat(&folder, name, FOLDER, Mode::empty())?
                }
                opened => opened?,
            }
            .into();
        }
        Ok(self.root.join(relative))
    }

    /// Fails if fewer than the minimum of free bytes would be left after writing `more_bytes`.
    pub(super) fn ensure_room(&self, more_bytes: u64) -> Result<(), BackupError> {
        let existing = self.root.ancestors().find(|folder| folder.exists());
        let disk = rustix::fs::statvfs(existing.unwrap_or(&self.root)).map_err(io::Error::from)?;
        let free_bytes = disk.f_bavail.saturating_mul(disk.f_frsize);
        if free_bytes < self.min_free_bytes.saturating_add(more_bytes) {
            return Err(BackupError::DiskFull);
        }
        Ok(())
    }

    /// [`is_marked`](Self::is_marked), which is remembered.
    fn has_marker(&self) -> Result<bool, BackupError> {
        let is_marked = self.is_marked()?;
        if is_marked {
            self.remember();
        }
        Ok(is_marked)
    }

    /// Whether the folder is marked; an error if it must be and is not.
    pub(super) fn is_marked(&self) -> Result<bool, BackupError> {
        match self.root.join(MARKER).symlink_metadata() {
            Ok(_) => Ok(true),
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                if self.was_used() {
                    return Err(BackupError::NotMounted);
                }
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn was_used(&self) -> bool {
        let noted =
            || Some(fs::read(self.note.as_ref()?).ok()? == self.root.as_os_str().as_bytes());
        self.is_known.load(Ordering::Relaxed) || noted().unwrap_or(false)
    }

    fn remember(&self) {
        if self.is_known.swap(true, Ordering::Relaxed) {
            return;
        }
        if let Some(note) = &self.note
            && let Err(error) = fs::write(note, self.root.as_os_str().as_bytes())
        {
            log::warn!(path:% = note.display(), error:%; "use of the backup folder not noted");
        }
    }
}

/// Watches whether the disk of a backup folder stays mounted. Its questions block.
#[derive(Debug)]
pub struct MountWatch(Place);

impl MountWatch {
    /// `state_folder` is that of the service, which remembers the folder beyond this process.
    pub fn new(root: PathBuf, state_folder: Option<PathBuf>) -> Self {
        Self(Place::new(root, state_folder, 0))
    }

    /// Whether the folder was in use before and is not there now.
    pub fn is_unmounted(&self) -> bool {
        matches!(self.0.check(), Err(BackupError::NotMounted))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::backup::is_unmounted;

    fn place(root: &Path, state: Option<&Path>) -> Place {
        Place::new(root.to_owned(), state.map(Path::to_owned), 0)
    }

    #[test]
    fn a_folder_is_marked_at_first_use_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("backups");
        let place = place(&root, None);
        place.check().unwrap();
        assert!(!root.exists());
        place.claim().unwrap();
        assert!(root.join(MARKER).is_file());
        place.claim().unwrap();
        place.check().unwrap();
    }

    #[test]
    fn a_folder_whose_disk_is_gone_is_noticed_and_not_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("backups");
        let place = place(&root, None);
        place.claim().unwrap();
        fs::rename(&root, folder.path().join("unmounted")).unwrap();
        for mount_point_exists in [false, true] {
            if mount_point_exists {
                fs::create_dir(&root).unwrap();
            }
            assert!(matches!(place.check(), Err(BackupError::NotMounted)));
            assert!(matches!(place.claim(), Err(BackupError::NotMounted)));
        }
        assert_eq!(fs::read_dir(&root).unwrap().count(), 0);
        fs::remove_dir(&root).unwrap();
        fs::rename(folder.path().join("unmounted"), &root).unwrap();
        place.claim().unwrap();
    }

    #[test]
    fn a_later_process_notices_it_too_and_a_marker_made_by_hand_helps() {
        let folder = tempfile::tempdir().unwrap();
        let [root, state] = ["backups", "state"].map(|name| folder.path().join(name));
        fs::create_dir(&state).unwrap();
        place(&root, Some(&state)).claim().unwrap();
        assert!(!is_unmounted(&root, &state));
        fs::remove_file(root.join(MARKER)).unwrap();
        assert!(is_unmounted(&root, &state));
        assert!(!is_unmounted(&root.join("other"), &state));
        let later = place(&root, Some(&state));
        assert!(matches!(later.claim(), Err(BackupError::NotMounted)));
        fs::write(root.join(MARKER), "").unwrap();
        later.claim().unwrap();
        // Another folder is another matter.
        place(&folder.path().join("other"), Some(&state))
            .claim()
            .unwrap();
    }

    #[test]
    fn missing_folders_are_created_within_the_marked_one_alone() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("backups");
        let place = place(&root, None);
        for _ in 0..2 {
            let created = place.create_folder(Path::new("pi/logs")).unwrap();
            assert_eq!(created, root.join("pi/logs"));
            assert!(created.is_dir() && root.join(MARKER).is_file());
        }
        fs::write(root.join("file"), "").unwrap();
        for refused in ["file", "file/logs", "../logs", "/logs"] {
            place.create_folder(Path::new(refused)).unwrap_err();
        }
        fs::rename(&root, folder.path().join("unmounted")).unwrap();
        fs::create_dir(&root).unwrap();
        let refused = place.create_folder(Path::new("pi/config"));
        assert!(matches!(refused, Err(BackupError::NotMounted)));
        assert_eq!(fs::read_dir(&root).unwrap().count(), 0);
    }

    #[test]
    fn the_minimum_of_free_space_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let with_minimum = |bytes| Place::new(folder.path().join("not/there"), None, bytes);
        with_minimum(0).ensure_room(1).unwrap();
        let full = with_minimum(0).ensure_room(u64::MAX);
        assert!(matches!(full, Err(BackupError::DiskFull)));
        let full = with_minimum(u64::MAX).ensure_room(0);
        assert!(matches!(full, Err(BackupError::DiskFull)));
    }

    #[test]
    fn a_folder_that_cannot_be_looked_into_is_an_error_and_not_a_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("backups");
        std::os::unix::fs::symlink(&root, &root).unwrap();
        let place = place(&root, None);
        assert!(matches!(place.check(), Err(BackupError::Storage(_))));
        place.claim().unwrap_err();
    }
}
