//! Lists and opens backups: files on the disk, joined with their records.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::time::SystemTime;

use chrono::{DateTime, NaiveDateTime, SubsecRound, Utc};

use super::{Archive, BackupKey};
use crate::backup::error::BackupError;
use crate::backup::folder::{BackupType, Folder};
use crate::backup::messages::{Backup, OpenedBackup};
use crate::backup::names::{StoredName, UploadName, device_of_folder};
use crate::backup::records::{Record, Standing, Verdict};
use crate::backup::sequence;
use crate::backup::sha256::Sha256;
use crate::device_id::DeviceId;
use crate::report::Damage;

/// A file as it was found.
pub(super) struct FoundFile {
    pub(super) name: String,
    pub(super) size_bytes: u64,
    pub(super) modified: SystemTime,
    pub(super) standing: Standing,
    /// Its number in the order of storing, if the server stored it.
    pub(super) sequence: Option<u64>,
    /// Whether its record does not have the number yet.
    pub(super) number_is_new: bool,
}

impl FoundFile {
    /// What its name says, or when it was last written to if the server did not name it.
    fn created_at(&self) -> NaiveDateTime {
        match (&self.standing, self.name.parse::<StoredName>()) {
            (Standing::AsStored(_) | Standing::Touched(_) | Standing::Altered, Ok(name)) => {
                name.at()
            }
            _ => DateTime::<Utc>::from(self.modified)
                .naive_utc()
                .trunc_subsecs(0),
        }
    }

    /// The file's key, if a check can find out something that is not known yet.
    pub(super) fn due_for_check(&self, folder: &Folder) -> Option<BackupKey> {
        let due = match &self.standing {
            Standing::AsStored(record) => record.is_due(),
            Standing::Touched(_) => true,
            Standing::Unknown | Standing::Altered => false,
        };
        due.then(|| BackupKey {
            folder: folder.clone(),
            filename: self.name.clone(),
        })
    }
}

impl Archive {
    /// All backups of a device and a type (`None`: of all), and those whose check is due.
    pub(in crate::backup) fn list(
        &self,
        device: Option<&DeviceId>,
        kind: Option<BackupType>,
    ) -> Result<(Vec<Backup>, Vec<BackupKey>), BackupError> {
        self.place.check()?;
        let (mut backups, mut due) = (Vec::new(), Vec::new());
        for folder in self.folders(device, kind)? {
            let mut files = self.files(&folder)?;
            files.sort_by_cached_key(|file| {
                Reverse((file.sequence, file.created_at(), file.name.clone()))
            });
            due.extend(files.iter().filter_map(|file| file.due_for_check(&folder)));
            let mut of_folder = files
                .into_iter()
                .map(|file| self.describe(&folder, file))
                .collect();
            backups.append(&mut of_folder);
        }
        Ok((backups, due))
    }

    /// What is wrong with the newest backup that this server stored in a folder; `None` if nothing is.
    pub(in crate::backup) fn damage_of_newest(
        &self,
        folder: &Folder,
    ) -> io::Result<Option<Damage>> {
        let files = self.files(folder)?.into_iter();
        let newest = files
            .filter(|file| file.standing != Standing::Unknown)
            .max_by_key(|file| file.sequence);
        Ok(newest.and_then(|file| {
            let reason = match file.standing {
                Standing::Altered => "changed since it was stored".to_owned(),
                Standing::AsStored(Record {
                    verdict: Verdict::Damaged { reason },
                    ..
                }) => reason,
                _ => return None,
            };
            Some(Damage {
                filename: file.name,
                reason,
            })
        }))
    }

    /// The newest backup of a name that was found sound.
    pub(in crate::backup) fn newest_sound(
        &self,
        folder: &Folder,
        upload: &UploadName,
    ) -> io::Result<Option<PathBuf>> {
        let is_of = |name: &str| {
            let name = name.parse::<StoredName>();
            name.is_ok_and(|name| name.is_of(upload))
        };
        let sound = self.files(folder)?.into_iter().filter(|file| {
            let is_sound = matches!(&file.standing, Standing::AsStored(record) if record.verdict == Verdict::Sound);
            is_sound && is_of(&file.name)
        });
        let newest = sound.max_by_key(|file| file.sequence);
        Ok(newest.map(|file| self.directory(folder).join(file.name)))
    }

    /// Whether a folder has a file with these bytes.
    pub(in crate::backup) fn holds(&self, folder: &Folder, sha256: &Sha256) -> io::Result<bool> {
        let files = self.files(folder)?;
        Ok(files.iter().any(
            |file| matches!(&file.standing, Standing::AsStored(record) if record.sha256 == *sha256),
        ))
    }

    /// Opens a visible regular file of a folder.
    pub(in crate::backup) fn open(&self, key: &BackupKey) -> Result<OpenedBackup, BackupError> {
        self.place.check()?;
        let BackupKey { folder, filename } = key;
        // Checked first: opening something other than a regular file might never return.
        let listed = self.file(folder, filename)?.ok_or(BackupError::NotFound)?;
        let file = match File::open(self.directory(folder).join(&listed.name)) {
            Err(error) if is_absence(&error) => return Err(BackupError::NotFound),
            file => file?,
        };
        let found = self.identify(folder, filename, &file.metadata()?)?;
        let modified = found.modified;
        let backup = self.describe(folder, found);
        Ok(OpenedBackup {
            file,
            backup,
            modified,
        })
    }

