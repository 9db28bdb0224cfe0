//! `POST /api/v1/backup`, `GET /api/v1/backups` and
//! `GET /api/v1/backups/{deviceId}/{type}/{filename}`; uploads in parts are in [`uploads`]

mod bodies;
mod download;
mod fields;
mod form;
mod parts;
pub(super) mod uploads;

use actix_web::{HttpRequest, HttpResponse, web};
use actors::backup::{BackupError, CommitUpload, Folder, ListBackups, OpenBackup};
use actors::sync::KeyHolder;

use super::State;
use super::auth::within;
use super::bodies::{Detail, FileContent, InvalidRequest};
use super::error::ApiError;
use super::schemas::DeviceIdSchema;

pub(crate) use bodies::BackupList;
use bodies::{BackupReceipt, BackupType, BackupUpload, RefusedUpload};
pub(crate) use uploads::block_list_bytes;

/// Stores a file
///
/// Its name gets the time. The oldest files of the device and type are deleted once there are more than
/// `BACKUP_RETENTION_COUNT` (30).
#[utoipa::path(
    post,
    path = "/api/v1/backup",
    tag = "Backup",
    request_body(content = BackupUpload, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "The file is stored durably.", body = BackupReceipt),
        (status = 400, description = "The request body ended early, or is not a form.", body = Detail),
        (status = 403, description = "The key belongs to another device.", body = Detail),
        (status = 408, description = "The request body did not arrive in time.", body = Detail),
        (status = 413, description = "The file is too large.", body = Detail),
        (status = 422, description = "A field is missing or invalid, or the file name is not allowed.", body = RefusedUpload),
        (status = 507, description = "No space is left for backups, or less than `BACKUP_MIN_FREE_MB` (512) would be.", body = Detail),
    ),
)]
pub(super) async fn store_backup(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
    sender: web::ReqData<KeyHolder>,
) -> Result<web::Json<BackupReceipt>, ApiError> {
    let form = form::read(&request, payload, &state, &sender).await?;
    let stored = state
        .backups
        .send(CommitUpload {
            staged: form.file,
            folder: form.folder,
            name: form.name,
            expected_sha256: form.sha256,
        })
        .await??;
    Ok(web::Json(stored.into()))
}

/// Lists the backups on the disk
///
/// A device's own key lists the backups of that device.
#[utoipa::path(
    get,
    path = "/api/v1/backups",
    tag = "Backup",
    params(
        ("deviceId" = Option<DeviceIdSchema>, Query, description = "Only backups of this device."),
        ("type" = Option<BackupType>, Query, description = "Only backups of this type.", example = "database"),
    ),
    responses(
        (status = 200, description = "The backups.", body = BackupList, links(
            ("download" = (operation_id = "download_backup", parameters(
                ("deviceId" = "$response.body#/backups/0/deviceId"),
                ("type" = "$response.body#/backups/0/type"),
                ("filename" = "$response.body#/backups/0/filename"),
            ))),
        )),
        (status = 403, description = "The key belongs to another device.", body = Detail),
        (status = 422, description = "A filter is invalid.", body = InvalidRequest),
    ),
)]
pub(super) async fn list_backups(
    state: web::Data<State>,
    query: web::Query<Vec<(String, String)>>,
    sender: web::ReqData<KeyHolder>,
) -> Result<web::Json<BackupList>, ApiError> {
    let (device, kind) = fields::filters(&query).map_err(ApiError::Invalid)?;
    let device = within(&sender, device)?;
    let backups = state.backups.send(ListBackups { device, kind }).await??;
    Ok(web::Json(backups.into()))
}

/// Downloads a backup, or a part of it
///
/// `Range` requests a part, `If-None-Match` the file only if it has changed.
#[utoipa::path(
    get,
    path = "/api/v1/backups/{deviceId}/{type}/{filename}",
    tag = "Backup",
    params(
        ("deviceId" = String, Path, description = "The device.", example = "example-device"),
        ("type" = String, Path, description = "The type.", example = "database"),
        ("filename" = String, Path, description = "The file name, as listed.", example = "obd-2026-02-01T14-30-00.db"),
        ("Range" = Option<String>, Header, description = "Requests a part, such as `bytes=0-1023`.", nullable = false),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the client's copy.", nullable = false),
    ),
    responses(
        (status = 200, description = "The file.", body = FileContent, content_type = "application/octet-stream"),
        (status = 206, description = "The part.", body = FileContent, content_type = "application/octet-stream"),
        (status = 304, description = "The client's copy is current."),
        (status = 403, description = "The key belongs to another device.", body = Detail),
        (status = 404, description = "There is no such backup.", body = Detail),
        (status = 416, description = "The part is beyond the end.", body = Detail),
    ),
)]
pub(super) async fn download_backup(
    request: HttpRequest,
    state: web::Data<State>,
    path: web::Path<(String, String, String)>,
    sender: web::ReqData<KeyHolder>,
) -> Result<HttpResponse, ApiError> {
    let (device, kind, filename) = path.into_inner();
    // An invalid device or type has no folder.
    let (Ok(device), Ok(kind)) = (device.parse(), kind.parse()) else {
        return Err(BackupError::NotFound.into());
    };
    if !sender.may_write_as(&device) {
        return Err(ApiError::ForeignDevice);
    }
    let folder = Folder { device, kind };
    let opened = state
        .backups
        .send(OpenBackup { folder, filename })
        .await??;
    Ok(download::answer(&request, opened))
}
