//! Bytes that are appended to an unfinished upload.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::OwnedMutexGuard;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::layout::Layout;
use super::progress::{Boot, Progress};
use super::upload_id::UploadId;
use crate::admission::Turn;
use crate::backup::courtesy::Courtesy;
use crate::backup::error::BackupError;
use crate::backup::place::Place;
use crate::runtime::blocking;

/// The number of bytes after which the file is synced and the free space checked.
const SYNC_BYTES: u64 = 8 * 1024 * 1024;

/// The same while batches are stored.
const YIELDED_BYTES: u64 = 512 * 1024;

/// An open upload, which no other request can change until this one is dropped.
#[derive(Debug)]
pub(super) struct OpenUpload {
    pub(super) id: UploadId,
    pub(super) part: File,
    note: File,
    layout: Layout,
    progress: Progress,
    place: Arc<Place>,
    _guard: OwnedMutexGuard<()>,
}

impl OpenUpload {
    /// Continues with what is kept of an upload.
    pub(super) fn resume(
        id: UploadId,
        (part, note): (File, File),
        layout: Layout,
        boot: Boot,
        place: Arc<Place>,
        guard: OwnedMutexGuard<()>,
    ) -> io::Result<Self> {
        let line = io::read_to_string(&note)?;
        // A torn note is one of a power failure.
        let kept = line.parse().map_or(0, |noted: Progress| noted.kept(&boot));
        let mut upload = Self {
            id,
            part,
            note,
            progress: Progress {
                written: kept.min(layout.stream_bytes()),
                durable: 0,
                boot,
            },
            layout,
            place,
            _guard: guard,
        };
        upload.sync()?;
        Ok(upload)
    }

    /// The bytes that need not be sent again.
    pub(super) fn offset(&self) -> u64 {
        self.progress.durable
    }

    pub(super) fn stream_bytes(&self) -> u64 {
        self.layout.stream_bytes()
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        let mut rest = bytes;
        let offset = self.progress.written;
        for (position, length) in self.layout.places(offset, bytes.len() as u64) {
            let length = usize::try_from(length).unwrap_or(rest.len());
            let (fitting, others) = rest.split_at(length);
            self.part.write_all_at(fitting, position)?;
            self.progress.written += fitting.len() as u64;
            rest = others;
        }
        if !rest.is_empty() {
            return Err(BackupError::LengthMismatch {
                expected: self.stream_bytes(),
            });
        }
        self.write_note()?;
        let unsynced = self.progress.written - self.progress.durable;
        let yields = unsynced >= YIELDED_BYTES && self.place.courtesy.is_due();
        if yields || unsynced >= SYNC_BYTES {
            let begun = Instant::now();
            self.place.ensure_room(0)?;
            self.sync()?;
            if yields {
                Courtesy::pause(begun);
            }
        }
        Ok(())
    }

    /// Makes durable what was written.
    fn sync(&mut self) -> io::Result<()> {
        self.part.sync_data()?;
        self.progress.durable = self.progress.written;
        self.write_note()?;
        self.note.sync_data()
    }

    fn write_note(&self) -> io::Result<()> {
        self.note.write_all_at(self.progress.line().as_bytes(), 0)
    }
}

/// The receiving end of one request that appends. Each chunk is on its way to the disk before the next one is read,
/// so memory is one chunk. What was appended is kept, however the request ends.
pub struct PartialUpload {
    upload: Arc<Mutex<OpenUpload>>,
    replaced: CancellationToken,
    turn: Option<Turn>,
    is_settled: bool,
}

/// What was appended is durable.
pub struct SettledUpload {
    pub(super) upload: Arc<Mutex<OpenUpload>>,
    pub(super) turn: Option<Turn>,
    offset: u64,
    stream_bytes: u64,
}

impl PartialUpload {
    pub(super) fn new(upload: OpenUpload, replaced: CancellationToken, turn: Turn) -> Self {
        Self {
            upload: Arc::new(Mutex::new(upload)),
            replaced,
            turn: Some(turn),
            is_settled: false,
        }
    }

    /// Completes once another request for this upload waits.
    pub fn replaced(&self) -> WaitForCancellationFutureOwned {
        self.replaced.clone().cancelled_owned()
    }

    /// Whether another request for this upload waits.
    pub fn is_replaced(&self) -> bool {
        self.replaced.is_cancelled()
    }

