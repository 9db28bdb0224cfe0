//! Owns the backup folder: runs file operations on the blocking pool, and checks stored files one at a time.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix::{
    Actor, ActorFutureExt, AsyncContext, Context, Handler, ResponseActFuture, Supervised,
    WrapFuture,
};
use chrono::NaiveDateTime;
use futures_util::FutureExt as _;
use tokio::sync::OwnedMutexGuard;
use tokio::time::timeout;

use self::checking::Checking;
use super::BackupSettings;
use super::account::Account;
use super::archive::{Archive, BackupKey};
use super::clock_check::ClockCheck;
use super::error::BackupError;
use super::folder::Folder;
use super::locks::Locks;
use super::messages::{
    Backup, BeginUpload, CheckRoom, CommitUpload, ListBackups, OpenBackup, OpenedBackup,
    StoredBackup,
};
use super::resumable::{ResumableUploads, Sessions};
use super::upload::Upload;
use crate::clock::Clock;
use crate::report::{Report, Reporter};
use crate::runtime::blocking;
use crate::supervise::Drain;

/// How long a stop waits for the end of uploads that were cut off.
const CUT_OFF_LIMIT: Duration = Duration::from_secs(1);

/// How often uploads that nothing touches are looked for.
const EXPIRY_INTERVAL: Duration = Duration::from_hours(1);

/// Owns the backup folder.
pub struct BackupActor {
    settings: BackupSettings,
    archive: Arc<Archive>,
    locks: Locks<Folder>,
    clock_check: Arc<Mutex<ClockCheck>>,
    pub(super) resumable: Arc<ResumableUploads>,
    pub(super) sessions: Sessions,
    /// Stored files whose check is due.
    due: VecDeque<BackupKey>,
    /// The running check.
    checking: Option<Checking>,
    is_draining: bool,
}

impl BackupActor {
    /// An actor that has not read its root yet.
    pub fn new(settings: BackupSettings) -> Self {
        let archive = Arc::new(Archive::new(&settings));
        Self {
            resumable: Arc::new(ResumableUploads::new(&settings, Arc::clone(&archive))),
            sessions: Sessions::default(),
            settings,
            archive,
            locks: Locks::default(),
            clock_check: Arc::default(),
            due: VecDeque::new(),
            checking: None,
            is_draining: false,
        }
    }
}

impl BackupActor {
    fn expire_uploads(&mut self, ctx: &mut Context<Self>) {
        let uploads = Arc::clone(&self.resumable);
        let expiry = blocking(move || {
            if let Err(error) = uploads.expire() {
                log::warn!(error:%; "unfinished uploads not expired");
            }
        });
        ctx.spawn(expiry.into_actor(self));
    }
}

impl Actor for BackupActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let archive = Arc::clone(&self.archive);
        let tidying = blocking(move || archive.tidy())
            .into_actor(self)
            .map(|due, actor, ctx| match due {
                Ok(due) => {
                    ctx.spawn(actor.report_newest(None).into_actor(actor));
                    actor.enqueue_checks(due, ctx);
                }
                Err(error) => log::error!(error:%; "backup folder not usable"),
            });
        ctx.spawn(tidying);
        ctx.run_interval(EXPIRY_INTERVAL, Self::expire_uploads);
        self.expire_uploads(ctx);
    }
}

impl Supervised for BackupActor {
    fn restarting(&mut self, _: &mut Self::Context) {
        // Requests of before still append.
        let sessions = mem::take(&mut self.sessions);
        *self = Self {
            sessions,
            ..Self::new(self.settings.clone())
        };
    }
}

impl Handler<CheckRoom> for BackupActor {
    type Result = ResponseActFuture<Self, Result<(), BackupError>>;

    fn handle(&mut self, CheckRoom { bytes }: CheckRoom, _: &mut Self::Context) -> Self::Result {
        let archive = Arc::clone(&self.archive);
        let account = self.open_account();
        let check = blocking(move || {
            let place = &archive.place;
            let checked = place.check().and_then(|()| place.ensure_room(bytes));
            checked.inspect_err(|error| account.close(Err(error)))
        });
        Box::pin(check.into_actor(self))
    }
}

impl Handler<BeginUpload> for BackupActor {
    type Result = ResponseActFuture<Self, Result<Upload, BackupError>>;

    fn handle(&mut self, BeginUpload { turn }: BeginUpload, _: &mut Self::Context) -> Self::Result {
        let (archive, max_bytes) = (Arc::clone(&self.archive), self.settings.max_bytes);
        let account = self.open_account();
        let room = Arc::clone(&self.archive.place);
        let begin = async move {
            let staged = blocking(move || archive.stage()).await;
            let file = staged.inspect_err(|error| account.close(Err(error)))?;
            Ok(Upload::new(file, room, max_bytes, turn, account))
        };
        Box::pin(begin.into_actor(self))
    }
}

impl Handler<CommitUpload> for BackupActor {
    type Result = ResponseActFuture<Self, Result<StoredBackup, BackupError>>;

    fn handle(&mut self, commit: CommitUpload, _: &mut Self::Context) -> Self::Result {
        let stored = self.commit(commit).into_actor(self);
        Box::pin(stored.map(|stored, actor, ctx| actor.stored(stored, ctx)))
    }
}

