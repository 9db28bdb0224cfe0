//! Errors of backups: status and body.

use actix_web::http::StatusCode;
use actors::backup::BackupError;
use actors::problem::Fault;
use actors::text::counted;
use serde_json::{Value, json};

use super::{ApiError, Detail, refused};

/// The registered type of a problem with an upload in parts.
fn problem_type(name: &str) -> String {
    format!("https://iana.org/assignments/http-problem-types#{name}")
}

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
        BackupError::NoSuchUpload => (StatusCode::NOT_FOUND, detail("No such upload")),
        BackupError::ForeignDevice => {
            let text = ApiError::ForeignDevice.to_string();
            (StatusCode::FORBIDDEN, detail(&text))
        }
        BackupError::OffsetMismatch { expected, provided } => (
            StatusCode::CONFLICT,
            json!({
                "type": problem_type("mismatching-upload-offset"),
                "detail": format!("The upload continues at byte {expected}"),
                "expected-offset": expected,
                "provided-offset": provided,
            }),
        ),
        BackupError::LengthMismatch { expected } => (
            StatusCode::BAD_REQUEST,
            json!({
                "type": problem_type("inconsistent-upload-length"),
                "detail": format!("The upload has {}", counted(*expected, "byte")),
            }),
        ),
        BackupError::UploadComplete => (
            StatusCode::BAD_REQUEST,
            json!({
                "type": problem_type("completed-upload"),
                "detail": "The upload is complete already",
            }),
        ),
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
