//! `GET /api/v1/drives`

use actix_web::web;
use actors::analysis::ListDrives;
use actors::sync::KeyHolder;

use super::error::ApiError;
use super::wire::drives::{DriveFilters, DriveList};
use super::{State, analysis, turn};

/// Lists the drives that are known, and how the analysis of each stands.
pub(super) async fn list_drives(
    state: web::Data<State>,
    query: web::Query<Vec<(String, String)>>,
    sender: web::ReqData<KeyHolder>,
) -> Result<web::Json<DriveList>, ApiError> {
    let filters = DriveFilters::read(&query).map_err(ApiError::Invalid)?;
    let device_id = analysis::within(&sender, filters.device_id)?;
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
