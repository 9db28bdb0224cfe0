//! `GET /api/v1/sync/status`

use actix_web::web;
use actors::device_id::DeviceId;
use actors::problem::Problem;
use actors::sync::status::{BatchError, BatchRef, DeviceSyncStatus, LaterEpoch, TableSyncStatus};
use actors::sync::{GetSyncStatus, KeyHolder};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::bodies::{Detail, InvalidRequest, time};
use crate::http::error::ApiError;
use crate::http::fields::{self, Fields};
use crate::http::schemas::DeviceIdSchema;
use crate::http::{State, auth, turn};

/// Reports how complete the data of each device is
///
/// Per device and table: rows, ids and the gaps between them, quarantined rows, and the latest batch and failure. At most
/// 100 devices, those with the latest contact first. With a device's own key, only that device.
#[utoipa::path(
    get,
    path = "/api/v1/sync/status",
    tag = "Sync",
    params(("deviceId" = Option<DeviceIdSchema>, Query, description = "Only this device.")),
    responses(
        (status = 200, description = "The status as of the latest batches.", body = SyncStatus),
        (status = 403, description = "The key belongs to another device.", body = Detail),
        (status = 422, description = "The device id is not valid.", body = InvalidRequest),
    ),
)]
pub(in crate::http) async fn sync_status(
    state: web::Data<State>,
    query: web::Query<Vec<(String, String)>>,
    sender: web::ReqData<KeyHolder>,
) -> Result<web::Json<SyncStatus>, ApiError> {
    let wanted = read(&query).map_err(ApiError::Invalid)?;
    let device_id = auth::within(&sender, wanted)?;
    let turn = turn::take(&state.key_lookups).await?;
    let devices = state.sync.send(GetSyncStatus { device_id, turn }).await?;
    let devices = devices.map_err(ApiError::SyncStatus)?;
    Ok(web::Json(devices.into()))
}

fn read(query: &[(String, String)]) -> Result<Option<DeviceId>, Vec<Problem>> {
    let mut fields = Fields::of_query(query);
    let device_id = fields.optional("deviceId", fields::device_id);
    fields.finish(Some(device_id))
}

/// How complete the data of each device is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SyncStatus {
    /// The devices, those with the latest contact first.
    devices: Vec<DeviceBody>,
}

impl From<Vec<DeviceSyncStatus>> for SyncStatus {
    fn from(devices: Vec<DeviceSyncStatus>) -> Self {
        Self {
            devices: devices.into_iter().map(DeviceBody::from).collect(),
        }
    }
}

/// How complete the data of a device is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeviceSyncStatus)]
struct DeviceBody {
    /// The device.
    #[schema(examples("example-device"))]
    device_id: String,
    /// Its latest epoch. Rises by one when the device starts again at id 1, for example with a new SD card.
    #[schema(examples(0))]
    epoch: i64,
    /// The epochs after epoch 0.
    later_epochs: Vec<EpochBody>,
    /// False while rows that an earlier version of the server stored are still being counted.
    #[schema(examples(true))]
    complete: bool,
    /// When its latest request arrived.
    #[schema(examples("2026-02-01T14:30:05"))]
    last_contact: String,
    /// The usual interval between two contacts, in seconds; null before the second contact.
    #[schema(required = true, examples(60))]
    usual_interval_seconds: Option<u64>,
    /// Whether it has made no contact for three usual intervals, 15 minutes at least.
    #[schema(examples(false))]
    silent: bool,
    /// Its latest batch that was stored; null if there is none.
    #[schema(required = true)]
    last_batch: Option<BatchBody>,
    /// Its latest batch that was not stored; null if there is none.
    #[schema(required = true)]
    last_error: Option<BatchErrorBody>,
    /// Its tables, by name and epoch.
    tables: Vec<TableBody>,
}

/// An epoch of a device after epoch 0.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SyncEpoch)]
struct EpochBody {
    /// Its number.
    #[schema(examples(1))]
    epoch: i64,
    /// When its first batch was stored.
    #[schema(examples("2026-02-01T14:30:05"))]
    started_at: String,
    /// Its first batch.
    #[schema(examples("sync-2026-02-01T14:30:00"))]
    batch_id: String,
    /// In this epoch, `source_id` in the database is the device's id plus this.
    #[schema(examples(1_000_000_000_000_i64))]
    id_offset: i64,
}

