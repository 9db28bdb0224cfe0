//! The bodies of requests and answers about backups.

use actors::backup::{Backup, StoredBackup};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::bodies::{Detail, InvalidRequest, time};
use crate::http::schemas::DeviceIdSchema;

/// A file to store. The fields may have any order.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "for the documentation: forms are read as they arrive"
)]
pub(in crate::http) struct BackupUpload {
    /// The file, with a name that ends in `.db`, `.log`, `.json` or `.gz`; at most `MAX_BACKUP_SIZE_MB` (100 MB).
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
    /// The type of the file.
    #[schema(rename = "type")]
    kind: BackupType,
    /// The device that the file is from.
    #[schema(value_type = DeviceIdSchema)]
    device_id: String,
    /// The file's SHA-256 in hex. If it does not match, the file is rejected.
    #[schema(nullable = false, pattern = "^[0-9A-Fa-f]{64}$")]
    sha256: Option<String>,
}

/// The types of backups.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "for the documentation")]
pub(in crate::http) enum BackupType {
    Database,
    Logs,
    Config,
}

/// Why an upload was rejected: a list of invalid fields, or one sentence about the file name.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "for the documentation")]
pub(in crate::http) enum RefusedUpload {
    Fields(InvalidRequest),
    Name(Detail),
}

/// The receipt of a stored backup.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct BackupReceipt {
    /// Always `ok`.
    #[schema(examples("ok"))]
    status: &'static str,
    /// The name of the stored file, with its time in UTC.
    #[schema(examples("obd-2026-02-01T14-30-00.db"))]
    filename: String,
    /// Its path on the server.
    #[schema(examples("/data/backups/example-device/database/obd-2026-02-01T14-30-00.db"))]
    stored_at: String,
    /// Its size, in bytes.
    #[schema(examples(524_288))]
    size_bytes: u64,
    /// Its SHA-256, in hex.
    #[schema(examples("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"))]
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

/// The backups on the disk: by device, then type, the last stored first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BackupList {
    /// By device, then type, the last stored first. Files that the server did not store come last.
    backups: Vec<BackupEntry>,
}

/// A stored file.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct BackupEntry {
    /// The device.
    #[schema(examples("example-device"))]
    device_id: String,
    /// The type of the file.
    #[serde(rename = "type")]
    #[schema(value_type = BackupType)]
    kind: &'static str,
    /// Its name.
    #[schema(examples("obd-2026-02-01T14-30-00.db"))]
    filename: String,
    /// Its path on the server.
    #[schema(examples("/data/backups/example-device/database/obd-2026-02-01T14-30-00.db"))]
    stored_at: String,
    /// When it was stored, in UTC.
    #[schema(examples("2026-02-01T14:30:00"))]
    created_at: String,
    /// Its size, in bytes.
    #[schema(examples(524_288))]
    size_bytes: u64,
    /// Its SHA-256, in hex; null if the file has changed since it was stored.
    #[schema(
        required = true,
        examples("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
    )]
    sha256: Option<String>,
    /// Whether the check found it intact; null if it was not checked, or cannot be checked.
    #[schema(required = true, examples(true))]
    verified: Option<bool>,
    /// A note for the owner.
    #[schema(required = true, examples("not checked yet"))]
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