impl BackupActor {
    /// The account of an upload that begins now.
    pub(super) fn open_account(&self) -> Account {
        Account::open(self.settings.reporter.clone())
    }

    /// Stores a file and reports the outcome.
    pub(super) fn commit(
        &mut self,
        commit: CommitUpload,
    ) -> impl Future<Output = Result<(Folder, StoredBackup), BackupError>> + use<> {
        let folder = commit.folder.clone();
        let account = commit.staged.account.clone();
        let lock = self.locks.lock(&folder);
        let watch = ClockWatch {
            clock: self.settings.clock.clone(),
            check: Arc::clone(&self.clock_check),
            reporter: self.settings.reporter.clone(),
        };
        let stored = store(Arc::clone(&self.archive), commit, lock, watch);
        stored.map(move |stored| {
            account.close(stored.as_ref().map(|stored| stored.size_bytes));
            Ok((folder, stored?))
        })
    }

    /// Has a stored file checked.
    pub(super) fn stored(
        &mut self,
        stored: Result<(Folder, StoredBackup), BackupError>,
        ctx: &mut Context<Self>,
    ) -> Result<StoredBackup, BackupError> {
        let (folder, stored) = stored?;
        let filename = stored.filename.clone();
        self.enqueue_checks([BackupKey { folder, filename }], ctx);
        Ok(stored)
    }
}

/// The clock that names files, and what notices its jumps.
struct ClockWatch {
    clock: Clock,
    check: Arc<Mutex<ClockCheck>>,
    reporter: Reporter,
}

impl ClockWatch {
    /// The time for the name of a file, UTC; a jump since the last one is reported.
    fn read(&self, newest: Option<NaiveDateTime>) -> NaiveDateTime {
        let now = self.clock.read();
        let mut check = self.check.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(jump) = check.observe(now, newest) {
            log::warn!(from:% = jump.from, to:% = jump.to; "clock jumped between two backups");
            self.reporter.send(Report::ClockJumped(jump));
        }
        now.utc
    }
}

async fn store(
    archive: Arc<Archive>,
    commit: CommitUpload,
    lock: impl Future<Output = OwnedMutexGuard<()>>,
    watch: ClockWatch,
) -> Result<StoredBackup, BackupError> {
    let CommitUpload {
        staged,
        folder,
        name,
        expected_sha256,
    } = commit;
    if let Some(expected) = expected_sha256.filter(|expected| *expected != staged.sha256) {
        let actual = staged.sha256;
        blocking(move || drop(staged)).await;
        return Err(BackupError::ChecksumMismatch { expected, actual });
    }
    let guard = lock.await;
    blocking(move || {
        let _guard = guard;
        let now = watch.read(archive.newest_at(&folder)?);
        let stored = archive.store(&folder, &name, staged, now)?;
        let StoredBackup {
            filename,
            size_bytes,
            sha256,
            ..
        } = &stored;
        log::info!(folder:%, name:% = filename, bytes = *size_bytes, sha256:%; "backup stored");
        // A failed rotation does not undo the upload.
        if let Err(error) = archive.rotate(&folder, filename) {
            log::error!(folder:%, error:%; "backups not rotated");
        }
        Ok(stored)
    })
    .await
}

impl Handler<ListBackups> for BackupActor {
    type Result = ResponseActFuture<Self, Result<Vec<Backup>, BackupError>>;

    fn handle(&mut self, wanted: ListBackups, _: &mut Self::Context) -> Self::Result {
        let archive = Arc::clone(&self.archive);
        let listing = blocking(move || archive.list(wanted.device.as_ref(), wanted.kind));
        Box::pin(listing.into_actor(self).map(|listing, actor, ctx| {
            let (backups, due) = listing?;
            actor.enqueue_checks(due, ctx);
            Ok(backups)
        }))
    }
}

impl Handler<OpenBackup> for BackupActor {
    type Result = ResponseActFuture<Self, Result<OpenedBackup, BackupError>>;

    fn handle(&mut self, wanted: OpenBackup, _: &mut Self::Context) -> Self::Result {
        let archive = Arc::clone(&self.archive);
        let key = BackupKey {
            folder: wanted.folder,
            filename: wanted.filename,
        };
        Box::pin(blocking(move || archive.open(&key)).into_actor(self))
    }
}

impl Handler<Drain> for BackupActor {
    type Result = ResponseActFuture<Self, ()>;

    /// Finishes what is being stored. Checks continue after the next start.
    fn handle(&mut self, _: Drain, _: &mut Self::Context) -> Self::Result {
        self.is_draining = true;
        self.checking = None;
        let ended = (self.sessions.all_ended(), self.locks.all_free());
        let uploads = self.settings.admission.clone();
        let ended = async move {
            // An upload that was cut off removes its file when its handler is dropped.
            if timeout(CUT_OFF_LIMIT, uploads.drained()).await.is_err() {
                log::warn!("uploads did not end in time");
            }
            ended.0.await;
            ended.1.await;
        };
        Box::pin(ended.into_actor(self))
    }
}

mod checking;
#[cfg(test)]
mod tests;
