//! Checks whether a stored file is intact, and still the one that was stored.

use std::io::ErrorKind;

use super::{Archive, BackupKey};
use crate::backup::checks::{self, Finding, StopSign, Unfinished};
use crate::backup::error::BackupError;
use crate::backup::records::{Record, Standing, Verdict};

impl Archive {
    /// Reads the file; returns its record with a new verdict, `None` if there is nothing to check.
    ///
    /// Takes time in proportion to the size and changes nothing, so it needs no lock.
    pub(in crate::backup) fn examine(
        &self,
        key: &BackupKey,
        stop: &StopSign,
    ) -> Result<Option<Record>, Unfinished> {
        let Some(found) = self.file(&key.folder, &key.filename)? else {
            return Ok(None);
        };
        let path = self.directory(&key.folder).join(&key.filename);
        let record = match found.standing {
            Standing::AsStored(record) if record.is_due() => record,
            Standing::Touched(record) => {
                let record = Record {
                    modified: found.modified,
                    ..record
                };
                if checks::digest(&path, stop)? != record.sha256 {
                    return Ok(Some(Record {
                        verdict: Verdict::Altered,
                        ..record
                    }));
                }
                record
            }
            _ => return Ok(None),
        };
        let verdict = match checks::check(&path, stop)? {
            Finding::Sound => Verdict::Sound,
            Finding::Damaged { reason } => Verdict::Damaged { reason },
            Finding::Unverifiable { reason } => Verdict::Unverifiable { reason },
        };
        Ok(Some(Record {
            verdict,
            check_version: checks::VERSION,
            ..record
        }))
    }

    /// Records the result, unless the file has changed or gone meanwhile; then rotates, because a new sound backup may
    /// release older ones. Must not run twice at once for a folder.
    pub(in crate::backup) fn conclude(
        &self,
        key: &BackupKey,
        examined: Result<Option<Record>, Unfinished>,
    ) -> Result<(), BackupError> {
        match examined {
            Ok(None) | Err(Unfinished::Stopped) => Ok(()),
            Ok(Some(record)) => self.record_verdict(key, &record),
            // Recorded, so that the same file is not checked again.
            Err(unfinished @ (Unfinished::TooLong | Unfinished::Panicked)) => {
                self.give_up(key, unfinished.to_string())
            }
            Err(Unfinished::Unreadable(error)) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(Unfinished::Unreadable(error)) => Err(error.into()),
        }
    }

    fn record_verdict(&self, key: &BackupKey, record: &Record) -> Result<(), BackupError> {
        let found = self.file(&key.folder, &key.filename)?;
        let unchanged = found.filter(|file| {
            (file.size_bytes, file.modified) == (record.size_bytes, record.modified)
        });
        let Some(file) = unchanged else {
            return Ok(());
        };
        // A store may have numbered the file during the check.
        let numbered = Record {
            sequence: file.sequence,
            ..record.clone()
        };
        self.records
            .replace(&key.folder, &key.filename, &numbered)?;
        let (folder, name) = (&key.folder, &key.filename);
        match &record.verdict {
            Verdict::Sound => {
                log::info!(folder:%, name:%; "backup verified");
                self.rotate(folder, name)?;
            }
            Verdict::Damaged { reason } => {
                log::warn!(folder:%, name:%, reason:%; "backup damaged");
            }
            Verdict::Altered => {
                log::warn!(folder:%, name:%; "backup changed after it was stored");
            }
            Verdict::Pending | Verdict::Unverifiable { .. } => {}
        }
        Ok(())
    }

    fn give_up(&self, key: &BackupKey, reason: String) -> Result<(), BackupError> {
        let found = self.file(&key.folder, &key.filename)?;
        if let Some(Standing::AsStored(record)) = found.map(|file| file.standing) {
            let record = Record {
                verdict: Verdict::Unverifiable { reason },
                check_version: checks::VERSION,
                ..record
            };
            self.records.replace(&key.folder, &key.filename, &record)?;
        }
        Ok(())
    }
}
