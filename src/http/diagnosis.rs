//! `GET /api/v1/drives/{drive}` and its report

use actix_web::http::header::{CONTENT_SECURITY_POLICY, ContentType};
use actix_web::{HttpResponse, web};
use actors::analysis::{self, AnalysisError, DriveReport, FindDiagnosis, ReportDrive};
use actors::sync::KeyHolder;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::analysis::AnalysisWithResult;
use super::bodies::{Detail, time};
use super::error::ApiError;
use super::schemas::DiagnosisSchema;
use super::{State, auth, turn};
use crate::report::{self, Recommendation, Subject};

/// Returns the computed diagnosis of a drive, and its analyses
///
/// Computed from the readings, without a model, as soon as the drive is ready. With a device's own key, only that
/// device's drives.
#[utoipa::path(
    get,
    path = "/api/v1/drives/{drive}",
    tag = "Analysis",
    params(
        ("drive" = i64, Path, description = "The server's number of the drive.", example = 12),
    ),
    responses(
        (status = 200, description = "The diagnosis.", body = DiagnosedDrive),
        (status = 404, description = "There is no such drive, or it is not diagnosed yet.", body = Detail),
    ),
)]
pub(super) async fn find_diagnosis(
    state: web::Data<State>,
    path: web::Path<String>,
    sender: web::ReqData<KeyHolder>,
) -> Result<web::Json<DiagnosedDrive>, ApiError> {
    let turn = turn::take(&state.analysis_lookups).await?;
    let found = state
        .analysis
        .send(FindDiagnosis {
            // No drive has the number 0.
            drive: path.parse().unwrap_or(0),
            device_id: auth::within(&sender, None)?,
            turn,
        })
        .await??;
    Ok(web::Json(DiagnosedDrive::try_from(found)?))
}

/// Returns the report of a drive as one self-contained HTML page
///
/// Grade, findings with their evidence and plots, fuel trims by state, warm-up, and the recommendations of the latest
/// analysis. No script and nothing to load; it prints well.
#[utoipa::path(
    get,
    path = "/api/v1/drives/{drive}/report",
    tag = "Analysis",
    params(
        ("drive" = i64, Path, description = "The server's number of the drive.", example = 12),
    ),
    responses(
        (status = 200, description = "The page.", body = String, content_type = "text/html"),
        (status = 404, description = "There is no such drive, or it is not diagnosed yet.", body = Detail),
    ),
)]
pub(super) async fn report_drive(
    state: web::Data<State>,
    path: web::Path<String>,
    sender: web::ReqData<KeyHolder>,
) -> Result<HttpResponse, ApiError> {
    let turn = turn::take(&state.analysis_lookups).await?;
    let report = state
        .analysis
        .send(ReportDrive {
            // No drive has the number 0.
            drive: path.parse().unwrap_or(0),
            device_id: auth::within(&sender, None)?,
            turn,
        })
        .await??;
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
    Ok(HttpResponse::Ok()
        .content_type(ContentType::html())
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .body(page(&report)))
}

fn page(found: &DriveReport) -> String {
    let recommendations: Vec<Recommendation> = found
        .recommendations
        .iter()
        .map(Recommendation::from)
        .collect();
    report::html(&Subject {
        title: &found.title(),
        has_date: true,
        diagnosis: &found.diagnosis,
        traces: &found.traces,
        recommendations: &recommendations,
    })
}

/// A drive and its diagnosis.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DiagnosedDrive {
    /// The server's number of the drive.
    #[schema(examples(12))]
    drive: i64,
    /// Whose drive it is.
    #[schema(examples("example-device"))]
    source_device: String,
    /// The device's number of it; null where the device gives none.
    #[schema(required = true, examples(7))]
    drive_id: Option<i64>,
    /// When it began.
    #[schema(examples("2026-02-01T14:00:00"))]
    drive_start_time: String,
    /// When it ended; null where no end is logged.
    #[schema(required = true, examples("2026-02-01T14:25:00"))]
    drive_end_time: Option<String>,
    /// When it was diagnosed.
    #[schema(examples("2026-02-01T14:27:00"))]
    diagnosed_at: String,
    /// What the rules worked out, byte for byte as it was computed.
    #[schema(value_type = DiagnosisSchema)]
    diagnosis: Box<RawValue>,
    /// The analyses of the drive, the newest first; 20 at most.
    #[schema(max_items = 20)]
    analyses: Vec<AnalysisWithResult>,
}

impl TryFrom<analysis::DiagnosedDrive> for DiagnosedDrive {
    type Error = AnalysisError;

    fn try_from(found: analysis::DiagnosedDrive) -> Result<Self, AnalysisError> {
        let analysis::DiagnosedDrive { stored, analyses } = found;
        Ok(Self {
            drive: stored.drive,
            source_device: stored.device_id,
            drive_id: stored.drive_id,
            drive_start_time: time(stored.start),
            drive_end_time: stored.end.map(time),
            diagnosed_at: time(stored.diagnosed_at),
            diagnosis: RawValue::from_string(stored.diagnosis)
                .map_err(|_| AnalysisError::NoDiagnosis)?,
            analyses: analyses.into_iter().map(AnalysisWithResult::from).collect(),
        })
    }
}
