//! Reading an upload: a form whose fields come in any order, the file among them.
//!
//! The file is written as it arrives, to where backups are staged; nothing of it is kept in memory.

use std::mem;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::{HttpRequest, web};
use actors::backup::{
    BackupError, BeginUpload, DeviceId, Folder, Kind, Sha256, StagedFile, UploadName,
};
use actors::sync::KeyHolder;
use actors::sync::batch::Problem;
use futures_util::StreamExt as _;
use serde_json::Value;

use super::fields::{FieldValue, Source};
use crate::http::State;
use crate::http::body::{declared_length, unless_silent};
use crate::http::error::ApiError;
use crate::http::turn;

/// Longest value of a field that is not the file. All of them are names or digests.
const TEXT_MAX_BYTES: usize = 1024;

/// How much longer than its file a form may be.
const FORM_OVERHEAD_BYTES: u64 = 64 * 1024;

/// A complete form.
pub(super) struct BackupForm {
    pub(super) file: StagedFile,
    pub(super) name: UploadName,
    pub(super) folder: Folder,
    pub(super) sha256: Option<Sha256>,
}

/// Reads a form to its end, unless it is clear before that it will be refused.
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
    let mut form = Multipart::new(request.headers(), payload);
    let mut fields = Fields::default();
    while let Some(field) = unless_silent(form.next()).await? {
        use MultipartError::{ContentTypeIncompatible, ContentTypeMissing, ContentTypeParse};
        match field {
            Ok(field) => fields.take(field, state, sender).await?,
            // Whatever it is, no field of the form is in it.
            Err(ContentTypeMissing | ContentTypeParse | ContentTypeIncompatible) => break,
            Err(broken) => return Err(broken.into()),
        }
    }
    fields.complete()
}

/// What has been read of a form.
#[derive(Default)]
struct Fields {
    file: Option<(UploadName, StagedFile)>,
    kind: Option<Kind>,
    device: Option<DeviceId>,
    sha256: Option<Sha256>,
    /// The names of the fields that were there, good or bad.
    seen: Vec<String>,
    problems: Vec<Problem>,
}

impl Fields {
    /// Reads one field to its end. An error is one that need not wait for further fields.
    async fn take(
        &mut self,
        mut field: Field,
        state: &State,
        sender: &KeyHolder,
    ) -> Result<(), ApiError> {
        let name = field.name().unwrap_or_default().to_owned();
        if self.seen.contains(&name) {
            let twice = "Value error, the field is given more than once";
            let problem = Source::Body.problem(&name, "value_error", twice, Value::Null);
            return Err(ApiError::Invalid(vec![problem]));
        }
        match name.as_str() {
            "file" => self.take_file(field, state).await?,
            "type" => self.kind = self.value(&name, &mut field).await?,
            "deviceId" => {
                self.device = self.value(&name, &mut field).await?;
                let is_foreign = |device: &DeviceId| !sender.may_write_as(device.as_str());
                if self.device.as_ref().is_some_and(is_foreign) {
                    return Err(ApiError::ForeignDevice);
                }
            }
            "sha256" => self.sha256 = self.value(&name, &mut field).await?,
            _ => return skip(field, state.max_backup_bytes).await,
        }
        self.seen.push(name);
        Ok(())
    }

    /// The value of a text field; a bad one becomes a problem.
    async fn value<T: FieldValue>(
        &mut self,
        name: &str,
        field: &mut Field,
    ) -> Result<Option<T>, ApiError> {
        let bytes = unless_silent(field.bytes(TEXT_MAX_BYTES)).await?;
        let value = if let Ok(bytes) = bytes {
            Source::Body.read(name, &String::from_utf8_lossy(&bytes?))
        } else {
            let msg = format!("String should have at most {TEXT_MAX_BYTES} characters");
            Err(Source::Body.problem(name, "string_too_long", msg, Value::Null))
        };
        Ok(value.map_err(|problem| self.problems.push(problem)).ok())
    }

    async fn take_file(&mut self, mut field: Field, state: &State) -> Result<(), ApiError> {
        let Some(client_name) = client_name(&field) else {
            let msg = "Value error, the field holds no file: it has no filename";
            self.problems
                .push(Source::Body.problem("file", "value_error", msg, Value::Null));
            return skip(field, state.max_backup_bytes).await;
        };
        let name: UploadName = client_name.parse()?;
        if !self.problems.is_empty() {
            return Err(ApiError::Invalid(mem::take(&mut self.problems)));
        }
        let turn = turn::take(&state.uploads).await?;
        let mut upload = state.backups.send(BeginUpload { turn }).await??;
        while let Some(chunk) = unless_silent(field.next()).await? {
            upload.write(&chunk?).await?;
        }
        self.file = Some((name, upload.finish().await?));
        Ok(())
    }

    fn complete(mut self) -> Result<BackupForm, ApiError> {
        for required in ["file", "type", "deviceId"] {
            if !self.seen.iter().any(|seen| seen == required) {
                self.problems.push(Source::Body.missing(required));
            }
        }
        match (self.file, self.kind, self.device) {
            (Some((name, file)), Some(kind), Some(device)) if self.problems.is_empty() => {
                let folder = Folder { device, kind };
                Ok(BackupForm {
                    file,
                    name,
                    folder,
                    sha256: self.sha256,
                })
            }
            _ => Err(ApiError::Invalid(self.problems)),
        }
    }
}

/// What the client calls its file.
fn client_name(field: &Field) -> Option<String> {
    let disposition = field.content_disposition()?;
    let extended = disposition
        .get_filename_ext()
        .map(|name| String::from_utf8_lossy(&name.value).into_owned());
    extended.or_else(|| disposition.get_filename().map(str::to_owned))
}

/// Reads over a field that nobody asked for; it may be as long as a file.
async fn skip(mut field: Field, max_bytes: u64) -> Result<(), ApiError> {
    let mut skipped_bytes = 0;
    while let Some(chunk) = unless_silent(field.next()).await? {
        skipped_bytes += chunk?.len() as u64;
        if skipped_bytes > max_bytes {
            return Err(BackupError::TooLarge { max_bytes }.into());
        }
    }
    Ok(())
}
