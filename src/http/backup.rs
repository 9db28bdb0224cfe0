//! `POST /api/v1/backup`, `GET /api/v1/backups` and
//! `GET /api/v1/backups/{deviceId}/{type}/{filename}`

mod download;
mod fields;
mod form;

use actix_web::{HttpRequest, HttpResponse, web};
use actors::backup::{BackupError, CommitUpload, Folder, ListBackups, OpenBackup};
use actors::sync::KeyHolder;

use super::State;
use super::error::ApiError;
use super::wire::backup::{BackupList, BackupReceipt};

/// Stores a file for good.
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

/// Lists the backups on the disk.
pub(super) async fn list_backups(
    state: web::Data<State>,
    query: web::Query<Vec<(String, String)>>,
) -> Result<web::Json<BackupList>, ApiError> {
    let (device, kind) = fields::filters(&query)?;
    let backups = state.backups.send(ListBackups { device, kind }).await??;
    Ok(web::Json(backups.into()))
}

/// Gives a backup back, or a part of it.
pub(super) async fn download_backup(
    request: HttpRequest,
    state: web::Data<State>,
    path: web::Path<(String, String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (device, kind, filename) = path.into_inner();
    // What cannot be the name of a folder is the name of none.
    let (Ok(device), Ok(kind)) = (device.parse(), kind.parse()) else {
        return Err(BackupError::NotFound.into());
    };
    let folder = Folder { device, kind };
    let opened = state
        .backups
        .send(OpenBackup { folder, filename })
        .await??;
    Ok(download::answer(&request, opened))
}
