//! `POST /api/v1/analyze`, `GET /api/v1/analyses` and `GET /api/v1/analyses/{analysisId}`

use actix_web::{HttpRequest, web};
use actors::analysis::{AnalysisError, Analyze, FindAnalysis, ListAnalyses, Scope};
use actors::page::Cursor;
use actors::problem::Fault;
use actors::sync::KeyHolder;
use tokio_util::sync::CancellationToken;

use super::bodies::{Detail, InvalidRequest};
use super::error::{ApiError, OllamaFailed, OllamaTimedOut, OllamaUnavailable};
use super::schemas::DeviceIdSchema;
use super::{State, auth, body, fields, turn};

mod answers;
mod filters;
mod request;

pub(super) use answers::AnalysisWithResult;
use answers::{AnalysisAnswer, AnalysisList, AnalysisState};
use filters::AnalysisFilters;
use request::{AnalysisRequest, AnalysisRequestSchema};

/// The largest request for an analysis.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Analyses the readings of a drive
///
/// The readings are diagnosed by rules first (`findings`); a model then words recommendations. Where the model gives none, the
/// answers 502, 503 and 504 have the findings too.
///
/// One analysis runs at a time; up to `ANALYSIS_QUEUE_CAPACITY` (8) requests wait. The answer is sent when the model has
/// answered, within `ANALYSIS_TIMEOUT_SECONDS` (120) of the start of the analysis. Simulated readings are excluded, unless all
/// are simulated. The largest body is 1 MB.
#[utoipa::path(
    post,
    path = "/api/v1/analyze",
    tag = "Analysis",
    request_body(content = AnalysisRequestSchema, content_type = "application/json"),
    responses(
        (status = 200, description = "The recommendations; none if there are no such readings.", body = AnalysisAnswer),
        (status = 400, description = "The request body ended early.", body = Detail),
        (status = 403, description = "The key belongs to another device.", body = Detail),
        (status = 408, description = "The request body did not arrive in time.", body = Detail),
        (status = 413, description = "The body is too large.", body = Detail),
        (status = 415, description = "The body is compressed.", body = Detail),
        (status = 422, description = "A field is missing or invalid; or several devices have readings in the window, and are listed.", body = InvalidRequest),
        (status = 429, description = "Too many requests wait. Retry after `Retry-After`.", body = Detail,
            headers(("Retry-After" = u64, description = "Seconds to wait before the retry."))),
        (status = 502, description = "Ollama does not have the model, or its answer is unusable.", body = OllamaFailed),
        (status = 503, description = "Ollama is unreachable, or the server is busy. Retry after `Retry-After`.", body = OllamaUnavailable,
            headers(("Retry-After" = u64, description = "Seconds to wait before the retry."))),
        (status = 504, description = "The model exceeded its time limit.", body = OllamaTimedOut),
    ),
)]
pub(super) async fn analyze_drive(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
    sender: web::ReqData<KeyHolder>,
) -> Result<web::Json<AnalysisAnswer>, ApiError> {
    let wanted = read(&request, payload, &state).await?;
    let device_id = auth::within(&sender, wanted.device_id)?;
    if device_id.is_none() && matches!(wanted.scope, Scope::Drive { .. }) {
        let missing = Fault::missing().at(vec!["body".into(), "deviceId".into()]);
        return Err(ApiError::Invalid(vec![missing]));
    }
    // Without a limit: the queue is short, and a client that disconnects leaves it.
    let turn = state.analyses.enter().await.map_err(AnalysisError::from)?;
    let cancelled = CancellationToken::new();
    let _cancels_when_dropped = cancelled.clone().drop_guard();
    let analysis = state
        .analysis
        .send(Analyze {
            device_id,
            profile_id: wanted.profile_id,
            scope: wanted.scope,
            parameters: wanted.parameters,
            focus_areas: wanted.focus_areas,
            cancelled,
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

/// Lists analyses
///
/// Requested and automatic ones. With a device's own key, only that device's.
#[utoipa::path(
    get,
    path = "/api/v1/analyses",
    tag = "Analysis",
    params(
        ("deviceId" = Option<DeviceIdSchema>, Query, description = "Only entries of this device."),
        ("status" = Option<AnalysisState>, Query, description = "Only analyses with this status.", example = "success"),
        ("from" = Option<String>, Query, description = "Only analyses that began at this time or later, such as `2026-02-01T00:00:00`; without an offset, in UTC.", example = "2026-02-01T00:00:00"),
        ("to" = Option<String>, Query, description = "Only analyses that began at this time or earlier, such as `2026-02-28T23:59:59`.", example = "2026-02-28T23:59:59"),
        ("cursor" = Option<String>, Query, description = "The `nextCursor` of the answer before: continues behind it."),
        ("limit" = Option<u32>, Query, description = "The largest number of entries; by default 50.",
            minimum = 1, maximum = 500, example = 50),
    ),
    responses(
        (status = 200, description = "The newest first.", body = AnalysisList),
        (status = 403, description = "The key belongs to another device.", body = Detail),
        (status = 422, description = "A filter is invalid.", body = InvalidRequest),
    ),
)]
pub(super) async fn list_analyses(
    state: web::Data<State>,
    query: web::Query<Vec<(String, String)>>,
    sender: web::ReqData<KeyHolder>,
) -> Result<web::Json<AnalysisList>, ApiError> {
    let filters = AnalysisFilters::read(&query).map_err(ApiError::Invalid)?;
    let device_id = auth::within(&sender, filters.device_id)?;
    let turn = turn::take(&state.analysis_lookups).await?;
    let limit = filters.page.limit;
    let mut page = filters.page;
    page.limit += 1;
    let mut analyses = state
        .analysis
        .send(ListAnalyses {
            device_id,
            status: filters.status,
            page,
            turn,
        })
        .await??;
    let last = fields::cut(&mut analyses, limit);
    let next = last.map(|last| Cursor {
        at: last.created_at,
        id: last.analysis_id.clone(),
    });
    let next_cursor = next.map(|cursor| cursor.to_string());
    Ok(web::Json(AnalysisList::new(analyses, next_cursor)))
}

/// Returns an analysis with its recommendations
///
/// One that is running or has failed has none. With a device's own key, only its own.
#[utoipa::path(
    get,
    path = "/api/v1/analyses/{analysisId}",
    tag = "Analysis",
    params(
        ("analysisId" = String, Path, description = "Its id, as answered or listed.",
            example = "analysis-2026-02-01T14:30:10-k3v9x2m0qa"),
    ),
    responses(
        (status = 200, description = "The analysis.", body = AnalysisWithResult),
        (status = 404, description = "There is no such analysis.", body = Detail),
    ),
)]
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
            device_id: auth::within(&sender, None)?,
            turn,
        })
        .await??;
    Ok(web::Json(found.into()))
}
