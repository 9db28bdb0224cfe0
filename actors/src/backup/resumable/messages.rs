//! What can be asked of the [`BackupActor`](crate::backup::BackupActor) about uploads in parts.

use actix::Message;

use super::appending::{PartialUpload, SettledUpload};
use super::upload_id::UploadId;
use crate::admission::Turn;
use crate::backup::error::BackupError;
use crate::backup::folder::Folder;
use crate::backup::messages::StoredBackup;
use crate::backup::names::UploadName;
use crate::backup::sha256::Sha256;
use crate::device_id::DeviceId;

/// Begins an upload.
#[derive(Debug, Message)]
#[rtype(result = "Result<CreatedUpload, BackupError>")]
pub struct CreateUpload {
    /// Where the file will be stored.
    pub folder: Folder,
    /// The client's name for it.
    pub name: UploadName,
    /// Its size, in bytes.
    pub file_bytes: u64,
    /// The digest of all of it.
    pub sha256: Sha256,
    /// The digests of its blocks of [`BLOCK_BYTES`](super::BLOCK_BYTES), if the client wants to send only what changed.
    /// There is one for each block; the last may be shorter.
    pub blocks: Option<Vec<Sha256>>,
    /// The upload slot, for comparing and copying.
    pub turn: Turn,
}

/// A new upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedUpload {
    /// Its name.
    pub id: UploadId,
    /// The number of bytes to send.
    pub stream_bytes: u64,
    /// The blocks to send, one after another: the first and the last of each run.
    pub blocks: Vec<(u64, u64)>,
}

/// Asks how much of an upload is there. Ends a request that is appending to it.
#[derive(Debug, Message)]
#[rtype(result = "Result<UploadState, BackupError>")]
pub struct FindUpload {
    /// Its name.
    pub id: UploadId,
    /// The only device whose uploads the client may see; `None`: of all.
    pub only: Option<DeviceId>,
}

/// How much of an upload is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadState {
    /// The bytes that need not be sent again.
    pub offset: u64,
    /// The number of bytes to send in all.
    pub stream_bytes: u64,
    /// Whether the file is stored.
    pub is_stored: bool,
}

/// Appends to an upload. Ends a request that does so already.
#[derive(Debug, Message)]
#[rtype(result = "Result<PartialUpload, BackupError>")]
pub struct AppendUpload {
    /// Its name.
    pub id: UploadId,
    /// The only device whose uploads the client may change; `None`: of all.
    pub only: Option<DeviceId>,
    /// Where the client continues.
    pub offset: u64,
    /// How many bytes it will send, where it declares that.
    pub bytes: Option<u64>,
    /// Whether it says that these are the last ones.
    pub is_last: bool,
    /// The upload slot.
    pub turn: Turn,
}

/// Verifies a whole upload and stores the file.
#[derive(Message)]
#[rtype(result = "Result<StoredBackup, BackupError>")]
pub struct FinishUpload {
    /// The upload, with all of its bytes.
    pub settled: SettledUpload,
}

/// Removes an upload.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), BackupError>")]
pub struct CancelUpload {
    /// Its name.
    pub id: UploadId,
    /// The only device whose uploads the client may remove; `None`: of all.
    pub only: Option<DeviceId>,
}
