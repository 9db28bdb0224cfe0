//! Errors of backups: status and body.

use actix_web::http::StatusCode;
use actors::backup::BackupError;
use actors::problem::Fault;
use serde_json::{Value, json};

use super::{Detail, refused};

pub(super) fn answer(error: &BackupError) -> (StatusCode, Value) {
    let detail = |text: &str| json!(Detail::new(text));
    match error {
        BackupError::TooLarge { max_bytes } => {
            let text = format!("File too large. Max: {}MB", max_bytes / (1024 * 1024));
            (StatusCode::PAYLOAD_TOO_LARGE, detail(&text))
        }
        BackupError::ChecksumMismatch { expected, actual } => {
            let msg = format!("Value error, the file that arrived has the SHA-256 {actual}");
            let fault = Fault::new("value_error", msg, &json!(expected.to_string()));
            refused(&[fault.at(vec!["body".into(), "sha256".into()])])
        }
        BackupError::NotFound => (StatusCode::NOT_FOUND, detail("No such backup")),
        BackupError::DiskFull => (
            StatusCode::INSUFFICIENT_STORAGE,
            detail("No space is left for backups"),
        ),
        BackupError::NotMounted => (
            StatusCode::INTERNAL_SERVER_ERROR,
            detail("The backup folder is not mounted"),
        ),
        BackupError::Storage(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            detail("Backups cannot be read or written now"),
        ),
    }
}
