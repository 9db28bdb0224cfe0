//! Everything that can go wrong with a request, and the one place where it becomes a status and a body.

use actix::MailboxError;
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_ENCODING, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use actors::admission::Full;
use actors::analysis::{AnalysisError, ModelError, NoAnswer};
use actors::backup::{BackupError, ExtensionNotAllowed};
use actors::byte_budget::ReserveError;
use actors::database::DatabaseError;
use actors::problem::{Fault, Problem};
use actors::sync::SyncError;
use serde_json::{Value, json};

use super::bodies::{Detail, InvalidRequest};

mod backup;
mod ollama;
mod sync_failed;

pub(super) use ollama::{OllamaFailed, OllamaTimedOut, OllamaUnavailable};
pub(super) use sync_failed::SyncFailed;

/// `Retry-After` if there is no capacity, in seconds.
const RETRY_SECONDS: u64 = 2;

/// The same for the model, which is slower.
const MODEL_RETRY_SECONDS: u64 = 15;

/// What a request is refused for. A body has only what helps the client; the causes are for the log, where
/// [`trace`](super::trace) writes them.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    #[error("Missing API key")]
    MissingKey,
    #[error("Invalid API key")]
    InvalidKey,
    #[error("The API key cannot be checked now")]
    KeyLookup(#[source] DatabaseError),
    #[error("The status cannot be read now")]
    SyncStatus(#[source] DatabaseError),
    #[error("Payload too large. Max: {limit_mb}MB")]
    PayloadTooLarge { limit_mb: usize },
    #[error("A compressed body is not taken: send it without Content-Encoding")]
    Compressed,
    #[error("Nothing was sent for {seconds} seconds")]
    ClientSilent { seconds: u64 },
    #[error("The body did not arrive within {seconds} seconds")]
    ClientSlow { seconds: u64 },
    #[error("The request's body cannot be read")]
    BodyBroken(#[source] PayloadError),
    #[error("The server is busy, try again")]
    Busy,
    #[error("The server was interrupted, try again")]
    Interrupted(#[from] MailboxError),
    #[error("Internal server error")]
    Internal,
    #[error("Internal server error")]
    Panicked(#[source] Panic),
    #[error("The request is not valid")]
    Invalid(Vec<Problem>),
    #[error("The API key belongs to another device than the request names")]
    ForeignDevice,
    #[error("The header {0} is missing or not valid")]
    UploadHeader(&'static str),
    #[error("The content type should be application/partial-upload")]
    NotPartialUpload,
    #[error("There was an error parsing the body")]
    FormBroken(#[source] multer::Error),
    #[error(transparent)]
    Extension(#[from] ExtensionNotAllowed),
    #[error(transparent)]
    Backup(#[from] BackupError),
    #[error(transparent)]
    Sync(#[from] SyncError),
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
}

/// What a handler that panicked has said.
#[derive(Debug, thiserror::Error)]
#[error("the handler panicked: {0}")]
pub(super) struct Panic(pub(super) String);

impl From<multer::Error> for ApiError {
    fn from(error: multer::Error) -> Self {
        match error {
            multer::Error::StreamReadFailed(error) => match error.downcast() {
                Ok(error) => Self::BodyBroken(*error),
                Err(other) => Self::FormBroken(multer::Error::StreamReadFailed(other)),
            },
            error => Self::FormBroken(error),
        }
    }
}

impl From<Full> for ApiError {
    fn from(Full: Full) -> Self {
        Self::Busy
    }
}

impl From<ReserveError> for ApiError {
    fn from(_: ReserveError) -> Self {
        Self::Busy
    }
}

impl ApiError {
    /// The meaning of a status: 4xx, the request must be corrected (or, for 401 and 403, the key); 429 and 503, the client
    /// retries; other 5xx, the client retries and the owner reads the log.
    fn answer(&self) -> (StatusCode, Value) {
        let detail = |text: &dyn ToString| json!(Detail::new(&text.to_string()));
        match self {
            Self::MissingKey | Self::InvalidKey => (StatusCode::UNAUTHORIZED, detail(self)),
            Self::PayloadTooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, detail(self)),
            Self::Compressed | Self::NotPartialUpload => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, detail(self))
            }
            Self::ClientSilent { .. } | Self::ClientSlow { .. } => {
                (StatusCode::REQUEST_TIMEOUT, detail(self))
            }
            Self::BodyBroken(_) | Self::FormBroken(_) | Self::UploadHeader(_) => {
                (StatusCode::BAD_REQUEST, detail(self))
            }
            Self::Invalid(problems) => refused(problems),
            Self::ForeignDevice => (StatusCode::FORBIDDEN, detail(self)),
            Self::Extension(_) => (StatusCode::UNPROCESSABLE_ENTITY, detail(self)),
            Self::Backup(error) => backup::answer(error),
            Self::SyncStatus(error) => (database_status(error), detail(self)),
            Self::KeyLookup(_) | Self::Busy | Self::Interrupted(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, detail(self))
            }
            Self::Internal | Self::Panicked(_) => (StatusCode::INTERNAL_SERVER_ERROR, detail(self)),
            Self::Sync(error) => match error {
                SyncError::Refused(problems) => refused(problems),
                SyncError::Forbidden { .. } => {
                    (StatusCode::FORBIDDEN, detail(&Self::ForeignDevice))
                }
                SyncError::Panicked(_) => {
                    (StatusCode::INTERNAL_SERVER_ERROR, detail(&Self::Internal))
                }
                SyncError::Failed { batch_id, source } => (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    json!(SyncFailed {
                        detail: "Sync failed",
                        batch_id: batch_id.clone(),
                        error: sentence(source),
                        request_id: None,
                    }),
                ),
            },
            Self::Analysis(error) => match error {
                AnalysisError::Full(_) => (
                    StatusCode::TOO_MANY_REQUESTS,
                    detail(&"Too many analyses are waiting, try again"),
                ),
                AnalysisError::AmbiguousDevice { devices } => {
                    let msg = format!(
                        "Value error, several devices have readings in this window: {}",
                        devices.join(", ")
                    );
                    let fault = Fault::new("value_error", msg, &Value::Null);
                    refused(&[fault.at(vec!["body".into(), "deviceId".into()])])
                }
                AnalysisError::NoAnswer(answer) => no_answer(answer),
                AnalysisError::Database(error) => {
                    (database_status(error), detail(&sentence(error)))
                }
                AnalysisError::Interrupted(_) => (
                    StatusCode::SERVICE_UNAVAILABLE,
                    detail(&"The analysis was interrupted, try again"),
                ),
                AnalysisError::NotFound => (StatusCode::NOT_FOUND, detail(&"No such analysis")),
                AnalysisError::NoDiagnosis => (
                    StatusCode::NOT_FOUND,
                    detail(&"No such drive, or not diagnosed yet"),
                ),
            },
        }
    }

    fn retry_seconds(&self) -> u64 {
        match self {
            Self::Analysis(AnalysisError::Full(_) | AnalysisError::NoAnswer(_)) => {
                MODEL_RETRY_SECONDS
            }
            _ => RETRY_SECONDS,
        }
    }
}

/// Without the model's words: the findings are there all the same.
fn no_answer(answer: &NoAnswer) -> (StatusCode, Value) {
    let findings = &answer.findings;
    match &answer.error {
        ModelError::Unavailable { url, model, .. } => (
            StatusCode::SERVICE_UNAVAILABLE,
            json!(OllamaUnavailable::new(url, model, findings)),
        ),
        ModelError::ModelMissing { message } | ModelError::Ollama { message } => (
            StatusCode::BAD_GATEWAY,
            json!(OllamaFailed::new(message, findings)),
        ),
        ModelError::TimedOut { limit } => (
            StatusCode::GATEWAY_TIMEOUT,
            json!(OllamaTimedOut::new(*limit, findings)),
        ),
    }
}

/// All that is wrong with a request, one by one.
fn refused(problems: &[Problem]) -> (StatusCode, Value) {
    (
        StatusCode::UNPROCESSABLE_ENTITY,
        json!(InvalidRequest::from(problems)),
    )
}

/// 503 if a retry may succeed, otherwise 500.
fn database_status(error: &DatabaseError) -> StatusCode {
    if error.may_pass() {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::INTERNAL_SERVER_ERROR
    }
}

/// The error's own text as a sentence, without its sources, which may contain internals of the database.
fn sentence(error: &DatabaseError) -> String {
    let words = error.to_string();
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| {
        format!("{}{}", first.to_uppercase(), letters.as_str())
    })
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.answer().0
    }

    fn error_response(&self) -> HttpResponse {
        let (status, body) = self.answer();
        let mut response = HttpResponse::build(status);
        if matches!(
            status,
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS
        ) {
            response.insert_header((RETRY_AFTER, self.retry_seconds()));
        }
        match self {
            Self::Compressed => _ = response.insert_header((ACCEPT_ENCODING, "identity")),
            Self::NotPartialUpload => {
                response.insert_header(("Accept-Patch", "application/partial-upload"));
            }
            Self::Backup(BackupError::OffsetMismatch { expected, .. }) => {
                response.insert_header(("Upload-Offset", *expected));
            }
            _ => {}
        }
        response.json(body)
    }
}
