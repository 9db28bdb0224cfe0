//! `POST /api/v1/sync`

use actix_web::{HttpRequest, web};
use actors::sync::{KeyHolder, StoreBatch};

use super::error::ApiError;
use super::wire::SyncReceipt;
use super::{State, body, turn};

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
    let turn = turn::take(&state.batches).await?;
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
