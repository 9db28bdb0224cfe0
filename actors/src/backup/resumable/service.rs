//! Operations on uploads in parts. All of it blocks.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use tempfile::{NamedTempFile, TempPath};
use tokio::sync::OwnedMutexGuard;

use super::appending::{OpenUpload, SettledUpload, locked};
use super::files::{Files, Plan};
use super::known_blocks::{self, Copy};
use super::layout::Layout;
use super::messages::{AppendUpload, CreateUpload, CreatedUpload, UploadState};
use super::progress;
use super::upload_id::UploadId;
use crate::backup::BackupSettings;
use crate::backup::account::Account;
use crate::backup::archive::Archive;
use crate::backup::error::BackupError;
use crate::backup::folder::Folder;
use crate::backup::messages::CommitUpload;
use crate::backup::sha256;
use crate::backup::upload::StagedFile;
use crate::clock::Clock;
use crate::device_id::DeviceId;

/// All uploads in parts.
#[derive(Debug)]
pub(in crate::backup) struct ResumableUploads {
    archive: Arc<Archive>,
    files: Files,
    max_bytes: u64,
    clock: Clock,
}

/// The blocks that an earlier backup has, and that are copied from it.
struct Known {
    base: File,
    copies: Vec<Copy>,
    layout: Layout,
}

impl ResumableUploads {
    pub(in crate::backup) fn new(settings: &BackupSettings, archive: Arc<Archive>) -> Self {
        Self {
            files: Files::new(Arc::clone(&archive.place)),
            archive,
            max_bytes: settings.max_bytes,
            clock: settings.clock.clone(),
        }
    }

    /// Removes uploads that were untouched for a week.
    pub(in crate::backup) fn expire(&self) -> io::Result<()> {
        let expired = self.files.expire(SystemTime::now())?;
        if expired > 0 {
            log::info!(uploads = expired; "unfinished uploads expired");
        }
        Ok(())
    }

    pub(super) fn create(&self, create: &CreateUpload) -> Result<CreatedUpload, BackupError> {
        if create.file_bytes > self.max_bytes {
            let max_bytes = self.max_bytes;
            return Err(BackupError::TooLarge { max_bytes });
        }
        let place = &self.archive.place;
        place.claim()?;
        place.ensure_room(create.file_bytes)?;
        let known = match &create.blocks {
            Some(_) => self.known(create)?,
            None => None,
        };
        let layout = match &known {
            Some(known) => known.layout.clone(),
            None => Layout::whole(create.file_bytes),
        };
        let plan = Plan::new(
            &create.folder,
            create.name.to_string(),
            create.sha256,
            create.file_bytes,
            layout,
        );
        let copied = known
            .as_ref()
            .map(|known| (&known.base, known.copies.as_slice()));
        let id = self
            .files
            .create(&plan, copied, progress::boot(&self.clock))?;
        let created = CreatedUpload {
            id,
            stream_bytes: plan.layout.stream_bytes(),
            blocks: plan.layout.blocks(),
        };
        let (bytes, to_send) = (create.file_bytes, created.stream_bytes);
        log::info!(folder:% = create.folder, bytes, to_send; "upload in parts begun");
        Ok(created)
    }

    /// Compares the blocks with the newest sound backup of that name, if there is one.
    fn known(&self, create: &CreateUpload) -> io::Result<Option<Known>> {
        let base = self.archive.newest_sound(&create.folder, &create.name)?;
        let (Some(path), Some(wanted)) = (base, &create.blocks) else {
            return Ok(None);
        };
        let mut base = File::open(path)?;
        let (copies, known) = known_blocks::find(&mut base, wanted, create.file_bytes)?;
        Ok(Some(Known {
            base,
            copies,
            layout: Layout::of_blocks(create.file_bytes, &known),
        }))
    }

