//! `POST /api/v1/sync`

use actix_web::{HttpRequest, web};
use actors::sync::{KeyHolder, StoreBatch};

use super::bodies::{Detail, InvalidRequest};
use super::error::{ApiError, SyncFailed};
use super::schemas::SyncBatch;
use super::{State, body, turn};

mod owner;
mod receipt;
pub(super) mod status;

pub(super) use receipt::SyncReceipt;

/// Stores the rows of a batch, all of them or none
///
/// Rows with a key that the device has sent before are updated. Re-sending a batch is idempotent. The
/// largest body is `MAX_SYNC_PAYLOAD_MB` (10 MB).
#[utoipa::path(
    post,
    path = "/api/v1/sync",
    tag = "Sync",
    request_body(content = SyncBatch, content_type = "application/json"),
    responses(
        (status = 200, description = "All rows are committed.", body = SyncReceipt),
        (status = 400, description = "The request body ended early.", body = Detail),
        (status = 403, description = "The key belongs to another device.", body = Detail),
        (status = 408, description = "The request body did not arrive in time.", body = Detail),
        (status = 413, description = "The body is too large.", body = Detail),
        (status = 415, description = "The body is compressed.", body = Detail),
        (status = 422, description = "Validation failed; nothing was stored.", body = InvalidRequest),
        (status = 500, description = "The batch was probably not stored. Retry; re-sending is idempotent.", body = SyncFailed),
    ),
)]
pub(super) async fn store_batch(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
    sender: web::ReqData<KeyHolder>,
) -> Result<web::Json<SyncReceipt>, ApiError> {
    let (body, memory) = body::read(
        &request,
        payload,
        state.max_sync_payload_bytes,
        &state.batch_memory,
    )
    .await?;
    let sender = sender.into_inner();
    let owner = owner::of(&body, &sender, request.peer_addr());
    let turn = turn::take_fairly(&state.batches, &owner).await?;
    let receipt = state
        .sync
        .send(StoreBatch {
            body,
            sender,
            turn,
            memory,
        })
        .await??;
    Ok(web::Json(receipt.into()))
}
