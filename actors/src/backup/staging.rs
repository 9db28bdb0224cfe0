//! The folder in which files are written before they get their names.
//!
//! A staged file is locked for as long as it is in use. The kernel lets go of the lock however the
//! process ends, so a file in here that can be locked is a leftover, whichever server left it.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::NamedTempFile;

use super::durable;
use super::error::BackupError;
use super::place::Place;

/// Inside of the backups' root, so that a rename stays on one file system.
const FOLDER: &str = ".staging";
const PREFIX: &str = "staged-";
const SUFFIX: &str = ".part";

/// Owner and group may read a backup; the process's umask can only restrict that.
const FILE_MODE: u32 = 0o640;

/// The staging folder of one backup root.
#[derive(Clone, Debug)]
pub(super) struct Staging {
    folder: PathBuf,
    place: Arc<Place>,
}

impl Staging {
    /// The staging folder in the backup folder; created on first use.
    pub(super) fn new(place: Arc<Place>) -> Self {
        Self {
            folder: place.root().join(FOLDER),
            place,
        }
    }

    /// An empty, locked file that is removed when it is dropped without having been renamed.
    pub(super) fn create(&self) -> Result<NamedTempFile, BackupError> {
        self.place.create_folder(Path::new(FOLDER))?;
        loop {
            let file = tempfile::Builder::new()
                .prefix(PREFIX)
                .suffix(SUFFIX)
                .permissions(Permissions::from_mode(FILE_MODE))
                .tempfile_in(&self.folder)?;
            file.as_file().lock()?;
            // Another server may have cleared it between these two calls.
            let was_cleared = file.as_file().metadata()?.nlink() == 0;
            if !was_cleared {
                return Ok(file);
            }
        }
    }

    /// Removes files that earlier processes left; returns their number.
    pub(super) fn clear_leftovers(&self) -> io::Result<usize> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            entries => entries?,
        };
        let mut cleared = 0;
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let is_staged = name
                .to_str()
                .is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX));
            if is_staged && entry.file_type()?.is_file() && is_abandoned(&entry.path())? {
                durable::remove(&entry.path())?;
                cleared += 1;
            }
        }
        Ok(cleared)
    }
}

fn is_abandoned(path: &Path) -> io::Result<bool> {
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        file => Ok(file?.try_lock().is_ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn staging(root: &Path) -> Staging {
        Staging::new(Arc::new(Place::new(root.to_owned(), None, 0)))
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_dropped_file_is_gone() {
        let root = tempfile::tempdir().unwrap();
        let staging = staging(root.path());
        let file = staging.create().unwrap();
        assert_eq!(names(&staging.folder).len(), 1);
        drop(file);
        assert!(names(&staging.folder).is_empty());
    }

    #[test]
    fn leftovers_are_cleared_and_files_in_use_are_not() {
        let root = tempfile::tempdir().unwrap();
        let staging = staging(root.path());
        let in_use = staging.create().unwrap();
        fs::write(
            staging.folder.join("staged-dead.part"),
            "left by a killed process",
        )
        .unwrap();
        for name in ["notes.part", "notes.txt", "staged-notes.txt"] {
            fs::write(staging.folder.join(name), "a stranger's").unwrap();
        }

        assert_eq!(staging.clear_leftovers().unwrap(), 1);

        let in_use = in_use.path().file_name().unwrap().to_str().unwrap();
        let mut left = vec!["notes.part", "notes.txt", "staged-notes.txt", in_use];
        left.sort_unstable();
        assert_eq!(names(&staging.folder), left);
    }

    #[test]
    fn clearing_before_anything_was_staged_is_no_error() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(
            staging(&root.path().join("none"))
                .clear_leftovers()
                .unwrap(),
            0
        );
    }

    #[test]
    fn the_owner_s_group_can_read_a_backup_and_others_cannot() {
        let root = tempfile::tempdir().unwrap();
        let file = staging(root.path()).create().unwrap();
        assert_eq!(file.as_file().metadata().unwrap().mode() & 0o137, 0);
    }

    #[test]
    fn a_leftover_that_another_server_has_just_cleared_is_no_error() {
        let root = tempfile::tempdir().unwrap();
        assert!(!is_abandoned(&root.path().join("staged-gone.part")).unwrap());
    }

    #[test]
    fn a_folder_that_cannot_be_read_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        let staging = staging(root.path());
        std::os::unix::fs::symlink(FOLDER, &staging.folder).unwrap();
        staging.clear_leftovers().unwrap_err();
    }
}
