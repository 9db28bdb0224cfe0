//! The bodies of requests and answers about uploads in parts.

use actors::backup::{BLOCK_BYTES, CreatedUpload, Sha256};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The digests of a file's blocks.
#[derive(Debug, Deserialize, ToSchema)]
pub(in crate::http) struct BlockList {
    /// The SHA-256 of each block of 64 KiB, in hex; the last block may be shorter.
    #[schema(
        value_type = Vec<String>,
        examples("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
    )]
    pub(super) blocks: Vec<Sha256>,
}

/// An upload that can begin.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "status": "ok",
    "location": "/api/v1/backup/uploads/0123456789abcdef0123456789abcdef",
    "uploadLength": 5,
    "blockBytes": 65_536,
    "blocks": [[0, 0]],
})))]
pub(in crate::http) struct CreatedUploadBody {
    /// Always `ok`.
    #[schema(examples("ok"))]
    status: &'static str,
    /// The path of the upload.
    #[schema(examples("/api/v1/backup/uploads/0123456789abcdef0123456789abcdef"))]
    pub(super) location: String,
    /// The number of bytes to send.
    #[schema(examples(5))]
    upload_length: u64,
    /// The size of a block, in bytes.
    #[schema(examples(65_536))]
    block_bytes: u64,
    /// The blocks to send, one after another, counted from 0: the first and the last of each run.
    #[schema(examples(0))]
    blocks: Vec<[u64; 2]>,
}

impl From<CreatedUpload> for CreatedUploadBody {
    fn from(created: CreatedUpload) -> Self {
        let runs = created.blocks.into_iter();
        Self {
            status: "ok",
            location: format!("/api/v1/backup/uploads/{}", created.id),
            upload_length: created.stream_bytes,
            block_bytes: BLOCK_BYTES,
            blocks: runs.map(|(first, last)| [first, last]).collect(),
        }
    }
}
