//! `POST /api/v1/analyze`, `GET /api/v1/analyses` and `GET /api/v1/analyses/{analysisId}`

use actix_web::{HttpRequest, web};
use actors::analysis::{AnalysisError, AnalyzeDrive, FindAnalysis, ListAnalyses};
use actors::caller;
use actors::sync::KeyHolder;

use super::error::ApiError;
use super::wire::analysis::{
    AnalysisAnswer, AnalysisFilters, AnalysisList, AnalysisRequest, AnalysisWithResult,
};
use super::{State, body, turn};

/// The largest request for an analysis.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Has the readings of a window analysed.
pub(super) async fn analyze_drive(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
    sender: web::ReqData<KeyHolder>,
) -> Result<web::Json<AnalysisAnswer>, ApiError> {
    let wanted = read(&request, payload, &state).await?;
    let device_id = within(&sender, wanted.device_id)?;
    // As long as it takes: the line is short, and whoever hangs up leaves it.
    let turn = state.analyses.enter().await.map_err(AnalysisError::from)?;
    let (_presence, caller) = caller::present();
    let analysis = state
        .analysis
        .send(AnalyzeDrive {
            device_id,
            profile_id: wanted.profile_id,
            window_start: wanted.window_start,
            window_end: wanted.window_end,
            parameters: wanted.parameters,
            focus_areas: wanted.focus_areas,
            caller,
            turn,
        })
        .await??;
    Ok(web::Json(analysis.into()))
}

/// Reads a request; what waits in line afterwards is a few names, not a body.
async fn read(
    request: &HttpRequest,
    payload: web::Payload,
    state: &State,
) -> Result<AnalysisRequest, ApiError> {
    let (body, _memory) =
        body::read(request, payload, MAX_BODY_BYTES, &state.analysis_memory).await?;
    AnalysisRequest::read(&body).map_err(ApiError::Invalid)
}

/// Lists the analyses that were made.
pub(super) async fn list_analyses(
    state: web::Data<State>,
    query: web::Query<Vec<(String, String)>>,
    sender: web::ReqData<KeyHolder>,
) -> Result<web::Json<AnalysisList>, ApiError> {
    let filters = AnalysisFilters::read(&query).map_err(ApiError::Invalid)?;
    let device_id = within(&sender, filters.device_id)?;
    let turn = turn::take(&state.analysis_lookups).await?;
    let analyses = state
        .analysis
        .send(ListAnalyses {
            device_id,
            status: filters.status,
            limit: filters.limit,
            turn,
        })
        .await??;
    Ok(web::Json(analyses.into()))
}

/// Gives an analysis back, with what it has recommended.
pub(super) async fn find_analysis(
    state: web::Data<State>,
    path: web::Path<String>,
    sender: web::ReqData<KeyHolder>,
) -> Result<web::Json<AnalysisWithResult>, ApiError> {
    let turn = turn::take(&state.analysis_lookups).await?;
    let found = state
        .analysis
        .send(FindAnalysis {
            analysis_id: path.into_inner(),
            // What is of another device is not there for this one.
            device_id: within(&sender, None)?,
            turn,
        })
        .await??;
    Ok(web::Json(found.into()))
}

/// The device that a request may be about: with a device's own key it is that device.
pub(super) fn within(
    sender: &KeyHolder,
    wanted: Option<String>,
) -> Result<Option<String>, ApiError> {
    match (sender, wanted) {
        (KeyHolder::Owner, wanted) => Ok(wanted),
        (KeyHolder::Device(own), None) => Ok(Some(own.clone())),
        (KeyHolder::Device(own), Some(wanted)) if *own == wanted => Ok(Some(wanted)),
        (KeyHolder::Device(_), Some(_)) => Err(ApiError::ForeignDevice),
    }
}
