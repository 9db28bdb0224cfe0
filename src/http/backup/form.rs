//! Reads an upload: a form whose fields have any order, the file among them.
//!
//! The file is written to the staging folder as it arrives; it is never held in memory.

use std::mem;

use actix_web::http::header::{CONTENT_DISPOSITION, ContentDisposition, HeaderValue};
use actix_web::{HttpRequest, web};
use actors::backup::{
    BackupError, BackupType, BeginUpload, CheckRoom, Folder, Sha256, StagedFile, UploadName,
};
use actors::device_id::DeviceId;
use actors::problem::Fault;
use actors::sync::KeyHolder;
use multer::Field;
use serde_json::Value;

use super::fields::{backup_type, sha256};
use super::parts::Parts;
use crate::http::State;
use crate::http::body::{declared_length, unless_silent};
use crate::http::error::ApiError;
use crate::http::fields::{Fields, device_id};
use crate::http::turn;

/// The longest value of a field other than the file: a name or a digest.
const TEXT_MAX_BYTES: usize = 1024;

/// The size of a form without its file, at most.
const FORM_OVERHEAD_BYTES: u64 = 64 * 1024;

/// A complete form.
pub(super) struct BackupForm {
    pub(super) file: StagedFile,
    pub(super) name: UploadName,
    pub(super) folder: Folder,
    pub(super) sha256: Option<Sha256>,
}

/// Reads a form to its end, unless it is rejected earlier.
pub(super) async fn read(
    request: &HttpRequest,
    payload: web::Payload,
    state: &State,
    sender: &KeyHolder,
) -> Result<BackupForm, ApiError> {
    let max_bytes = state.max_backup_bytes;
    let declared = declared_length(request).unwrap_or_default() as u64;
    if declared > max_bytes + FORM_OVERHEAD_BYTES {
        return Err(BackupError::TooLarge { max_bytes }.into());
    }
    let room = CheckRoom { bytes: declared };
    state.backups.send(room).await??;
    let mut draft = Draft::new();
    // Without a form, no field of it is there.
    if let Some(mut parts) = Parts::of(request, payload)? {
        while let Some(field) = unless_silent(parts.next()).await?? {
            draft.take(field, &parts, state, sender).await?;
        }
    }
    draft.complete()
}

/// A form that is being read.
struct Draft {
    file: Option<(UploadName, StagedFile)>,
    kind: Option<BackupType>,
    device: Option<DeviceId>,
    sha256: Option<Sha256>,
    /// The names of the fields so far, valid or not.
    seen: Vec<String>,
    fields: Fields,
}

impl Draft {
    fn new() -> Self {
        Self {
            file: None,
            kind: None,
            device: None,
            sha256: None,
            seen: Vec::new(),
            fields: Fields::of_form(),
        }
    }

    /// Reads one field to its end. An error ends the whole form.
    async fn take(
        &mut self,
        mut field: Field<'static>,
        parts: &Parts,
        state: &State,
        sender: &KeyHolder,
    ) -> Result<(), ApiError> {
        let disposition = disposition(&field);
        let name = disposition.as_ref().and_then(|it| it.get_name());
        let name = name.unwrap_or_default().to_owned();
        if self.seen.contains(&name) {
            self.note(
                &name,
                "value_error",
                "Value error, the field is given more than once",
            );
            return Err(self.refuse());
        }
        match name.as_str() {
            "file" => self.take_file(field, disposition, parts, state).await?,
            "type" => self.kind = self.value(&name, &mut field, parts, backup_type).await?,
            "deviceId" => {
                self.device = self.value(&name, &mut field, parts, device_id).await?;
                let is_foreign = |device: &DeviceId| !sender.may_write_as(device);
                if self.device.as_ref().is_some_and(is_foreign) {
                    return Err(ApiError::ForeignDevice);
                }
            }
            "sha256" => self.sha256 = self.value(&name, &mut field, parts, sha256).await?,
            _ => return skip(field, parts, state.max_backup_bytes).await,
        }
        self.seen.push(name);
        Ok(())
    }

