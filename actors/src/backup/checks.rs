//! Checks whether a backup can be restored, from the file alone.
//!
//! Blocking, for a time in proportion to the size; runs on the blocking pool, after the client has its answer.
//! Nothing here writes, and memory does not grow with the file.

mod gzip;
mod json;
mod sqlite;

use std::error::Error;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::sha256::{self, Sha256};

/// Changes whenever a check judges some files differently: files with a verdict of another version are checked again.
pub(super) const VERSION: u32 = 2;

/// How much of a file is read at once.
const READ_BYTES: usize = 64 * 1024;

/// The result of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// The file is intact.
    Sound,
    /// The file cannot be restored.
    Damaged {
        /// What is wrong, for the owner.
        reason: String,
    },
    /// A file of this kind cannot be checked.
    Unverifiable {
        /// Why, for the owner.
        reason: String,
    },
}

/// Why a check did not finish.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfinished {
    /// It was cancelled.
    #[error("the check was stopped")]
    Stopped,
    /// The file cannot be read.
    #[error("the file cannot be read")]
    Unreadable(#[from] io::Error),
    /// It exceeded its time: a small file may decompress into a very large one.
    #[error("the check took too long")]
    TooLong,
    /// It panicked.
    #[error("the check panicked on this file")]
    Panicked,
}

/// Stops a check on the blocking pool when it is dropped.
#[derive(Debug, Default)]
pub(super) struct StopOnDrop(Arc<AtomicBool>);

/// The other end of [`StopOnDrop`].
#[derive(Clone, Debug)]
pub(super) struct StopSign(Arc<AtomicBool>);

impl StopOnDrop {
    /// The sign that the check polls.
    pub(super) fn sign(&self) -> StopSign {
        StopSign(Arc::clone(&self.0))
    }
}

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl StopSign {
    fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Checks a file according to its extension.
pub(super) fn check(path: &Path, stop: &StopSign) -> Result<Finding, Unfinished> {
    let file = File::open(path)?;
    let is_empty = file.metadata()?.len() == 0;
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    let check: fn(&Path, Watched<File>) -> Result<Finding, Unfinished> =
        match extension.to_str().unwrap_or_default() {
            "db" => sqlite::check,
            "gz" => |_, file| gzip::check(BufReader::with_capacity(READ_BYTES, file)),
            "json" => |_, file| json::check(BufReader::with_capacity(READ_BYTES, file)),
            _ => return Ok(unverifiable("there is no check for files of this kind")),
        };
    if is_empty {
        return Ok(damaged("the file is empty"));
    }
    check(
        path,
        Watched {
            inner: file,
            stop: stop.clone(),
        },
    )
}

/// The digest of a file.
pub(super) fn digest(path: &Path, stop: &StopSign) -> Result<Sha256, Unfinished> {
    sha256::of_reader(Watched {
        inner: File::open(path)?,
        stop: stop.clone(),
    })
    .map_err(unfinished)
}

fn damaged(reason: impl Into<String>) -> Finding {
    Finding::Damaged {
        reason: reason.into(),
    }
}

fn unverifiable(reason: impl Into<String>) -> Finding {
    Finding::Unverifiable {
        reason: reason.into(),
    }
}

/// A reader that fails once the check must stop.
struct Watched<R> {
    inner: R,
    stop: StopSign,
}

#[derive(Debug, thiserror::Error)]
#[error("the check was stopped")]
struct Stopped;

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stop.is_raised() {
            return Err(io::Error::other(Stopped));
        }
        self.inner.read(buffer)
    }
}

/// An error that is unrelated to the file's content.
fn unfinished(error: io::Error) -> Unfinished {
    if error
        .get_ref()
        .is_some_and(<dyn Error + Send + Sync>::is::<Stopped>)
    {
        Unfinished::Stopped
    } else {
        Unfinished::Unreadable(error)
    }
}

#[cfg(test)]
mod tests;
