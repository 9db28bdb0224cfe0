//! `POST /api/v1/sync`

use std::time::Duration;

use actix_web::{HttpRequest, web};
use actors::sync::{KeyHolder, StoreBatch};
use tokio::time::timeout;

use super::error::ApiError;
use super::wire::SyncReceipt;
use super::{State, body};

/// How long a batch waits for its turn, before its sender is asked to come again.
const TURN_LIMIT: Duration = Duration::from_secs(15);

/// Stores the rows of a batch, all of them or none.
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
    let turn = timeout(TURN_LIMIT, state.batches.enter())
        .await
        .map_err(|_| ApiError::Busy)??;
    let sender = sender.into_inner();
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
