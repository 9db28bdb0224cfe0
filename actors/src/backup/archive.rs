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

use std::path::PathBuf;
use std::sync::Arc;

use tempfile::NamedTempFile;

use super::BackupSettings;
use super::error::BackupError;
use super::folder::Folder;
use super::place::Place;
use super::records::Records;
use super::staging::Staging;

/// The backup folder.
#[derive(Debug)]
pub(super) struct Archive {
    root: PathBuf,
    staging: Staging,
    records: Records,
    retention_count: usize,
    /// The root's disk.
    pub(super) place: Arc<Place>,
}

/// The location of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct BackupKey {
    pub(super) folder: Folder,
    pub(super) filename: String,
}

impl Archive {
    /// The root need not exist yet.
    pub(super) fn new(settings: &BackupSettings) -> Self {
        let state_folder = settings.state_folder.clone();
        let place = Place::new(settings.root.clone(), state_folder, settings.min_free_bytes)
            .beside(settings.batches.clone());
        Self::at(settings.root.clone(), place, settings.retention_count)
    }

    /// For reading alone.
    pub(super) fn reader(root: PathBuf) -> Self {
        let place = Place::new(root.clone(), None, 0);
        Self::at(root, place, usize::MAX)
    }

    fn at(root: PathBuf, place: Place, retention_count: usize) -> Self {
        let place = Arc::new(place);
        Self {
            root,
            staging: Staging::new(Arc::clone(&place)),
            records: Records::new(Arc::clone(&place)),
            retention_count,
            place,
        }
    }

    /// Cleans up after killed processes; returns the backups whose check is due.
    pub(super) fn tidy(&self) -> Result<Vec<BackupKey>, BackupError> {
        self.place.check()?;
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
    pub(super) fn stage(&self) -> Result<NamedTempFile, BackupError> {
        self.staging.create()
    }

    fn directory(&self, folder: &Folder) -> PathBuf {
        self.root.join(folder.relative_path())
    }
}
