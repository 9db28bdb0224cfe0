//! Owns the backup folder: runs file operations on the blocking pool, and checks stored files one at a time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix::{
    Actor, ActorFutureExt, AsyncContext, Context, Handler, ResponseActFuture, Supervised,
    WrapFuture,
};
use chrono::NaiveDateTime;
use futures_util::FutureExt as _;
use tokio::sync::OwnedMutexGuard;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::BackupSettings;
use super::account::Account;
use super::archive::{Archive, BackupKey};
use super::checks::{StopOnDrop, StopSign, Unfinished};
use super::clock_check::ClockCheck;
use super::error::BackupError;
use super::folder::Folder;
use super::locks::FolderLocks;
use super::messages::{
    Backup, BeginUpload, CheckRoom, CommitUpload, ListBackups, OpenBackup, OpenedBackup,
    StoredBackup,
};
use super::records::Record;
use super::upload::Upload;
use crate::clock::Clock;
use crate::report::{Report, Reporter};
use crate::runtime::blocking;
use crate::supervise::Drain;

/// The time limit of a check.
const CHECK_LIMIT: Duration = Duration::from_mins(10);

/// Owns the backup folder.
pub struct BackupActor {
    settings: BackupSettings,
    archive: Arc<Archive>,
    locks: FolderLocks,
    clock_check: Arc<Mutex<ClockCheck>>,
    /// Stored files whose check is due.
    due: VecDeque<BackupKey>,
    /// The running check.
    checking: Option<Checking>,
    is_draining: bool,
}

struct Checking {
    key: BackupKey,
    _stop: StopOnDrop,
}

impl BackupActor {
    /// An actor that has not read its root yet.
    pub fn new(settings: BackupSettings) -> Self {
        let archive = Archive::new(&settings);
        Self {
            settings,
            archive: Arc::new(archive),
            locks: FolderLocks::default(),
            clock_check: Arc::default(),
            due: VecDeque::new(),
            checking: None,
            is_draining: false,
        }
    }

    fn enqueue_checks(
        &mut self,
        keys: impl IntoIterator<Item = BackupKey>,
        ctx: &mut Context<Self>,
    ) {
        for key in keys {
            let is_running = self
                .checking
                .as_ref()
                .is_some_and(|running| running.key == key);
            if !is_running && !self.due.contains(&key) {
                self.due.push_back(key);
            }
        }
        self.check_next(ctx);
    }

    fn check_next(&mut self, ctx: &mut Context<Self>) {
        if self.is_draining || self.checking.is_some() {
            return;
        }
        let Some(key) = self.due.pop_front() else {
            return;
        };
        let stop = StopOnDrop::default();
        let examination = examine(Arc::clone(&self.archive), key.clone(), stop.sign());
        self.checking = Some(Checking {
            key: key.clone(),
            _stop: stop,
        });

        let check = examination
            .into_actor(self)
            .then(move |examined, actor, _| {
                let lock = actor.locks.lock(&key.folder);
                let report = actor.report_newest(Some(key.folder.clone()));
                conclude(Arc::clone(&actor.archive), key, examined, lock)
                    .then(|()| report)
                    .into_actor(actor)
            })
            .map(|(), actor, ctx| {
                actor.checking = None;
                actor.check_next(ctx);
            });
        ctx.spawn(check);
    }
}

impl BackupActor {
    /// Reports whether the newest backup of a folder is damaged; of every folder without one.
    fn report_newest(&self, folder: Option<Folder>) -> impl Future<Output = ()> + use<> {
        let (archive, reporter) = (Arc::clone(&self.archive), self.settings.reporter.clone());
        blocking(move || {
            let folders = match folder {
                Some(folder) => Ok(vec![folder]),
                None => archive.folders(None, None),
            };
            for folder in folders.unwrap_or_default() {
                match archive.damage_of_newest(&folder) {
                    Ok(damage) => reporter.tell(Report::NewestBackup {
                        folder: folder.to_string(),
                        damage,
                    }),
                    Err(error) => log::warn!(folder:%, error:%; "backups not readable"),
                }
            }
        })
    }
}

/// A panic in a check must not become one of the actor: the same file would cause it again after every restart.
async fn examine(
    archive: Arc<Archive>,
    key: BackupKey,
    stop: StopSign,
) -> Result<Option<Record>, Unfinished> {
    match timeout(
        CHECK_LIMIT,
        spawn_blocking(move || archive.examine(&key, &stop)),
    )
    .await
    {
        Ok(Ok(examined)) => examined,
        Ok(Err(_panicked)) => Err(Unfinished::Panicked),
        Err(_elapsed) => Err(Unfinished::TooLong),
    }
}

async fn conclude(
    archive: Arc<Archive>,
    key: BackupKey,
    examined: Result<Option<Record>, Unfinished>,
    lock: impl Future<Output = OwnedMutexGuard<()>>,
) {
    let guard = lock.await;
    blocking(move || {
        let _guard = guard;
        if let Err(error) = archive.conclude(&key, examined) {
            let BackupKey { folder, filename } = key;
            log::warn!(folder:%, name:% = filename, error:%; "backup not checked");
        }
    })
    .await;
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
    }
}

impl Supervised for BackupActor {
    fn restarting(&mut self, _: &mut Self::Context) {
        *self = Self::new(self.settings.clone());
    }
}

impl Handler<CheckRoom> for BackupActor {
    type Result = ResponseActFuture<Self, Result<(), BackupError>>;

    fn handle(&mut self, CheckRoom { bytes }: CheckRoom, _: &mut Self::Context) -> Self::Result {
        let archive = Arc::clone(&self.archive);
        let account = Account::open(self.settings.reporter.clone());
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
        let account = Account::open(self.settings.reporter.clone());
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
        let folder = commit.folder.clone();
        let account = commit.staged.account.clone();
        let lock = self.locks.lock(&folder);
        let watch = ClockWatch {
            clock: self.settings.clock.clone(),
            check: Arc::clone(&self.clock_check),
            reporter: self.settings.reporter.clone(),
        };
        let stored = store(Arc::clone(&self.archive), commit, lock, watch).into_actor(self);
        Box::pin(stored.map(move |stored, actor, ctx| {
            account.close(stored.as_ref().map(|stored| stored.size_bytes));
            let stored = stored?;
            actor.enqueue_checks(
                [BackupKey {
                    folder,
                    filename: stored.filename.clone(),
                }],
                ctx,
            );
            Ok(stored)
        }))
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
            self.reporter.tell(Report::ClockJumped(jump));
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
        Box::pin(self.locks.all_free().into_actor(self))
    }
}

#[cfg(test)]
mod tests;