    /// The folders that may hold backups of a device and a type, in order.
    pub(in crate::backup) fn folders(
        &self,
        device: Option<&DeviceId>,
        kind: Option<BackupType>,
    ) -> io::Result<Vec<Folder>> {
        let devices = match device {
            Some(device) => vec![device.clone()],
            None => self.devices()?,
        };
        let kinds = kind.map_or(BackupType::ALL.to_vec(), |kind| vec![kind]);
        let of_device = |device: DeviceId| {
            kinds.iter().map(move |&kind| Folder {
                device: device.clone(),
                kind,
            })
        };
        Ok(devices.into_iter().flat_map(of_device).collect())
    }

    fn devices(&self) -> io::Result<Vec<DeviceId>> {
        let entries = match fs::read_dir(&self.root) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut devices = Vec::new();
        for entry in entries {
            let entry = entry?;
            let device = entry.file_name().to_str().and_then(device_of_folder);
            devices.extend(device.filter(|_| entry.path().is_dir()));
        }
        devices.sort();
        Ok(devices)
    }

    /// The visible regular files of a folder, in no order. Those that the server stored are numbered.
    pub(super) fn files(&self, folder: &Folder) -> io::Result<Vec<FoundFile>> {
        let entries = match fs::read_dir(self.directory(folder)) {
            Err(error) if is_absence(&error) => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut files = Vec::new();
        for entry in entries {
            if let Some(name) = entry?.file_name().to_str() {
                files.extend(self.file(folder, name)?);
            }
        }
        number(&mut files);
        Ok(files)
    }

    /// A visible regular file of a folder.
    pub(super) fn file(&self, folder: &Folder, name: &str) -> io::Result<Option<FoundFile>> {
        if name.starts_with('.') || name.contains(['/', '\0']) {
            return Ok(None);
        }
        let metadata = match self.directory(folder).join(name).symlink_metadata() {
            Err(error) if is_absence(&error) => return Ok(None),
            metadata => metadata?,
        };
        if name.is_empty() || !metadata.is_file() {
            return Ok(None);
        }
        self.identify(folder, name, &metadata).map(Some)
    }

    fn identify(&self, folder: &Folder, name: &str, metadata: &Metadata) -> io::Result<FoundFile> {
        let (size_bytes, modified) = (metadata.len(), metadata.modified()?);
        let record = self.records.read(folder, name);
        Ok(FoundFile {
            sequence: record.as_ref().and_then(|record| record.sequence),
            number_is_new: false,
            name: name.to_owned(),
            size_bytes,
            modified,
            standing: Standing::of(record, size_bytes, modified),
        })
    }

    fn describe(&self, folder: &Folder, file: FoundFile) -> Backup {
        let created_at = file.created_at();
        let (sha256, verified, note) = known_state(file.standing);
        Backup {
            folder: folder.clone(),
            path: self.directory(folder).join(&file.name),
            filename: file.name,
            size_bytes: file.size_bytes,
            created_at,
            sha256,
            verified,
            note,
        }
    }
}

/// Numbers the stored files whose records have no number yet.
fn number(files: &mut [FoundFile]) {
    let stored = files
        .iter()
        .filter(|file| file.standing != Standing::Unknown);
    let stored: Vec<_> = stored
        .map(|file| (file.sequence, file.name.as_str()))
        .collect();
    let new = sequence::for_unnumbered(&stored).into_iter();
    let new: HashMap<String, u64> = new
        .map(|(name, number)| (name.to_owned(), number))
        .collect();
    for file in files {
        if let Some(number) = new.get(&file.name) {
            file.sequence = Some(*number);
            file.number_is_new = true;
        }
    }
}

/// Digest, verdict, and a note for the owner.
fn known_state(standing: Standing) -> (Option<Sha256>, Option<bool>, Option<String>) {
    let note = |text: &str| Some(text.to_owned());
    match standing {
        Standing::Unknown => (None, None, note("not stored by this server")),
        Standing::Touched(_) => (
            None,
            None,
            note("modified since it was stored; comparison pending"),
        ),
        Standing::Altered => (None, Some(false), note("changed since it was stored")),
        Standing::AsStored(record) => {
            let (verified, note) = match record.verdict {
                Verdict::Pending => (None, note("not checked yet")),
                Verdict::Sound => (Some(true), None),
                Verdict::Damaged { reason } => (Some(false), Some(reason)),
                Verdict::Unverifiable { reason } => (None, Some(reason)),
                Verdict::Altered => (Some(false), None),
            };
            (Some(record.sha256), verified, note)
        }
    }
}

/// Whether the error means that there is no such file.
fn is_absence(error: &io::Error) -> bool {
    use ErrorKind::{InvalidFilename, NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory | InvalidFilename)
}
