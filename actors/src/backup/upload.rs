//! An upload while it arrives.
//!
//! The HTTP handler writes the bytes here; they pass through no mailbox. One block is hashed and written on the blocking
//! pool while the next one fills, so memory is two blocks for any file size. An upload that is dropped before it is
//! stored leaves nothing behind.

use std::fs;
use std::io::{self, Write};
use std::mem;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use tempfile::NamedTempFile;
use tokio::runtime::Handle;
use tokio::task::{JoinHandle, spawn_blocking};

use super::account::Account;
use super::courtesy::Courtesy;
use super::durable;
use super::error::BackupError;
use super::place::Place;
use super::sha256::{Hasher, Sha256};
use crate::admission::Turn;
#[cfg(test)]
use crate::report::Reporter;
use crate::runtime::blocking;

const BLOCK_BYTES: usize = 512 * 1024;

/// How many bytes are written between two checks of the free space, after which they are sent on to the disk.
const STEP_BYTES: u64 = 4 * 1024 * 1024;

/// The receiving end of one upload: an upload slot, and a file in the staging folder.
pub struct Upload {
    path: PathBuf,
    sink: SinkState,
    block: Vec<u8>,
    size_bytes: u64,
    max_bytes: u64,
    turn: Option<Turn>,
    account: Account,
}

#[expect(
    clippy::large_enum_variant,
    reason = "there is one a running upload, and few of those"
)]
enum SinkState {
    Idle(Sink),
    Writing(JoinHandle<Result<Sink, BackupError>>),
    /// Taken, or lost by an error; the staged file is gone.
    Gone,
}

/// The file and its running digest; moves to the blocking pool to write.
struct Sink {
    file: NamedTempFile,
    room: Arc<Place>,
    written_bytes: u64,
    /// Those of the current step.
    step_bytes: u64,
    hasher: Hasher,
    /// The previous block: written, emptied, ready to be filled.
    spare_block: Vec<u8>,
}

/// A complete upload: durable, but without its final name. It keeps its upload slot.
#[derive(Debug)]
pub struct StagedFile {
    pub(super) file: NamedTempFile,
    pub(super) sha256: Sha256,
    pub(super) size_bytes: u64,
    pub(super) modified: SystemTime,
    pub(super) account: Account,
    #[expect(dead_code, reason = "it is held until the file has its name")]
    pub(super) turn: Option<Turn>,
}

impl Upload {
    pub(super) fn new(
        file: NamedTempFile,
        room: Arc<Place>,
        max_bytes: u64,
        turn: Turn,
        account: Account,
    ) -> Self {
        let spare_block = Vec::with_capacity(BLOCK_BYTES);
        Self {
            path: file.path().to_owned(),
            sink: SinkState::Idle(Sink {
                file,
                room,
                written_bytes: 0,
                step_bytes: 0,
                hasher: Hasher::default(),
                spare_block,
            }),
            block: Vec::with_capacity(BLOCK_BYTES),
            size_bytes: 0,
            max_bytes,
            turn: Some(turn),
            account,
        }
    }

    /// Takes the next bytes of the file; waits if the disk is slower than the sender.
    ///
    /// After an error the staged file is gone, and every further call fails.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        let written = self.take_in(bytes).await;
        written.inspect_err(|error| self.account.close(Err(error)))
    }

    /// Ends the file: writes what is left, and waits until all of it is durable.
    pub async fn finish(self) -> Result<StagedFile, BackupError> {
        let account = self.account.clone();
        let finished = self.stage().await;
        finished.inspect_err(|error| account.close(Err(error)))
    }

    async fn take_in(&mut self, mut bytes: &[u8]) -> Result<(), BackupError> {
        self.size_bytes += bytes.len() as u64;
        if self.size_bytes > self.max_bytes {
            self.discard();
            return Err(BackupError::TooLarge {
                max_bytes: self.max_bytes,
            });
        }
        while !bytes.is_empty() {
            let (fitting, rest) = bytes.split_at(bytes.len().min(BLOCK_BYTES - self.block.len()));
            self.block.extend_from_slice(fitting);
            bytes = rest;
            if self.block.len() == BLOCK_BYTES {
                self.write_block().await?;
            }
        }
        Ok(())
    }

    async fn stage(mut self) -> Result<StagedFile, BackupError> {
        let mut sink = self.idle_sink().await?;
        let last_block = mem::take(&mut self.block);
        let (sink, modified) = blocking(move || {
            sink.append(&last_block)?;
            sink.file.as_file().sync_all()?;
            let modified = sink.file.as_file().metadata()?.modified()?;
            Ok::<_, BackupError>((sink, modified))
        })
        .await?;
        Ok(StagedFile {
            file: sink.file,
            sha256: sink.hasher.finish(),
            size_bytes: self.size_bytes,
            modified,
            account: self.account.clone(),
            turn: self.turn.take(),
        })
    }

    async fn write_block(&mut self) -> Result<(), BackupError> {
        let mut sink = self.idle_sink().await?;
        let full_block = mem::replace(&mut self.block, mem::take(&mut sink.spare_block));
        self.sink = SinkState::Writing(spawn_blocking(move || {
            sink.append(&full_block)?;
            sink.spare_block = full_block;
            sink.spare_block.clear();
            Ok(sink)
        }));
        Ok(())
    }

    /// Takes the sink, once the previous block has been written.
    async fn idle_sink(&mut self) -> Result<Sink, BackupError> {
        if let SinkState::Writing(writing) = &mut self.sink {
            // Awaited in place, so that cancelling this future does not lose the sink.
            let written = writing.await;
            self.sink = SinkState::Gone;
            return written.map_err(io::Error::other)?;
        }
        match mem::replace(&mut self.sink, SinkState::Gone) {
            SinkState::Idle(sink) => Ok(sink),
            _ => Err(io::Error::other("the upload has failed before").into()),
        }
    }

    /// Removes the staged file: its name at once, since the process may be about to exit, and its blocks in the
    /// background.
    fn discard(&mut self) {
        let sink = mem::replace(&mut self.sink, SinkState::Gone);
        if matches!(sink, SinkState::Gone) {
            return;
        }
        if let Err(error) = fs::remove_file(&self.path) {
            log::warn!(path:% = self.path.display(), error:%; "interrupted upload not removed");
        }
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn_blocking(move || drop(sink));
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        self.discard();
    }
}

impl Sink {
    fn append(&mut self, block: &[u8]) -> Result<(), BackupError> {
        let begun = Instant::now();
        self.file.as_file_mut().write_all(block)?;
        self.written_bytes += block.len() as u64;
        self.step_bytes += block.len() as u64;
        if self.step_bytes >= STEP_BYTES {
            let start = self.written_bytes - self.step_bytes;
            durable::begin_write_back(self.file.as_file(), start, self.step_bytes);
            self.step_bytes = 0;
            self.room.ensure_room(0)?;
        }
        self.hasher.update(block);
        if self.room.courtesy.is_due() {
            self.file.as_file().sync_data()?;
            Courtesy::pause(begun);
        }
        Ok(())
    }
}

#[cfg(test)]
impl StagedFile {
    /// A complete upload of this content that holds no slot.
    pub(super) fn of(mut file: NamedTempFile, content: &[u8]) -> Self {
        file.write_all(content).unwrap();
        Self {
            sha256: super::sha256::of_reader(content).unwrap(),
            size_bytes: content.len() as u64,
            modified: file.as_file().metadata().unwrap().modified().unwrap(),
            file,
            account: Account::open(Reporter::default()),
            turn: None,
        }
    }
}

#[cfg(test)]
mod tests;
