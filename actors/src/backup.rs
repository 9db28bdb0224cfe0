//! Stores the devices' backups.
//!
//! [`BackupActor`] is the sole owner of the backup folder. The bytes of a backup never pass through its mailbox:
//! [`BeginUpload`] returns an [`Upload`] to write them to, [`CommitUpload`] takes the complete file, renames it and
//! rotates. An acknowledged backup survives a power failure; an upload that was interrupted, refused or killed leaves
//! nothing. MySQL is not needed for any of this.
//!
//! How it fails: a full disk or an unusable folder is an error of the one request that meets it; the next one tries
//! again. A restarted actor loses only its queue of checks, and rebuilds it from the disk.

mod account;
mod actor;
mod archive;
mod checks;
mod clock_check;
mod courtesy;
mod durable;
mod error;
mod folder;
mod locks;
mod messages;
mod names;
mod place;
mod records;
mod resumable;
mod rotation;
mod sequence;
mod sha256;
mod staging;
mod upload;

use std::path::{Path, PathBuf};

pub use self::actor::BackupActor;
use self::archive::{Archive, BackupKey};
pub use self::error::BackupError;
pub use self::folder::{BackupType, Folder, UnknownBackupType};
pub use self::messages::{
    Backup, BeginUpload, CheckRoom, CommitUpload, ListBackups, OpenBackup, OpenedBackup,
    StoredBackup,
};
pub use self::names::{ALLOWED_EXTENSIONS, ExtensionNotAllowed, UploadName};
use self::place::Place;
pub use self::place::{MARKER, MountWatch};
pub use self::resumable::{
    AppendUpload, BLOCK_BYTES, CancelUpload, CreateUpload, CreatedUpload, FindUpload, FinishUpload,
    MAX_AGE, NotAnUploadId, PartialUpload, SettledUpload, UploadId, UploadState,
};
pub use self::sha256::{NotASha256, Sha256};
pub use self::upload::{StagedFile, Upload};
use crate::admission::Admission;
use crate::clock::Clock;
use crate::device_id::DeviceId;
use crate::fair_admission::FairAdmission;
use crate::report::Reporter;

/// Uploads that are written at the same time. Each holds two blocks of memory and a file.
const UPLOADS_RUNNING: usize = 8;

/// Uploads that wait for one of these slots, their bodies unread.
const UPLOADS_WAITING: usize = 64;

/// Settings of the [`BackupActor`]; they survive its restarts.
#[derive(Clone, Debug)]
pub struct BackupSettings {
    /// The folder of all backups, absolute; it is created with the first one.
    pub root: PathBuf,
    /// The largest accepted file, in bytes.
    pub max_bytes: u64,
    /// The free space that uploads leave on its disk, in bytes.
    pub min_free_bytes: u64,
    /// The service's own folder, where it notes that the backup folder was in use. `None`: only this process knows.
    pub state_folder: Option<PathBuf>,
    /// How many files rotation keeps per device and type.
    pub retention_count: usize,
    /// The admission of uploads, which ends with the actor.
    pub admission: Admission,
    /// The batches, which uploads let go first.
    pub batches: FairAdmission,
    /// The clock that names the files.
    pub clock: Clock,
    /// Receives the outcome of every upload.
    pub reporter: Reporter,
}

/// The admission queue for uploads.
pub fn upload_admission() -> Admission {
    Admission::new(UPLOADS_RUNNING, UPLOADS_WAITING)
}

/// Lists the backups below `root` without an actor, for commands: by device, then type, the newest first. Blocks, and
/// changes nothing.
pub fn list_backups(
    root: &Path,
    device: Option<&DeviceId>,
    kind: Option<BackupType>,
) -> Result<Vec<Backup>, BackupError> {
    let (backups, _due) = Archive::reader(root.to_owned()).list(device, kind)?;
    Ok(backups)
}

/// Whether a backup folder was in use before and is not there now, because its disk is not mounted. `state_folder` is that
/// of the server which used it. Blocks.
pub fn is_unmounted(root: &Path, state_folder: &Path) -> bool {
    let place = Place::new(root.to_owned(), Some(state_folder.to_owned()), 0);
    matches!(place.is_marked(), Err(BackupError::NotMounted))
}

/// Opens a backup below `root` without an actor, for commands. Blocks, and changes nothing.
pub fn open_backup(
    root: &Path,
    folder: Folder,
    filename: String,
) -> Result<OpenedBackup, BackupError> {
    Archive::reader(root.to_owned()).open(&BackupKey { folder, filename })
}