/// A batch that was stored.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StoredBatch)]
struct BatchBody {
    /// Its id.
    #[schema(examples("sync-2026-02-01T14:30:00"))]
    batch_id: String,
    /// When it was stored.
    #[schema(examples("2026-02-01T14:30:05"))]
    at: String,
}

/// A batch that was not stored.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FailedBatch)]
struct BatchErrorBody {
    /// Its id.
    #[schema(examples("sync-2026-02-01T14:30:00"))]
    batch_id: String,
    /// When it failed.
    #[schema(examples("2026-02-01T14:30:05"))]
    at: String,
    /// Why.
    #[schema(examples("the database cannot be reached"))]
    error: String,
}

/// How complete a table of a device is, in one epoch.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TableSyncStatus)]
struct TableBody {
    /// The table.
    #[schema(examples("realtime_data"))]
    table: String,
    /// The epoch.
    #[schema(examples(0))]
    epoch: i64,
    /// The number of rows that were stored, with the readings that `REALTIME_RETENTION_DAYS` has removed since.
    #[schema(examples(6_195))]
    rows: u64,
    /// The lowest id; null where ids are text.
    #[schema(required = true, examples(1))]
    lowest_id: Option<i64>,
    /// The highest id; null where ids are text.
    #[schema(required = true, examples(6_195))]
    highest_id: Option<i64>,
    /// The number of gaps between the lowest and the highest id.
    #[schema(examples(1))]
    gap_count: u64,
    /// The first 100 gaps.
    #[schema(max_items = 100)]
    gaps: Vec<GapBody>,
    /// Rows in quarantine, in all epochs.
    #[schema(examples(0))]
    quarantined: u64,
    /// The latest batch with rows of the table that was stored; null if there is none.
    #[schema(required = true)]
    last_batch: Option<BatchBody>,
    /// The latest batch with rows of the table that was not stored; null if there is none.
    #[schema(required = true)]
    last_error: Option<BatchErrorBody>,
}

/// Consecutive ids without a row.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Gap)]
struct GapBody {
    /// The first missing id.
    #[schema(examples(501))]
    first: i64,
    /// The last missing id.
    #[schema(examples(1_000))]
    last: i64,
}

impl From<DeviceSyncStatus> for DeviceBody {
    fn from(device: DeviceSyncStatus) -> Self {
        Self {
            device_id: device.contact.device_id,
            epoch: device.epoch,
            later_epochs: device
                .later_epochs
                .into_iter()
                .map(EpochBody::from)
                .collect(),
            complete: device.is_complete,
            last_contact: time(device.contact.last_contact_at),
            usual_interval_seconds: device.contact.usual_interval.map(|usual| usual.as_secs()),
            silent: device.contact.is_silent,
            last_batch: device.last_batch.map(BatchBody::from),
            last_error: device.last_error.map(BatchErrorBody::from),
            tables: device.tables.into_iter().map(TableBody::from).collect(),
        }
    }
}

impl From<LaterEpoch> for EpochBody {
    fn from(epoch: LaterEpoch) -> Self {
        Self {
            epoch: epoch.epoch,
            started_at: time(epoch.started_at),
            batch_id: epoch.batch_id,
            id_offset: epoch.id_offset,
        }
    }
}

impl From<BatchRef> for BatchBody {
    fn from(batch: BatchRef) -> Self {
        Self {
            batch_id: batch.batch_id,
            at: time(batch.at),
        }
    }
}

impl From<BatchError> for BatchErrorBody {
    fn from(failed: BatchError) -> Self {
        Self {
            batch_id: failed.batch_id,
            at: time(failed.at),
            error: failed.error,
        }
    }
}

impl From<TableSyncStatus> for TableBody {
    fn from(table: TableSyncStatus) -> Self {
        let gaps = table.coverage.gaps.into_iter();
        Self {
            table: table.table,
            epoch: table.epoch,
            rows: table.coverage.rows,
            lowest_id: table.coverage.lowest,
            highest_id: table.coverage.highest,
            gap_count: table.coverage.gap_count,
            gaps: gaps
                .map(|gap| GapBody {
                    first: gap.first,
                    last: gap.last,
                })
                .collect(),
            quarantined: table.quarantined,
            last_batch: table.last_batch.map(BatchBody::from),
            last_error: table.last_error.map(BatchErrorBody::from),
        }
    }
}
