//! Errors of backups.

use std::io::{self, ErrorKind};

use super::sha256::Sha256;

/// Why the backup actor refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file exceeds the limit. A retry is refused too.
    #[error("the file is larger than {max_bytes} bytes")]
    TooLarge {
        /// The limit, in bytes.
        max_bytes: u64,
    },
    /// The bytes that arrived are not those that the client sent.
    #[error("the file's SHA-256 is {actual}, not {expected}")]
    ChecksumMismatch {
        /// What the client announced.
        expected: Sha256,
        /// What arrived.
        actual: Sha256,
    },
    /// No space (or quota) is left; nothing half-written remains. The owner must free space.
    #[error("no space is left for backups")]
    DiskFull,
    /// There is no such backup, or no longer.
    #[error("there is no such backup")]
    NotFound,
    /// The backup folder cannot be read or written.
    #[error("the backup folder cannot be used")]
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
