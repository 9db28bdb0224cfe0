//! Backups on the wire.

use actors::backup::{Backup, StoredBackup};
use serde::Serialize;

use super::time;

/// The receipt of a backup: it is on the disk.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct BackupReceipt {
    status: &'static str,
    filename: String,
    stored_at: String,
    size_bytes: u64,
    sha256: String,
}

impl From<StoredBackup> for BackupReceipt {
    fn from(stored: StoredBackup) -> Self {
        Self {
            status: "ok",
            filename: stored.filename,
            stored_at: stored.path.display().to_string(),
            size_bytes: stored.size_bytes,
            sha256: stored.sha256.to_string(),
        }
    }
}

/// What is on the disk: by device, then type, the newest first.
#[derive(Debug, Serialize)]
pub(in crate::http) struct BackupList {
    backups: Vec<BackupEntry>,
}

/// A file among the backups.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BackupEntry {
    device_id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    filename: String,
    /// Where it lies on the server.
    stored_at: String,
    created_at: String,
    size_bytes: u64,
    /// Null if the file is not the one that was stored.
    sha256: Option<String>,
    /// Whether it was found whole; null if it was not checked, or there is no check for it.
    verified: Option<bool>,
    /// What the owner should know of it.
    note: Option<String>,
}

impl From<Vec<Backup>> for BackupList {
    fn from(backups: Vec<Backup>) -> Self {
        Self {
            backups: backups.into_iter().map(BackupEntry::from).collect(),
        }
    }
}

impl From<Backup> for BackupEntry {
    fn from(backup: Backup) -> Self {
        Self {
            device_id: backup.folder.device.as_str().to_owned(),
            kind: backup.folder.kind.as_str(),
            filename: backup.filename,
            stored_at: backup.path.display().to_string(),
            created_at: time(backup.created_at),
            size_bytes: backup.size_bytes,
            sha256: backup.sha256.map(|digest| digest.to_string()),
            verified: backup.verified,
            note: backup.note,
        }
    }
}
