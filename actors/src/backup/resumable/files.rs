//! The files of unfinished uploads: `.uploads/{id}.json` says what is uploaded, `.part` has the bytes, `.progress` says
//! how many of them. All of it blocks.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::known_blocks::{self, Copy};
use super::layout::Layout;
use super::progress::{Boot, Progress};
use super::upload_id::UploadId;
use crate::backup::durable;
use crate::backup::error::BackupError;
use crate::backup::folder::Folder;
use crate::backup::place::Place;
use crate::backup::sha256::Sha256;
use crate::device_id::DeviceId;

/// Inside of the backups' root, so that a rename stays on one file system.
const FOLDER: &str = ".uploads";

const PLAN: &str = "json";
const PART: &str = "part";
const PROGRESS: &str = "progress";

/// How long an upload is kept after it was last touched.
pub const MAX_AGE: Duration = Duration::from_hours(7 * 24);

/// Uploads that a device can have at a time; the one that was untouched for longest makes room for another.
const PER_DEVICE: usize = 8;

/// As in the staging folder.
const FILE_MODE: u32 = 0o640;

/// What is uploaded. It never changes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Plan {
    device: String,
    #[serde(rename = "type")]
    kind: String,
    /// The client's name for the file.
    pub(super) name: String,
    /// The digest of the whole file.
    pub(super) sha256: Sha256,
    /// The size of the whole file.
    pub(super) file_bytes: u64,
    /// What of it is sent.
    pub(super) layout: Layout,
}

impl Plan {
    pub(super) fn new(
        folder: &Folder,
        name: String,
        sha256: Sha256,
        file_bytes: u64,
        layout: Layout,
    ) -> Self {
        Self {
            device: folder.device.as_str().to_owned(),
            kind: folder.kind.as_str().to_owned(),
            name,
            sha256,
            file_bytes,
            layout,
        }
    }

    /// `None` if the file was changed by hand.
    pub(super) fn folder(&self) -> Option<Folder> {
        Some(Folder {
            device: self.device.parse().ok()?,
            kind: self.kind.parse().ok()?,
        })
    }
}

/// The files of all unfinished uploads.
#[derive(Clone, Debug)]
pub(super) struct Files {
    folder: PathBuf,
    place: Arc<Place>,
}

impl Files {
    pub(super) fn new(place: Arc<Place>) -> Self {
        Self {
            folder: place.root().join(FOLDER),
            place,
        }
    }

    /// Creates the files of an upload, with the bytes that need not be sent.
    pub(super) fn create(
        &self,
        plan: &Plan,
        known: Option<(&File, &[Copy])>,
        boot: Boot,
    ) -> Result<UploadId, BackupError> {
        self.place.create_folder(Path::new(FOLDER))?;
        if let Some(folder) = plan.folder() {
            self.make_room(&folder.device)?;
        }
        let id = UploadId::random();
        let created = self.fill(&id, plan, known, boot);
        if created.is_err() {
            self.remove(&id)?;
        }
        created?;
        Ok(id)
    }

    fn fill(
        &self,
        id: &UploadId,
        plan: &Plan,
        known: Option<(&File, &[Copy])>,
        boot: Boot,
    ) -> io::Result<()> {
        let part = self.new_file(id, PART)?;
        if let Some((base, copies)) = known {
            known_blocks::copy(base, &part, copies)?;
            part.sync_data()?;
        }
        let progress = Progress {
            written: 0,
            durable: 0,
            boot,
        };
        let mut note = self.new_file(id, PROGRESS)?;
        note.write_all(progress.line().as_bytes())?;
        note.sync_all()?;
        // Last: an upload without a plan does not exist.
        let mut file = self.new_file(id, PLAN)?;
        file.write_all(&serde_json::to_vec(plan)?)?;
        file.sync_all()?;
        durable::sync_folder(&self.folder)
    }

    fn new_file(&self, id: &UploadId, kind: &str) -> io::Result<File> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create_new(true);
        options.mode(FILE_MODE).open(self.path(id, kind))
    }

    /// `None` if there is no such upload.
    pub(super) fn plan(&self, id: &UploadId) -> io::Result<Option<Plan>> {
        match fs::read(self.path(id, PLAN)) {
            Ok(json) => Ok(serde_json::from_slice(&json).ok()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The path of the bytes.
    pub(super) fn part(&self, id: &UploadId) -> PathBuf {
        self.path(id, PART)
    }

    /// Opens the bytes and the note of their number. `None` if the upload has been stored or removed.
    pub(super) fn open(&self, id: &UploadId) -> io::Result<Option<(File, File)>> {
        let open = |kind| {
            OpenOptions::new()
                .read(true)
                .write(true)
                .open(self.path(id, kind))
        };
        match (open(PART), open(PROGRESS)) {
            (Err(error), _) | (_, Err(error)) if error.kind() == ErrorKind::NotFound => Ok(None),
            (part, progress) => Ok(Some((part?, progress?))),
        }
    }

    /// Removes an upload.
    pub(super) fn remove(&self, id: &UploadId) -> io::Result<()> {
        for kind in [PLAN, PART, PROGRESS] {
            durable::remove(&self.path(id, kind))?;
        }
        Ok(())
    }

    /// Removes the uploads that have been untouched for too long; returns their number.
    pub(super) fn expire(&self, now: SystemTime) -> io::Result<usize> {
        let mut removed = 0;
        for (id, touched) in self.all()? {
            let age = now.duration_since(touched).unwrap_or_default();
            if age > MAX_AGE {
                self.remove(&id)?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Removes the oldest uploads of a device that has too many.
    fn make_room(&self, device: &DeviceId) -> io::Result<()> {
        let mut own = Vec::new();
        for (id, touched) in self.all()? {
            let plan = self.plan(&id)?;
            if plan.is_some_and(|plan| plan.device == device.as_str()) && self.part(&id).exists() {
                own.push((touched, id));
            }
        }
        own.sort_by_key(|(touched, _)| *touched);
        let surplus = (own.len() + 1).saturating_sub(PER_DEVICE);
        own.iter()
            .take(surplus)
            .try_for_each(|(_, id)| self.remove(id))
    }

    /// Every upload, and when it was last touched.
    fn all(&self) -> io::Result<Vec<(UploadId, SystemTime)>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut uploads: Vec<(UploadId, SystemTime)> = Vec::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let id = name.to_str().and_then(|name| name.split('.').next());
            let Some(id) = id.and_then(|id| id.parse::<UploadId>().ok()) else {
                continue;
            };
            let touched = match entry.metadata() {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                metadata => metadata?.modified()?,
            };
            match uploads.iter_mut().find(|(known, _)| *known == id) {
                Some((_, latest)) => *latest = touched.max(*latest),
                None => uploads.push((id, touched)),
            }
        }
        Ok(uploads)
    }

    fn path(&self, id: &UploadId, kind: &str) -> PathBuf {
        self.folder.join(format!("{id}.{kind}"))
    }
}

#[cfg(test)]
mod tests;
