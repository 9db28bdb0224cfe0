//! `GET /api/v1/drives`

use actix_web::web;
use actors::analysis::{DiagnosisSummary, ListDrives};
use actors::device_id::DeviceId;
use actors::drives::KnownDrive;
use actors::problem::Problem;
use actors::sync::KeyHolder;
use serde::Serialize;
use utoipa::ToSchema;

use super::bodies::{Detail, InvalidRequest, time};
use super::error::ApiError;
use super::fields::{self, Fields};
use super::schemas::DeviceIdSchema;
use super::{State, auth, turn};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

/// Lists drives, each with the state of its analysis
///
/// With a device's own key, only that device's.
#[utoipa::path(
    get,
    path = "/api/v1/drives",
    tag = "Analysis",
    params(
        ("deviceId" = Option<DeviceIdSchema>, Query, description = "Only entries of this device."),
        ("limit" = Option<u32>, Query, description = "The largest number of entries; by default 50.",
            minimum = 1, maximum = 200, example = 50),
    ),
    responses(
        (status = 200, description = "The latest first.", body = DriveList),
        (status = 403, description = "The key belongs to another device.", body = Detail),
        (status = 422, description = "A filter is invalid.", body = InvalidRequest),
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

/// The filters of `GET /api/v1/drives`.
struct DriveFilters {
    device_id: Option<DeviceId>,
    limit: u32,
}

impl DriveFilters {
    /// Reads a query, or returns every problem with it. Unknown fields are ignored.
    fn read(query: &[(String, String)]) -> Result<Self, Vec<Problem>> {
        let mut fields = Fields::of_query(query);
        let device_id = fields.optional("deviceId", fields::device_id);
        let limit = fields.optional("limit", |value| fields::limit(value, MAX_LIMIT));
        fields.finish(Some(Self {
            device_id,
            limit: limit.unwrap_or(DEFAULT_LIMIT),
        }))
    }
}

/// The latest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DriveList {
    /// The latest first.
    drives: Vec<DriveBody>,
}

/// How the analysis of a drive stands.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "for the documentation")]
enum DriveState {
    Analysed,
    Open,
    Waiting,
    Queued,
    Running,
    Failed,
    Abandoned,
}

/// A drive, and how its analysis stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Drive)]
struct DriveBody {
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
    /// Null while it is under way. Where no end is logged, its last reading.
    #[schema(required = true, examples("2026-02-01T14:25:00"))]
    drive_end_time: Option<String>,
    /// How many readings it has; null where counting the drives before it in the list took too long.
    #[schema(required = true, examples(7_500))]
    readings: Option<u64>,
    /// `open`: no end is known. `waiting`: its readings may still come. `queued`: it waits for the model. `running`: the
    /// model is at it. `analysed`: see `analysisId`. `failed`: three attempts have failed. `abandoned`: no readings came.
    #[schema(value_type = DriveState)]
    state: &'static str,
    /// The latest analysis that succeeded; null if there is none.
    #[schema(required = true, examples("analysis-2026-02-01T14:30:10-k3v9x2m0qa"))]
    analysis_id: Option<String>,
    /// Why there is none, or no newer one.
    #[schema(required = true, examples(json!(null)))]
    reason: Option<String>,
    /// Whether another drive of the device was under way at the same time: their readings may be mixed up.
    #[schema(examples(false))]
    overlaps: bool,
    /// From `A` to `D`; null where it is not diagnosed yet, or too little could be judged.
    #[schema(required = true, examples("A-"))]
    grade: Option<String>,
    /// Why this grade, or why none; null where it is not diagnosed yet.
    #[schema(required = true, examples("The idle speed hunts (watch)."))]
    grade_reason: Option<String>,
    /// How many findings the diagnosis has, by tier; null where it is not diagnosed yet.
    #[schema(required = true)]
    findings: Option<FindingCounts>,
    /// From the speed over time; null without a speed.
    #[schema(required = true, examples(18.4))]
    distance_km: Option<f64>,
    /// Seconds covered by readings; null where it is not diagnosed yet.
    #[schema(required = true, examples(1_490.0))]
    covered_seconds: Option<f64>,
}

/// Findings by tier, the mildest first.
#[derive(Debug, Serialize, ToSchema)]
struct FindingCounts {
    /// Drift to keep an eye on.
    #[schema(examples(1))]
    watch: u32,
    /// Near a limit.
    #[schema(examples(0))]
    alert: u32,
    /// A cause to find.
    #[schema(examples(0))]
    investigate: u32,
    /// To be repaired before the next long or fast drive.
    #[schema(examples(1))]
    warning: u32,
    /// Do not drive on.
    #[schema(examples(0))]
    stop: u32,
}

type Summarized = (KnownDrive, Option<DiagnosisSummary>);

impl From<Vec<Summarized>> for DriveList {
    fn from(drives: Vec<Summarized>) -> Self {
        Self {
            drives: drives.into_iter().map(DriveBody::from).collect(),
        }
    }
}

impl From<Summarized> for DriveBody {
    fn from((drive, diagnosis): Summarized) -> Self {
        let diagnosis = diagnosis.as_ref();
        Self {
            grade: diagnosis.and_then(|diagnosis| diagnosis.grade.clone()),
            grade_reason: diagnosis.map(|diagnosis| diagnosis.grade_reason.clone()),
            findings: diagnosis.map(|diagnosis| {
                let [watch, alert, investigate, warning, stop] = diagnosis.findings;
                FindingCounts {
                    watch,
                    alert,
                    investigate,
                    warning,
                    stop,
                }
            }),
            distance_km: diagnosis.and_then(|diagnosis| diagnosis.distance_km),
            covered_seconds: diagnosis.map(|diagnosis| diagnosis.covered_seconds),
            drive: drive.id,
            source_device: drive.device_id,
            drive_id: drive.drive_id,
            drive_start_time: time(drive.start),
            drive_end_time: drive.end.map(time),
            readings: drive.readings,
            state: drive.state.as_str(),
            analysis_id: drive.analysis_id,
            reason: drive.reason,
            overlaps: drive.overlaps,
        }
    }
}