    /// Appends bytes.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), BackupError> {
        let upload = Arc::clone(&self.upload);
        blocking(move || locked(&upload).append(&bytes)).await
    }

    /// Ends the request: all that was appended is durable afterwards.
    pub async fn settle(mut self) -> Result<SettledUpload, BackupError> {
        self.is_settled = true;
        let (upload, turn) = (Arc::clone(&self.upload), self.turn.take());
        blocking(move || {
            let (offset, stream_bytes) = {
                let mut open = locked(&upload);
                open.sync()?;
                (open.offset(), open.stream_bytes())
            };
            Ok(SettledUpload {
                upload,
                turn,
                offset,
                stream_bytes,
            })
        })
        .await
    }
}

impl SettledUpload {
    /// The bytes that need not be sent again.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether nothing is missing.
    pub fn is_whole(&self) -> bool {
        self.offset == self.stream_bytes
    }
}

impl Drop for PartialUpload {
    /// The client disconnected. A write that is under way ends first.
    fn drop(&mut self) {
        if !self.is_settled
            && let Ok(runtime) = Handle::try_current()
        {
            let upload = Arc::clone(&self.upload);
            runtime.spawn_blocking(move || {
                if let Err(error) = locked(&upload).sync() {
                    log::warn!(error:%; "interrupted upload not synced");
                }
            });
        }
    }
}

/// A panic while it was locked left at worst a note that is behind.
pub(super) fn locked(upload: &Mutex<OpenUpload>) -> MutexGuard<'_, OpenUpload> {
    upload.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;
    use tokio::sync::Mutex;

    use super::*;
    use crate::admission::Admission;
    use crate::fair_admission::FairAdmission;

    /// An upload, and the note of its progress.
    fn open(place: Place) -> (OpenUpload, File) {
        let (part, note) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
        let lock = Arc::new(Mutex::new(())).lock_owned();
        let guard = lock.now_or_never().unwrap();
        let layout = Layout::whole(3 * SYNC_BYTES);
        let (id, boot) = (UploadId::random(), Boot::At(1));
        let files = (part, note.try_clone().unwrap());
        let upload = OpenUpload::resume(id, files, layout, boot, Arc::new(place), guard);
        (upload.unwrap(), note)
    }

    /// The bytes that are noted as written and as durable.
    fn noted(note: &File) -> (u64, u64) {
        let mut line = vec![0; 41];
        note.read_exact_at(&mut line, 0).unwrap();
        let line = String::from_utf8(line).unwrap();
        let [written, durable] = [&line[..20], &line[21..]].map(|it| it.parse().unwrap());
        (written, durable)
    }

    fn bytes(count: u64) -> Vec<u8> {
        vec![7; usize::try_from(count).unwrap()]
    }

    #[test]
    fn the_offset_is_what_was_synced_and_never_more() {
        let folder = tempfile::tempdir().unwrap();
        let (mut upload, note) = open(Place::new(folder.path().to_owned(), None, 0));
        let mut append = |count| {
            upload.append(&bytes(count)).unwrap();
            (upload.offset(), noted(&note))
        };
        assert_eq!(append(SYNC_BYTES - 1), (0, (SYNC_BYTES - 1, 0)));
        assert_eq!(append(1), (SYNC_BYTES, (SYNC_BYTES, SYNC_BYTES)));
        assert_eq!(append(1), (SYNC_BYTES, (SYNC_BYTES + 1, SYNC_BYTES)));
        upload.sync().unwrap();
        assert_eq!(upload.offset(), SYNC_BYTES + 1);
    }

    #[tokio::test]
    async fn less_is_synced_at_a_time_beside_batches() {
        let folder = tempfile::tempdir().unwrap();
        let batches = FairAdmission::new(1, 0);
        let _batch = batches.enter("car").await.unwrap();
        let (mut upload, note) =
            open(Place::new(folder.path().to_owned(), None, 0).beside(batches));
        upload.append(&bytes(YIELDED_BYTES - 1)).unwrap();
        assert_eq!(noted(&note), (YIELDED_BYTES - 1, 0));
        upload.append(&[7]).unwrap();
        assert_eq!(noted(&note), (YIELDED_BYTES, YIELDED_BYTES));
    }

    #[tokio::test]
    async fn what_a_client_sent_is_synced_after_it_disconnected() {
        let folder = tempfile::tempdir().unwrap();
        let (upload, note) = open(Place::new(folder.path().to_owned(), None, 0));
        let turn = Admission::new(1, 0).enter().await.unwrap();
        let mut upload = PartialUpload::new(upload, CancellationToken::new(), turn);
        upload.write(Bytes::from_static(b"abc")).await.unwrap();
        assert_eq!(noted(&note), (3, 0));
        drop(upload);
        tokio::time::timeout(Duration::from_secs(20), async {
            while noted(&note) != (3, 3) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
        .await
        .expect("it is synced");
    }
}