    /// The value of a text field; `None` if it is not valid.
    async fn value<T>(
        &mut self,
        name: &str,
        field: &mut Field<'static>,
        parts: &Parts,
        read: impl FnOnce(&Value) -> Result<T, Fault>,
    ) -> Result<Option<T>, ApiError> {
        let mut bytes = Vec::new();
        let mut is_too_long = false;
        while let Some(chunk) = unless_silent(parts.chunk(field)).await?? {
            is_too_long |= bytes.len() + chunk.len() > TEXT_MAX_BYTES;
            if !is_too_long {
                bytes.extend_from_slice(&chunk);
            }
        }
        if is_too_long {
            let msg = format!("String should have at most {TEXT_MAX_BYTES} characters");
            self.note(name, "string_too_long", &msg);
            return Ok(None);
        }
        let text = Value::from(String::from_utf8_lossy(&bytes));
        Ok(self.fields.check(name, &text, read))
    }

    fn note(&mut self, name: &str, kind: &'static str, msg: &str) {
        let fault = Fault::new(kind, msg, &Value::Null);
        self.fields.note(&[name.into()], fault);
    }

    fn refuse(&mut self) -> ApiError {
        let fields = mem::replace(&mut self.fields, Fields::of_form());
        ApiError::Invalid(fields.into_problems())
    }

    async fn take_file(
        &mut self,
        mut field: Field<'static>,
        disposition: Option<ContentDisposition>,
        parts: &Parts,
        state: &State,
    ) -> Result<(), ApiError> {
        let Some(client_name) = disposition.as_ref().and_then(client_name) else {
            let msg = "Value error, the field holds no file: it has no filename";
            self.note("file", "value_error", msg);
            return skip(field, parts, state.max_backup_bytes).await;
        };
        let name: UploadName = client_name.parse()?;
        if self.fields.has_problems() {
            return Err(self.refuse());
        }
        let turn = turn::take(&state.uploads).await?;
        let mut upload = state.backups.send(BeginUpload { turn }).await??;
        while let Some(chunk) = unless_silent(parts.chunk(&mut field)).await?? {
            upload.write(&chunk).await?;
        }
        self.file = Some((name, upload.finish().await?));
        Ok(())
    }

    fn complete(mut self) -> Result<BackupForm, ApiError> {
        for required in ["file", "type", "deviceId"] {
            if !self.seen.iter().any(|seen| seen == required) {
                self.note(required, "missing", "Field required");
            }
        }
        let folder = self.device.zip(self.kind);
        let form = self
            .file
            .zip(folder)
            .map(|((name, file), (device, kind))| BackupForm {
                file,
                name,
                folder: Folder { device, kind },
                sha256: self.sha256,
            });
        self.fields.finish(form).map_err(ApiError::Invalid)
    }
}

/// The name of a field, and of its file. Its other headers are ignored, as RFC 7578 wants it: a wrong `Content-Length`
/// must not cut a file.
fn disposition(field: &Field<'_>) -> Option<ContentDisposition> {
    let header = field.headers().get(CONTENT_DISPOSITION.as_str())?;
    let header = HeaderValue::from_bytes(header.as_bytes()).ok()?;
    ContentDisposition::from_raw(&header).ok()
}

/// The client's name for the file.
fn client_name(disposition: &ContentDisposition) -> Option<String> {
    let extended = disposition
        .get_filename_ext()
        .map(|name| String::from_utf8_lossy(&name.value).into_owned());
    extended.or_else(|| disposition.get_filename().map(str::to_owned))
}

/// Skips an unknown field, which may be as long as a file.
async fn skip(mut field: Field<'static>, parts: &Parts, max_bytes: u64) -> Result<(), ApiError> {
    let mut skipped_bytes = 0;
    while let Some(chunk) = unless_silent(parts.chunk(&mut field)).await?? {
        skipped_bytes += chunk.len() as u64;
        if skipped_bytes > max_bytes {
            return Err(BackupError::TooLarge { max_bytes }.into());
        }
    }
    Ok(())
}
