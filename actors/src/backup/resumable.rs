//! Uploads that are sent in parts, over any number of connections, and continue after an interruption of either side.
//!
//! An upload is created with the digest of the whole file, then bytes are appended; once all are there, the digest is
//! checked and the file stored like any other. Where blocks of the file are in an earlier backup of that name, only the
//! others are sent.

mod appending;
mod files;
mod handlers;
mod known_blocks;
mod layout;
mod messages;
mod progress;
mod service;
mod sessions;
mod upload_id;

pub use self::appending::{PartialUpload, SettledUpload};
pub use self::files::MAX_AGE;
pub use self::layout::BLOCK_BYTES;
pub use self::messages::{
    AppendUpload, CancelUpload, CreateUpload, CreatedUpload, FindUpload, FinishUpload, UploadState,
};
pub(super) use self::service::ResumableUploads;
pub(super) use self::sessions::Sessions;
pub use self::upload_id::{NotAnUploadId, UploadId};
