//! Records of stored files: one small file for each, beside the backups.
//!
//! A record is `.records/{device}/{type}/{name}.json` in the backup folder: on the same disk, copied and lost together
//! with the files, independent of MySQL, and outside of the folders that hold backups. It is read only *for a file that
//! exists*, and contains what is needed to decide whether it still describes that file; files that are added or removed
//! by hand cannot make it wrong.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::checks;
use super::durable;
use super::error::BackupError;
use super::folder::Folder;
use super::place::Place;
use super::sha256::Sha256;
use super::staging::Staging;

const ROOT: &str = ".records";
const SUFFIX: &str = ".json";

/// A younger record without a file may belong to a file that is about to be renamed.
const ORPHAN_AFTER: Duration = Duration::from_hours(1);

/// What was stored under a name, and its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    /// Digest of the bytes that the client sent.
    pub sha256: Sha256,
    /// Their number.
    pub size_bytes: u64,
    /// The file's modification time when it was last known to hold these bytes.
    pub modified: SystemTime,
    /// The result of the check.
    pub verdict: Verdict,
    /// Its number in the order of storing; see [`sequence`](super::sequence). Absent in records of earlier versions.
    #[serde(default)]
    pub sequence: Option<u64>,
    /// The [version of the checks](super::checks::VERSION) that the verdict is from.
    #[serde(default)]
    pub check_version: u32,
}

/// The state of a stored file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "camelCase")]
pub(super) enum Verdict {
    /// Not checked yet.
    Pending,
    /// The check found no fault.
    Sound,
    /// Damaged when it arrived.
    Damaged {
        /// What is wrong.
        reason: String,
    },
    /// Files of this kind cannot be checked, or not within the time limit.
    Unverifiable {
        /// Why.
        reason: String,
    },
    /// The content has changed since it was stored.
    Altered,
}

/// How a file relates to the record of its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// The server did not store it.
    Unknown,
    /// Length and time are those of the stored file.
    AsStored(Record),
    /// It was modified, or copied without its time: only its digest can decide.
    Touched(Record),
    /// Its content differs from what was stored.
    Altered,
}

impl Record {
    /// Whether the file has not been checked, or only by an earlier version of the checks.
    pub(super) fn is_due(&self) -> bool {
        let is_outdated = self.check_version != checks::VERSION;
        self.verdict == Verdict::Pending || (is_outdated && self.verdict != Verdict::Altered)
    }
}

impl Standing {
    /// Compares a file's size in bytes and its modification time with its record.
    pub(super) fn of(record: Option<Record>, size_bytes: u64, modified: SystemTime) -> Self {
        match record {
            None => Self::Unknown,
            Some(record) if record.size_bytes != size_bytes => Self::Altered,
            Some(record) if record.modified != modified => Self::Touched(record),
            Some(record) if record.verdict == Verdict::Altered => Self::Altered,
            Some(record) => Self::AsStored(record),
        }
    }
}

/// All records of one backup folder. Blocking.
#[derive(Clone, Debug)]
pub(super) struct Records {
    root: PathBuf,
    place: Arc<Place>,
    staging: Staging,
}

impl Records {
    pub(super) fn new(place: Arc<Place>) -> Self {
        Self {
            root: place.root().join(ROOT),
            staging: Staging::new(Arc::clone(&place)),
            place,
        }
    }

    /// The record of a name. An unreadable one counts as none: the file then counts as not stored by this server.
    pub(super) fn read(&self, folder: &Folder, name: &str) -> Option<Record> {
        let path = self.path(folder, name);
        let read = fs::read(&path).and_then(|json| Ok(serde_json::from_slice(&json)?));
        match read {
            Ok(record) => Some(record),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => {
                log::warn!(path:% = path.display(), error:%; "record of a backup not readable");
                None
            }
        }
    }

    /// Writes the record of a name that has none, which reserves the name; false if it has one.
    pub(super) fn reserve(
        &self,
        folder: &Folder,
        name: &str,
        record: &Record,
    ) -> Result<bool, BackupError> {
        let path = self.path(folder, name);
        self.place
            .create_folder(&Path::new(ROOT).join(folder.relative_path()))?;
        Ok(durable::rename_new(self.staged(record)?, &path)?.is_ok())
    }

    /// Replaces the record of a name.
    pub(super) fn replace(
        &self,
        folder: &Folder,
        name: &str,
        record: &Record,
    ) -> Result<(), BackupError> {
        let staged = self.staged(record)?;
        Ok(durable::rename_over(staged, &self.path(folder, name))?)
    }

    /// Removes the record of a name.
    pub(super) fn remove(&self, folder: &Folder, name: &str) -> io::Result<()> {
        durable::remove(&self.path(folder, name))
    }

    /// Removes the records of a folder whose file does not `exist`: it was removed by hand, or was never renamed because
    /// the process ended.
    pub(super) fn remove_orphans(
        &self,
        folder: &Folder,
        exists: impl Fn(&str) -> bool,
    ) -> io::Result<()> {
        let entries = match fs::read_dir(self.root.join(folder.relative_path())) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let file_name = entry.file_name();
            let Some(name) = file_name
                .to_str()
                .and_then(|name| name.strip_suffix(SUFFIX))
            else {
                continue;
            };
            let age = entry.metadata()?.modified()?.elapsed().unwrap_or_default();
            if age > ORPHAN_AFTER && !exists(name) {
                durable::remove(&entry.path())?;
            }
        }
        Ok(())
    }

    fn staged(&self, record: &Record) -> Result<NamedTempFile, BackupError> {
        let mut file = self.staging.create()?;
        let json = serde_json::to_vec(record).map_err(io::Error::from)?;
        file.write_all(&json)?;
        file.as_file().sync_all()?;
        Ok(file)
    }

    fn path(&self, folder: &Folder, name: &str) -> PathBuf {
        self.root
            .join(folder.relative_path())
            .join(format!("{name}{SUFFIX}"))
    }
}

#[cfg(test)]
mod tests;
