//! Everything that can go wrong with a request, and the one place where it becomes a status and a body.

use actix::MailboxError;
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_ENCODING, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use actors::admission::Full;
use actors::byte_budget::ReserveError;
use actors::causes;
use actors::database::DatabaseError;
use actors::sync::SyncError;
use serde_json::{Value, json};

use super::wire::Detail;

/// When to come again after a refusal for lack of room, in seconds.
const RETRY_SECONDS: u64 = 2;

/// What a request is refused for. The log has the causes; a body has only what helps the client.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    #[error("Missing API key")]
    MissingKey,
    #[error("Invalid API key")]
    InvalidKey,
    #[error("The API key cannot be checked now")]
    KeyLookup(#[source] DatabaseError),
    #[error("Payload too large. Max: {limit_mb}MB")]
    PayloadTooLarge { limit_mb: usize },
    #[error("A compressed body is not taken: send it without Content-Encoding")]
    Compressed,
    #[error("Nothing was sent for {seconds} seconds")]
    ClientSilent { seconds: u64 },
    #[error("The request's body cannot be read")]
    BodyBroken(#[source] PayloadError),
    #[error("The server is busy, try again")]
    Busy,
    #[error("The server was interrupted, try again")]
    Interrupted(#[from] MailboxError),
    #[error("Internal server error")]
    Internal,
    #[error(transparent)]
    Sync(#[from] SyncError),
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
    /// Who reacts how: 4xx, the client's maker mends the request (or, for 401 and 403, the owner the key); 429 and
    /// 503, the client comes again by itself; other 5xx, the client comes again and the owner reads the log.
    fn answer(&self) -> (StatusCode, Value) {
        let detail = |text: &dyn ToString| json!(Detail::new(&text.to_string()));
        match self {
            Self::MissingKey | Self::InvalidKey => (StatusCode::UNAUTHORIZED, detail(self)),
            Self::PayloadTooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, detail(self)),
            Self::Compressed => (StatusCode::UNSUPPORTED_MEDIA_TYPE, detail(self)),
            Self::ClientSilent { .. } => (StatusCode::REQUEST_TIMEOUT, detail(self)),
            Self::BodyBroken(_) => (StatusCode::BAD_REQUEST, detail(self)),
            Self::KeyLookup(_) | Self::Busy | Self::Interrupted(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, detail(self))
            }
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, detail(self)),
            Self::Sync(error) => match error {
                SyncError::Refused(problems) => (
                    StatusCode::UNPROCESSABLE_ENTITY,
                    json!({ "detail": problems }),
                ),
                SyncError::Forbidden { .. } => (
                    StatusCode::FORBIDDEN,
                    detail(&"The API key belongs to another device than the request names"),
                ),
                SyncError::Failed { batch_id, source } => (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    json!({ "detail": "Sync failed", "batchId": batch_id, "error": sentence(source) }),
                ),
            },
        }
    }
}

/// An error's own words, as a sentence; not those of its sources, which may tell of the database's inside.
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
        if status.is_server_error() {
            log::error!(
                "request failed status={} cause={:?}",
                status.as_u16(),
                causes(self)
            );
        }
        let mut response = HttpResponse::build(status);
        if matches!(
            status,
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS
        ) {
            response.insert_header((RETRY_AFTER, RETRY_SECONDS));
        }
        if status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
            response.insert_header((ACCEPT_ENCODING, "identity"));
        }
        response.json(body)
    }
}
