//! Stores an upload under its final name, and rotates.

use std::io;

use chrono::NaiveDateTime;

use super::Archive;
use super::catalog::FoundFile;
use crate::backup::checks;
use crate::backup::durable;
use crate::backup::error::BackupError;
use crate::backup::folder::Folder;
use crate::backup::messages::StoredBackup;
use crate::backup::names::{StoredName, UploadName};
use crate::backup::records::{Record, Standing, Verdict};
use crate::backup::rotation::{Candidate, surplus};
use crate::backup::sequence;
use crate::backup::upload::StagedFile;

impl Archive {
    /// Stores a file under an unused name. Must not run twice at once for a folder.
    ///
    /// The record is written first and reserves the name. After an error neither of them is left;
    /// if the process ends in between, an orphaned record is left, which is never read.
    pub(in crate::backup) fn store(
        &self,
        folder: &Folder,
        upload: &UploadName,
        staged: StagedFile,
        now: NaiveDateTime,
    ) -> Result<StoredBackup, BackupError> {
        let directory = self.place.create_folder(&folder.relative_path())?;
        let existing = self.files(folder)?;
        self.keep_numbers(folder, &existing)?;
        let record = Record {
            sha256: staged.sha256,
            size_bytes: staged.size_bytes,
            modified: staged.modified,
            verdict: Verdict::Pending,
            sequence: Some(sequence::next(
                existing.iter().filter_map(|file| file.sequence),
            )),
            check_version: checks::VERSION,
        };
        let mut name =
            StoredName::next(upload, now, existing.iter().map(|file| file.name.as_str()));
        let mut file = staged.file;
        loop {
            let filename = name.to_string();
            if self.records.reserve(folder, &filename, &record)? {
                let path = directory.join(&filename);
                match durable::rename_new(file, &path) {
                    Ok(Ok(())) => {
                        let Record {
                            sha256, size_bytes, ..
                        } = record;
                        return Ok(StoredBackup {
                            filename,
                            path,
                            size_bytes,
                            sha256,
                        });
                    }
                    Ok(Err(unnamed)) => file = unnamed,
                    Err(error) => {
                        self.records.remove(folder, &filename)?;
                        return Err(error.into());
                    }
                }
                self.records.remove(folder, &filename)?;
            }
            name = name.following();
        }
    }

    /// Writes the numbers of files that were stored by an earlier version into their records.
    fn keep_numbers(&self, folder: &Folder, files: &[FoundFile]) -> Result<(), BackupError> {
        for file in files.iter().filter(|file| file.number_is_new) {
            if let Some(record) = self.records.read(folder, &file.name) {
                let sequence = file.sequence;
                let numbered = Record { sequence, ..record };
                self.records.replace(folder, &file.name, &numbered)?;
            }
        }
        Ok(())
    }

    /// When the newest backup of a folder was stored, as its name says.
    pub(in crate::backup) fn newest_at(
        &self,
        folder: &Folder,
    ) -> io::Result<Option<NaiveDateTime>> {
        let files = self.files(folder)?.into_iter();
        let newest = files.filter(|file| file.sequence.is_some());
        let newest = newest.max_by_key(|file| file.sequence);
        Ok(newest.and_then(|file| Some(file.name.parse::<StoredName>().ok()?.at())))
    }

    /// Deletes surplus backups of a folder; see [`surplus`].
    pub(in crate::backup) fn rotate(&self, folder: &Folder, just_stored: &str) -> io::Result<()> {
        let files = self.files(folder)?;
        let candidates: Vec<Candidate<'_>> = files
            .iter()
            .filter_map(|file| {
                let Standing::AsStored(record) = &file.standing else {
                    return None;
                };
                Some(Candidate {
                    name: &file.name,
                    sequence: file.sequence?,
                    verified: record.verdict == Verdict::Sound,
                })
            })
            .collect();
        for name in surplus(&candidates, just_stored, self.retention_count) {
            // The file first: a record without a file is ignored, but a file without a record would never be deleted.
            durable::remove(&self.directory(folder).join(name))?;
            self.records.remove(folder, name)?;
            log::info!(folder:%, name:%; "backup removed by rotation");
        }
        Ok(())
    }
}
