//! All operations on the files and records of backups.
//!
//! Everything here blocks and must run on the blocking pool. The layout of the folder:
//!
//! ```text
//! {device}/{type}/{name}                the backups
//! .records/{device}/{type}/{name}.json  their records
//! .staging/                             uploads that have no name yet
//! ```

mod catalog;
mod examine;
mod store;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;

use tempfile::NamedTempFile;

use super::folder::Folder;
use super::records::Records;
use super::staging::Staging;

/// The backup folder.
#[derive(Debug)]
pub(super) struct Archive {
    root: PathBuf,
    staging: Staging,
    records: Records,
    retention_count: usize,
}

/// The location of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct BackupKey {
    pub(super) folder: Folder,
    pub(super) filename: String,
}

impl Archive {
    /// `root` need not exist yet. `retention_count` stored files are kept in each folder.
    pub(super) fn new(root: PathBuf, retention_count: usize) -> Self {
        let staging = Staging::new(&root);
        let records = Records::new(&root, staging.clone());
        Self {
            root,
            staging,
            records,
            retention_count,
        }
    }

    /// Cleans up after killed processes; returns the backups whose check is due.
    pub(super) fn tidy(&self) -> io::Result<Vec<BackupKey>> {
        let cleared = self.staging.clear_leftovers()?;
        if cleared > 0 {
            log::info!(files = cleared; "unfinished uploads of an earlier process removed");
        }
        let mut due = Vec::new();
        for folder in self.folders(None, None)? {
            let directory = self.directory(&folder);
            self.records
                .remove_orphans(&folder, |name| directory.join(name).exists())?;
            due.extend(
                self.files(&folder)?
                    .into_iter()
                    .filter_map(|file| file.due_for_check(&folder)),
            );
        }
        Ok(due)
    }

    /// A new file for an upload.
    pub(super) fn stage(&self) -> io::Result<NamedTempFile> {
        self.staging.create()
    }

    fn directory(&self, folder: &Folder) -> PathBuf {
        self.root.join(folder.relative_path())
    }
}
