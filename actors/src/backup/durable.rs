//! File operations that are durable when they return.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::num::NonZeroU64;
use std::path::Path;

use rustix::fs::{Advice, fadvise};
use tempfile::NamedTempFile;

/// Creates a folder and those above it that are missing.
pub(super) fn create_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = parent_of(path);
    if let Some(parent) = parent {
        create_folder(parent)?;
    }
    match fs::create_dir(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => {}
        done => done?,
    }
    parent.map_or(Ok(()), sync_folder)
}

/// Has the kernel begin to write a part of a file to the disk, so that little is left for the sync at its end, which other
/// programs' syncs would have to wait for.
pub(super) fn begin_write_back(file: &File, offset: u64, bytes: u64) {
    // Linux writes what it is advised not to keep. Without that, the sync writes everything.
    let _ = fadvise(file, offset, NonZeroU64::new(bytes), Advice::DontNeed);
}

/// Renames a synced file to an unused name; returns the file if the name is in use. After an error the file is gone.
pub(super) fn rename_new(
    file: NamedTempFile,
    path: &Path,
) -> io::Result<Result<(), NamedTempFile>> {
    match file.persist_noclobber(path) {
        Ok(_) => match sync_parent(path) {
            Ok(()) => Ok(Ok(())),
            Err(error) => {
                remove(path)?;
                Err(error)
            }
        },
        Err(failed) if failed.error.kind() == ErrorKind::AlreadyExists => Ok(Err(failed.file)),
        Err(failed) => Err(failed.error),
    }
}

/// Renames a synced file, replacing what has that name.
pub(super) fn rename_over(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.persist(path).map_err(|failed| failed.error)?;
    sync_parent(path)
}

/// Removes a file, if it exists.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn sync_parent(path: &Path) -> io::Result<()> {
    parent_of(path).map_or(Ok(()), sync_folder)
}

fn parent_of(path: &Path) -> Option<&Path> {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    sync_names(&File::open(path)?)
}

/// Makes the names in an open folder durable.
pub(super) fn sync_names(folder: &File) -> io::Result<()> {
    match folder.sync_all() {
        // Some network file systems cannot sync a folder, and need not.
        Err(error) if error.kind() == ErrorKind::InvalidInput => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::OwnedFd;

    use rustix::fs::{CWD, Mode, OFlags, openat};

    use super::*;

    fn written(folder: &Path, content: &str) -> NamedTempFile {
        let mut file = NamedTempFile::new_in(folder).unwrap();
        file.write_all(content.as_bytes()).unwrap();
        file
    }

    #[test]
    fn missing_folders_are_created_and_existing_ones_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("pi/database");
        create_folder(&folder).unwrap();
        fs::write(folder.join("a.db"), "a").unwrap();
        create_folder(&folder).unwrap();
        assert_eq!(fs::read_to_string(folder.join("a.db")).unwrap(), "a");
    }

    #[test]
    fn a_file_in_the_place_of_a_folder_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("pi"), "").unwrap();
        create_folder(&root.path().join("pi")).unwrap_err();
        create_folder(&root.path().join("pi/database")).unwrap_err();
    }

    #[test]
    fn a_taken_name_gives_the_file_back() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a.db");
        fs::write(&path, "old").unwrap();
        let file = rename_new(written(root.path(), "new"), &path)
            .unwrap()
            .unwrap_err();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        rename_new(file, &root.path().join("b.db"))
            .unwrap()
            .unwrap();
        assert_eq!(fs::read_to_string(root.path().join("b.db")).unwrap(), "new");
    }

    #[test]
    fn renaming_over_replaces_and_removing_twice_is_no_error() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a.json");
        fs::write(&path, "old").unwrap();
        rename_over(written(root.path(), "new"), &path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn a_folder_that_appears_meanwhile_is_no_error() {
        let root = tempfile::tempdir().unwrap();
        // Once `pi` has been created, the next part of the path exists.
        create_folder(&root.path().join("pi/../car")).unwrap();
        assert!(root.path().join("car").is_dir());
    }

    #[test]
    fn a_failed_rename_or_removal_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        let missing = root.path().join("missing/a.db");
        rename_new(written(root.path(), "new"), &missing).unwrap_err();
        rename_over(written(root.path(), "new"), &missing).unwrap_err();
        remove(root.path()).unwrap_err();
    }

    #[test]
    fn only_a_file_system_that_cannot_sync_a_folder_need_not() {
        let (reader, _writer) = std::io::pipe().unwrap();
        sync_names(&File::from(OwnedFd::from(reader))).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let unusable = openat(CWD, folder.path(), OFlags::PATH, Mode::empty()).unwrap();
        sync_names(&File::from(unusable)).unwrap_err();
    }
}
