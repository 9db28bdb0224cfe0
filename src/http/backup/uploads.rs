//! `POST /api/v1/backup/uploads`, and `HEAD`, `PATCH` and `DELETE /api/v1/backup/uploads/{uploadId}`
//!
//! Resumable uploads as in the IETF draft "Resumable Uploads for HTTP" (draft-ietf-httpbis-resumable-upload).

mod bodies;
mod headers;
mod request;

use std::pin::pin;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use actors::backup::{
    AppendUpload, BackupError, CancelUpload, CreateUpload, FindUpload, FinishUpload, PartialUpload,
    UploadId,
};
use actors::device_id::DeviceId;
use actors::sync::KeyHolder;
use futures_util::StreamExt as _;
use tokio::time::Instant;

use self::bodies::{BlockList, CreatedUploadBody};
use self::headers::{UPLOAD_COMPLETE, UPLOAD_LENGTH, UPLOAD_LIMIT, UPLOAD_OFFSET, limits};
pub(crate) use self::request::block_list_bytes;
use super::bodies::{BackupReceipt, BackupType, RefusedUpload};
use crate::http::State;
use crate::http::bodies::Detail;
use crate::http::body::unless_silent;
use crate::http::error::ApiError;
use crate::http::schemas::DeviceIdSchema;
use crate::http::turn;

/// How long a request goes on that another one for the same upload has replaced. Its client has gone most likely, and
/// the rest of its bytes is in the server's buffers.
const REPLACED_LIMIT: Duration = Duration::from_secs(2);

/// Begins an upload in parts
///
/// `PATCH` then appends the bytes, over any number of connections. An upload that is untouched for 7 days is removed, as is
/// the oldest of more than 8 of a device. With a list of `blocks`, only those are sent that the newest verified backup
/// of that name does not have: the answer names them, and they are sent one after another.
#[utoipa::path(
    post,
    path = "/api/v1/backup/uploads",
    tag = "Backup",
    params(
        ("deviceId" = DeviceIdSchema, Query, description = "The device that the file is from.", example = "example-device"),
        ("type" = BackupType, Query, description = "The type of the file.", example = "database"),
        ("filename" = String, Query, description = "The device's name for the file, which ends in `.db`, `.log`, `.json` or `.gz`.", example = "obd.db"),
        ("Upload-Length" = u64, Header, description = "The size of the file, in bytes; at most `MAX_BACKUP_SIZE_MB` (100 MB).", example = 5),
        ("Repr-Digest" = String, Header, description = "The SHA-256 of the whole file, as in RFC 9530. It is checked before the file is stored.", example = "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:"),
    ),
    request_body(content = Option<BlockList>, description = "Nothing, or the digests of the file's blocks."),
    responses(
        (status = 201, description = "The upload can begin.", body = CreatedUploadBody, headers(
            ("Location" = String, description = "The upload."),
            ("Upload-Offset" = u64, description = "0."),
            ("Upload-Complete" = String, description = "`?0`."),
            ("Upload-Limit" = String, description = "The largest file, in bytes, and how long an untouched upload is kept, in seconds."),
        )),
        (status = 403, description = "The key belongs to another device.", body = Detail),
        (status = 408, description = "The request body did not arrive in time.", body = Detail),
        (status = 413, description = "The file or the list of blocks is too large.", body = Detail),
        (status = 415, description = "The body is compressed.", body = Detail),
        (status = 422, description = "A parameter or a header is missing or invalid, or the file name is not allowed.", body = RefusedUpload),
        (status = 507, description = "No space is left for backups, or less than `BACKUP_MIN_FREE_MB` (512) would be.", body = Detail),
    ),
)]
pub(in crate::http) async fn create_upload(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
    query: web::Query<Vec<(String, String)>>,
    sender: web::ReqData<KeyHolder>,
) -> Result<HttpResponse, ApiError> {
    let wanted = request::read(&request, payload, &state, &query, &sender).await?;
    let (blocks, _memory) = wanted.blocks.map(|it| (it.digests, it.memory)).unzip();
    let create = CreateUpload {
        folder: wanted.folder,
        name: wanted.name,
        file_bytes: wanted.file_bytes,
        sha256: wanted.sha256,
        blocks,
        turn: turn::take(&state.uploads).await?,
    };
    let created = state.backups.send(create).await??;
    let body = CreatedUploadBody::from(created);
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, body.location.clone()))
        .insert_header((UPLOAD_OFFSET, 0))
        .insert_header((UPLOAD_COMPLETE, "?0"))
        .insert_header((UPLOAD_LIMIT, limits(state.max_backup_bytes)))
        .json(body))
}

