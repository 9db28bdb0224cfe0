//! All that can be asked of the [`BackupActor`](super::BackupActor).

use std::fs::File;
use std::path::PathBuf;
use std::time::SystemTime;

use actix::Message;
use chrono::NaiveDateTime;

use super::error::BackupError;
use super::folder::{BackupType, Folder};
use super::names::UploadName;
use super::sha256::Sha256;
use super::upload::{StagedFile, Upload};
use crate::admission::Turn;
use crate::device_id::DeviceId;

/// Opens a file in the staging folder for an upload that has its turn.
#[derive(Debug, Message)]
#[rtype(result = "Result<Upload, BackupError>")]
pub struct BeginUpload {
    /// The upload slot; the [`Upload`] keeps it to its end.
    pub turn: Turn,
}

/// Stores a complete upload for good, and rotates its folder.
///
/// After `Ok` the file outlives a power cut. After an error nothing of it is left.
#[derive(Debug, Message)]
#[rtype(result = "Result<StoredBackup, BackupError>")]
pub struct CommitUpload {
    /// The file.
    pub staged: StagedFile,
    /// Where it belongs.
    pub folder: Folder,
    /// What the client calls it.
    pub name: UploadName,
    /// What the client says its digest is.
    pub expected_sha256: Option<Sha256>,
}

/// The receipt of a stored backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBackup {
    /// The name it got.
    pub filename: String,
    /// Where it lies; absolute.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// The digest of its bytes.
    pub sha256: Sha256,
}

/// Lists what is on the disk now: by device, then type, the newest first.
#[derive(Clone, Debug, Message)]
#[rtype(result = "Result<Vec<Backup>, BackupError>")]
pub struct ListBackups {
    /// Only this device's.
    pub device: Option<DeviceId>,
    /// Only those of this type.
    pub kind: Option<BackupType>,
}

/// A file in a folder of backups, and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Where it belongs.
    pub folder: Folder,
    /// Its name.
    pub filename: String,
    /// Where it lies; absolute.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// When it was stored (or last written to, if the server did not store it): UTC.
    pub created_at: NaiveDateTime,
    /// The digest of its bytes, as long as the file is the one that was stored.
    pub sha256: Option<Sha256>,
    /// Whether it was found whole. `None`: not checked yet, or there is no check for it.
    pub verified: Option<bool>,
    /// What the owner should know of it, in a few words.
    pub note: Option<String>,
}

/// Opens a backup for reading.
#[derive(Clone, Debug, Message)]
#[rtype(result = "Result<OpenedBackup, BackupError>")]
pub struct OpenBackup {
    /// Where it belongs.
    pub folder: Folder,
    /// Its name, as listed.
    pub filename: String,
}

/// An open backup: it can be read to its end even if it is rotated away meanwhile.
#[derive(Debug)]
pub struct OpenedBackup {
    /// At its start.
    pub file: File,
    /// What is known of it.
    pub backup: Backup,
    /// When it was last written to.
    pub modified: SystemTime,
}
