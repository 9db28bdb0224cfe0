use serde::Serialize;
use utoipa::ToSchema;

/// The answer when a batch could not be stored. Nothing of it was.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct SyncFailed {
    /// What is wrong.
    #[schema(examples("Sync failed"))]
    pub detail: &'static str,
    /// The batch, as the device calls it; missing if the server failed before it was read.
    #[schema(required = false, examples("sync-2026-02-01T14:30:00"))]
    pub batch_id: String,
    /// Why, in one sentence; missing if `batchId` is.
    #[schema(required = false, examples("The database cannot be reached"))]
    pub error: String,
    /// The request's id in the server's log, which has the details.
    // Added by `trace`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("5f0c6f9a3b1d2e47"))]
    pub request_id: Option<String>,
}
