//! Reads the request that begins an upload in parts.

use actix_web::{HttpRequest, web};
use actors::backup::{BLOCK_BYTES, BackupError, Folder, Sha256, UploadName};
use actors::byte_budget::Reservation;
use actors::problem::Fault;
use actors::sync::KeyHolder;
use actors::text::counted;
use serde_json::Value;

use super::bodies::BlockList;
use super::headers::{REPR_DIGEST, UPLOAD_LENGTH, number, sha256, text};
use crate::http::State;
use crate::http::backup::fields::backup_type;
use crate::http::body;
use crate::http::error::ApiError;
use crate::http::fields::{Fields, device_id};

/// What a list of blocks has for each of them: 64 hex digits, two quotes, a comma, and some spaces for an indented list.
const LISTED_BLOCK_BYTES: u64 = 80;

/// Every list may have this much, so that one that is a few blocks too long is answered with their number.
const LIST_OVERHEAD_BYTES: u64 = 1024 * 1024;

/// The longest list of blocks, whatever the file: those of 52 GB. A larger file is sent without a list.
const BLOCK_LIST_MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The upload that a client wants to begin.
pub(super) struct WantedUpload {
    pub(super) folder: Folder,
    pub(super) name: UploadName,
    pub(super) file_bytes: u64,
    pub(super) sha256: Sha256,
    pub(super) blocks: Option<BlockDigests>,
}

/// The digests of the blocks of a file. Their memory is accounted for.
pub(super) struct BlockDigests {
    pub(super) digests: Vec<Sha256>,
    /// Held while the digests are in use, which with an index of the earlier backup need as much as the text did.
    pub(super) memory: Reservation,
}

/// The length in bytes that the list of the blocks of a file may have.
pub(crate) fn block_list_bytes(file_bytes: u64) -> usize {
    let blocks = file_bytes.div_ceil(BLOCK_BYTES);
    let bytes = blocks.saturating_mul(LISTED_BLOCK_BYTES) + LIST_OVERHEAD_BYTES;
    usize::try_from(bytes.min(BLOCK_LIST_MAX_BYTES)).unwrap_or(usize::MAX)
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
) -> Result<Option<BlockDigests>, ApiError> {
    let limit = block_list_bytes(file_bytes);
    let (body, memory) = body::read(request, payload, limit, &state.backup_memory).await?;
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
        let msg = format!(
            "Value error, the file has {}, not {given}",
            counted(wanted, "block")
        );
        return Err(refused("value_error", msg, &["blocks"]));
    }
    let digests = list.blocks;
    Ok(Some(BlockDigests { digests, memory }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_any_file_has_room_up_to_a_bound() {
        let json = |blocks: usize| {
            let digests = vec!["0".repeat(64); blocks];
            serde_json::to_string_pretty(&serde_json::json!({"blocks": digests})).unwrap()
        };
        for blocks in [0, 1, 2, 1000] {
            let file_bytes = blocks as u64 * BLOCK_BYTES;
            assert!(json(blocks).len() <= block_list_bytes(file_bytes));
        }
        // 10 GiB: Python's json.dumps writes 68 bytes for a block.
        let of_ten_gib = block_list_bytes(10 << 30);
        assert!(of_ten_gib > 68 * 163_840);
        assert_eq!(block_list_bytes(u64::MAX), 64 * 1024 * 1024);
    }
}