    pub(super) fn state(
        &self,
        id: UploadId,
        only: Option<&DeviceId>,
        guard: OwnedMutexGuard<()>,
    ) -> Result<UploadState, BackupError> {
        let (plan, folder) = self.plan(&id, only)?;
        if let Some(upload) = self.open(id, &plan, guard)? {
            return Ok(UploadState {
                offset: upload.offset(),
                stream_bytes: upload.stream_bytes(),
                is_stored: false,
            });
        }
        if self.archive.holds(&folder, &plan.sha256)? {
            let stream_bytes = plan.layout.stream_bytes();
            return Ok(UploadState {
                offset: stream_bytes,
                stream_bytes,
                is_stored: true,
            });
        }
        Err(BackupError::NoSuchUpload)
    }

    /// Opens an upload to append to it, where the client's idea of it is right.
    pub(super) fn resume(
        &self,
        append: &AppendUpload,
        guard: OwnedMutexGuard<()>,
    ) -> Result<OpenUpload, BackupError> {
        let (plan, folder) = self.plan(&append.id, append.only.as_ref())?;
        let Some(upload) = self.open(append.id.clone(), &plan, guard)? else {
            return Err(if self.archive.holds(&folder, &plan.sha256)? {
                BackupError::UploadComplete
            } else {
                BackupError::NoSuchUpload
            });
        };
        let (expected, provided) = (upload.offset(), append.offset);
        if provided != expected {
            return Err(BackupError::OffsetMismatch { expected, provided });
        }
        let expected = upload.stream_bytes();
        if let Some(bytes) = append.bytes {
            let end = append.offset.saturating_add(bytes);
            if end > expected || (append.is_last && end < expected) {
                return Err(BackupError::LengthMismatch { expected });
            }
        }
        Ok(upload)
    }

    /// Checks the digest of a whole upload. If it differs, nothing of the upload is kept.
    pub(super) fn verify(
        &self,
        settled: SettledUpload,
        account: Account,
    ) -> Result<(CommitUpload, Arc<std::sync::Mutex<OpenUpload>>), BackupError> {
        let SettledUpload { upload, turn, .. } = settled;
        let (id, part) = {
            let open = locked(&upload);
            (open.id.clone(), open.part.try_clone()?)
        };
        let (plan, folder) = self.plan(&id, None)?;
        let path = self.files.part(&id);
        let actual = sha256::of_reader(File::open(&path)?)?;
        let expected = plan.sha256;
        if actual != expected {
            self.files.remove(&id)?;
            return Err(BackupError::ChecksumMismatch { expected, actual });
        }
        let metadata = part.metadata()?;
        let mut path = TempPath::try_from_path(path)?;
        // If it cannot be stored now, it can be later.
        path.disable_cleanup(true);
        let staged = StagedFile {
            file: NamedTempFile::from_parts(part, path),
            sha256: actual,
            size_bytes: metadata.len(),
            modified: metadata.modified()?,
            account,
            turn,
        };
        let commit = CommitUpload {
            staged,
            folder,
            name: plan.name.parse().map_err(io::Error::other)?,
            expected_sha256: None,
        };
        Ok((commit, upload))
    }

    pub(super) fn cancel(&self, id: &UploadId, only: Option<&DeviceId>) -> Result<(), BackupError> {
        self.plan(id, only)?;
        Ok(self.files.remove(id)?)
    }

    fn plan(&self, id: &UploadId, only: Option<&DeviceId>) -> Result<(Plan, Folder), BackupError> {
        self.archive.place.check()?;
        let plan = self.files.plan(id)?.ok_or(BackupError::NoSuchUpload)?;
        let folder = plan.folder().ok_or(BackupError::NoSuchUpload)?;
        if only.is_some_and(|only| *only != folder.device) {
            return Err(BackupError::ForeignDevice);
        }
        Ok((plan, folder))
    }

    fn open(
        &self,
        id: UploadId,
        plan: &Plan,
        guard: OwnedMutexGuard<()>,
    ) -> io::Result<Option<OpenUpload>> {
        let Some(files) = self.files.open(&id)? else {
            return Ok(None);
        };
        let place = Arc::clone(&self.archive.place);
        let boot = progress::boot(&self.clock);
        let layout = plan.layout.clone();
        OpenUpload::resume(id, files, layout, boot, place, guard).map(Some)
    }
}