/// Says how much of an upload is there
///
/// A request that still appends to the upload ends first.
#[utoipa::path(
    head,
    path = "/api/v1/backup/uploads/{uploadId}",
    tag = "Backup",
    params(("uploadId" = String, Path, description = "The upload.", example = "0123456789abcdef0123456789abcdef")),
    responses(
        (status = 204, description = "How much is there.", headers(
            ("Upload-Offset" = u64, description = "The bytes that are durable. `PATCH` continues here."),
            ("Upload-Length" = u64, description = "The bytes to send in all."),
            ("Upload-Complete" = String, description = "`?1` if the file is stored, else `?0`."),
            ("Upload-Limit" = String, description = "The largest file, in bytes, and how long an untouched upload is kept, in seconds."),
        )),
        (status = 403, description = "The key belongs to another device.", body = Detail),
        (status = 404, description = "There is no such upload, or no longer.", body = Detail),
    ),
)]
pub(in crate::http) async fn find_upload(
    state: web::Data<State>,
    path: web::Path<String>,
    sender: web::ReqData<KeyHolder>,
) -> Result<HttpResponse, ApiError> {
    let find = FindUpload {
        id: id(&path)?,
        only: only(&sender),
    };
    let found = state.backups.send(find).await??;
    Ok(HttpResponse::NoContent()
        .insert_header((UPLOAD_OFFSET, found.offset))
        .insert_header((UPLOAD_LENGTH, found.stream_bytes))
        .insert_header((UPLOAD_COMPLETE, if found.is_stored { "?1" } else { "?0" }))
        .insert_header((UPLOAD_LIMIT, limits(state.max_backup_bytes)))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish())
}

