//! `GET /api/v1/drives`

use actix_web::web;
use actors::analysis::{DiagnosisSummary, ListDrives};
use actors::device_id::DeviceId;
use actors::drives::KnownDrive;
use actors::page::{Cursor, Page};
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
        ("from" = Option<String>, Query, description = "Only drives that began at this time or later, such as `2026-02-01T00:00:00`; without an offset, in UTC.", example = "2026-02-01T00:00:00"),
        ("to" = Option<String>, Query, description = "Only drives that began at this time or earlier, such as `2026-02-28T23:59:59`.", example = "2026-02-28T23:59:59"),
        ("cursor" = Option<String>, Query, description = "The `nextCursor` of the answer before: continues behind it."),
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
    let limit = filters.page.limit;
    let mut page = filters.page;
    page.limit += 1;
    let mut drives = state
        .analysis
        .send(ListDrives {
            device_id,
            page,
            turn,
        })
        .await??;
    let next = fields::cut(&mut drives, limit).map(|(last, _)| Cursor {
        at: last.start,
        id: last.id,
    });
    Ok(web::Json(DriveList {
        next_cursor: next.map(|cursor| cursor.to_string()),
        ..DriveList::from(drives)
    }))
}

/// The filters of `GET /api/v1/drives`.
struct DriveFilters {
    device_id: Option<DeviceId>,
    page: Page<i64>,
}

impl DriveFilters {
    /// Reads a query, or returns every problem with it.
    fn read(query: &[(String, String)]) -> Result<Self, Vec<Problem>> {
        let mut fields = Fields::of_query(query);
        let device_id = fields.optional("deviceId", fields::device_id);
        let page = fields::page(&mut fields, DEFAULT_LIMIT, MAX_LIMIT);
        fields.finish(Some(Self { device_id, page }))
    }
}

/// The latest first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DriveList {
    /// The latest first.
    drives: Vec<DriveBody>,
    /// Where the list goes on; null at its end.
    #[schema(required = true, examples("2026-02-01T14:00:00.000000~12"))]
    next_cursor: Option<String>,
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
    /// All of a list.
    fn from(drives: Vec<Summarized>) -> Self {
        Self {
            drives: drives.into_iter().map(DriveBody::from).collect(),
            next_cursor: None,
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
