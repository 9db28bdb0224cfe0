//! `GET /api/v1/drives`

use actix_web::web;
use actors::analysis::ListDrives;
use actors::sync::KeyHolder;

use super::error::ApiError;
use super::wire::drives::{DriveFilters, DriveList};
use super::wire::{Detail, InvalidRequest};
use super::{State, auth, turn};

/// Lists the drives that are known, and how the analysis of each stands
///
/// With a device's own key, only that device's.
#[utoipa::path(
    get,
    path = "/api/v1/drives",
    tag = "Analysis",
    params(
        ("deviceId" = Option<String>, Query, description = "Only this device's.",
            min_length = 1, max_length = 64, example = "chi-eclipse-tuner"),
        ("limit" = Option<u32>, Query, description = "At most so many; 50 if it is left out.",
            minimum = 1, maximum = 200, example = 50),
    ),
    responses(
        (status = 200, description = "The latest first.", body = DriveList),
        (status = 403, description = "The key belongs to another device.", body = Detail),
        (status = 422, description = "A filter is not valid.", body = InvalidRequest),
    ),
)]
pub(super) async fn list_drives(
    state: web::Data<State>,
    query: web::Query<Vec<(String, String)>>,
    sender: web::ReqData<KeyHolder>,
) -> Result<web::Json<DriveList>, ApiError> {
    let filters = DriveFilters::read(&query).map_err(ApiError::Invalid)?;
    let device_id = auth::within(&sender, filters.device_id)?;
    let turn = turn::take(&state.analysis_lookups).await?;
    let drives = state
        .analysis
        .send(ListDrives {
            device_id,
            limit: filters.limit,
            turn,
        })
        .await??;
    Ok(web::Json(drives.into()))
}