/// Appends to an upload
///
/// What arrives is kept, however the request ends. With `Upload-Complete: ?1` the file's digest is checked, and the file is
/// stored like one that was sent at once.
#[utoipa::path(
    patch,
    path = "/api/v1/backup/uploads/{uploadId}",
    tag = "Backup",
    params(
        ("uploadId" = String, Path, description = "The upload.", example = "0123456789abcdef0123456789abcdef"),
        ("Upload-Offset" = u64, Header, description = "Where the bytes belong: the offset that `HEAD` answers.", example = 0),
        ("Upload-Complete" = String, Header, description = "`?1` if these are the last bytes, else `?0`.", example = "?1"),
    ),
    request_body(content = String, content_type = "application/partial-upload", description = "The bytes."),
    responses(
        (status = 200, description = "The file is stored durably.", body = BackupReceipt, headers(
            ("Upload-Complete" = String, description = "`?1`."),
        )),
        (status = 204, description = "The bytes are durable, and more are expected.", headers(
            ("Upload-Offset" = u64, description = "The bytes that are durable."),
            ("Upload-Complete" = String, description = "`?0`."),
        )),
        (status = 400, description = "A header is missing, the length does not fit, the upload is complete already, or the request body ended early.", body = Detail),
        (status = 403, description = "The key belongs to another device.", body = Detail),
        (status = 404, description = "There is no such upload, or no longer.", body = Detail),
        (status = 408, description = "The request body did not arrive in time.", body = Detail),
        (status = 409, description = "The upload continues at another offset.", body = Detail, headers(
            ("Upload-Offset" = u64, description = "Where it continues."),
        )),
        (status = 415, description = "The content type is not `application/partial-upload`.", body = Detail),
        (status = 422, description = "The file's SHA-256 is another one. The upload is removed.", body = RefusedUpload),
        (status = 507, description = "No space is left for backups.", body = Detail),
    ),
)]
pub(in crate::http) async fn append_upload(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
    path: web::Path<String>,
    sender: web::ReqData<KeyHolder>,
) -> Result<HttpResponse, ApiError> {
    let append = headers::append(&request)?;
    let is_last = append.is_last;
    let mut upload = state
        .backups
        .send(AppendUpload {
            id: id(&path)?,
            only: only(&sender),
            offset: append.offset,
            bytes: append.bytes,
            is_last,
            turn: turn::take(&state.uploads).await?,
        })
        .await??;
    let is_whole_body = receive(&mut upload, payload).await?;
    let settled = upload.settle().await?;
    let offset = settled.offset();
    if !is_whole_body {
        let (expected, provided) = (offset, append.offset);
        return Err(BackupError::OffsetMismatch { expected, provided }.into());
    }
    if !is_last {
        return Ok(HttpResponse::NoContent()
            .insert_header((UPLOAD_OFFSET, offset))
            .insert_header((UPLOAD_COMPLETE, "?0"))
            .finish());
    }
    let stored = state.backups.send(FinishUpload { settled }).await??;
    Ok(HttpResponse::Ok()
        .insert_header((UPLOAD_COMPLETE, "?1"))
        .json(BackupReceipt::from(stored)))
}

/// Appends a body; false if another request for the upload came before its end.
async fn receive(upload: &mut PartialUpload, mut payload: web::Payload) -> Result<bool, ApiError> {
    let mut replaced = pin!(upload.replaced());
    let mut replaced_at: Option<Instant> = None;
    loop {
        // What has arrived is taken first.
        let chunk = tokio::select! {
            biased;
            chunk = unless_silent(payload.next()) => chunk?,
            () = &mut replaced => return Ok(false),
        };
        let Some(chunk) = chunk else {
            return Ok(true);
        };
        upload.write(chunk.map_err(ApiError::BodyBroken)?).await?;
        if upload.is_replaced() {
            let since = replaced_at.get_or_insert_with(Instant::now).elapsed();
            if since > REPLACED_LIMIT {
                return Ok(false);
            }
        }
    }
}

/// Removes an upload
///
/// Its parts are deleted at once. An upload that is not continued is also removed without this.
#[utoipa::path(
    delete,
    path = "/api/v1/backup/uploads/{uploadId}",
    tag = "Backup",
    params(("uploadId" = String, Path, description = "The upload.", example = "0123456789abcdef0123456789abcdef")),
    responses(
        (status = 204, description = "The upload is removed. A file that was stored stays."),
        (status = 403, description = "The key belongs to another device.", body = Detail),
        (status = 404, description = "There is no such upload, or no longer.", body = Detail),
    ),
)]
pub(in crate::http) async fn cancel_upload(
    state: web::Data<State>,
    path: web::Path<String>,
    sender: web::ReqData<KeyHolder>,
) -> Result<HttpResponse, ApiError> {
    let cancel = CancelUpload {
        id: id(&path)?,
        only: only(&sender),
    };
    state.backups.send(cancel).await??;
    Ok(HttpResponse::NoContent().finish())
}

fn id(path: &str) -> Result<UploadId, ApiError> {
    path.parse().map_err(|_| BackupError::NoSuchUpload.into())
}

/// The only device whose uploads the key is valid for.
fn only(sender: &KeyHolder) -> Option<DeviceId> {
    match sender {
        KeyHolder::Owner => None,
        KeyHolder::Device(own) => Some(own.clone()),
    }
}
