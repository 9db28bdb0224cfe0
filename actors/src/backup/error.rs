//! Errors of the backup actor.

use std::io::{self, ErrorKind};

use super::sha256::Sha256;
use crate::text::counted;

/// Why a request to the backup actor failed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file is larger than the limit.
    #[error("the file is larger than {max_bytes} bytes")]
    TooLarge {
        /// The limit, in bytes.
        max_bytes: u64,
    },
    /// The received bytes do not have the announced digest.
    #[error("the file's SHA-256 is {actual}, not {expected}")]
    ChecksumMismatch {
        /// What the client announced.
        expected: Sha256,
        /// What arrived.
        actual: Sha256,
    },
    /// No space or quota is left. The partial file is removed.
    #[error("the disk of the backup folder (BACKUP_DIR) is full")]
    DiskFull,
    /// The backup folder was in use before, and its marker is gone.
    #[error("the backup folder (BACKUP_DIR) is not mounted: its marker file is missing")]
    NotMounted,
    /// There is no such upload, or no longer.
    #[error("there is no such upload")]
    NoSuchUpload,
    /// The upload is another device's.
    #[error("the upload is another device's")]
    ForeignDevice,
    /// The client does not continue where the upload ends.
    #[error("the upload continues at byte {expected}, not {provided}")]
    OffsetMismatch {
        /// Where it ends.
        expected: u64,
        /// Where the client continues.
        provided: u64,
    },
    /// The client sends more or fewer bytes than the upload has.
    #[error("the upload has {}", counted(*expected, "byte"))]
    LengthMismatch {
        /// How many it has.
        expected: u64,
    },
    /// The upload is stored already.
    #[error("the upload is complete already")]
    UploadComplete,
    /// There is no such backup.
    #[error("there is no such backup")]
    NotFound,
    /// The backup folder cannot be read or written.
    #[error("the backup folder (BACKUP_DIR) cannot be read or written")]
    Storage(#[source] io::Error),
}

impl From<io::Error> for BackupError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Storage(error),
        }
    }
}

impl From<rustix::io::Errno> for BackupError {
    fn from(error: rustix::io::Errno) -> Self {
        io::Error::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_and_a_faulty_disk_are_different_errors() {
        let full: BackupError = io::Error::from(ErrorKind::StorageFull).into();
        let quota: BackupError = io::Error::from(ErrorKind::QuotaExceeded).into();
        let broken: BackupError = io::Error::from(ErrorKind::PermissionDenied).into();
        assert!(matches!(full, BackupError::DiskFull));
        assert!(matches!(quota, BackupError::DiskFull));
        assert!(matches!(broken, BackupError::Storage(_)));
    }
}
