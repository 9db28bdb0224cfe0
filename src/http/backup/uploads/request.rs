//! Reads the request that begins an upload in parts.

use actix_web::{HttpRequest, web};
use actors::backup::{BLOCK_BYTES, BackupError, Folder, Sha256, UploadName};
use actors::problem::Fault;
use actors::sync::KeyHolder;
use serde_json::Value;

use super::bodies::BlockList;
use super::headers::{REPR_DIGEST, UPLOAD_LENGTH, number, sha256, text};
use crate::http::State;
use crate::http::backup::fields::backup_type;
use crate::http::body;
use crate::http::error::ApiError;
use crate::http::fields::{Fields, device_id};

/// The longest list of blocks: those of a file of about 7 GB. A larger file is sent without a list.
const BLOCK_LIST_MAX_BYTES: usize = 8 * 1024 * 1024;

/// The upload that a client wants to begin.
pub(super) struct WantedUpload {
    pub(super) folder: Folder,
    pub(super) name: UploadName,
    pub(super) file_bytes: u64,
    pub(super) sha256: Sha256,
    pub(super) blocks: Option<Vec<Sha256>>,
}

/// Reads a request, unless it is rejected before its body.
pub(super) async fn read(
    request: &HttpRequest,
    payload: web::Payload,
    state: &State,
    query: &[(String, String)],
    sender: &KeyHolder,
) -> Result<WantedUpload, ApiError> {
    let mut fields = Fields::of_query(query);
    let device = fields.required("deviceId", device_id);
    let kind = fields.required("type", backup_type);
    let client_name = fields.required("filename", |value| {
        let fault = || Fault::new("string_type", "Input should be a valid string", value);
        value.as_str().map(str::to_owned).ok_or_else(fault)
    });
    let headers = request.headers();
    let file_bytes = text(headers, UPLOAD_LENGTH).and_then(number);
    let digest = text(headers, REPR_DIGEST).and_then(sha256);
    let mut problems = fields.into_problems();
    for (name, is_missing, msg) in [
        (
            UPLOAD_LENGTH,
            file_bytes.is_none(),
            "Header should be the size of the file in bytes",
        ),
        (
            REPR_DIGEST,
            digest.is_none(),
            "Header should be sha-256=:...: in base64",
        ),
    ] {
        if is_missing {
            let fault = Fault::new("value_error", msg, &Value::Null);
            problems.push(fault.at(vec!["header".into(), name.into()]));
        }
    }
    let (Some(device), Some(kind), Some(client_name), Some(file_bytes), Some(sha256), []) = (
        device,
        kind,
        client_name,
        file_bytes,
        digest,
        problems.as_slice(),
    ) else {
        return Err(ApiError::Invalid(problems));
    };
    if !sender.may_write_as(&device) {
        return Err(ApiError::ForeignDevice);
    }
    let name: UploadName = client_name.parse()?;
    let max_bytes = state.max_backup_bytes;
    if file_bytes > max_bytes {
        return Err(BackupError::TooLarge { max_bytes }.into());
    }
    Ok(WantedUpload {
        folder: Folder { device, kind },
        name,
        file_bytes,
        sha256,
        blocks: blocks(request, payload, state, file_bytes).await?,
    })
}

/// The list of blocks; `None` without a body.
async fn blocks(
    request: &HttpRequest,
    payload: web::Payload,
    state: &State,
    file_bytes: u64,
) -> Result<Option<Vec<Sha256>>, ApiError> {
    let memory = &state.backup_memory;
    let (body, _memory) = body::read(request, payload, BLOCK_LIST_MAX_BYTES, memory).await?;
    if body.is_empty() {
        return Ok(None);
    }
    let refused = |kind, msg: String, field: &[&str]| {
        let steps = ["body"].iter().chain(field).map(|step| (*step).into());
        let problem = Fault::new(kind, msg, &Value::Null).at(steps.collect());
        ApiError::Invalid(vec![problem])
    };
    let list: BlockList = serde_json::from_slice(&body)
        .map_err(|error| refused("json_invalid", format!("JSON decode error: {error}"), &[]))?;
    let wanted = file_bytes.div_ceil(BLOCK_BYTES);
    let given = list.blocks.len() as u64;
    if given != wanted {
        let msg = format!("Value error, the file has {wanted} blocks, not {given}");
        return Err(refused("value_error", msg, &["blocks"]));
    }
    Ok(Some(list.blocks))
}
