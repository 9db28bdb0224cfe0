//! Reading a request's body under limits of size, memory and silence.

use std::time::Duration;

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use actix_web::{HttpRequest, web};
use actors::byte_budget::{ByteBudget, Reservation};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;

use super::error::ApiError;

/// How long a client may send nothing.
pub(super) const SILENCE_LIMIT: Duration = Duration::from_secs(30);

/// The additional time per mebibyte of a body. A slow client occupies memory, so the time for a whole body is bounded.
const PATIENCE_PER_MEBIBYTE: Duration = Duration::from_secs(16);

/// How long a client waits for memory before it gets a 503.
const MEMORY_LIMIT: Duration = Duration::from_secs(15);

/// Reads a whole body of at most `limit` bytes. Its memory is reserved as the bytes arrive.
pub(super) async fn read(
    request: &HttpRequest,
    mut payload: web::Payload,
    limit: usize,
    budget: &ByteBudget,
) -> Result<(Bytes, Reservation), ApiError> {
    let too_large = || ApiError::PayloadTooLarge {
        limit_mb: limit / (1024 * 1024),
    };
    if is_compressed(request) {
        return Err(ApiError::Compressed);
    }
    let declared = declared_length(request);
    if declared.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let announced = declared.unwrap_or(limit);
    let client = request.peer_addr().map(|address| address.ip());
    let mut memory = budget.begin(client, announced)?;
    let mut body = BytesMut::with_capacity(declared.unwrap_or_default());
    let whole = async {
        while let Some(chunk) = unless_silent(payload.next()).await? {
            let chunk = chunk.map_err(ApiError::BodyBroken)?;
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            memory
                .grow_to(body.len() + chunk.len(), MEMORY_LIMIT)
                .await?;
            body.extend_from_slice(&chunk);
        }
        Ok(())
    };
    unless_slow(announced, whole).await?;
    memory.complete(body.len());
    Ok((body.freeze(), memory))
}

fn is_compressed(request: &HttpRequest) -> bool {
    let encoding = request.headers().get(CONTENT_ENCODING);
    encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// Waits for the client's next bytes, with a time limit.
pub(super) async fn unless_silent<T>(next: impl Future<Output = T>) -> Result<T, ApiError> {
    tokio::time::timeout(SILENCE_LIMIT, next)
        .await
        .map_err(|_| ApiError::ClientSilent {
            seconds: SILENCE_LIMIT.as_secs(),
        })
}

/// Waits for the whole body, with a time limit.
async fn unless_slow(
    size_bytes: usize,
    whole: impl Future<Output = Result<(), ApiError>>,
) -> Result<(), ApiError> {
    let mebibytes = u32::try_from(size_bytes / (1024 * 1024)).unwrap_or(u32::MAX);
    let limit = SILENCE_LIMIT + PATIENCE_PER_MEBIBYTE * mebibytes;
    tokio::time::timeout(limit, whole)
        .await
        .unwrap_or(Err(ApiError::ClientSlow {
            seconds: limit.as_secs(),
        }))
}

/// The length that the client declared, in bytes.
pub(super) fn declared_length(request: &HttpRequest) -> Option<usize> {
    request
        .headers()
        .get(CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}
