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

/// Checks that the backup folder is there and has room, before the first byte of an upload is read.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "Result<(), BackupError>")]
pub struct CheckRoom {
    /// The announced size, in bytes; 0 if it is not known.
    pub bytes: u64,
}

/// Opens a file in the staging folder for an upload that has its turn.
#[derive(Debug, Message)]
#[rtype(result = "Result<Upload, BackupError>")]
pub struct BeginUpload {
    /// The upload slot; the [`Upload`] keeps it to its end.
    pub turn: Turn,
}

/// Stores a complete upload durably, and rotates its folder.
///
/// After `Ok` the file survives a power failure. After an error nothing of it is left.
#[derive(Debug, Message)]
#[rtype(result = "Result<StoredBackup, BackupError>")]
pub struct CommitUpload {
    /// The file.
    pub staged: StagedFile,
    /// Its folder.
    pub folder: Folder,
    /// The client's name for it.
    pub name: UploadName,
    /// The digest that the client announced.
    pub expected_sha256: Option<Sha256>,
}

/// The receipt of a stored backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBackup {
    /// Its name.
    pub filename: String,
    /// Its absolute path.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// The digest of its bytes.
    pub sha256: Sha256,
}

/// Lists the backups on the disk: by device, then type, the newest first.
#[derive(Clone, Debug, Message)]
#[rtype(result = "Result<Vec<Backup>, BackupError>")]
pub struct ListBackups {
    /// Only this device's.
    pub device: Option<DeviceId>,
    /// Only those of this type.
    pub kind: Option<BackupType>,
}

/// A file in a folder of backups, and its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Its folder.
    pub folder: Folder,
    /// Its name.
    pub filename: String,
    /// Its absolute path.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// When it was stored (or last modified, if the server did not store it): UTC.
    pub created_at: NaiveDateTime,
    /// The digest of its bytes, while the file is the one that was stored.
    pub sha256: Option<Sha256>,
    /// Whether the check found it intact. `None`: not checked yet, or not checkable.
    pub verified: Option<bool>,
    /// A note for the owner.
    pub note: Option<String>,
}

/// Opens a backup for reading.
#[derive(Clone, Debug, Message)]
#[rtype(result = "Result<OpenedBackup, BackupError>")]
pub struct OpenBackup {
    /// Its folder.
    pub folder: Folder,
    /// Its name, as listed.
    pub filename: String,
}

/// An open backup: it can be read to its end even if rotation deletes it meanwhile.
#[derive(Debug)]
pub struct OpenedBackup {
    /// At its start.
    pub file: File,
    /// Its state.
    pub backup: Backup,
    /// When it was last modified.
    pub modified: SystemTime,
}
